//! What a key that a `Signer`, a `Verifier` or a `Key` refuses often is, and what to write instead.
//! No message contains anything of the key.

use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList, PyTuple};

use super::material;
use crate::algorithm::{Algorithm, Family};
use crate::error::Error;
use crate::key::ssh;
use crate::key_file;
use crate::python::arguments::type_name;
use crate::python::once::intern;

/// The class that a key was passed to.
#[derive(Clone, Copy)]
pub(in crate::python) enum Prepared {
    Signer,
    Verifier,
}

const JWK_SET: &str = "This is a JWK Set: use KeySet.from_jwks(...)";
const JWK: &str = "This is a JWK: use Key.from_jwk(...)";
const ONE_KEY: &str =
    "A Signer signs with one key, got several: pass the newest, for example keys[0]";

/// Raises `TypeError` for an object that holds or fetches keys, but is not a key itself.
pub(in crate::python) fn check_type(key: &Bound<'_, PyAny>, user: Prepared) -> PyResult<()> {
    match instead_of(key, user)? {
        Some(message) => Err(PyTypeError::new_err(message)),
        None => Ok(()),
    }
}

fn instead_of(key: &Bound<'_, PyAny>, user: Prepared) -> PyResult<Option<&'static str>> {
    if let Ok(dict) = key.cast::<PyDict>() {
        let has_keys = dict.contains(intern!(key.py(), "keys"))?;
        return Ok(Some(if has_keys { JWK_SET } else { JWK }));
    }
    let is_list = key.is_instance_of::<PyList>() || key.is_instance_of::<PyTuple>();
    let class = key.get_type();
    // Compared by name, because none of these modules may be imported here.
    let class = class.name()?;
    Ok(match (class.to_str()?, user) {
        ("JWKSClient" | "AsyncJWKSClient", Prepared::Verifier) => {
            Some("This is a client: pass it as jwks=..., with algorithms=[...]")
        }
        ("JWKSClient" | "AsyncJWKSClient" | "PyJWKClient", Prepared::Signer) => {
            Some("This is a client for public keys, which cannot sign: pass a private key")
        }
        ("PyJWKClient", Prepared::Verifier) => {
            Some("This is PyJWT's client: pass a JWKSClient as jwks=..., with algorithms=[...]")
        }
        ("RemoteKey" | "AsyncRemoteKey", Prepared::Verifier) => {
            Some("This key signs in a service: pass its public key, key.public")
        }
        ("KeySet" | "PyJWKSet", Prepared::Signer) => Some(ONE_KEY),
        (_, Prepared::Signer) if is_list => Some(ONE_KEY),
        _ if key.hasattr(intern!(key.py(), "__fspath__"))? => {
            Some("Expected a key, got a path: pass what the file holds, path.read_bytes()")
        }
        _ => None,
    })
}

/// Returns the message for a key that is not an object of a known class.
pub(super) fn wrong_type(key: &Bound<'_, PyAny>) -> String {
    format!(
        "The key must be a Key, a PyJWK, PEM or OpenSSH text, a secret or a key object of \
         cryptography, got {}",
        type_name(key)
    )
}

/// Returns why a text is not a key for the algorithm; `None` if it is not known better.
pub(super) fn in_text(text: &[u8], algorithm: &'static Algorithm) -> Option<Error> {
    let key = if text.starts_with(b"ssh-") || text.starts_with(b"ecdsa-sha2-") {
        ssh::parse_public(text)
    } else {
        key_file::from_pem(text, None)
    };
    match (key, algorithm.family) {
        (Ok(key), _) => Some(match material::prepare(&key, algorithm) {
            Err(error) => error,
            Ok(_) => Error::invalid_key("A key in this form is read by Key.from_pem(...) only"),
        }),
        (Err(_), Family::Hmac(_)) => None,
        (Err(error), _) => Some(error),
    }
}

/// Makes the error for a text that is not a JWK.
pub(super) fn not_json(text: &[u8]) -> Error {
    Error::invalid_key(if text.trim_ascii().starts_with(b"-----BEGIN ") {
        "Key is not valid JSON but PEM text: use Key.from_pem(...)"
    } else {
        "Key is not valid JSON"
    })
}

/// Makes the error for a JWK Set in the place of a JWK.
pub(super) fn jwk_set() -> Error {
    Error::invalid_key(JWK_SET)
}
