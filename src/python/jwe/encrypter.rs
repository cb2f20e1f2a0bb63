//! `Encrypter`: a recipient's key that is prepared once, for encrypting many plaintexts.

use std::num::NonZeroU32;

use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyString};

use super::key::{KeyArgument, Operation, content_encryption, key_management};
use crate::error::Error;
use crate::jwe;
use crate::python::cpython;
use crate::python::jose_arguments::{dict, members, octets};

/// An encrypter for one recipient, whose key and header are fixed when it is made.
///
/// It is immutable and safe to share between threads.
///
/// Arguments:
///     key: the recipient's key: a `Key`, a JWK as a dict, PEM text, a secret or a password (str or
///         bytes), or a key object of cryptography. A public key is enough for RSA-OAEP and ECDH-ES.
///     algorithm: the `alg`, for example "RSA-OAEP-256", "ECDH-ES" or "dir".
///     encryption: the `enc`, for example "A256GCM".
///     headers: additional header parameters, for example `{"cty": "JWT"}`. The key ID of a `Key`
///         or a JWK becomes the `kid` unless `headers` has one.
///     p2c: the count of iterations for PBES2; by default 600,000, or 210,000 with HS384 and HS512.
///
/// Raises `InvalidKeyError` for a key that does not fit the algorithm, `NotImplementedError` for an
/// algorithm that this build lacks, `TypeError` and `ValueError` for other wrong arguments.
#[pyclass(frozen, module = "rapidjwt.jwe")]
pub(super) struct Encrypter(jwe::Encrypter);

#[pymethods]
impl Encrypter {
    #[new]
    #[pyo3(signature = (key, algorithm, encryption, *, headers=None, p2c=None))]
    fn new(
        key: &Bound<'_, PyAny>,
        algorithm: &str,
        encryption: &str,
        headers: Option<&Bound<'_, PyDict>>,
        p2c: Option<u32>,
    ) -> PyResult<Self> {
        let (algorithm, encryption) = (key_management(algorithm)?, content_encryption(encryption)?);
        let key = KeyArgument::read(key)?;
        let prepared = key.prepare(algorithm, &[encryption], Operation::Encrypt)?;
        let mut header = members(headers)?;
        if let Some(kid) = key.kid().filter(|_| !header.contains_key("kid")) {
            header.insert("kid".to_owned(), kid.into());
        }
        let mut encrypter = jwe::Encrypter::new(prepared, encryption)?;
        encrypter = encrypter.with_header(header).map_err(wrong_argument)?;
        if let Some(count) = p2c {
            encrypter = encrypter.with_p2c(iterations(count, algorithm.is_slow())?);
        }
        Ok(Self(encrypter))
    }

    /// Encrypts `plaintext`, a str (in UTF-8) or bytes, and returns the compact serialization.
    #[pyo3(signature = (plaintext))]
    fn encrypt<'py>(&self, plaintext: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyString>> {
        let (py, bytes) = (plaintext.py(), octets(plaintext)?);
        let token = self.run(py, || self.0.encrypt(bytes))?;
        Ok(cpython::string(py, &token).ok_or(Error::OutOfMemory)?)
    }

    /// Encrypts `plaintext` and returns the flattened JSON serialization (RFC 7516 Section 7.2.2).
    ///
    /// `unprotected` is a header that is neither encrypted nor authenticated; `aad`, str or bytes,
    /// is authenticated and not encrypted.
    #[pyo3(signature = (plaintext, *, unprotected=None, aad=None))]
    fn encrypt_flattened<'py>(
        &self,
        plaintext: &Bound<'py, PyAny>,
        unprotected: Option<&Bound<'py, PyDict>>,
        aad: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyDict>> {
        let py = plaintext.py();
        let (bytes, aad) = (octets(plaintext)?, aad.map(octets).transpose()?);
        let unprotected = members(unprotected)?;
        let jwe = self.run(py, || self.0.encrypt_flattened(bytes, &unprotected, aad));
        dict(py, &jwe.map_err(wrong_argument)?)
    }

    /// Returns the encrypter itself, because it never changes.
    fn __copy__(slf: Py<Self>) -> Py<Self> {
        slf
    }

    fn __deepcopy__(slf: Py<Self>, _memo: &Bound<'_, PyAny>) -> Py<Self> {
        slf
    }

    #[allow(clippy::unused_self, reason = "a method of Python's")]
    fn __reduce__(&self) -> PyResult<()> {
        Err(PyTypeError::new_err(
            "cannot pickle an Encrypter, which may hold a secret: make one in each process",
        ))
    }
}

impl Encrypter {
    /// Lets other threads run if a key is derived from a password, which takes long.
    fn run<T: Send>(
        &self,
        py: Python<'_>,
        encrypt: impl FnOnce() -> Result<T, Error> + Send,
    ) -> Result<T, Error> {
        if self.0.key().algorithm().is_slow() { py.detach(encrypt) } else { encrypt() }
    }
}

/// Encrypts a plaintext for several recipients and returns the general JSON serialization (RFC 7516
/// Section 7.2.1).
///
/// Arguments:
///     encrypters: one `Encrypter` for each recipient, all with the same `encryption`. "dir" and
///         "ECDH-ES" determine the content encryption key and so cannot stand beside others.
///     plaintext: a str (in UTF-8) or bytes.
///     unprotected: a shared header that is neither encrypted nor authenticated.
///     aad: a str or bytes that is authenticated and not encrypted.
///
/// Raises `ValueError` without an encrypter, for encrypters that do not go together, and for header
/// parameters that occur twice; `InvalidKeyError` for "dir" and "ECDH-ES" beside others.
#[pyfunction]
#[pyo3(signature = (encrypters, plaintext, *, unprotected=None, aad=None))]
#[allow(clippy::needless_pass_by_value, reason = "PyO3 makes the vector")]
pub(super) fn encrypt_general<'py>(
    encrypters: Vec<PyRef<'py, Encrypter>>,
    plaintext: &Bound<'py, PyAny>,
    unprotected: Option<&Bound<'py, PyDict>>,
    aad: Option<&Bound<'py, PyAny>>,
) -> PyResult<Bound<'py, PyDict>> {
    let py = plaintext.py();
    let (bytes, aad) = (octets(plaintext)?, aad.map(octets).transpose()?);
    let unprotected = members(unprotected)?;
    let encrypters: Vec<_> = encrypters.iter().map(|encrypter| &encrypter.0).collect();
    let jwe = py.detach(|| jwe::encrypt_general(&encrypters, bytes, &unprotected, aad));
    dict(py, &jwe.map_err(wrong_argument)?)
}

fn iterations(count: u32, is_slow: bool) -> PyResult<NonZeroU32> {
    let count = NonZeroU32::new(count).filter(|count| is_slow && count.get() >= 1_000);
    // RFC 7518 Section 4.8.1.2: a minimum of 1000 is RECOMMENDED.
    count.ok_or_else(|| PyValueError::new_err("p2c is for PBES2 alone, and at least 1000"))
}

/// Raises `ValueError` for what is wrong with an argument rather than with a token.
fn wrong_argument(error: Error) -> PyErr {
    match error {
        Error::InvalidJwe(message) => PyValueError::new_err(message),
        error => error.into(),
    }
}
