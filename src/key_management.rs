//! The table of key management algorithms (RFC 7518 Section 4.1): one row holds everything there is
//! to know about an `alg` of a JWE.
//!
//! `RSA1_5` is left out on purpose: its padding cannot be checked without telling an attacker whether
//! it was right (Bleichenbacher's attack; RFC 8725 Section 3.2 advises against it).

use crate::algorithm::Hash;
use crate::key::recipient::RecipientKey;

/// A hash of RSA-OAEP.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OaepHash {
    /// SHA-1, the default of RFC 8017 Appendix A.2.1. OAEP does not need the collision resistance
    /// that it lacks.
    Sha1,
    /// A hash of SHA-2.
    Sha2(Hash),
}

/// How an algorithm brings the content encryption key to the recipient. Lengths are in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Family {
    /// The shared key is the content encryption key (RFC 7518 Section 4.5).
    Direct,
    /// AES Key Wrap with a key of this length (RFC 7518 Section 4.4).
    AesKw(usize),
    /// AES-GCM with a key of this length (RFC 7518 Section 4.7).
    AesGcmKw(usize),
    /// RSAES-OAEP (RFC 7518 Section 4.3).
    RsaOaep(OaepHash),
    /// ECDH-ES (RFC 7518 Section 4.6): the agreed key is the content encryption key, or a key of
    /// this length for AES Key Wrap.
    EcdhEs(Option<usize>),
    /// PBES2 (RFC 7518 Section 4.8): a key of `key_len` for AES Key Wrap is derived from a password.
    Pbes2 {
        /// The hash of PBKDF2's HMAC.
        hash: Hash,
        /// The length of the derived key.
        key_len: usize,
        /// The iteration count for new tokens: the figures of the OWASP Password Storage Cheat
        /// Sheet for HMAC-SHA-256 and HMAC-SHA-512; HMAC-SHA-384 costs as much as the latter.
        default_count: u32,
    },
}

impl Family {
    /// Returns whether keys of this type are for the algorithm. Their length is not looked at.
    pub const fn takes(self, key: &RecipientKey) -> bool {
        match self {
            Self::Direct | Self::AesKw(_) | Self::AesGcmKw(_) | Self::Pbes2 { .. } => {
                matches!(key, RecipientKey::Secret(_))
            }
            Self::RsaOaep(_) => matches!(key, RecipientKey::Rsa(_)),
            Self::EcdhEs(_) => matches!(key, RecipientKey::Agreement(_)),
        }
    }

    /// Returns the kind of key that the algorithm needs, in words.
    pub const fn key_in_words(self) -> &'static str {
        match self {
            Self::Direct | Self::AesKw(_) | Self::AesGcmKw(_) => "a shared secret",
            Self::RsaOaep(_) => "an RSA key",
            Self::EcdhEs(_) => "an EC key or an X25519 key",
            Self::Pbes2 { .. } => "a password",
        }
    }
}

/// One key management algorithm.
#[derive(Debug, PartialEq, Eq)]
pub struct KeyManagement {
    /// The header parameter value, `alg`.
    pub name: &'static str,
    /// How it manages the content encryption key.
    pub family: Family,
}

impl KeyManagement {
    /// Returns the algorithm of that name, or `None`. Names are case-sensitive (RFC 7516 Section
    /// 4.1.1).
    pub fn by_name(name: &str) -> Option<&'static Self> {
        KEY_MANAGEMENTS.iter().find(|algorithm| algorithm.name == name)
    }

    /// Returns whether the content encryption key follows from the recipient's key, so that there
    /// is no encrypted key and only one recipient.
    pub const fn is_direct(&self) -> bool {
        matches!(self.family, Family::Direct | Family::EcdhEs(None))
    }

    /// Returns whether a key is derived from a password, which takes long on purpose.
    pub const fn is_slow(&self) -> bool {
        matches!(self.family, Family::Pbes2 { .. })
    }

    /// Returns whether only a build with the feature `aws-lc` has it.
    pub const fn needs_aws_lc(&self) -> bool {
        matches!(self.family, Family::RsaOaep(_) | Family::EcdhEs(_) | Family::AesGcmKw(24))
    }

    /// Returns the scheme and where it is specified.
    pub const fn description(&self) -> &'static str {
        match self.family {
            Family::Direct => "the shared key itself (RFC 7518 Section 4.5)",
            Family::AesKw(_) => "AES Key Wrap (RFC 7518 Section 4.4)",
            Family::AesGcmKw(_) => "AES-GCM (RFC 7518 Section 4.7)",
            Family::RsaOaep(_) => "RSAES-OAEP (RFC 7518 Section 4.3)",
            Family::EcdhEs(_) => "ECDH-ES (RFC 7518 Section 4.6)",
            Family::Pbes2 { .. } => "PBES2 (RFC 7518 Section 4.8)",
        }
    }
}

const fn row(name: &'static str, family: Family) -> KeyManagement {
    KeyManagement { name, family }
}

const fn pbes2(name: &'static str, hash: Hash, key_len: usize, count: u32) -> KeyManagement {
    row(name, Family::Pbes2 { hash, key_len, default_count: count })
}

/// Every key management algorithm.
pub static KEY_MANAGEMENTS: [KeyManagement; 18] = [
    row("dir", Family::Direct),
    row("A128KW", Family::AesKw(16)),
    row("A192KW", Family::AesKw(24)),
    row("A256KW", Family::AesKw(32)),
    row("A128GCMKW", Family::AesGcmKw(16)),
    row("A192GCMKW", Family::AesGcmKw(24)),
    row("A256GCMKW", Family::AesGcmKw(32)),
    row("RSA-OAEP", Family::RsaOaep(OaepHash::Sha1)),
    row("RSA-OAEP-256", Family::RsaOaep(OaepHash::Sha2(Hash::Sha256))),
    row("RSA-OAEP-384", Family::RsaOaep(OaepHash::Sha2(Hash::Sha384))),
    row("RSA-OAEP-512", Family::RsaOaep(OaepHash::Sha2(Hash::Sha512))),
    row("ECDH-ES", Family::EcdhEs(None)),
    row("ECDH-ES+A128KW", Family::EcdhEs(Some(16))),
    row("ECDH-ES+A192KW", Family::EcdhEs(Some(24))),
    row("ECDH-ES+A256KW", Family::EcdhEs(Some(32))),
    pbes2("PBES2-HS256+A128KW", Hash::Sha256, 16, 600_000),
    pbes2("PBES2-HS384+A192KW", Hash::Sha384, 24, 210_000),
    pbes2("PBES2-HS512+A256KW", Hash::Sha512, 32, 210_000),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_is_found_by_its_exact_name() {
        for algorithm in &KEY_MANAGEMENTS {
            assert_eq!(KeyManagement::by_name(algorithm.name), Some(algorithm));
        }
        assert_eq!(KeyManagement::by_name("DIR"), None);
        assert_eq!(KeyManagement::by_name("RSA1_5"), None);
    }
}
