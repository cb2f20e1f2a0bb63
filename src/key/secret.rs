//! Refuses what must not be an HMAC secret: public keys, certificates and JWKs in any encoding.
//!
//! A program that accepts a public key as an HMAC secret lets everyone who knows that key sign (RFC
//! 8725 Section 2.1). The rules are those of `PyJWT` 2.15.1. Some of these depend on the Python
//! version (how deep JSON may nest) or on cryptography (whether it knows the algorithm of a DER
//! public key); there, this module refuses what any version would refuse. The rules of the entry
//! points that `PyJWT` does not have are in [`strict_secret`](super::strict_secret).

use super::der;
pub use super::jwk_detection::is_jwk;
use crate::error::Error;

/// Labels of PEM blocks that are not secrets.
const PEM_LABELS: [&[u8]; 16] = [
    b"CERTIFICATE",
    b"TRUSTED CERTIFICATE",
    b"PRIVATE KEY",
    b"PUBLIC KEY",
    b"ENCRYPTED PRIVATE KEY",
    b"OPENSSH PRIVATE KEY",
    b"DSA PRIVATE KEY",
    b"RSA PRIVATE KEY",
    b"RSA PUBLIC KEY",
    b"EC PRIVATE KEY",
    b"DH PARAMETERS",
    b"NEW CERTIFICATE REQUEST",
    b"CERTIFICATE REQUEST",
    b"SSH2 PUBLIC KEY",
    b"SSH2 ENCRYPTED PRIVATE KEY",
    b"X509 CRL",
];

/// The beginnings of OpenSSH public keys.
const SSH_PREFIXES: [&[u8]; 6] = [
    b"ssh-ed25519",
    b"ssh-rsa",
    b"ssh-dss",
    b"ecdsa-sha2-nistp256",
    b"ecdsa-sha2-nistp384",
    b"ecdsa-sha2-nistp521",
];

/// Checks that `bytes` may be used as an HMAC secret.
///
/// # Errors
/// [`Error::SecretEmpty`], [`Error::SecretIsAsymmetricKey`] for PEM, OpenSSH and DER keys and
/// certificates, [`Error::SecretIsJwk`] for JSON with a `kty` member in any object.
pub fn check(bytes: &[u8]) -> Result<(), Error> {
    if plainly_secret(bytes) {
        Ok(())
    } else if bytes.is_empty() {
        Err(Error::SecretEmpty)
    } else if is_pem(bytes) || is_ssh(bytes) || der::is_public_key_or_certificate(bytes) {
        Err(Error::SecretIsAsymmetricKey)
    } else if is_jwk(bytes) {
        Err(Error::SecretIsJwk)
    } else {
        Ok(())
    }
}

/// Returns whether a quick look shows that [`check`] accepts `bytes`: they lack the characters that
/// every PEM marker, OpenSSH key, DER key and JSON member contains.
pub fn plainly_secret(bytes: &[u8]) -> bool {
    let may_be_jwk = bytes.contains(&b'"');
    // Four dashes in a row include one at every fourth position.
    let may_be_pem = bytes.iter().skip(3).step_by(4).any(|&byte| byte == b'-')
        && bytes.windows(4).any(|window| window == b"----");
    let may_be_other = bytes.is_empty() || is_ssh(bytes) || may_be_der(bytes);
    !(may_be_jwk || may_be_pem || may_be_other)
}

/// Whether `bytes` begin like an OpenSSH public key.
pub fn is_ssh(bytes: &[u8]) -> bool {
    SSH_PREFIXES.iter().any(|prefix| bytes.starts_with(prefix))
}

/// Returns whether `bytes` start with a SEQUENCE tag and a length that fits; a length of several
/// bytes is left to the parser.
fn may_be_der(bytes: &[u8]) -> bool {
    match bytes {
        [0x30, len @ ..0x80, rest @ ..] => rest.len() == usize::from(*len),
        [0x30, ..] => true,
        _ => false,
    }
}

/// Returns whether `bytes` contain a PEM block with one of the labels that `PyJWT` knows.
pub fn is_pem(bytes: &[u8]) -> bool {
    has_block(bytes, PEM_LABELS)
}

/// Returns whether `bytes` contain the BEGIN marker of one of the labels and, after it, the END
/// marker of the same one.
pub(super) fn has_block<const N: usize>(bytes: &[u8], labels: [&[u8]; N]) -> bool {
    // The end of the last BEGIN marker of each label.
    let mut begun = [None; N];
    for start in 0..bytes.len() {
        let Some(marker) = Marker::at_start_of(&bytes[start..], &labels) else {
            continue;
        };
        if marker.is_begin {
            begun[marker.label] = Some(start + marker.len);
        } else if begun[marker.label].is_some_and(|end| end < start) {
            return true;
        }
    }
    false
}

/// A PEM marker (RFC 7468 Section 2). Each side may have one dash less, as PEM readers allow.
struct Marker {
    /// Whether it says BEGIN rather than END.
    is_begin: bool,
    /// The index of its label.
    label: usize,
    /// Its length in bytes.
    len: usize,
}

impl Marker {
    /// Reads the marker at the start of `bytes`, if it has one of the labels.
    fn at_start_of(bytes: &[u8], labels: &[&[u8]]) -> Option<Self> {
        let rest = strip_dash_or_space(bytes.strip_prefix(b"----")?)?;
        let (is_begin, rest) = match rest.strip_prefix(b"BEGIN ") {
            Some(rest) => (true, rest),
            None => (false, rest.strip_prefix(b"END ")?),
        };
        labels.iter().enumerate().find_map(|(label, name)| {
            let rest = strip_dash_or_space(rest.strip_prefix(*name)?)?.strip_prefix(b"----")?;
            Some(Self { is_begin, label, len: bytes.len() - rest.len() })
        })
    }
}

fn strip_dash_or_space(bytes: &[u8]) -> Option<&[u8]> {
    match bytes {
        [b'-' | b' ', rest @ ..] => Some(rest),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::key::vectors;

    const OPEN: &str = "-----BEGIN PUBLIC KEY-----";
    const CLOSE: &str = "-----END PUBLIC KEY-----";

    /// Checks that the quick look and the rules agree: the rules must accept what the quick look
    /// accepts.
    fn checked(bytes: impl AsRef<[u8]>) -> Result<(), Error> {
        let bytes = bytes.as_ref();
        let result = check(bytes);
        assert!(!plainly_secret(bytes) || check_in_full(bytes).is_ok(), "{bytes:?}");
        assert_eq!(result, check_in_full(bytes), "{bytes:?}");
        result
    }

    /// Applies the rules without the quick look.
    fn check_in_full(bytes: &[u8]) -> Result<(), Error> {
        if bytes.is_empty() {
            Err(Error::SecretEmpty)
        } else if is_pem(bytes) || is_ssh(bytes) || der::is_public_key_or_certificate(bytes) {
            Err(Error::SecretIsAsymmetricKey)
        } else if is_jwk(bytes) {
            Err(Error::SecretIsJwk)
        } else {
            Ok(())
        }
    }

    fn encodings(text: &str) -> Vec<Vec<u8>> {
        let utf16: Vec<u16> = text.encode_utf16().collect();
        let utf32: Vec<u32> = text.chars().map(u32::from).collect();
        let (mut all, bom) = (vec![text.as_bytes().to_vec()], 0xfeff_u16);
        all.push([b"\xef\xbb\xbf", text.as_bytes()].concat());
        for unit in [u16::to_le_bytes, u16::to_be_bytes] {
            let bytes: Vec<u8> = utf16.iter().flat_map(|&c| unit(c)).collect();
            all.push([&unit(bom)[..], &bytes].concat());
            all.push(bytes);
        }
        for unit in [u32::to_le_bytes, u32::to_be_bytes] {
            let bytes: Vec<u8> = utf32.iter().flat_map(|&c| unit(c)).collect();
            all.push([&unit(bom.into())[..], &bytes].concat());
            all.push(bytes);
        }
        all
    }

    #[test]
    fn an_empty_secret_is_refused() {
        assert_eq!(checked(""), Err(Error::SecretEmpty));
    }

    #[test]
    fn ordinary_secrets_pass_at_a_glance() {
        for secret in [
            &b"secret"[..],
            b"\x00\xff\x30",
            b"0123456789abcdef0123456789abcdef",
            b"a-b--c---d",
            b"{not json}",
            b"hJtXIZ2uSN5kbQfbtTNWbpdmhkV8FJG-Onbc6mxCcYg",
            b"ssh",
        ] {
            assert!(plainly_secret(secret), "{secret:?}");
            assert_eq!(checked(secret), Ok(()));
        }
        assert!(!plainly_secret(b"----"));
    }

    #[test]
    fn every_key_file_is_refused() {
        for file in vectors::readable(&[b""]) {
            // `PyJWT` accepts a private key in DER, which is binary data.
            let is_private_der = file.bytes[0] == 0x30 && file.jwk.get("d").is_some();
            let expected = if is_private_der { Ok(()) } else { Err(Error::SecretIsAsymmetricKey) };
            assert_eq!(checked(&file.bytes), expected, "{}", file.name);
        }
        for name in ["rsa_2048.certificate.der", "testkey_rsa.cer", "rsa_2048_encrypted.pem"] {
            assert_eq!(checked(vectors::read(name)), Err(Error::SecretIsAsymmetricKey), "{name}");
        }
        for name in ["jwk_hmac.json", "jwk_rsa_pub.json", "jwk_okp_key_Ed448.json"] {
            assert_eq!(checked(vectors::read(name)), Err(Error::SecretIsJwk), "{name}");
        }
    }

    #[test]
    fn a_pem_block_is_refused_wherever_it_stands() {
        for text in [
            format!("{OPEN}\nAAAA\n{CLOSE}"),
            format!("text {OPEN} {CLOSE} text"),
            format!("{OPEN}{OPEN}\n{CLOSE}"),
            format!("-{OPEN}-\n-{CLOSE}-"),
            "---- BEGIN SSH2 PUBLIC KEY ----\n---- END SSH2 PUBLIC KEY ----".to_owned(),
            format!("-----BEGIN X509 CRL----- {OPEN} -----END X509 CRL-----"),
        ] {
            assert_eq!(checked(&text), Err(Error::SecretIsAsymmetricKey), "{text}");
        }
    }

    #[test]
    fn a_pem_block_is_refused_under_every_label_that_pyjwt_refuses() {
        for label in [
            "CERTIFICATE",
            "TRUSTED CERTIFICATE",
            "PRIVATE KEY",
            "PUBLIC KEY",
            "ENCRYPTED PRIVATE KEY",
            "OPENSSH PRIVATE KEY",
            "DSA PRIVATE KEY",
            "RSA PRIVATE KEY",
            "RSA PUBLIC KEY",
            "EC PRIVATE KEY",
            "DH PARAMETERS",
            "NEW CERTIFICATE REQUEST",
            "CERTIFICATE REQUEST",
            "SSH2 PUBLIC KEY",
            "SSH2 ENCRYPTED PRIVATE KEY",
            "X509 CRL",
        ] {
            let text = format!("-----BEGIN {label}-----\nAAAA\n-----END {label}-----\n");
            assert_eq!(checked(&text), Err(Error::SecretIsAsymmetricKey), "{label}");
        }
    }

    #[test]
    fn pem_markers_that_make_no_block_pass() {
        for text in [
            OPEN.to_owned(),
            CLOSE.to_owned(),
            format!("{CLOSE}\n{OPEN}"),
            format!("{OPEN}\n-----END PRIVATE KEY-----"),
            format!("{OPEN}{CLOSE}"),
            format!("{OPEN} {OPEN}{CLOSE}"),
            "-----BEGIN FOO-----\n-----END FOO-----".to_owned(),
            format!("{}\n{CLOSE}", &OPEN[2..]),
            OPEN.replace("BEGIN ", "BEGIN") + "\n" + CLOSE,
            format!("{OPEN}\n{}", CLOSE.trim_end_matches('-')),
        ] {
            assert_eq!(checked(&text), Ok(()), "{text}");
        }
    }

    #[test]
    fn openssh_keys_are_refused_by_their_first_word() {
        for prefix in [
            "ssh-ed25519",
            "ssh-rsa",
            "ssh-dss",
            "ecdsa-sha2-nistp256",
            "ecdsa-sha2-nistp384",
            "ecdsa-sha2-nistp521",
        ] {
            assert_eq!(checked(prefix), Err(Error::SecretIsAsymmetricKey), "{prefix}");
            assert_eq!(checked(format!(" {prefix}")), Ok(()), "{prefix}");
        }
    }

    #[test]
    fn a_jwk_is_refused_in_any_container_and_encoding() {
        for text in [
            r#"{"kty":"RSA"}"#,
            r#" { "a" : [ 1 , { "kty" : null } ] } "#,
            r#"[[{"x":{"kty":1}}]]"#,
            r#"{"keys":[{"\u006bt\u0079":"oct"}],"n":-1.5e+30}"#,
            r#"{"a":NaN,"b":[Infinity,-Infinity,true,false,null,0,-0,1E5],"kty":""}"#,
            r#"{"a b":"c d","kty":"RSA"}"#,
            "{\"a\":\"\\\"\\\\\\/\\b\\f\\n\\r\\t\u{7f}\u{e9}\u{1f600}\",\n\t\"kty\":[]}\r\n",
        ] {
            for bytes in encodings(text) {
                assert_eq!(checked(&bytes), Err(Error::SecretIsJwk), "{text} as {bytes:?}");
            }
        }
    }

    #[test]
    fn lone_surrogates_do_not_hide_a_jwk() {
        for bytes in [
            &b"{\"a\":\"\xed\xa0\x80\",\"kty\":1}"[..],
            b"{\"a\":\"\\ud800\",\"kty\":1}",
            b"\xff\xfe{\0\"\0\0\xd8\"\0:\x001\0,\0\"\0k\0t\0y\0\"\0:\x001\0}\0",
        ] {
            assert_eq!(checked(bytes), Err(Error::SecretIsJwk), "{bytes:?}");
        }
    }

    #[test]
    fn json_without_the_member_and_text_that_is_no_json_pass() {
        for text in [
            r#""kty""#,
            r#"["kty"]"#,
            r#"{"k":"kty"}"#,
            r#"{"kty ":1}"#,
            r#"{"Kty":1}"#,
            r#"{"k\ty":1}"#,
            r#"{"kty":1"#,
            r#"{"kty":1}}"#,
            r#"{"kty":1,}"#,
            r#"{"kty":01}"#,
            r#"{"kty":1.}"#,
            r#"{"kty":.1}"#,
            r#"{"kty":-}"#,
            r#"{"kty":+1}"#,
            r#"{"kty":1e}"#,
            r#"{"kty":nan}"#,
            r#"{"kty" 1}"#,
            r#"{"kty":1,"a"}"#,
            r#"{"kty":1,"a":"\x"}"#,
            r#"{"kty":1,"a":"\u12g4"}"#,
            "{\"kty\":\"\u{1}\"}",
            "{\"kty\":\u{a0}1}",
            r"{'kty':1}",
            r#"{"kty":[1,]}"#,
            r#"{"kty":[1}]"#,
        ] {
            assert_eq!(checked(text), Ok(()), "{text}");
        }
        for bytes in
            [&b"{\"kty\":\"\xff\"}"[..], b"\xff\xfe{\0\"\0k\0t\0y\0\"\0:\x001\0}", b"\xed\xa0"]
        {
            assert_eq!(checked(bytes), Ok(()), "{bytes:?}");
        }
    }

    #[test]
    fn text_too_deep_for_a_parser_is_checked_all_the_same() {
        let deep = |start: &str, inner: &str| {
            let (open, close) = ("[".repeat(20_000), "]".repeat(20_000));
            format!("{start}{open}{inner}{close}")
        };
        for text in [
            deep("", r#"{"kty":"RSA"}"#),
            deep("", r#"{"\u006bty" : "RSA"}"#),
            deep("", r#"{"a\"b\\":1,"kty":"RSA"}"#),
            deep("", r#"{"a\"b\\":1,"kty":1"#),
            deep(r#"{"kty":"RSA","nested":"#, "0") + "}",
            deep(r#"{"nested":"#, "0") + "}",
            // Not complete JSON, but no parser gets as far as the end.
            deep("", r#"{"kty":1"#),
        ] {
            for bytes in encodings(&text) {
                assert_eq!(checked(&bytes), Err(Error::SecretIsJwk), "{}", &text[..20]);
            }
        }
        for text in [
            deep("", "0"),
            deep("", r#"{"a":1}"#),
            deep("", r#"["kty\"",{"k":"kty"}]"#),
            deep(r#"["kty","#, "0") + "]",
            deep("", r#""kty"#),
            deep("x", r#"{"kty":1}"#),
        ] {
            assert_eq!(checked(&text), Ok(()), "{}", &text[..20]);
        }
    }

    #[test]
    fn text_is_too_deep_for_a_parser_beyond_500_levels() {
        let unfinished = |arrays| "[".repeat(arrays) + r#"{"kty":1"#;
        assert_eq!(checked(unfinished(499)), Ok(()));
        assert_eq!(checked(unfinished(500)), Err(Error::SecretIsJwk));
    }

    #[test]
    fn damage_anywhere_never_panics_and_a_glance_never_misleads() {
        let jwk = br#" {"a":[-1.5e3,"\u006bty\n"],"kty":{"b":NaN}} "#;
        for bytes in encodings(std::str::from_utf8(jwk).unwrap()) {
            vectors::mutations(&bytes, |damaged| drop(checked(damaged)));
        }
        for name in ["testkey_ec.pub", "testkey_ed25519.pub", "ed25519.certificate.der"] {
            vectors::mutations(&vectors::read(name), |damaged| drop(checked(damaged)));
        }
    }
}
