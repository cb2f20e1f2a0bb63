//! ML-DSA (FIPS 204, RFC 9964), from aws-lc-rs.

use aws_lc_rs::signature::{
    KeyPair, ML_DSA_44, ML_DSA_44_SIGNING, ML_DSA_65, ML_DSA_65_SIGNING, ML_DSA_87,
    ML_DSA_87_SIGNING, PqdsaKeyPair, PqdsaSigningAlgorithm, VerificationAlgorithm,
};

use super::public_key::PublicKey;
use super::signature::Signature;
use crate::error::Error;
use crate::key::{AkpKey, MlDsa};

pub(super) struct Key {
    pair: Option<PqdsaKeyPair>,
    public: PublicKey,
}

impl Key {
    pub(super) fn new(key: &AkpKey) -> Result<Self, Error> {
        let pair = pair(key)?;
        let public = public_part(key, pair.as_ref())?;
        let public = PublicKey::new(scheme(key.algorithm), &public, key.algorithm.name())?;
        Ok(Self { pair, public })
    }

    pub(super) const fn can_sign(&self) -> bool {
        self.pair.is_some()
    }

    pub(super) fn sign(&self, message: &[u8]) -> Result<Signature, Error> {
        let pair = self.pair.as_ref().ok_or(Error::PrivateKeyRequired)?;
        let mut signature = vec![0; pair.algorithm().signature_len()];
        pair.sign(message, &mut signature)
            .map_err(|_| Error::invalid_key("The crypto library refuses to sign with this key"))?;
        Ok(Signature::new(&signature))
    }

    pub(super) fn verify(&self, message: &[u8], signature: &[u8]) -> bool {
        self.public.verify(message, signature)
    }
}

/// Checks that the parts of a key belong together and returns its public part.
pub(super) fn public_key(key: &AkpKey) -> Result<Vec<u8>, Error> {
    public_part(key, pair(key)?.as_ref())
}

fn public_part(key: &AkpKey, pair: Option<&PqdsaKeyPair>) -> Result<Vec<u8>, Error> {
    let computed = pair.map(|pair| pair.public_key().as_ref());
    match (computed, &key.public) {
        (Some(computed), Some(public)) if computed != &**public => {
            Err(Error::invalid_key("Public key does not match private key"))
        }
        (_, Some(public)) => Ok(public.clone()),
        (Some(computed), None) => Ok(computed.to_vec()),
        (None, None) => {
            Err(Error::invalid_key("The ML-DSA key has neither a public nor a private part"))
        }
    }
}

fn pair(key: &AkpKey) -> Result<Option<PqdsaKeyPair>, Error> {
    let Some(seed) = &key.seed else { return Ok(None) };
    let algorithm: &'static PqdsaSigningAlgorithm = match key.algorithm {
        MlDsa::MlDsa44 => &ML_DSA_44_SIGNING,
        MlDsa::MlDsa65 => &ML_DSA_65_SIGNING,
        MlDsa::MlDsa87 => &ML_DSA_87_SIGNING,
    };
    let pair = PqdsaKeyPair::from_seed(algorithm, seed);
    pair.map(Some).map_err(|_| Error::invalid_key("Invalid ML-DSA private key"))
}

fn scheme(algorithm: MlDsa) -> &'static dyn VerificationAlgorithm {
    match algorithm {
        MlDsa::MlDsa44 => &ML_DSA_44,
        MlDsa::MlDsa65 => &ML_DSA_65,
        MlDsa::MlDsa87 => &ML_DSA_87,
    }
}
