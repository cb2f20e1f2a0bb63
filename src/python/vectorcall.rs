//! Functions and methods that receive their arguments in CPython's vectorcall form.
//!
//! For a function with `**kwargs`, as PyJWT's functions have, PyO3 creates a tuple and a dict at
//! each call. Here the arguments are read in place. A call that does not fit the parameters goes to
//! the Python method, which makes the error. PyO3 also counts attached threads at each call of a
//! method. docs/architecture.md has the cost of both.

use std::ffi::CStr;
use std::mem::transmute;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::{ptr, slice};

use pyo3::exceptions::PyTypeError;
use pyo3::panic::PanicException;
use pyo3::prelude::*;
use pyo3::pyclass::boolean_struct::True;
use pyo3::types::{PyString, PyTuple};
use pyo3::{Borrowed, PyClass, ffi};

use crate::python::cpython;
use crate::python::errors::ok;
use crate::python::fast_path::FastPath;
use crate::python::once::ForkSafeOnce;

/// The arguments of a call by parameter; `None` for one that was left out.
pub(in crate::python) type Slots<'a, 'py, const N: usize> = [Option<Borrowed<'a, 'py, PyAny>>; N];

/// A function of PyJWT's API.
pub(in crate::python) trait Function<const N: usize> {
    /// The function's name.
    const NAME: &'static CStr;
    /// The docstring, which begins with the signature in the form of CPython's own functions.
    const DOC: &'static CStr;
    /// The names of the parameters, in order.
    const PARAMETERS: [&'static str; N];
    /// The number of parameters that must be given.
    const REQUIRED: usize;

    /// Returns the place where the names are kept as Python strings.
    fn names() -> &'static ForkSafeOnce<[Py<PyString>; N]>;

    /// Does the call natively; returns `None` if the fallback must do it.
    fn fast<'py>(
        py: Python<'py>,
        fast_path: &FastPath,
        slots: &Slots<'_, 'py, N>,
    ) -> PyResult<Option<Bound<'py, PyAny>>>;

    /// Returns the method that does the call in the fallback.
    fn fallback(fast_path: &FastPath) -> &Py<PyAny>;
}

/// Makes the Python function object of `F`.
pub(in crate::python) fn function<'py, F: Function<N>, const N: usize>(
    py: Python<'py>,
    module: &str,
) -> PyResult<Bound<'py, PyAny>> {
    let definition = definition(F::NAME, F::DOC, trampoline::<F, N>);
    let module = PyString::new(py, module);
    // SAFETY: the definition lives forever, its function has the type that its flags promise, and
    // the module name is a live object. The result is a new reference, or null with an exception.
    unsafe {
        let function = ffi::PyCFunction_NewEx(definition, ptr::null_mut(), module.as_ptr());
        Bound::from_owned_ptr_or_err(py, function)
    }
}

/// A method that takes one argument.
pub(in crate::python) trait Method {
    /// The class, which cannot be subclassed.
    type Class: PyClass<Frozen = True> + Sync;
    /// The method's name.
    const NAME: &'static CStr;
    /// The docstring, which begins with the signature in the form of CPython's own methods.
    const DOC: &'static CStr;
    /// The name of the argument.
    const PARAMETER: &'static str;

    /// Returns the place where the argument's name is kept as a Python string.
    fn names() -> &'static ForkSafeOnce<[Py<PyString>; 1]>;

    /// Does the call. An error that it returns is followed by `drop_deferred`; after an error that
    /// it drops, it must call `drop_deferred` itself.
    fn call<'py>(
        this: &Self::Class,
        argument: Borrowed<'_, 'py, PyAny>,
    ) -> PyResult<Bound<'py, PyAny>>;
}

/// Adds the method `M` to its class.
pub(in crate::python) fn add_method<M: Method>(py: Python<'_>) -> PyResult<()> {
    let definition = definition(M::NAME, M::DOC, method_trampoline::<M>);
    let class = py.get_type::<M::Class>();
    // SAFETY: the definition lives forever, its function has the type that its flags promise, and
    // the class is a live type. The result is a new reference, or null with an exception.
    let method = unsafe {
        Bound::from_owned_ptr_or_err(py, ffi::PyDescr_NewMethod(class.as_type_ptr(), definition))?
    };
    class.setattr(PyString::from_bytes(py, M::NAME.to_bytes())?, method)
}

/// A function that CPython calls for `METH_FASTCALL` | `METH_KEYWORDS`, and that may be unwound.
type Entry = unsafe extern "C-unwind" fn(
    *mut ffi::PyObject,
    *const *mut ffi::PyObject,
    ffi::Py_ssize_t,
    *mut ffi::PyObject,
) -> *mut ffi::PyObject;

/// Makes the definition from which CPython makes a function or a method; it lives forever.
fn definition(name: &'static CStr, doc: &'static CStr, function: Entry) -> *mut ffi::PyMethodDef {
    // SAFETY: the types differ in what may happen beneath the function, which its code says, and in
    // nothing that a caller does.
    let function = unsafe { transmute::<Entry, ffi::PyCFunctionFastWithKeywords>(function) };
    Box::leak(Box::new(ffi::PyMethodDef {
        ml_name: name.as_ptr(),
        ml_meth: ffi::PyMethodDefPointer { PyCFunctionFastWithKeywords: function },
        ml_flags: ffi::METH_FASTCALL | ffi::METH_KEYWORDS,
        ml_doc: doc.as_ptr(),
    }))
}

/// The arguments of one call, in CPython's vectorcall form.
#[derive(Clone, Copy)]
struct RawCall {
    arguments: *const *mut ffi::PyObject,
    positional: usize,
    keyword_names: *mut ffi::PyObject,
}

/// Runs `F` for a call from Python.
///
/// The fallback is called from here, where nothing of Rust's is below it: before CPython 3.14 a
/// thread that needs the interpreter again while Python exits is ended by unwinding its stack, which
/// no frame with something to drop, and no `catch_unwind`, survives.
///
/// # Safety
/// Only CPython may call it, with a thread attached to the interpreter and arguments as described
/// for `METH_FASTCALL` | `METH_KEYWORDS`.
unsafe extern "C-unwind" fn trampoline<F: Function<N>, const N: usize>(
    _slf: *mut ffi::PyObject,
    arguments: *const *mut ffi::PyObject,
    positional: ffi::Py_ssize_t,
    keyword_names: *mut ffi::PyObject,
) -> *mut ffi::PyObject {
    // SAFETY: as promised by the caller; the arguments are alive until this function returns, and
    // are passed on unchanged.
    unsafe {
        match guarded(arguments, positional, keyword_names, |py, call| run::<F, N>(py, call)) {
            None => ptr::null_mut(),
            Some(Outcome::Done(result)) => result,
            Some(Outcome::Fallback(method)) => {
                let call = cpython::vectorcall();
                call(method, arguments, positional.cast_unsigned(), keyword_names)
            }
        }
    }
}

/// What has become of a call.
enum Outcome {
    /// Its result.
    Done(*mut ffi::PyObject),
    /// The method to call with the same arguments, which lives as long as the process.
    Fallback(*mut ffi::PyObject),
}

/// Runs `M` for a call from Python.
///
/// # Safety
/// As for `trampoline`; `slf` is a live object.
unsafe extern "C-unwind" fn method_trampoline<M: Method>(
    slf: *mut ffi::PyObject,
    arguments: *const *mut ffi::PyObject,
    positional: ffi::Py_ssize_t,
    keyword_names: *mut ffi::PyObject,
) -> *mut ffi::PyObject {
    let body = |py, call| {
        let names = M::names().get_or_init(py, || [PyString::intern(py, M::PARAMETER).unbind()]);
        // SAFETY: the object and the arguments are CPython's own, and alive until this function
        // returns.
        let (this, slots) = unsafe { (Borrowed::from_ptr(py, slf), bind(py, call, names)) };
        let Some([Some(argument)]) = slots else {
            let method = M::NAME.to_string_lossy();
            let message = format!("{method}() takes exactly one argument: {}", M::PARAMETER);
            return Err(PyTypeError::new_err(message));
        };
        M::call(this.cast::<M::Class>()?.get(), argument).inspect_err(|_| drop_deferred())
    };
    // SAFETY: as promised by the caller.
    let result = unsafe { guarded(arguments, positional, keyword_names, body) };
    result.map_or(ptr::null_mut(), Bound::into_ptr)
}

/// Returns the result of `body`; `None` with an exception set if it failed. A panic must not cross
/// into C.
///
/// The `Python` token that `body` receives is not from `Python::attach`, which counts it: that
/// costs as much as the rest of entering a function. So `PyO3` does not know that a thread is
/// attached. Whatever is dropped on the way to an error or to the fallback, for example an
/// exception, waits until a thread attaches; `drop_deferred` must be called there. On the way to a
/// result, the fast path drops errors only with `errors::discard`, which does not wait.
///
/// # Safety
/// As for `trampoline`.
unsafe fn guarded<'py, T>(
    arguments: *const *mut ffi::PyObject,
    positional: ffi::Py_ssize_t,
    keyword_names: *mut ffi::PyObject,
    body: impl FnOnce(Python<'py>, RawCall) -> PyResult<T>,
) -> Option<T> {
    let call =
        RawCall { arguments, positional: usize::try_from(positional).unwrap_or(0), keyword_names };
    // SAFETY: CPython calls this with a thread attached.
    let py = unsafe { Python::assume_attached() };
    let outcome = catch_unwind(AssertUnwindSafe(|| body(py, call)));
    let result = outcome.unwrap_or_else(|_| {
        Err(PanicException::new_err("rapidjwt has panicked; this is a defect"))
    });
    result.map_err(|error| error.restore(py)).ok()
}

/// Releases the references that are waiting, as described for `guarded`.
pub(in crate::python) fn drop_deferred() {
    // `attach` would panic while Python is shutting down; nothing needs to be freed then.
    let _ = Python::try_attach(|_| ());
}

/// Does the call with the fast path, or returns the method of the fallback.
///
/// # Safety
/// `call` is as CPython passed it to the trampoline.
unsafe fn run<F: Function<N>, const N: usize>(py: Python<'_>, call: RawCall) -> PyResult<Outcome> {
    let fast_path = FastPath::get(py)?;
    let names = F::names()
        .get_or_init(py, || F::PARAMETERS.map(|name| PyString::intern(py, name).unbind()));
    // SAFETY: as promised by the caller.
    let slots = unsafe { bind(py, call, names) };
    let fast = match slots {
        Some(slots) if slots[..F::REQUIRED].iter().all(Option::is_some) => {
            F::fast(py, fast_path, &slots)
        }
        _ => Ok(None),
    };
    if let Ok(Some(result)) = fast {
        return Ok(Outcome::Done(result.into_ptr()));
    }
    drop_deferred();
    fast?;
    Ok(Outcome::Fallback(F::fallback(fast_path).as_ptr()))
}

/// Puts each argument into the slot of its parameter; returns `None` if they do not fit.
///
/// # Safety
/// `call` is as CPython passed it to the trampoline, and its arguments outlive `'a`.
unsafe fn bind<'a, 'py, const N: usize>(
    py: Python<'py>,
    call: RawCall,
    names: &[Py<PyString>; N],
) -> Option<Slots<'a, 'py, N>> {
    // SAFETY: as promised by the caller: `keyword_names` is null or a tuple of strings, and
    // `arguments` points to the positional arguments and then to one for each of those names.
    let (arguments, keyword_names) = unsafe {
        let keyword_names = Borrowed::<PyAny>::from_ptr_or_opt(py, call.keyword_names)
            .map(|names| names.cast_unchecked::<PyTuple>());
        let count = call.positional + keyword_names.map_or(0, |names| names.len());
        let arguments: &[*mut ffi::PyObject] =
            if count == 0 { &[] } else { slice::from_raw_parts(call.arguments, count) };
        (arguments, keyword_names)
    };
    let (positional, keyword) = arguments.split_at(call.positional);
    let mut slots = [None; N];
    if positional.len() > N {
        return None;
    }
    for (slot, &argument) in slots.iter_mut().zip(positional) {
        // SAFETY: a live object, see above.
        *slot = Some(unsafe { Borrowed::from_ptr(py, argument) });
    }
    for (name, &argument) in
        keyword_names.iter().flat_map(|names| names.iter_borrowed()).zip(keyword)
    {
        let index = parameter(&name, names)?;
        // SAFETY: a live object, see above.
        let argument = unsafe { Borrowed::from_ptr(py, argument) };
        if slots[index].replace(argument).is_some() {
            return None;
        }
    }
    Some(slots)
}

/// Returns the index of the parameter of that name. Names in source code are interned, so nearly
/// always the objects are identical.
fn parameter(name: &Bound<'_, PyAny>, names: &[Py<PyString>]) -> Option<usize> {
    let is_same = |parameter: &Py<PyString>| name.is(parameter);
    let is_equal = |parameter: &Py<PyString>| ok(name.py(), name.eq(parameter)).unwrap_or(false);
    names.iter().position(is_same).or_else(|| names.iter().position(is_equal))
}
