//! Numbers in JSON text, which are read only if they mean the same to Python.

use super::Unusual;
use super::plain::eight_digits;

/// A number as Python's json reads it.
pub(super) enum Number {
    Integer(i64),
    Float(f64),
}

/// Reads the number that begins at `at` and moves `at` behind it.
#[inline]
pub(super) fn number(json: &[u8], at: &mut usize) -> Result<Number, Unusual> {
    let start = *at;
    let negative = json.get(start) == Some(&b'-');
    let first = start + usize::from(negative);
    *at = first;
    let mut magnitude = 0_i64;
    if let Some(eight) = json[first..].first_chunk()
        && let Some(number) = eight_digits(*eight)
    {
        magnitude = number;
        *at += eight.len();
    }
    while let Some(digit @ b'0'..=b'9') = json.get(*at) {
        magnitude = magnitude.wrapping_mul(10).wrapping_add(i64::from(digit - b'0'));
        *at += 1;
    }
    let digits = *at - first;
    if digits == 0 || (digits > 1 && json[first] == b'0') {
        return Err(Unusual);
    }
    if let Some(b'.' | b'e' | b'E') = json.get(*at) {
        return float(json, start, at).map(Number::Float);
    }
    if digits > 18 {
        // Some have room in 64 bits, such as the ids of some services.
        let text = std::str::from_utf8(&json[start..*at]).map_err(|_| Unusual)?;
        return text.parse().map(Number::Integer).map_err(|_| Unusual);
    }
    Ok(Number::Integer(if negative { -magnitude } else { magnitude }))
}

/// Reads the rest of a number with a fraction or an exponent. Rust and Python both round correctly.
fn float(json: &[u8], start: usize, at: &mut usize) -> Result<f64, Unusual> {
    if json.get(*at) == Some(&b'.') {
        *at += 1;
        digits(json, at)?;
    }
    if let Some(b'e' | b'E') = json.get(*at) {
        *at += 1;
        if let Some(b'+' | b'-') = json.get(*at) {
            *at += 1;
        }
        digits(json, at)?;
    }
    let text = std::str::from_utf8(&json[start..*at]).map_err(|_| Unusual)?;
    text.parse().map_err(|_| Unusual)
}

/// Reads one digit or more.
fn digits(json: &[u8], at: &mut usize) -> Result<(), Unusual> {
    let start = *at;
    while let Some(b'0'..=b'9') = json.get(*at) {
        *at += 1;
    }
    if *at > start { Ok(()) } else { Err(Unusual) }
}
