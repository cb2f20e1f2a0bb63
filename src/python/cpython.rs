//! Internals of CPython: where a str keeps its text, and how it reports changes to its objects.

use std::ffi::c_int;
use std::hint::black_box;
#[cfg(all(Py_3_12, not(windows)))]
use std::sync::atomic::{AtomicBool, AtomicI32};
use std::sync::atomic::{AtomicPtr, AtomicU32, Ordering};
use std::{mem, ptr, slice, thread};

use pyo3::ffi;
use pyo3::marker::Ungil;
use pyo3::prelude::*;
use pyo3::types::{
    PyBytes, PyCFunction, PyDict, PyFloat, PyInt, PyList, PyString, PyTuple, PyType,
};

/// Returns the text of a str; `None` if it has lone surrogates.
///
/// Nearly every str is ASCII, which CPython stores as UTF-8 anyway. Calling CPython for each of
/// them would take a twentieth of the time of `encode`. Since CPython 3.14 the place of the text is
/// private.
#[inline]
pub(in crate::python) fn utf8<'a>(text: &'a Bound<'_, PyString>) -> Option<&'a str> {
    #[cfg(not(Py_3_14))]
    // SAFETY: the object is a live str. A compact ASCII str has its characters, as many as its
    // length says, directly after its header; they do not change as long as it lives.
    unsafe {
        let object = text.as_ptr();
        if ffi::PyUnicode_IS_COMPACT_ASCII(object) != 0 {
            let len = usize::try_from(ffi::PyUnicode_GET_LENGTH(object)).ok()?;
            let bytes = object.cast::<ffi::PyASCIIObject>().add(1).cast();
            return Some(str::from_utf8_unchecked(slice::from_raw_parts(bytes, len)));
        }
    }
    let mut len = 0;
    // SAFETY: the object is a live str. CPython returns its UTF-8 text, which lives as long as the
    // str and has the length `len`, or null with an exception set. The exception holds the whole
    // str, so it is cleared here instead of being kept for a caller who would only drop it.
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

/// Returns a str, or `None` if there is not enough memory; `PyO3`'s own constructors of objects
/// would panic.
pub(in crate::python) fn string<'py>(py: Python<'py>, text: &str) -> Option<Bound<'py, PyString>> {
    let len = ffi::Py_ssize_t::try_from(text.len()).ok()?;
    // SAFETY: the text has `len` bytes, which CPython copies. It returns a new str, or null with an
    // exception set.
    unsafe { new_object(py, ffi::PyUnicode_FromStringAndSize(text.as_ptr().cast(), len)) }
}

/// As [`string`], for bytes.
pub(in crate::python) fn bytes<'py>(py: Python<'py>, bytes: &[u8]) -> Option<Bound<'py, PyBytes>> {
    let len = ffi::Py_ssize_t::try_from(bytes.len()).ok()?;
    // SAFETY: as in `string`; it returns bytes.
    unsafe { new_object(py, ffi::PyBytes_FromStringAndSize(bytes.as_ptr().cast(), len)) }
}

/// As [`string`], for an int.
pub(in crate::python) fn integer(py: Python<'_>, integer: i64) -> Option<Bound<'_, PyInt>> {
    // SAFETY: CPython returns an int, or null with an exception set.
    unsafe { new_object(py, ffi::PyLong_FromLongLong(integer)) }
}

/// As [`string`], for a float.
pub(in crate::python) fn float(py: Python<'_>, float: f64) -> Option<Bound<'_, PyFloat>> {
    // SAFETY: CPython returns a float, or null with an exception set.
    unsafe { new_object(py, ffi::PyFloat_FromDouble(float)) }
}

/// As [`string`], for an empty dict.
pub(in crate::python) fn dict(py: Python<'_>) -> Option<Bound<'_, PyDict>> {
    // SAFETY: CPython returns a dict, or null with an exception set.
    unsafe { new_object(py, ffi::PyDict_New()) }
}

/// As [`string`], for an empty list.
pub(in crate::python) fn list(py: Python<'_>) -> Option<Bound<'_, PyList>> {
    // SAFETY: CPython returns a list, or null with an exception set.
    unsafe { new_object(py, ffi::PyList_New(0)) }
}

/// Sets a member of a dict; `None` if there is not enough memory. The name is a str, so none of the
/// caller's code runs.
#[inline]
pub(in crate::python) fn set_member<'py>(
    dict: &Bound<'py, PyDict>,
    name: &Bound<'py, PyString>,
    value: &Bound<'py, PyAny>,
) -> Option<()> {
    // SAFETY: all three are live objects, the first is a dict, which takes references of its own.
    done(dict.py(), unsafe { ffi::PyDict_SetItem(dict.as_ptr(), name.as_ptr(), value.as_ptr()) })
}

/// As [`set_member`], for the end of a list.
#[inline]
pub(in crate::python) fn append<'py>(
    list: &Bound<'py, PyList>,
    value: &Bound<'py, PyAny>,
) -> Option<()> {
    // SAFETY: both are live objects, the first is a list, which takes a reference of its own.
    done(list.py(), unsafe { ffi::PyList_Append(list.as_ptr(), value.as_ptr()) })
}

/// Returns whether a call of CPython with this result succeeded, and clears its exception if not.
#[inline]
fn done(_py: Python<'_>, result: c_int) -> Option<()> {
    if result == 0 {
        return Some(());
    }
    // SAFETY: this thread is attached to the interpreter.
    unsafe { ffi::PyErr_Clear() };
    None
}

/// # Safety
/// `object` is a new reference to an object of the class `T`, or null with an exception set.
#[inline]
unsafe fn new_object<T>(py: Python<'_>, object: *mut ffi::PyObject) -> Option<Bound<'_, T>> {
    // SAFETY: as promised by the caller.
    unsafe {
        if object.is_null() {
            ffi::PyErr_Clear();
            return None;
        }
        Some(Bound::from_owned_ptr(py, object).cast_into_unchecked())
    }
}

/// The type of `PyObject_Vectorcall`, as a function that may be unwound.
pub(in crate::python) type Vectorcall = unsafe extern "C-unwind" fn(
    *mut ffi::PyObject,
    *const *mut ffi::PyObject,
    usize,
    *mut ffi::PyObject,
) -> *mut ffi::PyObject;

#[cfg(Py_3_11)]
unsafe extern "C-unwind" {
    fn PyObject_Vectorcall(
        callable: *mut ffi::PyObject,
        arguments: *const *mut ffi::PyObject,
        positional: usize,
        keyword_names: *mut ffi::PyObject,
    ) -> *mut ffi::PyObject;
}

/// CPython 3.10 has this function only in its headers.
///
/// # Safety
/// The arguments are those of CPython's function of this name: `callable` and the arguments are live
/// objects, and the interpreter is attached.
#[cfg(not(Py_3_11))]
#[allow(non_snake_case, reason = "its name in CPython")]
unsafe extern "C-unwind" fn PyObject_Vectorcall(
    callable: *mut ffi::PyObject,
    arguments: *const *mut ffi::PyObject,
    positional: usize,
    keyword_names: *mut ffi::PyObject,
) -> *mut ffi::PyObject {
    unsafe extern "C-unwind" {
        fn _PyObject_MakeTpCall(
            thread: *mut ffi::PyThreadState,
            callable: *mut ffi::PyObject,
            arguments: *const *mut ffi::PyObject,
            positional: ffi::Py_ssize_t,
            keywords: *mut ffi::PyObject,
        ) -> *mut ffi::PyObject;
    }
    // SAFETY: as promised by the caller. The types of the function differ only in what may happen
    // beneath it; a thread is attached, so it has a state.
    unsafe {
        if let Some(function) = ffi::PyVectorcall_Function(callable) {
            let function = mem::transmute::<ffi::vectorcallfunc, Vectorcall>(function);
            function(callable, arguments, positional, keyword_names)
        } else {
            let (thread, positional) = (ffi::PyThreadState_Get(), positional.cast_signed());
            _PyObject_MakeTpCall(thread, callable, arguments, positional, keyword_names)
        }
    }
}

/// Returns CPython's `PyObject_Vectorcall`.
///
/// The optimizer must not see which function it is: PyO3 declares it as one that is never unwound,
/// for CPython 3.12 and later, and link-time optimization would take that declaration for ours too.
pub(in crate::python) fn vectorcall() -> Vectorcall {
    black_box(PyObject_Vectorcall)
}

/// Calls an object that runs Python code, from anywhere in Rust's code.
///
/// Before 3.14, CPython ends a thread that needs the interpreter while Python exits by unwinding its
/// stack, and aborts the process at the first frame of Rust's that cannot be unwound so. Here such a
/// thread stops for good instead, as it does in CPython since.
///
/// Raises whatever the object raises.
pub(in crate::python) fn call<'py>(
    callable: &Bound<'py, PyAny>,
    arguments: &[&Bound<'py, PyAny>],
    keyword_names: Option<&Bound<'py, PyTuple>>,
) -> PyResult<Bound<'py, PyAny>> {
    let pointers: Vec<_> = arguments.iter().map(|argument| argument.as_ptr()).collect();
    // SAFETY: the arguments are live objects, and the last are those that have names, which are
    // str.
    unsafe { call_pointers(callable, &pointers, keyword_names) }
}

/// As [`call`], with positional arguments only.
pub(in crate::python) fn call_with<'py>(
    callable: &Bound<'py, PyAny>,
    arguments: &[Bound<'py, PyAny>],
) -> PyResult<Bound<'py, PyAny>> {
    // SAFETY: a `Bound` is a pointer to a live object and nothing else.
    unsafe {
        let pointers = slice::from_raw_parts(arguments.as_ptr().cast(), arguments.len());
        call_pointers(callable, pointers, None)
    }
}

/// # Safety
/// The arguments are live objects, and the last of them have these names, which are str.
unsafe fn call_pointers<'py>(
    callable: &Bound<'py, PyAny>,
    pointers: &[*mut ffi::PyObject],
    keyword_names: Option<&Bound<'py, PyTuple>>,
) -> PyResult<Bound<'py, PyAny>> {
    let positional = pointers.len() - keyword_names.map_or(0, PyTupleMethods::len);
    let names = keyword_names.map_or(ptr::null_mut(), Bound::as_ptr);
    let vectorcall = vectorcall();
    let stop = StopIfUnwound;
    // SAFETY: as promised by the caller; the callable and the tuple of names are live objects too.
    // The result is a new reference, or null with an exception.
    let result = unsafe { vectorcall(callable.as_ptr(), pointers.as_ptr(), positional, names) };
    mem::forget(stop);
    // SAFETY: see above.
    unsafe { Bound::from_owned_ptr_or_err(callable.py(), result) }
}

/// Calls `f` while other threads may have the interpreter; a thread that needs it back while Python
/// exits stops as in [`call`].
#[inline(never)]
pub(in crate::python) fn detach<T: Ungil>(py: Python<'_>, f: impl Ungil + FnOnce() -> T) -> T {
    let stop = StopIfUnwound;
    let result = py.detach(f);
    mem::forget(stop);
    result
}

/// Stops its thread for good when it is dropped because CPython unwinds the stack. A panic may pass.
struct StopIfUnwound;

impl Drop for StopIfUnwound {
    fn drop(&mut self) {
        while !thread::panicking() {
            thread::park();
        }
    }
}

/// Calls `f` with the interpreter. Returns `None` if this thread is not attached to the interpreter
/// and cannot attach, because Python is shutting down.
///
/// `Python::attach` would panic in that case, even in a thread that is attached if `PyO3` has not
/// counted it (vectorcall.rs).
pub(in crate::python) fn with_python<R>(f: impl FnOnce(Python<'_>) -> R) -> Option<R> {
    if is_attached() {
        // SAFETY: this thread is attached, as was just checked, and stays so until `f` returns.
        Some(f(unsafe { Python::assume_attached() }))
    } else {
        Python::try_attach(f)
    }
}

/// Returns whether this thread is attached to the interpreter.
///
/// Before CPython 3.12 there is one current thread state for the whole process: that of whichever
/// thread holds the interpreter. It is this thread's only if it equals the thread's own state.
fn is_attached() -> bool {
    // SAFETY: both functions may be called at any time, by any thread. They return a pointer, or
    // null if there is no state, which is only compared and never dereferenced.
    unsafe {
        let current = ffi::compat::PyThreadState_GetUnchecked();
        let is_own = cfg!(Py_3_12) || current == ffi::PyGILState_GetThisThreadState();
        is_own && !current.is_null()
    }
}

/// Returns whether this is the interpreter that the process started with.
pub(in crate::python) fn is_main_interpreter(_py: Python<'_>) -> bool {
    // SAFETY: a thread is attached, so there is a current interpreter.
    unsafe { ffi::PyInterpreterState_GetID(ffi::PyInterpreterState_Get()) == 0 }
}

/// A value that belongs to the newest import of the package.
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

    /// Replaces the value. The old one is not freed, because calls in progress may still use it.
    pub(in crate::python) fn replace(&self, value: T) -> &'static T {
        let value = Box::leak(Box::new(value));
        self.0.store(value, Ordering::Release);
        value
    }
}

/// Returns the version tag of a dict: CPython assigns a new one whenever the dict changes.
#[cfg(not(Py_3_12))]
#[allow(clippy::unnecessary_wraps, reason = "since 3.12 it cannot always be told")]
pub(in crate::python) fn dict_version(dict: &Bound<'_, PyDict>) -> Option<u64> {
    // SAFETY: the dict is alive as long as `dict`, and the tag is a field of its public struct.
    unsafe { Some((*dict.as_ptr().cast::<ffi::PyDictObject>()).ma_version_tag) }
}

/// Returns a number that stays the same as long as no watched dict changes; `None` after a change.
/// Since CPython 3.12 version tags of dicts may be reused.
///
/// CPython reports a change before making it, so no number could show whether a check ran before or
/// after the change. After the first change, every call must check.
#[cfg(all(Py_3_12, not(windows)))]
pub(in crate::python) fn dict_version(_watched: &Bound<'_, PyDict>) -> Option<u64> {
    UNCHANGED.load(Ordering::Acquire).then_some(1)
}

/// Returns `None`, so that every call checks: on Windows only what `pyo3-ffi` declares can be
/// linked.
#[cfg(all(Py_3_12, windows))]
pub(in crate::python) const fn dict_version(_dict: &Bound<'_, PyDict>) -> Option<u64> {
    None
}

/// Whether all dicts are watched and none has changed.
#[cfg(all(Py_3_12, not(windows)))]
static UNCHANGED: AtomicBool = AtomicBool::new(true);

/// Makes [`dict_version`] report changes of this dict.
#[cfg(all(Py_3_12, not(windows)))]
pub(in crate::python) fn watch(dict: &Bound<'_, PyDict>) {
    /// The number of our watcher, one of the eight that an interpreter has; -1 while there is none.
    static WATCHER: AtomicI32 = AtomicI32::new(-1);
    // SAFETY: the functions are CPython's, with these signatures since 3.12; a thread is attached,
    // the dict is alive, and the callback, which touches no object, exists as long as the process.
    let is_watched = unsafe {
        if WATCHER.load(Ordering::Acquire) < 0 {
            WATCHER.store(PyDict_AddWatcher(changed), Ordering::Release);
        }
        let watcher = WATCHER.load(Ordering::Acquire);
        let is_watched = watcher >= 0 && PyDict_Watch(watcher, dict.as_ptr()) == 0;
        if !is_watched {
            // All watchers are in use.
            ffi::PyErr_Clear();
        }
        is_watched
    };
    if !is_watched {
        UNCHANGED.store(false, Ordering::Release);
    }
}

/// Does nothing: before CPython 3.12 there is no need, and on Windows no way.
#[cfg(not(all(Py_3_12, not(windows))))]
pub(in crate::python) const fn watch(_dict: &Bound<'_, PyDict>) {}

/// A callback that receives the kind of event, the dict, the key and its new value.
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

/// Records that a watched dict is about to change.
///
/// # Safety
/// None required: it does not touch its arguments.
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

/// Returns the version tag of a type. When an attribute of the type or of one of its bases is set,
/// CPython takes the tag away, and assigns a new one when an attribute is looked up. Without a tag
/// the result is 0; since 3.13 a type that has had a thousand tags gets no more.
///
/// A tag is not used twice, except that on CPython 3.10 `sys._clear_type_cache()` takes all tags away
/// and starts counting anew.
pub(in crate::python) fn type_version(kind: &Bound<'_, PyType>) -> u32 {
    // SAFETY: the type object is alive as long as `kind`, and `tp_version_tag` is a field of the
    // public struct of every CPython that this crate is built for. CPython itself reads and writes
    // it without the interpreter lock on free-threaded builds, hence the atomic read.
    unsafe {
        let tag = &raw mut (*kind.as_type_ptr()).tp_version_tag;
        AtomicU32::from_ptr(tag).load(Ordering::Relaxed)
    }
}

/// Returns the address of the machine code of a CPython function.
pub(in crate::python) fn code_of(function: &Bound<'_, PyCFunction>) -> usize {
    // SAFETY: the function object is alive as long as `function`, and has the required type.
    let code = unsafe { ffi::PyCFunction_GetFunction(function.as_ptr()) };
    code.map_or(0, |code| code as usize)
}
