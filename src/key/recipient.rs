//! Keys of the recipients of a JWE (RFC 7516), by what they can do.
//!
//! [`KeyMaterial`] is about signatures; X25519 keys, which cannot sign, are read here.

use pkcs8::PrivateKeyInfoRef;
use pkcs8::der::Decode;
use pkcs8::der::asn1::{ObjectIdentifier, OctetStringRef};
use pkcs8::spki::SubjectPublicKeyInfoRef;
use serde_json::{Map, Value};

use super::pem::Block;
use super::{Coordinates, Curve, EcKey, EcPoint, KeyMaterial, RsaKey, SecretBytes, jwk};
use crate::base64url;
use crate::error::Error;

/// `id-X25519` (RFC 8410 Section 3).
const X25519: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.101.110");

/// The number of bytes in an X25519 key, public or private (RFC 7748 Section 5).
const X25519_LEN: usize = 32;

/// The key of a recipient, or what a sender knows of it.
#[derive(Clone)]
pub enum RecipientKey {
    /// A shared secret or a password.
    Secret(SecretBytes),
    /// A key for RSAES-OAEP.
    Rsa(RsaKey),
    /// A key for ECDH-ES.
    Agreement(AgreementKey),
}

impl RecipientKey {
    /// Returns what the key is, in words.
    pub const fn in_words(&self) -> &'static str {
        match self {
            Self::Secret(_) => "a shared secret",
            Self::Rsa(_) => "an RSA key",
            Self::Agreement(key) => key.curve.key_in_words(),
        }
    }

    /// Takes over a key of another module's.
    ///
    /// # Errors
    /// [`Error::InvalidKey`] for a key that can only sign.
    pub fn of(material: &KeyMaterial) -> Result<Self, Error> {
        match material {
            KeyMaterial::Secret(secret) => Ok(Self::Secret(secret.clone())),
            KeyMaterial::Rsa(key) => Ok(Self::Rsa(key.clone())),
            KeyMaterial::Ec(key) => AgreementKey::of(key).map(Self::Agreement),
            KeyMaterial::Okp(key) => Err(Error::InvalidKey(format!(
                "{} keys sign and cannot encrypt: use an X25519 key",
                key.curve.crv()
            ))),
        }
    }
}

/// A curve for ECDH-ES (RFC 7518 Section 4.6, RFC 8037 Section 3.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AgreementCurve {
    /// NIST P-256, P-384 or P-521.
    Nist(Curve),
    /// X25519.
    X25519,
}

impl AgreementCurve {
    /// Returns the JWK name, `crv`.
    pub const fn crv(self) -> &'static str {
        match self {
            Self::Nist(curve) => curve.crv(),
            Self::X25519 => "X25519",
        }
    }

    /// Returns what a key on the curve is, in words.
    pub const fn key_in_words(self) -> &'static str {
        match self {
            Self::Nist(curve) => curve.key_in_words(),
            Self::X25519 => "an X25519 key",
        }
    }

    const fn kty(self) -> &'static str {
        match self {
            Self::Nist(_) => "EC",
            Self::X25519 => "OKP",
        }
    }
}

/// A key for ECDH-ES.
#[derive(Clone)]
pub struct AgreementKey {
    /// The curve.
    pub curve: AgreementCurve,
    /// The uncompressed point, or the X25519 public key. It is absent only if the encoding of a
    /// private key leaves it out; `crypto` then computes it.
    pub public: Option<Vec<u8>>,
    /// The private scalar, if there is one.
    pub d: Option<SecretBytes>,
}

impl AgreementKey {
    /// Takes over an EC key.
    ///
    /// # Errors
    /// [`Error::InvalidKey`] for secp256k1, over which no JWE algorithm is defined, and for a
    /// compressed point, which `crypto::complete` replaces.
    pub fn of(key: &EcKey) -> Result<Self, Error> {
        if key.curve == Curve::Secp256k1 {
            return Err(Error::invalid_key("secp256k1 keys sign and cannot encrypt"));
        }
        let public = match &key.public {
            None => None,
            Some(EcPoint::Affine(Coordinates { x, y })) => Some([&[4][..], x, y].concat()),
            Some(EcPoint::Compressed(_)) => {
                return Err(Error::invalid_key("The EC key's public point is compressed"));
            }
        };
        Ok(Self { curve: AgreementCurve::Nist(key.curve), public, d: key.d.clone() })
    }

    /// Reads an X25519 key or an EC key from a JWK.
    ///
    /// # Errors
    /// [`Error::InvalidKey`] for every other key.
    pub fn from_jwk(value: &Value) -> Result<Self, Error> {
        if is_x25519_jwk(value) {
            return x25519_from_jwk(value);
        }
        match jwk::from_value(value)? {
            KeyMaterial::Ec(key) => Self::of(&key),
            _ => Err(Error::invalid_key("ECDH-ES needs an EC key or an X25519 key")),
        }
    }

    /// Reads an X25519 key from PKCS#8 or `SubjectPublicKeyInfo` (RFC 8410); returns `None` for
    /// anything else.
    pub fn x25519_from_der(der: &[u8]) -> Option<Self> {
        if let Ok(info) = PrivateKeyInfoRef::from_der(der) {
            let d = <&OctetStringRef>::from_der(info.private_key.as_bytes()).ok()?.as_bytes();
            let fits = info.algorithm.oid == X25519 && d.len() == X25519_LEN;
            return fits.then(|| Self::x25519(None, Some(d.to_vec().into())));
        }
        let info = SubjectPublicKeyInfoRef::from_der(der).ok()?;
        let x = info.subject_public_key.as_bytes()?;
        let fits = info.algorithm.oid == X25519 && x.len() == X25519_LEN;
        fits.then(|| Self::x25519(Some(x.to_vec()), None))
    }

    /// Reads an X25519 key from PEM text; returns `None` for anything else.
    pub fn x25519_from_pem(text: &[u8]) -> Option<Self> {
        Self::x25519_from_der(Block::find(text).ok()?.der())
    }

    const fn x25519(public: Option<Vec<u8>>, d: Option<SecretBytes>) -> Self {
        Self { curve: AgreementCurve::X25519, public, d }
    }

    /// Writes the public part as a JWK; the members that it lacks are left out.
    pub fn public_jwk(&self) -> Map<String, Value> {
        let mut jwk = Map::new();
        let mut put = |name: &str, value: String| jwk.insert(name.to_owned(), value.into());
        put("kty", self.curve.kty().to_owned());
        put("crv", self.curve.crv().to_owned());
        match (self.curve, self.public.as_deref()) {
            (AgreementCurve::X25519, Some(x)) => {
                put("x", base64url::encode(x));
            }
            (AgreementCurve::Nist(curve), Some(point)) => {
                let (x, y) = point[1..].split_at(curve.field_len());
                put("x", base64url::encode(x));
                put("y", base64url::encode(y));
            }
            (_, None) => {}
        }
        jwk
    }

    /// Writes the key as a JWK with its private part.
    pub fn private_jwk(&self) -> Map<String, Value> {
        let mut jwk = self.public_jwk();
        if let Some(d) = &self.d {
            jwk.insert("d".to_owned(), base64url::encode(d).into());
        }
        jwk
    }
}

/// Returns whether a JWK claims to be an X25519 key.
pub fn is_x25519_jwk(jwk: &Value) -> bool {
    let member = |name: &str| jwk.get(name).and_then(Value::as_str);
    member("kty") == Some("OKP") && member("crv") == Some(AgreementCurve::X25519.crv())
}

/// Reads an `OKP` key (RFC 8037 Section 2). `crypto` checks that `x` belongs to `d`.
fn x25519_from_jwk(jwk: &Value) -> Result<AgreementKey, Error> {
    let bytes = |name: &str| match jwk.get(name) {
        None => Ok(None),
        Some(value) => value
            .as_str()
            .and_then(|text| base64url::decode(text.as_bytes()).ok())
            .filter(|bytes| bytes.len() == X25519_LEN)
            .map(Some)
            .ok_or_else(|| {
                Error::InvalidKey(format!("The X25519 key's \"{name}\" is not 32 bytes, base64url"))
            }),
    };
    let public = bytes("x")?.ok_or_else(|| Error::invalid_key("The X25519 key lacks \"x\""))?;
    Ok(AgreementKey::x25519(Some(public), bytes("d")?.map(Into::into)))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::key::{OkpCurve, OkpKey, vectors};

    #[test]
    fn x25519_keys_are_read_from_der() {
        let private = AgreementKey::x25519_from_der(&vectors::read("x25519_pkcs8.der")).unwrap();
        assert!(private.public.is_none() && private.d.unwrap().len() == 32);
        let public = AgreementKey::x25519_from_der(&vectors::read("x25519_spki.der")).unwrap();
        assert!(public.d.is_none() && public.public.unwrap().len() == 32);
        for other in ["x448_pkcs8.der", "x448_spki.der", "ed25519_pkcs8.der", "ed25519_spki.der"] {
            assert!(AgreementKey::x25519_from_der(&vectors::read(other)).is_none(), "{other}");
        }
        for name in ["x25519_pkcs8.der", "x25519_spki.der"] {
            vectors::mutations(&vectors::read(name), |damaged| {
                drop(AgreementKey::x25519_from_der(damaged));
            });
        }
    }

    #[test]
    fn x25519_jwks_have_32_bytes_in_each_member() {
        let x = base64url::encode(&[9; 32]);
        let jwk = json!({"kty": "OKP", "crv": "X25519", "x": x, "d": x});
        let key = AgreementKey::from_jwk(&jwk).unwrap();
        assert_eq!((key.public.unwrap(), key.d.unwrap().to_vec()), (vec![9; 32], vec![9; 32]));
        for (name, value) in [
            ("x", Value::Null),
            ("x", json!(base64url::encode(&[9; 31]))),
            ("d", json!(base64url::encode(&[9; 33]))),
            ("d", json!("*")),
            ("crv", json!("X448")),
        ] {
            let mut wrong = jwk.clone();
            wrong[name] = value;
            assert!(AgreementKey::from_jwk(&wrong).is_err(), "{wrong}");
        }
        let mut without = jwk;
        without.as_object_mut().unwrap().remove("x");
        assert!(AgreementKey::from_jwk(&without).is_err());
    }

    #[test]
    fn keys_that_can_only_sign_are_refused() {
        let ed25519 = OkpKey { curve: OkpCurve::Ed25519, x: Some(vec![1; 32]), d: None };
        assert!(RecipientKey::of(&KeyMaterial::Okp(ed25519)).is_err());
        let secp256k1 = EcKey { curve: Curve::Secp256k1, public: None, d: None };
        assert!(RecipientKey::of(&KeyMaterial::Ec(secp256k1)).is_err());
    }
}
