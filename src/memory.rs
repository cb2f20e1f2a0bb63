//! Memory whose size is decided by input, so that it may not be available.
//!
//! Rust ends the process if an allocation fails. These functions return
//! [`Error::OutOfMemory`] instead, which becomes Python's `MemoryError`.

use crate::error::Error;

/// Returns an empty buffer with room for `len` bytes.
///
/// # Errors
/// [`Error::OutOfMemory`].
pub(crate) fn buffer(len: usize) -> Result<Vec<u8>, Error> {
    let mut buffer = Vec::new();
    buffer.try_reserve_exact(len)?;
    Ok(buffer)
}

/// Returns the parts one after another.
///
/// # Errors
/// [`Error::OutOfMemory`].
pub(crate) fn concat(parts: &[&[u8]]) -> Result<Vec<u8>, Error> {
    let mut bytes = buffer(parts.iter().map(|part| part.len()).sum())?;
    for part in parts {
        bytes.extend_from_slice(part);
    }
    Ok(bytes)
}

/// Checks that `len` bytes are available, for libraries that allocate on their own. Another thread
/// may still take the memory in between.
///
/// # Errors
/// [`Error::OutOfMemory`].
pub(crate) fn ensure(len: usize) -> Result<(), Error> {
    buffer(len).map(drop)
}

/// The size in bytes of a JSON text that is parsed without asking whether there is memory for it.
const USUAL_JSON_SIZE: usize = 1 << 14;
/// How many times the size of its text a parsed value can take: a list of digits.
const VALUES_PER_JSON: usize = 32;

/// Checks that there is memory for what a JSON text is parsed into.
///
/// # Errors
/// [`Error::OutOfMemory`].
pub(crate) fn ensure_parsed(json: &[u8]) -> Result<(), Error> {
    if json.len() <= USUAL_JSON_SIZE {
        return Ok(());
    }
    ensure(json.len().saturating_mul(VALUES_PER_JSON))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_available_is_an_error() {
        // In the memory of a 32-bit process there may be room for one such buffer.
        let most = isize::MAX as usize - 64;
        assert_eq!(buffer(most).and_then(|_taken| ensure(most)), Err(Error::OutOfMemory));
        assert_eq!(ensure(usize::MAX), Err(Error::OutOfMemory));
        assert_eq!(ensure(64), Ok(()));
    }

    #[test]
    fn parts_are_joined_in_order() {
        assert_eq!(concat(&[b"a", b"", b"bc"]), Ok(b"abc".to_vec()));
        assert_eq!(concat(&[]), Ok(Vec::new()));
    }
}
