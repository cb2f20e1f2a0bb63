//! The core's rules for what is not an HMAC secret, for the Python package.

use pyo3::prelude::*;

use crate::key::{der, secret};

/// Whether `data` contains a PEM block of a key, a certificate or the like.
#[pyfunction]
#[pyo3(signature = (data, /))]
pub(super) fn is_pem(data: &[u8]) -> bool {
    secret::is_pem(data)
}

/// Whether `data` begins like an OpenSSH public key.
#[pyfunction]
#[pyo3(signature = (data, /))]
pub(super) fn is_ssh(data: &[u8]) -> bool {
    secret::is_ssh(data)
}

/// Whether `data` is a public key or an X.509 certificate in DER.
#[pyfunction]
#[pyo3(signature = (data, /))]
pub(super) fn is_der_public_key(data: &[u8]) -> bool {
    der::is_public_key_or_certificate(data)
}

/// Whether `data` is JSON with a `kty` member in any object, or JSON that may be too deep for Python's
/// parser and looks like it.
#[pyfunction]
#[pyo3(signature = (data, /))]
pub(super) fn is_jwk(data: &[u8]) -> bool {
    secret::is_jwk(data)
}
