//! Detects JWKs: bytes that are JSON with a `kty` member, as Python's `json.loads` reads them, and
//! that must not be used as an HMAC secret.

/// A nesting that every version of Python can parse. [`is_deep_jwk`] checks deeper text as well.
const SURE_DEPTH: usize = 500;

/// Returns whether `bytes` are JSON with a `kty` member in any object, or look like it and may be too
/// deep for Python's parser.
pub fn is_jwk(bytes: &[u8]) -> bool {
    let Some(text) = decode(bytes) else {
        return false;
    };
    let mut scanner = Scanner { text: &text, at: 0, deepest: 0, has_kty: false };
    let is_valid = scanner.document().is_some();
    (is_valid && scanner.has_kty) || (scanner.deepest > SURE_DEPTH && is_deep_jwk(&text))
}

/// Decodes `bytes` from the encoding that Python's `json.detect_encoding` finds, and returns the
/// code points, lone surrogates included; returns `None` if `bytes` are not in that encoding.
fn decode(bytes: &[u8]) -> Option<Vec<u32>> {
    match *bytes {
        [0, 0, 0xfe, 0xff, ref rest @ ..] => utf32(rest, u32::from_be_bytes),
        [0xff, 0xfe, 0, 0, ref rest @ ..] => utf32(rest, u32::from_le_bytes),
        [0xfe, 0xff, ref rest @ ..] => utf16(rest, u16::from_be_bytes),
        [0xff, 0xfe, ref rest @ ..] => utf16(rest, u16::from_le_bytes),
        [0xef, 0xbb, 0xbf, ref rest @ ..] => utf8(rest),
        [0, 0, _, _, ..] => utf32(bytes, u32::from_be_bytes),
        [0, _, _, _, ..] | [0, _] => utf16(bytes, u16::from_be_bytes),
        [_, 0, 0, 0, ..] => utf32(bytes, u32::from_le_bytes),
        [_, 0, _, _, ..] | [_, 0] => utf16(bytes, u16::from_le_bytes),
        _ => utf8(bytes),
    }
}

fn utf32(bytes: &[u8], unit: fn([u8; 4]) -> u32) -> Option<Vec<u32>> {
    let (units, []) = bytes.as_chunks() else {
        return None;
    };
    let is_code_point = |&unit: &u32| unit <= u32::from(char::MAX);
    units.iter().map(|&bytes| Some(unit(bytes)).filter(is_code_point)).collect()
}

fn utf16(bytes: &[u8], unit: fn([u8; 2]) -> u16) -> Option<Vec<u32>> {
    let (units, []) = bytes.as_chunks() else {
        return None;
    };
    let code_point = |unit: Result<char, std::char::DecodeUtf16Error>| match unit {
        Ok(character) => u32::from(character),
        Err(lone) => u32::from(lone.unpaired_surrogate()),
    };
    Some(char::decode_utf16(units.iter().map(|&bytes| unit(bytes))).map(code_point).collect())
}

fn utf8(mut bytes: &[u8]) -> Option<Vec<u32>> {
    let mut text = Vec::with_capacity(bytes.len());
    loop {
        let valid = match std::str::from_utf8(bytes) {
            Ok(valid) => valid,
            Err(error) => std::str::from_utf8(&bytes[..error.valid_up_to()]).unwrap_or_default(),
        };
        text.extend(valid.chars().map(u32::from));
        match bytes[valid.len()..] {
            [] => return Some(text),
            // An encoded surrogate, which strict UTF-8 forbids and Python's json reads. One value
            // can represent all surrogates, because `kty` contains none.
            [0xed, 0xa0..=0xbf, 0x80..=0xbf, ref rest @ ..] => {
                text.push(0xd800);
                bytes = rest;
            }
            _ => return None,
        }
    }
}

/// Returns whether text that is nested too deep to parse counts as a JWK: if it is an object, or if
/// it has a `kty` member anywhere.
fn is_deep_jwk(text: &[u32]) -> bool {
    let is_object = text.iter().find(|&&c| !is_white_space(c)) == Some(&u32::from(b'{'));
    is_object || has_kty_member(text)
}

fn has_kty_member(text: &[u32]) -> bool {
    let mut scanner = Scanner { text, at: 0, deepest: 0, has_kty: false };
    while let Some(quote) = text[scanner.at..].iter().position(|&c| c == u32::from(b'"')) {
        let start = scanner.at + quote;
        let Some(end) = end_of_quoted(text, start) else {
            return false;
        };
        scanner.at = start;
        let is_kty = scanner.string() == Some(true) && scanner.at == end;
        scanner.at = end;
        scanner.white_space();
        if scanner.peek() == Some(b':') && is_kty {
            return true;
        }
        scanner.at = end;
    }
    false
}

/// Returns the index after the quote that closes the one at `start`.
fn end_of_quoted(text: &[u32], start: usize) -> Option<usize> {
    let mut at = start + 1;
    loop {
        match ascii(*text.get(at)?) {
            Some(b'"') => return Some(at + 1),
            Some(b'\\') => at += 2,
            _ => at += 1,
        }
    }
}

fn is_white_space(c: u32) -> bool {
    matches!(ascii(c), Some(b' ' | b'\t' | b'\n' | b'\r'))
}

fn ascii(c: u32) -> Option<u8> {
    u8::try_from(c).ok().filter(u8::is_ascii)
}

/// What the scanner expects next.
enum Expected {
    Value,
    /// A comma, the end of the innermost object or array, or, outside of any, the end of the text.
    CommaOrEnd,
}

/// Scans JSON and records `kty` members. Its methods return `None` if the text is not JSON.
struct Scanner<'a> {
    text: &'a [u32],
    at: usize,
    /// The deepest nesting so far.
    deepest: usize,
    has_kty: bool,
}

impl Scanner<'_> {
    fn document(&mut self) -> Option<()> {
        // The brackets, `b'}'` or `b']'`, that close the objects and arrays that are open.
        let mut open: Vec<u8> = Vec::new();
        let mut expected = Expected::Value;
        loop {
            self.white_space();
            expected = match (expected, open.last()) {
                (Expected::Value, _) => self.value(&mut open)?,
                (Expected::CommaOrEnd, Some(&close)) => self.comma_or_end(&mut open, close)?,
                (Expected::CommaOrEnd, None) => {
                    return (self.at == self.text.len()).then_some(());
                }
            };
        }
    }

    /// Reads a value, or the beginning of an object or an array up to where its first value is
    /// expected.
    fn value(&mut self, open: &mut Vec<u8>) -> Option<Expected> {
        match self.peek()? {
            b'{' => return self.begin(open, b'}'),
            b'[' => return self.begin(open, b']'),
            b'"' => {
                self.string()?;
            }
            _ => self.scalar()?,
        }
        Some(Expected::CommaOrEnd)
    }

    fn begin(&mut self, open: &mut Vec<u8>, close: u8) -> Option<Expected> {
        self.at += 1;
        open.push(close);
        self.deepest = self.deepest.max(open.len());
        self.white_space();
        if self.peek() == Some(close) {
            return Some(Expected::CommaOrEnd);
        }
        if close == b'}' {
            self.member_name()?;
        }
        Some(Expected::Value)
    }

    /// Reads what may follow a value in an object or an array that `close` closes.
    fn comma_or_end(&mut self, open: &mut Vec<u8>, close: u8) -> Option<Expected> {
        let next = self.peek()?;
        self.at += 1;
        if next == close {
            open.pop();
            return Some(Expected::CommaOrEnd);
        }
        if next != b',' {
            return None;
        }
        self.white_space();
        if close == b'}' {
            self.member_name()?;
        }
        Some(Expected::Value)
    }

    /// Reads a name, the colon and white space.
    fn member_name(&mut self) -> Option<()> {
        if self.peek()? != b'"' {
            return None;
        }
        self.has_kty |= self.string()?;
        self.white_space();
        self.literal(b":")?;
        self.white_space();
        Some(())
    }

    /// Reads the string that begins at this quote; returns whether it is `kty`.
    fn string(&mut self) -> Option<bool> {
        self.at += 1;
        let mut kty = b"kty".iter();
        let mut is_kty = true;
        loop {
            let c = match *self.text.get(self.at)? {
                c if c < 0x20 => return None,
                c => c,
            };
            self.at += 1;
            let c = match ascii(c) {
                Some(b'"') => return Some(is_kty && kty.next().is_none()),
                Some(b'\\') => self.escaped()?,
                _ => c,
            };
            is_kty = is_kty && kty.next().is_some_and(|&expected| c == u32::from(expected));
        }
    }

    /// Reads what follows a backslash.
    fn escaped(&mut self) -> Option<u32> {
        let escape = self.peek()?;
        self.at += 1;
        if escape == b'u' {
            let digits = self.text.get(self.at..self.at + 4)?;
            self.at += 4;
            return digits.iter().try_fold(0, |number, &digit| {
                Some(number * 16 + char::from_u32(digit)?.to_digit(16)?)
            });
        }
        Some(u32::from(match escape {
            b'"' | b'\\' | b'/' => escape,
            b'b' => 0x08,
            b't' => b'\t',
            b'n' => b'\n',
            b'f' => 0x0c,
            b'r' => b'\r',
            _ => return None,
        }))
    }

    /// Reads a number, or one of the words of JSON or of Python's additions to it.
    fn scalar(&mut self) -> Option<()> {
        for word in [&b"true"[..], b"false", b"null", b"NaN", b"Infinity", b"-Infinity"] {
            if self.literal(word).is_some() {
                return Some(());
            }
        }
        self.number()
    }

    fn number(&mut self) -> Option<()> {
        let _ = self.literal(b"-");
        if self.literal(b"0").is_none() {
            self.digits()?;
        }
        if self.literal(b".").is_some() {
            self.digits()?;
        }
        if matches!(self.peek(), Some(b'e' | b'E')) {
            self.at += 1;
            if matches!(self.peek(), Some(b'+' | b'-')) {
                self.at += 1;
            }
            self.digits()?;
        }
        Some(())
    }

    fn digits(&mut self) -> Option<()> {
        let start = self.at;
        while self.peek().is_some_and(|c| c.is_ascii_digit()) {
            self.at += 1;
        }
        (self.at > start).then_some(())
    }

    fn literal(&mut self, word: &[u8]) -> Option<()> {
        let here = self.text.get(self.at..self.at + word.len())?;
        here.iter().zip(word).all(|(&c, &byte)| c == u32::from(byte)).then_some(())?;
        self.at += word.len();
        Some(())
    }

    fn white_space(&mut self) {
        while self.text.get(self.at).is_some_and(|&c| is_white_space(c)) {
            self.at += 1;
        }
    }

    /// Returns the next character if it is ASCII, as all characters of JSON's syntax are.
    fn peek(&self) -> Option<u8> {
        ascii(*self.text.get(self.at)?)
    }
}
