//! Any Python object that is the key of a recipient.

use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict, PyString};

use crate::content_encryption::ContentEncryption;
use crate::crypto::{self, KeyManagementKey};
use crate::error::Error;
use crate::key::metadata::{JwkMetadata, permits_operation, permits_use};
use crate::key::recipient::RecipientKey;
use crate::key::{der, secret};
use crate::key_management::KeyManagement;
use crate::memory;
use crate::python::arguments::exact;
use crate::python::cpython::utf8;
use crate::python::keys::argument::der_of_cryptography;
use crate::python::keys::key::Key;
use crate::python::once::intern;

/// A key with what its JWK says about it.
pub(super) struct KeyArgument {
    key: RecipientKey,
    metadata: JwkMetadata,
}

/// What a key is needed for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Operation {
    Encrypt,
    Decrypt,
}

impl Operation {
    /// Returns the values of `key_ops` that permit it (RFC 7517 Section 4.3).
    const fn names(self) -> [&'static str; 4] {
        match self {
            Self::Encrypt => ["encrypt", "wrapKey", "deriveKey", "deriveBits"],
            Self::Decrypt => ["decrypt", "unwrapKey", "deriveKey", "deriveBits"],
        }
    }
}

impl KeyArgument {
    /// Reads a `Key`, a member of a `KeySet`, a JWK as a dict, PEM text, a secret or a key object of
    /// cryptography.
    ///
    /// Raises `InvalidKeyError` for a key that cannot be read, `TypeError` for another object.
    pub(super) fn read(object: &Bound<'_, PyAny>) -> PyResult<Self> {
        let py = object.py();
        if let Ok(key) = object.cast_exact::<Key>() {
            return Self::of(key.get());
        }
        if object.is_instance_of::<PyDict>() {
            return Self::with_method(object, "from_jwk");
        }
        if let Ok(text) = object.cast::<PyString>() {
            let text = utf8(text).ok_or_else(|| {
                Error::invalid_key("The text has a lone surrogate, which has no form in UTF-8")
            })?;
            return Self::from_text(object, text.as_bytes());
        }
        if let Ok(bytes) = object.cast::<PyBytes>() {
            return Self::from_text(object, bytes.as_bytes());
        }
        if let Some(der) = der_of_cryptography(object)? {
            return Self::from_der(der.as_bytes());
        }
        // An entry of a `KeySet`.
        let inner = object.getattr_opt(intern!(py, "key"))?;
        match inner.as_ref().and_then(|inner| inner.cast_exact::<Key>().ok()) {
            Some(key) => Self::of(key.get()),
            None => Err(PyTypeError::new_err(
                "The key must be a Key, a JWK as a dict, PEM text, a secret (str or bytes) or a key \
                 object of cryptography",
            )),
        }
    }

    fn of(key: &Key) -> PyResult<Self> {
        Ok(Self { key: RecipientKey::of(key.material())?, metadata: key.metadata().clone() })
    }

    /// Reads a key with a static method of `Key`.
    fn with_method(object: &Bound<'_, PyAny>, method: &str) -> PyResult<Self> {
        let key = object.py().get_type::<Key>().call_method1(method, (exact(object)?,))?;
        Self::of(key.cast_exact::<Key>()?.get())
    }

    fn from_text(object: &Bound<'_, PyAny>, text: &[u8]) -> PyResult<Self> {
        if !text.trim_ascii_start().starts_with(b"-----BEGIN") {
            secret::check(text)?;
            return Ok(Self::plain(RecipientKey::Secret(memory::concat(&[text])?.into())));
        }
        Self::with_method(object, "from_pem")
    }

    fn from_der(bytes: &[u8]) -> PyResult<Self> {
        Ok(Self::plain(RecipientKey::of(&crypto::complete(der::parse(bytes)?)?)?))
    }

    fn plain(key: RecipientKey) -> Self {
        Self { key, metadata: JwkMetadata::default() }
    }

    /// Returns the key ID.
    pub(super) fn kid(&self) -> Option<&str> {
        self.metadata.kid.as_deref()
    }

    /// Prepares the key for `algorithm`.
    ///
    /// # Errors
    /// [`Error::InvalidKey`] if what the JWK says rules that out, and those of
    /// [`KeyManagementKey::new`].
    pub(super) fn prepare(
        &self,
        algorithm: &'static KeyManagement,
        encryptions: &[&'static ContentEncryption],
        operation: Operation,
    ) -> Result<KeyManagementKey, Error> {
        self.check_metadata(algorithm, encryptions, operation)?;
        let key = KeyManagementKey::new(&self.key, algorithm)?;
        let fits = |len| encryptions.iter().any(|encryption| encryption.cek_len == len);
        if key.direct_len().is_some_and(|len| !fits(len)) {
            return Err(Error::invalid_key(
                "The shared key does not have the length that enc requires: 16 bytes for A128GCM, \
                 24 for A192GCM, 32 for A256GCM and A128CBC-HS256, 48 for A192CBC-HS384, 64 for \
                 A256CBC-HS512",
            ));
        }
        if operation == Operation::Decrypt && !key.can_decrypt() {
            return Err(Error::invalid_key("Decryption needs a private key, got a public key"));
        }
        Ok(key)
    }

    fn check_metadata(
        &self,
        algorithm: &'static KeyManagement,
        encryptions: &[&'static ContentEncryption],
        operation: Operation,
    ) -> Result<(), Error> {
        let JwkMetadata { alg, public_key_use, key_ops, .. } = &self.metadata;
        // The JWK of a shared key may name the algorithm of the content (RFC 7520 Section 5.6).
        let names_encryption = |alg: &str| {
            algorithm.name == "dir" && encryptions.iter().any(|encryption| encryption.name == alg)
        };
        if let Some(own) = alg
            && own != algorithm.name
            && !names_encryption(own)
        {
            let own = own.as_str().into();
            return Err(Error::KeyForOtherAlgorithm { own, asked: algorithm.name });
        }
        let key_ops = key_ops.as_ref().map(|names| names.iter().map(String::as_str).collect());
        let key_ops: Option<Vec<&str>> = key_ops;
        let permits = |name| permits_operation(key_ops.as_deref(), name);
        // A public key for ECDH-ES has no operation of its own (Web Cryptography API Section 18.4).
        let is_public = matches!(&self.key, RecipientKey::Agreement(key) if key.d.is_none());
        if !permits_use(public_key_use.as_deref(), "enc")
            || !(is_public || operation.names().into_iter().any(permits))
        {
            return Err(Error::invalid_key(
                "The key's use or key_ops say that it is for something else",
            ));
        }
        Ok(())
    }
}

/// Returns the key management algorithm of that name, or raises `ValueError`.
pub(super) fn key_management(name: &str) -> PyResult<&'static KeyManagement> {
    KeyManagement::by_name(name).ok_or_else(|| {
        // Not quoted: it may be a key in the wrong place.
        PyValueError::new_err(match name {
            "RSA1_5" => {
                "RSA1_5 is not supported, because its padding gives keys away: use RSA-OAEP-256"
            }
            _ => "algorithm has a name that cannot encrypt a key",
        })
    })
}

/// Returns the content encryption algorithm of that name, or raises `ValueError`.
pub(super) fn content_encryption(name: &str) -> PyResult<&'static ContentEncryption> {
    ContentEncryption::by_name(name)
        .ok_or_else(|| PyValueError::new_err("encryption has a name that cannot encrypt content"))
}

/// Generates a key for a key management algorithm and returns it as a private JWK.
///
/// Arguments:
///     algorithm: the `alg`, which the JWK names.
///     encryption: the `enc`, needed for "dir" alone: it determines the length of the key.
///     curve: the curve for ECDH-ES: "P-256", "P-384", "P-521" or "X25519".
///     size: the bits of an RSA modulus: 2048, 3072, 4096 or 8192.
///
/// Raises `ValueError` for unknown names and for PBES2, whose key is a password;
/// `NotImplementedError` for what this build lacks.
#[pyfunction]
#[pyo3(signature = (algorithm, *, encryption=None, curve="P-256", size=2048))]
pub(super) fn generate_key<'py>(
    py: Python<'py>,
    algorithm: &str,
    encryption: Option<&str>,
    curve: &str,
    size: usize,
) -> PyResult<Bound<'py, PyAny>> {
    let algorithm = key_management(algorithm)?;
    let encryption = encryption.map(content_encryption).transpose()?;
    let jwk = py.detach(|| crypto::generate_recipient_key(algorithm, encryption, curve, size));
    let jwk = jwk?.ok_or_else(|| {
        PyValueError::new_err(
            "dir needs an encryption, PBES2 takes a password instead of a key, and curve must be \
             \"P-256\", \"P-384\", \"P-521\" or \"X25519\"",
        )
    })?;
    Ok(pythonize::pythonize(py, &jwk)?)
}
