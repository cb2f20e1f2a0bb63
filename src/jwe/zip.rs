//! Compressed content: `zip` with DEFLATE (RFC 7516 Section 4.1.3, RFC 1951).
//!
//! Content is decompressed but never compressed, because the length of compressed secrets reveals
//! something of them (RFC 8725 Section 3.6).

use miniz_oxide::inflate::TINFLStatus;
use miniz_oxide::inflate::core::inflate_flags::TINFL_FLAG_USING_NON_WRAPPING_OUTPUT_BUF;
use miniz_oxide::inflate::core::{self, DecompressorOxide};

use crate::error::Error;
use crate::key::SecretBytes;
use crate::memory;

/// Decompresses authenticated content, into memory that is not a multiple of what it needs.
pub(super) fn decompress(compressed: &[u8], limit: usize) -> Result<SecretBytes, Error> {
    let mut state = Box::<DecompressorOxide>::default();
    let mut content = SecretBytes::default();
    let (mut read, mut written) = (0, 0);
    loop {
        content = enlarged(&content, (2 * content.len()).max(compressed.len().max(64)).min(limit))?;
        let (status, taken, made) = core::decompress(
            &mut state,
            &compressed[read..],
            &mut content,
            written,
            TINFL_FLAG_USING_NON_WRAPPING_OUTPUT_BUF,
        );
        (read, written) = (read + taken, written + made);
        match status {
            TINFLStatus::Done => {
                content.truncate(written);
                return Ok(content);
            }
            TINFLStatus::HasMoreOutput if content.len() < limit => {}
            TINFLStatus::HasMoreOutput => return Err(Error::ContentTooLarge(limit)),
            _ => return Err(Error::InvalidJwe("the compressed content is not DEFLATE")),
        }
    }
}

/// Returns a copy of `content` with zeros at its end.
fn enlarged(content: &[u8], len: usize) -> Result<SecretBytes, Error> {
    let mut larger = SecretBytes::new(memory::buffer(len)?);
    larger.extend_from_slice(content);
    larger.resize(len, 0);
    Ok(larger)
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
