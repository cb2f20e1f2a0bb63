//! The claims of a decoded payload, a Python dict, as the core's rules see them.

use pyo3::prelude::*;
use pyo3::types::{PyBool, PyDict, PyFloat, PyInt, PyList, PyString};
use serde_json::{Map, Number, Value};

use super::cpython::utf8;
use super::errors::ok;
use crate::claims::{Accepted, Audience, Claim, ClaimsView, Name, Path, Seen, Text, Time};

/// The value of a registered claim. The most frequent types are read without Python.
enum Noted<'a, 'py> {
    /// A string.
    Text(&'a str),
    Integer(i64),
    Other(Bound<'py, PyAny>),
}

/// The values of the registered claims, recorded while the payload is parsed: seven lookups in the
/// finished dict would take longer than the checks themselves.
#[derive(Default)]
pub(super) struct Registered<'a, 'py>([Option<Noted<'a, 'py>>; Claim::ALL.len()]);

impl<'a, 'py> Registered<'a, 'py> {
    /// Looks the claims up in a dict that Python's json has made.
    pub(super) fn of(claims: &Bound<'py, PyDict>) -> PyResult<Self> {
        let mut registered = Self::default();
        for claim in Claim::ALL {
            registered.0[claim as usize] = claims.get_item(claim.name())?.map(Noted::Other);
        }
        Ok(registered)
    }

    /// Records the value of a claim; the last one counts.
    pub(super) fn note_text(&mut self, claim: Claim, text: &'a str) {
        self.0[claim as usize] = Some(Noted::Text(text));
    }

    /// Does what [`note_text`](Self::note_text) does, for an integer.
    pub(super) fn note_integer(&mut self, claim: Claim, integer: i64) {
        self.0[claim as usize] = Some(Noted::Integer(integer));
    }

    /// Does what [`note_text`](Self::note_text) does, for any other value.
    pub(super) fn note_other(&mut self, claim: Claim, value: &Bound<'py, PyAny>) {
        self.0[claim as usize] = Some(Noted::Other(value.clone()));
    }
}

/// What records claims while a payload is parsed.
pub(super) trait Record<'a, 'py> {
    /// Returns the registered claims, which are recorded by themselves.
    fn registered(&mut self) -> &mut Registered<'a, 'py>;
    /// Records the value of another member, by the spelling of its name in the JSON text. Returns
    /// false for a spelling that has to be read first.
    fn note<'s>(&mut self, spelling: impl FnOnce() -> &'s [u8], value: &Bound<'py, PyAny>) -> bool;
    /// Looks everything up in a dict that Python's json has made.
    fn look_up(&mut self, claims: &Bound<'py, PyDict>) -> PyResult<()>;
}

impl<'a, 'py> Record<'a, 'py> for Registered<'a, 'py> {
    fn registered(&mut self) -> &mut Self {
        self
    }

    fn note<'s>(&mut self, _: impl FnOnce() -> &'s [u8], _value: &Bound<'py, PyAny>) -> bool {
        true
    }

    fn look_up(&mut self, claims: &Bound<'py, PyDict>) -> PyResult<()> {
        *self = Self::of(claims)?;
        Ok(())
    }
}

/// The registered claims, and the others that rules ask for.
pub(super) struct Asked<'a, 'py> {
    registered: Registered<'a, 'py>,
    names: &'a [Box<str>],
    /// The values of the first `names`; those of others are looked up in the dict.
    values: [Option<Bound<'py, PyAny>>; RECORDED],
}

/// How many values are recorded: as many as the profiles of published standards ask for.
const RECORDED: usize = 8;

impl<'a> Asked<'a, '_> {
    /// Asks for members with these names.
    pub(super) fn new(names: &'a [Box<str>]) -> Self {
        Self { registered: Registered::default(), names, values: Default::default() }
    }
}

impl<'a, 'py> Record<'a, 'py> for Asked<'a, 'py> {
    fn registered(&mut self) -> &mut Registered<'a, 'py> {
        &mut self.registered
    }

    fn note<'s>(&mut self, spelling: impl FnOnce() -> &'s [u8], value: &Bound<'py, PyAny>) -> bool {
        let spelling = spelling();
        for (name, noted) in self.names.iter().zip(&mut self.values) {
            if name.as_bytes() == spelling {
                *noted = Some(value.clone());
            }
        }
        !spelling.contains(&b'\\')
    }

    fn look_up(&mut self, claims: &Bound<'py, PyDict>) -> PyResult<()> {
        self.registered.look_up(claims)?;
        for (name, value) in self.names.iter().zip(&mut self.values) {
            *value = claims.get_item(&**name)?;
        }
        Ok(())
    }
}

/// A payload as a JSON parser returns it: only exact types.
pub(super) struct PyClaims<'c, 'py> {
    dict: &'c Bound<'py, PyDict>,
    registered: &'c Registered<'c, 'py>,
    /// What rules ask for, by [`Name::index`].
    asked: &'c [Option<Bound<'py, PyAny>>],
}

impl<'c, 'py> PyClaims<'c, 'py> {
    /// Returns the view of a payload without rules.
    pub(super) const fn plain(
        dict: &'c Bound<'py, PyDict>,
        registered: &'c Registered<'c, 'py>,
    ) -> Self {
        Self { dict, registered, asked: &[] }
    }

    /// Returns the view of a payload for rules.
    pub(super) fn asked(dict: &'c Bound<'py, PyDict>, asked: &'c Asked<'c, 'py>) -> Self {
        Self { dict, registered: &asked.registered, asked: &asked.values }
    }
}

impl<'c, 'py> PyClaims<'c, 'py> {
    fn get(&self, claim: Claim) -> Option<&'c Noted<'c, 'py>> {
        self.registered.0[claim as usize].as_ref()
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

    fn with_value<T>(&self, path: &Path, read: impl FnOnce(&Seen<'_>) -> T) -> T {
        let (claim, rest) = path.split();
        let Some(registered) = claim.claim() else {
            return match self.asked.get(claim.index()) {
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
