//! What a cache says of itself.

use pyo3::prelude::*;

use crate::signature_cache::CacheCounts;

/// The counters of a cache, named as those of `functools.lru_cache`.
#[pyclass(frozen, get_all, eq, skip_from_py_object, module = "rapidjwt")]
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct CacheInfo {
    /// Look-ups that found an entry.
    hits: u64,
    /// Look-ups that did not.
    misses: u64,
    /// The most entries that are kept.
    maxsize: usize,
    /// The entries that are there now.
    currsize: usize,
}

impl From<CacheCounts> for CacheInfo {
    fn from(CacheCounts { hits, misses, capacity, len }: CacheCounts) -> Self {
        Self { hits, misses, maxsize: capacity, currsize: len }
    }
}

#[pymethods]
impl CacheInfo {
    fn __repr__(&self) -> String {
        let Self { hits, misses, maxsize, currsize } = self;
        format!("CacheInfo(hits={hits}, misses={misses}, maxsize={maxsize}, currsize={currsize})")
    }
}
