//! `Decrypter`: keys that are prepared once, for decrypting many tokens.

use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict, PyList, PyString, PyTuple};

use super::key::{KeyArgument, Operation, content_encryption, key_management};
use crate::content_encryption::ContentEncryption;
use crate::crypto::KeyManagementKey;
use crate::error::Error;
use crate::jwe::{self, Bounds};
use crate::key_management::KeyManagement;
use crate::python::arguments;
use crate::python::cpython::utf8;
use crate::python::jose_arguments::{bytes, json_text, token_bytes};
use crate::python::keys::key::Key;
use crate::python::once::intern;
use crate::python::repr::Repr;

/// A decrypter with keys, allowed algorithms and limits that are fixed when it is made.
///
/// Decrypted content is not verified: with RSA-OAEP and ECDH-ES, everybody can encrypt who has the
/// public key. Sign first and encrypt the token, or use a key that only the two parties have.
///
/// It is immutable and safe to share between threads.
///
/// Arguments:
///     keys: the recipient's key, or several of them: a list or tuple, a JWK Set as a dict or a
///         `KeySet`, of which those that fit are used. Keys are what `Encrypter` takes. The `kid` of
///         a token chooses among keys with an ID; keys without one are tried in turn.
///     algorithms: the allowed values of `alg`.
///     encryptions: the allowed values of `enc`.
///     decompress: whether content may be compressed (`zip`).
///     `max_decompressed_size`: the maximum number of bytes in decompressed content.
///     `max_token_size`: the maximum number of bytes in a token.
///     `max_header_size`: the maximum number of bytes in its encoded protected header.
///     `max_recipients`: the maximum number of recipients of a JSON serialization.
///     `min_p2c`: the minimum count of iterations of PBES2.
///     `max_p2c`: their maximum, for all recipients of a token together.
///
/// Raises `InvalidKeyError` for a key that fits none of the algorithms, `PyJWKSetError` for a
/// set without one that fits, `NotImplementedError` for an algorithm that this build lacks,
/// `TypeError` and `ValueError` for other wrong arguments.
#[pyclass(frozen, module = "rapidjwt.jwe")]
pub(super) struct Decrypter(jwe::Decrypter);

/// The signature below has numbers, because Python shows it to people.
const _: () = {
    let Bounds { token_size, header_size, min_p2c, max_p2c, recipients, .. } = Bounds::DEFAULT;
    assert!(token_size == 1_048_576 && header_size == 16_384 && recipients == 16);
    assert!(min_p2c == 1_000 && max_p2c == 1_200_000 && Bounds::DECOMPRESSED_SIZE == 256_000);
};

#[pymethods]
impl Decrypter {
    #[new]
    #[pyo3(signature = (
        keys, *, algorithms, encryptions, decompress=false,
        max_decompressed_size=256_000, max_token_size=1_048_576, max_header_size=16_384,
        max_recipients=16, min_p2c=1_000, max_p2c=1_200_000
    ))]
    #[allow(clippy::too_many_arguments, reason = "each with its name")]
    fn new(
        keys: &Bound<'_, PyAny>,
        algorithms: &Bound<'_, PyAny>,
        encryptions: &Bound<'_, PyAny>,
        decompress: bool,
        max_decompressed_size: usize,
        max_token_size: usize,
        max_header_size: usize,
        max_recipients: usize,
        min_p2c: u32,
        max_p2c: u32,
    ) -> PyResult<Self> {
        let algorithms = named(algorithms, "algorithms", key_management)?;
        let encryptions = named(encryptions, "encryptions", content_encryption)?;
        let keys = prepare_all(keys, &algorithms, &encryptions)?;
        let bounds = Bounds {
            token_size: max_token_size,
            header_size: max_header_size,
            min_p2c,
            max_p2c,
            recipients: max_recipients,
            decompressed_size: decompress.then_some(max_decompressed_size),
        };
        Ok(Self(jwe::Decrypter::new(keys, encryptions).with_bounds(bounds)))
    }

    /// Decrypts a token in the compact serialization, a str or bytes, and returns its content.
    ///
    /// Raises `DecryptionError` if it cannot be decrypted, whatever the reason; `DecodeError` for a
    /// token that is malformed or exceeds a limit, and for a JWS; `InvalidAlgorithmError` for an
    /// `alg` or `enc` that is not allowed; `InvalidTokenError` for other rules of the header.
    #[pyo3(signature = (token))]
    fn decrypt<'py>(&self, token: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyBytes>> {
        Ok(bytes(token.py(), self.open(token)?.plaintext())?)
    }

    /// Decrypts a token in the compact serialization and returns a `Decrypted`, which has its header
    /// too. Errors are those of `decrypt`.
    #[pyo3(signature = (token))]
    fn decrypt_complete(&self, token: &Bound<'_, PyAny>) -> PyResult<Decrypted> {
        self.open(token).map(Decrypted)
    }

    /// Decrypts a token in a JSON serialization, general or flattened: a dict, or its JSON text.
    ///
    /// It is decrypted for whichever of its recipients a key fits. Errors are those of `decrypt`.
    #[pyo3(signature = (jwe))]
    fn decrypt_json(&self, jwe: &Bound<'_, PyAny>) -> PyResult<Decrypted> {
        let py = jwe.py();
        if jwe.is_instance_of::<PyDict>() {
            let json = json_text(jwe)?;
            let json = token_bytes(&json)?;
            return self.run(py, || self.0.decrypt_json(json));
        }
        let json = token_bytes(jwe)?;
        self.run(py, || self.0.decrypt_json(json))
    }

    fn __repr__(&self, py: Python<'_>) -> PyResult<String> {
        let mut repr = Repr::new("Decrypter");
        let names = |names: Vec<&str>| PyTuple::new(py, names);
        repr.add(py, "algorithms", names(self.0.algorithms())?)?;
        repr.add(py, "encryptions", names(self.0.encryptions())?)?;
        Ok(repr.finish())
    }

    /// Returns the decrypter itself, because it never changes.
    fn __copy__(slf: Py<Self>) -> Py<Self> {
        slf
    }

    fn __deepcopy__(slf: Py<Self>, _memo: &Bound<'_, PyAny>) -> Py<Self> {
        slf
    }

    #[allow(clippy::unused_self, reason = "a method of Python's")]
    fn __reduce__(&self) -> PyResult<()> {
        Err(PyTypeError::new_err(
            "cannot pickle a Decrypter, which holds a secret: make one in each process",
        ))
    }
}

impl Decrypter {
    fn open(&self, token: &Bound<'_, PyAny>) -> PyResult<jwe::Decrypted> {
        let bytes = token_bytes(token)?;
        Ok(self.detached_if_slow(token.py(), || self.0.decrypt(bytes))?)
    }

    fn run(
        &self,
        py: Python<'_>,
        decrypt: impl FnOnce() -> Result<jwe::Decrypted, Error> + Send,
    ) -> PyResult<Decrypted> {
        Ok(Decrypted(self.detached_if_slow(py, decrypt)?))
    }

    /// Lets other threads run if a key is derived from a password, which takes long.
    fn detached_if_slow(
        &self,
        py: Python<'_>,
        decrypt: impl FnOnce() -> Result<jwe::Decrypted, Error> + Send,
    ) -> Result<jwe::Decrypted, Error> {
        if self.0.is_slow() { py.detach(decrypt) } else { decrypt() }
    }
}

/// Decrypts a nested token and returns the token inside, which is not verified yet.
#[pyfunction]
#[pyo3(signature = (decrypter, token, /))]
pub(super) fn open_nested<'py>(
    decrypter: &Bound<'py, Decrypter>,
    token: &Bound<'py, PyAny>,
) -> PyResult<Bound<'py, PyBytes>> {
    Ok(bytes(token.py(), decrypter.get().open(token)?.nested_token()?)?)
}

/// The decrypted content of a token, with its header. It is not verified.
#[pyclass(frozen, module = "rapidjwt.jwe")]
pub(super) struct Decrypted(jwe::Decrypted);

#[pymethods]
impl Decrypted {
    /// The content.
    #[getter]
    fn plaintext<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyBytes>> {
        Ok(bytes(py, self.0.plaintext())?)
    }

    /// The JOSE header of the recipient: protected and unprotected parameters.
    #[getter]
    fn header<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        Ok(pythonize::pythonize(py, self.0.header())?)
    }

    /// The parameters of the header that are authenticated.
    #[getter]
    fn protected_header<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        Ok(pythonize::pythonize(py, self.0.protected())?)
    }

    /// The additional authenticated data of a JSON serialization, or None.
    #[getter]
    fn aad<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyBytes>>> {
        Ok(self.0.aad().map(|aad| bytes(py, aad)).transpose()?)
    }
}

/// Reads a list of names; there is no default, because the caller decides what is allowed (RFC 8725
/// Section 3.1).
fn named<T>(
    names: &Bound<'_, PyAny>,
    argument: &str,
    row: impl Fn(&str) -> PyResult<&'static T>,
) -> PyResult<Vec<&'static T>> {
    let names = arguments::strings(&arguments::exact(names)?)
        .filter(|names| !names.is_empty())
        .ok_or_else(|| {
            PyTypeError::new_err(format!("{argument} must be a list of at least one name"))
        })?;
    names.iter().map(|name| row(utf8(name).unwrap_or_default())).collect()
}

type Prepared = Vec<(Option<String>, KeyManagementKey)>;

fn prepare_all(
    keys: &Bound<'_, PyAny>,
    algorithms: &[&'static KeyManagement],
    encryptions: &[&'static ContentEncryption],
) -> PyResult<Prepared> {
    if keys.is_instance_of::<PyList>() || keys.is_instance_of::<PyTuple>() {
        let mut prepared = Vec::new();
        for key in keys.try_iter()? {
            prepared.extend(prepare(&KeyArgument::read(&key?)?, algorithms, encryptions)?);
        }
        if prepared.is_empty() {
            return Err(PyValueError::new_err("A decrypter needs a key"));
        }
        return Ok(prepared);
    }
    if let Some(members) = members_of_set(keys)? {
        // They are for many purposes, and of types that may be unknown (RFC 7517 Section 5).
        let usable = |member: &Bound<'_, PyAny>| {
            prepare(&KeyArgument::read(member).ok()?, algorithms, encryptions).ok()
        };
        let prepared: Prepared = members.iter().filter_map(usable).flatten().collect();
        return if prepared.is_empty() { Err(Error::NoUsableKey.into()) } else { Ok(prepared) };
    }
    Ok(prepare(&KeyArgument::read(keys)?, algorithms, encryptions)?)
}

/// Returns the members of a JWK Set, which is a dict with `keys`, or of a `KeySet`.
fn members_of_set<'py>(keys: &Bound<'py, PyAny>) -> PyResult<Option<Vec<Bound<'py, PyAny>>>> {
    let py = keys.py();
    if let Ok(dict) = keys.cast::<PyDict>() {
        let Some(members) = dict.get_item(intern!(py, "keys"))? else { return Ok(None) };
        let members = members.cast::<PyList>().map_err(|_| Error::NoUsableKey)?;
        return Ok(Some(members.iter().collect()));
    }
    let is_single = keys.is_exact_instance_of::<Key>()
        || keys.is_instance_of::<PyString>()
        || keys.is_instance_of::<PyBytes>();
    if is_single {
        return Ok(None);
    }
    let module = py.import(intern!(py, "rapidjwt.key_set"))?;
    if !keys.is_instance(&module.getattr(intern!(py, "KeySet"))?)? {
        return Ok(None);
    }
    keys.try_iter()?.collect::<PyResult<Vec<_>>>().map(Some)
}

/// Prepares a key for each algorithm that it fits. The error is that of the first algorithm if it
/// fits none.
fn prepare(
    key: &KeyArgument,
    algorithms: &[&'static KeyManagement],
    encryptions: &[&'static ContentEncryption],
) -> Result<Prepared, Error> {
    let (mut prepared, mut refused) = (Vec::new(), None);
    for algorithm in algorithms {
        match key.prepare(algorithm, encryptions, Operation::Decrypt) {
            Ok(usable) => prepared.push((key.kid().map(str::to_owned), usable)),
            Err(error) => refused = refused.or(Some(error)),
        }
    }
    match refused {
        Some(error) if prepared.is_empty() => Err(error),
        _ => Ok(prepared),
    }
}
