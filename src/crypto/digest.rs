//! Digests: of a JWK for its thumbprint, and of data that should be recognized when it is seen
//! again.

use ring::digest::{Context, SHA256, SHA384, SHA512};

use crate::algorithm::Hash;

/// Returns the hash of `bytes`.
pub fn digest(hash: Hash, bytes: &[u8]) -> Vec<u8> {
    let algorithm = match hash {
        Hash::Sha256 => &SHA256,
        Hash::Sha384 => &SHA384,
        Hash::Sha512 => &SHA512,
    };
    ring::digest::digest(algorithm, bytes).as_ref().to_vec()
}

/// The result of [`fingerprint`].
pub type Fingerprint = [u8; 32];

/// Computes SHA-256 over the parts, each preceded by its length, so that two different lists of
/// parts never hash the same bytes.
pub fn fingerprint(parts: &[&[u8]]) -> Fingerprint {
    let mut context = Context::new(&SHA256);
    for part in parts {
        context.update(&(part.len() as u64).to_be_bytes());
        context.update(part);
    }
    let mut fingerprint = [0; 32];
    fingerprint.copy_from_slice(context.finish().as_ref());
    fingerprint
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of FIPS 180-4.
    #[test]
    fn digests_are_those_of_sha_2() {
        for (hash, len, beginning) in [
            (Hash::Sha256, 32, [0xba, 0x78, 0x16, 0xbf]),
            (Hash::Sha384, 48, [0xcb, 0x00, 0x75, 0x3f]),
            (Hash::Sha512, 64, [0xdd, 0xaf, 0x35, 0xa1]),
        ] {
            let digest = digest(hash, b"abc");
            assert_eq!((digest.len(), &digest[..4]), (len, &beginning[..]));
        }
    }

    #[test]
    fn where_a_part_ends_matters() {
        assert_ne!(fingerprint(&[b"ab", b"c"]), fingerprint(&[b"a", b"bc"]));
        assert_eq!(fingerprint(&[b"ab", b"c"]), fingerprint(&[b"ab", b"c"]));
    }
}
