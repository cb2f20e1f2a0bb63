//! Every way a token, a key or a call can be wrong.
//!
//! The texts are part of the API: applications match on them, and they are PyJWT 2.15.1's where
//! PyJWT has the same error. No text ever holds key material, or anything of a token's payload but
//! its audience.

use std::fmt;

/// The three parts of a compact JWS (RFC 7515 Section 3.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Segment {
    /// The base64url-encoded JOSE header.
    Header,
    /// The base64url-encoded payload.
    Payload,
    /// The base64url-encoded signature.
    Signature,
}

impl fmt::Display for Segment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Header => "header",
            Self::Payload => "payload",
            // PyJWT's word for the signature.
            Self::Signature => "crypto",
        })
    }
}

/// A key of another type or on another curve than an algorithm's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyMismatch {
    /// The name of the algorithm.
    pub algorithm: &'static str,
    /// The key that the algorithm needs, for example `an RSA key`.
    pub needed: &'static str,
    /// What the key is.
    pub found: &'static str,
    /// The algorithms of the same kind that it can be used with: none if it encrypts and the
    /// algorithm signs.
    pub instead: Vec<&'static str>,
}

impl fmt::Display for KeyMismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { algorithm, needed, found, instead } = self;
        write!(f, "{algorithm} needs {needed}, this is {found}")?;
        match &instead[..] {
            [] => f.write_str(", which is for encryption"),
            instead => write!(f, ": use {}", instead.join(", ")),
        }
    }
}

/// What a text that is not a token often is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TokenMistake {
    /// Nothing at all.
    Empty,
    /// The value of an `Authorization` header (RFC 6750 Section 2.1).
    BearerPrefix,
    /// A token in quotation marks.
    Quoted,
    /// The text that Python's `str` makes of bytes.
    BytesText,
    /// A token with white space around it.
    WhiteSpace,
    /// A JWE in compact serialization (RFC 7516 Section 7.1).
    Encrypted,
    /// An SD-JWT in compact serialization (RFC 9901 Section 4).
    SelectivelyDisclosable,
    /// A text that has no form in UTF-8.
    LoneSurrogate,
}

impl fmt::Display for TokenMistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Empty => "The token is empty",
            Self::BearerPrefix => "The token starts with \"Bearer \": pass the token alone",
            Self::Quoted => "The token is in quotation marks: pass it without them",
            Self::BytesText => {
                "The token is what str() makes of bytes, b'...': pass the bytes themselves"
            }
            Self::WhiteSpace => "The token has white space around it: pass token.strip()",
            Self::Encrypted => {
                "This is an encrypted token (JWE, five parts): pass a decrypter to Verifier, or \
                 decrypt it with rapidjwt.jwe"
            }
            Self::SelectivelyDisclosable => {
                "This is an SD-JWT, a token with disclosures (\"~\"): verify it with \
                 rapidjwt.sd_jwt.SDJWTVerifier"
            }
            Self::LoneSurrogate => "The token has a lone surrogate, which has no form in UTF-8",
        })
    }
}

/// What is wrong with a token, a key or a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Error {
    // --- the token's form: RFC 7515 ---
    /// Fewer than two dots.
    NotEnoughSegments,
    /// What was passed as a token has this Python type, not str or bytes.
    TokenType(String),
    /// The text is not a token, and this is probably why.
    TokenMistake(TokenMistake),
    /// A segment is not canonical base64url (RFC 7515 Section 2).
    InvalidBase64(Segment),
    /// The header is not JSON; holds the parser's message.
    HeaderNotJson(String),
    /// The header is JSON but not an object.
    HeaderNotObject,
    /// The payload is not JSON; holds the parser's message.
    PayloadNotJson(String),
    /// The payload is JSON but not an object (RFC 7519 Section 7.2).
    PayloadNotObject,

    // --- bounds that the caller set ---
    /// The token has more bytes than this limit.
    TokenTooLarge(usize),
    /// The payload nests arrays and objects deeper than this limit.
    PayloadTooDeep(usize),

    // --- the JOSE header: RFC 7515 Section 4 ---
    /// `kid` is not a string (RFC 7515 Section 4.1.4).
    KidNotString,
    /// `crit` is not a non-empty list (RFC 7515 Section 4.1.11).
    CritNotList,
    /// `crit` lists something that is not a string.
    CritNotStrings,
    /// `crit` lists an extension this library does not implement.
    CritUnsupported(String),
    /// `crit` lists a parameter that the header does not have.
    CritMissing(String),
    /// `b64` is false but not listed in `crit` (RFC 7797 Section 6).
    B64NotCritical,
    /// `b64` is false and the payload segment is not empty.
    UnencodedPayloadInToken,
    /// `b64` is false and the caller gave no payload.
    DetachedPayloadRequired,
    /// The caller gave a payload and `b64` is not false.
    DetachedPayloadUnexpected,

    /// The token has no `typ`; holds those that are accepted (RFC 8725 Section 3.11).
    TypeMissing(Box<str>),
    /// `typ` is not one of those that are accepted, which it holds.
    TypeRefused(Box<str>),

    // --- the algorithm: RFC 7515 Section 4.1.1, RFC 8725 Section 3.1 ---
    /// The header has no `alg`.
    AlgorithmMissing,
    /// `alg` is not one that the caller allows.
    AlgorithmNotAllowed,
    /// `alg` is not one that the verifier has a key for; holds it and those that it has keys for.
    AlgorithmRefused {
        /// The token's `alg`.
        found: &'static str,
        /// The algorithms of the verifier's keys.
        allowed: Box<[&'static str]>,
    },
    /// No algorithm of that name is known.
    AlgorithmUnknown,
    /// The algorithm is known, but this build was made without it.
    AlgorithmUnavailable(&'static str),

    // --- the choice of the key: RFC 7515 Section 4.1.4 ---
    /// No key has the token's `kid`.
    NoMatchingKey,
    /// The key for the token is not valid at this time; the text says why.
    KeyNotValid(Box<str>),
    /// The token has no `kid`, and more than one key fits its `alg`.
    KidRequired,
    /// No key of a set can be used with any of the algorithms that the caller allows.
    NoUsableKey,

    // --- the signature ---
    /// The signature does not fit the signing input and the key.
    SignatureMismatch,

    // --- JSON serializations: RFC 7515 Section 7.2 ---
    /// The token is a JWE, which is encrypted, not a JWS, which is signed.
    JweNotJws,
    /// The JSON is not a JWS, or breaks a rule about its parts; the text names the rule.
    InvalidJws(&'static str),
    /// Fewer signatures verify than the caller's policy requires.
    NotEnoughSignatures {
        /// The number of signatures, or of different keys, that verify.
        found: usize,
        /// The number that the policy requires.
        required: usize,
    },

    // --- selective disclosure: RFC 9901 ---
    /// The token is not an SD-JWT, or breaks a rule about its parts; the text names the rule.
    InvalidSdJwt(&'static str),
    /// The key binding JWT is missing or not accepted; the text says why.
    KeyBinding(&'static str),
    /// Claims cannot be concealed in this way; the text says why.
    CannotConceal(&'static str),
    /// There is no claim at a path that the holder wants to disclose.
    NothingToDisclose,

    // --- encryption: RFC 7516 ---
    /// The token is a JWS, which is signed, not a JWE, which is encrypted.
    JwsNotJwe,
    /// The token is not a JWE, or breaks a rule about its parts; the text names the rule.
    InvalidJwe(&'static str),
    /// The encoded JOSE header has more bytes than this limit.
    HeaderTooLarge(usize),
    /// `enc` is missing or not one that the caller allows (RFC 7516 Section 4.1.2).
    EncryptionNotAllowed,
    /// `p2c` is not between these limits, or the counts of all recipients exceed the second.
    IterationsNotAllowed(u32, u32),
    /// The content is compressed and the caller does not allow that (RFC 7516 Section 4.1.3).
    CompressionNotAllowed,
    /// The decompressed content has more bytes than this limit.
    ContentTooLarge(usize),
    /// The content could not be decrypted: a wrong key, encrypted key, initialization vector, tag,
    /// padding or header, which are not told apart (RFC 7516 Section 11.5).
    DecryptionFailed,

    // --- claims: RFC 7519 Section 4.1 ---
    /// A claim that the caller requires is absent or null.
    MissingClaim(String),
    /// `iat` is not a number.
    IssuedAtNotInteger,
    /// `iat` is in the future.
    IssuedInFuture,
    /// `nbf` is not a number.
    NotBeforeNotInteger,
    /// `nbf` is in the future.
    NotYetValid,
    /// `exp` is not a number.
    ExpirationNotInteger,
    /// `exp` has passed.
    Expired,
    /// `iss` is not a string.
    IssuerNotString,
    /// `iss` is not an issuer that the caller accepts.
    IssuerMismatch,
    /// The token has an audience and the caller expects none.
    AudienceUnexpected,
    /// The token has an audience and the verifier was made without one; holds what the token names.
    AudienceNotConfigured(String),
    /// `aud` is neither a string nor a list of strings.
    AudienceFormat,
    /// `aud` contains no audience that the caller accepts.
    AudienceMismatch,
    /// The audience is matched strictly and the caller's audience is not one string.
    StrictAudienceNotString,
    /// The audience is matched strictly and `aud` is not one string.
    StrictAudienceFormat,
    /// The audience is matched strictly and `aud` is another string.
    StrictAudienceMismatch,
    /// `sub` is not a string.
    SubjectNotString,
    /// `sub` is not the caller's subject.
    SubjectMismatch,
    /// `jti` is not a string.
    JwtIdNotString,

    // --- claims: rules of a profile or of the caller's ---
    /// The value of a claim is not accepted.
    ClaimRefused {
        /// The claim, or the path to a member of it.
        claim: String,
        /// What the value must be.
        needed: String,
    },
    /// The token has a claim that it must not have.
    ClaimForbidden(String),
    /// The time in a claim is too long ago.
    TooOld(String),
    /// `exp` is too long after `iat`.
    LivesTooLong,
    /// The claims do not fit the type that the verifier returns.
    ClaimsMisfit {
        /// The claim, if it is known.
        claim: Option<String>,
        /// The name of the type.
        kind: String,
    },

    // --- keys: RFC 7517, RFC 7518 Section 6 ---
    /// An empty HMAC secret.
    SecretEmpty,
    /// Public key material given as an HMAC secret (RFC 8725 Section 2.1).
    SecretIsAsymmetricKey,
    /// A JWK given as an HMAC secret.
    SecretIsJwk,
    /// An HMAC secret below the algorithm's minimum length (RFC 7518 Section 3.2).
    KeyTooShort {
        /// The length of the secret in bytes.
        bytes: usize,
        /// The minimum length in bytes that the algorithm requires.
        minimum: usize,
        /// The name of the algorithm's hash, for example `SHA256`.
        hash: &'static str,
    },
    /// A key of another type or on another curve than the algorithm's.
    KeyDoesNotFit(Box<KeyMismatch>),
    /// A key that was made for one algorithm, and is used with another.
    KeyForOtherAlgorithm {
        /// The key's own `alg`.
        own: Box<str>,
        /// The algorithm that was asked for.
        asked: &'static str,
    },
    /// What a key service returned is not a signature, or not one under its public key.
    RemoteSignature(String),
    /// A key service failed; the type of its error.
    RemoteService(String),
    /// A public key, where signing needs the private key.
    PrivateKeyRequired,
    /// A key for `none`.
    KeyForNone,
    /// A private key is encrypted, and its password was not given.
    PasswordRequired,
    /// The key cannot be read or used; the message says what was found and what would help.
    InvalidKey(String),

    // --- the machine ---
    /// There is not enough memory for the input.
    OutOfMemory,
}

impl Error {
    /// Makes an [`Error::InvalidKey`] with this message.
    pub fn invalid_key(message: impl Into<String>) -> Self {
        Self::InvalidKey(message.into())
    }

    /// Returns the name of the claim that is wrong, if it is about one.
    pub fn claim(&self) -> Option<&str> {
        Some(match self {
            Self::MissingClaim(claim)
            | Self::ClaimForbidden(claim)
            | Self::ClaimRefused { claim, .. }
            | Self::TooOld(claim) => claim,
            Self::IssuedAtNotInteger | Self::IssuedInFuture => "iat",
            Self::NotBeforeNotInteger | Self::NotYetValid => "nbf",
            Self::ExpirationNotInteger | Self::Expired | Self::LivesTooLong => "exp",
            Self::IssuerNotString | Self::IssuerMismatch => "iss",
            Self::AudienceUnexpected
            | Self::AudienceNotConfigured(_)
            | Self::AudienceFormat
            | Self::AudienceMismatch
            | Self::StrictAudienceNotString
            | Self::StrictAudienceFormat
            | Self::StrictAudienceMismatch => "aud",
            Self::SubjectNotString | Self::SubjectMismatch => "sub",
            Self::JwtIdNotString => "jti",
            Self::ClaimsMisfit { claim, .. } => return claim.as_deref(),
            _ => return None,
        })
    }
}

impl std::error::Error for Error {}

impl From<std::collections::TryReserveError> for Error {
    fn from(_: std::collections::TryReserveError) -> Self {
        Self::OutOfMemory
    }
}

impl fmt::Display for Error {
    #[allow(clippy::too_many_lines, reason = "one arm per variant is the point")]
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let message = match self {
            Self::OutOfMemory => "Not enough memory",
            Self::TokenType(found) => {
                return write!(f, "The token must be str or bytes, got {found}");
            }
            Self::TokenMistake(mistake) => return mistake.fmt(f),
            Self::NotEnoughSegments => "Not enough segments",
            Self::InvalidBase64(segment) => return write!(f, "Invalid {segment} padding"),
            Self::HeaderNotJson(message) => return write!(f, "Invalid header string: {message}"),
            Self::HeaderNotObject => "Invalid header string: must be a json object",
            Self::PayloadNotJson(message) => return write!(f, "Invalid payload string: {message}"),
            Self::PayloadNotObject => "Invalid payload string: must be a json object",
            Self::TokenTooLarge(limit) => {
                return write!(f, "The token has more than {limit} bytes");
            }
            Self::PayloadTooDeep(limit) => {
                return write!(
                    f,
                    "Invalid payload string: arrays and objects nested more than {limit} deep"
                );
            }
            Self::KidNotString => "Key ID header parameter must be a string",
            Self::CritNotList => "Invalid 'crit' header: must be a non-empty list",
            Self::CritNotStrings => "Invalid 'crit' header: values must be strings",
            Self::CritUnsupported(name) => {
                return write!(f, "Unsupported critical extension: {name}");
            }
            Self::CritMissing(name) => {
                return write!(f, "Critical extension '{name}' is missing from headers");
            }
            Self::B64NotCritical => {
                "The 'b64' header parameter requires 'b64' to be listed in 'crit'."
            }
            Self::UnencodedPayloadInToken => "Payload segment must be empty when 'b64' is false.",
            Self::DetachedPayloadRequired => {
                "It is required that you pass in a value for the \"detached_payload\" argument to \
                 decode a message having the b64 header set to false."
            }
            Self::DetachedPayloadUnexpected => {
                "It is only valid to pass \"detached_payload\" when the protected header has \
                 \"b64\" set to false."
            }
            Self::TypeMissing(accepted) => {
                return write!(f, "The token has no typ: {accepted} is needed");
            }
            Self::TypeRefused(accepted) => {
                return write!(f, "The token's typ is not accepted: {accepted} is needed");
            }
            Self::AlgorithmMissing => "Algorithm not specified",
            Self::AlgorithmNotAllowed => "The specified alg value is not allowed",
            Self::AlgorithmRefused { found, allowed } => {
                return write!(
                    f,
                    "The token's alg {found} is not allowed: this verifier accepts {}",
                    allowed.join(", ")
                );
            }
            Self::AlgorithmUnknown => "Algorithm not supported",
            Self::AlgorithmUnavailable(name) => {
                return write!(
                    f,
                    "Algorithm '{name}' is not part of this build of rapidjwt (it was compiled \
                     without the feature 'aws-lc')"
                );
            }
            Self::NoMatchingKey => "No key matches the token's kid",
            Self::KeyNotValid(why) => return write!(f, "The key of the token {why}"),
            Self::KidRequired => "The token has no kid, and several keys fit its alg",
            Self::NoUsableKey => "The JWK Set has no key for the allowed algorithms",
            Self::SignatureMismatch => "Signature verification failed",
            Self::JweNotJws => {
                "This is a JWE, which is encrypted, not a JWS, which is signed: decrypt it first"
            }
            Self::InvalidJws(message) => return write!(f, "Invalid JWS: {message}"),
            Self::NotEnoughSignatures { found, required } => {
                return write!(
                    f,
                    "Signature verification failed: {found} of {required} required signatures \
                     verify"
                );
            }
            Self::InvalidSdJwt(message) => return write!(f, "Invalid SD-JWT: {message}"),
            Self::KeyBinding(message) => {
                return write!(f, "The key binding JWT is not accepted: {message}");
            }
            Self::CannotConceal(message) => {
                return write!(f, "The claims cannot be concealed: {message}");
            }
            Self::NothingToDisclose => "A path to disclose leads to no claim of the SD-JWT",
            Self::JwsNotJwe => {
                "This is a JWS, which is signed, not a JWE, which is encrypted: verify it without a decrypter"
            }
            Self::InvalidJwe(message) => return write!(f, "Invalid JWE: {message}"),
            Self::HeaderTooLarge(limit) => {
                return write!(f, "The JOSE header has more than {limit} bytes");
            }
            Self::EncryptionNotAllowed => "The specified enc value is not allowed",
            Self::IterationsNotAllowed(minimum, maximum) => {
                return write!(
                    f,
                    "The PBES2 count (p2c) is not allowed: expected {minimum} to {maximum}, with \
                     all recipients"
                );
            }
            Self::CompressionNotAllowed => {
                "The content is compressed (zip), which has to be allowed first"
            }
            Self::ContentTooLarge(limit) => {
                return write!(f, "The decompressed content has more than {limit} bytes");
            }
            Self::DecryptionFailed => "Decryption failed",
            Self::MissingClaim(claim) => {
                return write!(f, "Token is missing the \"{claim}\" claim");
            }
            Self::IssuedAtNotInteger => "Issued At claim (iat) must be an integer.",
            Self::IssuedInFuture => "The token is not yet valid (iat)",
            Self::NotBeforeNotInteger => "Not Before claim (nbf) must be an integer.",
            Self::NotYetValid => "The token is not yet valid (nbf)",
            Self::ExpirationNotInteger => "Expiration Time claim (exp) must be an integer.",
            Self::Expired => "Signature has expired",
            Self::IssuerNotString => "Payload Issuer (iss) must be a string",
            Self::IssuerMismatch => "Invalid issuer",
            Self::AudienceUnexpected => "Invalid audience",
            Self::AudienceNotConfigured(audience) => {
                return write!(
                    f,
                    "The token is for {audience} (aud), and the verifier was made without an \
                     audience: pass audience=..."
                );
            }
            Self::AudienceFormat => "Invalid claim format in token",
            Self::AudienceMismatch => "Audience doesn't match",
            Self::StrictAudienceNotString => "Invalid audience (strict)",
            Self::StrictAudienceFormat => "Invalid claim format in token (strict)",
            Self::StrictAudienceMismatch => "Audience doesn't match (strict)",
            Self::SubjectNotString => "Subject must be a string",
            Self::SubjectMismatch => "Invalid subject",
            Self::JwtIdNotString => "JWT ID must be a string",
            Self::ClaimRefused { claim, needed } => {
                return write!(f, "The claim \"{claim}\" is not accepted: {needed}");
            }
            Self::ClaimForbidden(claim) => {
                return write!(f, "The token must not have the claim \"{claim}\"");
            }
            Self::TooOld(claim) => {
                return write!(f, "The time in the claim \"{claim}\" is too long ago");
            }
            Self::ClaimsMisfit { claim: Some(claim), kind } => {
                return write!(f, "The claim \"{claim}\" does not fit {kind}");
            }
            Self::ClaimsMisfit { claim: None, kind } => {
                return write!(f, "The claims do not fit {kind}");
            }
            Self::LivesTooLong => "The token is valid for too long: exp is too far from iat",
            Self::SecretEmpty => "HMAC key must not be empty.",
            Self::SecretIsAsymmetricKey => {
                "The specified key is an asymmetric key or x509 certificate and should not be \
                 used as an HMAC secret."
            }
            Self::SecretIsJwk => {
                "The specified key looks like a JWK and should not be used directly as an HMAC \
                 secret. Load it via PyJWK / HMACAlgorithm.from_jwk first."
            }
            Self::KeyDoesNotFit(mismatch) => return mismatch.fmt(f),
            Self::KeyForOtherAlgorithm { own, asked } => {
                return write!(f, "The key is for {own} (its own alg), {asked} was asked for");
            }
            Self::RemoteService(class) => {
                return write!(f, "The key service failed: {class} (see __cause__)");
            }
            Self::PrivateKeyRequired => "Signing needs a private key, got a public key",
            Self::PasswordRequired => {
                "The private key is encrypted: pass its password, as in Key.from_pem(data, \
                 password=...)"
            }
            Self::KeyForNone => "When alg = \"none\", key value must be None.",
            Self::KeyTooShort { bytes, minimum, hash } => {
                return write!(
                    f,
                    "The HMAC key is {bytes} bytes long, which is below the minimum recommended \
                     length of {minimum} bytes for {hash}. See RFC 7518 Section 3.2."
                );
            }
            Self::InvalidKey(message) | Self::RemoteSignature(message) => message,
        };
        f.write_str(message)
    }
}
