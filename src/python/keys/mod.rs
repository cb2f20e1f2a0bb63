//! Keys of every kind, prepared for an algorithm.

pub(super) mod argument;
pub(super) mod cache;
mod ed448;
pub(super) mod identity;
pub(super) mod key;
pub(super) mod key_mistakes;
pub(super) mod length;
mod material;
pub(super) mod remote;
