//! JSON Web Keys (RFC 7517, RFC 7518 Section 6, RFC 8037 Section 2, RFC 8812 Section 3, RFC 9964
//! Section 4).
//!
//! Only key material is read here; [`super::metadata`] reads `use`, `key_ops`, `alg` and `kid`.

use serde_json::{Map, Value};
use zeroize::Zeroizing;

use super::{
    AkpKey, Coordinates, Curve, EcKey, EcPoint, KeyMaterial, MlDsa, OkpCurve, OkpKey, RsaKey,
    RsaPrivate, SecretBytes, primes,
};
use crate::base64url::{self, Undecoded};
use crate::error::Error;

/// Reads a JWK from its JSON text.
///
/// # Errors
/// Those of [`from_value`], and [`Error::InvalidKey`] if `json` is not JSON.
pub fn parse(json: &[u8]) -> Result<KeyMaterial, Error> {
    from_value(&serde_json::from_slice(json).map_err(|_| not_json())?)
}

/// Reads a JWK.
///
/// # Errors
/// [`Error::InvalidKey`] if `jwk` is not a key of a known type, lacks a member or has a member that
/// does not fit; [`Error::SecretEmpty`] if an `oct` key is empty.
pub fn from_value(jwk: &Value) -> Result<KeyMaterial, Error> {
    let jwk = Members(jwk.as_object().ok_or_else(not_json)?);
    match jwk.0.get("kty") {
        None | Some(Value::Null) => Err(Error::invalid_key("kty is not found")),
        Some(Value::String(kty)) => match kty.as_str() {
            "oct" => secret(&jwk).map(KeyMaterial::Secret),
            "RSA" => rsa(&jwk).map(KeyMaterial::Rsa),
            "EC" => ec(&jwk).map(KeyMaterial::Ec),
            "OKP" => okp(&jwk).map(KeyMaterial::Okp),
            "AKP" => akp(&jwk).map(KeyMaterial::Akp),
            _ => Err(Error::invalid_key(format!("Unsupported kty: {kty}"))),
        },
        Some(_) => Err(Error::invalid_key("kty must be a string")),
    }
}

/// Writes a JWK: the public members that `key` has, and if `private` is true also its private
/// members. The only public member of a shared secret is `kty`.
pub fn to_value(key: &KeyMaterial, private: bool) -> Map<String, Value> {
    let mut jwk = Map::new();
    let mut put = |name: &str, text: String| jwk.insert(name.to_owned(), Value::String(text));
    for (name, text) in public_members(key) {
        put(name, text);
    }
    if private {
        for (name, bytes) in private_members(key) {
            put(name, base64url::encode(bytes));
        }
    }
    jwk
}

/// Returns the text whose hash is the key's thumbprint (RFC 7638 Section 3, RFC 8037 Section 2, RFC
/// 9964 Section 6), or `None` if the public part is absent. For a shared secret, the text contains the secret.
pub fn thumbprint_input(key: &KeyMaterial) -> Option<String> {
    let mut members = public_members(key);
    let required = match key {
        KeyMaterial::Secret(secret) => {
            members.push(("k", base64url::encode(secret)));
            2
        }
        KeyMaterial::Rsa(_) | KeyMaterial::Okp(_) | KeyMaterial::Akp(_) => 3,
        KeyMaterial::Ec(_) => 4,
    };
    if members.len() != required {
        return None;
    }
    members.sort_unstable();
    // Names and values consist of characters that JSON does not escape.
    let members: Vec<_> =
        members.iter().map(|(name, text)| format!("\"{name}\":\"{text}\"")).collect();
    Some(format!("{{{}}}", members.join(",")))
}

fn public_members(key: &KeyMaterial) -> Vec<(&'static str, String)> {
    let mut members = vec![("kty", key.kty().to_owned())];
    match key {
        KeyMaterial::Secret(_) => {}
        KeyMaterial::Rsa(key) => {
            members.push(("n", base64url::encode(&key.n)));
            members.push(("e", base64url::encode(&key.e)));
        }
        KeyMaterial::Ec(key) => {
            members.push(("crv", key.curve.crv().to_owned()));
            if let Some(EcPoint::Affine(Coordinates { x, y })) = &key.public {
                members.push(("x", base64url::encode(x)));
                members.push(("y", base64url::encode(y)));
            }
        }
        KeyMaterial::Okp(key) => {
            members.push(("crv", key.curve.crv().to_owned()));
            if let Some(x) = &key.x {
                members.push(("x", base64url::encode(x)));
            }
        }
        KeyMaterial::Akp(key) => {
            members.push(("alg", key.algorithm.name().to_owned()));
            if let Some(public) = &key.public {
                members.push(("pub", base64url::encode(public)));
            }
        }
    }
    members
}

fn private_members(key: &KeyMaterial) -> Vec<(&'static str, &SecretBytes)> {
    match key {
        KeyMaterial::Secret(secret) => vec![("k", secret)],
        KeyMaterial::Rsa(key) => key.private.iter().flat_map(rsa_private_members).collect(),
        KeyMaterial::Ec(key) => key.d.iter().map(|d| ("d", d)).collect(),
        KeyMaterial::Okp(key) => key.d.iter().map(|d| ("d", d)).collect(),
        KeyMaterial::Akp(key) => key.seed.iter().map(|seed| ("priv", seed)).collect(),
    }
}

fn rsa_private_members(key: &RsaPrivate) -> [(&'static str, &SecretBytes); 6] {
    let RsaPrivate { d, p, q, dp, dq, qi } = key;
    [("d", d), ("p", p), ("q", q), ("dp", dp), ("dq", dq), ("qi", qi)]
}

/// Reads an `oct` key (RFC 7518 Section 6.4).
fn secret(jwk: &Members<'_>) -> Result<SecretBytes, Error> {
    if !jwk.has("k") {
        return Err(Error::invalid_key("oct should have \"k\" parameter"));
    }
    let secret = jwk.secret("k")?;
    if secret.is_empty() { Err(Error::SecretEmpty) } else { Ok(secret) }
}

/// Reads an `RSA` key (RFC 7518 Section 6.3).
fn rsa(jwk: &Members<'_>) -> Result<RsaKey, Error> {
    if !jwk.has("n") || !jwk.has("e") {
        return Err(Error::invalid_key("Not a public or private key"));
    }
    let key = RsaKey::new(&jwk.bytes("n")?, &jwk.bytes("e")?, None)?;
    let private = if jwk.has("d") { Some(rsa_private(jwk, &key)?) } else { None };
    Ok(RsaKey { private, ..key })
}

/// RFC 7518 Section 6.3.2.
fn rsa_private(jwk: &Members<'_>, key: &RsaKey) -> Result<RsaPrivate, Error> {
    if jwk.has("oth") {
        return Err(Error::invalid_key("Unsupported RSA private key: > 2 primes not supported"));
    }
    match ["p", "q", "dp", "dq", "qi"].into_iter().filter(|name| jwk.has(name)).count() {
        5 => {}
        0 => {
            return primes::recover(key, &jwk.integer("d")?).ok_or_else(|| {
                Error::invalid_key("The RSA private key's d does not fit its n and e")
            });
        }
        _ => {
            return Err(Error::invalid_key(
                "RSA key must include all parameters if any are present besides d",
            ));
        }
    }
    Ok(RsaPrivate {
        d: jwk.integer("d")?,
        p: jwk.integer("p")?,
        q: jwk.integer("q")?,
        dp: jwk.integer("dp")?,
        dq: jwk.integer("dq")?,
        qi: jwk.integer("qi")?,
    })
}

/// Reads an `EC` key (RFC 7518 Section 6.2, RFC 8812 Section 3.1).
fn ec(jwk: &Members<'_>) -> Result<EcKey, Error> {
    if !jwk.has("x") || !jwk.has("y") {
        return Err(Error::invalid_key("Not an Elliptic curve key"));
    }
    let (x, y) = (jwk.bytes("x")?, jwk.bytes("y")?);
    let crv = jwk.crv()?;
    let curve = Curve::ALL.into_iter().find(|curve| curve.crv() == crv);
    let curve = curve.ok_or_else(|| invalid_curve(crv))?;
    let len = curve.field_len();
    if x.len() != len || y.len() != len {
        let message = format!("Coords should be {len} bytes for curve {crv}");
        return Err(Error::invalid_key(message));
    }
    let d = if jwk.has("d") { Some(jwk.secret("d")?) } else { None };
    if d.as_ref().is_some_and(|d| d.len() != len) {
        return Err(Error::invalid_key(format!("D should be {len} bytes for curve {crv}")));
    }
    Ok(EcKey { curve, public: Some(EcPoint::Affine(Coordinates { x, y })), d })
}

/// Reads an `OKP` key (RFC 8037 Section 2). `crypto` checks that `x` belongs to `d`.
fn okp(jwk: &Members<'_>) -> Result<OkpKey, Error> {
    let crv = jwk.crv()?;
    let curve = OkpCurve::ALL.into_iter().find(|curve| curve.crv() == crv);
    let curve = curve.ok_or_else(|| invalid_curve(crv))?;
    if !jwk.has("x") {
        return Err(Error::invalid_key("OKP should have \"x\" parameter"));
    }
    let x = jwk.bytes("x")?;
    let d = if jwk.has("d") { Some(jwk.secret("d")?) } else { None };
    let fits = |bytes: &[u8]| bytes.len() == curve.key_len();
    if !fits(&x) || !d.as_ref().is_none_or(|d| fits(d)) {
        return Err(Error::invalid_key("Invalid key parameter"));
    }
    Ok(OkpKey { curve, x: Some(x), d })
}

/// Reads an `AKP` key (RFC 9964 Section 4). `crypto` checks that `pub` belongs to `priv`.
fn akp(jwk: &Members<'_>) -> Result<AkpKey, Error> {
    let alg = jwk.0.get("alg").and_then(Value::as_str);
    let algorithm = MlDsa::ALL.into_iter().find(|algorithm| Some(algorithm.name()) == alg);
    let algorithm = algorithm.ok_or_else(|| {
        Error::invalid_key("An AKP key needs \"alg\": ML-DSA-44, ML-DSA-65 or ML-DSA-87")
    })?;
    if !jwk.has("pub") {
        return Err(Error::invalid_key("AKP should have \"pub\" parameter"));
    }
    let public = jwk.bytes("pub")?;
    let seed = if jwk.has("priv") { Some(jwk.secret("priv")?) } else { None };
    if public.len() != algorithm.public_len() {
        return Err(wrong_length("pub", algorithm.name(), algorithm.public_len()));
    }
    if seed.as_ref().is_some_and(|seed| seed.len() != MlDsa::SEED_LEN) {
        return Err(wrong_length("priv", algorithm.name(), MlDsa::SEED_LEN));
    }
    Ok(AkpKey { algorithm, public: Some(public), seed })
}

fn wrong_length(member: &str, algorithm: &str, len: usize) -> Error {
    Error::InvalidKey(format!("\"{member}\" of an {algorithm} key must have {len} bytes"))
}

/// The members of a JWK.
struct Members<'a>(&'a Map<String, Value>);

impl Members<'_> {
    fn has(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }

    fn bytes(&self, name: &str) -> Result<Vec<u8>, Error> {
        self.0
            .get(name)
            .and_then(Value::as_str)
            .ok_or(Undecoded::NotCanonical)
            .and_then(|text| base64url::decode(text.as_bytes()))
            .map_err(|reason| {
                let message = || format!("The JWK's \"{name}\" is not base64url");
                reason.or(|| Error::InvalidKey(message()))
            })
    }

    fn secret(&self, name: &str) -> Result<SecretBytes, Error> {
        self.bytes(name).map(Zeroizing::new)
    }

    /// Returns a secret integer (RFC 7518 Section 2, `Base64urlUInt`) without leading zeros.
    fn integer(&self, name: &str) -> Result<SecretBytes, Error> {
        let bytes = self.secret(name)?;
        Ok(Zeroizing::new(super::trim_leading_zeros(&bytes).to_vec()))
    }

    fn crv(&self) -> Result<&str, Error> {
        match self.0.get("crv") {
            Some(Value::String(crv)) => Ok(crv),
            // Python's text for an absent or null `crv`.
            None | Some(Value::Null) => Err(invalid_curve("None")),
            Some(_) => Err(Error::invalid_key("crv must be a string")),
        }
    }
}

fn not_json() -> Error {
    Error::invalid_key("Key is not valid JSON")
}

fn invalid_curve(crv: &str) -> Error {
    Error::invalid_key(format!("Invalid curve: {crv}"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::key::vectors;

    const PRIVATE: [&str; 7] = [
        "jwk_ec_key_P-256.json",
        "jwk_ec_key_P-384.json",
        "jwk_ec_key_P-521.json",
        "jwk_ec_key_secp256k1.json",
        "jwk_okp_key_Ed25519.json",
        "jwk_okp_key_Ed448.json",
        "jwk_rsa_key.json",
    ];

    fn load(name: &str) -> Value {
        serde_json::from_slice(&vectors::read(name)).unwrap()
    }

    fn with(mut jwk: Value, name: &str, value: impl Into<Value>) -> Value {
        jwk[name] = value.into();
        jwk
    }

    fn without(mut jwk: Value, names: &[&str]) -> Value {
        jwk.as_object_mut().unwrap().retain(|name, _| !names.contains(&name.as_str()));
        jwk
    }

    fn assert_refused(jwk: &Value, message: &str) {
        assert_eq!(from_value(jwk).map_err(|error| error.to_string()), Err(message.to_owned()));
    }

    #[test]
    fn keys_come_back_with_their_own_members() {
        for name in PRIVATE.into_iter().chain(["jwk_hmac.json"]) {
            let mut jwk = load(name);
            let key = from_value(&jwk).unwrap();
            assert!(key.is_private(), "{name}");
            assert_eq!(key.kty(), jwk["kty"], "{name}");
            for member in ["kid", "use", "alg"] {
                jwk.as_object_mut().unwrap().remove(member);
            }
            assert_eq!(Value::Object(to_value(&key, true)), jwk, "{name}");
        }
    }

    #[test]
    fn public_keys_are_the_private_ones_without_the_private_members() {
        for name in PRIVATE {
            let key = from_value(&load(name)).unwrap();
            let public = from_value(&Value::Object(to_value(&key, false))).unwrap();
            assert!(!public.is_private(), "{name}");
            assert_eq!(
                public,
                from_value(&load(&name.replace("key_", "pub_").replace("rsa_key", "rsa_pub")))
                    .unwrap(),
                "{name}"
            );
        }
    }

    #[test]
    fn a_shared_secret_shows_itself_only_when_asked() {
        let key = KeyMaterial::Secret(Zeroizing::new(b"secret".to_vec()));
        assert_eq!(Value::Object(to_value(&key, false)), json!({"kty": "oct"}));
        assert_eq!(Value::Object(to_value(&key, true)), json!({"kty": "oct", "k": "c2VjcmV0"}));
    }

    #[test]
    fn text_that_is_no_json_object_is_refused() {
        for text in [&b""[..], b"{", b"[]", b"\"x\"", b"null", b"\xff", b"{} x"] {
            assert_eq!(parse(text), Err(not_json()), "{text:?}");
        }
        assert!(parse(&vectors::read("jwk_hmac.json")).is_ok());
    }

    #[test]
    fn refusals_have_pyjwts_words() {
        let (ec, okp, rsa) = (
            load("jwk_ec_key_P-256.json"),
            load("jwk_okp_key_Ed25519.json"),
            load("jwk_rsa_key.json"),
        );
        assert_refused(&json!({"kty": "foo"}), "Unsupported kty: foo");
        assert_refused(&json!({"kty": 1}), "kty must be a string");
        assert_refused(&json!({"kty": "RSA"}), "Not a public or private key");
        assert_refused(&without(rsa.clone(), &["n"]), "Not a public or private key");
        assert_refused(
            &without(rsa.clone(), &["dq"]),
            "RSA key must include all parameters if any are present besides d",
        );
        assert_refused(
            &with(rsa, "oth", json!([])),
            "Unsupported RSA private key: > 2 primes not supported",
        );
        assert_refused(&without(ec.clone(), &["y"]), "Not an Elliptic curve key");
        assert_refused(&without(ec.clone(), &["crv"]), "Invalid curve: None");
        assert_refused(&with(ec.clone(), "crv", "P-255"), "Invalid curve: P-255");
        assert_refused(
            &with(ec.clone(), "crv", "P-521"),
            "Coords should be 66 bytes for curve P-521",
        );
        assert_refused(&with(ec.clone(), "x", "AA"), "Coords should be 32 bytes for curve P-256");
        assert_refused(&with(ec, "d", "AA"), "D should be 32 bytes for curve P-256");
        assert_refused(&without(okp.clone(), &["x"]), "OKP should have \"x\" parameter");
        assert_refused(&without(okp.clone(), &["crv"]), "Invalid curve: None");
        assert_refused(&with(okp.clone(), "crv", "X448"), "Invalid curve: X448");
        assert_refused(&with(okp.clone(), "crv", "Ed448"), "Invalid key parameter");
        assert_refused(&with(okp, "d", "AA"), "Invalid key parameter");
        assert_refused(&json!({"kty": "oct", "k": ""}), "HMAC key must not be empty.");
    }

    #[test]
    fn refusals_of_our_own_say_what_is_missing() {
        assert_refused(&json!({}), "kty is not found");
        assert_refused(&json!({"kty": "oct"}), "oct should have \"k\" parameter");
        let d_alone = without(load("jwk_rsa_key.json"), &["p", "q", "dp", "dq", "qi"]);
        assert_refused(
            &with(d_alone, "d", "AQAB"),
            "The RSA private key's d does not fit its n and e",
        );
    }

    #[test]
    fn an_rsa_key_with_d_alone_gets_its_other_members() {
        let jwk = load("jwk_rsa_key.json");
        let d_alone = without(jwk.clone(), &["p", "q", "dp", "dq", "qi"]);
        let members = to_value(&from_value(&d_alone).unwrap(), true);
        for name in ["n", "e", "d"] {
            assert_eq!(members[name], jwk[name], "{name}");
        }
        let primes = [&members["p"], &members["q"]];
        assert!(primes.contains(&&jwk["p"]) && primes.contains(&&jwk["q"]));
    }

    #[test]
    fn members_are_strict_base64url() {
        let jwk = load("jwk_ec_pub_P-256.json");
        let x = jwk["x"].as_str().unwrap();
        for wrong in
            [json!(1), json!(null), json!([x]), json!(format!(" {x}")), json!(format!("{x}\n"))]
        {
            assert_refused(&with(jwk.clone(), "x", wrong), "The JWK's \"x\" is not base64url");
        }
        let rsa = load("jwk_rsa_pub.json");
        assert_refused(&with(rsa, "e", "AQA+"), "The JWK's \"e\" is not base64url");
    }

    #[test]
    fn rsa_integers_may_have_leading_zeros() {
        let jwk = load("jwk_rsa_pub.json");
        let key = from_value(&with(jwk.clone(), "e", "AAEAAQ")).unwrap();
        assert_eq!(key, from_value(&jwk).unwrap());
    }

    #[test]
    fn thumbprint_input_is_that_of_rfc_7638_section_3_1() {
        let jwk = json!({
            "kty": "RSA",
            "n": "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_\
                  BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0\
                  _FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWh\
                  AI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw",
            "e": "AQAB",
            "alg": "RS256",
            "kid": "2011-04-29",
        });
        let n = jwk["n"].as_str().unwrap();
        let expected = format!("{{\"e\":\"AQAB\",\"kty\":\"RSA\",\"n\":\"{n}\"}}");
        assert_eq!(thumbprint_input(&from_value(&jwk).unwrap()), Some(expected));
    }

    #[test]
    fn thumbprint_input_takes_the_required_public_members_alone() {
        let input = |name| thumbprint_input(&from_value(&load(name)).unwrap()).unwrap();
        assert_eq!(
            input("jwk_okp_key_Ed25519.json"),
            "{\"crv\":\"Ed25519\",\"kty\":\"OKP\",\"x\":\"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo\"}"
        );
        assert_eq!(input("jwk_ec_key_P-256.json"), input("jwk_ec_pub_P-256.json"));
        assert!(
            input("jwk_ec_pub_P-256.json")
                .starts_with("{\"crv\":\"P-256\",\"kty\":\"EC\",\"x\":\"PTTj")
        );
        assert_eq!(
            input("jwk_hmac.json"),
            "{\"k\":\"hJtXIZ2uSN5kbQfbtTNWbpdmhkV8FJG-Onbc6mxCcYg\",\"kty\":\"oct\"}"
        );
    }

    #[test]
    fn without_its_public_part_a_key_has_no_thumbprint() {
        for name in ["ec_p256_pkcs8_no_public.der", "ed25519_pkcs8.der"] {
            let key = crate::key::der::parse(&vectors::read(name)).unwrap();
            assert_eq!(thumbprint_input(&key), None, "{name}");
            assert!(!to_value(&key, true).contains_key("x"), "{name}");
        }
    }

    #[test]
    fn damage_anywhere_never_panics() {
        for name in PRIVATE.into_iter().chain(["jwk_hmac.json"]) {
            vectors::mutations(&vectors::read(name), |damaged| drop(parse(damaged)));
        }
    }
}
