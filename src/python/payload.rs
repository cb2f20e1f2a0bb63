//! A token's payload as Python claims.

use pyo3::exceptions::{PyRecursionError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict};

use super::claims_view::Registered;
use super::first_use::intern;
use super::loads::loads_claims;
use crate::error::Error;

/// The claims that the JSON text `payload` holds, and the registered ones among them.
///
/// Raises `DecodeError` where it is not JSON, in the words of Python's json, or not an object.
pub(super) fn claims<'py>(
    py: Python<'py>,
    payload: &[u8],
) -> PyResult<(Bound<'py, PyDict>, Registered<'py>)> {
    if let Ok(claims) = loads_claims(py, payload) {
        return Ok(claims);
    }
    let claims = json_loads(py, payload)?.cast_into().map_err(|_| Error::PayloadNotObject)?;
    let registered = Registered::of(&claims)?;
    Ok((claims, registered))
}

fn json_loads<'py>(py: Python<'py>, payload: &[u8]) -> PyResult<Bound<'py, PyAny>> {
    let json = py.import(intern!(py, "json"))?;
    json.call_method1(intern!(py, "loads"), (PyBytes::new(py, payload),)).map_err(|error| {
        let is_malformed = error.is_instance_of::<PyValueError>(py)
            || error.is_instance_of::<PyRecursionError>(py);
        if is_malformed { Error::PayloadNotJson(error.value(py).to_string()).into() } else { error }
    })
}
