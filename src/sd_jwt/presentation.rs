//! What a holder presents and a verifier checks (RFC 9901 Section 7).

use super::bounds::Limits;
use super::disclosure::Disclosure;
use super::key_binding::{self, KeyBinding};
use super::path::{Path, Step};
use super::processing::process;
use super::serialization::SdJwt;
use super::tree::{Content, Node};
use crate::algorithm::Hash;
use crate::base64url;
use crate::crypto::digest;
use crate::error::{Error, Segment};
use crate::jws;

/// An SD-JWT that was verified.
pub struct Verified {
    /// The processed payload: what the issuer signed, with the disclosed claims in place of their
    /// digests.
    pub claims: jws::Verified,
    /// The JSON text of the claims of the key binding JWT, if there is one.
    pub key_binding: Option<Vec<u8>>,
}

/// A disclosure and the place of its claim.
pub struct Located<'a> {
    /// The disclosure.
    pub disclosure: &'a Disclosure,
    /// The path to its claim.
    pub path: Path,
    /// The JSON text of its value, with the claims inside it that are disclosed too.
    pub value: String,
}

impl SdJwt {
    /// Verifies the signature of the issuer with `verify_issuer`, then the disclosures and the key
    /// binding. `now` is the time, in seconds since the epoch.
    ///
    /// The claims are still to be validated: those that are returned.
    ///
    /// # Errors
    /// Those of `verify_issuer`; [`Error::InvalidSdJwt`], [`Error::PayloadTooDeep`],
    /// [`Error::KeyBinding`].
    pub fn verify(
        &self,
        verify_issuer: impl FnOnce(&[u8]) -> Result<jws::Verified, Error>,
        key_binding: &KeyBinding,
        limits: Limits,
        now: f64,
    ) -> Result<Verified, Error> {
        let policy = key_binding.policy_for(self.key_binding())?;
        let signed = verify_issuer(self.issuer_jwt().as_bytes())?;
        let processed = process(signed.payload(), self.disclosures(), limits)?;
        let bound = policy.map(|(policy, jwt)| {
            let hash = self.hash(processed.hash);
            key_binding::verify(jwt, &hash, processed.claims.get("cnf"), policy, now)
        });
        let key_binding = bound.transpose()?;
        let claims = processed.claims.to_json().into_bytes();
        Ok(Verified { claims: signed.processed(claims), key_binding })
    }

    /// Returns the value of `sd_hash` for a key binding JWT (RFC 9901 Section 4.3.1).
    ///
    /// # Errors
    /// Those of [`located`](Self::located).
    pub fn sd_hash(&self, limits: Limits) -> Result<String, Error> {
        let payload = self.unverified_payload()?;
        Ok(self.hash(process(&payload, self.disclosures(), limits)?.hash))
    }

    fn hash(&self, hash: Hash) -> String {
        base64url::encode(&digest(hash, self.without_key_binding().as_bytes()))
    }

    /// Returns the disclosures with their places, in the order of the claims. Nothing is verified
    /// but that they belong to the payload.
    ///
    /// # Errors
    /// [`Error::InvalidSdJwt`] if they do not, and the errors of malformed payloads.
    pub fn located(&self, limits: Limits) -> Result<Vec<Located<'_>>, Error> {
        let payload = self.unverified_payload()?;
        let processed = process(&payload, self.disclosures(), limits)?;
        let mut located = Vec::new();
        self.locate(&processed.claims, &mut Path::new(), &mut located);
        Ok(located)
    }

    fn locate<'s>(&'s self, node: &Node<'_>, path: &mut Path, located: &mut Vec<Located<'s>>) {
        if let Some(number) = node.disclosure {
            located.push(Located {
                disclosure: &self.disclosures()[number],
                path: path.clone(),
                value: node.to_json(),
            });
        }
        for (step, child) in children(node) {
            path.push(step);
            self.locate(child, path, located);
            path.pop();
        }
    }

    /// Returns an SD-JWT with those disclosures only that are needed for the claims at these paths:
    /// their own, those inside them and those around them. A key binding JWT is left out.
    ///
    /// # Errors
    /// [`Error::NothingToDisclose`] if there is no claim at a path, and the errors of
    /// [`located`](Self::located).
    #[must_use = "the SD-JWT itself does not change"]
    pub fn select(&self, paths: &[Path], limits: Limits) -> Result<Self, Error> {
        let payload = self.unverified_payload()?;
        let processed = process(&payload, self.disclosures(), limits)?;
        let mut chosen = vec![false; self.disclosures().len()];
        for path in paths {
            if !choose(&processed.claims, path, &mut chosen) {
                return Err(Error::NothingToDisclose);
            }
        }
        let each = self.disclosures().iter().zip(chosen);
        let disclosures = each.filter(|(_, chosen)| *chosen).map(|(one, _)| one.clone()).collect();
        Ok(self.with_disclosures(disclosures))
    }

    fn unverified_payload(&self) -> Result<Vec<u8>, Error> {
        let payload = base64url::decode(self.payload().as_bytes());
        payload.map_err(|error| error.or(|| Error::InvalidBase64(Segment::Payload)))
    }
}

/// Marks the disclosures that a path needs; returns whether there is a claim at it.
fn choose(node: &Node<'_>, path: &[Step], chosen: &mut [bool]) -> bool {
    let is_found = match path {
        [] => {
            for (_, child) in children(node) {
                choose(child, &[], chosen);
            }
            true
        }
        [next, rest @ ..] => {
            let mut is_found = false;
            for (step, child) in children(node) {
                let is_next = match next {
                    Step::Each => matches!(step, Step::Index(_)),
                    next => step == *next,
                };
                is_found |= is_next && choose(child, rest, chosen);
            }
            is_found
        }
    };
    if let Some(number) = node.disclosure.filter(|_| is_found) {
        chosen[number] = true;
    }
    is_found
}

/// Returns the values inside a value, each with the step to it.
fn children<'n, 'a>(node: &'n Node<'a>) -> Vec<(Step, &'n Node<'a>)> {
    match &node.content {
        Content::Scalar(_) => Vec::new(),
        Content::Array(elements) => {
            elements.iter().enumerate().map(|(index, one)| (Step::Index(index), one)).collect()
        }
        Content::Object(members) => {
            members.iter().map(|(name, one)| (Step::Name(name.clone()), one)).collect()
        }
    }
}
