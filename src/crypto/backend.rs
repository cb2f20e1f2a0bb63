//! aws-lc-rs or, without the feature `aws-lc`, ring: the two have the same API.

#[cfg(feature = "aws-lc")]
pub(super) use aws_lc_rs::{aead, rand, signature};
#[cfg(not(feature = "aws-lc"))]
pub(super) use ring::{aead, rand, signature};

/// The name of the library that this build uses for RSA, ECDSA and `EdDSA`.
pub const LIBRARY: &str = if cfg!(feature = "aws-lc") { "aws-lc-rs" } else { "ring" };
