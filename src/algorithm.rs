//! The algorithm table (RFC 7518 Section 3.1): one row holds everything there is to know about an
//! `alg`.
//!
//! The rest of the crate receives the row, never the name.

use crate::key::{Curve, KeyMaterial, MlDsa, OkpCurve};

/// The hash of a signature algorithm.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hash {
    /// SHA-256.
    Sha256,
    /// SHA-384.
    Sha384,
    /// SHA-512.
    Sha512,
}

impl Hash {
    /// Returns the number of bytes in a digest.
    pub const fn digest_len(self) -> usize {
        match self {
            Self::Sha256 => 32,
            Self::Sha384 => 48,
            Self::Sha512 => 64,
        }
    }

    /// Returns the name in upper case without a hyphen, as hashlib spells it and PyJWT prints it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Sha256 => "SHA256",
            Self::Sha384 => "SHA384",
            Self::Sha512 => "SHA512",
        }
    }
}

/// How an algorithm signs, with the hash or the curve that it specifies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Family {
    /// No signature at all (RFC 7518 Section 3.6): it can be written but never verifies.
    None,
    /// HMAC (RFC 7518 Section 3.2).
    Hmac(Hash),
    /// RSASSA-PKCS1-v1_5 (RFC 7518 Section 3.3).
    RsaPkcs1(Hash),
    /// RSASSA-PSS with MGF1 and a salt as long as the hash (RFC 7518 Section 3.5).
    RsaPss(Hash),
    /// ECDSA (RFC 7518 Section 3.4, RFC 8812 Section 3.2).
    Ecdsa(Curve, Hash),
    /// EdDSA on one curve (RFC 9864 Section 2.2), or on the key's own (RFC 8037 Section 3.1).
    Eddsa(Option<OkpCurve>),
    /// ML-DSA without a context (RFC 9964 Section 3).
    MlDsa(MlDsa),
}

impl Family {
    /// Returns the scheme and where it is specified.
    pub const fn description(self) -> &'static str {
        match self {
            Self::None => "no signature (RFC 7518 Section 3.6)",
            Self::Hmac(_) => "HMAC (RFC 7518 Section 3.2)",
            Self::RsaPkcs1(_) => "RSASSA-PKCS1-v1_5 (RFC 7518 Section 3.3)",
            Self::RsaPss(_) => "RSASSA-PSS (RFC 7518 Section 3.5)",
            Self::Ecdsa(Curve::Secp256k1, _) => "ECDSA (RFC 8812 Section 3.2)",
            Self::Ecdsa(..) => "ECDSA (RFC 7518 Section 3.4)",
            Self::Eddsa(None) => "EdDSA (RFC 8037 Section 3.1)",
            Self::Eddsa(Some(_)) => "EdDSA (RFC 9864 Section 2.2)",
            Self::MlDsa(_) => "ML-DSA (RFC 9964 Section 3)",
        }
    }

    /// Returns whether a key is of the type and on the curve that the algorithm needs.
    pub fn takes(self, key: &KeyMaterial) -> bool {
        match (self, key) {
            (Self::Hmac(_), KeyMaterial::Secret(_))
            | (Self::RsaPkcs1(_) | Self::RsaPss(_), KeyMaterial::Rsa(_)) => true,
            (Self::Ecdsa(curve, _), KeyMaterial::Ec(key)) => key.curve == curve,
            (Self::Eddsa(None), KeyMaterial::Okp(key)) => key.curve.signature_len().is_some(),
            (Self::Eddsa(Some(curve)), KeyMaterial::Okp(key)) => key.curve == curve,
            (Self::MlDsa(algorithm), KeyMaterial::Akp(key)) => key.algorithm == algorithm,
            _ => false,
        }
    }

    /// Returns the kind of key that the algorithm needs, in words.
    pub const fn key_in_words(self) -> &'static str {
        match self {
            Self::None => "no key",
            Self::Hmac(_) => "a shared secret",
            Self::RsaPkcs1(_) | Self::RsaPss(_) => "an RSA key",
            Self::Ecdsa(curve, _) => curve.key_in_words(),
            Self::Eddsa(None) => "an Ed25519 or Ed448 key",
            Self::Eddsa(Some(curve)) => curve.key_in_words(),
            Self::MlDsa(algorithm) => algorithm.key_in_words(),
        }
    }

    /// Returns the hash that the algorithm specifies.
    pub const fn hash(self) -> Option<Hash> {
        match self {
            Self::Hmac(hash) | Self::RsaPkcs1(hash) | Self::RsaPss(hash) | Self::Ecdsa(_, hash) => {
                Some(hash)
            }
            Self::None | Self::Eddsa(_) | Self::MlDsa(_) => None,
        }
    }

    /// Returns whether PyJWT has the algorithm.
    pub const fn is_pyjwts(self) -> bool {
        !matches!(self, Self::Eddsa(Some(_)) | Self::MlDsa(_))
    }

    /// Returns whether only a build with the feature `aws-lc` has it.
    pub const fn needs_aws_lc(self) -> bool {
        matches!(self, Self::Ecdsa(Curve::P521, _) | Self::MlDsa(_))
    }

    /// Returns the JWK name (`crv`) of the curve that the algorithm specifies.
    pub const fn crv(self) -> Option<&'static str> {
        match self {
            Self::Ecdsa(curve, _) => Some(curve.crv()),
            Self::Eddsa(Some(curve)) => Some(curve.crv()),
            _ => None,
        }
    }
}

/// One signature algorithm.
#[derive(Debug, PartialEq, Eq)]
pub struct Algorithm {
    /// The header parameter value, `alg`.
    pub name: &'static str,
    /// How it signs.
    pub family: Family,
    /// The key size in bits below which PyJWT warns; 0 where the algorithm determines the size.
    pub minimum_key_bits: usize,
    /// Bytes in a signature; `None` where this depends on the key.
    pub signature_len: Option<usize>,
}

const fn hmac(name: &'static str, hash: Hash) -> Algorithm {
    // RFC 7518 Section 3.2: a key of the same size as the hash output or larger MUST be used.
    let (minimum_key_bits, signature_len) = (hash.digest_len() * 8, Some(hash.digest_len()));
    Algorithm { name, family: Family::Hmac(hash), minimum_key_bits, signature_len }
}

const fn rsa(name: &'static str, family: Family) -> Algorithm {
    // RFC 7518 Section 3.3: a key of size 2048 bits or larger MUST be used.
    Algorithm { name, family, minimum_key_bits: 2048, signature_len: None }
}

const fn ecdsa(name: &'static str, curve: Curve, hash: Hash) -> Algorithm {
    let (family, signature_len) = (Family::Ecdsa(curve, hash), Some(2 * curve.field_len()));
    Algorithm { name, family, minimum_key_bits: 0, signature_len }
}

const fn eddsa(name: &'static str, curve: Option<OkpCurve>) -> Algorithm {
    let signature_len = match curve {
        Some(curve) => curve.signature_len(),
        None => None,
    };
    Algorithm { name, family: Family::Eddsa(curve), minimum_key_bits: 0, signature_len }
}

const fn mldsa(algorithm: MlDsa) -> Algorithm {
    let (name, signature_len) = (algorithm.name(), Some(algorithm.signature_len()));
    Algorithm { name, family: Family::MlDsa(algorithm), minimum_key_bits: 0, signature_len }
}

/// Every algorithm. PyJWT does not have `Ed25519` and `Ed448` (RFC 9864) and ML-DSA, so the
/// functions that replace PyJWT's refuse them.
pub static ALGORITHMS: [Algorithm; 19] = [
    hmac("HS256", Hash::Sha256),
    rsa("RS256", Family::RsaPkcs1(Hash::Sha256)),
    ecdsa("ES256", Curve::P256, Hash::Sha256),
    eddsa("EdDSA", None),
    hmac("HS384", Hash::Sha384),
    hmac("HS512", Hash::Sha512),
    rsa("RS384", Family::RsaPkcs1(Hash::Sha384)),
    rsa("RS512", Family::RsaPkcs1(Hash::Sha512)),
    rsa("PS256", Family::RsaPss(Hash::Sha256)),
    rsa("PS384", Family::RsaPss(Hash::Sha384)),
    rsa("PS512", Family::RsaPss(Hash::Sha512)),
    ecdsa("ES384", Curve::P384, Hash::Sha384),
    ecdsa("ES512", Curve::P521, Hash::Sha512),
    ecdsa("ES256K", Curve::Secp256k1, Hash::Sha256),
    eddsa("Ed25519", Some(OkpCurve::Ed25519)),
    eddsa("Ed448", Some(OkpCurve::Ed448)),
    mldsa(MlDsa::MlDsa44),
    mldsa(MlDsa::MlDsa65),
    mldsa(MlDsa::MlDsa87),
];

/// Other names for algorithms of the table. A token keeps the name it was made with.
const ALIASES: [(&str, &str); 1] = [("ES521", "ES512")];

/// `none` (RFC 7518 Section 3.6), kept out of the table because no key can be prepared for it.
pub static NONE: Algorithm =
    Algorithm { name: "none", family: Family::None, minimum_key_bits: 0, signature_len: Some(0) };

impl Algorithm {
    /// Returns the algorithm of that name, or `None`. Names are case-sensitive (RFC 7515 Section
    /// 4.1.1).
    pub fn by_name(name: &str) -> Option<&'static Self> {
        let name = ALIASES.iter().find(|(alias, _)| *alias == name).map_or(name, |(_, of)| of);
        ALGORITHMS.iter().chain([&NONE]).find(|algorithm| algorithm.name == name)
    }

    /// Returns the row's index in the table; `None` for [`NONE`], which is not in it.
    pub fn index(&'static self) -> Option<usize> {
        ALGORITHMS.iter().position(|row| std::ptr::eq(row, self))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_is_found_by_its_name() {
        for algorithm in &ALGORITHMS {
            assert!(std::ptr::eq(
                Algorithm::by_name(algorithm.name).expect("in the table"),
                algorithm
            ));
        }
    }

    #[test]
    fn names_are_case_sensitive() {
        assert_eq!(Algorithm::by_name("hs256"), None);
        assert_eq!(Algorithm::by_name("None"), None);
        assert_eq!(Algorithm::by_name(""), None);
    }

    #[test]
    fn the_alias_of_pyjwt_is_the_p_521_row() {
        assert_eq!(Algorithm::by_name("ES521"), Algorithm::by_name("ES512"));
    }
}
