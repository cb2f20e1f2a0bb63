//! The policy of a `Verifier` as its attributes and its repr show it. Neither shows a key.

use pyo3::prelude::*;
use pyo3::types::{PyDict, PyString, PyTuple};

use super::policy::VerifierPolicy;
use crate::claims::{Accepted, Checks, Policy};
use crate::python::repr::Repr;

/// Returns what was passed for `audience`, `issuer` or `subject`: a str, or a tuple of several.
pub(super) fn accepted<'py>(
    py: Python<'py>,
    accepted: Option<&Accepted<String>>,
) -> PyResult<Option<Bound<'py, PyAny>>> {
    Ok(match accepted {
        None => None,
        Some(Accepted::One(one)) => Some(PyString::new(py, one).into_any()),
        Some(Accepted::AnyOf(any)) => Some(PyTuple::new(py, any)?.into_any()),
    })
}

/// Returns the issuers that are accepted; `None` for all.
pub(super) fn issuer<'py>(
    py: Python<'py>,
    policy: &Policy<String>,
) -> PyResult<Option<Bound<'py, PyAny>>> {
    accepted(py, policy.issuer.as_ref().filter(|_| policy.checks.iss))
}

/// Returns the repr of a verifier with these algorithms. Checks that are missing by default, those of
/// the audience and the issuer, are always shown.
pub(super) fn repr(
    py: Python<'_>,
    policy: &VerifierPolicy,
    algorithms: Bound<'_, PyTuple>,
    helpers: [(&str, Option<Bound<'_, PyAny>>); 3],
) -> PyResult<String> {
    let profile = policy.profile().map(|profile| profile.name.as_str());
    let typed = policy.typed().map(|typed| typed.name.as_str());
    let policy = policy.claims();
    let mut repr = Repr::new("Verifier");
    repr.add(py, "algorithms", algorithms)?;
    repr.add(py, "audience", accepted(py, policy.audience.as_ref())?)?;
    repr.add(py, "issuer", issuer(py, policy)?)?;
    repr.add_if(py, "subject", accepted(py, policy.subject.as_ref())?)?;
    repr.add_if(py, "leeway", Some(policy.leeway).filter(|leeway| *leeway != 0.0))?;
    if !policy.require.is_empty() {
        repr.add(py, "require", PyTuple::new(py, &policy.require)?)?;
    }
    repr.add_if(py, "profile", profile)?;
    repr.add_if(py, "claims", typed)?;
    let options = changed_options(py, policy.checks)?;
    repr.add_if(py, "options", Some(options).filter(|options| !options.is_empty()))?;
    for (name, helper) in helpers {
        repr.add_if(py, name, helper)?;
    }
    Ok(repr.finish())
}

/// Returns the options that turn a check off, or the strict one on.
fn changed_options(py: Python<'_>, checks: Checks) -> PyResult<Bound<'_, PyDict>> {
    let options = PyDict::new(py);
    for (name, is_made) in [
        ("verify_exp", checks.exp),
        ("verify_nbf", checks.nbf),
        ("verify_iat", checks.iat),
        ("verify_aud", checks.aud),
        ("verify_iss", checks.iss),
        ("verify_sub", checks.sub),
        ("verify_jti", checks.jti),
    ] {
        if !is_made {
            options.set_item(name, false)?;
        }
    }
    if checks.strict_aud {
        options.set_item("strict_aud", true)?;
    }
    Ok(options)
}
