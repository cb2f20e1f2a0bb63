//! The parts of a JWE, decoded, of whatever serialization (RFC 7516 Section 7).

use std::borrow::Cow;

use super::header::{Members, decode};
use crate::error::Error;
use crate::header::Header;
use crate::memory;

/// A JWE; nothing in it is trusted.
pub(super) struct Parts<'a> {
    /// The encoded protected header, which is authenticated as it is written; empty without one.
    pub(super) protected_text: &'a [u8],
    pub(super) protected: Members,
    /// The shared unprotected header.
    pub(super) unprotected: Members,
    pub(super) recipients: Vec<Recipient>,
    pub(super) iv: Vec<u8>,
    pub(super) ciphertext: Vec<u8>,
    pub(super) tag: Vec<u8>,
    /// The additional authenticated data as it is written, encoded.
    pub(super) aad_text: Option<&'a [u8]>,
}

/// What a JWE has for one recipient.
pub(super) struct Recipient {
    pub(super) header: Members,
    pub(super) encrypted_key: Vec<u8>,
}

impl<'a> Parts<'a> {
    /// Splits the compact serialization (RFC 7516 Section 7.1).
    pub(super) fn compact(token: &'a [u8]) -> Result<Self, Error> {
        let mut dots = memchr::memchr_iter(b'.', token);
        let mut next = || dots.next();
        let (Some(first), Some(second), Some(third), Some(fourth), None) =
            (next(), next(), next(), next(), next())
        else {
            return Err(match memchr::memchr_iter(b'.', token).count() {
                2 => Error::JwsNotJwe,
                _ => Error::InvalidJwe("the compact serialization has five parts"),
            });
        };
        let (protected, tag) = (&token[..first], &token[fourth + 1..]);
        let [key, iv, ciphertext] = [first..second, second..third, third..fourth]
            .map(|dots| &token[dots.start + 1..dots.end]);
        Ok(Self {
            protected_text: protected,
            protected: protected_header(protected)?,
            unprotected: Members::new(),
            recipients: vec![Recipient {
                header: Members::new(),
                encrypted_key: decode(key, ENCRYPTED_KEY)?,
            }],
            iv: decode(iv, IV)?,
            ciphertext: decode(ciphertext, CIPHERTEXT)?,
            tag: decode(tag, TAG)?,
            aad_text: None,
        })
    }

    /// Returns what is authenticated with the content (RFC 7516 Section 5.1 step 14).
    pub(super) fn authenticated(&self) -> Result<Cow<'a, [u8]>, Error> {
        authenticated(self.protected_text, self.aad_text)
    }
}

/// Returns the additional authenticated data of the encryption (RFC 7516 Section 5.1 step 14).
pub(super) fn authenticated<'a>(
    protected_text: &'a [u8],
    aad_text: Option<&[u8]>,
) -> Result<Cow<'a, [u8]>, Error> {
    match aad_text {
        None => Ok(Cow::Borrowed(protected_text)),
        Some(aad) => memory::concat(&[protected_text, b".", aad]).map(Cow::Owned),
    }
}

pub(super) const ENCRYPTED_KEY: &str = "the encrypted key is not base64url";
pub(super) const IV: &str = "the initialization vector is not base64url";
pub(super) const CIPHERTEXT: &str = "the ciphertext is not base64url";
pub(super) const TAG: &str = "the authentication tag is not base64url";

/// Decodes and reads a protected header. If several members have the same name, the last one counts
/// (RFC 7516 Section 4).
pub(super) fn protected_header(text: &[u8]) -> Result<Members, Error> {
    let json = decode(text, "the protected header is not base64url")?;
    Header::parse(&json).map(Header::into_members)
}
