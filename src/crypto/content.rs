//! Encrypting and decrypting content (RFC 7518 Section 5).

use super::random::fill_random;
use super::sealed::Sealed;
use super::{aead, aes_cbc_hmac};
use crate::content_encryption::{Cipher, ContentEncryption};
use crate::error::Error;
use crate::key::SecretBytes;

/// A content encryption key, prepared for its algorithm.
pub struct ContentKey(Operations);

enum Operations {
    AesCbcHmac(aes_cbc_hmac::Key),
    AesGcm(aead::Key),
}

impl ContentKey {
    /// Prepares a content encryption key.
    ///
    /// # Errors
    /// [`Error::InvalidKey`] for a key of another length, [`Error::AlgorithmUnavailable`] for what
    /// this build lacks.
    pub fn new(encryption: &'static ContentEncryption, cek: &[u8]) -> Result<Self, Error> {
        if cek.len() != encryption.cek_len {
            return Err(Error::InvalidKey(format!(
                "A content encryption key for {} has {} bytes, this one has {}",
                encryption.name,
                encryption.cek_len,
                cek.len()
            )));
        }
        Ok(Self(match encryption.cipher {
            Cipher::AesCbcHmac(hash) => Operations::AesCbcHmac(aes_cbc_hmac::Key::new(hash, cek)?),
            Cipher::AesGcm => Operations::AesGcm(aead::Key::new(cek, encryption.name)?),
        }))
    }

    /// Encrypts `plaintext` under a random initialization vector and authenticates it together with
    /// `aad`.
    ///
    /// # Errors
    /// [`Error::OutOfMemory`].
    pub fn seal(&self, aad: &[u8], plaintext: &[u8]) -> Result<Sealed, Error> {
        match &self.0 {
            Operations::AesCbcHmac(key) => key.seal(aad, plaintext),
            Operations::AesGcm(key) => key.seal(aad, plaintext),
        }
    }

    /// Decrypts.
    ///
    /// # Errors
    /// [`Error::DecryptionFailed`] if anything is not what was sealed: there is one answer for a
    /// wrong key, initialization vector, tag or padding. [`Error::OutOfMemory`].
    pub fn open(
        &self,
        iv: &[u8],
        aad: &[u8],
        ciphertext: &[u8],
        tag: &[u8],
    ) -> Result<SecretBytes, Error> {
        match &self.0 {
            Operations::AesCbcHmac(key) => key.open(iv, aad, ciphertext, tag),
            Operations::AesGcm(key) => key.open(iv, aad, ciphertext, tag),
        }
    }
}

/// Generates a content encryption key.
pub fn generate_cek(encryption: &ContentEncryption) -> SecretBytes {
    let mut cek = SecretBytes::new(vec![0; encryption.cek_len]);
    fill_random(&mut cek);
    cek
}
