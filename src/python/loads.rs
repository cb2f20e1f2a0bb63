//! JSON bytes to Python objects, for the payload of every token.
//!
//! This parser takes what it can prove to mean the same to `json.loads`, and nothing else: it
//! answers [`Unusual`] to any syntax error, NaN, lone surrogate, byte order mark, UTF-16, integer
//! beyond 18 digits or deep nesting. The caller then asks Python's json, which parses or words the
//! error. So every result and every message is Python's own.

use std::cell::RefCell;

use pyo3::prelude::*;
use pyo3::types::{PyBool, PyDict, PyFloat, PyList, PyString};
use pyo3::{IntoPyObjectExt, ffi};

/// Text that Python's json must judge.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Unusual;

/// Deeper nesting is left to Python, which has its own limit.
const MAX_DEPTH: u32 = 64;

/// The Python object that the JSON text `json` stands for.
pub(super) fn loads<'py>(py: Python<'py>, json: &[u8]) -> Result<Bound<'py, PyAny>, Unusual> {
    KEYS.with(|keys| {
        // Creating objects can run the garbage collector, hence any finalizer, hence this function
        // again: the inner call then works without the cache.
        let mut keys = keys.try_borrow_mut().ok();
        let mut parser = Parser { py, json, at: 0, keys: keys.as_deref_mut() };
        parser.skip_whitespace();
        let value = parser.value(MAX_DEPTH)?;
        parser.skip_whitespace();
        if parser.at == json.len() { Ok(value) } else { Err(Unusual) }
    })
}

struct Parser<'a, 'py> {
    py: Python<'py>,
    json: &'a [u8],
    at: usize,
    keys: Option<&'a mut KeyCache>,
}

impl<'a, 'py> Parser<'a, 'py> {
    fn peek(&self) -> Option<u8> {
        self.json.get(self.at).copied()
    }

    fn skip_whitespace(&mut self) {
        while let Some(b' ' | b'\t' | b'\n' | b'\r') = self.peek() {
            self.at += 1;
        }
    }

    /// Skips white space and takes the byte after it.
    fn next_token(&mut self) -> Result<u8, Unusual> {
        self.skip_whitespace();
        let byte = self.peek().ok_or(Unusual)?;
        self.at += 1;
        Ok(byte)
    }

    fn value(&mut self, depth: u32) -> Result<Bound<'py, PyAny>, Unusual> {
        match self.peek().ok_or(Unusual)? {
            b'"' => {
                self.at += 1;
                Ok(self.string()?.into_any())
            }
            b'{' => self.object(depth),
            b'[' => self.array(depth),
            b'-' | b'0'..=b'9' => self.number(),
            b't' => self.literal(b"true", PyBool::new(self.py, true).to_owned().into_any()),
            b'f' => self.literal(b"false", PyBool::new(self.py, false).to_owned().into_any()),
            b'n' => self.literal(b"null", self.py.None().into_bound(self.py)),
            _ => Err(Unusual),
        }
    }

    fn literal(
        &mut self,
        word: &[u8],
        value: Bound<'py, PyAny>,
    ) -> Result<Bound<'py, PyAny>, Unusual> {
        if !self.json[self.at..].starts_with(word) {
            return Err(Unusual);
        }
        self.at += word.len();
        Ok(value)
    }

    fn object(&mut self, depth: u32) -> Result<Bound<'py, PyAny>, Unusual> {
        let depth = depth.checked_sub(1).ok_or(Unusual)?;
        let dict = PyDict::new(self.py);
        self.at += 1;
        let mut token = self.next_token()?;
        if token == b'}' {
            return Ok(dict.into_any());
        }
        loop {
            if token != b'"' {
                return Err(Unusual);
            }
            let key = self.key()?;
            if self.next_token()? != b':' {
                return Err(Unusual);
            }
            self.skip_whitespace();
            let value = self.value(depth)?;
            // The last of several members with one name counts, as in Python's json.
            dict.set_item(key, value).map_err(|_| Unusual)?;
            match self.next_token()? {
                b',' => token = self.next_token()?,
                b'}' => return Ok(dict.into_any()),
                _ => return Err(Unusual),
            }
        }
    }

    fn array(&mut self, depth: u32) -> Result<Bound<'py, PyAny>, Unusual> {
        let depth = depth.checked_sub(1).ok_or(Unusual)?;
        let list = PyList::empty(self.py);
        self.at += 1;
        self.skip_whitespace();
        if self.peek() == Some(b']') {
            self.at += 1;
            return Ok(list.into_any());
        }
        loop {
            let value = self.value(depth)?;
            list.append(value).map_err(|_| Unusual)?;
            match self.next_token()? {
                b',' => self.skip_whitespace(),
                b']' => return Ok(list.into_any()),
                _ => return Err(Unusual),
            }
        }
    }

    fn number(&mut self) -> Result<Bound<'py, PyAny>, Unusual> {
        let start = self.at;
        let negative = self.peek() == Some(b'-');
        self.at += usize::from(negative);
        let first = self.at;
        let mut magnitude = 0_i64;
        while let Some(digit @ b'0'..=b'9') = self.peek() {
            magnitude = magnitude.wrapping_mul(10).wrapping_add(i64::from(digit - b'0'));
            self.at += 1;
        }
        let digits = self.at - first;
        if digits == 0 || (digits > 1 && self.json[first] == b'0') {
            return Err(Unusual);
        }
        if let Some(b'.' | b'e' | b'E') = self.peek() {
            return self.float(start);
        }
        if digits > 18 {
            return Err(Unusual);
        }
        let integer = if negative { -magnitude } else { magnitude };
        integer.into_bound_py_any(self.py).map_err(|_| Unusual)
    }

    /// The rest of a number with a fraction or an exponent. Rust and Python both round correctly.
    fn float(&mut self, start: usize) -> Result<Bound<'py, PyAny>, Unusual> {
        if self.peek() == Some(b'.') {
            self.at += 1;
            self.digits()?;
        }
        if let Some(b'e' | b'E') = self.peek() {
            self.at += 1;
            if let Some(b'+' | b'-') = self.peek() {
                self.at += 1;
            }
            self.digits()?;
        }
        let text = std::str::from_utf8(&self.json[start..self.at]).map_err(|_| Unusual)?;
        let float: f64 = text.parse().map_err(|_| Unusual)?;
        Ok(PyFloat::new(self.py, float).into_any())
    }

    /// One digit or more.
    fn digits(&mut self) -> Result<(), Unusual> {
        let start = self.at;
        while let Some(b'0'..=b'9') = self.peek() {
            self.at += 1;
        }
        if self.at > start { Ok(()) } else { Err(Unusual) }
    }

    fn key(&mut self) -> Result<Bound<'py, PyString>, Unusual> {
        let rest = &self.json[self.at..];
        let plain = plain_len(rest);
        if rest.get(plain) != Some(&b'"') {
            return self.string();
        }
        self.at += plain + 1;
        let key = &rest[..plain];
        match &mut self.keys {
            Some(keys) => keys.get(self.py, key),
            None => ascii_string(self.py, key),
        }
    }

    /// A string whose opening quote is behind.
    fn string(&mut self) -> Result<Bound<'py, PyString>, Unusual> {
        let rest = &self.json[self.at..];
        let plain = plain_len(rest);
        if rest.get(plain) == Some(&b'"') {
            self.at += plain + 1;
            return ascii_string(self.py, &rest[..plain]);
        }
        self.string_with_escapes(plain)
    }

    /// A string with escapes or characters beyond ASCII, of which `plain` bytes have been seen.
    fn string_with_escapes(&mut self, plain: usize) -> Result<Bound<'py, PyString>, Unusual> {
        let mut text = Vec::with_capacity(plain + 32);
        loop {
            let byte = self.peek().ok_or(Unusual)?;
            self.at += 1;
            match byte {
                b'"' => break,
                b'\\' => self.escape(&mut text)?,
                0..=0x1f => return Err(Unusual),
                _ => text.push(byte),
            }
        }
        let text = std::str::from_utf8(&text).map_err(|_| Unusual)?;
        Ok(PyString::new(self.py, text))
    }

    fn escape(&mut self, text: &mut Vec<u8>) -> Result<(), Unusual> {
        let escape = self.peek().ok_or(Unusual)?;
        self.at += 1;
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

    /// The character of `\uXXXX` or of a surrogate pair. A lone surrogate is Python's business.
    fn unicode_escape(&mut self) -> Result<char, Unusual> {
        let first = self.four_hex_digits()?;
        let scalar = match first {
            0xd800..=0xdbff => {
                if !self.json[self.at..].starts_with(b"\\u") {
                    return Err(Unusual);
                }
                self.at += 2;
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
        let digits = self.json.get(self.at..self.at + 4).ok_or(Unusual)?;
        self.at += 4;
        digits.iter().try_fold(0, |value, &digit| {
            let digit = char::from(digit).to_digit(16).ok_or(Unusual)?;
            Ok(value << 4 | digit)
        })
    }
}

/// How many bytes at the start of `text` are printable ASCII, no quote and no backslash.
fn plain_len(text: &[u8]) -> usize {
    const ONES: u64 = u64::MAX / 255;
    const HIGH: u64 = ONES * 128;
    let mut at = 0;
    while let Some(Ok(word)) = text.get(at..at + 8).map(<[u8; 8]>::try_from) {
        let word = u64::from_le_bytes(word);
        let quote = word ^ (ONES * b'"' as u64);
        let backslash = word ^ (ONES * b'\\' as u64);
        // A byte's high bit is set where the byte is a quote, a backslash, below 0x20 or above
        // 0x7f; borrows can only add false marks above a true one, and the lowest mark counts.
        let marks = (quote.wrapping_sub(ONES) & !quote
            | backslash.wrapping_sub(ONES) & !backslash
            | word.wrapping_sub(ONES * 0x20) & !word
            | word)
            & HIGH;
        if marks != 0 {
            return at + (marks.trailing_zeros() / 8) as usize;
        }
        at += 8;
    }
    let plain = |&&byte: &&u8| byte >= 0x20 && byte < 0x80 && byte != b'"' && byte != b'\\';
    at + text[at..].iter().take_while(plain).count()
}

/// `text`, which is ASCII, as a Python string.
fn ascii_string<'py>(py: Python<'py>, text: &[u8]) -> Result<Bound<'py, PyString>, Unusual> {
    debug_assert!(text.is_ascii());
    let len = ffi::Py_ssize_t::try_from(text.len()).map_err(|_| Unusual)?;
    // SAFETY: the bytes are ASCII, hence valid 1-byte (Latin-1) characters, `len` of them are
    // readable, and CPython copies them. It returns a new reference, or null with an exception
    // set, which `from_owned_ptr_or_err` takes. The result is a str, as `cast_into_unchecked` says.
    unsafe {
        let string = ffi::PyUnicode_FromKindAndData(
            ffi::PyUnicode_1BYTE_KIND as _,
            text.as_ptr().cast(),
            len,
        );
        Ok(Bound::from_owned_ptr_or_err(py, string).map_err(|_| Unusual)?.cast_into_unchecked())
    }
}

/// Member names recur from token to token, so the Python strings of short ones are kept, with
/// their hash computed: one slot per hash value, the newest wins. One cache per thread needs no
/// lock on any build of Python.
struct KeyCache {
    slots: Vec<Option<(Box<[u8]>, Py<PyString>)>>,
}

thread_local! {
    static KEYS: RefCell<KeyCache> = const { RefCell::new(KeyCache { slots: Vec::new() }) };
}

impl KeyCache {
    const SLOTS: usize = 256;
    const MAX_KEY_LEN: usize = 32;

    fn get<'py>(&mut self, py: Python<'py>, key: &[u8]) -> Result<Bound<'py, PyString>, Unusual> {
        if key.len() > Self::MAX_KEY_LEN {
            return ascii_string(py, key);
        }
        if self.slots.is_empty() {
            self.slots.resize_with(Self::SLOTS, || None);
        }
        let slot = &mut self.slots[Self::slot_of(key)];
        if let Some((bytes, string)) = slot
            && **bytes == *key
        {
            return Ok(string.bind(py).clone());
        }
        let string = ascii_string(py, key)?;
        *slot = Some((key.into(), string.clone().unbind()));
        Ok(string)
    }

    /// FNV-1a, folded: quick for a few bytes. An attacker who finds collisions gains misses only.
    fn slot_of(key: &[u8]) -> usize {
        let hash = key.iter().fold(0x811c_9dc5_u32, |hash, &byte| {
            (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193)
        });
        (hash ^ hash >> 16) as usize % Self::SLOTS
    }
}
