//! Key material by key type (`kty`, RFC 7518 Section 6), independent of any crypto library.
//!
//! [`pem`], [`der`], [`ssh`] and [`jwk`] read it, and all but [`ssh`] write it; `crypto` turns it
//! into keys that sign and verify.

pub mod der;
pub mod jwk;
mod jwk_detection;
pub mod metadata;
pub mod pem;
mod primes;
pub mod recipient;
pub mod secret;
pub mod ssh;
pub mod strict_secret;
pub mod validity;

use std::fmt;

use zeroize::Zeroizing;

use crate::error::Error;

/// Secret bytes, which are overwritten when they are dropped.
pub type SecretBytes = Zeroizing<Vec<u8>>;

/// A curve for ECDSA (RFC 7518 Section 6.2.1.1, RFC 8812 Section 3.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Curve {
    /// NIST P-256.
    P256,
    /// NIST P-384.
    P384,
    /// NIST P-521.
    P521,
    /// secp256k1.
    Secp256k1,
}

impl Curve {
    /// Every curve.
    pub const ALL: [Self; 4] = [Self::P256, Self::P384, Self::P521, Self::Secp256k1];

    /// Returns the JWK name, `crv`.
    pub const fn crv(self) -> &'static str {
        match self {
            Self::P256 => "P-256",
            Self::P384 => "P-384",
            Self::P521 => "P-521",
            Self::Secp256k1 => "secp256k1",
        }
    }

    /// Returns what a key on the curve is, in words.
    pub const fn key_in_words(self) -> &'static str {
        match self {
            Self::P256 => "an EC key on P-256",
            Self::P384 => "an EC key on P-384",
            Self::P521 => "an EC key on P-521",
            Self::Secp256k1 => "an EC key on secp256k1",
        }
    }

    /// Returns the SEC 2 name, which OpenSSL and cryptography use.
    pub const fn sec2_name(self) -> &'static str {
        match self {
            Self::P256 => "secp256r1",
            Self::P384 => "secp384r1",
            Self::P521 => "secp521r1",
            Self::Secp256k1 => "secp256k1",
        }
    }

    /// Returns the number of bytes in a coordinate or a private scalar.
    pub const fn field_len(self) -> usize {
        match self {
            Self::P256 | Self::Secp256k1 => 32,
            Self::P384 => 48,
            Self::P521 => 66,
        }
    }
}

/// A curve of an octet key pair (RFC 8037 Section 2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum OkpCurve {
    /// Ed25519, for `EdDSA`: 32-byte keys.
    Ed25519,
    /// Ed448, for `EdDSA`: 57-byte keys.
    Ed448,
    /// X25519, for ECDH-ES: 32-byte keys.
    X25519,
}

impl OkpCurve {
    /// Every curve.
    pub const ALL: [Self; 3] = [Self::Ed25519, Self::Ed448, Self::X25519];

    /// Returns the JWK name, `crv`.
    pub const fn crv(self) -> &'static str {
        match self {
            Self::Ed25519 => "Ed25519",
            Self::Ed448 => "Ed448",
            Self::X25519 => "X25519",
        }
    }

    /// Returns what a key on the curve is, in words.
    pub const fn key_in_words(self) -> &'static str {
        match self {
            Self::Ed25519 => "an Ed25519 key",
            Self::Ed448 => "an Ed448 key",
            Self::X25519 => "an X25519 key",
        }
    }

    /// Returns the number of bytes in a public or a private key.
    pub const fn key_len(self) -> usize {
        match self {
            Self::Ed25519 | Self::X25519 => 32,
            Self::Ed448 => 57,
        }
    }

    /// Returns the number of bytes in a signature (RFC 8032 Sections 5.1.6 and 5.2.6); `None` for a
    /// curve that is not for signatures.
    pub const fn signature_len(self) -> Option<usize> {
        match self {
            Self::Ed25519 | Self::Ed448 => Some(2 * self.key_len()),
            Self::X25519 => None,
        }
    }
}

/// A parameter set of ML-DSA (FIPS 204 Section 4, RFC 9964 Section 3).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum MlDsa {
    /// ML-DSA-44.
    MlDsa44,
    /// ML-DSA-65.
    MlDsa65,
    /// ML-DSA-87.
    MlDsa87,
}

impl MlDsa {
    /// Every parameter set.
    pub const ALL: [Self; 3] = [Self::MlDsa44, Self::MlDsa65, Self::MlDsa87];

    /// The number of bytes in the private key of a JWK, the seed (RFC 9964 Section 4).
    pub const SEED_LEN: usize = 32;

    /// Returns the name, which is the `alg` of keys and of tokens.
    pub const fn name(self) -> &'static str {
        match self {
            Self::MlDsa44 => "ML-DSA-44",
            Self::MlDsa65 => "ML-DSA-65",
            Self::MlDsa87 => "ML-DSA-87",
        }
    }

    /// Returns what a key is, in words.
    pub const fn key_in_words(self) -> &'static str {
        match self {
            Self::MlDsa44 => "an ML-DSA-44 key",
            Self::MlDsa65 => "an ML-DSA-65 key",
            Self::MlDsa87 => "an ML-DSA-87 key",
        }
    }

    /// Returns the number of bytes in a public key (FIPS 204 Table 2).
    pub const fn public_len(self) -> usize {
        match self {
            Self::MlDsa44 => 1312,
            Self::MlDsa65 => 1952,
            Self::MlDsa87 => 2592,
        }
    }

    /// Returns the number of bytes in a signature (FIPS 204 Table 2).
    pub const fn signature_len(self) -> usize {
        match self {
            Self::MlDsa44 => 2420,
            Self::MlDsa65 => 3309,
            Self::MlDsa87 => 4627,
        }
    }
}

/// An RSA key. All integers are big-endian without leading zeros.
#[derive(Clone, PartialEq, Eq)]
pub struct RsaKey {
    /// The modulus.
    pub n: Vec<u8>,
    /// The public exponent.
    pub e: Vec<u8>,
    /// The private part, if there is one.
    pub private: Option<RsaPrivate>,
}

/// The private part of a two-prime RSA key.
#[derive(Clone, PartialEq, Eq)]
pub struct RsaPrivate {
    /// The private exponent.
    pub d: SecretBytes,
    /// The first prime factor.
    pub p: SecretBytes,
    /// The second prime factor.
    pub q: SecretBytes,
    /// `d mod (p - 1)`.
    pub dp: SecretBytes,
    /// `d mod (q - 1)`.
    pub dq: SecretBytes,
    /// `q^-1 mod p`.
    pub qi: SecretBytes,
}

impl RsaKey {
    /// The maximum length of a modulus in bytes, which is also OpenSSL's limit for verifying.
    const MAX_MODULUS_LEN: usize = 16_384 / 8;

    /// Makes a key of integers that an RSA key can have (RFC 8017 Section 3): `n` and `e` odd, `e`
    /// at least 3 and below `n`. Leading zeros are dropped. `crypto` checks that `n` is the product
    /// of the primes.
    pub(crate) fn new(n: &[u8], e: &[u8], private: Option<RsaPrivate>) -> Result<Self, Error> {
        let (n, e) = (trim_leading_zeros(n), trim_leading_zeros(e));
        let is_odd = |integer: &[u8]| integer.last().is_some_and(|byte| byte & 1 == 1);
        if n.len() > Self::MAX_MODULUS_LEN {
            return Err(Error::invalid_key("The RSA modulus is longer than 16384 bits"));
        }
        if !is_odd(n) {
            return Err(Error::invalid_key("The RSA modulus must be odd"));
        }
        if !is_odd(e) || e == [1] || (e.len(), e) >= (n.len(), n) {
            return Err(Error::invalid_key(
                "The RSA public exponent must be odd, at least 3 and below the modulus",
            ));
        }
        Ok(Self { n: n.to_vec(), e: e.to_vec(), private })
    }

    /// Returns the size of the modulus in bits.
    pub fn bits(&self) -> usize {
        match self.n.first() {
            Some(first) => self.n.len() * 8 - first.leading_zeros() as usize,
            None => 0,
        }
    }
}

/// The public point of an elliptic curve key. Coordinates have exactly [`Curve::field_len`] bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EcPoint {
    /// The coordinates.
    Affine(Coordinates),
    /// The compressed encoding (SEC1 Section 2.3.3); `crypto` computes the coordinates.
    Compressed(Vec<u8>),
}

/// The coordinates of a point, which are not checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Coordinates {
    /// The first one.
    pub x: Vec<u8>,
    /// The second one.
    pub y: Vec<u8>,
}

/// An elliptic curve key. The scalar has exactly [`Curve::field_len`] bytes.
#[derive(Clone, PartialEq, Eq)]
pub struct EcKey {
    /// The curve.
    pub curve: Curve,
    /// The public point. Absent only where a private key's encoding leaves it out; `crypto` then
    /// computes it.
    pub public: Option<EcPoint>,
    /// The private scalar, when there is one.
    pub d: Option<SecretBytes>,
}

/// An octet key pair. Keys have exactly [`OkpCurve::key_len`] bytes.
#[derive(Clone, PartialEq, Eq)]
pub struct OkpKey {
    /// The curve.
    pub curve: OkpCurve,
    /// The public key. It is absent only if the encoding of a private key leaves it out; `crypto`
    /// then computes it.
    pub x: Option<Vec<u8>>,
    /// The private key (for `EdDSA` the seed), if there is one.
    pub d: Option<SecretBytes>,
}

/// A key pair of one algorithm (RFC 9964 Section 4). The public key has exactly
/// [`MlDsa::public_len`] bytes, the seed [`MlDsa::SEED_LEN`].
#[derive(Clone, PartialEq, Eq)]
pub struct AkpKey {
    /// The only algorithm of the key.
    pub algorithm: MlDsa,
    /// The public key. It is absent only if the encoding of a private key leaves it out; `crypto`
    /// then computes it.
    pub public: Option<Vec<u8>>,
    /// The seed of the private key, if there is one.
    pub seed: Option<SecretBytes>,
}

/// Key material of any key type.
#[derive(Clone, PartialEq, Eq)]
pub enum KeyMaterial {
    /// `oct`: a shared secret.
    Secret(SecretBytes),
    /// `RSA`.
    Rsa(RsaKey),
    /// `EC`.
    Ec(EcKey),
    /// `OKP`.
    Okp(OkpKey),
    /// `AKP`.
    Akp(AkpKey),
}

impl KeyMaterial {
    /// Returns the JWK key type, `kty` (RFC 7518 Section 6.1, RFC 9964 Section 4).
    pub const fn kty(&self) -> &'static str {
        match self {
            Self::Secret(_) => "oct",
            Self::Rsa(_) => "RSA",
            Self::Ec(_) => "EC",
            Self::Okp(_) => "OKP",
            Self::Akp(_) => "AKP",
        }
    }

    /// Returns what the key is, in words.
    pub const fn in_words(&self) -> &'static str {
        match self {
            Self::Secret(_) => "a shared secret",
            Self::Rsa(_) => "an RSA key",
            Self::Ec(key) => key.curve.key_in_words(),
            Self::Okp(key) => key.curve.key_in_words(),
            Self::Akp(key) => key.algorithm.key_in_words(),
        }
    }

    /// Returns whether the key has its private part.
    pub const fn is_private(&self) -> bool {
        match self {
            Self::Secret(_) => true,
            Self::Rsa(key) => key.private.is_some(),
            Self::Ec(key) => key.d.is_some(),
            Self::Okp(key) => key.d.is_some(),
            Self::Akp(key) => key.seed.is_some(),
        }
    }

    /// Returns the size in bits: of the secret, of the modulus, of the curve's field, or of the
    /// public key of ML-DSA.
    pub fn bits(&self) -> usize {
        match self {
            Self::Secret(secret) => secret.len() * 8,
            Self::Rsa(key) => key.bits(),
            Self::Ec(EcKey { curve: Curve::P521, .. }) => 521,
            Self::Ec(key) => key.curve.field_len() * 8,
            Self::Okp(OkpKey { curve: OkpCurve::Ed25519 | OkpCurve::X25519, .. }) => 255,
            Self::Okp(OkpKey { curve: OkpCurve::Ed448, .. }) => 448,
            Self::Akp(key) => key.algorithm.public_len() * 8,
        }
    }

    /// Returns the public half.
    ///
    /// # Errors
    /// [`Error::InvalidKey`] for a shared secret, which has no public half.
    pub fn to_public(&self) -> Result<Self, Error> {
        match self.clone() {
            Self::Secret(_) => Err(Error::invalid_key("A shared secret has no public half")),
            Self::Rsa(key) => Ok(Self::Rsa(RsaKey { private: None, ..key })),
            Self::Ec(key) => Ok(Self::Ec(EcKey { d: None, ..key })),
            Self::Okp(key) => Ok(Self::Okp(OkpKey { d: None, ..key })),
            Self::Akp(key) => Ok(Self::Akp(AkpKey { seed: None, ..key })),
        }
    }
}

/// Describes the key without its secret parts.
impl fmt::Debug for KeyMaterial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let half = if self.is_private() { "private" } else { "public" };
        match self {
            Self::Secret(secret) => write!(f, "KeyMaterial(oct, {} bits)", secret.len() * 8),
            Self::Rsa(key) => write!(f, "KeyMaterial(RSA, {} bits, {half})", key.bits()),
            Self::Ec(key) => write!(f, "KeyMaterial(EC, {}, {half})", key.curve.crv()),
            Self::Okp(key) => write!(f, "KeyMaterial(OKP, {}, {half})", key.curve.crv()),
            Self::Akp(key) => write!(f, "KeyMaterial(AKP, {}, {half})", key.algorithm.name()),
        }
    }
}

/// Returns `integer` without leading zero bytes, the form in which this crate stores RSA integers.
pub(crate) fn trim_leading_zeros(integer: &[u8]) -> &[u8] {
    let zeros = integer.iter().take_while(|&&byte| byte == 0).count();
    &integer[zeros..]
}

#[cfg(test)]
pub(crate) mod vectors {
    //! The keys in `tests/vectors/keys`, which the README there describes.

    use std::path::Path;

    use serde_json::Value;

    use super::{KeyMaterial, jwk};
    use crate::error::Error;

    /// Reads one file of the folder.
    pub(crate) fn read(name: &str) -> Vec<u8> {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/vectors/keys");
        std::fs::read(folder.join(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
    }

    /// A key file that this crate reads.
    pub(crate) struct Readable {
        pub(crate) name: String,
        pub(crate) bytes: Vec<u8>,
        /// The key as cryptography reads it.
        pub(crate) jwk: Value,
    }

    /// Returns the key files that this crate reads and that begin with one of `beginnings`.
    pub(crate) fn readable(beginnings: &[&[u8]]) -> Vec<Readable> {
        let Value::Object(jwks) = serde_json::from_slice(&read("expected_jwk.json")).unwrap()
        else {
            panic!("expected_jwk.json is not an object")
        };
        jwks.into_iter()
            .map(|(name, jwk)| Readable { bytes: read(&name), name, jwk })
            .filter(|file| beginnings.iter().any(|start| file.bytes.starts_with(start)))
            .collect()
    }

    /// The beginnings of DER files.
    pub(crate) const DER: &[&[u8]] = &[b"\x30"];
    /// The beginnings of PEM files.
    pub(crate) const PEM: &[&[u8]] = &[b"-----BEGIN "];
    /// The beginnings of OpenSSH public keys.
    pub(crate) const SSH: &[&[u8]] = &[b"ssh-", b"ecdsa-"];

    impl Readable {
        /// Checks that `read` reads the same key from the file as cryptography does. If the file
        /// has no public part, `read` leaves it out too.
        pub(crate) fn assert_reads(&self, read: fn(&[u8]) -> Result<KeyMaterial, Error>) {
            let Self { name, bytes, jwk } = self;
            let key = read(bytes).unwrap_or_else(|error| panic!("{name}: {error}"));
            assert_eq!(key.is_private(), jwk.get("d").is_some(), "{name}");
            let members = jwk::to_value(&key, true);
            assert!(members.contains_key(if key.is_private() { "d" } else { "kty" }), "{name}");
            for (member, value) in members {
                assert_eq!(value, jwk[&member], "{name}: {member}");
            }
        }
    }

    /// Calls `check` with every truncation of `bytes` and with every byte changed in three ways.
    pub(crate) fn mutations(bytes: &[u8], mut check: impl FnMut(&[u8])) {
        for at in 0..bytes.len() {
            check(&bytes[..at]);
            let mut changed = bytes.to_vec();
            for byte in [bytes[at] ^ 0x01, bytes[at] ^ 0x80, bytes[at].wrapping_add(1)] {
                changed[at] = byte;
                check(&changed);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rsa(n: &[u8], e: &[u8]) -> Result<RsaKey, Error> {
        RsaKey::new(n, e, None)
    }

    #[test]
    fn rsa_integers_lose_their_leading_zeros() {
        let key = rsa(&[0, 0, 0x80, 1], &[0, 3]).unwrap();
        assert_eq!((key.n.as_slice(), key.e.as_slice()), (&[0x80, 1][..], &[3][..]));
        assert_eq!(key.bits(), 16);
        assert_eq!(rsa(&[1, 1], &[3]).unwrap().bits(), 9);
    }

    #[test]
    fn integers_that_cannot_be_rsas_are_refused() {
        for (n, e) in [
            (&[][..], &[3][..]),
            (&[0], &[3]),
            (&[0x80, 2], &[3]),
            (&[0x80, 1], &[]),
            (&[0x80, 1], &[1]),
            (&[0x80, 1], &[4]),
            (&[0x80, 1], &[0x80, 1]),
            (&[0x80, 1], &[1, 0, 1]),
            (&[0xff; 2049], &[3]),
        ] {
            assert!(matches!(rsa(n, e), Err(Error::InvalidKey(_))), "{n:?} {e:?}");
        }
        assert!(rsa(&[0xff; 2048], &[3]).is_ok());
    }

    #[test]
    fn sizes_are_in_bits() {
        let key = |name| pem::parse(&vectors::read(name)).unwrap();
        assert_eq!(KeyMaterial::Secret(vec![7; 33].into()).bits(), 264);
        assert_eq!(key("rsa_2048_pkcs8.pem").bits(), 2048);
        assert_eq!(key("ec_p256_sec1.pem").bits(), 256);
        assert_eq!(key("ec_p384_sec1.pem").bits(), 384);
        assert_eq!(key("ec_p521_sec1.pem").bits(), 521);
        assert_eq!(key("ec_secp256k1_sec1.pem").bits(), 256);
        assert_eq!(key("testkey_ed25519.pem").bits(), 255);
        assert_eq!(der::parse(&vectors::read("ed448_pkcs8.der")).unwrap().bits(), 448);
    }

    #[test]
    fn the_public_half_holds_nothing_private() {
        for file in vectors::readable(&[b""]) {
            let read = |parse: fn(&[u8]) -> Result<KeyMaterial, Error>| parse(&file.bytes).ok();
            let key = read(der::parse).or_else(|| read(pem::parse));
            let Some(key) = key.or_else(|| read(ssh::parse_public)) else { continue };
            let public = key.to_public().unwrap();
            assert!(!public.is_private(), "{}", file.name);
            assert_eq!(der::spki(&public), der::spki(&key), "{}", file.name);
        }
        assert!(KeyMaterial::Secret(vec![7].into()).to_public().is_err());
    }

    #[test]
    fn debug_shows_no_key_bytes() {
        for file in vectors::readable(vectors::DER) {
            let key = der::parse(&file.bytes).unwrap();
            let shown = format!("{key:?}");
            assert!(shown.starts_with("KeyMaterial(") && shown.len() < 50, "{shown}");
        }
    }
}
