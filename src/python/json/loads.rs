//! JSON bytes to Python objects, for the payload of every token.
//!
//! This parser accepts only what it can prove to mean the same to `json.loads`. It returns
//! [`Unusual`] for any syntax error, NaN, lone surrogate, byte order mark, UTF-16, integer of more
//! than 18 digits or deep nesting. The caller then uses Python's json, which parses the text or
//! reports the error. Therefore every result and every message is the one of Python's json.

use pyo3::prelude::*;
use pyo3::types::{PyBool, PyDict, PyList, PyString};

use super::Unusual;
use super::ascii::ascii_string;
use super::cursor::Cursor;
use super::name_cache::{KeptValue, NAMES, NameCache};
use super::number::Number;
use crate::claims::Claim;
use crate::memory;
use crate::python::claims_view::Record;
use crate::python::cpython;

/// Deeper nesting is left to Python, which has its own limit.
const MAX_DEPTH: u32 = 64;

/// Returns the Python object that the JSON text `json` represents.
pub(in crate::python) fn loads<'py>(
    py: Python<'py>,
    json: &[u8],
) -> Result<Bound<'py, PyAny>, Unusual> {
    parse(py, json, |parser| parser.value(MAX_DEPTH))
}

/// Returns the dict that the JSON text `json` represents, and records its claims in `record`. Text
/// that is not an object is [`Unusual`] too.
pub(in crate::python) fn loads_claims<'a, 'py>(
    py: Python<'py>,
    json: &'a [u8],
    record: &mut Record<'a, 'py>,
) -> Result<Bound<'py, PyDict>, Unusual> {
    parse(py, json, |parser| {
        if parser.text.take(b'{') { parser.members(MAX_DEPTH, Some(record)) } else { Err(Unusual) }
    })
}

/// Returns what `read` reads, if nothing else is in `json`.
fn parse<'a, 'py, T>(
    py: Python<'py>,
    json: &'a [u8],
    read: impl FnOnce(&mut Parser<'a, '_, 'py>) -> Result<T, Unusual>,
) -> Result<T, Unusual> {
    NAMES.with(|names| {
        // Creating objects can run the garbage collector, which can run any finalizer, which can
        // call this function again. The inner call then works without the cache.
        let mut names = names.try_borrow_mut().ok();
        let mut parser = Parser { py, text: Cursor::new(json), names: names.as_deref_mut() };
        let value = read(&mut parser)?;
        if parser.text.is_at_end() { Ok(value) } else { Err(Unusual) }
    })
}

/// A string that was read.
struct Text<'a, 'py> {
    string: Bound<'py, PyString>,
    /// Its text, if that is ASCII without escapes and can be borrowed from the JSON text.
    plain: Option<&'a str>,
}

/// The name of a member.
struct Name<'py> {
    string: Bound<'py, PyString>,
    /// The claim that it names, if it is a registered one.
    claim: Option<Claim>,
}

impl Number {
    #[inline]
    fn to_python<'py>(&self, py: Python<'py>) -> Result<Bound<'py, PyAny>, Unusual> {
        match self {
            Self::Integer(integer) => cpython::integer(py, *integer).map(Bound::into_any),
            Self::Float(float) => cpython::float(py, *float).map(Bound::into_any),
        }
        .ok_or(Unusual)
    }
}

struct Parser<'a, 'n, 'py> {
    py: Python<'py>,
    text: Cursor<'a>,
    names: Option<&'n mut NameCache>,
}

impl<'a, 'py: 'a> Parser<'a, '_, 'py> {
    fn value(&mut self, depth: u32) -> Result<Bound<'py, PyAny>, Unusual> {
        match self.text.peek().ok_or(Unusual)? {
            b'"' => {
                self.text.advance(1);
                Ok(self.string()?.string.into_any())
            }
            b'{' => {
                self.text.advance(1);
                Ok(self.members(depth, None)?.into_any())
            }
            b'[' => {
                self.text.advance(1);
                Ok(self.array(depth)?.into_any())
            }
            b'-' | b'0'..=b'9' => self.text.number()?.to_python(self.py),
            _ => self.word(),
        }
    }

    fn word(&mut self) -> Result<Bound<'py, PyAny>, Unusual> {
        let py = self.py;
        Ok(match self.text.word()? {
            "null" => py.None().into_bound(py),
            boolean => PyBool::new(py, boolean == "true").to_owned().into_any(),
        })
    }

    /// Reads an object after its opening brace. Its members are recorded in `record`, in order: if
    /// several have the same name, the last one counts, as in the dict.
    #[inline]
    fn members(
        &mut self,
        depth: u32,
        mut record: Option<&mut Record<'a, 'py>>,
    ) -> Result<Bound<'py, PyDict>, Unusual> {
        let depth = depth.checked_sub(1).ok_or(Unusual)?;
        let dict = cpython::dict(self.py).ok_or(Unusual)?;
        if self.text.take(b'}') {
            return Ok(dict);
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
            let value = match (name.claim, record.as_deref_mut()) {
                (Some(claim), Some(record)) => self.claim(claim, record, depth)?,
                (None, Some(record)) => {
                    let value = self.value(depth)?;
                    if record.asks() {
                        record.note_member(&name.string, &value);
                    }
                    value
                }
                (_, None) => self.value(depth)?,
            };
            cpython::set_member(&dict, &name.string, &value).ok_or(Unusual)?;
            if !self.text.another(b'}')? {
                return Ok(dict);
            }
        }
    }

    /// Reads an array after its opening bracket.
    fn array(&mut self, depth: u32) -> Result<Bound<'py, PyList>, Unusual> {
        let depth = depth.checked_sub(1).ok_or(Unusual)?;
        let list = cpython::list(self.py).ok_or(Unusual)?;
        if self.text.take(b']') {
            return Ok(list);
        }
        loop {
            self.text.skip_whitespace();
            let value = self.value(depth)?;
            cpython::append(&list, &value).ok_or(Unusual)?;
            if !self.text.another(b']')? {
                return Ok(list);
            }
        }
    }

    /// Reads a member's name after its opening quote, and finds the claim of that name.
    fn name(&mut self) -> Result<Name<'py>, Unusual> {
        let rest = self.text.rest();
        if let Some(names) = &mut self.names
            && let Some(head) = rest.first_chunk()
            && let Some(known) = names.find(self.py, u128::from_le_bytes(*head))?
        {
            self.text.advance(known.len + 1);
            return Ok(Name { string: known.string.bind(self.py).clone(), claim: known.claim });
        }
        let string = self.string()?.string;
        let claim = Claim::by_name(string.to_str().map_err(|_| Unusual)?.as_bytes());
        Ok(Name { string, claim })
    }

    /// Reads the value of a registered claim and records it in `record`.
    fn claim(
        &mut self,
        claim: Claim,
        record: &mut Record<'a, 'py>,
        depth: u32,
    ) -> Result<Bound<'py, PyAny>, Unusual> {
        match self.text.peek() {
            Some(b'"') => {
                self.text.advance(1);
                let text = match claim {
                    Claim::Iss | Claim::Aud => self.issuer_or_audience(claim)?,
                    _ => self.string()?,
                };
                let value = text.string.into_any();
                match text.plain {
                    Some(text) => record.note_text(claim, text),
                    None => record.note_other(claim, &value),
                }
                Ok(value)
            }
            Some(b'-' | b'0'..=b'9') => {
                let number = self.text.number()?;
                let value = number.to_python(self.py)?;
                match number {
                    Number::Integer(integer) => record.note_integer(claim, integer),
                    Number::Float(_) => record.note_other(claim, &value),
                }
                Ok(value)
            }
            _ => {
                let value = self.value(depth)?;
                record.note_other(claim, &value);
                Ok(value)
            }
        }
    }

    /// Reads the issuer or the audience, as [`string`](Self::string) does. An API sees the same
    /// ones in token after token: the newest of each is kept, so that it need not be created again.
    fn issuer_or_audience(&mut self, claim: Claim) -> Result<Text<'a, 'py>, Unusual> {
        let (py, rest) = (self.py, self.text.rest());
        if let Some(kept) = self.kept(claim)
            && let Some((string, plain)) = kept.find(py, rest)
        {
            self.text.advance(plain.len() + 1);
            return Ok(Text { string, plain: Some(plain) });
        }
        let text = self.string()?;
        if let Some(plain) = text.plain.filter(|plain| plain.len() <= KeptValue::MAX_LEN)
            && let Some(kept) = self.kept(claim)
        {
            kept.replace(&text.string, plain);
        }
        Ok(text)
    }

    /// Returns the kept value of the last member's name, if that is the name of this claim.
    fn kept(&mut self, claim: Claim) -> Option<&mut KeptValue> {
        let names = self.names.as_deref_mut()?;
        let known = names.slots.get_mut(names.last)?.known.as_mut();
        known.filter(|known| known.claim == Some(claim)).map(|known| &mut known.value)
    }

    /// Reads a string after its opening quote.
    #[inline]
    fn string(&mut self) -> Result<Text<'a, 'py>, Unusual> {
        match self.text.plain_string() {
            Ok(text) => Ok(Text { string: ascii_string(self.py, text)?, plain: Some(text) }),
            Err(start) => Ok(Text { string: self.string_with_escapes(start)?, plain: None }),
        }
    }

    /// Reads the rest of a string with escapes or non-ASCII characters, whose start has been read.
    fn string_with_escapes(&mut self, start: &str) -> Result<Bound<'py, PyString>, Unusual> {
        let mut text = memory::buffer(start.len() + 32).map_err(|_| Unusual)?;
        text.extend_from_slice(start.as_bytes());
        loop {
            // Room for any character, in amortized constant time.
            if text.capacity() - text.len() < 4 {
                text.try_reserve(4).map_err(|_| Unusual)?;
            }
            match self.text.byte()? {
                b'"' => break,
                b'\\' => self.escape(&mut text)?,
                0..=0x1f => return Err(Unusual),
                byte => text.push(byte),
            }
        }
        let text = std::str::from_utf8(&text).map_err(|_| Unusual)?;
        cpython::string(self.py, text).ok_or(Unusual)
    }

    fn escape(&mut self, text: &mut Vec<u8>) -> Result<(), Unusual> {
        let escape = self.text.byte()?;
        text.push(match escape {
            b'"' | b'\\' | b'/' => escape,
            b'b' => 0x08,
            b'f' => 0x0c,
            b'n' => b'\n',
            b'r' => b'\r',
            b't' => b'\t',
            b'u' => {
                let character = self.unicode_escape()?;
                text.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
                return Ok(());
            }
            _ => return Err(Unusual),
        });
        Ok(())
    }

    /// Reads the character of `\uXXXX` or of a surrogate pair. A lone surrogate is left to Python.
    fn unicode_escape(&mut self) -> Result<char, Unusual> {
        let first = self.four_hex_digits()?;
        let scalar = match first {
            0xd800..=0xdbff => {
                if !self.text.rest().starts_with(b"\\u") {
                    return Err(Unusual);
                }
                self.text.advance(2);
                match self.four_hex_digits()? {
                    second @ 0xdc00..=0xdfff => {
                        0x10000 + ((first - 0xd800) << 10) + (second - 0xdc00)
                    }
                    _ => return Err(Unusual),
                }
            }
            scalar => scalar,
        };
        char::from_u32(scalar).ok_or(Unusual)
    }

    fn four_hex_digits(&mut self) -> Result<u32, Unusual> {
        let digits = self.text.rest().first_chunk::<4>().ok_or(Unusual)?;
        self.text.advance(digits.len());
        digits.iter().try_fold(0, |value, &digit| {
            let digit = char::from(digit).to_digit(16).ok_or(Unusual)?;
            Ok(value << 4 | digit)
        })
    }
}
