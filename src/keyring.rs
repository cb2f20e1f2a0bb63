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

/// The keys that a token is verified with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Choice {
    /// The key at this index.
    One(usize),
    /// Every key for this algorithm in turn until one fits; none of them has an ID (RFC 7515
    /// Appendix D).
    EachWithoutId(&'static Algorithm),
}

impl<K: AsRef<PreparedKey>> Keyring<K> {
    /// Makes a keyring of these keys. A key for several algorithms has an entry for each.
    pub const fn new(entries: Vec<(Option<String>, K)>) -> Self {
        Self { entries }
    }

    /// Chooses the keys for a token with this `alg` and `kid`.
    ///
    /// A key with the token's ID is chosen. If no key has that ID, only the keys without an ID
    /// remain. If several keys remain and one of them has an ID, none is tried.
    ///
    /// # Errors
    /// [`Error::AlgorithmNotAllowed`], [`Error::NoMatchingKey`], [`Error::KidRequired`].
    pub fn choose(
        &self,
        algorithm: &'static Algorithm,
        kid: Option<&str>,
    ) -> Result<Choice, Error> {
        let mut is_allowed = false;
        let (mut first, mut several, mut none_has_id) = (None, false, true);
        for (index, (id, _)) in self.entries.iter().enumerate() {
            if !self.is_for(index, algorithm) {
                continue;
            }
            is_allowed = true;
            if kid.is_some() && id.as_deref() == kid {
                return Ok(Choice::One(index));
            }
            if kid.is_none() || id.is_none() {
                several = first.is_some();
                first = first.or(Some(index));
                none_has_id &= id.is_none();
            }
        }
        match first {
            None if is_allowed => Err(Error::NoMatchingKey),
            None => Err(Error::AlgorithmNotAllowed),
            Some(only) if !several => Ok(Choice::One(only)),
            Some(_) if none_has_id => Ok(Choice::EachWithoutId(algorithm)),
            Some(_) => Err(Error::KidRequired),
        }
    }

    /// Returns the keys that [`choose`](Self::choose) chose, in order.
    pub fn chosen(&self, choice: Choice) -> impl Iterator<Item = &PreparedKey> {
        let (indices, algorithm) = match choice {
            Choice::One(index) => (index..index + 1, None),
            Choice::EachWithoutId(algorithm) => (0..self.entries.len(), Some(algorithm)),
        };
        let is_chosen = move |index: &usize| {
            algorithm.is_none_or(|algorithm| {
                self.entries[*index].0.is_none() && self.is_for(*index, algorithm)
            })
        };
        indices.filter(is_chosen).map(|index| self.entries[index].1.as_ref())
    }

    fn is_for(&self, index: usize, algorithm: &'static Algorithm) -> bool {
        std::ptr::eq(self.entries[index].1.as_ref().algorithm(), algorithm)
    }
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
            assert_eq!(choose(&keys, "HS256", kid), Ok(Choice::EachWithoutId(hs256)));
        }
        let keyring = keyring(&keys);
        let names = |choice| keyring.chosen(choice).map(|key| key.algorithm().name);
        assert_eq!(names(Choice::EachWithoutId(hs256)).collect::<Vec<_>>(), ["HS256", "HS256"]);
        assert_eq!(names(Choice::One(1)).collect::<Vec<_>>(), ["HS512"]);
    }

    #[test]
    fn of_keys_that_are_each_tried_none_has_an_id() {
        let keys = [(None, "HS256"), (Some("a"), "HS256"), (None, "HS256")];
        let hs256 = Algorithm::by_name("HS256").unwrap();
        let keyring = keyring(&keys);
        let choice = keyring.choose(hs256, Some("x")).unwrap();
        assert_eq!(choice, Choice::EachWithoutId(hs256));
        let tried: Vec<_> = keyring.chosen(choice).collect();
        let with_id = keyring.chosen(Choice::One(1)).next().unwrap();
        assert_eq!(tried.len(), 2);
        assert!(tried.iter().all(|key| !std::ptr::eq(*key, with_id)));
    }
}
