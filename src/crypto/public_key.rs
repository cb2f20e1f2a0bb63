//! A public key, which is parsed only once if the crypto library supports that.

use super::backend::signature::{self, VerificationAlgorithm};
use crate::error::Error;

#[cfg(feature = "aws-lc")]
pub(super) struct PublicKey(signature::ParsedPublicKey);

#[cfg(feature = "aws-lc")]
impl PublicKey {
    /// Parses and checks `bytes`: an RSA public key in PKCS#1, an uncompressed point, or an
    /// Ed25519 public key. `what` names it in the error.
    pub(super) fn new(
        algorithm: &'static dyn VerificationAlgorithm,
        bytes: &[u8],
        what: &str,
    ) -> Result<Self, Error> {
        signature::ParsedPublicKey::new(algorithm, bytes)
            .map(Self)
            .map_err(|_| Error::InvalidKey(format!("Invalid {what} public key")))
    }

    pub(super) fn verify(&self, message: &[u8], signature: &[u8]) -> bool {
        self.0.verify_sig(message, signature).is_ok()
    }
}

/// ring parses the key at each verification, so a key that it cannot use verifies nothing.
#[cfg(not(feature = "aws-lc"))]
pub(super) struct PublicKey(signature::UnparsedPublicKey<Vec<u8>>);

#[cfg(not(feature = "aws-lc"))]
impl PublicKey {
    #[allow(clippy::unnecessary_wraps, reason = "the signature of its aws-lc twin")]
    pub(super) fn new(
        algorithm: &'static dyn VerificationAlgorithm,
        bytes: &[u8],
        _what: &str,
    ) -> Result<Self, Error> {
        Ok(Self(signature::UnparsedPublicKey::new(algorithm, bytes.to_vec())))
    }

    pub(super) fn verify(&self, message: &[u8], signature: &[u8]) -> bool {
        self.0.verify(message, signature).is_ok()
    }
}
