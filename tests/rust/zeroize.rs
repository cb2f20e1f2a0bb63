//! Secrets are overwritten before their memory goes back to the allocator.
//!
//! The allocator of this test searches every block that is freed. It sees only the heap of Rust:
//! neither the stack nor the memory that aws-lc allocates in C, which aws-lc overwrites itself.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::fs;
use std::path::Path;
use std::slice;

use rapidjwt::algorithm::Algorithm;
use rapidjwt::crypto::{self, PreparedKey};
use rapidjwt::error::Error;
use rapidjwt::jws;
use rapidjwt::key::{KeyMaterial, SecretBytes, der, jwk, pem};
use zeroize::{Zeroize, ZeroizeOnDrop};

/// The bytes for which blocks freed by this thread are searched.
#[derive(Clone, Copy)]
struct Watch {
    secret: &'static [u8],
    found: usize,
}

thread_local! {
    static WATCH: Cell<Option<Watch>> = const { Cell::new(None) };
}

struct Watchman;

// SAFETY: every block comes from the system's allocator and goes back to it with its own layout.
unsafe impl GlobalAlloc for Watchman {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: as promised by the caller. The block is zeroed, so that `dealloc` never reads a
        // byte that was not written.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        if let Ok(Some(watch)) = WATCH.try_with(Cell::get) {
            // SAFETY: the block is alive until the end of this function, and has that size.
            let bytes = unsafe { slice::from_raw_parts(block, layout.size()) };
            let found = usize::from(contains(bytes, watch.secret));
            WATCH.set(Some(Watch { found: watch.found + found, ..watch }));
        }
        // SAFETY: as promised by the caller.
        unsafe { System.dealloc(block, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Watchman = Watchman;

fn contains(bytes: &[u8], secret: &[u8]) -> bool {
    bytes.windows(secret.len()).any(|window| window == secret)
}

/// Returns the number of blocks with `secret` in them that `work` frees.
fn freed_with(secret: &'static [u8], work: impl FnOnce()) -> usize {
    WATCH.set(Some(Watch { secret, found: 0 }));
    work();
    WATCH.take().map_or(0, |watch| watch.found)
}

/// Returns bytes that live forever, so that they are not a freed block themselves.
fn file(name: &str) -> &'static [u8] {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/vectors/keys");
    fs::read(folder.join(name)).expect("readable").leak()
}

/// Returns the secret integers and bytes of a key.
fn secrets(key: &KeyMaterial) -> Vec<&'static [u8]> {
    let secrets: Vec<&SecretBytes> = match key {
        KeyMaterial::Secret(secret) => vec![secret],
        KeyMaterial::Rsa(key) => {
            let private = key.private.as_ref().expect("a private key");
            vec![&private.d, &private.p, &private.q, &private.dp, &private.dq, &private.qi]
        }
        KeyMaterial::Ec(key) => vec![key.d.as_ref().expect("a private key")],
        KeyMaterial::Okp(key) => vec![key.d.as_ref().expect("a private key")],
        KeyMaterial::Akp(key) => vec![key.seed.as_ref().expect("a private key")],
    };
    secrets.into_iter().map(|secret| &*secret.to_vec().leak()).collect()
}

/// Fails if the build has aws-lc: only ring alone has no P-521 and completes no key.
fn needs_aws_lc() {
    let has_aws_lc = cfg!(feature = "aws-lc");
    assert!(!has_aws_lc, "every key here is usable");
}

/// Does everything that is done with a key in a process.
fn use_key(key: KeyMaterial, algorithm: &str) {
    let algorithm = Algorithm::by_name(algorithm).expect("in the table");
    drop(format!("{key:?}"));
    drop(key.to_public());
    let Ok(key) = crypto::complete(key) else { return needs_aws_lc() };
    let Ok(prepared) = PreparedKey::new(&key, algorithm) else { return needs_aws_lc() };
    let prepared = Box::new(prepared);
    let header = format!(r#"{{"alg":"{}"}}"#, algorithm.name);
    let token = jws::sign(header.as_bytes(), b"payload", &prepared).expect("it signs");
    assert!(jws::verify(token.as_bytes(), &[&prepared], None).is_ok());
}

#[test]
fn the_allocator_finds_a_secret_that_is_not_overwritten() {
    const SECRET: &[u8] = b"a secret that nobody overwrites.";
    assert_eq!(freed_with(SECRET, || drop(SECRET.to_vec())), 1);
    assert_eq!(freed_with(SECRET, || drop(SecretBytes::new(SECRET.to_vec()))), 0);
    let outgrown = || {
        let mut bytes = SECRET.to_vec();
        bytes.reserve(10_000);
        bytes.zeroize();
    };
    assert_eq!(freed_with(SECRET, outgrown), 1);
}

#[test]
fn no_freed_block_holds_a_part_of_a_private_key() {
    type Read = fn(&[u8]) -> Result<KeyMaterial, Error>;
    let cases: [(&str, Read, &str); 14] = [
        ("rsa_2048_pkcs8.pem", pem::parse, "RS256"),
        ("rsa_2048_pkcs1.pem", pem::parse, "PS512"),
        ("jwk_rsa_key.json", jwk::parse, "RS256"),
        ("ec_p256_pkcs8.der", der::parse, "ES256"),
        ("ec_p256_sec1.pem", pem::parse, "ES256"),
        ("ec_p256_pkcs8_no_public.der", der::parse, "ES256"),
        ("ec_p384_sec1.pem", pem::parse, "ES384"),
        ("ec_p521_pkcs8.der", der::parse, "ES512"),
        ("ec_secp256k1_sec1.pem", pem::parse, "ES256K"),
        ("jwk_ec_key_P-256.json", jwk::parse, "ES256"),
        ("ed25519_pkcs8.der", der::parse, "EdDSA"),
        ("testkey_ed25519.pem", pem::parse, "EdDSA"),
        ("jwk_okp_key_Ed25519.json", jwk::parse, "EdDSA"),
        ("jwk_hmac.json", jwk::parse, "HS256"),
    ];
    let mut left = Vec::new();
    for (name, read, algorithm) in cases {
        let bytes = file(name);
        let Ok(key) = read(bytes) else { panic!("{name} is not read") };
        for secret in secrets(&key) {
            let found = freed_with(secret, || {
                let key = read(bytes).expect("read before");
                use_key(key, algorithm);
            });
            if found > 0 {
                left.push(format!("{name}: {found} blocks with {} bytes", secret.len()));
            }
        }
    }
    assert!(left.is_empty(), "{left:#?}");
}

#[test]
fn no_freed_block_holds_a_part_of_a_private_key_that_was_written() {
    for name in ["rsa_2048_pkcs8.pem", "ec_p256_sec1.pem", "testkey_ed25519.pem"] {
        let key = pem::parse(file(name)).expect("a private key");
        for secret in secrets(&key) {
            let found = freed_with(secret, || drop(der::pkcs8(&key)));
            assert_eq!(found, 0, "{name}");
        }
    }
}

#[test]
fn no_freed_block_holds_a_secret() {
    const SECRETS: [&[u8]; 3] =
        [b"a secret of exactly thirty-two b", &[0x5a; 64], b"a secret longer than the block of SHA-256, which is hashed before it is used as a key of HMAC"];
    for secret in SECRETS {
        for algorithm in ["HS256", "HS384", "HS512"] {
            let found = freed_with(secret, || {
                use_key(KeyMaterial::Secret(secret.to_vec().into()), algorithm);
            });
            assert_eq!(found, 0, "{algorithm}");
        }
    }
}

#[test]
fn secret_bytes_are_overwritten_by_their_type() {
    const fn overwritten<T: ZeroizeOnDrop>() {}
    overwritten::<SecretBytes>();
}
