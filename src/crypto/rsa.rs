//! RSASSA-PKCS1-v1_5 and RSASSA-PSS (RFC 7518 Sections 3.3 and 3.5).
//!
//! Keys have 2048 to 8192 bits; ring signs only with at most 4096. The PSS salt is as long as the
//! hash, both for signing and for verifying.

use super::backend::rand::SystemRandom;
use super::backend::signature::{self, RsaEncoding, RsaKeyPair, VerificationAlgorithm};
use super::public_key::PublicKey;
use super::signature::Signature;
use crate::algorithm::{Algorithm, Family, Hash};
use crate::error::Error;
use crate::key::{RsaKey, der};

pub(super) struct Key {
    pair: Option<RsaKeyPair>,
    padding: &'static dyn RsaEncoding,
    public: PublicKey,
    modulus_len: usize,
}

impl Key {
    pub(super) fn new(key: &RsaKey, algorithm: &Algorithm) -> Result<Self, Error> {
        let schemes = Schemes::of(algorithm.family);
        check_size(key)?;
        Ok(Self {
            pair: key.private.is_some().then(|| pair(key)).transpose()?,
            padding: schemes.signing,
            public: PublicKey::new(schemes.verification, &der::pkcs1_public(key), "RSA")?,
            modulus_len: key.n.len(),
        })
    }

    /// Returns the length of a signature, which is that of the modulus (RFC 8017 Section 8).
    pub(super) const fn signature_len(&self) -> usize {
        self.modulus_len
    }

    pub(super) const fn can_sign(&self) -> bool {
        self.pair.is_some()
    }

    pub(super) fn sign(&self, message: &[u8]) -> Result<Signature, Error> {
        let pair = self.pair.as_ref().ok_or(Error::PrivateKeyRequired)?;
        let mut signature = vec![0; self.modulus_len];
        pair.sign(self.padding, &SystemRandom::new(), message, &mut signature)
            .map_err(|_| Error::invalid_key("This RSA key cannot sign"))?;
        Ok(Signature::new(&signature))
    }

    pub(super) fn verify(&self, message: &[u8], signature: &[u8]) -> bool {
        self.public.verify(message, signature)
    }
}

/// Checks that the crypto library accepts the key.
pub(super) fn check(key: &RsaKey) -> Result<(), Error> {
    check_size(key)?;
    if key.private.is_some() {
        pair(key)?;
    }
    let verification = Schemes::of(Family::RsaPkcs1(Hash::Sha256)).verification;
    PublicKey::new(verification, &der::pkcs1_public(key), "RSA")?;
    Ok(())
}

fn check_size(key: &RsaKey) -> Result<(), Error> {
    match key.bits() {
        2048..=8192 => Ok(()),
        bits => Err(Error::InvalidKey(format!(
            "RSA keys of 2048 to 8192 bits are supported, this one has {bits}"
        ))),
    }
}

fn pair(key: &RsaKey) -> Result<RsaKeyPair, Error> {
    RsaKeyPair::from_der(&der::pkcs1_private(key)?)
        .map_err(|reason| Error::InvalidKey(format!("Invalid RSA private key: {reason}")))
}

/// The signing and verification schemes of a key.
struct Schemes {
    signing: &'static dyn RsaEncoding,
    verification: &'static dyn VerificationAlgorithm,
}

impl Schemes {
    fn of(family: Family) -> Self {
        use Hash::{Sha256, Sha384, Sha512};
        let (signing, verification): (&dyn RsaEncoding, &dyn VerificationAlgorithm) = match family {
            Family::RsaPkcs1(Sha256) => {
                (&signature::RSA_PKCS1_SHA256, &signature::RSA_PKCS1_2048_8192_SHA256)
            }
            Family::RsaPkcs1(Sha384) => {
                (&signature::RSA_PKCS1_SHA384, &signature::RSA_PKCS1_2048_8192_SHA384)
            }
            Family::RsaPkcs1(Sha512) => {
                (&signature::RSA_PKCS1_SHA512, &signature::RSA_PKCS1_2048_8192_SHA512)
            }
            Family::RsaPss(Sha256) => {
                (&signature::RSA_PSS_SHA256, &signature::RSA_PSS_2048_8192_SHA256)
            }
            Family::RsaPss(Sha384) => {
                (&signature::RSA_PSS_SHA384, &signature::RSA_PSS_2048_8192_SHA384)
            }
            Family::RsaPss(Sha512) => {
                (&signature::RSA_PSS_SHA512, &signature::RSA_PSS_2048_8192_SHA512)
            }
            Family::None
            | Family::Hmac(_)
            | Family::Ecdsa(..)
            | Family::Eddsa(_)
            | Family::MlDsa(_) => {
                unreachable!("PreparedKey::new gives RSA keys to RSA algorithms only")
            }
        };
        Self { signing, verification }
    }
}
