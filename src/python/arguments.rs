//! Python arguments to core types.
//!
//! Each function accepts only values whose meaning it knows exactly (exact types of CPython) and
//! returns `None` for all others, which the fallback then handles.

use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{
    PyBool, PyBytes, PyDelta, PyDict, PyFloat, PyFrozenSet, PyInt, PyList, PySet, PyString, PyTuple,
};

use crate::algorithm::{ALGORITHMS, Algorithm, NONE};
use crate::claims::{Accepted, Checks};
use crate::error::Error;
use crate::python::cpython::{self, utf8};
use crate::python::errors::ok;
use crate::python::header_cache;
use crate::python::once::intern;

/// Returns the bytes of an exact str (in UTF-8) or an exact bytes object.
pub(super) fn text<'a>(object: &'a Bound<'_, PyAny>) -> Option<&'a [u8]> {
    if let Ok(text) = object.cast_exact::<PyString>() {
        utf8(text).map(str::as_bytes)
    } else {
        object.cast_exact::<PyBytes>().ok().map(PyBytesMethods::as_bytes)
    }
}

/// Returns the text of an exact str.
pub(super) fn string<'a>(object: &'a Bound<'_, PyAny>) -> Option<&'a str> {
    utf8(object.cast_exact::<PyString>().ok()?)
}

/// Returns the dict as it is now. Without an interpreter lock, another thread may change the dict
/// itself between two reads.
pub(super) fn snapshot<'py>(dict: &Bound<'py, PyDict>) -> PyResult<Bound<'py, PyDict>> {
    if cfg!(Py_GIL_DISABLED) { dict.copy() } else { Ok(dict.clone()) }
}

/// Returns the value of an exact bool.
pub(super) fn boolean(object: &Bound<'_, PyAny>) -> Option<bool> {
    object.cast_exact::<PyBool>().ok().map(pyo3::types::PyBoolMethods::is_true)
}

/// Returns whether `algorithms` contains `alg`. An empty collection is left to the fallback, which
/// reports it.
pub(super) fn contains(algorithms: &Bound<'_, PyAny>, alg: &str) -> Option<bool> {
    if let Ok(list) = algorithms.cast_exact::<PyList>()
        && list.len() == 1
    {
        // The case of nearly every call.
        return Some(string(&ok(list.py(), list.get_item(0))?)? == alg);
    }
    let names = strings(algorithms)?;
    (!names.is_empty()).then(|| names.iter().any(|name| utf8(name) == Some(alg)))
}

/// Returns the members of an exact list, tuple, set or frozenset of exact strs.
pub(super) fn strings<'py>(collection: &Bound<'py, PyAny>) -> Option<Vec<Bound<'py, PyString>>> {
    let py = collection.py();
    let is_collection = collection.is_exact_instance_of::<PyList>()
        || collection.is_exact_instance_of::<PyTuple>()
        || collection.is_exact_instance_of::<PySet>()
        || collection.is_exact_instance_of::<PyFrozenSet>();
    if !is_collection {
        return None;
    }
    let mut strings = Vec::with_capacity(ok(py, collection.len())?);
    for item in ok(py, collection.try_iter())? {
        let string = ok(py, item)?.cast_into_exact::<PyString>().ok()?;
        utf8(&string)?;
        strings.push(string);
    }
    Some(strings)
}

/// A Python string that is known to be UTF-8.
pub(super) enum PyText<'a, 'py> {
    Borrowed(&'a str),
    Owned(Bound<'py, PyString>),
}

impl AsRef<str> for PyText<'_, '_> {
    fn as_ref(&self) -> &str {
        match self {
            Self::Borrowed(text) => text,
            Self::Owned(text) => utf8(text).unwrap_or_default(),
        }
    }
}

impl PyText<'_, '_> {
    fn to_owned(&self) -> String {
        self.as_ref().to_owned()
    }
}

/// Reads an issuer or an audience: `Some(None)` for None, one string, or any of several.
#[allow(clippy::option_option, reason = "the outer one is that of every function here")]
pub(super) fn accepted<'a, 'py>(
    object: Option<&'a Bound<'py, PyAny>>,
) -> Option<Option<Accepted<PyText<'a, 'py>>>> {
    let Some(object) = object.filter(|object| !object.is_none()) else {
        return Some(None);
    };
    if let Some(one) = string(object) {
        return Some(Some(Accepted::One(PyText::Borrowed(one))));
    }
    let several = strings(object)?;
    Some(Some(Accepted::AnyOf(several.into_iter().map(PyText::Owned).collect())))
}

/// Copies the strings, so that they are independent of Python.
pub(super) fn owned(accepted: Option<Accepted<PyText<'_, '_>>>) -> Option<Accepted<String>> {
    accepted.map(|accepted| match accepted {
        Accepted::One(one) => Accepted::One(one.to_owned()),
        Accepted::AnyOf(any) => Accepted::AnyOf(any.iter().map(PyText::to_owned).collect()),
    })
}

/// Borrows strings that [`strings`] has found to be UTF-8.
pub(super) fn borrowed<'a>(strings: &'a [Bound<'_, PyString>]) -> Vec<&'a str> {
    strings.iter().filter_map(utf8).collect()
}

/// Reads seconds: an int, a float or a timedelta. From 2^52 seconds on, a float has no room for
/// fractions of a second.
pub(super) fn leeway(object: Option<&Bound<'_, PyAny>>) -> Option<f64> {
    let Some(object) = object else {
        return Some(0.0);
    };
    let py = object.py();
    let seconds: f64 =
        if object.is_exact_instance_of::<PyInt>() || object.is_exact_instance_of::<PyFloat>() {
            ok(py, object.extract())?
        } else if object.is_exact_instance_of::<PyDelta>() {
            let total_seconds = intern!(py, "total_seconds");
            ok(py, ok(py, object.call_method0(total_seconds))?.extract())?
        } else {
            return None;
        };
    (seconds.is_nan() || seconds.abs() < 4_503_599_627_370_496.0).then_some(seconds)
}

/// Returns the name of an object's type, for a message.
pub(super) fn type_name(object: &Bound<'_, PyAny>) -> String {
    if object.is_none() {
        return "None".to_owned();
    }
    object.get_type().name().map_or_else(|_| "an object".to_owned(), |name| name.to_string())
}

/// Returns the text of an argument that must be a str, or raises `TypeError` with its name.
pub(super) fn string_argument(name: &str, object: &Bound<'_, PyAny>) -> PyResult<String> {
    object.cast::<PyString>().ok().and_then(|text| utf8(text)).map(str::to_owned).ok_or_else(|| {
        PyTypeError::new_err(format!("{name} must be a string, got {}", type_name(object)))
    })
}

/// Returns a question with the known name that is most similar to a wrong one; `None` if none is.
pub(super) fn did_you_mean(py: Python<'_>, name: &str, known: &[&str]) -> PyResult<Option<String>> {
    let letters = |name: &str| -> String {
        name.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect()
    };
    let same = known.iter().find(|known| letters(known) == letters(name));
    let close = match same {
        Some(same) => vec![(*same).to_owned()],
        None => py
            .import(intern!(py, "difflib"))?
            .call_method1(intern!(py, "get_close_matches"), (name, known.to_vec(), 1))?
            .extract()?,
    };
    Ok(close.first().map(|close| format!("did you mean \"{close}\"?")))
}

/// Does what [`did_you_mean`] does, for the arguments of Python functions.
#[pyfunction(name = "did_you_mean")]
#[pyo3(signature = (name, known, /))]
#[allow(clippy::needless_pass_by_value, reason = "PyO3 passes it so")]
pub(super) fn did_you_mean_one_of(
    py: Python<'_>,
    name: &str,
    known: Vec<String>,
) -> PyResult<Option<String>> {
    did_you_mean(py, name, &known.iter().map(String::as_str).collect::<Vec<_>>())
}

/// Returns the algorithm that an argument names; raises `TypeError` unless it is a str, and the error
/// of [`signature_algorithm`].
pub(super) fn algorithm_argument(
    name: &str,
    object: &Bound<'_, PyAny>,
) -> PyResult<&'static Algorithm> {
    signature_algorithm(object.py(), &string_argument(name, object)?)
}

/// Returns the algorithm of that name, with which tokens can be signed and verified.
///
/// Raises `ValueError` otherwise. The text quotes a name only if a known one is similar, because it
/// may be a misplaced key.
pub(super) fn signature_algorithm(py: Python<'_>, name: &str) -> PyResult<&'static Algorithm> {
    if let Some(algorithm) = header_cache::signature_algorithm(name) {
        return Ok(algorithm);
    }
    let known = ALGORITHMS.each_ref().map(|algorithm| algorithm.name);
    Err(PyValueError::new_err(if name == NONE.name {
        "algorithm \"none\" has no signature: it can neither sign nor verify a token".to_owned()
    } else if let Some(question) = did_you_mean(py, name, &known)? {
        format!("unknown algorithm \"{name}\": {question}")
    } else {
        format!("unknown algorithm: a token is signed with one of {}", known.join(", "))
    }))
}

/// Copies an argument of a prepared object, which reads its arguments once, to exact types: a str,
/// bytes, dict, int or float, or a subclass of it, to that type, a list or tuple to a list, and a
/// set or frozenset to a set, each with its items. Every other object is returned as it is.
///
/// Raises whatever the object's own methods raise.
pub(super) fn exact<'py>(object: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
    let py = object.py();
    if object.is_exact_instance_of::<PyString>() || object.is_exact_instance_of::<PyBytes>() {
        return Ok(object.clone());
    }
    if let Ok(text) = object.cast::<PyString>() {
        // The text itself, whatever `__str__` returns: `json` and `==` use it as well.
        let copy = utf8(text)
            .map(|text| cpython::string(py, text).ok_or(Error::OutOfMemory))
            .transpose()?;
        return Ok(copy.map_or_else(|| object.clone(), Bound::into_any));
    }
    if let Ok(bytes) = object.cast::<PyBytes>() {
        return Ok(cpython::bytes(py, bytes.as_bytes()).ok_or(Error::OutOfMemory)?.into_any());
    }
    if let Ok(dict) = object.cast::<PyDict>() {
        let copy = PyDict::new(py);
        for (name, value) in dict.copy()? {
            copy.set_item(exact(&name)?, exact(&value)?)?;
        }
        return Ok(copy.into_any());
    }
    let is_set = object.is_instance_of::<PySet>() || object.is_instance_of::<PyFrozenSet>();
    if is_set || object.is_instance_of::<PyList>() || object.is_instance_of::<PyTuple>() {
        let items = object.try_iter()?.map(|item| exact(&item?)).collect::<PyResult<Vec<_>>>()?;
        return Ok(if is_set {
            PySet::new(py, items)?.into_any()
        } else {
            PyList::new(py, items)?.into_any()
        });
    }
    let is_bool = object.is_instance_of::<PyBool>();
    let copy = if !is_bool && object.is_instance_of::<PyInt>() {
        // An int of more than 64 bits is returned as it is: whoever reads it reports the error.
        ok(py, object.extract::<i64>()).map(|integer| PyInt::new(py, integer).into_any())
    } else {
        object.cast::<PyFloat>().ok().map(|float| PyFloat::new(py, float.value()).into_any())
    };
    Ok(copy.unwrap_or_else(|| object.clone()))
}

/// Returns a number of seconds as an exact int or float: from a timedelta, or from an object's
/// `__index__` or `__float__`. Every other object is passed through [`exact`] or returned as it is.
///
/// Raises whatever the object's own methods raise.
pub(super) fn exact_seconds<'py>(object: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
    let py = object.py();
    if object.is_instance_of::<PyInt>() || object.is_instance_of::<PyFloat>() {
        return exact(object);
    }
    if object.hasattr(intern!(py, "__index__"))? {
        return Ok(PyInt::new(py, object.extract::<i64>()?).into_any());
    }
    if object.hasattr(intern!(py, "__float__"))? {
        return Ok(PyFloat::new(py, object.extract()?).into_any());
    }
    // This check comes last, because it imports datetime, and a process forked during the import
    // would wait for it.
    if let Ok(delta) = object.cast::<PyDelta>() {
        // The method of the class itself, because libraries override it.
        let class = py.get_type::<PyDelta>();
        return class.call_method1(intern!(py, "total_seconds"), (delta,));
    }
    Ok(object.clone())
}

/// The options of `decode`.
pub(super) struct Options<'py> {
    pub(super) verify_signature: bool,
    pub(super) enforce_minimum_key_length: bool,
    pub(super) checks: Checks,
    pub(super) require: Vec<Bound<'py, PyString>>,
}

impl<'py> Options<'py> {
    /// The names of the options of `decode`.
    pub(super) const NAMES: [&'static str; 11] = [
        "verify_signature",
        "verify_exp",
        "verify_nbf",
        "verify_iat",
        "verify_aud",
        "verify_iss",
        "verify_sub",
        "verify_jti",
        "strict_aud",
        "enforce_minimum_key_length",
        "require",
    ];

    pub(super) const DEFAULT: Self = Self {
        verify_signature: true,
        enforce_minimum_key_length: false,
        checks: Checks::DEFAULT,
        require: Vec::new(),
    };

    /// Reads the `options` argument; unknown names are ignored, as in PyJWT.
    pub(super) fn read(object: Option<&Bound<'py, PyAny>>) -> Option<Self> {
        let mut options = Self::DEFAULT;
        let Some(object) = object.filter(|object| !object.is_none()) else {
            return Some(options);
        };
        // A copy, because code that runs meanwhile (a finalizer, another thread) may change the
        // dict itself.
        let dict = ok(object.py(), object.cast_exact::<PyDict>().ok()?.copy())?;
        // If the signature is not verified, nothing else is checked unless an option requests it.
        for (name, value) in &dict {
            if string(&name)? == "verify_signature" {
                options.verify_signature = boolean(&value)?;
                options.checks = Checks::all(options.verify_signature);
            }
        }
        for (name, value) in &dict {
            options.set(string(&name)?, &value)?;
        }
        Some(options)
    }

    fn set(&mut self, name: &str, value: &Bound<'py, PyAny>) -> Option<()> {
        let option = match name {
            "verify_exp" => &mut self.checks.exp,
            "verify_nbf" => &mut self.checks.nbf,
            "verify_iat" => &mut self.checks.iat,
            "verify_aud" => &mut self.checks.aud,
            "verify_iss" => &mut self.checks.iss,
            "verify_sub" => &mut self.checks.sub,
            "verify_jti" => &mut self.checks.jti,
            "strict_aud" => &mut self.checks.strict_aud,
            "enforce_minimum_key_length" => &mut self.enforce_minimum_key_length,
            "require" => {
                self.require = strings(value)?;
                return Some(());
            }
            _ => return Some(()),
        };
        *option = boolean(value)?;
        Some(())
    }
}
