//! Work that is shared by all cores, outside the interpreter lock.
//!
//! Threads are started for each call, because a pool of worker threads (such as rayon's) does not
//! survive a fork, and web servers fork. Starting two threads takes about 30 us, while verifying a
//! thousand RS256 signatures takes more than 10 ms.

use std::num::NonZero;
use std::sync::{Mutex, PoisonError};
use std::{panic, thread};

use pyo3::prelude::*;

use super::cpython;

/// A thread takes this part of its share of what is left: first many jobs, in the end few, so that
/// all threads end at about the same time.
pub(super) const PART: usize = 4;

/// Calls `work` for each of the jobs, in at most `threads` threads, or in one per core, and in so few
/// that each has at least `least` jobs. This thread takes shares as well, without the interpreter.
pub(super) fn for_each<T: Send>(
    py: Python<'_>,
    threads: Option<NonZero<usize>>,
    least: usize,
    jobs: &mut [T],
    work: impl Fn(&mut T) + Sync,
) {
    let threads = count(threads).min(jobs.len().div_ceil(least));
    let left = Mutex::new(jobs);
    let next = || {
        let mut left = left.lock().unwrap_or_else(PoisonError::into_inner);
        let some = (left.len() / (threads.max(1) * PART)).max(least).min(left.len());
        left.split_off_mut(..some).filter(|share| !share.is_empty())
    };
    let take_shares = || {
        while let Some(share) = next() {
            share.iter_mut().for_each(&work);
        }
    };
    thread::scope(|scope| {
        // Threads are started while this thread holds the interpreter, as a thread that forks must:
        // in a child that is forked while glibc assigns an old stack to a new thread, the memory of
        // that stack is freed twice. If a thread cannot be started, the others take its shares.
        let started: Vec<_> = (1..threads)
            .filter_map(|_| thread::Builder::new().spawn_scoped(scope, take_shares).ok())
            .collect();
        cpython::detach(py, || {
            take_shares();
            for thread in started {
                thread.join().unwrap_or_else(|panic| panic::resume_unwind(panic));
            }
        });
    });
}

/// Returns the number of threads: by default one per core.
pub(super) fn count(threads: Option<NonZero<usize>>) -> usize {
    threads.or_else(|| thread::available_parallelism().ok()).map_or(1, NonZero::get)
}
