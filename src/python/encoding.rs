//! The steps that `encode` and `Signer` share: writing header and claims as JSON, and signing the
//! token.

use std::borrow::Cow;

use pyo3::exceptions::{PyMemoryError, PyTypeError};
use pyo3::prelude::*;
use pyo3::types::{PyDate, PyDateTime, PyDict, PyInt, PyString, PyTuple, PyType};

use super::errors::{Raised, ok};
use super::json::dumps::{dumps, dumps_claims, token};
use super::once::intern;
use super::{arguments, cpython, header_cache};
use crate::algorithm::Algorithm;
use crate::base64url;
use crate::crypto::PreparedKey;
use crate::memory;

/// The day of the epoch, as `date.toordinal` counts.
const EPOCH_ORDINAL: i64 = 719_163;

/// Returns the encoded JOSE header with the caller's `headers` merged in; `None` if the fallback
/// must write it.
///
/// Raises whatever the caller's own objects raise when they are read.
pub(super) fn header_segment(
    py: Python<'_>,
    algorithm: &'static Algorithm,
    headers: Option<&Bound<'_, PyAny>>,
    sort: bool,
) -> PyResult<Option<Cow<'static, str>>> {
    let Some(headers) = headers.filter(|headers| !headers.is_none()) else {
        return Ok(header_cache::plain_segment(algorithm, sort).map(Cow::from));
    };
    let Ok(headers) = headers.cast_exact::<PyDict>() else {
        return Ok(None);
    };
    // A copy, because the caller's objects and other threads may change the dict itself.
    let headers = &headers.copy()?;
    let (typ, alg, kid) = (intern!(py, "typ"), intern!(py, "alg"), intern!(py, "kid"));
    // The caller's `alg` may change the algorithm, and `b64` the payload.
    if headers.contains(alg)? || headers.contains(intern!(py, "b64"))? {
        return Ok(None);
    }
    if headers.get_item(kid)?.is_some_and(|kid| arguments::string(&kid).is_none()) {
        return Ok(None);
    }
    let header = PyDict::new(py);
    header.set_item(typ, intern!(py, "JWT"))?;
    header.set_item(alg, algorithm.name)?;
    header.update(headers.as_mapping())?;
    if let Some(value) = header.get_item(typ)?
        && !value.is_truthy()?
    {
        header.del_item(typ)?;
    }
    let mut json = Vec::with_capacity(128);
    if dumps(&header, sort, &mut json).is_err() {
        return Ok(None);
    }
    Ok(Some(base64url::try_encode(&json)?.into()))
}

/// Returns the claims as JSON; datetimes in `exp`, `iat` and `nbf` become whole seconds. Returns
/// `None` if the fallback must write them; no code of the caller's has run then.
///
/// Raises whatever the caller's own objects raise, and the errors of Python's json for claims that
/// it cannot write.
pub(super) fn claims_json(claims: &Bound<'_, PyDict>) -> PyResult<Option<Vec<u8>>> {
    let mut json = Vec::with_capacity(512);
    if dumps_claims(claims, &mut json).is_ok() {
        return Ok(Some(json));
    }
    let Some(claims) = with_whole_seconds(claims)? else {
        return Ok(None);
    };
    json.clear();
    if dumps_claims(&claims, &mut json).is_ok() {
        return Ok(Some(json));
    }
    // The code of a time zone has run and may have changed the caller's dict, so the copy is
    // written.
    check_issuer(&claims)?;
    json_by_python(&claims, None).map(Some)
}

/// Makes the error for a value of this name that was not written: it is not JSON, or there is not
/// enough memory for it, which Python's json finds out.
pub(super) fn not_json(value: &Bound<'_, PyAny>, name: &str) -> PyErr {
    let py = value.py();
    let written = py.import("json").and_then(|json| json.call_method1("dumps", (value,)));
    // The encoded text needs memory too.
    let fits = written.and_then(|text| Ok(memory::ensure(text.len()?.saturating_mul(4))?));
    match fits.map_err(|error| Raised::new(py, error)) {
        Err(error) if error.is::<PyMemoryError>(py) => error.into(),
        _ => PyTypeError::new_err(format!("{name} cannot be written as JSON")),
    }
}

/// Raises `TypeError` for an `iss` that is not a string, as PyJWT does.
pub(super) fn check_issuer(claims: &Bound<'_, PyDict>) -> PyResult<()> {
    match claims.get_item(intern!(claims.py(), "iss"))? {
        Some(iss) if !iss.is_instance_of::<PyString>() => {
            Err(PyTypeError::new_err("Issuer (iss) must be a string."))
        }
        _ => Ok(()),
    }
}

/// Returns the JSON text of a dict as Python's json writes it, with the encoder of the caller's if
/// there is one.
///
/// Raises whatever json raises.
pub(super) fn json_by_python(
    members: &Bound<'_, PyDict>,
    encoder: Option<&Bound<'_, PyType>>,
) -> PyResult<Vec<u8>> {
    let py = members.py();
    let dumps = py.import(intern!(py, "json"))?.getattr(intern!(py, "dumps"))?;
    let separators = (",", ":").into_pyobject(py)?;
    let encoder = encoder.into_pyobject(py)?;
    let names = PyTuple::new(py, [intern!(py, "separators"), intern!(py, "cls")])?;
    let arguments = [members.as_any(), separators.as_any(), &encoder];
    let text = cpython::call(&dumps, &arguments, Some(&names))?;
    let text = text.cast::<PyString>()?;
    Ok(memory::concat(&[text.to_str()?.as_bytes()])?)
}

/// Returns a copy of the claims in which times are numbers, or `None` if there is no datetime.
///
/// Only the copy is read, because the code of a time zone may change the caller's dict.
pub(super) fn with_whole_seconds<'py>(
    claims: &Bound<'py, PyDict>,
) -> PyResult<Option<Bound<'py, PyDict>>> {
    let py = claims.py();
    let copy = claims.copy()?;
    let mut has_datetime = false;
    for name in [intern!(py, "exp"), intern!(py, "iat"), intern!(py, "nbf")] {
        let Some(time) = copy.get_item(name)? else {
            continue;
        };
        if time.is_instance_of::<PyDateTime>() {
            has_datetime = true;
            let utc = cpython::call(&time.getattr(intern!(py, "utctimetuple"))?, &[], None)?;
            copy.set_item(name, seconds_since_the_epoch(&utc)?)?;
        }
    }
    Ok(has_datetime.then_some(copy))
}

/// Returns the seconds of a UTC time tuple since the epoch, as `calendar.timegm` does, whose code in
/// Python takes longer than the rest of `encode`.
fn seconds_since_the_epoch<'py>(utc: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
    let py = utc.py();
    // Only CPython's own code runs here.
    let usual = || {
        let tuple = utc.cast::<PyTuple>().ok()?;
        let part = |index| -> Option<i32> {
            ok(py, ok(py, tuple.get_item(index))?.cast_exact::<PyInt>().ok()?.extract())
        };
        let date = ok(py, PyDate::new(py, part(0)?, u8::try_from(part(1)?).ok()?, 1))?;
        let ordinal: i64 = ok(py, ok(py, date.call_method0(intern!(py, "toordinal")))?.extract())?;
        let [day, hour, minute, second] = [part(2)?, part(3)?, part(4)?, part(5)?].map(i64::from);
        let hours = (ordinal - EPOCH_ORDINAL + day - 1) * 24 + hour;
        Some((hours * 60 + minute) * 60 + second)
    };
    match usual() {
        Some(seconds) => Ok(seconds.into_pyobject(py)?.into_any()),
        None => py.import(intern!(py, "calendar"))?.call_method1(intern!(py, "timegm"), (utc,)),
    }
}

/// Signs an encoded header and a payload, and returns the token.
pub(super) fn sign<'py>(
    py: Python<'py>,
    header: &str,
    payload: &[u8],
    key: &PreparedKey,
) -> PyResult<Bound<'py, PyString>> {
    token(py, header, payload, key.signature_len(), |signing_input| key.sign(signing_input))
}
