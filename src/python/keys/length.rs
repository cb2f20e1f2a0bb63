//! Keys below the minimum length of an algorithm: PyJWT warns about them, or refuses them on
//! request.

use std::ffi::CString;

use pyo3::prelude::*;

use crate::crypto::PreparedKey;
use crate::python::fast_path::FastPath;

/// Returns whether the key needs no warning, or the warning can be issued with the original
/// `warnings.warn`.
pub(in crate::python) fn can_warn(fast_path: &FastPath, py: Python<'_>, key: &PreparedKey) -> bool {
    key.is_long_enough() || fast_path.warns_originally(py)
}

/// Warns about a key below the minimum length, or refuses it if `enforce` is true.
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
