//! The steps that `encode` and `Signer` share: header and claims as JSON, and the signed token.

use std::borrow::Cow;

use pyo3::prelude::*;
use pyo3::types::{PyDateTime, PyDict, PyString};

use super::json::dumps::{dumps, dumps_claims, token};
use super::once::intern;
use super::{arguments, header_cache};
use crate::algorithm::Algorithm;
use crate::base64url;
use crate::crypto::PreparedKey;

/// The encoded JOSE header, with the caller's `headers` merged in.
pub(super) fn header_segment(
    py: Python<'_>,
    algorithm: &'static Algorithm,
    headers: Option<&Bound<'_, PyAny>>,
    sort: bool,
) -> Option<Cow<'static, str>> {
    let Some(headers) = headers.filter(|headers| !headers.is_none()) else {
        return Some(header_cache::plain_segment(algorithm, sort)?.into());
    };
    let headers = &arguments::snapshot(headers.cast_exact::<PyDict>().ok()?).ok()?;
    let (typ, alg, kid) = (intern!(py, "typ"), intern!(py, "alg"), intern!(py, "kid"));
    // An `alg` of the caller's may change the algorithm, `b64` the payload.
    if headers.contains(alg).ok()? || headers.contains(intern!(py, "b64")).ok()? {
        return None;
    }
    if let Some(kid) = headers.get_item(kid).ok()? {
        arguments::string(&kid)?;
    }
    let header = PyDict::new(py);
    header.set_item(typ, intern!(py, "JWT")).ok()?;
    header.set_item(alg, algorithm.name).ok()?;
    for (name, value) in headers {
        header.set_item(name, value).ok()?;
    }
    if !header.get_item(typ).ok()??.is_truthy().ok()? {
        header.del_item(typ).ok()?;
    }
    let mut json = Vec::with_capacity(128);
    dumps(&header, sort, &mut json).ok()?;
    Some(base64url::encode(&json).into())
}

/// The claims as JSON; datetimes in `exp`, `iat` and `nbf` become whole seconds.
pub(super) fn claims_json(claims: &Bound<'_, PyDict>) -> Option<Vec<u8>> {
    let mut json = Vec::with_capacity(512);
    if dumps_claims(claims, &mut json).is_ok() {
        return Some(json);
    }
    let claims = with_whole_seconds(claims)?;
    json.clear();
    dumps_claims(&claims, &mut json).ok()?;
    Some(json)
}

/// A copy of the claims in which times are numbers, or `None` if there was no datetime.
pub(super) fn with_whole_seconds<'py>(claims: &Bound<'py, PyDict>) -> Option<Bound<'py, PyDict>> {
    let py = claims.py();
    let mut copy = None;
    for name in [intern!(py, "exp"), intern!(py, "iat"), intern!(py, "nbf")] {
        let Some(time) = claims.get_item(name).ok()? else {
            continue;
        };
        if time.is_instance_of::<PyDateTime>() {
            let copy = copy.get_or_insert(claims.copy().ok()?);
            let utc = time.call_method0(intern!(py, "utctimetuple")).ok()?;
            let timegm = py.import(intern!(py, "calendar")).ok()?.getattr(intern!(py, "timegm"));
            copy.set_item(name, timegm.ok()?.call1((utc,)).ok()?).ok()?;
        }
    }
    copy
}

/// The token of an encoded header and a payload.
pub(super) fn sign<'py>(
    py: Python<'py>,
    header: &str,
    payload: &[u8],
    key: &PreparedKey,
) -> PyResult<Bound<'py, PyString>> {
    token(py, header, payload, key.signature_len(), |signing_input| key.sign(signing_input))
}
