//! The steps that `decode` and `Verifier` share: from a token to its bytes, and from a verified
//! payload to claims.

use pyo3::exceptions::{PyRecursionError, PyRuntimeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict, PyString};

use super::arguments::type_name;
use super::claims_view::Record;
use super::cpython::{self, utf8};
use super::errors::Raised;
use super::json::loads::{loads, loads_claims};
use super::once::intern;
use crate::base64url::{self, Undecoded};
use crate::bounds::Bounds;
use crate::dangerous;
use crate::error::{Error, TokenMistake};
use crate::jws::Compact;
use crate::malformed::explained;

/// Returns the claims in the JSON text `payload`, and records them in `record`.
///
/// Raises `DecodeError` if it is not JSON, with the message of Python's json, or not an object.
#[inline]
pub(super) fn claims<'a, 'py>(
    py: Python<'py>,
    payload: &'a [u8],
    record: &mut Record<'a, 'py>,
) -> PyResult<Bound<'py, PyDict>> {
    loads_claims(py, payload, record).or_else(|_| claims_by_python(py, payload, record))
}

/// Does what [`claims`] does, for JSON that `loads.rs` leaves to Python's json.
#[cold]
fn claims_by_python<'py>(
    py: Python<'py>,
    payload: &[u8],
    record: &mut Record<'_, 'py>,
) -> PyResult<Bound<'py, PyDict>> {
    let claims = json_loads(py, payload)?.cast_into().map_err(|_| Error::PayloadNotObject)?;
    record.look_up(&claims)?;
    Ok(claims)
}

fn json_loads<'py>(py: Python<'py>, payload: &[u8]) -> PyResult<Bound<'py, PyAny>> {
    loads_by_python(py, payload).map_err(|error| {
        let error = Raised::new(py, error);
        if error.is::<PyValueError>(py) || error.is::<PyRecursionError>(py) {
            Error::PayloadNotJson(error.message(py)).into()
        } else {
            error.into()
        }
    })
}

/// Reads JSON with Python's json, for what `loads.rs` leaves to it.
fn loads_by_python<'py>(py: Python<'py>, json: &[u8]) -> PyResult<Bound<'py, PyAny>> {
    let text = cpython::bytes(py, json).ok_or(Error::OutOfMemory)?;
    let loads = py.import(intern!(py, "json"))?.getattr(intern!(py, "loads"))?;
    cpython::call(&loads, &[text.as_any()], None)
}

/// Makes the dict that `decode_complete` returns.
pub(super) fn complete<'py>(
    payload: Bound<'py, PyDict>,
    compact: &Compact<'_>,
) -> PyResult<Bound<'py, PyDict>> {
    let py = payload.py();
    let complete = PyDict::new(py);
    complete.set_item(intern!(py, "payload"), payload)?;
    complete.set_item(intern!(py, "header"), read_header(py, compact.header())?)?;
    let signature = base64url::decode(compact.signature()).map_err(decoded_before)?;
    complete.set_item(
        intern!(py, "signature"),
        cpython::bytes(py, &signature).ok_or(Error::OutOfMemory)?,
    )?;
    Ok(complete)
}

/// Returns the bytes of a token that was passed to a prepared object.
///
/// Raises `DecodeError` for anything other than str and bytes.
pub(super) fn token_bytes<'a>(token: &'a Bound<'_, PyAny>) -> PyResult<&'a [u8]> {
    if let Ok(text) = token.cast::<PyString>() {
        return utf8(text).map(str::as_bytes).ok_or_else(|| LONE_SURROGATE.into());
    }
    token.cast::<PyBytes>().map(PyBytesMethods::as_bytes).map_err(|_| wrong_type(token).into())
}

/// Returns the claims of a token that nobody has verified, for choosing who verifies it.
///
/// Raises `DecodeError` for a malformed token and one of more bytes than the limit,
/// `InvalidTokenError` for a header that must not be accepted.
#[pyfunction]
#[pyo3(signature = (token, max_token_size, /))]
pub(super) fn unverified_claims<'py>(
    token: &Bound<'py, PyAny>,
    max_token_size: Option<usize>,
) -> PyResult<Bound<'py, PyDict>> {
    let bytes = token_bytes(token)?;
    Bounds { token_size: max_token_size, ..Bounds::default() }.check_token(bytes)?;
    let read = dangerous::read_unverified(bytes).map_err(|error| explained(bytes, error))?;
    claims(token.py(), &read.payload, &mut Record::default())
}

/// The error for a str that cannot be a token.
pub(super) const LONE_SURROGATE: Error = Error::TokenMistake(TokenMistake::LoneSurrogate);

/// Makes the error for a token that is neither text nor bytes.
pub(super) fn wrong_type(token: &Bound<'_, PyAny>) -> Error {
    Error::TokenType(type_name(token))
}

/// Returns the header of a token as a new dict, which the caller may change.
pub(super) fn read_header<'py>(py: Python<'py>, segment: &[u8]) -> PyResult<Bound<'py, PyAny>> {
    let json = base64url::decode(segment).map_err(decoded_before)?;
    match loads(py, &json) {
        Ok(header) => Ok(header),
        Err(_) => loads_by_python(py, &json),
    }
}

fn decoded_before(reason: Undecoded) -> PyErr {
    match reason {
        Undecoded::OutOfMemory => Error::OutOfMemory.into(),
        Undecoded::NotCanonical => {
            PyRuntimeError::new_err("a segment that was decoded before does not decode again")
        }
    }
}
