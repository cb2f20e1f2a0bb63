//! JSON Web Tokens: the core of the Python package `rapidjwt`, and without the feature `python` a
//! plain Rust library.
//!
//! The modules are the terms of the JOSE specifications. Dependencies point one way, from the top
//! of this list to its end:
//!
//! | module | what it is |
//! |---|---|
//! | `python` | the extension module, the only place that knows Python |
//! | [`claims`] | rules for the registered claims (RFC 7519) |
//! | [`dangerous`] | reading a token without verifying it |
//! | [`bounds`] | how large and how deep a token may be |
//! | [`signature_cache`] | signatures that verified before |
//! | [`keyring`] | which of several keys a token is verified with |
//! | [`jws`] | compact serialization: sign, verify (RFC 7515, RFC 7797) |
//! | [`header`] | the JOSE header's rules (RFC 7515 Section 4) |
//! | [`key_file`] | keys as files hold them: encrypted ones and certificates too |
//! | [`crypto`] | signing and verifying, the only place that names a crypto library |
//! | [`algorithm`] | the table of algorithms (RFC 7518, RFC 8037, RFC 8812, RFC 9864) |
//! | [`key`] | key material and its formats (RFC 7517, RFC 7518 Section 6) |
//! | [`base64url`] | strict base64url (RFC 7515 Section 2) |
//! | [`error`] | every way a token, a key or a call can be wrong |

pub mod algorithm;
pub mod base64url;
pub mod bounds;
pub mod claims;
pub mod crypto;
pub mod dangerous;
pub mod error;
pub mod header;
pub mod jws;
pub mod key;
pub mod key_file;
pub mod keyring;
pub mod signature_cache;

#[cfg(feature = "python")]
mod python;
