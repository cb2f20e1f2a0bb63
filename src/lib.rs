//! JSON Web Tokens: the core of the Python package `rapidjwt`, and without the feature `python` a
//! plain Rust library.
//!
//! ```
//! use rapidjwt::algorithm::Algorithm;
//! use rapidjwt::claims::{self, Accepted, Checks, Policy};
//! use rapidjwt::crypto::PreparedKey;
//! use rapidjwt::jws;
//! use rapidjwt::key::pem;
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let text = std::fs::read(concat!(
//! #     env!("CARGO_MANIFEST_DIR"), "/tests/vectors/keys/rsa_2048_pkcs8.pem"))?;
//! let rs256 = Algorithm::by_name("RS256").expect("in the table");
//! let key = PreparedKey::new(&pem::parse(&text)?, rs256)?;
//! let token = jws::sign(br#"{"alg":"RS256"}"#, br#"{"iss":"me","exp":2000000000}"#, &key)?;
//!
//! // Only a verified token hands out its payload.
//! let verified = jws::verify(token.as_bytes(), &[&key], None)?;
//! let claims: serde_json::Map<_, _> = serde_json::from_slice(verified.payload())?;
//! let policy = Policy {
//!     checks: Checks::DEFAULT,
//!     leeway: 0.0,
//!     require: vec!["exp"],
//!     issuer: Some(Accepted::One("me")),
//!     audience: None,
//!     subject: None,
//! };
//! claims::validate(&claims, &policy, 1_900_000_000.0)?;
//! # Ok(())
//! # }
//! ```
//!
//! # Features
//!
//! - `aws-lc` (on by default): RSA, ECDSA on the NIST curves and Ed25519 from AWS-LC, in place of
//!   a library without P-521. See docs/architecture.md for the measurements.
//! - `python`: the extension module `rapidjwt._rapidjwt`; maturin turns it on.
//!
//! The minimum Rust version is 1.88.
//!
//! # Modules
//!
//! The modules are the terms of the JOSE specifications. Dependencies point one way, from the top
//! of this list to its end:
//!
//! | module | what it is |
//! |---|---|
//! | `python` | the extension module, the only place that knows Python |
//! | [`dangerous`] | reading a token without verifying it |
//! | [`sd_jwt`] | selective disclosure (RFC 9901) |
//! | [`jws_json`] | signatures in the JSON serializations (RFC 7515 Section 7.2) |
//! | [`jws`] | compact serialization: sign, verify (RFC 7515, RFC 7797) |
//! | [`jwe`] | encryption: compact and JSON serializations (RFC 7516) |
//! | [`signature_cache`] | signatures that have verified before |
//! | [`keyring`] | which of several keys a token is verified with |
//! | [`key_file`] | keys as they are stored in files: encrypted ones and certificates too |
//! | [`crypto`] | signing and encrypting, the only place that names a crypto library |
//! | [`key_management`], [`content_encryption`] | the tables of algorithms of a JWE (RFC 7518) |
//! | [`algorithm`] | the table of signature algorithms (RFC 7518, RFC 8037, RFC 8812, RFC 9864) |
//! | [`key`] | key material and its formats (RFC 7517, RFC 7518 Section 6) |
//! | [`malformed`] | what a text that is not a token often is |
//! | [`header`] | the JOSE header's rules (RFC 7515 Section 4) |
//! | [`claims`] | rules for the registered claims (RFC 7519) |
//! | [`bounds`] | how large and how deep a token may be |
//! | [`base64url`] | strict base64url (RFC 7515 Section 2) |
//! | [`error`] | every way a token, a key or a call can be wrong |

pub mod algorithm;
pub mod base64url;
pub mod bounds;
pub mod claims;
pub mod content_encryption;
pub mod crypto;
pub mod dangerous;
pub mod error;
pub mod header;
pub mod jwe;
pub mod jws;
pub mod jws_json;
pub mod key;
pub mod key_file;
pub mod key_management;
pub mod keyring;
pub mod malformed;
mod memory;
pub mod sd_jwt;
pub mod signature_cache;

#[cfg(feature = "python")]
mod python;
