//! PEM (RFC 7468): base64-encoded DER between a BEGIN and an END line.
//!
//! The reader accepts one block with nothing but white space around it. It is stricter than
//! OpenSSL, so that everything it accepts has the same meaning there.

use std::str;

use base64_simd::STANDARD;
use zeroize::Zeroizing;

use super::{KeyMaterial, SecretBytes, der};
use crate::error::Error;

/// The label of a PKCS#8 private key.
pub const PRIVATE_KEY: &str = "PRIVATE KEY";
/// The label of a `SubjectPublicKeyInfo`.
pub const PUBLIC_KEY: &str = "PUBLIC KEY";
/// The label of a PKCS#1 private key.
pub const RSA_PRIVATE_KEY: &str = "RSA PRIVATE KEY";
/// The label of a PKCS#1 public key.
pub const RSA_PUBLIC_KEY: &str = "RSA PUBLIC KEY";
/// The label of a SEC1 private key.
pub const EC_PRIVATE_KEY: &str = "EC PRIVATE KEY";
/// The label of an encrypted PKCS#8 private key.
pub const ENCRYPTED_PRIVATE_KEY: &str = "ENCRYPTED PRIVATE KEY";
/// The label of an X.509 certificate.
pub const CERTIFICATE: &str = "CERTIFICATE";
/// The label of an X.509 certificate in old files (RFC 7468 Section 5.1).
pub const X509_CERTIFICATE: &str = "X509 CERTIFICATE";

const BEGIN: &str = "-----BEGIN ";
const END: &str = "-----END ";
const DASHES: &str = "-----";

/// Characters in a full line (RFC 7468 Section 2).
const COLUMNS: usize = 64;

/// Reads one private or public key.
///
/// # Errors
/// [`Error::InvalidKey`] if `text` is not exactly one PEM block with a key that this crate
/// supports; the message says what was found and what would help, and contains nothing of the key.
pub fn parse(text: &[u8]) -> Result<KeyMaterial, Error> {
    let block = Block::find(text)?;
    let read = match block.label {
        PRIVATE_KEY => der::parse_pkcs8,
        PUBLIC_KEY => der::parse_spki,
        RSA_PRIVATE_KEY => der::parse_pkcs1_private,
        RSA_PUBLIC_KEY => der::parse_pkcs1_public,
        EC_PRIVATE_KEY => |der: &[u8]| der::parse_sec1(der, None),
        other => return Err(unreadable_label(other)),
    };
    read(&block.decode()?)
}

/// Returns `der` as a PEM block: lines of 64 columns, each ended by a line feed.
pub fn encode(label: &str, der: &[u8]) -> String {
    let base64 = Zeroizing::new(STANDARD.encode_to_string(der));
    let mut parts = vec![BEGIN, label, DASHES, "\n"];
    let mut rest = base64.as_str();
    while !rest.is_empty() {
        let (line, after) = rest.split_at(rest.len().min(COLUMNS));
        parts.extend([line, "\n"]);
        rest = after;
    }
    parts.extend([END, label, DASHES, "\n"]);
    // One allocation: a growing string would leave copies of a private key in memory.
    parts.concat()
}

/// A PEM block whose content is not decoded yet.
pub(crate) struct Block<'a> {
    label: &'a str,
    /// The text between the two lines.
    body: &'a str,
}

impl<'a> Block<'a> {
    /// Returns the label of the BEGIN and the END line.
    pub(crate) const fn label(&self) -> &'a str {
        self.label
    }

    /// Finds the block in a `text` that consists of one.
    pub(crate) fn find(text: &'a [u8]) -> Result<Self, Error> {
        let text = str::from_utf8(text).map_err(|_| not_pem(text))?.trim_ascii();
        if text.contains(BEGIN) && text.contains("\\n") {
            return Err(Error::invalid_key(ESCAPED_LINE_ENDS));
        }
        let after_begin = text.strip_prefix(BEGIN).ok_or_else(|| not_pem(text.as_bytes()))?;
        let (label, after_label) = after_begin
            .split_once(DASHES)
            .ok_or_else(|| Error::invalid_key("The BEGIN line of the PEM key is not complete"))?;
        let body = after_label
            .strip_suffix(DASHES)
            .and_then(|rest| rest.strip_suffix(label))
            .and_then(|rest| rest.strip_suffix(END))
            .filter(|body| !body.contains(DASHES))
            .ok_or_else(|| bad_end(label, after_label))?;
        Ok(Self { label, body })
    }

    /// Decodes the content of the block.
    pub(crate) fn decode(&self) -> Result<SecretBytes, Error> {
        let lines = self.body.strip_prefix('\n').or(self.body.strip_prefix("\r\n"));
        let lines = lines.filter(|lines| lines.ends_with('\n')).ok_or_else(|| {
            Error::invalid_key(
                "The PEM key has lost its line ends, as happens when it goes through an \
                 environment variable or a form: the BEGIN and END lines must stand by themselves",
            )
        })?;
        if lines.contains(':') {
            return Err(with_headers(lines));
        }
        let mut bytes = Zeroizing::new(Vec::with_capacity(lines.len()));
        for line in lines.lines() {
            if line.is_empty() {
                return Err(Error::invalid_key("The PEM key has an empty line in its body"));
            }
            bytes.extend_from_slice(line.as_bytes());
        }
        let decoded = STANDARD.decode_inplace(&mut bytes);
        let len =
            decoded.map_err(|_| Error::invalid_key("The PEM key's body is not base64"))?.len();
        bytes.truncate(len);
        Ok(bytes)
    }
}

/// Makes the error for a text that does not start with a BEGIN line.
fn not_pem(text: &[u8]) -> Error {
    let has = |part: &str| text.windows(part.len()).any(|window| window == part.as_bytes());
    let starts_with = |part: &str| text.starts_with(part.as_bytes());
    Error::invalid_key(if has(BEGIN) && (starts_with("\"") || starts_with("'")) {
        "The PEM key stands in quotation marks: pass the PEM block alone"
    } else if has(BEGIN) {
        "There is text before the PEM key's BEGIN line: pass the PEM block alone"
    } else if text.is_empty() {
        "The key is empty; expected a key in PEM format"
    } else if starts_with("ssh-") || starts_with("ecdsa-sha2-") {
        "Expected a key in PEM format, got an OpenSSH public key: Key.from_ssh reads it"
    } else if starts_with("{") {
        "Expected a key in PEM format, got what looks like a JWK: Key.from_jwk reads it"
    } else if starts_with("\x30") && text.get(1).is_some_and(|&length| length >= 0x80) {
        "Expected a key in PEM format, got what looks like DER: Key.from_der reads it"
    } else if looks_like_path(text) {
        "Expected a key in PEM format, got what looks like a path: pass the text that the file \
         holds, for example Path(...).read_text()"
    } else {
        "The key is not in PEM format: there is no \"-----BEGIN ...-----\" line"
    })
}

/// Returns whether a text without a PEM block looks like the name of a file that may contain one.
fn looks_like_path(text: &[u8]) -> bool {
    const STARTS: [&str; 5] = ["/", "./", "../", "~/", "file:"];
    const ENDS: [&str; 8] = [".pem", ".key", ".crt", ".cer", ".cert", ".der", ".pub", ".p8"];
    let is_drive = matches!(text, [letter, b':', b'\\' | b'/', ..] if letter.is_ascii_alphabetic());
    let is_line = text.len() < 4096 && !text.contains(&b'\n');
    is_line
        && (is_drive
            || STARTS.iter().any(|start| text.starts_with(start.as_bytes()))
            || ENDS.iter().any(|end| text.to_ascii_lowercase().ends_with(end.as_bytes())))
}

/// Makes the error for a text that starts with a BEGIN line but does not end with the matching END
/// line.
fn bad_end(label: &str, rest: &str) -> Error {
    let end_line = [END, label, DASHES].concat();
    Error::invalid_key(if rest.contains(BEGIN) {
        "There is more than one PEM block: pass the key's block alone"
    } else if rest.contains(&end_line) {
        "There is text after the PEM key's END line: pass the PEM block alone"
    } else if rest.contains(END) {
        "The END line of the PEM key does not fit its BEGIN line"
    } else {
        "The PEM key has no END line: it is cut off"
    })
}

/// Makes the error for a body that has headers (RFC 1421 Section 4.4), which OpenSSL writes only
/// for encrypted keys.
fn with_headers(body: &str) -> Error {
    Error::invalid_key(if body.contains("ENCRYPTED") {
        "The private key is encrypted in the old form of OpenSSL (\"Proc-Type: 4,ENCRYPTED\"), \
         which is not supported, for it protects badly: convert it with `openssl pkcs8 -topk8 -in \
         old.pem -out new.pem`"
    } else {
        "PEM headers are not supported: pass the block without them"
    })
}

const ESCAPED_LINE_ENDS: &str = "The PEM key holds the two characters \\n where line ends belong, as happens in environment \
     variables: replace them, for example with key.replace(\"\\\\n\", \"\\n\")";

const ENCRYPTED: &str = "The private key is encrypted: decrypt it with its password first, for \
                         example with `openssl pkey` or cryptography's load_pem_private_key";

/// Makes the error for a block without a supported key. It names only labels from this list: if the
/// BEGIN line is damaged, the text in its place may be secret.
fn unreadable_label(label: &str) -> Error {
    Error::invalid_key(match label {
        ENCRYPTED_PRIVATE_KEY => ENCRYPTED,
        CERTIFICATE | X509_CERTIFICATE | "TRUSTED CERTIFICATE" => {
            "The PEM block is a certificate, not a key: extract its public key first, for example \
             with `openssl x509 -pubkey -noout`"
        }
        "OPENSSH PRIVATE KEY" => {
            "The private key is in OpenSSH's own format: convert it first, for example with \
             `ssh-keygen -p -m pkcs8`"
        }
        "CERTIFICATE REQUEST" | "NEW CERTIFICATE REQUEST" => der::CERTIFICATE_REQUEST,
        "X509 CRL" => "The PEM block is a list of revoked certificates, not a key",
        "PKCS7" | "CMS" => "The PEM block is a PKCS#7 or CMS message, not a key",
        "PGP PUBLIC KEY BLOCK" | "PGP PRIVATE KEY BLOCK" => {
            "The key is one of OpenPGP, which is not supported"
        }
        "DSA PRIVATE KEY" => "DSA keys are not supported: no JWS algorithm uses them",
        "EC PARAMETERS" | "DH PARAMETERS" => "The PEM block holds parameters, not a key",
        _ => {
            "The PEM block's label is not that of a supported key: expected PRIVATE KEY, PUBLIC \
             KEY, RSA PRIVATE KEY, RSA PUBLIC KEY or EC PRIVATE KEY"
        }
    })
}

#[cfg(test)]
mod tests {
    use std::fmt::Write;

    use super::*;
    use crate::key::vectors;

    const PUBLIC: &str = include_str!(concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/tests/vectors/keys/testkey_ed25519.pub.pem"
    ));

    fn refusal(text: impl AsRef<[u8]>) -> String {
        parse(text.as_ref()).expect_err("a refusal").to_string()
    }

    fn assert_refused(text: impl AsRef<[u8]>, because: &str) {
        let refusal = refusal(text);
        assert!(refusal.contains(because), "{refusal:?} does not say {because:?}");
    }

    #[test]
    fn every_pem_vector_reads_as_cryptography_reads_it() {
        let files = vectors::readable(vectors::PEM);
        assert!(files.len() >= 15, "{} files", files.len());
        for file in files {
            file.assert_reads(parse);
        }
    }

    #[test]
    fn what_is_written_is_what_openssl_writes() {
        for (name, label) in [
            ("rsa_2048_pkcs8.pem", PRIVATE_KEY),
            ("rsa_2048_spki.pem", PUBLIC_KEY),
            ("testkey_ed25519.pub.pem", PUBLIC_KEY),
            ("testkey_ec.priv", PRIVATE_KEY),
        ] {
            let text = vectors::read(name);
            let key = parse(&text).unwrap();
            let der = match label {
                PRIVATE_KEY => der::pkcs8(&key).unwrap(),
                _ => Zeroizing::new(der::spki(&key).unwrap()),
            };
            assert_eq!(encode(label, &der).as_bytes(), text, "{name}");
        }
    }

    #[test]
    fn encoding_ends_a_full_last_line_once() {
        assert_eq!(
            encode("X", &[0; 48]),
            format!("-----BEGIN X-----\n{}\n-----END X-----\n", "A".repeat(64))
        );
        assert_eq!(encode("X", b""), "-----BEGIN X-----\n-----END X-----\n");
    }

    #[test]
    fn line_ends_may_be_crlf_and_white_space_may_surround_the_block() {
        let key = parse(PUBLIC.as_bytes()).unwrap();
        for text in [
            PUBLIC.replace('\n', "\r\n"),
            PUBLIC.trim_end().to_owned(),
            format!("\n \t\r\n{PUBLIC}\n\n  "),
        ] {
            assert_eq!(parse(text.as_bytes()), Ok(key.clone()), "{text:?}");
        }
    }

    #[test]
    fn lines_may_have_any_length() {
        let lines: Vec<&str> = PUBLIC.lines().collect();
        let mut text = format!("{}\n", lines[0]);
        for character in lines[1].chars() {
            writeln!(text, "{character}").unwrap();
        }
        text += lines[2];
        assert_eq!(parse(text.as_bytes()), parse(PUBLIC.as_bytes()));
    }

    #[test]
    fn each_refusal_says_what_was_found() {
        for (name, because) in [
            ("rsa_2048_encrypted.pem", "encrypted"),
            ("rsa_2048_encrypted_pkcs1.pem", "encrypted"),
            ("rsa_2048_openssh.pem", "OpenSSH's own format"),
            ("testkey_rsa.cer", "certificate"),
            ("testkey_ec_secp192r1.priv", "curve 1.2.840.10045.3.1.1 is not supported"),
            ("testkey_rsa.pub", "OpenSSH public key"),
            ("jwk_rsa_pub.json", "looks like a JWK"),
            ("rsa_2048.certificate.der", "looks like DER"),
        ] {
            assert_refused(vectors::read(name), because);
        }
        assert_refused("", "empty");
        assert_refused(" \n", "empty");
        for text in ["secret", "0secret", "/two\nlines"] {
            assert_refused(text, "not in PEM format");
        }
        for path in ["/etc/keys/x", "keys/private.PEM", "C:\\key", "~/key", "file:///key", "a.p8"] {
            assert_refused(path, "looks like a path");
        }
        assert_refused(format!("/{}", "x".repeat(4094)), "looks like a path");
        assert_refused(format!("/{}", "x".repeat(4095)), "not in PEM format");
        for (label, because) in [
            ("CERTIFICATE REQUEST", "certificate request"),
            ("X509 CRL", "revoked"),
            ("PKCS7", "message"),
            ("EC PARAMETERS", "parameters"),
            ("PGP PUBLIC KEY BLOCK", "OpenPGP"),
            ("OTHER", "label is not that"),
        ] {
            assert_refused(PUBLIC.replace("PUBLIC KEY", label), because);
        }
        assert_refused("-----BEGIN PUBLIC KEY", "not complete");
        assert_refused("-----BEGIN DSA PRIVATE KEY-----\n-----END DSA PRIVATE KEY-----", "DSA");
    }

    #[test]
    fn lost_line_ends_are_named() {
        assert_refused(PUBLIC.trim_end().replace('\n', "\\n"), "two characters \\n");
        assert_refused(PUBLIC.replace('\n', "\\n"), "two characters \\n");
        assert_refused(format!("\"{}\"", PUBLIC.replace('\n', "\\n")), "two characters \\n");
        assert_refused(PUBLIC.trim_end().replace('\n', " "), "lost its line ends");
        assert_refused(PUBLIC.replace('\n', ""), "lost its line ends");
        assert_refused(PUBLIC.replace('\n', "\r"), "lost its line ends");
    }

    #[test]
    fn text_around_the_block_is_refused() {
        assert_refused(format!("key:\n{PUBLIC}"), "before");
        assert_refused(format!("\u{feff}{PUBLIC}"), "before");
        assert_refused(format!("\"{PUBLIC}\""), "quotation marks");
        assert_refused(format!("{PUBLIC}end"), "after");
        assert_refused(format!("{PUBLIC}{PUBLIC}"), "more than one");
    }

    #[test]
    fn a_damaged_block_is_refused() {
        let body = PUBLIC.lines().nth(1).unwrap();
        assert_refused(PUBLIC.replace("END PUBLIC", "END PRIVATE"), "does not fit");
        assert_refused(&PUBLIC[..PUBLIC.len() - 30], "cut off");
        assert_refused(PUBLIC.replace(body, &format!("\n{body}")), "empty line");
        assert_refused(PUBLIC.replace(body, &format!("Comment: x\n{body}")), "headers");
        for wrong in
            [&body[1..], body.trim_end_matches('='), &format!("{body}="), &format!(" {body}")]
        {
            assert!(parse(PUBLIC.replace(body, wrong).as_bytes()).is_err(), "{wrong}");
        }
        assert_refused(PUBLIC.replace(body, &format!("{body}\u{e4}")), "not base64");
    }

    #[test]
    fn a_block_under_the_wrong_label_is_refused() {
        for label in [PRIVATE_KEY, RSA_PRIVATE_KEY, RSA_PUBLIC_KEY, EC_PRIVATE_KEY] {
            assert_refused(PUBLIC.replace("PUBLIC KEY", label), "not a well-formed");
        }
        assert_refused(PUBLIC.replace("PUBLIC KEY", "SECRET"), "label is not that");
    }

    #[test]
    fn damage_anywhere_never_panics_and_no_refusal_shows_the_key() {
        let text = vectors::read("testkey_ec.priv");
        let body: Vec<&[u8]> = text.split(|&byte| byte == b'\n').skip(1).take(3).collect();
        let lines: Vec<_> = body.iter().map(|line| String::from_utf8_lossy(&line[4..20])).collect();
        vectors::mutations(&text, |damaged| {
            if let Err(error) = parse(damaged) {
                let message = error.to_string();
                assert!(!lines.iter().any(|line| message.contains(&**line)), "{message}");
            }
        });
    }
}
