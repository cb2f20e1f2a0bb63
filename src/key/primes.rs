//! Computes the primes of an RSA key that has only `n`, `e` and `d`, as RFC 7518 Section 6.3.2
//! allows in a JWK. The method is in NIST SP 800-56B Revision 2, Appendix C.2.

#![allow(clippy::many_single_char_names, reason = "the names of the specifications")]

use crypto_bigint::{BoxedUint, CheckedMul, CheckedSub, Gcd, NonZero, Odd};
use zeroize::Zeroizing;

use super::{RsaKey, RsaPrivate, SecretBytes, trim_leading_zeros};

/// The maximum number of bytes in a public exponent: crypto libraries accept no longer one, and the
/// method works only with small ones.
const MAX_EXPONENT_LEN: usize = 8;

/// A secret integer. All have the same precision, so that nothing below overflows.
type Integer = Zeroizing<BoxedUint>;

/// Returns the private part of the key with the private exponent `d`, or `None` if `d` does not
/// belong to the key.
pub(super) fn recover(key: &RsaKey, d: &SecretBytes) -> Option<RsaPrivate> {
    if key.e.len() > MAX_EXPONENT_LEN || d.len() > key.n.len() {
        return None;
    }
    // The longest number is about n squared, times e.
    let precision = u32::try_from(8 * (2 * key.n.len() + 2 * MAX_EXPONENT_LEN)).ok()?;
    let read = |bytes: &[u8]| BoxedUint::from_be_slice(bytes, precision).ok().map(Zeroizing::new);
    let (n, e, exponent) = (read(&key.n)?, read(&key.e)?, read(d)?);
    let (p, q) = factors(&n, &e, &exponent)?;
    let one = one(&n);
    let dp = remainder(&exponent, &difference(&p, &one)?)?;
    let dq = remainder(&exponent, &difference(&q, &one)?)?;
    let modulus = Zeroizing::new(Odd::new((*p).clone()).into_option()?);
    let qi = Zeroizing::new(q.invert_odd_mod(&modulus).into_option()?);
    Some(RsaPrivate {
        d: d.clone(),
        p: bytes(&p),
        q: bytes(&q),
        dp: bytes(&dp),
        dq: bytes(&dq),
        qi: bytes(&qi),
    })
}

/// Returns the factors of `n`, the larger one first.
fn factors(n: &Integer, e: &Integer, d: &Integer) -> Option<(Integer, Integer)> {
    let one = one(n);
    // First a multiple of lcm(p - 1, q - 1), then one of (p - 1)(q - 1), which is n - (p + q - 1).
    let multiple = difference(&product(d, e)?, &one)?;
    let common = Zeroizing::new(difference(n, &one)?.gcd(&*multiple));
    let multiple = product(&multiple, &common)?;
    let (quotient, rest) = division(&multiple, n)?;
    let (sum, rest) = division(&difference(n, &rest)?, &plus_one(&quotient))?;
    if !bool::from(rest.is_zero()) {
        return None;
    }
    let sum = plus_one(&sum);
    // (p - q) squared is (p + q) squared less 4n.
    let squared = difference(&product(&sum, &sum)?, &Zeroizing::new(n.shl(2)))?;
    let gap = Zeroizing::new(squared.checked_sqrt().into_option()?);
    let p = Zeroizing::new(sum.wrapping_add(&*gap).shr(1));
    let q = Zeroizing::new(difference(&sum, &gap)?.shr(1));
    (product(&p, &q)? == *n && *q > *one).then_some((p, q))
}

fn one(like: &Integer) -> Integer {
    Zeroizing::new(BoxedUint::one_with_precision(like.bits_precision()))
}

fn product(a: &Integer, b: &Integer) -> Option<Integer> {
    CheckedMul::checked_mul(&**a, b).into_option().map(Zeroizing::new)
}

fn difference(a: &Integer, b: &Integer) -> Option<Integer> {
    CheckedSub::checked_sub(&**a, b).into_option().map(Zeroizing::new)
}

fn plus_one(a: &Integer) -> Integer {
    Zeroizing::new(a.wrapping_add(&*one(a)))
}

/// Returns the quotient and the remainder.
fn division(a: &Integer, b: &Integer) -> Option<(Integer, Integer)> {
    let (quotient, rest) = a.div_rem(&*non_zero(b)?);
    Some((Zeroizing::new(quotient), Zeroizing::new(rest)))
}

fn remainder(a: &Integer, b: &Integer) -> Option<Integer> {
    division(a, b).map(|(_, rest)| rest)
}

fn non_zero(a: &Integer) -> Option<Zeroizing<NonZero<BoxedUint>>> {
    NonZero::new((**a).clone()).into_option().map(Zeroizing::new)
}

fn bytes(integer: &Integer) -> SecretBytes {
    let bytes = Zeroizing::new(integer.to_be_bytes());
    Zeroizing::new(trim_leading_zeros(&bytes).to_vec())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::key::{KeyMaterial, pem, vectors};

    fn rsa(name: &str) -> RsaKey {
        let Ok(KeyMaterial::Rsa(key)) = pem::parse(&vectors::read(name)) else { panic!("{name}") };
        key
    }

    #[test]
    fn what_was_left_out_is_what_openssl_writes() {
        for name in ["rsa_2048_pkcs8.pem", "testkey_rsa.priv"] {
            let key = rsa(name);
            let private = key.private.as_ref().unwrap();
            let recovered = recover(&key, &private.d).unwrap();
            // OpenSSL leaves the primes in the order in which it found them.
            if recovered.p == private.p {
                assert!(recovered == *private, "{name}");
            } else {
                assert!(recovered.p == private.q && recovered.dq == private.dp, "{name}");
            }
        }
    }

    #[test]
    fn an_exponent_of_another_key_recovers_nothing() {
        let key = rsa("rsa_2048_pkcs8.pem");
        let d = &key.private.as_ref().unwrap().d;
        let other = rsa("testkey_rsa.priv").private.unwrap().d;
        let integer = |bytes: &[u8]| SecretBytes::new(bytes.to_vec());
        let too_long = integer(&[&[1], d.as_slice()].concat());
        for wrong in
            [&other, &integer(&[]), &integer(&[1]), &integer(&[3]), &integer(&key.n), &too_long]
        {
            assert!(recover(&key, wrong).is_none());
        }
        let mut changed = d.clone();
        *changed.last_mut().unwrap() ^= 2;
        assert!(recover(&key, &changed).is_none());
        assert!(recover(&RsaKey { e: vec![3], ..key.clone() }, d).is_none());
        assert!(recover(&RsaKey { e: vec![1; 9], ..key.clone() }, d).is_none());
    }

    #[test]
    fn small_numbers_never_panic() {
        let mut found = 0;
        for n in (9..200_u8).step_by(2) {
            for d in 0..n {
                let key = RsaKey { n: vec![n], e: vec![3], private: None };
                if let Some(RsaPrivate { p, q, .. }) = recover(&key, &SecretBytes::new(vec![d])) {
                    assert_eq!(u16::from(p[0]) * u16::from(q[0]), u16::from(n));
                    found += 1;
                }
            }
        }
        assert!(found > 0);
    }
}
