//! Keys derived from passwords for PBES2 (RFC 7518 Section 4.8).

use std::num::NonZeroU32;

use ring::pbkdf2;

use crate::algorithm::Hash;
use crate::key::SecretBytes;

/// Derives a key of `len` bytes. The salt is the algorithm's name, a zero byte and the header's
/// `p2s` (RFC 7518 Section 4.8.1.1).
pub(super) fn derive(
    hash: Hash,
    password: &[u8],
    name: &str,
    p2s: &[u8],
    count: NonZeroU32,
    len: usize,
) -> SecretBytes {
    let algorithm = match hash {
        Hash::Sha256 => pbkdf2::PBKDF2_HMAC_SHA256,
        Hash::Sha384 => pbkdf2::PBKDF2_HMAC_SHA384,
        Hash::Sha512 => pbkdf2::PBKDF2_HMAC_SHA512,
    };
    let salt = [name.as_bytes(), &[0], p2s].concat();
    let mut key = SecretBytes::new(vec![0; len]);
    pbkdf2::derive(algorithm, count, &salt, password, &mut key);
    key
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 7517 Appendix C.
    #[test]
    fn the_example_of_rfc_7517_comes_out() {
        let salt = [217, 96, 147, 112, 150, 117, 70, 247, 127, 8, 155, 137, 174, 42, 80, 215];
        let password = b"Thus from my lips, by yours, my sin is purged.";
        let count = NonZeroU32::new(4096).unwrap();
        let key = derive(Hash::Sha256, password, "PBES2-HS256+A128KW", &salt, count, 16);
        let expected = [110, 171, 169, 92, 129, 92, 109, 117, 233, 242, 116, 233, 170, 14, 24, 75];
        assert_eq!(*key, expected);
    }
}
