//! `RemoteKey` and `AsyncRemoteKey`: private keys in a service that signs for the program.

use std::sync::Arc;

use pyo3::exceptions::{PyException, PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyString};
use pyo3::{PyTraverseError, PyVisit};

use super::key::Key;
use crate::algorithm::{Algorithm, Family};
use crate::crypto::{self, PreparedKey};
use crate::error::Error;
use crate::python::arguments::{algorithm_argument, string_argument, type_name};
use crate::python::cpython;
use crate::python::errors::Raised;
use crate::python::once::intern;
use crate::python::repr::Repr;

/// Returns the member of the module of that name, or `None`.
pub(in crate::python) fn member<'py>(
    py: Python<'py>,
    name: &str,
) -> PyResult<Option<Bound<'py, PyAny>>> {
    Ok(Some(match name {
        "AsyncRemoteKey" => py.get_type::<AsyncRemoteKey>().into_any(),
        "RemoteKey" => py.get_type::<RemoteKey>().into_any(),
        "remote_request" => wrap_pyfunction!(remote_request, py)?.into_any(),
        "remote_signature" => wrap_pyfunction!(remote_signature, py)?.into_any(),
        _ => return Ok(None),
    }))
}

/// A private key in a service that signs: an HSM, a cloud's key service, a vault.
///
/// A `Signer` takes it in place of a private key. Each signature is verified under the public key
/// before a token leaves, so that a wrong key or a wrong setting is found with the first token.
///
/// Arguments:
///     sign: a function that takes bytes and returns the signature of the service. Its time-outs and
///         retries are those of the service's client.
///     algorithm: the `alg` of the tokens: one of the asymmetric ones.
///     public: the public `Key`, or None if it is not known; signatures are then not verified.
///     kid: the `kid` of the tokens, by default that of `public`.
///     takes: what `sign` takes: `"message"`, the default, or `"digest"`, the hash of the message
///         by the algorithm's hash function.
///     returns: the form of ECDSA signatures: `"jose"`, the default, is R and S side by side (RFC
///         7518 Section 3.4), `"der"` is that of X.509 (RFC 3279 Section 2.2.3).
///     verify: whether signatures are verified under `public`.
///
/// Raises `InvalidKeyError` for a public key that does not fit the algorithm, `TypeError` and
/// `ValueError` for other wrong arguments.
#[pyclass(frozen, subclass, module = "rapidjwt.remote")]
pub(in crate::python) struct RemoteKey {
    service: Py<PyAny>,
    algorithm: &'static Algorithm,
    kid: Option<String>,
    public: Option<Py<Key>>,
    /// The public key, if signatures are verified.
    verifying: Option<Arc<PreparedKey>>,
    takes_digest: bool,
    returns_der: bool,
}

#[pymethods]
impl RemoteKey {
    #[new]
    #[pyo3(signature = (
        sign, *, algorithm, public, kid=None, takes="message", returns="jose", verify=true
    ))]
    #[allow(clippy::too_many_arguments, reason = "each with its name")]
    fn new(
        sign: &Bound<'_, PyAny>,
        algorithm: &Bound<'_, PyAny>,
        public: Option<Bound<'_, PyAny>>,
        kid: Option<&Bound<'_, PyAny>>,
        takes: &str,
        returns: &str,
        verify: bool,
    ) -> PyResult<Self> {
        if !sign.is_callable() {
            let found = type_name(sign);
            return Err(PyTypeError::new_err(format!("sign must be a function, got {found}")));
        }
        let algorithm = asymmetric(algorithm)?;
        let takes_digest = one_of("takes", takes, "message", "digest")?;
        let returns_der = one_of("returns", returns, "jose", "der")?;
        if takes_digest && algorithm.family.hash().is_none() {
            let name = algorithm.name;
            return Err(PyValueError::new_err(format!("{name} signs the message, not a digest")));
        }
        if returns_der && !matches!(algorithm.family, Family::Ecdsa(..)) {
            return Err(PyValueError::new_err("returns=\"der\" is for ECDSA signatures only"));
        }
        let public = public.map(|public| public_key(&public)).transpose()?;
        let prepared = public.as_ref().map(|public| public.get().prepare(algorithm)).transpose()?;
        let own_kid = || public.as_ref().and_then(|key| key.get().key_id().map(str::to_owned));
        Ok(Self {
            service: sign.clone().unbind(),
            algorithm,
            kid: kid.map(|kid| string_argument("kid", kid)).transpose()?.or_else(own_kid),
            verifying: prepared.filter(|_| verify),
            public: public.map(Bound::unbind),
            takes_digest,
            returns_der,
        })
    }

    /// The `alg` of the tokens.
    #[getter(algorithm)]
    fn algorithm_name(&self) -> &'static str {
        self.algorithm.name
    }

    /// The `kid` of the tokens, or None.
    #[getter(key_id)]
    fn key_id_text(&self) -> Option<&str> {
        self.kid.as_deref()
    }

    /// The public `Key`, or None.
    #[getter]
    fn public(&self) -> Option<&Py<Key>> {
        self.public.as_ref()
    }

    /// Signs `message` and returns the raw signature, in the form of JWS.
    ///
    /// Raises `RemoteKeyError` if the service fails, with its error as `__cause__`, and if it
    /// returns anything other than a signature under the public key.
    #[pyo3(signature = (message))]
    pub(in crate::python) fn sign<'py>(
        &self,
        py: Python<'py>,
        message: &[u8],
    ) -> PyResult<Bound<'py, PyBytes>> {
        let answer = self.ask(py, message)?;
        self.checked(&answer, message)
    }

    fn __repr__(slf: &Bound<'_, Self>) -> PyResult<String> {
        let (py, key) = (slf.py(), slf.get());
        let mut repr = Repr::new(slf.get_type().name()?.to_str()?);
        repr.add(py, "algorithm", key.algorithm.name)?;
        repr.add_if(py, "key_id", key.kid.as_deref())?;
        Ok(repr.finish())
    }

    /// Returns the key itself, because it never changes.
    fn __copy__(slf: Py<Self>) -> Py<Self> {
        slf
    }

    fn __deepcopy__(slf: Py<Self>, _memo: &Bound<'_, PyAny>) -> Py<Self> {
        slf
    }

    #[allow(clippy::unused_self, reason = "a method of Python's")]
    fn __reduce__(&self) -> PyResult<()> {
        Err(PyTypeError::new_err(
            "cannot pickle a remote key, which holds a connection: make one in each process",
        ))
    }

    /// Shows the function to the garbage collector; it may hold this object in turn.
    #[allow(clippy::needless_pass_by_value, reason = "PyO3 passes it so")]
    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        visit.call(&self.service)
    }
}

impl RemoteKey {
    /// Returns the key that an argument is. A text is not looked at closer, so that programs without
    /// remote keys never create the class.
    pub(in crate::python) fn of<'a, 'py>(
        key: &'a Bound<'py, PyAny>,
    ) -> Option<&'a Bound<'py, Self>> {
        let is_text = key.is_instance_of::<PyString>() || key.is_instance_of::<PyBytes>();
        if is_text { None } else { key.cast().ok() }
    }

    pub(in crate::python) const fn algorithm(&self) -> &'static Algorithm {
        self.algorithm
    }

    pub(in crate::python) fn key_id(&self) -> Option<&str> {
        self.kid.as_deref()
    }

    /// Returns the answer of the service to a message, or to its digest.
    fn ask<'py>(&self, py: Python<'py>, message: &[u8]) -> PyResult<Bound<'py, PyAny>> {
        let asked = match self.algorithm.family.hash() {
            Some(hash) if self.takes_digest => crypto::digest(hash, message),
            _ => message.to_vec(),
        };
        let asked = cpython::bytes(py, &asked).ok_or(Error::OutOfMemory)?;
        cpython::call(self.service.bind(py), &[asked.as_any()], None)
            .map_err(|error| service_error(py, error))
    }

    /// Returns the signature in an answer, if it is one of the message.
    fn checked<'py>(
        &self,
        answer: &Bound<'py, PyAny>,
        message: &[u8],
    ) -> PyResult<Bound<'py, PyBytes>> {
        let wrong = |message: String| PyErr::from(Error::RemoteSignature(message));
        let bytes = answer.cast::<PyBytes>().map_err(|_| {
            let found = type_name(answer);
            wrong(format!("The key service must return the signature as bytes, got {found}"))
        })?;
        let signature = self.in_jws_form(bytes.as_bytes()).map_err(wrong)?;
        if self.verifying.as_ref().is_some_and(|key| !key.verify(message, &signature)) {
            return Err(wrong(
                "The signature of the key service does not fit the public key: it has another key \
                 or uses another algorithm or hash, or it takes a digest where it gets the message"
                    .into(),
            ));
        }
        Ok(PyBytes::new(answer.py(), &signature))
    }

    /// Returns a signature in the form of JWS, or what is wrong with it.
    fn in_jws_form(&self, signature: &[u8]) -> Result<Vec<u8>, String> {
        let Family::Ecdsa(curve, _) = self.algorithm.family else {
            let is_empty = signature.is_empty();
            return if is_empty {
                Err("The key service returned nothing".into())
            } else {
                Ok(signature.to_vec())
            };
        };
        let (name, curve_name) = (self.algorithm.name, curve.crv());
        if self.returns_der {
            return crypto::ecdsa_from_der(signature, curve).ok_or_else(|| {
                format!(
                    "The key service did not return an ECDSA signature in DER with numbers in the \
                     range of {curve_name}; returns=\"jose\" is for R and S side by side"
                )
            });
        }
        if crypto::is_ecdsa_signature(signature, curve) {
            return Ok(signature.to_vec());
        }
        Err(format!(
            "The key service did not return a signature for {name}: {} bytes with two numbers in \
             the range of {curve_name}; returns=\"der\" is for signatures in DER",
            2 * curve.field_len()
        ))
    }
}

/// A [`RemoteKey`] whose `sign` is a coroutine function. A `Signer` with it has `encode_async` only.
#[pyclass(frozen, extends = RemoteKey, module = "rapidjwt.remote")]
pub(in crate::python) struct AsyncRemoteKey;

#[pymethods]
impl AsyncRemoteKey {
    #[new]
    #[pyo3(signature = (
        sign, *, algorithm, public, kid=None, takes="message", returns="jose", verify=true
    ))]
    #[allow(clippy::too_many_arguments, reason = "each with its name")]
    fn new(
        sign: &Bound<'_, PyAny>,
        algorithm: &Bound<'_, PyAny>,
        public: Option<Bound<'_, PyAny>>,
        kid: Option<&Bound<'_, PyAny>>,
        takes: &str,
        returns: &str,
        verify: bool,
    ) -> PyResult<PyClassInitializer<Self>> {
        let key = RemoteKey::new(sign, algorithm, public, kid, takes, returns, verify)?;
        Ok(PyClassInitializer::from(key).add_subclass(Self))
    }

    /// Does what `RemoteKey.sign` does, as a coroutine.
    #[pyo3(signature = (message))]
    fn sign<'py>(
        slf: &Bound<'py, Self>,
        message: &Bound<'py, PyBytes>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let py = slf.py();
        py.import(intern!(py, "rapidjwt.remote"))?
            .getattr(intern!(py, "sign_async"))?
            .call1((slf, message))
    }
}

/// Calls the service of an [`AsyncRemoteKey`] and returns what is to be awaited.
#[pyfunction]
#[pyo3(signature = (key, message, /))]
fn remote_request<'py>(key: &Bound<'py, RemoteKey>, message: &[u8]) -> PyResult<Bound<'py, PyAny>> {
    key.get().ask(key.py(), message)
}

/// Returns the signature in the answer that a service gave to `message`.
#[pyfunction]
#[pyo3(signature = (key, message, answer, /))]
fn remote_signature<'py>(
    key: &Bound<'py, RemoteKey>,
    message: &[u8],
    answer: &Bound<'py, PyAny>,
) -> PyResult<Bound<'py, PyBytes>> {
    key.get().checked(answer, message)
}

/// Makes the error for a service that raised one. What ends a program or a task is not its error.
fn service_error(py: Python<'_>, error: PyErr) -> PyErr {
    let error = Raised::new(py, error);
    if !error.is::<PyException>(py) {
        return error.into();
    }
    let error = error.into_value(py);
    let raised = PyErr::from(Error::RemoteService(type_name(&error)));
    raised.set_cause(py, Some(PyErr::from_value(error.into_any())));
    raised
}

fn asymmetric(name: &Bound<'_, PyAny>) -> PyResult<&'static Algorithm> {
    let algorithm = algorithm_argument("algorithm", name)?;
    match algorithm.family {
        Family::Hmac(_) | Family::None => Err(PyValueError::new_err(format!(
            "{} is not an asymmetric algorithm: a remote key has a public half",
            algorithm.name
        ))),
        _ => Ok(algorithm),
    }
}

fn public_key<'py>(public: &Bound<'py, PyAny>) -> PyResult<Bound<'py, Key>> {
    let key = public.cast_exact::<Key>().map_err(|_| {
        PyTypeError::new_err(format!("public must be a Key or None, got {}", type_name(public)))
    })?;
    if key.get().is_private() {
        return Err(PyValueError::new_err(
            "public must be a public key, got a private one: pass key.public()",
        ));
    }
    Ok(key.clone())
}

/// Returns whether an argument has the second of the two values that it may have.
fn one_of(name: &str, value: &str, first: &str, second: &str) -> PyResult<bool> {
    match value {
        _ if value == first => Ok(false),
        _ if value == second => Ok(true),
        _ => Err(PyValueError::new_err(format!("{name} must be {first:?} or {second:?}"))),
    }
}
