//! The names that RFC 9901 gives a meaning: of members, and of hash algorithms.

use crate::algorithm::Hash;

/// The names that a claim cannot have: of the digests of object members, of the digest of an array
/// element, and of the hash algorithm (RFC 9901 Sections 4.1.1 and 4.2.4).
pub(super) const RESERVED: [&str; 3] = [DIGESTS, ELEMENT, HASH_ALGORITHM];
pub(super) const DIGESTS: &str = "_sd";
pub(super) const ELEMENT: &str = "...";
pub(super) const HASH_ALGORITHM: &str = "_sd_alg";

/// The hash algorithms, with their names in the IANA registry of Named Information (RFC 9901 Section
/// 4.1.1). Those that are missing are too short or are not in use.
const HASHES: [(&str, Hash); 3] =
    [("sha-256", Hash::Sha256), ("sha-384", Hash::Sha384), ("sha-512", Hash::Sha512)];

/// Returns the hash algorithm with this name; the name is case-sensitive.
pub fn hash_by_name(name: &str) -> Option<Hash> {
    HASHES.iter().find(|(known, _)| *known == name).map(|(_, hash)| *hash)
}

pub(super) fn hash_name(hash: Hash) -> &'static str {
    let (name, _) = HASHES.iter().find(|(_, known)| *known == hash).expect("all are in the list");
    name
}
