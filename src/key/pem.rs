//! PEM (RFC 7468): base64-encoded DER between a BEGIN and an END line.
//!
//! The reader accepts what cryptography, and therefore `PyJWT`, accepts: one key, with any text
//! around it. It is stricter if a text contains several keys, of which cryptography silently uses
//! one.

use std::str;

use base64_simd::STANDARD;
use memchr::memmem;
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

/// Labels of blocks that contain a private key.
const PRIVATE: [&str; 6] = [
    PRIVATE_KEY,
    ENCRYPTED_PRIVATE_KEY,
    RSA_PRIVATE_KEY,
    EC_PRIVATE_KEY,
    "DSA PRIVATE KEY",
    "OPENSSH PRIVATE KEY",
];
/// Labels of blocks that contain a public key.
const PUBLIC: [&str; 2] = [PUBLIC_KEY, RSA_PUBLIC_KEY];

const BEGIN: &str = "-----BEGIN ";
const END: &str = "-----END ";
const DASHES: &str = "-----";

/// The number of characters in a full line (RFC 7468 Section 2).
const COLUMNS: usize = 64;

/// Reads one private or public key.
///
/// # Errors
/// [`Error::InvalidKey`] if `text` does not contain exactly one key, or if this crate does not
/// support the key. The message says what was found and what would help, and contains nothing of
/// the key.
pub fn parse(text: &[u8]) -> Result<KeyMaterial, Error> {
    let block = Block::find(text)?;
    let read = match block.label {
        PRIVATE_KEY => der::parse_pkcs8,
        PUBLIC_KEY => der::parse_spki,
        RSA_PRIVATE_KEY => der::parse_pkcs1_private,
        RSA_PUBLIC_KEY => parse_rsa_public,
        EC_PRIVATE_KEY => |der: &[u8]| der::parse_sec1(der, None),
        other => return Err(unreadable_label(other)),
    };
    read(&block.der)
}

/// Returns whether `text` is one block with only white space around it, which PyJWT reads without
/// looking at the text itself.
pub fn is_one_block(text: &[u8]) -> bool {
    str::from_utf8(text).is_ok_and(|text| {
        let text = text.trim_ascii();
        text.starts_with(BEGIN) && text.ends_with(DASHES) && text.matches(BEGIN).count() == 1
    })
}

/// Reads a PKCS#1 public key, or the `SubjectPublicKeyInfo` of an RSA key with the same label,
/// which OpenSSL and cryptography also read.
fn parse_rsa_public(der: &[u8]) -> Result<KeyMaterial, Error> {
    der::parse_pkcs1_public(der).or_else(|error| match der::parse_spki(der) {
        Ok(key @ KeyMaterial::Rsa(_)) => Ok(key),
        _ => Err(error),
    })
}

/// Returns `der` as a PEM block: lines of 64 characters, each of which ends with a line feed.
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

/// A PEM block.
pub(crate) struct Block<'a> {
    label: &'a str,
    /// The lines before the first empty line (RFC 1421 Section 4.4).
    headers: &'a str,
    der: SecretBytes,
}

impl<'a> Block<'a> {
    /// Returns the label of the BEGIN and the END line.
    pub(crate) const fn label(&self) -> &'a str {
        self.label
    }

    /// Returns the bytes in the block.
    pub(crate) fn der(&self) -> &[u8] {
        &self.der
    }

    /// Finds the key in `text`, or, if there is no key, its only block. A key may have other blocks
    /// around it, such as the EC PARAMETERS that OpenSSL writes before a key, and other text.
    pub(crate) fn find(text: &'a [u8]) -> Result<Self, Error> {
        let mut blocks = Self::all(text)?;
        let is_key = |block: &Self| PRIVATE.contains(&block.label) || PUBLIC.contains(&block.label);
        let mut keys = (0..blocks.len()).filter(|&at| is_key(&blocks[at]));
        let at = match (keys.next(), keys.next()) {
            (Some(at), None) => at,
            (Some(_), Some(_)) => return Err(Error::invalid_key(SEVERAL_KEYS)),
            (None, _) if blocks.len() == 1 => 0,
            (None, _) if blocks.is_empty() => return Err(no_block(text)),
            (None, _) => return Err(Error::invalid_key(SEVERAL_BLOCKS)),
        };
        let block = blocks.swap_remove(at);
        // As in cryptography, only private keys may come after certificates and parameters.
        if at > 0 && PUBLIC.contains(&block.label) {
            return Err(Error::invalid_key(PUBLIC_NOT_FIRST));
        }
        block.check_not_encrypted()?;
        Ok(block)
    }

    /// Returns all blocks of `text`, each of which must be well-formed.
    fn all(text: &'a [u8]) -> Result<Vec<Self>, Error> {
        let mut blocks = Vec::new();
        let mut rest = text;
        while let Some((frame, after)) = Frame::next(rest) {
            blocks.push(frame.decode()?);
            rest = after;
        }
        Ok(blocks)
    }

    /// Refuses the encryption of RFC 1421, which OpenSSL reads from headers.
    fn check_not_encrypted(&self) -> Result<(), Error> {
        let named =
            |line: &str| line.split_once(':').is_some_and(|(name, _)| name.trim() == PROC_TYPE);
        if self.headers.lines().any(named) {
            Err(Error::invalid_key(OLD_ENCRYPTION))
        } else {
            Ok(())
        }
    }
}

/// A PEM block that is not decoded yet.
struct Frame<'a> {
    label: &'a [u8],
    body: &'a [u8],
    end_label: &'a [u8],
}

impl<'a> Frame<'a> {
    /// Returns the first block of `text` and what comes after it.
    fn next(text: &'a [u8]) -> Option<(Self, &'a [u8])> {
        let (label, rest) = split_once(after_begin(text)?, DASHES)?;
        let (body, rest) = split_once(rest, END)?;
        let (end_label, rest) = split_once(rest, DASHES)?;
        Some((Self { label, body, end_label }, rest))
    }

    fn decode(&self) -> Result<Block<'a>, Error> {
        if self.label != self.end_label {
            return Err(Error::invalid_key(
                "The END line of the PEM key does not fit its BEGIN line",
            ));
        }
        let label = str::from_utf8(self.label).ok().filter(|label| !label.is_empty());
        let label = label.ok_or_else(|| Error::invalid_key("The PEM block's label is not text"))?;
        let body = str::from_utf8(self.body).map_err(|_| not_base64(""))?;
        let (headers, base64) = split_headers(body.trim_start_matches([' ', '\t', '\n', '\r']));
        if headers.lines().any(|line| !line.contains(':')) {
            return Err(Error::invalid_key("The PEM key has an empty line in its body"));
        }
        // OpenPGP has a checksum after the base64 (RFC 9580 Section 6.1).
        let is_pgp = label.starts_with("PGP ");
        let der =
            decode(base64).map_err(|error| if is_pgp { unreadable_label(label) } else { error })?;
        Ok(Block { label, headers, der })
    }
}

/// Returns what follows the first BEGIN of `text`. For cryptography, a sixth dash before it is an
/// error.
fn after_begin(text: &[u8]) -> Option<&[u8]> {
    memmem::find_iter(text, BEGIN)
        .find(|&at| at == 0 || text[at - 1] != b'-')
        .map(|at| &text[at + BEGIN.len()..])
}

fn split_once<'a>(text: &'a [u8], marker: &str) -> Option<(&'a [u8], &'a [u8])> {
    memmem::find(text, marker.as_bytes()).map(|at| (&text[..at], &text[at + marker.len()..]))
}

/// Returns the headers of a block and what follows the empty line after them.
fn split_headers(body: &str) -> (&str, &str) {
    body.split_once("\n\n").or_else(|| body.split_once("\r\n\r\n")).unwrap_or(("", body))
}

/// Decodes base64 with white space anywhere, because keys come from environment variables, forms
/// and indented configuration files.
fn decode(base64: &str) -> Result<SecretBytes, Error> {
    let mut bytes = Zeroizing::new(Vec::with_capacity(base64.len()));
    for part in base64.split_whitespace() {
        bytes.extend_from_slice(part.as_bytes());
    }
    let len = STANDARD.decode_inplace(&mut bytes).map_err(|_| not_base64(base64))?.len();
    bytes.truncate(len);
    Ok(bytes)
}

/// Says what is wrong with a body that is not base64.
fn not_base64(body: &str) -> Error {
    Error::invalid_key(if body.contains("\\n") {
        ESCAPED_LINE_ENDS
    } else if body.contains(BEGIN) {
        "The PEM key has no END line before the next BEGIN line: it is cut off"
    } else if body.contains(':') {
        "The PEM headers are not followed by an empty line"
    } else {
        "The PEM key's body is not base64"
    })
}

/// Says what is wrong with a text without a PEM block.
fn no_block(text: &[u8]) -> Error {
    let Some(rest) = after_begin(text) else {
        return not_pem(text);
    };
    let has = |part: &str| memmem::find(rest, part.as_bytes()).is_some();
    Error::invalid_key(if !has(DASHES) {
        "The BEGIN line of the PEM key is not complete"
    } else if has(END) {
        "The END line of the PEM key is not complete"
    } else {
        "The PEM key has no END line: it is cut off"
    })
}

/// Says what a text without a BEGIN line may be.
fn not_pem(text: &[u8]) -> Error {
    let text = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text).trim_ascii();
    let starts_with = |part: &str| text.starts_with(part.as_bytes());
    Error::invalid_key(if text.is_empty() {
        "The key is empty; expected a key in PEM format"
    } else if starts_with("ssh-") || starts_with("ecdsa-sha2-") {
        "Expected a key in PEM format, got an OpenSSH public key: Key.from_ssh reads it"
    } else if starts_with("{") {
        "Expected a key in PEM format, got what looks like a JWK: Key.from_jwk reads it"
    } else if starts_with("\x30") && text.get(1).is_some_and(|&length| length >= 0x80) {
        "Expected a key in PEM format, got what looks like DER: Key.from_der reads it"
    } else if text.starts_with(b"\xff\xfe") || text.starts_with(b"\xfe\xff") {
        "Expected a key in PEM format, got text in UTF-16: convert it to UTF-8"
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

/// The header that says how a block is encrypted (RFC 1421 Section 4.6.1.1).
const PROC_TYPE: &str = "Proc-Type";

const OLD_ENCRYPTION: &str = "The private key is encrypted in the old form of OpenSSL (\"Proc-Type: 4,ENCRYPTED\"), which is \
     not supported, for it protects badly: convert it with `openssl pkcs8 -topk8 -in old.pem -out \
     new.pem`";

const SEVERAL_KEYS: &str = "The PEM text has more than one key: pass one alone";

const SEVERAL_BLOCKS: &str = "There is more than one PEM block and none is a key: pass one alone";

const PUBLIC_NOT_FIRST: &str =
    "There is another PEM block before the public key: pass the key's block alone";

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
    fn escaped_line_ends_are_named() {
        assert_refused(PUBLIC.trim_end().replace('\n', "\\n"), "two characters \\n");
        assert_refused(PUBLIC.replace('\n', "\\n"), "two characters \\n");
        assert_refused(format!("\"{}\"", PUBLIC.replace('\n', "\\n")), "two characters \\n");
    }

    #[test]
    fn other_blocks_and_text_may_stand_around_a_private_key() {
        let text = String::from_utf8(vectors::read("ec_p256_sec1.pem")).unwrap();
        let key = parse(text.as_bytes()).unwrap();
        let parameters = encode("EC PARAMETERS", &[5, 0]);
        let certificate = encode(CERTIFICATE, &[5, 0]);
        for around in [
            format!("{parameters}{text}"),
            format!("{text}{parameters}"),
            format!("{certificate}{text}{certificate}"),
            format!("Bag Attributes\n  localKeyID: 01\nKey Attributes: <No Attributes>\n{text}"),
            format!("\u{feff}{text}"),
            format!("\"{text}\""),
            format!("-----\n-----END X-----\n{text}"),
            format!("{text}-----BEGIN X-----\ncut off"),
        ] {
            assert_eq!(parse(around.as_bytes()), Ok(key.clone()), "{around:?}");
        }
        assert_eq!(parse(&[b"\xff", text.as_bytes(), b"\xff"].concat()), Ok(key));
    }

    #[test]
    fn a_public_key_is_the_first_block() {
        let certificate = encode(CERTIFICATE, &[5, 0]);
        let key = parse(PUBLIC.as_bytes()).unwrap();
        assert_eq!(parse(format!("{PUBLIC}{certificate}").as_bytes()), Ok(key));
        assert_refused(format!("{certificate}{PUBLIC}"), "before the public key");
    }

    #[test]
    fn of_several_keys_none_is_taken() {
        let text = String::from_utf8(vectors::read("testkey_ec.priv")).unwrap();
        let encrypted = PUBLIC.replace("PUBLIC", "ENCRYPTED PRIVATE");
        for second in [&text, PUBLIC, &encrypted] {
            assert_refused(format!("{text}{second}"), "more than one key");
        }
        let certificate = encode(CERTIFICATE, &[5, 0]);
        assert_refused(format!("{certificate}{certificate}"), "none is a key");
    }

    #[test]
    fn a_damaged_block_spoils_the_text() {
        let other = encode("X", &[5, 0]);
        for damaged in [
            other.replace("END X", "END Y"),
            other.replace("BQA=", "!"),
            other.replace("BQA=", "BQB="),
            other.replace("BQA=", "BQA=\n\nBQA="),
            other.replace('X', ""),
            other.replace("-----END X-----\n", ""),
        ] {
            assert!(parse(format!("{damaged}{PUBLIC}").as_bytes()).is_err(), "{damaged}");
        }
        assert_refused(format!("-{PUBLIC}"), "not in PEM format");
        assert_refused(b"-----BEGIN \xff-----\n-----END \xff-----", "label is not text");
    }

    #[test]
    fn white_space_in_the_body_does_not_count() {
        let key = parse(PUBLIC.as_bytes()).unwrap();
        for text in [
            PUBLIC.replace('\n', "\r"),
            PUBLIC.replace('\n', " "),
            PUBLIC.replace('\n', ""),
            PUBLIC.replace('\n', "  \n\t"),
            PUBLIC.replace('\n', "\u{a0}\n"),
            PUBLIC.replacen('\n', "\n\n\n", 1),
        ] {
            assert_eq!(parse(text.as_bytes()), Ok(key.clone()), "{text:?}");
        }
        assert_refused(PUBLIC.replace('\n', "\n\n"), "empty line");
        assert_refused(PUBLIC.replace('\n', "\u{200b}\n"), "not base64");
    }

    #[test]
    fn headers_are_skipped_unless_they_encrypt() {
        let with = |headers: &str| PUBLIC.replacen('\n', &format!("\n{headers}\n"), 1);
        assert_eq!(parse(with("A: b\nC:\n").as_bytes()), parse(PUBLIC.as_bytes()));
        let crlf = with("A: b\n").replace('\n', "\r\n");
        assert_eq!(parse(crlf.as_bytes()), parse(PUBLIC.as_bytes()));
        assert_refused(with("A: b\nC\n"), "empty line in its body");
        assert_refused(with("A: b"), "not followed by an empty line");
        assert_refused(with("Proc-Type : 4,ENCRYPTED\n"), "openssl pkcs8 -topk8");
    }

    #[test]
    fn a_public_rsa_key_may_be_either_structure_under_its_own_label() {
        let text = String::from_utf8(vectors::read("rsa_2048_spki.pem")).unwrap();
        let renamed = text.replace("PUBLIC KEY", RSA_PUBLIC_KEY);
        assert_eq!(parse(renamed.as_bytes()), parse(text.as_bytes()));
        assert_refused(PUBLIC.replace("PUBLIC KEY", RSA_PUBLIC_KEY), "well-formed PKCS#1");
    }

    #[test]
    fn a_damaged_block_is_refused() {
        let body = PUBLIC.lines().nth(1).unwrap();
        assert_refused(PUBLIC.replace("END PUBLIC", "END PRIVATE"), "does not fit");
        assert_refused(&PUBLIC[..PUBLIC.len() - 30], "cut off");
        assert_refused(&PUBLIC[..PUBLIC.len() - 3], "END line of the PEM key is not complete");
        assert_refused(format!("-----BEGIN PUBLIC KEY-----\n{PUBLIC}"), "before the next BEGIN");
        for wrong in [&body[1..], body.trim_end_matches('='), &format!("{body}=")] {
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
