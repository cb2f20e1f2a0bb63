//! DER: PKCS#8 (RFC 5958), `SubjectPublicKeyInfo` (RFC 5280 Section 4.1.2.7), PKCS#1 (RFC 8017
//! Appendix A.1) and SEC1 (RFC 5915).

use pkcs1::{RsaPrivateKeyRef, RsaPublicKeyRef};
use pkcs8::PrivateKeyInfoRef;
use pkcs8::der::asn1::{AnyRef, BitStringRef, ObjectIdentifier, OctetStringRef, UintRef};
use pkcs8::der::{self, Decode, Encode, Reader, SliceReader, Tag, TagNumber, Tagged};
use pkcs8::spki::{AlgorithmIdentifierRef, SubjectPublicKeyInfoRef};
use sec1::{EcParameters, EcPrivateKey};
use zeroize::Zeroizing;

use super::{
    AkpKey, Coordinates, Curve, EcKey, EcPoint, KeyMaterial, MlDsa, OkpCurve, OkpKey, RsaKey,
    RsaPrivate, SecretBytes, trim_leading_zeros,
};
use crate::error::Error;

/// `rsaEncryption` (RFC 3279 Section 2.3.1).
const RSA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.1");
/// `id-ecPublicKey` (RFC 5480 Section 2.1.1).
const EC: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.2.1");

/// How the version of a certificate and the attributes of PKCS#8 are tagged.
const CONTEXT_0: Tag = Tag::ContextSpecific { constructed: true, number: TagNumber(0) };

/// How the seed alone is tagged in the private key of ML-DSA.
const MLDSA_SEED: Tag = Tag::ContextSpecific { constructed: false, number: TagNumber(0) };

/// The message for a certificate request.
pub(super) const CERTIFICATE_REQUEST: &str = "This is a certificate request, not a key: pass the private key that it was made with, or the \
     certificate that was made of it";

/// What is wrong with a PKCS#12 file.
const PKCS12: &str = "This is a PKCS#12 file: take the private key out of it, for example with `openssl pkcs12 -in \
     file.p12 -nocerts -out key.pem`";

/// Algorithms that we know and do not read, and why.
const UNSUPPORTED: [(ObjectIdentifier, &str); 4] = [
    (
        ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.10"),
        "The RSA key is bound to RSASSA-PSS (id-RSASSA-PSS), which is not supported: use an \
         rsaEncryption key",
    ),
    (
        ObjectIdentifier::new_unwrap("1.2.840.10040.4.1"),
        "DSA keys are not supported: no JWS algorithm uses them",
    ),
    (ObjectIdentifier::new_unwrap("1.2.840.113549.1.3.1"), "Diffie-Hellman keys cannot sign"),
    (ObjectIdentifier::new_unwrap("1.3.101.111"), "X448 keys cannot sign: use an Ed448 key"),
];

const fn curve_oid(curve: Curve) -> ObjectIdentifier {
    ObjectIdentifier::new_unwrap(match curve {
        Curve::P256 => "1.2.840.10045.3.1.7",
        Curve::P384 => "1.3.132.0.34",
        Curve::P521 => "1.3.132.0.35",
        Curve::Secp256k1 => "1.3.132.0.10",
    })
}

const fn okp_oid(curve: OkpCurve) -> ObjectIdentifier {
    ObjectIdentifier::new_unwrap(match curve {
        OkpCurve::Ed25519 => "1.3.101.112",
        OkpCurve::Ed448 => "1.3.101.113",
        OkpCurve::X25519 => "1.3.101.110",
    })
}

/// The OIDs of RFC 9881 Section 2.
const fn mldsa_oid(algorithm: MlDsa) -> ObjectIdentifier {
    ObjectIdentifier::new_unwrap(match algorithm {
        MlDsa::MlDsa44 => "2.16.840.1.101.3.4.3.17",
        MlDsa::MlDsa65 => "2.16.840.1.101.3.4.3.18",
        MlDsa::MlDsa87 => "2.16.840.1.101.3.4.3.19",
    })
}

/// Reads a key of any format of this module; the structure shows which one it is.
///
/// # Errors
/// [`Error::InvalidKey`] if `der` has none of these formats, or one that this crate does not
/// support.
pub fn parse(der: &[u8]) -> Result<KeyMaterial, Error> {
    if PrivateKeyInfoRef::from_der(der).is_ok() {
        parse_pkcs8(der)
    } else if SubjectPublicKeyInfoRef::from_der(der).is_ok() {
        parse_spki(der)
    } else if RsaPrivateKeyRef::from_der(der).is_ok() {
        parse_pkcs1_private(der)
    } else if RsaPublicKeyRef::from_der(der).is_ok() {
        parse_pkcs1_public(der)
    } else if EcPrivateKey::from_der(der).is_ok() {
        parse_sec1(der, None)
    } else {
        Err(Error::invalid_key(match elements(der).as_deref() {
            Some(encrypted) if is_encrypted(encrypted) => {
                "The private key is encrypted: decrypt it with its password first"
            }
            Some(certificate) if certified_key(certificate).is_some() => {
                "The key is a certificate: extract its public key first"
            }
            Some(request) if is_certificate(request) => CERTIFICATE_REQUEST,
            Some(_) if is_sec1(der) => return Err(curve_not_named()),
            Some(pkcs12) if is_pkcs12(pkcs12) => PKCS12,
            Some(message) if is_content_info(message) => {
                "This is a PKCS#7 or CMS message, not a key"
            }
            _ if der.trim_ascii_start().starts_with(b"-----BEGIN") => {
                "Expected a key in DER, got one in PEM format"
            }
            _ => "The key is not PKCS#8, SubjectPublicKeyInfo, PKCS#1 or SEC1 in DER",
        }))
    }
}

/// Reads a PKCS#8 private key (RFC 5958 Section 2). Attributes do not count.
///
/// # Errors
/// [`Error::InvalidKey`] if `der` is anything else or of an unsupported algorithm.
pub fn parse_pkcs8(der: &[u8]) -> Result<KeyMaterial, Error> {
    let info = PrivateKeyInfoRef::from_der(der).map_err(|_| malformed("PKCS#8"))?;
    check_optional_fields(der, info.public_key.is_some())?;
    let inner = info.private_key.as_bytes();
    let algorithm = Algorithm::of(&info.algorithm)?;
    if let Algorithm::Okp(curve) = algorithm {
        return okp_private(curve, inner, info.public_key);
    }
    if info.public_key.is_some() {
        return Err(Error::invalid_key(
            "PKCS#8 with a public key is not supported for RSA, EC and ML-DSA",
        ));
    }
    match algorithm {
        Algorithm::Ec(curve) => parse_sec1(inner, Some(curve)),
        Algorithm::MlDsa(algorithm) => mldsa_private(algorithm, inner),
        Algorithm::Rsa | Algorithm::Okp(_) => parse_pkcs1_private(inner),
    }
}

/// Checks what the parser of PKCS#8 skips: the attributes, and that nothing but them and the public
/// key follows the private key.
fn check_optional_fields(der: &[u8], has_public_key: bool) -> Result<(), Error> {
    let fields = elements(der).unwrap_or_default();
    let (attributes, rest) = match fields.get(3..).unwrap_or_default() {
        [first, rest @ ..] if first.tag() == CONTEXT_0 => (children(first), rest),
        rest => (Some(Vec::new()), rest),
    };
    let is_attribute = |attribute: &AnyRef<'_>| {
        let parts = inner_elements(attribute).unwrap_or_default();
        parts.iter().map(Tagged::tag).eq([Tag::ObjectIdentifier, Tag::Set])
    };
    if attributes.is_some_and(|attributes| attributes.iter().all(is_attribute))
        && rest.len() == usize::from(has_public_key)
    {
        Ok(())
    } else {
        Err(malformed("PKCS#8"))
    }
}

/// Reads a `SubjectPublicKeyInfo` (RFC 5280 Section 4.1.2.7).
///
/// # Errors
/// [`Error::InvalidKey`] if `der` is anything else or of an unsupported algorithm.
pub fn parse_spki(der: &[u8]) -> Result<KeyMaterial, Error> {
    let malformed = || malformed("SubjectPublicKeyInfo");
    let info = SubjectPublicKeyInfoRef::from_der(der).map_err(|_| malformed())?;
    let key = info.subject_public_key.as_bytes().ok_or_else(malformed)?;
    match Algorithm::of(&info.algorithm)? {
        Algorithm::Rsa => parse_pkcs1_public(key),
        Algorithm::Ec(curve) => {
            let public = Some(parse_point(curve, key)?);
            Ok(KeyMaterial::Ec(EcKey { curve, public, d: None }))
        }
        Algorithm::Okp(curve) => {
            let x = Some(okp_public(curve, key)?);
            Ok(KeyMaterial::Okp(OkpKey { curve, x, d: None }))
        }
        Algorithm::MlDsa(algorithm) => {
            if key.len() != algorithm.public_len() {
                return Err(malformed());
            }
            let public = Some(key.to_vec());
            Ok(KeyMaterial::Akp(AkpKey { algorithm, public, seed: None }))
        }
    }
}

/// Reads the public key of an X.509 certificate (RFC 5280 Section 4.1).
///
/// # Errors
/// [`Error::InvalidKey`] if `der` is anything else or its key is of an unsupported algorithm.
pub fn parse_certificate(der: &[u8]) -> Result<KeyMaterial, Error> {
    let malformed = || malformed("X.509 certificate");
    let spki = elements(der).and_then(|certificate| certified_key(&certificate));
    parse_spki(&spki.ok_or_else(malformed)?.to_der().map_err(|_| malformed())?)
}

/// Returns whether `der` has the structure of an X.509 certificate (RFC 5280 Section 4.1).
pub fn is_certificate_with_key(der: &[u8]) -> bool {
    elements(der).is_some_and(|certificate| certified_key(&certificate).is_some())
}

/// Returns whether `der` has the structure of a PKCS#8 `EncryptedPrivateKeyInfo` (RFC 5958 Section
/// 3).
pub fn is_encrypted_private_key(der: &[u8]) -> bool {
    elements(der).is_some_and(|elements| is_encrypted(&elements))
}

/// Reads a PKCS#1 `RSAPrivateKey` with two primes (RFC 8017 Appendix A.1.2).
///
/// # Errors
/// [`Error::InvalidKey`] if `der` is anything else.
pub fn parse_pkcs1_private(der: &[u8]) -> Result<KeyMaterial, Error> {
    let key = RsaPrivateKeyRef::from_der(der).map_err(|_| malformed("PKCS#1 private key"))?;
    if key.other_prime_infos.is_some() {
        return Err(Error::invalid_key("Unsupported RSA private key: > 2 primes not supported"));
    }
    let secret =
        |integer: UintRef<'_>| Zeroizing::new(trim_leading_zeros(integer.as_bytes()).to_vec());
    let private = RsaPrivate {
        d: secret(key.private_exponent),
        p: secret(key.prime1),
        q: secret(key.prime2),
        dp: secret(key.exponent1),
        dq: secret(key.exponent2),
        qi: secret(key.coefficient),
    };
    let (n, e) = (key.modulus.as_bytes(), key.public_exponent.as_bytes());
    Ok(KeyMaterial::Rsa(RsaKey::new(n, e, Some(private))?))
}

/// Reads a PKCS#1 `RSAPublicKey` (RFC 8017 Appendix A.1.1).
///
/// # Errors
/// [`Error::InvalidKey`] if `der` is anything else.
pub fn parse_pkcs1_public(der: &[u8]) -> Result<KeyMaterial, Error> {
    let key = RsaPublicKeyRef::from_der(der).map_err(|_| malformed("PKCS#1 public key"))?;
    let (n, e) = (key.modulus.as_bytes(), key.public_exponent.as_bytes());
    Ok(KeyMaterial::Rsa(RsaKey::new(n, e, None)?))
}

/// Reads a SEC1 `ECPrivateKey` (RFC 5915 Section 3). `curve` is the curve that the enclosing
/// structure names. Without it the key must name its curve; if both name one, they must agree.
///
/// # Errors
/// [`Error::InvalidKey`] if `der` is anything else or on an unsupported curve.
pub fn parse_sec1(der: &[u8], curve: Option<Curve>) -> Result<KeyMaterial, Error> {
    let key = EcPrivateKey::from_der(der).map_err(|_| {
        if is_sec1(der) { curve_not_named() } else { malformed("SEC1 private key") }
    })?;
    let named = match key.parameters {
        Some(EcParameters::NamedCurve(oid)) => Some(named_curve(oid)?),
        None => None,
    };
    let curve = match (curve, named) {
        (Some(outer), Some(inner)) if outer != inner => {
            return Err(Error::invalid_key("The EC private key names two different curves"));
        }
        (Some(curve), _) | (None, Some(curve)) => curve,
        (None, None) => {
            return Err(Error::invalid_key("The EC private key does not name its curve"));
        }
    };
    let d = Zeroizing::new(key.private_key.to_vec());
    if d.len() != curve.field_len() {
        return Err(Error::invalid_key(format!(
            "The EC private key must have {} bytes for curve {}",
            curve.field_len(),
            curve.crv()
        )));
    }
    let public = key.public_key.map(|point| parse_point(curve, point)).transpose()?;
    Ok(KeyMaterial::Ec(EcKey { curve, public, d: Some(d) }))
}

/// Reads an elliptic curve point (SEC1 Section 2.3.4). That it lies on the curve is for `crypto` to
/// check.
pub(super) fn parse_point(curve: Curve, point: &[u8]) -> Result<EcPoint, Error> {
    let len = curve.field_len();
    match point {
        [4, coordinates @ ..] if coordinates.len() == 2 * len => {
            let (x, y) = coordinates.split_at(len);
            Ok(EcPoint::Affine(Coordinates { x: x.to_vec(), y: y.to_vec() }))
        }
        [2 | 3, x @ ..] if x.len() == len => Ok(EcPoint::Compressed(point.to_vec())),
        [6 | 7, rest @ ..] if rest.len() == 2 * len => Err(Error::invalid_key(
            "The EC key's public point is in the hybrid form, which is not supported: convert the \
             key, for example with `openssl ec -conv_form uncompressed`",
        )),
        _ => Err(Error::invalid_key("The EC key's public point does not fit its curve")),
    }
}

/// Writes a private key as PKCS#8, version 1; an EC key includes the public point, as OpenSSL
/// writes it.
///
/// # Errors
/// [`Error::InvalidKey`] if `key` has no private part, is a shared secret, or is an EC key without
/// its public point.
pub fn pkcs8(key: &KeyMaterial) -> Result<SecretBytes, Error> {
    let inner = match key {
        KeyMaterial::Secret(_) => return Err(no_der_for_secrets()),
        KeyMaterial::Rsa(key) => pkcs1_private(key)?,
        KeyMaterial::Ec(key) => sec1_private(key)?,
        KeyMaterial::Okp(key) => {
            let seed = OctetStringRef::new(key.d.as_deref().ok_or_else(not_private)?);
            Zeroizing::new(seed.and_then(|seed| seed.to_der()).map_err(too_large)?)
        }
        KeyMaterial::Akp(key) => {
            let seed = key.seed.as_deref().ok_or_else(not_private)?;
            let seed = AnyRef::new(MLDSA_SEED, seed);
            Zeroizing::new(seed.and_then(|seed| seed.to_der()).map_err(too_large)?)
        }
    };
    with_algorithm(key, |algorithm| {
        PrivateKeyInfoRef::new(algorithm, OctetStringRef::new(&inner)?).to_der().map(Zeroizing::new)
    })
}

/// Writes the public part of a key as `SubjectPublicKeyInfo`.
///
/// # Errors
/// [`Error::InvalidKey`] if `key` is a shared secret or its public part is absent.
pub fn spki(key: &KeyMaterial) -> Result<Vec<u8>, Error> {
    let public = match key {
        KeyMaterial::Secret(_) => return Err(no_der_for_secrets()),
        KeyMaterial::Rsa(key) => pkcs1_public(key),
        KeyMaterial::Ec(key) => uncompressed_point(key)?,
        KeyMaterial::Okp(key) => key.x.clone().ok_or_else(public_part_absent)?,
        KeyMaterial::Akp(key) => key.public.clone().ok_or_else(public_part_absent)?,
    };
    with_algorithm(key, |algorithm| {
        let subject_public_key = BitStringRef::from_bytes(&public)?;
        SubjectPublicKeyInfoRef { algorithm, subject_public_key }.to_der()
    })
}

/// Writes a PKCS#1 `RSAPrivateKey`.
///
/// # Errors
/// [`Error::InvalidKey`] if `key` has no private part.
pub fn pkcs1_private(key: &RsaKey) -> Result<SecretBytes, Error> {
    let private = key.private.as_ref().ok_or_else(not_private)?;
    let write = || {
        let structure = RsaPrivateKeyRef {
            modulus: UintRef::new(&key.n)?,
            public_exponent: UintRef::new(&key.e)?,
            private_exponent: UintRef::new(&private.d)?,
            prime1: UintRef::new(&private.p)?,
            prime2: UintRef::new(&private.q)?,
            exponent1: UintRef::new(&private.dp)?,
            exponent2: UintRef::new(&private.dq)?,
            coefficient: UintRef::new(&private.qi)?,
            other_prime_infos: None,
        };
        structure.to_der().map(Zeroizing::new)
    };
    write().map_err(too_large)
}

/// Writes a PKCS#1 `RSAPublicKey`.
///
/// # Panics
/// If an integer is longer than 256 MiB; this module and its siblings never read one that long.
pub fn pkcs1_public(key: &RsaKey) -> Vec<u8> {
    let write = || {
        let (modulus, public_exponent) = (UintRef::new(&key.n)?, UintRef::new(&key.e)?);
        RsaPublicKeyRef { modulus, public_exponent }.to_der()
    };
    write().expect("an RSA key is below 256 MiB")
}

/// Returns whether `der` has the structure of a `SubjectPublicKeyInfo` of any algorithm, of a
/// PKCS#1 public key or of an X.509 certificate (RFC 5280 Section 4.1), which must not be used as
/// an HMAC secret (RFC 8725 Section 2.1).
pub fn is_public_key_or_certificate(der: &[u8]) -> bool {
    let Some(elements) = elements(der) else {
        return false;
    };
    is_spki(&elements) || is_rsa_public_key(&elements) || is_certificate(&elements)
}

/// Returns whether `der` has the structure of a key of any algorithm, private or encrypted ones
/// included, of a certificate, or of what contains them: a certificate request, PKCS#12, PKCS#7 and
/// CMS.
pub fn is_key_or_certificate(der: &[u8]) -> bool {
    let Some(elements) = elements(der) else {
        return false;
    };
    is_public_key_or_certificate(der)
        || PrivateKeyInfoRef::from_der(der).is_ok()
        || RsaPrivateKeyRef::from_der(der).is_ok()
        || EcPrivateKey::from_der(der).is_ok()
        || is_sec1(der)
        || is_encrypted(&elements)
        || is_pkcs12(&elements)
        || is_content_info(&elements)
}

/// Returns whether `bytes` are one DER SEQUENCE that its elements fill. Binary data that begins like
/// one by chance does not have such elements.
pub fn is_sequence(bytes: &[u8]) -> bool {
    elements(bytes).is_some()
}

fn is_spki(elements: &[AnyRef<'_>]) -> bool {
    matches!(elements, [algorithm, key] if is_algorithm(algorithm) && key.tag() == Tag::BitString)
}

fn is_rsa_public_key(elements: &[AnyRef<'_>]) -> bool {
    matches!(elements, [n, e] if n.tag() == Tag::Integer && e.tag() == Tag::Integer)
}

fn is_certificate(elements: &[AnyRef<'_>]) -> bool {
    let [tbs, algorithm, signature] = elements else {
        return false;
    };
    is_algorithm(algorithm)
        && signature.tag() == Tag::BitString
        && inner_elements(tbs).is_some_and(|fields| {
            has_possible_version(&fields)
                && fields.iter().any(|field| inner_elements(field).is_some_and(|key| is_spki(&key)))
        })
}

/// Returns whether the version of a certificate is an integer, if it is there.
fn has_possible_version(fields: &[AnyRef<'_>]) -> bool {
    fields.first().filter(|field| field.tag() == CONTEXT_0).is_none_or(|version| {
        children(version)
            .is_some_and(|version| matches!(*version, [number] if number.tag() == Tag::Integer))
    })
}

/// Returns the `subjectPublicKeyInfo` of a certificate. Only its position among the fields is
/// accepted, because a certificate request (RFC 2986 Section 4) has it in another one.
fn certified_key<'a>(certificate: &[AnyRef<'a>]) -> Option<AnyRef<'a>> {
    let [tbs, algorithm, signature] = certificate else {
        return None;
    };
    // What is read here must be a certificate to `is_certificate` too, which keeps public keys from
    // being secrets.
    let fields = inner_elements(tbs).filter(|fields| has_possible_version(fields))?;
    let fields = match fields.as_slice() {
        [version, rest @ ..] if version.tag() == CONTEXT_0 => rest,
        all => all,
    };
    let [serial, inner_algorithm, _issuer, _validity, _subject, key, ..] = fields else {
        return None;
    };
    let fits = is_algorithm(algorithm)
        && signature.tag() == Tag::BitString
        && serial.tag() == Tag::Integer
        && is_algorithm(inner_algorithm)
        && inner_elements(key).is_some_and(|key| is_spki(&key));
    fits.then_some(*key)
}

fn is_encrypted(elements: &[AnyRef<'_>]) -> bool {
    matches!(elements, [algorithm, data] if is_algorithm(algorithm) && data.tag() == Tag::OctetString)
}

/// Whether `der` is an `ECPrivateKey` with curve parameters of any form.
fn is_sec1(der: &[u8]) -> bool {
    let elements = elements(der).unwrap_or_default();
    let tags: Vec<Tag> = elements.iter().map(Tagged::tag).collect();
    matches!(tags.as_slice(), [Tag::Integer, Tag::OctetString, CONTEXT_0, ..])
}

/// Whether these are the elements of a PKCS#12 `PFX` (RFC 7292 Section 4).
fn is_pkcs12(elements: &[AnyRef<'_>]) -> bool {
    matches!(elements, [version, content, ..] if version.tag() == Tag::Integer
        && inner_elements(content).is_some_and(|content| is_content_info(&content)))
}

/// Whether these are the elements of a PKCS#7 or CMS `ContentInfo` (RFC 5652 Section 3).
fn is_content_info(elements: &[AnyRef<'_>]) -> bool {
    matches!(elements, [oid, content]
        if oid.tag() == Tag::ObjectIdentifier && content.tag() == CONTEXT_0)
}

fn is_algorithm(element: &AnyRef<'_>) -> bool {
    inner_elements(element)
        .is_some_and(|parts| parts.first().is_some_and(|oid| oid.tag() == Tag::ObjectIdentifier))
}

/// Returns the elements of `der` if it is exactly one SEQUENCE.
fn elements(der: &[u8]) -> Option<Vec<AnyRef<'_>>> {
    inner_elements(&AnyRef::from_der(der).ok()?)
}

/// Returns the elements of a SEQUENCE.
fn inner_elements<'a>(sequence: &AnyRef<'a>) -> Option<Vec<AnyRef<'a>>> {
    if sequence.tag() == Tag::Sequence { children(sequence) } else { None }
}

/// The elements of any constructed value.
fn children<'a>(constructed: &AnyRef<'a>) -> Option<Vec<AnyRef<'a>>> {
    let mut reader = SliceReader::new(constructed.value()).ok()?;
    let mut elements = Vec::new();
    while !reader.is_finished() {
        elements.push(reader.decode().ok()?);
    }
    Some(elements)
}

/// The supported algorithms of an `AlgorithmIdentifier`.
enum Algorithm {
    Rsa,
    Ec(Curve),
    Okp(OkpCurve),
    MlDsa(MlDsa),
}

impl Algorithm {
    fn of(identifier: &AlgorithmIdentifierRef<'_>) -> Result<Self, Error> {
        let AlgorithmIdentifierRef { oid, parameters } = *identifier;
        if oid == RSA {
            return match parameters {
                // RFC 3279 Section 2.3.1 demands NULL; cryptography takes a key without it too.
                None => Ok(Self::Rsa),
                Some(parameters) if parameters.is_null() => Ok(Self::Rsa),
                Some(_) => {
                    Err(Error::invalid_key("The RSA key's algorithm parameters must be NULL"))
                }
            };
        }
        if oid == EC {
            let named = parameters.and_then(|parameters| parameters.decode_as().ok());
            return named_curve(named.ok_or_else(curve_not_named)?).map(Self::Ec);
        }
        if let Some(curve) = OkpCurve::ALL.into_iter().find(|&curve| okp_oid(curve) == oid) {
            return match parameters {
                None => Ok(Self::Okp(curve)),
                Some(_) => Err(Error::InvalidKey(format!(
                    "{} keys take no algorithm parameters",
                    curve.crv()
                ))),
            };
        }
        if let Some(algorithm) = MlDsa::ALL.into_iter().find(|&one| mldsa_oid(one) == oid) {
            return match parameters {
                None => Ok(Self::MlDsa(algorithm)),
                Some(_) => Err(Error::invalid_key("ML-DSA keys take no algorithm parameters")),
            };
        }
        Err(match UNSUPPORTED.iter().find(|(known, _)| *known == oid) {
            Some((_, reason)) => Error::invalid_key(*reason),
            None => Error::invalid_key(format!("Keys of the algorithm {oid} are not supported")),
        })
    }
}

fn named_curve(oid: ObjectIdentifier) -> Result<Curve, Error> {
    Curve::ALL.into_iter().find(|&curve| curve_oid(curve) == oid).ok_or_else(|| {
        Error::invalid_key(format!(
            "The curve {oid} is not supported: expected P-256, P-384, P-521 or secp256k1"
        ))
    })
}

/// Reads an octet key pair inside PKCS#8 (RFC 8410 Section 7).
fn okp_private(
    curve: OkpCurve,
    inner: &[u8],
    public: Option<BitStringRef<'_>>,
) -> Result<KeyMaterial, Error> {
    let seed = <&OctetStringRef>::from_der(inner)
        .ok()
        .map(OctetStringRef::as_bytes)
        .filter(|seed| seed.len() == curve.key_len())
        .ok_or_else(|| wrong_okp_length(curve, "private"))?;
    let x = public
        .map(|public| okp_public(curve, public.as_bytes().unwrap_or_default()))
        .transpose()?;
    Ok(KeyMaterial::Okp(OkpKey { curve, x, d: Some(Zeroizing::new(seed.to_vec())) }))
}

/// Reads an ML-DSA key inside PKCS#8 (RFC 9881 Section 6): the seed, alone or before the expanded
/// key, which follows from it and is not read.
fn mldsa_private(algorithm: MlDsa, inner: &[u8]) -> Result<KeyMaterial, Error> {
    let value = AnyRef::from_der(inner).map_err(|_| malformed("PKCS#8"))?;
    let both = inner_elements(&value);
    let seed = match both.as_deref() {
        None if value.tag() == MLDSA_SEED => value,
        Some([seed, expanded])
            if seed.tag() == Tag::OctetString && expanded.tag() == Tag::OctetString =>
        {
            *seed
        }
        None if value.tag() == Tag::OctetString => {
            return Err(Error::invalid_key(
                "The ML-DSA key is in its expanded form: only keys with their seed are supported",
            ));
        }
        _ => return Err(malformed("PKCS#8")),
    };
    if seed.value().len() != MlDsa::SEED_LEN {
        return Err(malformed("PKCS#8"));
    }
    let seed = Some(Zeroizing::new(seed.value().to_vec()));
    Ok(KeyMaterial::Akp(AkpKey { algorithm, public: None, seed }))
}

fn okp_public(curve: OkpCurve, x: &[u8]) -> Result<Vec<u8>, Error> {
    if x.len() == curve.key_len() { Ok(x.to_vec()) } else { Err(wrong_okp_length(curve, "public")) }
}

/// Calls `write` with the `AlgorithmIdentifier` of an asymmetric key.
fn with_algorithm<T>(
    key: &KeyMaterial,
    write: impl FnOnce(AlgorithmIdentifierRef<'_>) -> der::Result<T>,
) -> Result<T, Error> {
    let curve;
    let (oid, parameters) = match key {
        KeyMaterial::Secret(_) => return Err(no_der_for_secrets()),
        KeyMaterial::Rsa(_) => (RSA, Some(AnyRef::NULL)),
        KeyMaterial::Ec(key) => {
            curve = curve_oid(key.curve);
            (EC, Some(AnyRef::from(&curve)))
        }
        KeyMaterial::Okp(key) => (okp_oid(key.curve), None),
        KeyMaterial::Akp(key) => (mldsa_oid(key.algorithm), None),
    };
    write(AlgorithmIdentifierRef { oid, parameters }).map_err(too_large)
}

/// Writes the SEC1 structure inside PKCS#8: with the public point, which crypto libraries require,
/// and without the curve, which the enclosing structure names.
fn sec1_private(key: &EcKey) -> Result<SecretBytes, Error> {
    let point = uncompressed_point(key)?;
    let structure = EcPrivateKey {
        private_key: key.d.as_deref().ok_or_else(not_private)?,
        parameters: None,
        public_key: Some(&point),
    };
    structure.to_der().map(Zeroizing::new).map_err(too_large)
}

fn uncompressed_point(key: &EcKey) -> Result<Vec<u8>, Error> {
    match &key.public {
        Some(EcPoint::Affine(Coordinates { x, y })) => Ok([&[4], x.as_slice(), y].concat()),
        Some(EcPoint::Compressed(_)) | None => Err(public_part_absent()),
    }
}

fn malformed(format: &str) -> Error {
    Error::invalid_key(format!("The key is not a well-formed {format} in DER"))
}

fn curve_not_named() -> Error {
    Error::invalid_key(
        "The EC key's curve is not given by name, and explicit curve parameters are not supported: \
         convert the key, for example with `openssl ec -param_enc named_curve`",
    )
}

fn wrong_okp_length(curve: OkpCurve, half: &str) -> Error {
    let (name, len) = (curve.crv(), curve.key_len());
    Error::invalid_key(format!("The {half} key of {name} must have {len} bytes"))
}

fn not_private() -> Error {
    Error::invalid_key("The key has no private part")
}

fn public_part_absent() -> Error {
    Error::invalid_key("The private key comes without its public part")
}

fn no_der_for_secrets() -> Error {
    Error::invalid_key("A shared secret has no DER or PEM form")
}

fn too_large(_: der::Error) -> Error {
    Error::invalid_key("The key is too large")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::key::{jwk, pem, vectors};

    const CURVES: [(&str, Curve); 4] = [
        ("p256", Curve::P256),
        ("p384", Curve::P384),
        ("p521", Curve::P521),
        ("secp256k1", Curve::Secp256k1),
    ];

    fn tagged(tag: Tag, value: &[u8]) -> Vec<u8> {
        AnyRef::new(tag, value).and_then(|any| any.to_der()).unwrap()
    }

    fn sequence(elements: &[&[u8]]) -> Vec<u8> {
        tagged(Tag::Sequence, &elements.concat())
    }

    /// The parts of a certificate, as short as possible.
    struct Certificate {
        version: Vec<u8>,
        serial: Vec<u8>,
        inner_algorithm: Vec<u8>,
        key: Vec<u8>,
        algorithm: Vec<u8>,
        signature: Vec<u8>,
    }

    impl Certificate {
        /// Makes a certificate of version 3.
        fn new() -> Self {
            let algorithm = sequence(&[&tagged(Tag::ObjectIdentifier, EC.as_bytes())]);
            Self {
                version: tagged(CONTEXT_0, &tagged(Tag::Integer, &[2])),
                serial: tagged(Tag::Integer, &[1]),
                inner_algorithm: algorithm.clone(),
                key: vectors::read("ec_p256_spki.der"),
                algorithm,
                signature: tagged(Tag::BitString, &[0, 1]),
            }
        }

        fn der(&self) -> Vec<u8> {
            let names = sequence(&[]).repeat(3);
            let Self { version, serial, inner_algorithm, key, .. } = self;
            let tbs = sequence(&[version, serial, inner_algorithm, &names, key]);
            sequence(&[&tbs, &self.algorithm, &self.signature])
        }

        /// Makes the request that may have led to the certificate (RFC 2986 Section 4).
        fn request(&self) -> Vec<u8> {
            let version = tagged(Tag::Integer, &[0]);
            let info = sequence(&[&version, &sequence(&[]), &self.key]);
            sequence(&[&info, &self.algorithm, &self.signature])
        }
    }

    fn assert_refused(result: Result<KeyMaterial, Error>, because: &str) {
        let refusal = result.expect_err("a refusal").to_string();
        assert!(refusal.contains(because), "{refusal:?} does not say {because:?}");
    }

    #[test]
    fn every_der_vector_reads_as_cryptography_reads_it() {
        let files = vectors::readable(vectors::DER);
        assert!(files.len() >= 16, "{} files", files.len());
        for file in files {
            file.assert_reads(parse);
        }
    }

    #[test]
    fn pkcs8_is_written_byte_for_byte_as_openssl_writes_it() {
        for (name, _) in CURVES {
            let der = vectors::read(&format!("ec_{name}_pkcs8.der"));
            assert_eq!(*pkcs8(&parse(&der).unwrap()).unwrap(), der, "{name}");
        }
        for name in ["ed25519_pkcs8.der", "ed448_pkcs8.der"] {
            let der = vectors::read(name);
            assert_eq!(*pkcs8(&parse(&der).unwrap()).unwrap(), der, "{name}");
        }
    }

    #[test]
    fn spki_is_written_byte_for_byte_as_openssl_writes_it() {
        for name in ["ec_p256", "ec_p384", "ec_p521", "ec_secp256k1", "ed25519", "ed448"] {
            let der = vectors::read(&format!("{name}_spki.der"));
            assert_eq!(spki(&parse(&der).unwrap()).unwrap(), der, "{name}");
        }
    }

    #[test]
    fn every_form_of_an_rsa_key_turns_into_every_other() {
        let key = pem::parse(&vectors::read("rsa_2048_pkcs8.pem")).unwrap();
        let KeyMaterial::Rsa(rsa) = &key else { panic!("{key:?}") };
        for (name, label, der) in [
            ("rsa_2048_pkcs8.pem", pem::PRIVATE_KEY, pkcs8(&key).unwrap().to_vec()),
            ("rsa_2048_pkcs1.pem", pem::RSA_PRIVATE_KEY, pkcs1_private(rsa).unwrap().to_vec()),
            ("rsa_2048_spki.pem", pem::PUBLIC_KEY, spki(&key).unwrap()),
            ("rsa_2048_pkcs1.pub.pem", pem::RSA_PUBLIC_KEY, pkcs1_public(rsa)),
        ] {
            assert_eq!(pem::encode(label, &der).as_bytes(), vectors::read(name), "{name}");
            let again = parse(&der).unwrap();
            assert_eq!(jwk::thumbprint_input(&again), jwk::thumbprint_input(&key), "{name}");
        }
    }

    #[test]
    fn an_ec_key_may_come_without_its_public_point() {
        for (name, curve) in CURVES {
            let der = vectors::read(&format!("ec_{name}_pkcs8_no_public.der"));
            let key = parse_pkcs8(&der).unwrap();
            let KeyMaterial::Ec(ec) = &key else { panic!("{key:?}") };
            assert_eq!((ec.curve, &ec.public), (curve, &None), "{name}");
            assert_eq!(ec.d.as_ref().map(|d| d.len()), Some(curve.field_len()), "{name}");
            assert!(pkcs8(&key).is_err() && spki(&key).is_err(), "{name}");
        }
    }

    #[test]
    fn an_okp_key_has_its_public_part_in_version_2_alone() {
        for name in ["ed25519", "ed448"] {
            let public = |form| match parse(&vectors::read(&format!("{name}_{form}.der"))) {
                Ok(KeyMaterial::Okp(key)) => key.x,
                other => panic!("{other:?}"),
            };
            assert_eq!(public("pkcs8"), None);
            assert_eq!(public("pkcs8_v2"), public("spki"));
            assert!(public("spki").is_some());
        }
    }

    #[test]
    fn sec1_needs_a_curve_from_somewhere_and_one_alone() {
        let der = vectors::read("ec_p256_sec1_without_curve.der");
        assert_refused(parse_sec1(&der, None), "does not name its curve");
        assert!(parse_sec1(&der, Some(Curve::P256)).is_ok());
        let two = vectors::read("ec_p256_pkcs8_two_curves.der");
        assert_refused(parse_pkcs8(&two), "two different curves");
        let text = vectors::read("ec_p256_sec1.pem");
        let one = pem::Block::find(&text).unwrap();
        assert_eq!(parse_sec1(one.der(), Some(Curve::P256)), parse_sec1(one.der(), None));
        assert!(parse_sec1(one.der(), None).is_ok());
    }

    #[test]
    fn a_scalar_must_have_the_curves_length() {
        let scalars: [&[u8]; 3] = [&[], &[1; 31], &[1; 33]];
        for private_key in scalars {
            let key = EcPrivateKey { private_key, parameters: None, public_key: None };
            let der = key.to_der().unwrap();
            assert_refused(parse_sec1(&der, Some(Curve::P256)), "must have 32 bytes");
        }
    }

    #[test]
    fn unsupported_forms_of_ec_keys_say_so() {
        assert_refused(parse(&vectors::read("ec_p256_explicit_spki.der")), "explicit");
        let explicit = vectors::read("ec_p256_explicit_sec1.der");
        assert_refused(parse_sec1(&explicit, None), "explicit");
        assert_refused(parse(&explicit), "explicit");
        assert_refused(parse(&vectors::read("ec_brainpool_spki.der")), "1.3.36.3.3.2.8.1.1.7");
        assert_refused(parse_point_of(&[0]), "does not fit its curve");
        assert_refused(parse_point_of(&[4; 64]), "does not fit its curve");
        assert_refused(parse_point_of(&[]), "does not fit its curve");
        assert_refused(parse_point_of(&[2; 34]), "does not fit its curve");
        assert_refused(parse_point_of(&[6; 65]), "hybrid");
    }

    fn parse_point_of(point: &[u8]) -> Result<KeyMaterial, Error> {
        let public = Some(parse_point(Curve::P256, point)?);
        Ok(KeyMaterial::Ec(EcKey { curve: Curve::P256, public, d: None }))
    }

    #[test]
    fn attributes_of_pkcs8_do_not_count_and_must_be_attributes() {
        assert!(parse(&vectors::read("ec_p256_pkcs8_attributes.der")).is_ok());
        let key = parse(&vectors::read("ec_p256_pkcs8.der")).unwrap();
        let der = vectors::read("ec_p256_pkcs8.der");
        let plain: Vec<Vec<u8>> =
            elements(&der).unwrap().iter().map(|field| field.to_der().unwrap()).collect();
        let with = |extra: &[&[u8]]| {
            let fields: Vec<&[u8]> =
                plain.iter().map(Vec::as_slice).chain(extra.iter().copied()).collect();
            parse(&sequence(&fields))
        };
        let oid = tagged(Tag::ObjectIdentifier, EC.as_bytes());
        let attribute = sequence(&[&oid, &tagged(Tag::Set, &[])]);
        let set = |attributes: &[u8]| tagged(CONTEXT_0, attributes);
        assert_eq!(with(&[&set(&[])]), Ok(key.clone()));
        assert_eq!(with(&[&set(&attribute.repeat(2))]), Ok(key));
        assert_refused(with(&[&set(&oid)]), "well-formed PKCS#8");
        assert_refused(with(&[&set(&sequence(&[&oid]))]), "well-formed PKCS#8");
        assert_refused(with(&[&set(&attribute), &set(&attribute)]), "well-formed PKCS#8");
        let other = Tag::ContextSpecific { constructed: true, number: TagNumber(2) };
        assert_refused(with(&[&tagged(other, &attribute)]), "well-formed PKCS#8");
    }

    #[test]
    fn a_compressed_point_is_kept_as_it_is() {
        for (name, curve) in CURVES {
            let der = vectors::read(&format!("ec_{name}_compressed_spki.der"));
            let Ok(KeyMaterial::Ec(EcKey { public: Some(EcPoint::Compressed(point)), .. })) =
                parse(&der)
            else {
                panic!("{name}")
            };
            assert!(der.ends_with(&point) && point.len() == 1 + curve.field_len(), "{name}");
        }
    }

    #[test]
    fn what_is_not_supported_is_named() {
        for (name, because) in [
            ("x448_pkcs8.der", "X448"),
            ("x448_spki.der", "X448"),
            ("dsa_pkcs8.der", "DSA"),
            ("dsa_spki.der", "DSA"),
            ("dh_spki.der", "Diffie-Hellman"),
            ("rsa_2048.certificate.der", "extract its public key"),
            ("testkey_ec.priv", "PEM"),
            ("testkey_ec_ssh.pub", "is not PKCS#8"),
        ] {
            assert_refused(parse(&vectors::read(name)), because);
        }
        assert_refused(parse(&Certificate::new().request()), CERTIFICATE_REQUEST);
        assert_refused(parse(&sequence(&[])), "is not PKCS#8");
        let oid = tagged(Tag::ObjectIdentifier, EC.as_bytes());
        let content = sequence(&[&oid, &tagged(CONTEXT_0, &[])]);
        assert_refused(parse(&content), "CMS");
        assert_refused(parse(&sequence(&[&tagged(Tag::Integer, &[3]), &content])), "PKCS#12");
        let text = String::from_utf8(vectors::read("rsa_2048_encrypted.pem")).unwrap();
        let base64: String = text.lines().filter(|line| !line.starts_with('-')).collect();
        let encrypted = base64_simd::STANDARD.decode_to_vec(base64).unwrap();
        assert_refused(parse(&encrypted), "encrypted");
    }

    #[test]
    fn rsa_integers_must_be_positive_and_whole() {
        // SEQUENCE of two INTEGERs, one of them out of range or incomplete.
        for wrong in [
            &[0x30, 6, 2, 1, 0x81, 2, 1, 3][..],
            &[0x30, 7, 2, 2, 0, 0x7f, 2, 1, 3],
            &[0x30, 5, 2, 1, 0x7f, 2, 1],
            &[0x30, 6, 2, 1, 0x7e, 2, 1, 3],
            &[0x30, 6, 2, 1, 0x7f, 2, 1, 2],
            &[0x30, 6, 2, 1, 0x7f, 2, 1, 1],
        ] {
            assert!(parse_pkcs1_public(wrong).is_err(), "{wrong:?}");
        }
        assert!(parse_pkcs1_public(&[0x30, 6, 2, 1, 0x7f, 2, 1, 3]).is_ok());
    }

    #[test]
    fn trailing_data_is_refused_everywhere() {
        for file in vectors::readable(vectors::DER) {
            let mut der = file.bytes;
            der.push(0);
            assert!(parse(&der).is_err(), "{}", file.name);
        }
        // The same inside: one more byte in the innermost structure, with all lengths increased.
        let mut der = vectors::read("ed25519_pkcs8.der");
        let inner = der.len() - 34;
        der.push(0);
        der[1] += 1;
        der[inner - 1] += 1;
        assert!(parse(&der).is_err());
    }

    #[test]
    fn what_has_no_private_part_is_not_written_as_private() {
        let public = parse(&vectors::read("ec_p256_spki.der")).unwrap();
        assert_eq!(pkcs8(&public), Err(not_private()));
        let secret = KeyMaterial::Secret(Zeroizing::new(vec![1]));
        assert_eq!(pkcs8(&secret), Err(no_der_for_secrets()));
        assert_eq!(spki(&secret), Err(no_der_for_secrets()));
    }

    #[test]
    fn the_parameters_of_an_rsa_key_are_null() {
        let rsa = pem::parse(&vectors::read("rsa_2048_spki.pem")).unwrap();
        let KeyMaterial::Rsa(key) = &rsa else { panic!("{rsa:?}") };
        let spki_with = |parameters| {
            let public = pkcs1_public(key);
            let subject_public_key = BitStringRef::from_bytes(&public).unwrap();
            let algorithm = AlgorithmIdentifierRef { oid: RSA, parameters };
            parse(&SubjectPublicKeyInfoRef { algorithm, subject_public_key }.to_der().unwrap())
        };
        assert_eq!(spki_with(Some(AnyRef::NULL)), Ok(rsa.clone()));
        assert_refused(spki_with(Some(AnyRef::from(&EC))), "must be NULL");
        assert_eq!(spki_with(None), Ok(rsa.clone()));
    }

    #[test]
    fn a_certificate_of_any_version_has_its_key_at_its_place() {
        let key = parse_spki(&vectors::read("ec_p256_spki.der"));
        let version_3 = Certificate::new();
        let version_1 = Certificate { version: Vec::new(), ..Certificate::new() };
        for certificate in [version_3, version_1].map(|certificate| certificate.der()) {
            assert_eq!(parse_certificate(&certificate), key);
            assert!(is_certificate_with_key(&certificate));
        }
    }

    #[test]
    fn what_is_no_certificate_in_one_part_is_none() {
        let number = tagged(Tag::Integer, &[1]);
        let no_algorithm = || sequence(&[&number]);
        let new = Certificate::new;
        for wrong in [
            Certificate { version: tagged(CONTEXT_0, &sequence(&[])), ..new() }.der(),
            Certificate { serial: sequence(&[]), ..new() }.der(),
            Certificate { inner_algorithm: no_algorithm(), ..new() }.der(),
            Certificate { key: no_algorithm(), ..new() }.der(),
            Certificate { algorithm: no_algorithm(), ..new() }.der(),
            Certificate { signature: number.clone(), ..new() }.der(),
            new().request(),
        ] {
            assert_refused(parse_certificate(&wrong), "well-formed X.509 certificate");
            assert!(!is_certificate_with_key(&wrong), "{wrong:?}");
        }
    }

    #[test]
    fn public_keys_and_certificates_are_known_by_their_structure() {
        for name in [
            "dh_spki.der",
            "dsa_spki.der",
            "ec_brainpool_spki.der",
            "ec_p256_compressed_spki.der",
            "ec_p256_spki.der",
            "ed25519.certificate.der",
            "ed448_spki.der",
            "mldsa65_spki.der",
            "rsa_2048.certificate.der",
            "x25519_spki.der",
            "x448_spki.der",
        ] {
            assert!(is_public_key_or_certificate(&vectors::read(name)), "{name}");
        }
        let rsa = pem::parse(&vectors::read("rsa_2048_spki.pem")).unwrap();
        let KeyMaterial::Rsa(key) = &rsa else { panic!("{rsa:?}") };
        assert!(is_public_key_or_certificate(&spki(&rsa).unwrap()));
        assert!(is_public_key_or_certificate(&pkcs1_public(key)));
        assert!(is_public_key_or_certificate(&Certificate::new().der()));
        assert!(is_public_key_or_certificate(&Certificate::new().request()));
    }

    #[test]
    fn other_bytes_are_no_public_key() {
        for name in ["ec_p256_pkcs8.der", "ed25519_pkcs8.der", "testkey_ec.pub"] {
            assert!(!is_public_key_or_certificate(&vectors::read(name)), "{name}");
        }
        for bytes in [
            &b""[..],
            b"0",
            b"0\x80",
            b"0\x00",
            b"0\x820\x82",
            b"secret",
            b"0\x04\x02\x00\x02\x00\x00",
        ] {
            assert!(!is_public_key_or_certificate(bytes), "{bytes:?}");
        }
        let number = tagged(Tag::Integer, &[1]);
        let no_algorithm = || sequence(&[&number]);
        let new = Certificate::new;
        for wrong in [
            Certificate { key: no_algorithm(), ..new() }.der(),
            Certificate { algorithm: no_algorithm(), ..new() }.der(),
            Certificate { signature: number.clone(), ..new() }.der(),
            sequence(&[&no_algorithm(), &new().signature]),
            sequence(&[&new().algorithm, &number]),
        ] {
            assert!(!is_public_key_or_certificate(&wrong), "{wrong:?}");
        }
    }

    #[test]
    fn damage_anywhere_never_panics() {
        for name in [
            "ec_p256_pkcs8.der",
            "ec_p521_spki.der",
            "ec_p256_explicit_sec1.der",
            "ed25519_pkcs8_v2.der",
            "ed448_pkcs8.der",
            "rsa_2048.certificate.der",
        ] {
            vectors::mutations(&vectors::read(name), |damaged| {
                is_public_key_or_certificate(damaged);
                let Ok(key) = parse(damaged) else { return };
                // Whatever was read can be written, except a private key without its public part.
                let _ = (pkcs8(&key), spki(&key));
            });
        }
        let rsa = pem::parse(&vectors::read("rsa_2048_pkcs8.pem")).unwrap();
        vectors::mutations(&pkcs8(&rsa).unwrap(), |damaged| drop(parse(damaged)));
        vectors::mutations(&spki(&rsa).unwrap(), |damaged| drop(parse(damaged)));
    }
}
