//! The claims of a payload read in place, without making Python objects of them: for the checks of
//! claims that another JSON decoder will read, and of claims that were just written.
//!
//! As in `loads.rs`, only text is read that means the same to Python's json, and all else is
//! [`Unusual`].

use serde_json::Value;

use super::Unusual;
use super::cursor::Cursor;
use super::number::Number;
use crate::claims::{self, Accepted, Audience, Claim, ClaimsView, Path, Seen, Text, Time};

/// Deeper nesting is left to Python.
const MAX_DEPTH: u32 = 64;

/// The value of a claim.
#[derive(Clone, Copy)]
pub(in crate::python) enum Raw<'a> {
    /// A string of ASCII without escapes.
    Text(&'a str),
    Integer(i64),
    /// The JSON text of any other value.
    Json(&'a [u8]),
}

impl Raw<'_> {
    fn is_number(self) -> bool {
        match self {
            Self::Integer(_) => true,
            Self::Json(json) => matches!(json, [b'-' | b'0'..=b'9', ..]),
            Self::Text(_) => false,
        }
    }

    fn value(self) -> Option<Value> {
        match self {
            Self::Text(text) => Some(Value::from(text)),
            Self::Integer(integer) => Some(Value::from(integer)),
            Self::Json(json) => serde_json::from_slice(json).ok(),
        }
    }
}

/// The members of a JSON object; if several have the same name, the last one counts.
#[derive(Default)]
pub(in crate::python) struct ScannedClaims<'a> {
    registered: [Option<Raw<'a>>; Claim::ALL.len()],
    others: Vec<(&'a str, Raw<'a>)>,
}

impl<'a> ScannedClaims<'a> {
    /// Reads a payload; the others than registered claims are kept if `keep_others`. A time that is
    /// not a number is [`Unusual`] too: PyJWT accepts some.
    pub(in crate::python) fn read(json: &'a [u8], keep_others: bool) -> Result<Self, Unusual> {
        let mut scanner = Scanner { text: Cursor::new(json), is_ascii: true };
        let mut claims = Self::default();
        if !scanner.text.take(b'{') {
            return Err(Unusual);
        }
        scanner.object(|scanner, name| {
            let value = scanner.raw()?;
            match name {
                Name::Registered(claim) => claims.register(claim, value)?,
                Name::Other(name) if keep_others => claims.others.push((name, value)),
                Name::Other(_) => {}
            }
            Ok(())
        })?;
        let is_utf8 = scanner.is_ascii || std::str::from_utf8(json).is_ok();
        if is_utf8 && scanner.text.is_at_end() { Ok(claims) } else { Err(Unusual) }
    }

    fn register(&mut self, claim: Claim, value: Raw<'a>) -> Result<(), Unusual> {
        let is_time = matches!(claim, Claim::Exp | Claim::Nbf | Claim::Iat);
        if is_time && !value.is_number() {
            return Err(Unusual);
        }
        self.registered[claim as usize] = Some(value);
        Ok(())
    }

    /// Returns the value of a registered claim.
    pub(in crate::python) fn get(&self, claim: Claim) -> Option<Raw<'a>> {
        self.registered[claim as usize]
    }

    /// Returns the value of another claim, if those were kept.
    pub(in crate::python) fn other(&self, name: &str) -> Option<Raw<'a>> {
        let is_same = |(known, _): &&(&str, Raw<'_>)| *known == name;
        self.others.iter().rev().find(is_same).map(|&(_, value)| value)
    }
}

impl ClaimsView for ScannedClaims<'_> {
    fn time(&self, claim: Claim) -> Time {
        match self.get(claim) {
            None => Time::Absent,
            #[allow(clippy::cast_precision_loss, reason = "times are far below 2^53")]
            Some(Raw::Integer(seconds)) => Time::At(seconds as f64),
            Some(other) => {
                let seconds = other.value().and_then(|value| value.as_f64());
                seconds.map_or(Time::NotInteger, |seconds| Time::At(seconds.trunc()))
            }
        }
    }

    fn text<S: AsRef<str>>(&self, claim: Claim, accepted: Option<&Accepted<S>>) -> Text {
        match self.get(claim) {
            None => Text::Absent,
            Some(Raw::Text(text)) => Text::compare(text, accepted),
            Some(other) => match other.value() {
                Some(Value::String(text)) => Text::compare(&text, accepted),
                _ => Text::NotText,
            },
        }
    }

    fn audience(&self, accepts: impl Fn(&str) -> bool) -> Audience {
        match self.get(Claim::Aud) {
            Some(Raw::Text(text)) if !text.is_empty() => Audience::One { accepted: accepts(text) },
            other => claims::audience(other.and_then(Raw::value).as_ref(), accepts),
        }
    }

    fn is_present(&self, name: &str) -> bool {
        let claim = Claim::by_name(name.as_bytes());
        let value = claim.map_or_else(|| self.other(name), |claim| self.get(claim));
        value.is_some_and(|value| !matches!(value, Raw::Json(b"null")))
    }

    fn with_value<T>(&self, path: &Path, read: impl FnOnce(&Seen<'_>) -> T) -> T {
        let (name, rest) = path.split();
        match name.claim().map_or_else(|| self.other(name.text()), |claim| self.get(claim)) {
            Some(Raw::Text(text)) if rest.is_empty() => read(&Seen::Text(text)),
            Some(Raw::Integer(integer)) if rest.is_empty() => read(&Seen::Integer(integer)),
            None | Some(Raw::Text(_) | Raw::Integer(_)) => read(&Seen::Absent),
            Some(json @ Raw::Json(_)) => match json.value() {
                Some(value) => read(&Seen::inside(&value, rest)),
                None => read(&Seen::Unreadable),
            },
        }
    }
}

/// The name of a member.
enum Name<'a> {
    Registered(Claim),
    Other(&'a str),
}

struct Scanner<'a> {
    text: Cursor<'a>,
    /// Whether all strings so far are plain ASCII.
    is_ascii: bool,
}

impl<'a> Scanner<'a> {
    /// Reads an object after its opening brace; `read` reads the value of each member.
    #[inline]
    fn object(
        &mut self,
        mut read: impl FnMut(&mut Self, Name<'a>) -> Result<(), Unusual>,
    ) -> Result<(), Unusual> {
        if self.text.take(b'}') {
            return Ok(());
        }
        loop {
            if !self.text.take(b'"') {
                return Err(Unusual);
            }
            let name = self.name()?;
            if !self.text.take(b':') {
                return Err(Unusual);
            }
            self.text.skip_whitespace();
            read(self, name)?;
            if !self.text.another(b'}')? {
                return Ok(());
            }
        }
    }

    /// Reads a member's name after its opening quote.
    #[inline]
    fn name(&mut self) -> Result<Name<'a>, Unusual> {
        if let Some([name @ .., b'"']) = self.text.rest().first_chunk::<4>()
            && let Some(claim) = Claim::by_name(name)
        {
            self.text.advance(name.len() + 1);
            return Ok(Name::Registered(claim));
        }
        // A name with escapes may be another spelling of one that is looked for.
        self.string()?.map(Name::Other).ok_or(Unusual)
    }

    /// Reads the value of a claim.
    #[inline]
    fn raw(&mut self) -> Result<Raw<'a>, Unusual> {
        let start = self.text;
        match self.text.peek().ok_or(Unusual)? {
            b'"' => {
                self.text.advance(1);
                if let Some(text) = self.string()? {
                    return Ok(Raw::Text(text));
                }
            }
            b'-' | b'0'..=b'9' => {
                if let Number::Integer(integer) = self.text.number()? {
                    return Ok(Raw::Integer(integer));
                }
            }
            _ => self.skip(MAX_DEPTH - 1)?,
        }
        Ok(Raw::Json(self.text.since(start)))
    }

    /// Reads a value and forgets it.
    fn skip(&mut self, depth: u32) -> Result<(), Unusual> {
        match self.text.peek().ok_or(Unusual)? {
            b'"' => {
                self.text.advance(1);
                self.string().map(|_| ())
            }
            b'{' => {
                self.text.advance(1);
                let depth = depth.checked_sub(1).ok_or(Unusual)?;
                self.object(|scanner, _| scanner.skip(depth))
            }
            b'[' => {
                self.text.advance(1);
                self.skip_array(depth.checked_sub(1).ok_or(Unusual)?)
            }
            b'-' | b'0'..=b'9' => self.text.number().map(|_| ()),
            _ => self.text.word().map(|_| ()),
        }
    }

    /// Reads an array after its opening bracket.
    fn skip_array(&mut self, depth: u32) -> Result<(), Unusual> {
        if self.text.take(b']') {
            return Ok(());
        }
        loop {
            self.text.skip_whitespace();
            self.skip(depth)?;
            if !self.text.another(b']')? {
                return Ok(());
            }
        }
    }

    /// Reads a string after its opening quote; returns its text if that is ASCII without escapes.
    #[inline]
    fn string(&mut self) -> Result<Option<&'a str>, Unusual> {
        if let Ok(plain) = self.text.plain_string() {
            return Ok(Some(plain));
        }
        self.is_ascii = false;
        self.skip_string_with_escapes().map(|()| None)
    }

    #[cold]
    fn skip_string_with_escapes(&mut self) -> Result<(), Unusual> {
        loop {
            match self.text.byte()? {
                b'"' => return Ok(()),
                b'\\' => self.skip_escape()?,
                0..=0x1f => return Err(Unusual),
                _ => {}
            }
        }
    }

    /// Reads an escape after its backslash. Surrogates, which need not come in pairs, are left to
    /// Python.
    fn skip_escape(&mut self) -> Result<(), Unusual> {
        self.text.advance(match self.text.rest() {
            [b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't', ..] => 1,
            [b'u', digits @ ..] => {
                let digits = digits.first_chunk::<4>().ok_or(Unusual)?;
                let is_surrogate =
                    matches!(digits, [b'd' | b'D', b'8'..=b'9' | b'a'..=b'f' | b'A'..=b'F', ..]);
                if is_surrogate || !digits.iter().all(u8::is_ascii_hexdigit) {
                    return Err(Unusual);
                }
                5
            }
            _ => return Err(Unusual),
        });
        Ok(())
    }
}
