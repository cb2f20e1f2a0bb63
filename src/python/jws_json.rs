//! The JSON serializations of a JWS, for the Python module `rapidjwt.jws_json`.

use std::sync::Arc;

use pyo3::exceptions::{PyNotImplementedError, PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict, PyInt, PyList, PyString, PyTuple};

use super::cpython::utf8;
use super::errors::Raised;
use super::fast_path::FastPath;
use super::jose_arguments::{bytes, dict, json_text, members, octets, token_bytes};
use super::keys::argument::prepare_or_raise;
use super::keys::key::Key;
use super::keys::length;
use super::once::intern;
use super::{arguments, header_cache};
use crate::algorithm::Algorithm;
use crate::crypto::PreparedKey;
use crate::error::Error;
use crate::jws_json::{self, Policy, SignatureSource, TrustedKey};

/// Returns the member of that name, or `None`.
pub(super) fn member<'py>(py: Python<'py>, name: &str) -> PyResult<Option<Bound<'py, PyAny>>> {
    Ok(Some(match name {
        "JSONSigner" => py.get_type::<JsonSigner>().into_any(),
        "JSONVerifier" => py.get_type::<JsonVerifier>().into_any(),
        "VerifiedJWS" => py.get_type::<VerifiedJws>().into_any(),
        "VerifiedSignature" => py.get_type::<VerifiedSignature>().into_any(),
        "sign_general" => wrap_pyfunction!(sign_general, py)?.into_any(),
        _ => return Ok(None),
    }))
}

/// A signer of any payload into a JSON serialization, with a key and headers that are fixed when it
/// is made.
///
/// It is immutable and safe to share between threads.
///
/// Arguments:
///     key: a private key: what `Signer` takes.
///     algorithm: the `alg`.
///     headers: parameters of the protected header, which are signed. The key ID of a `Key` becomes
///         the `kid` unless one of the headers has one. `{"b64": False, "crit": ["b64"]}` signs the
///         payload as it is (RFC 7797).
///     unprotected: parameters of the unprotected header, which anybody can change.
///
/// Raises `InvalidKeyError` for a key that does not fit the algorithm or cannot sign, `TypeError` and
/// `ValueError` for other wrong arguments.
#[pyclass(frozen, name = "JSONSigner", module = "rapidjwt.jws_json")]
struct JsonSigner(SignatureSource<Arc<PreparedKey>>);

#[pymethods]
impl JsonSigner {
    #[new]
    #[pyo3(signature = (key, algorithm, *, headers=None, unprotected=None))]
    fn new(
        key: &Bound<'_, PyAny>,
        algorithm: &str,
        headers: Option<&Bound<'_, PyDict>>,
        unprotected: Option<&Bound<'_, PyDict>>,
    ) -> PyResult<Self> {
        let py = key.py();
        let fast_path = FastPath::get(py)?;
        let prepared = prepare_or_raise(fast_path, key, signature_algorithm(algorithm)?)?;
        length::check(fast_path, py, &prepared, false)?;
        let mut protected = members(headers)?;
        let unprotected = members(unprotected)?;
        let kid = key.cast_exact::<Key>().ok().and_then(|key| key.get().key_id());
        if let Some(kid) = kid
            && !protected.contains_key("kid")
            && !unprotected.contains_key("kid")
        {
            protected.insert("kid".to_owned(), kid.into());
        }
        SignatureSource::new(prepared, protected, unprotected).map(Self).map_err(wrong_argument)
    }

    /// Signs `payload`, a str (in UTF-8) or bytes, and returns the flattened JSON serialization (RFC
    /// 7515 Section 7.2.2). A detached payload is signed and left out (RFC 7515 Appendix F).
    #[pyo3(signature = (payload, *, detached=false))]
    fn sign_flattened<'py>(
        &self,
        payload: &Bound<'py, PyAny>,
        detached: bool,
    ) -> PyResult<Bound<'py, PyDict>> {
        let jws = jws_json::sign_flattened(&self.0, octets(payload)?, detached);
        dict(payload.py(), &jws.map_err(wrong_argument)?)
    }

    /// Returns the signer itself, because it never changes.
    fn __copy__(slf: Py<Self>) -> Py<Self> {
        slf
    }

    fn __deepcopy__(slf: Py<Self>, _memo: &Bound<'_, PyAny>) -> Py<Self> {
        slf
    }

    #[allow(clippy::unused_self, reason = "a method of Python's")]
    fn __reduce__(&self) -> PyResult<()> {
        Err(PyTypeError::new_err(
            "cannot pickle a JSONSigner, which holds a secret: make one in each process",
        ))
    }
}

/// Signs a payload with several keys and returns the general JSON serialization (RFC 7515 Section
/// 7.2.1).
///
/// Arguments:
///     signers: one `JSONSigner` for each signature; all with `b64` false, or none.
///     payload: a str (in UTF-8) or bytes.
///     detached: whether the payload is left out of the result (RFC 7515 Appendix F).
///
/// Raises `ValueError` without a signer and for signers that do not go together.
#[pyfunction]
#[pyo3(signature = (signers, payload, *, detached=false))]
#[allow(clippy::needless_pass_by_value, reason = "PyO3 makes the vector")]
fn sign_general<'py>(
    signers: Vec<PyRef<'py, JsonSigner>>,
    payload: &Bound<'py, PyAny>,
    detached: bool,
) -> PyResult<Bound<'py, PyDict>> {
    let sources: Vec<_> = signers.iter().map(|signer| &signer.0).collect();
    let jws = jws_json::sign_general(&sources, octets(payload)?, detached);
    dict(payload.py(), &jws.map_err(wrong_argument)?)
}

/// A verifier of the JSON serializations, with keys, algorithms and a policy that are fixed when it
/// is made.
///
/// It is immutable and safe to share between threads.
///
/// Arguments:
///     keys: the key, or several of them: a list or tuple, or a `KeySet`. Keys are what `Verifier`
///         takes. The `kid` of a signature chooses among keys with an ID.
///     algorithms: the allowed values of `alg`.
///     policy: which signatures must verify: "all" that the JWS has, "any" one, or the number of
///         different keys that must have signed. The default is "all". Only a number notices that
///         somebody has removed signatures.
///     `max_signatures`: the maximum number of signatures of a JWS.
///     `max_token_size`: the maximum number of bytes in its JSON text.
///
/// Raises `InvalidKeyError` for a key that fits none of the algorithms, `TypeError` and `ValueError`
/// for other wrong arguments.
#[pyclass(frozen, name = "JSONVerifier", module = "rapidjwt.jws_json")]
struct JsonVerifier {
    keys: Vec<OwnedKey>,
    policy: Policy,
    max_signatures: usize,
    max_token_size: usize,
}

struct OwnedKey {
    number: usize,
    id: Option<String>,
    key: Arc<PreparedKey>,
}

#[pymethods]
impl JsonVerifier {
    #[new]
    #[pyo3(signature = (
        keys, *, algorithms, policy=None, max_signatures=16, max_token_size=1_048_576
    ))]
    fn new(
        keys: &Bound<'_, PyAny>,
        algorithms: &Bound<'_, PyAny>,
        policy: Option<&Bound<'_, PyAny>>,
        max_signatures: usize,
        max_token_size: usize,
    ) -> PyResult<Self> {
        let names = arguments::strings(&arguments::exact(algorithms)?)
            .filter(|names| !names.is_empty())
            .ok_or_else(|| {
                PyTypeError::new_err("algorithms must be a list of at least one name")
            })?;
        let each = names.iter().map(|name| signature_algorithm(utf8(name).unwrap_or_default()));
        let algorithms = each.collect::<PyResult<Vec<_>>>()?;
        let policy = policy.map_or(Ok(Policy::All), read_policy)?;
        Ok(Self { keys: prepare_all(keys, &algorithms)?, policy, max_signatures, max_token_size })
    }

    /// Verifies a JWS in a JSON serialization, general or flattened: a dict, or its JSON text.
    ///
    /// `detached_payload`, a str or bytes, is the payload of a JWS that has none. Returns a
    /// `VerifiedJWS` with the payload and the signatures that verified; the others are left out.
    ///
    /// Raises `InvalidSignatureError` if fewer signatures verify than the policy requires,
    /// `DecodeError` for a JWS that is malformed or exceeds a limit, and for a JWE;
    /// `InvalidTokenError` for rules of the header; `InvalidAlgorithmError` if the only signature
    /// has an `alg` that is not allowed.
    #[pyo3(signature = (jws, detached_payload=None))]
    fn verify(
        &self,
        jws: &Bound<'_, PyAny>,
        detached_payload: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<VerifiedJws> {
        let written;
        let json = if jws.is_instance_of::<PyDict>() {
            written = json_text(jws)?;
            token_bytes(&written)?
        } else {
            token_bytes(jws)?
        };
        if json.len() > self.max_token_size {
            return Err(Error::TokenTooLarge(self.max_token_size).into());
        }
        let each = self.keys.iter().map(|OwnedKey { number, id, key }| TrustedKey {
            number: *number,
            id: id.as_deref(),
            key,
        });
        let keys: Vec<_> = each.collect();
        let detached = detached_payload.map(octets).transpose()?;
        Ok(VerifiedJws(jws_json::verify(json, &keys, self.policy, detached, self.max_signatures)?))
    }

    /// Returns the verifier itself, because it never changes.
    fn __copy__(slf: Py<Self>) -> Py<Self> {
        slf
    }

    fn __deepcopy__(slf: Py<Self>, _memo: &Bound<'_, PyAny>) -> Py<Self> {
        slf
    }

    #[allow(clippy::unused_self, reason = "a method of Python's")]
    fn __reduce__(&self) -> PyResult<()> {
        Err(PyTypeError::new_err(
            "cannot pickle a JSONVerifier, which may hold a secret: make one in each process",
        ))
    }
}

/// A payload of which as many signatures were checked as the policy of the verifier requires.
#[pyclass(frozen, name = "VerifiedJWS", module = "rapidjwt.jws_json")]
struct VerifiedJws(jws_json::Verified);

#[pymethods]
impl VerifiedJws {
    /// The payload.
    #[getter]
    fn payload<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyBytes>> {
        Ok(bytes(py, self.0.payload())?)
    }

    /// The signatures that verified, in order.
    #[getter]
    fn signatures<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        let each = self.0.signatures().iter().map(|signature| {
            Bound::new(
                py,
                VerifiedSignature {
                    header: pythonize::pythonize(py, signature.header())?.unbind(),
                    protected_header: pythonize::pythonize(py, signature.protected())?.unbind(),
                    key_index: signature.key_number(),
                },
            )
        });
        PyTuple::new(py, each.collect::<PyResult<Vec<_>>>()?)
    }
}

/// A signature that verified.
#[pyclass(frozen, get_all, module = "rapidjwt.jws_json")]
struct VerifiedSignature {
    /// The JOSE header: protected and unprotected parameters.
    header: Py<PyAny>,
    /// The parameters of the header that are signed.
    protected_header: Py<PyAny>,
    /// The position of the key that verified it, among those of the verifier.
    key_index: usize,
}

fn signature_algorithm(name: &str) -> PyResult<&'static Algorithm> {
    // Not quoted: it may be a key in the wrong place.
    header_cache::signature_algorithm(name)
        .ok_or_else(|| PyValueError::new_err("algorithm has a name that cannot sign"))
}

fn read_policy(policy: &Bound<'_, PyAny>) -> PyResult<Policy> {
    let wrong = || PyValueError::new_err("policy must be \"all\", \"any\" or a number from 1");
    if let Ok(text) = policy.cast::<PyString>() {
        return match utf8(text) {
            Some("all") => Ok(Policy::All),
            Some("any") => Ok(Policy::AtLeast(1)),
            _ => Err(wrong()),
        };
    }
    let number = policy.cast_exact::<PyInt>().ok().and_then(|number| number.extract().ok());
    number.filter(|number| *number > 0).map(Policy::AtLeast).ok_or_else(wrong)
}

fn prepare_all(
    keys: &Bound<'_, PyAny>,
    algorithms: &[&'static Algorithm],
) -> PyResult<Vec<OwnedKey>> {
    let single = keys.is_exact_instance_of::<Key>()
        || keys.is_instance_of::<PyString>()
        || keys.is_instance_of::<PyBytes>();
    let is_list = keys.is_instance_of::<PyList>() || keys.is_instance_of::<PyTuple>();
    let is_set = !single && !is_list && keys.hasattr(intern!(keys.py(), "skipped"))?;
    if !is_list && !is_set {
        return prepare(0, keys, algorithms);
    }
    let mut prepared = Vec::new();
    for (number, key) in keys.try_iter()?.enumerate() {
        let py = keys.py();
        match prepare(number, &key?, algorithms).map_err(|error| Raised::new(py, error)) {
            Ok(usable) => prepared.extend(usable),
            // The members of a `KeySet` are for many purposes.
            Err(error) if is_set && error.is_ours(py) => {}
            Err(error) => return Err(error.into()),
        }
    }
    match prepared.is_empty() {
        true if is_set => Err(Error::NoUsableKey.into()),
        true => Err(PyValueError::new_err("A verifier needs a key")),
        false => Ok(prepared),
    }
}

/// Prepares a key for each algorithm that it fits. The error is that of the first algorithm if it
/// fits none.
fn prepare(
    number: usize,
    key: &Bound<'_, PyAny>,
    algorithms: &[&'static Algorithm],
) -> PyResult<Vec<OwnedKey>> {
    let py = key.py();
    // An entry of a `KeySet` holds its key.
    let inner = key.getattr_opt(intern!(py, "key"))?;
    let key = inner.as_ref().filter(|inner| inner.is_exact_instance_of::<Key>()).unwrap_or(key);
    let id = key.cast_exact::<Key>().ok().and_then(|key| key.get().key_id());
    let fast_path = FastPath::get(py)?;
    let (mut prepared, mut refused) = (Vec::new(), None);
    for algorithm in algorithms {
        match prepare_or_raise(fast_path, key, algorithm).map_err(|error| Raised::new(py, error)) {
            Ok(usable) => {
                length::check(fast_path, py, &usable, false)?;
                prepared.push(OwnedKey { number, id: id.map(str::to_owned), key: usable });
            }
            Err(error) if error.is_ours(py) || error.is::<PyNotImplementedError>(py) => {
                refused = refused.or(Some(error));
            }
            Err(error) => return Err(error.into()),
        }
    }
    match refused {
        Some(error) if prepared.is_empty() => Err(error.into()),
        _ => Ok(prepared),
    }
}

/// Raises `ValueError` for what is wrong with an argument rather than with a JWS.
fn wrong_argument(error: Error) -> PyErr {
    match error {
        Error::InvalidJws(message) => PyValueError::new_err(message),
        error => error.into(),
    }
}
