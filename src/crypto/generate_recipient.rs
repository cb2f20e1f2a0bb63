//! Key generation for the recipients of a JWE.

use serde_json::{Map, Value};

use super::complete::complete;
use super::generate::generate;
use super::random::fill_random;
use crate::algorithm::{ALGORITHMS, Algorithm, Family as SignatureFamily};
use crate::content_encryption::ContentEncryption;
use crate::error::Error;
use crate::key::{KeyMaterial, OkpCurve, OkpKey, SecretBytes, jwk};
use crate::key_management::{Family, KeyManagement};

/// Generates a key for `algorithm` and returns it as a private JWK, which names the algorithm.
/// `encryption` is needed for `dir`, `curve` for ECDH-ES and `bits` for RSA. Returns `None` if there
/// is no such key.
///
/// # Errors
/// Those of [`generate`].
pub fn generate_recipient_key(
    algorithm: &'static KeyManagement,
    encryption: Option<&'static ContentEncryption>,
    curve: &str,
    bits: usize,
) -> Result<Option<Map<String, Value>>, Error> {
    let material = match (algorithm.family, encryption) {
        (Family::Direct, Some(encryption)) => secret(encryption.cek_len),
        (Family::AesKw(len) | Family::AesGcmKw(len), _) => secret(len),
        (Family::RsaOaep(_), _) => {
            let rsa = |family| matches!(family, SignatureFamily::RsaPkcs1(_));
            generate(signature_algorithm(rsa), Some(bits))?
        }
        (Family::EcdhEs(_), _) if curve == OkpCurve::X25519.crv() => generate_x25519()?,
        (Family::EcdhEs(_), _) if ["P-256", "P-384", "P-521"].contains(&curve) => {
            generate(signature_algorithm(|family| family.crv() == Some(curve)), None)?
        }
        (Family::Direct | Family::EcdhEs(_) | Family::Pbes2 { .. }, _) => return Ok(None),
    };
    Ok(Some(labelled(jwk::to_value(&material, true), algorithm)))
}

/// Returns the first signature algorithm of a family: the keys are the same.
fn signature_algorithm(is_wanted: impl Fn(SignatureFamily) -> bool) -> &'static Algorithm {
    ALGORITHMS.iter().find(|row| is_wanted(row.family)).expect("there is one for the curve")
}

fn secret(len: usize) -> KeyMaterial {
    let mut secret = SecretBytes::new(vec![0; len]);
    fill_random(&mut secret);
    KeyMaterial::Secret(secret)
}

/// Generates an X25519 key: any 32 bytes are a private key (RFC 7748 Section 5).
///
/// # Errors
/// [`Error::AlgorithmUnavailable`] for a build without it.
pub fn generate_x25519() -> Result<KeyMaterial, Error> {
    let curve = OkpCurve::X25519;
    let mut d = SecretBytes::new(vec![0; curve.key_len()]);
    fill_random(&mut d);
    complete(KeyMaterial::Okp(OkpKey { curve, x: None, d: Some(d) }))
}

fn labelled(mut jwk: Map<String, Value>, algorithm: &KeyManagement) -> Map<String, Value> {
    jwk.insert("alg".to_owned(), algorithm.name.into());
    jwk.insert("use".to_owned(), "enc".into());
    jwk
}
