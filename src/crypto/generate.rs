//! Key generation.

use k256::ecdsa::SigningKey;

use super::backend::rand::SystemRandom;
use super::backend::signature::{self, EcdsaKeyPair, Ed25519KeyPair};
use super::complete::complete;
use super::random::fill_random;
use crate::algorithm::{Algorithm, Family};
use crate::error::Error;
use crate::key::{AkpKey, Curve, EcKey, KeyMaterial, MlDsa, OkpCurve, OkpKey, SecretBytes, der};

/// Generates a key for `algorithm`. `bits` is the size of a secret or of an RSA modulus; `None`
/// means the length of the hash, or 2048 for RSA.
///
/// # Errors
/// [`Error::InvalidKey`] for a size that the algorithm does not allow,
/// [`Error::AlgorithmUnavailable`] for a key that this build cannot generate.
pub fn generate(algorithm: &Algorithm, bits: Option<usize>) -> Result<KeyMaterial, Error> {
    match algorithm.family {
        Family::None => Err(Error::KeyForNone),
        Family::Hmac(_) => secret(bits.unwrap_or(algorithm.minimum_key_bits), algorithm),
        Family::RsaPkcs1(_) | Family::RsaPss(_) => rsa(bits.unwrap_or(2048)),
        Family::Ecdsa(..) | Family::Eddsa(_) | Family::MlDsa(_) if bits.is_some() => {
            Err(Error::invalid_key("The algorithm fixes the size of its keys"))
        }
        Family::Ecdsa(Curve::Secp256k1, _) => secp256k1(),
        Family::Ecdsa(curve, _) => nist(curve),
        Family::Eddsa(Some(OkpCurve::Ed448)) => Ok(ed448()),
        Family::Eddsa(_) => {
            let pkcs8 = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new());
            der::parse_pkcs8(pkcs8.map_err(|_| failed())?.as_ref())
        }
        Family::MlDsa(algorithm) => mldsa(algorithm),
    }
}

fn secret(bits: usize, algorithm: &Algorithm) -> Result<KeyMaterial, Error> {
    if bits < algorithm.minimum_key_bits || !bits.is_multiple_of(8) || bits > 1 << 16 {
        return Err(Error::InvalidKey(format!(
            "A secret for {} has {} to 65536 bits, in whole bytes",
            algorithm.name, algorithm.minimum_key_bits
        )));
    }
    let mut secret = SecretBytes::new(vec![0; bits / 8]);
    fill_random(&mut secret);
    Ok(KeyMaterial::Secret(secret))
}

#[cfg(feature = "aws-lc")]
fn rsa(bits: usize) -> Result<KeyMaterial, Error> {
    use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der};
    use aws_lc_rs::rsa::{KeyPair, KeySize};
    let size = match bits {
        2048 => KeySize::Rsa2048,
        3072 => KeySize::Rsa3072,
        4096 => KeySize::Rsa4096,
        8192 => KeySize::Rsa8192,
        _ => return Err(Error::invalid_key("RSA keys have 2048, 3072, 4096 or 8192 bits")),
    };
    let pkcs8: Pkcs8V1Der<'_> =
        KeyPair::generate(size).and_then(|pair| pair.as_der()).map_err(|_| failed())?;
    der::parse_pkcs8(pkcs8.as_ref())
}

#[cfg(not(feature = "aws-lc"))]
fn rsa(_bits: usize) -> Result<KeyMaterial, Error> {
    Err(Error::AlgorithmUnavailable("RSA key generation"))
}

fn nist(curve: Curve) -> Result<KeyMaterial, Error> {
    let algorithm = match curve {
        Curve::P256 => &signature::ECDSA_P256_SHA256_FIXED_SIGNING,
        Curve::P384 => &signature::ECDSA_P384_SHA384_FIXED_SIGNING,
        #[cfg(feature = "aws-lc")]
        Curve::P521 => &signature::ECDSA_P521_SHA512_FIXED_SIGNING,
        _ => return Err(Error::AlgorithmUnavailable(curve.crv())),
    };
    let pkcs8 = EcdsaKeyPair::generate_pkcs8(algorithm, &SystemRandom::new());
    der::parse_pkcs8(pkcs8.map_err(|_| failed())?.as_ref())
}

fn secp256k1() -> Result<KeyMaterial, Error> {
    let mut d = SecretBytes::new(vec![0; Curve::Secp256k1.field_len()]);
    loop {
        fill_random(&mut d);
        // About 1 in 2^128 values is not below the order of the curve.
        if SigningKey::from_slice(&d).is_ok() {
            let key = EcKey { curve: Curve::Secp256k1, public: None, d: Some(d) };
            return complete(KeyMaterial::Ec(key));
        }
    }
}

/// Generates an ML-DSA key: any 32 bytes are a seed (FIPS 204 Section 5.1).
fn mldsa(algorithm: MlDsa) -> Result<KeyMaterial, Error> {
    let mut seed = SecretBytes::new(vec![0; MlDsa::SEED_LEN]);
    fill_random(&mut seed);
    complete(KeyMaterial::Akp(AkpKey { algorithm, public: None, seed: Some(seed) }))
}

/// Generates an Ed448 key: any 57 bytes are a private key (RFC 8032 Section 5.2.5). Whoever
/// computes with the curve also computes the public half.
fn ed448() -> KeyMaterial {
    let curve = OkpCurve::Ed448;
    let mut d = SecretBytes::new(vec![0; curve.key_len()]);
    fill_random(&mut d);
    KeyMaterial::Okp(OkpKey { curve, x: None, d: Some(d) })
}

fn failed() -> Error {
    Error::invalid_key("The crypto library could not generate a key")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::algorithm::ALGORITHMS;
    use crate::crypto::PreparedKey;

    #[test]
    fn a_new_key_signs_and_its_public_half_verifies() {
        let computable = |row: &&Algorithm| row.family != Family::Eddsa(Some(OkpCurve::Ed448));
        for algorithm in ALGORITHMS.iter().filter(computable) {
            let key = match generate(algorithm, None) {
                Err(Error::AlgorithmUnavailable(_)) if cfg!(not(feature = "aws-lc")) => continue,
                key => complete(key.unwrap()).unwrap(),
            };
            let signature = PreparedKey::new(&key, algorithm).unwrap().sign(b"message").unwrap();
            let public = key.to_public().unwrap_or(key);
            let public = PreparedKey::new(&public, algorithm).unwrap();
            assert!(public.verify(b"message", signature.as_ref()), "{}", algorithm.name);
        }
    }

    #[test]
    fn a_new_ed448_key_waits_for_its_public_half() {
        let key = generate(Algorithm::by_name("Ed448").unwrap(), None).unwrap();
        assert_eq!((key.kty(), key.bits(), key.is_private()), ("OKP", 448, true));
        assert!(complete(key).unwrap_err().to_string().contains("cryptography"));
    }

    #[test]
    fn sizes_that_do_not_fit_are_refused() {
        let sizes = [("HS256", 248), ("HS256", 260), ("HS512", 256), ("ES256", 256), ("EdDSA", 1)];
        for (alg, bits) in sizes {
            assert!(
                generate(Algorithm::by_name(alg).unwrap(), Some(bits)).is_err(),
                "{alg} {bits}"
            );
        }
        assert!(generate(Algorithm::by_name("RS256").unwrap(), Some(1024)).is_err());
        let hs256 = Algorithm::by_name("HS256").unwrap();
        assert!(generate(hs256, Some(65_536)).is_ok());
        assert!(generate(hs256, Some(65_544)).is_err());
    }

    #[test]
    fn two_new_keys_differ() {
        let hs256 = Algorithm::by_name("HS256").unwrap();
        assert!(generate(hs256, None).unwrap() != generate(hs256, None).unwrap());
    }
}
