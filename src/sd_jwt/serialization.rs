//! The forms in which an SD-JWT travels: compact, and the JSON serializations of a JWS (RFC 9901
//! Sections 4 and 8).

use serde_json::{Map, Value, json};

use super::disclosure::Disclosure;
use crate::error::Error;
use crate::header;

type Members = Map<String, Value>;

/// An SD-JWT that was taken apart: an issuer-signed JWT, disclosures, and a key binding JWT if it
/// has one. Nothing of it is verified; see [`SdJwt::verify`].
#[derive(Clone)]
pub struct SdJwt {
    payload: String,
    /// Never empty. The first one belongs to the compact form; further ones exist in the general
    /// JSON serialization only.
    signatures: Vec<Signature>,
    disclosures: Vec<Disclosure>,
    key_binding: Option<String>,
}

/// A signature of the issuer's, with its headers.
#[derive(Clone)]
struct Signature {
    protected: String,
    /// The unprotected header, without the parameters of RFC 9901 Section 8.1.
    unprotected: Members,
    value: String,
}

/// The parameters of the unprotected header (RFC 9901 Section 8.1).
const DISCLOSURES: &str = "disclosures";
const KEY_BINDING: &str = "kb_jwt";

impl SdJwt {
    /// Joins an issuer-signed JWT and the disclosures of its digests.
    ///
    /// # Errors
    /// [`Error::InvalidSdJwt`] for what is not a JWT.
    pub fn new(issuer_jwt: &str, disclosures: Vec<Disclosure>) -> Result<Self, Error> {
        let parts: Vec<_> = issuer_jwt.splitn(4, '.').collect();
        let [protected, payload, signature] = parts[..] else {
            return Err(Error::InvalidSdJwt("the issuer-signed JWT does not have three parts"));
        };
        let signature = Signature {
            protected: part(protected)?,
            unprotected: Members::new(),
            value: part(signature)?,
        };
        let payload = part(payload)?;
        Ok(Self { payload, signatures: vec![signature], disclosures, key_binding: None })
    }

    /// Reads the compact form, or a JSON serialization: flattened or general. The first signature
    /// of the general one counts, the others are kept.
    ///
    /// # Errors
    /// [`Error::InvalidSdJwt`].
    pub fn parse(text: &[u8], max_disclosures: usize) -> Result<Self, Error> {
        match text.trim_ascii_start().first() {
            Some(b'{') => Self::from_json(text, max_disclosures),
            _ => Self::from_compact(text, max_disclosures),
        }
    }

    fn from_compact(text: &[u8], max_disclosures: usize) -> Result<Self, Error> {
        check_number(memchr::memchr_iter(b'~', text).count().saturating_sub(1), max_disclosures)?;
        let text = std::str::from_utf8(text).map_err(|_| Error::InvalidSdJwt("it is not text"))?;
        let no_tilde = Error::InvalidSdJwt(
            "the compact form ends with \"~\" or with a key binding JWT after it",
        );
        let (issuer_jwt, rest) = text.split_once('~').ok_or(no_tilde)?;
        let (disclosures, key_binding) = match rest.rsplit_once('~') {
            None => (Vec::new(), rest),
            Some((several, key_binding)) => {
                let each = several.split('~').map(Disclosure::parse);
                (each.collect::<Result<_, _>>()?, key_binding)
            }
        };
        let key_binding = match key_binding {
            "" => None,
            jwt => Some(key_binding_jwt(jwt)?),
        };
        Ok(Self { key_binding, ..Self::new(issuer_jwt, disclosures)? })
    }

    fn from_json(json: &[u8], max_disclosures: usize) -> Result<Self, Error> {
        let object =
            header::parse_object(json)?.ok_or(Error::InvalidSdJwt("it is not a JSON object"))?;
        let each = match object.get("signatures") {
            None => vec![&object],
            Some(Value::Array(list)) if !object.contains_key("signature") => {
                let objects: Option<Vec<_>> = list.iter().map(Value::as_object).collect();
                objects.ok_or(Error::InvalidSdJwt("a signature is not a JSON object"))?
            }
            Some(_) => {
                return Err(Error::InvalidSdJwt(
                    "\"signatures\" is not a list, or has a neighbour",
                ));
            }
        };
        let mut signatures =
            each.into_iter().map(Signature::read).collect::<Result<Vec<_>, _>>()?.into_iter();
        let mut first = signatures.next().ok_or(Error::InvalidSdJwt("it has no signature"))?;
        let disclosures = match first.unprotected.remove(DISCLOSURES) {
            None => Vec::new(),
            Some(list) => strings(&list, max_disclosures)?,
        };
        let key_binding = match first.unprotected.remove(KEY_BINDING) {
            None => None,
            Some(Value::String(jwt)) => Some(key_binding_jwt(&jwt)?),
            Some(_) => return Err(Error::InvalidSdJwt("kb_jwt is not a string")),
        };
        let signatures: Vec<_> = std::iter::once(first).chain(signatures).collect();
        let has_own = |name| signatures.iter().any(|one| one.unprotected.contains_key(name));
        if has_own(DISCLOSURES) || has_own(KEY_BINDING) {
            return Err(Error::InvalidSdJwt(
                "disclosures and kb_jwt belong to the first signature",
            ));
        }
        Ok(Self { payload: text(&object, "payload")?, signatures, disclosures, key_binding })
    }

    /// Returns the issuer-signed JWT, with the first signature.
    pub fn issuer_jwt(&self) -> String {
        let Signature { protected, value, .. } = &self.signatures[0];
        format!("{protected}.{}.{value}", self.payload)
    }

    /// Returns the encoded payload that the issuer has signed.
    pub(super) fn payload(&self) -> &str {
        &self.payload
    }

    /// Returns the disclosures.
    pub fn disclosures(&self) -> &[Disclosure] {
        &self.disclosures
    }

    /// Returns the key binding JWT.
    pub fn key_binding(&self) -> Option<&str> {
        self.key_binding.as_deref()
    }

    /// Returns the same SD-JWT with this key binding JWT.
    ///
    /// # Errors
    /// [`Error::InvalidSdJwt`] for what is not a JWT.
    #[must_use = "the SD-JWT itself does not change"]
    pub fn with_key_binding(&self, jwt: &str) -> Result<Self, Error> {
        Ok(Self { key_binding: Some(key_binding_jwt(jwt)?), ..self.clone() })
    }

    /// Returns it with these disclosures, and without a key binding JWT, which is for others.
    pub(super) fn with_disclosures(&self, disclosures: Vec<Disclosure>) -> Self {
        Self { disclosures, key_binding: None, ..self.clone() }
    }

    /// Returns the compact form without a key binding JWT, which is what one is bound to (RFC 9901
    /// Section 4.3.1).
    pub fn without_key_binding(&self) -> String {
        let each = self.disclosures.iter().flat_map(|disclosure| [disclosure.text(), "~"]);
        let mut text = self.issuer_jwt() + "~";
        text.extend(each);
        text
    }

    /// Returns the compact form.
    pub fn to_compact(&self) -> String {
        self.without_key_binding() + self.key_binding().unwrap_or_default()
    }

    /// Returns the flattened JSON serialization, with the first signature.
    pub fn to_flattened(&self) -> Members {
        let mut members = self.signature(0);
        members.insert("payload".to_owned(), self.payload.as_str().into());
        members
    }

    /// Returns the general JSON serialization.
    pub fn to_general(&self) -> Members {
        let each = (0..self.signatures.len()).map(|index| self.signature(index));
        let signatures: Vec<_> = each.map(Value::from).collect();
        [
            ("payload".to_owned(), self.payload.as_str().into()),
            ("signatures".to_owned(), signatures.into()),
        ]
        .into_iter()
        .collect()
    }

    /// Returns the members of one signature.
    fn signature(&self, index: usize) -> Members {
        let Signature { protected, unprotected, value } = &self.signatures[index];
        let mut header = unprotected.clone();
        if index == 0 {
            let texts: Vec<_> = self.disclosures.iter().map(Disclosure::text).collect();
            header.insert(DISCLOSURES.to_owned(), json!(texts));
            if let Some(jwt) = &self.key_binding {
                header.insert(KEY_BINDING.to_owned(), json!(jwt));
            }
        }
        let mut members = Members::new();
        members.insert("protected".to_owned(), json!(protected));
        members.insert("signature".to_owned(), json!(value));
        if !header.is_empty() {
            members.insert("header".to_owned(), header.into());
        }
        members
    }
}

impl Signature {
    fn read(members: &Members) -> Result<Self, Error> {
        let unprotected = match members.get("header") {
            None => Members::new(),
            Some(Value::Object(header)) => header.clone(),
            Some(_) => return Err(Error::InvalidSdJwt("a header is not a JSON object")),
        };
        Ok(Self {
            protected: text(members, "protected")?,
            unprotected,
            value: text(members, "signature")?,
        })
    }
}

fn strings(list: &Value, max_disclosures: usize) -> Result<Vec<Disclosure>, Error> {
    let not_strings = || Error::InvalidSdJwt("disclosures is not a list of strings");
    let list = list.as_array().ok_or_else(not_strings)?;
    check_number(list.len(), max_disclosures)?;
    list.iter().map(|one| Disclosure::parse(one.as_str().ok_or_else(not_strings)?)).collect()
}

fn check_number(disclosures: usize, max_disclosures: usize) -> Result<(), Error> {
    if disclosures > max_disclosures {
        return Err(Error::InvalidSdJwt("it has more disclosures than are allowed"));
    }
    Ok(())
}

fn text(members: &Members, name: &str) -> Result<String, Error> {
    let wrong = Error::InvalidSdJwt("payload, protected or signature is not base64url text");
    part(members.get(name).and_then(Value::as_str).ok_or(wrong)?)
}

/// Returns a part of a JWT. A dot or a tilde in it would move the parts of the compact form.
fn part(text: &str) -> Result<String, Error> {
    if !is_part(text) {
        return Err(Error::InvalidSdJwt("payload, protected or signature is not base64url text"));
    }
    Ok(text.to_owned())
}

fn key_binding_jwt(jwt: &str) -> Result<String, Error> {
    if jwt.split('.').count() != 3 || !jwt.split('.').all(is_part) {
        return Err(Error::InvalidSdJwt("the key binding JWT does not have three parts"));
    }
    Ok(jwt.to_owned())
}

fn is_part(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    const D1: &str = "WyJzIiwiYSIsMV0";
    const D2: &str = "WyJzIiwiYiIsMV0";

    fn parse(text: &str) -> Result<SdJwt, Error> {
        SdJwt::parse(text.as_bytes(), 2)
    }

    #[test]
    fn every_form_is_read_and_written() {
        for text in ["h.p.s~".to_owned(), format!("h.p.s~{D1}~"), format!("h.p.s~{D1}~{D2}~a.b.c")]
        {
            let read = parse(&text).expect("of the form");
            assert_eq!((read.to_compact(), read.issuer_jwt()), (text.clone(), "h.p.s".to_owned()));
            for json in [read.to_flattened(), read.to_general()] {
                let again = parse(&format!(" {}", Value::from(json))).expect("of the form");
                assert_eq!(again.to_compact(), text);
            }
        }
    }

    #[test]
    fn further_signatures_and_other_parameters_are_kept() {
        let json = json!({"payload": "p", "signatures": [
            {"protected": "h", "signature": "s", "header": {"kid": "a", "disclosures": [D1]}},
            {"protected": "i", "signature": "t", "header": {"kid": "b"}},
            {"protected": "j", "signature": "u"},
        ]});
        let read = parse(&json.to_string()).expect("of the form");
        assert_eq!(read.to_compact(), format!("h.p.s~{D1}~"));
        assert_eq!(Value::from(read.to_general()), json);
        let flattened = json!({"payload": "p", "protected": "h", "signature": "s",
            "header": {"kid": "a", "disclosures": [D1], "kb_jwt": "a.b.c"}});
        let bound = read.with_key_binding("a.b.c").expect("three parts");
        assert_eq!(Value::from(bound.to_flattened()), flattened);
    }

    #[test]
    fn anything_else_is_refused() {
        let too_many = format!("h.p.s~{D1}~{D1}~{D1}~");
        let two = "h.p.s~~".to_owned();
        for text in [
            "",
            "h.p.s",
            "~",
            "h.p~",
            "h.p.s.t~",
            "h.p=.s~",
            &two,
            &too_many,
            "h.p.s~!~",
            "h.p.s~a.b",
            "h.p.s~a.b.+",
        ] {
            assert!(matches!(parse(text), Err(Error::InvalidSdJwt(_))), "{text}");
        }
        let signature = json!({"protected": "h", "signature": "s"});
        for json in [
            json!({"payload": "p"}),
            json!({"payload": "p", "signatures": []}),
            json!({"payload": "p", "signatures": {}}),
            json!({"payload": "p", "signatures": [1]}),
            json!({"payload": "p", "signatures": [signature], "signature": "s"}),
            json!({"payload": "p~x", "protected": "h", "signature": "s"}),
            json!({"payload": "p.x", "protected": "h", "signature": "s"}),
            json!({"payload": "p", "protected": 1, "signature": "s"}),
            json!({"payload": "p", "protected": "h", "signature": "s", "header": []}),
            json!({"payload": "p", "protected": "h", "signature": "s", "header": {"disclosures": D1}}),
            json!({"payload": "p", "protected": "h", "signature": "s", "header": {"disclosures": [1]}}),
            json!({"payload": "p", "protected": "h", "signature": "s",
                "header": {"disclosures": [D1, D1, D1]}}),
            json!({"payload": "p", "protected": "h", "signature": "s", "header": {"kb_jwt": 1}}),
            json!({"payload": "p", "protected": "h", "signature": "s", "header": {"kb_jwt": "a~b"}}),
            json!({"payload": "p", "signatures": [signature,
                {"protected": "h", "signature": "s", "header": {"disclosures": []}}]}),
            json!({"payload": "p", "signatures": [signature,
                {"protected": "h", "signature": "s", "header": {"kb_jwt": "a.b.c"}}]}),
        ] {
            let text = json.to_string();
            assert!(matches!(parse(&text), Err(Error::InvalidSdJwt(_))), "{text}");
        }
        for jwt in ["", "a.b", "a.b.c.d", "a.b.c~"] {
            let read = parse("h.p.s~").expect("of the form").with_key_binding(jwt);
            assert!(matches!(read, Err(Error::InvalidSdJwt(_))), "{jwt}");
        }
    }
}
