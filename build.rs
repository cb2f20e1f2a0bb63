//! Lets `src/python` ask for which version of Python it is compiled.

fn main() {
    #[cfg(feature = "python")]
    pyo3_build_config::use_pyo3_cfgs();
}
