//! Compressed content: `zip` with DEFLATE (RFC 7516 Section 4.1.3, RFC 1951).
//!
//! Content is decompressed but never compressed, because the length of compressed secrets reveals
//! something of them (RFC 8725 Section 3.6).

use miniz_oxide::inflate::{TINFLStatus, decompress_to_vec_with_limit};

use crate::error::Error;
use crate::key::SecretBytes;

/// Decompresses authenticated content.
pub(super) fn decompress(compressed: &[u8], limit: usize) -> Result<SecretBytes, Error> {
    match decompress_to_vec_with_limit(compressed, limit) {
        Ok(content) => Ok(content.into()),
        Err(error) if error.status == TINFLStatus::HasMoreOutput => {
            Err(Error::ContentTooLarge(limit))
        }
        Err(_) => Err(Error::InvalidJwe("the compressed content is not DEFLATE")),
    }
}

#[cfg(test)]
mod tests {
    use miniz_oxide::deflate::compress_to_vec;

    use super::*;

    #[test]
    fn content_is_decompressed_up_to_its_limit() {
        let compressed = compress_to_vec(&[7; 1000], 6);
        assert_eq!(decompress(&compressed, 1000).unwrap().len(), 1000);
        assert_eq!(decompress(&compressed, 999).err(), Some(Error::ContentTooLarge(999)));
    }

    #[test]
    fn a_bomb_costs_no_more_than_its_limit() {
        let compressed = compress_to_vec(&vec![0; 100 << 20], 6);
        assert_eq!(decompress(&compressed, 1 << 10).err(), Some(Error::ContentTooLarge(1 << 10)));
    }

    #[test]
    fn what_is_not_deflate_is_refused() {
        for wrong in [&b""[..], b"\xff\xff", b"\x78\x9c\x03\x00\x00\x00\x00\x01"] {
            assert!(matches!(decompress(wrong, 100), Err(Error::InvalidJwe(_))), "{wrong:?}");
        }
    }
}
