//! OpenSSH public keys: `type base64 [comment]` on one line (RFC 4253 Section 6.6, RFC 5656
//! Section 3.1, RFC 8709 Section 4).

use base64_simd::STANDARD;

use super::{Curve, EcKey, EcPoint, KeyMaterial, OkpCurve, OkpKey, RsaKey, der};
use crate::error::Error;

/// Reads an OpenSSH public key of the type `ssh-rsa`, `ssh-ed25519` or `ecdsa-sha2-nistp*`.
///
/// # Errors
/// [`Error::InvalidKey`] if `line` is anything else.
pub fn parse_public(line: &[u8]) -> Result<KeyMaterial, Error> {
    let (key_type, base64) = split(line).ok_or_else(malformed)?;
    if !is_supported(key_type) {
        return Err(Error::invalid_key(
            "Unsupported OpenSSH key type: expected ssh-rsa, ssh-ed25519 or \
             ecdsa-sha2-nistp256, -nistp384 or -nistp521",
        ));
    }
    let blob = STANDARD.decode_to_vec(base64).map_err(|_| malformed())?;
    let mut fields = Fields(&blob);
    if fields.string() != Some(key_type) {
        return Err(Error::invalid_key("The OpenSSH key's data is of another type than it says"));
    }
    let key = match key_type {
        b"ssh-rsa" => rsa(&mut fields)?,
        b"ssh-ed25519" => ed25519(&mut fields)?,
        _ => ecdsa(key_type, &mut fields)?,
    };
    if fields.0.is_empty() { Ok(key) } else { Err(malformed()) }
}

/// Splits `type base64 [comment]` into the type and the base64 text.
fn split(line: &[u8]) -> Option<(&[u8], &[u8])> {
    let line = line.trim_ascii_end();
    if line.contains(&b'\n') || line.contains(&b'\r') {
        return None;
    }
    let mut words =
        line.split(|&byte| byte == b' ' || byte == b'\t').filter(|word| !word.is_empty());
    let (key_type, base64) = (words.next()?, words.next()?);
    line.starts_with(key_type).then_some((key_type, base64))
}

fn is_supported(key_type: &[u8]) -> bool {
    matches!(key_type, b"ssh-rsa" | b"ssh-ed25519") || ecdsa_curve(key_type).is_some()
}

/// Returns the curve of an ECDSA key type, and the name that the key's data repeats.
fn ecdsa_curve(key_type: &[u8]) -> Option<(Curve, &[u8])> {
    let name = key_type.strip_prefix(b"ecdsa-sha2-")?;
    let curve = match name {
        b"nistp256" => Curve::P256,
        b"nistp384" => Curve::P384,
        b"nistp521" => Curve::P521,
        _ => return None,
    };
    Some((curve, name))
}

fn rsa(fields: &mut Fields<'_>) -> Result<KeyMaterial, Error> {
    let e = fields.positive_integer().ok_or_else(malformed)?;
    let n = fields.positive_integer().ok_or_else(malformed)?;
    Ok(KeyMaterial::Rsa(RsaKey::new(n, e, None)?))
}

fn ed25519(fields: &mut Fields<'_>) -> Result<KeyMaterial, Error> {
    let curve = OkpCurve::Ed25519;
    let x = fields.string().filter(|x| x.len() == curve.key_len()).ok_or_else(malformed)?;
    Ok(KeyMaterial::Okp(OkpKey { curve, x: Some(x.to_vec()), d: None }))
}

fn ecdsa(key_type: &[u8], fields: &mut Fields<'_>) -> Result<KeyMaterial, Error> {
    let (curve, name) = ecdsa_curve(key_type).ok_or_else(malformed)?;
    if fields.string() != Some(name) {
        return Err(malformed());
    }
    let point = fields.string().ok_or_else(malformed)?;
    match der::parse_point(curve, point)? {
        EcPoint::Compressed(_) => {
            Err(Error::invalid_key("The OpenSSH key's public point is compressed"))
        }
        public @ EcPoint::Affine(..) => {
            Ok(KeyMaterial::Ec(EcKey { curve, public: Some(public), d: None }))
        }
    }
}

/// The rest of a key's data, a sequence of length-prefixed fields (RFC 4251 Section 5).
struct Fields<'a>(&'a [u8]);

impl<'a> Fields<'a> {
    /// Reads a `string`.
    fn string(&mut self) -> Option<&'a [u8]> {
        let (len, rest) = self.0.split_first_chunk()?;
        let len = usize::try_from(u32::from_be_bytes(*len)).ok()?;
        let (string, rest) = rest.split_at_checked(len)?;
        self.0 = rest;
        Some(string)
    }

    /// Reads a positive `mpint` in its canonical form; returns it without the sign byte.
    fn positive_integer(&mut self) -> Option<&'a [u8]> {
        match self.string()? {
            [0, integer @ ..] if integer.first()? & 0x80 != 0 => Some(integer),
            integer => matches!(integer.first()?, 0x01..=0x7f).then_some(integer),
        }
    }
}

fn malformed() -> Error {
    Error::invalid_key("The OpenSSH public key is malformed: expected one line, `type base64`")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::key::vectors;

    /// Encodes a field of a key's data.
    fn field(bytes: &[u8]) -> Vec<u8> {
        [&u32::try_from(bytes.len()).unwrap().to_be_bytes(), bytes].concat()
    }

    fn line(key_type: &str, fields: &[&[u8]]) -> Vec<u8> {
        let blob: Vec<u8> = fields.iter().flat_map(|bytes| field(bytes)).collect();
        format!("{key_type} {}", STANDARD.encode_to_string(blob)).into_bytes()
    }

    #[test]
    fn every_openssh_vector_reads_as_cryptography_reads_it() {
        let files = vectors::readable(vectors::SSH);
        assert!(files.len() == 7, "{} files", files.len());
        for file in files {
            file.assert_reads(parse_public);
        }
    }

    #[test]
    fn a_comment_and_a_line_end_are_allowed() {
        let line = vectors::read("testkey_ed25519.pub").trim_ascii().to_vec();
        let key = parse_public(&line).unwrap();
        for after in [&b" me@example"[..], b" a b c\r\n", b"\n", b"\t", b"  x "] {
            assert_eq!(parse_public(&[&line, after].concat()), Ok(key.clone()), "{after:?}");
        }
    }

    #[test]
    fn anything_around_the_line_is_refused() {
        let line = vectors::read("testkey_ed25519.pub").trim_ascii().to_vec();
        for (before, after) in [
            (" ", ""),
            ("\n", ""),
            ("from=\"x\" ", ""),
            ("", "\nx"),
            ("", " comment\nx"),
            ("", " comment\rx"),
            ("", "="),
        ] {
            let text = [before.as_bytes(), &line, after.as_bytes()].concat();
            assert!(parse_public(&text).is_err(), "{before:?} {after:?}");
        }
        for text in ["", " ", "ssh-ed25519", "ssh-ed25519 ", "ssh-dss AAAA", "x y"] {
            assert!(parse_public(text.as_bytes()).is_err(), "{text:?}");
        }
    }

    #[test]
    fn a_type_that_is_not_supported_is_called_so() {
        for key_type in ["ssh-dss", "ecdsa-sha2-nistp224", "sk-ssh-ed25519@openssh.com"] {
            let refusal = parse_public(&line(key_type, &[key_type.as_bytes()])).unwrap_err();
            assert!(refusal.to_string().starts_with("Unsupported OpenSSH key type"), "{refusal}");
        }
    }

    #[test]
    fn the_data_must_be_exactly_what_the_type_says() {
        let (n, e) = ([0x7f; 256], [1, 0, 1]);
        let x = [7; 32];
        assert!(parse_public(&line("ssh-rsa", &[b"ssh-rsa", &e, &n])).is_ok());
        for (key_type, fields) in [
            ("ssh-ed25519", &[&b"ssh-rsa"[..], &e, &n][..]),
            ("ssh-rsa", &[b"ssh-rsa", &e]),
            ("ssh-rsa", &[b"ssh-rsa", &e, &n, b""]),
            ("ssh-rsa", &[b"ssh-rsa", &e, &[0xff; 256]]),
            ("ssh-rsa", &[b"ssh-rsa", &[0, 1, 0, 1], &n]),
            ("ssh-rsa", &[b"ssh-rsa", &[0], &n]),
            ("ssh-rsa", &[b"ssh-rsa", &[], &n]),
            ("ssh-ed25519", &[b"ssh-ed25519", &x[1..]]),
            ("ssh-ed25519", &[b"ssh-ed25519", &x, b""]),
            ("ecdsa-sha2-nistp256", &[b"ecdsa-sha2-nistp256", b"nistp384", &[4; 65]]),
            ("ecdsa-sha2-nistp256", &[b"ecdsa-sha2-nistp256", b"nistp256", &[2; 33]]),
            ("ecdsa-sha2-nistp256", &[b"ecdsa-sha2-nistp256", b"nistp256", &[4; 64]]),
        ] {
            assert!(parse_public(&line(key_type, fields)).is_err(), "{key_type} {fields:?}");
        }
    }

    #[test]
    fn damage_anywhere_never_panics() {
        for name in ["rsa_2048.ssh.pub", "testkey_ec_ssh.pub", "testkey_ed25519.pub"] {
            vectors::mutations(&vectors::read(name), |damaged| drop(parse_public(damaged)));
        }
    }
}
