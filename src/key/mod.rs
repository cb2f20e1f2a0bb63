//! Key material by key type (`kty`, RFC 7518 Section 6), free of any crypto library.
//!
//! [`pem`], [`der`], [`ssh`] and [`jwk`] read and write it; `crypto` turns it into something that
//! signs and verifies.

pub mod der;
pub mod jwk;
pub mod pem;
pub mod secret;
pub mod ssh;

use std::fmt;

use zeroize::Zeroizing;

/// Secret bytes, overwritten when dropped.
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

    /// The JWK name, `crv`.
    pub const fn crv(self) -> &'static str {
        match self {
            Self::P256 => "P-256",
            Self::P384 => "P-384",
            Self::P521 => "P-521",
            Self::Secp256k1 => "secp256k1",
        }
    }

    /// The SEC 2 name, which OpenSSL and cryptography use.
    pub const fn sec2_name(self) -> &'static str {
        match self {
            Self::P256 => "secp256r1",
            Self::P384 => "secp384r1",
            Self::P521 => "secp521r1",
            Self::Secp256k1 => "secp256k1",
        }
    }

    /// Bytes in a coordinate or a private scalar.
    pub const fn field_len(self) -> usize {
        match self {
            Self::P256 | Self::Secp256k1 => 32,
            Self::P384 => 48,
            Self::P521 => 66,
        }
    }
}

/// A curve for EdDSA (RFC 8037 Section 2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum OkpCurve {
    /// Ed25519: 32-byte keys.
    Ed25519,
    /// Ed448: 57-byte keys.
    Ed448,
}

impl OkpCurve {
    /// Every curve.
    pub const ALL: [Self; 2] = [Self::Ed25519, Self::Ed448];

    /// The JWK name, `crv`.
    pub const fn crv(self) -> &'static str {
        match self {
            Self::Ed25519 => "Ed25519",
            Self::Ed448 => "Ed448",
        }
    }

    /// Bytes in a public or a private key.
    pub const fn key_len(self) -> usize {
        match self {
            Self::Ed25519 => 32,
            Self::Ed448 => 57,
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
    /// The private part, when there is one.
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
    /// The size of the modulus in bits.
    pub fn bits(&self) -> usize {
        match self.n.first() {
            Some(first) => self.n.len() * 8 - first.leading_zeros() as usize,
            None => 0,
        }
    }
}

/// An elliptic curve key. Coordinates and scalar have exactly [`Curve::field_len`] bytes.
#[derive(Clone, PartialEq, Eq)]
pub struct EcKey {
    /// The curve.
    pub curve: Curve,
    /// The public point, `(x, y)`. Absent only where a private key's encoding leaves it out;
    /// `crypto` then computes it.
    pub public: Option<(Vec<u8>, Vec<u8>)>,
    /// The private scalar, when there is one.
    pub d: Option<SecretBytes>,
}

/// An octet key pair. Keys have exactly [`OkpCurve::key_len`] bytes.
#[derive(Clone, PartialEq, Eq)]
pub struct OkpKey {
    /// The curve.
    pub curve: OkpCurve,
    /// The public key. Absent only where a private key's encoding leaves it out; `crypto` then
    /// computes it.
    pub x: Option<Vec<u8>>,
    /// The private key (the seed), when there is one.
    pub d: Option<SecretBytes>,
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
}

impl KeyMaterial {
    /// The JWK key type, `kty` (RFC 7518 Section 6.1).
    pub const fn kty(&self) -> &'static str {
        match self {
            Self::Secret(_) => "oct",
            Self::Rsa(_) => "RSA",
            Self::Ec(_) => "EC",
            Self::Okp(_) => "OKP",
        }
    }

    /// Whether it can sign.
    pub const fn is_private(&self) -> bool {
        match self {
            Self::Secret(_) => true,
            Self::Rsa(key) => key.private.is_some(),
            Self::Ec(key) => key.d.is_some(),
            Self::Okp(key) => key.d.is_some(),
        }
    }
}

/// Says what the key is, and nothing secret.
impl fmt::Debug for KeyMaterial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let half = if self.is_private() { "private" } else { "public" };
        match self {
            Self::Secret(secret) => write!(f, "KeyMaterial(oct, {} bits)", secret.len() * 8),
            Self::Rsa(key) => write!(f, "KeyMaterial(RSA, {} bits, {half})", key.bits()),
            Self::Ec(key) => write!(f, "KeyMaterial(EC, {}, {half})", key.curve.crv()),
            Self::Okp(key) => write!(f, "KeyMaterial(OKP, {}, {half})", key.curve.crv()),
        }
    }
}

/// `integer` without leading zero bytes; the one way this crate holds RSA integers.
pub(crate) fn trim_leading_zeros(integer: &[u8]) -> &[u8] {
    let zeros = integer.iter().take_while(|&&byte| byte == 0).count();
    &integer[zeros..]
}

/// `integer` widened with leading zeros to `len` bytes, or `None` when it does not fit.
pub(crate) fn left_pad(integer: &[u8], len: usize) -> Option<Vec<u8>> {
    let integer = trim_leading_zeros(integer);
    let mut padded = vec![0; len.checked_sub(integer.len())?];
    padded.extend_from_slice(integer);
    Some(padded)
}
