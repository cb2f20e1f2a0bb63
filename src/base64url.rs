//! base64url without padding (RFC 7515 Section 2), strict and canonical.
//!
//! A token has one spelling: characters outside the alphabet, misplaced padding, impossible lengths
//! and non-zero trailing bits are refused. There is one exception, which is PyJWT's: `=` padding of
//! exactly the right length is accepted, because some issuers (AWS ALB) write it.

use std::mem::MaybeUninit;

use base64_simd::{Out, URL_SAFE_NO_PAD};

use crate::error::Error;
use crate::memory;

/// Returns the encoded length of `len` bytes.
pub const fn encoded_len(len: usize) -> usize {
    len + len.div_ceil(3)
}

/// Returns `bytes` as base64url text.
pub fn encode(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode_to_string(bytes)
}

/// Returns `bytes`, of any size, as base64url text.
///
/// # Errors
/// [`Error::OutOfMemory`].
pub fn try_encode(bytes: &[u8]) -> Result<String, Error> {
    let mut text = memory::buffer(encoded_len(bytes.len()))?;
    encode_onto(bytes, &mut text);
    Ok(String::from_utf8(text).expect("base64url is ASCII"))
}

/// Appends `bytes` to `text` as base64url.
pub fn encode_onto(bytes: &[u8], text: &mut Vec<u8>) {
    URL_SAFE_NO_PAD.encode_append(bytes, text);
}

/// Fills `text`, which has [`encoded_len`] bytes, with `bytes` as base64url.
pub fn encode_into(bytes: &[u8], text: &mut [MaybeUninit<u8>]) {
    let len = text.len();
    let written = URL_SAFE_NO_PAD.encode(bytes, Out::from_uninit_slice(text));
    assert_eq!(written.len(), len, "the room is as long as the text");
}

/// The length of a text that needs no more memory than any call does. Whether there is more is only
/// found out for longer texts, as that takes one instruction in a hundred of `decode`.
const USUAL_LEN: usize = 4096;

/// Why a text was not decoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Undecoded {
    /// It is not canonical base64url.
    NotCanonical,
    /// There is no memory for its bytes.
    OutOfMemory,
}

impl Undecoded {
    /// Returns the error for a text that must be base64url: `not_canonical` unless it is for want
    /// of memory.
    pub fn or(self, not_canonical: impl FnOnce() -> Error) -> Error {
        match self {
            Self::NotCanonical => not_canonical(),
            Self::OutOfMemory => Error::OutOfMemory,
        }
    }
}

/// Returns the bytes that `text` encodes.
///
/// # Errors
/// [`Undecoded`].
pub fn decode(text: &[u8]) -> Result<Vec<u8>, Undecoded> {
    let text = strip_padding(text).ok_or(Undecoded::NotCanonical)?;
    if text.len() <= USUAL_LEN {
        return URL_SAFE_NO_PAD.decode_to_vec(text).map_err(|_| Undecoded::NotCanonical);
    }
    decode_long(text)
}

#[cold]
fn decode_long(text: &[u8]) -> Result<Vec<u8>, Undecoded> {
    let mut bytes = memory::buffer(text.len() / 4 * 3 + 2).map_err(|_| Undecoded::OutOfMemory)?;
    URL_SAFE_NO_PAD.decode_append(text, &mut bytes).map_err(|_| Undecoded::NotCanonical)?;
    Ok(bytes)
}

/// Decodes into the start of `bytes` and returns that part, or `None` if `text` is not canonical
/// base64url or `bytes` may be too short for it.
pub fn decode_into<'a>(text: &[u8], bytes: &'a mut [MaybeUninit<u8>]) -> Option<&'a mut [u8]> {
    let text = strip_padding(text)?;
    if bytes.len() < text.len() / 4 * 3 + 2 {
        return None;
    }
    URL_SAFE_NO_PAD.decode(text, Out::from_uninit_slice(bytes)).ok()
}

/// Returns `text` without `=` padding, or `None` if it has padding that does not fit its length.
fn strip_padding(text: &[u8]) -> Option<&[u8]> {
    let ([stripped @ .., b'=', b'='] | [stripped @ .., b'=']) = text else {
        return Some(text);
    };
    (text.len().is_multiple_of(4) && stripped.last() != Some(&b'=')).then_some(stripped)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn encodes_the_example_of_rfc_7515_appendix_c() {
        assert_eq!(encode(&[3, 236, 255, 224, 193]), "A-z_4ME");
        assert_eq!(decode(b"A-z_4ME").as_deref(), Ok(&[3, 236, 255, 224, 193][..]));
    }

    #[test]
    fn every_length_comes_back() {
        for len in 0..200_u8 {
            let bytes: Vec<u8> = (0..len).map(|byte| byte.wrapping_mul(37)).collect();
            let text = encode(&bytes);
            assert_eq!(text.len(), encoded_len(bytes.len()));
            assert_eq!(decode(text.as_bytes()), Ok(bytes.clone()));
            let mut room = [MaybeUninit::uninit(); 256];
            assert_eq!(decode_into(text.as_bytes(), &mut room).as_deref(), Some(&bytes[..]));
        }
    }

    #[test]
    fn padding_that_fits_is_accepted_and_no_other() {
        assert_eq!(decode(b"YQ=="), Ok(b"a".to_vec()));
        assert_eq!(decode(b"YWI="), Ok(b"ab".to_vec()));
        for wrong in
            [&b"YQ="[..], b"YQ===", b"YWI==", b"YWJj=", b"YWJj====", b"=", b"==", b"====", b"Y==="]
        {
            assert_eq!(
                decode(wrong),
                Err(Undecoded::NotCanonical),
                "{}",
                String::from_utf8_lossy(wrong)
            );
        }
    }

    #[test]
    fn anything_not_canonical_is_refused() {
        for wrong in [
            &b"YR"[..],
            b"YWJ",
            b"Y",
            b"YQ\n",
            b" YQ",
            b"Y Q",
            b"Y+",
            b"Y/",
            b"Y=Q=",
            b"\xff\xff",
            b"YW\0j",
        ] {
            assert_eq!(
                decode(wrong),
                Err(Undecoded::NotCanonical),
                "{}",
                String::from_utf8_lossy(wrong)
            );
        }
    }

    #[test]
    fn decoding_into_too_little_room_is_refused() {
        assert_eq!(decode_into(b"YWJjZGVm", &mut [MaybeUninit::uninit(); 3]), None);
    }
}
