//! The examples of RFC 7515 Appendix A.6 and A.7 and RFC 7520 Section 4 in JSON, read from
//! `tests/vectors`.

use rapidjwt::algorithm::Algorithm;
use rapidjwt::crypto::{PreparedKey, complete};
use rapidjwt::error::Error;
use rapidjwt::jws_json::{Policy, TrustedKey, verify};
use rapidjwt::key::jwk;
use serde::Deserialize;
use serde_json::Value;

#[derive(Deserialize)]
struct Vector {
    source: String,
    algorithms: Vec<String>,
    keys: Vec<Value>,
    payload: String,
    #[serde(default)]
    detached: bool,
    #[serde(default)]
    flattened: Option<Value>,
    #[serde(default)]
    general: Option<Value>,
}

/// Returns the keys of a vector, or `None` if this build lacks one of its algorithms.
fn keys(vector: &Vector) -> Option<Vec<PreparedKey>> {
    let pairs = vector.keys.iter().zip(&vector.algorithms);
    let each = pairs.map(|(value, name)| {
        let algorithm = Algorithm::by_name(name).expect("in the table");
        let material = jwk::from_value(value).and_then(complete);
        match material.and_then(|material| PreparedKey::new(&material, algorithm)) {
            Err(Error::AlgorithmUnavailable(_)) if cfg!(not(feature = "aws-lc")) => None,
            key => Some(key.unwrap_or_else(|error| panic!("{}: {error}", vector.source))),
        }
    });
    each.collect()
}

#[test]
fn the_published_examples_verify_and_no_other_payload_does() {
    let vectors: Vec<Vector> =
        serde_json::from_str(include_str!("../vectors/jws_json.json")).expect("of this form");
    let mut verified = 0;
    for vector in vectors {
        let Some(keys) = keys(&vector) else { continue };
        let each = vector.keys.iter().zip(&keys).enumerate();
        let trusted: Vec<_> = each
            .map(|(number, (value, key))| TrustedKey {
                number,
                id: value.get("kid").and_then(Value::as_str),
                key,
            })
            .collect();
        let payload = vector.payload.as_bytes();
        let detached = vector.detached.then_some(payload);
        for jws in [&vector.flattened, &vector.general].into_iter().flatten() {
            let json = jws.to_string();
            for policy in [Policy::All, Policy::AtLeast(keys.len())] {
                let found = verify(json.as_bytes(), &trusted, policy, detached, 16)
                    .unwrap_or_else(|error| panic!("{}: {error}", vector.source));
                assert_eq!(found.payload(), payload, "{}", vector.source);
                assert_eq!(found.signatures().len(), keys.len());
                verified += 1;
            }
            let mut other = jws.clone();
            other["payload"] = "b3RoZXI".into();
            let refused = verify(other.to_string().as_bytes(), &trusted, Policy::All, None, 16);
            assert!(refused.is_err(), "{}", vector.source);
        }
    }
    assert!(verified >= if cfg!(feature = "aws-lc") { 34 } else { 24 }, "{verified}");
}
