//! A token's payload as Python claims.

use pyo3::exceptions::{PyRecursionError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict};

use super::claims_view::Registered;
use super::first_use::intern;
use super::loads::loads_claims;
use crate::error::Error;

/// The claims that the JSON text `payload` holds; the registered ones are noted in `registered`.
///
/// Raises `DecodeError` where it is not JSON, in the words of Python's json, or not an object.
pub(super) fn claims<'a, 'py>(
    py: Python<'py>,
    payload: &'a [u8],
    registered: &mut Registered<'a, 'py>,
) -> PyResult<Bound<'py, PyDict>> {
    if let Ok(claims) = loads_claims(py, payload, registered) {
        return Ok(claims);
    }
    let claims = json_loads(py, payload)?.cast_into().map_err(|_| Error::PayloadNotObject)?;
    *registered = Registered::of(&claims)?;
    Ok(claims)
}

fn json_loads<'py>(py: Python<'py>, payload: &[u8]) -> PyResult<Bound<'py, PyAny>> {
    let json = py.import(intern!(py, "json"))?;
    json.call_method1(intern!(py, "loads"), (PyBytes::new(py, payload),)).map_err(|error| {
        let is_malformed = error.is_instance_of::<PyValueError>(py)
            || error.is_instance_of::<PyRecursionError>(py);
        if is_malformed { Error::PayloadNotJson(error.value(py).to_string()).into() } else { error }
    })
}
