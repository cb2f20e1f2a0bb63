pub mod base64url;
pub mod error;
pub mod key;
