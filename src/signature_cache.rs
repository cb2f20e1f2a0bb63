//! Signatures that verified before, so that a token that comes again is not verified again.
//!
//! An entry is the SHA-256 of the token and of what stands for the keys it verified under. A token
//! of which one bit is changed, or that meets other keys, is another entry. Claims are no part of
//! it: whoever uses the cache checks them each time.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use hashlink::LruCache;

use crate::crypto::Fingerprint;

/// A bounded set of fingerprints; the least recently used one makes room.
pub struct SignatureCache {
    entries: Mutex<LruCache<Fingerprint, ()>>,
    hits: AtomicU64,
    misses: AtomicU64,
}

impl SignatureCache {
    /// A cache of at most `capacity` signatures, 32 bytes each and the room of a hash table.
    pub fn new(capacity: usize) -> Self {
        Self {
            entries: Mutex::new(LruCache::new(capacity)),
            hits: AtomicU64::new(0),
            misses: AtomicU64::new(0),
        }
    }

    /// Whether this fingerprint was inserted.
    pub fn contains(&self, fingerprint: &Fingerprint) -> bool {
        let found = self.lock().get(fingerprint).is_some();
        let counter = if found { &self.hits } else { &self.misses };
        counter.fetch_add(1, Ordering::Relaxed);
        found
    }

    /// Remembers a token that has verified.
    pub fn insert(&self, fingerprint: Fingerprint) {
        self.lock().insert(fingerprint, ());
    }

    /// Forgets everything and sets the counters to zero.
    pub fn clear(&self) {
        self.lock().clear();
        self.hits.store(0, Ordering::Relaxed);
        self.misses.store(0, Ordering::Relaxed);
    }

    /// Hits, misses, capacity, entries.
    pub fn info(&self) -> (u64, u64, usize, usize) {
        let entries = self.lock();
        let (hits, misses) = (&self.hits, &self.misses);
        let count = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        (count(hits), count(misses), entries.capacity(), entries.len())
    }

    /// Usable after a panic: an entry is inserted whole or not at all.
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
        assert_eq!(cache.info(), (1, 4, 8, 1));
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
