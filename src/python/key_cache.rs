//! Prepared keys, so that the same key text or object is parsed once per process and not once per
//! call.
//!
//! An entry is found by the algorithm and the exact bytes of the key: a changed key is another
//! entry, and a key prepared for one algorithm never serves another. Only successes are kept. Each
//! algorithm has its own bounded cache, whose least recently used entry makes room for a new one;
//! key bytes are overwritten when dropped.

use std::borrow::Borrow;
use std::hash::{Hash, Hasher};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError};

use hashlink::LruCache;
use pyo3::prelude::*;

use super::cache_info::CacheInfo;
use super::key::Key;
use crate::algorithm::{ALGORITHMS, Algorithm};
use crate::crypto::PreparedKey;
use crate::key::SecretBytes;

/// Keys kept per algorithm.
const CAPACITY: usize = 128;

/// A prepared key and what PyJWT would say about its length.
pub(super) struct CachedKey {
    pub(super) key: PreparedKey,
    /// The warning for a key below the algorithm's minimum length.
    pub(super) length_warning: Option<String>,
}

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

/// A key object of another package, kept alive so that its address stays its own.
struct KnownObject {
    object: Py<PyAny>,
    key: Py<Key>,
}

impl KnownObject {
    /// Gives the references back at once, and not when `PyO3` next knows that a thread is attached
    /// (arguments/call.rs).
    fn release(self, py: Python<'_>) {
        drop((self.object.into_bound(py), self.key.into_bound(py)));
    }
}

type Texts = LruCache<KeyBytes, Arc<CachedKey>>;

static TEXTS: LazyLock<[Mutex<Texts>; ALGORITHMS.len()]> =
    LazyLock::new(|| std::array::from_fn(|_| Mutex::new(LruCache::new(CAPACITY))));
static OBJECTS: LazyLock<Mutex<LruCache<usize, KnownObject>>> =
    LazyLock::new(|| Mutex::new(LruCache::new(CAPACITY)));
static HITS: AtomicU64 = AtomicU64::new(0);
static MISSES: AtomicU64 = AtomicU64::new(0);

/// The cache stays usable after a panic: an entry is inserted whole or not at all.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn count(hit: bool) {
    let counter = if hit { &HITS } else { &MISSES };
    counter.fetch_add(1, Ordering::Relaxed);
}

/// The key prepared for `algorithm` from exactly these bytes.
pub(super) fn find(algorithm: &'static Algorithm, bytes: &[u8]) -> Option<Arc<CachedKey>> {
    let mut texts = lock(&TEXTS[algorithm.index()?]);
    // Most programs have one key. Comparing it takes a fraction of the time of hashing it.
    let found = match texts.iter().next_back() {
        Some((newest, key)) if **newest.0 == *bytes => Some(Arc::clone(key)),
        _ => texts.get(bytes).cloned(),
    };
    drop(texts);
    count(found.is_some());
    found
}

/// Keeps a prepared key.
pub(super) fn keep(algorithm: &'static Algorithm, bytes: &[u8], key: &Arc<CachedKey>) {
    if let Some(index) = algorithm.index() {
        lock(&TEXTS[index]).insert(KeyBytes(bytes.to_vec().into()), Arc::clone(key));
    }
}

/// The native key made of a key object of another package.
pub(super) fn find_object<'py>(object: &Bound<'py, PyAny>) -> Option<Bound<'py, Key>> {
    let mut objects = lock(&OBJECTS);
    let found = objects.get(&(object.as_ptr() as usize));
    count(found.is_some());
    found.map(|known| known.key.bind(object.py()).clone())
}

/// Keeps the native key made of a key object of another package.
pub(super) fn keep_object(object: &Bound<'_, PyAny>, key: &Bound<'_, Key>) {
    let known = KnownObject { object: object.clone().unbind(), key: key.clone().unbind() };
    let mut objects = lock(&OBJECTS);
    // Dropping an object can run Python code, which must not find the lock taken.
    let oldest = if objects.len() == CAPACITY { objects.remove_lru() } else { None };
    let replaced = objects.insert(object.as_ptr() as usize, known);
    drop(objects);
    for known in [oldest.map(|(_, known)| known), replaced].into_iter().flatten() {
        known.release(object.py());
    }
}

/// Forgets every prepared key and sets the counters of `key_cache_info()` to zero.
///
/// Keys in use by another thread live until that call ends.
#[pyfunction]
pub(super) fn clear_key_cache() {
    for texts in TEXTS.iter() {
        lock(texts).clear();
    }
    // Taken out under the lock, dropped after it, as in `keep_object`.
    let objects = std::mem::replace(&mut *lock(&OBJECTS), LruCache::new(CAPACITY));
    drop(objects);
    HITS.store(0, Ordering::Relaxed);
    MISSES.store(0, Ordering::Relaxed);
}

/// The counters of the cache of prepared keys; `maxsize` is per algorithm.
#[pyfunction]
pub(super) fn key_cache_info() -> CacheInfo {
    let size = TEXTS.iter().map(|texts| lock(texts).len()).sum::<usize>() + lock(&OBJECTS).len();
    (HITS.load(Ordering::Relaxed), MISSES.load(Ordering::Relaxed), CAPACITY, size).into()
}
