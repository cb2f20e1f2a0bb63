//! The time, read through Python, so that freezegun and time-machine move it.

use std::time::{SystemTime, UNIX_EPOCH};

use pyo3::prelude::*;
use pyo3::types::PyCFunction;

use super::cpython::code_of;
use super::once::{ForkSafeOnce, intern};

/// The function `time_ns` that the module `time` has by nature.
struct Clock {
    time_ns: Py<PyCFunction>,
    /// The code in it that reads the system's clock; `None` where it did not when it was looked at.
    system: Option<usize>,
}

/// Seconds since the epoch, cut to microseconds as `datetime.now()` cuts them.
///
/// time-machine puts its own code into the function `time_ns`, which is then called; otherwise the
/// system's clock is read without that detour. freezegun puts another `datetime` into
/// `rapidjwt.api_jwt`, and calls take the fallback.
#[allow(clippy::cast_precision_loss, reason = "2^53 microseconds are 285 years")]
pub(super) fn now(py: Python<'_>) -> PyResult<f64> {
    static CLOCK: ForkSafeOnce<Clock> = ForkSafeOnce::new();
    let microseconds = if let Some(clock) = CLOCK.get(py) {
        let time_ns = clock.time_ns.bind(py);
        let reads_the_system = clock.system == Some(code_of(time_ns));
        match system_time().filter(|_| reads_the_system) {
            Some(microseconds) => microseconds,
            None => call(time_ns)?,
        }
    } else {
        let time_ns = py.import(intern!(py, "time"))?.getattr(intern!(py, "time_ns"))?;
        let before = system_time();
        let microseconds = call(&time_ns)?;
        let is_system_time = (before..=system_time()).contains(&Some(microseconds));
        // Not where freezegun was at work before us.
        if let Ok(time_ns) = time_ns.cast_into::<PyCFunction>() {
            let system = is_system_time.then(|| code_of(&time_ns));
            CLOCK.get_or_init(py, || Clock { time_ns: time_ns.unbind(), system });
        }
        microseconds
    };
    Ok(microseconds as f64 / 1e6)
}

/// Microseconds since the epoch by `time.time_ns`.
fn call(time_ns: &Bound<'_, PyAny>) -> PyResult<i64> {
    Ok(time_ns.call0()?.extract::<i64>()?.div_euclid(1000))
}

/// Microseconds since the epoch by the system's clock; `None` before the epoch.
fn system_time() -> Option<i64> {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).ok()?;
    let seconds = i64::try_from(since.as_secs()).ok()?;
    seconds.checked_mul(1_000_000)?.checked_add(i64::from(since.subsec_micros()))
}
