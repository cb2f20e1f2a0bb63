//! ECDSA with raw `r || s` signatures (RFC 7518 Section 3.4, RFC 8812 Section 3.2).

use k256::ecdsa::signature::{Signer, Verifier};
use k256::elliptic_curve::sec1::ToSec1Point;

use super::backend::rand::SystemRandom;
use super::backend::signature::{self, EcdsaKeyPair, EcdsaSigningAlgorithm, VerificationAlgorithm};
use super::public_key::PublicKey;
use super::signature::Signature;
use crate::error::Error;
use crate::key::{Coordinates, Curve, EcKey, EcPoint};

pub(super) enum Key {
    Nist { pair: Option<EcdsaKeyPair>, public: PublicKey },
    Secp256k1 { signing: Option<k256::ecdsa::SigningKey>, verifying: k256::ecdsa::VerifyingKey },
}

impl Key {
    pub(super) fn new(key: &EcKey) -> Result<Self, Error> {
        if key.curve == Curve::Secp256k1 {
            return secp256k1(key);
        }
        let schemes = Schemes::of(key.curve)?;
        let point = uncompressed_point(key)?;
        #[cfg(not(feature = "aws-lc"))]
        check_point(key.curve, &point)?;
        let pair = key.d.as_ref().map(|d| pair(schemes.signing, d, &point)).transpose()?;
        Ok(Self::Nist { pair, public: PublicKey::new(schemes.verification, &point, "EC")? })
    }

    pub(super) const fn can_sign(&self) -> bool {
        match self {
            Self::Nist { pair, .. } => pair.is_some(),
            Self::Secp256k1 { signing, .. } => signing.is_some(),
        }
    }

    pub(super) fn sign(&self, message: &[u8]) -> Result<Signature, Error> {
        match self {
            Self::Nist { pair, .. } => pair
                .as_ref()
                .ok_or(Error::PrivateKeyRequired)?
                .sign(&SystemRandom::new(), message)
                .map(|signature| Signature::new(signature.as_ref()))
                .map_err(|_| Error::invalid_key("This EC key cannot sign")),
            Self::Secp256k1 { signing, .. } => {
                let key = signing.as_ref().ok_or(Error::PrivateKeyRequired)?;
                let signature: k256::ecdsa::Signature = key.sign(message);
                Ok(Signature::new(&signature.to_bytes()))
            }
        }
    }

    pub(super) fn verify(&self, message: &[u8], signature: &[u8]) -> bool {
        match self {
            Self::Nist { public, .. } => public.verify(message, signature),
            Self::Secp256k1 { verifying, .. } => k256::ecdsa::Signature::from_slice(signature)
                // k256 refuses an s in the upper half (a rule of Bitcoin). RFC 8812 has no such
                // rule, and (r, n - s) verifies exactly when (r, s) does.
                .is_ok_and(|signature| verifying.verify(message, &signature.normalize_s()).is_ok()),
        }
    }
}

/// Returns the coordinates of an uncompressed point (SEC1 Section 2.3.3), which has a byte that says
/// so before them.
fn coordinates(point: &[u8]) -> Coordinates {
    let (x, y) = point[1..].split_at(point.len() / 2);
    Coordinates { x: x.to_vec(), y: y.to_vec() }
}

/// Returns the coordinates of the public point. Computes them if the point is compressed, or if a
/// private key came without one.
pub(super) fn public_point(key: &EcKey) -> Result<Coordinates, Error> {
    match (&key.public, &key.d) {
        (Some(EcPoint::Affine(coordinates)), _) => Ok(coordinates.clone()),
        (Some(EcPoint::Compressed(point)), _) => decompress(key.curve, point),
        (None, Some(d)) => multiply_generator(key.curve, d),
        (None, None) => {
            Err(Error::invalid_key("The EC key has neither a public nor a private part"))
        }
    }
}

fn multiply_generator(curve: Curve, d: &[u8]) -> Result<Coordinates, Error> {
    match curve {
        Curve::Secp256k1 => Ok(secp256k1_point(secp256k1_signing_key(d)?.verifying_key())),
        curve => Ok(coordinates(&nist_public_point(curve, d)?)),
    }
}

fn decompress(curve: Curve, point: &[u8]) -> Result<Coordinates, Error> {
    match curve {
        Curve::Secp256k1 => Ok(secp256k1_point(&secp256k1_verifying_key(point)?)),
        curve => decompress_nist(curve, point),
    }
}

#[cfg(feature = "aws-lc")]
fn decompress_nist(curve: Curve, point: &[u8]) -> Result<Coordinates, Error> {
    use crate::key::{KeyMaterial, der};
    use aws_lc_rs::encoding::AsDer;
    let verification = Schemes::of(curve)?.verification;
    let spki = signature::ParsedPublicKey::new(verification, point)
        .ok()
        .and_then(|key| key.as_der().ok())
        .and_then(|spki| der::parse_spki(spki.as_ref()).ok());
    match spki {
        Some(KeyMaterial::Ec(EcKey { public: Some(EcPoint::Affine(coordinates)), .. })) => {
            Ok(coordinates)
        }
        _ => Err(Error::invalid_key("Invalid EC public key")),
    }
}

#[cfg(not(feature = "aws-lc"))]
fn decompress_nist(_curve: Curve, _point: &[u8]) -> Result<Coordinates, Error> {
    Err(Error::invalid_key(
        "The EC key's public point is compressed, which a build of rapidjwt without the feature \
         'aws-lc' cannot read; convert the key with 'openssl ec -conv_form uncompressed'",
    ))
}

#[cfg(feature = "aws-lc")]
fn nist_public_point(curve: Curve, d: &[u8]) -> Result<Vec<u8>, Error> {
    use aws_lc_rs::agreement;
    let algorithm = match curve {
        Curve::P256 => &agreement::ECDH_P256,
        Curve::P384 => &agreement::ECDH_P384,
        Curve::P521 => &agreement::ECDH_P521,
        Curve::Secp256k1 => unreachable!("secp256k1 is k256's"),
    };
    agreement::PrivateKey::from_private_key(algorithm, d)
        .and_then(|key| Ok(key.compute_public_key()?.as_ref().to_vec()))
        .map_err(|_| Error::invalid_key("Invalid EC private key"))
}

#[cfg(not(feature = "aws-lc"))]
fn nist_public_point(_curve: Curve, _d: &[u8]) -> Result<Vec<u8>, Error> {
    Err(Error::invalid_key(
        "This EC private key comes without its public point, which a build of rapidjwt without \
         the feature 'aws-lc' cannot compute; convert it with 'openssl pkey'",
    ))
}

/// Refuses a point that is not on its curve. ring checks a public key only when it verifies; this
/// agrees on a secret with the key, which fails for such a point.
#[cfg(not(feature = "aws-lc"))]
fn check_point(curve: Curve, point: &[u8]) -> Result<(), Error> {
    use ring::agreement::{self, EphemeralPrivateKey, UnparsedPublicKey, agree_ephemeral};
    let algorithm = match curve {
        Curve::P384 => &agreement::ECDH_P384,
        _ => &agreement::ECDH_P256,
    };
    EphemeralPrivateKey::generate(algorithm, &SystemRandom::new())
        .and_then(|own| agree_ephemeral(own, &UnparsedPublicKey::new(algorithm, point), |_| ()))
        .map_err(|_| Error::invalid_key("Invalid EC public key"))
}

fn uncompressed_point(key: &EcKey) -> Result<Vec<u8>, Error> {
    let Coordinates { x, y } = public_point(key)?;
    Ok([&[4][..], &x, &y].concat())
}

fn pair(
    algorithm: &'static EcdsaSigningAlgorithm,
    d: &[u8],
    point: &[u8],
) -> Result<EcdsaKeyPair, Error> {
    #[cfg(feature = "aws-lc")]
    let pair = EcdsaKeyPair::from_private_key_and_public_key(algorithm, d, point);
    #[cfg(not(feature = "aws-lc"))]
    let pair =
        EcdsaKeyPair::from_private_key_and_public_key(algorithm, d, point, &SystemRandom::new());
    pair.map_err(|reason| Error::InvalidKey(format!("Invalid EC private key: {reason}")))
}

fn secp256k1(key: &EcKey) -> Result<Key, Error> {
    let verifying = secp256k1_verifying_key(&uncompressed_point(key)?)?;
    let signing = key.d.as_ref().map(|d| secp256k1_signing_key(d)).transpose()?;
    if signing.as_ref().is_some_and(|signing| *signing.verifying_key() != verifying) {
        return Err(Error::invalid_key("Invalid EC private key: it does not fit its public key"));
    }
    Ok(Key::Secp256k1 { signing, verifying })
}

fn secp256k1_verifying_key(point: &[u8]) -> Result<k256::ecdsa::VerifyingKey, Error> {
    k256::ecdsa::VerifyingKey::from_sec1_bytes(point)
        .map_err(|_| Error::invalid_key("Invalid EC public key"))
}

fn secp256k1_point(key: &k256::ecdsa::VerifyingKey) -> Coordinates {
    coordinates(key.as_affine().to_sec1_point(false).as_bytes())
}

fn secp256k1_signing_key(d: &[u8]) -> Result<k256::ecdsa::SigningKey, Error> {
    k256::ecdsa::SigningKey::from_slice(d).map_err(|_| Error::invalid_key("Invalid EC private key"))
}

/// The signing and verification schemes of a key, with its curve's own hash: the algorithm table
/// combines no other hash with it.
struct Schemes {
    signing: &'static EcdsaSigningAlgorithm,
    verification: &'static dyn VerificationAlgorithm,
}

impl Schemes {
    #[cfg_attr(feature = "aws-lc", allow(clippy::unnecessary_wraps, reason = "ring lacks P-521"))]
    fn of(curve: Curve) -> Result<Self, Error> {
        Ok(match curve {
            Curve::P256 => Self {
                signing: &signature::ECDSA_P256_SHA256_FIXED_SIGNING,
                verification: &signature::ECDSA_P256_SHA256_FIXED,
            },
            Curve::P384 => Self {
                signing: &signature::ECDSA_P384_SHA384_FIXED_SIGNING,
                verification: &signature::ECDSA_P384_SHA384_FIXED,
            },
            #[cfg(feature = "aws-lc")]
            Curve::P521 => Self {
                signing: &signature::ECDSA_P521_SHA512_FIXED_SIGNING,
                verification: &signature::ECDSA_P521_SHA512_FIXED,
            },
            #[cfg(not(feature = "aws-lc"))]
            Curve::P521 => return Err(Error::AlgorithmUnavailable(curve.crv())),
            Curve::Secp256k1 => unreachable!("secp256k1 is k256's"),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_point_off_its_curve_is_no_key() {
        for curve in [Curve::P256, Curve::P384, Curve::Secp256k1] {
            let coordinate = vec![1; curve.field_len()];
            let public =
                Some(EcPoint::Affine(Coordinates { x: coordinate.clone(), y: coordinate }));
            assert!(Key::new(&EcKey { curve, public, d: None }).is_err(), "{}", curve.crv());
        }
    }
}
