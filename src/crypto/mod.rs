//! Signing and verifying, encrypting and decrypting. The files of this folder are the only ones that name a crypto library.
//!
//! RSA, ECDSA on the NIST curves and Ed25519 come from aws-lc-rs or, without the feature `aws-lc`,
//! from ring: the two have the same API. HMAC and secp256k1 come from `RustCrypto` in both builds;
//! docs/architecture.md has the measurements behind this choice.

mod aead;
mod aes_cbc_hmac;
#[cfg(feature = "aws-lc")]
mod agreement;
mod backend;
mod complete;
#[cfg(feature = "aws-lc")]
mod concat_kdf;
mod content;
mod digest;
mod ecdsa;
mod ecdsa_form;
mod eddsa;
mod generate;
mod generate_recipient;
mod hmac;
mod key_management;
mod key_wrap;
#[cfg(feature = "aws-lc")]
mod mldsa;
#[cfg(feature = "aws-lc")]
mod oaep;
mod password;
pub mod pbes2;
mod public_key;
mod random;
mod rsa;
mod sealed;
mod signature;

pub use backend::LIBRARY;
pub use complete::complete;
pub use content::{ContentKey, generate_cek};
pub use digest::{Fingerprint, digest, fingerprint};
pub use ecdsa_form::{ecdsa_from_der, is_ecdsa_signature};
pub use generate::generate;
pub use generate_recipient::{generate_recipient_key, generate_x25519};
pub use hmac::same_secret;
pub use key_management::{KeyManagementKey, Parameters};
pub use random::random_bytes;
pub use sealed::Sealed;
pub use signature::Signature;

use crate::algorithm::{ALGORITHMS, Algorithm, Family};
use crate::error::{Error, KeyMismatch};
use crate::key::{KeyMaterial, OkpCurve};

/// A key prepared for one algorithm: parsed, checked, and bound to it.
pub struct PreparedKey {
    algorithm: &'static Algorithm,
    operations: Operations,
    /// The length in bytes of a secret that is shorter than the algorithm requires.
    short_secret: Option<usize>,
}

enum Operations {
    Hmac(hmac::Key),
    Rsa(rsa::Key),
    Ecdsa(ecdsa::Key),
    Eddsa(eddsa::Key),
    #[cfg(feature = "aws-lc")]
    MlDsa(Box<mldsa::Key>),
    Foreign(Box<dyn ForeignKey>),
}

/// A key whose operations another library computes. It is for Ed448, which none of the crypto
/// libraries used here has.
pub trait ForeignKey: Send + Sync {
    /// Returns whether [`sign`](Self::sign) can succeed.
    fn can_sign(&self) -> bool;

    /// Signs `message`.
    ///
    /// # Errors
    /// [`Error::PrivateKeyRequired`] for a public key, [`Error::InvalidKey`] if signing fails.
    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, Error>;

    /// Returns whether `signature` is a signature of `message` under this key.
    fn verify(&self, message: &[u8], signature: &[u8]) -> bool;
}

impl PreparedKey {
    /// Checks that `material` is a usable key for `algorithm` and prepares it.
    ///
    /// # Errors
    /// [`Error::KeyDoesNotFit`] for a key of another family or curve, [`Error::KeyForNone`] for
    /// `none`, [`Error::AlgorithmUnavailable`] for what this build lacks, and
    /// [`Error::SecretEmpty`] or [`Error::InvalidKey`] for a key that cannot be used.
    pub fn new(material: &KeyMaterial, algorithm: &'static Algorithm) -> Result<Self, Error> {
        let fits = algorithm.family.takes(material);
        let operations = match (algorithm.family, material) {
            (Family::Hmac(hash), KeyMaterial::Secret(secret)) => {
                Operations::Hmac(hmac::Key::new(hash, secret)?)
            }
            (Family::RsaPkcs1(_) | Family::RsaPss(_), KeyMaterial::Rsa(key)) => {
                Operations::Rsa(rsa::Key::new(key, algorithm)?)
            }
            (Family::Ecdsa(..), KeyMaterial::Ec(key)) if fits => {
                Operations::Ecdsa(ecdsa::Key::new(key)?)
            }
            (Family::Eddsa(_), KeyMaterial::Okp(key)) if fits => {
                Operations::Eddsa(eddsa::Key::new(key)?)
            }
            #[cfg(feature = "aws-lc")]
            (Family::MlDsa(_), KeyMaterial::Akp(key)) if fits => {
                Operations::MlDsa(Box::new(mldsa::Key::new(key)?))
            }
            #[cfg(not(feature = "aws-lc"))]
            (Family::MlDsa(_), _) => return Err(Error::AlgorithmUnavailable(algorithm.name)),
            (Family::None, _) => return Err(Error::KeyForNone),
            _ => return Err(does_not_fit(material, algorithm)),
        };
        Ok(Self { algorithm, operations, short_secret: short_secret(material, algorithm) })
    }

    /// Prepares an OKP key whose operations are computed by `operations`.
    ///
    /// # Errors
    /// [`Error::KeyDoesNotFit`] if the key and the algorithm do not match.
    pub fn foreign(
        key: &KeyMaterial,
        algorithm: &'static Algorithm,
        operations: Box<dyn ForeignKey>,
    ) -> Result<Self, Error> {
        if !algorithm.family.takes(key) {
            return Err(does_not_fit(key, algorithm));
        }
        Ok(Self { algorithm, operations: Operations::Foreign(operations), short_secret: None })
    }

    /// Returns the algorithm that the key is bound to.
    pub const fn algorithm(&self) -> &'static Algorithm {
        self.algorithm
    }

    /// Returns whether the key is as long as its algorithm requires.
    pub const fn is_long_enough(&self) -> bool {
        self.short_secret.is_none()
    }

    /// Checks that the key is as long as its algorithm requires. Shorter keys work; the caller
    /// decides whether to refuse them.
    ///
    /// # Errors
    /// [`Error::KeyTooShort`], which only a secret can cause: RSA keys below the minimum are never
    /// prepared.
    pub fn check_length(&self) -> Result<(), Error> {
        let (Some(bytes), Some(hash)) = (self.short_secret, self.algorithm.family.hash()) else {
            return Ok(());
        };
        let minimum = self.algorithm.minimum_key_bits / 8;
        Err(Error::KeyTooShort { bytes, minimum, hash: hash.name() })
    }

    /// Returns whether [`sign`](Self::sign) can succeed.
    pub fn can_sign(&self) -> bool {
        match &self.operations {
            Operations::Hmac(_) => true,
            Operations::Rsa(key) => key.can_sign(),
            Operations::Ecdsa(key) => key.can_sign(),
            Operations::Eddsa(key) => key.can_sign(),
            #[cfg(feature = "aws-lc")]
            Operations::MlDsa(key) => key.can_sign(),
            Operations::Foreign(key) => key.can_sign(),
        }
    }

    /// Returns the number of bytes in a signature under this key.
    pub fn signature_len(&self) -> usize {
        match &self.operations {
            Operations::Hmac(_) | Operations::Ecdsa(_) => self.algorithm.signature_len,
            #[cfg(feature = "aws-lc")]
            Operations::MlDsa(_) => self.algorithm.signature_len,
            Operations::Rsa(key) => Some(key.signature_len()),
            Operations::Eddsa(_) => OkpCurve::Ed25519.signature_len(),
            Operations::Foreign(_) => OkpCurve::Ed448.signature_len(),
        }
        .expect("the algorithm table has the length for every family that fixes it")
    }

    /// Signs `message`.
    ///
    /// # Errors
    /// [`Error::PrivateKeyRequired`] for a public key; [`Error::InvalidKey`] if the crypto library
    /// refuses to sign.
    pub fn sign(&self, message: &[u8]) -> Result<Signature, Error> {
        match &self.operations {
            Operations::Hmac(key) => Ok(key.sign(message)),
            Operations::Rsa(key) => key.sign(message),
            Operations::Ecdsa(key) => key.sign(message),
            Operations::Eddsa(key) => key.sign(message),
            #[cfg(feature = "aws-lc")]
            Operations::MlDsa(key) => key.sign(message),
            Operations::Foreign(key) => key.sign(message).map(|bytes| Signature::new(&bytes)),
        }
    }

    /// Returns whether `signature` is a signature of `message` under this key.
    pub fn verify(&self, message: &[u8], signature: &[u8]) -> bool {
        match &self.operations {
            Operations::Hmac(key) => key.verify(message, signature),
            Operations::Rsa(key) => key.verify(message, signature),
            Operations::Ecdsa(key) => key.verify(message, signature),
            Operations::Eddsa(key) => key.verify(message, signature),
            #[cfg(feature = "aws-lc")]
            Operations::MlDsa(key) => key.verify(message, signature),
            Operations::Foreign(key) => key.verify(message, signature),
        }
    }
}

/// Returns the length in bytes of a secret that is below the minimum of RFC 7518 Section 3.2.
fn short_secret(material: &KeyMaterial, algorithm: &Algorithm) -> Option<usize> {
    match material {
        KeyMaterial::Secret(secret) if secret.len() * 8 < algorithm.minimum_key_bits => {
            Some(secret.len())
        }
        _ => None,
    }
}

/// Makes the error for a key that the algorithm does not take.
fn does_not_fit(key: &KeyMaterial, algorithm: &'static Algorithm) -> Error {
    let instead = ALGORITHMS.iter().filter(|other| other.family.takes(key)).map(|other| other.name);
    Error::KeyDoesNotFit(Box::new(KeyMismatch {
        algorithm: algorithm.name,
        needed: algorithm.family.key_in_words(),
        found: key.in_words(),
        instead: instead.collect(),
    }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::algorithm::{ALGORITHMS, NONE};
    use crate::key::{AkpKey, Coordinates, EcKey, EcPoint, OkpKey, RsaKey, pem, vectors};

    /// Returns two private keys for `algorithm`, or `None` if this build cannot make any.
    fn keys(algorithm: &Algorithm) -> Option<[KeyMaterial; 2]> {
        if let Family::RsaPkcs1(_) | Family::RsaPss(_) = algorithm.family {
            // Generating them would take too long for a test.
            let read = |name| pem::parse(&vectors::read(name)).unwrap();
            return Some(["rsa_2048_pkcs8.pem", "testkey_rsa.priv"].map(read));
        }
        match generate(algorithm, None) {
            Err(Error::AlgorithmUnavailable(_)) if cfg!(not(feature = "aws-lc")) => None,
            // This crate generates the key, but cryptography computes with it.
            Ok(KeyMaterial::Okp(OkpKey { curve: OkpCurve::Ed448, .. })) => None,
            key => {
                Some([key, generate(algorithm, None)].map(|key| complete(key.unwrap()).unwrap()))
            }
        }
    }

    fn keys_by_name(alg: &str) -> [KeyMaterial; 2] {
        keys(Algorithm::by_name(alg).unwrap()).unwrap()
    }

    fn prepare(material: &KeyMaterial, alg: &str) -> Result<PreparedKey, Error> {
        PreparedKey::new(material, Algorithm::by_name(alg).unwrap())
    }

    #[test]
    fn a_key_verifies_its_own_signature_of_its_own_message_and_nothing_else() {
        for algorithm in &ALGORITHMS {
            let Some(keys) = keys(algorithm) else { continue };
            let [key, other] = keys.map(|key| PreparedKey::new(&key, algorithm).unwrap());
            let signature = key.sign(b"message").unwrap();
            let signature = signature.as_ref();
            assert!(key.verify(b"message", signature), "{}", algorithm.name);
            assert!(!key.verify(b"another message", signature), "{}", algorithm.name);
            assert!(!key.verify(b"message", &signature[1..]), "{}", algorithm.name);
            assert!(!key.verify(b"message", b""), "{}", algorithm.name);
            assert!(!other.verify(b"message", signature), "{}", algorithm.name);
            assert_eq!(key.signature_len(), signature.len(), "{}", algorithm.name);
        }
    }

    #[test]
    fn only_private_keys_and_secrets_sign() {
        for algorithm in &ALGORITHMS {
            let Some([material, _]) = keys(algorithm) else { continue };
            assert!(PreparedKey::new(&material, algorithm).unwrap().can_sign());
            let Ok(public) = material.to_public() else { continue };
            let public = PreparedKey::new(&public, algorithm).unwrap();
            assert!(!public.can_sign(), "{}", algorithm.name);
            assert_eq!(public.sign(b"message").err(), Some(Error::PrivateKeyRequired));
        }
    }

    #[test]
    fn a_key_of_another_type_or_curve_is_refused() {
        let secret = KeyMaterial::Secret(vec![7; 64].into());
        let [p256, _] = keys_by_name("ES256");
        for (key, alg, message) in [
            (
                &secret,
                "RS256",
                "needs an RSA key, this is a shared secret: use HS256, HS384, HS512",
            ),
            (
                &secret,
                "PS256",
                "needs an RSA key, this is a shared secret: use HS256, HS384, HS512",
            ),
            (&secret, "EdDSA", "needs an Ed25519 or Ed448 key, this is a shared secret: use HS256"),
            (&p256, "HS256", "needs a shared secret, this is an EC key on P-256: use ES256"),
            (&p256, "ES512", "needs an EC key on P-521, this is an EC key on P-256: use ES256"),
            (
                &p256,
                "ES256K",
                "needs an EC key on secp256k1, this is an EC key on P-256: use ES256",
            ),
        ] {
            let refusal = prepare(key, alg).err().unwrap().to_string();
            assert!(refusal.starts_with(&format!("{alg} {message}")), "{refusal}");
        }
        assert_eq!(PreparedKey::new(&secret, &NONE).err(), Some(Error::KeyForNone));
    }

    #[test]
    fn rsa_keys_of_other_sizes_are_refused() {
        for len in [128, 255, 1025] {
            let key = KeyMaterial::Rsa(RsaKey::new(&vec![0xff; len], &[3], None).unwrap());
            let message =
                format!("RSA keys of 2048 to 8192 bits are supported, this one has {}", len * 8);
            assert_eq!(prepare(&key, "RS256").err(), Some(Error::InvalidKey(message.clone())));
            assert_eq!(complete(key), Err(Error::InvalidKey(message)));
        }
    }

    #[test]
    fn a_public_part_that_was_left_out_is_computed() {
        for algorithm in &ALGORITHMS {
            let Some([whole, _]) = keys(algorithm) else { continue };
            let without = match whole.clone() {
                KeyMaterial::Ec(key) => KeyMaterial::Ec(EcKey { public: None, ..key }),
                KeyMaterial::Okp(key) => KeyMaterial::Okp(OkpKey { x: None, ..key }),
                KeyMaterial::Akp(key) => KeyMaterial::Akp(AkpKey { public: None, ..key }),
                KeyMaterial::Secret(_) | KeyMaterial::Rsa(_) => continue,
            };
            match complete(without) {
                // ring does not compute the public point of a given private key.
                Err(Error::InvalidKey(_)) if cfg!(not(feature = "aws-lc")) => {}
                completed => assert!(completed == Ok(whole), "{}", algorithm.name),
            }
        }
    }

    #[test]
    fn a_compressed_point_is_computed_and_must_fit_the_private_key() {
        for alg in ["ES256", "ES384", "ES512", "ES256K"] {
            let Some([KeyMaterial::Ec(whole), _]) = keys(Algorithm::by_name(alg).unwrap()) else {
                continue;
            };
            let Some(EcPoint::Affine(Coordinates { x, y })) = &whole.public else {
                panic!("{alg}")
            };
            let with = |form: u8, x: &[u8]| {
                let public = Some(EcPoint::Compressed([&[form], x].concat()));
                KeyMaterial::Ec(EcKey { public, ..whole.clone() })
            };
            let sign = y[y.len() - 1] & 1;
            let key = with(2 | sign, x);
            if alg != "ES256K" && cfg!(not(feature = "aws-lc")) {
                assert!(complete(key).unwrap_err().to_string().contains("compressed"), "{alg}");
                continue;
            }
            let prepared = prepare(&key, alg).unwrap();
            let signature = prepared.sign(b"message").unwrap();
            assert!(prepared.verify(b"message", signature.as_ref()), "{alg}");
            let public = complete(key.to_public().unwrap());
            assert!(complete(key) == Ok(KeyMaterial::Ec(whole.clone())), "{alg}");
            assert!(public == KeyMaterial::Ec(whole.clone()).to_public(), "{alg}");
            assert!(complete(with(3 - sign, x)).is_err(), "{alg}: the other point");
            let off_curve = complete(with(2, &vec![0xff; x.len()]).to_public().unwrap());
            assert!(off_curve.is_err(), "{alg}: no point");
        }
    }

    #[test]
    fn an_incomplete_or_inconsistent_key_is_refused() {
        assert_eq!(complete(KeyMaterial::Secret(vec![].into())), Err(Error::SecretEmpty));
        for alg in ["ES256", "ES256K", "EdDSA"] {
            let mixed = match keys_by_name(alg) {
                [KeyMaterial::Ec(one), KeyMaterial::Ec(other)] => {
                    KeyMaterial::Ec(EcKey { d: one.d, ..other })
                }
                [KeyMaterial::Okp(one), KeyMaterial::Okp(other)] => {
                    KeyMaterial::Okp(OkpKey { d: one.d, ..other })
                }
                _ => unreachable!("both are of the algorithm's type"),
            };
            assert!(matches!(prepare(&mixed, alg), Err(Error::InvalidKey(_))), "{alg}");
            assert!(matches!(complete(mixed), Err(Error::InvalidKey(_))), "{alg}");
        }
    }
}
