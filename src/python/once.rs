//! Values that are made at first use, while the interpreter is held throughout.
//!
//! `PyO3`'s `PyOnceLock` and `intern!` release the interpreter after they have started to make a
//! value. If another thread forks the process at that moment, nobody finishes the value in the
//! child, and whoever needs it waits forever. Here nothing is marked as started before the value
//! exists.

use std::sync::OnceLock;

use pyo3::prelude::*;

/// A value that is made at first use.
pub(super) struct ForkSafeOnce<T>(OnceLock<T>);

impl<T> ForkSafeOnce<T> {
    pub(super) const fn new() -> Self {
        Self(OnceLock::new())
    }

    pub(super) fn get(&self, _py: Python<'_>) -> Option<&T> {
        self.0.get()
    }

    /// Returns the value, and makes it if necessary. If two threads make it at the same time, both
    /// get the same one of the two.
    pub(super) fn get_or_init(&self, _py: Python<'_>, make: impl FnOnce() -> T) -> &T {
        if let Some(value) = self.0.get() {
            return value;
        }
        let value = make();
        self.0.get_or_init(|| value)
    }
}

/// The Python string of a literal, created once, like that of `pyo3::intern!`.
macro_rules! intern {
    ($py:expr, $text:expr) => {{
        static NAME: $crate::python::once::ForkSafeOnce<pyo3::Py<pyo3::types::PyString>> =
            $crate::python::once::ForkSafeOnce::new();
        let py: pyo3::Python<'_> = $py;
        NAME.get_or_init(py, || pyo3::types::PyString::intern(py, $text).unbind()).bind(py)
    }};
}
pub(super) use intern;
