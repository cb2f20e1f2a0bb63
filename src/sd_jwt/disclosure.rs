//! A disclosure: a salt, the name of a claim unless it is an element of an array, and its value (RFC
//! 9901 Section 4.2).

use serde_json::Value;

use super::names::RESERVED;
use super::tree::quoted;
use crate::algorithm::Hash;
use crate::base64url;
use crate::crypto::digest;
use crate::error::Error;

/// A disclosure, as it travels and as what it says.
#[derive(Clone)]
pub struct Disclosure {
    text: String,
    json: String,
    salt: String,
    name: Option<String>,
}

impl Disclosure {
    /// Reads a disclosure.
    ///
    /// # Errors
    /// [`Error::InvalidSdJwt`] for anything that is not an array of salt, name and value, or of salt
    /// and value, and for names that a claim cannot have; [`Error::OutOfMemory`].
    pub fn parse(text: &str) -> Result<Self, Error> {
        let bytes = base64url::decode(text.as_bytes())
            .map_err(|error| error.or(|| Error::InvalidSdJwt("a disclosure is not base64url")))?;
        let not_array =
            || Error::InvalidSdJwt("a disclosure is not a JSON array of two or three elements");
        let json = String::from_utf8(bytes).map_err(|_| not_array())?;
        crate::memory::ensure_parsed(json.as_bytes())?;
        let elements: Vec<Value> = serde_json::from_str(&json).map_err(|_| not_array())?;
        let (salt, name) = match &elements[..] {
            [Value::String(salt), _value] => (salt, None),
            [Value::String(salt), Value::String(name), _value] => (salt, Some(name)),
            [_, _] | [_, _, _] => {
                return Err(Error::InvalidSdJwt(
                    "the salt or the name in a disclosure is not a string",
                ));
            }
            _ => return Err(not_array()),
        };
        if name.is_some_and(|name| RESERVED.contains(&name.as_str())) {
            return Err(Error::InvalidSdJwt(
                "a disclosure has a name that is reserved (_sd, _sd_alg or ...)",
            ));
        }
        let (salt, name) = (salt.clone(), name.cloned());
        Ok(Self { text: text.to_owned(), json, salt, name })
    }

    /// Makes a disclosure of the JSON text of a value; without a name, of an element of an array.
    pub(super) fn new(salt: &str, name: Option<&str>, value: &str) -> Self {
        let quoted_name = name.map_or_else(String::new, |name| format!("{},", quoted(name)));
        let json = format!("[{},{quoted_name}{value}]", quoted(salt));
        let text = base64url::encode(json.as_bytes());
        Self { text, json, salt: salt.to_owned(), name: name.map(str::to_owned) }
    }

    /// Returns the disclosure as it travels, in base64url.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Returns the JSON array.
    pub(super) fn json(&self) -> &str {
        &self.json
    }

    /// Returns the salt.
    pub fn salt(&self) -> &str {
        &self.salt
    }

    /// Returns the name of the claim; `None` for an element of an array.
    pub fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }

    /// Returns the digest that stands for the claim in what the issuer signs (RFC 9901 Section
    /// 4.2.3).
    pub fn digest(&self, hash: Hash) -> String {
        base64url::encode(&digest(hash, self.text.as_bytes()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SALT: &str = "_26bc4LT-ac6q2KI6cBW5es";

    /// RFC 9901 Section 4.2.1: the same claim, written in four ways.
    #[test]
    fn the_examples_of_one_disclosure_are_read() {
        for text in [
            "WyJfMjZiYzRMVC1hYzZxMktJNmNCVzVlcyIsICJmYW1pbHlfbmFtZSIsICJNw7ZiaXVzIl0",
            "WyJfMjZiYzRMVC1hYzZxMktJNmNCVzVlcyIsICJmYW1pbHlfbmFtZSIsICJNXHUwMGY2Yml1cyJd",
            "WyJfMjZiYzRMVC1hYzZxMktJNmNCVzVlcyIsImZhbWlseV9uYW1lIiwiTcO2Yml1cyJd",
            "WwoiXzI2YmM0TFQtYWM2cTJLSTZjQlc1ZXMiLAoiZmFtaWx5X25hbWUiLAoiTcO2Yml1cyIKXQ",
        ] {
            let read = Disclosure::parse(text).expect("of the form");
            assert_eq!((read.salt(), read.name()), (SALT, Some("family_name")));
            assert_eq!(read.text(), text);
        }
    }

    #[test]
    fn a_disclosure_is_written_without_white_space() {
        let written = Disclosure::new(SALT, Some("family_name"), "\"Möbius\"");
        let text = "WyJfMjZiYzRMVC1hYzZxMktJNmNCVzVlcyIsImZhbWlseV9uYW1lIiwiTcO2Yml1cyJd";
        assert_eq!(written.text(), text);
        let element = Disclosure::new("salt", None, "1.10");
        assert_eq!(element.json(), r#"["salt",1.10]"#);
        assert_eq!(Disclosure::parse(element.text()).expect("written").name(), None);
    }

    /// RFC 9901 Section 4.2.3 and 4.2.4.2.
    #[test]
    fn digests_are_those_of_the_examples() {
        for (text, digest) in [
            (
                "WyJfMjZiYzRMVC1hYzZxMktJNmNCVzVlcyIsICJmYW1pbHlfbmFtZSIsICJNw7ZiaXVzIl0",
                "X9yH0Ajrdm1Oij4tWso9UzzKJvPoDxwmuEcO3XAdRC0",
            ),
            (
                "WyJsa2x4RjVqTVlsR1RQVW92TU5JdkNBIiwgIkZSIl0",
                "w0I8EKcdCtUPkGCNUrfwVp2xEgNjtoIDlOxc9-PlOhs",
            ),
        ] {
            let read = Disclosure::parse(text).expect("of the form");
            assert_eq!(read.digest(Hash::Sha256), digest);
        }
    }

    #[test]
    fn anything_else_is_refused() {
        for json in [
            "",
            "1",
            "{}",
            "[]",
            r#"["s"]"#,
            r#"["s","n",1,2]"#,
            r#"["s","n",]"#,
            "[1,2]",
            r#"[1,"n",2]"#,
            r#"["s",1,2]"#,
            r#"["s",null,2]"#,
            r#"["s","_sd",[]]"#,
            r#"["s","...",1]"#,
            r#"["s","_sd_alg","sha-256"]"#,
            r#"["s","n","\ud800"]"#,
        ] {
            let text = base64url::encode(json.as_bytes());
            assert!(matches!(Disclosure::parse(&text), Err(Error::InvalidSdJwt(_))), "{json}");
        }
        for json in ["[1,2]", r#"[1,"n",2]"#, r#"["s",1,2]"#] {
            let error = Disclosure::parse(&base64url::encode(json.as_bytes())).err();
            let reason = "the salt or the name in a disclosure is not a string";
            assert_eq!(error, Some(Error::InvalidSdJwt(reason)), "{json}");
        }
        for text in ["!", "WyJzIiwxXR", "WyJzIiwxXQ ", "_w"] {
            assert!(matches!(Disclosure::parse(text), Err(Error::InvalidSdJwt(_))), "{text}");
        }
    }
}
