//! Tokens beside the raw operations of aws-lc-rs that they need at least: those of the asymmetric
//! keys, and with ECDH-ES the derivation of the key and AES-GCM of the content. What a token adds is
//! JSON and base64url, and with RSA-OAEP also AES-GCM.

use std::hint::black_box;

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use aws_lc_rs::agreement::{self, ECDH_P256, PrivateKey, UnparsedPublicKey, X25519};
use aws_lc_rs::kdf::{SskdfDigestAlgorithmId, get_sskdf_digest_algorithm, sskdf_digest};
use aws_lc_rs::rsa::{
    OAEP_SHA256_MGF1SHA256, OaepPrivateDecryptingKey, OaepPublicEncryptingKey, PrivateDecryptingKey,
};
use aws_lc_rs::signature::{
    KeyPair, ML_DSA_44, ML_DSA_44_SIGNING, ML_DSA_65, ML_DSA_65_SIGNING, ML_DSA_87,
    ML_DSA_87_SIGNING, ParsedPublicKey, PqdsaKeyPair, PqdsaSigningAlgorithm, VerificationAlgorithm,
};
use criterion::Criterion;
use rapidjwt::algorithm::Algorithm;
use rapidjwt::content_encryption::ContentEncryption;
use rapidjwt::crypto::{KeyManagementKey, PreparedKey, generate, generate_recipient_key};
use rapidjwt::jwe::{Decrypter, Encrypter};
use rapidjwt::jws;
use rapidjwt::key::recipient::RecipientKey;
use rapidjwt::key::{KeyMaterial, der, jwk};
use rapidjwt::key_management::KeyManagement;
use serde_json::Value;

/// As long as 8 claims.
const CONTENT: &[u8] = &[b'x'; 260];

/// Times two operations under one name.
fn compare<A, B>(
    criterion: &mut Criterion,
    name: &str,
    mut token: impl FnMut() -> A,
    mut raw: impl FnMut() -> B,
) {
    let mut group = criterion.benchmark_group(name);
    group.bench_function("token", |bencher| bencher.iter(&mut token));
    group.bench_function("raw", |bencher| bencher.iter(&mut raw));
    group.finish();
}

/// Returns a key for an algorithm of JWE with A256GCM, and what encrypts and decrypts with it.
fn recipient(alg: &str, curve: &str) -> (KeyMaterial, Encrypter, Decrypter) {
    let row = KeyManagement::by_name(alg).expect("in the table");
    let a256gcm = ContentEncryption::by_name("A256GCM").expect("in the table");
    let members = generate_recipient_key(row, None, curve, 2048).expect("generates");
    let material = jwk::from_value(&Value::from(members.expect("there is such a key")));
    let material = material.expect("a key");
    let key = RecipientKey::of(&material).expect("it encrypts");
    let prepare = || KeyManagementKey::new(&key, row).expect("of this algorithm");
    let encrypter = Encrypter::new(prepare(), a256gcm).expect("a key");
    (material, encrypter, Decrypter::new(vec![(None, prepare())], vec![a256gcm]))
}

pub(crate) fn oaep(criterion: &mut Criterion) {
    let (material, encrypter, decrypter) = recipient("RSA-OAEP-256", "");
    let pkcs8 = der::pkcs8(&material).expect("a private key");
    let private = PrivateDecryptingKey::from_pkcs8(&pkcs8).expect("a private key");
    let public = OaepPublicEncryptingKey::new(private.public_key()).expect("of a usual size");
    let private = OaepPrivateDecryptingKey::new(private).expect("of a usual size");
    let mut encrypted = vec![0; public.ciphertext_size()];
    let mut decrypted = vec![0; private.min_output_size()];
    let token = encrypter.encrypt(CONTENT).expect("encrypts");
    assert_eq!(decrypter.decrypt(token.as_bytes()).expect("decrypts").plaintext(), CONTENT);
    compare(
        criterion,
        "RSA-OAEP-256 A256GCM/encrypt",
        || encrypter.encrypt(black_box(CONTENT)),
        || {
            let scheme = &OAEP_SHA256_MGF1SHA256;
            public.encrypt(scheme, black_box(&[7; 32]), &mut encrypted, None).map(|key| key.len())
        },
    );
    compare(
        criterion,
        "RSA-OAEP-256 A256GCM/decrypt",
        || decrypter.decrypt(black_box(token.as_bytes())),
        || {
            let scheme = &OAEP_SHA256_MGF1SHA256;
            private
                .decrypt(scheme, black_box(&encrypted), &mut decrypted, None)
                .map(|key| key.len())
        },
    );
}

/// As long as a protected header with an ephemeral key.
const HEADER: &[u8] = &[b'x'; 160];

fn nonce() -> Nonce {
    Nonce::assume_unique_for_key([7; 12])
}

/// Derives a key for A256GCM from an agreed secret; the information is as long as RFC 7518's.
fn content_key(secret: &[u8]) -> LessSafeKey {
    let sha256 = get_sskdf_digest_algorithm(SskdfDigestAlgorithmId::Sha256).expect("there is one");
    let mut key = [0; 32];
    sskdf_digest(sha256, secret, &[7; 23], &mut key).expect("of a usual length");
    LessSafeKey::new(UnboundKey::new(&AES_256_GCM, &key).expect("of the right length"))
}

pub(crate) fn ecdh(criterion: &mut Criterion) {
    for (curve, algorithm) in [("P-256", &ECDH_P256), ("X25519", &X25519)] {
        let (_, encrypter, decrypter) = recipient("ECDH-ES", curve);
        let token = encrypter.encrypt(CONTENT).expect("encrypts");
        assert_eq!(decrypter.decrypt(token.as_bytes()).expect("decrypts").plaintext(), CONTENT);
        let own = PrivateKey::generate(algorithm).expect("generates");
        let other = PrivateKey::generate(algorithm).expect("generates");
        let public = other.compute_public_key().expect("has one");
        let agree = |private: &PrivateKey| {
            let public = UnparsedPublicKey::new(algorithm, public.as_ref());
            agreement::agree(private, public, (), |secret| Ok(content_key(secret)))
        };
        let mut sealed = CONTENT.to_vec();
        let key = agree(&own).expect("agrees");
        key.seal_in_place_append_tag(nonce(), Aad::from(HEADER), &mut sealed).expect("encrypts");
        compare(
            criterion,
            &format!("ECDH-ES {curve} A256GCM/encrypt"),
            || encrypter.encrypt(black_box(CONTENT)),
            || {
                let ephemeral = PrivateKey::generate(algorithm).expect("generates");
                black_box(ephemeral.compute_public_key().expect("has one"));
                let mut content = CONTENT.to_vec();
                let key = agree(&ephemeral).expect("agrees");
                key.seal_in_place_append_tag(nonce(), Aad::from(HEADER), &mut content)
            },
        );
        compare(
            criterion,
            &format!("ECDH-ES {curve} A256GCM/decrypt"),
            || decrypter.decrypt(black_box(token.as_bytes())),
            || {
                let mut content = sealed.clone();
                let key = agree(black_box(&own)).expect("agrees");
                key.open_in_place(nonce(), Aad::from(HEADER), &mut content)
                    .map(|content| content[0])
            },
        );
    }
}

pub(crate) fn mldsa(criterion: &mut Criterion) {
    let rows: [(&str, &'static PqdsaSigningAlgorithm, &'static dyn VerificationAlgorithm); 3] = [
        ("ML-DSA-44", &ML_DSA_44_SIGNING, &ML_DSA_44),
        ("ML-DSA-65", &ML_DSA_65_SIGNING, &ML_DSA_65),
        ("ML-DSA-87", &ML_DSA_87_SIGNING, &ML_DSA_87),
    ];
    for (name, signing, verification) in rows {
        let algorithm = Algorithm::by_name(name).expect("in the table");
        let material = generate(algorithm, None).expect("generates");
        let KeyMaterial::Akp(akp) = &material else { unreachable!("ML-DSA has such keys") };
        let pair = PqdsaKeyPair::from_seed(signing, akp.seed.as_ref().expect("private"));
        let pair = pair.expect("a seed");
        let public = ParsedPublicKey::new(verification, pair.public_key().as_ref());
        let public = public.expect("a public key");
        let key = PreparedKey::new(&material, algorithm).expect("of this algorithm");
        let header = format!("{{\"alg\":\"{name}\"}}");
        let token = jws::sign(header.as_bytes(), CONTENT, &key).expect("signs");
        let signing_input = token.rsplit_once('.').expect("has a signature").0;
        let mut signature = vec![0; signing.signature_len()];
        // How long signing takes depends on chance, which averages out.
        compare(
            criterion,
            &format!("{name} token/sign"),
            || jws::sign(header.as_bytes(), black_box(CONTENT), &key),
            || pair.sign(black_box(signing_input.as_bytes()), &mut signature),
        );
        compare(
            criterion,
            &format!("{name} token/verify"),
            || jws::verify(black_box(token.as_bytes()), &[&key], None),
            || public.verify_sig(black_box(signing_input.as_bytes()), &signature),
        );
    }
}
