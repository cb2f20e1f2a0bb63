//! Prepared keys, so that the same key text or object is parsed once per process instead of once
//! per call.
//!
//! An entry is found by the algorithm and the exact bytes of the key: a changed key is a different
//! entry, and a key prepared for one algorithm is never used for another. Only successes are kept.
//! Each algorithm has its own bounded cache, in which a new entry replaces the least recently used
//! one; key bytes are overwritten when they are dropped.

use std::borrow::Borrow;
use std::hash::{Hash, Hasher};
use std::mem;
use std::sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError};

use hashlink::LruCache;
use pyo3::prelude::*;

use super::key::Key;
use crate::algorithm::{ALGORITHMS, Algorithm};
use crate::crypto::PreparedKey;
use crate::key::SecretBytes;
use crate::python::cache_info::CacheInfo;
use crate::signature_cache::CacheCounts;

/// The number of keys kept per algorithm.
const CAPACITY: usize = 128;

#[derive(PartialEq, Eq)]
struct KeyBytes(SecretBytes);

impl Borrow<[u8]> for KeyBytes {
    fn borrow(&self) -> &[u8] {
        &self.0
    }
}

impl Hash for KeyBytes {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.as_slice().hash(state);
    }
}

/// A key object of another package, kept alive so that no other object gets its address.
struct KnownObject {
    object: Py<PyAny>,
    key: Py<Key>,
}

impl KnownObject {
    /// Releases the references now, not when `PyO3` next knows that a thread is attached
    /// (vectorcall.rs).
    fn release(self, py: Python<'_>) {
        drop((self.object.into_bound(py), self.key.into_bound(py)));
    }
}

/// A cache and its hits and misses, which are counted under its lock: separate counters would cost
/// as much as the lock.
struct Counted<K, V> {
    cache: LruCache<K, V>,
    hits: u64,
    misses: u64,
}

impl<K: Eq + Hash, V> Default for Counted<K, V> {
    fn default() -> Self {
        Self { cache: LruCache::new(CAPACITY), hits: 0, misses: 0 }
    }
}

impl<K: Eq + Hash, V> Counted<K, V> {
    fn count(&mut self, hit: bool) {
        if hit {
            self.hits += 1;
        } else {
            self.misses += 1;
        }
    }

    /// Inserts an entry and returns what it displaces, which is to be dropped without the lock:
    /// dropping a Python object can run Python code, which must not find the lock held.
    #[must_use]
    fn insert(&mut self, key: K, value: V) -> [Option<V>; 2] {
        let is_full = self.cache.len() == CAPACITY;
        let oldest = if is_full { self.cache.remove_lru() } else { None };
        [oldest.map(|(_, value)| value), self.cache.insert(key, value)]
    }

    fn add_to(&self, sum: &mut CacheCounts) {
        sum.hits += self.hits;
        sum.misses += self.misses;
        sum.len += self.cache.len();
    }
}

type Texts = Counted<KeyBytes, Arc<PreparedKey>>;

static TEXTS: LazyLock<[Mutex<Texts>; ALGORITHMS.len()]> = LazyLock::new(Default::default);
static OBJECTS: LazyLock<Mutex<Counted<usize, KnownObject>>> = LazyLock::new(Default::default);

/// Locks a cache, which is usable even after a panic: an entry is inserted whole or not at all.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Returns the key prepared for `algorithm` from exactly these bytes.
pub(in crate::python) fn find(
    algorithm: &'static Algorithm,
    bytes: &[u8],
) -> Option<Arc<PreparedKey>> {
    let mut texts = lock(&TEXTS[algorithm.index()?]);
    // Most programs have one key. Comparing it takes a fraction of the time of hashing it.
    let found = match texts.cache.iter().next_back() {
        Some((newest, key)) if **newest.0 == *bytes => Some(Arc::clone(key)),
        _ => texts.cache.get(bytes).cloned(),
    };
    texts.count(found.is_some());
    found
}

/// Stores a prepared key.
pub(in crate::python) fn keep(algorithm: &'static Algorithm, bytes: &[u8], key: &Arc<PreparedKey>) {
    if let Some(index) = algorithm.index() {
        let bytes = KeyBytes(bytes.to_vec().into());
        // An Ed448 key is a Python object. The lock is released at the end of this statement.
        let displaced = lock(&TEXTS[index]).insert(bytes, Arc::clone(key));
        drop(displaced);
    }
}

/// Returns the native key that was made from a key object of another package.
pub(in crate::python) fn find_object<'py>(object: &Bound<'py, PyAny>) -> Option<Bound<'py, Key>> {
    let mut objects = lock(&OBJECTS);
    let found = objects.cache.get(&(object.as_ptr() as usize));
    let found = found.map(|known| known.key.bind(object.py()).clone());
    objects.count(found.is_some());
    found
}

/// Stores the native key that was made from a key object of another package.
pub(in crate::python) fn keep_object(object: &Bound<'_, PyAny>, key: &Bound<'_, Key>) {
    let known = KnownObject { object: object.clone().unbind(), key: key.clone().unbind() };
    let displaced = lock(&OBJECTS).insert(object.as_ptr() as usize, known);
    for known in displaced.into_iter().flatten() {
        known.release(object.py());
    }
}

/// Removes every prepared key and sets the counters of `key_cache_info()` to zero.
///
/// Keys that another thread is using stay alive until its call ends.
#[pyfunction]
pub(in crate::python) fn clear_key_cache() {
    // Taken out under the lock and dropped after it, as in `Counted::insert`.
    for texts in TEXTS.iter() {
        let texts = mem::take(&mut *lock(texts));
        drop(texts);
    }
    let objects = mem::take(&mut *lock(&OBJECTS));
    drop(objects);
}

/// Returns the counters of the cache of prepared keys; `maxsize` is per algorithm.
#[pyfunction]
pub(in crate::python) fn key_cache_info() -> CacheInfo {
    let mut sum = CacheCounts { capacity: CAPACITY, ..CacheCounts::default() };
    TEXTS.iter().for_each(|texts| lock(texts).add_to(&mut sum));
    lock(&OBJECTS).add_to(&mut sum);
    sum.into()
}
