//! Selective disclosure, for the Python module `rapidjwt.sd_jwt`.

use pyo3::IntoPyObjectExt;
use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict, PyList, PyString, PyTuple};

use super::claims_view::Record;
use super::jose_arguments::{dict, json_text, token_bytes};
use super::verifier::Verifier;
use super::verifier::policy::Presentation;
use super::{arguments, cpython, decoded, encoding, typed_claims};
use crate::algorithm::{ALGORITHMS, Algorithm, Family, Hash};
use crate::bounds::Bounds;
use crate::error::Error;
use crate::sd_jwt::{self, KeyBinding, KeyBindingPolicy, Limits, Path, SdJwt, Step};

/// Returns the member of that name, or `None`.
pub(super) fn member<'py>(py: Python<'py>, name: &str) -> PyResult<Option<Bound<'py, PyAny>>> {
    Ok(Some(match name {
        "Disclosure" => py.get_type::<Disclosure>().into_any(),
        "PresentationPolicy" => py.get_type::<PresentationPolicy>().into_any(),
        "SDJWT" => py.get_type::<PySdJwt>().into_any(),
        "conceal" => wrap_pyfunction!(conceal, py)?.into_any(),
        _ => return Ok(None),
    }))
}

/// Conceals claims and returns the payload to sign and the disclosures, for the holder.
///
/// Arguments:
///     claims: a dict, or an object of a type that `Verifier(claims=...)` takes.
///     disclosable: the paths of the claims that the holder may disclose or not: the name of a claim,
///         or a tuple of names, of indexes of lists, and of None for each element of a list.
///     decoys: the number of digests that stand for nothing, added wherever a claim is concealed.
///     `hash_algorithm`: "sha-256", "sha-384" or "sha-512".
///
/// Raises `ValueError` for a path that leads to no claim, and for the claims `iss`, `aud`, `exp`,
/// `nbf` and `cnf`, which every verifier needs.
#[pyfunction]
#[pyo3(signature = (claims, disclosable, *, decoys=0, hash_algorithm="sha-256"))]
fn conceal<'py>(
    claims: &Bound<'py, PyAny>,
    disclosable: &Bound<'py, PyAny>,
    decoys: usize,
    hash_algorithm: &str,
) -> PyResult<(Bound<'py, PyDict>, Vec<String>)> {
    let py = claims.py();
    let members = match claims.cast::<PyDict>() {
        Ok(dict) => dict.copy()?,
        Err(_) => typed_claims::members(claims)?.ok_or_else(|| {
            let found = arguments::type_name(claims);
            PyTypeError::new_err(format!(
                "claims must be a dict or an object of claims, got {found}"
            ))
        })?,
    };
    let members = encoding::with_whole_seconds(&members)?.unwrap_or(members);
    let json = encoding::json_by_python(&members, None)?;
    let paths = paths(disclosable)?;
    let concealed = sd_jwt::conceal(&json, &paths, hash(hash_algorithm)?, decoys);
    let concealed = concealed.map_err(|error| match error {
        Error::OutOfMemory | Error::CannotConceal(_) => error.into(),
        error => PyValueError::new_err(error.to_string()),
    })?;
    let payload = decoded::claims(py, concealed.payload.as_bytes(), &mut Record::default())?;
    let texts = concealed.disclosures.iter().map(|disclosure| disclosure.text().to_owned());
    Ok((payload, texts.collect()))
}

fn hash(name: &str) -> PyResult<Hash> {
    sd_jwt::hash_by_name(name).ok_or_else(|| {
        PyValueError::new_err("hash_algorithm must be \"sha-256\", \"sha-384\" or \"sha-512\"")
    })
}

/// Reads the paths of claims.
fn paths(paths: &Bound<'_, PyAny>) -> PyResult<Vec<Path>> {
    let is_text = paths.is_instance_of::<PyString>() || paths.is_instance_of::<PyBytes>();
    match paths.try_iter() {
        Ok(each) if !is_text => each.map(|path| self::path(&path?)).collect(),
        _ => Err(PyTypeError::new_err(
            "The paths of claims must be in a list, for example [\"given_name\", (\"address\", \
             \"country\")]",
        )),
    }
}

fn path(path: &Bound<'_, PyAny>) -> PyResult<Path> {
    if let Some(name) = arguments::string(path) {
        return Ok(vec![Step::Name(name.to_owned())]);
    }
    let wrong = || {
        PyTypeError::new_err(
            "The path of a claim must be its name, or a tuple of names, indexes from 0 and None for \
             each element",
        )
    };
    let is_sequence = path.is_instance_of::<PyTuple>() || path.is_instance_of::<PyList>();
    if !is_sequence || path.is_empty()? {
        return Err(wrong());
    }
    let step = |step: Bound<'_, PyAny>| {
        if step.is_none() {
            return Ok(Step::Each);
        }
        if let Some(name) = arguments::string(&step) {
            return Ok(Step::Name(name.to_owned()));
        }
        let is_boolean = arguments::boolean(&step).is_some();
        step.extract().ok().filter(|_| !is_boolean).map(Step::Index).ok_or_else(wrong)
    };
    path.try_iter()?.map(|found| step(found?)).collect()
}

/// An SD-JWT (RFC 9901) that was taken apart. Nothing of it is verified: an `SDJWTVerifier` does
/// that.
///
/// Its `str` is the compact form. It is immutable.
#[pyclass(frozen, name = "SDJWT", module = "rapidjwt.sd_jwt")]
struct PySdJwt {
    sd_jwt: SdJwt,
    limits: Limits,
}

#[pymethods]
impl PySdJwt {
    /// Reads an SD-JWT in compact form, or in a JSON serialization: a dict, or its text.
    ///
    /// Of the general JSON serialization the first signature counts; the others are kept for
    /// `to_general`. Raises `DecodeError` for anything else and beyond the limits.
    #[staticmethod]
    #[pyo3(signature = (sd_jwt, *, max_disclosures=256, max_nesting=32))]
    fn parse(
        sd_jwt: &Bound<'_, PyAny>,
        max_disclosures: usize,
        max_nesting: usize,
    ) -> PyResult<Self> {
        let limits = Limits { disclosures: max_disclosures, nesting: max_nesting };
        Ok(Self { sd_jwt: parse(sd_jwt, max_disclosures)?, limits })
    }

    /// The JWT that the issuer has signed, in which digests stand for claims.
    #[getter]
    fn issuer_jwt(&self) -> String {
        self.sd_jwt.issuer_jwt()
    }

    /// The key binding JWT, or None.
    #[getter]
    fn key_binding_jwt(&self) -> Option<&str> {
        self.sd_jwt.key_binding()
    }

    /// The disclosures, in the order of the claims. Raises `DecodeError` if they do not belong to
    /// the issuer-signed JWT.
    #[getter]
    fn disclosures<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        let each = self.sd_jwt.located(self.limits)?.into_iter().map(|located| {
            let json = format!("{{\"value\":{}}}", located.value);
            let object = decoded::claims(py, json.as_bytes(), &mut Record::default())?;
            let steps: Vec<_> = located
                .path
                .iter()
                .map(|step| match step {
                    Step::Name(name) => name.into_bound_py_any(py),
                    Step::Index(index) => index.into_bound_py_any(py),
                    Step::Each => Ok(py.None().into_bound(py)),
                })
                .collect::<PyResult<_>>()?;
            Bound::new(
                py,
                Disclosure {
                    text: located.disclosure.text().to_owned(),
                    salt: located.disclosure.salt().to_owned(),
                    name: located.disclosure.name().map(str::to_owned),
                    value: object.as_any().get_item("value")?.unbind(),
                    path: PyTuple::new(py, steps)?.unbind(),
                },
            )
        });
        PyTuple::new(py, each.collect::<PyResult<Vec<_>>>()?)
    }

    /// Returns an SD-JWT with only those disclosures that are needed for the claims at these paths:
    /// their own, those inside them and those around them.
    ///
    /// Paths are those of `conceal`. A key binding JWT is left out. Raises `ValueError` for a path
    /// that leads to no claim, `DecodeError` for disclosures that do not belong to the SD-JWT.
    #[pyo3(signature = (paths))]
    fn select(&self, paths: &Bound<'_, PyAny>) -> PyResult<Self> {
        let sd_jwt = self.sd_jwt.select(&self::paths(paths)?, self.limits)?;
        Ok(Self { sd_jwt, limits: self.limits })
    }

    /// Returns the `sd_hash` of a key binding JWT for this SD-JWT (RFC 9901 Section 4.3.1).
    fn sd_hash(&self) -> PyResult<String> {
        Ok(self.sd_jwt.sd_hash(self.limits)?)
    }

    /// Returns the same SD-JWT with this key binding JWT. Raises `DecodeError` for what is not a JWT.
    #[pyo3(signature = (jwt))]
    fn with_key_binding(&self, jwt: &str) -> PyResult<Self> {
        Ok(Self { sd_jwt: self.sd_jwt.with_key_binding(jwt)?, limits: self.limits })
    }

    /// Returns the flattened JSON serialization (RFC 9901 Section 8.2).
    fn to_flattened<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        dict(py, &self.sd_jwt.to_flattened())
    }

    /// Returns the general JSON serialization (RFC 9901 Section 8.3).
    fn to_general<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        dict(py, &self.sd_jwt.to_general())
    }

    fn __str__(&self) -> String {
        self.sd_jwt.to_compact()
    }

    fn __repr__(&self) -> String {
        let number = self.sd_jwt.disclosures().len();
        let bound = if self.sd_jwt.key_binding().is_some() { ", with key binding" } else { "" };
        format!("<SDJWT with {number} disclosures{bound}>")
    }
}

/// A disclosure of an SD-JWT (RFC 9901 Section 4.2). Nothing of it is verified.
#[pyclass(frozen, get_all, module = "rapidjwt.sd_jwt")]
struct Disclosure {
    /// The disclosure as it travels, in base64url.
    text: String,
    /// The salt.
    salt: String,
    /// The name of the claim; None for an element of a list.
    name: Option<String>,
    /// The value of the claim.
    value: Py<PyAny>,
    /// The path to the claim: names, and the indexes of elements.
    path: Py<PyTuple>,
}

#[pymethods]
impl Disclosure {
    /// Shows where the claim is, and not its value, which may be about a person.
    fn __repr__(&self, py: Python<'_>) -> PyResult<String> {
        Ok(format!("<Disclosure path={}>", self.path.bind(py).repr()?))
    }
}

/// What an `SDJWTVerifier` demands of the presentations of holders.
#[pyclass(frozen, module = "rapidjwt._rapidjwt")]
struct PresentationPolicy {
    key_binding: Binding,
    algorithms: Vec<&'static Algorithm>,
    max_age: f64,
    limits: Limits,
    max_size: usize,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Binding {
    Required,
    Optional,
    Refused,
}

#[pymethods]
impl PresentationPolicy {
    #[new]
    fn new(
        key_binding: &str,
        algorithms: Option<&Bound<'_, PyAny>>,
        max_age: &Bound<'_, PyAny>,
        max_disclosures: usize,
        max_nesting: usize,
        max_size: usize,
    ) -> PyResult<Self> {
        let key_binding = match key_binding {
            "required" => Binding::Required,
            "optional" => Binding::Optional,
            "refused" => Binding::Refused,
            _ => {
                return Err(PyValueError::new_err(
                    "key_binding must be \"required\", \"optional\" or \"refused\"",
                ));
            }
        };
        let max_age = arguments::leeway(Some(&arguments::exact_seconds(max_age)?))
            .filter(|seconds| seconds.is_finite() && *seconds > 0.0)
            .ok_or_else(|| {
                PyValueError::new_err("max_age must be a number of seconds above 0, or a timedelta")
            })?;
        let limits = Limits { disclosures: max_disclosures, nesting: max_nesting };
        let algorithms = algorithms.map_or_else(|| Ok(asymmetric().collect()), read_algorithms)?;
        Ok(Self { key_binding, algorithms, max_age, limits, max_size })
    }

    /// Returns an SD-JWT in compact form: the object itself unless it is in a JSON serialization.
    #[pyo3(signature = (sd_jwt, /))]
    fn compact<'py>(&self, sd_jwt: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        if !sd_jwt.is_instance_of::<PyDict>() {
            let text = token_bytes(sd_jwt)?;
            self.check_size(text)?;
            if !text.trim_ascii_start().starts_with(b"{") {
                return Ok(sd_jwt.clone());
            }
        }
        let compact = parse(sd_jwt, self.limits.disclosures)?.to_compact();
        self.check_size(compact.as_bytes())?;
        Ok(cpython::string(sd_jwt.py(), &compact).ok_or(Error::OutOfMemory)?.into_any())
    }

    /// Returns a verifier like this one whose `decode_complete` takes SD-JWTs in compact form.
    ///
    /// Raises `TypeError` if `nonce` and `audience` are missing or have no meaning.
    #[pyo3(signature = (verifier, nonce, audience, /))]
    fn verifier(
        &self,
        verifier: &Bound<'_, Verifier>,
        nonce: Option<String>,
        audience: Option<String>,
    ) -> PyResult<Verifier> {
        let key_binding = match (self.key_binding, nonce, audience) {
            (Binding::Refused, None, None) => KeyBinding::Refused,
            (Binding::Refused, ..) => {
                return Err(PyTypeError::new_err(
                    "nonce and audience are for key binding, which this verifier refuses",
                ));
            }
            (binding, Some(nonce), Some(audience)) => {
                let leeway = verifier.getattr("leeway")?.extract()?;
                let (algorithms, max_age) = (self.algorithms.clone(), self.max_age);
                let policy = KeyBindingPolicy { nonce, audience, algorithms, max_age, leeway };
                match binding {
                    Binding::Required => KeyBinding::Required(policy),
                    _ => KeyBinding::Optional(policy),
                }
            }
            _ => {
                return Err(PyTypeError::new_err(
                    "A key binding is verified with nonce and audience: pass both",
                ));
            }
        };
        let presentation = Presentation { key_binding, limits: self.limits };
        verifier.get().for_presentation(verifier.py(), presentation)
    }
}

impl PresentationPolicy {
    fn check_size(&self, token: &[u8]) -> Result<(), Error> {
        Bounds { token_size: Some(self.max_size), ..Bounds::default() }.check_token(token)
    }
}

fn parse(sd_jwt: &Bound<'_, PyAny>, max_disclosures: usize) -> PyResult<SdJwt> {
    if sd_jwt.is_instance_of::<PyDict>() {
        let json = json_text(sd_jwt)?.into_any();
        return Ok(SdJwt::parse(token_bytes(&json)?, max_disclosures)?);
    }
    Ok(SdJwt::parse(token_bytes(sd_jwt)?, max_disclosures)?)
}

/// Returns the algorithms that a key binding can be signed with.
fn asymmetric() -> impl Iterator<Item = &'static Algorithm> {
    ALGORITHMS.iter().filter(|row| !matches!(row.family, Family::Hmac(_)))
}

fn read_algorithms(names: &Bound<'_, PyAny>) -> PyResult<Vec<&'static Algorithm>> {
    let names = arguments::strings(&arguments::exact(names)?).filter(|names| !names.is_empty());
    let names = names.ok_or_else(|| {
        PyTypeError::new_err("key_binding_algorithms must be a list of at least one name")
    })?;
    let row = |name: &str| {
        asymmetric().find(|row| row.name == name).ok_or_else(|| {
            PyValueError::new_err("key_binding_algorithms must be signatures with private keys")
        })
    };
    arguments::borrowed(&names).into_iter().map(row).collect()
}
