//! AES-GCM with a tag of 128 bits (RFC 7518 Section 5.3), for content and for keys.

use super::backend::aead::{self, AES_128_GCM, AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use super::random::random_bytes;
use super::sealed::Sealed;
use crate::error::Error;
use crate::key::SecretBytes;

/// The number of bytes in a tag.
const TAG_LEN: usize = 16;

pub(super) struct Key(LessSafeKey);

impl Key {
    /// Prepares a key of 16, 24 or 32 bytes.
    ///
    /// Returns [`Error::AlgorithmUnavailable`] with `name` for a length that this build lacks.
    pub(super) fn new(key: &[u8], name: &'static str) -> Result<Self, Error> {
        let algorithm: &'static aead::Algorithm = match key.len() {
            16 => &AES_128_GCM,
            #[cfg(feature = "aws-lc")]
            24 => &aead::AES_192_GCM,
            32 => &AES_256_GCM,
            _ => return Err(Error::AlgorithmUnavailable(name)),
        };
        let key = UnboundKey::new(algorithm, key).expect("the length is the algorithm's");
        Ok(Self(LessSafeKey::new(key)))
    }

    /// Encrypts under a random initialization vector. NIST SP 800-38D Section 8.3 allows 2^32 of
    /// them for one key.
    pub(super) fn seal(&self, aad: &[u8], plaintext: &[u8]) -> Sealed {
        self.seal_with(random_bytes(), aad, plaintext)
    }

    fn seal_with(&self, iv: [u8; aead::NONCE_LEN], aad: &[u8], plaintext: &[u8]) -> Sealed {
        let mut ciphertext = plaintext.to_vec();
        let nonce = Nonce::assume_unique_for_key(iv);
        let tag = self
            .0
            .seal_in_place_separate_tag(nonce, Aad::from(aad), &mut ciphertext)
            .expect("a plaintext in memory is below the 64 GiB that AES-GCM allows");
        Sealed { iv: iv.to_vec(), ciphertext, tag: tag.as_ref().to_vec() }
    }

    /// Decrypts; returns `None` if anything is not what was sealed.
    pub(super) fn open(
        &self,
        iv: &[u8],
        aad: &[u8],
        ciphertext: &[u8],
        tag: &[u8],
    ) -> Option<SecretBytes> {
        // A shorter tag is easier to guess, and would be read as the end of the ciphertext.
        if tag.len() != TAG_LEN {
            return None;
        }
        let nonce = Nonce::try_assume_unique_for_key(iv).ok()?;
        let mut buffer = SecretBytes::new([ciphertext, tag].concat());
        let len = self.0.open_in_place(nonce, Aad::from(aad), &mut buffer).ok()?.len();
        buffer.truncate(len);
        Some(buffer)
    }
}
