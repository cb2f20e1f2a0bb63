//! HMAC with SHA-2 (RFC 7518 Section 3.2), by ring.

use std::hint::black_box;

use ring::hmac;

use super::Signature;
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
