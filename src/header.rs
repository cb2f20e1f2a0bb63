//! The JOSE header and its rules (RFC 7515 Section 4).

use serde_json::{Map, Value};

use crate::error::Error;
use crate::memory;

/// The critical extensions that this library implements (RFC 7797).
const SUPPORTED_CRIT: [&str; 1] = ["b64"];

/// A JOSE header, as it was read; [`Header::validate`] checks it.
///
/// Nothing in it is trusted: `jku`, `x5u`, `jwk` and `x5c` are data, and no key is taken from them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Header {
    members: Map<String, Value>,
}

impl Header {
    /// Reads a header from its JSON text. If several members have the same name, the last one
    /// counts (RFC 7515 Section 4 allows that, and PyJWT does it).
    ///
    /// # Errors
    /// [`Error::HeaderNotJson`], [`Error::HeaderNotObject`], [`Error::OutOfMemory`].
    pub fn parse(json: &[u8]) -> Result<Self, Error> {
        memory::ensure_parsed(json)?;
        // Checking all of the text at once is faster than checking each of its strings.
        let read = match str::from_utf8(json) {
            Ok(text) => serde_json::from_str(text),
            Err(_) => serde_json::from_slice(json),
        };
        match read {
            Ok(Value::Object(members)) => Ok(Self { members }),
            Ok(_) => Err(Error::HeaderNotObject),
            Err(error) => Err(Error::HeaderNotJson(error.to_string())),
        }
    }

    /// Makes a header of members that were read from JSON.
    pub const fn from_members(members: Map<String, Value>) -> Self {
        Self { members }
    }

    /// Checks `kid` and `crit` as a recipient must.
    ///
    /// # Errors
    /// [`Error::KidNotString`] and the errors named `Crit`.
    pub fn validate(&self) -> Result<(), Error> {
        if self.members.get("kid").is_some_and(|kid| !kid.is_string()) {
            return Err(Error::KidNotString);
        }
        match self.members.get("crit") {
            Some(crit) => self.validate_crit(crit),
            None => Ok(()),
        }
    }

    /// Checks `crit` (RFC 7515 Section 4.1.11): every listed extension must be understood and
    /// present, and the list must not be empty.
    fn validate_crit(&self, crit: &Value) -> Result<(), Error> {
        let names = crit.as_array().filter(|names| !names.is_empty()).ok_or(Error::CritNotList)?;
        for name in names {
            let name = name.as_str().ok_or(Error::CritNotStrings)?;
            if !SUPPORTED_CRIT.contains(&name) {
                return Err(Error::CritUnsupported(name.to_owned()));
            }
            if !self.members.contains_key(name) {
                return Err(Error::CritMissing(name.to_owned()));
            }
        }
        Ok(())
    }

    /// Returns the `alg` parameter (RFC 7515 Section 4.1.1).
    ///
    /// # Errors
    /// [`Error::AlgorithmMissing`], and [`Error::AlgorithmNotAllowed`] if it is not a string.
    pub fn alg(&self) -> Result<&str, Error> {
        let alg = self.members.get("alg").ok_or(Error::AlgorithmMissing)?;
        alg.as_str().ok_or(Error::AlgorithmNotAllowed)
    }

    /// Returns the `kid` parameter (RFC 7515 Section 4.1.4), or `None` if it is not a string.
    pub fn kid(&self) -> Option<&str> {
        self.members.get("kid").and_then(Value::as_str)
    }

    /// Returns the `typ` parameter as a media type, which is what is compared (RFC 7515 Section
    /// 4.1.9): in lower case, with `application/` before a value without a slash. Returns an empty
    /// string, which is no media type, for a `typ` that is not a string.
    pub fn media_type(&self) -> Option<String> {
        self.members.get("typ").map(|typ| typ.as_str().map_or_else(String::new, media_type))
    }

    /// Returns whether the payload is signed without base64url encoding: `b64` is false (RFC 7797).
    pub fn has_unencoded_payload(&self) -> bool {
        self.members.get("b64") == Some(&Value::Bool(false))
    }

    /// Returns whether `crit` lists `name`.
    pub fn is_critical(&self, name: &str) -> bool {
        let names = self.members.get("crit").and_then(Value::as_array);
        names.is_some_and(|names| names.iter().any(|listed| listed == name))
    }

    /// Returns whether the header has a member of that name.
    pub fn contains(&self, name: &str) -> bool {
        self.members.contains_key(name)
    }

    /// Returns every member, without the header.
    pub fn into_members(self) -> Map<String, Value> {
        self.members
    }

    /// Returns every member.
    pub const fn members(&self) -> &Map<String, Value> {
        &self.members
    }
}

/// Reads a JSON serialization, which is an object (RFC 7515 Section 7.2, RFC 7516 Section 7.2);
/// returns `None` for anything else.
///
/// # Errors
/// [`Error::OutOfMemory`].
pub(crate) fn parse_object(json: &[u8]) -> Result<Option<Map<String, Value>>, Error> {
    memory::ensure_parsed(json)?;
    Ok(serde_json::from_slice(json).ok())
}

/// Returns a `typ` as [`Header::media_type`] does.
pub fn media_type(typ: &str) -> String {
    let typ = typ.to_ascii_lowercase();
    if typ.contains('/') { typ } else { format!("application/{typ}") }
}

/// The values of `typ` that a verifier accepts (RFC 8725 Section 3.11).
#[derive(Debug, Clone)]
pub struct AcceptedTypes {
    media_types: Vec<String>,
    /// The values as they were written, for a message.
    written: Box<str>,
    is_required: bool,
}

impl AcceptedTypes {
    /// Accepts these values; a token without `typ` too, unless it `is_required`.
    pub fn new<S: AsRef<str>>(types: &[S], is_required: bool) -> Self {
        let types: Vec<_> = types.iter().map(AsRef::as_ref).collect();
        Self {
            media_types: types.iter().map(|typ| media_type(typ)).collect(),
            written: types.join(" or ").into(),
            is_required,
        }
    }

    /// Checks what [`Header::media_type`] has returned.
    ///
    /// # Errors
    /// [`Error::TypeMissing`], [`Error::TypeRefused`].
    pub fn check(&self, media_type: Option<&str>) -> Result<(), Error> {
        match media_type {
            None if self.is_required => Err(Error::TypeMissing(self.written.clone())),
            Some(typ) if !self.media_types.iter().any(|accepted| accepted == typ) => {
                Err(Error::TypeRefused(self.written.clone()))
            }
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn typ_is_compared_as_a_media_type() {
        let check = |json: &str, is_required| {
            let header = Header::parse(json.as_bytes()).expect("an object");
            let accepted = AcceptedTypes::new(&["at+jwt", "application/JWT"], is_required);
            accepted.check(header.media_type().as_deref())
        };
        for typ in ["at+jwt", "AT+JWT", "application/at+jwt", "Application/At+Jwt", "jwt"] {
            assert_eq!(check(&format!(r#"{{"typ":"{typ}"}}"#), true), Ok(()), "{typ}");
        }
        let refused = Err(Error::TypeRefused("at+jwt or application/JWT".into()));
        for typ in [r#""at""#, r#""text/at+jwt""#, r#""""#, "null", "1", r#"["at+jwt"]"#] {
            assert_eq!(check(&format!(r#"{{"typ":{typ}}}"#), false), refused, "{typ}");
        }
        assert_eq!(check("{}", false), Ok(()));
        let missing = Err(Error::TypeMissing("at+jwt or application/JWT".into()));
        assert_eq!(check("{}", true), missing);
    }

    fn validate(json: &str) -> Result<(), Error> {
        Header::parse(json.as_bytes()).and_then(|header| header.validate())
    }

    #[test]
    fn a_header_is_a_json_object() {
        assert_eq!(Header::parse(b"[]"), Err(Error::HeaderNotObject));
        assert!(matches!(Header::parse(b"{"), Err(Error::HeaderNotJson(_))));
    }

    #[test]
    fn kid_is_a_string() {
        assert_eq!(validate(r#"{"kid":"../../etc/passwd"}"#), Ok(()));
        assert_eq!(validate(r#"{"kid":1}"#), Err(Error::KidNotString));
        assert_eq!(validate(r#"{"kid":null}"#), Err(Error::KidNotString));
        let kid = |json: &[u8]| Header::parse(json).ok()?.kid().map(str::to_owned);
        assert_eq!(kid(br#"{"kid":"a"}"#).as_deref(), Some("a"));
        assert_eq!(kid(br#"{"kid":1}"#), None);
        assert_eq!(kid(b"{}"), None);
    }

    #[test]
    fn a_header_contains_what_it_names() {
        let header = Header::parse(br#"{"kid":null}"#).expect("an object");
        assert!(header.contains("kid") && !header.contains("crit"));
    }

    #[test]
    fn crit_lists_supported_extensions_that_are_present() {
        assert_eq!(validate(r#"{"crit":["b64"],"b64":false}"#), Ok(()));
        assert_eq!(validate(r#"{"crit":["b64"]}"#), Err(Error::CritMissing("b64".into())));
        assert_eq!(
            validate(r#"{"crit":["exp"],"exp":1}"#),
            Err(Error::CritUnsupported("exp".into()))
        );
        assert_eq!(validate(r#"{"crit":[]}"#), Err(Error::CritNotList));
        assert_eq!(validate(r#"{"crit":"b64"}"#), Err(Error::CritNotList));
        assert_eq!(validate(r#"{"crit":null}"#), Err(Error::CritNotList));
        assert_eq!(validate(r#"{"crit":[1]}"#), Err(Error::CritNotStrings));
    }

    #[test]
    fn the_last_of_two_members_with_one_name_counts() {
        let header = Header::parse(br#"{"alg":"none","alg":"HS256"}"#).expect("an object");
        assert_eq!(header.alg(), Ok("HS256"));
    }

    #[test]
    fn alg_is_a_string() {
        assert_eq!(Header::parse(b"{}").expect("an object").alg(), Err(Error::AlgorithmMissing));
        let header = Header::parse(br#"{"alg":["HS256"]}"#).expect("an object");
        assert_eq!(header.alg(), Err(Error::AlgorithmNotAllowed));
    }

    #[test]
    fn only_false_makes_the_payload_unencoded() {
        let unencoded =
            |json: &[u8]| Header::parse(json).expect("an object").has_unencoded_payload();
        assert!(unencoded(br#"{"b64":false}"#));
        assert!(!unencoded(br#"{"b64":true}"#));
        assert!(!unencoded(br#"{"b64":0}"#));
        assert!(!unencoded(br#"{"b64":null}"#));
    }
}
