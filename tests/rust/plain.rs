//! Runs the tests of `src/python/json/plain.rs`, whose fast paths differ between processors, without
//! Python.

#[path = "../../src/python/json/plain.rs"]
mod plain;
