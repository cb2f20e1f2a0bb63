//! Bounds on the size and nesting of a token, for callers who want them. PyJWT has none.

use crate::error::Error;

/// The bounds of one verifier; `None` means that this library sets no bound.
#[derive(Debug, Clone, Copy, Default)]
pub struct Bounds {
    /// The maximum number of bytes in a token.
    pub token_size: Option<usize>,
    /// The maximum depth to which a payload may nest arrays and objects; `{}` is 1 deep.
    pub nesting: Option<usize>,
}

impl Bounds {
    /// Checks the size of a token, before any other work on it.
    ///
    /// # Errors
    /// [`Error::TokenTooLarge`].
    pub fn check_token(&self, token: &[u8]) -> Result<(), Error> {
        match self.token_size {
            Some(limit) if token.len() > limit => Err(Error::TokenTooLarge(limit)),
            _ => Ok(()),
        }
    }

    /// Checks the nesting of a payload, before its JSON is read.
    ///
    /// # Errors
    /// [`Error::PayloadTooDeep`].
    pub fn check_payload(&self, json: &[u8]) -> Result<(), Error> {
        match self.nesting {
            Some(limit) if is_deeper_than(json, limit) => Err(Error::PayloadTooDeep(limit)),
            _ => Ok(()),
        }
    }
}

/// Returns whether arrays and objects are nested more than `limit` deep.
///
/// The answer is right for JSON; for anything else it may be wrong, which does no harm.
fn is_deeper_than(json: &[u8], limit: usize) -> bool {
    // Python's json reads UTF-16 and UTF-32 too, which contain zero bytes, and in which a byte of
    // another character may look like a quote. In these, every opening bracket counts as one
    // outside of a string.
    let is_utf8 = memchr::memchr(0, json).is_none();
    let (mut depth, mut in_string, mut bytes) = (0_usize, false, json.iter());
    while let Some(byte) = bytes.next() {
        match byte {
            b'"' if is_utf8 => in_string = !in_string,
            b'\\' if in_string => {
                bytes.next();
            }
            b'[' | b'{' if !in_string => {
                depth += 1;
                if depth > limit {
                    return true;
                }
            }
            b']' | b'}' if is_utf8 && !in_string => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn depth_is_counted_outside_of_strings() {
        for (json, depth) in [
            ("1", 0),
            ("{}", 1),
            (r#"{"a":[],"b":{}}"#, 2),
            (r#"{"a":[[[1]]]}"#, 4),
            (r#"{"[[[{{{":"]]]}}}"}"#, 1),
            (r#"{"\"[[":"\\","a":[1]}"#, 2),
            (r#"["\\\"[[[", "]"]"#, 1),
        ] {
            assert!(!is_deeper_than(json.as_bytes(), depth), "{json}");
            assert!(depth == 0 || is_deeper_than(json.as_bytes(), depth - 1), "{json}");
        }
    }

    #[test]
    fn what_is_no_json_does_no_harm() {
        for text in ["", "]]]}", "\"\\", "[\"", "]["] {
            assert!(!is_deeper_than(text.as_bytes(), 1), "{text}");
        }
    }

    #[test]
    fn a_quote_that_is_none_hides_no_nesting() {
        // UTF-16: U+2200, whose bytes are a zero and a quote.
        let json: Vec<u8> = "\u{2200}[[[".encode_utf16().flat_map(u16::to_le_bytes).collect();
        assert!(is_deeper_than(&json, 2));
        assert!(!is_deeper_than(&json, 3));
    }

    #[test]
    fn the_size_is_the_tokens_in_bytes() {
        let bounds = Bounds { token_size: Some(3), nesting: None };
        assert_eq!(bounds.check_token(b"abc"), Ok(()));
        assert_eq!(bounds.check_token(b"abcd"), Err(Error::TokenTooLarge(3)));
    }

    #[test]
    fn without_bounds_everything_passes() {
        let brackets = vec![b'['; 1 << 20];
        assert_eq!(Bounds::default().check_token(&brackets), Ok(()));
        assert_eq!(Bounds::default().check_payload(&brackets), Ok(()));
    }
}
