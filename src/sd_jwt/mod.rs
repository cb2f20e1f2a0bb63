//! Selective disclosure: SD-JWT (RFC 9901).
//!
//! An issuer signs digests in place of claims and gives the claims to the holder as disclosures. The
//! holder presents some of them, and a verifier checks that the issuer signed their digests.
//!
//! ```
//! use rapidjwt::algorithm::{Algorithm, Hash};
//! use rapidjwt::crypto::PreparedKey;
//! use rapidjwt::jws;
//! use rapidjwt::key::KeyMaterial;
//! use rapidjwt::sd_jwt::{KeyBinding, Limits, SdJwt, Step, conceal};
//!
//! # fn main() -> Result<(), rapidjwt::error::Error> {
//! let hs256 = Algorithm::by_name("HS256").expect("in the table");
//! let secret = KeyMaterial::Secret(b"0123456789abcdef0123456789abcdef".to_vec().into());
//! let key = PreparedKey::new(&secret, hs256)?;
//!
//! let claims = br#"{"iss":"me","given_name":"John","family_name":"Doe"}"#;
//! let name = |name: &str| vec![Step::Name(name.to_owned())];
//! let paths = [name("given_name"), name("family_name")];
//! let concealed = conceal(claims, &paths, Hash::Sha256, 0)?;
//! let jwt = jws::sign(br#"{"alg":"HS256"}"#, concealed.payload.as_bytes(), &key)?;
//! let issued = SdJwt::new(&jwt, concealed.disclosures)?;
//!
//! let presented = issued.select(&[name("given_name")], Limits::DEFAULT)?;
//! let verify = |jwt: &[u8]| jws::verify(jwt, &[&key], None);
//! let verified = presented.verify(verify, &KeyBinding::Refused, Limits::DEFAULT, 0.0)?;
//! assert_eq!(verified.claims.payload(), br#"{"iss":"me","given_name":"John"}"#);
//! # Ok(())
//! # }
//! ```

mod bounds;
mod disclosure;
mod issuance;
mod key_binding;
mod names;
mod path;
mod presentation;
mod processing;
mod serialization;
mod tree;

pub use bounds::Limits;
pub use disclosure::Disclosure;
pub use issuance::{Concealed, conceal};
pub use key_binding::{KeyBinding, KeyBindingPolicy};
pub use names::hash_by_name;
pub use path::{Path, Step};
pub use presentation::{Located, Verified};
pub use serialization::SdJwt;
