//! `Verifier`: keys prepared and a policy fixed once, for tokens that come all day.

use std::sync::Arc;

use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyIterator, PyList, PyTuple};

use super::arguments::{self, Expected, Options};
use super::batch::DecodedMany;
use super::cache_info::CacheInfo;
use super::claims_view::PyClaims;
use super::first_use::intern;
use super::key::{Key, prepare_or_raise};
use super::key_cache::CachedKey;
use super::road::Road;
use super::{clock, jwt, known_headers, payload};
use crate::algorithm::Algorithm;
use crate::claims::{self, Checks, ExpectedAudience, Policy};
use crate::crypto::{Fingerprint, PreparedKey};
use crate::dangerous;
use crate::error::Error;
use crate::jws::Compact;
use crate::keyring::Keyring;
use crate::signature_cache::SignatureCache;

/// Verifies tokens with keys and a policy that are fixed when it is made.
///
/// It accepts what `rapidjwt.decode` accepts with the same arguments, in less time: keys are parsed
/// and arguments read once. Immutable and safe to share between threads.
///
/// Arguments:
///     key: a PEM or OpenSSH text, a secret, a `Key`, a `PyJWK`, a key object of cryptography, or
///         a list of those. Of several keys the one with the token's `kid` is taken, and without a
///         `kid` the only one that fits the token's `alg` (RFC 7515 Section 4.1.4).
///     algorithms: the allowed `alg` values. May be left out for keys that name theirs (a `PyJWK`,
///         a `Key` whose JWK has `alg`).
///     audience: the audience or audiences that the token may be for; None refuses tokens with
///         an `aud` claim.
///     issuer: the issuer or issuers that are accepted; None accepts all.
///     subject: the subject that is accepted; None accepts all.
///     leeway: seconds, or a timedelta, by which clocks may differ; 0 by default.
///     require: names of claims that must be there.
///     options: as for `rapidjwt.decode`; `verify_signature` cannot be False.
///     `cache_size`: how many verified signatures to remember, 0 (none) by default. The claims of a
///         remembered token are checked each time.
///
/// Raises `InvalidKeyError` for a key that fits none of the algorithms, `TypeError` and `ValueError` for
/// other wrong arguments.
#[pyclass(frozen, module = "rapidjwt")]
pub(super) struct Verifier {
    keyring: Keyring<RingKey>,
    policy: OwnedPolicy,
    cache: Option<SignatureCache>,
}

struct RingKey(Arc<CachedKey>);

impl AsRef<PreparedKey> for RingKey {
    fn as_ref(&self) -> &PreparedKey {
        &self.0.key
    }
}

struct OwnedPolicy {
    checks: Checks,
    leeway: f64,
    require: Vec<String>,
    issuers: Option<Vec<String>>,
    audience: OwnedAudience,
    subject: Option<String>,
}

enum OwnedAudience {
    None,
    One(String),
    AnyOf(Vec<String>),
}

impl OwnedPolicy {
    fn validate(&self, claims: &Bound<'_, PyDict>) -> PyResult<()> {
        let policy = Policy {
            checks: self.checks,
            leeway: self.leeway,
            require: &self.require,
            issuers: self.issuers.as_deref(),
            audience: match &self.audience {
                OwnedAudience::None => ExpectedAudience::None,
                OwnedAudience::One(one) => ExpectedAudience::One(one),
                OwnedAudience::AnyOf(any) => ExpectedAudience::AnyOf(any),
            },
            subject: self.subject.as_deref(),
        };
        Ok(claims::validate(&PyClaims(claims), &policy, clock::now(claims.py())?)?)
    }
}

#[pymethods]
impl Verifier {
    #[new]
    #[pyo3(signature = (
        key, *, algorithms=None, audience=None, issuer=None, subject=None, leeway=None,
        require=None, options=None, cache_size=0
    ), text_signature = "(key, *, algorithms=None, audience=None, issuer=None, subject=None, \
        leeway=0, require=(), options=None, cache_size=0)")]
    #[allow(clippy::too_many_arguments, reason = "they are the policy, each with its name")]
    fn new(
        key: &Bound<'_, PyAny>,
        algorithms: Option<&Bound<'_, PyAny>>,
        audience: Option<&Bound<'_, PyAny>>,
        issuer: Option<&Bound<'_, PyAny>>,
        subject: Option<String>,
        leeway: Option<&Bound<'_, PyAny>>,
        require: Option<&Bound<'_, PyAny>>,
        options: Option<&Bound<'_, PyAny>>,
        cache_size: i64,
    ) -> PyResult<Self> {
        let road = Road::get(key.py())?;
        let options = Options::read(options)
            .ok_or_else(|| PyTypeError::new_err("options must be a dict of booleans and lists"))?;
        if !options.verify_signature {
            return Err(PyValueError::new_err(
                "A Verifier always verifies; to read a token without verifying it, call \
                 rapidjwt.decode(token, options={\"verify_signature\": False})",
            ));
        }
        let enforce = options.enforce_minimum_key_length;
        Ok(Self {
            keyring: Keyring::new(ring_entries(road, key, algorithms, enforce)?),
            policy: read_policy(&options, audience, issuer, subject, leeway, require)?,
            cache: read_cache_size(cache_size)?.map(SignatureCache::new),
        })
    }

    /// Verifies a token and returns its claims.
    ///
    /// Raises the exceptions of `rapidjwt.decode`.
    #[pyo3(signature = (token))]
    fn decode<'py>(&self, token: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyDict>> {
        let py = token.py();
        self.accept(py, &self.verify(py, jwt::token_bytes(token)?)?)
    }

    /// Verifies a token and returns a dict with its `payload`, `header` and `signature`.
    ///
    /// Raises the exceptions of `rapidjwt.decode`.
    #[pyo3(signature = (token))]
    fn decode_complete<'py>(&self, token: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyDict>> {
        let (py, bytes) = (token.py(), jwt::token_bytes(token)?);
        let claims = self.accept(py, &self.verify(py, bytes)?)?;
        jwt::complete(claims, &Compact::split(bytes)?)
    }

    /// Verifies many tokens; returns an iterator over the claims, in the order of the tokens.
    ///
    /// In place of a token that is refused it gives the exception object. Tokens are taken from the
    /// iterable in chunks, whose signatures are verified on all cores outside the interpreter lock.
    #[pyo3(signature = (tokens))]
    fn decode_many(slf: &Bound<'_, Self>, tokens: &Bound<'_, PyAny>) -> PyResult<DecodedMany> {
        let tokens: Bound<'_, PyIterator> = tokens.try_iter()?;
        Ok(DecodedMany::new(slf.clone().unbind(), tokens.unbind()))
    }

    /// Hits, misses, capacity and entries of the verified-signature cache.
    fn cache_info(&self) -> CacheInfo {
        self.cache.as_ref().map_or((0, 0, 0, 0), SignatureCache::info).into()
    }

    /// Empties the verified-signature cache.
    fn cache_clear(&self) {
        if let Some(cache) = &self.cache {
            cache.clear();
        }
    }
}

impl Verifier {
    /// The payload of a token whose signature is right.
    ///
    /// The cache is looked at with a thread attached to the interpreter only: so nobody holds its
    /// lock while the process forks.
    fn verify(&self, py: Python<'_>, token: &[u8]) -> Result<Vec<u8>, Error> {
        match self.look_up(py, token) {
            Seen::Before(payload) => Ok(payload),
            Seen::Never(fingerprint) => {
                let payload = self.verify_detached(token)?;
                self.remember(py, fingerprint);
                Ok(payload)
            }
        }
    }

    /// What the cache knows of a token.
    pub(super) fn look_up(&self, _py: Python<'_>, token: &[u8]) -> Seen {
        let Some(cache) = &self.cache else {
            return Seen::Never(None);
        };
        let Ok((compact, index)) = self.choose(token) else {
            return Seen::Never(None);
        };
        match compact.verified_before(&index.to_be_bytes(), cache) {
            Ok(verified) => Seen::Before(verified.into_payload()),
            Err(fingerprint) => Seen::Never(Some(fingerprint)),
        }
    }

    /// Remembers a token that has verified.
    pub(super) fn remember(&self, _py: Python<'_>, fingerprint: Option<Fingerprint>) {
        if let (Some(cache), Some(fingerprint)) = (&self.cache, fingerprint) {
            cache.insert(fingerprint);
        }
    }

    /// The payload of a token whose signature is right. Needs no interpreter.
    pub(super) fn verify_detached(&self, token: &[u8]) -> Result<Vec<u8>, Error> {
        let (compact, index) = self.choose(token)?;
        Ok(compact.verify(self.keyring.key(index))?.into_payload())
    }

    /// The split token and the index of the key for it.
    fn choose<'a>(&self, token: &'a [u8]) -> Result<(Compact<'a>, usize), Error> {
        let compact = Compact::split(token)?;
        let header = known_headers::read(compact.header)
            .or_else(|| known_headers::parse(compact.header))
            .ok_or_else(|| refusal(token))?;
        Ok((compact, self.keyring.choose(header.algorithm, header.kid.as_deref())?))
    }

    /// The claims of a verified payload, if they keep the policy.
    pub(super) fn accept<'py>(
        &self,
        py: Python<'py>,
        verified: &[u8],
    ) -> PyResult<Bound<'py, PyDict>> {
        let claims = payload::claims(py, verified)?;
        self.policy.validate(&claims)?;
        Ok(claims)
    }
}

/// What the verified-signature cache knows of a token.
pub(super) enum Seen {
    /// It has verified before; its payload.
    Before(Vec<u8>),
    /// It has not; what to remember when it does, if there is a cache.
    Never(Option<Fingerprint>),
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

fn read_cache_size(size: i64) -> PyResult<Option<usize>> {
    let size = usize::try_from(size)
        .map_err(|_| PyValueError::new_err("cache_size cannot be negative"))?;
    Ok((size > 0).then_some(size))
}

fn ring_entries(
    road: &Road,
    keys: &Bound<'_, PyAny>,
    algorithms: Option<&Bound<'_, PyAny>>,
    enforce_length: bool,
) -> PyResult<Vec<(Option<String>, RingKey)>> {
    let allowed = algorithms.map(read_algorithms).transpose()?;
    let keys: Vec<Bound<'_, PyAny>> =
        if keys.is_instance_of::<PyList>() || keys.is_instance_of::<PyTuple>() {
            keys.try_iter()?.collect::<PyResult<_>>()?
        } else {
            vec![keys.clone()]
        };
    if keys.is_empty() {
        return Err(PyValueError::new_err("A Verifier needs a key"));
    }
    let mut entries = Vec::new();
    for key in &keys {
        let identity = Identity::of(road, key)?;
        let own;
        let candidates = match (&allowed, identity.algorithm) {
            // A key that names its algorithm serves that one only (RFC 8725 Section 3.1).
            (Some(allowed), Some(named)) if !allowed.contains(&named) => {
                return Err(Error::invalid_key(
                    "The key's own alg is not among the allowed algorithms",
                )
                .into());
            }
            (_, Some(named)) => {
                own = [named];
                &own[..]
            }
            (Some(allowed), None) => allowed,
            (None, None) => {
                return Err(PyValueError::new_err(
                    "algorithms is needed: the key does not say what it is for",
                ));
            }
        };
        let prepared = prepare_for_any(road, key, candidates)?;
        for prepared in prepared {
            jwt::check_key_length(road, key.py(), &prepared, enforce_length)?;
            entries.push((identity.kid.clone(), RingKey(prepared)));
        }
    }
    Ok(entries)
}

/// The key made ready for each algorithm that it fits.
///
/// Raises what is wrong with it when it fits none.
fn prepare_for_any(
    road: &Road,
    key: &Bound<'_, PyAny>,
    algorithms: &[&'static Algorithm],
) -> PyResult<Vec<Arc<CachedKey>>> {
    let mut prepared = Vec::new();
    let mut refused = None;
    for algorithm in algorithms {
        match prepare_or_raise(road, key, algorithm) {
            Ok(key) => prepared.push(key),
            Err(error) => refused = refused.or(Some(error)),
        }
    }
    match refused {
        Some(error) if prepared.is_empty() => Err(error),
        _ => Ok(prepared),
    }
}

/// What a key says of itself.
struct Identity {
    kid: Option<String>,
    algorithm: Option<&'static Algorithm>,
}

impl Identity {
    fn of(road: &Road, key: &Bound<'_, PyAny>) -> PyResult<Self> {
        if let Ok(key) = key.cast_exact::<Key>() {
            let key = key.get();
            let kid = key.key_id().map(str::to_owned);
            return Ok(Self { kid, algorithm: key.named_algorithm() });
        }
        if road.is_pyjwk(key) {
            let py = key.py();
            let name: String = key.getattr(intern!(py, "algorithm_name"))?.extract()?;
            let kid = key.getattr(intern!(py, "key_id"))?;
            return Ok(Self {
                kid: arguments::string(&kid).map(str::to_owned),
                algorithm: known_headers::by_exact_name(&name),
            });
        }
        Ok(Self { kid: None, algorithm: None })
    }
}

fn read_algorithms(algorithms: &Bound<'_, PyAny>) -> PyResult<Vec<&'static Algorithm>> {
    let names = arguments::strings(algorithms).ok_or_else(|| {
        PyTypeError::new_err("algorithms must be a list of names, for example [\"RS256\"]")
    })?;
    if names.is_empty() {
        return Err(PyValueError::new_err("algorithms is empty"));
    }
    arguments::borrowed(&names)
        .into_iter()
        .map(|name| {
            known_headers::signature_algorithm(name).ok_or_else(|| {
                // Not quoted: it may be a key in the wrong place.
                PyValueError::new_err("algorithms has a name that cannot verify a token")
            })
        })
        .collect()
}

fn read_policy(
    options: &Options<'_>,
    audience: Option<&Bound<'_, PyAny>>,
    issuer: Option<&Bound<'_, PyAny>>,
    subject: Option<String>,
    leeway: Option<&Bound<'_, PyAny>>,
    require: Option<&Bound<'_, PyAny>>,
) -> PyResult<OwnedPolicy> {
    let wrong = |name, what| PyTypeError::new_err(format!("{name} must be {what}"));
    let one_or_several = "a string, or a list, tuple or set of strings";
    let owned = |strings: &[&str]| strings.iter().map(|&text| text.to_owned()).collect();

    let audience = Expected::read(audience).ok_or_else(|| wrong("audience", one_or_several))?;
    let issuer = Expected::read(issuer).ok_or_else(|| wrong("issuer", one_or_several))?;
    let mut required: Vec<String> = owned(&arguments::borrowed(&options.require));
    if let Some(require) = require {
        let names = arguments::strings(require)
            .ok_or_else(|| wrong("require", "a list, tuple or set of strings"))?;
        required.extend(arguments::borrowed(&names).into_iter().map(str::to_owned));
    }
    Ok(OwnedPolicy {
        checks: options.checks,
        leeway: arguments::leeway(leeway)
            .filter(|leeway| leeway.is_finite())
            .ok_or_else(|| wrong("leeway", "a number of seconds or a timedelta"))?,
        require: required,
        issuers: match &issuer {
            Expected::Nothing => None,
            Expected::One(one) => Some(vec![(*one).to_owned()]),
            Expected::AnyOf(_) => Some(owned(&issuer.any_of())),
        },
        audience: match &audience {
            Expected::Nothing => OwnedAudience::None,
            Expected::One(one) => OwnedAudience::One((*one).to_owned()),
            Expected::AnyOf(_) => OwnedAudience::AnyOf(owned(&audience.any_of())),
        },
        subject,
    })
}
