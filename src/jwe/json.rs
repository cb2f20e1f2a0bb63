//! The JSON serializations of a JWE, general and flattened (RFC 7516 Section 7.2).

use serde_json::{Map, Value};

use super::header::{Members, decode};
use super::parts::{self, Parts, Recipient};
use crate::error::Error;
use crate::header;

/// The JSON object of a JWE. `Parts` borrows from it.
pub(super) struct Object(Map<String, Value>);

impl Object {
    /// Reads the JSON text.
    pub(super) fn parse(json: &[u8]) -> Result<Self, Error> {
        let not_object = || Error::InvalidJwe("the JSON serialization is a JSON object");
        header::parse_object(json)?.map(Self).ok_or_else(not_object)
    }

    /// Decodes the parts. Members that are not defined are ignored (RFC 7516 Section 7.2.1).
    pub(super) fn parts(&self, max_recipients: usize) -> Result<Parts<'_>, Error> {
        self.refuse_jws()?;
        let decoded = |name, message| match self.text(name)? {
            Some(text) => decode(text, message),
            None => Ok(Vec::new()),
        };
        let protected_text = self.text("protected")?;
        Ok(Parts {
            protected_text: protected_text.unwrap_or_default(),
            protected: protected_text
                .map_or_else(|| Ok(Members::new()), parts::protected_header)?,
            unprotected: object(&self.0, "unprotected")?,
            recipients: self.recipients(max_recipients)?,
            iv: decoded("iv", parts::IV)?,
            ciphertext: match self.text("ciphertext")? {
                Some(text) => decode(text, parts::CIPHERTEXT)?,
                None => return Err(Error::InvalidJwe("\"ciphertext\" is missing")),
            },
            tag: decoded("tag", parts::TAG)?,
            aad_text: self.text("aad")?,
        })
    }

    /// Refuses a JWS, and what claims to be both (RFC 8725bis: they are never confused).
    fn refuse_jws(&self) -> Result<(), Error> {
        let has = |name: &&str| self.0.contains_key(*name);
        match ["payload", "signature", "signatures"].iter().any(has) {
            true if self.0.contains_key("ciphertext") => {
                Err(Error::InvalidJwe("it has members of a JWS too"))
            }
            true => Err(Error::JwsNotJwe),
            false => Ok(()),
        }
    }

    fn recipients(&self, max_recipients: usize) -> Result<Vec<Recipient>, Error> {
        let Some(recipients) = self.0.get("recipients") else {
            return Ok(vec![recipient(&self.0)?]);
        };
        // RFC 7516 Section 7.2.2: the flattened serialization has no recipients member.
        if self.0.contains_key("header") || self.0.contains_key("encrypted_key") {
            return Err(Error::InvalidJwe("it is both general and flattened"));
        }
        match recipients.as_array().map(Vec::as_slice) {
            None | Some([]) => Err(Error::InvalidJwe("\"recipients\" is not a non-empty list")),
            Some(list) if list.len() > max_recipients => {
                Err(Error::InvalidJwe("it has more recipients than are allowed"))
            }
            Some(list) => {
                let each = list.iter().map(|one| match one.as_object() {
                    Some(one) => recipient(one),
                    None => Err(Error::InvalidJwe("a recipient is not a JSON object")),
                });
                each.collect()
            }
        }
    }

    fn text(&self, name: &str) -> Result<Option<&[u8]>, Error> {
        text(&self.0, name)
    }
}

fn recipient(members: &Map<String, Value>) -> Result<Recipient, Error> {
    let encrypted_key = match text(members, "encrypted_key")? {
        Some(text) => decode(text, parts::ENCRYPTED_KEY)?,
        None => Vec::new(),
    };
    Ok(Recipient { header: object(members, "header")?, encrypted_key })
}

fn text<'a>(members: &'a Map<String, Value>, name: &str) -> Result<Option<&'a [u8]>, Error> {
    match members.get(name) {
        None => Ok(None),
        Some(Value::String(text)) => Ok(Some(text.as_bytes())),
        Some(_) => Err(Error::InvalidJwe("a member that should be a string is not")),
    }
}

fn object(members: &Map<String, Value>, name: &str) -> Result<Members, Error> {
    match members.get(name) {
        None => Ok(Members::new()),
        Some(Value::Object(members)) => Ok(members.clone()),
        Some(_) => Err(Error::InvalidJwe("a header is not a JSON object")),
    }
}
