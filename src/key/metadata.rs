//! What a JWK says about its key apart from the key material (RFC 7517 Sections 4.2 to 4.5).

use std::collections::HashSet;

use serde_json::{Map, Value};

use crate::error::Error;

/// What a key may be used for, if its JWK says so.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct JwkMetadata {
    /// The key ID, `kid`.
    pub kid: Option<String>,
    /// The only algorithm that the key may be used with, `alg`.
    pub alg: Option<String>,
    /// The member `use`, which is a keyword in Rust: `sig` or `enc`.
    pub public_key_use: Option<String>,
    /// The operations that the key may be used for, `key_ops`.
    pub key_ops: Option<Vec<String>>,
}

impl JwkMetadata {
    /// Reads the members of a JWK; null counts as absent.
    ///
    /// # Errors
    /// [`Error::InvalidKey`] if one of them has a value of another type.
    pub fn of(jwk: &Value) -> Result<Self, Error> {
        Ok(Self {
            kid: text(jwk, "kid")?,
            alg: text(jwk, "alg")?,
            public_key_use: text(jwk, "use")?,
            key_ops: key_ops(jwk)?,
        })
    }

    /// Returns the metadata of the public half of such a key: `verify` takes the place of `sign`,
    /// and so on.
    #[must_use]
    pub fn of_public_half(&self) -> Self {
        let mut seen = HashSet::new();
        let key_ops = self.key_ops.as_ref().map(|names| {
            let counterparts = names.iter().map(|name| public_operation(name));
            counterparts.filter(|name| seen.insert(*name)).map(str::to_owned).collect()
        });
        Self { key_ops, ..self.clone() }
    }

    /// Writes the members to a JWK.
    pub fn write_to(&self, jwk: &mut Map<String, Value>) {
        let members = [("kid", &self.kid), ("alg", &self.alg), ("use", &self.public_key_use)];
        for (name, text) in members {
            if let Some(text) = text {
                jwk.insert(name.to_owned(), text.as_str().into());
            }
        }
        if let Some(names) = &self.key_ops {
            jwk.insert("key_ops".to_owned(), names.clone().into());
        }
    }
}

/// Returns whether a key with this `use` may be used in the wanted way: without `use`, in every way
/// (RFC 7517 Section 4.2).
pub fn permits_use(key_use: Option<&str>, wanted: &str) -> bool {
    key_use.is_none_or(|key_use| key_use == wanted)
}

/// Returns whether a key with these `key_ops` may do the wanted operation: without `key_ops`, every
/// operation (RFC 7517 Section 4.3).
pub fn permits_operation(key_ops: Option<&[&str]>, wanted: &str) -> bool {
    key_ops.is_none_or(|names| names.contains(&wanted))
}

fn text(jwk: &Value, name: &str) -> Result<Option<String>, Error> {
    match jwk.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text.clone())),
        Some(_) => Err(Error::InvalidKey(format!("\"{name}\" must be a string"))),
    }
}

fn key_ops(jwk: &Value) -> Result<Option<Vec<String>>, Error> {
    match jwk.get("key_ops") {
        None | Some(Value::Null) => Ok(None),
        Some(names) => match strings(names) {
            Some(names) => Ok(Some(names)),
            None => Err(Error::invalid_key("\"key_ops\" must be a list of strings")),
        },
    }
}

fn strings(list: &Value) -> Option<Vec<String>> {
    list.as_array()?.iter().map(|item| item.as_str().map(str::to_owned)).collect()
}

/// Returns the operation of the public key that corresponds to one of the private key (RFC 7517
/// Section 4.3).
fn public_operation(name: &str) -> &str {
    match name {
        "sign" => "verify",
        "decrypt" => "encrypt",
        "unwrapKey" => "wrapKey",
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_read_is_written() {
        let jwk = json!({"kid": "1", "alg": "ES256", "use": "sig", "key_ops": ["sign"]});
        let mut written = Map::new();
        JwkMetadata::of(&jwk).unwrap().write_to(&mut written);
        assert_eq!(Value::Object(written), jwk);
        assert_eq!(
            JwkMetadata::of(&json!({"kid": null, "key_ops": null})),
            Ok(JwkMetadata::default())
        );
    }

    #[test]
    fn members_of_another_type_are_refused() {
        for jwk in [json!({"kid": 1}), json!({"use": []}), json!({"key_ops": "sign"})] {
            assert!(JwkMetadata::of(&jwk).is_err(), "{jwk}");
        }
        assert!(JwkMetadata::of(&json!({"key_ops": ["sign", 1]})).is_err());
    }

    #[test]
    fn what_a_key_does_not_say_is_permitted() {
        assert!(permits_use(None, "sig") && permits_use(Some("sig"), "sig"));
        assert!(!permits_use(Some("enc"), "sig"));
        assert!(permits_operation(None, "verify"));
        assert!(permits_operation(Some(&["sign", "verify"]), "verify"));
        assert!(!permits_operation(Some(&["sign"]), "verify"));
    }

    #[test]
    fn the_public_half_answers_each_operation_once() {
        let metadata =
            JwkMetadata::of(&json!({"key_ops": ["sign", "verify", "deriveBits"]})).unwrap();
        let public = metadata.of_public_half().key_ops.unwrap();
        assert_eq!(public, ["verify", "deriveBits"]);
    }
}
