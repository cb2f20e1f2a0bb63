//! Prepared keys under the policy of a verifier: from a token to its verified payload.

use std::sync::Arc;

use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList, PyTuple};

use super::policy::{Presentation, VerifierPolicy};
use crate::algorithm::Algorithm;
use crate::crypto::PreparedKey;
use crate::dangerous;
use crate::error::Error;
use crate::jws::{Compact, NewlyVerified, Unseen, Verified};
use crate::key::validity::Validity;
use crate::keyring::{Choice, Keyring};
use crate::malformed::explained;
use crate::python::claims_view::Record;
use crate::python::cpython;
use crate::python::errors::Raised;
use crate::python::fast_path::FastPath;
use crate::python::header_cache::{self, CachedHeader};
use crate::python::keys::argument::prepare_or_raise;
use crate::python::keys::identity::Identity;
use crate::python::keys::key_mistakes::Prepared;
use crate::python::keys::length;
use crate::python::once::intern;
use crate::python::{clock, decoded};
use crate::sd_jwt::SdJwt;
use crate::signature_cache::SignatureCache;

/// The keys in memory, the cache and the policy of a `Verifier`.
pub(in crate::python) struct VerifyingKeys {
    prepared: Arc<PreparedKeys>,
    policy: Py<VerifierPolicy>,
}

/// Prepared keys and their cache, which verifiers with different policies can share.
struct PreparedKeys {
    keyring: Keyring<VerifyingKey>,
    cache: Option<SignatureCache>,
    /// The times at which keys become valid or invalid, in order; none if all are valid forever.
    bounds: Vec<f64>,
}

struct VerifyingKey {
    key: Arc<PreparedKey>,
    validity: Option<Validity>,
}

impl VerifyingKey {
    #[inline]
    fn is_valid(&self, now: f64) -> bool {
        self.validity.is_none_or(|validity| validity.includes(now))
    }
}

impl AsRef<PreparedKey> for VerifyingKey {
    fn as_ref(&self) -> &PreparedKey {
        &self.key
    }
}

/// A split token, with the keys chosen for it.
#[derive(Clone, Copy)]
pub(super) struct Chosen<'a> {
    compact: Compact<'a>,
    algorithm: &'static Algorithm,
    keys: Choice,
}

impl VerifyingKeys {
    pub(super) fn new(policy: Py<VerifierPolicy>, keys: &Bound<'_, PyAny>) -> PyResult<Self> {
        let keyring = Keyring::new(entries(policy.get(), keys)?);
        let validities = keyring.keys().filter_map(|key| key.validity.as_ref());
        let mut bounds: Vec<_> = validities.flat_map(Validity::bounds).collect();
        bounds.sort_by(f64::total_cmp);
        let cache_size = policy.get().cache_size;
        if cache_size > 0 && !bounds.is_empty() {
            return Err(PyValueError::new_err(
                "cache_size must be 0 for HistoricalKeys: the cache does not know when a key was \
                 valid",
            ));
        }
        let cache = (cache_size > 0).then(|| SignatureCache::new(cache_size));
        Ok(Self { prepared: Arc::new(PreparedKeys { keyring, cache, bounds }), policy })
    }

    /// Returns the same keys under another policy, which allows the same algorithms.
    pub(super) fn under(&self, policy: Py<VerifierPolicy>) -> Self {
        Self { prepared: Arc::clone(&self.prepared), policy }
    }

    pub(in crate::python) const fn policy(&self) -> &Py<VerifierPolicy> {
        &self.policy
    }

    /// Returns the allowed algorithms, or those of the keys if none were passed.
    pub(super) fn algorithms(&self) -> Vec<&'static Algorithm> {
        match &self.policy.get().allowed {
            Some(allowed) => allowed.clone(),
            None => self.prepared.keyring.algorithms().collect(),
        }
    }

    pub(super) fn cache(&self) -> Option<&SignatureCache> {
        self.prepared.cache.as_ref()
    }

    /// Returns the time to choose keys for: now, or any if the keys are valid forever.
    #[inline]
    pub(super) fn now(&self, py: Python<'_>) -> PyResult<f64> {
        if self.prepared.bounds.is_empty() { Ok(0.0) } else { clock::now(py) }
    }

    /// Returns the number of the span of time, in all of which the same keys are valid.
    pub(in crate::python) fn span(&self, now: f64) -> usize {
        self.prepared.bounds.partition_point(|bound| *bound <= now)
    }

    /// Verifies a token, or finds it in the cache.
    pub(super) fn open(&self, py: Python<'_>, token: &[u8], now: f64) -> Result<Verified, Error> {
        let open = || {
            let chosen = self.choose(token, now)?;
            let Some(cache) = &self.prepared.cache else {
                return self.verify(&chosen, now);
            };
            match recall(py, cache, &chosen) {
                Ok(verified) => Ok(verified),
                Err(unseen) => Ok(remember(py, cache, self.verify_unseen(&chosen, unseen)?)),
            }
        };
        open().map_err(|error| explained(token, error))
    }

    /// Verifies a token with keys that are valid at that time, without looking in the cache. Does not
    /// need the interpreter. Errors about its form are for the caller to [explain](explained).
    pub(in crate::python) fn verify_uncached(
        &self,
        token: &[u8],
        now: f64,
    ) -> Result<Verified, Error> {
        self.verify(&self.choose(token, now)?, now)
    }

    /// Splits a token and chooses keys for it. Does not need the interpreter. Errors about its form
    /// are for the caller to [explain](explained), as those of `verify` are.
    #[inline]
    pub(super) fn choose<'a>(&self, token: &'a [u8], now: f64) -> Result<Chosen<'a>, Error> {
        self.policy.get().bounds.check_token(token)?;
        let compact = Compact::split(token)?;
        let choose = |header: &CachedHeader| {
            let chosen = self.prepared.keyring.choose(header.algorithm, header.kid.as_deref());
            let keys = chosen.map_err(|error| self.explained_choice(header.algorithm, error))?;
            self.typed(header, Chosen { compact, algorithm: header.algorithm, keys })
        };
        let chosen = if self.prepared.bounds.is_empty() {
            with_header(&compact, choose)
        } else {
            self.choose_at(&compact, now)
        };
        chosen.unwrap_or_else(|| Err(refusal(token)))
    }

    /// Returns what was chosen for a token if its `typ` is accepted.
    #[inline]
    fn typed<'a>(&self, header: &CachedHeader, chosen: Chosen<'a>) -> Result<Chosen<'a>, Error> {
        match self.policy.get().types() {
            None => Ok(chosen),
            Some(types) => types.check(header.media_type.as_deref()).map(|()| chosen),
        }
    }

    /// Chooses among the keys that are valid at this time; `None` for an unusual header.
    #[cold]
    fn choose_at<'a>(&self, compact: &Compact<'a>, now: f64) -> Option<Result<Chosen<'a>, Error>> {
        with_header(compact, |header| {
            let (algorithm, kid) = (header.algorithm, header.kid.as_deref());
            let keyring = &self.prepared.keyring;
            let chosen = keyring.choose_among(algorithm, kid, |key| key.is_valid(now));
            let keys = chosen.map_err(|error| {
                self.explained_choice(algorithm, self.refused_key(algorithm, kid, now, error))
            })?;
            self.typed(header, Chosen { compact: *compact, algorithm, keys })
        })
    }

    /// Returns the error for a token whose key is one that is not valid at this time; any other
    /// error as it is.
    fn refused_key(
        &self,
        algorithm: &'static Algorithm,
        kid: Option<&str>,
        now: f64,
        error: Error,
    ) -> Error {
        if !matches!(error, Error::AlgorithmNotAllowed | Error::NoMatchingKey) {
            return error;
        }
        let keyring = &self.prepared.keyring;
        match keyring.choose_among(algorithm, kid, |key| !key.is_valid(now)) {
            Ok(choice) => {
                let mut times = keyring.chosen(choice, algorithm).filter_map(|key| key.validity);
                times.find_map(|validity| validity.check(now).err()).unwrap_or(error)
            }
            Err(Error::AlgorithmNotAllowed) => error,
            Err(other) => other,
        }
    }

    /// Says in the error for an `alg` without a key which ones have a key.
    #[cold]
    fn explained_choice(&self, found: &'static Algorithm, error: Error) -> Error {
        match error {
            Error::AlgorithmNotAllowed => Error::AlgorithmRefused {
                found: found.name,
                allowed: self
                    .prepared
                    .keyring
                    .algorithms()
                    .map(|algorithm| algorithm.name)
                    .collect(),
            },
            error => error,
        }
    }

    /// Verifies a token with the chosen keys that are valid at that time. Does not need the
    /// interpreter.
    pub(super) fn verify(&self, chosen: &Chosen<'_>, now: f64) -> Result<Verified, Error> {
        let keys = self.keys_of(chosen).filter(|key| key.is_valid(now));
        chosen.compact.verify_any(keys.map(AsRef::as_ref))
    }

    /// Does what [`verify`](Self::verify) does, for a token that the cache must remember. With a cache,
    /// all keys are valid forever.
    pub(super) fn verify_unseen(
        &self,
        chosen: &Chosen<'_>,
        unseen: Unseen<'_>,
    ) -> Result<NewlyVerified, Error> {
        unseen.verify_any(self.keys_of(chosen).map(AsRef::as_ref))
    }

    fn keys_of(&self, chosen: &Chosen<'_>) -> impl Iterator<Item = &VerifyingKey> {
        self.prepared.keyring.chosen(chosen.keys, chosen.algorithm)
    }

    /// Returns whether newer keys may verify a token that these refused; see
    /// [`Keyring::may_be_outdated`].
    pub(super) fn may_be_outdated(&self, token: &[u8], is_signature_wrong: bool) -> bool {
        let policy = self.policy.get();
        let may_be = |header: &CachedHeader| {
            policy.allowed.as_ref().is_some_and(|allowed| allowed.contains(&header.algorithm))
                && self.prepared.keyring.may_be_outdated(
                    header.algorithm,
                    header.kid.as_deref(),
                    is_signature_wrong,
                )
        };
        policy.bounds.check_token(token).is_ok()
            && Compact::split(token)
                .is_ok_and(|compact| with_header(&compact, may_be).unwrap_or(false))
    }

    /// Does what [`VerifierPolicy::accept`] does.
    pub(super) fn accept<'py>(
        &self,
        py: Python<'py>,
        verified: &Verified,
    ) -> PyResult<Bound<'py, PyAny>> {
        self.policy.get().accept(py, verified)
    }

    /// Verifies a token and returns what `Verifier.decode_complete` returns.
    pub(super) fn complete<'py>(
        &self,
        py: Python<'py>,
        token: &[u8],
    ) -> PyResult<Bound<'py, PyDict>> {
        if let Some(presentation) = self.policy.get().presentation() {
            return self.complete_presentation(py, token, presentation);
        }
        let verified = self.open(py, token, self.now(py)?)?;
        decoded::complete(self.accept_dict(py, &verified)?, &Compact::split(token)?)
    }

    /// Does what [`complete`](Self::complete) does for an SD-JWT: the payload is the processed one,
    /// and `key_binding` has the claims of the key binding JWT, or None.
    #[inline(never)]
    fn complete_presentation<'py>(
        &self,
        py: Python<'py>,
        token: &[u8],
        Presentation { key_binding, limits }: &Presentation,
    ) -> PyResult<Bound<'py, PyDict>> {
        self.policy.get().bounds.check_token(token)?;
        let sd_jwt = SdJwt::parse(token, limits.disclosures)?;
        let now = self.now(py)?;
        let open = |issuer_jwt: &[u8]| self.open(py, issuer_jwt, now);
        let verified = sd_jwt.verify(open, key_binding, *limits, clock::now(py)?)?;
        let issuer_jwt = sd_jwt.issuer_jwt();
        let payload = self.accept_dict(py, &verified.claims)?;
        let complete = decoded::complete(payload, &Compact::split(issuer_jwt.as_bytes())?)?;
        let claims = |json: &Vec<u8>| decoded::claims(py, json, &mut Record::default());
        let bound = verified.key_binding.as_ref().map(claims).transpose()?;
        complete.set_item(intern!(py, "key_binding"), bound)?;
        Ok(complete)
    }

    /// Does what [`VerifierPolicy::accept_dict`] does.
    pub(super) fn accept_dict<'py>(
        &self,
        py: Python<'py>,
        verified: &Verified,
    ) -> PyResult<Bound<'py, PyDict>> {
        self.policy.get().accept_dict(py, verified)
    }
}

/// Returns a token that the cache contains; otherwise, what the cache needs to remember it once it
/// has verified.
///
/// The cache is used only while this thread is attached to the interpreter. Therefore nobody holds
/// its lock while the process forks.
pub(super) fn recall<'a>(
    _py: Python<'_>,
    cache: &SignatureCache,
    chosen: &Chosen<'a>,
) -> Result<Verified, Unseen<'a>> {
    // The token's header, which is part of the fingerprint, determines which keys without an ID are
    // tried. So all of them can share one number, which is not the index of any key.
    let key_id = match chosen.keys {
        Choice::One(index) => index,
        Choice::EachWithoutId => usize::MAX,
    };
    chosen.compact.verified_before(&key_id.to_be_bytes(), chosen.algorithm, cache)
}

/// Stores a token in the cache; the rule of [`recall`] about the interpreter applies here too.
pub(super) fn remember(
    _py: Python<'_>,
    cache: &SignatureCache,
    verified: NewlyVerified,
) -> Verified {
    verified.remember(cache)
}

/// Returns the `kid` of a token that was verified.
pub(in crate::python) fn key_id(token: &[u8]) -> Option<Box<str>> {
    with_header(&Compact::split(token).ok()?, |header| header.kid.clone()).flatten()
}

/// Returns what `read` returns for a token's header; `None` for an unusual header.
#[inline]
fn with_header<R>(compact: &Compact<'_>, read: impl Fn(&CachedHeader) -> R) -> Option<R> {
    header_cache::read(compact.header(), &read)
        .or_else(|| header_cache::parse(compact.header()).as_ref().map(read))
}

/// Why a token with an unusual header is refused: it breaks a rule of its form, it needs a detached
/// payload, or its algorithm is none that a key could be prepared for.
fn refusal(token: &[u8]) -> Error {
    match dangerous::read_unverified(token) {
        Err(error) => error,
        Ok(read) if read.header.has_unencoded_payload() => {
            if read.header.is_critical("b64") {
                Error::DetachedPayloadRequired
            } else {
                Error::B64NotCritical
            }
        }
        Ok(read) => read.header.alg().err().unwrap_or(Error::AlgorithmNotAllowed),
    }
}

type Entry = (Option<String>, VerifyingKey);

/// Prepares the keys.
///
/// If the caller passes a key that fits none of the algorithms, that is an error. In a set, which
/// may contain keys for other purposes too, such a key is skipped.
fn entries(policy: &VerifierPolicy, keys: &Bound<'_, PyAny>) -> PyResult<Vec<Entry>> {
    let py = keys.py();
    let fast_path = FastPath::get(py)?;
    let choice = py.import(intern!(py, "rapidjwt._key_choice"))?;
    let historical =
        cpython::call(&choice.getattr(intern!(py, "historical_members"))?, &[keys], None)?;
    let (members, validities) = if historical.is_none() {
        (cpython::call(&choice.getattr(intern!(py, "members"))?, &[keys], None)?, None)
    } else {
        let (members, times): (_, Vec<_>) = historical.extract()?;
        (members, Some(times.into_iter().map(validity)))
    };
    let is_list = keys.is_instance_of::<PyList>() || keys.is_instance_of::<PyTuple>();
    let is_set = !is_list && !members.is_none();
    let members = if members.is_none() { vec![keys.clone()] } else { members.extract()? };
    let mut validities = validities.into_iter().flatten();
    let mut entries = Vec::new();
    for key in &members {
        let validity = validities.next();
        let identity = Identity::of(fast_path, key, Prepared::Verifier)?;
        let prepared = prepare_allowed(fast_path, key, &identity, policy);
        let prepared = match prepared.map_err(|error| Raised::new(py, error)) {
            Ok(prepared) => prepared,
            Err(error) if is_set && error.is_ours(py) => continue,
            Err(error) => return Err(error.into()),
        };
        for prepared in prepared {
            length::check(fast_path, py, &prepared, policy.enforce_key_length)?;
            entries.push((identity.kid.clone(), VerifyingKey { key: prepared, validity }));
        }
    }
    match (entries.is_empty(), is_set) {
        (false, _) => Ok(entries),
        (true, true) => Err(Error::NoUsableKey.into()),
        (true, false) => Err(PyValueError::new_err("A Verifier needs a key")),
    }
}

/// Reads the times of a member of `HistoricalKeys`.
fn validity(
    (not_before, expires, revoked_at): (Option<f64>, Option<f64>, Option<f64>),
) -> Validity {
    Validity { not_before, expires, revoked_at }
}

/// Prepares the key for the allowed algorithms, or for the one that the key itself names.
fn prepare_allowed(
    fast_path: &FastPath,
    key: &Bound<'_, PyAny>,
    identity: &Identity,
    policy: &VerifierPolicy,
) -> PyResult<Vec<Arc<PreparedKey>>> {
    match (policy.allowed.as_deref(), identity.algorithm) {
        // A key that names its algorithm is used only with that one (RFC 8725 Section 3.1).
        (Some(allowed), Some(named)) if !allowed.contains(&named) => {
            let allowed: Vec<_> = allowed.iter().map(|algorithm| algorithm.name).collect();
            Err(Error::invalid_key(format!(
                "The key is for {} (its own alg), which is not among the allowed algorithms: {}",
                named.name,
                allowed.join(", ")
            ))
            .into())
        }
        (_, Some(named)) => {
            if let Some(profile) = policy.profile().filter(|profile| !profile.permits(named)) {
                return Err(
                    profile.error(&format!("does not allow {}, the alg of the key", named.name))
                );
            }
            prepare_for_any(fast_path, key, &[named])
        }
        (Some(allowed), None) => prepare_for_any(fast_path, key, allowed),
        (None, None) => Err(PyValueError::new_err(
            "algorithms is needed, for example algorithms=[\"RS256\"]: the key does not say what \
                 it is for",
        )),
    }
}

/// Prepares the key for each algorithm that it fits.
///
/// Raises the first error if it fits none.
fn prepare_for_any(
    fast_path: &FastPath,
    key: &Bound<'_, PyAny>,
    algorithms: &[&'static Algorithm],
) -> PyResult<Vec<Arc<PreparedKey>>> {
    let mut prepared = Vec::new();
    let mut refused = None;
    for algorithm in algorithms {
        let py = key.py();
        match prepare_or_raise(fast_path, key, algorithm).map_err(|error| Raised::new(py, error)) {
            Ok(key) => prepared.push(key),
            Err(error) if error.is_refusal(py) => refused = refused.or(Some(error)),
            Err(error) => return Err(error.into()),
        }
    }
    match refused {
        Some(error) if prepared.is_empty() => Err(error.into()),
        _ => Ok(prepared),
    }
}
