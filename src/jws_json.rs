//! The JSON serializations of a JWS (RFC 7515 Section 7.2): flattened with one signature, general
//! with several.
//!
//! ```
//! use rapidjwt::algorithm::Algorithm;
//! use rapidjwt::crypto::PreparedKey;
//! use rapidjwt::jws_json::{self, Policy, SignatureSource, TrustedKey};
//! use rapidjwt::key::KeyMaterial;
//! use serde_json::Map;
//!
//! # fn main() -> Result<(), rapidjwt::error::Error> {
//! let hs256 = Algorithm::by_name("HS256").expect("in the table");
//! let secret = KeyMaterial::Secret(b"0123456789abcdef0123456789abcdef".to_vec().into());
//! let key = PreparedKey::new(&secret, hs256)?;
//!
//! let source = SignatureSource::new(&key, Map::new(), Map::new())?;
//! let jws = jws_json::sign_flattened(&source, b"hello", false)?;
//! let text = serde_json::to_vec(&jws).expect("JSON");
//!
//! let keys = [TrustedKey { number: 0, id: None, key: &key }];
//! let verified = jws_json::verify(&text, &keys, Policy::All, None, 16)?;
//! assert_eq!(verified.payload(), b"hello");
//! # Ok(())
//! # }
//! ```

use std::borrow::Borrow;
use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use crate::base64url;
use crate::crypto::PreparedKey;
use crate::error::{Error, Segment};
use crate::header::{self, Header};
use crate::keyring::{self, Choice, KeyId};
use crate::memory;

type Members = Map<String, Value>;

/// Which signatures of a JWS must verify.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Policy {
    /// Every signature that the JWS has, and at least one. Signatures that somebody has removed are
    /// not missed.
    All,
    /// Signatures of at least this many different keys.
    AtLeast(usize),
}

/// A key of the caller's, bound to an algorithm.
#[derive(Clone, Copy)]
pub struct TrustedKey<'a> {
    /// Identifies the key among those of the caller: the same for all its algorithms.
    pub number: usize,
    /// The key ID.
    pub id: Option<&'a str>,
    /// The key, prepared for one algorithm.
    pub key: &'a PreparedKey,
}

/// A payload of which as many signatures were checked as the caller's policy demands.
pub struct Verified {
    payload: Vec<u8>,
    signatures: Vec<VerifiedSignature>,
}

/// A signature that was checked.
pub struct VerifiedSignature {
    header: Members,
    protected: Members,
    key_number: usize,
}

impl Verified {
    /// Returns the payload's bytes.
    pub fn payload(&self) -> &[u8] {
        &self.payload
    }

    /// Returns the signatures that verified. Those that did not are not here.
    pub fn signatures(&self) -> &[VerifiedSignature] {
        &self.signatures
    }
}

impl VerifiedSignature {
    /// Returns the JOSE header: protected and unprotected members.
    pub const fn header(&self) -> &Members {
        &self.header
    }

    /// Returns the members of the header that are signed.
    pub const fn protected(&self) -> &Members {
        &self.protected
    }

    /// Returns the number of the key that verified it.
    pub const fn key_number(&self) -> usize {
        self.key_number
    }
}

/// A signature of a JWS, read and not trusted.
struct Signature<'a> {
    protected_text: &'a str,
    protected: Members,
    joined: Header,
    bytes: Vec<u8>,
}

/// Verifies a JWS in either serialization.
///
/// `detached_payload` is required if the JWS has no payload (RFC 7515 Appendix F), and refused
/// otherwise. The signatures that are not the caller's business (another algorithm, an unknown key)
/// count as not verified.
///
/// # Errors
/// [`Error::InvalidJws`] and the errors of [`Header`] for what is malformed, [`Error::JweNotJws`]
/// for a JWE; [`Error::NotEnoughSignatures`] if the policy is not met, or the reason itself if there
/// is a single signature.
pub fn verify(
    json: &[u8],
    keys: &[TrustedKey<'_>],
    policy: Policy,
    detached_payload: Option<&[u8]>,
    max_signatures: usize,
) -> Result<Verified, Error> {
    let object = parse(json)?;
    let signatures = signatures(&object, max_signatures)?;
    let is_unencoded = has_unencoded_payload(&signatures)?;
    let payload = Payload::read(&object, detached_payload, is_unencoded)?;
    let mut results = Vec::with_capacity(signatures.len());
    for signature in &signatures {
        match check(signature, keys, &payload.signed) {
            Err(Error::OutOfMemory) => return Err(Error::OutOfMemory),
            result => results.push(result),
        }
    }
    let verified: BTreeSet<usize> = results.iter().flatten().copied().collect();
    let (found, required) = match policy {
        Policy::All => (results.iter().flatten().count(), results.len()),
        Policy::AtLeast(number) => (verified.len(), number.max(1)),
    };
    if found < required {
        return Err(match &results[..] {
            [Err(only)] if required == 1 => only.clone(),
            _ => Error::NotEnoughSignatures { found, required },
        });
    }
    let each = signatures.into_iter().zip(results).filter_map(|(signature, result)| {
        let header = signature.joined.members().clone();
        Some(VerifiedSignature { header, protected: signature.protected, key_number: result.ok()? })
    });
    Ok(Verified { payload: payload.content, signatures: each.collect() })
}

/// Checks one signature and returns the number of the key that verified it.
fn check(
    signature: &Signature<'_>,
    keys: &[TrustedKey<'_>],
    signed: &[u8],
) -> Result<usize, Error> {
    let alg = signature.joined.alg()?;
    let kid = signature.joined.kid();
    let fitting = || {
        let keys = keys.iter().enumerate();
        keys.filter(|(_, trusted)| trusted.key.algorithm().name == alg)
    };
    let compare = |id: Option<&str>| match id {
        None => KeyId::Absent,
        Some(_) if id == kid => KeyId::Same,
        Some(_) => KeyId::Other,
    };
    let ids = fitting().map(|(index, trusted)| (index, compare(trusted.id)));
    let choice = keyring::choose(kid.is_some(), ids)?;
    let message = memory::concat(&[signature.protected_text.as_bytes(), b".", signed])?;
    fitting()
        .filter(|(index, trusted)| match choice {
            Choice::One(chosen) => *index == chosen,
            Choice::EachWithoutId => trusted.id.is_none(),
        })
        .find(|(_, trusted)| trusted.key.verify(&message, &signature.bytes))
        .map(|(_, trusted)| trusted.number)
        .ok_or(Error::SignatureMismatch)
}

fn parse(json: &[u8]) -> Result<Members, Error> {
    let object = header::parse_object(json)?
        .ok_or(Error::InvalidJws("the JSON serialization is a JSON object"))?;
    let has = |name: &&str| object.contains_key(*name);
    if ["ciphertext", "recipients", "encrypted_key"].iter().any(has) {
        return Err(if ["payload", "signature", "signatures"].iter().any(has) {
            Error::InvalidJws("it has members of a JWE too")
        } else {
            Error::JweNotJws
        });
    }
    Ok(object)
}

fn signatures(object: &Members, max_signatures: usize) -> Result<Vec<Signature<'_>>, Error> {
    let Some(list) = object.get("signatures") else {
        return Ok(vec![signature(object)?]);
    };
    // RFC 7515 Section 7.2.2: the flattened serialization has no signatures member.
    if ["signature", "protected", "header"].iter().any(|name| object.contains_key(*name)) {
        return Err(Error::InvalidJws("it is both general and flattened"));
    }
    match list.as_array().map(Vec::as_slice) {
        None | Some([]) => Err(Error::InvalidJws("\"signatures\" is not a non-empty list")),
        Some(list) if list.len() > max_signatures => {
            Err(Error::InvalidJws("it has more signatures than are allowed"))
        }
        Some(list) => {
            let not_object = Error::InvalidJws("a signature is not a JSON object");
            let each = list.iter().map(|one| one.as_object().ok_or(not_object.clone()));
            each.map(|one| signature(one?)).collect()
        }
    }
}

fn signature(members: &Members) -> Result<Signature<'_>, Error> {
    let protected_text = text(members, "protected")?;
    let protected = match protected_text {
        None => Members::new(),
        Some(text) => Header::parse(&decode(text, Segment::Header)?)?.into_members(),
    };
    let unprotected = match members.get("header") {
        None => Members::new(),
        Some(Value::Object(members)) => members.clone(),
        Some(_) => return Err(Error::InvalidJws("a header is not a JSON object")),
    };
    let bytes = text(members, "signature")?.ok_or(Error::InvalidJws("a signature is missing"))?;
    Ok(Signature {
        protected_text: protected_text.unwrap_or_default(),
        joined: join(&protected, unprotected)?,
        protected,
        bytes: decode(bytes, Segment::Signature)?,
    })
}

/// Joins the headers of a signature and checks the rules for them. `crit` and `b64` must be signed
/// (RFC 7515 Section 4.1.11, RFC 7797 Section 3), and no name occurs twice (RFC 7515 Section 7.2.1).
fn join(protected: &Members, unprotected: Members) -> Result<Header, Error> {
    if unprotected.keys().any(|name| protected.contains_key(name)) {
        return Err(Error::InvalidJws("a header parameter occurs in two headers"));
    }
    if ["crit", "b64"].iter().any(|name| unprotected.contains_key(*name)) {
        return Err(Error::InvalidJws("crit and b64 must be in the protected header"));
    }
    let mut joined = protected.clone();
    joined.extend(unprotected);
    let header = Header::from_members(joined);
    header.validate()?;
    if header.has_unencoded_payload() && !header.is_critical("b64") {
        return Err(Error::B64NotCritical);
    }
    Ok(header)
}

/// Returns whether `b64` is false, which must be the same for all signatures (RFC 7797 Section 3).
fn has_unencoded_payload(signatures: &[Signature<'_>]) -> Result<bool, Error> {
    let mut each = signatures.iter().map(|signature| signature.joined.has_unencoded_payload());
    let first = each.next().unwrap_or_default();
    if each.all(|other| other == first) {
        Ok(first)
    } else {
        Err(Error::InvalidJws("b64 must be the same for all signatures"))
    }
}

/// A payload, as it is and as it is signed.
struct Payload {
    content: Vec<u8>,
    signed: Vec<u8>,
}

impl Payload {
    fn read(object: &Members, detached: Option<&[u8]>, is_unencoded: bool) -> Result<Self, Error> {
        match (text(object, "payload")?, detached) {
            (Some(_), Some(_)) => Err(Error::InvalidJws("it has a payload, and so has the caller")),
            (None, None) => Err(Error::InvalidJws("its payload is detached: pass it to verify")),
            (Some(text), None) if is_unencoded => Self::unencoded(text.as_bytes()),
            (Some(text), None) => Ok(Self {
                content: decode(text, Segment::Payload)?,
                signed: memory::concat(&[text.as_bytes()])?,
            }),
            (None, Some(bytes)) if is_unencoded => Self::unencoded(bytes),
            (None, Some(bytes)) => Self::encoded(bytes),
        }
    }

    fn unencoded(bytes: &[u8]) -> Result<Self, Error> {
        Ok(Self { content: memory::concat(&[bytes])?, signed: memory::concat(&[bytes])? })
    }

    fn encoded(bytes: &[u8]) -> Result<Self, Error> {
        let signed = base64url::try_encode(bytes)?.into_bytes();
        Ok(Self { content: memory::concat(&[bytes])?, signed })
    }
}

fn decode(text: &str, segment: Segment) -> Result<Vec<u8>, Error> {
    base64url::decode(text.as_bytes()).map_err(|error| error.or(|| Error::InvalidBase64(segment)))
}

fn text<'a>(members: &'a Members, name: &str) -> Result<Option<&'a str>, Error> {
    match members.get(name) {
        None => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(_) => Err(Error::InvalidJws("a member that should be a string is not")),
    }
}

/// A key that signs, with the headers of its signatures.
pub struct SignatureSource<K> {
    key: K,
    protected_text: String,
    unprotected: Members,
    is_unencoded: bool,
}

impl<K: Borrow<PreparedKey>> SignatureSource<K> {
    /// Checks the headers and writes the protected one, with the key's `alg`.
    ///
    /// # Errors
    /// [`Error::PrivateKeyRequired`], and the errors of [`verify`] about headers.
    pub fn new(key: K, mut protected: Members, unprotected: Members) -> Result<Self, Error> {
        if !key.borrow().can_sign() {
            return Err(Error::PrivateKeyRequired);
        }
        if protected.contains_key("alg") {
            return Err(Error::InvalidJws("alg cannot be among the headers"));
        }
        protected.insert("alg".to_owned(), key.borrow().algorithm().name.into());
        let joined = join(&protected, unprotected.clone())?;
        Ok(Self {
            key,
            protected_text: base64url::encode(
                &serde_json::to_vec(&protected).expect("JSON values are written as JSON"),
            ),
            unprotected,
            is_unencoded: joined.has_unencoded_payload(),
        })
    }

    fn sign(&self, payload: &[u8]) -> Result<Members, Error> {
        let encoded;
        let signed = if self.is_unencoded {
            payload
        } else {
            encoded = base64url::try_encode(payload)?;
            encoded.as_bytes()
        };
        let message = memory::concat(&[self.protected_text.as_bytes(), b".", signed])?;
        let signature = self.key.borrow().sign(&message)?;
        let mut members = Members::new();
        members.insert("protected".to_owned(), json!(self.protected_text));
        if !self.unprotected.is_empty() {
            members.insert("header".to_owned(), self.unprotected.clone().into());
        }
        members.insert("signature".to_owned(), json!(base64url::encode(signature.as_ref())));
        Ok(members)
    }
}

/// Signs into the flattened serialization; a detached payload is signed and left out.
///
/// # Errors
/// [`Error::InvalidJws`] for an unencoded payload that is neither detached nor UTF-8, and those of
/// [`PreparedKey::sign`].
pub fn sign_flattened<K: Borrow<PreparedKey>>(
    source: &SignatureSource<K>,
    payload: &[u8],
    is_detached: bool,
) -> Result<Members, Error> {
    let mut jws = source.sign(payload)?;
    write_payload(payload, source.is_unencoded, is_detached, &mut jws)?;
    Ok(jws)
}

/// Signs into the general serialization, with each of `sources`.
///
/// # Errors
/// Those of [`sign_flattened`], and [`Error::InvalidJws`] without sources or with different `b64`.
pub fn sign_general<K: Borrow<PreparedKey>>(
    sources: &[&SignatureSource<K>],
    payload: &[u8],
    is_detached: bool,
) -> Result<Members, Error> {
    let [first, others @ ..] = sources else {
        return Err(Error::InvalidJws("it needs a signature"));
    };
    if others.iter().any(|other| other.is_unencoded != first.is_unencoded) {
        return Err(Error::InvalidJws("b64 must be the same for all signatures"));
    }
    let each = sources.iter().map(|source| Ok(source.sign(payload)?.into()));
    let mut jws = Members::new();
    jws.insert("signatures".to_owned(), each.collect::<Result<Vec<Value>, Error>>()?.into());
    write_payload(payload, first.is_unencoded, is_detached, &mut jws)?;
    Ok(jws)
}

fn write_payload(
    payload: &[u8],
    is_unencoded: bool,
    is_detached: bool,
    jws: &mut Members,
) -> Result<(), Error> {
    if is_detached {
        return Ok(());
    }
    let text = if is_unencoded {
        let text = str::from_utf8(payload).map_err(|_| {
            Error::InvalidJws("a payload that is not UTF-8 must be encoded or detached")
        })?;
        memory::concat(&[text.as_bytes()]).map(String::from_utf8)?.expect("it was UTF-8")
    } else {
        base64url::try_encode(payload)?
    };
    jws.insert("payload".to_owned(), text.into());
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::algorithm::Algorithm;
    use crate::key::KeyMaterial;

    fn key(byte: u8) -> PreparedKey {
        let secret = KeyMaterial::Secret(vec![byte; 32].into());
        PreparedKey::new(&secret, Algorithm::by_name("HS256").unwrap()).unwrap()
    }

    fn source(key: &PreparedKey) -> SignatureSource<&PreparedKey> {
        SignatureSource::new(key, Members::new(), Members::new()).unwrap()
    }

    fn verify_with(jws: &Members, bytes: &[u8], policy: Policy) -> Result<usize, Error> {
        let keys: Vec<_> = bytes.iter().map(|byte| key(*byte)).collect();
        let each = keys.iter().enumerate();
        let trusted: Vec<_> =
            each.map(|(number, key)| TrustedKey { number, id: None, key }).collect();
        let json = serde_json::to_vec(jws).unwrap();
        let verified = verify(&json, &trusted, policy, None, 16)?;
        assert_eq!(verified.payload(), b"hello");
        Ok(verified.signatures().len())
    }

    #[test]
    fn the_policy_counts_different_keys() {
        let (one, two) = (key(1), key(2));
        let jws = sign_general(&[&source(&one), &source(&two)], b"hello", false).unwrap();
        assert_eq!(verify_with(&jws, &[1, 2], Policy::All), Ok(2));
        assert_eq!(verify_with(&jws, &[1], Policy::AtLeast(1)), Ok(1));
        let missing = |found| Err(Error::NotEnoughSignatures { found, required: 2 });
        assert_eq!(verify_with(&jws, &[1], Policy::All), missing(1));
        assert_eq!(verify_with(&jws, &[3], Policy::All), missing(0));
        let twice = sign_general(&[&source(&one), &source(&one)], b"hello", false).unwrap();
        assert_eq!(verify_with(&twice, &[1, 2], Policy::AtLeast(2)), missing(1));
        assert_eq!(verify_with(&twice, &[1, 2], Policy::AtLeast(1)), Ok(2));
        assert_eq!(verify_with(&twice, &[3], Policy::AtLeast(0)), {
            Err(Error::NotEnoughSignatures { found: 0, required: 1 })
        });
    }

    #[test]
    fn each_signature_names_its_key() {
        let (one, two) = (key(1), key(2));
        let jws = sign_general(&[&source(&one), &source(&two)], b"hello", false).unwrap();
        let trusted =
            [(7, &two), (9, &one)].map(|(number, key)| TrustedKey { number, id: None, key });
        let json = serde_json::to_vec(&jws).unwrap();
        let verified = verify(&json, &trusted, Policy::All, None, 16).unwrap();
        let numbers: Vec<_> =
            verified.signatures().iter().map(VerifiedSignature::key_number).collect();
        assert_eq!(numbers, [9, 7]);
    }

    #[test]
    fn a_single_signature_gives_its_own_reason() {
        let one = key(1);
        let jws = sign_flattened(&source(&one), b"hello", false).unwrap();
        assert_eq!(verify_with(&jws, &[1], Policy::All), Ok(1));
        assert_eq!(verify_with(&jws, &[2], Policy::All), Err(Error::SignatureMismatch));
        assert_eq!(verify_with(&jws, &[], Policy::All), Err(Error::AlgorithmNotAllowed));
        let missing = Err(Error::NotEnoughSignatures { found: 0, required: 2 });
        assert_eq!(verify_with(&jws, &[2], Policy::AtLeast(2)), missing);
    }

    #[test]
    fn a_key_with_another_id_is_not_tried() {
        let one = key(1);
        let kid = Members::from_iter([("kid".to_owned(), json!("a"))]);
        let source = SignatureSource::new(&one, kid, Members::new()).unwrap();
        let jws = serde_json::to_vec(&sign_flattened(&source, b"hello", false).unwrap()).unwrap();
        for (id, refused) in [("a", None), ("b", Some(Error::NoMatchingKey))] {
            let trusted = [TrustedKey { number: 0, id: Some(id), key: &one }];
            assert_eq!(verify(&jws, &trusted, Policy::All, None, 16).err(), refused);
        }
    }

    #[test]
    fn a_payload_may_be_signed_without_encoding() {
        let one = key(1);
        let unencoded = json!({"b64": false, "crit": ["b64"]}).as_object().unwrap().clone();
        let source = SignatureSource::new(&one, unencoded, Members::new()).unwrap();
        let jws = sign_flattened(&source, b"hello", false).unwrap();
        assert_eq!(jws["payload"], "hello");
        assert_eq!(verify_with(&jws, &[1], Policy::All), Ok(1));
        let detached = sign_flattened(&source, b"hello", true).unwrap();
        let detached = serde_json::to_vec(&detached).unwrap();
        let trusted = [TrustedKey { number: 0, id: None, key: &one }];
        for (payload, refused) in [(b"hello", None), (b"other", Some(Error::SignatureMismatch))] {
            let verified = verify(&detached, &trusted, Policy::All, Some(payload), 16);
            assert_eq!(verified.err(), refused);
        }
    }

    #[test]
    fn as_many_signatures_as_are_allowed_are_verified() {
        let one = key(1);
        let jws = sign_general(&[&source(&one); 16], b"hello", false).unwrap();
        assert_eq!(verify_with(&jws, &[1], Policy::All), Ok(16));
    }

    /// Signs `aGVsbG8` under a protected header of this text, and adds members.
    fn forged(protected: &str, others: Value) -> Result<usize, Error> {
        let protected = base64url::encode(protected.as_bytes());
        let payload = base64url::encode(b"hello");
        let signature = key(1).sign(format!("{protected}.{payload}").as_bytes()).unwrap();
        let mut jws = Members::new();
        jws.insert("payload".to_owned(), payload.into());
        jws.insert("protected".to_owned(), protected.into());
        jws.insert("signature".to_owned(), base64url::encode(signature.as_ref()).into());
        let Value::Object(others) = others else { panic!("members are in an object") };
        jws.extend(others);
        verify_with(&jws, &[1], Policy::All)
    }

    #[test]
    fn headers_are_distinct_and_what_is_critical_is_signed() {
        let protected = r#"{"alg":"HS256"}"#;
        assert_eq!(forged(protected, json!({})), Ok(1));
        assert_eq!(forged(protected, json!({"header": {"kid": "a"}})), Ok(1));
        assert_eq!(forged("{}", json!({"header": {"alg": "HS256"}})), Ok(1));
        for (protected, others, message) in [
            (
                protected,
                json!({"header": {"alg": "HS256"}}),
                "a header parameter occurs in two headers",
            ),
            (
                protected,
                json!({"header": {"b64": true}}),
                "crit and b64 must be in the protected header",
            ),
            (
                r#"{"alg":"HS256","b64":true}"#,
                json!({"header": {"crit": ["b64"]}}),
                "crit and b64 must be in the protected header",
            ),
            (protected, json!({"header": []}), "a header is not a JSON object"),
            (protected, json!({"signatures": [{}]}), "it is both general and flattened"),
            (protected, json!({"ciphertext": ""}), "it has members of a JWE too"),
            (protected, json!({"payload": 1}), "a member that should be a string is not"),
        ] {
            assert_eq!(forged(protected, others), Err(Error::InvalidJws(message)));
        }
        assert_eq!(forged(r#"{"alg":"HS256","b64":false}"#, json!({})), Err(Error::B64NotCritical));
        let unknown = forged(r#"{"alg":"HS256","crit":["x"],"x":1}"#, json!({}));
        assert_eq!(unknown, Err(Error::CritUnsupported("x".to_owned())));
    }

    #[test]
    fn each_signature_of_the_general_form_is_an_object() {
        let one = key(1);
        let jws = sign_general(&[&source(&one)], b"hello", false).unwrap();
        for (signatures, message) in [
            (json!([]), "\"signatures\" is not a non-empty list"),
            (json!({}), "\"signatures\" is not a non-empty list"),
            (json!([1]), "a signature is not a JSON object"),
            (json!([{}]), "a signature is missing"),
            (json!(vec![json!({}); 17]), "it has more signatures than are allowed"),
        ] {
            let mut jws = jws.clone();
            jws.insert("signatures".to_owned(), signatures);
            assert_eq!(verify_with(&jws, &[1], Policy::All), Err(Error::InvalidJws(message)));
        }
    }

    #[test]
    fn a_source_writes_its_headers_and_no_other_algorithm() {
        let one = key(1);
        let members = |name: &str| Members::from_iter([(name.to_owned(), json!("x"))]);
        let source = SignatureSource::new(&one, members("typ"), members("kid")).unwrap();
        let jws = sign_flattened(&source, b"hello", false).unwrap();
        assert_eq!(jws["header"], json!({"kid": "x"}));
        assert!(
            !sign_flattened(&self::source(&one), b"hello", false).unwrap().contains_key("header")
        );
        // RFC 7515 Appendix A.3.
        let public = crate::key::jwk::parse(
            br#"{"kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
            "y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}"#,
        );
        let es256 = Algorithm::by_name("ES256").unwrap();
        let public = PreparedKey::new(&public.unwrap(), es256).unwrap();
        let refused = SignatureSource::new(&public, Members::new(), Members::new()).err();
        assert_eq!(refused, Some(Error::PrivateKeyRequired));
        let unencoded = Members::from_iter([
            ("b64".to_owned(), json!(false)),
            ("crit".to_owned(), json!(["b64"])),
        ]);
        let unencoded = SignatureSource::new(&one, unencoded, Members::new()).unwrap();
        for mixed in [[&unencoded, &source], [&source, &unencoded]] {
            let refused = sign_general(&mixed, b"hello", false).err();
            let message = "b64 must be the same for all signatures";
            assert_eq!(refused, Some(Error::InvalidJws(message)));
        }
        assert!(sign_general(&[&unencoded, &unencoded], b"hello", false).is_ok());
        let refused = SignatureSource::new(&one, members("alg"), Members::new()).err();
        assert_eq!(refused, Some(Error::InvalidJws("alg cannot be among the headers")));
    }
}
