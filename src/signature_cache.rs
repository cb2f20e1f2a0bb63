//! Signatures that verified before, so that a token that comes again is not verified again.
//!
//! An entry is the SHA-256 of the token and of what stands for the key it verified under. A token of which one bit
//! is changed, or that meets another key, is another entry. Claims are no part of it: whoever uses
//! the cache checks them each time.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use hashlink::LruCache;

use crate::crypto::fingerprint;

/// A bounded set of fingerprints; the least recently used one makes room.
pub struct SignatureCache {
    entries: Mutex<LruCache<[u8; 32], ()>>,
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

    /// Runs `verify` unless it was true before for the same `parts`: the signing input, the
    /// signature, and what stands for the key. False is not remembered.
    pub fn verify_once(&self, parts: &[&[u8]], verify: impl FnOnce() -> bool) -> bool {
        let fingerprint = fingerprint(parts);
        if self.lock().get(&fingerprint).is_some() {
            self.hits.fetch_add(1, Ordering::Relaxed);
            return true;
        }
        self.misses.fetch_add(1, Ordering::Relaxed);
        let verified = verify();
        if verified {
            self.lock().insert(fingerprint, ());
        }
        verified
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
    fn lock(&self) -> MutexGuard<'_, LruCache<[u8; 32], ()>> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(cache: &SignatureCache, parts: &[&[u8]]) -> bool {
        cache.verify_once(parts, || false)
    }

    #[test]
    fn only_the_same_token_under_the_same_key_hits() {
        let cache = SignatureCache::new(8);
        assert!(!seen(&cache, &[b"token", b"key"]), "a failure is not remembered");
        assert!(cache.verify_once(&[b"token", b"key"], || true));
        assert!(seen(&cache, &[b"token", b"key"]));
        assert!(!seen(&cache, &[b"tokem", b"key"]));
        assert!(!seen(&cache, &[b"token", b"other key"]));
        assert!(!seen(&cache, &[b"tokenk", b"ey"]));
        assert_eq!(cache.info(), (1, 5, 8, 1));
        cache.clear();
        assert!(!seen(&cache, &[b"token", b"key"]));
    }

    #[test]
    fn the_oldest_entry_makes_room() {
        let cache = SignatureCache::new(2);
        for token in [b"a", b"b", b"c"] {
            assert!(cache.verify_once(&[token], || true));
        }
        assert!(!seen(&cache, &[b"a"]));
        assert!(seen(&cache, &[b"c"]));
    }
}
