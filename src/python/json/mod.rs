//! JSON to Python objects and back. Everything unusual is left to Python's own json.

mod ascii;
pub(super) mod dumps;
pub(super) mod loads;
mod name_cache;

pub(super) use name_cache::prepare_thread;

/// Text that Python's json must decide.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::python) struct Unusual;
