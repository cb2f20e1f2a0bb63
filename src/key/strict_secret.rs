//! Refuses as HMAC secrets keys and certificates in forms that [`secret`] lets pass because `PyJWT`
//! does: under more PEM labels, private ones in DER, and any of them in UTF-16 or base64.
//!
//! A random secret is never refused by chance: only complete keys and certificates are.

use base64_simd::STANDARD_NO_PAD;
use zeroize::Zeroizing;

use super::{SecretBytes, der, secret};
use crate::error::Error;
use crate::memory;

/// Labels of PEM blocks that are not secrets, besides those that `PyJWT` knows.
const MORE_PEM_LABELS: [&[u8]; 7] = [
    b"X509 CERTIFICATE",
    b"X.509 CERTIFICATE",
    b"PKCS7",
    b"CMS",
    b"PGP PUBLIC KEY BLOCK",
    b"PGP PRIVATE KEY BLOCK",
    b"PGP MESSAGE",
];

/// The beginnings of OpenSSH public keys on security tokens, besides those that `PyJWT` knows.
const MORE_SSH_PREFIXES: [&[u8]; 2] = [b"sk-ssh-", b"sk-ecdsa-"];

/// The beginnings of a text in UTF-8 or, without its zero bytes, in UTF-16 or UTF-32.
const BYTE_ORDER_MARKS: [&[u8]; 3] = [b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff"];

/// The length in bytes above which a text is not decoded: no key is that long.
const MAX_ENCODED_LEN: usize = 1 << 20;

const IN_UTF_16: &str =
    "This is a key or certificate, not a secret, in UTF-16 or UTF-32: convert it to UTF-8";
const DER_IN_BASE64: &str = "This is a key or certificate, not a secret, as DER in base64: put a BEGIN and an END line \
     around it, or decode it with `base64 -d`";
const IN_BASE64: &str =
    "This is a key or certificate, not a secret, encoded in base64: decode it with `base64 -d`";
const SSH_DATA: &str =
    "This is the data of an OpenSSH public key, not a secret: put the type of the key before it";

/// Checks that `bytes` may be used as an HMAC secret.
///
/// # Errors
/// Those of [`secret::check`], and [`Error::SecretIsAsymmetricKey`] or [`Error::InvalidKey`] for
/// keys and certificates in the forms of this module.
pub fn check(bytes: &[u8]) -> Result<(), Error> {
    secret::check(bytes)?;
    if is_key_text(bytes) || der::is_key_or_certificate(bytes) {
        return Err(Error::SecretIsAsymmetricKey);
    }
    if bytes.len() > MAX_ENCODED_LEN {
        return Ok(());
    }
    check_base64(bytes)?;
    if bytes.contains(&0) { check_utf_16(bytes) } else { Ok(()) }
}

/// Refuses a key in UTF-16 or UTF-32: ASCII text with zero bytes in between.
fn check_utf_16(bytes: &[u8]) -> Result<(), Error> {
    let mut text = Zeroizing::new(memory::buffer(bytes.len())?);
    text.extend(bytes.iter().filter(|&&byte| byte != 0));
    if is_key_text(&text) {
        return Err(Error::invalid_key(IN_UTF_16));
    }
    check_base64(&text)
}

/// Refuses a key in base64.
fn check_base64(text: &[u8]) -> Result<(), Error> {
    let Some(decoded) = from_base64(text)? else {
        return Ok(());
    };
    if der::is_key_or_certificate(&decoded) {
        Err(Error::invalid_key(DER_IN_BASE64))
    } else if is_ssh_data(&decoded) {
        Err(Error::invalid_key(SSH_DATA))
    } else if is_key_text(&decoded) || secret::is_jwk(&decoded) {
        Err(Error::invalid_key(IN_BASE64))
    } else {
        Ok(())
    }
}

/// Decodes base64 or base64url with any white space, with or without padding; returns `None` for
/// anything else.
fn from_base64(text: &[u8]) -> Result<Option<SecretBytes>, Error> {
    let mut bytes = Zeroizing::new(memory::buffer(text.len())?);
    let characters = trimmed(text).iter().filter(|byte| !byte.is_ascii_whitespace());
    bytes.extend(characters.map(|&character| match character {
        b'-' => b'+',
        b'_' => b'/',
        other => other,
    }));
    while bytes.last() == Some(&b'=') {
        bytes.pop();
    }
    let Ok(decoded) = STANDARD_NO_PAD.decode_inplace(&mut bytes) else {
        return Ok(None);
    };
    let len = decoded.len();
    bytes.truncate(len);
    Ok(Some(bytes))
}

/// Returns whether `text` contains a PEM block or begins like an OpenSSH public key.
fn is_key_text(text: &[u8]) -> bool {
    let line = trimmed(text);
    secret::is_pem(text)
        || secret::has_block(text, MORE_PEM_LABELS)
        || secret::is_ssh(line)
        || MORE_SSH_PREFIXES.iter().any(|prefix| line.starts_with(prefix))
}

/// Returns whether `data` begin as the binary part of an OpenSSH public key does (RFC 4253 Section
/// 6.6): with the length of its type and the type.
fn is_ssh_data(data: &[u8]) -> bool {
    matches!(data, [0, 0, 0, _, rest @ ..] if secret::is_ssh(rest))
}

/// Returns `text` without a byte order mark and without white space around it.
fn trimmed(text: &[u8]) -> &[u8] {
    let mark = BYTE_ORDER_MARKS.iter().find_map(|mark| text.strip_prefix(*mark));
    mark.unwrap_or(text).trim_ascii()
}

#[cfg(test)]
mod tests {
    use base64_simd::{STANDARD, URL_SAFE_NO_PAD};

    use super::*;
    use crate::key::vectors;

    const SSH: &str =
        "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIIm7lVY3fLEAMsZAQ4fCBGqXlKLM9fZpR+OxNmn5MjZx";

    fn utf(text: &str) -> Vec<Vec<u8>> {
        let mut all = Vec::new();
        for mark in ["", "\u{feff}"] {
            let text = mark.to_owned() + text;
            all.push(text.encode_utf16().flat_map(u16::to_le_bytes).collect());
            all.push(text.encode_utf16().flat_map(u16::to_be_bytes).collect());
            all.push(text.chars().flat_map(|c| u32::from(c).to_le_bytes()).collect());
            all.push(text.chars().flat_map(|c| u32::from(c).to_be_bytes()).collect());
        }
        all
    }

    /// Returns `bytes` in the spellings of base64 that are decoded.
    fn base64(bytes: &[u8]) -> Vec<String> {
        let plain = STANDARD.encode_to_string(bytes);
        let lines: Vec<&str> =
            plain.as_bytes().chunks(64).map(|line| str::from_utf8(line).unwrap()).collect();
        let all = [
            plain.trim_end_matches('=').to_owned(),
            lines.join("\r\n") + "\n",
            URL_SAFE_NO_PAD.encode_to_string(bytes),
        ];
        all.into_iter().chain([plain]).collect()
    }

    fn assert_refused(bytes: impl AsRef<[u8]>, because: &str, name: &str) {
        let refusal = check(bytes.as_ref()).expect_err(name).to_string();
        assert!(refusal.contains(because), "{name}: {refusal:?} does not say {because:?}");
    }

    #[test]
    fn what_pyjwt_refuses_is_refused() {
        assert_eq!(check(b""), Err(Error::SecretEmpty));
        assert_eq!(check(br#"{"kty":"oct"}"#), Err(Error::SecretIsJwk));
        assert_eq!(check(SSH.as_bytes()), Err(Error::SecretIsAsymmetricKey));
    }

    #[test]
    fn every_key_file_is_refused_in_every_encoding() {
        let names = ["rsa_2048.certificate.der", "testkey_rsa.cer", "rsa_2048_encrypted.pem"];
        let others = names.map(|name| (name.to_owned(), vectors::read(name)));
        let files = vectors::readable(&[b""]).into_iter().map(|file| (file.name, file.bytes));
        for (name, bytes) in files.chain(others) {
            assert_eq!(check(&bytes), Err(Error::SecretIsAsymmetricKey), "{name}");
            for text in base64(&bytes) {
                assert_refused(&text, "in base64", &name);
                for text in utf(&text) {
                    assert_refused(&text, "in base64", &name);
                }
            }
            if let Ok(text) = str::from_utf8(&bytes) {
                for text in utf(text) {
                    assert_refused(&text, "UTF-16", &name);
                }
            }
        }
    }

    #[test]
    fn a_byte_order_mark_hides_nothing() {
        let text = STANDARD.encode_to_string(vectors::read("ec_p256_spki.der"));
        assert_refused(format!("\u{feff} {text}"), "DER in base64", "base64");
        for text in utf(&text) {
            assert_refused(text, "DER in base64", "base64 in UTF-16");
        }
    }

    #[test]
    fn a_pem_block_is_refused_under_more_labels() {
        for label in [
            "X509 CERTIFICATE",
            "X.509 CERTIFICATE",
            "PKCS7",
            "CMS",
            "PGP PUBLIC KEY BLOCK",
            "PGP PRIVATE KEY BLOCK",
            "PGP MESSAGE",
        ] {
            let text = format!("-----BEGIN {label}-----\nAAAA\n-----END {label}-----\n");
            assert_eq!(secret::check(text.as_bytes()), Ok(()), "{label}");
            assert_eq!(check(text.as_bytes()), Err(Error::SecretIsAsymmetricKey), "{label}");
            for text in base64(text.as_bytes()) {
                assert_refused(&text, "encoded in base64", label);
            }
        }
        assert_eq!(check(b"-----BEGIN FOO-----\n-----END FOO-----"), Ok(()));
    }

    #[test]
    fn an_openssh_key_is_refused_behind_white_space_and_without_its_type() {
        for line in [
            format!(" {SSH}"),
            format!("\r\n\t{SSH}\n"),
            format!("\u{feff}{SSH}"),
            "sk-ssh-ed25519@openssh.com AAAA".to_owned(),
            "sk-ecdsa-sha2-nistp256@openssh.com AAAA".to_owned(),
        ] {
            assert_eq!(check(line.as_bytes()), Err(Error::SecretIsAsymmetricKey), "{line}");
        }
        for text in utf(SSH) {
            assert_refused(text, "UTF-16", "in UTF-16");
        }
        assert_refused(SSH.split_once(' ').unwrap().1, "OpenSSH public key", "the data alone");
    }

    #[test]
    fn a_jwk_in_base64_is_refused() {
        for text in base64(br#"{"kty":"oct","k":"AAAA"}"#) {
            assert_refused(text, "encoded in base64", "JWK");
        }
    }

    #[test]
    fn other_der_is_refused_where_it_contains_keys() {
        for (der, name) in [
            (&b"\x30\x0f\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x01\xa0\x02\x04\x00"[..], "CMS"),
            (&vectors::read("dsa_pkcs8.der"), "DSA"),
            (&vectors::read("ec_p256_explicit_sec1.der"), "explicit curve"),
        ] {
            assert_eq!(check(der), Err(Error::SecretIsAsymmetricKey), "{name}");
            for text in base64(der) {
                assert_refused(text, "DER in base64", name);
            }
        }
        for text in base64(b"\x30\x03\x04\x01\x00") {
            assert_eq!(check(text.as_bytes()), Ok(()));
        }
    }

    #[test]
    fn a_secret_in_base64_passes_whatever_its_length() {
        // xorshift64: the same bytes in every run.
        let mut state = 0x9e37_79b9_7f4a_7c15_u64;
        let mut byte = || {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            state.to_le_bytes()[3]
        };
        for len in 0..300 {
            for start in [None, Some(0x30)] {
                let secret: Vec<u8> =
                    start.into_iter().chain(std::iter::repeat_with(&mut byte).take(len)).collect();
                for text in base64(&secret).into_iter().filter(|text| !text.is_empty()) {
                    assert_eq!(check(text.as_bytes()), Ok(()), "{secret:?}");
                }
                assert!(secret.is_empty() || check(&secret) == Ok(()), "{secret:?}");
            }
        }
    }

    #[test]
    fn texts_that_decode_to_nothing_or_are_too_long_for_a_key_pass() {
        assert_eq!(check(b"="), Ok(()));
        assert_eq!(check(b" "), Ok(()));
        assert_eq!(check(b"\0\0"), Ok(()));
        let long = STANDARD.encode_to_string(vec![b'\n'; 1 << 20]);
        assert_eq!(check(long.as_bytes()), Ok(()));
    }

    #[test]
    fn damage_anywhere_never_panics() {
        for name in ["testkey_ec.pub", "ed25519.certificate.der"] {
            let text = STANDARD.encode_to_string(vectors::read(name));
            vectors::mutations(text.as_bytes(), |damaged| drop(check(damaged)));
        }
    }
}
