//! `Signer`: a key that is prepared and a header that is written once, for issuing many tokens.

use std::ffi::CStr;
use std::sync::Arc;

use pyo3::Borrowed;
use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict, PyInt, PyList, PyString, PyTuple, PyType};
use pyo3::{PyTraverseError, PyVisit};

use super::arguments::{exact, exact_seconds, string_argument, type_name};
use super::claims_view::{AskedValues, PyClaims, Record};
use super::errors::{Raised, ok};
use super::fast_path::FastPath;
use super::json::dumps::dumps;
use super::json::scan::ScannedClaims;
use super::keys::argument::prepare_or_raise;
use super::keys::identity::Identity;
use super::keys::key_mistakes::Prepared;
use super::keys::length;
use super::keys::remote::{AsyncRemoteKey, RemoteKey};
use super::once::{ForkSafeOnce, intern};
use super::profile::{self, Demands, Profile};
use super::repr::Repr;
use super::vectorcall::{Method, drop_deferred};
use super::{arguments, clock, cpython, decoded, encoding, header_cache, typed_claims};
use crate::algorithm::Algorithm;
use crate::base64url;
use crate::claims::Claim;
use crate::crypto::{self, PreparedKey};
use crate::error::Error;
use crate::memory;

/// A signer of claims, with a key and a header that are fixed when it is made.
///
/// It returns the same tokens as `rapidjwt.encode` with the same arguments, in less time. It is
/// immutable and safe to share between threads.
///
/// Arguments:
///     key: a private key as PEM text, a secret, a `Key`, a `PyJWK`, a key object of cryptography,
///         or a `RemoteKey`.
///     algorithm: the `alg`. It may be left out for a `Key` or a `PyJWK`.
///     headers: additional header parameters, for example `{"kid": "2026-11"}`. The key ID of a
///         `Key` or `PyJWK` becomes the `kid` unless `headers` has one.
///     issuer: the `iss` of claims that have none.
///     audience: the `aud` of claims that have none: a string or a list of strings.
///     lifetime: seconds, or a timedelta. The `exp` of claims without one is this long after
///         their `iat`, or after the current time if they have no `iat`.
///     `allow_negative_lifetime`: whether `lifetime` may be zero or negative, for tests that need
///         tokens that have expired.
///     `issued_at`: whether claims without `iat` get one; a lifetime implies it.
///     `jwt_id`: whether claims without `jti` get one: 128 random bits, base64url-encoded.
///     `json_encoder`: a subclass of `json.JSONEncoder` for claims and headers that JSON does not
///         have, such as a UUID. Python's json then writes them, which takes longer.
///     profile: a profile of `rapidjwt.profiles`. The tokens get its `typ`, and an `iat` and a `jti`
///         if it requires them; claims that it refuses are not signed.
///
/// Raises `InvalidKeyError` for a key that does not fit the algorithm or cannot sign, `TypeError` and
/// `ValueError` for other wrong arguments.
#[pyclass(frozen, module = "rapidjwt")]
pub(super) struct Signer {
    key: SigningKey,
    header: String,
    /// The `kid` of the header.
    kid: Option<String>,
    issuer: Option<Member>,
    audience: Option<Member>,
    lifetime: Option<i64>,
    issued_at: bool,
    jwt_id: bool,
    json_encoder: Option<Py<PyType>>,
    /// What the profile demands of the claims.
    demands: Option<Demands>,
}

enum SigningKey {
    Held(Arc<PreparedKey>),
    Remote(Py<RemoteKey>),
}

impl SigningKey {
    fn new(
        fast_path: &FastPath,
        key: &Bound<'_, PyAny>,
        algorithm: &'static Algorithm,
    ) -> PyResult<Self> {
        if let Some(key) = RemoteKey::of(key) {
            return Ok(Self::Remote(key.clone().unbind()));
        }
        let prepared = prepare_or_raise(fast_path, key, algorithm)?;
        if !prepared.can_sign() {
            return Err(Error::PrivateKeyRequired.into());
        }
        length::check(fast_path, key.py(), &prepared, false)?;
        Ok(Self::Held(prepared))
    }

    fn algorithm(&self) -> &'static Algorithm {
        match self {
            Self::Held(key) => key.algorithm(),
            Self::Remote(key) => key.get().algorithm(),
        }
    }
}

/// A claim that must be filled in.
enum Missing<'a> {
    Member(&'a Member),
    /// The claim's name and the seconds since the epoch.
    Time(&'static str, i64),
    /// The value of `jti`.
    JwtId(String),
}

impl Missing<'_> {
    /// Writes the member as JSON text.
    fn write(&self, json: &mut Vec<u8>) {
        match self {
            Self::Member(member) => json.extend_from_slice(&member.json),
            Self::Time(name, seconds) => {
                json.extend_from_slice(format!("\"{name}\":{seconds}").as_bytes());
            }
            Self::JwtId(jti) => json.extend_from_slice(format!("\"jti\":\"{jti}\"").as_bytes()),
        }
    }

    /// Sets the member of a dict.
    fn set(&self, claims: &Bound<'_, PyDict>) -> PyResult<()> {
        match self {
            Self::Member(member) => claims.set_item(member.name, &member.value),
            Self::Time(name, seconds) => claims.set_item(name, seconds),
            Self::JwtId(jti) => claims.set_item("jti", jti),
        }
    }
}

/// A claim to fill in: its name, its value, and the JSON text of both, for example `"iss":"me"`.
struct Member {
    name: &'static str,
    value: Py<PyAny>,
    json: Vec<u8>,
}

impl Member {
    fn new(py: Python<'_>, name: &'static str, value: &Bound<'_, PyAny>) -> PyResult<Self> {
        let members = PyDict::new(py);
        members.set_item(name, value)?;
        let mut json = Vec::new();
        dumps(&members, false, &mut json).map_err(|_| encoding::not_json(value, name))?;
        Ok(Self { name, value: value.clone().unbind(), json: json[1..json.len() - 1].to_vec() })
    }
}

#[pymethods]
impl Signer {
    #[new]
    #[pyo3(signature = (
        key, algorithm=None, *, headers=None, issuer=None, audience=None, lifetime=None,
        allow_negative_lifetime=false, issued_at=false, jwt_id=false, json_encoder=None,
        profile=None
    ))]
    #[allow(clippy::too_many_arguments, reason = "each with its name")]
    fn new(
        key: &Bound<'_, PyAny>,
        algorithm: Option<&Bound<'_, PyAny>>,
        headers: Option<&Bound<'_, PyAny>>,
        issuer: Option<&Bound<'_, PyAny>>,
        audience: Option<&Bound<'_, PyAny>>,
        lifetime: Option<&Bound<'_, PyAny>>,
        allow_negative_lifetime: bool,
        issued_at: bool,
        jwt_id: bool,
        json_encoder: Option<&Bound<'_, PyAny>>,
        profile: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<Self> {
        let py = key.py();
        let fast_path = FastPath::get(py)?;
        let algorithm = algorithm.map(|name| string_argument("algorithm", name)).transpose()?;
        let json_encoder = json_encoder.map(encoder_argument).transpose()?;
        let headers = headers.map(|headers| header_argument(headers, json_encoder.as_ref()));
        let headers = headers.transpose()?;
        let identity = Identity::of(fast_path, key, Prepared::Signer)?;
        let algorithm = signing_algorithm(py, &identity, algorithm.as_deref())?;
        let issuer = issuer.map(|issuer| string_argument("issuer", issuer)).transpose()?;
        let issuer = issuer.map(|issuer| PyString::new(py, &issuer).into_any());
        let audience = audience.map(exact).transpose()?;
        let lifetime = lifetime.map(exact_seconds).transpose()?;
        let signing_key = SigningKey::new(fast_path, key, algorithm)?;
        let issuer = issuer.map(|issuer| Member::new(py, "iss", &issuer)).transpose()?;
        let audience = audience.map(|audience| audience_member(py, &audience)).transpose()?;
        let demands = demands_of(py, profile, audience.as_ref())?;
        let profile = demands.as_ref().and_then(|demands| demands.profile.as_ref());
        let typ = profile.and_then(|profile| profile.typ.as_deref());
        let Header { segment: header, kid } =
            Header::new(py, algorithm, identity.kid.as_deref(), typ, headers.as_ref())?;
        if let Some(profile) = profile {
            check_header(profile, algorithm, &header)?;
        }
        let demand = |claim| demands.as_ref().is_some_and(|demands| demands.demand(claim));
        Ok(Self {
            key: signing_key,
            header,
            kid,
            issuer,
            audience,
            lifetime: lifetime
                .as_ref()
                .map(|lifetime| whole_seconds(lifetime, allow_negative_lifetime))
                .transpose()?,
            issued_at: issued_at || lifetime.is_some() || demand(Claim::Iat),
            jwt_id: jwt_id || demand(Claim::Jti),
            json_encoder: json_encoder.map(Bound::unbind),
            demands,
        })
    }

    /// The `alg` of the tokens.
    #[getter]
    fn algorithm(&self) -> &'static str {
        self.key.algorithm().name
    }

    /// The `kid` of the tokens, or None.
    #[getter]
    fn key_id(&self) -> Option<&str> {
        self.kid.as_deref()
    }

    /// The `iss` of claims that have none, or None.
    #[getter]
    fn issuer<'py>(&self, py: Python<'py>) -> Option<&Bound<'py, PyAny>> {
        self.issuer.as_ref().map(|issuer| issuer.value.bind(py))
    }

    /// The `aud` of claims that have none: a str, a tuple of several, or None.
    #[getter]
    fn audience<'py>(&self, py: Python<'py>) -> Option<Bound<'py, PyAny>> {
        let audience = self.audience.as_ref()?.value.bind(py);
        Some(match audience.cast::<PyList>() {
            Ok(several) => several.to_tuple().into_any(),
            Err(_) => audience.clone(),
        })
    }

    /// The seconds from `iat` to the `exp` of claims that have none, or None.
    #[getter]
    fn lifetime(&self) -> Option<i64> {
        self.lifetime
    }

    /// The profile, or None.
    #[getter]
    fn profile<'py>(&self, py: Python<'py>) -> Option<&Bound<'py, PyAny>> {
        self.profile_of_claims().map(|profile| profile.object.bind(py))
    }

    fn __repr__(&self, py: Python<'_>) -> PyResult<String> {
        let mut repr = Repr::new("Signer");
        repr.add(py, "algorithm", self.algorithm())?;
        repr.add_if(py, "key_id", self.key_id())?;
        repr.add_if(py, "issuer", self.issuer(py))?;
        repr.add_if(py, "audience", self.audience(py))?;
        repr.add_if(py, "lifetime", self.lifetime)?;
        repr.add_if(py, "profile", self.profile_of_claims().map(|profile| profile.name.as_str()))?;
        Ok(repr.finish())
    }

    /// Signs claims as `encode` does and returns a coroutine of the token, which raises what `encode`
    /// raises.
    ///
    /// With a key in memory the coroutine never waits. With an `AsyncRemoteKey` it waits for the
    /// service; with a `RemoteKey` it calls the service in a thread.
    #[pyo3(signature = (claims))]
    fn encode_async<'py>(
        slf: &Bound<'py, Self>,
        claims: &Bound<'py, PyAny>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let py = slf.py();
        match &slf.get().key {
            SigningKey::Held(_) => {
                let encode = slf.getattr(intern!(py, "encode"))?;
                let module = py.import(intern!(py, "rapidjwt._coroutine"))?;
                module.getattr(intern!(py, "call"))?.call1((encode, claims))
            }
            SigningKey::Remote(key) => {
                let signing_input = slf.getattr(intern!(py, "_signing_input"))?;
                let module = py.import(intern!(py, "rapidjwt.remote"))?;
                let encode = module.getattr(intern!(py, "encode_async"))?;
                encode.call1((key, signing_input, claims))
            }
        }
    }

    /// Returns the signing input of a token with these claims (RFC 7515 Section 2).
    #[pyo3(name = "_signing_input", signature = (claims))]
    fn signing_input_bytes<'py>(
        &self,
        claims: &Bound<'py, PyAny>,
    ) -> PyResult<Bound<'py, PyBytes>> {
        let input = self.signing_input(claims)?;
        Ok(cpython::bytes(claims.py(), &input).ok_or(Error::OutOfMemory)?)
    }

    /// Shows a remote key, the encoder and the functions of a profile to the garbage collector; they
    /// may hold this object in turn.
    #[allow(clippy::needless_pass_by_value, reason = "PyO3 passes it so")]
    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        if let SigningKey::Remote(key) = &self.key {
            visit.call(key)?;
        }
        self.demands.as_ref().map_or(Ok(()), |demands| demands.traverse(&visit))?;
        self.json_encoder.as_ref().map_or(Ok(()), |encoder| visit.call(encoder))
    }

    /// Returns the signer itself, because it never changes.
    fn __copy__(slf: Py<Self>) -> Py<Self> {
        slf
    }

    fn __deepcopy__(slf: Py<Self>, _memo: &Bound<'_, PyAny>) -> Py<Self> {
        slf
    }

    #[allow(clippy::unused_self, reason = "a method of Python's")]
    fn __reduce__(&self) -> PyResult<()> {
        Err(PyTypeError::new_err(
            "cannot pickle a Signer, which holds a secret: make one in each process",
        ))
    }
}

/// `Signer.encode`.
pub(super) struct SignerEncode;

impl Method for SignerEncode {
    type Class = Signer;
    const NAME: &'static CStr = c"encode";
    const DOC: &'static CStr = c"encode($self, claims)\n--\n\n\
        Signs claims, with the missing ones filled in, and returns the token.\n\n\
        They are a dict, which is not changed, or an object of a type that the argument `claims` of\n\
        a `Verifier` takes: a member that is None is left out, a datetime becomes seconds.\n\n\
        Raises `TypeError` and `ValueError` for claims that are not JSON,\n\
        as `rapidjwt.encode` does, and `ValueError` for claims that the profile refuses.";
    const PARAMETER: &'static str = "claims";

    fn names() -> &'static ForkSafeOnce<[Py<PyString>; 1]> {
        static NAMES: ForkSafeOnce<[Py<PyString>; 1]> = ForkSafeOnce::new();
        &NAMES
    }

    fn call<'py>(signer: &Signer, claims: Borrowed<'_, 'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        match &signer.key {
            SigningKey::Held(key) => {
                let json = signer.json(&claims)?;
                Ok(encoding::sign(claims.py(), &signer.header, &json, key)?.into_any())
            }
            SigningKey::Remote(key) => signer.sign_remotely(key.bind(claims.py()), &claims),
        }
    }
}

impl Signer {
    /// Returns the JSON text of the claims, with the missing ones filled in, if they are what the
    /// profile demands.
    #[inline]
    fn json(&self, claims: &Bound<'_, PyAny>) -> PyResult<Vec<u8>> {
        let json = if let Some(json) = self.json_fast(claims)? {
            json
        } else {
            drop_deferred();
            self.json_by_python(claims)?
        };
        if let Some(demands) = &self.demands {
            self.check(claims.py(), demands, &json)?;
        }
        Ok(json)
    }

    fn signing_input(&self, claims: &Bound<'_, PyAny>) -> PyResult<Vec<u8>> {
        let payload = base64url::try_encode(&self.json(claims)?)?;
        Ok(memory::concat(&[self.header.as_bytes(), b".", payload.as_bytes()])?)
    }

    #[cold]
    fn sign_remotely<'py>(
        &self,
        key: &Bound<'py, RemoteKey>,
        claims: &Bound<'py, PyAny>,
    ) -> PyResult<Bound<'py, PyAny>> {
        if key.is_instance_of::<AsyncRemoteKey>() {
            return Err(PyTypeError::new_err(
                "The key is an AsyncRemoteKey, which cannot sign here: await encode_async(claims)",
            ));
        }
        let input = self.signing_input(claims)?;
        let signature = key.get().sign(key.py(), &input)?;
        let signature = base64url::encode(signature.as_bytes());
        let token = memory::concat(&[&input, b".", signature.as_bytes()])?;
        Ok(PyString::from_bytes(key.py(), &token)?.into_any())
    }

    fn profile_of_claims(&self) -> Option<&Profile> {
        self.demands.as_ref()?.profile.as_ref()
    }

    /// Raises `ValueError` for claims that the profile refuses.
    #[inline(never)]
    fn check(&self, py: Python<'_>, demands: &Demands, json: &[u8]) -> PyResult<()> {
        let now = clock::now(py)?;
        let algorithm = self.key.algorithm();
        let checked = match ScannedClaims::read(json, true) {
            Ok(claims) if !demands.calls() => {
                demands.check(&claims, algorithm, now, 0.0).map_err(PyErr::from)
            }
            _ => {
                let mut values = AskedValues::default();
                let mut record = Record::asking(demands.names(), &mut values);
                let dict = decoded::claims(py, json, &mut record)?;
                let claims = PyClaims { dict: &dict, record: &record };
                let checked = demands.check(&claims, algorithm, now, 0.0).map_err(PyErr::from);
                checked.and_then(|()| demands.call(&dict))
            }
        };
        checked.map_err(|error| Raised::new(py, error)).map_err(|error| {
            match self.profile_of_claims() {
                Some(profile) if error.is_ours(py) => {
                    profile.error(&format!("refuses these claims: {}", error.message(py)))
                }
                _ => error.into(),
            }
        })
    }

    /// Returns the JSON text of the claims, or `None` if Python's json must write it; no code of
    /// the caller's has run then.
    fn json_fast(&self, claims: &Bound<'_, PyAny>) -> PyResult<Option<Vec<u8>>> {
        let (Ok(claims), None) = (claims.cast_exact::<PyDict>(), &self.json_encoder) else {
            return Ok(None);
        };
        let claims = &arguments::snapshot(claims)?;
        if !self.fills() {
            return encoding::claims_json(claims);
        }
        // This comes first, because the code of a time zone may change the caller's dict.
        let Some(missing) = self.missing(claims)? else {
            return Ok(None);
        };
        let Some(mut json) = encoding::claims_json(claims)? else {
            return Ok(None);
        };
        for missing in missing.iter().flatten() {
            json.pop();
            if json.len() > 1 {
                json.push(b',');
            }
            missing.write(&mut json);
            json.push(b'}');
        }
        Ok(Some(json))
    }

    const fn fills(&self) -> bool {
        self.issuer.is_some() || self.audience.is_some() || self.issued_at || self.jwt_id
    }

    /// Fills in the claims in a dict and lets Python's json write it.
    fn json_by_python(&self, claims: &Bound<'_, PyAny>) -> PyResult<Vec<u8>> {
        let Ok(claims) = claims.cast::<PyDict>() else {
            let members = typed_claims::members(claims)?.ok_or_else(|| {
                PyTypeError::new_err(
                    "Expecting a dict object, as JWT only supports JSON objects as payloads.",
                )
            })?;
            return match self.json_fast(&members)? {
                Some(json) => Ok(json),
                None => self.json_by_python(&members),
            };
        };
        let filled = match encoding::with_whole_seconds(claims)? {
            Some(copy) => copy,
            None => claims.copy()?,
        };
        let missing = self.missing(&filled)?.ok_or_else(|| {
            PyTypeError::new_err("iat must be an int or a datetime where exp is computed from it")
        })?;
        for missing in missing.iter().flatten() {
            missing.set(&filled)?;
        }
        encoding::check_issuer(&filled)?;
        let encoder = self.json_encoder.as_ref().map(|encoder| encoder.bind(claims.py()));
        encoding::json_by_python(&filled, encoder)
    }

    /// Returns the claims to fill in; `None` if `exp` depends on an `iat` of the caller's that is
    /// not an int.
    fn missing(&self, claims: &Bound<'_, PyDict>) -> PyResult<Option<[Option<Missing<'_>>; 5]>> {
        let py = claims.py();
        let member = |member: &'_ Option<Member>, name| match member {
            Some(_) => claims.contains(name).map(|is_there| !is_there),
            None => Ok(false),
        };
        let iss = member(&self.issuer, intern!(py, "iss"))?;
        let aud = member(&self.audience, intern!(py, "aud"))?;
        let Some([iat, exp]) = self.times(claims)? else {
            return Ok(None);
        };
        let jti = self.jwt_id && !claims.contains(intern!(py, "jti"))?;
        Ok(Some([
            self.issuer.as_ref().filter(|_| iss).map(Missing::Member),
            self.audience.as_ref().filter(|_| aud).map(Missing::Member),
            iat,
            exp,
            jti.then(|| Missing::JwtId(new_jwt_id())),
        ]))
    }

    /// Returns the `iat` and `exp` to fill in, or `None` if the caller's own `iat` is needed and
    /// not an int.
    fn times(&self, claims: &Bound<'_, PyDict>) -> PyResult<Option<[Option<Missing<'_>>; 2]>> {
        if !self.issued_at {
            return Ok(Some([None, None]));
        }
        let py = claims.py();
        let own = claims.get_item(intern!(py, "iat"))?;
        let lifetime = match self.lifetime {
            Some(lifetime) if !claims.contains(intern!(py, "exp"))? => Some(lifetime),
            _ => None,
        };
        let iat = match &own {
            #[allow(clippy::cast_possible_truncation, reason = "whole seconds are wanted")]
            None => clock::now(py)? as i64,
            Some(_) if lifetime.is_none() => return Ok(Some([None, None])),
            Some(own) => match own.cast::<PyInt>().ok().and_then(|iat| ok(py, iat.extract())) {
                Some(iat) => iat,
                None => return Ok(None),
            },
        };
        let exp = lifetime.map(|lifetime| Missing::Time("exp", iat.saturating_add(lifetime)));
        Ok(Some([own.is_none().then_some(Missing::Time("iat", iat)), exp]))
    }
}

/// Reads the profile.
fn demands_of(
    py: Python<'_>,
    profile: Option<&Bound<'_, PyAny>>,
    audience: Option<&Member>,
) -> PyResult<Option<Demands>> {
    let audiences: Option<Vec<String>> = match audience.map(|audience| audience.value.bind(py)) {
        None => None,
        Some(several) if several.is_instance_of::<PyList>() => Some(several.extract()?),
        Some(one) => Some(vec![one.extract()?]),
    };
    let arguments = profile::Arguments { profile, ..profile::Arguments::default() };
    Demands::read(py, arguments, audiences.as_deref())
}

/// Raises `ValueError` for an algorithm or a `typ` that the profile does not allow.
fn check_header(profile: &Profile, algorithm: &'static Algorithm, segment: &str) -> PyResult<()> {
    if !profile.permits(algorithm) {
        return Err(profile.error(&format!("does not allow {}", algorithm.name)));
    }
    let media_type = header_cache::parse(segment.as_bytes()).and_then(|header| header.media_type);
    let types = profile.types.as_ref();
    let checked = types.map_or(Ok(()), |types| types.check(media_type.as_deref()));
    checked.map_err(|error| profile.error(&format!("refuses these headers: {error}")))
}

/// Returns the `aud` to fill in; a list is copied, so that later changes have no effect.
fn audience_member(py: Python<'_>, audience: &Bound<'_, PyAny>) -> PyResult<Member> {
    if arguments::string(audience).is_some() {
        return Member::new(py, "aud", audience);
    }
    let is_ordered = audience.is_instance_of::<PyList>() || audience.is_instance_of::<PyTuple>();
    match arguments::strings(audience).filter(|_| is_ordered) {
        Some(strings) => Member::new(py, "aud", PyList::new(py, strings)?.as_any()),
        None => Err(PyTypeError::new_err(format!(
            "audience must be a string or a list of strings, got {}",
            type_name(audience)
        ))),
    }
}

fn encoder_argument<'py>(encoder: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyType>> {
    let class = encoder.cast::<PyType>().map_err(|_| {
        let found = type_name(encoder);
        PyTypeError::new_err(format!(
            "json_encoder must be a subclass of json.JSONEncoder, got {found}"
        ))
    })?;
    Ok(class.clone())
}

/// Returns the headers, in the types that JSON has if there is an encoder for others.
fn header_argument<'py>(
    headers: &Bound<'py, PyAny>,
    encoder: Option<&Bound<'py, PyType>>,
) -> PyResult<Bound<'py, PyDict>> {
    let py = headers.py();
    let dict = headers.cast::<PyDict>().map_err(|_| {
        PyTypeError::new_err(format!("headers must be a dict, got {}", type_name(headers)))
    })?;
    if encoder.is_none() {
        return Ok(dict.clone());
    }
    let json = encoding::json_by_python(dict, encoder)?;
    let read = py.import(intern!(py, "json"))?.call_method1(intern!(py, "loads"), (json,))?;
    Ok(read.cast_into()?)
}

fn new_jwt_id() -> String {
    base64url::encode(&crypto::random_bytes::<16>())
}

/// Returns the requested algorithm, which must be the key's own if the key names one, or else the
/// key's default.
fn signing_algorithm(
    py: Python<'_>,
    identity: &Identity,
    requested: Option<&str>,
) -> PyResult<&'static Algorithm> {
    let Some(name) = requested else {
        return identity.default.ok_or_else(|| {
            PyValueError::new_err(
                "algorithm is needed, for example Signer(key, \"RS256\"): a text does not say \
                 what it is for",
            )
        });
    };
    let algorithm = arguments::signature_algorithm(py, name)?;
    match identity.algorithm {
        Some(own) if own != algorithm => {
            let (own, asked) = (own.name.into(), algorithm.name);
            Err(Error::KeyForOtherAlgorithm { own, asked }.into())
        }
        _ => Ok(algorithm),
    }
}

/// The header of a signer's tokens.
struct Header {
    /// The encoded header.
    segment: String,
    kid: Option<String>,
}

impl Header {
    /// Makes the header; `headers` cannot change the signer's `alg`, but its `typ` and its `kid`.
    fn new(
        py: Python<'_>,
        algorithm: &'static Algorithm,
        kid: Option<&str>,
        typ: Option<&str>,
        headers: Option<&Bound<'_, PyDict>>,
    ) -> PyResult<Self> {
        let merged = PyDict::new(py);
        if let Some(typ) = typ {
            merged.set_item("typ", typ)?;
        }
        if let Some(kid) = kid {
            merged.set_item("kid", kid)?;
        }
        if let Some(headers) = headers {
            for name in ["alg", "b64", "crit"] {
                if headers.contains(name)? {
                    return Err(PyValueError::new_err(format!(
                        "headers cannot have {name:?}: use rapidjwt.encode() for that"
                    )));
                }
            }
            merged.update(headers.as_mapping())?;
        }
        let kid = match merged.get_item("kid")? {
            Some(kid) => Some(kid.cast::<PyString>().map_err(|_| Error::KidNotString)?.clone()),
            None => None,
        };
        let segment =
            encoding::header_segment(py, algorithm, Some(&exact(merged.as_any())?), true)?
                .ok_or_else(|| encoding::not_json(merged.as_any(), "headers"))?;
        let kid = kid.map(|kid| string_argument("kid", &kid)).transpose()?;
        Ok(Self { segment: segment.into_owned(), kid })
    }
}

fn whole_seconds(lifetime: &Bound<'_, PyAny>, allow_negative: bool) -> PyResult<i64> {
    let seconds = arguments::leeway(Some(lifetime)).filter(|seconds| seconds.is_finite());
    match seconds {
        #[allow(clippy::cast_possible_truncation, reason = "whole seconds are wanted")]
        Some(seconds) if seconds >= 1.0 || allow_negative => Ok(seconds as i64),
        Some(seconds) if seconds < 1.0 => Err(PyValueError::new_err(
            "lifetime must be at least one second; a test that needs expired tokens passes \
             allow_negative_lifetime=True",
        )),
        _ => Err(PyValueError::new_err(
            "lifetime must be a number of seconds, at least one, or a timedelta; for example 900 or \
             timedelta(minutes=15)",
        )),
    }
}
