//! The time, read through Python, so that freezegun and time-machine move it.

use pyo3::prelude::*;
use pyo3::types::PyCFunction;

use super::first_use::{FirstUse, intern};

/// Seconds since the epoch, cut to microseconds as `datetime.now()` cuts them.
///
/// This calls the function that the module `time` has by nature: time-machine moves that one.
/// freezegun puts another `datetime` into `rapidjwt.api_jwt`, and calls take the faithful road.
#[allow(clippy::cast_precision_loss, reason = "2^53 microseconds are 285 years")]
pub(super) fn now(py: Python<'_>) -> PyResult<f64> {
    static TIME_NS: FirstUse<Py<PyCFunction>> = FirstUse::new();
    let nanoseconds: i64 = if let Some(time_ns) = TIME_NS.get(py) {
        time_ns.bind(py).call0()?.extract()?
    } else {
        let time_ns = py.import(intern!(py, "time"))?.getattr(intern!(py, "time_ns"))?;
        // Not where freezegun was at work before us.
        if let Ok(time_ns) = time_ns.cast::<PyCFunction>() {
            TIME_NS.get_or_make(py, || time_ns.clone().unbind());
        }
        time_ns.call0()?.extract()?
    };
    Ok(nanoseconds.div_euclid(1000) as f64 / 1e6)
}
