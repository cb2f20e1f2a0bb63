//! Several keys, and the rules for which of them verifies a token (RFC 7515 Section 4.1.4).
//!
//! The caller chose the keys and bound each to its algorithms; the token's `kid` and `alg` only
//! select among them, by equality.

use crate::algorithm::Algorithm;
use crate::crypto::PreparedKey;
use crate::error::Error;

/// Keys prepared for their algorithms, with their key IDs.
pub struct Keyring<K> {
    entries: Vec<(Option<String>, K)>,
}

/// How a key's ID compares with the `kid` of a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyId {
    /// The key has no ID.
    Absent,
    /// It is the token's.
    Same,
    /// It is another one, or the token has none.
    Other,
}

/// The keys that a token is verified with, out of those for its algorithm.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Choice {
    /// The key at this index.
    One(usize),
    /// All keys without an ID, in turn until one fits (RFC 7515 Appendix D).
    EachWithoutId,
}

/// Chooses among the keys for a token's algorithm, each given with its index.
///
/// The first key with the token's `kid` is chosen; if no key has that ID, the keys without an ID
/// remain. If the token has no `kid`, all keys remain. A single remaining key is chosen, and so are
/// several of which none has an ID; otherwise nothing tells them apart, and none is tried.
///
/// # Errors
/// [`Error::AlgorithmNotAllowed`] without keys, [`Error::NoMatchingKey`], [`Error::KidRequired`].
#[inline]
pub fn choose(
    token_has_kid: bool,
    keys: impl Iterator<Item = (usize, KeyId)>,
) -> Result<Choice, Error> {
    let mut is_allowed = false;
    let (mut first, mut several, mut none_has_id) = (None, false, true);
    for (index, id) in keys {
        is_allowed = true;
        match id {
            KeyId::Same => return Ok(Choice::One(index)),
            KeyId::Other if token_has_kid => {}
            KeyId::Other | KeyId::Absent => {
                several = first.is_some();
                first = first.or(Some(index));
                none_has_id &= id == KeyId::Absent;
            }
        }
    }
    match first {
        None if is_allowed => Err(Error::NoMatchingKey),
        None => Err(Error::AlgorithmNotAllowed),
        Some(only) if !several => Ok(Choice::One(only)),
        Some(_) if none_has_id => Ok(Choice::EachWithoutId),
        Some(_) => Err(Error::KidRequired),
    }
}

impl<K: AsRef<PreparedKey>> Keyring<K> {
    /// Makes a keyring of these keys. A key for several algorithms has an entry for each.
    pub const fn new(entries: Vec<(Option<String>, K)>) -> Self {
        Self { entries }
    }

    /// Chooses the keys for a token with this `alg` and `kid`, by the rule of [`choose`].
    ///
    /// # Errors
    /// Those of [`choose`].
    #[inline]
    pub fn choose(
        &self,
        algorithm: &'static Algorithm,
        kid: Option<&str>,
    ) -> Result<Choice, Error> {
        self.choose_among(algorithm, kid, |_| true)
    }

    /// Does what [`choose`](Self::choose) does, as if there were the usable keys only.
    ///
    /// # Errors
    /// Those of [`choose`].
    #[inline]
    pub fn choose_among(
        &self,
        algorithm: &'static Algorithm,
        kid: Option<&str>,
        is_usable: impl Fn(&K) -> bool,
    ) -> Result<Choice, Error> {
        let is_candidate =
            |entry: &(Option<String>, K)| is_for(entry, algorithm) && is_usable(&entry.1);
        let keys = self.entries.iter().enumerate().filter(|(_, entry)| is_candidate(entry));
        let compare = |id: Option<&str>| match id {
            None => KeyId::Absent,
            Some(_) if id == kid => KeyId::Same,
            Some(_) => KeyId::Other,
        };
        choose(kid.is_some(), keys.map(|(index, (id, _))| (index, compare(id.as_deref()))))
    }

    /// Returns the algorithms of the keys, each once.
    pub fn algorithms(&self) -> impl Iterator<Item = &'static Algorithm> {
        let all = || self.entries.iter().map(|(_, key)| key.as_ref().algorithm());
        all()
            .enumerate()
            .filter(move |&(index, one)| !all().take(index).any(|other| std::ptr::eq(one, other)))
            .map(|(_, algorithm)| algorithm)
    }

    /// Returns all keys.
    pub fn keys(&self) -> impl Iterator<Item = &K> {
        self.entries.iter().map(|(_, key)| key)
    }

    /// Returns the keys that [`choose`](Self::choose) chose for this algorithm, in order.
    pub fn chosen(
        &self,
        choice: Choice,
        algorithm: &'static Algorithm,
    ) -> impl Iterator<Item = &K> {
        let (entries, any_id) = match choice {
            Choice::One(index) => (&self.entries[index..=index], true),
            Choice::EachWithoutId => (&*self.entries, false),
        };
        let is_chosen = move |entry: &&(Option<String>, K)| {
            any_id || (entry.0.is_none() && is_for(entry, algorithm))
        };
        entries.iter().filter(is_chosen).map(|(_, key)| key)
    }

    /// Returns whether newer keys of the same owner may verify a token that these keys refused,
    /// whose algorithm is allowed.
    ///
    /// They may if none of these keys is for the token. They also may if the signature is wrong,
    /// unless the key was chosen by its ID: a new key gets a new ID.
    pub fn may_be_outdated(
        &self,
        algorithm: &'static Algorithm,
        kid: Option<&str>,
        is_signature_wrong: bool,
    ) -> bool {
        match self.choose(algorithm, kid) {
            Err(error) => matches!(error, Error::AlgorithmNotAllowed | Error::NoMatchingKey),
            Ok(Choice::One(index)) if kid.is_some() && self.entries[index].0.is_some() => false,
            Ok(_) => is_signature_wrong,
        }
    }
}

fn is_for<K: AsRef<PreparedKey>>(
    (_, key): &(Option<String>, K),
    algorithm: &'static Algorithm,
) -> bool {
    std::ptr::eq(key.as_ref().algorithm(), algorithm)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::key::KeyMaterial;

    fn keyring(entries: &[(Option<&str>, &str)]) -> Keyring<Arc<PreparedKey>> {
        let secret = KeyMaterial::Secret(vec![7; 64].into());
        let entry = |&(kid, alg): &(Option<&str>, &str)| {
            let key = PreparedKey::new(&secret, Algorithm::by_name(alg).unwrap()).unwrap();
            (kid.map(str::to_owned), Arc::new(key))
        };
        Keyring::new(entries.iter().map(entry).collect())
    }

    fn choose(
        entries: &[(Option<&str>, &str)],
        alg: &str,
        kid: Option<&str>,
    ) -> Result<Choice, Error> {
        keyring(entries).choose(Algorithm::by_name(alg).unwrap(), kid)
    }

    #[test]
    fn the_key_with_the_tokens_id_is_chosen() {
        let keys = [(Some("a"), "HS256"), (Some("b"), "HS256"), (Some("b"), "HS512")];
        assert_eq!(choose(&keys, "HS256", Some("b")), Ok(Choice::One(1)));
        assert_eq!(choose(&keys, "HS512", Some("b")), Ok(Choice::One(2)));
        assert_eq!(choose(&keys, "HS512", Some("a")), Err(Error::NoMatchingKey));
        assert_eq!(choose(&keys, "HS384", Some("a")), Err(Error::AlgorithmNotAllowed));
    }

    #[test]
    fn of_keys_with_ids_a_token_without_one_needs_exactly_one_that_fits() {
        let keys = [(Some("a"), "HS256"), (Some("b"), "HS512"), (None, "HS512")];
        assert_eq!(choose(&keys, "HS256", None), Ok(Choice::One(0)));
        assert_eq!(choose(&keys, "HS512", None), Err(Error::KidRequired));
        let keys = [(None, "HS512"), (Some("b"), "HS512")];
        assert_eq!(choose(&keys, "HS512", None), Err(Error::KidRequired));
    }

    #[test]
    fn an_unknown_id_falls_back_to_the_keys_without_an_id() {
        let one = [(None, "HS256"), (Some("a"), "HS256")];
        assert_eq!(choose(&one, "HS256", Some("x")), Ok(Choice::One(0)));
        assert_eq!(choose(&one[1..], "HS256", Some("x")), Err(Error::NoMatchingKey));
    }

    #[test]
    fn keys_without_ids_are_each_tried_if_they_are_for_the_algorithm() {
        let keys = [(None, "HS256"), (None, "HS512"), (None, "HS256"), (Some("a"), "HS384")];
        let hs256 = Algorithm::by_name("HS256").unwrap();
        for kid in [None, Some("x")] {
            assert_eq!(choose(&keys, "HS256", kid), Ok(Choice::EachWithoutId));
        }
        let keyring = keyring(&keys);
        let hs512 = Algorithm::by_name("HS512").unwrap();
        let names = |choice, alg| keyring.chosen(choice, alg).map(|key| key.algorithm().name);
        assert_eq!(names(Choice::EachWithoutId, hs256).collect::<Vec<_>>(), ["HS256", "HS256"]);
        assert_eq!(names(Choice::One(1), hs512).collect::<Vec<_>>(), ["HS512"]);
    }

    #[test]
    fn of_keys_that_are_each_tried_none_has_an_id() {
        let keys = [(None, "HS256"), (Some("a"), "HS256"), (None, "HS256")];
        let hs256 = Algorithm::by_name("HS256").unwrap();
        let keyring = keyring(&keys);
        let choice = keyring.choose(hs256, Some("x")).unwrap();
        assert_eq!(choice, Choice::EachWithoutId);
        let tried: Vec<_> = keyring.chosen(choice, hs256).collect();
        let with_id = keyring.chosen(Choice::One(1), hs256).next().unwrap();
        assert_eq!(tried.len(), 2);
        assert!(tried.iter().all(|key| !std::ptr::eq(*key, with_id)));
    }

    #[test]
    fn keys_that_are_not_usable_are_as_if_they_were_not_there() {
        let keyring = keyring(&[(Some("a"), "HS256"), (Some("a"), "HS256"), (None, "HS256")]);
        let hs256 = Algorithm::by_name("HS256").unwrap();
        let choose = |usable: &[usize], kid| {
            let keys: Vec<_> = keyring.keys().collect();
            keyring.choose_among(hs256, kid, |key| {
                usable.iter().any(|&number| std::ptr::eq(key, keys[number]))
            })
        };
        assert_eq!(choose(&[0, 1], Some("a")), Ok(Choice::One(0)));
        assert_eq!(choose(&[1, 2], Some("a")), Ok(Choice::One(1)));
        assert_eq!(choose(&[2], Some("a")), Ok(Choice::One(2)));
        assert_eq!(choose(&[0], None), Ok(Choice::One(0)));
        assert_eq!(choose(&[0], Some("b")), Err(Error::NoMatchingKey));
        assert_eq!(choose(&[], Some("a")), Err(Error::AlgorithmNotAllowed));
    }

    #[test]
    fn newer_keys_may_help_unless_a_key_with_the_tokens_id_refused_it() {
        let keys = keyring(&[(Some("a"), "HS256"), (None, "HS512"), (None, "HS512")]);
        let may = |alg: &str, kid, is_signature_wrong| {
            keys.may_be_outdated(Algorithm::by_name(alg).unwrap(), kid, is_signature_wrong)
        };
        for wrong in [false, true] {
            assert!(!may("HS256", Some("a"), wrong), "the key with this ID decided");
            assert!(may("HS256", Some("b"), wrong), "no key has this ID");
            assert!(may("HS384", Some("a"), wrong), "no key serves this algorithm");
            assert_eq!(may("HS256", None, wrong), wrong, "the only key, not chosen by ID");
            assert_eq!(may("HS512", Some("b"), wrong), wrong, "keys without an ID");
        }
        let several = keyring(&[(Some("a"), "HS256"), (Some("b"), "HS256")]);
        let hs256 = Algorithm::by_name("HS256").unwrap();
        assert!(!several.may_be_outdated(hs256, None, false), "the token says too little");
    }
}
