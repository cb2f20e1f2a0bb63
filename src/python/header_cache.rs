//! The few JOSE headers that nearly all tokens share, so that their JSON is parsed and written once
//! instead of once per token.

use std::cell::RefCell;
use std::sync::OnceLock;

use crate::algorithm::{ALGORITHMS, Algorithm};
use crate::base64url;
use crate::header::Header;

/// The number of headers kept per thread; a new one replaces the oldest.
const CAPACITY: usize = 8;
/// Longer encoded headers are not cached, and calls of PyJWT's API leave them to the fallback. A
/// header within this limit has fewer than 4,300 bytes and so no integer with too many digits for
/// Python.
const MAX_SEGMENT_LEN: usize = 5_600;

/// The content of a usual header.
pub(super) struct CachedHeader {
    pub(super) algorithm: &'static Algorithm,
    pub(super) kid: Option<Box<str>>,
    /// What [`Header::media_type`] returns.
    pub(super) media_type: Option<Box<str>>,
}

struct HeaderCache {
    entries: Vec<(Box<[u8]>, CachedHeader)>,
    next: usize,
}

thread_local! {
    static KNOWN: RefCell<HeaderCache> =
        const { RefCell::new(HeaderCache { entries: Vec::new(), next: 0 }) };
}

/// Sets up this thread's cache of headers.
///
/// The first use of a thread-local with a destructor takes a lock of the dynamic linker. A process
/// that is forked while another thread holds that lock would wait for it forever. So the thread
/// that imports the package, which is the one that servers fork from, does this at import.
pub(super) fn prepare_thread() {
    KNOWN.with_borrow(|_| ());
}

/// Returns the result of `read` for the content of the encoded header `segment`; `None` if the
/// header breaks a rule or has a parameter that changes how the token is read.
///
/// The result depends only on the bytes of `segment`, so a cached header is as good as a new one.
/// `read` must not call this function.
pub(super) fn read<T>(segment: &[u8], read: impl FnOnce(&CachedHeader) -> T) -> Option<T> {
    if segment.len() > MAX_SEGMENT_LEN {
        return None;
    }
    KNOWN.with_borrow_mut(|known| {
        if let Some((_, header)) = known.entries.iter().find(|(bytes, _)| **bytes == *segment) {
            return Some(read(header));
        }
        let header = parse(segment)?;
        let answer = read(&header);
        let entry = (segment.into(), header);
        if known.entries.len() < CAPACITY {
            known.entries.push(entry);
        } else {
            known.entries[known.next] = entry;
            known.next = (known.next + 1) % CAPACITY;
        }
        Some(answer)
    })
}

/// Parses a header of any length as [`read`] does, without caching it.
pub(super) fn parse(segment: &[u8]) -> Option<CachedHeader> {
    let header = Header::parse(&base64url::decode(segment).ok()?).ok()?;
    header.validate().ok()?;
    if header.has_unencoded_payload() {
        return None;
    }
    let algorithm = by_exact_name(header.alg().ok()?)?;
    let media_type = header.media_type().map(String::into_boxed_str);
    Some(CachedHeader { algorithm, kid: header.kid().map(Box::from), media_type })
}

/// Returns the algorithm of that name. Aliases are excluded: their tokens keep the alias in the
/// header.
pub(super) fn by_exact_name(name: &str) -> Option<&'static Algorithm> {
    Algorithm::by_name(name).filter(|algorithm| algorithm.name == name)
}

/// Does what [`by_exact_name`] does, but excludes `none`.
pub(super) fn signature_algorithm(name: &str) -> Option<&'static Algorithm> {
    by_exact_name(name).filter(|algorithm| algorithm.index().is_some())
}

/// Returns the encoded header `{"alg": ..., "typ": "JWT"}`, sorted or in PyJWT's order of
/// insertion.
pub(super) fn plain_segment(algorithm: &'static Algorithm, sort: bool) -> Option<&'static str> {
    static SEGMENTS: [[OnceLock<String>; 2]; ALGORITHMS.len()] =
        [const { [const { OnceLock::new() }; 2] }; ALGORITHMS.len()];
    let segment = &SEGMENTS[algorithm.index()?][usize::from(sort)];
    Some(segment.get_or_init(|| {
        let name = algorithm.name;
        base64url::encode(
            if sort {
                format!(r#"{{"alg":"{name}","typ":"JWT"}}"#)
            } else {
                format!(r#"{{"typ":"JWT","alg":"{name}"}}"#)
            }
            .as_bytes(),
        )
    }))
}
