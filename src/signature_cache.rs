//! Signatures that have verified before, so that a token that is seen again is not verified again.
//!
//! An entry is the SHA-256 of the token and of an ID of the keys it verified under. Changing one
//! bit of the token, or using other keys, leads to another entry. Claims are not part of it:
//! whoever uses the cache checks them each time.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use hashlink::LruCache;

use crate::crypto::Fingerprint;

/// A bounded set of fingerprints; a new one replaces the least recently used one.
///
/// [`crate::jws::Compact::verified_before`] looks a token up, and
/// [`crate::jws::NewlyVerified::remember`] inserts one that has verified. No other code can mark a
/// token as verified:
///
/// ```compile_fail,E0624
/// use rapidjwt::crypto::fingerprint;
/// use rapidjwt::signature_cache::SignatureCache;
///
/// let cache = SignatureCache::new(8);
/// cache.insert(fingerprint(&[b"signing input", b"signature", b"key"]));
/// ```
pub struct SignatureCache {
    entries: Mutex<LruCache<Fingerprint, ()>>,
    hits: AtomicU64,
    misses: AtomicU64,
}

/// The counters of a cache.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct CacheCounts {
    /// Lookups that found an entry.
    pub hits: u64,
    /// Lookups that found nothing.
    pub misses: u64,
    /// The maximum number of entries.
    pub capacity: usize,
    /// The current number of entries.
    pub len: usize,
}

impl SignatureCache {
    /// Makes a cache of at most `capacity` signatures, each of which takes 32 bytes and its share
    /// of a hash table.
    pub fn new(capacity: usize) -> Self {
        Self {
            entries: Mutex::new(LruCache::new(capacity)),
            hits: AtomicU64::new(0),
            misses: AtomicU64::new(0),
        }
    }

    /// Returns whether this fingerprint was inserted.
    pub(crate) fn contains(&self, fingerprint: &Fingerprint) -> bool {
        let found = self.lock().get(fingerprint).is_some();
        let counter = if found { &self.hits } else { &self.misses };
        counter.fetch_add(1, Ordering::Relaxed);
        found
    }

    /// Inserts the fingerprint of a token that has verified.
    pub(crate) fn insert(&self, fingerprint: Fingerprint) {
        self.lock().insert(fingerprint, ());
    }

    /// Removes every entry and sets the counters to zero.
    pub fn clear(&self) {
        self.lock().clear();
        self.hits.store(0, Ordering::Relaxed);
        self.misses.store(0, Ordering::Relaxed);
    }

    /// Returns the current counters.
    pub fn counts(&self) -> CacheCounts {
        let entries = self.lock();
        CacheCounts {
            hits: self.hits.load(Ordering::Relaxed),
            misses: self.misses.load(Ordering::Relaxed),
            capacity: entries.capacity(),
            len: entries.len(),
        }
    }

    /// Locks the entries, which are usable even after a panic: an entry is inserted whole or not at
    /// all.
    fn lock(&self) -> MutexGuard<'_, LruCache<Fingerprint, ()>> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::fingerprint;

    #[test]
    fn only_what_was_inserted_is_found() {
        let cache = SignatureCache::new(8);
        let token = fingerprint(&[b"token", b"key"]);
        assert!(!cache.contains(&token));
        cache.insert(token);
        assert!(cache.contains(&token));
        assert!(!cache.contains(&fingerprint(&[b"tokem", b"key"])));
        assert!(!cache.contains(&fingerprint(&[b"token", b"other key"])));
        assert!(!cache.contains(&fingerprint(&[b"tokenk", b"ey"])));
        assert_eq!(cache.counts(), CacheCounts { hits: 1, misses: 4, capacity: 8, len: 1 });
        cache.clear();
        assert!(!cache.contains(&token));
    }

    #[test]
    fn the_oldest_entry_makes_room() {
        let cache = SignatureCache::new(2);
        for token in [b"a", b"b", b"c"] {
            cache.insert(fingerprint(&[token]));
        }
        assert!(!cache.contains(&fingerprint(&[b"a"])));
        assert!(cache.contains(&fingerprint(&[b"c"])));
    }
}
