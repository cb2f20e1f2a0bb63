//! Several keys, and which of them a token is verified with (RFC 7515 Section 4.1.4).
//!
//! The caller chose the keys and bound each to its algorithms; the token's `kid` and `alg` only
//! pick one of them, by equality.

use crate::algorithm::Algorithm;
use crate::crypto::PreparedKey;
use crate::error::Error;

/// Keys prepared for their algorithms, with their key IDs.
pub struct Keyring<K> {
    entries: Vec<(Option<String>, K)>,
}

impl<K: AsRef<PreparedKey>> Keyring<K> {
    /// Holds these keys. A key that serves several algorithms has an entry for each.
    pub const fn new(entries: Vec<(Option<String>, K)>) -> Self {
        Self { entries }
    }

    /// The index of the key for a token with this `alg` and `kid`.
    ///
    /// A key whose ID is the token's is taken; a token's ID that no key has is ignored where there
    /// is one key without an ID. A token without an ID needs exactly one fitting key.
    ///
    /// # Errors
    /// [`Error::AlgorithmNotAllowed`], [`Error::NoMatchingKey`], [`Error::KidRequired`].
    pub fn choose(&self, algorithm: &'static Algorithm, kid: Option<&str>) -> Result<usize, Error> {
        let mut fitting = (0..self.entries.len())
            .filter(|&index| std::ptr::eq(self.key(index).algorithm(), algorithm))
            .peekable();
        if fitting.peek().is_none() {
            return Err(Error::AlgorithmNotAllowed);
        }
        let Some(kid) = kid else {
            return only(fitting).ok_or(Error::KidRequired);
        };
        let kid_of = |index: usize| self.entries[index].0.as_deref();
        if let Some(index) = fitting.clone().find(|&index| kid_of(index) == Some(kid)) {
            return Ok(index);
        }
        only(fitting.filter(|&index| kid_of(index).is_none())).ok_or(Error::NoMatchingKey)
    }

    /// The key at an index that [`choose`](Self::choose) gave.
    pub fn key(&self, index: usize) -> &PreparedKey {
        self.entries[index].1.as_ref()
    }
}

/// The only item, or `None` where there is none or several.
fn only(mut items: impl Iterator<Item = usize>) -> Option<usize> {
    items.next().filter(|_| items.next().is_none())
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
    ) -> Result<usize, Error> {
        keyring(entries).choose(Algorithm::by_name(alg).unwrap(), kid)
    }

    #[test]
    fn the_key_with_the_tokens_id_is_chosen() {
        let keys = [(Some("a"), "HS256"), (Some("b"), "HS256"), (Some("b"), "HS512")];
        assert_eq!(choose(&keys, "HS256", Some("b")), Ok(1));
        assert_eq!(choose(&keys, "HS512", Some("b")), Ok(2));
        assert_eq!(choose(&keys, "HS512", Some("a")), Err(Error::NoMatchingKey));
        assert_eq!(choose(&keys, "HS384", Some("a")), Err(Error::AlgorithmNotAllowed));
    }

    #[test]
    fn a_token_without_an_id_needs_exactly_one_fitting_key() {
        let keys = [(Some("a"), "HS256"), (Some("b"), "HS512"), (None, "HS512")];
        assert_eq!(choose(&keys, "HS256", None), Ok(0));
        assert_eq!(choose(&keys, "HS512", None), Err(Error::KidRequired));
    }

    #[test]
    fn an_unknown_id_falls_back_to_the_one_key_without_an_id() {
        assert_eq!(choose(&[(None, "HS256")], "HS256", Some("x")), Ok(0));
        let keys = [(None, "HS256"), (None, "HS256")];
        assert_eq!(choose(&keys, "HS256", Some("x")), Err(Error::NoMatchingKey));
    }
}
