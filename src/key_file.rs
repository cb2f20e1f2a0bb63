//! Keys as they are stored in files: the plain formats of [`crate::key`], private keys encrypted
//! with a password, and X.509 certificates for the public key in them.
//!
//! Only the key of a certificate is read; its signature and its period of validity are not checked.

use crate::crypto::pbes2;
use crate::error::Error;
use crate::key::pem::{self, Block};
use crate::key::{KeyMaterial, SecretBytes, der};

/// Reads a key from PEM text with one block; `password` decrypts a private key in encrypted PKCS#8.
///
/// # Errors
/// [`Error::PasswordRequired`]; [`Error::InvalidKey`] if there is no key, if the password is wrong,
/// or if there is a password but the key is not encrypted.
pub fn from_pem(text: &[u8], password: Option<&[u8]>) -> Result<KeyMaterial, Error> {
    let block = Block::find(text)?;
    match block.label() {
        pem::ENCRYPTED_PRIVATE_KEY => decrypt(block.der(), password),
        pem::CERTIFICATE | pem::X509_CERTIFICATE => {
            unencrypted(der::parse_certificate(block.der())?, password)
        }
        _ => unencrypted(pem::parse(text)?, password),
    }
}

/// Reads a key from DER; formats and `password` are those of [`from_pem`].
///
/// # Errors
/// As for [`from_pem`].
pub fn from_der(bytes: &[u8], password: Option<&[u8]>) -> Result<KeyMaterial, Error> {
    if der::is_encrypted_private_key(bytes) {
        decrypt(bytes, password)
    } else if der::is_certificate_with_key(bytes) {
        unencrypted(der::parse_certificate(bytes)?, password)
    } else {
        unencrypted(der::parse(bytes)?, password)
    }
}

/// Writes a private key as PKCS#8 in DER, encrypted if there is a password.
///
/// # Errors
/// [`Error::InvalidKey`] for a key without a private part, a shared secret or an empty password.
pub fn to_private_der(key: &KeyMaterial, password: Option<&[u8]>) -> Result<SecretBytes, Error> {
    let pkcs8 = der::pkcs8(key)?;
    match password {
        Some(password) => Ok(pbes2::encrypt(&pkcs8, password)?.into()),
        None => Ok(pkcs8),
    }
}

/// Does what [`to_private_der`] does, in PEM.
///
/// # Errors
/// As for [`to_private_der`].
pub fn to_private_pem(key: &KeyMaterial, password: Option<&[u8]>) -> Result<String, Error> {
    let label = if password.is_some() { pem::ENCRYPTED_PRIVATE_KEY } else { pem::PRIVATE_KEY };
    Ok(pem::encode(label, &to_private_der(key, password)?))
}

fn decrypt(encrypted: &[u8], password: Option<&[u8]>) -> Result<KeyMaterial, Error> {
    der::parse_pkcs8(&pbes2::decrypt(encrypted, password.ok_or(Error::PasswordRequired)?)?)
}

/// Refuses a password for an unencrypted key: its owner believes that the key is protected.
fn unencrypted(key: KeyMaterial, password: Option<&[u8]>) -> Result<KeyMaterial, Error> {
    match password {
        None => Ok(key),
        Some(_) => Err(Error::invalid_key("A password was given, but the key is not encrypted")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::key::vectors;

    fn assert_refused(result: Result<KeyMaterial, Error>, because: &str) {
        let refusal = result.expect_err("a refusal").to_string();
        assert!(refusal.contains(because), "{refusal:?} does not say {because:?}");
    }

    #[test]
    fn every_plain_vector_reads_as_before() {
        for file in vectors::readable(vectors::PEM) {
            file.assert_reads(|text| from_pem(text, None));
        }
        for file in vectors::readable(vectors::DER) {
            file.assert_reads(|bytes| from_der(bytes, None));
        }
    }

    #[test]
    fn the_key_of_a_certificate_is_read() {
        let certificate = vectors::read("rsa_2048.certificate.der");
        let key = pem::parse(&vectors::read("rsa_2048_spki.pem")).unwrap();
        assert_eq!(from_der(&certificate, None), Ok(key.clone()));
        let text = pem::encode(pem::CERTIFICATE, &certificate);
        assert_eq!(from_pem(text.as_bytes(), None), Ok(key));
        assert_refused(from_pem(text.as_bytes(), Some(b"x")), "not encrypted");
        assert_refused(pem::parse(text.as_bytes()), "certificate");
        let ed25519 = from_der(&vectors::read("ed25519.certificate.der"), None).unwrap();
        assert_eq!((ed25519.kty(), ed25519.is_private()), ("OKP", false));
    }

    #[test]
    fn an_encrypted_key_needs_its_password() {
        let text = vectors::read("rsa_2048_encrypted.pem");
        assert_refused(from_pem(&text, None), "pass its password");
        assert_refused(from_pem(&text, Some(b"wrong")), "password is wrong");
        let plain = vectors::read("rsa_2048_pkcs8.pem");
        assert_refused(from_pem(&plain, Some(b"password")), "not encrypted");
        let legacy = vectors::read("rsa_2048_encrypted_pkcs1.pem");
        assert_refused(from_pem(&legacy, Some(b"password")), "openssl pkcs8 -topk8");
    }

    #[test]
    fn what_is_written_under_a_password_is_read_with_it() {
        let key = der::parse(&vectors::read("ec_p256_pkcs8.der")).unwrap();
        let bytes = to_private_der(&key, Some(b"password")).unwrap();
        assert_eq!(from_der(&bytes, Some(b"password")), Ok(key.clone()));
        assert_refused(from_der(&bytes, None), "pass its password");
        let text = to_private_pem(&key, Some(b"password")).unwrap();
        assert!(text.starts_with("-----BEGIN ENCRYPTED PRIVATE KEY-----\n"));
        assert_eq!(from_pem(text.as_bytes(), Some(b"password")), Ok(key.clone()));
        assert_eq!(*to_private_der(&key, None).unwrap(), *der::pkcs8(&key).unwrap());
    }

    #[test]
    fn damage_anywhere_never_panics() {
        for name in ["rsa_2048.certificate.der", "ed25519.certificate.der"] {
            vectors::mutations(&vectors::read(name), |damaged| drop(from_der(damaged, None)));
        }
        let text = vectors::read("testkey_rsa.cer");
        vectors::mutations(&text, |damaged| drop(from_pem(damaged, None)));
    }
}
