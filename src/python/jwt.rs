//! `encode`, `decode`, `decode_complete` and `get_unverified_header`: the fast road of PyJWT's API.
//!
//! Each function first tries to do the whole call natively. As soon as it meets something that it
//! does not know to the letter (a type, a header parameter, a key, a broken token) it stops, having
//! changed nothing, and the same-named method of the Python object `_jwt_global_obj` does the call:
//! so every unusual result and nearly every error text is made in one place, by Python.

use std::borrow::Cow;
use std::sync::Arc;

use pyo3::exceptions::PyRuntimeError;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDateTime, PyDict, PyString};

use super::arguments::{self, Argument, Expected, Options};
use super::claims_view::PyClaims;
use super::clock;
use super::dumps::{ascii_string_with, dumps};
use super::key::{Operation, prepare_argument};
use super::key_cache::CachedKey;
use super::known_headers;
use super::loads::loads;
use super::road::Road;
use crate::algorithm::{ALGORITHMS, Algorithm};
use crate::base64url;
use crate::claims::{self, Policy};
use crate::error::Error;
use crate::jws::Compact;

// --- decode ---

/// The arguments of `decode` and `decode_complete`, the deprecated ones and `detached_payload`
/// apart.
struct DecodeCall<'a, 'py> {
    jwt: &'a Bound<'py, PyAny>,
    key: Argument<'a, 'py>,
    algorithms: Option<&'a Bound<'py, PyAny>>,
    options: Option<&'a Bound<'py, PyAny>>,
    audience: Option<&'a Bound<'py, PyAny>>,
    issuer: Option<&'a Bound<'py, PyAny>>,
    subject: Option<&'a Bound<'py, PyAny>>,
    leeway: Argument<'a, 'py>,
}

/// A token that was verified, its claims validated.
struct Decoded<'a, 'py> {
    payload: Bound<'py, PyDict>,
    compact: Compact<'a>,
}

/// Verifies a token and returns its claims.
///
/// The same as PyJWT's: see the documentation of `rapidjwt.PyJWT.decode`.
#[pyfunction]
#[pyo3(signature = (
    jwt, key=Argument::OMITTED, algorithms=None, options=None, verify=None, detached_payload=None,
    audience=None, subject=None, issuer=None, leeway=Argument::OMITTED, **kwargs
), text_signature = "(jwt, key='', algorithms=None, options=None, verify=None, \
    detached_payload=None, audience=None, subject=None, issuer=None, leeway=0, **kwargs)")]
#[allow(clippy::too_many_arguments, reason = "PyJWT's signature")]
pub(super) fn decode<'py>(
    jwt: &Bound<'py, PyAny>,
    key: Argument<'_, 'py>,
    algorithms: Option<&Bound<'py, PyAny>>,
    options: Option<&Bound<'py, PyAny>>,
    verify: Option<&Bound<'py, PyAny>>,
    detached_payload: Option<&Bound<'py, PyAny>>,
    audience: Option<&Bound<'py, PyAny>>,
    subject: Option<&Bound<'py, PyAny>>,
    issuer: Option<&Bound<'py, PyAny>>,
    leeway: Argument<'_, 'py>,
    kwargs: Option<&Bound<'py, PyDict>>,
) -> PyResult<Bound<'py, PyAny>> {
    let py = jwt.py();
    let road = Road::get(py)?;
    let call = DecodeCall { jwt, key, algorithms, options, audience, issuer, subject, leeway };
    if verify.is_none() && detached_payload.is_none() && kwargs.is_none() {
        if let Some(decoded) = decode_fast(road, &call)? {
            return Ok(decoded.payload.into_any());
        }
    }
    call.faithful(&road.faithful.decode, verify, detached_payload, kwargs)
}

/// Verifies a token and returns a dict with its `payload`, `header` and `signature`.
///
/// The same as PyJWT's: see the documentation of `rapidjwt.PyJWT.decode_complete`.
#[pyfunction]
#[pyo3(signature = (
    jwt, key=Argument::OMITTED, algorithms=None, options=None, verify=None, detached_payload=None,
    audience=None, issuer=None, subject=None, leeway=Argument::OMITTED, **kwargs
), text_signature = "(jwt, key='', algorithms=None, options=None, verify=None, \
    detached_payload=None, audience=None, issuer=None, subject=None, leeway=0, **kwargs)")]
#[allow(clippy::too_many_arguments, reason = "PyJWT's signature")]
pub(super) fn decode_complete<'py>(
    jwt: &Bound<'py, PyAny>,
    key: Argument<'_, 'py>,
    algorithms: Option<&Bound<'py, PyAny>>,
    options: Option<&Bound<'py, PyAny>>,
    verify: Option<&Bound<'py, PyAny>>,
    detached_payload: Option<&Bound<'py, PyAny>>,
    audience: Option<&Bound<'py, PyAny>>,
    issuer: Option<&Bound<'py, PyAny>>,
    subject: Option<&Bound<'py, PyAny>>,
    leeway: Argument<'_, 'py>,
    kwargs: Option<&Bound<'py, PyDict>>,
) -> PyResult<Bound<'py, PyAny>> {
    let py = jwt.py();
    let road = Road::get(py)?;
    let call = DecodeCall { jwt, key, algorithms, options, audience, issuer, subject, leeway };
    if verify.is_none() && detached_payload.is_none() && kwargs.is_none() {
        if let Some(decoded) = decode_fast(road, &call)? {
            return Ok(complete(decoded.payload, &decoded.compact)?.into_any());
        }
    }
    call.faithful(&road.faithful.decode_complete, verify, detached_payload, kwargs)
}

impl<'py> DecodeCall<'_, 'py> {
    /// The same call on the faithful road.
    fn faithful(
        &self,
        method: &Py<PyAny>,
        verify: Option<&Bound<'py, PyAny>>,
        detached_payload: Option<&Bound<'py, PyAny>>,
        kwargs: Option<&Bound<'py, PyDict>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let py = self.jwt.py();
        let arguments = match kwargs {
            Some(kwargs) => kwargs.copy()?,
            None => PyDict::new(py),
        };
        let optional = [
            (intern!(py, "key"), self.key.given()),
            (intern!(py, "algorithms"), self.algorithms),
            (intern!(py, "options"), self.options),
            (intern!(py, "verify"), verify),
            (intern!(py, "detached_payload"), detached_payload),
            (intern!(py, "audience"), self.audience),
            (intern!(py, "issuer"), self.issuer),
            (intern!(py, "subject"), self.subject),
            (intern!(py, "leeway"), self.leeway.given()),
        ];
        for (name, argument) in optional {
            if let Some(argument) = argument {
                arguments.set_item(name, argument)?;
            }
        }
        method.bind(py).call((self.jwt,), Some(&arguments))
    }

    /// The `_validate_claims` method, for a policy or claims that the core does not know.
    fn validate_claims_faithfully(&self, road: &Road, payload: &Bound<'py, PyDict>) -> PyResult<()> {
        let py = self.jwt.py();
        let options = road.faithful.merge_options.bind(py).call1((self.options,))?;
        let arguments = PyDict::new(py);
        for (name, argument) in [
            (intern!(py, "audience"), self.audience),
            (intern!(py, "issuer"), self.issuer),
            (intern!(py, "leeway"), self.leeway.given()),
            (intern!(py, "subject"), self.subject),
        ] {
            if let Some(argument) = argument {
                arguments.set_item(name, argument)?;
            }
        }
        road.faithful.validate_claims.bind(py).call((payload, options), Some(&arguments))?;
        Ok(())
    }
}

/// Decodes natively; `None` where the faithful road must.
fn decode_fast<'a, 'py>(
    road: &Road,
    call: &DecodeCall<'a, 'py>,
) -> PyResult<Option<Decoded<'a, 'py>>> {
    let py = call.jwt.py();
    if !road.is_clear_for_decode(py) {
        return Ok(None);
    }
    let Some((compact, options, json)) = verify_fast(road, call)? else {
        return Ok(None);
    };
    let payload = match loads(py, &json) {
        Ok(payload) => payload.cast_into::<PyDict>().map_err(|_| Error::PayloadNotObject)?,
        Err(_) => {
            let decoded = PyDict::new(py);
            decoded.set_item(intern!(py, "payload"), PyBytes::new(py, &json))?;
            road.faithful.decode_payload.bind(py).call1((decoded,))?.cast_into()?
        }
    };
    match validate_fast(road, call, &options, &payload)? {
        Some(()) => {}
        None => call.validate_claims_faithfully(road, &payload)?,
    }
    Ok(Some(Decoded { payload, compact }))
}

/// The split token, the options, and the payload's bytes, the signature having been checked unless
/// the options say not to.
fn verify_fast<'a, 'py>(
    road: &Road,
    call: &DecodeCall<'a, 'py>,
) -> PyResult<Option<(Compact<'a>, Options<'py>, Vec<u8>)>> {
    let py = call.jwt.py();
    let plan = || {
        let options = Options::read(call.options)?;
        let compact = Compact::split(arguments::text(call.jwt)?).ok()?;
        let algorithm = known_headers::read(compact.header)?.algorithm;
        Some((options, compact, algorithm))
    };
    let Some((options, compact, algorithm)) = plan() else {
        return Ok(None);
    };
    if !options.verify_signature {
        let unverified = base64url::decode(compact.payload)
            .filter(|_| base64url::decode(compact.signature).is_some());
        return Ok(unverified.map(|payload| (compact, options, payload)));
    }
    let prepare = || {
        let allowed = arguments::contains(call.algorithms?, algorithm.name)?;
        (allowed && road.serves(py, algorithm)).then_some(())?;
        prepare_argument(road, call.key.given()?, algorithm, Operation::Verify)
    };
    let Some(prepared) = prepare() else {
        return Ok(None);
    };
    // PyJWT finds a payload or a signature that is not base64url before it looks at the key.
    match compact.verify(&prepared.key) {
        Ok(verified) => {
            check_key_length(road, py, &prepared, options.enforce_minimum_key_length)?;
            Ok(Some((compact, options, verified.into_payload())))
        }
        Err(Error::SignatureMismatch) => {
            check_key_length(road, py, &prepared, options.enforce_minimum_key_length)?;
            Err(Error::SignatureMismatch.into())
        }
        Err(_) => Ok(None),
    }
}

/// Validates the claims natively; `None` where the arguments are of unusual types.
fn validate_fast<'py>(
    road: &Road,
    call: &DecodeCall<'_, 'py>,
    options: &Options<'py>,
    payload: &Bound<'py, PyDict>,
) -> PyResult<Option<()>> {
    let read = || {
        let issuer = Expected::read(call.issuer)?;
        let audience = Expected::read(call.audience)?;
        let subject = match call.subject {
            Some(subject) if !subject.is_none() => Some(arguments::string(subject)?),
            _ => None,
        };
        Some((issuer, audience, subject, arguments::leeway(call.leeway.given(), road)?))
    };
    let Some((issuer, audience, subject, leeway)) = read() else {
        return Ok(None);
    };
    let (issuers, audiences) = (issuer.any_of(), audience.any_of());
    let policy = Policy {
        checks: options.checks,
        leeway,
        require: &arguments::borrowed(&options.require),
        issuers: issuer.issuers(&issuers),
        audience: audience.audience(&audiences),
        subject,
    };
    claims::validate(&PyClaims(payload), &policy, clock::now(payload.py())?)?;
    Ok(Some(()))
}

/// What `decode_complete` returns.
pub(super) fn complete<'py>(
    payload: Bound<'py, PyDict>,
    compact: &Compact<'_>,
) -> PyResult<Bound<'py, PyDict>> {
    let py = payload.py();
    let complete = PyDict::new(py);
    complete.set_item(intern!(py, "payload"), payload)?;
    complete.set_item(intern!(py, "header"), read_header(py, compact.header)?)?;
    let signature = base64url::decode(compact.signature).ok_or_else(decoded_before)?;
    complete.set_item(intern!(py, "signature"), PyBytes::new(py, &signature))?;
    Ok(complete)
}

/// The bytes of a token, as a prepared object takes it.
///
/// Raises DecodeError for anything but str and bytes.
pub(super) fn token_bytes<'a>(token: &'a Bound<'_, PyAny>) -> PyResult<&'a [u8]> {
    if let Ok(text) = token.cast::<PyString>() {
        return text.to_str().map(str::as_bytes).map_err(|_| not_a_token());
    }
    token.cast::<PyBytes>().map(PyBytesMethods::as_bytes).map_err(|_| not_a_token())
}

/// The error for a token that is neither text nor bytes.
pub(super) fn not_a_token() -> PyErr {
    Error::NotAToken.into()
}

/// The header of a token, as a dict of the caller's own.
fn read_header<'py>(py: Python<'py>, segment: &[u8]) -> PyResult<Bound<'py, PyAny>> {
    let json = base64url::decode(segment).ok_or_else(decoded_before)?;
    match loads(py, &json) {
        Ok(header) => Ok(header),
        Err(_) => py.import("json")?.call_method1("loads", (PyBytes::new(py, &json),)),
    }
}

fn decoded_before() -> PyErr {
    PyRuntimeError::new_err("a segment that was decoded before does not decode again")
}

/// Warns of a key below the minimum length, or refuses it where the caller wants that.
pub(super) fn check_key_length(road: &Road, py: Python<'_>, key: &CachedKey, enforce: bool) -> PyResult<()> {
    match &key.length_warning {
        None => Ok(()),
        Some(words) if enforce => Err(Error::KeyTooShort(words.clone()).into()),
        Some(words) => {
            let words = std::ffi::CString::new(words.as_str())?;
            PyErr::warn(py, road.insecure_key_length.bind(py), &words, 1)
        }
    }
}

/// Reads the header of a token without verifying anything.
///
/// The same as PyJWT's: see the documentation of `rapidjwt.PyJWS.get_unverified_header`.
#[pyfunction]
#[pyo3(signature = (jwt))]
pub(super) fn get_unverified_header<'py>(
    jwt: &Bound<'py, PyAny>,
) -> PyResult<Bound<'py, PyAny>> {
    let py = jwt.py();
    let road = Road::get(py)?;
    let read = || {
        road.is_clear_for_decode(py).then_some(())?;
        let compact = Compact::split(arguments::text(jwt)?).ok()?;
        known_headers::read(compact.header)?;
        base64url::decode(compact.payload)?;
        base64url::decode(compact.signature)?;
        Some(compact.header)
    };
    match read() {
        Some(segment) => read_header(py, segment),
        None => road.faithful.get_unverified_header.bind(py).call1((jwt,)),
    }
}

// --- encode ---

/// Signs claims; returns the token.
///
/// The same as PyJWT's: see the documentation of `rapidjwt.PyJWT.encode`.
#[pyfunction]
#[pyo3(signature = (
    payload, key, algorithm=Argument::OMITTED, headers=None, json_encoder=None,
    sort_headers=Argument::OMITTED
), text_signature = "(payload, key, algorithm=..., headers=None, json_encoder=None, \
    sort_headers=True)")]
pub(super) fn encode<'py>(
    payload: &Bound<'py, PyAny>,
    key: &Bound<'py, PyAny>,
    algorithm: Argument<'_, 'py>,
    headers: Option<&Bound<'py, PyAny>>,
    json_encoder: Option<&Bound<'py, PyAny>>,
    sort_headers: Argument<'_, 'py>,
) -> PyResult<Bound<'py, PyAny>> {
    let py = payload.py();
    let road = Road::get(py)?;
    let call = EncodeCall { payload, key, algorithm, headers, sort_headers };
    if json_encoder.is_none()
        && let Some(token) = encode_fast(road, &call)?
    {
        return Ok(token.into_any());
    }
    let arguments = PyDict::new(py);
    let optional = [
        (intern!(py, "algorithm"), algorithm.given()),
        (intern!(py, "headers"), headers),
        (intern!(py, "json_encoder"), json_encoder),
        (intern!(py, "sort_headers"), sort_headers.given()),
    ];
    for (name, argument) in optional {
        if let Some(argument) = argument {
            arguments.set_item(name, argument)?;
        }
    }
    road.faithful.encode.bind(py).call((payload, key), Some(&arguments))
}

/// The arguments of `encode`, `json_encoder` apart.
struct EncodeCall<'a, 'py> {
    payload: &'a Bound<'py, PyAny>,
    key: &'a Bound<'py, PyAny>,
    algorithm: Argument<'a, 'py>,
    headers: Option<&'a Bound<'py, PyAny>>,
    sort_headers: Argument<'a, 'py>,
}

/// Encodes natively; `None` where the faithful road must.
fn encode_fast<'py>(
    road: &Road,
    call: &EncodeCall<'_, 'py>,
) -> PyResult<Option<Bound<'py, PyString>>> {
    let py = call.payload.py();
    if !road.is_clear_for_encode(py) {
        return Ok(None);
    }
    let plan = || {
        let claims = call.payload.cast_exact::<PyDict>().ok()?;
        let algorithm = signing_algorithm(road, call)?;
        road.serves(py, algorithm).then_some(())?;
        let sort = call.sort_headers.given().map_or(Some(true), arguments::boolean)?;
        let header = header_segment(py, algorithm, call.headers, sort)?;
        let payload = claims_json(claims)?;
        let prepared = prepare_argument(road, call.key, algorithm, Operation::Sign)?;
        Some((header, payload, prepared))
    };
    let Some((header, payload, prepared)) = plan() else {
        return Ok(None);
    };
    check_key_length(road, py, &prepared, false)?;
    write_token(py, header.as_bytes(), &payload, &prepared).map(Some)
}

fn signing_algorithm(road: &Road, call: &EncodeCall<'_, '_>) -> Option<&'static Algorithm> {
    match call.algorithm.given() {
        Some(name) if !road.is_unset(name) => known_headers::by_exact_name(arguments::string(name)?),
        _ if road.is_pyjwk(call.key) => {
            let name = call.key.getattr(intern!(call.key.py(), "algorithm_name")).ok()?;
            known_headers::by_exact_name(arguments::string(&name)?)
        }
        // PyJWT's default.
        _ => ALGORITHMS.first(),
    }
}

/// The encoded JOSE header, with the caller's `headers` merged in.
pub(super) fn header_segment(
    py: Python<'_>,
    algorithm: &'static Algorithm,
    headers: Option<&Bound<'_, PyAny>>,
    sort: bool,
) -> Option<Cow<'static, str>> {
    let Some(headers) = headers else {
        return Some(known_headers::plain_segment(algorithm, sort)?.into());
    };
    let headers = headers.cast_exact::<PyDict>().ok()?;
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
    // A wrong issuer is refused before anything else is looked at.
    if let Some(iss) = claims.get_item(intern!(claims.py(), "iss")).ok()? {
        arguments::string(&iss)?;
    }
    let mut json = Vec::with_capacity(512);
    if dumps(claims, false, &mut json).is_ok() {
        return Some(json);
    }
    let claims = with_whole_seconds(claims)?;
    json.clear();
    dumps(&claims, false, &mut json).ok()?;
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

/// Writes `header.payload.signature` into the string that is returned.
pub(super) fn write_token<'py>(
    py: Python<'py>,
    header: &[u8],
    payload: &[u8],
    key: &Arc<CachedKey>,
) -> PyResult<Bound<'py, PyString>> {
    let signed_len = header.len() + 1 + base64url::encoded_len(payload.len());
    let len = signed_len + 1 + base64url::encoded_len(key.key.signature_len());
    let mut outcome = Ok(());
    let token = ascii_string_with(py, len, |token| {
        let (signing_input, rest) = token.split_at_mut(signed_len);
        signing_input[..header.len()].copy_from_slice(header);
        signing_input[header.len()] = b'.';
        base64url::encode_into(payload, &mut signing_input[header.len() + 1..]);
        rest[0] = b'.';
        outcome = key.key.sign(signing_input).map(|signature| {
            base64url::encode_into(signature.as_ref(), &mut rest[1..]);
        });
    })?;
    outcome?;
    Ok(token)
}
