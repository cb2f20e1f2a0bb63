//! The key binding JWT, with which the holder of a key proves that it is theirs (RFC 9901 Sections
//! 4.3 and 7.3).

use serde_json::{Map, Value};

use super::tree::Node;
use crate::algorithm::{Algorithm, Family};
use crate::base64url;
use crate::claims::{self, Accepted, Checks, Policy};
use crate::crypto::{PreparedKey, complete};
use crate::error::Error;
use crate::header::{AcceptedTypes, Header};
use crate::jws::{self, Compact};
use crate::key::metadata::{JwkMetadata, permits_operation, permits_use};
use crate::key::{KeyMaterial, jwk};

/// Whether an SD-JWT must have a key binding JWT. What the holder sends does not decide that (RFC
/// 9901 Section 7.3).
#[derive(Debug, Clone)]
pub enum KeyBinding {
    /// It must, and the JWT must fit this policy.
    Required(KeyBindingPolicy),
    /// It need not. If it does, the JWT must fit this policy.
    Optional(KeyBindingPolicy),
    /// It must not: an issuer gave it to its holder, or the verifier accepts bearers.
    Refused,
}

/// What a key binding JWT must be.
#[derive(Debug, Clone)]
pub struct KeyBindingPolicy {
    /// The value that the verifier chose for this presentation.
    pub nonce: String,
    /// The identifier of the verifier.
    pub audience: String,
    /// The signature algorithms that are accepted. Those with shared secrets never are.
    pub algorithms: Vec<&'static Algorithm>,
    /// The seconds since `iat` during which it is accepted.
    pub max_age: f64,
    /// The seconds by which clocks may differ.
    pub leeway: f64,
}

impl KeyBinding {
    /// Returns what to check a key binding JWT against, with the JWT; `None` if there is nothing to
    /// check.
    pub(super) fn policy_for<'a>(
        &'a self,
        jwt: Option<&'a str>,
    ) -> Result<Option<(&'a KeyBindingPolicy, &'a str)>, Error> {
        match (self, jwt) {
            (Self::Required(_), None) => {
                Err(refused("it is missing, and the verifier requires one"))
            }
            (Self::Refused, Some(_)) => Err(refused("the verifier does not take one")),
            (Self::Optional(_) | Self::Refused, None) => Ok(None),
            (Self::Required(policy) | Self::Optional(policy), Some(jwt)) => Ok(Some((policy, jwt))),
        }
    }
}

const fn refused(message: &'static str) -> Error {
    Error::KeyBinding(message)
}

/// Verifies a key binding JWT with the key in `cnf` and returns the JSON text of its claims.
pub(super) fn verify(
    jwt: &str,
    sd_hash: &str,
    cnf: Option<&Node<'_>>,
    policy: &KeyBindingPolicy,
    now: f64,
) -> Result<Vec<u8>, Error> {
    let verified = verify_signature(jwt, cnf, policy)?;
    let payload = verified.into_payload();
    let claims: Map<String, Value> = serde_json::from_slice(&payload)
        .map_err(|_| refused("its payload is not a JSON object"))?;
    check_claims(&claims, sd_hash, policy, now)?;
    Ok(payload)
}

fn verify_signature(
    jwt: &str,
    cnf: Option<&Node<'_>>,
    policy: &KeyBindingPolicy,
) -> Result<jws::Verified, Error> {
    let header = read_header(jwt)?;
    let types = AcceptedTypes::new(&["kb+jwt"], true);
    types.check(header.media_type().as_deref()).map_err(|_| refused("its typ is not kb+jwt"))?;
    let allowed = |algorithm: &&&Algorithm| {
        header.alg().is_ok_and(|alg| alg == algorithm.name) && is_asymmetric(algorithm)
    };
    let algorithm = policy.algorithms.iter().find(allowed);
    let algorithm = algorithm.ok_or(refused("its alg is not allowed"))?;
    let key = holder_key(cnf, algorithm)?;
    jws::verify(jwt.as_bytes(), &[&key], None).map_err(|error| match error {
        Error::OutOfMemory => error,
        Error::SignatureMismatch => refused("its signature is not one of the holder's key"),
        _ => refused("it is malformed"),
    })
}

fn read_header(jwt: &str) -> Result<Header, Error> {
    let malformed = || refused("it is malformed");
    let compact = Compact::split(jwt.as_bytes()).map_err(|_| malformed())?;
    let json = base64url::decode(compact.header()).map_err(|error| error.or(malformed))?;
    Header::parse(&json).map_err(|_| malformed())
}

/// Returns whether an algorithm has a key that its holder alone can sign with.
const fn is_asymmetric(algorithm: &Algorithm) -> bool {
    !matches!(algorithm.family, Family::None | Family::Hmac(_))
}

/// Prepares the key of the holder, which the issuer put into `cnf` as a JWK (RFC 7800 Section 3.2).
fn holder_key(cnf: Option<&Node<'_>>, algorithm: &'static Algorithm) -> Result<PreparedKey, Error> {
    let value = cnf.and_then(|cnf| cnf.get("jwk")).map(Node::to_json);
    let value = value.ok_or(refused("the SD-JWT has no key of its holder (cnf.jwk)"))?;
    let value: Value = serde_json::from_str(&value).expect("it was read before");
    let unusable = || refused("the key of the holder (cnf.jwk) cannot verify it");
    let material = jwk::from_value(&value).map_err(|_| unusable())?;
    // A private key or a secret in a token is known to all who have seen the token.
    if material.is_private() || matches!(material, KeyMaterial::Secret(_)) {
        return Err(unusable());
    }
    let metadata = JwkMetadata::of(&value).map_err(|_| unusable())?;
    let operations: Option<Vec<_>> =
        metadata.key_ops.as_ref().map(|names| names.iter().map(String::as_str).collect());
    let is_permitted = permits_use(metadata.public_key_use.as_deref(), "sig")
        && permits_operation(operations.as_deref(), "verify")
        && metadata.alg.as_deref().is_none_or(|alg| alg == algorithm.name);
    if !is_permitted {
        return Err(unusable());
    }
    let key = PreparedKey::new(&material, algorithm).map_err(|error| match error {
        Error::AlgorithmUnavailable(_) => error,
        _ => unusable(),
    })?;
    // Not sooner: of a key for another algorithm, it says that this build lacks its curve.
    complete(material).map_err(|_| unusable())?;
    Ok(key)
}

fn check_claims(
    claims: &Map<String, Value>,
    sd_hash: &str,
    policy: &KeyBindingPolicy,
    now: f64,
) -> Result<(), Error> {
    let text = |name: &str| claims.get(name).and_then(Value::as_str);
    if text("sd_hash") != Some(sd_hash) {
        return Err(refused("it is for another SD-JWT or other disclosures (sd_hash)"));
    }
    if text("nonce") != Some(&policy.nonce) {
        return Err(refused("it has another nonce"));
    }
    let rules = Policy {
        checks: Checks { strict_aud: true, ..Checks::DEFAULT },
        leeway: policy.leeway,
        require: vec!["iat", "aud"],
        issuer: None,
        audience: Some(Accepted::One(policy.audience.as_str())),
        subject: None,
    };
    claims::validate(claims, &rules, now).map_err(|error| match error {
        Error::MissingClaim(_) => refused("it has no time (iat) or no audience (aud)"),
        Error::Expired => refused("it has expired (exp)"),
        Error::IssuedInFuture | Error::NotYetValid => refused("it is not yet valid (iat or nbf)"),
        Error::StrictAudienceMismatch => refused("it is for another verifier (aud)"),
        _ => refused("one of its claims has a value of a wrong type"),
    })?;
    let iat = claims.get("iat").and_then(Value::as_f64).unwrap_or(f64::NEG_INFINITY);
    if now - iat > policy.max_age + policy.leeway {
        return Err(refused("it is too old (iat)"));
    }
    Ok(())
}
