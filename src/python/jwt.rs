//! `encode`, `decode`, `decode_complete` and `get_unverified_header`: the fast path of PyJWT's API.
//!
//! Each function first tries to do the whole call natively. As soon as it meets something whose
//! meaning it does not know exactly (a type, a header parameter, a key, a malformed token), it
//! stops, without having changed anything, and the method of the same name of the Python object
//! `_jwt_global_obj` does the call. So all unusual results and nearly all error messages are made
//! in one place, in Python.

use std::ffi::CStr;

use pyo3::Borrowed;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict, PyString};

use super::arguments::{self, Options, PyText};
use super::claims_view::{PyClaims, Registered};
use super::decoded::{complete, read_header};
use super::encoding::{claims_json, header_segment, sign};
use super::errors::unless_refused;
use super::fast_path::FastPath;
use super::json::loads::loads_claims;
use super::keys::argument::{Operation, prepare_argument};
use super::keys::length;
use super::once::{ForkSafeOnce, intern};
use super::vectorcall::{Function, Slots};
use super::{clock, header_cache};
use crate::algorithm::{ALGORITHMS, Algorithm};
use crate::claims::{self, Accepted, Policy};
use crate::dangerous;
use crate::error::Error;
use crate::jws::Compact;

// --- decode ---

/// The arguments of `decode` and `decode_complete`, except the deprecated ones and
/// `detached_payload`; `None` for one that was left out. Python's None means the same, except for
/// `key` and `leeway`.
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

/// A verified token with validated claims.
struct Decoded<'a, 'py> {
    payload: Bound<'py, PyDict>,
    compact: Compact<'a>,
}

/// `rapidjwt.decode`.
pub(super) struct Decode;

impl Function<10> for Decode {
    const NAME: &'static CStr = c"decode";
    const DOC: &'static CStr = c"decode($self, jwt, key='', algorithms=None, options=None, verify=None, \
        detached_payload=None, audience=None, subject=None, issuer=None, leeway=0, **kwargs)\n--\n\n\
        Verify a token and return its claims.\n\
        \n\
        `key` is a secret, a public key as PEM or OpenSSH text, a key object or a PyJWK. Beyond\n\
        PyJWT it can be several of them in a list, a tuple, a KeySet or a PyJWKSet; the token's\n\
        `kid` and `alg` then select the key (RFC 7515 Section 4.1.4).\n\
        `algorithms` are the allowed `alg` values; they must not come from the token\n\
        (RFC 8725 Section 3.1), and may be left out only with a PyJWK, which has its own.\n\
        `options` are described in `types.Options`. `audience` is the accepted value of `aud`, or\n\
        several; `issuer` that of `iss`, or a container of several; `subject` that of `sub`.\n\
        `leeway` is how far clocks may differ, in seconds or as a timedelta. `detached_payload` is\n\
        the payload of a token whose header has `b64` set to false (RFC 7797). `verify` and\n\
        further keyword arguments have no effect except a warning.\n\
        \n\
        Raises InvalidTokenError for every fault of the token: DecodeError if it is malformed,\n\
        InvalidSignatureError, InvalidAlgorithmError, and for the claims, in the order of the\n\
        checks, MissingRequiredClaimError, InvalidIssuedAtError, ImmatureSignatureError,\n\
        ExpiredSignatureError, InvalidIssuerError, InvalidAudienceError, InvalidSubjectError and\n\
        InvalidJTIError. Raises InvalidKeyError for a key that does not fit.";
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

    fn names() -> &'static ForkSafeOnce<[Py<PyString>; 10]> {
        static NAMES: ForkSafeOnce<[Py<PyString>; 10]> = ForkSafeOnce::new();
        &NAMES
    }

    fn fast<'py>(
        py: Python<'py>,
        fast_path: &FastPath,
        &[jwt, key, algorithms, options, verify, detached, audience, subject, issuer, leeway]: &Slots<'_, 'py, 10>,
    ) -> PyResult<Option<Bound<'py, PyAny>>> {
        let Some(jwt) = jwt.filter(|_| none(verify) && none(detached)) else {
            return Ok(None);
        };
        let call = DecodeCall { jwt, key, algorithms, options, audience, issuer, subject, leeway };
        Ok(decode_fast(py, fast_path, &call)?.map(|decoded| decoded.payload.into_any()))
    }

    fn fallback(fast_path: &FastPath) -> &Py<PyAny> {
        &fast_path.fallback.decode
    }
}

/// `rapidjwt.decode_complete`.
pub(super) struct DecodeComplete;

impl Function<10> for DecodeComplete {
    const NAME: &'static CStr = c"decode_complete";
    const DOC: &'static CStr =
        c"decode_complete($self, jwt, key='', algorithms=None, options=None, \
        verify=None, detached_payload=None, audience=None, issuer=None, subject=None, leeway=0, \
        **kwargs)\n--\n\n\
        Verify a token and return its `payload` (claims), `header` (dict), `signature` (bytes).\n\
        \n\
        Arguments and errors are those of `decode`.";
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

    fn names() -> &'static ForkSafeOnce<[Py<PyString>; 10]> {
        static NAMES: ForkSafeOnce<[Py<PyString>; 10]> = ForkSafeOnce::new();
        &NAMES
    }

    fn fast<'py>(
        py: Python<'py>,
        fast_path: &FastPath,
        &[jwt, key, algorithms, options, verify, detached, audience, issuer, subject, leeway]: &Slots<'_, 'py, 10>,
    ) -> PyResult<Option<Bound<'py, PyAny>>> {
        let Some(jwt) = jwt.filter(|_| none(verify) && none(detached)) else {
            return Ok(None);
        };
        let call = DecodeCall { jwt, key, algorithms, options, audience, issuer, subject, leeway };
        let decoded = decode_fast(py, fast_path, &call)?;
        decoded
            .map(|decoded| Ok(complete(decoded.payload, &decoded.compact)?.into_any()))
            .transpose()
    }

    fn fallback(fast_path: &FastPath) -> &Py<PyAny> {
        &fast_path.fallback.decode_complete
    }
}

/// Returns whether an argument is None or was left out.
fn none(argument: Option<Borrowed<'_, '_, PyAny>>) -> bool {
    argument.is_none_or(|argument| argument.is_none())
}

impl<'py> DecodeCall<'_, 'py> {
    /// Calls the method `_validate_claims`, for a policy or claims that the core does not handle.
    fn validate_claims_by_fallback(
        &self,
        fast_path: &FastPath,
        payload: &Bound<'py, PyDict>,
    ) -> PyResult<()> {
        let py = payload.py();
        let options = fast_path.fallback.merge_options.bind(py).call1((self.options,))?;
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
        fast_path.fallback.validate_claims.bind(py).call((payload, options), Some(&arguments))?;
        Ok(())
    }
}

/// Decodes natively; returns `None` if the fallback must do it.
fn decode_fast<'a, 'py>(
    py: Python<'py>,
    fast_path: &FastPath,
    call: &'a DecodeCall<'_, 'py>,
) -> PyResult<Option<Decoded<'a, 'py>>> {
    if !fast_path.is_clear_for_decode(py) {
        return Ok(None);
    }
    let Some(Opened { compact, options, payload: json }) = verify_fast(py, fast_path, call)? else {
        return Ok(None);
    };
    let mut registered = Registered::default();
    let payload = if let Ok(claims) = loads_claims(py, &json, &mut registered) {
        claims
    } else {
        let decoded = PyDict::new(py);
        decoded.set_item(intern!(py, "payload"), PyBytes::new(py, &json))?;
        let payload = fast_path.fallback.decode_payload.bind(py).call1((decoded,))?.cast_into()?;
        registered = Registered::of(&payload)?;
        payload
    };
    let claims = PyClaims { dict: &payload, registered: &registered };
    match validate_fast(call, &options, &claims)? {
        Some(()) => {}
        None => call.validate_claims_by_fallback(fast_path, &payload)?,
    }
    Ok(Some(Decoded { payload, compact }))
}

/// A token whose signature was checked, unless the options say not to.
struct Opened<'a, 'py> {
    compact: Compact<'a>,
    options: Options<'py>,
    /// The payload's bytes.
    payload: Vec<u8>,
}

/// Checks the signature natively, unless the options disable that; returns `None` if the fallback
/// must decide.
fn verify_fast<'a, 'py>(
    py: Python<'py>,
    fast_path: &FastPath,
    call: &'a DecodeCall<'_, 'py>,
) -> PyResult<Option<Opened<'a, 'py>>> {
    let plan = || {
        let options = Options::read(call.options.as_deref())?;
        let compact = Compact::split(arguments::text(&call.jwt)?).ok()?;
        let algorithm = header_cache::read(compact.header(), |header| header.algorithm)?;
        Some((options, compact, algorithm))
    };
    let Some((options, compact, algorithm)) = plan() else {
        return Ok(None);
    };
    if !options.verify_signature {
        let unverified = dangerous::unverified_body(&compact).ok();
        return Ok(unverified.map(|body| Opened { compact, options, payload: body.payload }));
    }
    let is_allowed = call
        .algorithms
        .as_deref()
        .is_some_and(|algorithms| arguments::contains(algorithms, algorithm.name).unwrap_or(false));
    let prepared = match call.key.as_deref() {
        Some(key) if is_allowed => prepare_argument(fast_path, key, algorithm, Operation::Verify)?,
        _ => None,
    };
    let Some(prepared) = prepared.filter(|prepared| length::can_warn(fast_path, py, prepared))
    else {
        return Ok(None);
    };
    // PyJWT reports a payload or a signature that is not base64url before it looks at the key.
    match compact.verify(&prepared) {
        Ok(verified) => {
            length::check(fast_path, py, &prepared, options.enforce_minimum_key_length)?;
            Ok(Some(Opened { compact, options, payload: verified.into_payload() }))
        }
        Err(Error::SignatureMismatch) => {
            length::check(fast_path, py, &prepared, options.enforce_minimum_key_length)?;
            Err(Error::SignatureMismatch.into())
        }
        Err(_) => Ok(None),
    }
}

/// Validates the claims natively; returns `None` if the arguments are of unusual types.
fn validate_fast<'py>(
    call: &DecodeCall<'_, 'py>,
    options: &Options<'py>,
    payload: &PyClaims<'_, 'py>,
) -> PyResult<Option<()>> {
    let read = || {
        Some(Policy {
            checks: options.checks,
            leeway: arguments::leeway(call.leeway.as_deref())?,
            require: options.require.iter().cloned().map(PyText::Owned).collect(),
            issuer: arguments::accepted(call.issuer.as_deref())?,
            audience: arguments::accepted(call.audience.as_deref())?,
            subject: match call.subject.as_deref() {
                Some(subject) if !subject.is_none() => {
                    Some(Accepted::One(PyText::Borrowed(arguments::string(subject)?)))
                }
                _ => None,
            },
        })
    };
    let Some(policy) = read() else {
        return Ok(None);
    };
    claims::validate(payload, &policy, clock::now(payload.dict.py())?)?;
    Ok(Some(()))
}

// --- get_unverified_header ---

/// `rapidjwt.get_unverified_header`.
pub(super) struct GetUnverifiedHeader;

impl Function<1> for GetUnverifiedHeader {
    const NAME: &'static CStr = c"get_unverified_header";
    const DOC: &'static CStr = c"get_unverified_header($self, jwt)\n--\n\n\
        Return the header of a token whose signature is not checked: do not trust any of it.\n\
        \n\
        Raises DecodeError for a malformed token, InvalidTokenError for a header that must not be\n\
        accepted.";
    const PARAMETERS: [&'static str; 1] = ["jwt"];
    const REQUIRED: usize = 1;

    fn names() -> &'static ForkSafeOnce<[Py<PyString>; 1]> {
        static NAMES: ForkSafeOnce<[Py<PyString>; 1]> = ForkSafeOnce::new();
        &NAMES
    }

    fn fast<'py>(
        py: Python<'py>,
        fast_path: &FastPath,
        &[jwt]: &Slots<'_, 'py, 1>,
    ) -> PyResult<Option<Bound<'py, PyAny>>> {
        let segment = || {
            fast_path.is_clear_for_decode(py).then_some(())?;
            let compact = Compact::split(arguments::text(jwt.as_deref()?)?).ok()?;
            header_cache::read(compact.header(), |_| ())?;
            dangerous::unverified_body(&compact).ok()?;
            Some(compact.header())
        };
        segment().map(|segment| read_header(py, segment)).transpose()
    }

    fn fallback(fast_path: &FastPath) -> &Py<PyAny> {
        &fast_path.fallback.get_unverified_header
    }
}

// --- encode ---

/// The arguments of `encode` except `json_encoder`.
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
    const DOC: &'static CStr = c"encode($self, payload, key, algorithm='HS256', headers=None, \
        json_encoder=None, sort_headers=True)\n--\n\n\
        Sign claims and return the token.\n\
        \n\
        `payload` has the claims; `exp`, `nbf` and `iat` may be datetimes, naive ones in UTC, and\n\
        lose their microseconds. `key` is a secret, a private key as PEM text, a key object or a\n\
        PyJWK. `algorithm` is the `alg`: by default that of a PyJWK, else HS256; None means that\n\
        of a PyJWK, else \"none\". `headers` are added to the header, and an `alg` among them takes\n\
        precedence. `json_encoder` serializes both payload and header, `sort_headers` sorts the\n\
        header's members.\n\
        \n\
        Raises TypeError for a payload that is not a dictionary and an `iss` that is not a string,\n\
        InvalidKeyError for a key that does not fit, NotImplementedError for an unknown algorithm.\n\
        A key that is too short causes an InsecureKeyLengthWarning or, depending on the options, an\n\
        InvalidKeyError.";
    const PARAMETERS: [&'static str; 6] =
        ["payload", "key", "algorithm", "headers", "json_encoder", "sort_headers"];
    const REQUIRED: usize = 2;

    fn names() -> &'static ForkSafeOnce<[Py<PyString>; 6]> {
        static NAMES: ForkSafeOnce<[Py<PyString>; 6]> = ForkSafeOnce::new();
        &NAMES
    }

    fn fast<'py>(
        py: Python<'py>,
        fast_path: &FastPath,
        &[payload, key, algorithm, headers, json_encoder, sort_headers]: &Slots<'_, 'py, 6>,
    ) -> PyResult<Option<Bound<'py, PyAny>>> {
        let (Some(payload), Some(key), true) = (payload, key, none(json_encoder)) else {
            return Ok(None);
        };
        let call = EncodeCall { payload, key, algorithm, headers, sort_headers };
        Ok(encode_fast(py, fast_path, &call)?.map(Bound::into_any))
    }

    fn fallback(fast_path: &FastPath) -> &Py<PyAny> {
        &fast_path.fallback.encode
    }
}

/// Encodes natively; returns `None` if the fallback must do it.
fn encode_fast<'py>(
    py: Python<'py>,
    fast_path: &FastPath,
    call: &EncodeCall<'_, 'py>,
) -> PyResult<Option<Bound<'py, PyString>>> {
    if !fast_path.is_clear_for_encode(py) {
        return Ok(None);
    }
    let Ok(claims) = call.payload.cast_exact::<PyDict>() else {
        return Ok(None);
    };
    let claims = arguments::snapshot(&claims)?;
    let sort = call.sort_headers.as_deref().map_or(Some(true), arguments::boolean);
    let (Some(algorithm), Some(sort)) = (signing_algorithm(fast_path, call)?, sort) else {
        return Ok(None);
    };
    let Some(header) = header_segment(py, algorithm, call.headers.as_deref(), sort)? else {
        return Ok(None);
    };
    let prepared = prepare_argument(fast_path, &call.key, algorithm, Operation::Sign)?;
    let Some(prepared) = prepared.filter(|prepared| length::can_warn(fast_path, py, prepared))
    else {
        return Ok(None);
    };
    // This comes last, because the code of a time zone may change the caller's dict, which the
    // fallback would read again.
    let Some(payload) = claims_json(&claims)? else {
        return Ok(None);
    };
    length::check(fast_path, py, &prepared, false)?;
    sign(py, &header, &payload, &prepared).map(Some)
}

fn signing_algorithm(
    fast_path: &FastPath,
    call: &EncodeCall<'_, '_>,
) -> PyResult<Option<&'static Algorithm>> {
    match call.algorithm.as_deref() {
        Some(name) if !fast_path.is_unset(name) => {
            Ok(arguments::string(name).and_then(header_cache::by_exact_name))
        }
        _ if fast_path.is_pyjwk(&call.key) => {
            let name = call.key.getattr(intern!(call.key.py(), "algorithm_name"));
            let name = unless_refused(call.key.py(), name)?;
            Ok(name.as_ref().and_then(arguments::string).and_then(header_cache::by_exact_name))
        }
        // PyJWT's default.
        _ => Ok(ALGORITHMS.first()),
    }
}
