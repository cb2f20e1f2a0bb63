//! Mutated tokens and keys: whatever the bytes are, nothing panics and the properties in
//! `invariants.rs` hold.
//!
//! The mutations are pseudo-random and the same in every run. The corpus of the fuzz targets, which
//! contains every input that once failed, is replayed too.

mod invariants;

use std::fs;
use std::path::Path;

use invariants::Property;
use rapidjwt::algorithm::Algorithm;
use rapidjwt::crypto::PreparedKey;
use rapidjwt::jws;
use rapidjwt::key::KeyMaterial;

/// The number of mutated inputs for each property.
const ROUNDS: usize = 20_000;

/// Bytes that tend to matter in the wrong place.
const FRAGMENTS: [&[u8]; 20] = [
    b".",
    b"=",
    b"\"",
    b"\\u0000",
    b"\\ud800",
    b"{",
    b"[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[",
    b"}",
    b"-----BEGIN PUBLIC KEY-----",
    b"-----END PUBLIC KEY-----",
    b"\xef\xbb\xbf",
    b"\xff\xfe",
    b"\0",
    b"\x30\x82\xff\xff",
    b"\x30\x84\xff\xff\xff\xff",
    b"\x02\x01\x00",
    b"ssh-rsa ",
    b"\"kty\":\"RSA\"",
    b"\"b64\":false,\"crit\":[\"b64\"]",
    b"-1e999999999",
];

/// `SplitMix64`, which is good enough to choose mutations, and the same everywhere.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// Returns a number below `limit`, which is not 0.
    fn below(&mut self, limit: usize) -> usize {
        let limit = u64::try_from(limit).expect("usize fits in 64 bits");
        usize::try_from(self.next() % limit).expect("below a usize")
    }

    fn byte(&mut self) -> u8 {
        self.next().to_le_bytes()[0]
    }

    fn choose<'a, T>(&mut self, items: &'a [T]) -> &'a T {
        &items[self.below(items.len())]
    }
}

fn mutate(random: &mut Random, seeds: &[Vec<u8>]) -> Vec<u8> {
    let mut bytes = random.choose(seeds).clone();
    for _ in 0..=random.below(4) {
        let at = random.below(bytes.len() + 1);
        let end = (at + random.below(16)).min(bytes.len());
        match random.below(7) {
            0 => bytes.truncate(at),
            1 => drop(bytes.drain(at..end)),
            2 => bytes.insert(at, random.byte()),
            3 => drop(bytes.splice(at..at, random.choose(&FRAGMENTS).iter().copied())),
            4 => {
                let copied = bytes[at..end].to_vec();
                drop(bytes.splice(at..at, copied));
            }
            5 => {
                let other = random.choose(seeds);
                let from = random.below(other.len() + 1);
                bytes.splice(at.., other[from..].iter().copied());
            }
            _ if at < bytes.len() => bytes[at] ^= 1 << random.below(8),
            _ => {}
        }
    }
    bytes
}

fn files(folder: &str) -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    let mut paths: Vec<_> = entries.map(|entry| entry.expect("readable").path()).collect();
    paths.sort();
    paths.iter().map(|path| fs::read(path).expect("readable")).collect()
}

fn token(header: &str) -> Vec<u8> {
    let hs256 = Algorithm::by_name("HS256").expect("in the table");
    let secret = KeyMaterial::Secret(invariants::SECRET.to_vec().into());
    let key = PreparedKey::new(&secret, hs256).expect("a usable secret");
    jws::sign(header.as_bytes(), br#"{"iss":"joe","exp":1300819380}"#, &key)
        .expect("a secret signs")
        .into_bytes()
}

const HEADERS: [&str; 5] = [
    r#"{"typ":"JWT","alg":"HS256"}"#,
    r#"{"alg":"none"}"#,
    r#"{"alg":"HS256","b64":false,"crit":["b64"]}"#,
    r#"{"alg":"RS256","kid":"\u006bey","jku":"https://example.com","x5c":["MII="]}"#,
    r#"{"alg":"ES256","jwk":{"kty":"EC","x":[1,-2.5e3,null,true]},"crit":[]}"#,
];

fn seeds(name: &str) -> Vec<Vec<u8>> {
    let mut seeds = files(&format!("fuzz/corpus/{name}"));
    match name {
        "compact" => seeds.extend(HEADERS.map(token)),
        "header" => seeds.extend(HEADERS.map(|header| header.as_bytes().to_vec())),
        "base64url" => seeds.extend([&b"YQ=="[..], b"A-z_4ME", b"YWJj"].map(<[u8]>::to_vec)),
        // Their corpora have every serialization and family.
        "jwe" | "jws_json" => {}
        _ => seeds.extend(files("tests/vectors/keys")),
    }
    seeds
}

fn check(property: Property, name: &str, input: &[u8]) {
    let result = std::panic::catch_unwind(|| property(input));
    assert!(result.is_ok(), "{name}: fails for {:?}", String::from_utf8_lossy(input));
}

#[test]
fn mutated_inputs_never_panic_and_keep_every_property() {
    for (name, property) in invariants::ALL {
        let seeds = seeds(name);
        assert!(!seeds.is_empty(), "{name}");
        let mut random = Random(7515);
        for _ in 0..ROUNDS {
            check(property, name, &mutate(&mut random, &seeds));
        }
        println!("robustness: {name}: {ROUNDS} mutations of {} inputs", seeds.len());
    }
}

#[test]
fn every_seed_and_every_input_that_once_failed_keeps_every_property() {
    for (name, property) in invariants::ALL {
        for seed in seeds(name) {
            check(property, name, &seed);
        }
    }
}

#[test]
fn every_truncation_of_a_token_is_refused_or_read_whole() {
    for header in HEADERS {
        let token = token(header);
        for len in 0..token.len() {
            check(invariants::compact, "compact", &token[..len]);
        }
    }
}
