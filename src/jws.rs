//! Compact JWS: `header.payload.signature` (RFC 7515 Sections 3.1, 5 and 7.1).
//!
//! ```
//! use rapidjwt::algorithm::Algorithm;
//! use rapidjwt::crypto::PreparedKey;
//! use rapidjwt::jws;
//! use rapidjwt::key::KeyMaterial;
//!
//! # fn main() -> Result<(), rapidjwt::error::Error> {
//! let hs256 = Algorithm::by_name("HS256").expect("in the table");
//! let secret = KeyMaterial::Secret(b"0123456789abcdef0123456789abcdef".to_vec().into());
//! let key = PreparedKey::new(&secret, hs256)?;
//!
//! let token = jws::sign(br#"{"alg":"HS256"}"#, b"hello", &key)?;
//! let verified = jws::verify(token.as_bytes(), &[&key], None)?;
//! assert_eq!(verified.payload(), b"hello");
//! # Ok(())
//! # }
//! ```

use std::mem::MaybeUninit;

use crate::algorithm::Algorithm;
use crate::base64url;
use crate::crypto::{Fingerprint, PreparedKey, fingerprint};
use crate::error::{Error, Segment};
use crate::header::Header;
use crate::memory;
use crate::signature_cache::SignatureCache;

/// A token split at its first and its last dot; nothing is decoded and nothing is trusted.
///
/// Only [`split`](Self::split) makes one, so its parts belong together. A payload cannot be
/// combined with another token's signature:
///
/// ```compile_fail,E0451
/// use rapidjwt::jws::Compact;
///
/// let compact = Compact::split(b"eyJhbGciOiJIUzI1NiJ9.e30.c2lnbmF0dXJl").unwrap();
/// let forged = Compact { payload: b"eyJzdWIiOiJhZG1pbiJ9", ..compact };
/// ```
#[derive(Clone, Copy)]
pub struct Compact<'a> {
    header: &'a [u8],
    payload: &'a [u8],
    signature: &'a [u8],
    signing_input: &'a [u8],
}

impl<'a> Compact<'a> {
    /// Splits a token.
    ///
    /// # Errors
    /// [`Error::NotEnoughSegments`] with fewer than two dots.
    pub fn split(token: &'a [u8]) -> Result<Self, Error> {
        // Errors are made only when they are needed: dropping one takes as long as looking for a
        // dot.
        let Some(last) = memchr::memrchr(b'.', token) else {
            return Err(Error::NotEnoughSegments);
        };
        let (signing_input, signature) = (&token[..last], &token[last + 1..]);
        let Some(first) = memchr::memchr(b'.', signing_input) else {
            return Err(Error::NotEnoughSegments);
        };
        let (header, payload) = (&signing_input[..first], &signing_input[first + 1..]);
        Ok(Self { header, payload, signature, signing_input })
    }

    /// Returns the encoded JOSE header.
    pub const fn header(&self) -> &'a [u8] {
        self.header
    }

    /// Returns the encoded payload. It may contain further dots, which then do not decode.
    pub const fn payload(&self) -> &'a [u8] {
        self.payload
    }

    /// Returns the encoded signature.
    pub const fn signature(&self) -> &'a [u8] {
        self.signature
    }

    /// Returns header, dot and payload: what is signed (RFC 7515 Section 5.1).
    pub const fn signing_input(&self) -> &'a [u8] {
        self.signing_input
    }

    /// Decodes the payload and checks the signature of a token whose payload is encoded.
    ///
    /// The caller has already read and checked the header, and has chosen `key` by its own rules,
    /// not by the token's.
    ///
    /// # Errors
    /// [`Error::InvalidBase64`], [`Error::SignatureMismatch`].
    pub fn verify(&self, key: &PreparedKey) -> Result<Verified, Error> {
        let payload = decode(self.payload, Segment::Payload)?;
        check_signature(self.signature, |signature| key.verify(self.signing_input, signature))?;
        Ok(Verified { payload, algorithm: key.algorithm() })
    }

    /// Does what [`verify`](Self::verify) does, with each of `keys` in turn until one fits.
    ///
    /// # Errors
    /// [`Error::InvalidBase64`], [`Error::SignatureMismatch`].
    pub fn verify_any<'k>(
        &self,
        keys: impl IntoIterator<Item = &'k PreparedKey>,
    ) -> Result<Verified, Error> {
        for key in keys {
            match self.verify(key) {
                Err(Error::SignatureMismatch) => {}
                decided => return decided,
            }
        }
        Err(Error::SignatureMismatch)
    }

    /// Returns the payload of a token that has verified before: `cache` contains its fingerprint
    /// under `key_id`, which identifies the key among all users of the cache. `algorithm` is that of
    /// the key.
    ///
    /// # Errors
    /// [`Unseen`], which can verify the token now.
    pub fn verified_before(
        &self,
        key_id: &[u8],
        algorithm: &'static Algorithm,
        cache: &SignatureCache,
    ) -> Result<Verified, Unseen<'a>> {
        // The text of the signature, not its bytes: each spelling is an entry of its own.
        let fingerprint = fingerprint(&[self.signing_input, self.signature, key_id]);
        let payload = base64url::decode(self.payload).ok().filter(|_| cache.contains(&fingerprint));
        payload
            .map(|payload| Verified { payload, algorithm })
            .ok_or(Unseen { compact: *self, fingerprint })
    }

    /// Checks the signature of a token with `b64` false (RFC 7797 Section 5): `payload` is signed
    /// without encoding and is not part of the token.
    ///
    /// # Errors
    /// [`Error::UnencodedPayloadInToken`], [`Error::InvalidBase64`],
    /// [`Error::SignatureMismatch`].
    pub fn verify_unencoded(&self, payload: &[u8], key: &PreparedKey) -> Result<Verified, Error> {
        if !self.payload.is_empty() {
            return Err(Error::UnencodedPayloadInToken);
        }
        let signing_input = memory::concat(&[self.header, b".", payload])?;
        check_signature(self.signature, |signature| key.verify(&signing_input, signature))?;
        Ok(Verified { payload: memory::concat(&[payload])?, algorithm: key.algorithm() })
    }
}

/// A token that a cache did not contain. Only a lookup makes one, and only the signature of this
/// very token turns it into [`NewlyVerified`].
///
/// The [`Verified`] of another token is not accepted instead:
///
/// ```compile_fail,E0599
/// use rapidjwt::jws::{self, Compact, Verified};
/// use rapidjwt::signature_cache::SignatureCache;
///
/// fn forge(forged: &[u8], genuine: &Verified, cache: &SignatureCache) {
///     let algorithm = genuine.algorithm();
///     let compact = Compact::split(forged).unwrap();
///     let unseen = compact.verified_before(b"key", algorithm, cache).err().unwrap();
///     unseen.remember(cache, genuine);
/// }
/// ```
#[derive(Clone, Copy)]
pub struct Unseen<'a> {
    compact: Compact<'a>,
    fingerprint: Fingerprint,
}

impl Unseen<'_> {
    /// Verifies the token with each of `keys` in turn until one fits. The caller guarantees that
    /// these are the keys that the `key_id` of the lookup identifies.
    ///
    /// # Errors
    /// Those of [`Compact::verify_any`].
    pub fn verify_any<'k>(
        self,
        keys: impl IntoIterator<Item = &'k PreparedKey>,
    ) -> Result<NewlyVerified, Error> {
        let verified = self.compact.verify_any(keys)?;
        Ok(NewlyVerified { verified, fingerprint: self.fingerprint })
    }
}

/// A token whose signature was checked and that a cache may remember.
pub struct NewlyVerified {
    verified: Verified,
    fingerprint: Fingerprint,
}

impl NewlyVerified {
    /// Stores the token in `cache`, which must be the cache of the lookup.
    pub fn remember(self, cache: &SignatureCache) -> Verified {
        cache.insert(self.fingerprint);
        self.verified
    }
}

/// A payload whose signature was checked. Nothing else in this crate hands out a payload as
/// verified.
pub struct Verified {
    payload: Vec<u8>,
    algorithm: &'static Algorithm,
}

impl Verified {
    /// Returns the payload's bytes.
    pub fn payload(&self) -> &[u8] {
        &self.payload
    }

    /// Returns the algorithm that the signature was checked with.
    pub const fn algorithm(&self) -> &'static Algorithm {
        self.algorithm
    }

    /// Returns it with another payload: one in which claims stand for their digests, which the
    /// signature covers (RFC 9901 Section 7.1).
    pub(crate) fn processed(self, payload: Vec<u8>) -> Self {
        Self { payload, ..self }
    }

    /// Returns the payload's bytes as a vector of their own.
    pub fn into_payload(self) -> Vec<u8> {
        self.payload
    }
}

/// Signs `payload` under the header with the given JSON text and returns the token.
///
/// # Errors
/// Those of [`PreparedKey::sign`].
pub fn sign(header: &[u8], payload: &[u8], key: &PreparedKey) -> Result<String, Error> {
    let lengths = [header.len(), payload.len(), key.signature_len()];
    let mut token = memory::buffer(lengths.map(base64url::encoded_len).iter().sum::<usize>() + 2)?;
    base64url::encode_onto(header, &mut token);
    token.push(b'.');
    base64url::encode_onto(payload, &mut token);
    let signature = key.sign(&token)?;
    token.push(b'.');
    base64url::encode_onto(signature.as_ref(), &mut token);
    Ok(String::from_utf8(token).expect("base64url and dots are ASCII"))
}

/// Signs `payload` unencoded and detached (RFC 7797 Section 5.1, RFC 7515 Appendix F). The header
/// must have `b64` false and list it in `crit`.
///
/// # Errors
/// [`Error::B64NotCritical`], those of [`Header::parse`] and of [`PreparedKey::sign`].
pub fn sign_unencoded(header: &[u8], payload: &[u8], key: &PreparedKey) -> Result<String, Error> {
    let rules = Header::parse(header)?;
    if !rules.has_unencoded_payload() || !rules.is_critical("b64") {
        return Err(Error::B64NotCritical);
    }
    let header = base64url::try_encode(header)?;
    let signature = key.sign(&memory::concat(&[header.as_bytes(), b".", payload])?)?;
    Ok(format!("{header}..{}", base64url::encode(signature.as_ref())))
}

/// Verifies a token with the key among `keys` whose algorithm is the token's.
///
/// Each key is bound to its algorithm, so the keys are also the list of allowed algorithms (RFC
/// 8725 Section 3.1). `detached_payload` is required if the header's `b64` is false, and refused
/// otherwise.
///
/// # Errors
/// Any error about the form of a token, its header, its algorithm or its signature.
pub fn verify(
    token: &[u8],
    keys: &[&PreparedKey],
    detached_payload: Option<&[u8]>,
) -> Result<Verified, Error> {
    let compact = Compact::split(token)?;
    let header = Header::parse(&decode(compact.header, Segment::Header)?)?;
    header.validate()?;
    let key = choose_key(&header, keys)?;
    match (header.has_unencoded_payload(), detached_payload) {
        (false, None) => compact.verify(key),
        (false, Some(_)) => Err(Error::DetachedPayloadUnexpected),
        (true, _) if !header.is_critical("b64") => Err(Error::B64NotCritical),
        (true, None) => Err(Error::DetachedPayloadRequired),
        (true, Some(payload)) => compact.verify_unencoded(payload, key),
    }
}

fn choose_key<'a>(header: &Header, keys: &[&'a PreparedKey]) -> Result<&'a PreparedKey, Error> {
    let alg = header.alg()?;
    let fits = |key: &&&PreparedKey| key.algorithm().name == alg;
    keys.iter().find(fits).copied().ok_or(Error::AlgorithmNotAllowed)
}

fn decode(text: &[u8], segment: Segment) -> Result<Vec<u8>, Error> {
    base64url::decode(text).map_err(|reason| reason.or(|| Error::InvalidBase64(segment)))
}

/// Decodes the signature segment and passes it to `verify`.
fn check_signature(text: &[u8], verify: impl FnOnce(&[u8]) -> bool) -> Result<(), Error> {
    // Large enough for every signature except RSA's, without an allocation.
    let mut short = [MaybeUninit::uninit(); 136];
    let long;
    let signature: &[u8] = if text.len() <= 176 {
        base64url::decode_into(text, &mut short).ok_or(Error::InvalidBase64(Segment::Signature))?
    } else {
        long = decode(text, Segment::Signature)?;
        &long
    };
    if verify(signature) { Ok(()) } else { Err(Error::SignatureMismatch) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::key::KeyMaterial;

    const SECRET: &[u8] = b"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

    fn key(alg: &str) -> PreparedKey {
        let material = KeyMaterial::Secret(SECRET.to_vec().into());
        PreparedKey::new(&material, Algorithm::by_name(alg).expect("known")).expect("usable")
    }

    fn error(token: &str, keys: &[&PreparedKey], detached: Option<&[u8]>) -> Option<Error> {
        verify(token.as_bytes(), keys, detached).err()
    }

    #[test]
    fn a_signed_token_verifies() {
        for alg in ["HS256", "HS384", "HS512"] {
            let header = format!(r#"{{"alg":"{alg}"}}"#);
            let token = sign(header.as_bytes(), b"payload", &key(alg)).expect("signs");
            let verified = verify(token.as_bytes(), &[&key(alg)], None).expect("verifies");
            assert_eq!(verified.payload(), b"payload");
            assert_eq!(verified.algorithm().name, alg);
            assert_eq!(verified.into_payload(), b"payload");
        }
    }

    #[test]
    fn one_changed_character_anywhere_is_refused() {
        let token = sign(br#"{"alg":"HS256"}"#, b"payload", &key("HS256")).expect("signs");
        for index in 0..token.len() {
            for other in [b'A', b'B', b'.', b'=', b' '] {
                let mut changed = token.clone().into_bytes();
                if changed[index] != other {
                    changed[index] = other;
                    assert!(verify(&changed, &[&key("HS256")], None).is_err(), "{index}");
                }
            }
        }
    }

    #[test]
    fn the_algorithm_is_the_keys_not_the_tokens() {
        let token = sign(br#"{"alg":"HS384"}"#, b"payload", &key("HS256")).expect("signs");
        assert_eq!(error(&token, &[&key("HS256")], None), Some(Error::AlgorithmNotAllowed));
        let none = format!("{}.cGF5bG9hZA.", base64url::encode(br#"{"alg":"none"}"#));
        assert_eq!(error(&none, &[&key("HS256")], None), Some(Error::AlgorithmNotAllowed));
        assert_eq!(error(&none, &[], None), Some(Error::AlgorithmNotAllowed));
    }

    #[test]
    fn tokens_of_a_wrong_form_are_refused() {
        let keys = [&key("HS256")];
        assert_eq!(error("", &keys, None), Some(Error::NotEnoughSegments));
        assert_eq!(error("a.b", &keys, None), Some(Error::NotEnoughSegments));
        assert_eq!(error("a.b.c", &keys, None), Some(Error::InvalidBase64(Segment::Header)));
        let token = sign(br#"{"alg":"HS256"}"#, b"payload", keys[0]).expect("signs");
        let four = format!("{token}.x");
        assert_eq!(error(&four, &keys, None), Some(Error::InvalidBase64(Segment::Payload)));
        let long = format!("{token}{}", "!".repeat(200));
        assert_eq!(error(&long, &keys, None), Some(Error::InvalidBase64(Segment::Signature)));
    }

    #[test]
    fn only_a_token_that_verifies_is_remembered() {
        let (cache, key) = (SignatureCache::new(8), key("HS256"));
        let token = sign(br#"{"alg":"HS256"}"#, b"payload", &key).expect("signs");
        let forged = token.replace("cGF5bG9hZA", "Zm9yZ2VkMDA");
        let look_up = |token: &str| {
            let token = token.to_owned();
            let compact = Compact::split(token.as_bytes()).expect("three parts");
            match compact.verified_before(b"key", key.algorithm(), &cache) {
                Ok(verified) => Ok(verified.into_payload()),
                Err(unseen) => Err(unseen
                    .verify_any([&key])
                    .map(|verified| verified.remember(&cache).into_payload())),
            }
        };
        assert_eq!(look_up(&forged), Err(Err(Error::SignatureMismatch)));
        assert_eq!(look_up(&token), Err(Ok(b"payload".to_vec())));
        assert_eq!(look_up(&token), Ok(b"payload".to_vec()));
        assert_eq!(look_up(&forged), Err(Err(Error::SignatureMismatch)));
    }

    #[test]
    fn an_unencoded_payload_is_detached_and_critical() {
        let header = br#"{"alg":"HS256","b64":false,"crit":["b64"]}"#;
        let keys = [&key("HS256")];
        let token = sign_unencoded(header, b"$.02", keys[0]).expect("signs");
        let verified = verify(token.as_bytes(), &keys, Some(b"$.02")).expect("verifies");
        assert_eq!(verified.payload(), b"$.02");
        assert_eq!(error(&token, &keys, Some(b"$.03")), Some(Error::SignatureMismatch));
        assert_eq!(error(&token, &keys, None), Some(Error::DetachedPayloadRequired));
        let attached = token.replace("..", ".JC4wMg.");
        assert_eq!(error(&attached, &keys, Some(b"$.02")), Some(Error::UnencodedPayloadInToken));
        let encoded = sign(br#"{"alg":"HS256"}"#, b"$.02", keys[0]).expect("signs");
        assert_eq!(error(&encoded, &keys, Some(b"$.02")), Some(Error::DetachedPayloadUnexpected));
        let header = br#"{"alg":"HS256","b64":false}"#;
        assert_eq!(sign_unencoded(header, b"", keys[0]), Err(Error::B64NotCritical));
        let token = sign(header, b"", keys[0]).expect("signs");
        assert_eq!(error(&token, &keys, Some(b"")), Some(Error::B64NotCritical));
    }
}
