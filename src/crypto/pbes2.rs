//! Private keys under a password: PKCS#8's `EncryptedPrivateKeyInfo` (RFC 5958 Section 3) with PBES2
//! (RFC 8018 Section 6.2), that is PBKDF2 or scrypt, and AES-CBC; for decryption also triple DES,
//! which `openssl pkcs8 -topk8 -v2 des3` writes.

use std::num::NonZeroU32;

use aes::{Aes128, Aes192, Aes256};
use cbc::cipher::block_padding::Pkcs7;
use cbc::cipher::{BlockCipherDecrypt, BlockModeDecrypt, BlockModeEncrypt, KeyInit, KeyIvInit};
use des::TdesEde3;
use pkcs8::der::asn1::{AnyRef, ObjectIdentifier, OctetStringRef};
use pkcs8::der::{self, Decode, Encode, Reader};
use pkcs8::pkcs5::pbes2::{
    AES_128_CBC_OID, AES_192_CBC_OID, AES_256_CBC_OID, Kdf, PBES2_OID, Parameters, Pbkdf2Params,
    Pbkdf2Prf, ScryptParams,
};
use pkcs8::spki::{self, AlgorithmIdentifierRef};
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

/// `des-EDE3-CBC` (RFC 8018 Appendix B.2.2).
const DES_EDE3_CBC: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.3.7");

/// What scrypt may take in bytes for a key that we decrypt, and how often in a row.
const MAX_SCRYPT_MEMORY: u64 = 256 << 20;
const MAX_SCRYPT_PARALLELIZATION: u16 = 16;

/// Decrypts `der`, an `EncryptedPrivateKeyInfo`, and returns the PKCS#8 structure inside.
///
/// # Errors
/// [`Error::InvalidKey`] for a wrong password, and for a scheme or a cost that is not supported.
pub fn decrypt(der: &[u8], password: &[u8]) -> Result<SecretBytes, Error> {
    let info = Encrypted::from_der(der).map_err(|_| unsupported())?;
    let cipher = Cipher::by_oid(info.cipher.oid).ok_or_else(unsupported)?;
    let key = derive(&info.kdf, password, cipher.key_len)?;
    let mut buffer = Zeroizing::new(info.data.to_vec());
    let len = (cipher.decrypt)(&key, info.iv, &mut buffer)?;
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

/// An `EncryptedPrivateKeyInfo` with PBES2. The parser of the crate pkcs5 knows triple DES only with
/// a feature that adds sixteen crates.
struct Encrypted<'a> {
    kdf: Kdf,
    cipher: AlgorithmIdentifierRef<'a>,
    iv: &'a [u8],
    data: &'a [u8],
}

impl<'a> Encrypted<'a> {
    fn from_der(der: &'a [u8]) -> spki::Result<Self> {
        let (scheme, data): (_, &OctetStringRef) = algorithm_and(AnyRef::from_der(der)?)?;
        scheme.assert_algorithm_oid(PBES2_OID)?;
        let (kdf, cipher): (_, AlgorithmIdentifierRef<'_>) =
            algorithm_and(scheme.parameters_any()?)?;
        let iv: &OctetStringRef = cipher.parameters_any()?.decode_as()?;
        Ok(Self { kdf: kdf.try_into()?, cipher, iv: iv.as_bytes(), data: data.as_bytes() })
    }
}

/// The two fields of a SEQUENCE, the first of which is an `AlgorithmIdentifier`.
fn algorithm_and<'a, T: Decode<'a, Error = der::Error>>(
    sequence: AnyRef<'a>,
) -> der::Result<(AlgorithmIdentifierRef<'a>, T)> {
    sequence.sequence(|fields| Ok((fields.decode()?, fields.decode()?)))
}

/// Takes the key, the initialization vector and the data, which it decrypts in place; returns the
/// length without padding.
type Decrypt = fn(&[u8], &[u8], &mut [u8]) -> Result<usize, Error>;

/// What an encryption scheme of RFC 8018 Appendix B.2 decrypts with.
struct Cipher {
    key_len: usize,
    decrypt: Decrypt,
}

impl Cipher {
    fn by_oid(oid: ObjectIdentifier) -> Option<Self> {
        Some(match oid {
            AES_128_CBC_OID => Self { key_len: 16, decrypt: decrypt_cbc::<Aes128> },
            AES_192_CBC_OID => Self { key_len: 24, decrypt: decrypt_cbc::<Aes192> },
            AES_256_CBC_OID => Self { key_len: 32, decrypt: decrypt_cbc::<Aes256> },
            DES_EDE3_CBC => Self { key_len: 24, decrypt: decrypt_cbc::<TdesEde3> },
            _ => return None,
        })
    }
}

fn decrypt_cbc<C: BlockCipherDecrypt + KeyInit>(
    key: &[u8],
    iv: &[u8],
    buffer: &mut [u8],
) -> Result<usize, Error> {
    let decryptor = cbc::Decryptor::<C>::new_from_slices(key, iv).map_err(|_| unsupported())?;
    let plain = decryptor.decrypt_padded::<Pkcs7>(buffer).map_err(|_| wrong_password())?;
    Ok(plain.len())
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
         (PBKDF2 or scrypt, and AES-CBC or triple DES); convert it, for example with `openssl \
         pkcs8 -topk8 -in old.pem -v2 aes-256-cbc -out new.pem`",
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
    use pkcs8::pkcs5::pbes2::EncryptionScheme;

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
