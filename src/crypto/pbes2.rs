//! Private keys encrypted with a password: PKCS#8's `EncryptedPrivateKeyInfo` (RFC 5958 Section 3)
//! with PBES2 (RFC 8018 Section 6.2), that is, PBKDF2 or scrypt, and AES-CBC.

use std::num::NonZeroU32;

use aes::{Aes128, Aes192, Aes256};
use cbc::cipher::block_padding::Pkcs7;
use cbc::cipher::{
    BlockCipherDecrypt, BlockModeDecrypt, BlockModeEncrypt, KeyInit, KeyIvInit, block_padding,
};
use pkcs8::der::asn1::OctetStringRef;
use pkcs8::der::{Decode, Encode};
use pkcs8::pkcs5::EncryptionScheme as Scheme;
use pkcs8::pkcs5::pbes2::{
    EncryptionScheme, Kdf, Parameters, Pbkdf2Params, Pbkdf2Prf, ScryptParams,
};
use pkcs8::{EncryptedPrivateKeyInfoRef, PrivateKeyInfoRef};
use ring::pbkdf2;
use zeroize::Zeroizing;

use super::random::random_bytes;
use crate::error::Error;
use crate::key::SecretBytes;

/// PBKDF2 iterations for keys that this module encrypts: the figure of the OWASP Password Storage
/// Cheat Sheet for HMAC-SHA-256, which takes a few tenths of a second. PBKDF2 was chosen over
/// scrypt because every library reads it. Tests use fewer, because they are compiled without
/// optimization.
const ITERATIONS: u32 = if cfg!(test) { 1_000 } else { 600_000 };

/// The maximum of PBKDF2 iterations for keys that this module decrypts (RFC 8018 Section 4.2
/// mentions this number for especially critical keys).
const MAX_ITERATIONS: u32 = 10_000_000;

/// The maximum memory in bytes, and the maximum number of passes, of scrypt for a key that this
/// module decrypts.
const MAX_SCRYPT_MEMORY: u64 = 256 << 20;
const MAX_SCRYPT_PARALLELIZATION: u16 = 16;

/// Decrypts `der`, an `EncryptedPrivateKeyInfo`, and returns the PKCS#8 structure inside.
///
/// # Errors
/// [`Error::InvalidKey`] for a wrong password, and for a scheme or a cost that is not supported.
pub fn decrypt(der: &[u8], password: &[u8]) -> Result<SecretBytes, Error> {
    let info = EncryptedPrivateKeyInfoRef::from_der(der).map_err(|_| unsupported())?;
    let Scheme::Pbes2(parameters) = info.encryption_algorithm else {
        return Err(unsupported());
    };
    let key = derive(&parameters.kdf, password, parameters.encryption.key_size())?;
    let mut buffer = Zeroizing::new(info.encrypted_data.as_bytes().to_vec());
    let decrypted = match &parameters.encryption {
        EncryptionScheme::Aes128Cbc { iv } => decrypt_cbc::<Aes128>(&key, iv, &mut buffer),
        EncryptionScheme::Aes192Cbc { iv } => decrypt_cbc::<Aes192>(&key, iv, &mut buffer),
        EncryptionScheme::Aes256Cbc { iv } => decrypt_cbc::<Aes256>(&key, iv, &mut buffer),
        _ => return Err(unsupported()),
    };
    let len = decrypted.map_err(|_| wrong_password())?;
    buffer.truncate(len);
    // About one wrong password in 256 yields what looks like valid padding.
    PrivateKeyInfoRef::from_der(&buffer).map_err(|_| wrong_password())?;
    Ok(buffer)
}

/// Encrypts a PKCS#8 structure: PBKDF2 with HMAC-SHA-256 and a random salt, AES-256-CBC.
///
/// # Errors
/// [`Error::InvalidKey`] for an empty password.
pub fn encrypt(pkcs8: &[u8], password: &[u8]) -> Result<Vec<u8>, Error> {
    if password.is_empty() {
        return Err(Error::invalid_key("The password is empty"));
    }
    let (salt, iv) = (random_bytes::<16>(), random_bytes::<16>());
    let parameters = Parameters::generate_pbkdf2_sha256_aes256cbc(ITERATIONS, &salt, iv)
        .expect("the iterations and the salt's length are allowed");
    let key = derive(&parameters.kdf, password, parameters.encryption.key_size())?;
    let mut buffer = Zeroizing::new(vec![0; pkcs8.len() + iv.len()]);
    buffer[..pkcs8.len()].copy_from_slice(pkcs8);
    let encrypted_data = cbc::Encryptor::<Aes256>::new_from_slices(&key, &iv)
        .expect("the lengths are AES-256's")
        .encrypt_padded::<Pkcs7>(&mut buffer, pkcs8.len())
        .expect("there is room for a whole block of padding");
    let write = || {
        EncryptedPrivateKeyInfoRef {
            encryption_algorithm: parameters.into(),
            encrypted_data: OctetStringRef::new(encrypted_data)?,
        }
        .to_der()
    };
    write().map_err(|_| Error::invalid_key("The key is too large"))
}

fn decrypt_cbc<C: BlockCipherDecrypt + KeyInit>(
    key: &[u8],
    iv: &[u8],
    buffer: &mut [u8],
) -> Result<usize, block_padding::Error> {
    let decryptor = cbc::Decryptor::<C>::new_from_slices(key, iv).expect("the scheme's lengths");
    Ok(decryptor.decrypt_padded::<Pkcs7>(buffer)?.len())
}

fn derive(kdf: &Kdf, password: &[u8], len: usize) -> Result<SecretBytes, Error> {
    let key_length = kdf.key_length().map(usize::from);
    if key_length.is_some_and(|given| given != len) {
        return Err(unsupported());
    }
    let mut key = Zeroizing::new(vec![0; len]);
    match kdf {
        Kdf::Pbkdf2(parameters) => derive_pbkdf2(parameters, password, &mut key)?,
        Kdf::Scrypt(parameters) => derive_scrypt(parameters, password, &mut key)?,
        _ => return Err(unsupported()),
    }
    Ok(key)
}

/// Derives a key with PBKDF2 (RFC 8018 Section 5.2).
fn derive_pbkdf2(parameters: &Pbkdf2Params, password: &[u8], key: &mut [u8]) -> Result<(), Error> {
    let algorithm = match parameters.prf {
        // The default of RFC 8018 Appendix A.2, and of OpenSSL before 1.1. HMAC does not need the
        // collision resistance that SHA-1 lacks.
        Pbkdf2Prf::HmacWithSha1 => pbkdf2::PBKDF2_HMAC_SHA1,
        Pbkdf2Prf::HmacWithSha256 => pbkdf2::PBKDF2_HMAC_SHA256,
        Pbkdf2Prf::HmacWithSha384 => pbkdf2::PBKDF2_HMAC_SHA384,
        Pbkdf2Prf::HmacWithSha512 => pbkdf2::PBKDF2_HMAC_SHA512,
        _ => return Err(unsupported()),
    };
    let iterations = NonZeroU32::new(parameters.iteration_count)
        .filter(|count| count.get() <= MAX_ITERATIONS)
        .ok_or_else(too_costly)?;
    pbkdf2::derive(algorithm, iterations, parameters.salt.as_bytes(), password, key);
    Ok(())
}

/// Derives a key with scrypt (RFC 7914 Section 6).
fn derive_scrypt(parameters: &ScryptParams, password: &[u8], key: &mut [u8]) -> Result<(), Error> {
    let &ScryptParams { cost_parameter: n, block_size: r, parallelization: p, .. } = parameters;
    let memory = n.checked_mul(128 * u64::from(r));
    if memory.is_none_or(|bytes| bytes > MAX_SCRYPT_MEMORY) || p > MAX_SCRYPT_PARALLELIZATION {
        return Err(too_costly());
    }
    // N must be a power of two greater than one.
    if !n.is_power_of_two() || n < 2 {
        return Err(unsupported());
    }
    let log_n = u8::try_from(n.ilog2()).expect("below 64");
    let costs = scrypt::Params::new(log_n, r.into(), p.into()).map_err(|_| unsupported())?;
    scrypt::scrypt(password, parameters.salt.as_bytes(), &costs, key).map_err(|_| unsupported())
}

fn wrong_password() -> Error {
    Error::invalid_key("The password is wrong, or the encrypted private key is damaged")
}

fn unsupported() -> Error {
    Error::invalid_key(
        "The private key is encrypted in a way that is not supported: expected PKCS#8 with PBES2 \
         (PBKDF2 or scrypt, and AES-CBC); convert it, for example with `openssl pkcs8 -topk8 -v2 \
         aes-256-cbc`",
    )
}

fn too_costly() -> Error {
    Error::invalid_key(
        "The encrypted private key asks for more work than is allowed: 10,000,000 iterations of \
         PBKDF2, or 256 MiB of scrypt",
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::key::{der, vectors};

    fn refusal(result: Result<SecretBytes, Error>) -> String {
        result.expect_err("a refusal").to_string()
    }

    /// Makes an `EncryptedPrivateKeyInfo` with these parameters, which contains no key.
    fn encrypted_with(kdf: Kdf) -> Vec<u8> {
        let encryption = EncryptionScheme::Aes256Cbc { iv: [0; 16] };
        EncryptedPrivateKeyInfoRef {
            encryption_algorithm: Parameters { kdf, encryption }.into(),
            encrypted_data: OctetStringRef::new(&[0; 16]).unwrap(),
        }
        .to_der()
        .unwrap()
    }

    #[test]
    fn what_was_encrypted_is_decrypted_with_its_password_alone() {
        let plain = vectors::read("ed25519_pkcs8.der");
        let encrypted = encrypt(&plain, b"password").unwrap();
        assert!(der::is_encrypted_private_key(&encrypted));
        assert_eq!(*decrypt(&encrypted, b"password").unwrap(), plain);
        for wrong in [&b""[..], b"Password"] {
            assert!(refusal(decrypt(&encrypted, wrong)).contains("password is wrong"));
        }
        assert_ne!(encrypt(&plain, b"password").unwrap(), encrypted, "salt and IV are new");
        assert!(encrypt(&plain, b"").is_err());
    }

    #[test]
    fn costs_beyond_the_limits_are_refused_before_any_work() {
        let pbkdf2 = Pbkdf2Params::hmac_sha256(MAX_ITERATIONS + 1, b"salt").unwrap();
        let scrypt = ScryptParams {
            salt: pbkdf2.salt,
            cost_parameter: 1 << 20,
            block_size: 8,
            parallelization: 1,
            key_length: None,
        };
        for kdf in [
            Kdf::Pbkdf2(pbkdf2),
            Kdf::Pbkdf2(Pbkdf2Params { iteration_count: 0, ..pbkdf2 }),
            Kdf::Scrypt(scrypt),
            Kdf::Scrypt(ScryptParams { cost_parameter: u64::MAX, ..scrypt }),
            Kdf::Scrypt(ScryptParams { cost_parameter: 16, parallelization: 17, ..scrypt }),
        ] {
            assert!(refusal(decrypt(&encrypted_with(kdf), b"x")).contains("more work"));
        }
        for cost_parameter in [0, 1, 17] {
            let kdf = Kdf::Scrypt(ScryptParams { cost_parameter, ..scrypt });
            assert!(refusal(decrypt(&encrypted_with(kdf), b"x")).contains("not supported"));
        }
    }

    #[test]
    fn damage_anywhere_never_panics() {
        let parameters = Pbkdf2Params::hmac_sha256(1, b"salt").unwrap();
        vectors::mutations(&encrypted_with(Kdf::Pbkdf2(parameters)), |damaged| {
            drop(decrypt(damaged, b"password"));
        });
    }
}
