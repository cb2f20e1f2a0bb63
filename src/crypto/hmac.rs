//! HMAC with SHA-2 (RFC 7518 Section 3.2), from `RustCrypto`.

use std::hint::black_box;

use hmac::KeyInit;
use hmac::block_api::HmacCore;
use hmac::digest::block_api::{Buffer, FixedOutputCore};
use hmac::digest::{CtOutput, Output};
use sha2::{Sha256, Sha384, Sha512};

use super::random::random_bytes;
use super::signature::Signature;
use crate::algorithm::Hash;
use crate::error::Error;

/// A secret with its inner and outer hash states computed. `hmac::Hmac` also contains a buffer;
/// moving it for each message would take a twelfth of the time of verifying.
pub(super) enum Key {
    Sha256(HmacCore<Sha256>),
    Sha384(Box<HmacCore<Sha384>>),
    Sha512(Box<HmacCore<Sha512>>),
}

impl Key {
    pub(super) fn new(hash: Hash, secret: &[u8]) -> Result<Self, Error> {
        if secret.is_empty() {
            return Err(Error::SecretEmpty);
        }
        Ok(match hash {
            Hash::Sha256 => Self::Sha256(state(secret)),
            Hash::Sha384 => Self::Sha384(Box::new(state(secret))),
            Hash::Sha512 => Self::Sha512(Box::new(state(secret))),
        })
    }

    pub(super) fn sign(&self, message: &[u8]) -> Signature {
        match self {
            Self::Sha256(key) => sign(key, message),
            Self::Sha384(key) => sign(&**key, message),
            Self::Sha512(key) => sign(&**key, message),
        }
    }

    /// Verifies a tag, which is compared in constant time.
    pub(super) fn verify(&self, message: &[u8], signature: &[u8]) -> bool {
        match self {
            Self::Sha256(key) => verify(key, message, signature),
            Self::Sha384(key) => verify(&**key, message, signature),
            Self::Sha512(key) => verify(&**key, message, signature),
        }
    }
}

impl Drop for Key {
    /// Overwrites the hash states, from which tags can be forged, with those of an empty secret.
    /// `black_box` keeps the compiler from removing the write. The crates can overwrite every state
    /// that they drop, but that includes those of each message, which would take a thirteenth of
    /// the time of `sign`.
    fn drop(&mut self) {
        match self {
            Self::Sha256(key) => *key = state(&[]),
            Self::Sha384(key) => **key = state(&[]),
            Self::Sha512(key) => **key = state(&[]),
        }
        black_box(self);
    }
}

fn state<M: KeyInit>(secret: &[u8]) -> M {
    M::new_from_slice(secret).expect("HMAC takes secrets of every length")
}

fn sign(key: &(impl FixedOutputCore + Clone), message: &[u8]) -> Signature {
    Signature::new(&tag(key, message))
}

fn verify<H: FixedOutputCore + Clone>(key: &H, message: &[u8], signature: &[u8]) -> bool {
    let Ok(signature) = <&Output<H>>::try_from(signature) else {
        return false;
    };
    // `CtOutput` compares in constant time.
    CtOutput::<H>::new(tag(key, message)) == CtOutput::<H>::from(signature)
}

fn tag<H: FixedOutputCore + Clone>(key: &H, message: &[u8]) -> Output<H> {
    let mut hash = key.clone();
    let mut buffer = Buffer::<H>::default();
    buffer.digest_blocks(message, |blocks| hash.update_blocks(blocks));
    let mut tag = Output::<H>::default();
    hash.finalize_fixed_core(&mut buffer, &mut tag);
    tag
}

/// Returns whether two secrets are equal. The time it takes may reveal their lengths, but not how
/// much of them is equal.
pub fn same_secret(one: &[u8], other: &[u8]) -> bool {
    // Compares not the secrets but their tags under a random key, because tags are compared in
    // constant time.
    let key: HmacCore<Sha256> = state(&random_bytes::<32>());
    verify(&key, one, sign(&key, other).as_ref())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_the_same_byte_for_byte_and_zeros_count() {
        assert!(same_secret(b"secret", b"secret"));
        for other in [&b"secreT"[..], b"secret\0", b"secre", b""] {
            assert!(!same_secret(b"secret", other), "{other:?}");
        }
    }
}
