//! Verified claims as objects of the caller's type, which `rapidjwt.typed_claims` makes.

use pyo3::prelude::*;
use pyo3::types::{PyDict, PyTuple};
use pyo3::{PyTraverseError, PyVisit};

use super::errors::Raised;
use super::once::intern;
use super::{cpython, encoding};
use crate::error::Error;

/// A type, and how claims become an object of it.
pub(super) struct TypedClaims {
    pub(super) kind: Py<PyAny>,
    pub(super) name: String,
    read: Py<PyAny>,
    /// Whether `read` takes the JSON text of the claims, not a dict of them.
    pub(super) takes_json: bool,
    /// What `read` raises for claims that do not fit.
    misfits: Py<PyTuple>,
    /// Returns the claim that such an exception is about.
    claim: Py<PyAny>,
}

impl TypedClaims {
    /// Prepares a type; raises `TypeError` for what is not a type of claims.
    pub(super) fn of(kind: &Bound<'_, PyAny>) -> PyResult<Self> {
        let py = kind.py();
        let reader = py.import("rapidjwt.typed_claims")?.getattr("reader")?.call1((kind,))?;
        Ok(Self {
            kind: kind.clone().unbind(),
            name: reader.getattr("name")?.extract()?,
            read: reader.getattr("read")?.unbind(),
            takes_json: reader.getattr("takes_json")?.extract()?,
            misfits: reader.getattr("misfits")?.cast_into()?.unbind(),
            claim: reader.getattr("claim")?.unbind(),
        })
    }

    /// Makes an object of the JSON text of verified claims, which were checked in place.
    pub(super) fn of_json<'py>(&self, py: Python<'py>, json: &[u8]) -> PyResult<Bound<'py, PyAny>> {
        let json = cpython::bytes(py, json).ok_or(Error::OutOfMemory)?;
        self.read(json.as_any())
    }

    /// Makes an object of verified claims.
    pub(super) fn of_dict<'py>(&self, claims: &Bound<'py, PyDict>) -> PyResult<Bound<'py, PyAny>> {
        if self.takes_json {
            // Written again, so that another parser cannot read anything else than was checked.
            return self.of_json(claims.py(), &encoding::json_by_python(claims, None)?);
        }
        self.read(claims.as_any())
    }

    fn read<'py>(&self, claims: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        let py = claims.py();
        let read = cpython::call(self.read.bind(py), &[claims], None);
        read.map_err(|error| self.misfit(py, Raised::new(py, error)))
    }

    /// Returns the error for claims that do not fit. It holds nothing of the exception, whose text
    /// and context may have values of the token.
    #[cold]
    fn misfit(&self, py: Python<'_>, error: Raised) -> PyErr {
        if !error.matches(py, self.misfits.bind(py)) {
            return error.into();
        }
        let error = error.into_value(py);
        let claim = cpython::call(self.claim.bind(py), &[error.as_any()], None);
        match claim.and_then(|claim| claim.extract()) {
            Ok(claim) => Error::ClaimsMisfit { claim, kind: self.name.clone() }.into(),
            Err(error) => error,
        }
    }

    pub(super) fn traverse(&self, visit: &PyVisit<'_>) -> Result<(), PyTraverseError> {
        visit.call(&self.kind)?;
        visit.call(&self.read)
    }
}

/// Returns the claims of an object of a type that [`TypedClaims`] takes; `None` for other objects.
pub(super) fn members<'py>(claims: &Bound<'py, PyAny>) -> PyResult<Option<Bound<'py, PyDict>>> {
    let module = claims.py().import(intern!(claims.py(), "rapidjwt.typed_claims"))?;
    let members = cpython::call(&module.getattr("claims_of")?, &[claims], None)?;
    if members.is_none() { Ok(None) } else { Ok(Some(members.cast_into()?)) }
}
