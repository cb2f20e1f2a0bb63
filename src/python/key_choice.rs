//! Exposes to the Python package the core's rules for choosing among several keys.

use pyo3::prelude::*;
use pyo3::types::{PyList, PyTuple};

use super::arguments::string;
use crate::key::metadata;
use crate::keyring::{self, Choice, KeyId};

/// Chooses among the keys for a token's algorithm and returns the positions of those that it is
/// verified with. `ids` are the keys' IDs, None for a key without one; `kid` is the token's, or None.
///
/// Raises `InvalidAlgorithmError` without keys; `InvalidTokenError` when no key has the token's ID,
/// or when several have IDs and the token has none (RFC 7515 Section 4.1.4 and Appendix D).
#[pyfunction]
#[pyo3(signature = (ids, kid, /))]
pub(super) fn choose_keys(
    ids: &Bound<'_, PyList>,
    kid: Option<&Bound<'_, PyAny>>,
) -> PyResult<Vec<usize>> {
    let compare = |id: Bound<'_, PyAny>| {
        let is_same = kid.map_or(Ok(false), |kid| id.eq(kid))?;
        Ok(match (id.is_none(), is_same) {
            (true, _) => KeyId::Absent,
            (false, true) => KeyId::Same,
            (false, false) => KeyId::Other,
        })
    };
    let ids: Vec<KeyId> = ids.iter().map(compare).collect::<PyResult<_>>()?;
    Ok(match keyring::choose(kid.is_some(), ids.iter().copied().enumerate())? {
        Choice::One(index) => vec![index],
        Choice::EachWithoutId => {
            (0..ids.len()).filter(|&index| ids[index] == KeyId::Absent).collect()
        }
    })
}

/// Returns whether the `use` and `key_ops` of a JWK permit a use and an operation of its key; None
/// for a member that is absent and for what is not asked (RFC 7517 Sections 4.2 and 4.3).
#[pyfunction]
#[pyo3(signature = (key_use, key_ops, /, *, r#use=None, operation=None))]
pub(super) fn jwk_permits(
    key_use: Option<&Bound<'_, PyAny>>,
    key_ops: Option<&Bound<'_, PyAny>>,
    r#use: Option<&str>,
    operation: Option<&str>,
) -> PyResult<bool> {
    // A member of a wrong type permits nothing.
    let key_use = key_use.map(|text| string(text).unwrap_or_default());
    let names: Option<Vec<Bound<'_, PyAny>>> = match key_ops {
        Some(names) if names.is_instance_of::<PyList>() || names.is_instance_of::<PyTuple>() => {
            Some(names.extract()?)
        }
        other => other.map(|_| Vec::new()),
    };
    let names: Option<Vec<&str>> =
        names.as_ref().map(|names| names.iter().filter_map(string).collect());
    Ok(r#use.is_none_or(|wanted| metadata::permits_use(key_use, wanted))
        && operation.is_none_or(|wanted| metadata::permits_operation(names.as_deref(), wanted)))
}
