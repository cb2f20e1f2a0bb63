//! Verified claims as objects of the caller's type, which `rapidjwt.typed_claims` makes.

use pyo3::prelude::*;
use pyo3::types::{PyDict, PyTuple};
use pyo3::{PyTraverseError, PyVisit};

use super::errors::Raised;
use super::json::scan::ScannedClaims;
use super::once::intern;
use super::typed_fields::Fields;
use super::{cpython, encoding};
use crate::claims::Policy;
use crate::error::Error;

/// A type, and how claims become an object of it.
pub(super) struct TypedClaims {
    pub(super) kind: Py<PyAny>,
    pub(super) name: String,
    read: Py<PyAny>,
    /// The fields that claims are put into without `read`, if these are plain.
    fields: Option<Fields>,
    /// Whether `read` takes the JSON text of the claims, not a dict of them.
    pub(super) takes_json: bool,
    /// What `read` raises for claims that do not fit.
    misfits: Py<PyTuple>,
    /// Returns the claim that such an exception is about.
    claim: Py<PyAny>,
}

impl TypedClaims {
    /// Prepares a type of claims that conform to the policy; raises `TypeError` for what is not such
    /// a type.
    pub(super) fn of(kind: &Bound<'_, PyAny>, policy: &Policy<String>) -> PyResult<Self> {
        let py = kind.py();
        let reader = py.import("rapidjwt.typed_claims")?.getattr("reader")?.call1((kind,))?;
        let fields = reader.getattr("fields")?;
        Ok(Self {
            kind: kind.clone().unbind(),
            name: reader.getattr("name")?.extract()?,
            read: reader.getattr("read")?.unbind(),
            fields: if fields.is_none() { None } else { Some(Fields::of(&fields, policy)?) },
            takes_json: reader.getattr("takes_json")?.extract()?,
            misfits: reader.getattr("misfits")?.cast_into()?.unbind(),
            claim: reader.getattr("claim")?.unbind(),
        })
    }

    /// Returns whether claims that are not registered need to be kept for
    /// [`of_scanned`](Self::of_scanned).
    pub(super) const fn has_fields(&self) -> bool {
        self.fields.is_some()
    }

    /// Makes an object of verified claims that were read and checked in place in this JSON text.
    pub(super) fn of_scanned<'py>(
        &self,
        py: Python<'py>,
        claims: &ScannedClaims<'_>,
        json: &[u8],
    ) -> PyResult<Bound<'py, PyAny>> {
        match self.fields.as_ref().and_then(|fields| fields.values(py, claims)) {
            Some(values) => cpython::call_with(self.kind.bind(py), &values),
            None => self.of_json(py, json),
        }
    }

    /// Makes an object of the JSON text of verified claims.
    fn of_json<'py>(&self, py: Python<'py>, json: &[u8]) -> PyResult<Bound<'py, PyAny>> {
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
        visit.call(&self.read)?;
        self.fields.as_ref().map_or(Ok(()), |fields| fields.traverse(visit))
    }
}

/// Returns the claims of an object of a type that [`TypedClaims`] takes; `None` for other objects.
pub(super) fn members<'py>(claims: &Bound<'py, PyAny>) -> PyResult<Option<Bound<'py, PyDict>>> {
    let module = claims.py().import(intern!(claims.py(), "rapidjwt.typed_claims"))?;
    let members = cpython::call(&module.getattr("claims_of")?, &[claims], None)?;
    if members.is_none() { Ok(None) } else { Ok(Some(members.cast_into()?)) }
}
