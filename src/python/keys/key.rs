//! The class `Key`.

use std::hash::{BuildHasher, RandomState};
use std::sync::{Arc, LazyLock, OnceLock};

use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict, PyList, PyString, PyTuple};
use serde_json::{Map, Value};
use zeroize::Zeroizing;

use super::ed448;
use super::key_mistakes;
use super::{length, material};
use crate::algorithm::{ALGORITHMS, Algorithm, Hash};
use crate::base64url;
use crate::crypto::{self, PreparedKey};
use crate::error::Error;
use crate::key::metadata::JwkMetadata;
use crate::key::{KeyMaterial, OkpCurve, der, jwk, pem, ssh, strict_secret};
use crate::key_file;
use crate::memory;
use crate::python::arguments;
use crate::python::cpython::{self, utf8};
use crate::python::errors;
use crate::python::fast_path::FastPath;
use crate::python::header_cache;
use crate::python::once::intern;

/// A key, parsed and checked once. It is immutable and safe to share between threads.
#[pyclass(frozen, module = "rapidjwt")]
pub(in crate::python) struct Key {
    material: KeyMaterial,
    metadata: JwkMetadata,
    /// The key prepared for algorithms at first use, by [`Algorithm::index`].
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
        let alg = match &material {
            KeyMaterial::Akp(key) => Some(key.algorithm.name().to_owned()),
            _ => None,
        };
        let metadata = JwkMetadata { alg, ..JwkMetadata::default() };
        Ok(Self { material, metadata, prepared: Default::default() })
    }

    /// Prepares the key for `algorithm`.
    pub(in crate::python) fn prepare(
        &self,
        algorithm: &'static Algorithm,
    ) -> Result<Arc<PreparedKey>, Error> {
        // RFC 8725 Section 3.1: a key is used with one algorithm.
        if let Some(own) = self.metadata.alg.as_deref().filter(|own| *own != algorithm.name) {
            return Err(Error::KeyForOtherAlgorithm { own: own.into(), asked: algorithm.name });
        }
        let slot = &self.prepared[algorithm.index().ok_or(Error::KeyForNone)?];
        if let Some(prepared) = slot.get() {
            return Ok(Arc::clone(prepared));
        }
        let prepared = Arc::new(material::prepare(&self.material, algorithm)?);
        Ok(Arc::clone(slot.get_or_init(|| prepared)))
    }

    /// Returns the key with an ID and an algorithm of its own.
    fn with_names(
        self,
        kid: Option<&Bound<'_, PyAny>>,
        alg: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<Self> {
        let kid = kid.map(|kid| arguments::string_argument("kid", kid)).transpose()?;
        let alg = alg.map(|alg| arguments::algorithm_argument("alg", alg)).transpose()?;
        if let Some(algorithm) = alg {
            self.prepare(algorithm)?;
        }
        let alg = alg.map(|algorithm| algorithm.name.to_owned()).or(self.metadata.alg);
        Ok(Self { metadata: JwkMetadata { kid, alg, ..self.metadata }, ..self })
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
    /// `password`, a str (in UTF-8) or bytes, decrypts a private key in encrypted PKCS#8.
    ///
    /// `kid` becomes the key's ID, and `alg` the only algorithm that the key can be used with.
    ///
    /// Raises `InvalidKeyError` for anything else, for several keys, for a wrong password, for a
    /// password that the key does not need and for an `alg` that does not take it; its subclass
    /// `PasswordRequiredError` for a missing password; `TypeError` for arguments of other types,
    /// `ValueError` for an unknown `alg`.
    #[staticmethod]
    #[pyo3(signature = (data, /, password=None, *, kid=None, alg=None))]
    fn from_pem(
        data: &Bound<'_, PyAny>,
        password: Option<&Bound<'_, PyAny>>,
        kid: Option<&Bound<'_, PyAny>>,
        alg: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<Self> {
        let (text, password) = (key_text(data)?, password_argument(password)?);
        // Deriving the key from the password takes long enough to let other threads run.
        let material = match password {
            None => key_file::from_pem(text, None)?,
            password => cpython::detach(data.py(), || key_file::from_pem(text, password))?,
        };
        Self::new(material)?.with_names(kid, alg)
    }

    /// Reads a key from DER bytes; formats, other arguments and errors are those of `from_pem`.
    #[staticmethod]
    #[pyo3(signature = (data, /, password=None, *, kid=None, alg=None))]
    fn from_der(
        data: &Bound<'_, PyAny>,
        password: Option<&Bound<'_, PyAny>>,
        kid: Option<&Bound<'_, PyAny>>,
        alg: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<Self> {
        let bytes = data.cast::<PyBytes>().map_err(|_| {
            let found = arguments::type_name(data);
            PyTypeError::new_err(format!("Expected bytes, got {found}: Key.from_pem reads text"))
        })?;
        let (bytes, password) = (key_text(bytes.as_any())?, password_argument(password)?);
        let material = match password {
            None => key_file::from_der(bytes, None)?,
            password => cpython::detach(data.py(), || key_file::from_der(bytes, password))?,
        };
        Self::new(material)?.with_names(kid, alg)
    }

    /// Reads an OpenSSH public key line (RFC 4253 Section 6.6, RFC 5656, RFC 8709).
    ///
    /// `kid` and `alg` are as for `from_pem`.
    ///
    /// Raises `InvalidKeyError` for anything else, `TypeError` if `data` is neither str nor bytes.
    #[staticmethod]
    #[pyo3(signature = (data, /, *, kid=None, alg=None))]
    fn from_ssh(
        data: &Bound<'_, PyAny>,
        kid: Option<&Bound<'_, PyAny>>,
        alg: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<Self> {
        Self::new(ssh::parse_public(key_text(data)?)?)?.with_names(kid, alg)
    }

    /// Reads a JWK (RFC 7517) from a dict or from JSON text, with its `kid`, `alg`, `use` and
    /// `key_ops`.
    ///
    /// Raises `InvalidKeyError` if it is not a usable key, `TypeError` for another type.
    #[staticmethod]
    #[pyo3(signature = (jwk, /))]
    fn from_jwk(jwk: &Bound<'_, PyAny>) -> PyResult<Self> {
        let value: Value = if jwk.is_instance_of::<PyDict>() {
            json_value(jwk, MAX_JWK_DEPTH)?.ok_or_else(|| key_mistakes::not_json(b""))?
        } else {
            let text = key_text(jwk)?;
            serde_json::from_slice(text).map_err(|_| key_mistakes::not_json(text))?
        };
        if value.get("keys").is_some_and(Value::is_array) && value.get("kty").is_none() {
            return Err(key_mistakes::jwk_set().into());
        }
        let material = jwk::from_value(&value)?;
        if let KeyMaterial::Secret(bytes) = &material {
            strict_secret::check(bytes)?;
        }
        Ok(Self { metadata: JwkMetadata::of(&value)?, ..Self::new(material)? })
    }

    /// Makes a key of a shared secret for HMAC: a str (in UTF-8) or bytes. `kid` and `alg` are as
    /// for `from_pem`.
    ///
    /// Raises `InvalidKeyError` for an empty secret, and for keys and certificates (PEM, DER,
    /// OpenSSH, JWK; also in base64 or UTF-16), of which an attacker knows the public ones too (RFC
    /// 8725 Section 2.1); `TypeError` for another type.
    #[staticmethod]
    #[pyo3(signature = (secret, /, *, kid=None, alg=None))]
    fn from_secret(
        secret: &Bound<'_, PyAny>,
        kid: Option<&Bound<'_, PyAny>>,
        alg: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<Self> {
        let bytes = text_argument(secret)?;
        strict_secret::check(bytes)?;
        Self::new(KeyMaterial::Secret(memory::concat(&[bytes])?.into()))?.with_names(kid, alg)
    }

    /// Generates a key for the algorithm of that name, which becomes its `alg`; `kid` becomes its ID.
    /// "X25519" makes a key for ECDH-ES, which has no `alg`: it is for `rapidjwt.jwe`.
    ///
    /// `size` is the number of bits of a secret (by default the length of the hash) or of an RSA
    /// modulus (2048 by default, or 3072, 4096, 8192). Other algorithms determine the size.
    ///
    /// Raises `ValueError` for an unknown algorithm, `InvalidKeyError` for a size that it does not
    /// allow and for Ed448 without the package cryptography, `NotImplementedError` for a key that
    /// this build cannot generate.
    #[staticmethod]
    #[pyo3(signature = (algorithm, *, size=None, kid=None))]
    fn generate(
        algorithm: &Bound<'_, PyAny>,
        size: Option<usize>,
        kid: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<Self> {
        if arguments::string(algorithm) == Some(OkpCurve::X25519.crv()) {
            return match size {
                None => Self::new(crypto::generate_x25519()?)?.with_names(kid, None),
                Some(_) => Err(Error::invalid_key("X25519 fixes the size of its keys").into()),
            };
        }
        let named = arguments::algorithm_argument("algorithm", algorithm)?;
        // RSA takes long enough to let other threads run.
        let material = cpython::detach(algorithm.py(), || crypto::generate(named, size))?;
        Self::new(material)?.with_names(kid, Some(algorithm))
    }

    /// The JWK key type: "oct", "RSA", "EC", "OKP" or "AKP" (RFC 7518 Section 6.1).
    #[getter]
    fn kty(&self) -> &'static str {
        self.material.kty()
    }

    /// The JWK curve name, crv; None for RSA, oct and AKP.
    #[getter]
    fn curve(&self) -> Option<&'static str> {
        match &self.material {
            KeyMaterial::Ec(key) => Some(key.curve.crv()),
            KeyMaterial::Okp(key) => Some(key.curve.crv()),
            KeyMaterial::Secret(_) | KeyMaterial::Rsa(_) | KeyMaterial::Akp(_) => None,
        }
    }

    /// The size in bits: of the secret, of the modulus, of the curve's field, or of the public key of
    /// ML-DSA.
    #[getter]
    fn size(&self) -> usize {
        self.material.bits()
    }

    /// The key ID, kid (RFC 7517 Section 4.5): that of the JWK, or the argument of that name.
    #[getter]
    fn kid(&self) -> Option<&str> {
        self.metadata.kid.as_deref()
    }

    /// The algorithm, alg (RFC 7517 Section 4.4): that of the JWK, the argument of that name, or the
    /// one that the key was generated for. The key cannot be used with any other.
    #[getter]
    fn alg(&self) -> Option<&str> {
        self.metadata.alg.as_deref()
    }

    /// The use that the JWK states, use: "sig" or "enc" (RFC 7517 Section 4.2).
    #[getter]
    fn r#use(&self) -> Option<&str> {
        self.metadata.public_key_use.as_deref()
    }

    /// The operations that the JWK states, `key_ops`: "sign", "verify", ... (RFC 7517 Section 4.3).
    #[getter]
    fn key_ops<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyTuple>>> {
        self.metadata.key_ops.as_ref().map(|names| PyTuple::new(py, names)).transpose()
    }

    /// Whether the key has its private part: whether it can sign or, an X25519 key, decrypt.
    #[getter]
    pub(super) fn is_private(&self) -> bool {
        self.material.is_private()
    }

    /// Returns the public half. Raises `InvalidKeyError` for a shared secret, which has none.
    fn public(&self) -> PyResult<Self> {
        let public = Self::new(self.material.to_public()?)?;
        Ok(Self { metadata: self.metadata_of_half(false), ..public })
    }

    /// Returns the JWK (RFC 7517) as a dict: only public members, unless `private` is true. It
    /// includes the `kid`, `alg`, `use` and `key_ops` that the key has. The public half of a
    /// private key has the corresponding public operations in `key_ops`.
    ///
    /// Raises `InvalidKeyError` for a shared secret without `private`, and for a public key with
    /// `private`.
    #[pyo3(signature = (private=false))]
    fn to_jwk<'py>(&self, py: Python<'py>, private: bool) -> PyResult<Bound<'py, PyAny>> {
        let material = self.half(private)?;
        let mut members: Map<String, Value> = jwk::to_value(&material, private);
        self.metadata_of_half(private).write_to(&mut members);
        Ok(pythonize::pythonize(py, &members)?)
    }

    /// Returns the JWK thumbprint (RFC 7638), base64url-encoded; `hash` is "sha256", "sha384" or
    /// "sha512".
    ///
    /// It is the same for the private and the public half of a key. Raises `InvalidKeyError` for a
    /// shared secret, whose thumbprint would help to guess it, and `ValueError` for another hash.
    #[pyo3(signature = (hash="sha256"))]
    fn thumbprint(&self, hash: &str) -> PyResult<String> {
        let hash = thumbprint_hash(hash)?.hash;
        Ok(self.thumbprint_of(hash)?)
    }

    /// Returns the thumbprint as a URI (RFC 9278); arguments and errors are those of `thumbprint`.
    #[pyo3(signature = (hash="sha256"))]
    fn thumbprint_uri(&self, hash: &str) -> PyResult<String> {
        let ThumbprintHash { hash, name } = thumbprint_hash(hash)?;
        let thumbprint = self.thumbprint_of(hash)?;
        Ok(format!("urn:ietf:params:oauth:jwk-thumbprint:{name}:{thumbprint}"))
    }

    /// Returns the key in DER: as `SubjectPublicKeyInfo`, or as PKCS#8 if `private` is true. PKCS#8
    /// is encrypted if there is a `password` (str or bytes): PBES2 with PBKDF2, HMAC-SHA-256,
    /// 600,000 iterations, and AES-256-CBC.
    ///
    /// Raises `InvalidKeyError` for a shared secret, for a public key with `private` and for an
    /// empty password, `ValueError` for a password without `private`.
    #[pyo3(signature = (private=false, password=None))]
    fn to_der<'py>(
        &self,
        py: Python<'py>,
        private: bool,
        password: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyBytes>> {
        let (material, password) = (self.half(private)?, password_to_write(private, password)?);
        Ok(if private {
            let written = cpython::detach(py, || key_file::to_private_der(&material, password))?;
            PyBytes::new(py, &written)
        } else {
            PyBytes::new(py, &der::spki(&material)?)
        })
    }

    /// Returns the key in PEM; arguments and errors are those of `to_der`.
    #[pyo3(signature = (private=false, password=None))]
    fn to_pem(
        &self,
        py: Python<'_>,
        private: bool,
        password: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<String> {
        let (material, password) = (self.half(private)?, password_to_write(private, password)?);
        Ok(if private {
            cpython::detach(py, || key_file::to_private_pem(&material, password))?
        } else {
            pem::encode(pem::PUBLIC_KEY, &der::spki(&material)?)
        })
    }

    /// Signs `message` with the algorithm of that name and returns the raw signature, in the form
    /// of JWS.
    ///
    /// Raises `InvalidKeyError` if the key does not fit the algorithm or is public. Warns about a
    /// secret shorter than the hash, as `rapidjwt.encode` does.
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

    /// Returns whether `signature` is a signature of `message` under this key and the algorithm of
    /// that name.
    ///
    /// Raises `InvalidKeyError` if the key does not fit the algorithm.
    #[pyo3(signature = (message, signature, algorithm))]
    fn verify(&self, message: &[u8], signature: &[u8], algorithm: &str) -> PyResult<bool> {
        Ok(self.prepare_by_name(algorithm)?.verify(message, signature))
    }

    /// Allows public keys to be pickled; a secret must not end up in a file or on a network by
    /// accident.
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

    /// Returns whether both are the same key: by their public parts, or for shared secrets by the
    /// secret, in constant time. A private key equals its public half; `kid` and other metadata are
    /// ignored.
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

    /// Returns the same hash for equal keys. It differs between processes, so that the hash of a
    /// secret does not help to guess the secret.
    fn __hash__(&self) -> u64 {
        static STATE: LazyLock<RandomState> = LazyLock::new(RandomState::new);
        match jwk::thumbprint_input(&self.material) {
            Some(input) => STATE.hash_one(Zeroizing::new(input).as_bytes()),
            None => STATE.hash_one(self.kty()),
        }
    }

    /// Returns the key itself, because it never changes.
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
            KeyMaterial::Akp(key) => format!("AKP {} {half}", key.algorithm.name()),
        };
        match &self.metadata.kid {
            Some(kid) => format!("<Key {key} kid={kid:?}>"),
            None => format!("<Key {key}>"),
        }
    }
}

impl Key {
    /// Returns the default algorithm: that of the JWK, or else the usual one of the key type.
    pub(in crate::python) fn default_algorithm(&self) -> Option<&'static Algorithm> {
        match &self.metadata.alg {
            Some(name) => header_cache::by_exact_name(name),
            None => ALGORITHMS.iter().find(|algorithm| algorithm.family.takes(&self.material)),
        }
    }

    fn thumbprint_of(&self, hash: Hash) -> Result<String, Error> {
        let public = self.material.to_public()?;
        let input = jwk::thumbprint_input(&public)
            .ok_or_else(|| Error::invalid_key("The key lacks its public part"))?;
        Ok(base64url::encode(&crypto::digest(hash, input.as_bytes())))
    }

    /// Returns the algorithm that the JWK names.
    pub(in crate::python) fn named_algorithm(&self) -> Option<&'static Algorithm> {
        self.metadata.alg.as_deref().and_then(header_cache::by_exact_name)
    }

    /// Returns the key itself.
    pub(in crate::python) const fn material(&self) -> &KeyMaterial {
        &self.material
    }

    /// Returns what the key's JWK says about it.
    pub(in crate::python) const fn metadata(&self) -> &JwkMetadata {
        &self.metadata
    }

    /// Returns the key ID.
    pub(in crate::python) fn key_id(&self) -> Option<&str> {
        self.metadata.kid.as_deref()
    }

    /// Returns the metadata of the half that is written.
    fn metadata_of_half(&self, private: bool) -> JwkMetadata {
        if private || !self.is_private() {
            self.metadata.clone()
        } else {
            self.metadata.of_public_half()
        }
    }

    /// Returns the material to write: all of it, or its public half.
    fn half(&self, private: bool) -> Result<KeyMaterial, Error> {
        match private {
            true if self.material.is_private() => Ok(self.material.clone()),
            true => Err(Error::invalid_key("The key is public: it has no private part to write")),
            false => self.material.to_public(),
        }
    }
}

/// A hash for thumbprints.
struct ThumbprintHash {
    hash: Hash,
    /// Its name in a thumbprint URI (RFC 9278 Section 3).
    name: &'static str,
}

/// Returns the hash with this name in hashlib.
fn thumbprint_hash(name: &str) -> PyResult<ThumbprintHash> {
    match name {
        "sha256" => Ok(ThumbprintHash { hash: Hash::Sha256, name: "sha-256" }),
        "sha384" => Ok(ThumbprintHash { hash: Hash::Sha384, name: "sha-384" }),
        "sha512" => Ok(ThumbprintHash { hash: Hash::Sha512, name: "sha-512" }),
        _ => Err(PyValueError::new_err("hash must be \"sha256\", \"sha384\" or \"sha512\"")),
    }
}

/// The maximum nesting of a JWK: `oth` is a list of objects (RFC 7518 Section 6.3.2.7).
const MAX_JWK_DEPTH: u32 = 4;

/// Converts a Python object to JSON; returns `None` for what JSON cannot represent.
///
/// Whatever is nested deeper than any member of a key becomes null: it is not read, and a dict may
/// contain itself.
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
    if let Some(text) = object.cast::<PyString>().ok().and_then(|text| utf8(text)) {
        let text = memory::concat(&[text.as_bytes()])?;
        return Ok(String::from_utf8(text).ok().map(Value::String));
    }
    // Numbers and None, which cannot contain themselves.
    Ok(errors::ok(object.py(), pythonize::depythonize(object).map_err(PyErr::from)))
}

/// Reads the text of a key or a certificate.
///
/// Raises `InvalidKeyError` for a text that is too long for one, before anything is copied.
fn key_text<'a>(data: &'a Bound<'_, PyAny>) -> PyResult<&'a [u8]> {
    /// The length in bytes: that of a large key with its chain of certificates many times over.
    const MAX_LEN: usize = 1 << 20;
    let text = text_argument(data)?;
    if text.len() > MAX_LEN {
        return Err(Error::InvalidKey(format!(
            "The text has {} bytes, which is too long for a key: at most {MAX_LEN} are read",
            text.len()
        ))
        .into());
    }
    Ok(text)
}

fn text_argument<'a>(data: &'a Bound<'_, PyAny>) -> PyResult<&'a [u8]> {
    if let Ok(text) = data.cast::<PyString>() {
        // Python's own error would hold the text.
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
        Err(PyTypeError::new_err(format!(
            "Expected a string or bytes value, got {}",
            arguments::type_name(data)
        )))
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
