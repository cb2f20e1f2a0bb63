//! JSON to Python objects and back. Everything unusual is left to Python's own json.

pub(super) mod ascii;
mod cursor;
pub(super) mod dumps;
pub(super) mod loads;
pub(super) mod name_cache;
mod number;
mod plain;
pub(super) mod scan;

/// The error for input that is left to Python's json.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::python) struct Unusual;
