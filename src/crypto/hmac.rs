//! HMAC with SHA-2 (RFC 7518 Section 3.2), by `RustCrypto`.

use std::hint::black_box;

use hmac::{Hmac, KeyInit, Mac};
use sha2::{Sha256, Sha384, Sha512};

use super::Signature;
use super::random::random_bytes;
use crate::algorithm::Hash;
use crate::error::Error;

/// A secret with its inner and outer hash states computed.
pub(super) enum Key {
    Sha256(Hmac<Sha256>),
    Sha384(Box<Hmac<Sha384>>),
    Sha512(Box<Hmac<Sha512>>),
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

fn sign(key: &(impl Mac + Clone), message: &[u8]) -> Signature {
    Signature::new(&key.clone().chain_update(message).finalize().into_bytes())
}

fn verify(key: &(impl Mac + Clone), message: &[u8], signature: &[u8]) -> bool {
    key.clone().chain_update(message).verify_slice(signature).is_ok()
}

/// Whether two secrets are equal; how far they are tells no clock. Their lengths may show.
pub fn same_secret(one: &[u8], other: &[u8]) -> bool {
    // Tags under a key that nobody knows stand for the secrets, and tags are compared in constant
    // time.
    let key: Hmac<Sha256> = state(&random_bytes::<32>());
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
