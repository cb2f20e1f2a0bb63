//! The claims of a decoded payload, a Python dict, as the core's rules see them.

use pyo3::exceptions::PyBaseException;
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyDict, PyFloat, PyInt, PyList, PyString};
use serde_json::{Map, Number, Value};

use super::cpython::utf8;
use super::errors::{Raised, ok};
use super::once::intern;
use crate::claims::{Accepted, Audience, Claim, ClaimsView, Name, Path, Policy, Seen, Text, Time};
use crate::error::Error;

/// The value of a registered claim. The most frequent types are read without Python.
enum Noted<'a, 'py> {
    /// A string.
    Text(&'a str),
    Integer(i64),
    Other(Bound<'py, PyAny>),
}

/// The values of the registered claims, and of those that rules ask for, recorded while the payload
/// is parsed: lookups in the finished dict would take longer than the checks themselves.
#[derive(Default)]
pub(super) struct Record<'a, 'py> {
    registered: [Option<Noted<'a, 'py>>; Claim::ALL.len()],
    asked: Option<Asked<'a, 'py>>,
}

/// What rules ask for, by [`Name::index`].
struct Asked<'a, 'py> {
    names: &'a [Box<str>],
    values: &'a mut AskedValues<'py>,
}

/// The values of the first members that rules ask for; those of others are looked up in the dict. The
/// caller has room for them, because most verifiers have no rules.
pub(super) type AskedValues<'py> = [Option<Bound<'py, PyAny>>; RECORDED];

/// How many values are recorded: as many as a profile of a published standard asks for.
const RECORDED: usize = 8;

impl<'a, 'py> Record<'a, 'py> {
    /// Asks for members with these names too.
    pub(super) fn asking(names: &'a [Box<str>], values: &'a mut AskedValues<'py>) -> Self {
        Self { asked: Some(Asked { names, values }), ..Self::default() }
    }

    /// Looks everything up in a dict that Python's json has made.
    pub(super) fn look_up(&mut self, claims: &Bound<'py, PyDict>) -> PyResult<()> {
        for claim in Claim::ALL {
            self.registered[claim as usize] = claims.get_item(claim.name())?.map(Noted::Other);
        }
        if let Some(asked) = &mut self.asked {
            for (name, value) in asked.names.iter().zip(&mut *asked.values) {
                *value = claims.get_item(&**name)?;
            }
        }
        Ok(())
    }

    /// Records the value of a registered claim; the last one counts.
    #[inline]
    pub(super) fn note_text(&mut self, claim: Claim, text: &'a str) {
        self.registered[claim as usize] = Some(Noted::Text(text));
    }

    /// Does what [`note_text`](Self::note_text) does, for an integer.
    #[inline]
    pub(super) fn note_integer(&mut self, claim: Claim, integer: i64) {
        self.registered[claim as usize] = Some(Noted::Integer(integer));
    }

    /// Does what [`note_text`](Self::note_text) does, for any other value.
    pub(super) fn note_other(&mut self, claim: Claim, value: &Bound<'py, PyAny>) {
        self.registered[claim as usize] = Some(Noted::Other(value.clone()));
    }

    /// Returns whether rules ask for other members.
    pub(super) const fn asks(&self) -> bool {
        self.asked.is_some()
    }

    /// Records the value of another member, if a rule asks for it.
    #[cold]
    pub(super) fn note_member(&mut self, name: &Bound<'py, PyString>, value: &Bound<'py, PyAny>) {
        let (Some(asked), Some(text)) = (&mut self.asked, utf8(name)) else {
            return;
        };
        let place = asked.names.iter().position(|name| **name == *text);
        if let Some(noted) = place.and_then(|place| asked.values.get_mut(place)) {
            *noted = Some(value.clone());
        }
    }
}

/// A payload as a JSON parser returns it: only exact types.
pub(super) struct PyClaims<'c, 'py> {
    pub(super) dict: &'c Bound<'py, PyDict>,
    pub(super) record: &'c Record<'c, 'py>,
}

impl<'c, 'py> PyClaims<'c, 'py> {
    fn get(&self, claim: Claim) -> Option<&'c Noted<'c, 'py>> {
        self.record.registered[claim as usize].as_ref()
    }

    /// Makes the exception for claims that `policy` refuses, with what it expected and what the
    /// token has.
    #[cold]
    pub(super) fn refusal<S: AsRef<str>>(&self, error: Error, policy: &Policy<S>) -> PyErr {
        let claim = error.claim().and_then(|name| Claim::by_name(name.as_bytes()));
        let (is_missing, is_expired) =
            (matches!(error, Error::MissingClaim(_)), error == Error::Expired);
        let Some(claim) = claim.filter(|_| !is_missing) else {
            return error.into();
        };
        let py = self.dict.py();
        let exception = Raised::new(py, error.into()).into_value(py);
        match self.describe(&exception, claim, is_expired, policy) {
            Ok(()) => PyErr::from_value(exception.into_any()),
            Err(failed) => failed,
        }
    }

    /// Sets `expected`, `actual` and `expired_at`. The values of `sub` and `jti` are left out: they
    /// name people and tokens, and the attributes are for logs.
    fn describe<S: AsRef<str>>(
        &self,
        exception: &Bound<'py, PyBaseException>,
        claim: Claim,
        is_expired: bool,
        policy: &Policy<S>,
    ) -> PyResult<()> {
        let py = self.dict.py();
        let expected = match claim {
            Claim::Iss => policy.issuer.as_ref(),
            Claim::Aud => policy.audience.as_ref(),
            Claim::Sub | Claim::Jti => return Ok(()),
            Claim::Exp | Claim::Nbf | Claim::Iat => None,
        };
        let actual = self.dict.get_item(claim.name())?;
        match expected {
            Some(Accepted::One(one)) => exception.setattr(intern!(py, "expected"), one.as_ref())?,
            Some(Accepted::AnyOf(several)) => {
                let several: Vec<&str> = several.iter().map(AsRef::as_ref).collect();
                exception.setattr(intern!(py, "expected"), several)?;
            }
            None => {}
        }
        if is_expired {
            let whole = py.get_type::<PyInt>().call1((&actual,))?;
            exception.setattr(intern!(py, "expired_at"), whole)?;
        }
        exception.setattr(intern!(py, "actual"), actual)
    }
}

impl ClaimsView for PyClaims<'_, '_> {
    /// Reads the claim as Python's `int()` does: strings of digits and booleans are numbers too.
    fn time(&self, claim: Claim) -> Time {
        let seconds = match self.get(claim) {
            None => return Time::Absent,
            Some(Noted::Integer(seconds)) => Some(as_float(*seconds)),
            Some(Noted::Text(text)) => whole_seconds(&PyString::new(self.dict.py(), text)),
            Some(Noted::Other(value)) => whole_seconds(value),
        };
        seconds.map_or(Time::NotInteger, Time::At)
    }

    fn text<S: AsRef<str>>(&self, claim: Claim, accepted: Option<&Accepted<S>>) -> Text {
        let value = match self.get(claim) {
            None => return Text::Absent,
            Some(Noted::Integer(_)) => return Text::NotText,
            Some(Noted::Text(text)) => return Text::compare(text, accepted),
            Some(Noted::Other(value)) => value,
        };
        let Ok(text) = value.cast::<PyString>() else {
            return Text::NotText;
        };
        match (accepted, utf8(text)) {
            (None, _) => Text::Accepted,
            (Some(_), Some(text)) => Text::compare(text, accepted),
            // Lone surrogates, which none of the caller's strings contains: such a string would
            // have been left to the fallback.
            (Some(_), None) => Text::Refused,
        }
    }

    fn audience(&self, accepts: impl Fn(&str) -> bool) -> Audience {
        let value = match self.get(Claim::Aud) {
            None | Some(Noted::Text("") | Noted::Integer(0)) => return Audience::Absent,
            Some(Noted::Integer(_)) => return Audience::Malformed,
            Some(Noted::Text(text)) => return Audience::One { accepted: accepts(text) },
            Some(Noted::Other(value)) => value,
        };
        if !ok(value.py(), value.is_truthy()).unwrap_or(true) {
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

    #[inline]
    fn with_value<T>(&self, path: &Path, read: impl FnOnce(&Seen<'_>) -> T) -> T {
        let (claim, rest) = path.split();
        let Some(registered) = claim.claim() else {
            let asked = self.record.asked.as_ref();
            return match asked.and_then(|asked| asked.values.get(claim.index())) {
                Some(value) => with_seen(value.as_ref(), rest, read),
                None => with_seen(member(self.dict, claim).as_ref(), rest, read),
            };
        };
        match self.get(registered) {
            Some(Noted::Text(text)) if rest.is_empty() => read(&Seen::Text(text)),
            Some(Noted::Integer(integer)) if rest.is_empty() => read(&Seen::Integer(*integer)),
            Some(Noted::Other(value)) => with_seen(Some(value), rest, read),
            None | Some(Noted::Text(_) | Noted::Integer(_)) => read(&Seen::Absent),
        }
    }
}

/// Passes a value to `read`, or the member of it that a path leads to.
fn with_seen<T>(
    value: Option<&Bound<'_, PyAny>>,
    rest: &[Name],
    read: impl FnOnce(&Seen<'_>) -> T,
) -> T {
    let Some(value) = value else {
        return read(&Seen::Absent);
    };
    if !rest.is_empty() {
        return with_seen(inside(value, rest).as_ref(), &[], read);
    }
    if let Ok(text) = value.cast_exact::<PyString>() {
        return read(&utf8(text).map_or(Seen::Unreadable, Seen::Text));
    }
    let json = json_value(value);
    read(&json.as_ref().map_or(Seen::Unreadable, Seen::Other))
}

/// Follows the rest of a path.
fn inside<'py>(value: &Bound<'py, PyAny>, rest: &[Name]) -> Option<Bound<'py, PyAny>> {
    rest.iter().try_fold(value.clone(), |value, name| member(value.cast().ok()?, name))
}

fn member<'py>(members: &Bound<'py, PyDict>, name: &Name) -> Option<Bound<'py, PyAny>> {
    ok(members.py(), members.get_item(name.text())).flatten()
}

/// Values nested deeper are not read, for rules have no use for them.
const MAX_DEPTH: u32 = 64;

/// Returns a value made of exact types as Rust's JSON; `None` if that cannot hold it.
pub(super) fn json_value(value: &Bound<'_, PyAny>) -> Option<Value> {
    nested_json_value(value, MAX_DEPTH)
}

fn nested_json_value(value: &Bound<'_, PyAny>, depth: u32) -> Option<Value> {
    let py = value.py();
    let depth = depth.checked_sub(1)?;
    if value.is_none() {
        return Some(Value::Null);
    }
    if let Ok(text) = value.cast_exact::<PyString>() {
        return utf8(text).map(Value::from);
    }
    if let Ok(boolean) = value.cast_exact::<PyBool>() {
        return Some(Value::from(boolean.is_true()));
    }
    if let Ok(integer) = value.cast_exact::<PyInt>() {
        let signed = ok(py, integer.extract::<i64>()).map(Value::from);
        return signed.or_else(|| ok(py, integer.extract::<u64>()).map(Value::from));
    }
    if let Ok(float) = value.cast_exact::<PyFloat>() {
        return Number::from_f64(float.value()).map(Value::Number);
    }
    if let Ok(list) = value.cast_exact::<PyList>() {
        return list.iter().map(|item| nested_json_value(&item, depth)).collect();
    }
    let members = value.cast_exact::<PyDict>().ok()?.iter().map(|(name, value)| {
        let name = name.cast_exact::<PyString>().ok().and_then(|name| utf8(name).map(String::from));
        Some((name?, nested_json_value(&value, depth)?))
    });
    members.collect::<Option<Map<_, _>>>().map(Value::Object)
}

/// Returns `int(value)` as a float.
fn whole_seconds(value: &Bound<'_, PyAny>) -> Option<f64> {
    let py = value.py();
    if let Ok(integer) = value.cast_exact::<PyInt>() {
        return if ok(py, integer.gt(i64::MAX))? {
            Some(f64::MAX)
        } else if ok(py, integer.lt(i64::MIN))? {
            Some(f64::MIN)
        } else {
            ok(py, integer.extract()).map(as_float)
        };
    }
    if let Ok(float) = value.cast_exact::<PyFloat>() {
        return Some(float.value().trunc()).filter(|seconds| seconds.is_finite());
    }
    // Strings, booleans and values that are not numbers are left to Python.
    let integer = ok(py, py.get_type::<PyInt>().call1((value,)))?;
    whole_seconds(&integer)
}

/// Converts seconds to a float. They are rounded only beyond 2^53, which is far from any time to
/// compare them with.
#[allow(clippy::cast_precision_loss, reason = "said above")]
const fn as_float(seconds: i64) -> f64 {
    seconds as f64
}
