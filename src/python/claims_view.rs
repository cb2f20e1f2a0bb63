//! The claims of a decoded payload, a Python dict, as the core's rules see them.

use pyo3::prelude::*;
use pyo3::types::{PyDict, PyFloat, PyInt, PyList, PyString};

use super::arguments::utf8;
use crate::claims::{Audience, Claim, ClaimsView, Text, Time};

/// The values of the registered claims, noted while the payload is parsed: seven look-ups in the
/// finished dict would take longer than the checks themselves.
#[derive(Default)]
pub(super) struct Registered<'py>([Option<Bound<'py, PyAny>>; Claim::ALL.len()]);

impl<'py> Registered<'py> {
    /// Looks them up in a dict that Python's json has made.
    pub(super) fn of(claims: &Bound<'py, PyDict>) -> PyResult<Self> {
        let mut registered = Self::default();
        for claim in Claim::ALL {
            registered.0[claim as usize] = claims.get_item(claim.name())?;
        }
        Ok(registered)
    }

    /// Notes the value of a claim; the last one counts.
    pub(super) fn set(&mut self, claim: Claim, value: &Bound<'py, PyAny>) {
        self.0[claim as usize] = Some(value.clone());
    }
}

/// A payload as a JSON parser makes it: exact types.
pub(super) struct PyClaims<'a, 'py> {
    pub(super) dict: &'a Bound<'py, PyDict>,
    pub(super) registered: &'a Registered<'py>,
}

impl<'py> PyClaims<'_, 'py> {
    fn get(&self, claim: Claim) -> Option<&Bound<'py, PyAny>> {
        self.registered.0[claim as usize].as_ref()
    }
}

impl ClaimsView for PyClaims<'_, '_> {
    /// As Python's `int()` reads the claim: strings of digits and booleans are numbers too.
    fn time(&self, claim: Claim) -> Time {
        match self.get(claim) {
            None => Time::Absent,
            Some(value) => whole_seconds(value).map_or(Time::NotInteger, Time::At),
        }
    }

    fn text<T: AsRef<str>>(&self, claim: Claim, accepted: Option<&[T]>) -> Text {
        let Some(value) = self.get(claim) else {
            return Text::Absent;
        };
        let Ok(text) = value.cast::<PyString>() else {
            return Text::NotText;
        };
        match (accepted, utf8(text)) {
            (None, _) => Text::Accepted,
            (Some(_), Some(text)) => Text::judge(text, accepted),
            // Lone surrogates, which no text of the caller's has: it would have taken the
            // faithful road.
            (Some(_), None) => Text::Refused,
        }
    }

    fn audience(&self, accepts: impl Fn(&str) -> bool) -> Audience {
        let Some(value) = self.get(Claim::Aud) else {
            return Audience::Absent;
        };
        if !value.is_truthy().unwrap_or(true) {
            return Audience::Absent;
        }
        let accepted = |text: &Bound<'_, PyString>| utf8(text).is_some_and(&accepts);
        if let Ok(text) = value.cast::<PyString>() {
            return Audience::One { accepted: accepted(text) };
        }
        let Ok(list) = value.cast::<PyList>() else {
            return Audience::Malformed;
        };
        let mut any_accepted = false;
        for item in list {
            let Ok(text) = item.cast::<PyString>() else {
                return Audience::Malformed;
            };
            any_accepted |= accepted(text);
        }
        Audience::List { accepted: any_accepted }
    }

    fn is_present(&self, claim: &str) -> bool {
        matches!(self.dict.get_item(claim), Ok(Some(value)) if !value.is_none())
    }
}

/// `int(value)` as a float; beyond 2^53 rounded, which is far from any time to compare it with.
#[allow(clippy::cast_precision_loss, reason = "said above")]
fn whole_seconds(value: &Bound<'_, PyAny>) -> Option<f64> {
    if let Ok(integer) = value.cast_exact::<PyInt>() {
        return match integer.extract::<i64>() {
            Ok(seconds) => Some(seconds as f64),
            Err(_) => Some(if integer.lt(0).ok()? { f64::MIN } else { f64::MAX }),
        };
    }
    if let Ok(float) = value.cast_exact::<PyFloat>() {
        return Some(float.value().trunc()).filter(|seconds| seconds.is_finite());
    }
    // Strings, booleans, and what is no number at all: Python decides.
    let integer = value.py().get_type::<PyInt>().call1((value,)).ok()?;
    whole_seconds(&integer)
}
