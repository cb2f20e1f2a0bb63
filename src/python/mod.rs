//! The extension module `rapidjwt._rapidjwt`. No other folder names pyo3.
//!
//! It extracts arguments, calls the core and maps errors. Python's own semantics are implemented in
//! the Python package.

mod algorithm_table;
mod arguments;
mod arrow;
mod build_info;
mod cache_info;
mod claims_view;
mod clock;
mod cores;
mod cpython;
mod decoded;
mod encoding;
mod errors;
mod fast_path;
mod header_cache;
mod jose_arguments;
mod json;
mod jwe;
mod jws_json;
mod jwt;
mod key_choice;
mod keys;
mod late;
mod once;
mod profile;
mod repr;
mod sd_jwt;
mod secret_guard;
mod signer;
mod typed_claims;
mod typed_fields;
mod vectorcall;
mod verifier;

use pyo3::exceptions::PyImportError;
use pyo3::prelude::*;
use pyo3::types::PyBytes;

use cpython::is_main_interpreter;

use crate::base64url::{self, Undecoded};
use crate::error::Error;

/// Returns the bytes of a base64url segment (RFC 7515 Section 2), or None if it is not canonical.
#[pyfunction]
#[pyo3(signature = (segment, /))]
fn decode_segment<'py>(py: Python<'py>, segment: &[u8]) -> PyResult<Option<Bound<'py, PyBytes>>> {
    match base64url::decode(segment) {
        Ok(decoded) => Ok(Some(cpython::bytes(py, &decoded).ok_or(Error::OutOfMemory)?)),
        Err(Undecoded::NotCanonical) => Ok(None),
        Err(Undecoded::OutOfMemory) => Err(Error::OutOfMemory.into()),
    }
}

/// Raises `ImportError` in a sub-interpreter.
///
/// The caches of this module hold Python objects, and `PyO3` creates its classes once per process,
/// so both belong to the interpreter that the process started with.
fn check_interpreter(py: Python<'_>) -> PyResult<()> {
    if is_main_interpreter(py) {
        return Ok(());
    }
    Err(PyImportError::new_err(
        "rapidjwt cannot be imported in a sub-interpreter: it works in the main interpreter only. \
         With mod_wsgi set 'WSGIApplicationGroup %{GLOBAL}'; with uWSGI set 'single-interpreter = \
         true' or run each mount in an instance of its own; in your own programs use threads or \
         processes.",
    ))
}

/// The native module of rapidjwt; import `rapidjwt` instead.
#[pymodule(gil_used = false)]
mod _rapidjwt {
    use pyo3::prelude::*;

    use super::algorithm_table::algorithm_table;
    use super::arguments::did_you_mean_one_of;
    use super::build_info::build_info;
    use super::cache_info::CacheInfo;
    use super::decoded::unverified_claims;
    use super::fast_path::{
        fast_path_changed, fast_path_extended, fast_path_obstacles, record_originals,
    };
    use super::jwt::{Decode, DecodeComplete, Encode, GetUnverifiedHeader};
    use super::key_choice::{choose_keys, jwk_permits};
    use super::keys::cache::{clear_key_cache, key_cache_info};
    use super::keys::key::Key;
    use super::late::late;
    use super::profile::profile_gaps;
    use super::secret_guard::{is_der, is_der_public_key, is_jwk, is_pem, is_ssh};
    use super::signer::{Signer, SignerEncode};
    use super::vectorcall::{add_method, function};
    use super::verifier::batch::{self, DecodedMany, token_text};
    use super::verifier::policy::VerifierPolicy;
    use super::verifier::{
        Verifier, VerifierDecode, keys_may_be_outdated, token_iterator, typed_claims,
        verifier_of_policy, verifier_under,
    };
    use super::{check_interpreter, decode_segment};

    /// Adds every member after the check; `#[pymodule_export]` would add members before it.
    #[pymodule_init]
    fn init(module: &Bound<'_, PyModule>) -> PyResult<()> {
        let py = module.py();
        check_interpreter(py)?;
        module.add("__version__", env!("CARGO_PKG_VERSION"))?;
        module.add("CHUNK", batch::CHUNK)?;
        module.add_class::<CacheInfo>()?;
        module.add_class::<DecodedMany>()?;
        module.add_class::<Key>()?;
        module.add_class::<Signer>()?;
        module.add_class::<Verifier>()?;
        module.add_class::<VerifierPolicy>()?;
        add_method::<SignerEncode>(py)?;
        add_method::<VerifierDecode>(py)?;
        module.add("encode", function::<Encode, _>(py, "rapidjwt")?)?;
        module.add("decode", function::<Decode, _>(py, "rapidjwt")?)?;
        module.add("decode_complete", function::<DecodeComplete, _>(py, "rapidjwt")?)?;
        let header = function::<GetUnverifiedHeader, _>(py, "rapidjwt")?;
        module.add("get_unverified_header", header)?;
        for function in [
            wrap_pyfunction!(algorithm_table, module)?,
            wrap_pyfunction!(build_info, module)?,
            wrap_pyfunction!(choose_keys, module)?,
            wrap_pyfunction!(clear_key_cache, module)?,
            wrap_pyfunction!(decode_segment, module)?,
            wrap_pyfunction!(did_you_mean_one_of, module)?,
            wrap_pyfunction!(fast_path_changed, module)?,
            wrap_pyfunction!(fast_path_extended, module)?,
            wrap_pyfunction!(fast_path_obstacles, module)?,
            wrap_pyfunction!(is_der, module)?,
            wrap_pyfunction!(is_der_public_key, module)?,
            wrap_pyfunction!(is_jwk, module)?,
            wrap_pyfunction!(is_pem, module)?,
            wrap_pyfunction!(is_ssh, module)?,
            wrap_pyfunction!(jwk_permits, module)?,
            wrap_pyfunction!(key_cache_info, module)?,
            wrap_pyfunction!(keys_may_be_outdated, module)?,
            wrap_pyfunction!(profile_gaps, module)?,
            wrap_pyfunction!(record_originals, module)?,
            wrap_pyfunction!(token_iterator, module)?,
            wrap_pyfunction!(token_text, module)?,
            wrap_pyfunction!(typed_claims, module)?,
            wrap_pyfunction!(unverified_claims, module)?,
            wrap_pyfunction!(verifier_of_policy, module)?,
            wrap_pyfunction!(verifier_under, module)?,
        ] {
            module.add_function(function)?;
        }
        module.setattr("__getattr__", wrap_pyfunction!(late, module)?)?;
        Ok(())
    }
}
