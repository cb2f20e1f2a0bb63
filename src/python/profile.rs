//! Profiles and rules, Python objects of `rapidjwt.rules` and `rapidjwt.profiles`, as the core's
//! rules.

use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyString, PyTuple, PyType};
use pyo3::{PyTraverseError, PyVisit};
use serde_json::Value;

use super::arguments::{self, exact, exact_seconds, type_name};
use super::claims_view::{AskedValues, PyClaims, Record, json_value};
use super::clock;
use super::once::intern;
use crate::algorithm::{Algorithm, Family, Hash};
use crate::base64url;
use crate::claims::rules::{Circumstances, Condition, Kind, Rule, Rules};
use crate::claims::{Accepted, Claim, ClaimsView, Path};
use crate::crypto::digest;
use crate::error::Error;
use crate::header::{AcceptedTypes, media_type};
use crate::key::OkpCurve;

/// What a profile and rules demand beyond the policy of a verifier.
#[derive(Default)]
pub(super) struct Demands {
    rules: Rules,
    /// Rules that are functions of the caller's. They are called when all other checks have passed.
    calls: Vec<Call>,
    pub(super) profile: Option<Profile>,
}

/// What a profile demands apart from its rules.
pub(super) struct Profile {
    pub(super) object: Py<PyAny>,
    pub(super) name: String,
    pub(super) types: Option<AcceptedTypes>,
    /// The `typ` that a signer writes.
    pub(super) typ: Option<String>,
    allowed: Option<Vec<&'static Algorithm>>,
    forbidden: Vec<&'static Algorithm>,
    needs: Vec<String>,
}

struct Call {
    path: Path,
    function: Py<PyAny>,
    is_optional: bool,
}

/// The arguments of a verifier or signer that are turned into demands.
#[derive(Clone, Copy, Default)]
pub(super) struct Arguments<'a, 'py> {
    pub(super) profile: Option<&'a Bound<'py, PyAny>>,
    pub(super) rules: Option<&'a Bound<'py, PyAny>>,
    pub(super) max_age: Option<&'a Bound<'py, PyAny>>,
    pub(super) max_lifetime: Option<&'a Bound<'py, PyAny>>,
}

impl Demands {
    /// Reads the arguments; returns `None` if there are none. `audience` is what rules call the
    /// verifier's audience.
    ///
    /// Raises `TypeError` and `ValueError` for what is not a profile or a rule.
    pub(super) fn read(
        py: Python<'_>,
        arguments: Arguments<'_, '_>,
        audience: Option<&[String]>,
    ) -> PyResult<Option<Self>> {
        let Arguments { profile, rules, max_age, max_lifetime } = arguments;
        let mut reader = Reader { py, demands: Self::default(), audience };
        if let Some(profile) = profile {
            reader.profile(profile)?;
        }
        reader.max_age(max_age)?;
        reader.max_lifetime(max_lifetime)?;
        if let Some(rules) = rules {
            reader.rules(rules)?;
        }
        let is_empty = reader.demands.rules.is_empty() && reader.demands.calls.is_empty();
        Ok((!is_empty || reader.demands.profile.is_some()).then_some(reader.demands))
    }

    /// Returns these demands with rules in addition.
    pub(super) fn and(
        &self,
        rules: &Bound<'_, PyAny>,
        audience: Option<&[String]>,
    ) -> PyResult<Self> {
        let py = rules.py();
        let demands = Self {
            rules: self.rules.clone(),
            calls: self.calls.iter().map(|call| call.clone_ref(py)).collect(),
            profile: self.profile.as_ref().map(|profile| profile.clone_ref(py)),
        };
        let mut reader = Reader { py, demands, audience };
        reader.rules(rules)?;
        Ok(reader.demands)
    }

    /// Returns the names of the claims that the rules ask for.
    pub(super) fn names(&self) -> &[Box<str>] {
        self.rules.names.texts()
    }

    /// Returns whether a function of the caller's checks a claim.
    pub(super) fn calls(&self) -> bool {
        !self.calls.is_empty()
    }

    /// Returns whether a rule demands that the claim is present.
    pub(super) fn demand(&self, claim: Claim) -> bool {
        self.rules.demand(claim)
    }

    /// Checks the claims of a token with this `alg`.
    pub(super) fn check(
        &self,
        claims: &impl ClaimsView,
        algorithm: &Algorithm,
        now: f64,
        leeway: f64,
    ) -> Result<(), Error> {
        self.rules.check(claims, &Circumstances { now, leeway, hash: hash_of(algorithm.family) })
    }

    /// Calls the caller's functions with the values of their claims.
    ///
    /// Raises whatever they raise, and `TypeError` if one returns something other than a bool.
    pub(super) fn call(&self, claims: &Bound<'_, PyDict>) -> PyResult<()> {
        self.calls.iter().try_for_each(|call| call.check(claims))
    }

    pub(super) fn traverse(&self, visit: &PyVisit<'_>) -> Result<(), PyTraverseError> {
        self.calls.iter().try_for_each(|call| visit.call(&call.function))
    }
}

impl Profile {
    fn clone_ref(&self, py: Python<'_>) -> Self {
        Self {
            object: self.object.clone_ref(py),
            name: self.name.clone(),
            types: self.types.clone(),
            typ: self.typ.clone(),
            allowed: self.allowed.clone(),
            forbidden: self.forbidden.clone(),
            needs: self.needs.clone(),
        }
    }

    /// Returns the algorithms that both the caller and the profile allow; `None` for those of the
    /// keys.
    ///
    /// Raises `ValueError` if there are none.
    pub(super) fn narrowed(
        &self,
        allowed: Option<Vec<&'static Algorithm>>,
    ) -> PyResult<Option<Vec<&'static Algorithm>>> {
        let Some(mut allowed) = allowed.or_else(|| self.allowed.clone()) else {
            return Ok(None);
        };
        allowed.retain(|algorithm| self.permits(algorithm));
        if allowed.is_empty() {
            return Err(self.error("allows none of the algorithms"));
        }
        Ok(Some(allowed))
    }

    /// Returns whether tokens may have this `alg`.
    pub(super) fn permits(&self, algorithm: &'static Algorithm) -> bool {
        self.allowed.as_ref().is_none_or(|allowed| allowed.contains(&algorithm))
            && !self.forbidden.contains(&algorithm)
    }

    /// Raises `ValueError` if the profile needs the argument of that name.
    pub(super) fn check_need(&self, argument: &str) -> PyResult<()> {
        if self.needs.iter().any(|needed| needed == argument) {
            return Err(self.error(&format!("needs {argument}=...")));
        }
        Ok(())
    }

    /// Makes a `ValueError` about the profile.
    pub(super) fn error(&self, predicate: &str) -> PyErr {
        PyValueError::new_err(format!("The profile {} {predicate}", self.name))
    }
}

/// Returns the name of the hash of `at_hash` and `c_hash` (`OpenID` Connect Core Section 3.1.3.6): that
/// of the algorithm, and for Ed25519 the one that it uses inside.
const fn hash_of(family: Family) -> Option<&'static str> {
    match (family, family.hash()) {
        (_, Some(hash)) => Some(hash.name()),
        (Family::Eddsa(None | Some(OkpCurve::Ed25519)), _) => Some(Hash::Sha512.name()),
        _ => None,
    }
}

impl Call {
    fn clone_ref(&self, py: Python<'_>) -> Self {
        let Self { path, function, is_optional } = self;
        Self { path: path.clone(), function: function.clone_ref(py), is_optional: *is_optional }
    }

    fn check(&self, claims: &Bound<'_, PyDict>) -> PyResult<()> {
        let py = claims.py();
        let (claim, rest) = self.path.split();
        let mut value = claims.get_item(claim.text())?;
        for name in rest {
            value = match value.as_ref().map(|value| value.cast::<PyDict>()) {
                Some(Ok(members)) => members.get_item(name.text())?,
                _ => None,
            };
        }
        let Some(value) = value.filter(|value| !value.is_none()) else {
            let missing = || Error::MissingClaim(self.path.dotted()).into();
            return if self.is_optional { Ok(()) } else { Err(missing()) };
        };
        let answer = self.function.bind(py).call1((value,))?;
        match arguments::boolean(&answer) {
            Some(true) => Ok(()),
            Some(false) => {
                let (claim, needed) = (self.path.dotted(), "another value is expected".to_owned());
                Err(Error::ClaimRefused { claim, needed }.into())
            }
            None => Err(PyTypeError::new_err(format!(
                "The function for the claim \"{}\" must return True or False, it returned {}",
                self.path.dotted(),
                type_name(&answer)
            ))),
        }
    }
}

/// Reads Python objects into demands.
struct Reader<'a, 'py> {
    py: Python<'py>,
    demands: Demands,
    audience: Option<&'a [String]>,
}

impl<'py> Reader<'_, 'py> {
    fn profile(&mut self, profile: &Bound<'py, PyAny>) -> PyResult<()> {
        let py = self.py;
        let class = py.import(intern!(py, "rapidjwt.profiles"))?.getattr(intern!(py, "Profile"))?;
        if !profile.is_instance(&class)? {
            return Err(PyTypeError::new_err(format!(
                "profile must be a Profile, such as rapidjwt.profiles.ACCESS_TOKEN, got {}",
                type_name(profile)
            )));
        }
        let strings = |name: &str| -> PyResult<Option<Vec<String>>> {
            let value = exact(&profile.getattr(name)?)?;
            if value.is_none() {
                return Ok(None);
            }
            let strings = arguments::strings(&value).ok_or_else(|| {
                PyTypeError::new_err(format!("{name} of a profile must be strings in a tuple"))
            })?;
            Ok(Some(arguments::borrowed(&strings).into_iter().map(str::to_owned).collect()))
        };
        let algorithms = |names: Vec<String>| -> PyResult<Vec<_>> {
            names.iter().map(|name| arguments::signature_algorithm(py, name)).collect()
        };
        let typ = strings("typ")?;
        let is_required = profile.getattr("typ_required")?.is_truthy()?;
        self.demands.profile = Some(Profile {
            object: profile.clone().unbind(),
            name: arguments::string_argument("name of a profile", &profile.getattr("name")?)?,
            types: typ.as_ref().map(|types| AcceptedTypes::new(types, is_required)),
            typ: typ.and_then(|types| types.into_iter().next()),
            allowed: strings("algorithms")?.map(algorithms).transpose()?,
            forbidden: algorithms(strings("forbidden_algorithms")?.unwrap_or_default())?,
            needs: strings("needs")?.unwrap_or_default(),
        });
        for item in profile.getattr("rules")?.try_iter()? {
            let (path, rule): (Bound<'py, PyAny>, Bound<'py, PyAny>) = item?.extract()?;
            self.rule(&path, &rule)?;
        }
        for paths in profile.getattr("one_required")?.try_iter()? {
            let paths =
                paths?.try_iter()?.map(|path| self.path(&path?)).collect::<PyResult<_>>()?;
            self.demands.rules.one_required.push(paths);
        }
        let limit = |name: &str| {
            Ok::<_, PyErr>(Some(profile.getattr(name)?).filter(|limit| !limit.is_none()))
        };
        self.max_age(limit("max_age")?.as_ref())?;
        self.max_lifetime(limit("max_lifetime")?.as_ref())
    }

    /// Adds the rule that `iat` is at most so many seconds ago.
    fn max_age(&mut self, seconds: Option<&Bound<'py, PyAny>>) -> PyResult<()> {
        if let Some(seconds) = seconds {
            let condition = Condition::MaxAge(limit("max_age", seconds)?);
            self.add("iat", condition);
        }
        Ok(())
    }

    /// Adds the rule that `exp` is at most so many seconds after `iat`.
    fn max_lifetime(&mut self, seconds: Option<&Bound<'py, PyAny>>) -> PyResult<()> {
        if let Some(seconds) = seconds {
            let seconds = limit("max_lifetime", seconds)?;
            self.add("iat", Condition::Kind(Kind::Time));
            let iat = self.claim("iat");
            self.add("exp", Condition::MaxAfter(iat, seconds));
        }
        Ok(())
    }

    fn claim(&mut self, claim: &str) -> Path {
        self.demands.rules.names.path([claim]).expect("a path with a name")
    }

    fn add(&mut self, claim: &str, condition: Condition) {
        let path = self.claim(claim);
        self.demands.rules.rules.push(Rule::new(path, condition, false));
    }

    fn rules(&mut self, rules: &Bound<'py, PyAny>) -> PyResult<()> {
        let rules = rules.cast::<PyDict>().map_err(|_| {
            let found = type_name(rules);
            PyTypeError::new_err(format!("rules must be a dict of claims and rules, got {found}"))
        })?;
        rules.copy()?.iter().try_for_each(|(path, rule)| self.rule(&path, &rule))
    }

    fn rule(&mut self, path: &Bound<'py, PyAny>, rule: &Bound<'py, PyAny>) -> PyResult<()> {
        let path = self.path(path)?;
        let py = self.py;
        let class = py.import(intern!(py, "rapidjwt.rules"))?.getattr(intern!(py, "Rule"))?;
        let is_rule = rule.is_instance(&class)?;
        let is_optional = is_rule && rule.getattr(intern!(py, "is_optional"))?.is_truthy()?;
        let function = match is_rule {
            true if arguments::string(&rule.getattr(intern!(py, "test"))?) == Some("call") => {
                Some(rule.getattr(intern!(py, "operand"))?)
            }
            false if rule.is_callable() => Some(rule.clone()),
            _ => None,
        };
        if let Some(function) = function {
            if function.is_instance_of::<PyType>() || !function.is_callable() {
                return Err(wrong(&path, &function));
            }
            self.demands.calls.push(Call { path, function: function.unbind(), is_optional });
            return Ok(());
        }
        let condition = if is_rule {
            self.condition(&path, rule)?
        } else {
            Condition::OneOf(vec![json(&path, rule)?])
        };
        self.demands.rules.rules.push(Rule::new(path, condition, is_optional));
        Ok(())
    }

    /// Reads the name of a claim, or a tuple of names.
    fn path(&mut self, path: &Bound<'py, PyAny>) -> PyResult<Path> {
        let names = match path.cast::<PyString>() {
            Ok(name) => vec![name.to_str()?.to_owned()],
            Err(_) => path
                .cast::<PyTuple>()
                .ok()
                .and_then(|names| names.extract().ok())
                .unwrap_or_default(),
        };
        self.demands.rules.names.path(names.iter().map(String::as_str)).ok_or_else(|| {
            PyTypeError::new_err(format!(
                "a rule is for the name of a claim, or for a tuple of names, got {}",
                type_name(path)
            ))
        })
    }

    fn condition(&mut self, path: &Path, rule: &Bound<'py, PyAny>) -> PyResult<Condition> {
        let py = self.py;
        let test = arguments::string_argument("test", &rule.getattr(intern!(py, "test"))?)?;
        let operand = rule.getattr(intern!(py, "operand"))?;
        Ok(match test.as_str() {
            "present" => Condition::Present,
            "absent" => Condition::Absent,
            "one of" => Condition::OneOf(values(path, &operand)?),
            "contains" => Condition::Contains(values(path, &operand)?),
            "words" => Condition::Words(operand.extract()?),
            "only" => Condition::Only(values(path, &operand)?),
            "kind" => Condition::Kind(kind(&operand)?),
            "members" => {
                let (names, values): (Bound<'_, PyAny>, Bound<'_, PyAny>) = operand.extract()?;
                Condition::Members(kind(&names)?, kind(&values)?)
            }
            "same as" => Condition::SameAs(self.path(&operand)?),
            "hash of" => Condition::HashOf(half_hashes(&operand)?),
            "max age" => Condition::MaxAge(limit("max_age", &operand)?),
            "present if several" => Condition::PresentIfSeveral(self.path(&operand)?),
            "an audience" => self.of_audience(Condition::OneOf),
            "only audiences" => self.of_audience(Condition::Only),
            "all of" => Condition::All(self.conditions(path, &operand)?),
            "any of" => Condition::Any(self.conditions(path, &operand)?),
            _ => return Err(PyValueError::new_err(format!("unknown test of a rule: {test:?}"))),
        })
    }

    fn conditions(&mut self, path: &Path, rules: &Bound<'py, PyAny>) -> PyResult<Vec<Condition>> {
        let class = self.py.import("rapidjwt.rules")?.getattr("Rule")?;
        rules
            .try_iter()?
            .map(|rule| {
                let rule = rule?;
                if rule.is_instance(&class)? {
                    self.condition(path, &rule)
                } else {
                    Ok(Condition::OneOf(vec![json(path, &rule)?]))
                }
            })
            .collect()
    }

    /// Makes a condition with the verifier's audiences; without any, nothing is demanded.
    fn of_audience(&self, condition: fn(Vec<Value>) -> Condition) -> Condition {
        self.audience.map_or(Condition::Present, |audience| {
            condition(audience.iter().map(|one| Value::from(one.as_str())).collect())
        })
    }
}

/// Returns what a token lacks for a profile, a sentence for each rule that it breaks.
///
/// Nothing was verified: the header and the claims are those that somebody has written.
#[pyfunction]
#[pyo3(signature = (profile, header, claims, /))]
pub(super) fn profile_gaps(
    profile: &Bound<'_, PyAny>,
    header: &Bound<'_, PyDict>,
    claims: &Bound<'_, PyDict>,
) -> PyResult<Vec<String>> {
    let py = profile.py();
    let arguments = Arguments { profile: Some(profile), ..Arguments::default() };
    let demands = Demands::read(py, arguments, None)?.unwrap_or_default();
    let typ = header.get_item("typ")?.map(|typ| arguments::string(&typ).map(media_type));
    let typ = typ.map(Option::unwrap_or_default);
    let types = demands.profile.as_ref().and_then(|profile| profile.types.as_ref());
    let of_header = types.map_or(Ok(()), |types| types.check(typ.as_deref()));
    let mut values = AskedValues::default();
    let mut record = Record::asking(demands.names(), &mut values);
    record.look_up(claims)?;
    let at = Circumstances { now: clock::now(py)?, leeway: 0.0, hash: None };
    let of_claims = demands.rules.errors(&PyClaims { dict: claims, record: &record }, &at);
    Ok(of_header.err().into_iter().chain(of_claims).map(|error| error.to_string()).collect())
}

/// Returns the values of an audience.
pub(super) fn audiences(audience: Option<&Accepted<String>>) -> Option<&[String]> {
    audience.map(Accepted::as_slice)
}

fn values(path: &Path, tuple: &Bound<'_, PyAny>) -> PyResult<Vec<Value>> {
    tuple.try_iter()?.map(|value| json(path, &value?)).collect()
}

/// Returns a value that a claim is compared with.
fn json(path: &Path, value: &Bound<'_, PyAny>) -> PyResult<Value> {
    let value = exact(value)?;
    json_value(&value).filter(|json| !json.is_null()).ok_or_else(|| wrong(path, &value))
}

fn wrong(path: &Path, rule: &Bound<'_, PyAny>) -> PyErr {
    PyTypeError::new_err(format!(
        "the rule for \"{}\" must be a JSON value, a rule of rapidjwt.rules or a function, got {}",
        path.dotted(),
        type_name(rule)
    ))
}

fn kind(name: &Bound<'_, PyAny>) -> PyResult<Kind> {
    let name = arguments::string_argument("kind", name)?;
    Kind::by_name(&name).ok_or_else(|| PyValueError::new_err(format!("unknown kind: {name:?}")))
}

fn limit(name: &str, seconds: &Bound<'_, PyAny>) -> PyResult<f64> {
    let exact = exact_seconds(seconds)?;
    let seconds = arguments::leeway(Some(&exact)).filter(|seconds| *seconds >= 0.0);
    seconds.ok_or_else(|| {
        PyTypeError::new_err(format!(
            "{name} must be a number of seconds or a timedelta, not negative"
        ))
    })
}

/// Returns the left half of each hash, in base64url.
fn half_hashes(value: &Bound<'_, PyAny>) -> PyResult<Vec<(&'static str, String)>> {
    let value = exact(value)?;
    let text = arguments::text(&value)
        .ok_or_else(|| PyTypeError::new_err("hash_of takes the text of a token or a code"))?;
    let half = |hash: Hash| {
        let digest = digest(hash, text);
        (hash.name(), base64url::encode(&digest[..digest.len() / 2]))
    };
    Ok([Hash::Sha256, Hash::Sha384, Hash::Sha512].map(half).to_vec())
}
