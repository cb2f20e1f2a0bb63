//! The JWE examples of RFC 7516 and RFC 7520 and Wycheproof's, read from `tests/vectors`, and round
//! trips of every pair of algorithms.

use rapidjwt::content_encryption::{CONTENT_ENCRYPTIONS, ContentEncryption};
use rapidjwt::crypto::{KeyManagementKey, complete, generate_recipient_key};
use rapidjwt::error::Error;
use rapidjwt::jwe::{Bounds, Decrypter, Encrypter, encrypt_general};
use rapidjwt::key::jwk;
use rapidjwt::key::recipient::RecipientKey;
use rapidjwt::key_management::{KEY_MANAGEMENTS, KeyManagement};
use serde::Deserialize;
use serde_json::{Map, Value, json};

#[derive(Deserialize)]
struct Vector {
    source: String,
    algorithms: Vec<String>,
    encryption: String,
    keys: Vec<Value>,
    #[serde(default)]
    password: Option<String>,
    plaintext: String,
    #[serde(default)]
    aad: Option<String>,
    #[serde(default)]
    zip: bool,
    #[serde(default)]
    compact: Option<String>,
    #[serde(default)]
    flattened: Option<Value>,
    #[serde(default)]
    general: Option<Value>,
}

fn vectors() -> Vec<Vector> {
    serde_json::from_str(include_str!("../vectors/jwe.json")).expect("the file has this form")
}

fn recipient_key(value: &Value) -> RecipientKey {
    RecipientKey::of(&jwk::from_value(value).expect("a key")).expect("a key that encrypts")
}

fn encryption(name: &str) -> &'static ContentEncryption {
    ContentEncryption::by_name(name).expect("in the table")
}

/// Prepares the keys of a vector that fit one of its algorithms in this build.
fn keys(vector: &Vector) -> Vec<(Option<String>, KeyManagementKey)> {
    let mut keys: Vec<_> = vector
        .keys
        .iter()
        .map(|key| (key.get("kid").and_then(Value::as_str).map(str::to_owned), recipient_key(key)))
        .collect();
    if let Some(password) = &vector.password {
        keys.push((None, RecipientKey::Secret(password.clone().into_bytes().into())));
    }
    let algorithms = || vector.algorithms.iter().filter_map(|name| KeyManagement::by_name(name));
    let pairs = keys.iter().flat_map(|key| algorithms().map(move |algorithm| (key, algorithm)));
    pairs
        .filter_map(|((id, key), algorithm)| {
            Some((id.clone(), KeyManagementKey::new(key, algorithm).ok()?))
        })
        .collect()
}

#[test]
fn the_published_examples_are_decrypted_in_every_serialization() {
    let mut decrypted = 0;
    for vector in vectors() {
        let keys = keys(&vector);
        if keys.is_empty() {
            let lacking = cfg!(not(feature = "aws-lc")) || vector.algorithms == ["RSA1_5"];
            assert!(lacking, "{}", vector.source);
            continue;
        }
        let bounds = Bounds { decompressed_size: vector.zip.then_some(1000), ..Bounds::DEFAULT };
        let decrypter =
            Decrypter::new(keys, vec![encryption(&vector.encryption)]).with_bounds(bounds);
        let compact = vector.compact.as_ref().map(|token| decrypter.decrypt(token.as_bytes()));
        let json = [&vector.flattened, &vector.general].into_iter().flatten();
        let json = json.map(|jwe| decrypter.decrypt_json(jwe.to_string().as_bytes()));
        for result in compact.into_iter().chain(json) {
            let result = result.unwrap_or_else(|error| panic!("{}: {error}", vector.source));
            assert_eq!(result.plaintext(), vector.plaintext.as_bytes(), "{}", vector.source);
            assert_eq!(result.aad(), vector.aad.as_deref().map(str::as_bytes));
            decrypted += 1;
        }
    }
    assert!(decrypted >= if cfg!(feature = "aws-lc") { 34 } else { 20 }, "{decrypted}");
}

/// A key for `algorithm`, or `None` if this build lacks the algorithm.
fn new_key(
    algorithm: &'static KeyManagement,
    encryption: &'static ContentEncryption,
    curve: &str,
) -> Option<RecipientKey> {
    if algorithm.is_slow() {
        return Some(RecipientKey::Secret(b"password".to_vec().into()));
    }
    match generate_recipient_key(algorithm, Some(encryption), curve, 2048) {
        Ok(jwk) => Some(recipient_key(&Value::Object(jwk.expect("a key")))),
        Err(Error::AlgorithmUnavailable(_)) if cfg!(not(feature = "aws-lc")) => None,
        Err(error) => panic!("{error}"),
    }
}

#[test]
fn every_pair_of_algorithms_round_trips_in_every_serialization() {
    for algorithm in &KEY_MANAGEMENTS {
        for (index, encryption) in CONTENT_ENCRYPTIONS.iter().enumerate() {
            let curve = ["P-256", "P-384", "P-521", "X25519"][index % 4];
            let Some(key) = new_key(algorithm, encryption, curve) else { continue };
            let prepare = || KeyManagementKey::new(&key, algorithm);
            let encrypter = match prepare().and_then(|key| Encrypter::new(key, encryption)) {
                Err(Error::AlgorithmUnavailable(_)) if cfg!(not(feature = "aws-lc")) => continue,
                encrypter => encrypter.unwrap().with_p2c(1000.try_into().unwrap()),
            };
            let keys = vec![(None, prepare().unwrap())];
            let decrypter = Decrypter::new(keys, vec![encryption]);
            let token = encrypter.encrypt(b"hello").unwrap();
            assert_eq!(decrypter.decrypt(token.as_bytes()).unwrap().plaintext(), b"hello");
            let unprotected = json!({"note": 1}).as_object().unwrap().clone();
            let flattened =
                encrypter.encrypt_flattened(b"hello", &unprotected, Some(b"aad")).unwrap();
            let general =
                encrypt_general(&[&encrypter], b"hello", &unprotected, Some(b"aad")).unwrap();
            for jwe in [flattened, general] {
                let json = serde_json::to_vec(&jwe).unwrap();
                let decrypted = decrypter.decrypt_json(&json).unwrap();
                assert_eq!(decrypted.plaintext(), b"hello");
                assert_eq!(decrypted.aad(), Some(&b"aad"[..]));
                assert_eq!(decrypted.header()["note"], 1);
                assert!(!decrypted.protected().contains_key("note"));
            }
        }
    }
}

#[test]
fn what_this_build_lacks_says_so() {
    let unavailable: Vec<_> = KEY_MANAGEMENTS
        .iter()
        .filter(|row| {
            let rsa = jwk::parse(include_bytes!("../vectors/keys/jwk_rsa_key.json")).unwrap();
            let key = match row.name {
                name if name.starts_with("RSA") => {
                    RecipientKey::of(&complete(rsa).unwrap()).unwrap()
                }
                name if name.starts_with("ECDH") => recipient_key(
                    &serde_json::from_slice(include_bytes!(
                        "../vectors/keys/jwk_ec_key_P-256.json"
                    ))
                    .unwrap(),
                ),
                "A192GCMKW" => RecipientKey::Secret(vec![7; 24].into()),
                _ => return false,
            };
            KeyManagementKey::new(&key, row).err() == Some(Error::AlgorithmUnavailable(row.name))
        })
        .map(|row| row.name)
        .collect();
    let documented: Vec<_> = KEY_MANAGEMENTS
        .iter()
        .filter(|row| cfg!(not(feature = "aws-lc")) && row.needs_aws_lc())
        .map(|row| row.name)
        .collect();
    assert_eq!(unavailable.len(), documented.len());
    assert!(documented.iter().all(|name| unavailable.contains(name)), "{unavailable:?}");
}

#[cfg(feature = "aws-lc")]
#[derive(Deserialize)]
struct Wycheproof {
    #[serde(rename = "testGroups")]
    groups: Vec<Group>,
}

#[cfg(feature = "aws-lc")]
#[derive(Deserialize)]
struct Group {
    private: Value,
    tests: Vec<Test>,
}

#[cfg(feature = "aws-lc")]
#[derive(Deserialize)]
struct Test {
    #[serde(rename = "tcId")]
    id: u32,
    jwe: String,
    #[serde(default)]
    pt: Option<String>,
    result: String,
    flags: Vec<String>,
}

#[cfg(feature = "aws-lc")]
fn hex(text: &str) -> Vec<u8> {
    let pairs = text.as_bytes().chunks(2).map(|pair| str::from_utf8(pair).expect("ASCII"));
    pairs.map(|pair| u8::from_str_radix(pair, 16).expect("hexadecimal")).collect()
}

/// Decrypts one test with every allowed `enc` and, if the key names one, its own `alg`.
#[cfg(feature = "aws-lc")]
fn decrypt(group: &Group, test: &Test) -> Result<Vec<u8>, Error> {
    // The key of RFC 7520 Section 5.6 names the algorithm of the content.
    let named = group.private.get("alg").and_then(Value::as_str);
    let named = named.map(|name| ContentEncryption::by_name(name).map_or(name, |_| "dir"));
    let rows = KEY_MANAGEMENTS.iter().filter(|row| named.is_none_or(|name| name == row.name));
    let material = recipient_key(&group.private);
    let keys: Vec<_> =
        rows.filter_map(|row| Some((None, KeyManagementKey::new(&material, row).ok()?))).collect();
    let bounds = Bounds { decompressed_size: Some(1 << 16), ..Bounds::DEFAULT };
    let decrypter = Decrypter::new(keys, CONTENT_ENCRYPTIONS.iter().collect()).with_bounds(bounds);
    // One test is in the JSON serialization, which a reader of the compact one refuses.
    let decrypted = decrypter.decrypt(test.jwe.as_bytes());
    decrypted.map(|decrypted| decrypted.plaintext().to_vec())
}

#[test]
#[cfg(feature = "aws-lc")]
fn wycheproof_has_the_same_answers() {
    let text = include_str!("../vectors/wycheproof_json_web_encryption.json");
    let set: Wycheproof = serde_json::from_str(text).unwrap();
    let (mut opened, mut refused) = (0, 0);
    for group in &set.groups {
        for test in &group.tests {
            let found = decrypt(group, test);
            let uses_rsa1_5 = group.private.get("alg").is_some_and(|alg| alg == "RSA1_5");
            let is_valid = test.result == "valid" && !uses_rsa1_5;
            let shown = format!("{}: {:?} {:?}", test.id, test.flags, found);
            assert_eq!(found.is_ok(), is_valid, "{shown}");
            match (found, &test.pt) {
                (Ok(plaintext), Some(expected)) => {
                    assert_eq!(plaintext, hex(expected), "{shown}");
                    opened += 1;
                }
                _ => refused += 1,
            }
        }
    }
    println!("wycheproof: json_web_encryption: {opened} opened, {refused} refused");
    assert!(opened > 10 && refused > 50, "{opened} {refused}");
}

#[test]
fn the_recipient_of_several_is_found_and_directs_stand_alone() {
    let (a128kw, dir) =
        (KeyManagement::by_name("A128KW").unwrap(), KeyManagement::by_name("dir").unwrap());
    let key = |byte: u8, algorithm| {
        let secret = RecipientKey::Secret(vec![byte; 16].into());
        KeyManagementKey::new(&secret, algorithm).unwrap()
    };
    let enc = encryption("A128GCM");
    let encrypters: Vec<_> =
        [1, 2].map(|byte| Encrypter::new(key(byte, a128kw), enc).unwrap()).into_iter().collect();
    let both: Vec<_> = encrypters.iter().collect();
    let jwe = encrypt_general(&both, b"hello", &Map::new(), None).unwrap();
    let json = serde_json::to_vec(&jwe).unwrap();
    for (byte, expected) in [(1, Ok(())), (2, Ok(())), (3, Err(Error::DecryptionFailed))] {
        let decrypter = Decrypter::new(vec![(None, key(byte, a128kw))], vec![enc]);
        assert_eq!(decrypter.decrypt_json(&json).map(drop), expected);
    }
    let direct = Encrypter::new(key(1, dir), enc).unwrap();
    let mixed = encrypt_general(&[&encrypters[0], &direct], b"hello", &Map::new(), None);
    assert!(matches!(mixed, Err(Error::InvalidKey(_))));
    assert!(encrypt_general(&[], b"hello", &Map::new(), None).is_err());
}

#[test]
fn what_an_encrypter_writes_itself_is_not_the_callers() {
    let dir = KeyManagement::by_name("dir").unwrap();
    let encrypter = || {
        let key = KeyManagementKey::new(&RecipientKey::Secret(vec![1; 16].into()), dir).unwrap();
        Encrypter::new(key, encryption("A128GCM")).unwrap()
    };
    let header = |name: &str| Map::from_iter([(name.to_owned(), json!("x"))]);
    assert!(encrypter().with_header(header("cty")).is_ok());
    for name in ["alg", "b64", "crit", "enc", "epk", "iv", "p2c", "p2s", "tag", "zip"] {
        let refused =
            "alg, b64, crit, enc, epk, iv, p2c, p2s, tag and zip cannot be among the headers";
        let refused = Some(Error::InvalidJwe(refused));
        assert_eq!(encrypter().with_header(header(name)).err(), refused, "{name}");
        let flattened = encrypter().encrypt_flattened(b"hello", &header(name), None);
        assert_eq!(flattened.err(), refused, "{name}");
        let general = encrypt_general(&[&encrypter()], b"hello", &header(name), None);
        assert_eq!(general.err(), refused, "{name}");
    }
}
