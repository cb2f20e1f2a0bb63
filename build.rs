//! Lets `src/python` test which version of Python it is compiled for, and whether the compiler has
//! seen the calls of benches/training.py.

fn main() {
    println!("cargo::rustc-check-cfg=cfg(profile_guided)");
    let flags = std::env::var("CARGO_ENCODED_RUSTFLAGS").unwrap_or_default();
    if flags.contains("profile-use") {
        println!("cargo::rustc-cfg=profile_guided");
    }
    #[cfg(feature = "python")]
    pyo3_build_config::use_pyo3_cfgs();
}
