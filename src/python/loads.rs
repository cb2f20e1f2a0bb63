//! JSON bytes to Python objects, for the payload of every token.
//!
//! This parser takes what it can prove to mean the same to `json.loads`, and nothing else: it
//! answers [`Unusual`] to any syntax error, NaN, lone surrogate, byte order mark, UTF-16, integer
//! beyond 18 digits or deep nesting. The caller then asks Python's json, which parses or words the
//! error. So every result and every message is Python's own.

use std::cell::RefCell;
use std::sync::Mutex;
use std::{iter, mem};

use pyo3::prelude::*;
use pyo3::types::{PyBool, PyDict, PyFloat, PyList, PyString};
use pyo3::{IntoPyObjectExt, ffi};

use super::claims_view::Registered;
use crate::claims::Claim;

/// Text that Python's json must judge.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Unusual;

/// Deeper nesting is left to Python, which has its own limit.
const MAX_DEPTH: u32 = 64;

/// The Python object that the JSON text `json` stands for.
pub(super) fn loads<'py>(py: Python<'py>, json: &[u8]) -> Result<Bound<'py, PyAny>, Unusual> {
    parse(py, json, |parser| parser.value(MAX_DEPTH))
}

/// The dict that the JSON text `json` stands for; its registered claims are noted in `registered`.
/// `json` without an object is [`Unusual`] too.
pub(super) fn loads_claims<'a, 'py>(
    py: Python<'py>,
    json: &'a [u8],
    registered: &mut Registered<'a, 'py>,
) -> Result<Bound<'py, PyDict>, Unusual> {
    parse(py, json, |parser| {
        if parser.peek() != Some(b'{') {
            return Err(Unusual);
        }
        parser.members(MAX_DEPTH, Some(registered))
    })
}

/// What `read` reads, if it is all that `json` holds.
fn parse<'a, 'py, T>(
    py: Python<'py>,
    json: &'a [u8],
    read: impl FnOnce(&mut Parser<'a, '_, 'py>) -> Result<T, Unusual>,
) -> Result<T, Unusual> {
    NAMES.with(|names| {
        // Creating objects can run the garbage collector, hence any finalizer, hence this function
        // again: the inner call then works without the cache.
        let mut names = names.try_borrow_mut().ok();
        let mut parser = Parser { py, json, at: 0, names: names.as_deref_mut() };
        parser.skip_whitespace();
        let value = read(&mut parser)?;
        parser.skip_whitespace();
        if parser.at == json.len() { Ok(value) } else { Err(Unusual) }
    })
}

/// A string, and its text if it is ASCII without escapes, so that it stands in the JSON text.
type PlainString<'a, 'py> = (Bound<'py, PyString>, Option<&'a str>);

enum Number {
    Integer(i64),
    Float(f64),
}

impl Number {
    fn to_python<'py>(&self, py: Python<'py>) -> Result<Bound<'py, PyAny>, Unusual> {
        match self {
            Self::Integer(integer) => integer.into_bound_py_any(py).map_err(|_| Unusual),
            Self::Float(float) => Ok(PyFloat::new(py, *float).into_any()),
        }
    }
}

struct Parser<'a, 'n, 'py> {
    py: Python<'py>,
    json: &'a [u8],
    at: usize,
    names: Option<&'n mut NameCache>,
}

impl<'a, 'py> Parser<'a, '_, 'py> {
    fn peek(&self) -> Option<u8> {
        self.json.get(self.at).copied()
    }

    fn skip_whitespace(&mut self) {
        // Nearly always there is none.
        if self.peek().is_some_and(|byte| byte <= b' ') {
            while let Some(b' ' | b'\t' | b'\n' | b'\r') = self.peek() {
                self.at += 1;
            }
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
                Ok(self.string()?.0.into_any())
            }
            b'{' => Ok(self.members(depth, None)?.into_any()),
            b'[' => self.array(depth),
            b'-' | b'0'..=b'9' => self.number()?.to_python(self.py),
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

    /// An object. Each member with the name of a registered claim is noted in `registered`, in
    /// order: the last of several with one name counts, as in the dict.
    #[inline]
    fn members(
        &mut self,
        depth: u32,
        mut registered: Option<&mut Registered<'a, 'py>>,
    ) -> Result<Bound<'py, PyDict>, Unusual> {
        let depth = depth.checked_sub(1).ok_or(Unusual)?;
        let dict = PyDict::new(self.py);
        self.at += 1;
        let mut token = self.next_token()?;
        if token == b'}' {
            return Ok(dict);
        }
        loop {
            if token != b'"' {
                return Err(Unusual);
            }
            let (name, claim) = self.name()?;
            if self.next_token()? != b':' {
                return Err(Unusual);
            }
            self.skip_whitespace();
            let value = match (claim, registered.as_deref_mut()) {
                (Some(claim), Some(registered)) => self.claim(claim, registered, depth)?,
                _ => self.value(depth)?,
            };
            dict.set_item(name, value).map_err(|_| Unusual)?;
            match self.next_token()? {
                b',' => token = self.next_token()?,
                b'}' => return Ok(dict),
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

    fn number(&mut self) -> Result<Number, Unusual> {
        let start = self.at;
        let negative = self.peek() == Some(b'-');
        self.at += usize::from(negative);
        let first = self.at;
        let mut magnitude = 0_i64;
        if let Some(eight) = self.json[self.at..].first_chunk()
            && let Some(number) = eight_digits(*eight)
        {
            magnitude = number;
            self.at += eight.len();
        }
        while let Some(digit @ b'0'..=b'9') = self.peek() {
            magnitude = magnitude.wrapping_mul(10).wrapping_add(i64::from(digit - b'0'));
            self.at += 1;
        }
        let digits = self.at - first;
        if digits == 0 || (digits > 1 && self.json[first] == b'0') {
            return Err(Unusual);
        }
        if let Some(b'.' | b'e' | b'E') = self.peek() {
            return self.float(start).map(Number::Float);
        }
        if digits > 18 {
            return Err(Unusual);
        }
        Ok(Number::Integer(if negative { -magnitude } else { magnitude }))
    }

    /// The rest of a number with a fraction or an exponent. Rust and Python both round correctly.
    fn float(&mut self, start: usize) -> Result<f64, Unusual> {
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
        text.parse().map_err(|_| Unusual)
    }

    /// One digit or more.
    fn digits(&mut self) -> Result<(), Unusual> {
        let start = self.at;
        while let Some(b'0'..=b'9') = self.peek() {
            self.at += 1;
        }
        if self.at > start { Ok(()) } else { Err(Unusual) }
    }

    /// A member's name whose opening quote is behind, and which claim it names.
    fn name(&mut self) -> Result<(Bound<'py, PyString>, Option<Claim>), Unusual> {
        let rest = &self.json[self.at..];
        if let Some(names) = &mut self.names
            && let Some(head) = rest.first_chunk()
            && let Some(known) = names.find(self.py, u128::from_le_bytes(*head))?
        {
            self.at += known.len + 1;
            return Ok((known.string.bind(self.py).clone(), known.claim));
        }
        let (name, _) = self.string()?;
        let claim = Claim::by_name(name.to_str().map_err(|_| Unusual)?.as_bytes());
        Ok((name, claim))
    }

    /// The value of a registered claim, noted in `registered`.
    fn claim(
        &mut self,
        claim: Claim,
        registered: &mut Registered<'a, 'py>,
        depth: u32,
    ) -> Result<Bound<'py, PyAny>, Unusual> {
        match self.peek() {
            Some(b'"') => {
                self.at += 1;
                let (value, text) = match claim {
                    Claim::Iss | Claim::Aud => self.party(claim)?,
                    _ => self.string()?,
                };
                let value = value.into_any();
                match text {
                    Some(text) => registered.note_text(claim, text),
                    None => registered.note_other(claim, &value),
                }
                Ok(value)
            }
            Some(b'-' | b'0'..=b'9') => {
                let number = self.number()?;
                let value = number.to_python(self.py)?;
                match number {
                    Number::Integer(integer) => registered.note_integer(claim, integer),
                    Number::Float(_) => registered.note_other(claim, &value),
                }
                Ok(value)
            }
            _ => {
                let value = self.value(depth)?;
                registered.note_other(claim, &value);
                Ok(value)
            }
        }
    }

    /// The issuer or the audience, as [`string`](Self::string) reads it. An API sees the same ones
    /// in token after token: the newest of each is kept, so that it need not be made again.
    fn party(&mut self, claim: Claim) -> Result<PlainString<'a, 'py>, Unusual> {
        let (py, rest) = (self.py, &self.json[self.at..]);
        if let Some(kept) = self.kept(claim)
            && let Some((value, text)) = kept.find(py, rest)
        {
            self.at += text.len() + 1;
            return Ok((value, Some(text)));
        }
        let (value, text) = self.string()?;
        if let Some(text) = text.filter(|text| text.len() <= KeptValue::MAX_LEN)
            && let Some(kept) = self.kept(claim)
        {
            kept.replace(&value, text);
        }
        Ok((value, text))
    }

    /// The kept value of the name before, if that is this claim's.
    fn kept(&mut self, claim: Claim) -> Option<&mut KeptValue> {
        let names = self.names.as_deref_mut()?;
        let known = names.slots.get_mut(names.last)?.known.as_mut();
        known.filter(|known| known.claim == Some(claim)).map(|known| &mut known.value)
    }

    /// A string whose opening quote is behind.
    fn string(&mut self) -> Result<PlainString<'a, 'py>, Unusual> {
        let rest = &self.json[self.at..];
        let plain = plain_len(rest);
        if rest.get(plain) == Some(&b'"') {
            self.at += plain + 1;
            // SAFETY: `plain_len` has looked at each byte: all are ASCII.
            let text = unsafe { str::from_utf8_unchecked(&rest[..plain]) };
            return Ok((ascii_string(self.py, text)?, Some(text)));
        }
        Ok((self.string_with_escapes(plain)?, None))
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
#[inline]
pub(super) fn plain_len(text: &[u8]) -> usize {
    let mut at = 0;
    while let Some(block) = text[at..].first_chunk() {
        let plain = plain_len_of_block(*block);
        at += plain;
        if plain < block.len() {
            return at;
        }
    }
    if let Some(word) = text[at..].first_chunk() {
        let marks = special(u64::from_le_bytes(*word));
        if marks != 0 {
            return at + (marks.trailing_zeros() / 8) as usize;
        }
        at += word.len();
    }
    let plain = |&&byte: &&u8| matches!(byte, b' '..=b'~') && byte != b'"' && byte != b'\\';
    at + text[at..].iter().take_while(plain).count()
}

/// [`plain_len`] of sixteen bytes, in a few of the instructions that every `x86_64` has.
#[cfg(target_arch = "x86_64")]
#[inline]
pub(super) fn plain_len_of_block(block: [u8; 16]) -> usize {
    use std::arch::x86_64::{
        _mm_cmpeq_epi8, _mm_cmplt_epi8, _mm_movemask_epi8, _mm_or_si128, _mm_set_epi64x,
        _mm_set1_epi8,
    };
    let [low, high] = halves(block).map(u64::cast_signed);
    // SAFETY: SSE2 is part of x86_64.
    let special = unsafe {
        let block = _mm_set_epi64x(high, low);
        let is = |byte: u8| _mm_cmpeq_epi8(block, _mm_set1_epi8(byte.cast_signed()));
        // Bytes above 0x7f are below zero here.
        let below_space = _mm_cmplt_epi8(block, _mm_set1_epi8(b' '.cast_signed()));
        let quotes = _mm_or_si128(is(b'"'), is(b'\\'));
        _mm_movemask_epi8(_mm_or_si128(_mm_or_si128(below_space, is(0x7f)), quotes))
    };
    (special | 1 << 16).trailing_zeros() as usize
}

/// [`plain_len`] of sixteen bytes.
#[cfg(not(target_arch = "x86_64"))]
#[inline]
pub(super) fn plain_len_of_block(block: [u8; 16]) -> usize {
    let [low, high] = halves(block).map(|word| special(word).trailing_zeros() as usize / 8);
    if low < 8 { low } else { 8 + high }
}

/// The first and the last eight bytes.
#[allow(clippy::cast_possible_truncation, reason = "halves are wanted")]
#[inline]
const fn halves(block: [u8; 16]) -> [u64; 2] {
    let block = u128::from_le_bytes(block);
    [block as u64, (block >> 64) as u64]
}

/// The number that eight digits stand for, as times begin with; `None` if one is no digit. Adds up
/// pairs, then fours, then all of them.
#[inline]
fn eight_digits(text: [u8; 8]) -> Option<i64> {
    const ONES: u64 = u64::MAX / 255;
    let digits = u64::from_le_bytes(text) ^ (ONES * u64::from(b'0'));
    if (digits.wrapping_add(ONES * (0x7f - 9)) | digits) & (ONES * 0x80) != 0 {
        return None;
    }
    let pairs = digits.wrapping_mul(10).wrapping_add(digits >> 8) & 0x00ff_00ff_00ff_00ff;
    let fours = pairs.wrapping_mul(100).wrapping_add(pairs >> 16) & 0x0000_ffff_0000_ffff;
    Some((fours.wrapping_mul(10_000).wrapping_add(fours >> 32) & 0xffff_ffff).cast_signed())
}

/// The bytes of `word`, the lowest first, that are not plain: each has its high bit set where it is a
/// quote, a backslash, below 0x20 or above 0x7e. Borrows and carries only add false marks above a
/// true one: the lowest mark counts, and none means that all bytes are plain.
#[inline]
pub(super) const fn special(word: u64) -> u64 {
    const ONES: u64 = u64::MAX / 255;
    const HIGH: u64 = ONES * 128;
    let quote = word ^ (ONES * b'"' as u64);
    let backslash = word ^ (ONES * b'\\' as u64);
    (quote.wrapping_sub(ONES) & !quote
        | backslash.wrapping_sub(ONES) & !backslash
        | word.wrapping_add(ONES)
        | word.wrapping_sub(ONES * 0x20) & !word
        | word)
        & HIGH
}

/// `text`, which is ASCII, as a Python string.
fn ascii_string<'py>(py: Python<'py>, text: &str) -> Result<Bound<'py, PyString>, Unusual> {
    debug_assert!(text.is_ascii());
    if text.len() < 2 {
        // CPython shares these.
        return Ok(PyString::new(py, text));
    }
    let len = ffi::Py_ssize_t::try_from(text.len()).map_err(|_| Unusual)?;
    // SAFETY: PyUnicode_New(len, 127) returns a new compact ASCII string, which nobody else sees
    // yet, with `len` writable bytes at PyUnicode_DATA (or null with an exception set, which
    // `from_owned_ptr_or_err` takes). All of them are written, with ASCII, as the caller promises
    // by having looked at each byte.
    unsafe {
        let string = Bound::from_owned_ptr_or_err(py, ffi::PyUnicode_New(len, 127));
        let string = string.map_err(|_| Unusual)?;
        let data = ffi::PyUnicode_DATA(string.as_ptr()).cast::<u8>();
        std::ptr::copy_nonoverlapping(text.as_ptr(), data, text.len());
        Ok(string.cast_into_unchecked())
    }
}

/// Member names recur from token to token, so the Python strings of short ones are kept, with
/// their hash computed: one slot per hash value, the newest wins. They recur in the same order too,
/// so each slot tells which one was next the last time. One cache per thread needs no lock on any
/// build of Python.
struct NameCache {
    slots: Vec<Slot>,
    /// The slot of the name before.
    last: usize,
    /// The slot of the name that will probably come next.
    expected: usize,
}

#[derive(Default)]
struct Slot {
    known: Option<KnownName>,
    /// The slot of the name that came next.
    next: usize,
}

struct KnownName {
    text: ShortName,
    len: usize,
    string: Py<PyString>,
    claim: Option<Claim>,
    /// The newest value of `iss` or `aud`.
    value: KeptValue,
}

impl KnownName {
    /// At once, and not when `PyO3` next knows that a thread is attached (arguments/call.rs).
    fn release(self, py: Python<'_>) {
        drop((self.string.into_bound(py), self.value.string.map(|string| string.into_bound(py))));
    }
}

/// A value that may come again.
#[derive(Default)]
struct KeptValue {
    string: Option<Py<PyString>>,
    /// ASCII without escapes, as it stands in JSON text.
    text: String,
}

impl KeptValue {
    /// Longer ones are not kept.
    const MAX_LEN: usize = 256;

    /// The value, if `json` begins with it and a closing quote, and its text there.
    fn find<'a, 'py>(
        &self,
        py: Python<'py>,
        json: &'a [u8],
    ) -> Option<(Bound<'py, PyString>, &'a str)> {
        let string = self.string.as_ref()?;
        let kept = self.text.as_bytes();
        let is_same = json.get(kept.len()) == Some(&b'"') && json.starts_with(kept);
        // SAFETY: the bytes are those of a str.
        let text = is_same.then(|| unsafe { str::from_utf8_unchecked(&json[..kept.len()]) })?;
        Some((string.bind(py).clone(), text))
    }

    fn replace(&mut self, value: &Bound<'_, PyString>, text: &str) {
        self.text.clear();
        self.text.push_str(text);
        let old = self.string.replace(value.clone().unbind());
        // As in `KnownName::release`.
        drop(old.map(|old| old.into_bound(value.py())));
    }
}

/// A name of up to 15 bytes and its closing quote, in the order of the text, so that two are
/// compared in one step.
#[derive(Clone, Copy, PartialEq, Eq)]
struct ShortName {
    text: u128,
    mask: u128,
}

thread_local! {
    static NAMES: RefCell<NameCache> =
        const { RefCell::new(NameCache { slots: Vec::new(), last: 0, expected: 0 }) };
}

/// The slots of threads that have ended, for threads to come.
static ENDED: Mutex<Vec<Vec<Slot>>> = Mutex::new(Vec::new());

impl Drop for NameCache {
    /// A thread that ends is not attached to the interpreter. It could give references back only
    /// under a lock of `PyO3`'s, and a process forked just then would wait for that lock for ever; so
    /// it hands them on. Nobody waits for the lock here.
    fn drop(&mut self) {
        let slots = mem::take(&mut self.slots);
        match ENDED.try_lock() {
            Ok(mut ended) if !slots.is_empty() => ended.push(slots),
            _ => mem::forget(slots),
        }
    }
}

/// Sets up this thread's memory of names, for the reason that `known_headers` has.
pub(super) fn prepare_thread() {
    NAMES.with_borrow(|_| ());
}

impl NameCache {
    const SLOTS: usize = 512;

    /// The name at the start of `head`, the next 16 bytes of the text. `None` if it is longer, or
    /// has escapes or characters beyond ASCII.
    fn find(&mut self, py: Python<'_>, head: u128) -> Result<Option<&KnownName>, Unusual> {
        let found = match self.slots.get(self.expected) {
            Some(Slot { known: Some(known), .. }) if known.text.begins(head) => self.expected,
            _ => match self.look_up(py, head)? {
                Some(found) => found,
                None => return Ok(None),
            },
        };
        let slot = &self.slots[found];
        (self.last, self.expected) = (found, slot.next);
        Ok(slot.known.as_ref())
    }

    /// The slot of a name that was not expected, which is expected there the next time.
    fn look_up(&mut self, py: Python<'_>, head: u128) -> Result<Option<usize>, Unusual> {
        if self.slots.is_empty() {
            self.slots = Self::slots();
        }
        let Some((text, len)) = ShortName::read(head) else {
            return Ok(None);
        };
        let slot = text.slot();
        self.fill(py, slot, text, len)?;
        self.slots[self.last].next = slot;
        Ok(Some(slot))
    }

    /// Those of a thread that has ended, or new ones.
    fn slots() -> Vec<Slot> {
        let ended = ENDED.try_lock().ok().and_then(|mut ended| ended.pop());
        ended.unwrap_or_else(|| iter::repeat_with(Slot::default).take(Self::SLOTS).collect())
    }

    /// Puts the name into its slot, unless it is there.
    fn fill(
        &mut self,
        py: Python<'_>,
        slot: usize,
        text: ShortName,
        len: usize,
    ) -> Result<(), Unusual> {
        let known = &mut self.slots[slot].known;
        if known.as_ref().is_some_and(|known| known.text == text) {
            return Ok(());
        }
        let name = &text.text.to_le_bytes()[..len];
        let claim = Claim::by_name(name);
        let string = match claim {
            // Python's own interned string, which the application's look-ups find by identity. No
            // other name is interned, as Python may keep it for ever.
            Some(claim) => PyString::intern(py, claim.name()),
            None => ascii_string(py, str::from_utf8(name).map_err(|_| Unusual)?)?,
        };
        let value = KeptValue::default();
        let new = KnownName { text, len, string: string.unbind(), claim, value };
        if let Some(old) = known.replace(new) {
            old.release(py);
        }
        Ok(())
    }
}

impl ShortName {
    /// The name at the start of `head`, and its length.
    fn read(head: u128) -> Option<(Self, usize)> {
        let bytes = head.to_le_bytes();
        let len = plain_len(&bytes);
        if bytes.get(len) != Some(&b'"') {
            return None;
        }
        let mask = u128::MAX >> (8 * (bytes.len() - 1 - len));
        Some((Self { text: head & mask, mask }, len))
    }

    /// Whether `head` begins with the name and its closing quote.
    const fn begins(self, head: u128) -> bool {
        (head ^ self.text) & self.mask == 0
    }

    /// Multiplied by an odd number, so that the upper bits depend on all lower ones. This number
    /// gives each of some sixty usual claim names a slot of its own (a test has them). An attacker
    /// who finds names for one slot gains misses only.
    #[allow(clippy::cast_possible_truncation, reason = "halves, and then nine bits, are wanted")]
    const fn slot(self) -> usize {
        const ODD: u64 = 0x8d11_6ece_1738_f7d9;
        let (low, high) = (self.text as u64, (self.text >> 64) as u64);
        ((low ^ high.rotate_left(32)).wrapping_mul(ODD) >> 55) as usize
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn usual_claim_names_do_not_share_a_slot() {
        let names = "iss sub aud exp nbf iat jti alg typ kid scope scp azp nonce auth_time acr amr sid \
            roles role groups email email_verified name given_name family_name client_id tid oid \
            ver uti token_type user_id username permissions org tenant realm_access \
            resource_access session_state type fresh csrf is_admin locale picture zoneinfo \
            updated_at cnf act";
        let mut slots = std::collections::HashMap::new();
        for name in names.split_whitespace().filter(|name| name.len() < 16) {
            let head = format!("{name}\":{{[1, 2, 3, 4, 5]}}");
            let head = u128::from_le_bytes(*head.as_bytes().first_chunk().unwrap());
            let (text, len) = ShortName::read(head).unwrap();
            assert_eq!(len, name.len());
            assert!(text.begins(head));
            assert_eq!(slots.insert(text.slot(), name), None, "{name}");
        }
    }

    #[test]
    fn eight_digits_are_a_number_and_nothing_else_is() {
        for number in (0..100_000_000_i64).step_by(9_973).chain([99_999_999]) {
            let text = format!("{number:08}");
            assert_eq!(eight_digits(*text.as_bytes().first_chunk().unwrap()), Some(number));
        }
        for other in (0..=255_u8).filter(|byte| !byte.is_ascii_digit()) {
            for at in 0..8 {
                let mut text = *b"90817263";
                text[at] = other;
                assert_eq!(eight_digits(text), None, "{other:#x} at {at}");
            }
        }
    }

    #[test]
    fn plain_text_ends_at_the_first_special_byte() {
        for special in
            (0..=255_u8).filter(|byte| !matches!(byte, b' '..=b'~') || b"\"\\".contains(byte))
        {
            for len in 0..20 {
                let mut text = vec![b'~'; len];
                text.push(special);
                text.extend_from_slice(b"\"plain text behind it");
                assert_eq!(plain_len(&text), len, "{special:#x} after {len}");
            }
        }
        assert_eq!(plain_len(b"all of it is plain"), 18);
    }
}
