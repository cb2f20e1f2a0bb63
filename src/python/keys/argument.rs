//! Preparation of any Python object that is a key for an algorithm.

use std::sync::Arc;

use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyString};

use super::cache;
use super::key::Key;
use super::{key_mistakes, material};
use crate::algorithm::{Algorithm, Family};
use crate::crypto::PreparedKey;
use crate::error::Error;
use crate::key::{KeyMaterial, OkpKey, der, pem, secret, ssh, strict_secret};
use crate::memory;
use crate::python::errors::{Raised, ok, unless_refused};
use crate::python::fast_path::FastPath;
use crate::python::once::intern;
use crate::python::{arguments, cpython};

/// The length in bytes above which a key is not cached.
const MAX_KEPT_LEN: usize = 1 << 16;
/// The length in bytes above which a text is left to Python: no key is that long.
const MAX_TEXT_LEN: usize = 1 << 20;

/// The operation that a key is needed for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(in crate::python) enum Operation {
    Sign,
    Verify,
}

/// Prepares the `key` argument of a call for `algorithm`. Returns `None` if the fallback must
/// decide: it may accept the key in its own way, or it makes the error message.
///
/// Raises only what [`unless_refused`] does not treat as a refusal, for example
/// `KeyboardInterrupt`.
pub(in crate::python) fn prepare_argument(
    fast_path: &FastPath,
    key: &Bound<'_, PyAny>,
    algorithm: &'static Algorithm,
    operation: Operation,
) -> PyResult<Option<Arc<PreparedKey>>> {
    // PyJWT does not have the names of RFC 9864.
    if fast_path.algorithm_object(key.py(), algorithm).is_none() {
        return Ok(None);
    }
    let fits = |prepared: &Arc<PreparedKey>| match (operation, algorithm.family) {
        (Operation::Sign, _) => prepared.can_sign(),
        // PyJWT cannot verify with a private RSA key; with private EC and OKP keys it can.
        (Operation::Verify, Family::RsaPkcs1(_) | Family::RsaPss(_)) => !prepared.can_sign(),
        (Operation::Verify, _) => true,
    };
    Ok(prepare(fast_path, key, algorithm)?.filter(fits))
}

/// Prepares the key, for any operation.
fn prepare(
    fast_path: &FastPath,
    key: &Bound<'_, PyAny>,
    algorithm: &'static Algorithm,
) -> PyResult<Option<Arc<PreparedKey>>> {
    let Some(bytes) = arguments::text(key) else {
        return prepare_object(fast_path, key, algorithm);
    };
    match cache::find(algorithm, bytes) {
        Some(known) => Ok(Some(known)),
        None => prepare_text(fast_path, key, bytes, algorithm),
    }
}

/// Prepares a key for a `Signer` or a `Verifier`; it must be usable natively.
///
/// Raises the error of the core or of PyJWT for a key that is not.
pub(in crate::python) fn prepare_or_raise(
    fast_path: &FastPath,
    key: &Bound<'_, PyAny>,
    algorithm: &'static Algorithm,
) -> PyResult<Arc<PreparedKey>> {
    // A secret or a PEM text may be an instance of a subclass of str or bytes.
    let is_text = key.is_instance_of::<PyString>() || key.is_instance_of::<PyBytes>();
    let key = if is_text { &arguments::exact(key)? } else { key };
    if let Family::Hmac(_) = algorithm.family {
        check_secret(fast_path, key, algorithm)?;
    }
    if let Some(prepared) = prepare(fast_path, key, algorithm)? {
        return Ok(prepared);
    }
    if let Ok(key) = key.cast_exact::<Key>() {
        return Ok(key.get().prepare(algorithm)?);
    }
    let key = if fast_path.is_pyjwk(key) { &key.getattr(intern!(key.py(), "key"))? } else { key };
    let Some(object) = fast_path.key_reader(key.py(), algorithm) else {
        return Err(refused(key, algorithm).into());
    };
    let loaded = prepare_key(object, key).map_err(|error| explained(key, algorithm, error))?;
    if let Some(key) = from_cryptography(&loaded)? {
        return Ok(key.prepare(algorithm)?);
    }
    Err(Error::invalid_key(
        "This key works with rapidjwt.encode() and decode() only: Signer and Verifier take RSA \
         keys of 2048 to 8192 bits, EC and EdDSA keys and secrets",
    )
    .into())
}

/// Makes the error for a key for an algorithm that PyJWT does not have.
#[cold]
fn refused(key: &Bound<'_, PyAny>, algorithm: &'static Algorithm) -> Error {
    let known = match arguments::text(key) {
        Some(text) => key_mistakes::in_text(text, algorithm),
        None => in_object(key, algorithm).map(Error::InvalidKey),
    };
    known.unwrap_or_else(|| Error::invalid_key("The key is not one for this algorithm"))
}

/// Applies the rules for secrets that PyJWT does not have. A `Key` was checked when it was made.
fn check_secret(
    fast_path: &FastPath,
    key: &Bound<'_, PyAny>,
    algorithm: &'static Algorithm,
) -> PyResult<()> {
    let key = if fast_path.is_pyjwk(key) { &key.getattr(intern!(key.py(), "key"))? } else { key };
    let Some(text) = arguments::text(key) else {
        return Ok(());
    };
    let explained = |error| key_mistakes::in_text(text, algorithm).unwrap_or(error);
    Ok(strict_secret::check(text).map_err(explained)?)
}

/// Replaces an error of PyJWT's by one that says what was found, if that is known.
#[cold]
fn explained(key: &Bound<'_, PyAny>, algorithm: &'static Algorithm, error: PyErr) -> PyErr {
    let py = key.py();
    let error = Raised::new(py, error);
    if !error.is_refusal(py) {
        return error.into();
    }
    match arguments::text(key) {
        Some(text) => key_mistakes::in_text(text, algorithm).map_or(error.into(), PyErr::from),
        None => match in_object(key, algorithm) {
            Some(message) => error.with_message(py, message),
            None => error.into(),
        },
    }
}

/// Returns why an object is not a key for the algorithm; `None` for a key object that is not known
/// better.
fn in_object(key: &Bound<'_, PyAny>, algorithm: &'static Algorithm) -> Option<String> {
    match ok(key.py(), from_cryptography(key)).flatten() {
        Some(key) => key.prepare(algorithm).err().map(|error| error.to_string()),
        None => Some(key_mistakes::wrong_type(key)),
    }
}

fn prepare_text(
    fast_path: &FastPath,
    key: &Bound<'_, PyAny>,
    bytes: &[u8],
    algorithm: &'static Algorithm,
) -> PyResult<Option<Arc<PreparedKey>>> {
    let native = match algorithm.family {
        Family::Hmac(_) => plain_secret(bytes),
        Family::RsaPkcs1(_)
        | Family::RsaPss(_)
        | Family::Ecdsa(..)
        | Family::Eddsa(_)
        | Family::MlDsa(_) => parse_asymmetric(bytes),
        Family::None => return Ok(None),
    };
    let prepared = match native.and_then(|material| material::prepare(&material, algorithm).ok()) {
        Some(prepared) => Some(Arc::new(prepared)),
        None => prepare_through_python(fast_path, key, bytes, algorithm)?,
    };
    if let Some(prepared) = &prepared
        && bytes.len() <= MAX_KEPT_LEN
    {
        cache::keep(algorithm, bytes, prepared);
    }
    Ok(prepared)
}

fn plain_secret(bytes: &[u8]) -> Option<KeyMaterial> {
    let copy = || memory::concat(&[bytes]).ok();
    secret::plainly_secret(bytes).then(copy)?.map(|bytes| KeyMaterial::Secret(bytes.into()))
}

/// A PEM or OpenSSH text that this crate takes. Whatever it does not take may still be a key; so
/// may a block with anything around it, which PyJWT's classes take each in its own way.
fn parse_asymmetric(bytes: &[u8]) -> Option<KeyMaterial> {
    if bytes.len() > MAX_TEXT_LEN {
        return None;
    }
    if bytes.starts_with(b"ssh-") || bytes.starts_with(b"ecdsa-sha2-") {
        return ssh::parse_public(bytes).ok();
    }
    if !pem::is_one_block(bytes) {
        return None;
    }
    match pem::parse(bytes).ok()? {
        // PKCS#8 version 2 (RFC 8410 Section 7), which PyJWT cannot read.
        KeyMaterial::Okp(OkpKey { x: Some(_), d: Some(_), .. }) => None,
        material => Some(material),
    }
}

/// Calls the method `prepare_key` of the original `Algorithm` object, which accepts what PyJWT
/// accepts, and converts its result.
fn prepare_through_python(
    fast_path: &FastPath,
    key: &Bound<'_, PyAny>,
    bytes: &[u8],
    algorithm: &'static Algorithm,
) -> PyResult<Option<Arc<PreparedKey>>> {
    let py = key.py();
    let Some(object) = fast_path.key_reader(py, algorithm) else {
        return Ok(None);
    };
    let Some(loaded) = unless_refused(py, prepare_key(object, key))? else {
        return Ok(None);
    };
    if let Family::Hmac(_) = algorithm.family {
        if secret::check(bytes).is_err() {
            return Ok(None);
        }
        let material = KeyMaterial::Secret(memory::concat(&[bytes])?.into());
        return Ok(material::prepare(&material, algorithm).ok().map(Arc::new));
    }
    prepare_object(fast_path, &loaded, algorithm)
}

/// Calls the method of that name of an `Algorithm` object.
fn prepare_key<'py>(
    algorithm: &Bound<'py, PyAny>,
    key: &Bound<'py, PyAny>,
) -> PyResult<Bound<'py, PyAny>> {
    cpython::call(&algorithm.getattr(intern!(key.py(), "prepare_key"))?, &[key], None)
}

/// Prepares a `PyJWK`, a `Key`, or a key object of cryptography.
fn prepare_object(
    fast_path: &FastPath,
    key: &Bound<'_, PyAny>,
    algorithm: &'static Algorithm,
) -> PyResult<Option<Arc<PreparedKey>>> {
    if let Ok(key) = key.cast_exact::<Key>() {
        return Ok(key.get().prepare(algorithm).ok());
    }
    if fast_path.is_pyjwk(key) {
        return prepare_pyjwk(fast_path, key, algorithm);
    }
    if let Some(known) = cache::find_object(key) {
        return Ok(known.get().prepare(algorithm).ok());
    }
    let Some(native) = from_cryptography(key)? else {
        return Ok(None);
    };
    let native = Bound::new(key.py(), native)?;
    cache::keep_object(key, &native);
    Ok(native.get().prepare(algorithm).ok())
}

fn prepare_pyjwk(
    fast_path: &FastPath,
    key: &Bound<'_, PyAny>,
    algorithm: &'static Algorithm,
) -> PyResult<Option<Arc<PreparedKey>>> {
    let py = key.py();
    let attribute = |name| unless_refused(py, key.getattr(name));
    let name = attribute(intern!(py, "algorithm_name"))?;
    if name.as_ref().and_then(|name| arguments::string(name)) != Some(algorithm.name) {
        return Ok(None);
    }
    let Some(native) = attribute(intern!(py, "_native_key"))? else {
        return Ok(None);
    };
    if let Ok(native) = native.cast_exact::<Key>() {
        return Ok(native.get().prepare(algorithm).ok());
    }
    if !native.is_none() {
        // The key has an algorithm object that the user registered.
        return Ok(None);
    }
    match attribute(intern!(py, "key"))? {
        Some(key) => prepare(fast_path, &key, algorithm),
        None => Ok(None),
    }
}

/// Converts a key object of cryptography's own classes. Objects of other classes (hardware keys,
/// test doubles) keep their own `sign` and `verify`.
fn from_cryptography(key: &Bound<'_, PyAny>) -> PyResult<Option<Key>> {
    let der = unless_refused(key.py(), der_of_cryptography(key))?.flatten();
    let material = der.and_then(|bytes| der::parse(bytes.as_bytes()).ok());
    Ok(material.and_then(|material| Key::new(material).ok()))
}

/// Returns the DER form of a key object of cryptography, or `None` for any other object.
pub(in crate::python) fn der_of_cryptography<'py>(
    key: &Bound<'py, PyAny>,
) -> PyResult<Option<Bound<'py, PyBytes>>> {
    let py = key.py();
    let module = key.get_type().module()?;
    if !module.to_str()?.starts_with("cryptography.hazmat.bindings._rust.") {
        return Ok(None);
    }
    let serialization = py.import("cryptography.hazmat.primitives.serialization")?;
    let der_encoding = serialization.getattr("Encoding")?.getattr("DER")?;
    let bytes = if key.hasattr("private_bytes")? {
        let pkcs8 = serialization.getattr("PrivateFormat")?.getattr("PKCS8")?;
        let plain = serialization.getattr("NoEncryption")?.call0()?;
        key.call_method1("private_bytes", (der_encoding, pkcs8, plain))?
    } else {
        let public_format = serialization.getattr("PublicFormat")?;
        let spki = public_format.getattr("SubjectPublicKeyInfo")?;
        key.call_method1("public_bytes", (der_encoding, spki))?
    };
    Ok(bytes.cast_into().ok())
}
