//! The core alone, without Python: signing and verifying with every algorithm of this build.
//!
//! `make bench-core` runs it with ring alone and with aws-lc-rs, one after the other; criterion
//! keeps both results under `target/criterion`, as ALGORITHM/OPERATION/ring and .../aws-lc. With
//! aws-lc-rs, `raw.rs` compares tokens with the raw operations.

#[cfg(feature = "aws-lc")]
mod raw;

use std::hint::black_box;
use std::path::Path;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use rapidjwt::algorithm::ALGORITHMS;
use rapidjwt::crypto::{PreparedKey, complete};
use rapidjwt::key::{KeyMaterial, der};
use rapidjwt::{base64url, jws};

const BACKEND: &str = if cfg!(feature = "aws-lc") { "aws-lc" } else { "ring" };

/// As long as the signing input of a token with 8 claims.
const MESSAGE: &[u8] = &[b'x'; 330];

/// Reads a private key of each type from the test vectors.
fn keys() -> Vec<KeyMaterial> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/vectors/keys");
    let read = |name: &str| {
        let der = std::fs::read(folder.join(name)).expect("the vector is in the repository");
        complete(der::parse(&der).expect("the vector is a key"))
    };
    let pem = std::fs::read(folder.join("rsa_2048_pkcs8.pem")).expect("the vector is there");
    let rsa = rapidjwt::key::pem::parse(&pem).expect("the vector is a key");
    let mut keys = vec![KeyMaterial::Secret(vec![7; 64].into()), rsa];
    for name in
        ["ec_p256_pkcs8", "ec_p384_pkcs8", "ec_p521_pkcs8", "ec_secp256k1_pkcs8", "ed25519_pkcs8"]
    {
        // ring has no P-521.
        keys.extend(read(&format!("{name}.der")));
    }
    keys
}

fn signatures(criterion: &mut Criterion) {
    let keys = keys();
    for algorithm in &ALGORITHMS {
        let Some(key) = keys.iter().find_map(|key| PreparedKey::new(key, algorithm).ok()) else {
            continue;
        };
        let signature = key.sign(MESSAGE).expect("the key is private");
        assert!(key.verify(MESSAGE, signature.as_ref()), "{} verifies", algorithm.name);

        let mut group = criterion.benchmark_group(format!("{}/sign", algorithm.name));
        group.bench_function(BACKEND, |bencher| bencher.iter(|| key.sign(black_box(MESSAGE))));
        group.finish();
        let mut group = criterion.benchmark_group(format!("{}/verify", algorithm.name));
        group.bench_function(BACKEND, |bencher| {
            bencher.iter(|| key.verify(black_box(MESSAGE), black_box(signature.as_ref())));
        });
        group.finish();
    }
}

fn tokens(criterion: &mut Criterion) {
    let secret = KeyMaterial::Secret(vec![7; 64].into());
    let hs256 = ALGORITHMS.first().expect("the table has rows");
    let key = PreparedKey::new(&secret, hs256).expect("a secret fits HMAC");
    let header = br#"{"alg":"HS256","typ":"JWT"}"#;
    for kilobytes in [1, 10, 100] {
        let payload = vec![b' '; kilobytes * 1024];
        let token = jws::sign(header, &payload, &key).expect("signs");
        let mut group = criterion.benchmark_group(format!("HS256 token of {kilobytes} KB"));
        group.throughput(Throughput::Bytes(payload.len() as u64));
        group.bench_function("sign", |bencher| {
            bencher.iter(|| jws::sign(header, black_box(&payload), &key));
        });
        group.bench_function("verify", |bencher| {
            bencher.iter(|| jws::verify(black_box(token.as_bytes()), &[&key], None));
        });
        let text = base64url::encode(&payload);
        group.bench_function("base64url decode", |bencher| {
            bencher.iter(|| base64url::decode(black_box(text.as_bytes())));
        });
        group.finish();
    }
}

criterion_group!(benches, signatures, tokens);
#[cfg(feature = "aws-lc")]
criterion_group!(raw_operations, raw::oaep, raw::ecdh, raw::mldsa);
#[cfg(feature = "aws-lc")]
criterion_main!(benches, raw_operations);
#[cfg(not(feature = "aws-lc"))]
criterion_main!(benches);
