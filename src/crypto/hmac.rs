//! HMAC with SHA-2 (RFC 7518 Section 3.2), by `RustCrypto`.

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

/// A secret with its inner and outer hash states computed. `hmac::Hmac`, which has a buffer too, is
/// moved about with each message for a twelfth of the time that verifying takes.
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

    /// Compares in constant time.
    pub(super) fn verify(&self, message: &[u8], signature: &[u8]) -> bool {
        match self {
            Self::Sha256(key) => verify(key, message, signature),
            Self::Sha384(key) => verify(&**key, message, signature),
            Self::Sha512(key) => verify(&**key, message, signature),
        }
    }
}

impl Drop for Key {
    /// Tags can be forged from the hash states, so put those of a public key in their place.
    /// `black_box` keeps the compiler from dropping the write. The crates can overwrite every state
    /// that they drop, those of each message too, which would take a thirteenth of `sign`.
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

/// Whether two secrets are equal; how far they are tells no clock. Their lengths may show.
pub fn same_secret(one: &[u8], other: &[u8]) -> bool {
    // Tags under a key that nobody knows stand for the secrets, and tags are compared in constant
    // time.
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
