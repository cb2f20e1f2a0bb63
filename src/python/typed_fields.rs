//! Claims put straight into the fields of a type whose fields are plain: text, numbers, booleans,
//! null and lists of text, which every decoder reads alike.
//!
//! All else is left to the decoder of that type: other values, those that do not fit, and required
//! claims that are missing. So it alone decides what is refused, and with which words.

use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyFloat, PyInt, PyList, PyString};
use pyo3::{PyTraverseError, PyVisit};

use super::cpython;
use super::json::Unusual;
use super::json::ascii::ascii_string;
use super::json::loads::loads;
use super::json::scan::{Raw, ScannedClaims};
use crate::claims::{Accepted, Claim, Policy};

/// The fields of a type, in the order of its positional arguments.
pub(super) struct Fields(Vec<Field>);

struct Field {
    name: String,
    claim: Option<Claim>,
    kinds: Kinds,
    /// The value if the claim is missing.
    default: Option<Py<PyAny>>,
    /// The strings that the verifier accepts, if it names them. A token has one of them, which then
    /// need not be created again.
    accepted: Vec<(String, Py<PyString>)>,
}

impl Fields {
    /// Reads `PlainField`s of `rapidjwt.typed_claims.reading`, for claims that conform to the policy.
    pub(super) fn of(described: &Bound<'_, PyAny>, policy: &Policy<String>) -> PyResult<Self> {
        let fields = described.try_iter()?.map(|field| Field::of(&field?, policy));
        fields.collect::<PyResult<_>>().map(Self)
    }

    /// Returns the values of the fields; `None` if the decoder of the type has to read the claims.
    pub(super) fn values<'py>(
        &self,
        py: Python<'py>,
        claims: &ScannedClaims<'_>,
    ) -> Option<Vec<Bound<'py, PyAny>>> {
        let mut values = Vec::with_capacity(self.0.len());
        for field in &self.0 {
            let raw = match field.claim {
                Some(claim) => claims.get(claim),
                None => claims.other(&field.name),
            };
            values.push(field.value(py, raw)?);
        }
        Some(values)
    }

    pub(super) fn traverse(&self, visit: &PyVisit<'_>) -> Result<(), PyTraverseError> {
        self.0.iter().try_for_each(|field| visit.call(&field.default))
    }
}

impl Field {
    fn of(described: &Bound<'_, PyAny>, policy: &Policy<String>) -> PyResult<Self> {
        let py = described.py();
        let (name, kinds, default): (String, Vec<String>, Vec<Py<PyAny>>) = described.extract()?;
        let claim = Claim::by_name(name.as_bytes());
        let accepted = match claim {
            Some(Claim::Iss) => policy.issuer.as_ref(),
            Some(Claim::Aud) => policy.audience.as_ref(),
            Some(Claim::Sub) => policy.subject.as_ref(),
            _ => None,
        };
        let accepted = accepted.into_iter().flat_map(Accepted::as_slice);
        let accepted = accepted.map(|text| (text.clone(), PyString::new(py, text).unbind()));
        Ok(Self {
            name,
            claim,
            kinds: Kinds::of(&kinds)?,
            default: default.into_iter().next(),
            accepted: accepted.collect(),
        })
    }

    /// Returns the object for a value, if it is one that the field may have.
    fn value<'py>(&self, py: Python<'py>, raw: Option<Raw<'_>>) -> Option<Bound<'py, PyAny>> {
        match raw {
            None => Some(self.default.as_ref()?.bind(py).clone()),
            Some(Raw::Text(_)) if !self.kinds.has(Kinds::TEXT) => None,
            Some(Raw::Text(text)) => self.text(py, text).ok().map(Bound::into_any),
            Some(Raw::Integer(integer)) if self.kinds.has(Kinds::INTEGER) => {
                cpython::integer(py, integer).map(Bound::into_any)
            }
            Some(Raw::Integer(integer)) if self.kinds.has(Kinds::FLOAT) => {
                cpython::float(py, exact_float(integer)?).map(Bound::into_any)
            }
            Some(Raw::Integer(_)) => None,
            Some(Raw::Json(json)) => {
                loads(py, json).ok().filter(|value| self.kinds.has(Kinds::of_value(value)))
            }
        }
    }

    fn text<'py>(&self, py: Python<'py>, text: &str) -> Result<Bound<'py, PyString>, Unusual> {
        match self.accepted.iter().find(|(accepted, _)| accepted == text) {
            Some((_, string)) => Ok(string.bind(py).clone()),
            None => ascii_string(py, text),
        }
    }
}

/// What the value of a field may be.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Kinds(u8);

impl Kinds {
    const TEXT: Self = Self(1);
    const INTEGER: Self = Self(2);
    const FLOAT: Self = Self(4);
    const BOOLEAN: Self = Self(8);
    const NULL: Self = Self(16);
    const TEXTS: Self = Self(32);
    /// No field may be this.
    const OTHER: Self = Self(0);

    fn of(names: &[String]) -> PyResult<Self> {
        names.iter().try_fold(Self::OTHER, |Self(kinds), name| {
            let Self(kind) = match name.as_str() {
                "str" => Self::TEXT,
                "int" => Self::INTEGER,
                "float" => Self::FLOAT,
                "bool" => Self::BOOLEAN,
                "None" => Self::NULL,
                "list[str]" => Self::TEXTS,
                _ => return Err(PyValueError::new_err(format!("no kind of values: {name}"))),
            };
            Ok(Self(kinds | kind))
        })
    }

    const fn has(self, kind: Self) -> bool {
        self.0 & kind.0 != 0
    }

    /// Returns what a value is that [`loads`] has read.
    fn of_value(value: &Bound<'_, PyAny>) -> Self {
        if value.is_instance_of::<PyString>() {
            Self::TEXT
        } else if value.is_none() {
            Self::NULL
        } else if value.is_instance_of::<PyBool>() {
            Self::BOOLEAN
        } else if let Ok(list) = value.cast::<PyList>() {
            let are_texts = list.iter().all(|item| item.is_instance_of::<PyString>());
            if are_texts { Self::TEXTS } else { Self::OTHER }
        } else if let Ok(float) = value.cast::<PyFloat>() {
            // Decoders differ on numbers that are too large for a float.
            if float.value().is_finite() { Self::FLOAT } else { Self::OTHER }
        } else if value.is_instance_of::<PyInt>() {
            Self::INTEGER
        } else {
            Self::OTHER
        }
    }
}

/// Returns the float that is this integer, if it need not be rounded.
#[allow(clippy::cast_precision_loss, reason = "none below 2^53")]
fn exact_float(integer: i64) -> Option<f64> {
    (integer.unsigned_abs() < 1 << f64::MANTISSA_DIGITS).then_some(integer as f64)
}
