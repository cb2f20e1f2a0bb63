//! What is CPython's own: where a str keeps its text, and what tells of changes to its objects.

#[cfg(all(Py_3_12, not(windows)))]
use std::ffi::c_int;
#[cfg(all(Py_3_12, not(windows)))]
use std::sync::atomic::{AtomicBool, AtomicI32};
use std::sync::atomic::{AtomicPtr, AtomicU32, Ordering};
use std::{ptr, slice};

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
    let mut len = 0;
    // SAFETY: the object is a live str. CPython returns its UTF-8 text, which it keeps as long as the
    // str lives and of which `len` is the length, or null with an exception set. The exception holds
    // the whole str, so it is cleared here, and not kept for a caller who would only drop it.
    unsafe {
        let bytes = ffi::PyUnicode_AsUTF8AndSize(text.as_ptr(), &raw mut len);
        if bytes.is_null() {
            ffi::PyErr_Clear();
            return None;
        }
        let bytes = slice::from_raw_parts(bytes.cast(), usize::try_from(len).ok()?);
        Some(str::from_utf8_unchecked(bytes))
    }
}

/// Calls `f` with the interpreter; `None` where this thread is not attached to it and cannot be,
/// since it is shutting down.
///
/// `Python::attach` panics then, even in a thread that is attached, if `PyO3` has not counted it
/// (vectorcall.rs).
pub(in crate::python) fn with_python<R>(f: impl FnOnce(Python<'_>) -> R) -> Option<R> {
    if is_attached() {
        // SAFETY: this thread is attached, as it has just found, and stays so until `f` returns.
        Some(f(unsafe { Python::assume_attached() }))
    } else {
        Python::try_attach(f)
    }
}

/// Whether this thread is attached to the interpreter.
///
/// Before CPython 3.12 the current thread state is one for the whole process: that of whichever
/// thread holds the interpreter. It is this thread's only if it is the state that this thread has.
fn is_attached() -> bool {
    // SAFETY: both functions may be called at any time, by any thread. They return a pointer, null
    // where there is no state, which is compared and not followed.
    unsafe {
        let current = ffi::compat::PyThreadState_GetUnchecked();
        let is_own = cfg!(Py_3_12) || current == ffi::PyGILState_GetThisThreadState();
        is_own && !current.is_null()
    }
}

/// Whether this is the interpreter that the process started with.
pub(in crate::python) fn is_main_interpreter(_py: Python<'_>) -> bool {
    // SAFETY: a thread is attached, so there is a current interpreter.
    unsafe { ffi::PyInterpreterState_GetID(ffi::PyInterpreterState_Get()) == 0 }
}

/// What belongs to the newest import of the package.
pub(in crate::python) struct Newest<T>(AtomicPtr<T>);

impl<T: Send + Sync + 'static> Newest<T> {
    pub(in crate::python) const fn none() -> Self {
        Self(AtomicPtr::new(ptr::null_mut()))
    }

    #[inline]
    pub(in crate::python) fn get(&self) -> Option<&'static T> {
        // SAFETY: the pointer is null or that of a leaked box, which lives as long as the process.
        unsafe { self.0.load(Ordering::Acquire).as_ref() }
    }

    /// The value before is not freed: calls that have begun may still use it.
    pub(in crate::python) fn replace(&self, value: T) -> &'static T {
        let value = Box::leak(Box::new(value));
        self.0.store(value, Ordering::Release);
        value
    }
}

/// The version tag of a dict: CPython gives it a new one whenever the dict is changed.
#[cfg(not(Py_3_12))]
#[allow(clippy::unnecessary_wraps, reason = "since 3.12 it cannot always be told")]
pub(in crate::python) fn dict_version(dict: &Bound<'_, PyDict>) -> Option<u64> {
    // SAFETY: the dict is alive as long as `dict`, and the tag is a field of its public struct.
    unsafe { Some((*dict.as_ptr().cast::<ffi::PyDictObject>()).ma_version_tag) }
}

/// A number that stays the same as long as no watched dict is changed; `None` once one was. Since
/// CPython 3.12 version tags may be used again.
///
/// CPython tells of a change before it makes it, so that no number could tell whether a look came
/// before the change or after it. From the first change on every call must look.
#[cfg(all(Py_3_12, not(windows)))]
pub(in crate::python) fn dict_version(_watched: &Bound<'_, PyDict>) -> Option<u64> {
    UNCHANGED.load(Ordering::Acquire).then_some(1)
}

/// On Windows only what `pyo3-ffi` declares is linked: every call must look.
#[cfg(all(Py_3_12, windows))]
pub(in crate::python) const fn dict_version(_dict: &Bound<'_, PyDict>) -> Option<u64> {
    None
}

/// Whether all dicts are watched and none was changed.
#[cfg(all(Py_3_12, not(windows)))]
static UNCHANGED: AtomicBool = AtomicBool::new(true);

/// Lets [`dict_version`] tell of changes of this dict.
#[cfg(all(Py_3_12, not(windows)))]
pub(in crate::python) fn watch(dict: &Bound<'_, PyDict>) {
    /// The one of eight watchers that an interpreter has that is ours; -1 while there is none.
    static WATCHER: AtomicI32 = AtomicI32::new(-1);
    // SAFETY: the functions are CPython's, with these signatures since 3.12; a thread is attached,
    // the dict is alive, and the callback, which touches no object, is there as long as the process.
    let is_watched = unsafe {
        if WATCHER.load(Ordering::Acquire) < 0 {
            WATCHER.store(PyDict_AddWatcher(changed), Ordering::Release);
        }
        let watcher = WATCHER.load(Ordering::Acquire);
        let is_watched = watcher >= 0 && PyDict_Watch(watcher, dict.as_ptr()) == 0;
        if !is_watched {
            // There are too many watchers already.
            ffi::PyErr_Clear();
        }
        is_watched
    };
    if !is_watched {
        UNCHANGED.store(false, Ordering::Release);
    }
}

/// There is nothing to do before CPython 3.12, and nothing that could be done on Windows.
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
    UNCHANGED.store(false, Ordering::Release);
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
