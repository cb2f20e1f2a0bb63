//! Exposes to the Python package the core's rules for what must not be an HMAC secret.

use pyo3::prelude::*;

use crate::key::{der, secret};

/// Returns whether `data` contains a PEM block of a key, a certificate or the like.
#[pyfunction]
#[pyo3(signature = (data, /))]
pub(super) fn is_pem(data: &[u8]) -> bool {
    secret::is_pem(data)
}

/// Returns whether `data` begins like an OpenSSH public key.
#[pyfunction]
#[pyo3(signature = (data, /))]
pub(super) fn is_ssh(data: &[u8]) -> bool {
    secret::is_ssh(data)
}

/// Returns whether `data` is a public key or an X.509 certificate in DER.
#[pyfunction]
#[pyo3(signature = (data, /))]
pub(super) fn is_der_public_key(data: &[u8]) -> bool {
    der::is_public_key_or_certificate(data)
}

/// Returns whether `data` is one DER SEQUENCE that its elements fill, as no secret is by chance.
#[pyfunction]
#[pyo3(signature = (data, /))]
pub(super) fn is_der(data: &[u8]) -> bool {
    der::is_sequence(data)
}

/// Returns whether `data` is JSON with a `kty` member in any object, or looks like it and may be too
/// deep for Python's parser.
#[pyfunction]
#[pyo3(signature = (data, /))]
pub(super) fn is_jwk(data: &[u8]) -> bool {
    secret::is_jwk(data)
}
