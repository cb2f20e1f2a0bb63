//! What an issuer signs: claims in which digests stand for some of them (RFC 9901 Section 4.2).

use super::bounds::Limits;
use super::disclosure::Disclosure;
use super::names::{DIGESTS, ELEMENT, HASH_ALGORITHM, RESERVED, hash_name};
use super::path::{Path, Step};
use super::tree::{Content, Node, quoted};
use crate::algorithm::Hash;
use crate::base64url;
use crate::crypto::{digest, random_bytes};
use crate::error::Error;

/// The claims that decide whether a token is valid: a holder who could leave them out would decide
/// that (RFC 9901 Section 9.7).
const VALIDITY: [&str; 5] = ["iss", "aud", "exp", "nbf", "cnf"];

/// A payload to sign, and the disclosures of what is concealed in it.
pub struct Concealed {
    /// The JSON text of the payload.
    pub payload: String,
    /// The disclosures, for the holder.
    pub disclosures: Vec<Disclosure>,
}

/// Conceals the claims at these paths.
///
/// A claim inside another that is concealed too gets a disclosure of its own (RFC 9901 Section
/// 4.2.6). `decoys` is how many digests without a disclosure are added wherever a claim is concealed
/// (RFC 9901 Section 4.2.5).
///
/// # Errors
/// [`Error::CannotConceal`] for a path without a claim, for the claims that decide whether a token
/// is valid, and for names that are reserved; [`Error::PayloadNotObject`], and those of reading
/// JSON.
pub fn conceal(
    claims: &[u8],
    paths: &[Path],
    hash: Hash,
    decoys: usize,
) -> Result<Concealed, Error> {
    conceal_with(claims, paths, hash, decoys, &mut random_text)
}

/// Does what [`conceal`] does, with salts of the caller's.
fn conceal_with(
    claims: &[u8],
    paths: &[Path],
    hash: Hash,
    decoys: usize,
    salt: &mut dyn FnMut() -> String,
) -> Result<Concealed, Error> {
    let claims = Node::parse(claims, Limits::DEFAULT.nesting)?;
    let Content::Object(members) = claims.content else { return Err(Error::PayloadNotObject) };
    let here: Vec<_> = paths.iter().enumerate().map(|(number, path)| (number, &path[..])).collect();
    for (_, path) in &here {
        match path {
            [] => return Err(Error::CannotConceal("a path is empty")),
            [Step::Name(name)] if VALIDITY.contains(&name.as_str()) => {
                return Err(Error::CannotConceal(
                    "iss, aud, exp, nbf and cnf decide whether the token is valid, so all verifiers \
                     need them",
                ));
            }
            _ => {}
        }
    }
    let found = vec![false; paths.len()];
    let mut issuance = Issuance { hash, decoys, salt, disclosures: Vec::new(), found };
    let mut payload = issuance.members(members, &here)?;
    if issuance.found.contains(&false) {
        return Err(Error::CannotConceal("a path leads to no claim"));
    }
    let hash_algorithm = format!("{}:{}", quoted(HASH_ALGORITHM), quoted(hash_name(hash)));
    payload.push(hash_algorithm);
    Ok(Concealed {
        payload: format!("{{{}}}", payload.join(",")),
        disclosures: issuance.disclosures,
    })
}

/// Returns 128 random bits, the recommended entropy of a salt (RFC 9901 Section 9.3), as text.
fn random_text() -> String {
    base64url::encode(&random_bytes::<16>())
}

/// What is left of the paths that lead through a place, each with its number.
type Here<'p> = [(usize, &'p [Step])];

struct Issuance<'s> {
    hash: Hash,
    decoys: usize,
    salt: &'s mut dyn FnMut() -> String,
    disclosures: Vec<Disclosure>,
    /// For each path, whether it leads to a claim.
    found: Vec<bool>,
}

impl Issuance<'_> {
    /// Returns the JSON text of a value.
    fn value(&mut self, node: Node<'_>, here: &Here<'_>) -> Result<String, Error> {
        match node.content {
            Content::Object(members) => {
                Ok(format!("{{{}}}", self.members(members, here)?.join(",")))
            }
            Content::Array(elements) => {
                Ok(format!("[{}]", self.elements(elements, here)?.join(",")))
            }
            Content::Scalar(text) => Ok(text.to_owned()),
        }
    }

    /// Returns the JSON texts of the members of an object.
    fn members(
        &mut self,
        members: Vec<(String, Node<'_>)>,
        here: &Here<'_>,
    ) -> Result<Vec<String>, Error> {
        let (mut written, mut digests) = (Vec::new(), Vec::new());
        for (name, node) in members {
            if RESERVED.contains(&name.as_str()) {
                return Err(Error::CannotConceal("_sd, _sd_alg and ... cannot be names in claims"));
            }
            let (is_concealed, inside) =
                self.follow(here, |step| matches!(step, Step::Name(known) if *known == name));
            let value = self.value(node, &inside)?;
            if is_concealed {
                digests.push(self.disclose(Some(&name), &value));
            } else {
                written.push(format!("{}:{value}", quoted(&name)));
            }
        }
        if !digests.is_empty() {
            digests.extend(self.decoys());
            // Sorted, so that the list says nothing about the order of the claims.
            digests.sort_unstable();
            let digests: Vec<_> = digests.iter().map(|digest| quoted(digest)).collect();
            written.push(format!("{}:[{}]", quoted(DIGESTS), digests.join(",")));
        }
        Ok(written)
    }

    /// Returns the JSON texts of the elements of an array.
    fn elements(&mut self, elements: Vec<Node<'_>>, here: &Here<'_>) -> Result<Vec<String>, Error> {
        let element = |digest: &str| format!("{{{}:{}}}", quoted(ELEMENT), quoted(digest));
        let (mut written, mut any_concealed) = (Vec::new(), false);
        for (index, node) in elements.into_iter().enumerate() {
            let (is_concealed, inside) = self.follow(here, |step| match step {
                Step::Index(number) => *number == index,
                Step::Each => true,
                Step::Name(_) => false,
            });
            let value = self.value(node, &inside)?;
            any_concealed |= is_concealed;
            written.push(if is_concealed { element(&self.disclose(None, &value)) } else { value });
        }
        if any_concealed {
            for decoy in self.decoys() {
                let place = random_below(written.len() + 1);
                written.insert(place, element(&decoy));
            }
        }
        Ok(written)
    }

    /// Returns whether a path ends at the place that is one step from here, and what is left of
    /// those that go on.
    fn follow<'p>(
        &mut self,
        here: &Here<'p>,
        is_next: impl Fn(&Step) -> bool,
    ) -> (bool, Vec<(usize, &'p [Step])>) {
        let (mut ends, mut inside) = (false, Vec::new());
        for (number, path) in here {
            match path {
                [step] if is_next(step) => {
                    ends = true;
                    self.found[*number] = true;
                }
                [step, rest @ ..] if is_next(step) => inside.push((*number, rest)),
                _ => {}
            }
        }
        (ends, inside)
    }

    fn disclose(&mut self, name: Option<&str>, value: &str) -> String {
        let disclosure = Disclosure::new(&(self.salt)(), name, value);
        let digest = disclosure.digest(self.hash);
        self.disclosures.push(disclosure);
        digest
    }

    fn decoys(&self) -> Vec<String> {
        let decoy = || base64url::encode(&digest(self.hash, random_text().as_bytes()));
        (0..self.decoys).map(|_| decoy()).collect()
    }
}

/// Returns a random number from zero to one less than `end`.
fn random_below(end: usize) -> usize {
    usize::from_be_bytes(random_bytes()) % end
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sd_jwt::processing::process;

    const CLAIMS: &str = r#"{"iss":"me","a":1.10,"b":{"c":[1,2,[3]],"d":"x"},"e":["f","g"]}"#;

    fn path(steps: &[Step]) -> Path {
        steps.to_vec()
    }

    fn name(name: &str) -> Step {
        Step::Name(name.to_owned())
    }

    fn concealed(claims: &str, paths: &[Path], decoys: usize) -> Result<Concealed, Error> {
        conceal(claims.as_bytes(), paths, Hash::Sha256, decoys)
    }

    fn claims_with(payload: &str, disclosures: &[Disclosure]) -> String {
        let limits = Limits { disclosures: 9, nesting: 9 };
        let processed = process(payload.as_bytes(), disclosures, limits);
        let json = processed.map(|processed| processed.claims.to_json()).expect("consistent");
        let value: serde_json::Value = serde_json::from_str(&json).expect("JSON");
        value.to_string()
    }

    #[test]
    fn what_is_concealed_comes_back_with_its_disclosures_and_only_with_them() {
        let paths = [
            path(&[name("a")]),
            path(&[name("b")]),
            path(&[name("b"), name("c"), Step::Each]),
            path(&[name("b"), name("c"), Step::Index(2), Step::Index(0)]),
            path(&[name("e"), Step::Index(1)]),
        ];
        for decoys in [0, 3] {
            let made = concealed(CLAIMS, &paths, decoys).expect("all paths lead to claims");
            assert_eq!(made.disclosures.len(), 7);
            assert_eq!(claims_with(&made.payload, &[]), r#"{"e":["f"],"iss":"me"}"#);
            let all = claims_with(&made.payload, &made.disclosures);
            let plain: serde_json::Value = serde_json::from_str(CLAIMS).expect("JSON");
            assert_eq!(all, plain.to_string());
            assert!(!made.payload.contains("\"a\""), "{}", made.payload);
            let digests = made.payload.matches("\"...\":").count();
            assert_eq!(digests, 1 + decoys);
        }
    }

    #[test]
    fn decoys_of_an_array_stand_before_and_after_its_elements() {
        let first = [path(&[name("e"), Step::Index(0)])];
        let place_of_decoy = |_| {
            let made = concealed(r#"{"e":[1,2]}"#, &first, 1).expect("the path leads to a claim");
            let claims: serde_json::Value = serde_json::from_str(&made.payload).expect("JSON");
            let own = made.disclosures[0].digest(Hash::Sha256);
            let is_decoy =
                |one: &serde_json::Value| one["..."].as_str().is_some_and(|it| it != own);
            claims["e"].as_array().and_then(|elements| elements.iter().position(is_decoy))
        };
        let drawn: std::collections::HashSet<_> = (0..200).map(place_of_decoy).collect();
        assert_eq!(drawn, [0, 1, 2].map(Some).into());
    }

    #[test]
    fn salts_are_new_and_digests_are_sorted() {
        let paths = [path(&[name("a")]), path(&[name("b")]), path(&[name("e")])];
        let mut numbers = 0..;
        let mut salt = || format!("{}", numbers.next().expect("no end"));
        let made = conceal_with(CLAIMS.as_bytes(), &paths, Hash::Sha512, 0, &mut salt).unwrap();
        let salts: Vec<_> = made.disclosures.iter().map(Disclosure::salt).collect();
        assert_eq!(salts, ["0", "1", "2"]);
        let mut digests: Vec<_> =
            made.disclosures.iter().map(|one| quoted(&one.digest(Hash::Sha512))).collect();
        digests.sort_unstable();
        let expected =
            format!(r#"{{"iss":"me","_sd":[{}],"_sd_alg":"sha-512"}}"#, digests.join(","));
        assert_eq!(made.payload, expected);
        let again = concealed(CLAIMS, &paths, 0).expect("all paths lead to claims");
        let lengths: Vec<_> = again.disclosures.iter().map(|one| one.salt().len()).collect();
        assert_eq!(lengths, [22; 3]);
        assert_ne!(again.disclosures[0].salt(), again.disclosures[1].salt());
    }

    #[test]
    fn what_cannot_be_concealed_is_refused() {
        let refused = |claims: &str, steps: &[Step]| match concealed(claims, &[path(steps)], 0) {
            Err(Error::CannotConceal(message)) => message,
            Err(error) => panic!("{error}"),
            Ok(made) => panic!("{}", made.payload),
        };
        for claim in VALIDITY {
            assert!(refused(CLAIMS, &[name(claim)]).starts_with("iss, aud"), "{claim}");
        }
        for steps in [
            &[name("x")][..],
            &[name("a"), name("x")],
            &[name("b"), Step::Index(0)],
            &[name("e"), name("f")],
            &[name("e"), Step::Index(2)],
            &[Step::Each],
        ] {
            assert_eq!(refused(CLAIMS, steps), "a path leads to no claim", "{steps:?}");
        }
        assert_eq!(refused(CLAIMS, &[]), "a path is empty");
        for claims in [r#"{"_sd":[]}"#, r#"{"a":{"...":1}}"#, r#"{"a":[{"_sd_alg":1}]}"#] {
            let message = refused(claims, &[name("a")]);
            assert_eq!(message, "_sd, _sd_alg and ... cannot be names in claims");
        }
        assert_eq!(concealed("[]", &[], 0).err(), Some(Error::PayloadNotObject));
    }

    #[test]
    fn an_entry_of_the_audience_may_be_concealed() {
        let entry = [path(&[name("aud"), Step::Index(0)])];
        assert!(concealed(r#"{"aud":["a","b"]}"#, &entry, 0).is_ok());
    }

    #[test]
    fn random_numbers_stay_below_their_end() {
        let drawn: std::collections::HashSet<_> = (0..200).map(|_| random_below(3)).collect();
        assert_eq!(drawn, [0, 1, 2].into());
    }
}
