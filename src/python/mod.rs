//! The extension module `rapidjwt._rapidjwt`, the only folder that names pyo3.
//!
//! It extracts arguments, calls the core and maps errors; Python's own semantics live in the
//! Python package.

mod algorithm_table;
mod arguments;
mod cache_info;
mod claims_view;
mod clock;
mod cpython;
mod decoded;
mod encoding;
mod errors;
mod fast_path;
mod header_cache;
mod json;
mod jwt;
mod keys;
mod once;
mod signer;
mod vectorcall;
mod verifier;

use pyo3::prelude::*;
use pyo3::types::PyBytes;

/// The bytes of a base64url segment (RFC 7515 Section 2), or None when it is not canonical.
#[pyfunction]
#[pyo3(signature = (segment, /))]
fn decode_segment<'py>(py: Python<'py>, segment: &[u8]) -> Option<Bound<'py, PyBytes>> {
    Some(PyBytes::new(py, &crate::base64url::decode(segment)?))
}

/// Whether `data` is a public key or an X.509 certificate in DER.
#[pyfunction]
#[pyo3(signature = (data, /))]
fn is_der_public_key(data: &[u8]) -> bool {
    crate::key::der::is_public_key_or_certificate(data)
}

/// The native module of rapidjwt; import `rapidjwt` instead.
#[pymodule(gil_used = false)]
mod _rapidjwt {
    use pyo3::prelude::*;

    #[pymodule_export]
    use super::algorithm_table::algorithm_table;
    #[pymodule_export]
    use super::cache_info::CacheInfo;
    #[pymodule_export]
    use super::fast_path::{
        fast_path_changed, fast_path_extended, fast_path_obstacles, record_originals,
    };
    #[pymodule_export]
    use super::jwt::get_unverified_header;
    use super::jwt::{Decode, DecodeComplete, Encode};
    #[pymodule_export]
    use super::keys::cache::{clear_key_cache, key_cache_info};
    #[pymodule_export]
    use super::keys::key::Key;
    #[pymodule_export]
    use super::signer::Signer;
    use super::signer::SignerEncode;
    use super::vectorcall::{add_method, function};
    use super::verifier::VerifierDecode;
    #[pymodule_export]
    use super::verifier::batch::DecodedMany;
    #[pymodule_export]
    use super::verifier::policy::VerifierPolicy;
    #[pymodule_export]
    use super::verifier::{Verifier, verifier_of_policy};
    #[pymodule_export]
    use super::{decode_segment, is_der_public_key};

    #[pymodule_init]
    fn init(module: &Bound<'_, PyModule>) -> PyResult<()> {
        let py = module.py();
        add_method::<SignerEncode>(py)?;
        add_method::<VerifierDecode>(py)?;
        module.add("encode", function::<Encode, _>(py, "rapidjwt")?)?;
        module.add("decode", function::<Decode, _>(py, "rapidjwt")?)?;
        module.add("decode_complete", function::<DecodeComplete, _>(py, "rapidjwt")?)
    }

    #[pymodule_export]
    #[allow(non_upper_case_globals, reason = "a Python name")]
    const __version__: &str = env!("CARGO_PKG_VERSION");
}
