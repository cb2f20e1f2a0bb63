//! `encode`, `decode`, `decode_complete` and `get_unverified_header`: the fast path of PyJWT's API.
//!
//! Each function first tries to do the whole call natively. As soon as it meets something whose
//! meaning it does not know exactly (a type, a header parameter, a key, a malformed token), it
//! stops, without having changed anything, and the method of the same name of the Python object
//! `_jwt_global_obj` does the call. So all unusual results and nearly all error messages are made
//! in one place, in Python.

use std::ffi::CStr;
use std::sync::Arc;

use pyo3::Borrowed;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyString};

use super::arguments::{self, Options, PyText};
use super::claims_view::{PyClaims, Record};
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
use crate::crypto::PreparedKey;
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
    const DOC: &'static CStr = c"decode(jwt, key='', algorithms=None, options=None, verify=None, \
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
    const DOC: &'static CStr = c"decode_complete(jwt, key='', algorithms=None, options=None, \
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
    /// Reads what is demanded of the claims; returns `None` if the arguments are of unusual types.
    fn policy(&self, options: &Options<'py>) -> Option<Policy<PyText<'_, 'py>>> {
        Some(Policy {
            checks: options.checks,
            leeway: arguments::leeway(self.leeway.as_deref())?,
            require: options.require.iter().cloned().map(PyText::Owned).collect(),
            issuer: arguments::accepted(self.issuer.as_deref())?,
            audience: arguments::accepted(self.audience.as_deref())?,
            subject: match self.subject.as_deref() {
                Some(subject) if !subject.is_none() => {
                    Some(Accepted::One(PyText::Borrowed(arguments::string(subject)?)))
                }
                _ => None,
            },
        })
    }

    /// Returns the key prepared for `algorithm` if that is allowed; `None` if the fallback must
    /// decide.
    fn prepared_key(
        &self,
        py: Python<'py>,
        fast_path: &FastPath,
        algorithm: &'static Algorithm,
    ) -> PyResult<Option<Arc<PreparedKey>>> {
        let is_allowed = |algorithms: &Bound<'_, PyAny>| {
            arguments::contains(algorithms, algorithm.name).unwrap_or(false)
        };
        let prepared = match self.key.as_deref() {
            Some(key) if self.algorithms.as_deref().is_some_and(is_allowed) => {
                prepare_argument(fast_path, key, algorithm, Operation::Verify)?
            }
            _ => None,
        };
        Ok(prepared.filter(|prepared| length::can_warn(fast_path, py, prepared)))
    }

    /// Checks the signature; returns `None` if the fallback must decide.
    fn verify(
        &self,
        py: Python<'py>,
        fast_path: &FastPath,
        compact: &Compact<'_>,
        algorithm: &'static Algorithm,
        options: &Options<'_>,
    ) -> PyResult<Option<Opened>> {
        let Some(key) = self.prepared_key(py, fast_path, algorithm)? else {
            return Ok(None);
        };
        match compact.verify(&key) {
            Ok(verified) => Ok(Some(Opened { payload: verified.into_payload(), key: Some(key) })),
            Err(Error::SignatureMismatch) => {
                length::check(fast_path, py, &key, options.enforce_minimum_key_length)?;
                Err(Error::SignatureMismatch.into())
            }
            // PyJWT reports a payload or a signature that is not base64url before it looks at the
            // key.
            Err(_) => Ok(None),
        }
    }
}

/// The payload of a token, and the key that verified it, whose length is not checked yet.
struct Opened {
    payload: Vec<u8>,
    key: Option<Arc<PreparedKey>>,
}

/// Decodes natively; returns `None` if the fallback must do it, which then does all of it.
fn decode_fast<'a, 'py>(
    py: Python<'py>,
    fast_path: &FastPath,
    call: &'a DecodeCall<'_, 'py>,
) -> PyResult<Option<Decoded<'a, 'py>>> {
    let plan = || {
        fast_path.is_clear_for_decode(py).then_some(())?;
        let options = Options::read(call.options.as_deref())?;
        let compact = Compact::split(arguments::text(&call.jwt)?).ok()?;
        let algorithm = header_cache::read(compact.header(), |header| header.algorithm)?;
        Some((call.policy(&options)?, options, compact, algorithm))
    };
    let Some((policy, options, compact, algorithm)) = plan() else {
        return Ok(None);
    };
    let Some(Opened { payload: json, key }) = (if options.verify_signature {
        call.verify(py, fast_path, &compact, algorithm, &options)?
    } else {
        let body = dangerous::unverified_body(&compact).ok();
        body.map(|body| Opened { payload: body.payload, key: None })
    }) else {
        return Ok(None);
    };
    let mut record = Record::default();
    let Ok(payload) = loads_claims(py, &json, &mut record) else {
        return Ok(None);
    };
    if let Some(key) = key {
        length::check(fast_path, py, &key, options.enforce_minimum_key_length)?;
    }
    let claims = PyClaims { dict: &payload, record: &record };
    claims::validate(&claims, &policy, clock::now(py)?)
        .map_err(|error| claims.refusal(error, &policy))?;
    Ok(Some(Decoded { payload, compact }))
}

// --- get_unverified_header ---

/// `rapidjwt.get_unverified_header`.
pub(super) struct GetUnverifiedHeader;

impl Function<1> for GetUnverifiedHeader {
    const NAME: &'static CStr = c"get_unverified_header";
    const DOC: &'static CStr = c"get_unverified_header(jwt)\n--\n\n\
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
    const DOC: &'static CStr = c"encode(payload, key, algorithm='HS256', headers=None, \
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
