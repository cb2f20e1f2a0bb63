//! Checking that the parts of a key belong together.

#[cfg(feature = "aws-lc")]
use super::{agreement, mldsa};
use super::{ecdsa, eddsa, rsa};
use crate::error::Error;
#[cfg(feature = "aws-lc")]
use crate::key::recipient::AgreementKey;
use crate::key::{AkpKey, EcKey, EcPoint, KeyMaterial, OkpCurve, OkpKey, RsaKey};

/// Checks that the parts of `material` belong together (a point lies on its curve, a private part
/// fits the public one, the crypto library accepts an RSA key) and computes a public part that the
/// encoding left out.
///
/// # Errors
/// [`Error::InvalidKey`], [`Error::SecretEmpty`], or [`Error::AlgorithmUnavailable`] for a curve
/// that this build lacks.
pub fn complete(material: KeyMaterial) -> Result<KeyMaterial, Error> {
    Ok(match material {
        KeyMaterial::Secret(secret) if secret.is_empty() => return Err(Error::SecretEmpty),
        KeyMaterial::Secret(secret) => KeyMaterial::Secret(secret),
        KeyMaterial::Rsa(key) => KeyMaterial::Rsa(complete_rsa(key)?),
        KeyMaterial::Ec(key) => KeyMaterial::Ec(complete_ec(key)?),
        KeyMaterial::Okp(key) => KeyMaterial::Okp(complete_okp(key)?),
        KeyMaterial::Akp(key) => KeyMaterial::Akp(complete_akp(key)?),
    })
}

fn complete_rsa(key: RsaKey) -> Result<RsaKey, Error> {
    rsa::check(&key)?;
    Ok(key)
}

fn complete_ec(mut key: EcKey) -> Result<EcKey, Error> {
    key.public = Some(EcPoint::Affine(ecdsa::public_point(&key)?));
    ecdsa::Key::new(&key)?;
    Ok(key)
}

fn complete_okp(mut key: OkpKey) -> Result<OkpKey, Error> {
    if key.curve == OkpCurve::X25519 {
        return complete_x25519(key);
    }
    if key.x.is_none() {
        key.x = Some(eddsa::public_key(&key)?);
    }
    eddsa::Key::new(&key)?;
    Ok(key)
}

#[cfg(feature = "aws-lc")]
fn complete_x25519(key: OkpKey) -> Result<OkpKey, Error> {
    let x = agreement::public_key(&AgreementKey::of_x25519(key.clone()))?;
    Ok(OkpKey { x: Some(x), ..key })
}

#[cfg(not(feature = "aws-lc"))]
#[allow(clippy::needless_pass_by_value, reason = "its twin with aws-lc returns the key")]
fn complete_x25519(key: OkpKey) -> Result<OkpKey, Error> {
    Err(Error::AlgorithmUnavailable(key.curve.crv()))
}

#[cfg(feature = "aws-lc")]
fn complete_akp(key: AkpKey) -> Result<AkpKey, Error> {
    let public = mldsa::public_key(&key)?;
    let key = AkpKey { public: Some(public), ..key };
    mldsa::Key::new(&key)?;
    Ok(key)
}

#[cfg(not(feature = "aws-lc"))]
#[allow(clippy::needless_pass_by_value, reason = "its twin with aws-lc returns the key")]
fn complete_akp(key: AkpKey) -> Result<AkpKey, Error> {
    Err(Error::AlgorithmUnavailable(key.algorithm.name()))
}
