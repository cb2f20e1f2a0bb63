//! What this module was built with, and what the processor offers to it: for `rapidjwt doctor`.

use std::env::consts::{ARCH, OS};

use pyo3::prelude::*;
use pyo3::types::PyDict;

use crate::crypto;

/// The instructions that the crypto libraries use where they are, and whether they are here. Both
/// libraries look for them when the process starts.
#[cfg(target_arch = "x86_64")]
fn cpu_features() -> Vec<(&'static str, bool)> {
    vec![
        ("sha", is_x86_feature_detected!("sha")),
        ("aes", is_x86_feature_detected!("aes")),
        ("pclmulqdq", is_x86_feature_detected!("pclmulqdq")),
        ("avx2", is_x86_feature_detected!("avx2")),
        ("bmi2", is_x86_feature_detected!("bmi2")),
        ("adx", is_x86_feature_detected!("adx")),
    ]
}

#[cfg(target_arch = "aarch64")]
fn cpu_features() -> Vec<(&'static str, bool)> {
    use std::arch::is_aarch64_feature_detected;
    vec![
        ("sha2", is_aarch64_feature_detected!("sha2")),
        ("aes", is_aarch64_feature_detected!("aes")),
        ("pmull", is_aarch64_feature_detected!("pmull")),
        ("neon", is_aarch64_feature_detected!("neon")),
    ]
}

#[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
fn cpu_features() -> Vec<(&'static str, bool)> {
    Vec::new()
}

/// Returns the crypto library, the platform that was compiled for, how the compiler optimized, and
/// the processor's features.
#[pyfunction]
pub(super) fn build_info(py: Python<'_>) -> PyResult<Bound<'_, PyDict>> {
    let features = PyDict::new(py);
    for (name, is_here) in cpu_features() {
        features.set_item(name, is_here)?;
    }
    let info = PyDict::new(py);
    info.set_item("crypto_library", crypto::LIBRARY)?;
    info.set_item("machine", ARCH)?;
    info.set_item("system", OS)?;
    info.set_item("optimized", !cfg!(debug_assertions))?;
    info.set_item("profile_guided", cfg!(profile_guided))?;
    info.set_item("cpu_features", features)?;
    Ok(info)
}
