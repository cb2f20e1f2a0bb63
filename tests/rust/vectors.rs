//! The JWS examples of RFC 7515, RFC 7520, RFC 7797, RFC 8037 and RFC 9964, read from
//! `tests/vectors`.

use rapidjwt::algorithm::{Algorithm, NONE};
use rapidjwt::base64url;
use rapidjwt::crypto::PreparedKey;
use rapidjwt::dangerous::read_unverified;
use rapidjwt::error::Error;
use rapidjwt::jws;
use rapidjwt::key::jwk;
use serde::Deserialize;
use serde_json::Value;

const PRIVATE_MEMBERS: [&str; 7] = ["d", "p", "q", "dp", "dq", "qi", "priv"];

#[derive(Deserialize)]
struct Vector {
    source: String,
    algorithm: String,
    deterministic: bool,
    key: Value,
    header: String,
    payload: String,
    detached: bool,
    token: String,
}

impl Vector {
    fn algorithm(&self) -> &'static Algorithm {
        Algorithm::by_name(&self.algorithm).expect("every vector has a known algorithm")
    }

    fn segments(&self) -> [&str; 3] {
        let segments: Vec<&str> = self.token.split('.').collect();
        segments.try_into().expect("a compact JWS has three segments")
    }

    /// Returns the signing input (RFC 7515 Section 5.1, or RFC 7797 Section 3 for a detached
    /// payload).
    fn signing_input(&self) -> Vec<u8> {
        let [header, payload, _] = self.segments();
        let payload = if self.detached { &self.payload } else { payload };
        format!("{header}.{payload}").into_bytes()
    }

    fn signature(&self) -> Vec<u8> {
        base64url::decode(self.segments()[2].as_bytes()).expect("the signature is base64url")
    }

    fn detached_payload(&self) -> Option<&[u8]> {
        self.detached.then_some(self.payload.as_bytes())
    }

    /// Returns the key as published, or `None` if this build lacks the algorithm.
    fn published_key(&self) -> Option<PreparedKey> {
        self.prepare(&self.key)
    }

    /// Returns the key without its private members; a secret is returned unchanged.
    fn public_key(&self) -> Option<PreparedKey> {
        let mut jwk = self.key.clone();
        let members = jwk.as_object_mut().expect("a JWK is an object");
        members.retain(|name, _| !PRIVATE_MEMBERS.contains(&name.as_str()));
        self.prepare(&jwk)
    }

    fn prepare(&self, jwk: &Value) -> Option<PreparedKey> {
        let material = jwk::from_value(jwk).expect(&self.source);
        match PreparedKey::new(&material, self.algorithm()) {
            Ok(key) => Some(key),
            Err(Error::AlgorithmUnavailable(_)) if cfg!(not(feature = "aws-lc")) => None,
            Err(error) => panic!("{}: {error}", self.source),
        }
    }
}

fn vectors() -> Vec<Vector> {
    let files = [include_str!("../vectors/jws.json"), include_str!("../vectors/mldsa.json")];
    let read = |file| -> Vec<Vector> { serde_json::from_str(file).expect("it has this form") };
    files.into_iter().flat_map(read).collect()
}

fn signed() -> impl Iterator<Item = Vector> {
    vectors().into_iter().filter(|vector| vector.algorithm() != &NONE)
}

/// Returns `bytes` with one bit of one byte flipped, for each byte.
fn with_one_flipped_bit(bytes: &[u8]) -> impl Iterator<Item = Vec<u8>> {
    (0..bytes.len()).map(|index| {
        let mut flipped = bytes.to_vec();
        flipped[index] ^= 1 << (index % 8);
        flipped
    })
}

#[test]
fn the_stored_texts_are_those_of_the_token() {
    for vector in vectors() {
        let [header, payload, _] = vector.segments();
        assert_eq!(base64url::encode(vector.header.as_bytes()), header, "{}", vector.source);
        let encoded = base64url::encode(vector.payload.as_bytes());
        assert_eq!(if vector.detached { "" } else { &encoded }, payload, "{}", vector.source);
    }
}

#[test]
fn published_tokens_verify() {
    for vector in signed() {
        for key in vector.public_key().into_iter().chain(vector.published_key()) {
            let verified = jws::verify(vector.token.as_bytes(), &[&key], vector.detached_payload());
            let verified = verified.unwrap_or_else(|error| panic!("{}: {error}", vector.source));
            assert_eq!(verified.payload(), vector.payload.as_bytes(), "{}", vector.source);
        }
    }
}

#[test]
fn deterministic_tokens_come_out_byte_for_byte() {
    let mut compared = 0;
    for vector in signed().filter(|vector| vector.deterministic) {
        let key = vector.published_key().expect("every build has the deterministic algorithms");
        if key.can_sign() {
            let sign = if vector.detached { jws::sign_unencoded } else { jws::sign };
            let token = sign(vector.header.as_bytes(), vector.payload.as_bytes(), &key);
            assert_eq!(token.as_ref(), Ok(&vector.token), "{}", vector.source);
            compared += 1;
        }
    }
    assert_eq!(compared, 7);
}

#[test]
fn randomized_signatures_of_our_own_verify() {
    for vector in signed().filter(|vector| !vector.deterministic) {
        let Some(key) = vector.published_key() else { continue };
        let signing_input = vector.signing_input();
        let signature = key.sign(&signing_input).expect(&vector.source);
        assert_eq!(signature.as_ref().len(), vector.signature().len(), "{}", vector.source);
        assert_ne!(signature.as_ref(), vector.signature(), "{}", vector.source);
        let public_key = vector.public_key().expect("as the private key");
        assert!(public_key.verify(&signing_input, signature.as_ref()), "{}", vector.source);
    }
}

#[test]
fn one_flipped_bit_is_refused() {
    for vector in signed() {
        let Some(key) = vector.public_key() else { continue };
        let (signing_input, signature) = (vector.signing_input(), vector.signature());
        for tampered in with_one_flipped_bit(&signature) {
            assert!(!key.verify(&signing_input, &tampered), "{}", vector.source);
        }
        for tampered in with_one_flipped_bit(&signing_input) {
            assert!(!key.verify(&tampered, &signature), "{}", vector.source);
        }
    }
}

#[test]
fn a_public_key_does_not_sign() {
    for vector in signed().filter(|vector| vector.key["kty"] != "oct") {
        let Some(key) = vector.public_key() else { continue };
        let refused = key.sign(b"message").err();
        assert_eq!(refused, Some(Error::PrivateKeyRequired), "{}", vector.source);
    }
}

#[test]
fn the_unsecured_token_is_refused_by_every_key_and_read_only_unverified() {
    let unsecured = vectors().into_iter().find(|vector| vector.algorithm() == &NONE);
    let unsecured = unsecured.expect("RFC 7515 Appendix A.5");
    for vector in signed() {
        let Some(key) = vector.public_key() else { continue };
        let refused = jws::verify(unsecured.token.as_bytes(), &[&key], None).err();
        assert_eq!(refused, Some(Error::AlgorithmNotAllowed), "{}", vector.source);
        let material = jwk::from_value(&vector.key).expect(&vector.source);
        let refused = PreparedKey::new(&material, &NONE).err();
        assert_eq!(refused, Some(Error::KeyForNone), "{}", vector.source);
    }
    let read = read_unverified(unsecured.token.as_bytes()).expect("well-formed");
    assert_eq!(read.payload, unsecured.payload.as_bytes());
}
