//! Decrypting (RFC 7516 Section 5.2).

use std::borrow::Cow;
use std::num::NonZeroU32;

use super::bounds::Bounds;
use super::header::{self, Members};
use super::json::Object;
use super::parts::{Parts, Recipient};
use super::zip;
use crate::content_encryption::ContentEncryption;
use crate::crypto::{ContentKey, KeyManagementKey, Parameters};
use crate::error::Error;
use crate::key::SecretBytes;
use crate::keyring::{self, Choice, KeyId};

/// Keys that decrypt, each bound to its algorithm, and the content encryption algorithms that are
/// allowed.
pub struct Decrypter {
    keys: Vec<Entry>,
    encryptions: Vec<&'static ContentEncryption>,
    bounds: Bounds,
}

/// A key with its ID.
struct Entry {
    id: Option<String>,
    key: KeyManagementKey,
    /// If the key itself is the content encryption key: prepared for each algorithm that it fits.
    contents: Vec<(&'static ContentEncryption, ContentKey)>,
}

/// The decrypted content of a JWE and its header. It was made by someone who knows a key of the
/// recipient, which may be a public one: it is not verified.
pub struct Decrypted {
    plaintext: SecretBytes,
    /// `None` if all of it is protected.
    header: Option<Members>,
    protected: Members,
    aad: Option<Vec<u8>>,
}

impl Decrypted {
    /// Returns the content.
    pub fn plaintext(&self) -> &[u8] {
        &self.plaintext
    }

    /// Returns the JOSE header of the recipient: protected and unprotected members.
    pub fn header(&self) -> &Members {
        self.header.as_ref().unwrap_or(&self.protected)
    }

    /// Returns the members of the header that are authenticated.
    pub const fn protected(&self) -> &Members {
        &self.protected
    }

    /// Returns the content of a nested token, which is a JWT itself.
    ///
    /// # Errors
    /// [`Error::InvalidJwe`] if the authenticated header does not say so by `cty`, as RFC 7519
    /// Section 5.2 demands.
    pub fn nested_token(&self) -> Result<&[u8], Error> {
        if header::is_jwt_content(&self.protected) {
            Ok(&self.plaintext)
        } else {
            Err(Error::InvalidJwe("its cty is not \"JWT\", so that it has no signed token inside"))
        }
    }

    /// Returns the additional authenticated data, if the JWE has any.
    pub fn aad(&self) -> Option<&[u8]> {
        self.aad.as_deref()
    }
}

/// What a recipient's header says, read and allowed.
struct Readable<'a> {
    /// The index of the recipient.
    index: usize,
    parameters: Parameters,
    encrypted_key: &'a [u8],
    choice: Choice,
    alg: &'a str,
}

impl Decrypter {
    /// Makes a decrypter of keys with their IDs. A key for several algorithms occurs once for each.
    pub fn new(
        keys: Vec<(Option<String>, KeyManagementKey)>,
        encryptions: Vec<&'static ContentEncryption>,
    ) -> Self {
        let each = keys.into_iter().map(|(id, key)| {
            let each = encryptions.iter();
            let contents = each.filter_map(|one| Some((*one, key.direct(one).ok()??))).collect();
            Entry { id, key, contents }
        });
        Self { keys: each.collect(), encryptions, bounds: Bounds::DEFAULT }
    }

    /// Returns the decrypter with other limits.
    #[must_use]
    pub fn with_bounds(self, bounds: Bounds) -> Self {
        Self { bounds, ..self }
    }

    /// Returns whether decrypting derives keys from passwords, which takes long.
    pub fn is_slow(&self) -> bool {
        self.keys.iter().any(|entry| entry.key.algorithm().is_slow())
    }

    /// Returns the names of the algorithms for which there is a key.
    pub fn algorithms(&self) -> Vec<&'static str> {
        let mut names: Vec<_> = self.keys.iter().map(|entry| entry.key.algorithm().name).collect();
        names.sort_unstable();
        names.dedup();
        names
    }

    /// Returns the names of the content encryption algorithms that are allowed.
    pub fn encryptions(&self) -> Vec<&'static str> {
        self.encryptions.iter().map(|encryption| encryption.name).collect()
    }

    /// Decrypts a JWE in the compact serialization.
    ///
    /// # Errors
    /// [`Error::DecryptionFailed`] for everything that depends on a secret; errors about the form,
    /// the header and the bounds, which do not.
    pub fn decrypt(&self, token: &[u8]) -> Result<Decrypted, Error> {
        self.check_size(token)?;
        let header_len = memchr::memchr(b'.', token).unwrap_or(token.len());
        self.check_header(&token[..header_len])?;
        self.open(Parts::compact(token)?)
    }

    /// Decrypts a JWE in a JSON serialization, for whichever of its recipients a key fits.
    ///
    /// # Errors
    /// Those of [`decrypt`](Self::decrypt).
    pub fn decrypt_json(&self, json: &[u8]) -> Result<Decrypted, Error> {
        self.check_size(json)?;
        let object = Object::parse(json)?;
        let parts = object.parts(self.bounds.recipients)?;
        self.check_header(parts.protected_text)?;
        self.open(parts)
    }

    fn check_size(&self, token: &[u8]) -> Result<(), Error> {
        let limit = self.bounds.token_size;
        if token.len() > limit { Err(Error::TokenTooLarge(limit)) } else { Ok(()) }
    }

    fn check_header(&self, protected_text: &[u8]) -> Result<(), Error> {
        let limit = self.bounds.header_size;
        if protected_text.len() > limit { Err(Error::HeaderTooLarge(limit)) } else { Ok(()) }
    }

    fn open(&self, parts: Parts<'_>) -> Result<Decrypted, Error> {
        let mut headers = joined_headers(&parts)?;
        let encryption = self.encryption(&headers)?;
        let is_compressed = header::is_compressed(&parts.protected)?;
        if is_compressed && self.bounds.decompressed_size.is_none() {
            return Err(Error::CompressionNotAllowed);
        }
        let recipients = self.readable(&parts, &headers)?;
        self.check_iterations(&recipients)?;
        let aad = match parts.aad_text {
            Some(text) => Some(header::decode(text, "the AAD is not base64url")?),
            None => None,
        };
        let (plaintext, index) = self.try_each(&parts, &recipients, encryption)?;
        let plaintext = match self.bounds.decompressed_size {
            Some(limit) if is_compressed => zip::decompress(&plaintext, limit)?,
            _ => plaintext,
        };
        let header = match headers.swap_remove(index) {
            Cow::Borrowed(_) => None,
            Cow::Owned(joined) => Some(joined),
        };
        drop(headers);
        Ok(Decrypted { plaintext, header, protected: parts.protected, aad })
    }

    /// Returns the content encryption algorithm, which is the same for all recipients (RFC 7516
    /// Section 7.2.1).
    fn encryption(
        &self,
        headers: &[Cow<'_, Members>],
    ) -> Result<&'static ContentEncryption, Error> {
        let mut each = headers.iter().map(|joined| header::encryption(joined, &self.encryptions));
        let first = each.next().unwrap_or(Err(Error::EncryptionNotAllowed))?;
        if each.all(|other| other == Ok(first)) {
            Ok(first)
        } else {
            Err(Error::InvalidJwe("enc must be the same for all recipients"))
        }
    }

    /// Returns the recipients whose algorithm is allowed and for whom there is a key.
    ///
    /// The error is the first recipient's if there is none.
    fn readable<'a>(
        &self,
        parts: &'a Parts<'_>,
        headers: &'a [Cow<'_, Members>],
    ) -> Result<Vec<Readable<'a>>, Error> {
        let each = parts.recipients.iter().zip(headers).enumerate();
        let each = each.map(|(index, (recipient, joined))| self.read(index, recipient, joined));
        let (mut readable, mut refused) = (Vec::with_capacity(headers.len()), None);
        for result in each {
            match result {
                Ok(one) => readable.push(one),
                // A recipient for whom other keys or algorithms are needed is somebody else.
                Err(
                    error @ (Error::AlgorithmNotAllowed
                    | Error::NoMatchingKey
                    | Error::KidRequired
                    | Error::AlgorithmMissing),
                ) => refused = refused.or(Some(error)),
                Err(error) => return Err(error),
            }
        }
        if readable.is_empty() {
            return Err(refused.unwrap_or(Error::AlgorithmNotAllowed));
        }
        Ok(readable)
    }

    fn read<'a>(
        &self,
        index: usize,
        recipient: &'a Recipient,
        joined: &'a Members,
    ) -> Result<Readable<'a>, Error> {
        let alg = header::alg(joined)?;
        let choice = self.choose(alg, joined.get("kid").and_then(|kid| kid.as_str()))?;
        let algorithm = self.keys_for(alg).next().ok_or(Error::AlgorithmNotAllowed)?.algorithm();
        // RFC 7516 Section 5.2 step 10.
        if algorithm.is_direct() && !recipient.encrypted_key.is_empty() {
            return Err(Error::InvalidJwe("the encrypted key must be empty for this alg"));
        }
        Ok(Readable {
            index,
            parameters: header::parameters(joined, algorithm)?,
            encrypted_key: &recipient.encrypted_key,
            choice,
            alg,
        })
    }

    /// Chooses among the keys for `alg`, as [`keyring::choose`] does for signatures.
    fn choose(&self, alg: &str, kid: Option<&str>) -> Result<Choice, Error> {
        let keys =
            self.keys.iter().enumerate().filter(|(_, entry)| entry.key.algorithm().name == alg);
        let compare = |id: Option<&str>| match id {
            None => KeyId::Absent,
            Some(_) if id == kid => KeyId::Same,
            Some(_) => KeyId::Other,
        };
        keyring::choose(
            kid.is_some(),
            keys.map(|(index, entry)| (index, compare(entry.id.as_deref()))),
        )
    }

    fn keys_for(&self, alg: &str) -> impl Iterator<Item = &KeyManagementKey> {
        let keys = self.keys.iter().map(|entry| &entry.key);
        keys.filter(move |key| key.algorithm().name == alg)
    }

    /// Checks the counts of PBES2 before any work is done. They are added up, so that many
    /// recipients are not more work than one.
    fn check_iterations(&self, recipients: &[Readable<'_>]) -> Result<(), Error> {
        let Bounds { min_p2c, max_p2c, .. } = self.bounds;
        let counts = recipients.iter().filter_map(|one| one.parameters.p2c).map(NonZeroU32::get);
        let total = counts.clone().map(u64::from).sum::<u64>();
        if counts.clone().any(|count| count < min_p2c) || total > u64::from(max_p2c) {
            return Err(Error::IterationsNotAllowed(min_p2c, max_p2c));
        }
        Ok(())
    }

    /// Decrypts with each chosen key in turn until one fits, and returns the content and the index
    /// of the recipient. There is one answer for all failures.
    fn try_each(
        &self,
        parts: &Parts<'_>,
        recipients: &[Readable<'_>],
        encryption: &'static ContentEncryption,
    ) -> Result<(SecretBytes, usize), Error> {
        let authenticated = parts.authenticated()?;
        let Parts { iv, ciphertext, tag, .. } = parts;
        for recipient in recipients {
            for entry in self.chosen(recipient) {
                let made;
                let prepared = entry.contents.iter().find(|(one, _)| *one == encryption);
                let content = if let Some((_, content)) = prepared {
                    content
                } else {
                    let Readable { encrypted_key, parameters, .. } = recipient;
                    let cek = entry.key.decrypt_key(encryption, encrypted_key, parameters);
                    made = ContentKey::new(encryption, &cek)?;
                    &made
                };
                match content.open(iv, &authenticated, ciphertext, tag) {
                    Err(Error::DecryptionFailed) => {}
                    opened => return Ok((opened?, recipient.index)),
                }
            }
        }
        Err(Error::DecryptionFailed)
    }

    /// Returns the keys that were chosen for a recipient, in order.
    fn chosen(&self, recipient: &Readable<'_>) -> impl Iterator<Item = &Entry> {
        self.keys.iter().enumerate().filter_map(|(index, entry)| {
            let is_chosen = match recipient.choice {
                Choice::One(chosen) => index == chosen,
                Choice::EachWithoutId => {
                    entry.id.is_none() && entry.key.algorithm().name == recipient.alg
                }
            };
            is_chosen.then_some(entry)
        })
    }
}

/// Returns the joined header of each recipient, checked.
fn joined_headers<'a>(parts: &'a Parts<'_>) -> Result<Vec<Cow<'a, Members>>, Error> {
    let Parts { protected, unprotected, recipients, .. } = parts;
    let mut headers = Vec::with_capacity(recipients.len());
    for recipient in recipients {
        let joined = header::join(protected, &[unprotected, &recipient.header])?;
        header::validate(&joined, protected)?;
        headers.push(joined);
    }
    // RFC 7516 Section 5.1: with direct encryption or agreement there is one recipient.
    let is_direct =
        |joined: &Cow<'_, Members>| matches!(header::alg(joined), Ok("dir" | "ECDH-ES"));
    if headers.len() > 1 && headers.iter().any(is_direct) {
        return Err(Error::InvalidJwe("dir and ECDH-ES are for a single recipient"));
    }
    Ok(headers)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::base64url;
    use crate::jwe::encrypter::{Encrypter, encrypt_general};
    use crate::key::recipient::RecipientKey;
    use crate::key_management::KeyManagement;

    const PBES2: &str = "PBES2-HS256+A128KW";

    fn key(alg: &str, byte: u8) -> KeyManagementKey {
        let secret = RecipientKey::Secret(vec![byte; 16].into());
        KeyManagementKey::new(&secret, KeyManagement::by_name(alg).unwrap()).unwrap()
    }

    fn a128gcm() -> &'static ContentEncryption {
        ContentEncryption::by_name("A128GCM").unwrap()
    }

    fn encrypter(alg: &str) -> Encrypter {
        Encrypter::new(key(alg, 7), a128gcm()).unwrap().with_p2c(1_000.try_into().unwrap())
    }

    fn decrypter(alg: &str, change: impl Fn(&mut Bounds)) -> Decrypter {
        let mut bounds = Bounds::DEFAULT;
        change(&mut bounds);
        Decrypter::new(vec![(None, key(alg, 7))], vec![a128gcm()]).with_bounds(bounds)
    }

    fn open(alg: &str, token: &str) -> Result<(), Error> {
        decrypter(alg, |_| {}).decrypt(token.as_bytes()).map(drop)
    }

    fn open_json(decrypter: &Decrypter, jwe: &Value) -> Result<(), Error> {
        decrypter.decrypt_json(jwe.to_string().as_bytes()).map(drop)
    }

    /// Returns the token with another header.
    fn with_header(token: &str, header: &Value) -> String {
        let rest = token.split_once('.').unwrap().1;
        format!("{}.{rest}", base64url::encode(header.to_string().as_bytes()))
    }

    fn general(count: usize, alg: &str) -> Value {
        let encrypters: Vec<_> = (0..count).map(|_| encrypter(alg)).collect();
        let encrypters: Vec<_> = encrypters.iter().collect();
        encrypt_general(&encrypters, b"x", &Members::new(), None).unwrap().into()
    }

    fn is_invalid(result: &Result<(), Error>) -> bool {
        matches!(result, Err(Error::InvalidJwe(_)))
    }

    #[test]
    fn sizes_are_allowed_up_to_their_limits() {
        let token = encrypter("A128KW").encrypt(b"x").unwrap();
        let header_len = token.find('.').unwrap();
        let opened = |decrypter: Decrypter| decrypter.decrypt(token.as_bytes()).map(drop);
        let size = |limit| opened(decrypter("A128KW", |bounds| bounds.token_size = limit));
        assert_eq!(size(token.len()), Ok(()));
        assert_eq!(size(token.len() - 1), Err(Error::TokenTooLarge(token.len() - 1)));
        let header = |limit| opened(decrypter("A128KW", |bounds| bounds.header_size = limit));
        assert_eq!(header(header_len), Ok(()));
        assert_eq!(header(header_len - 1), Err(Error::HeaderTooLarge(header_len - 1)));
    }

    #[test]
    fn sizes_and_recipients_of_json_are_bounded_too() {
        let jwe = general(2, "A128KW");
        let len = jwe.to_string().len();
        let opened = |change: &dyn Fn(&mut Bounds)| open_json(&decrypter("A128KW", change), &jwe);
        assert_eq!(opened(&|bounds| bounds.token_size = len), Ok(()));
        assert_eq!(opened(&|bounds| bounds.token_size = 9), Err(Error::TokenTooLarge(9)));
        assert_eq!(opened(&|bounds| bounds.header_size = 9), Err(Error::HeaderTooLarge(9)));
        assert_eq!(opened(&|bounds| bounds.recipients = 2), Ok(()));
        assert!(is_invalid(&opened(&|bounds| bounds.recipients = 1)));
    }

    #[test]
    fn iterations_are_bounded_for_all_recipients_together() {
        let jwe = general(2, PBES2);
        let opened = |min_p2c, max_p2c| {
            let change = |bounds: &mut Bounds| {
                (bounds.min_p2c, bounds.max_p2c) = (min_p2c, max_p2c);
            };
            open_json(&decrypter(PBES2, change), &jwe)
        };
        assert_eq!(opened(1_000, 2_000), Ok(()));
        assert_eq!(opened(1_001, 2_000), Err(Error::IterationsNotAllowed(1_001, 2_000)));
        assert_eq!(opened(1_000, 1_999), Err(Error::IterationsNotAllowed(1_000, 1_999)));
        let token = encrypter(PBES2).encrypt(b"x").unwrap();
        let header = json!({"alg": PBES2, "enc": "A128GCM", "p2s": "AAAAAAAAAAAAAAAA",
            "p2c": 1_u64 << 31});
        let bounds = Error::IterationsNotAllowed(1_000, 1_200_000);
        assert_eq!(open(PBES2, &with_header(&token, &header)), Err(bounds));
    }

    #[test]
    fn alg_and_enc_are_the_callers() {
        let token = encrypter("A128KW").encrypt(b"x").unwrap();
        let with = |alg: Value, enc: Value| {
            open("A128KW", &with_header(&token, &json!({"alg": alg, "enc": enc})))
        };
        for alg in ["dir", "A192KW", "RSA1_5", ""] {
            assert_eq!(with(alg.into(), "A128GCM".into()), Err(Error::AlgorithmNotAllowed));
        }
        assert_eq!(with(Value::Null, "A128GCM".into()), Err(Error::AlgorithmNotAllowed));
        for enc in ["A256GCM", "A128CBC-HS256", ""] {
            assert_eq!(with("A128KW".into(), enc.into()), Err(Error::EncryptionNotAllowed));
        }
        assert_eq!(with("A128KW".into(), Value::Null), Err(Error::EncryptionNotAllowed));
        let missing = with_header(&token, &json!({"enc": "A128GCM"}));
        assert_eq!(open("A128KW", &missing), Err(Error::AlgorithmMissing));
    }

    #[test]
    fn everything_secret_fails_alike() {
        let token = encrypter("A128KW").encrypt(b"x").unwrap();
        let parts: Vec<_> = token.split('.').collect();
        for index in 1..5 {
            let mut damaged = base64url::decode(parts[index].as_bytes()).unwrap();
            damaged[0] ^= 1;
            for bytes in [damaged.clone(), damaged[1..].to_vec(), Vec::new()] {
                let mut changed = parts.clone();
                let text = base64url::encode(&bytes);
                changed[index] = &text;
                assert_eq!(open("A128KW", &changed.join(".")), Err(Error::DecryptionFailed));
            }
        }
        let strangers = Decrypter::new(vec![(None, key("A128KW", 8))], vec![a128gcm()]);
        let refused = strangers.decrypt(token.as_bytes()).map(drop);
        assert_eq!(refused, Err(Error::DecryptionFailed));
    }

    #[test]
    fn compressed_content_is_refused_before_it_is_decrypted() {
        let token = encrypter("dir").encrypt(b"x").unwrap();
        let header = json!({"alg": "dir", "enc": "A128GCM", "zip": "DEF"});
        let token = with_header(&token, &header);
        assert_eq!(open("dir", &token), Err(Error::CompressionNotAllowed));
        let allowed = decrypter("dir", |bounds| bounds.decompressed_size = Some(1));
        let refused = allowed.decrypt(token.as_bytes()).map(drop);
        assert_eq!(refused, Err(Error::DecryptionFailed));
        // What is not compressed is not decompressed.
        let token = encrypter("dir").encrypt(b"x").unwrap();
        assert_eq!(allowed.decrypt(token.as_bytes()).unwrap().plaintext(), b"x");
    }

    #[test]
    fn a_nested_token_is_there_if_the_header_says_so() {
        for (cty, expected) in [("JWT", Some(&b"a.b.c"[..])), ("json", None)] {
            let header = Members::from_iter([("cty".to_owned(), json!(cty))]);
            let token = encrypter("dir").with_header(header).unwrap().encrypt(b"a.b.c").unwrap();
            let decrypted = decrypter("dir", |_| {}).decrypt(token.as_bytes()).unwrap();
            assert_eq!(decrypted.nested_token().ok(), expected);
        }
    }

    #[test]
    fn a_decrypter_knows_what_it_can_do() {
        let keys = vec![(None, key("dir", 7)), (None, key("A128KW", 7)), (None, key("dir", 8))];
        let decrypter = Decrypter::new(keys, vec![a128gcm()]);
        assert_eq!(decrypter.algorithms(), ["A128KW", "dir"]);
        assert_eq!(decrypter.encryptions(), ["A128GCM"]);
        assert!(!decrypter.is_slow());
        assert!(Decrypter::new(vec![(None, key(PBES2, 7))], vec![a128gcm()]).is_slow());
    }

    #[test]
    fn a_jws_is_told_apart() {
        assert_eq!(open("dir", "a.b.c"), Err(Error::JwsNotJwe));
        for other in ["", "a", "a.b", "a.b.c.d", "a.b.c.d.e.f"] {
            assert!(is_invalid(&open("dir", other)), "{other}");
        }
        let decrypter = decrypter("dir", |_| {});
        assert_eq!(open_json(&decrypter, &json!({"payload": ""})), Err(Error::JwsNotJwe));
        for both in ["payload", "signature", "signatures"] {
            assert!(is_invalid(&open_json(&decrypter, &json!({"ciphertext": "", both: ""}))));
        }
    }

    #[test]
    fn the_parts_of_json_keep_the_rules() {
        let decrypter = decrypter("A128KW", |_| {});
        let jwe = general(2, "A128KW");
        assert_eq!(open_json(&decrypter, &jwe), Ok(()));
        for (name, value) in [
            ("recipients", json!([])),
            ("recipients", json!("x")),
            ("recipients", json!(["x"])),
            ("recipients", json!([{"header": {"alg": "A128KW"}}, {"header": {"alg": "dir"}}])),
            ("recipients", json!([{"header": {"alg": "A128KW", "enc": "A128GCM"}}])),
            ("encrypted_key", json!("AAAA")),
            ("header", json!({})),
            ("unprotected", json!({"alg": "A128KW"})),
            ("unprotected", json!({"zip": "DEF"})),
            ("unprotected", json!("x")),
            ("ciphertext", json!(1)),
            ("iv", json!("*")),
            ("aad", json!("*")),
        ] {
            let mut wrong = jwe.clone();
            wrong[name] = value;
            assert!(is_invalid(&open_json(&decrypter, &wrong)), "{wrong}");
        }
        let mut without = jwe;
        without.as_object_mut().unwrap().remove("ciphertext");
        assert!(is_invalid(&open_json(&decrypter, &without)));
    }

    #[test]
    fn every_recipient_has_the_same_enc() {
        let mut jwe = general(2, "A128KW");
        jwe.as_object_mut().unwrap().remove("protected");
        let decrypter = Decrypter::new(
            vec![(None, key("A128KW", 7))],
            vec![a128gcm(), { ContentEncryption::by_name("A256GCM").unwrap() }],
        );
        for (encs, is_refused) in [(["A128GCM", "A256GCM"], true), (["A128GCM", "A128GCM"], false)]
        {
            for (index, enc) in encs.into_iter().enumerate() {
                jwe["recipients"][index]["header"]["enc"] = enc.into();
            }
            let result = open_json(&decrypter, &jwe);
            assert_eq!(is_invalid(&result), is_refused);
            // The header was authenticated.
            assert!(is_refused || result == Err(Error::DecryptionFailed));
        }
    }

    #[test]
    fn a_direct_key_has_no_encrypted_key() {
        let token = encrypter("dir").encrypt(b"x").unwrap();
        assert_eq!(open("dir", &token), Ok(()));
        assert!(is_invalid(&open("dir", &token.replacen("..", ".AAAA.", 1))));
    }

    #[test]
    fn the_kid_chooses_among_keys_with_ids() {
        let keys = |ids: [Option<&str>; 2]| {
            let each = ids.into_iter().zip([8, 7]);
            each.map(|(id, byte)| (id.map(str::to_owned), key("A128KW", byte))).collect()
        };
        let named = |kid: Value| {
            let header = json!({"kid": kid}).as_object().unwrap().clone();
            encrypter("A128KW").with_header(header).unwrap().encrypt(b"x").unwrap()
        };
        let plain = encrypter("A128KW").encrypt(b"x").unwrap();
        for (ids, token, expected) in [
            ([None, None], &plain, Ok(())),
            ([Some("8"), Some("7")], &named(json!("7")), Ok(())),
            ([Some("8"), Some("7")], &named(json!("8")), Err(Error::DecryptionFailed)),
            ([Some("8"), Some("7")], &named(json!("9")), Err(Error::NoMatchingKey)),
            ([Some("8"), Some("7")], &plain, Err(Error::KidRequired)),
            ([Some("8"), None], &named(json!("9")), Ok(())),
        ] {
            let decrypter = Decrypter::new(keys(ids), vec![a128gcm()]);
            assert_eq!(decrypter.decrypt(token.as_bytes()).map(drop), expected, "{ids:?}");
        }
    }

    #[test]
    fn keys_with_an_id_are_not_tried_for_another_kid() {
        let alg = "A128KW";
        let header = Members::from_iter([("kid".to_owned(), json!("x"))]);
        let token = encrypter(alg).with_header(header).unwrap().encrypt(b"x").unwrap();
        let opened = |keys: [(Option<&str>, u8); 3]| {
            let keys = keys.map(|(id, byte)| (id.map(str::to_owned), key(alg, byte)));
            Decrypter::new(keys.into(), vec![a128gcm()]).decrypt(token.as_bytes()).map(drop)
        };
        assert_eq!(opened([(None, 1), (None, 7), (Some("a"), 2)]), Ok(()));
        let refused = opened([(None, 1), (None, 2), (Some("a"), 7)]);
        assert_eq!(refused, Err(Error::DecryptionFailed));
    }

    #[test]
    fn a_direct_key_decrypts_with_the_tokens_own_enc() {
        let rows = ["A256GCM", "A128CBC-HS256"]
            .map(|name| ContentEncryption::by_name(name).expect("in the table"));
        let secret = RecipientKey::Secret(vec![7; 32].into());
        let dir =
            || KeyManagementKey::new(&secret, KeyManagement::by_name("dir").unwrap()).unwrap();
        let decrypter = Decrypter::new(vec![(None, dir())], rows.to_vec());
        for row in rows {
            let token = Encrypter::new(dir(), row).unwrap().encrypt(b"x").unwrap();
            assert_eq!(decrypter.decrypt(token.as_bytes()).unwrap().plaintext(), b"x");
        }
    }
}
