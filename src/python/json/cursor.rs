//! A place in JSON text, and the steps that `loads.rs` and `scan.rs` share.

use super::Unusual;
use super::number::{Number, number};
use super::plain::plain_len;

/// The JSON text that has not been read.
#[derive(Clone, Copy)]
pub(super) struct Cursor<'a> {
    rest: &'a [u8],
}

impl<'a> Cursor<'a> {
    /// Returns the first place of the text, after any white space.
    #[inline]
    pub(super) fn new(json: &'a [u8]) -> Self {
        let mut cursor = Self { rest: json };
        cursor.skip_whitespace();
        cursor
    }

    /// Returns the next byte without reading it.
    #[inline]
    pub(super) fn peek(&self) -> Option<u8> {
        self.rest.first().copied()
    }

    /// Reads the next byte, whatever it is.
    #[inline]
    pub(super) fn byte(&mut self) -> Result<u8, Unusual> {
        let (byte, rest) = self.rest.split_first().ok_or(Unusual)?;
        self.rest = rest;
        Ok(*byte)
    }

    /// Returns the text that has not been read.
    #[inline]
    pub(super) const fn rest(&self) -> &'a [u8] {
        self.rest
    }

    /// Moves on by `len` bytes of the rest.
    #[inline]
    pub(super) fn advance(&mut self, len: usize) {
        self.rest = &self.rest[len..];
    }

    /// Returns the text from `start`, an earlier place, to this one.
    #[inline]
    pub(super) fn since(&self, start: Self) -> &'a [u8] {
        &start.rest[..start.rest.len() - self.rest.len()]
    }

    #[inline]
    pub(super) fn skip_whitespace(&mut self) {
        // There is hardly ever any.
        if self.peek().is_some_and(|byte| byte <= b' ') {
            while let [b' ' | b'\t' | b'\n' | b'\r', rest @ ..] = self.rest {
                self.rest = rest;
            }
        }
    }

    /// Reads the byte `wanted`, with any white space before it. Returns whether it was there.
    #[inline]
    pub(super) fn take(&mut self, wanted: u8) -> bool {
        self.skip_whitespace();
        match self.rest {
            [next, rest @ ..] if *next == wanted => {
                self.rest = rest;
                true
            }
            _ => false,
        }
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
        self.rest.is_empty()
    }

    #[inline]
    pub(super) fn number(&mut self) -> Result<Number, Unusual> {
        let mut len = 0;
        let number = number(self.rest, &mut len);
        self.advance(len);
        number
    }

    /// Reads one of the words `true`, `false` and `null`.
    pub(super) fn word(&mut self) -> Result<&'static str, Unusual> {
        let mut words = ["true", "false", "null"].into_iter();
        let word = words.find(|word| self.rest.starts_with(word.as_bytes())).ok_or(Unusual)?;
        self.advance(word.len());
        Ok(word)
    }

    /// Reads a string after its opening quote, if it is ASCII without escapes. Otherwise, reads the
    /// part of it that is, and returns that as the error.
    #[inline]
    pub(super) fn plain_string(&mut self) -> Result<&'a str, &'a str> {
        let rest = self.rest;
        let plain = plain_len(rest);
        // SAFETY: `plain_len` has looked at each of these bytes: all are ASCII.
        let text = unsafe { str::from_utf8_unchecked(&rest[..plain]) };
        let ended = rest.get(plain) == Some(&b'"');
        self.advance(plain + usize::from(ended));
        if ended { Ok(text) } else { Err(text) }
    }
}
