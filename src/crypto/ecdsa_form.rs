//! The two forms of an ECDSA signature: `r || s` as in JWS (RFC 7518 Section 3.4), and the DER of
//! RFC 3279 Section 2.2.3, which most key services return.

use pkcs8::der::Decode;
use pkcs8::der::asn1::{AnyRef, UintRef};

use crate::key::Curve;

/// Returns a signature in DER in the form of JWS; `None` if it is not DER, or if `r` or `s` is not
/// between 1 and the order of the curve.
pub fn ecdsa_from_der(der: &[u8], curve: Curve) -> Option<Vec<u8>> {
    let (r, s) = AnyRef::from_der(der)
        .and_then(|signature| {
            signature.sequence(|reader| Ok((UintRef::decode(reader)?, UintRef::decode(reader)?)))
        })
        .ok()?;
    let mut fixed = padded(r.as_bytes(), curve)?;
    fixed.extend(padded(s.as_bytes(), curve)?);
    is_ecdsa_signature(&fixed, curve).then_some(fixed)
}

/// Returns whether `signature` is `r || s` with both between 1 and the order of the curve.
pub fn is_ecdsa_signature(signature: &[u8], curve: Curve) -> bool {
    let is_in_range =
        |integer: &[u8]| integer.iter().any(|&byte| byte != 0) && integer < order(curve);
    signature.len() == 2 * curve.field_len() && signature.chunks(curve.field_len()).all(is_in_range)
}

fn padded(integer: &[u8], curve: Curve) -> Option<Vec<u8>> {
    let zeros = curve.field_len().checked_sub(integer.len())?;
    Some([&vec![0; zeros][..], integer].concat())
}

/// The order of the curve's base point: FIPS 186-4 Appendix D.1.2, SEC 2 Section 2.4.1.
const fn order(curve: Curve) -> &'static [u8] {
    match curve {
        Curve::P256 => {
            b"\xff\xff\xff\xff\x00\x00\x00\x00\xff\xff\xff\xff\xff\xff\xff\xff\xbc\xe6\xfa\xad\
              \xa7\x17\x9e\x84\xf3\xb9\xca\xc2\xfc\x63\x25\x51"
        }
        Curve::P384 => {
            b"\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\
              \xff\xff\xff\xff\xc7\x63\x4d\x81\xf4\x37\x2d\xdf\x58\x1a\x0d\xb2\x48\xb0\xa7\x7a\
              \xec\xec\x19\x6a\xcc\xc5\x29\x73"
        }
        Curve::P521 => {
            b"\x01\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\
              \xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xfa\x51\x86\x87\x83\xbf\x2f\
              \x96\x6b\x7f\xcc\x01\x48\xf7\x09\xa5\xd0\x3b\xb5\xc9\xb8\x89\x9c\x47\xae\xbb\x6f\
              \xb7\x1e\x91\x38\x64\x09"
        }
        Curve::Secp256k1 => {
            b"\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xfe\xba\xae\xdc\xe6\
              \xaf\x48\xa0\x3b\xbf\xd2\x5e\x8c\xd0\x36\x41\x41"
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CURVES: [Curve; 4] = [Curve::P256, Curve::P384, Curve::P521, Curve::Secp256k1];

    /// Writes a signature in DER; both integers are shorter than 128 bytes.
    fn der(r: &[u8], s: &[u8]) -> Vec<u8> {
        let integer = |bytes: &[u8]| {
            let start = bytes.iter().position(|&byte| byte != 0).unwrap_or(bytes.len() - 1);
            let sign = &[0][..usize::from(bytes[start] >= 0x80)];
            let content = [sign, &bytes[start..]].concat();
            [&[2, u8::try_from(content.len()).unwrap()], &content[..]].concat()
        };
        let content = [integer(r), integer(s)].concat();
        let len = u8::try_from(content.len()).unwrap();
        let head = if len < 0x80 { vec![0x30, len] } else { vec![0x30, 0x81, len] };
        [head, content].concat()
    }

    fn one(curve: Curve) -> Vec<u8> {
        let mut one = vec![0; curve.field_len()];
        *one.last_mut().unwrap() = 1;
        one
    }

    fn below_order(curve: Curve) -> Vec<u8> {
        let mut integer = order(curve).to_vec();
        *integer.last_mut().unwrap() -= 1;
        integer
    }

    #[test]
    fn integers_are_padded_to_the_length_of_the_curve() {
        for curve in CURVES {
            let (least, greatest) = (one(curve), below_order(curve));
            let fixed = [least.clone(), greatest.clone()].concat();
            assert_eq!(ecdsa_from_der(&der(&least, &greatest), curve), Some(fixed.clone()));
            assert!(is_ecdsa_signature(&fixed, curve));
        }
    }

    #[test]
    fn integers_out_of_range_are_refused() {
        for curve in CURVES {
            let zero = vec![0; curve.field_len()];
            for wrong in [&zero, &order(curve).to_vec()] {
                for (r, s) in [(wrong, &one(curve)), (&one(curve), wrong)] {
                    assert_eq!(ecdsa_from_der(&der(r, s), curve), None);
                    assert!(!is_ecdsa_signature(&[&r[..], s].concat(), curve));
                }
            }
        }
    }

    #[test]
    fn what_is_not_exactly_a_signature_is_refused() {
        let signature = der(&one(Curve::P256), &one(Curve::P256));
        for len in 0..signature.len() {
            assert_eq!(ecdsa_from_der(&signature[..len], Curve::P256), None);
        }
        assert_eq!(ecdsa_from_der(&[&signature[..], &[0]].concat(), Curve::P256), None);
        let third = [&[0x30, 9], &signature[2..], &[2, 1, 1]].concat();
        assert_eq!(ecdsa_from_der(&third, Curve::P256), None);
        let negative = [0x30, 6, 2, 1, 0xff, 2, 1, 1];
        assert_eq!(ecdsa_from_der(&negative, Curve::P256), None);
        let too_long = [1; 33];
        assert_eq!(ecdsa_from_der(&der(&too_long, &too_long), Curve::P256), None);
        assert!(!is_ecdsa_signature(&[1; 63], Curve::P256));
    }
}
