//! Values made at first use with the interpreter held throughout.
//!
//! `PyO3`'s `PyOnceLock` and `intern!` let go of the interpreter after they have begun to make a
//! value. In a process that another thread forks just then nobody ends what was begun, and whoever
//! wants the value waits forever. Here nothing is begun before the value is there.

use std::sync::OnceLock;

use pyo3::prelude::*;

/// A value made at first use.
pub(super) struct ForkSafeOnce<T>(OnceLock<T>);

impl<T> ForkSafeOnce<T> {
    pub(super) const fn new() -> Self {
        Self(OnceLock::new())
    }

    pub(super) fn get(&self, _py: Python<'_>) -> Option<&T> {
        self.0.get()
    }

    /// The value. Of two threads that make it at once, one keeps the other's.
    pub(super) fn get_or_init(&self, _py: Python<'_>, make: impl FnOnce() -> T) -> &T {
        if let Some(value) = self.0.get() {
            return value;
        }
        let value = make();
        self.0.get_or_init(|| value)
    }
}

/// The Python string of a literal, made once, as `pyo3::intern!` gives it.
macro_rules! intern {
    ($py:expr, $text:expr) => {{
        static NAME: $crate::python::once::ForkSafeOnce<pyo3::Py<pyo3::types::PyString>> =
            $crate::python::once::ForkSafeOnce::new();
        let py: pyo3::Python<'_> = $py;
        NAME.get_or_init(py, || pyo3::types::PyString::intern(py, $text).unbind()).bind(py)
    }};
}
pub(super) use intern;
