//! Arguments and results that JWE and JWS in JSON share: octets, headers, JSON serializations.

use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict, PyString};
use serde_json::{Map, Value};

use super::arguments::type_name;
use super::cpython::{self, utf8};
use super::once::intern;
use crate::error::{Error, TokenMistake};
use crate::memory;

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
    let text = utf8(&text).unwrap_or_default();
    memory::ensure_parsed(text.as_bytes())?;
    serde_json::from_str(text).map_err(|_| {
        PyValueError::new_err("NaN, infinities, lone surrogates and deep nesting are not allowed")
    })
}

/// Writes an object with Python's json.
pub(super) fn json_text<'py>(object: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyString>> {
    let py = object.py();
    let json = py.import(intern!(py, "json"))?;
    Ok(json.call_method1(intern!(py, "dumps"), (object,))?.cast_into()?)
}

/// Reads a token or its JSON text: str or bytes.
pub(super) fn token_bytes<'a>(token: &'a Bound<'_, PyAny>) -> PyResult<&'a [u8]> {
    if let Ok(bytes) = token.cast::<PyBytes>() {
        return Ok(bytes.as_bytes());
    }
    match token.cast::<PyString>() {
        Ok(text) => utf8(text)
            .map(str::as_bytes)
            .ok_or_else(|| Error::TokenMistake(TokenMistake::LoneSurrogate).into()),
        Err(_) => Err(Error::TokenType(type_name(token)).into()),
    }
}

/// Returns bytes for Python.
pub(super) fn bytes<'py>(py: Python<'py>, bytes: &[u8]) -> Result<Bound<'py, PyBytes>, Error> {
    cpython::bytes(py, bytes).ok_or(Error::OutOfMemory)
}

/// Returns a JSON serialization as a dict. Its strings may be long.
pub(super) fn dict<'py>(
    py: Python<'py>,
    members: &Map<String, Value>,
) -> PyResult<Bound<'py, PyDict>> {
    let dict = PyDict::new(py);
    for (name, value) in members {
        match value {
            Value::String(text) => {
                let text = cpython::string(py, text).ok_or(Error::OutOfMemory)?;
                dict.set_item(name, text)?;
            }
            value => dict.set_item(name, pythonize::pythonize(py, value)?)?,
        }
    }
    Ok(dict)
}
