//! A place in JSON text, and the steps that `loads.rs` and `scan.rs` share.

use super::Unusual;
use super::number::{Number, number};
use super::plain::plain_len;

/// JSON text and the place up to which it has been read.
#[derive(Clone, Copy)]
pub(super) struct Cursor<'a> {
    json: &'a [u8],
    at: usize,
}

impl<'a> Cursor<'a> {
    /// Returns the first place of the text, after any white space.
    #[inline]
    pub(super) fn new(json: &'a [u8]) -> Self {
        let mut cursor = Self { json, at: 0 };
        cursor.skip_whitespace();
        cursor
    }

    /// Returns the next byte without reading it.
    #[inline]
    pub(super) fn peek(&self) -> Option<u8> {
        self.json.get(self.at).copied()
    }

    /// Reads the next byte, whatever it is.
    #[inline]
    pub(super) fn byte(&mut self) -> Result<u8, Unusual> {
        let byte = self.peek().ok_or(Unusual)?;
        self.at += 1;
        Ok(byte)
    }

    /// Returns the text that has not been read.
    #[inline]
    pub(super) fn rest(&self) -> &'a [u8] {
        &self.json[self.at..]
    }

    /// Moves on by `len` bytes of the rest.
    #[inline]
    pub(super) const fn advance(&mut self, len: usize) {
        self.at += len;
    }

    /// Returns the text from `start`, an earlier place, to this one.
    #[inline]
    pub(super) fn since(&self, start: Self) -> &'a [u8] {
        &self.json[start.at..self.at]
    }

    #[inline]
    pub(super) fn skip_whitespace(&mut self) {
        // There is hardly ever any.
        if self.peek().is_some_and(|byte| byte <= b' ') {
            while let Some(b' ' | b'\t' | b'\n' | b'\r') = self.peek() {
                self.at += 1;
            }
        }
    }

    /// Reads the byte `wanted`, with any white space before it. Returns whether it was there.
    #[inline]
    pub(super) fn take(&mut self, wanted: u8) -> bool {
        let mut next = self.peek();
        if next.is_some_and(|byte| byte <= b' ') {
            self.skip_whitespace();
            next = self.peek();
        }
        let is_wanted = next == Some(wanted);
        self.at += usize::from(is_wanted);
        is_wanted
    }

    /// Reads what comes after a member or an item. Returns whether another one follows; if not, it
    /// was `end`.
    #[inline]
    pub(super) fn another(&mut self, end: u8) -> Result<bool, Unusual> {
        if self.take(b',') {
            return Ok(true);
        }
        if self.take(end) { Ok(false) } else { Err(Unusual) }
    }

    /// Returns whether nothing but white space is left.
    #[inline]
    pub(super) fn is_at_end(mut self) -> bool {
        self.skip_whitespace();
        self.at == self.json.len()
    }

    #[inline]
    pub(super) fn number(&mut self) -> Result<Number, Unusual> {
        number(self.json, &mut self.at)
    }

    /// Reads one of the words `true`, `false` and `null`.
    pub(super) fn word(&mut self) -> Result<&'static str, Unusual> {
        let rest = self.rest();
        let word =
            ["true", "false", "null"].into_iter().find(|word| rest.starts_with(word.as_bytes()));
        let word = word.ok_or(Unusual)?;
        self.at += word.len();
        Ok(word)
    }

    /// Reads a string after its opening quote, if it is ASCII without escapes. Otherwise, reads the
    /// part of it that is, and returns that as the error.
    #[inline]
    pub(super) fn plain_string(&mut self) -> Result<&'a str, &'a str> {
        let rest = self.rest();
        let plain = plain_len(rest);
        // SAFETY: `plain_len` has looked at each of these bytes: all are ASCII.
        let text = unsafe { str::from_utf8_unchecked(&rest[..plain]) };
        let ended = rest.get(plain) == Some(&b'"');
        self.at += plain + usize::from(ended);
        if ended { Ok(text) } else { Err(text) }
    }
}
