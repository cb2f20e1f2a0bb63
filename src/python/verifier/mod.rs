//! `Verifier`: keys that are prepared and a policy that is read once, for many tokens.

pub(super) mod batch;
mod description;
pub(super) mod keys;
pub(super) mod policy;

use std::ffi::CStr;
use std::sync::Arc;

use pyo3::Borrowed;
use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict, PyIterator, PyString, PyTuple};
use pyo3::{PyTraverseError, PyVisit};

use batch::DecodedMany;
use keys::VerifyingKeys;
use policy::{Arguments, Presentation, VerifierPolicy};

use crate::algorithm::{Algorithm, Family};
use crate::python::arguments::{exact, exact_seconds, type_name};
use crate::python::cache_info::CacheInfo;
use crate::python::cpython;
use crate::python::once::{ForkSafeOnce, intern};
use crate::python::vectorcall::Method;
use crate::python::{decoded, profile};
use crate::signature_cache::SignatureCache;

/// A verifier of tokens, with keys and a policy that are fixed when it is made.
///
/// It accepts what `rapidjwt.decode` accepts with the same arguments, in less time: keys are parsed
/// and arguments are read only once. It is immutable and safe to share between threads.
///
/// Arguments:
///     key: a PEM or OpenSSH text, a secret, a `Key`, a `PyJWK`, a key object of cryptography, a
///         list or tuple of those, a `KeySet`, a `PyJWKSet` or `HistoricalKeys`, of which those are
///         used that are valid at the time. If there are several keys, the one with the token's
///         `kid` is used (RFC 7515 Section 4.1.4); see
///         docs/prepared-objects.md for tokens without a `kid`.
///     jwks: instead of `key`, a `JWKSClient` or an `AsyncJWKSClient`, which fetches the keys.
///     algorithms: the allowed `alg` values. They may be left out for keys that name theirs (a
///         `PyJWK`, a `Key` whose JWK has `alg`), but not with `jwks`, which refuses HS algorithms.
///     audience: the accepted audience or audiences; None refuses tokens with an `aud` claim.
///     issuer: the accepted issuer or issuers; None accepts all.
///     subject: the accepted subject; None accepts all.
///     leeway: seconds, or a timedelta, by which clocks may differ; 0 by default.
///     require: names of claims that must be present.
///     options: as for `rapidjwt.decode`; `verify_signature` cannot be False.
///     `cache_size`: the number of verified signatures to remember, 0 (none) by default. The claims
///         of a remembered token are checked each time.
///     `max_token_size`: the maximum number of bytes in a token, checked before any other work;
///         None, the default, means no limit, as in PyJWT.
///     `max_nesting`: the maximum depth of nested arrays and objects in the payload, where the
///         payload itself counts as 1; None, the default, means as deep as Python's json reads.
///     decrypter: a `rapidjwt.jwe.Decrypter`. Tokens must then be signed and encrypted: a JWE with
///         `cty` JWT around a JWS (RFC 7519 Section 5.2). Without one, the default, a JWE is
///         refused.
///     profile: what a standard demands of this kind of token, from `rapidjwt.profiles`.
///     rules: a dict from claims, or tuples of names inside them, to what they must be: a value, a
///         rule of `rapidjwt.rules`, or a function that gets the value and returns a bool.
///     `max_age`: the most seconds, or a timedelta, since `iat`, which is then required.
///     `max_lifetime`: the most seconds, or a timedelta, from `iat` to `exp`, which are then
///         required.
///     replay: a store of `rapidjwt.replay`. Tokens are then accepted once; they must have `jti` and
///         `exp`.
///     revocation: a list of `rapidjwt.revocation`, whose tokens are refused.
///     claims: the type of the claims that `decode` returns in place of a dict: a dataclass, a
///         `TypedDict`, a `msgspec.Struct`, a pydantic model, a `TypeAdapter` or a class of attrs.
///
/// Raises `InvalidKeyError` for a key that fits none of the algorithms, `PyJWKSetError` for a set
/// without a key that does, `TypeError` and `ValueError` for other wrong arguments.
#[pyclass(frozen, generic, weakref, module = "rapidjwt")]
pub(super) struct Verifier {
    keys: Keys,
}

enum Keys {
    Held(Arc<VerifyingKeys>),
    /// An object whose methods have the same names as those here: of `rapidjwt.jwks.verifier`,
    /// which fetches the keys, of `rapidjwt._nested`, which decrypts the token first, or of
    /// `rapidjwt._token_state`, which asks stores last.
    Delegated(Py<PyAny>),
}

#[pymethods]
impl Verifier {
    #[new]
    #[pyo3(signature = (
        key=None, *, jwks=None, algorithms=None, audience=None, issuer=None, subject=None,
        leeway=None, require=None, options=None, cache_size=0, max_token_size=None,
        max_nesting=None, decrypter=None, profile=None, rules=None, max_age=None,
        max_lifetime=None, replay=None, revocation=None, claims=None
    ), text_signature = "(key=None, *, jwks=None, algorithms=None, audience=None, issuer=None, \
        subject=None, leeway=0, require=(), options=None, cache_size=0, max_token_size=None, \
        max_nesting=None, decrypter=None, profile=None, rules=None, max_age=None, \
        max_lifetime=None, replay=None, revocation=None, claims=None)")]
    #[allow(clippy::too_many_arguments, reason = "they are the policy, each with its name")]
    fn new(
        py: Python<'_>,
        key: Option<&Bound<'_, PyAny>>,
        jwks: Option<&Bound<'_, PyAny>>,
        algorithms: Option<&Bound<'_, PyAny>>,
        audience: Option<&Bound<'_, PyAny>>,
        issuer: Option<&Bound<'_, PyAny>>,
        subject: Option<&Bound<'_, PyAny>>,
        leeway: Option<&Bound<'_, PyAny>>,
        require: Option<&Bound<'_, PyAny>>,
        options: Option<&Bound<'_, PyAny>>,
        cache_size: i64,
        max_token_size: Option<i64>,
        max_nesting: Option<i64>,
        decrypter: Option<&Bound<'_, PyAny>>,
        profile: Option<&Bound<'_, PyAny>>,
        rules: Option<&Bound<'_, PyAny>>,
        max_age: Option<&Bound<'_, PyAny>>,
        max_lifetime: Option<&Bound<'_, PyAny>>,
        replay: Option<&Bound<'_, PyAny>>,
        revocation: Option<&Bound<'_, PyAny>>,
        claims: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<Self> {
        let demands = profile::Arguments { profile, rules, max_age, max_lifetime };
        let policy = VerifierPolicy::read(
            py,
            Arguments {
                algorithms: algorithms.map(exact).transpose()?.as_ref(),
                audience: audience.map(exact).transpose()?.as_ref(),
                issuer: issuer.map(exact).transpose()?.as_ref(),
                subject,
                leeway: leeway.map(exact_seconds).transpose()?.as_ref(),
                require: require.map(exact).transpose()?.as_ref(),
                options: options.map(exact).transpose()?.as_ref(),
                cache_size,
                max_token_size,
                max_nesting,
                demands,
                claims,
            },
        )?;
        policy.check_needs(names_issuer(jwks)?)?;
        let policy = Py::new(py, policy)?;
        let verifier = match (key, jwks) {
            (Some(key), None) => Self::of_keys(VerifyingKeys::new(policy, key)?),
            (None, Some(client)) => Self { keys: Keys::Delegated(connect(policy, client)?) },
            (Some(_), Some(_)) => {
                return Err(PyTypeError::new_err(
                    "A Verifier takes either key or jwks, got both: the keys of a client need no key",
                ));
            }
            (None, None) => {
                return Err(PyTypeError::new_err(
                    "A Verifier takes either key or jwks, got neither (or None: is a setting missing?)",
                ));
            }
        };
        let verifier = match decrypter {
            Some(decrypter) => verifier.nested(decrypter)?,
            None => verifier,
        };
        match (replay, revocation) {
            (None, None) => Ok(verifier),
            _ => verifier.stateful(py, jwks, replay, revocation),
        }
    }

    /// The names of the allowed algorithms.
    #[getter]
    fn algorithms<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        let algorithms = match self.keys(py)? {
            Some(keys) => keys.algorithms(),
            None => self.policy(py)?.get().allowed.clone().unwrap_or_default(),
        };
        PyTuple::new(py, algorithms.iter().map(|algorithm| algorithm.name))
    }

    /// The accepted audience, or a tuple of several; None refuses tokens with an audience.
    #[getter]
    fn audience<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyAny>>> {
        description::accepted(py, self.policy(py)?.get().claims().audience.as_ref())
    }

    /// The accepted issuer, or a tuple of several; None accepts all, as with the option `verify_iss`
    /// set to False.
    #[getter]
    fn issuer<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyAny>>> {
        description::issuer(py, self.policy(py)?.get().claims())
    }

    /// The accepted subject; None accepts all.
    #[getter]
    fn subject<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyAny>>> {
        description::accepted(py, self.policy(py)?.get().claims().subject.as_ref())
    }

    /// The seconds by which clocks may differ.
    #[getter]
    fn leeway(&self, py: Python<'_>) -> PyResult<f64> {
        Ok(self.policy(py)?.get().claims().leeway)
    }

    /// The names of the claims that must be present.
    #[getter]
    fn require<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        PyTuple::new(py, &self.policy(py)?.get().claims().require)
    }

    /// The decrypter of nested tokens; None if tokens must not be encrypted.
    #[getter]
    fn decrypter<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyAny>>> {
        self.delegated(intern!(py, "decrypter"))
    }

    /// The store of one-time tokens; None if tokens may be used many times.
    #[getter]
    fn replay<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyAny>>> {
        self.delegated(intern!(py, "replay"))
    }

    /// The list of revoked tokens, or None.
    #[getter]
    fn revocation<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyAny>>> {
        self.delegated(intern!(py, "revocation"))
    }

    /// The profile, or None.
    #[getter]
    fn profile(&self, py: Python<'_>) -> PyResult<Option<Py<PyAny>>> {
        let policy = self.policy(py)?;
        Ok(policy.get().profile().map(|profile| profile.object.clone_ref(py)))
    }

    /// The type of the claims that `decode` returns; None for a dict.
    #[getter]
    fn claims(&self, py: Python<'_>) -> PyResult<Option<Py<PyAny>>> {
        let policy = self.policy(py)?;
        Ok(policy.get().typed().map(|typed| typed.kind.clone_ref(py)))
    }

    /// Returns a verifier with the same keys that checks these rules too, such as those of
    /// `rapidjwt.profiles.login` for one ID token.
    ///
    /// `rules` is a dict as for the argument of that name. The keys are shared, so it is cheap.
    #[pyo3(signature = (rules))]
    fn expecting(&self, rules: &Bound<'_, PyAny>) -> PyResult<Self> {
        let py = rules.py();
        let policy = Py::new(py, self.policy(py)?.get().with_rules(rules)?)?;
        self.under(py, policy)
    }

    fn __repr__(&self, py: Python<'_>) -> PyResult<String> {
        let (policy, algorithms) = (self.policy(py)?, self.algorithms(py)?);
        let helpers = [
            ("decrypter", self.decrypter(py)?),
            ("replay", self.replay(py)?),
            ("revocation", self.revocation(py)?),
        ];
        description::repr(py, policy.get(), algorithms, helpers)
    }

    /// Verifies a token and returns a dict with its `payload`, `header` and `signature`.
    ///
    /// The payload is a dict, even if the verifier has a type for claims. Raises the exceptions of
    /// `decode`.
    #[pyo3(signature = (token))]
    fn decode_complete<'py>(&self, token: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyDict>> {
        let py = token.py();
        match &self.keys {
            Keys::Held(keys) => keys.complete(py, decoded::token_bytes(token)?),
            Keys::Delegated(keys) => {
                let complete = intern!(py, "decode_complete");
                Ok(call_delegate(keys.bind(py), complete, token)?.cast_into()?)
            }
        }
    }

    /// Verifies many tokens and returns an iterator over their claims, in the order of the tokens.
    ///
    /// It takes any iterable of str and bytes: a list, a generator, a column of pandas, polars or
    /// pyarrow. For a token that is refused, the iterator returns the exception object instead; an
    /// item that is None or of another type is refused with a `DecodeError` that names the type.
    /// Tokens are taken from the iterable in chunks, whose signatures are verified on all cores
    /// outside the interpreter lock. Raises `TypeError` with an `AsyncJWKSClient`, and for what is
    /// not an iterable of tokens.
    #[pyo3(signature = (tokens))]
    fn decode_many<'py>(&self, tokens: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        self.many(tokens, "decode_many", false)
    }

    /// Does what `decode_many` does, for the results of `decode_complete`.
    #[pyo3(signature = (tokens))]
    fn decode_complete_many<'py>(&self, tokens: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        self.many(tokens, "decode_complete_many", true)
    }

    /// Does what `decode_many` does, as an asynchronous iterator: `async for claims in ...`.
    ///
    /// Chunks are verified in a thread, so the event loop is not blocked; the iterable itself is
    /// read in the event loop. With an `AsyncJWKSClient` it waits for keys that are not in memory.
    #[pyo3(signature = (tokens))]
    fn decode_many_async<'py>(
        slf: &Bound<'py, Self>,
        tokens: &Bound<'py, PyAny>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let py = slf.py();
        let name = intern!(py, "decode_many_async");
        let tokens = token_iterator(tokens, "decode_many_async")?;
        match &slf.get().keys {
            Keys::Held(_) => {
                let decode_many = slf.getattr(intern!(py, "decode_many"))?;
                let module = py.import(intern!(py, "rapidjwt._async_batch"))?;
                module.call_method1(name, (decode_many, tokens))
            }
            Keys::Delegated(keys) => keys.bind(py).call_method1(name, (tokens,)),
        }
    }

    /// Verifies a token and returns a coroutine of its claims, which raises what `decode` raises.
    ///
    /// With keys in memory the coroutine never waits; with an `AsyncJWKSClient` it waits only for
    /// keys that are not in memory. With a `JWKSClient` it calls `decode` in a thread.
    #[pyo3(signature = (token))]
    fn decode_async<'py>(
        slf: &Bound<'py, Self>,
        token: &Bound<'py, PyAny>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let py = slf.py();
        match &slf.get().keys {
            Keys::Held(_) => coroutine(slf.getattr(intern!(py, "decode"))?, token),
            Keys::Delegated(keys) => {
                keys.bind(py).call_method1(intern!(py, "decode_async"), (token,))
            }
        }
    }

    /// Does what `decode_async` does, for the result of `decode_complete`.
    #[pyo3(signature = (token))]
    fn decode_complete_async<'py>(
        slf: &Bound<'py, Self>,
        token: &Bound<'py, PyAny>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let py = slf.py();
        match &slf.get().keys {
            Keys::Held(_) => coroutine(slf.getattr(intern!(py, "decode_complete"))?, token),
            Keys::Delegated(keys) => {
                keys.bind(py).call_method1(intern!(py, "decode_complete_async"), (token,))
            }
        }
    }

    /// Returns the verifier itself, because it never changes.
    fn __copy__(slf: Py<Self>) -> Py<Self> {
        slf
    }

    fn __deepcopy__(slf: Py<Self>, _memo: &Bound<'_, PyAny>) -> Py<Self> {
        slf
    }

    #[allow(clippy::unused_self, reason = "a method of Python's")]
    fn __reduce__(&self) -> PyResult<()> {
        Err(PyTypeError::new_err(
            "cannot pickle a Verifier, which may hold a secret: make one in each process",
        ))
    }

    /// Shows a client, and the policy with its functions, to the garbage collector; they may hold
    /// this object in turn. A batch that is being read shares the policy, which is not shown then.
    #[allow(clippy::needless_pass_by_value, reason = "PyO3 passes it so")]
    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        match &self.keys {
            Keys::Held(keys) if Arc::strong_count(keys) == 1 => visit.call(keys.policy()),
            Keys::Held(_) => Ok(()),
            Keys::Delegated(keys) => visit.call(keys),
        }
    }

    /// Returns the hits, misses, capacity and entries of the cache of verified signatures, which
    /// is empty after a new set of keys was fetched.
    fn cache_info(&self, py: Python<'_>) -> PyResult<CacheInfo> {
        let keys = self.keys(py)?;
        let cache = keys.as_ref().and_then(|keys| keys.cache());
        Ok(cache.map(SignatureCache::counts).unwrap_or_default().into())
    }

    /// Empties the cache of verified signatures.
    fn cache_clear(&self, py: Python<'_>) -> PyResult<()> {
        if let Some(cache) = self.keys(py)?.as_ref().and_then(|keys| keys.cache()) {
            cache.clear();
        }
        Ok(())
    }
}

/// `Verifier.decode`.
pub(super) struct VerifierDecode;

impl Method for VerifierDecode {
    type Class = Verifier;
    const NAME: &'static CStr = c"decode";
    const DOC: &'static CStr = c"decode($self, token)\n--\n\n\
        Verifies a token and returns its claims.\n\n\
        Raises the exceptions of `rapidjwt.decode`. With a `JWKSClient`, also raises\n\
        `UnknownKeyError`, which is a `PyJWKClientError` and an `InvalidTokenError`, if the provider\n\
        has no key for the token, and `PyJWKClientError` if keys are needed and cannot be fetched.\n\
        Raises `TypeError` with an `AsyncJWKSClient`.";
    const PARAMETER: &'static str = "token";

    fn names() -> &'static ForkSafeOnce<[Py<PyString>; 1]> {
        static NAMES: ForkSafeOnce<[Py<PyString>; 1]> = ForkSafeOnce::new();
        &NAMES
    }

    fn call<'py>(
        verifier: &Verifier,
        token: Borrowed<'_, 'py, PyAny>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let py = token.py();
        match &verifier.keys {
            Keys::Held(keys) => {
                let verified = keys.open(py, decoded::token_bytes(&token)?, keys.now(py)?)?;
                keys.accept(py, &verified)
            }
            Keys::Delegated(keys) => call_delegate(keys.bind(py), intern!(py, "decode"), &token),
        }
    }
}

impl Verifier {
    /// Does what `decode_many` does, or `decode_complete_many`: `method` is its name.
    fn many<'py>(
        &self,
        tokens: &Bound<'py, PyAny>,
        method: &str,
        is_complete: bool,
    ) -> PyResult<Bound<'py, PyAny>> {
        let tokens = token_iterator(tokens, method)?;
        match &self.keys {
            Keys::Held(keys) => {
                let py = tokens.py();
                let decoded = DecodedMany::new(Arc::clone(keys), tokens.unbind(), is_complete);
                Ok(Bound::new(py, decoded)?.into_any())
            }
            Keys::Delegated(keys) => keys.bind(tokens.py()).call_method1(method, (tokens,)),
        }
    }

    fn policy<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, VerifierPolicy>> {
        match &self.keys {
            Keys::Held(keys) => Ok(keys.policy().bind(py).clone()),
            Keys::Delegated(keys) => {
                Ok(keys.bind(py).getattr(intern!(py, "policy"))?.cast_into()?)
            }
        }
    }

    /// Returns an attribute of the delegate; `None` if it does not have it, or if it is None.
    fn delegated<'py>(&self, name: &Bound<'py, PyString>) -> PyResult<Option<Bound<'py, PyAny>>> {
        match &self.keys {
            Keys::Held(_) => Ok(None),
            Keys::Delegated(delegate) => {
                let found = delegate.bind(name.py()).getattr_opt(name)?;
                Ok(found.filter(|found| !found.is_none()))
            }
        }
    }

    /// Returns a verifier of nested tokens, whose content this one verifies.
    fn nested(self, decrypter: &Bound<'_, PyAny>) -> PyResult<Self> {
        let py = decrypter.py();
        let policy = self.policy(py)?;
        let connect = py.import("rapidjwt._nested")?.getattr("connect")?;
        let delegate = connect.call1((Py::new(py, self)?, decrypter, policy))?;
        Ok(Self { keys: Keys::Delegated(delegate.unbind()) })
    }

    /// Returns a verifier that asks stores about the tokens that this one has verified.
    fn stateful(
        self,
        py: Python<'_>,
        jwks: Option<&Bound<'_, PyAny>>,
        replay: Option<&Bound<'_, PyAny>>,
        revocation: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<Self> {
        let policy = self.policy(py)?;
        let connect = py.import("rapidjwt._token_state")?.getattr("connect")?;
        let delegate = connect.call1((Py::new(py, self)?, policy, jwks, replay, revocation))?;
        Ok(Self { keys: Keys::Delegated(delegate.unbind()) })
    }

    /// Returns a verifier with the same keys whose method `decode_complete` takes SD-JWTs.
    pub(super) fn for_presentation(
        &self,
        py: Python<'_>,
        presentation: Presentation,
    ) -> PyResult<Self> {
        let policy = self.policy(py)?.get().for_presentation(presentation);
        self.under(py, Py::new(py, policy)?)
    }

    /// Returns a verifier with the same keys under another policy, which allows the same algorithms.
    fn under(&self, py: Python<'_>, policy: Py<VerifierPolicy>) -> PyResult<Self> {
        Ok(match &self.keys {
            Keys::Held(keys) => Self::of_keys(keys.under(policy)),
            Keys::Delegated(keys) => {
                let keys = keys.bind(py).call_method1(intern!(py, "under"), (policy,))?;
                Self { keys: Keys::Delegated(keys.unbind()) }
            }
        })
    }

    fn of_keys(keys: VerifyingKeys) -> Self {
        Self { keys: Keys::Held(Arc::new(keys)) }
    }

    /// Returns the keys of a verifier that decides alone; `None` for one that fetches keys, decrypts
    /// tokens or asks stores.
    pub(super) fn own_keys(&self) -> Option<Arc<VerifyingKeys>> {
        match &self.keys {
            Keys::Held(keys) => Some(Arc::clone(keys)),
            Keys::Delegated(_) => None,
        }
    }

    /// Returns the keys in memory; `None` before any were fetched.
    fn keys(&self, py: Python<'_>) -> PyResult<Option<Arc<VerifyingKeys>>> {
        match &self.keys {
            Keys::Held(keys) => Ok(Some(Arc::clone(keys))),
            Keys::Delegated(keys) => {
                let newest: Option<Bound<'_, Self>> =
                    keys.bind(py).call_method0(intern!(py, "newest"))?.extract()?;
                newest.map_or(Ok(None), |newest| newest.get().keys(py))
            }
        }
    }
}

/// Returns an iterator over the tokens that were passed to `method`.
///
/// Raises `TypeError` for a single token, which would be read letter by letter, for a table, whose
/// column names would be read, and for what is not iterable.
#[pyfunction]
#[pyo3(signature = (tokens, method, /))]
pub(super) fn token_iterator<'py>(
    tokens: &Bound<'py, PyAny>,
    method: &str,
) -> PyResult<Bound<'py, PyIterator>> {
    let wrong = |found: &str| {
        PyTypeError::new_err(format!("{method} takes an iterable of tokens, got {found}"))
    };
    if tokens.is_instance_of::<PyString>() || tokens.is_instance_of::<PyBytes>() {
        return Err(wrong("one str or bytes: pass [token]"));
    }
    if tokens.hasattr(intern!(tokens.py(), "columns"))? {
        return Err(wrong("a table: pass one of its columns"));
    }
    if !tokens.hasattr(intern!(tokens.py(), "__iter__"))? {
        return Err(wrong(&type_name(tokens)));
    }
    tokens.try_iter()
}

/// Returns whether a client names the issuer of its keys.
fn names_issuer(client: Option<&Bound<'_, PyAny>>) -> PyResult<bool> {
    let Some(client) = client else {
        return Ok(false);
    };
    let issuer = client.getattr_opt(intern!(client.py(), "issuer"))?;
    Ok(issuer.is_some_and(|issuer| !issuer.is_none()))
}

/// Makes the object that verifies with the keys of a client.
fn connect(policy: Py<VerifierPolicy>, client: &Bound<'_, PyAny>) -> PyResult<Py<PyAny>> {
    let is_hmac = |algorithm: &&'static Algorithm| matches!(algorithm.family, Family::Hmac(_));
    match &policy.get().allowed {
        None => Err(PyValueError::new_err(
            "algorithms is needed, for example algorithms=[\"RS256\"]: keys are not fetched yet",
        )),
        Some(allowed) if allowed.iter().any(is_hmac) => Err(PyValueError::new_err(
            "A key that a provider publishes is not a shared secret: HS algorithms cannot be used with jwks",
        )),
        Some(_) => {
            let module = client.py().import("rapidjwt.jwks.verifier")?;
            Ok(module.getattr("connect")?.call1((client, policy))?.unbind())
        }
    }
}

/// Returns the result of a delegate's method for a token.
fn call_delegate<'py>(
    delegate: &Bound<'py, PyAny>,
    method: &Bound<'py, PyString>,
    token: &Bound<'py, PyAny>,
) -> PyResult<Bound<'py, PyAny>> {
    cpython::call(&delegate.getattr(method)?, &[token], None)
}

/// Makes a coroutine that calls a method of a `Verifier` whose keys are in memory.
fn coroutine<'py>(
    method: Bound<'py, PyAny>,
    token: &Bound<'py, PyAny>,
) -> PyResult<Bound<'py, PyAny>> {
    let py = token.py();
    py.import(intern!(py, "rapidjwt._coroutine"))?.getattr("call")?.call1((method, token))
}

/// Returns a `Verifier` with this policy and these keys.
#[pyfunction]
#[pyo3(signature = (policy, keys, /))]
pub(super) fn verifier_of_policy(
    policy: &Bound<'_, VerifierPolicy>,
    keys: &Bound<'_, PyAny>,
) -> PyResult<Verifier> {
    Ok(Verifier::of_keys(VerifyingKeys::new(policy.clone().unbind(), keys)?))
}

/// Does what [`Verifier::under`] does.
#[pyfunction]
#[pyo3(signature = (verifier, policy, /))]
pub(super) fn verifier_under(
    verifier: &Bound<'_, Verifier>,
    policy: &Bound<'_, VerifierPolicy>,
) -> PyResult<Verifier> {
    verifier.get().under(verifier.py(), policy.clone().unbind())
}

/// Returns the claims of a token that a verifier has accepted, a dict, as an object of the type that
/// it returns; the dict itself if it has none.
#[pyfunction]
#[pyo3(signature = (verifier, claims, /))]
pub(super) fn typed_claims<'py>(
    verifier: &Bound<'py, Verifier>,
    claims: Bound<'py, PyDict>,
) -> PyResult<Bound<'py, PyAny>> {
    match verifier.get().policy(verifier.py())?.get().typed() {
        None => Ok(claims.into_any()),
        Some(typed) => typed.of_dict(&claims),
    }
}

/// Returns whether newer keys of the same owner may verify a token that this verifier refused,
/// because of a wrong signature or for another reason.
#[pyfunction]
#[pyo3(signature = (verifier, token, is_signature_wrong, /))]
pub(super) fn keys_may_be_outdated(
    verifier: &Bound<'_, Verifier>,
    token: &Bound<'_, PyAny>,
    is_signature_wrong: bool,
) -> PyResult<bool> {
    let keys = verifier.get().keys(verifier.py())?;
    Ok(match (keys, decoded::token_bytes(token)) {
        (Some(keys), Ok(token)) => keys.may_be_outdated(token, is_signature_wrong),
        _ => false,
    })
}
