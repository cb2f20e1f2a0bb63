//! Text that needs no escapes, and digits, many bytes at a time: what `loads.rs`, `dumps.rs` and
//! `name_cache.rs` share.
//!
//! This file does not see Python, so that `tests/rust/plain.rs` can run its tests on any machine.

/// Counts the bytes at the start of `text` that are printable ASCII and neither a quote nor a
/// backslash.
#[inline]
pub(super) fn plain_len(text: &[u8]) -> usize {
    let mut at = 0;
    while let Some(block) = text[at..].first_chunk() {
        let plain = plain_len_of_block(*block);
        at += plain;
        if plain < block.len() {
            return at;
        }
    }
    if let Some(word) = text[at..].first_chunk() {
        let marks = special(u64::from_le_bytes(*word));
        if marks != 0 {
            return at + (marks.trailing_zeros() / 8) as usize;
        }
        at += word.len();
    }
    let plain = |&&byte: &&u8| matches!(byte, b' '..=b'~') && byte != b'"' && byte != b'\\';
    at + text[at..].iter().take_while(plain).count()
}

/// Computes [`plain_len`] of sixteen bytes, with a few instructions that every `x86_64` has.
#[cfg(target_arch = "x86_64")]
#[inline]
pub(super) fn plain_len_of_block(block: [u8; 16]) -> usize {
    use std::arch::x86_64::{
        _mm_cmpeq_epi8, _mm_cmplt_epi8, _mm_movemask_epi8, _mm_or_si128, _mm_set_epi64x,
        _mm_set1_epi8,
    };
    let [low, high] = halves(block).map(u64::cast_signed);
    // SAFETY: SSE2 is part of x86_64.
    let special = unsafe {
        let block = _mm_set_epi64x(high, low);
        let is = |byte: u8| _mm_cmpeq_epi8(block, _mm_set1_epi8(byte.cast_signed()));
        // Bytes above 0x7f are negative here.
        let below_space = _mm_cmplt_epi8(block, _mm_set1_epi8(b' '.cast_signed()));
        let quotes = _mm_or_si128(is(b'"'), is(b'\\'));
        _mm_movemask_epi8(_mm_or_si128(_mm_or_si128(below_space, is(0x7f)), quotes))
    };
    (special | 1 << 16).trailing_zeros() as usize
}

/// Computes [`plain_len`] of sixteen bytes.
#[cfg(not(target_arch = "x86_64"))]
#[inline]
pub(super) fn plain_len_of_block(block: [u8; 16]) -> usize {
    portable_plain_len_of_block(block)
}

/// Computes [`plain_len`] of sixteen bytes, with the instructions that every processor has.
#[cfg(any(test, not(target_arch = "x86_64")))]
#[inline]
fn portable_plain_len_of_block(block: [u8; 16]) -> usize {
    let [low, high] = halves(block).map(|word| special(word).trailing_zeros() as usize / 8);
    if low < 8 { low } else { 8 + high }
}

/// Returns the first and the last eight bytes.
#[allow(clippy::cast_possible_truncation, reason = "halves are wanted")]
#[inline]
const fn halves(block: [u8; 16]) -> [u64; 2] {
    let block = u128::from_le_bytes(block);
    [block as u64, (block >> 64) as u64]
}

/// Returns the number that eight digits represent, such as those a time begins with; `None` if one
/// of them is not a digit. Combines pairs, then groups of four, then all eight.
#[inline]
pub(super) fn eight_digits(text: [u8; 8]) -> Option<i64> {
    const ONES: u64 = u64::MAX / 255;
    let digits = u64::from_le_bytes(text) ^ (ONES * u64::from(b'0'));
    if (digits.wrapping_add(ONES * (0x7f - 9)) | digits) & (ONES * 0x80) != 0 {
        return None;
    }
    let pairs = digits.wrapping_mul(10).wrapping_add(digits >> 8) & 0x00ff_00ff_00ff_00ff;
    let fours = pairs.wrapping_mul(100).wrapping_add(pairs >> 16) & 0x0000_ffff_0000_ffff;
    Some((fours.wrapping_mul(10_000).wrapping_add(fours >> 32) & 0xffff_ffff).cast_signed())
}

/// Marks the bytes of `word` that are not plain, the lowest first: the high bit is set for a quote,
/// a backslash, and a byte below 0x20 or above 0x7e. Borrows and carries add false marks only above
/// a true one: the lowest mark is right, and no mark means that all bytes are plain.
#[inline]
pub(super) const fn special(word: u64) -> u64 {
    const ONES: u64 = u64::MAX / 255;
    const HIGH: u64 = ONES * 128;
    let quote = word ^ (ONES * b'"' as u64);
    let backslash = word ^ (ONES * b'\\' as u64);
    (quote.wrapping_sub(ONES) & !quote
        | backslash.wrapping_sub(ONES) & !backslash
        | word.wrapping_add(ONES)
        | word.wrapping_sub(ONES * 0x20) & !word
        | word)
        & HIGH
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn eight_digits_are_a_number_and_nothing_else_is() {
        for number in (0..100_000_000_i64).step_by(9_973).chain([99_999_999]) {
            let text = format!("{number:08}");
            assert_eq!(eight_digits(*text.as_bytes().first_chunk().unwrap()), Some(number));
        }
        for other in (0..=255_u8).filter(|byte| !byte.is_ascii_digit()) {
            for at in 0..8 {
                let mut text = *b"90817263";
                text[at] = other;
                assert_eq!(eight_digits(text), None, "{other:#x} at {at}");
            }
        }
    }

    #[test]
    fn plain_text_ends_at_the_first_special_byte() {
        for special in
            (0..=255_u8).filter(|byte| !matches!(byte, b' '..=b'~') || b"\"\\".contains(byte))
        {
            for len in 0..20 {
                let mut text = vec![b'~'; len];
                text.push(special);
                text.extend_from_slice(b"\"plain text behind it");
                assert_eq!(plain_len(&text), len, "{special:#x} after {len}");
            }
        }
        assert_eq!(plain_len(b"all of it is plain"), 18);
    }
    /// Random blocks of plain bytes with a few other bytes in them: each way of counting agrees with
    /// the definition.
    #[test]
    fn all_ways_of_counting_plain_bytes_agree() {
        let is_plain = |byte: &u8| matches!(byte, b' '..=b'~') && !b"\"\\".contains(byte);
        let mut random = 1_u64;
        let mut next = || {
            // Knuth's MMIX generator, of whose bits the upper ones are good.
            random = random.wrapping_mul(0x5851_f42d_4c95_7f2d).wrapping_add(0x1405_7b7e_f767_814f);
            random.to_be_bytes()
        };
        for _ in 0..200_000 {
            let mut block = [0; 16].map(|_: u8| b' ' + next()[0] % 95);
            for _ in 0..next()[0] % 4 {
                let [at, byte, ..] = next();
                block[usize::from(at % 16)] = byte;
            }
            let expected = block.iter().take_while(|byte| is_plain(byte)).count();
            assert_eq!(plain_len_of_block(block), expected, "{block:?}");
            assert_eq!(portable_plain_len_of_block(block), expected, "{block:?}");
            assert_eq!(plain_len(&block), expected, "{block:?}");
            let word = *block.first_chunk().unwrap();
            let marks = special(u64::from_le_bytes(word));
            assert_eq!(marks.trailing_zeros() as usize / 8, expected.min(8), "{block:?}");
        }
    }
}
