//! JSON Web Encryption, for the Python module `rapidjwt.jwe`.

mod decrypter;
mod encrypter;
mod key;

use pyo3::prelude::*;
use pyo3::types::PyDict;

use crate::content_encryption::CONTENT_ENCRYPTIONS;
use crate::key_management::KEY_MANAGEMENTS;
use decrypter::{Decrypted, Decrypter, open_nested};
use encrypter::{Encrypter, encrypt_general};
use key::generate_key;

/// Returns the member of that name, or `None`.
pub(super) fn member<'py>(py: Python<'py>, name: &str) -> PyResult<Option<Bound<'py, PyAny>>> {
    Ok(Some(match name {
        "Decrypted" => py.get_type::<Decrypted>().into_any(),
        "Decrypter" => py.get_type::<Decrypter>().into_any(),
        "Encrypter" => py.get_type::<Encrypter>().into_any(),
        "encrypt_general" => wrap_pyfunction!(encrypt_general, py)?.into_any(),
        "encryption_tables" => wrap_pyfunction!(encryption_tables, py)?.into_any(),
        "open_nested" => wrap_pyfunction!(open_nested, py)?.into_any(),
        "generate_key" => wrap_pyfunction!(generate_key, py)?.into_any(),
        _ => return Ok(None),
    }))
}

type Rows<'py> = Vec<Bound<'py, PyDict>>;

/// Returns two lists with a dict for each algorithm, its `name`, its `description` and whether it
/// `needs_aws_lc`: those of `alg`, and those of `enc`.
#[pyfunction]
fn encryption_tables(py: Python<'_>) -> PyResult<(Rows<'_>, Rows<'_>)> {
    let row = |name: &str, description: &str, needs_aws_lc: bool| {
        let row = PyDict::new(py);
        row.set_item("name", name)?;
        row.set_item("description", description)?;
        row.set_item("needs_aws_lc", needs_aws_lc)?;
        Ok(row)
    };
    let key_managements =
        KEY_MANAGEMENTS.iter().map(|one| row(one.name, one.description(), one.needs_aws_lc()));
    let encryptions =
        CONTENT_ENCRYPTIONS.iter().map(|one| row(one.name, one.description(), one.needs_aws_lc()));
    Ok((key_managements.collect::<PyResult<_>>()?, encryptions.collect::<PyResult<_>>()?))
}
