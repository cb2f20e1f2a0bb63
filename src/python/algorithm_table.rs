//! The algorithm table as Python data, for the documentation and for tests of code that repeats it.

use pyo3::prelude::*;
use pyo3::types::PyDict;

use crate::algorithm::{ALGORITHMS, Algorithm, Hash};

/// Returns the built-in algorithms, a dict for each: its `name`, `description`, `hash`, `curve`,
/// `minimum_key_bits` and `signature_len` in bytes, whether it `is_pyjwts` too and whether it
/// `needs_aws_lc`. A value that depends on the key is None or 0.
#[pyfunction]
pub(super) fn algorithm_table(py: Python<'_>) -> PyResult<Vec<Bound<'_, PyDict>>> {
    ALGORITHMS.iter().map(|algorithm| row(py, algorithm)).collect()
}

fn row<'py>(py: Python<'py>, algorithm: &Algorithm) -> PyResult<Bound<'py, PyDict>> {
    let row = PyDict::new(py);
    row.set_item("name", algorithm.name)?;
    row.set_item("description", algorithm.family.description())?;
    row.set_item("hash", algorithm.family.hash().map(Hash::name))?;
    row.set_item("curve", algorithm.family.crv())?;
    row.set_item("is_pyjwts", algorithm.family.is_pyjwts())?;
    row.set_item("needs_aws_lc", algorithm.family.needs_aws_lc())?;
    row.set_item("minimum_key_bits", algorithm.minimum_key_bits)?;
    row.set_item("signature_len", algorithm.signature_len)?;
    Ok(row)
}
