//! The processed payload: digests are replaced by the claims that were disclosed (RFC 9901 Section
//! 7.1).

use std::collections::{HashMap, HashSet};

use super::bounds::Limits;
use super::disclosure::Disclosure;
use super::names::{DIGESTS, ELEMENT, HASH_ALGORITHM, hash_by_name};
use super::tree::{Content, Node};
use crate::algorithm::Hash;
use crate::error::Error;

/// A payload that was processed.
pub(super) struct Processed<'a> {
    pub(super) claims: Node<'a>,
    /// The algorithm of its digests.
    pub(super) hash: Hash,
}

/// Replaces the digests in the payload of an issuer-signed JWT.
///
/// # Errors
/// [`Error::InvalidSdJwt`] if a rule is broken; see [`Node::parse`] for others.
pub(super) fn process<'a>(
    payload: &'a [u8],
    disclosures: &'a [Disclosure],
    limits: Limits,
) -> Result<Processed<'a>, Error> {
    if disclosures.len() > limits.disclosures {
        return Err(Error::InvalidSdJwt("it has more disclosures than are allowed"));
    }
    let Node { content: Content::Object(mut members), .. } = Node::parse(payload, limits.nesting)?
    else {
        return Err(Error::PayloadNotObject);
    };
    let hash = take_hash_algorithm(&mut members)?;
    let mut processing = Processing::new(disclosures, hash, limits)?;
    let claims = processing.object(members, limits.nesting - 1)?;
    if !processing.waiting.is_empty() {
        return Err(Error::InvalidSdJwt("a disclosure has no digest in what the issuer signed"));
    }
    Ok(Processed { claims: Node { content: claims, disclosure: None }, hash })
}

/// Removes `_sd_alg` and returns the algorithm (RFC 9901 Section 4.1.1).
fn take_hash_algorithm(members: &mut Vec<(String, Node<'_>)>) -> Result<Hash, Error> {
    match take(members, HASH_ALGORITHM) {
        None => Ok(Hash::Sha256),
        Some(name) => name
            .string()
            .and_then(|name| hash_by_name(&name))
            .ok_or(Error::InvalidSdJwt("its _sd_alg is not sha-256, sha-384 or sha-512")),
    }
}

struct Processing<'a> {
    /// The disclosures whose digests were not found yet, by digest.
    waiting: HashMap<String, (usize, &'a Disclosure)>,
    /// The digests that were found.
    found: HashSet<String>,
    nesting: usize,
}

impl<'a> Processing<'a> {
    fn new(disclosures: &'a [Disclosure], hash: Hash, limits: Limits) -> Result<Self, Error> {
        let each = disclosures.iter().enumerate();
        let waiting: HashMap<_, _> =
            each.map(|(number, one)| (one.digest(hash), (number, one))).collect();
        if waiting.len() < disclosures.len() {
            return Err(Error::InvalidSdJwt("a disclosure occurs twice"));
        }
        Ok(Self { waiting, found: HashSet::new(), nesting: limits.nesting })
    }

    /// Processes a value, below which arrays and objects may be nested `depth` deep.
    fn value(&mut self, node: Node<'a>, depth: usize) -> Result<Node<'a>, Error> {
        let deeper = || depth.checked_sub(1).ok_or(Error::PayloadTooDeep(self.nesting));
        let content = match node.content {
            Content::Scalar(text) => Content::Scalar(text),
            Content::Array(elements) => {
                let depth = deeper()?;
                self.array(elements, depth)?
            }
            Content::Object(members) => {
                let depth = deeper()?;
                self.object(members, depth)?
            }
        };
        Ok(Node { content, ..node })
    }

    fn object(
        &mut self,
        mut members: Vec<(String, Node<'a>)>,
        depth: usize,
    ) -> Result<Content<'a>, Error> {
        let digests = take(&mut members, DIGESTS).map_or(Ok(Vec::new()), |list| digests(&list))?;
        for digest in digests {
            let Some((number, disclosure)) = self.disclosure(digest)? else { continue };
            let name = disclosure.name().ok_or(Error::InvalidSdJwt(
                "a disclosure of an array element stands for a claim",
            ))?;
            if members.iter().any(|(known, _)| known == name) {
                return Err(Error::InvalidSdJwt(
                    "a disclosure has the name of a claim that is there already",
                ));
            }
            members.push((name.to_owned(), disclosed(number, disclosure, self.nesting)?));
        }
        // After the check for claims that exist, so that none is replaced.
        if members.iter().any(|(name, _)| name == ELEMENT || name == HASH_ALGORITHM) {
            return Err(Error::InvalidSdJwt("\"...\" or _sd_alg is where it has no meaning"));
        }
        let each = members.into_iter().map(|(name, value)| Ok((name, self.value(value, depth)?)));
        Ok(Content::Object(each.collect::<Result<_, Error>>()?))
    }

    fn array(&mut self, elements: Vec<Node<'a>>, depth: usize) -> Result<Content<'a>, Error> {
        let mut kept = Vec::with_capacity(elements.len());
        for element in elements {
            let Some(digest) = element.get(ELEMENT) else {
                kept.push(self.value(element, depth)?);
                continue;
            };
            let is_alone =
                matches!(&element.content, Content::Object(members) if members.len() == 1);
            let digest = digest.string().filter(|_| is_alone);
            let digest =
                digest.ok_or(Error::InvalidSdJwt("\"...\" is not alone, or not a digest"))?;
            let Some((number, disclosure)) = self.disclosure(digest)? else { continue };
            if disclosure.name().is_some() {
                return Err(Error::InvalidSdJwt(
                    "a disclosure of a claim stands for an array element",
                ));
            }
            kept.push(self.value(disclosed(number, disclosure, self.nesting)?, depth)?);
        }
        Ok(Content::Array(kept))
    }

    /// Returns the disclosure with this digest, which may occur only once.
    fn disclosure(&mut self, digest: String) -> Result<Option<(usize, &'a Disclosure)>, Error> {
        let disclosure = self.waiting.remove(&digest);
        if !self.found.insert(digest) {
            return Err(Error::InvalidSdJwt("a digest occurs twice"));
        }
        Ok(disclosure)
    }
}

fn take<'a>(members: &mut Vec<(String, Node<'a>)>, name: &str) -> Option<Node<'a>> {
    let index = members.iter().position(|(known, _)| known == name)?;
    Some(members.remove(index).1)
}

fn digests(list: &Node<'_>) -> Result<Vec<String>, Error> {
    let strings = match &list.content {
        Content::Array(digests) => digests.iter().map(Node::string).collect(),
        _ => None,
    };
    strings.ok_or(Error::InvalidSdJwt("_sd is not a list of strings"))
}

/// Returns the value of a disclosure, which is not processed yet.
fn disclosed(number: usize, disclosure: &Disclosure, nesting: usize) -> Result<Node<'_>, Error> {
    // One more for the array that the value is in.
    let node = Node::parse(disclosure.json().as_bytes(), nesting.saturating_add(1));
    let node = node.map_err(|error| match error {
        Error::PayloadTooDeep(_) => Error::PayloadTooDeep(nesting),
        error => error,
    })?;
    let Content::Array(mut elements) = node.content else {
        return Err(Error::InvalidSdJwt(
            "a disclosure is not a JSON array of two or three elements",
        ));
    };
    let value = elements.pop().expect("a disclosure has at least two elements");
    Ok(Node { disclosure: Some(number), ..value })
}
