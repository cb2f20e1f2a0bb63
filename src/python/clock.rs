//! The time, read through Python, so that freezegun and time-machine move it.

use pyo3::intern;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::PyDict;

/// Seconds since the epoch, cut to microseconds as `datetime.now()` cuts them.
pub(super) fn now(py: Python<'_>) -> PyResult<f64> {
    static TIME: PyOnceLock<Py<PyDict>> = PyOnceLock::new();
    let time = TIME.get_or_try_init(py, || -> PyResult<_> {
        Ok(py.import(intern!(py, "time"))?.dict().unbind())
    })?;
    // Looked up anew each time: freezegun replaces the function in the module.
    let function = time.bind(py).as_any().get_item(intern!(py, "time"))?;
    let seconds: f64 = function.call0()?.extract()?;
    Ok((seconds * 1e6).floor() / 1e6)
}
