//! The examples of RFC 9901, read from `tests/vectors/sd_jwt.json`, and attacks on selective
//! disclosure and key binding.

use rapidjwt::algorithm::{Algorithm, Hash};
use rapidjwt::base64url;
use rapidjwt::crypto::PreparedKey;
use rapidjwt::error::Error;
use rapidjwt::jws;
use rapidjwt::key::{KeyMaterial, jwk};
use rapidjwt::sd_jwt::{
    Disclosure, KeyBinding, KeyBindingPolicy, Limits, SdJwt, Step, Verified, conceal,
};
use serde::Deserialize;
use serde_json::{Value, json};

#[derive(Deserialize)]
struct Examples {
    issuer_key: Value,
    holder_key: Value,
    vectors: Vec<Vector>,
}

#[derive(Deserialize)]
struct Vector {
    source: String,
    #[serde(default)]
    issued: Option<String>,
    #[serde(default)]
    presented: Option<String>,
    #[serde(default)]
    json_issued: Option<Value>,
    #[serde(default)]
    json_presented: Option<Value>,
    #[serde(default)]
    payload: Option<Value>,
    #[serde(default)]
    disclosures: Vec<String>,
    #[serde(default)]
    digests: Vec<String>,
    #[serde(default)]
    processed: Option<Value>,
    #[serde(default)]
    key_binding: Option<Value>,
}

fn vectors() -> Examples {
    serde_json::from_str(include_str!("../vectors/sd_jwt.json")).expect("of this form")
}

fn algorithm(name: &str) -> &'static Algorithm {
    Algorithm::by_name(name).expect("in the table")
}

fn prepared(value: &Value, name: &str) -> PreparedKey {
    let material = jwk::from_value(value).expect("a key");
    PreparedKey::new(&material, algorithm(name)).expect("of this algorithm")
}

fn parse(text: &str) -> SdJwt {
    SdJwt::parse(text.as_bytes(), 256).unwrap_or_else(|error| panic!("{error}: {text}"))
}

fn json_of(bytes: &[u8]) -> Value {
    serde_json::from_slice(bytes).expect("JSON")
}

/// The policy that the examples' key binding fits.
fn policy() -> KeyBindingPolicy {
    KeyBindingPolicy {
        nonce: "1234567890".to_owned(),
        audience: "https://verifier.example.org".to_owned(),
        algorithms: vec![algorithm("ES256"), algorithm("HS256")],
        max_age: 60.0,
        leeway: 0.0,
    }
}

/// The time in the examples' key binding, and a second.
const NOW: f64 = 1_748_536_866.0;

#[test]
fn the_examples_of_the_rfc_verify() {
    let Examples { issuer_key, vectors, .. } = vectors();
    let issuer = prepared(&issuer_key, "ES256");
    let mut bound = 0;
    for vector in vectors {
        let Some(presented) = &vector.presented else { continue };
        let mut forms = vec![parse(presented)];
        forms.extend(vector.json_presented.as_ref().map(|json| parse(&json.to_string())));
        for form in forms {
            assert_eq!(&form.to_compact(), presented, "{}", vector.source);
            let key_binding = match &vector.key_binding {
                Some(_) => KeyBinding::Required(policy()),
                None => KeyBinding::Refused,
            };
            let verify = |jwt: &[u8]| jws::verify(jwt, &[&issuer], None);
            let verified = form
                .verify(verify, &key_binding, Limits::DEFAULT, NOW)
                .unwrap_or_else(|error| panic!("{}: {error}", vector.source));
            if let Some(processed) = &vector.processed {
                assert_eq!(&json_of(verified.claims.payload()), processed, "{}", vector.source);
            }
            let claims = verified.key_binding.map(|json| json_of(&json));
            assert_eq!(claims, vector.key_binding, "{}", vector.source);
            bound += usize::from(claims.is_some());
        }
    }
    assert_eq!(bound, 7);
}

#[test]
fn the_digests_and_the_hash_of_a_presentation_are_those_of_the_rfc() {
    let mut digests = 0;
    for vector in vectors().vectors {
        let issued = match (&vector.issued, &vector.payload) {
            (Some(issued), _) => parse(issued),
            (None, Some(payload)) => unsigned(payload, &vector.disclosures),
            (None, None) => continue,
        };
        for (disclosure, digest) in issued.disclosures().iter().zip(&vector.digests) {
            assert_eq!(&disclosure.digest(Hash::Sha256), digest, "{}", vector.source);
            digests += 1;
        }
        let located = issued.located(Limits::DEFAULT).expect("consistent");
        assert_eq!(located.len(), issued.disclosures().len(), "{}", vector.source);
        if let Some(json) = &vector.json_issued {
            assert_eq!(&Value::from(issued.to_flattened()), json, "{}", vector.source);
        }
        if let (Some(claims), Some(presented)) = (&vector.key_binding, &vector.presented) {
            let sd_hash = parse(presented).sd_hash(Limits::DEFAULT);
            assert_eq!(sd_hash.as_deref(), Ok(claims["sd_hash"].as_str().expect("text")));
        }
    }
    assert_eq!(digests, 90);
}

#[test]
fn the_holder_selects_the_disclosures_of_the_example() {
    let vectors = vectors().vectors;
    let first = &vectors[0];
    let issued = parse(first.issued.as_ref().expect("issued"));
    let name = |name: &str| Step::Name(name.to_owned());
    let paths = [
        vec![name("given_name")],
        vec![name("family_name")],
        vec![name("address")],
        vec![name("nationalities"), Step::Index(0)],
    ];
    let selected = issued.select(&paths, Limits::DEFAULT).expect("they exist");
    let presented = parse(first.presented.as_ref().expect("presented"));
    let texts = |sd_jwt: &SdJwt| {
        let mut texts: Vec<_> =
            sd_jwt.disclosures().iter().map(|one| one.text().to_owned()).collect();
        texts.sort();
        texts
    };
    assert_eq!(texts(&selected), texts(&presented));
    for steps in [vec![name("x")], vec![name("nationalities"), Step::Index(2)], vec![Step::Each]] {
        let none = issued.select(&[steps], Limits::DEFAULT).err();
        assert_eq!(none, Some(Error::NothingToDisclose));
    }
    let each = [vec![name("nationalities"), Step::Each], vec![name("sub")]];
    assert_eq!(issued.select(&each, Limits::DEFAULT).expect("they exist").disclosures().len(), 2);
}

/// Makes an SD-JWT whose signature nobody checks.
fn unsigned(payload: &Value, disclosures: &[String]) -> SdJwt {
    let payload = base64url::encode(payload.to_string().as_bytes());
    let read = disclosures.iter().map(|text| Disclosure::parse(text).expect("of the form"));
    SdJwt::new(&format!("e30.{payload}.AA"), read.collect()).expect("three parts")
}

fn secret(alg: &str) -> PreparedKey {
    let material = KeyMaterial::Secret(vec![7; 64].into());
    PreparedKey::new(&material, algorithm(alg)).expect("a secret")
}

fn disclosure(json: &Value) -> Disclosure {
    Disclosure::parse(&base64url::encode(json.to_string().as_bytes())).expect("of the form")
}

fn digest(json: &Value) -> String {
    disclosure(json).digest(Hash::Sha256)
}

/// Signs a payload and adds disclosures.
fn signed(payload: &Value, disclosures: &[&Value]) -> SdJwt {
    let payload = payload.to_string();
    let jwt = jws::sign(br#"{"alg":"HS256"}"#, payload.as_bytes(), &secret("HS256"));
    let disclosures = disclosures.iter().map(|json| disclosure(json)).collect();
    SdJwt::new(&jwt.expect("signs"), disclosures).expect("three parts")
}

fn verify(sd_jwt: &SdJwt, key_binding: &KeyBinding, limits: Limits) -> Result<Verified, Error> {
    let verify = |jwt: &[u8]| jws::verify(jwt, &[&secret("HS256")], None);
    sd_jwt.verify(verify, key_binding, limits, NOW)
}

fn claims(sd_jwt: &SdJwt) -> Result<Value, Error> {
    verify(sd_jwt, &KeyBinding::Refused, Limits::DEFAULT)
        .map(|verified| json_of(verified.claims.payload()))
}

/// Checks that an SD-JWT is refused for this reason.
#[track_caller]
fn refused(payload: &Value, disclosures: &[&Value], message: &'static str) {
    assert_eq!(claims(&signed(payload, disclosures)), Err(Error::InvalidSdJwt(message)));
}

#[test]
fn disclosures_are_inserted_wherever_their_digests_are() {
    let inner = json!(["s", "city", "Paris"]);
    let address = json!(["s", "address", {"_sd": [digest(&inner), "decoy"]}]);
    let element = json!(["s", {"x": 1}]);
    let payload = json!({
        "_sd": [digest(&address), "a decoy"],
        "list": [0, {"...": digest(&element)}, {"...": "another decoy"}, [{"...": "a third"}]],
        "_sd_alg": "sha-256",
    });
    for (disclosures, expected) in [
        (vec![], json!({"list": [0, []]})),
        (vec![&address], json!({"list": [0, []], "address": {}})),
        (
            vec![&inner, &element, &address],
            json!({"list": [0, {"x": 1}, []], "address": {"city": "Paris"}}),
        ),
    ] {
        assert_eq!(claims(&signed(&payload, &disclosures)), Ok(expected));
    }
}

#[test]
fn every_disclosure_is_needed_once() {
    let (one, other) = (json!(["s", "a", 1]), json!(["s", "b", 1]));
    let payload = json!({"_sd": [digest(&one)]});
    refused(&payload, &[&one, &one], "a disclosure occurs twice");
    let unreferenced = "a disclosure has no digest in what the issuer signed";
    refused(&payload, &[&one, &other], unreferenced);
    refused(&payload, &[&other], unreferenced);
    let salted = json!(["t", "a", 1]);
    refused(&payload, &[&salted], unreferenced);
    // The claim around it is not disclosed.
    let around = json!(["s", "c", {"_sd": [digest(&other)]}]);
    let payload = json!({"_sd": [digest(&around)]});
    refused(&payload, &[&other], unreferenced);
    assert_eq!(claims(&signed(&payload, &[&around])), Ok(json!({"c": {}})));
    // Not a digest: a text that looks like one.
    refused(&json!({"a": digest(&other), "b": [digest(&other)]}), &[&other], unreferenced);
}

#[test]
fn no_digest_occurs_twice_disclosed_or_not() {
    let (claim, element) = (json!(["s", "a", 1]), json!(["s", 1]));
    let twice = "a digest occurs twice";
    for payload in [
        json!({"_sd": [digest(&claim), digest(&claim)]}),
        json!({"_sd": [digest(&claim)], "b": {"_sd": [digest(&claim)]}}),
        json!({"_sd": [digest(&claim)], "b": [{"...": digest(&claim)}]}),
    ] {
        refused(&payload, &[], twice);
        refused(&payload, &[&claim], twice);
    }
    let payload = json!({"b": [{"...": digest(&element)}, {"...": digest(&element)}]});
    refused(&payload, &[], twice);
    refused(&payload, &[&element], twice);
    let hidden = json!(["s", "c", {"_sd": ["the same"]}]);
    let payload = json!({"_sd": [digest(&hidden)], "b": {"_sd": ["the same"]}});
    refused(&payload, &[&hidden], twice);
}

#[test]
fn no_claim_is_overwritten() {
    let message = "a disclosure has the name of a claim that is there already";
    let (claim, again) = (json!(["s", "a", 1]), json!(["t", "a", 2]));
    refused(&json!({"_sd": [digest(&claim)], "a": 0}), &[&claim], message);
    refused(&json!({"_sd": [digest(&claim), digest(&again)]}), &[&claim, &again], message);
    let payload = json!({"_sd": [digest(&claim)], "b": {"a": 0}});
    assert_eq!(claims(&signed(&payload, &[&claim])), Ok(json!({"a": 1, "b": {"a": 0}})));
}

#[test]
fn a_disclosure_is_of_the_kind_that_its_place_needs() {
    let (claim, element) = (json!(["s", "a", 1]), json!(["s", 1]));
    let message = "a disclosure of an array element stands for a claim";
    refused(&json!({"_sd": [digest(&element)]}), &[&element], message);
    let message = "a disclosure of a claim stands for an array element";
    refused(&json!({"b": [{"...": digest(&claim)}]}), &[&claim], message);
}

#[test]
fn what_has_a_meaning_of_its_own_is_nowhere_else() {
    for payload in
        [json!({"_sd": "x"}), json!({"_sd": [1]}), json!({"_sd": null}), json!({"b": {"_sd": {}}})]
    {
        refused(&payload, &[], "_sd is not a list of strings");
    }
    for payload in [json!({"b": [{"...": "x", "a": 1}]}), json!({"b": [{"...": 1}]})] {
        refused(&payload, &[], "\"...\" is not alone, or not a digest");
    }
    let message = "\"...\" or _sd_alg is where it has no meaning";
    for payload in
        [json!({"...": "x"}), json!({"b": {"...": "x"}}), json!({"b": {"_sd_alg": "sha-256"}})]
    {
        refused(&payload, &[], message);
    }
    let nested = json!(["s", "a", {"_sd_alg": "sha-256"}]);
    refused(&json!({"_sd": [digest(&nested)]}), &[&nested], message);
}

#[test]
fn the_hash_is_one_that_is_known() {
    for name in ["md5", "sha-1", "SHA-256", "sha256", "sha-256-128", "none", ""] {
        let message = "its _sd_alg is not sha-256, sha-384 or sha-512";
        refused(&json!({"_sd_alg": name}), &[], message);
    }
    refused(&json!({"_sd_alg": null}), &[], "its _sd_alg is not sha-256, sha-384 or sha-512");
    let claim = json!(["s", "a", 1]);
    for (name, hash) in [("sha-384", Hash::Sha384), ("sha-512", Hash::Sha512)] {
        let payload = json!({"_sd_alg": name, "_sd": [disclosure(&claim).digest(hash)]});
        assert_eq!(claims(&signed(&payload, &[&claim])), Ok(json!({"a": 1})));
    }
    let other = json!({"_sd_alg": "sha-384", "_sd": [digest(&claim)]});
    refused(&other, &[&claim], "a disclosure has no digest in what the issuer signed");
}

#[test]
fn size_and_depth_are_bounded() {
    let limits = Limits { disclosures: 2, nesting: 3 };
    let refused = |payload: &Value, disclosures: &[&Value]| {
        verify(&signed(payload, disclosures), &KeyBinding::Refused, limits).err()
    };
    let each: Vec<_> = (0..3).map(|number| json!(["s", format!("{number}"), 1])).collect();
    let payload = json!({"_sd": each.iter().map(digest).collect::<Vec<_>>()});
    let too_many = Error::InvalidSdJwt("it has more disclosures than are allowed");
    assert_eq!(refused(&payload, &each.iter().collect::<Vec<_>>()), Some(too_many.clone()));
    assert_eq!(refused(&payload, &each.iter().take(2).collect::<Vec<_>>()), None);
    let text = format!("h.p.s~{}", "~".repeat(1000));
    assert_eq!(SdJwt::parse(text.as_bytes(), 999).err(), Some(too_many));

    let too_deep = Some(Error::PayloadTooDeep(3));
    assert_eq!(refused(&json!({"a": [[1]]}), &[]), None);
    assert_eq!(refused(&json!({"a": [[[1]]]}), &[]), too_deep);
    let deep = json!(["s", "b", [[1]]]);
    let payload = |inside: &Value| json!({"a": {"_sd": [digest(inside)]}});
    assert_eq!(refused(&payload(&deep), &[&deep]), too_deep);
    let fits = json!(["s", "b", [1]]);
    assert_eq!(refused(&payload(&fits), &[&fits]), None);
    // Too deep by itself, which serde_json refuses.
    let text = format!("[\"s\",\"b\",{}{}]", "[".repeat(500), "]".repeat(500));
    assert!(Disclosure::parse(&base64url::encode(text.as_bytes())).is_err());
}

#[test]
fn only_what_the_issuer_signed_counts() {
    let claim = json!(["s", "a", 1]);
    let genuine = signed(&json!({"_sd": [digest(&claim)]}), &[&claim]);
    let forged = genuine.to_compact().replacen("eyJhbGciOiJIUzI1NiJ9.", "eyJhbGciOiJub25lIn0.", 1);
    assert_eq!(claims(&parse(&forged)), Err(Error::AlgorithmNotAllowed));
    let mut changed = genuine.issuer_jwt();
    changed.truncate(changed.len() - 4);
    let changed = SdJwt::new(&(changed + "AAAA"), vec![disclosure(&claim)]).expect("three parts");
    assert_eq!(claims(&changed), Err(Error::SignatureMismatch));
    assert_eq!(claims(&signed(&json!([1]), &[])), Err(Error::PayloadNotObject));
}

#[test]
fn numbers_reach_the_verifier_as_the_issuer_wrote_them() {
    let claims = br#"{"a":123456789012345678901234567890,"b":0.10000000000000000555,"c":[1e3]}"#;
    let name = |name: &str| vec![Step::Name(name.to_owned())];
    let concealed = conceal(claims, &[name("a"), name("c")], Hash::Sha256, 2).expect("exist");
    let jwt = jws::sign(br#"{"alg":"HS256"}"#, concealed.payload.as_bytes(), &secret("HS256"));
    let sd_jwt = SdJwt::new(&jwt.expect("signs"), concealed.disclosures).expect("three parts");
    let verified = verify(&sd_jwt, &KeyBinding::Refused, Limits::DEFAULT).expect("verifies");
    let text = String::from_utf8(verified.claims.into_payload()).expect("text");
    for part in ["123456789012345678901234567890", "0.10000000000000000555", "[1e3]"] {
        assert!(text.contains(part), "{text}");
    }
}

// --- key binding ---

/// An SD-JWT that is bound to the key of the examples.
fn bindable(cnf: &Value) -> SdJwt {
    let claim = json!(["s", "a", 1]);
    signed(&json!({"_sd": [digest(&claim)], "cnf": cnf}), &[&claim])
}

fn holder_jwk() -> Value {
    let mut jwk = vectors().holder_key;
    jwk.as_object_mut().expect("an object").remove("d");
    jwk
}

/// Changes members of the header and the claims of a key binding JWT; null removes them.
fn bind(sd_jwt: &SdJwt, key: &PreparedKey, header: &Value, claims: &Value) -> SdJwt {
    let mut all = [
        json!({"alg": key.algorithm().name, "typ": "kb+jwt"}),
        json!({"nonce": "1234567890", "aud": "https://verifier.example.org", "iat": 1_748_536_865,
            "sd_hash": sd_jwt.sd_hash(Limits::DEFAULT).expect("consistent")}),
    ];
    for (members, changes) in all.iter_mut().zip([header, claims]) {
        let members = members.as_object_mut().expect("an object");
        members.extend(changes.as_object().expect("an object").clone());
        members.retain(|_, value| !value.is_null());
    }
    let [header, claims] = all.map(|members| members.to_string());
    let jwt = jws::sign(header.as_bytes(), claims.as_bytes(), key).expect("signs");
    sd_jwt.with_key_binding(&jwt).expect("three parts")
}

fn bound(header: &Value, claims: &Value) -> Result<Verified, Error> {
    let key = prepared(&vectors().holder_key, "ES256");
    let sd_jwt = bind(&bindable(&json!({"jwk": holder_jwk()})), &key, header, claims);
    verify(&sd_jwt, &KeyBinding::Required(policy()), Limits::DEFAULT)
}

#[test]
fn a_key_binding_is_for_this_verifier_this_presentation_and_this_time() {
    let none = json!({});
    assert!(bound(&none, &none).is_ok());
    assert!(bound(&json!({"typ": "application/kb+jwt"}), &json!({"exp": 1_748_536_999})).is_ok());
    assert!(bound(&none, &json!({"iat": 1_748_536_806})).is_ok());
    for (claims, message) in [
        (json!({"nonce": "1234567891"}), "it has another nonce"),
        (json!({"nonce": 1_234_567_890}), "it has another nonce"),
        (json!({"nonce": null}), "it has another nonce"),
        (json!({"aud": "https://other.example"}), "it is for another verifier (aud)"),
        (
            json!({"aud": ["https://verifier.example.org"]}),
            "one of its claims has a value of a wrong type",
        ),
        (json!({"aud": null}), "it has no time (iat) or no audience (aud)"),
        (json!({"iat": null}), "it has no time (iat) or no audience (aud)"),
        (json!({"iat": "1748536865"}), "one of its claims has a value of a wrong type"),
        (json!({"iat": 1_748_536_805}), "it is too old (iat)"),
        (json!({"iat": 1_748_536_868}), "it is not yet valid (iat or nbf)"),
        (json!({"nbf": 1_748_536_868}), "it is not yet valid (iat or nbf)"),
        (json!({"exp": 1_748_536_866}), "it has expired (exp)"),
        (json!({"sd_hash": "x"}), "it is for another SD-JWT or other disclosures (sd_hash)"),
        (json!({"sd_hash": null}), "it is for another SD-JWT or other disclosures (sd_hash)"),
    ] {
        assert_eq!(bound(&none, &claims).err(), Some(Error::KeyBinding(message)), "{claims}");
    }
    for (header, message) in [
        (json!({"typ": "JWT"}), "its typ is not kb+jwt"),
        (json!({"typ": null}), "its typ is not kb+jwt"),
        (json!({"alg": "none"}), "its alg is not allowed"),
        (json!({"alg": "ES384"}), "its alg is not allowed"),
        (json!({"alg": null}), "its alg is not allowed"),
        (json!({"crit": ["exp"], "exp": 1}), "it is malformed"),
        (json!({"b64": false}), "it is malformed"),
        (json!({"kid": 1}), "it is malformed"),
    ] {
        let error = bound(&header, &none).err();
        assert_eq!(error, Some(Error::KeyBinding(message)), "{header}");
    }
}

#[test]
fn the_leeway_is_added_to_the_maximum_age_of_a_key_binding() {
    let key = prepared(&vectors().holder_key, "ES256");
    let policy = || KeyBinding::Required(KeyBindingPolicy { leeway: 10.0, ..policy() });
    let result = |age: i64| {
        let claims = json!({"iat": 1_748_536_866 - age});
        let sd_jwt = bind(&bindable(&json!({"jwk": holder_jwk()})), &key, &json!({}), &claims);
        verify(&sd_jwt, &policy(), Limits::DEFAULT).err()
    };
    assert_eq!(result(70), None);
    assert_eq!(result(71), Some(Error::KeyBinding("it is too old (iat)")));
}

#[test]
fn a_key_binding_does_not_fit_other_disclosures() {
    let key = prepared(&vectors().holder_key, "ES256");
    let sd_jwt = bindable(&json!({"jwk": holder_jwk()}));
    let presented = bind(&sd_jwt, &key, &json!({}), &json!({}));
    let jwt = presented.key_binding().expect("bound");
    let fewer = presented.select(&[], Limits::DEFAULT).expect("nothing is needed");
    assert_eq!(fewer.key_binding(), None);
    let moved = fewer.with_key_binding(jwt).expect("three parts");
    let result = verify(&moved, &KeyBinding::Required(policy()), Limits::DEFAULT);
    let message = "it is for another SD-JWT or other disclosures (sd_hash)";
    assert_eq!(result.err(), Some(Error::KeyBinding(message)));
}

#[test]
fn the_verifier_decides_whether_there_is_a_key_binding() {
    let key = prepared(&vectors().holder_key, "ES256");
    let bare = bindable(&json!({"jwk": holder_jwk()}));
    let bound = bind(&bare, &key, &json!({}), &json!({}));
    let wrong = bind(&bare, &key, &json!({}), &json!({"nonce": "x"}));
    let result = |sd_jwt: &SdJwt, key_binding: KeyBinding| {
        verify(sd_jwt, &key_binding, Limits::DEFAULT).map(|verified| verified.key_binding.is_some())
    };
    let refusal = |message| Err(Error::KeyBinding(message));
    let missing = refusal("it is missing, and the verifier requires one");
    assert_eq!(result(&bare, KeyBinding::Required(policy())), missing);
    assert_eq!(result(&bare, KeyBinding::Optional(policy())), Ok(false));
    assert_eq!(result(&bare, KeyBinding::Refused), Ok(false));
    assert_eq!(result(&bound, KeyBinding::Required(policy())), Ok(true));
    assert_eq!(result(&bound, KeyBinding::Optional(policy())), Ok(true));
    assert_eq!(result(&bound, KeyBinding::Refused), refusal("the verifier does not take one"));
    for key_binding in [KeyBinding::Required(policy()), KeyBinding::Optional(policy())] {
        assert_eq!(result(&wrong, key_binding), refusal("it has another nonce"));
    }
}

#[test]
fn the_key_is_the_one_that_the_issuer_named() {
    let holder = prepared(&vectors().holder_key, "ES256");
    let attacker = prepared(&vectors().issuer_key, "ES256");
    let none = json!({});
    let result = |cnf: &Value, key: &PreparedKey, header: &Value| {
        let sd_jwt = bind(&bindable(cnf), key, header, &none);
        verify(&sd_jwt, &KeyBinding::Required(policy()), Limits::DEFAULT).err()
    };
    let refusal = |message| Some(Error::KeyBinding(message));
    let named = json!({"jwk": holder_jwk()});
    let foreign = refusal("its signature is not one of the holder's key");
    assert_eq!(result(&named, &attacker, &none), foreign);
    let own = json!({"jwk": vectors().issuer_key});
    assert_eq!(result(&named, &attacker, &own), foreign);

    let no_key = refusal("the SD-JWT has no key of its holder (cnf.jwk)");
    for cnf in [json!(null), json!({}), json!({"jkt": "x"}), json!("x"), json!([])] {
        assert_eq!(result(&cnf, &holder, &none), no_key, "{cnf}");
    }
    let unusable = refusal("the key of the holder (cnf.jwk) cannot verify it");
    let changed = |name: &str, value: Value| {
        let mut jwk = holder_jwk();
        jwk[name] = value;
        json!({"jwk": jwk})
    };
    for cnf in [
        json!({"jwk": vectors().holder_key}),
        json!({"jwk": "x"}),
        json!({"jwk": {"kty": "oct", "k": "BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc"}}),
        changed("use", json!("enc")),
        changed("key_ops", json!(["sign"])),
        changed("alg", json!("ES384")),
        changed("alg", json!(1)),
        changed("y", holder_jwk()["x"].clone()),
        json!({"jwk": {"kty": "OKP", "crv": "X25519", "x": base64url::encode(&[9; 32])}}),
    ] {
        assert_eq!(result(&cnf, &holder, &none), unusable, "{cnf}");
    }
    for cnf in [changed("use", json!("sig")), changed("key_ops", json!(["verify"]))] {
        assert_eq!(result(&cnf, &holder, &none), None, "{cnf}");
    }
    // The signature is never looked at where the build cannot check it.
    let mut policy = policy();
    policy.algorithms.push(algorithm("ES512"));
    let jwk = json_of(include_bytes!("../vectors/keys/jwk_ec_pub_P-521.json"));
    let of_p521 = bind(&bindable(&json!({"jwk": jwk})), &holder, &json!({"alg": "ES512"}), &none);
    let expected =
        if cfg!(feature = "aws-lc") { foreign } else { Some(Error::AlgorithmUnavailable("P-521")) };
    let result_of_p521 = verify(&of_p521, &KeyBinding::Required(policy), Limits::DEFAULT);
    assert_eq!(result_of_p521.err(), expected);
    // A MAC proves nothing, even if the caller lists its algorithm.
    let shared = json!({"jwk": {"kty": "oct", "k": base64url::encode(&[7; 64])}});
    assert_eq!(result(&shared, &secret("HS256"), &none), refusal("its alg is not allowed"));
}
