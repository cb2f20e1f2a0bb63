//! `encode`, `decode`, `decode_complete` and `get_unverified_header`: the fast road of PyJWT's API.
//!
//! Each function first tries to do the whole call natively. As soon as it meets something that it
//! does not know to the letter (a type, a header parameter, a key, a broken token) it stops, having
//! changed nothing, and the same-named method of the Python object `_jwt_global_obj` does the call:
//! so every unusual result and nearly every error text is made in one place, by Python.

use std::borrow::Cow;
use std::ffi::CStr;

use pyo3::Borrowed;
use pyo3::exceptions::PyRuntimeError;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDateTime, PyDict, PyString};

use super::arguments::call::{Function, Slots};
use super::arguments::{self, Expected, Options};
use super::claims_view::{PyClaims, Registered};
use super::clock;
use super::dumps::{dumps, dumps_claims, token};
use super::first_use::{FirstUse, intern};
use super::key::{Operation, prepare_argument};
use super::key_cache::CachedKey;
use super::known_headers;
use super::loads::{loads, loads_claims};
use super::road::Road;
use crate::algorithm::{ALGORITHMS, Algorithm};
use crate::base64url;
use crate::claims::{self, Policy};
use crate::crypto::PreparedKey;
use crate::dangerous;
use crate::error::Error;
use crate::jws::Compact;

// --- decode ---

/// The arguments of `decode` and `decode_complete`, the deprecated ones and `detached_payload`
/// apart; `None` is None or left out, except where the two differ: for `key` and `leeway`.
struct DecodeCall<'a, 'py> {
    jwt: Borrowed<'a, 'py, PyAny>,
    key: Option<Borrowed<'a, 'py, PyAny>>,
    algorithms: Option<Borrowed<'a, 'py, PyAny>>,
    options: Option<Borrowed<'a, 'py, PyAny>>,
    audience: Option<Borrowed<'a, 'py, PyAny>>,
    issuer: Option<Borrowed<'a, 'py, PyAny>>,
    subject: Option<Borrowed<'a, 'py, PyAny>>,
    leeway: Option<Borrowed<'a, 'py, PyAny>>,
}

/// A token that was verified, its claims validated.
struct Decoded<'a, 'py> {
    payload: Bound<'py, PyDict>,
    compact: Compact<'a>,
}

/// `rapidjwt.decode`.
pub(super) struct Decode;

impl Function<10> for Decode {
    const NAME: &'static CStr = c"decode";
    const DOC: &'static CStr = c"decode(jwt, key='', algorithms=None, options=None, verify=None, \
        detached_payload=None, audience=None, subject=None, issuer=None, leeway=0, **kwargs)\n--\n\n\
        Verify a token and return its claims.\n\n\
        The same as PyJWT's: see the documentation of `rapidjwt.PyJWT.decode`.";
    const PARAMETERS: [&'static str; 10] = [
        "jwt",
        "key",
        "algorithms",
        "options",
        "verify",
        "detached_payload",
        "audience",
        "subject",
        "issuer",
        "leeway",
    ];
    const REQUIRED: usize = 1;

    fn names() -> &'static FirstUse<[Py<PyString>; 10]> {
        static NAMES: FirstUse<[Py<PyString>; 10]> = FirstUse::new();
        &NAMES
    }

    fn fast<'py>(
        py: Python<'py>,
        road: &Road,
        &[jwt, key, algorithms, options, verify, detached, audience, subject, issuer, leeway]: &Slots<'_, 'py, 10>,
    ) -> PyResult<Option<Bound<'py, PyAny>>> {
        let Some(jwt) = jwt.filter(|_| none(verify) && none(detached)) else {
            return Ok(None);
        };
        let call = DecodeCall { jwt, key, algorithms, options, audience, issuer, subject, leeway };
        Ok(decode_fast(py, road, &call)?.map(|decoded| decoded.payload.into_any()))
    }

    fn faithful(road: &Road) -> &Py<PyAny> {
        &road.faithful.decode
    }
}

/// `rapidjwt.decode_complete`.
pub(super) struct DecodeComplete;

impl Function<10> for DecodeComplete {
    const NAME: &'static CStr = c"decode_complete";
    const DOC: &'static CStr = c"decode_complete(jwt, key='', algorithms=None, options=None, \
        verify=None, detached_payload=None, audience=None, issuer=None, subject=None, leeway=0, \
        **kwargs)\n--\n\n\
        Verify a token and return a dict with its `payload`, `header` and `signature`.\n\n\
        The same as PyJWT's: see the documentation of `rapidjwt.PyJWT.decode_complete`.";
    const PARAMETERS: [&'static str; 10] = [
        "jwt",
        "key",
        "algorithms",
        "options",
        "verify",
        "detached_payload",
        "audience",
        "issuer",
        "subject",
        "leeway",
    ];
    const REQUIRED: usize = 1;

    fn names() -> &'static FirstUse<[Py<PyString>; 10]> {
        static NAMES: FirstUse<[Py<PyString>; 10]> = FirstUse::new();
        &NAMES
    }

    fn fast<'py>(
        py: Python<'py>,
        road: &Road,
        &[jwt, key, algorithms, options, verify, detached, audience, issuer, subject, leeway]: &Slots<'_, 'py, 10>,
    ) -> PyResult<Option<Bound<'py, PyAny>>> {
        let Some(jwt) = jwt.filter(|_| none(verify) && none(detached)) else {
            return Ok(None);
        };
        let call = DecodeCall { jwt, key, algorithms, options, audience, issuer, subject, leeway };
        let decoded = decode_fast(py, road, &call)?;
        decoded
            .map(|decoded| Ok(complete(decoded.payload, &decoded.compact)?.into_any()))
            .transpose()
    }

    fn faithful(road: &Road) -> &Py<PyAny> {
        &road.faithful.decode_complete
    }
}

/// Whether an argument is None or was left out.
fn none(argument: Option<Borrowed<'_, '_, PyAny>>) -> bool {
    argument.is_none_or(|argument| argument.is_none())
}

impl<'py> DecodeCall<'_, 'py> {
    /// The `_validate_claims` method, for a policy or claims that the core does not know.
    fn validate_claims_faithfully(
        &self,
        road: &Road,
        payload: &Bound<'py, PyDict>,
    ) -> PyResult<()> {
        let py = payload.py();
        let options = road.faithful.merge_options.bind(py).call1((self.options,))?;
        let arguments = PyDict::new(py);
        for (name, argument) in [
            (intern!(py, "audience"), self.audience),
            (intern!(py, "issuer"), self.issuer),
            (intern!(py, "leeway"), self.leeway),
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
    py: Python<'py>,
    road: &Road,
    call: &'a DecodeCall<'_, 'py>,
) -> PyResult<Option<Decoded<'a, 'py>>> {
    if !road.is_clear_for_decode(py) {
        return Ok(None);
    }
    let Some((compact, options, json)) = verify_fast(py, road, call)? else {
        return Ok(None);
    };
    let mut registered = Registered::default();
    let payload = if let Ok(claims) = loads_claims(py, &json, &mut registered) {
        claims
    } else {
        let decoded = PyDict::new(py);
        decoded.set_item(intern!(py, "payload"), PyBytes::new(py, &json))?;
        let payload = road.faithful.decode_payload.bind(py).call1((decoded,))?.cast_into()?;
        registered = Registered::of(&payload)?;
        payload
    };
    let claims = PyClaims { dict: &payload, registered: &registered };
    match validate_fast(call, &options, &claims)? {
        Some(()) => {}
        None => call.validate_claims_faithfully(road, &payload)?,
    }
    Ok(Some(Decoded { payload, compact }))
}

/// The split token, the options, and the payload's bytes, the signature having been checked unless
/// the options say not to.
fn verify_fast<'a, 'py>(
    py: Python<'py>,
    road: &Road,
    call: &'a DecodeCall<'_, 'py>,
) -> PyResult<Option<(Compact<'a>, Options<'py>, Vec<u8>)>> {
    let plan = || {
        let options = Options::read(call.options.as_deref())?;
        let compact = Compact::split(arguments::text(&call.jwt)?).ok()?;
        let algorithm = known_headers::read(compact.header, |header| header.algorithm)?;
        Some((options, compact, algorithm))
    };
    let Some((options, compact, algorithm)) = plan() else {
        return Ok(None);
    };
    if !options.verify_signature {
        let unverified = dangerous::unverified_payload(&compact).ok();
        return Ok(unverified.map(|(payload, _)| (compact, options, payload)));
    }
    let is_allowed = call
        .algorithms
        .as_deref()
        .is_some_and(|algorithms| arguments::contains(algorithms, algorithm.name).unwrap_or(false));
    let prepared = match call.key.as_deref() {
        Some(key) if is_allowed => prepare_argument(road, key, algorithm, Operation::Verify)?,
        _ => None,
    };
    let Some(prepared) = prepared.filter(|prepared| can_warn(road, py, prepared)) else {
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
    call: &DecodeCall<'_, 'py>,
    options: &Options<'py>,
    payload: &PyClaims<'_, 'py>,
) -> PyResult<Option<()>> {
    let read = || {
        let issuer = Expected::read(call.issuer.as_deref())?;
        let audience = Expected::read(call.audience.as_deref())?;
        let subject = match call.subject.as_deref() {
            Some(subject) if !subject.is_none() => Some(arguments::string(subject)?),
            _ => None,
        };
        Some((issuer, audience, subject, arguments::leeway(call.leeway.as_deref())?))
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
    claims::validate(payload, &policy, clock::now(payload.dict.py())?)?;
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
/// Raises `DecodeError` for anything but str and bytes.
pub(super) fn token_bytes<'a>(token: &'a Bound<'_, PyAny>) -> PyResult<&'a [u8]> {
    if let Ok(text) = token.cast::<PyString>() {
        return arguments::utf8(text).map(str::as_bytes).ok_or_else(not_a_token);
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

/// Whether the key needs no warning, or warnings go where they always go.
fn can_warn(road: &Road, py: Python<'_>, key: &CachedKey) -> bool {
    key.length_warning.is_none() || road.warns_originally(py)
}

/// Warns of a key below the minimum length, or refuses it where the caller wants that.
pub(super) fn check_key_length(
    road: &Road,
    py: Python<'_>,
    key: &CachedKey,
    enforce: bool,
) -> PyResult<()> {
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
pub(super) fn get_unverified_header<'py>(jwt: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
    let py = jwt.py();
    let road = Road::get(py)?;
    let read = || {
        road.is_clear_for_decode(py).then_some(())?;
        let compact = Compact::split(arguments::text(jwt)?).ok()?;
        known_headers::read(compact.header, |_| ())?;
        dangerous::unverified_payload(&compact).ok()?;
        Some(compact.header)
    };
    match read() {
        Some(segment) => read_header(py, segment),
        None => road.faithful.get_unverified_header.bind(py).call1((jwt,)),
    }
}

// --- encode ---

/// The arguments of `encode`, `json_encoder` apart.
struct EncodeCall<'a, 'py> {
    payload: Borrowed<'a, 'py, PyAny>,
    key: Borrowed<'a, 'py, PyAny>,
    algorithm: Option<Borrowed<'a, 'py, PyAny>>,
    headers: Option<Borrowed<'a, 'py, PyAny>>,
    sort_headers: Option<Borrowed<'a, 'py, PyAny>>,
}

/// `rapidjwt.encode`.
pub(super) struct Encode;

impl Function<6> for Encode {
    const NAME: &'static CStr = c"encode";
    const DOC: &'static CStr = c"encode(payload, key, algorithm=..., headers=None, \
        json_encoder=None, sort_headers=True)\n--\n\n\
        Sign claims; return the token.\n\n\
        The same as PyJWT's: see the documentation of `rapidjwt.PyJWT.encode`.";
    const PARAMETERS: [&'static str; 6] =
        ["payload", "key", "algorithm", "headers", "json_encoder", "sort_headers"];
    const REQUIRED: usize = 2;

    fn names() -> &'static FirstUse<[Py<PyString>; 6]> {
        static NAMES: FirstUse<[Py<PyString>; 6]> = FirstUse::new();
        &NAMES
    }

    fn fast<'py>(
        py: Python<'py>,
        road: &Road,
        &[payload, key, algorithm, headers, json_encoder, sort_headers]: &Slots<'_, 'py, 6>,
    ) -> PyResult<Option<Bound<'py, PyAny>>> {
        let (Some(payload), Some(key), true) = (payload, key, none(json_encoder)) else {
            return Ok(None);
        };
        let call = EncodeCall { payload, key, algorithm, headers, sort_headers };
        Ok(encode_fast(py, road, &call)?.map(Bound::into_any))
    }

    fn faithful(road: &Road) -> &Py<PyAny> {
        &road.faithful.encode
    }
}

/// Encodes natively; `None` where the faithful road must.
fn encode_fast<'py>(
    py: Python<'py>,
    road: &Road,
    call: &EncodeCall<'_, 'py>,
) -> PyResult<Option<Bound<'py, PyString>>> {
    if !road.is_clear_for_encode(py) {
        return Ok(None);
    }
    let plan = || {
        let claims = call.payload.cast_exact::<PyDict>().ok()?;
        let claims = arguments::snapshot(&claims).ok()?;
        let algorithm = signing_algorithm(road, call)?;
        let sort = call.sort_headers.as_deref().map_or(Some(true), arguments::boolean)?;
        let header = header_segment(py, algorithm, call.headers.as_deref(), sort)?;
        Some((algorithm, header, claims_json(&claims)?))
    };
    let Some((algorithm, header, payload)) = plan() else {
        return Ok(None);
    };
    let prepared = prepare_argument(road, &call.key, algorithm, Operation::Sign)?;
    let Some(prepared) = prepared.filter(|prepared| can_warn(road, py, prepared)) else {
        return Ok(None);
    };
    check_key_length(road, py, &prepared, false)?;
    sign(py, &header, &payload, &prepared.key).map(Some)
}

fn signing_algorithm(road: &Road, call: &EncodeCall<'_, '_>) -> Option<&'static Algorithm> {
    match call.algorithm.as_deref() {
        Some(name) if !road.is_unset(name) => {
            known_headers::by_exact_name(arguments::string(name)?)
        }
        _ if road.is_pyjwk(&call.key) => {
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
    let Some(headers) = headers.filter(|headers| !headers.is_none()) else {
        return Some(known_headers::plain_segment(algorithm, sort)?.into());
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
