//! The counters of a cache, for Python.

use pyo3::prelude::*;

use crate::signature_cache::CacheCounts;

/// The counters of a cache, with the names that `functools.lru_cache` uses.
#[pyclass(frozen, get_all, eq, module = "rapidjwt")]
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct CacheInfo {
    /// Lookups that found an entry.
    hits: u64,
    /// Lookups that found nothing.
    misses: u64,
    /// The maximum number of entries.
    maxsize: usize,
    /// The current number of entries.
    currsize: usize,
}

impl From<CacheCounts> for CacheInfo {
    fn from(CacheCounts { hits, misses, capacity, len }: CacheCounts) -> Self {
        Self { hits, misses, maxsize: capacity, currsize: len }
    }
}

#[pymethods]
impl CacheInfo {
    #[new]
    #[pyo3(signature = (hits=0, misses=0, maxsize=0, currsize=0))]
    const fn new(hits: u64, misses: u64, maxsize: usize, currsize: usize) -> Self {
        Self { hits, misses, maxsize, currsize }
    }

    fn __repr__(&self) -> String {
        let Self { hits, misses, maxsize, currsize } = self;
        format!("CacheInfo(hits={hits}, misses={misses}, maxsize={maxsize}, currsize={currsize})")
    }
}
