//! ASCII text as a Python string: what `loads.rs` and `name_cache.rs` share.

use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::types::PyString;

use super::Unusual;
use crate::python::cpython;

/// Returns `text`, which must be ASCII, as a Python string.
pub(in crate::python) fn ascii_string<'py>(
    py: Python<'py>,
    text: &str,
) -> Result<Bound<'py, PyString>, Unusual> {
    debug_assert!(text.is_ascii());
    if text.len() < 2 {
        // CPython shares these strings.
        return cpython::string(py, text).ok_or(Unusual);
    }
    let len = ffi::Py_ssize_t::try_from(text.len()).map_err(|_| Unusual)?;
    // SAFETY: PyUnicode_New(len, 127) returns a new compact ASCII string, which nobody else sees
    // yet, with `len` writable bytes at PyUnicode_DATA (or null with an exception set, which
    // `from_owned_ptr_or_err` takes). All of them are written, with ASCII, as the caller promises
    // by having looked at each byte.
    unsafe {
        let string = Bound::from_owned_ptr_or_err(py, ffi::PyUnicode_New(len, 127));
        let string = string.map_err(|_| Unusual)?;
        let data = ffi::PyUnicode_DATA(string.as_ptr()).cast::<u8>();
        std::ptr::copy_nonoverlapping(text.as_ptr(), data, text.len());
        Ok(string.cast_into_unchecked())
    }
}
