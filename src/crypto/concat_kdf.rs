//! The Concat KDF with SHA-256 (RFC 7518 Section 4.6.2), which is the one-step KDF of NIST SP
//! 800-56C with a hash.

use aws_lc_rs::kdf::{SskdfDigestAlgorithmId, get_sskdf_digest_algorithm, sskdf_digest};

use crate::key::SecretBytes;

/// What a derived key is bound to.
#[derive(Clone, Copy)]
pub(super) struct OtherInfo<'a> {
    /// The `enc` or the `alg` that the key is for.
    pub(super) algorithm_id: &'a str,
    /// The decoded `apu`.
    pub(super) apu: &'a [u8],
    /// The decoded `apv`.
    pub(super) apv: &'a [u8],
}

/// Derives a key of `len` bytes from the agreed secret `z`.
pub(super) fn derive(z: &[u8], info: OtherInfo<'_>, len: usize) -> SecretBytes {
    let parts = [info.algorithm_id.as_bytes(), info.apu, info.apv];
    let [id, apu, apv] = parts.map(|part| number(part.len()));
    let other_info = [&id, parts[0], &apu, parts[1], &apv, parts[2], &number(len * 8)[..]].concat();
    let mut key = SecretBytes::new(vec![0; len]);
    let sha256 = get_sskdf_digest_algorithm(SskdfDigestAlgorithmId::Sha256)
        .expect("the crypto library has SHA-256");
    sskdf_digest(sha256, z, &other_info, &mut key).expect("the lengths are within the KDF's");
    key
}

fn number(value: usize) -> [u8; 4] {
    u32::try_from(value).expect("a header is below 4 GiB").to_be_bytes()
}
