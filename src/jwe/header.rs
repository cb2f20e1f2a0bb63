//! The JOSE header of a JWE (RFC 7516 Section 4), which is the union of up to three.

use std::borrow::Cow;
use std::num::NonZeroU32;
use std::ptr;

use serde_json::{Map, Value};

use crate::base64url;
use crate::content_encryption::ContentEncryption;
use crate::crypto::Parameters;
use crate::error::Error;
use crate::key::recipient::AgreementKey;
use crate::key_management::{Family, KeyManagement};

/// The members of a header.
pub(super) type Members = Map<String, Value>;

/// Decodes a part or a parameter; `message` says that it is not base64url.
pub(super) fn decode(text: &[u8], message: &'static str) -> Result<Vec<u8>, Error> {
    base64url::decode(text).map_err(|error| error.or(|| Error::InvalidJwe(message)))
}

/// Joins the headers of one recipient, which is the protected one if there is nothing else. Their
/// names must differ (RFC 7516 Section 7.2.1).
pub(super) fn join<'a>(
    protected: &'a Members,
    unprotected: &[&Members],
) -> Result<Cow<'a, Members>, Error> {
    let mut joined = Cow::Borrowed(protected);
    for (name, value) in unprotected.iter().copied().flatten() {
        if joined.to_mut().insert(name.clone(), value.clone()).is_some() {
            return Err(Error::InvalidJwe("a header parameter occurs in two headers"));
        }
    }
    Ok(joined)
}

/// Checks what must be integrity protected (`crit` and `zip`), `crit` and `kid`.
pub(super) fn validate(joined: &Members, protected: &Members) -> Result<(), Error> {
    if joined.get("kid").is_some_and(|kid| !kid.is_string()) {
        return Err(Error::KidNotString);
    }
    let is_protected = |name| joined.contains_key(name) == protected.contains_key(name);
    if !(ptr::eq(joined, protected) || ["crit", "zip"].into_iter().all(is_protected)) {
        return Err(Error::InvalidJwe("crit and zip must be in the protected header"));
    }
    match protected.get("crit") {
        None => Ok(()),
        Some(crit) => Err(unsupported_crit(crit)),
    }
}

/// Returns the error for `crit`: this library implements no extension of JWE (RFC 7516 Section
/// 4.1.13; `b64` is one of JWS, RFC 7797 Section 7).
fn unsupported_crit(crit: &Value) -> Error {
    match crit.as_array().and_then(|names| names.first()) {
        None => Error::CritNotList,
        Some(Value::String(name)) => Error::CritUnsupported(name.clone()),
        Some(_) => Error::CritNotStrings,
    }
}

/// Returns whether the content is compressed.
pub(super) fn is_compressed(protected: &Members) -> Result<bool, Error> {
    match protected.get("zip") {
        None => Ok(false),
        Some(zip) if zip == "DEF" => Ok(true),
        Some(_) => Err(Error::InvalidJwe("zip must be \"DEF\"")),
    }
}

/// Returns whether `cty` says that the content is a JWT. Media types are case-insensitive, and
/// `application/` may be left out (RFC 7516 Section 4.1.12).
pub(super) fn is_jwt_content(protected: &Members) -> bool {
    let cty = protected.get("cty").and_then(Value::as_str);
    cty.is_some_and(|cty| {
        let cty = cty.to_ascii_lowercase();
        cty.strip_prefix("application/").unwrap_or(&cty) == "jwt"
    })
}

/// Returns `alg`.
pub(super) fn alg(joined: &Members) -> Result<&str, Error> {
    joined.get("alg").ok_or(Error::AlgorithmMissing)?.as_str().ok_or(Error::AlgorithmNotAllowed)
}

/// Returns the algorithm of `enc`, if it is one of `allowed`.
pub(super) fn encryption(
    joined: &Members,
    allowed: &[&'static ContentEncryption],
) -> Result<&'static ContentEncryption, Error> {
    let name = joined.get("enc").and_then(Value::as_str).ok_or(Error::EncryptionNotAllowed)?;
    let mut allowed = allowed.iter().copied();
    allowed.find(|encryption| encryption.name == name).ok_or(Error::EncryptionNotAllowed)
}

/// Reads the parameters that `algorithm` needs. Those of other algorithms are ignored.
pub(super) fn parameters(joined: &Members, algorithm: &KeyManagement) -> Result<Parameters, Error> {
    let mut parameters = Parameters::default();
    match algorithm.family {
        Family::Direct | Family::AesKw(_) | Family::RsaOaep(_) => {}
        Family::AesGcmKw(_) => {
            parameters.iv = Some(required(joined, "iv", "iv must be base64url")?);
            parameters.tag = Some(required(joined, "tag", "tag must be base64url")?);
        }
        Family::EcdhEs(_) => {
            let epk = joined.get("epk").ok_or(Error::InvalidJwe("epk is missing"))?;
            let epk = AgreementKey::from_jwk(epk)
                .map_err(|_| Error::InvalidJwe("epk is not a public key for ECDH-ES"))?;
            parameters.epk = Some(AgreementKey { d: None, ..epk });
            (parameters.apu, parameters.apv) = party_info(joined)?;
        }
        Family::Pbes2 { .. } => {
            let p2s = required(joined, "p2s", "p2s must be base64url")?;
            // RFC 7518 Section 4.8.1.1: the salt MUST be 8 or more octets.
            if p2s.len() < 8 {
                return Err(Error::InvalidJwe("p2s must have at least 8 bytes"));
            }
            parameters.p2s = Some(p2s);
            parameters.p2c = Some(p2c(joined)?);
        }
    }
    Ok(parameters)
}

/// Reads `p2c`. A count above 2^32 is as much too large as 2^32.
fn p2c(joined: &Members) -> Result<NonZeroU32, Error> {
    let count = joined.get("p2c").and_then(Value::as_u64);
    let count = count.map(|count| u32::try_from(count).unwrap_or(u32::MAX));
    count.and_then(NonZeroU32::new).ok_or(Error::InvalidJwe("p2c must be a positive integer"))
}

/// Reads `apu` and `apv` (RFC 7518 Sections 4.6.1.2 and 4.6.1.3).
pub(super) fn party_info(joined: &Members) -> Result<(Vec<u8>, Vec<u8>), Error> {
    let read = |name| {
        if joined.contains_key(name) {
            required(joined, name, "apu and apv must be base64url")
        } else {
            Ok(Vec::new())
        }
    };
    Ok((read("apu")?, read("apv")?))
}

fn required(joined: &Members, name: &str, message: &'static str) -> Result<Vec<u8>, Error> {
    let text = joined.get(name).and_then(Value::as_str);
    decode(text.ok_or(Error::InvalidJwe(message))?.as_bytes(), message)
}

/// Adds the parameters that encrypting the key has yielded.
pub(super) fn write_parameters(parameters: &Parameters, header: &mut Members) {
    let mut put = |name: &str, value: Value| header.insert(name.to_owned(), value);
    if let Some(epk) = &parameters.epk {
        put("epk", epk.public_jwk().into());
    }
    for (name, bytes) in
        [("iv", &parameters.iv), ("tag", &parameters.tag), ("p2s", &parameters.p2s)]
    {
        if let Some(bytes) = bytes {
            put(name, base64url::encode(bytes).into());
        }
    }
    if let (Some(_), Some(count)) = (&parameters.p2s, parameters.p2c) {
        put("p2c", count.get().into());
    }
}

/// Writes a header as JSON and encodes it.
pub(super) fn encode(header: &Members) -> String {
    base64url::encode(&serde_json::to_vec(header).expect("JSON values are written as JSON"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn members(value: Value) -> Members {
        match value {
            Value::Object(members) => members,
            _ => panic!("not an object"),
        }
    }

    fn valid(joined: Value) -> Result<(), Error> {
        let joined = members(joined);
        validate(&joined, &joined)
    }

    #[test]
    fn no_critical_extension_is_understood() {
        let unsupported = |name: &str| Err(Error::CritUnsupported(name.to_owned()));
        assert_eq!(valid(json!({"crit": ["b64"], "b64": true})), unsupported("b64"));
        assert_eq!(valid(json!({"crit": ["exp"], "exp": 1})), unsupported("exp"));
        assert_eq!(valid(json!({"crit": []})), Err(Error::CritNotList));
        assert_eq!(valid(json!({"crit": null})), Err(Error::CritNotList));
        assert_eq!(valid(json!({"crit": [1]})), Err(Error::CritNotStrings));
        assert_eq!(valid(json!({"kid": 1})), Err(Error::KidNotString));
        assert_eq!(valid(json!({"kid": "1"})), Ok(()));
    }

    #[test]
    fn crit_and_zip_are_integrity_protected() {
        for name in ["crit", "zip"] {
            let joined = members(json!({name: "DEF"}));
            assert!(matches!(validate(&joined, &Members::new()), Err(Error::InvalidJwe(_))));
        }
    }

    #[test]
    fn the_content_type_says_whether_a_token_is_nested() {
        for cty in ["JWT", "jwt", "application/jwt", "application/JWT"] {
            assert!(is_jwt_content(&members(json!({"cty": cty}))), "{cty}");
        }
        for header in
            [json!({}), json!({"cty": "at+jwt"}), json!({"cty": 1}), json!({"typ": "JWT"})]
        {
            assert!(!is_jwt_content(&members(header.clone())), "{header}");
        }
    }

    #[test]
    fn content_is_compressed_in_one_way() {
        for (header, expected) in [
            (json!({}), Ok(false)),
            (json!({"zip": "DEF"}), Ok(true)),
            (json!({"zip": "GZ"}), Err(Error::InvalidJwe("zip must be \"DEF\""))),
        ] {
            assert_eq!(is_compressed(&members(header)), expected);
        }
    }

    #[test]
    fn a_private_part_of_an_ephemeral_key_is_left_out() {
        let x = base64url::encode(&[9; 32]);
        let epk = json!({"kty": "OKP", "crv": "X25519", "x": x, "d": x});
        let ecdh_es = KeyManagement::by_name("ECDH-ES").unwrap();
        let read = parameters(&members(json!({"epk": epk})), ecdh_es).unwrap();
        assert!(read.epk.is_some_and(|key| key.d.is_none()));
    }

    #[test]
    fn a_parameter_stands_in_one_header() {
        let (one, other) = (members(json!({"alg": "dir"})), members(json!({"alg": "dir"})));
        assert!(join(&one, &[&other]).is_err());
        assert_eq!(join(&one, &[&Members::new()]).as_deref(), Ok(&one));
    }

    #[test]
    fn parameters_have_the_form_that_the_algorithm_needs() {
        let read = |alg: &str, header: Value| {
            parameters(&members(header), KeyManagement::by_name(alg).unwrap()).map(drop)
        };
        assert!(read("dir", json!({"epk": 1, "iv": 1, "p2c": -1, "apu": 1})).is_ok());
        for (alg, header) in [
            ("A128GCMKW", json!({"iv": "AAAA"})),
            ("A128GCMKW", json!({"tag": "AAAA"})),
            ("A128GCMKW", json!({"iv": "*", "tag": "AAAA"})),
            ("ECDH-ES", json!({})),
            ("ECDH-ES", json!({"epk": "x"})),
            ("ECDH-ES", json!({"epk": {"kty": "oct", "k": "AAAA"}})),
            ("ECDH-ES", json!({"epk": {"kty": "OKP", "crv": "X25519", "x": "AAAA"}})),
            ("PBES2-HS256+A128KW", json!({"p2c": 1000})),
            ("PBES2-HS256+A128KW", json!({"p2s": "AAAAAAAAAA", "p2c": 1000})),
            ("PBES2-HS256+A128KW", json!({"p2s": "AAAAAAAAAAA"})),
            ("PBES2-HS256+A128KW", json!({"p2s": "AAAAAAAAAAA", "p2c": 0})),
            ("PBES2-HS256+A128KW", json!({"p2s": "AAAAAAAAAAA", "p2c": -1})),
            ("PBES2-HS256+A128KW", json!({"p2s": "AAAAAAAAAAA", "p2c": 1000.5})),
            ("PBES2-HS256+A128KW", json!({"p2s": "AAAAAAAAAAA", "p2c": "1000"})),
        ] {
            assert!(matches!(read(alg, header.clone()), Err(Error::InvalidJwe(_))), "{header}");
        }
        let x25519 = json!({"kty": "OKP", "crv": "X25519", "x": base64url::encode(&[9; 32])});
        assert!(read("ECDH-ES", json!({"epk": x25519})).is_ok());
        assert!(read("ECDH-ES", json!({"epk": x25519, "apu": 1})).is_err());
        assert!(read("PBES2-HS256+A128KW", json!({"p2s": "AAAAAAAAAAA", "p2c": 1 })).is_ok());
        let huge = members(json!({"p2c": u64::MAX}));
        assert_eq!(p2c(&huge), Ok(NonZeroU32::MAX));
    }
}
