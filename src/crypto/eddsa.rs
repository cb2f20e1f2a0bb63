//! EdDSA with Ed25519 (RFC 8037 Section 3.1). None of the crypto libraries used here has Ed448.

use super::backend::signature::{self, Ed25519KeyPair, KeyPair};
use super::public_key::PublicKey;
use super::signature::Signature;
use crate::error::Error;
use crate::key::{OkpCurve, OkpKey};

pub(super) struct Key {
    pair: Option<Ed25519KeyPair>,
    public: PublicKey,
}

impl Key {
    pub(super) fn new(key: &OkpKey) -> Result<Self, Error> {
        check_curve(key.curve)?;
        let pair = key.d.as_ref().map(|_| pair(key)).transpose()?;
        let public = match (&key.x, &pair) {
            (Some(x), Some(pair)) if pair.public_key().as_ref() != x.as_slice() => {
                return Err(Error::invalid_key("Public key does not match private key"));
            }
            (Some(x), _) => PublicKey::new(&signature::ED25519, x, "Ed25519")?,
            (None, Some(pair)) => {
                PublicKey::new(&signature::ED25519, pair.public_key().as_ref(), "Ed25519")?
            }
            (None, None) => return Err(no_part()),
        };
        Ok(Self { pair, public })
    }

    pub(super) const fn can_sign(&self) -> bool {
        self.pair.is_some()
    }

    pub(super) fn sign(&self, message: &[u8]) -> Result<Signature, Error> {
        let pair = self.pair.as_ref().ok_or(Error::PrivateKeyRequired)?;
        Ok(Signature::new(pair.sign(message).as_ref()))
    }

    pub(super) fn verify(&self, message: &[u8], signature: &[u8]) -> bool {
        self.public.verify(message, signature)
    }
}

/// Computes the public key of a private key whose encoding left it out.
pub(super) fn public_key(key: &OkpKey) -> Result<Vec<u8>, Error> {
    check_curve(key.curve)?;
    Ok(pair(key)?.public_key().as_ref().to_vec())
}

fn pair(key: &OkpKey) -> Result<Ed25519KeyPair, Error> {
    let seed = key.d.as_ref().ok_or_else(no_part)?;
    Ed25519KeyPair::from_seed_unchecked(seed)
        .map_err(|reason| Error::InvalidKey(format!("Invalid Ed25519 private key: {reason}")))
}

fn no_part() -> Error {
    Error::invalid_key("The OKP key has neither a public nor a private part")
}

fn check_curve(curve: OkpCurve) -> Result<(), Error> {
    match curve {
        OkpCurve::Ed25519 => Ok(()),
        OkpCurve::Ed448 => Err(Error::invalid_key(
            "Ed448 keys need the package 'cryptography' (pip install rapidjwt[crypto])",
        )),
        OkpCurve::X25519 => Err(Error::invalid_key("X25519 keys are for encryption")),
    }
}
