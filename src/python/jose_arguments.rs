//! Arguments that JWE and JWS in JSON share: octets, and headers.

use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict, PyString};
use serde_json::{Map, Value};

use super::cpython::utf8;
use super::once::intern;

/// Reads content or a payload: a str in UTF-8, or bytes.
pub(super) fn octets<'a>(object: &'a Bound<'_, PyAny>) -> PyResult<&'a [u8]> {
    if let Ok(bytes) = object.cast::<PyBytes>() {
        return Ok(bytes.as_bytes());
    }
    match object.cast::<PyString>() {
        Ok(text) => utf8(text).map(str::as_bytes).ok_or_else(|| {
            PyValueError::new_err("The text has a lone surrogate, which has no form in UTF-8")
        }),
        Err(_) => Err(PyTypeError::new_err(
            "Expected a str or bytes; json.dumps() makes a str of claims, Signer.encode() a token",
        )),
    }
}

/// Reads the parameters of a header; without one there are none.
pub(super) fn members(header: Option<&Bound<'_, PyDict>>) -> PyResult<Map<String, Value>> {
    match header.map(|header| json_value(header)).transpose()? {
        None => Ok(Map::new()),
        Some(Value::Object(members)) => Ok(members),
        Some(_) => Err(PyTypeError::new_err("A header must be a dict")),
    }
}

/// Writes an object with Python's json and reads it again.
pub(super) fn json_value(object: &Bound<'_, PyAny>) -> PyResult<Value> {
    let text = json_text(object)?;
    serde_json::from_str(&text).map_err(|_| {
        PyValueError::new_err("NaN, infinities, lone surrogates and deep nesting are not allowed")
    })
}

/// Writes an object with Python's json.
pub(super) fn json_text(object: &Bound<'_, PyAny>) -> PyResult<String> {
    let py = object.py();
    let json = py.import(intern!(py, "json"))?;
    json.call_method1(intern!(py, "dumps"), (object,))?.extract()
}
