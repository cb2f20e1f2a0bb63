//! JSON Web Encryption (RFC 7516): the compact serialization, and the flattened and the general
//! JSON serialization with several recipients.
//!
//! ```
//! use rapidjwt::content_encryption::ContentEncryption;
//! use rapidjwt::crypto::KeyManagementKey;
//! use rapidjwt::jwe::{Decrypter, Encrypter};
//! use rapidjwt::key::recipient::RecipientKey;
//! use rapidjwt::key_management::KeyManagement;
//!
//! # fn main() -> Result<(), rapidjwt::error::Error> {
//! let dir = KeyManagement::by_name("dir").expect("in the table");
//! let a256gcm = ContentEncryption::by_name("A256GCM").expect("in the table");
//! let secret = RecipientKey::Secret(b"0123456789abcdef0123456789abcdef".to_vec().into());
//!
//! let encrypter = Encrypter::new(KeyManagementKey::new(&secret, dir)?, a256gcm)?;
//! let token = encrypter.encrypt(b"hello")?;
//!
//! let decrypter = Decrypter::new(vec![(None, KeyManagementKey::new(&secret, dir)?)], vec![a256gcm]);
//! assert_eq!(decrypter.decrypt(token.as_bytes())?.plaintext(), b"hello");
//! # Ok(())
//! # }
//! ```
//!
//! A decrypted token is not a verified one: whoever has a public key can encrypt. Nothing here makes
//! a [`Verified`](crate::jws::Verified).

mod bounds;
mod decrypter;
mod encrypter;
mod header;
mod json;
mod parts;
mod zip;

pub use bounds::Bounds;
pub use decrypter::{Decrypted, Decrypter};
pub use encrypter::{Encrypter, encrypt_general};
