//! Keys of the recipients of a JWE (RFC 7516), by what they can do.

use serde_json::{Map, Value};

use super::{
    Coordinates, Curve, EcKey, EcPoint, KeyMaterial, OkpCurve, OkpKey, RsaKey, SecretBytes, jwk,
};
use crate::base64url;
use crate::error::Error;

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
            KeyMaterial::Okp(key) if key.curve == OkpCurve::X25519 => {
                Ok(Self::Agreement(AgreementKey::of_x25519(key.clone())))
            }
            KeyMaterial::Akp(key) => Err(Error::InvalidKey(format!(
                "{} keys sign and cannot encrypt",
                key.algorithm.name()
            ))),
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
        match jwk::from_value(value)? {
            KeyMaterial::Ec(key) => Self::of(&key),
            KeyMaterial::Okp(key) if key.curve == OkpCurve::X25519 => Ok(Self::of_x25519(key)),
            _ => Err(Error::invalid_key("ECDH-ES needs an EC key or an X25519 key")),
        }
    }

    /// Takes over an X25519 key.
    pub fn of_x25519(key: OkpKey) -> Self {
        Self { curve: AgreementCurve::X25519, public: key.x, d: key.d }
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
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::base64url;

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
