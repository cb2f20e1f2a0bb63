//! The class `Key`.

use std::hash::{BuildHasher, RandomState};
use std::sync::{Arc, LazyLock, OnceLock};

use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict, PyList, PyString, PyTuple};
use serde_json::{Map, Value};
use zeroize::Zeroizing;

use super::ed448;
use super::length;
use crate::algorithm::{ALGORITHMS, Algorithm, Family, Hash};
use crate::base64url;
use crate::crypto::{self, PreparedKey};
use crate::error::Error;
use crate::key::metadata::JwkMetadata;
use crate::key::{KeyMaterial, OkpCurve, der, jwk, pem, secret, ssh};
use crate::key_file;
use crate::python::cpython::utf8;
use crate::python::errors;
use crate::python::fast_path::FastPath;
use crate::python::header_cache;
use crate::python::once::intern;

/// A key, parsed and checked once. Immutable and shareable between threads.
#[pyclass(frozen, module = "rapidjwt")]
pub(in crate::python) struct Key {
    material: KeyMaterial,
    metadata: JwkMetadata,
    /// The key made ready, by [`Algorithm::index`], at first use.
    prepared: [OnceLock<Arc<PreparedKey>>; ALGORITHMS.len()],
}

impl Key {
    pub(super) fn new(material: KeyMaterial) -> Result<Self, Error> {
        let material = match material {
            KeyMaterial::Okp(key) if key.curve == OkpCurve::Ed448 => {
                KeyMaterial::Okp(ed448::complete(key)?)
            }
            material => crypto::complete(material)?,
        };
        Ok(Self { material, metadata: JwkMetadata::default(), prepared: Default::default() })
    }

    /// The key made ready for `algorithm`.
    pub(in crate::python) fn prepare(
        &self,
        algorithm: &'static Algorithm,
    ) -> Result<Arc<PreparedKey>, Error> {
        // RFC 8725 Section 3.1: a key is used with one algorithm.
        if self.metadata.alg.as_deref().is_some_and(|alg| alg != algorithm.name) {
            return Err(Error::invalid_key("The key's own alg is another one"));
        }
        let slot = &self.prepared[algorithm.index().ok_or(Error::KeyForNone)?];
        if let Some(prepared) = slot.get() {
            return Ok(Arc::clone(prepared));
        }
        let prepared = Arc::new(prepare_material(&self.material, algorithm)?);
        Ok(Arc::clone(slot.get_or_init(|| prepared)))
    }

    fn prepare_by_name(&self, algorithm: &str) -> Result<Arc<PreparedKey>, Error> {
        self.prepare(Algorithm::by_name(algorithm).ok_or(Error::AlgorithmUnknown)?)
    }
}

#[pymethods]
impl Key {
    /// Reads a key from PEM text: PKCS#8, PKCS#1, SEC1, `SubjectPublicKeyInfo` or, for its public
    /// key, an X.509 certificate, of which nothing else is checked (RFC 7468). Other text and, beside
    /// a key, other blocks are skipped.
    ///
    /// `password`, text (in UTF-8) or bytes, is that of a private key in encrypted PKCS#8.
    ///
    /// Raises `InvalidKeyError` for anything else, for several keys, for a missing or wrong password
    /// and for one that the key does not need; `TypeError` for no text.
    #[staticmethod]
    #[pyo3(signature = (data, /, password=None))]
    fn from_pem(data: &Bound<'_, PyAny>, password: Option<&Bound<'_, PyAny>>) -> PyResult<Self> {
        let (text, password) = (text_argument(data)?, password_argument(password)?);
        // Deriving the key from the password takes long enough to let other threads run.
        let material = match password {
            None => key_file::from_pem(text, None)?,
            password => data.py().detach(|| key_file::from_pem(text, password))?,
        };
        Ok(Self::new(material)?)
    }

    /// Reads a key from DER bytes; formats, `password` and errors as for `from_pem`.
    #[staticmethod]
    #[pyo3(signature = (data, /, password=None))]
    fn from_der(data: &Bound<'_, PyBytes>, password: Option<&Bound<'_, PyAny>>) -> PyResult<Self> {
        let (bytes, password) = (data.as_bytes(), password_argument(password)?);
        let material = match password {
            None => key_file::from_der(bytes, None)?,
            password => data.py().detach(|| key_file::from_der(bytes, password))?,
        };
        Ok(Self::new(material)?)
    }

    /// Reads an OpenSSH public key line (RFC 4253 Section 6.6, RFC 5656, RFC 8709).
    ///
    /// Raises `InvalidKeyError` for anything else, `TypeError` for no text.
    #[staticmethod]
    #[pyo3(signature = (data, /))]
    fn from_ssh(data: &Bound<'_, PyAny>) -> PyResult<Self> {
        Ok(Self::new(ssh::parse_public(text_argument(data)?)?)?)
    }

    /// Reads a JWK (RFC 7517) from a dict or its JSON text, with its `kid`, `alg`, `use` and
    /// `key_ops`.
    ///
    /// Raises `InvalidKeyError` when it is not a usable key, `TypeError` for another type.
    #[staticmethod]
    #[pyo3(signature = (jwk, /))]
    fn from_jwk(jwk: &Bound<'_, PyAny>) -> PyResult<Self> {
        let invalid = || Error::invalid_key("Key is not valid JSON");
        let value: Value = if jwk.is_instance_of::<PyDict>() {
            json_value(jwk, MAX_JWK_DEPTH)?.ok_or_else(invalid)?
        } else {
            serde_json::from_slice(text_argument(jwk)?).map_err(|_| invalid())?
        };
        let material = jwk::from_value(&value)?;
        if let KeyMaterial::Secret(bytes) = &material {
            secret::check(bytes)?;
        }
        Ok(Self { metadata: JwkMetadata::of(&value)?, ..Self::new(material)? })
    }

    /// A shared secret for HMAC: text (in UTF-8) or bytes.
    ///
    /// Raises `InvalidKeyError` for an empty secret, and for public keys and certificates (PEM, DER,
    /// OpenSSH) and JWKs, which an attacker knows too (RFC 8725 Section 2.1); `TypeError` for another
    /// type.
    #[staticmethod]
    #[pyo3(signature = (secret, /))]
    fn from_secret(secret: &Bound<'_, PyAny>) -> PyResult<Self> {
        let bytes = text_argument(secret)?;
        secret::check(bytes)?;
        Ok(Self::new(KeyMaterial::Secret(bytes.to_vec().into()))?)
    }

    /// Makes a new key for the algorithm of that name, which becomes its `alg`.
    ///
    /// `size` is the bits of a secret (the length of the hash by default) or of an RSA modulus
    /// (2048 by default, or 3072, 4096, 8192); the other algorithms fix it.
    ///
    /// Raises `ValueError` for an unknown algorithm, `InvalidKeyError` for a size it does not take
    /// and for Ed448 without the package cryptography, `NotImplementedError` for what this build
    /// cannot generate.
    #[staticmethod]
    #[pyo3(signature = (algorithm, *, size=None))]
    fn generate(py: Python<'_>, algorithm: &str, size: Option<usize>) -> PyResult<Self> {
        let algorithm = header_cache::signature_algorithm(algorithm)
            .ok_or_else(|| PyValueError::new_err("No signature algorithm has that name"))?;
        // RSA takes long enough to let other threads run.
        let material = py.detach(|| crypto::generate(algorithm, size))?;
        let metadata =
            JwkMetadata { alg: Some(algorithm.name.to_owned()), ..JwkMetadata::default() };
        Ok(Self { metadata, ..Self::new(material)? })
    }

    /// The JWK key type: "oct", "RSA", "EC" or "OKP" (RFC 7518 Section 6.1).
    #[getter]
    fn kty(&self) -> &'static str {
        self.material.kty()
    }

    /// The JWK curve name, crv; None for RSA and oct.
    #[getter]
    fn curve(&self) -> Option<&'static str> {
        match &self.material {
            KeyMaterial::Ec(key) => Some(key.curve.crv()),
            KeyMaterial::Okp(key) => Some(key.curve.crv()),
            KeyMaterial::Secret(_) | KeyMaterial::Rsa(_) => None,
        }
    }

    /// The size in bits: of the secret, the modulus, or the curve's field.
    #[getter]
    fn size(&self) -> usize {
        self.material.bits()
    }

    /// The key ID, kid, of the JWK that the key was read from (RFC 7517 Section 4.5).
    #[getter]
    fn kid(&self) -> Option<&str> {
        self.metadata.kid.as_deref()
    }

    /// The algorithm, alg, of the JWK that the key was read from (RFC 7517 Section 4.4), or that it
    /// was generated for. The key works with no other.
    #[getter]
    fn alg(&self) -> Option<&str> {
        self.metadata.alg.as_deref()
    }

    /// What the JWK says the key is used for, use: "sig" or "enc" (RFC 7517 Section 4.2).
    #[getter]
    fn r#use(&self) -> Option<&str> {
        self.metadata.public_key_use.as_deref()
    }

    /// What the JWK says the key may do, `key_ops`: "sign", "verify", ... (RFC 7517 Section 4.3).
    #[getter]
    fn key_ops<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyTuple>>> {
        self.metadata.key_ops.as_ref().map(|names| PyTuple::new(py, names)).transpose()
    }

    /// Whether the key can sign.
    #[getter]
    fn is_private(&self) -> bool {
        self.material.is_private()
    }

    /// The public half. Raises `InvalidKeyError` for a shared secret, which has none.
    fn public(&self) -> PyResult<Self> {
        let public = Self::new(self.material.to_public()?)?;
        Ok(Self { metadata: self.metadata_of_half(false), ..public })
    }

    /// The JWK (RFC 7517) as a dict: public members only, unless `private` is true. With the `kid`,
    /// `alg`, `use` and `key_ops` that the key has; the `key_ops` of the public half are the
    /// counterparts of those of the private one.
    ///
    /// Raises `InvalidKeyError` for a shared secret without `private`, and for a public key with it.
    #[pyo3(signature = (private=false))]
    fn to_jwk<'py>(&self, py: Python<'py>, private: bool) -> PyResult<Bound<'py, PyAny>> {
        let material = self.half(private)?;
        let mut members: Map<String, Value> = jwk::to_value(&material, private);
        self.metadata_of_half(private).write_to(&mut members);
        Ok(pythonize::pythonize(py, &members)?)
    }

    /// The JWK thumbprint (RFC 7638), base64url-encoded; `hash` is "sha256", "sha384" or "sha512".
    ///
    /// The private and the public half of a key have the same. Raises `InvalidKeyError` for a
    /// shared secret, whose thumbprint would help to guess it, and `ValueError` for another hash.
    #[pyo3(signature = (hash="sha256"))]
    fn thumbprint(&self, hash: &str) -> PyResult<String> {
        let (hash, _) = thumbprint_hash(hash)?;
        Ok(self.thumbprint_of(hash)?)
    }

    /// The thumbprint as a URI (RFC 9278); arguments and errors as for `thumbprint`.
    #[pyo3(signature = (hash="sha256"))]
    fn thumbprint_uri(&self, hash: &str) -> PyResult<String> {
        let (hash, name) = thumbprint_hash(hash)?;
        let thumbprint = self.thumbprint_of(hash)?;
        Ok(format!("urn:ietf:params:oauth:jwk-thumbprint:{name}:{thumbprint}"))
    }

    /// DER: `SubjectPublicKeyInfo`, or PKCS#8 when `private` is true, encrypted when there is a
    /// `password` (text or bytes): PBES2 with PBKDF2, HMAC-SHA-256, 600,000 iterations, and
    /// AES-256-CBC.
    ///
    /// Raises `InvalidKeyError` for a shared secret, for a public key with `private` and for an empty
    /// password, `ValueError` for a password without `private`.
    #[pyo3(signature = (private=false, password=None))]
    fn to_der<'py>(
        &self,
        py: Python<'py>,
        private: bool,
        password: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyBytes>> {
        let (material, password) = (self.half(private)?, password_to_write(private, password)?);
        Ok(if private {
            let written = py.detach(|| key_file::to_private_der(&material, password))?;
            PyBytes::new(py, &written)
        } else {
            PyBytes::new(py, &der::spki(&material)?)
        })
    }

    /// PEM; arguments and errors as for `to_der`.
    #[pyo3(signature = (private=false, password=None))]
    fn to_pem(
        &self,
        py: Python<'_>,
        private: bool,
        password: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<String> {
        let (material, password) = (self.half(private)?, password_to_write(private, password)?);
        Ok(if private {
            py.detach(|| key_file::to_private_pem(&material, password))?
        } else {
            pem::encode(pem::PUBLIC_KEY, &der::spki(&material)?)
        })
    }

    /// Signs `message` with the algorithm of that name; returns the raw signature, as JWS has it.
    ///
    /// Raises `InvalidKeyError` when the key does not fit the algorithm or is public; warns, as
    /// `rapidjwt.encode` does, of a secret shorter than the hash.
    #[pyo3(signature = (message, algorithm))]
    fn sign<'py>(
        &self,
        py: Python<'py>,
        message: &[u8],
        algorithm: &str,
    ) -> PyResult<Bound<'py, PyBytes>> {
        let prepared = self.prepare_by_name(algorithm)?;
        let signature = prepared.sign(message)?;
        length::check(FastPath::get(py)?, py, &prepared, false)?;
        Ok(PyBytes::new(py, signature.as_ref()))
    }

    /// Whether `signature` is one of `message` under this key and the algorithm of that name.
    ///
    /// Raises `InvalidKeyError` when the key does not fit the algorithm.
    #[pyo3(signature = (message, signature, algorithm))]
    fn verify(&self, message: &[u8], signature: &[u8], algorithm: &str) -> PyResult<bool> {
        Ok(self.prepare_by_name(algorithm)?.verify(message, signature))
    }

    /// Public keys can be pickled; a secret must not end up in a file or on a wire by accident.
    fn __reduce__<'py>(
        slf: &Bound<'py, Self>,
    ) -> PyResult<(Bound<'py, PyAny>, (Bound<'py, PyAny>,))> {
        let py = slf.py();
        let key = slf.get();
        if key.is_private() {
            return Err(PyTypeError::new_err("cannot pickle a Key that holds a secret"));
        }
        let jwk = key.to_jwk(py, false)?;
        Ok((slf.get_type().getattr(intern!(py, "from_jwk"))?, (jwk,)))
    }

    /// Whether both are the same key by their public value; for shared secrets by the secret, in
    /// constant time. A private key equals its public half; `kid` and the like do not count.
    fn __eq__(&self, other: &Self) -> bool {
        match (&self.material, &other.material) {
            (KeyMaterial::Secret(one), KeyMaterial::Secret(other)) => {
                crypto::same_secret(one, other)
            }
            (one, other) => match (one.to_public(), other.to_public()) {
                (Ok(one), Ok(other)) => one == other,
                _ => false,
            },
        }
    }

    /// Equal keys have the same hash. It differs from process to process: so that of a secret does
    /// not help to guess it.
    fn __hash__(&self) -> u64 {
        static STATE: LazyLock<RandomState> = LazyLock::new(RandomState::new);
        match jwk::thumbprint_input(&self.material) {
            Some(input) => STATE.hash_one(Zeroizing::new(input).as_bytes()),
            None => STATE.hash_one(self.kty()),
        }
    }

    /// A key does not change, so it is its own copy.
    fn __copy__(slf: Py<Self>) -> Py<Self> {
        slf
    }

    fn __deepcopy__(slf: Py<Self>, _memo: &Bound<'_, PyAny>) -> Py<Self> {
        slf
    }

    fn __repr__(&self) -> String {
        let half = if self.is_private() { "private" } else { "public" };
        let key = match &self.material {
            KeyMaterial::Secret(_) => format!("oct {} bits", self.size()),
            KeyMaterial::Rsa(_) => format!("RSA {} bits {half}", self.size()),
            KeyMaterial::Ec(key) => format!("EC {} {half}", key.curve.crv()),
            KeyMaterial::Okp(key) => format!("OKP {} {half}", key.curve.crv()),
        };
        match &self.metadata.kid {
            Some(kid) => format!("<Key {key} kid={kid:?}>"),
            None => format!("<Key {key}>"),
        }
    }
}

impl Key {
    /// The algorithm to use where the caller names none: the JWK's, or the usual one of the type.
    pub(in crate::python) fn default_algorithm(&self) -> Option<&'static Algorithm> {
        match &self.metadata.alg {
            Some(name) => header_cache::by_exact_name(name),
            None => ALGORITHMS.iter().find(|algorithm| match (algorithm.family, &self.material) {
                (Family::Hmac(_), KeyMaterial::Secret(_))
                | (Family::RsaPkcs1(_), KeyMaterial::Rsa(_))
                | (Family::Eddsa(None), KeyMaterial::Okp(_)) => true,
                (Family::Ecdsa(curve, _), KeyMaterial::Ec(key)) => key.curve == curve,
                _ => false,
            }),
        }
    }

    fn thumbprint_of(&self, hash: Hash) -> Result<String, Error> {
        let public = self.material.to_public()?;
        let input = jwk::thumbprint_input(&public)
            .ok_or_else(|| Error::invalid_key("The key lacks its public part"))?;
        Ok(base64url::encode(&crypto::digest(hash, input.as_bytes())))
    }

    /// The algorithm that the JWK names.
    pub(in crate::python) fn named_algorithm(&self) -> Option<&'static Algorithm> {
        self.metadata.alg.as_deref().and_then(header_cache::by_exact_name)
    }

    /// The key ID.
    pub(in crate::python) fn key_id(&self) -> Option<&str> {
        self.metadata.kid.as_deref()
    }

    /// What the written half is for.
    fn metadata_of_half(&self, private: bool) -> JwkMetadata {
        if private || !self.is_private() {
            self.metadata.clone()
        } else {
            self.metadata.of_public_half()
        }
    }

    /// The material to write out: all of it, or its public half.
    fn half(&self, private: bool) -> Result<KeyMaterial, Error> {
        match private {
            true if self.material.is_private() => Ok(self.material.clone()),
            true => Err(Error::invalid_key("The key is public: it has no private part to write")),
            false => self.material.to_public(),
        }
    }
}

/// The hash of that name, as hashlib writes it, and as RFC 9278 Section 3 does.
fn thumbprint_hash(name: &str) -> PyResult<(Hash, &'static str)> {
    match name {
        "sha256" => Ok((Hash::Sha256, "sha-256")),
        "sha384" => Ok((Hash::Sha384, "sha-384")),
        "sha512" => Ok((Hash::Sha512, "sha-512")),
        _ => Err(PyValueError::new_err("hash must be \"sha256\", \"sha384\" or \"sha512\"")),
    }
}

/// How deep the members of a JWK lie within one another: `oth` is a list of objects (RFC 7518
/// Section 6.3.2.7).
const MAX_JWK_DEPTH: u32 = 4;

/// A Python object as JSON; `None` for what has no form in JSON.
///
/// A member that lies deeper than any of a key is null: it is nothing that is read, and a dict may
/// hold itself.
fn json_value(object: &Bound<'_, PyAny>, depth: u32) -> PyResult<Option<Value>> {
    let Some(depth) = depth.checked_sub(1) else {
        return Ok(Some(Value::Null));
    };
    if let Ok(dict) = object.cast::<PyDict>() {
        let mut members = Map::new();
        for (name, member) in dict.copy()? {
            let (Ok(name), Some(member)) = (name.cast::<PyString>(), json_value(&member, depth)?)
            else {
                return Ok(None);
            };
            let Some(name) = utf8(name) else {
                return Ok(None);
            };
            members.insert(name.to_owned(), member);
        }
        return Ok(Some(Value::Object(members)));
    }
    if object.is_instance_of::<PyList>() || object.is_instance_of::<PyTuple>() {
        let items = object.try_iter()?.map(|item| json_value(&item?, depth));
        return Ok(items.collect::<PyResult<Option<Vec<_>>>>()?.map(Value::Array));
    }
    // Text, numbers and None: nothing that could lie within itself.
    Ok(errors::ok(object.py(), pythonize::depythonize(object).map_err(PyErr::from)))
}

fn text_argument<'a>(data: &'a Bound<'_, PyAny>) -> PyResult<&'a [u8]> {
    if let Ok(text) = data.cast::<PyString>() {
        // Not Python's error, which holds the text.
        let text = text.to_str().map_err(|_| {
            Error::invalid_key("The text has a lone surrogate, which has no form in UTF-8")
        })?;
        Ok(text.as_bytes())
    } else if let Ok(bytes) = data.cast::<PyBytes>() {
        Ok(bytes.as_bytes())
    } else if data.hasattr(intern!(data.py(), "__fspath__"))? {
        Err(PyTypeError::new_err(
            "Expected a string or bytes value, got a path: pass what the file holds, for example \
             path.read_bytes()",
        ))
    } else {
        Err(PyTypeError::new_err("Expected a string or bytes value"))
    }
}

fn password_argument<'a>(password: Option<&'a Bound<'_, PyAny>>) -> PyResult<Option<&'a [u8]>> {
    password.map(text_argument).transpose()
}

fn password_to_write<'a>(
    private: bool,
    password: Option<&'a Bound<'_, PyAny>>,
) -> PyResult<Option<&'a [u8]>> {
    if password.is_some() && !private {
        return Err(PyValueError::new_err(
            "A password is for private keys: pass private=True, or no password",
        ));
    }
    password_argument(password)
}

/// The key of `material` made ready for `algorithm`.
pub(super) fn prepare_material(
    material: &KeyMaterial,
    algorithm: &'static Algorithm,
) -> Result<PreparedKey, Error> {
    match material {
        KeyMaterial::Okp(key) if key.curve == OkpCurve::Ed448 => ed448::prepare(key, algorithm),
        material => PreparedKey::new(material, algorithm),
    }
}
