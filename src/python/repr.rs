//! The repr of the prepared objects: the arguments that differ from their defaults.

use pyo3::IntoPyObjectExt;
use pyo3::prelude::*;

/// The text `<Class name=value ...>`.
pub(super) struct Repr(String);

impl Repr {
    pub(super) fn new(class: &str) -> Self {
        Self(format!("<{class}"))
    }

    /// Adds an argument.
    pub(super) fn add<'py, T: IntoPyObject<'py>>(
        &mut self,
        py: Python<'py>,
        name: &str,
        value: T,
    ) -> PyResult<()> {
        let value = value.into_bound_py_any(py)?;
        let text = value.repr()?;
        self.0.extend([" ", name, "=", text.to_str()?]);
        Ok(())
    }

    /// Adds an argument unless it is `None`.
    pub(super) fn add_if<'py, T: IntoPyObject<'py>>(
        &mut self,
        py: Python<'py>,
        name: &str,
        value: Option<T>,
    ) -> PyResult<()> {
        value.map_or(Ok(()), |value| self.add(py, name, value))
    }

    pub(super) fn finish(self) -> String {
        self.0 + ">"
    }
}
