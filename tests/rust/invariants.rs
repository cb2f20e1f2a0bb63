//! Properties that must hold for any bytes: shared by `tests/rust/robustness.rs`, which mutates
//! vectors, and by the fuzz targets in `fuzz/`.
//!
//! Each function panics if its property does not hold. The first property of each is that the code
//! under test itself does not panic.

use std::sync::LazyLock;

use rapidjwt::algorithm::{Algorithm, Hash};
use rapidjwt::base64url;
use rapidjwt::content_encryption::CONTENT_ENCRYPTIONS;
use rapidjwt::crypto::{self, KeyManagementKey, PreparedKey};
use rapidjwt::dangerous::read_unverified;
use rapidjwt::error::Error;
use rapidjwt::header::Header;
use rapidjwt::jwe::{Bounds, Decrypter};
use rapidjwt::jws::{self, Compact};
use rapidjwt::jws_json::{self, Policy, TrustedKey, VerifiedSignature};
use rapidjwt::key::recipient::{AgreementKey, RecipientKey};
use rapidjwt::key::{KeyMaterial, der, jwk, pem, secret, ssh, strict_secret};
use rapidjwt::key_file;
use rapidjwt::key_management::KEY_MANAGEMENTS;
use rapidjwt::sd_jwt::{self, Disclosure, Limits, SdJwt, Step};

/// The secret that signs the tokens among the seeds.
pub(crate) const SECRET: &[u8] = b"0123456789abcdef0123456789abcdef";

/// A property of bytes that an attacker may choose.
pub(crate) type Property = fn(&[u8]);

/// Every property with the name of its fuzz target.
#[allow(dead_code, reason = "a fuzz target takes one of them")]
pub(crate) const ALL: [(&str, Property); 11] = [
    ("compact", compact),
    ("header", header),
    ("base64url", base64url),
    ("pem", pem),
    ("der", der),
    ("ssh", ssh),
    ("jwk", jwk),
    ("secret", secret),
    ("jwe", jwe),
    ("jws_json", jws_json),
    ("sd_jwt", sd_jwt),
];

/// Checks that a token that verifies is the one that signing makes of its parts; and that no part
/// of any token is lost or added.
pub(crate) fn compact(token: &[u8]) {
    let hs256 = Algorithm::by_name("HS256").expect("in the table");
    let secret = KeyMaterial::Secret(SECRET.to_vec().into());
    let key = PreparedKey::new(&secret, hs256).expect("a usable secret");

    let Ok(parts) = Compact::split(token) else {
        assert!(token.split(|&byte| byte == b'.').count() < 3);
        return;
    };
    assert_eq!([parts.signing_input(), b".", parts.signature()].concat(), token);
    assert_eq!([parts.header(), b".", parts.payload()].concat(), parts.signing_input());

    let unverified = read_unverified(token);
    if let Ok(verified) = jws::verify(token, &[&key], None) {
        let signature = key.sign(parts.signing_input()).expect("a secret signs");
        assert_eq!(base64url::decode(parts.signature()).as_deref(), Ok(signature.as_ref()));
        let unverified = unverified.expect("what can be verified can be read");
        assert_eq!(unverified.header.alg(), Ok("HS256"));
        assert_eq!(unverified.payload, verified.payload());
    }
}

/// The content of every seed of the targets `jwe` and `jws_json`.
const CONTENT: &[u8] = b"the content of every seed";

/// The keys of the seeds of the target `jwe`, for each algorithm that they fit.
static DECRYPTER: LazyLock<Decrypter> = LazyLock::new(|| {
    let secret = |len: usize| RecipientKey::Secret(SECRET[..len].to_vec().into());
    let agreement = |jwk: &str| {
        let jwk = serde_json::from_str(jwk).expect("JSON");
        RecipientKey::Agreement(AgreementKey::from_jwk(&jwk).expect("a key"))
    };
    let keys = [
        secret(16),
        secret(24),
        secret(32),
        // RFC 7518 Appendix C: Bob's.
        agreement(
            r#"{"kty":"EC","crv":"P-256","x":"weNJy2HscCSM6AEDTDg04biOvhFhyyWvOHQfeF_PxMQ",
            "y":"e8lnCO-AlStT-NJVX-crhB7QRYhiix03illJOVAOyck",
            "d":"VEmDZpDXXK8p8N0Cndsxs924q6nS1RXFASRl6BfUqdw"}"#,
        ),
        // RFC 8037 Appendix A.6: Bob's.
        agreement(
            r#"{"kty":"OKP","crv":"X25519","x":"3p7bfXt9wbTTW2HC7OQ1Nz-DQ8hbeGdNrfx-FG-IK08",
            "d":"XasIfmJKikt54X-Lg4AO5m87sSkmGLb9HC-LJ_-I4Os"}"#,
        ),
    ];
    let pairs = keys.iter().flat_map(|key| KEY_MANAGEMENTS.iter().map(move |row| (key, row)));
    let keys = pairs.filter_map(|(key, row)| Some((None, KeyManagementKey::new(key, row).ok()?)));
    let bounds = Bounds { max_p2c: 1_000, decompressed_size: Some(1_000), ..Bounds::DEFAULT };
    Decrypter::new(keys.collect(), CONTENT_ENCRYPTIONS.iter().collect()).with_bounds(bounds)
});

/// Checks that what decrypts was encrypted with one of the keys: its content is the seeds'.
pub(crate) fn jwe(token: &[u8]) {
    let compact = DECRYPTER.decrypt(token);
    assert!(compact.is_err() || token.split(|&byte| byte == b'.').count() == 5);
    for decrypted in [compact, DECRYPTER.decrypt_json(token)].into_iter().flatten() {
        assert_eq!(decrypted.plaintext(), CONTENT);
        let (header, protected) = (decrypted.header(), decrypted.protected());
        assert!(protected.iter().all(|(name, value)| header.get(name) == Some(value)));
    }
}

/// Checks that a JWS in JSON that verifies has a payload of the seeds': nobody else has the key. The
/// policy's number of keys have signed, and what is not signed is not called protected.
pub(crate) fn jws_json(json: &[u8]) {
    let hs256 = Algorithm::by_name("HS256").expect("in the table");
    let secrets = [SECRET, &SECRET[..31]].map(|secret| KeyMaterial::Secret(secret.to_vec().into()));
    let keys = secrets.map(|secret| PreparedKey::new(&secret, hs256).expect("a usable secret"));
    let each = keys.iter().enumerate();
    let trusted: Vec<_> = each.map(|(number, key)| TrustedKey { number, id: None, key }).collect();
    for (policy, required) in [(Policy::All, 1), (Policy::AtLeast(1), 1), (Policy::AtLeast(2), 2)] {
        for detached in [None, Some(CONTENT)] {
            let Ok(verified) = jws_json::verify(json, &trusted, policy, detached, 16) else {
                continue;
            };
            assert_eq!(verified.payload(), CONTENT);
            let mut numbers: Vec<_> =
                verified.signatures().iter().map(VerifiedSignature::key_number).collect();
            numbers.sort_unstable();
            numbers.dedup();
            assert!(numbers.len() >= required);
        }
    }
}

/// Checks the forms of an SD-JWT; and, of lines of JSON, that the disclosures after the first line
/// belong to the payload in it exactly if each is used, and that what is concealed comes back.
///
/// A line may have `#1` in place of the digest of the first disclosure, and so on.
pub(crate) fn sd_jwt(text: &[u8]) {
    if let Ok(read) = SdJwt::parse(text, 16) {
        let compact = read.to_compact();
        for json in [read.to_flattened(), read.to_general()] {
            let json = serde_json::Value::from(json).to_string();
            let again = SdJwt::parse(json.as_bytes(), 16).expect("what was written can be read");
            assert_eq!(again.to_compact(), compact);
        }
        let _ = read.select(&[vec![Step::Each]], Limits::DEFAULT);
    }
    let Ok(text) = std::str::from_utf8(text) else { return };
    let mut lines: Vec<_> = text.lines().take(9).map(str::to_owned).collect();
    let mut disclosures = Vec::new();
    while lines.len() > 1 {
        let last = base64url::encode(lines.pop().expect("more than one").as_bytes());
        let Ok(disclosure) = Disclosure::parse(&last) else { return };
        let mark = format!("#{}", lines.len());
        for line in &mut lines {
            *line = line.replace(&mark, &disclosure.digest(Hash::Sha256));
        }
        disclosures.push(disclosure);
    }
    let Some(payload) = lines.pop() else { return };
    processed(&payload, &disclosures);
    concealed(&payload);
}

/// Checks that all disclosures are placed, and that what is left has no digest.
fn processed(payload: &str, disclosures: &[Disclosure]) {
    let number = disclosures.len();
    let Ok(sd_jwt) = SdJwt::new(&issuer_jwt(payload), disclosures.to_vec()) else { return };
    let Ok(located) = sd_jwt.located(Limits::DEFAULT) else { return };
    assert_eq!(located.len(), number);
    for one in &located {
        let value = serde_json::from_str(&one.value).expect("JSON");
        assert!(!has_digest(&value), "{value}");
        let chosen = sd_jwt.select(std::slice::from_ref(&one.path), Limits::DEFAULT);
        let chosen = chosen.expect("its own path");
        assert!(chosen.disclosures().iter().any(|kept| kept.text() == one.disclosure.text()));
        chosen.located(Limits::DEFAULT).expect("what was chosen is complete");
    }
}

/// Conceals each claim and each of its members or elements, and discloses them again.
fn concealed(claims: &str) {
    let Ok(serde_json::Value::Object(members)) = serde_json::from_str(claims) else { return };
    let mut paths = Vec::new();
    for (name, value) in members.iter().take(16) {
        paths.push(vec![Step::Name(name.clone())]);
        if let Some(list) = value.as_array().filter(|list| !list.is_empty()) {
            paths.push(vec![Step::Name(name.clone()), Step::Index(list.len() - 1)]);
        }
    }
    let Ok(made) = sd_jwt::conceal(claims.as_bytes(), &paths, Hash::Sha256, 1) else { return };
    let payload = serde_json::from_str(&made.payload).expect("JSON");
    assert!(paths.is_empty() || has_digest(&payload));
    let sd_jwt = SdJwt::new(&issuer_jwt(&made.payload), made.disclosures).expect("three parts");
    // Further disclosures in arrays may nest deeper than is allowed.
    let Ok(located) = sd_jwt.located(Limits { nesting: 40, ..Limits::DEFAULT }) else { return };
    assert_eq!(located.len(), paths.len());
    for one in located {
        let [Step::Name(name)] = &one.path[..] else { continue };
        let value: serde_json::Value = serde_json::from_str(&one.value).expect("JSON");
        assert_eq!(value, members[name]);
    }
}

fn issuer_jwt(payload: &str) -> String {
    format!("e30.{}.AA", base64url::encode(payload.as_bytes()))
}

fn has_digest(value: &serde_json::Value) -> bool {
    match value {
        serde_json::Value::Object(members) => members
            .iter()
            .any(|(name, value)| ["_sd", "..."].contains(&name.as_str()) || has_digest(value)),
        serde_json::Value::Array(elements) => elements.iter().any(has_digest),
        _ => false,
    }
}

/// Checks that a header that keeps the rules has nothing critical except `b64`, and only a string
/// as its `kid`.
pub(crate) fn header(json: &[u8]) {
    let Ok(header) = Header::parse(json) else { return };
    let again = serde_json::to_vec(header.members()).expect("JSON values can be written");
    let again = Header::parse(&again).expect("what was written can be read");
    // Without the numbers: floats, and integers read as floats, may change by a bit. No rule reads
    // them.
    assert!(again.members().keys().eq(header.members().keys()));
    assert_eq!((again.alg(), again.kid()), (header.alg(), header.kid()));
    assert_eq!(again.validate(), header.validate());
    if header.validate().is_ok() {
        assert_eq!(header.kid().is_some(), header.contains("kid"));
        let crit = header.members().get("crit").map(|crit| crit.as_array().expect("a list"));
        for name in crit.into_iter().flatten() {
            assert_eq!(name, "b64");
            assert!(header.is_critical("b64") && header.contains("b64"));
        }
    }
}

/// Checks that bytes have one spelling, except for padding that fits.
pub(crate) fn base64url(text: &[u8]) {
    assert_eq!(base64url::decode(base64url::encode(text).as_bytes()).as_deref(), Ok(text));
    let mut room = vec![std::mem::MaybeUninit::uninit(); text.len() + 2];
    let decoded = base64url::decode(text).ok();
    assert_eq!(base64url::decode_into(text, &mut room).map(|part| part.to_vec()), decoded);
    if let Some(bytes) = decoded {
        let spelled = base64url::encode(&bytes);
        let padding = text.strip_prefix(spelled.as_bytes()).expect("one spelling");
        assert!(matches!(padding, b"" | b"=" | b"=="));
        assert!(padding.is_empty() || text.len().is_multiple_of(4));
    }
}

/// Does what [`key`] does, for PEM.
pub(crate) fn pem(text: &[u8]) {
    key(text, pem::parse(text));
    key(text, key_file::from_pem(text, None));
}

/// Does what [`key`] does, for DER.
pub(crate) fn der(bytes: &[u8]) {
    key(bytes, der::parse(bytes));
    key(bytes, key_file::from_der(bytes, None));
    let _ = der::parse_pkcs8(bytes);
    let _ = der::parse_sec1(bytes, None);
    let _ = der::parse_pkcs1_private(bytes);
    for read in [der::parse_spki, der::parse_pkcs1_public] {
        if read(bytes).is_ok() {
            assert!(der::is_public_key_or_certificate(bytes));
        }
    }
}

/// Does what [`key`] does, for OpenSSH public keys.
pub(crate) fn ssh(line: &[u8]) {
    let read = ssh::parse_public(line);
    if let Ok(read) = &read {
        assert!(!read.is_private());
    }
    key(line, read);
}

/// Does what [`key`] does, for JWKs.
pub(crate) fn jwk(json: &[u8]) {
    let read = jwk::parse(json);
    if read.is_ok() {
        assert_eq!(secret::check(json), Err(Error::SecretIsJwk));
    }
    key(json, read);
}

/// Checks that a key that can be read can be written and read again, and that no public key is a
/// secret.
fn key(bytes: &[u8], read: Result<KeyMaterial, Error>) {
    let Ok(read) = read else { return };
    if !read.is_private() {
        assert!(secret::check(bytes).is_err(), "a public key passed as a secret");
    }
    if let Some(input) = jwk::thumbprint_input(&read) {
        assert!(serde_json::from_str::<serde_json::Value>(&input).is_ok());
    }
    // The crypto library decides finally: points on their curve, parts that belong together.
    let Ok(complete) = crypto::complete(read) else { return };
    let members = serde_json::Value::Object(jwk::to_value(&complete, true));
    assert!(jwk::from_value(&members).as_ref() == Ok(&complete));
    let Ok(public) = complete.to_public() else { return };
    let spki = der::spki(&public).expect("a complete public key has a SubjectPublicKeyInfo");
    assert!(der::parse(&spki).as_ref() == Ok(&public));
    assert_eq!(secret::check(&spki), Err(Error::SecretIsAsymmetricKey));
}

/// Checks that the quick look agrees with the rules, and that nothing that is read as a public key
/// passes.
pub(crate) fn secret(bytes: &[u8]) {
    let outcome = secret::check(bytes);
    if secret::plainly_secret(bytes) {
        assert_eq!(outcome, Ok(()));
    }
    for read in [pem::parse, ssh::parse_public, der::parse] {
        let Ok(key) = read(bytes) else { continue };
        assert!(strict_secret::check(bytes).is_err(), "a key passed as a secret");
        if !key.is_private() {
            assert_eq!(outcome, Err(Error::SecretIsAsymmetricKey));
        }
    }
    if outcome.is_err() {
        assert_eq!(strict_secret::check(bytes), outcome);
    }
    if jwk::parse(bytes).is_ok() {
        assert_eq!(outcome, Err(Error::SecretIsJwk));
    }
}
