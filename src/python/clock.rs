//! The time, read in such a way that freezegun and time-machine can change it.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use pyo3::prelude::*;
use pyo3::types::{PyCFunction, PyDict};

use super::cpython::{code_of, dict_version, watch};
use super::errors::ok;
use super::once::{ForkSafeOnce, intern};

/// The function `time.time_ns`, as it was when it was first found to read the system clock.
struct Clock {
    time_ns: Py<PyCFunction>,
    /// The address of its machine code, which reads the system clock.
    system: usize,
    module: Py<PyDict>,
    /// The version of `module` in which `time_ns` was last seen to be that function.
    version: AtomicU64,
}

static CLOCK: ForkSafeOnce<Clock> = ForkSafeOnce::new();

/// Returns the seconds since the epoch, truncated to microseconds as `datetime.now()` truncates
/// them.
///
/// freezegun replaces `time.time_ns` with another function, and time-machine replaces the code
/// inside the original function; in both cases the function is called. Otherwise the system clock
/// is read without calling it.
#[allow(clippy::cast_precision_loss, reason = "2^53 microseconds are 285 years")]
pub(super) fn now(py: Python<'_>) -> PyResult<f64> {
    let is_system = CLOCK.get(py).is_some_and(|clock| clock.reads_the_system(py));
    let microseconds = match system_time().filter(|_| is_system) {
        Some(microseconds) => microseconds,
        None => ask(py)?,
    };
    Ok(microseconds as f64 / 1e6)
}

impl Clock {
    /// Returns whether `time.time_ns` is the function, with the code, that was found to read the
    /// system clock.
    fn reads_the_system(&self, py: Python<'_>) -> bool {
        if self.system != code_of(self.time_ns.bind(py)) {
            return false;
        }
        let module = self.module.bind(py);
        let version = dict_version(module);
        if version == Some(self.version.load(Ordering::Relaxed)) {
            return true;
        }
        let found = ok(py, module.get_item(intern!(py, "time_ns"))).flatten();
        let is_original = found.is_some_and(|found| found.is(&self.time_ns));
        if let (true, Some(version)) = (is_original, version) {
            self.version.store(version, Ordering::Relaxed);
        }
        is_original
    }
}

/// Returns the microseconds since the epoch from `time.time_ns`, and remembers that function if it
/// reads the system clock.
fn ask(py: Python<'_>) -> PyResult<i64> {
    let time = py.import(intern!(py, "time"))?;
    let time_ns = time.getattr(intern!(py, "time_ns"))?;
    let before = system_time();
    let microseconds = call(&time_ns)?;
    if !(before..=system_time()).contains(&Some(microseconds)) {
        return Ok(microseconds);
    }
    let Ok(time_ns) = time_ns.cast_into::<PyCFunction>() else {
        return ask_datetime(py);
    };
    CLOCK.get_or_init(py, || {
        watch(&time.dict());
        let system = code_of(&time_ns);
        // The first check finds the version.
        let version = AtomicU64::new(0);
        Clock { time_ns: time_ns.unbind(), system, module: time.dict().unbind(), version }
    });
    Ok(microseconds)
}

/// Returns the microseconds since the epoch from the class that the fallback uses, as PyJWT does.
///
/// In functions that a thread runs directly, freezegun's `time_ns` returns the system's time, and
/// its datetime does not.
#[allow(clippy::cast_possible_truncation, reason = "years that a datetime can have")]
fn ask_datetime(py: Python<'_>) -> PyResult<i64> {
    let module = py.import(intern!(py, "rapidjwt.api_jwt"))?;
    let utc = module.getattr(intern!(py, "timezone"))?.getattr(intern!(py, "utc"))?;
    let now = module.getattr(intern!(py, "datetime"))?.call_method1(intern!(py, "now"), (utc,))?;
    let seconds: f64 = now.call_method0(intern!(py, "timestamp"))?.extract()?;
    Ok((seconds * 1e6).round() as i64)
}

/// Calls `time.time_ns` and returns the microseconds since the epoch.
fn call(time_ns: &Bound<'_, PyAny>) -> PyResult<i64> {
    Ok(time_ns.call0()?.extract::<i64>()?.div_euclid(1000))
}

/// Returns the microseconds since the epoch from the system clock; `None` before the epoch.
fn system_time() -> Option<i64> {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).ok()?;
    let seconds = i64::try_from(since.as_secs()).ok()?;
    seconds.checked_mul(1_000_000)?.checked_add(i64::from(since.subsec_micros()))
}
