//! Bringing a content encryption key to a recipient (RFC 7518 Section 4).

use std::num::NonZeroU32;

use super::content::{ContentKey, generate_cek};
use super::random::random_bytes;
use super::{aead, key_wrap, password};
#[cfg(feature = "aws-lc")]
use super::{agreement, concat_kdf::OtherInfo, oaep};
use crate::content_encryption::ContentEncryption;
use crate::error::{Error, KeyMismatch};
use crate::key::SecretBytes;
use crate::key::recipient::{AgreementKey, RecipientKey};
use crate::key_management::{Family, KEY_MANAGEMENTS, KeyManagement};

/// The maximum length of an encrypted key: that of an RSA modulus of 16384 bits. A longer one, which
/// cannot be right, is not copied.
const MAX_ENCRYPTED_LEN: usize = 2048;

/// A recipient's key, prepared for one key management algorithm.
pub struct KeyManagementKey {
    algorithm: &'static KeyManagement,
    operations: Operations,
}

enum Operations {
    Direct(SecretBytes),
    AesKw(SecretBytes),
    AesGcmKw(aead::Key),
    #[cfg(feature = "aws-lc")]
    RsaOaep(oaep::Key),
    #[cfg(feature = "aws-lc")]
    EcdhEs(agreement::Key),
    Pbes2(SecretBytes),
}

/// The header parameters of key management, decoded (RFC 7518 Sections 4.6.1, 4.7.1 and 4.8.1).
#[derive(Clone, Default)]
pub struct Parameters {
    /// The ephemeral public key, `epk`.
    pub epk: Option<AgreementKey>,
    /// `apu`: information about the producer.
    pub apu: Vec<u8>,
    /// `apv`: information about the recipient.
    pub apv: Vec<u8>,
    /// The initialization vector of AES-GCM key wrapping, `iv`.
    pub iv: Option<Vec<u8>>,
    /// The authentication tag of AES-GCM key wrapping, `tag`.
    pub tag: Option<Vec<u8>>,
    /// The salt of PBES2, `p2s`.
    pub p2s: Option<Vec<u8>>,
    /// The iteration count of PBES2, `p2c`.
    pub p2c: Option<NonZeroU32>,
}

impl KeyManagementKey {
    /// Checks that `key` is usable with `algorithm` and prepares it.
    ///
    /// # Errors
    /// [`Error::KeyDoesNotFit`] for a key of another type, [`Error::AlgorithmUnavailable`] for
    /// what this build lacks, [`Error::InvalidKey`] for a key that cannot be used.
    pub fn new(key: &RecipientKey, algorithm: &'static KeyManagement) -> Result<Self, Error> {
        let operations = match (algorithm.family, key) {
            (Family::Direct, RecipientKey::Secret(secret)) => Operations::Direct(secret.clone()),
            (Family::AesKw(len), RecipientKey::Secret(secret)) => {
                Operations::AesKw(exactly(len, secret, algorithm)?)
            }
            (Family::AesGcmKw(len), RecipientKey::Secret(secret)) => {
                let secret = exactly(len, secret, algorithm)?;
                Operations::AesGcmKw(aead::Key::new(&secret, algorithm.name)?)
            }
            (Family::Pbes2 { .. }, RecipientKey::Secret(password)) => {
                if password.is_empty() {
                    return Err(Error::invalid_key("The password is empty"));
                }
                Operations::Pbes2(password.clone())
            }
            #[cfg(feature = "aws-lc")]
            (Family::RsaOaep(hash), RecipientKey::Rsa(key)) => {
                Operations::RsaOaep(oaep::Key::new(key, hash)?)
            }
            #[cfg(feature = "aws-lc")]
            (Family::EcdhEs(_), RecipientKey::Agreement(key)) => {
                Operations::EcdhEs(agreement::Key::new(key)?)
            }
            #[cfg(not(feature = "aws-lc"))]
            (Family::RsaOaep(_) | Family::EcdhEs(_), _) => {
                return Err(Error::AlgorithmUnavailable(algorithm.name));
            }
            (_, key) => return Err(does_not_fit(key, algorithm)),
        };
        Ok(Self { algorithm, operations })
    }

    /// Returns the algorithm that the key is bound to.
    pub const fn algorithm(&self) -> &'static KeyManagement {
        self.algorithm
    }

    /// Returns whether the key can decrypt.
    pub const fn can_decrypt(&self) -> bool {
        match &self.operations {
            #[cfg(feature = "aws-lc")]
            Operations::RsaOaep(key) => key.can_decrypt(),
            #[cfg(feature = "aws-lc")]
            Operations::EcdhEs(key) => key.can_decrypt(),
            _ => true,
        }
    }

    /// Returns the length of a shared key that is itself the content encryption key.
    pub fn direct_len(&self) -> Option<usize> {
        match &self.operations {
            Operations::Direct(secret) => Some(secret.len()),
            _ => None,
        }
    }

    /// Prepares a shared key that is itself the content encryption key; `None` for every other
    /// algorithm.
    ///
    /// # Errors
    /// Those of [`ContentKey::new`].
    pub fn direct(
        &self,
        encryption: &'static ContentEncryption,
    ) -> Result<Option<ContentKey>, Error> {
        match &self.operations {
            Operations::Direct(secret) => ContentKey::new(encryption, secret).map(Some),
            _ => Ok(None),
        }
    }

    /// Determines the content encryption key of a new JWE with this recipient alone: an agreed one,
    /// or a generated one. Parameters that it adds are put into `parameters`.
    ///
    /// # Errors
    /// [`Error::InvalidKey`] if the crypto library refuses.
    pub fn encrypt_new_key(
        &self,
        encryption: &'static ContentEncryption,
        parameters: &mut Parameters,
    ) -> Result<(SecretBytes, Vec<u8>), Error> {
        match &self.operations {
            Operations::Direct(secret) => Ok((secret.clone(), Vec::new())),
            #[cfg(feature = "aws-lc")]
            Operations::EcdhEs(key) if self.algorithm.is_direct() => {
                let cek = agree(key, encryption.name, encryption.cek_len, parameters)?;
                Ok((cek, Vec::new()))
            }
            _ => {
                let cek = generate_cek(encryption);
                let encrypted = self.encrypt_key(&cek, parameters)?;
                Ok((cek, encrypted))
            }
        }
    }

    /// Encrypts a content encryption key. Parameters that it adds are put into `parameters`.
    ///
    /// # Errors
    /// [`Error::InvalidKey`] if the crypto library refuses, or if the algorithm is direct and has no
    /// encrypted key.
    pub fn encrypt_key(&self, cek: &[u8], parameters: &mut Parameters) -> Result<Vec<u8>, Error> {
        match &self.operations {
            Operations::AesKw(key) => Ok(key_wrap::wrap(key, cek)),
            Operations::AesGcmKw(key) => {
                let sealed = key.seal(&[], cek)?;
                (parameters.iv, parameters.tag) = (Some(sealed.iv), Some(sealed.tag));
                Ok(sealed.ciphertext)
            }
            Operations::Pbes2(password) => {
                parameters.p2s = Some(random_bytes::<16>().to_vec());
                let key = self.derived(password, parameters).expect("both parameters are there");
                Ok(key_wrap::wrap(&key, cek))
            }
            #[cfg(feature = "aws-lc")]
            Operations::RsaOaep(key) => key.encrypt(cek),
            #[cfg(feature = "aws-lc")]
            Operations::EcdhEs(key) if !self.algorithm.is_direct() => {
                let len = self.wrapping_len().expect("the algorithm wraps");
                let agreed = agree(key, self.algorithm.name, len, parameters)?;
                Ok(key_wrap::wrap(&agreed, cek))
            }
            _ => Err(Error::InvalidKey(format!(
                "{} determines the content encryption key: it is for a single recipient",
                self.algorithm.name
            ))),
        }
    }

    /// Decrypts a content encryption key. It has the length that `encryption` requires, and is a
    /// random one if anything is wrong: decrypting the content with it fails in the same way as it
    /// does with a wrong tag, and takes as long (RFC 7516 Section 11.5).
    ///
    /// The caller has checked that the parameters of the algorithm are there.
    pub fn decrypt_key(
        &self,
        encryption: &'static ContentEncryption,
        encrypted: &[u8],
        parameters: &Parameters,
    ) -> SecretBytes {
        // Drawn in any case, so that both cases take the same time. Where the key is agreed on and
        // nothing is decrypted, only an ephemeral key fails, and anyone can tell which ones do.
        let random = (!self.algorithm.is_direct()).then(|| generate_cek(encryption));
        let decrypted = if encrypted.len() > MAX_ENCRYPTED_LEN {
            None
        } else {
            self.try_to_decrypt_key(encryption, encrypted, parameters)
        };
        let decrypted = decrypted.filter(|cek| cek.len() == encryption.cek_len);
        decrypted.or(random).unwrap_or_else(|| generate_cek(encryption))
    }

    #[cfg_attr(not(feature = "aws-lc"), allow(unused_variables, reason = "only ECDH-ES uses it"))]
    fn try_to_decrypt_key(
        &self,
        encryption: &'static ContentEncryption,
        encrypted: &[u8],
        parameters: &Parameters,
    ) -> Option<SecretBytes> {
        match &self.operations {
            Operations::Direct(secret) => Some(secret.clone()),
            Operations::AesKw(key) => key_wrap::unwrap(key, encrypted),
            Operations::AesGcmKw(key) => {
                let Parameters { iv: Some(iv), tag: Some(tag), .. } = parameters else {
                    return None;
                };
                key.open(iv, &[], encrypted, tag).ok()
            }
            Operations::Pbes2(password) => {
                key_wrap::unwrap(&self.derived(password, parameters)?, encrypted)
            }
            #[cfg(feature = "aws-lc")]
            Operations::RsaOaep(key) => key.decrypt(encrypted),
            #[cfg(feature = "aws-lc")]
            Operations::EcdhEs(key) => {
                let Parameters { epk: Some(epk), apu, apv, .. } = parameters else {
                    return None;
                };
                let (algorithm_id, len) = match self.wrapping_len() {
                    None => (encryption.name, encryption.cek_len),
                    Some(len) => (self.algorithm.name, len),
                };
                let info = OtherInfo { algorithm_id, apu, apv };
                let agreed = key.agree_as_recipient(epk, info, len)?;
                if self.algorithm.is_direct() {
                    Some(agreed)
                } else {
                    key_wrap::unwrap(&agreed, encrypted)
                }
            }
        }
    }

    /// Derives the key of PBES2 from the password.
    fn derived(&self, password: &[u8], parameters: &Parameters) -> Option<SecretBytes> {
        let Family::Pbes2 { hash, key_len, .. } = self.algorithm.family else { return None };
        let (p2s, p2c) = (parameters.p2s.as_deref()?, parameters.p2c?);
        Some(password::derive(hash, password, self.algorithm.name, p2s, p2c, key_len))
    }

    #[cfg(feature = "aws-lc")]
    const fn wrapping_len(&self) -> Option<usize> {
        match self.algorithm.family {
            Family::EcdhEs(len) => len,
            _ => None,
        }
    }
}

#[cfg(feature = "aws-lc")]
fn agree(
    key: &agreement::Key,
    algorithm_id: &str,
    len: usize,
    parameters: &mut Parameters,
) -> Result<SecretBytes, Error> {
    let (agreed, epk) = key.agree_as_sender(algorithm_id, &parameters.apu, &parameters.apv, len)?;
    parameters.epk = Some(epk);
    Ok(agreed)
}

fn exactly(
    len: usize,
    secret: &SecretBytes,
    algorithm: &KeyManagement,
) -> Result<SecretBytes, Error> {
    if secret.len() == len {
        return Ok(secret.clone());
    }
    let (name, found) = (algorithm.name, secret.len());
    Err(Error::InvalidKey(format!("A key for {name} has {len} bytes, this one has {found}")))
}

/// Returns the key type that a family requires.
/// Makes the error for a key that the algorithm does not take.
fn does_not_fit(key: &RecipientKey, algorithm: &'static KeyManagement) -> Error {
    let instead = KEY_MANAGEMENTS.iter().filter(|other| other.family.takes(key));
    Error::KeyDoesNotFit(Box::new(KeyMismatch {
        algorithm: algorithm.name,
        needed: algorithm.family.key_in_words(),
        found: key.in_words(),
        instead: instead.map(|other| other.name).collect(),
    }))
}
