//! HMAC with SHA-2 (RFC 7518 Section 3.2), by ring.

use std::hint::black_box;

use ring::hmac;

use super::Signature;
use super::random::random_bytes;
use crate::algorithm::Hash;
use crate::error::Error;

/// A secret with its inner and outer hash states computed.
pub(super) struct Key(hmac::Key);

impl Key {
    pub(super) fn new(hash: Hash, secret: &[u8]) -> Result<Self, Error> {
        if secret.is_empty() {
            return Err(Error::SecretEmpty);
        }
        Ok(Self(hmac::Key::new(algorithm(hash), secret)))
    }

    pub(super) fn sign(&self, message: &[u8]) -> Signature {
        Signature::new(hmac::sign(&self.0, message).as_ref())
    }

    /// Compares in constant time.
    pub(super) fn verify(&self, message: &[u8], signature: &[u8]) -> bool {
        hmac::verify(&self.0, message, signature).is_ok()
    }
}

/// Whether two secrets are equal; how far they are tells no clock. Their lengths may show.
pub fn same_secret(one: &[u8], other: &[u8]) -> bool {
    // Tags under a key that nobody knows stand for the secrets, and ring compares tags in constant
    // time.
    let key = hmac::Key::new(hmac::HMAC_SHA256, &random_bytes::<32>());
    hmac::verify(&key, one, hmac::sign(&key, other).as_ref()).is_ok()
}

impl Drop for Key {
    /// ring does not overwrite the hash states, from which tags can be forged, so put those of a
    /// public key in their place. `black_box` keeps the compiler from dropping the write.
    fn drop(&mut self) {
        self.0 = hmac::Key::new(self.0.algorithm(), &[]);
        black_box(&mut self.0);
    }
}

fn algorithm(hash: Hash) -> hmac::Algorithm {
    match hash {
        Hash::Sha256 => hmac::HMAC_SHA256,
        Hash::Sha384 => hmac::HMAC_SHA384,
        Hash::Sha512 => hmac::HMAC_SHA512,
    }
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
