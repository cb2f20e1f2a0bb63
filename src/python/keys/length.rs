//! Keys below an algorithm's minimum length: PyJWT warns of them, or refuses them on request.

use std::ffi::CString;

use pyo3::prelude::*;

use crate::crypto::PreparedKey;
use crate::python::fast_path::FastPath;

/// Whether the key needs no warning, or warnings go where they always go.
pub(in crate::python) fn can_warn(fast_path: &FastPath, py: Python<'_>, key: &PreparedKey) -> bool {
    key.is_long_enough() || fast_path.warns_originally(py)
}

/// Warns of a key below the minimum length, or refuses it where the caller wants that.
pub(in crate::python) fn check(
    fast_path: &FastPath,
    py: Python<'_>,
    key: &PreparedKey,
    enforce: bool,
) -> PyResult<()> {
    match key.check_length() {
        Err(too_short) if !enforce => {
            let message = CString::new(too_short.to_string())?;
            PyErr::warn(py, fast_path.insecure_key_length.bind(py), &message, 1)
        }
        checked => Ok(checked?),
    }
}
