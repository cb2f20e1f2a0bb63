//! What a cache says of itself.

use pyo3::prelude::*;

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

impl From<(u64, u64, usize, usize)> for CacheInfo {
    fn from((hits, misses, maxsize, currsize): (u64, u64, usize, usize)) -> Self {
        Self { hits, misses, maxsize, currsize }
    }
}

#[pymethods]
impl CacheInfo {
    fn __repr__(&self) -> String {
        let Self { hits, misses, maxsize, currsize } = self;
        format!("CacheInfo(hits={hits}, misses={misses}, maxsize={maxsize}, currsize={currsize})")
    }
}
