//! What a text that is not a token often is, for an error that says what to do.

use crate::error::{Error, TokenMistake};

/// Returns the error for a text that `error` refuses as malformed: a better one if the text is a
/// known mistake. Other errors stay as they are.
#[cold]
pub fn explained(token: &[u8], error: Error) -> Error {
    match error {
        Error::NotEnoughSegments | Error::InvalidBase64(_) => {
            mistake(token).map_or(error, Error::TokenMistake)
        }
        error => error,
    }
}

fn mistake(token: &[u8]) -> Option<TokenMistake> {
    let text = token.trim_ascii();
    let has_scheme = text.get(..7).is_some_and(|start| start.eq_ignore_ascii_case(b"bearer "));
    Some(match text {
        [] => TokenMistake::Empty,
        _ if has_scheme => TokenMistake::BearerPrefix,
        [b'b', b'"' | b'\'', .., b'"' | b'\''] => TokenMistake::BytesText,
        [b'"' | b'\'', ..] => TokenMistake::Quoted,
        text if memchr::memchr(b'~', text).is_some() => TokenMistake::SelectivelyDisclosable,
        text if memchr::memchr_iter(b'.', text).count() == 4 => TokenMistake::Encrypted,
        text if text.len() < token.len() => TokenMistake::WhiteSpace,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Segment;

    #[test]
    fn a_known_mistake_is_named() {
        for (token, mistake) in [
            ("", TokenMistake::Empty),
            (" \n", TokenMistake::Empty),
            ("Bearer a.b.c", TokenMistake::BearerPrefix),
            ("bearer  a.b.c", TokenMistake::BearerPrefix),
            ("b'a.b.c'", TokenMistake::BytesText),
            ("\"a.b.c\"", TokenMistake::Quoted),
            ("a.b.c.d.e", TokenMistake::Encrypted),
            ("a.b.c~", TokenMistake::SelectivelyDisclosable),
            ("a.b.c~d~e.f.g", TokenMistake::SelectivelyDisclosable),
            ("a.b.c\n", TokenMistake::WhiteSpace),
        ] {
            let found = explained(token.as_bytes(), Error::InvalidBase64(Segment::Header));
            assert_eq!(found, Error::TokenMistake(mistake), "{token}");
        }
    }

    #[test]
    fn every_other_error_stays() {
        for token in ["a.b", "a.b.c", "b", "bearer"] {
            let found = explained(token.as_bytes(), Error::NotEnoughSegments);
            assert_eq!(found, Error::NotEnoughSegments, "{token}");
        }
        assert_eq!(explained(b"Bearer a.b.c", Error::Expired), Error::Expired);
    }
}
