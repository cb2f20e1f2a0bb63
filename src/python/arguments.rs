//! Python arguments to core types.
//!
//! Each function takes what it understands to the letter (exact types of CPython) and answers
//! `None` to the rest, which then takes the fallback.

use pyo3::prelude::*;
use pyo3::types::{
    PyBool, PyBytes, PyDelta, PyDict, PyFloat, PyFrozenSet, PyInt, PyList, PySet, PyString, PyTuple,
};

use crate::claims::{Checks, ExpectedAudience};
use crate::python::cpython::utf8;
use crate::python::once::intern;

/// The bytes of an exact str (in UTF-8) or an exact bytes.
pub(super) fn text<'a>(object: &'a Bound<'_, PyAny>) -> Option<&'a [u8]> {
    if let Ok(text) = object.cast_exact::<PyString>() {
        utf8(text).map(str::as_bytes)
    } else {
        object.cast_exact::<PyBytes>().ok().map(PyBytesMethods::as_bytes)
    }
}

/// The text of an exact str.
pub(super) fn string<'a>(object: &'a Bound<'_, PyAny>) -> Option<&'a str> {
    utf8(object.cast_exact::<PyString>().ok()?)
}

/// The dict as it is now. Where there is no interpreter lock, another thread may change the dict
/// itself between two looks at it.
pub(super) fn snapshot<'py>(dict: &Bound<'py, PyDict>) -> PyResult<Bound<'py, PyDict>> {
    if cfg!(Py_GIL_DISABLED) { dict.copy() } else { Ok(dict.clone()) }
}

/// An exact bool.
pub(super) fn boolean(object: &Bound<'_, PyAny>) -> Option<bool> {
    object.cast_exact::<PyBool>().ok().map(pyo3::types::PyBoolMethods::is_true)
}

/// Whether `algorithms` holds `alg`. An empty collection is unusual: it is an error with a text.
pub(super) fn contains(algorithms: &Bound<'_, PyAny>, alg: &str) -> Option<bool> {
    if let Ok(list) = algorithms.cast_exact::<PyList>()
        && list.len() == 1
    {
        // Nearly every call.
        return Some(string(&list.get_item(0).ok()?)? == alg);
    }
    let names = strings(algorithms)?;
    (!names.is_empty()).then(|| names.iter().any(|name| utf8(name) == Some(alg)))
}

/// The members of an exact list, tuple, set or frozenset of exact strs.
pub(super) fn strings<'py>(collection: &Bound<'py, PyAny>) -> Option<Vec<Bound<'py, PyString>>> {
    let is_collection = collection.is_exact_instance_of::<PyList>()
        || collection.is_exact_instance_of::<PyTuple>()
        || collection.is_exact_instance_of::<PySet>()
        || collection.is_exact_instance_of::<PyFrozenSet>();
    if !is_collection {
        return None;
    }
    let mut strings = Vec::with_capacity(collection.len().ok()?);
    for item in collection.try_iter().ok()? {
        let string = item.ok()?.cast_into_exact::<PyString>().ok()?;
        utf8(&string)?;
        strings.push(string);
    }
    Some(strings)
}

/// An issuer or an audience: nothing, one string, or any of several.
pub(super) enum Expected<'a, 'py> {
    Nothing,
    One(&'a str),
    AnyOf(Vec<Bound<'py, PyString>>),
}

impl<'a, 'py> Expected<'a, 'py> {
    pub(super) fn read(object: Option<&'a Bound<'py, PyAny>>) -> Option<Self> {
        match object {
            None => Some(Self::Nothing),
            Some(object) if object.is_none() => Some(Self::Nothing),
            Some(object) => {
                string(object).map(Self::One).or_else(|| strings(object).map(Self::AnyOf))
            }
        }
    }

    /// The several strings, borrowed.
    pub(super) fn any_of(&self) -> Vec<&str> {
        match self {
            Self::Nothing | Self::One(_) => Vec::new(),
            Self::AnyOf(strings) => borrowed(strings),
        }
    }

    pub(super) fn issuers<'b>(&'b self, any_of: &'b [&'b str]) -> Option<&'b [&'b str]> {
        match self {
            Self::Nothing => None,
            Self::One(one) => Some(std::slice::from_ref(one)),
            Self::AnyOf(_) => Some(any_of),
        }
    }

    pub(super) fn audience<'b>(&'b self, any_of: &'b [&'b str]) -> ExpectedAudience<'b, &'b str> {
        match self {
            Self::Nothing => ExpectedAudience::None,
            Self::One(one) => ExpectedAudience::One(one),
            Self::AnyOf(_) => ExpectedAudience::AnyOf(any_of),
        }
    }
}

/// Strings that [`strings`] has found to be UTF-8, borrowed.
pub(super) fn borrowed<'a>(strings: &'a [Bound<'_, PyString>]) -> Vec<&'a str> {
    strings.iter().filter_map(utf8).collect()
}

/// Seconds: an int, a float or a timedelta. Beyond 2^52 whole seconds are no longer exact.
pub(super) fn leeway(object: Option<&Bound<'_, PyAny>>) -> Option<f64> {
    let Some(object) = object else {
        return Some(0.0);
    };
    let seconds: f64 =
        if object.is_exact_instance_of::<PyInt>() || object.is_exact_instance_of::<PyFloat>() {
            object.extract().ok()?
        } else if object.is_exact_instance_of::<PyDelta>() {
            let total_seconds = intern!(object.py(), "total_seconds");
            object.call_method0(total_seconds).ok()?.extract().ok()?
        } else {
            return None;
        };
    (seconds.is_nan() || seconds.abs() < 4_503_599_627_370_496.0).then_some(seconds)
}

/// The options of `decode`.
pub(super) struct Options<'py> {
    pub(super) verify_signature: bool,
    pub(super) enforce_minimum_key_length: bool,
    pub(super) checks: Checks,
    pub(super) require: Vec<Bound<'py, PyString>>,
}

impl<'py> Options<'py> {
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
        let dict = &snapshot(object.cast_exact::<PyDict>().ok()?).ok()?;
        if let Some(verify) = dict.get_item(intern!(dict.py(), "verify_signature")).ok()? {
            options.verify_signature = boolean(&verify)?;
            // Without a signature nothing else is checked, unless asked for.
            options.checks = Checks::all(options.verify_signature);
        }
        for (name, value) in dict {
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
