//! What a verifier requires of tokens, whatever its keys are.

use std::sync::Arc;

use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyString};
use pyo3::{PyTraverseError, PyVisit};

use crate::algorithm::Algorithm;
use crate::bounds::Bounds;
use crate::claims::{self, Accepted, Claim, Policy};
use crate::error::Error;
use crate::header::AcceptedTypes;
use crate::jws::Verified;
use crate::python::arguments::{self, Options};
use crate::python::claims_view::{AskedValues, PyClaims, Record};
use crate::python::json::scan::ScannedClaims;
use crate::python::profile::{self, Demands, Profile, audiences};
use crate::python::typed_claims::TypedClaims;
use crate::python::{clock, decoded};
use crate::sd_jwt::{KeyBinding, Limits};

/// The arguments of a `Verifier` except its keys, read once.
///
/// A `Verifier` that fetches its keys uses it to make a verifier of each set of keys that it
/// fetches.
#[pyclass(frozen, module = "rapidjwt._rapidjwt")]
#[derive(Clone)]
pub(in crate::python) struct VerifierPolicy {
    /// The allowed algorithms; `None` for those that the keys name.
    pub(super) allowed: Option<Vec<&'static Algorithm>>,
    pub(super) enforce_key_length: bool,
    /// The number of verified signatures to remember.
    pub(super) cache_size: usize,
    pub(super) bounds: Bounds,
    policy: Policy<String>,
    /// What a profile and rules demand; `None` without any.
    demands: Option<Arc<Demands>>,
    /// The type of the claims that are returned; `None` for a dict.
    typed: Option<Arc<TypedClaims>>,
    /// What is demanded of SD-JWTs; `None` if tokens are not SD-JWTs.
    presentation: Option<Arc<Presentation>>,
}

/// What a verifier demands of an SD-JWT (RFC 9901) beside what it demands of claims.
pub(in crate::python) struct Presentation {
    pub(in crate::python) key_binding: KeyBinding,
    pub(in crate::python) limits: Limits,
}

/// The arguments of a `Verifier` as they were passed.
#[derive(Clone, Copy)]
pub(super) struct Arguments<'a, 'py> {
    pub(super) algorithms: Option<&'a Bound<'py, PyAny>>,
    pub(super) audience: Option<&'a Bound<'py, PyAny>>,
    pub(super) issuer: Option<&'a Bound<'py, PyAny>>,
    pub(super) subject: Option<&'a Bound<'py, PyAny>>,
    pub(super) leeway: Option<&'a Bound<'py, PyAny>>,
    pub(super) require: Option<&'a Bound<'py, PyAny>>,
    pub(super) options: Option<&'a Bound<'py, PyAny>>,
    pub(super) cache_size: i64,
    pub(super) max_token_size: Option<i64>,
    pub(super) max_nesting: Option<i64>,
    pub(super) demands: profile::Arguments<'a, 'py>,
    pub(super) claims: Option<&'a Bound<'py, PyAny>>,
}

impl VerifierPolicy {
    pub(super) fn read(py: Python<'_>, arguments: Arguments<'_, '_>) -> PyResult<Self> {
        let options = Options::read(arguments.options)
            .ok_or_else(|| PyTypeError::new_err("options must be a dict of booleans and lists"))?;
        if !options.verify_signature {
            return Err(PyValueError::new_err(
                "A Verifier always verifies; to read a token without verifying it, call \
                 rapidjwt.decode(token, options={\"verify_signature\": False})",
            ));
        }
        if let Some(options) = arguments.options {
            check_names(options)?;
        }
        let allowed = arguments.algorithms.map(read_algorithms).transpose()?;
        let policy = read_policy(&options, arguments)?;
        let demands = Demands::read(py, arguments.demands, audiences(policy.audience.as_ref()))?;
        let profile = demands.as_ref().and_then(|demands| demands.profile.as_ref());
        let typed = arguments.claims.map(|kind| TypedClaims::of(kind, &policy)).transpose()?;
        Ok(Self {
            allowed: match profile {
                Some(profile) => profile.narrowed(allowed)?,
                None => allowed,
            },
            enforce_key_length: options.enforce_minimum_key_length,
            cache_size: usize::try_from(arguments.cache_size)
                .map_err(|_| PyValueError::new_err("cache_size cannot be negative"))?,
            bounds: Bounds {
                token_size: read_bound("max_token_size", arguments.max_token_size)?,
                nesting: read_bound("max_nesting", arguments.max_nesting)?,
            },
            policy,
            demands: demands.map(Arc::new),
            typed: typed.map(Arc::new),
            presentation: None,
        })
    }

    /// Raises `ValueError` if the profile needs an argument that is missing. `has_issuer` is whether
    /// the client names the issuer.
    pub(super) fn check_needs(&self, has_issuer: bool) -> PyResult<()> {
        let Some(profile) = self.profile() else {
            return Ok(());
        };
        let Policy { checks, issuer, audience, .. } = &self.policy;
        if checks.iss && issuer.is_none() && !has_issuer {
            profile.check_need("issuer")?;
        }
        if checks.aud && audience.is_none() {
            profile.check_need("audience")?;
        }
        Ok(())
    }

    /// Returns the profile.
    pub(super) fn profile(&self) -> Option<&Profile> {
        self.demands.as_ref()?.profile.as_ref()
    }

    /// Returns the type of the claims that are returned; `None` for a dict.
    pub(super) fn typed(&self) -> Option<&TypedClaims> {
        self.typed.as_deref()
    }

    /// Returns a policy with rules in addition.
    pub(super) fn with_rules(&self, rules: &Bound<'_, PyAny>) -> PyResult<Self> {
        let audience = audiences(self.policy.audience.as_ref());
        let none = Demands::default();
        let demands = self.demands.as_deref().unwrap_or(&none).and(rules, audience)?;
        Ok(Self { demands: Some(Arc::new(demands)), ..self.clone() })
    }

    /// Returns a policy for SD-JWTs that is otherwise the same.
    pub(super) fn for_presentation(&self, presentation: Presentation) -> Self {
        Self { presentation: Some(Arc::new(presentation)), ..self.clone() }
    }

    /// Returns what is demanded of SD-JWTs; `None` if tokens are not SD-JWTs.
    pub(super) fn presentation(&self) -> Option<&Presentation> {
        self.presentation.as_deref()
    }

    /// Returns the values of `typ` that the profile accepts; `None` accepts all.
    #[inline]
    pub(super) fn types(&self) -> Option<&AcceptedTypes> {
        self.profile()?.types.as_ref()
    }

    /// Returns what is required of the claims.
    pub(super) const fn claims(&self) -> &Policy<String> {
        &self.policy
    }

    /// Returns the claims of a verified payload, if they conform to the policy: a dict, or an object
    /// of the caller's type.
    #[inline]
    pub(super) fn accept<'py>(
        &self,
        py: Python<'py>,
        verified: &Verified,
    ) -> PyResult<Bound<'py, PyAny>> {
        match &self.typed {
            None => self.accept_dict(py, verified).map(Bound::into_any),
            Some(typed) => self.accept_typed(py, verified, typed),
        }
    }

    /// Does what [`accept`](Self::accept) does, for a dict whatever the type is.
    #[inline]
    pub(super) fn accept_dict<'py>(
        &self,
        py: Python<'py>,
        verified: &Verified,
    ) -> PyResult<Bound<'py, PyDict>> {
        self.accept_dict_at(py, verified, None)
    }

    /// Does what [`accept_dict`](Self::accept_dict) does, at the time `at` or now.
    fn accept_dict_at<'py>(
        &self,
        py: Python<'py>,
        verified: &Verified,
        at: Option<f64>,
    ) -> PyResult<Bound<'py, PyDict>> {
        let payload = verified.payload();
        self.bounds.check_payload(payload)?;
        let mut values;
        let mut record = match &self.demands {
            None => Record::default(),
            Some(demands) => {
                values = AskedValues::default();
                Record::asking(demands.names(), &mut values)
            }
        };
        let claims = decoded::claims(py, payload, &mut record)?;
        let now = at.map_or_else(|| clock::now(py), Ok)?;
        let view = PyClaims { dict: &claims, record: &record };
        if let Err(error) = claims::validate(&view, &self.policy, now) {
            return Err(view.refusal(explained(error, &claims)?, &self.policy));
        }
        if let Some(demands) = &self.demands {
            demands.check(&view, verified.algorithm(), now, self.policy.leeway)?;
            demands.call(&claims)?;
        }
        Ok(claims)
    }

    /// Checks claims in their JSON text where that is possible, because the object is made of it.
    #[inline(never)]
    fn accept_typed<'py>(
        &self,
        py: Python<'py>,
        verified: &Verified,
        typed: &TypedClaims,
    ) -> PyResult<Bound<'py, PyAny>> {
        let payload = verified.payload();
        let calls = self.demands.as_ref().is_some_and(|demands| demands.calls());
        let asks = self.demands.is_some() || !self.policy.require.is_empty() || typed.has_fields();
        if typed.takes_json && !calls {
            self.bounds.check_payload(payload)?;
            if let Ok(claims) = ScannedClaims::read(payload, asks)
                && self.check(&claims, verified.algorithm(), clock::now(py)?).is_ok()
            {
                return typed.of_scanned(py, &claims, payload);
            }
        }
        // Claims that were refused are checked again, for an error that says what the token has.
        typed.of_dict(&self.accept_dict(py, verified)?)
    }

    /// Checks claims that were read in place, as far as no Python object is needed for that. The
    /// error does not say what the token has.
    pub(in crate::python) fn check(
        &self,
        claims: &ScannedClaims<'_>,
        algorithm: &Algorithm,
        now: f64,
    ) -> Result<(), Error> {
        claims::validate(claims, &self.policy, now)?;
        self.demands
            .as_ref()
            .map_or(Ok(()), |demands| demands.check(claims, algorithm, now, self.policy.leeway))
    }

    /// Reads the claims of a verified payload in place; `None` if only Python can read or check them.
    pub(in crate::python) fn scan<'a>(
        &self,
        payload: &'a [u8],
    ) -> Result<Option<ScannedClaims<'a>>, Error> {
        self.bounds.check_payload(payload)?;
        let calls = self.demands.as_ref().is_some_and(|demands| demands.calls());
        if calls || self.typed.is_some() {
            return Ok(None);
        }
        Ok(ScannedClaims::read(payload, true).ok())
    }

    /// Returns the claims that [`scan`](Self::scan) leaves to Python, if they conform to the policy at
    /// the time `now`.
    pub(in crate::python) fn accept_at<'py>(
        &self,
        py: Python<'py>,
        verified: &Verified,
        now: f64,
    ) -> PyResult<Bound<'py, PyDict>> {
        let claims = self.accept_dict_at(py, verified, Some(now))?;
        if let Some(typed) = &self.typed {
            typed.of_dict(&claims)?;
        }
        Ok(claims)
    }
}

/// Says in the error for a token that has an audience, to a verifier that has none, which one it is.
#[cold]
fn explained(error: Error, claims: &Bound<'_, PyDict>) -> PyResult<Error> {
    if error != Error::AudienceUnexpected {
        return Ok(error);
    }
    let aud = claims.get_item(Claim::Aud.name())?;
    let named =
        aud.filter(|aud| arguments::string(aud).is_some() || arguments::strings(aud).is_some());
    Ok(Error::AudienceNotConfigured(match named {
        Some(aud) => shortened(&aud.repr()?.to_string()),
        None => "an audience".to_owned(),
    }))
}

/// Returns the text, or its first hundred characters and an ellipsis.
fn shortened(text: &str) -> String {
    match text.char_indices().nth(100) {
        Some((end, _)) => format!("{}...", &text[..end]),
        None => text.to_owned(),
    }
}

#[pymethods]
impl VerifierPolicy {
    /// The names of the allowed algorithms; None for those that the keys name.
    #[getter]
    fn algorithms(&self) -> Option<Vec<&'static str>> {
        let allowed = self.allowed.as_ref()?;
        Some(allowed.iter().map(|algorithm| algorithm.name).collect())
    }

    /// The accepted issuers; None for all.
    #[getter]
    fn issuers(&self) -> Option<Vec<String>> {
        self.policy.issuer.as_ref().map(|issuer| issuer.as_slice().to_vec())
    }

    /// Shows the caller's functions and type to the garbage collector.
    #[allow(clippy::needless_pass_by_value, reason = "PyO3 passes it so")]
    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        self.demands.as_ref().map_or(Ok(()), |demands| demands.traverse(&visit))?;
        self.typed.as_ref().map_or(Ok(()), |typed| typed.traverse(&visit))
    }

    /// Returns a policy that requires this issuer and is otherwise the same.
    #[pyo3(signature = (issuer, /))]
    fn with_issuer(&self, issuer: String) -> Self {
        let policy = Policy { issuer: Some(Accepted::One(issuer)), ..self.policy.clone() };
        Self { policy, ..self.clone() }
    }

    /// Raises `DecodeError` for an object that is not a token, or for a token that is too large.
    #[pyo3(signature = (token, /))]
    fn check_size(&self, token: &Bound<'_, PyAny>) -> PyResult<()> {
        Ok(self.bounds.check_token(decoded::token_bytes(token)?)?)
    }
}

/// Raises `ValueError` for an option that does not exist, which would otherwise have no effect.
fn check_names(options: &Bound<'_, PyAny>) -> PyResult<()> {
    let Ok(options) = options.cast::<PyDict>() else {
        return Ok(());
    };
    let py = options.py();
    for name in options.keys() {
        let Some(name) = arguments::string(&name).filter(|name| !Options::NAMES.contains(name))
        else {
            continue;
        };
        let hint = match arguments::did_you_mean(py, name, &Options::NAMES)? {
            Some(question) => format!(": {question}"),
            None => format!("; known are {}", Options::NAMES.join(", ")),
        };
        return Err(PyValueError::new_err(format!("unknown option \"{name}\"{hint}")));
    }
    Ok(())
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
        .map(|name| arguments::signature_algorithm(algorithms.py(), name))
        .collect()
}

fn read_bound(name: &str, bound: Option<i64>) -> PyResult<Option<usize>> {
    match bound {
        None => Ok(None),
        // Nothing is larger than the memory, so a bound beyond it is that of the memory.
        Some(bound @ 1..) => Ok(Some(usize::try_from(bound).unwrap_or(usize::MAX))),
        Some(..=0) => {
            Err(PyValueError::new_err(format!("{name} must be above 0, or None for no bound")))
        }
    }
}

fn read_policy(options: &Options<'_>, arguments: Arguments<'_, '_>) -> PyResult<Policy<String>> {
    let Arguments { audience, issuer, subject, leeway, require, .. } = arguments;
    let wrong = |name, what, argument: Option<&Bound<'_, PyAny>>| {
        let found = argument.map_or_else(String::new, arguments::type_name);
        PyTypeError::new_err(format!("{name} must be {what}, got {found}"))
    };
    let one_or_several = "a string, or a list, tuple or set of strings";
    let owned = |strings: &[Bound<'_, PyString>]| {
        arguments::borrowed(strings).into_iter().map(str::to_owned).collect::<Vec<_>>()
    };

    let accepted =
        arguments::accepted(audience).ok_or_else(|| wrong("audience", one_or_several, audience))?;
    let audience = arguments::owned(accepted);
    let accepted =
        arguments::accepted(issuer).ok_or_else(|| wrong("issuer", one_or_several, issuer))?;
    let issuer = arguments::owned(accepted);
    let mut required = owned(&options.require);
    if let Some(require) = require {
        let names = arguments::strings(require)
            .ok_or_else(|| wrong("require", "a list, tuple or set of strings", Some(require)))?;
        required.extend(owned(&names));
    }
    Ok(Policy {
        checks: options.checks,
        leeway: arguments::leeway(leeway)
            .filter(|leeway| leeway.is_finite())
            .ok_or_else(|| wrong("leeway", "a number of seconds or a timedelta", leeway))?,
        require: required,
        issuer,
        audience,
        subject: subject
            .map(|subject| arguments::string_argument("subject", subject))
            .transpose()?
            .map(Accepted::One),
    })
}
