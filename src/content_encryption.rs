//! The table of content encryption algorithms (RFC 7518 Section 5.1): one row holds everything
//! there is to know about an `enc`.

use crate::algorithm::Hash;

/// How the content is encrypted and authenticated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cipher {
    /// AES-CBC with HMAC (RFC 7518 Section 5.2): the MAC key comes first in the content encryption
    /// key, and the tag is the first half of the HMAC.
    AesCbcHmac(Hash),
    /// AES-GCM (RFC 7518 Section 5.3).
    AesGcm,
}

/// One content encryption algorithm.
#[derive(Debug, PartialEq, Eq)]
pub struct ContentEncryption {
    /// The header parameter value, `enc`.
    pub name: &'static str,
    /// How it encrypts.
    pub cipher: Cipher,
    /// The number of bytes in a content encryption key.
    pub cek_len: usize,
}

impl ContentEncryption {
    /// Returns the algorithm of that name, or `None`. Names are case-sensitive (RFC 7516 Section
    /// 4.1.2).
    pub fn by_name(name: &str) -> Option<&'static Self> {
        CONTENT_ENCRYPTIONS.iter().find(|encryption| encryption.name == name)
    }

    /// Returns whether only a build with the feature `aws-lc` has it.
    pub const fn needs_aws_lc(&self) -> bool {
        matches!((self.cipher, self.cek_len), (Cipher::AesGcm, 24))
    }

    /// Returns the scheme and where it is specified.
    pub const fn description(&self) -> &'static str {
        match self.cipher {
            Cipher::AesCbcHmac(_) => "AES-CBC with HMAC (RFC 7518 Section 5.2)",
            Cipher::AesGcm => "AES-GCM (RFC 7518 Section 5.3)",
        }
    }
}

const fn row(name: &'static str, cipher: Cipher, cek_len: usize) -> ContentEncryption {
    ContentEncryption { name, cipher, cek_len }
}

/// Every content encryption algorithm.
pub static CONTENT_ENCRYPTIONS: [ContentEncryption; 6] = [
    row("A128CBC-HS256", Cipher::AesCbcHmac(Hash::Sha256), 32),
    row("A192CBC-HS384", Cipher::AesCbcHmac(Hash::Sha384), 48),
    row("A256CBC-HS512", Cipher::AesCbcHmac(Hash::Sha512), 64),
    row("A128GCM", Cipher::AesGcm, 16),
    row("A192GCM", Cipher::AesGcm, 24),
    row("A256GCM", Cipher::AesGcm, 32),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_is_found_by_its_exact_name() {
        for encryption in &CONTENT_ENCRYPTIONS {
            assert_eq!(ContentEncryption::by_name(encryption.name), Some(encryption));
        }
        assert_eq!(ContentEncryption::by_name("a128gcm"), None);
        assert_eq!(ContentEncryption::by_name(""), None);
    }
}
