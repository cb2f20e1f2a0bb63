//! Members of the module that are created when they are first asked for: programs that do not use
//! them should not pay for them when they import the package.

use pyo3::exceptions::PyAttributeError;
use pyo3::prelude::*;

use super::keys::remote;
use super::{arrow, jwe, jws_json, sd_jwt};

/// Returns a member of the module that does not exist yet (PEP 562).
#[pyfunction]
#[pyo3(name = "__getattr__", signature = (name, /))]
pub(super) fn late<'py>(py: Python<'py>, name: &str) -> PyResult<Bound<'py, PyAny>> {
    for member in [arrow::member, jwe::member, jws_json::member, sd_jwt::member, remote::member] {
        if let Some(found) = member(py, name)? {
            return Ok(found);
        }
    }
    let message = format!("module 'rapidjwt._rapidjwt' has no attribute {name:?}");
    Err(PyAttributeError::new_err(message))
}
