#![no_main]

#[path = "../../tests/rust/invariants.rs"]
mod invariants;

libfuzzer_sys::fuzz_target!(|data: &[u8]| invariants::sd_jwt(data));
