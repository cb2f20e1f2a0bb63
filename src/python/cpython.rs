//! What is CPython's own: where a str keeps its text, and what tells of changes to its objects.

#[cfg(all(Py_3_12, not(windows)))]
use std::ffi::c_int;
#[cfg(not(Py_3_14))]
use std::slice;
#[cfg(Py_3_12)]
use std::sync::atomic::AtomicU64;
use std::sync::atomic::{AtomicU32, Ordering};

use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::types::{PyCFunction, PyDict, PyString, PyType};

/// The text of a str; `None` if it has lone surrogates.
///
/// Nearly every one is ASCII, which CPython keeps as UTF-8 anyway: asking it for each would take a
/// twentieth of a whole `encode`. Since 3.14 it tells nobody where its text is.
#[inline]
pub(in crate::python) fn utf8<'a>(text: &'a Bound<'_, PyString>) -> Option<&'a str> {
    #[cfg(not(Py_3_14))]
    // SAFETY: the object is a live str. A compact ASCII one has its characters, as many as its
    // length says, behind its head; they do not change as long as it lives.
    unsafe {
        let object = text.as_ptr();
        if ffi::PyUnicode_IS_COMPACT_ASCII(object) != 0 {
            let len = usize::try_from(ffi::PyUnicode_GET_LENGTH(object)).ok()?;
            let bytes = object.cast::<ffi::PyASCIIObject>().add(1).cast();
            return Some(str::from_utf8_unchecked(slice::from_raw_parts(bytes, len)));
        }
    }
    text.to_str().ok()
}

/// The version tag of a dict: CPython gives a new one, never used before, whenever the dict is
/// changed.
#[cfg(not(Py_3_12))]
#[allow(clippy::unnecessary_wraps, reason = "since 3.12 it cannot always be told")]
pub(in crate::python) fn dict_version(dict: &Bound<'_, PyDict>) -> Option<u64> {
    // SAFETY: the dict is alive as long as `dict`, and the tag is a field of its public struct.
    unsafe { Some((*dict.as_ptr().cast::<ffi::PyDictObject>()).ma_version_tag) }
}

/// A number that changes with the dict that is watched, for this dict only; `None` where none is.
/// Since CPython 3.12 version tags may be used again.
#[cfg(Py_3_12)]
pub(in crate::python) fn dict_version(_watched: &Bound<'_, PyDict>) -> Option<u64> {
    Some(CHANGES.load(Ordering::Acquire)).filter(|&changes| changes > 0)
}

/// One more than the changes of the watched dict; 0 while none is watched.
#[cfg(Py_3_12)]
static CHANGES: AtomicU64 = AtomicU64::new(0);

/// Lets [`dict_version`] tell of changes of this dict, and of no other.
#[cfg(all(Py_3_12, not(windows)))]
pub(in crate::python) fn watch(dict: &Bound<'_, PyDict>) {
    // SAFETY: the functions are CPython's, with these signatures since 3.12; a thread is attached,
    // the dict is alive, and the callback, which touches no object, is there for ever.
    let is_watched = unsafe {
        let watcher = PyDict_AddWatcher(changed);
        watcher >= 0 && PyDict_Watch(watcher, dict.as_ptr()) == 0
    };
    if is_watched {
        CHANGES.fetch_add(1, Ordering::AcqRel);
    } else {
        // There are too many watchers already.
        drop(PyErr::take(dict.py()));
    }
}

/// Nothing is to be done before CPython 3.12; on Windows only what `pyo3-ffi` declares is linked.
#[cfg(not(all(Py_3_12, not(windows))))]
pub(in crate::python) const fn watch(_dict: &Bound<'_, PyDict>) {}

/// The kind of event, the dict, the key and its new value.
#[cfg(all(Py_3_12, not(windows)))]
type WatchCallback = unsafe extern "C" fn(
    c_int,
    *mut ffi::PyObject,
    *mut ffi::PyObject,
    *mut ffi::PyObject,
) -> c_int;

#[cfg(all(Py_3_12, not(windows)))]
unsafe extern "C" {
    fn PyDict_AddWatcher(callback: WatchCallback) -> c_int;
    fn PyDict_Watch(watcher: c_int, dict: *mut ffi::PyObject) -> c_int;
}

/// # Safety
/// Any: it touches none of its arguments.
#[cfg(all(Py_3_12, not(windows)))]
unsafe extern "C" fn changed(
    _event: c_int,
    _dict: *mut ffi::PyObject,
    _key: *mut ffi::PyObject,
    _value: *mut ffi::PyObject,
) -> c_int {
    CHANGES.fetch_add(1, Ordering::AcqRel);
    0
}

/// The version tag of a type: CPython gives a new one, never used before, whenever an attribute of
/// the type or of one of its bases is set; 0 means none given yet.
pub(in crate::python) fn type_version(kind: &Bound<'_, PyType>) -> u32 {
    // SAFETY: the type object is alive as long as `kind`, and `tp_version_tag` is a field of the
    // public struct of every CPython that this crate is built for. CPython itself reads and writes
    // it without the interpreter lock on free-threaded builds, hence the atomic read.
    unsafe {
        let tag = &raw mut (*kind.as_type_ptr()).tp_version_tag;
        AtomicU32::from_ptr(tag).load(Ordering::Relaxed)
    }
}

/// Where the machine code of a function of CPython's begins.
pub(in crate::python) fn code_of(function: &Bound<'_, PyCFunction>) -> usize {
    // SAFETY: the function object is alive as long as `function`, and of the type asked for.
    let code = unsafe { ffi::PyCFunction_GetFunction(function.as_ptr()) };
    code.map_or(0, |code| code as usize)
}
