//! Maps core errors to Python exceptions with one exhaustive match, so that a new error does not
//! compile until it has a class.

use pyo3::exceptions::{
    PyArithmeticError, PyAttributeError, PyBaseException, PyImportError, PyLookupError,
    PyMemoryError, PyNotImplementedError, PyRuntimeError, PyTypeError, PyValueError,
};
use pyo3::prelude::*;
use pyo3::type_object::PyTypeInfo;
use pyo3::types::{PyModule, PyString, PyTuple, PyType};

use super::cpython::{self, Newest, with_python};
use super::once::intern;
use crate::claims::Claim;
use crate::error::Error;

/// Defines the struct of the exception classes and the function that imports them.
macro_rules! exceptions {
    ($($class:ident),* $(,)?) => {
        /// The classes of `rapidjwt.exceptions`.
        #[allow(non_snake_case, reason = "the names of the classes")]
        pub(super) struct Classes {
            $($class: Py<PyType>,)*
        }

        impl Classes {
            fn import(py: Python<'_>) -> PyResult<Self> {
                let module = py.import("rapidjwt.exceptions")?;
                Ok(Self { $($class: class(&module, stringify!($class))?,)* })
            }

            fn all(&self) -> impl Iterator<Item = &Py<PyType>> {
                [$(&self.$class),*].into_iter()
            }
        }
    };
}

exceptions!(
    DecodeError,
    DecryptionError,
    ExpiredSignatureError,
    ImmatureSignatureError,
    InvalidAlgorithmError,
    InvalidAudienceError,
    InvalidIssuedAtError,
    InvalidIssuerError,
    InvalidJTIError,
    InvalidKeyError,
    InvalidSignatureError,
    InvalidSubjectError,
    InvalidTokenError,
    MissingRequiredClaimError,
    PasswordRequiredError,
    PyJWKSetError,
    PyJWTError,
    RemoteKeyError,
    TokenBindingError,
);

fn class(module: &Bound<'_, PyModule>, name: &str) -> PyResult<Py<PyType>> {
    Ok(module.getattr(name)?.cast_into()?.unbind())
}

static CLASSES: Newest<Classes> = Newest::none();

fn classes(py: Python<'_>) -> PyResult<&'static Classes> {
    match CLASSES.get() {
        Some(classes) => Ok(classes),
        None => import_classes(py),
    }
}

/// Imports the classes again: users catch those of the newest import of the package.
pub(super) fn import_classes(py: Python<'_>) -> PyResult<&'static Classes> {
    Ok(CLASSES.replace(Classes::import(py)?))
}

/// The codes of errors, numbered, so that they can be told apart without the interpreter.
pub(super) struct Codes {
    /// The codes that `rapidjwt.exceptions.CODES` explains.
    pub(super) names: Vec<String>,
    /// The number of each class's own code.
    of_classes: Vec<(usize, u8)>,
    classes: &'static Classes,
}

impl Codes {
    pub(super) fn read(py: Python<'_>) -> PyResult<Self> {
        let classes = classes(py)?;
        let known = py.import("rapidjwt.exceptions")?.getattr("CODES")?;
        let names = known.try_iter()?.map(|name| name?.extract()).collect::<PyResult<_>>()?;
        let mut codes = Self { names, of_classes: Vec::new(), classes };
        for class in classes.all() {
            let number = codes.number_of(&class.bind(py).getattr("code")?);
            codes.of_classes.push((class.as_ptr().addr(), number));
        }
        Ok(codes)
    }

    /// Returns the number of an error's code; `None` for an error that is not about the token.
    pub(super) fn number(&self, error: &Error) -> Option<u8> {
        let (class, code) = self.classes.class_and_code(error)?;
        if let Some(code) = code {
            return self.by_name(code);
        }
        let is_class = |(address, _): &&(usize, u8)| *address == class.as_ptr().addr();
        self.of_classes.iter().find(is_class).map(|&(_, number)| number)
    }

    /// Returns the number of the code of an exception of this library.
    pub(super) fn number_of_exception(&self, error: &Bound<'_, PyBaseException>) -> PyResult<u8> {
        Ok(self.number_of(&error.getattr(intern!(error.py(), "code"))?))
    }

    /// Returns the number of a code; codes of the caller's own classes count as `error`.
    fn number_of(&self, code: &Bound<'_, PyAny>) -> u8 {
        let code = code.extract::<String>().ok();
        let known = code.and_then(|code| self.by_name(&code));
        known.or_else(|| self.by_name("error")).unwrap_or_default()
    }

    fn by_name(&self, code: &str) -> Option<u8> {
        self.names.iter().position(|name| name == code)?.try_into().ok()
    }
}

/// An error whose exception exists.
///
/// `PyO3` makes the exception of a new error when something looks at it, and releases the interpreter
/// meanwhile. If Python ends in between, taking the interpreter again crashes or, before CPython
/// 3.14, unwinds the stack. Here the exception is made while the interpreter is held.
pub(super) struct Raised(PyErr);

#[allow(clippy::disallowed_methods, reason = "the exception exists")]
impl Raised {
    pub(super) fn new(py: Python<'_>, error: PyErr) -> Self {
        error.restore(py);
        Self(PyErr::fetch(py))
    }

    /// Returns whether the error is one of this library's own.
    pub(super) fn is_ours(&self, py: Python<'_>) -> bool {
        classes(py).is_ok_and(|classes| self.0.is_instance(py, classes.PyJWTError.bind(py)))
    }

    /// Returns whether the error is one that Python or cryptography raises for a wrong argument.
    pub(super) fn is_refusal(&self, py: Python<'_>) -> bool {
        self.is_ours(py)
            || self.is::<PyValueError>(py)
            || self.is::<PyTypeError>(py)
            || self.is::<PyAttributeError>(py)
            || self.is::<PyLookupError>(py)
            || self.is::<PyArithmeticError>(py)
            || self.is::<PyImportError>(py)
            || self.is::<PyNotImplementedError>(py)
            || self.is_unsupported_algorithm(py)
    }

    pub(super) fn is<T: PyTypeInfo>(&self, py: Python<'_>) -> bool {
        self.0.is_instance_of::<T>(py)
    }

    /// Returns whether it is cryptography's `UnsupportedAlgorithm`, which is a plain `Exception`.
    fn is_unsupported_algorithm(&self, py: Python<'_>) -> bool {
        let module = self.0.get_type(py).module();
        module
            .is_ok_and(|module| module.to_str().is_ok_and(|name| name == "cryptography.exceptions"))
    }

    /// Returns whether the error is of one of these classes.
    pub(super) fn matches(&self, py: Python<'_>, classes: &Bound<'_, PyTuple>) -> bool {
        let Ok(matches) = self.0.matches(py, classes);
        matches
    }

    pub(super) fn message(&self, py: Python<'_>) -> String {
        self.0.value(py).to_string()
    }

    /// Replaces an error about a key by one with a better message: a `TypeError` by a `TypeError`,
    /// any other one by an `InvalidKeyError`.
    pub(super) fn with_message(self, py: Python<'_>, message: String) -> PyErr {
        if self.0.get_type(py).is(py.get_type::<PyTypeError>()) {
            PyTypeError::new_err(message)
        } else {
            Error::InvalidKey(message).into()
        }
    }

    pub(super) fn into_value(self, py: Python<'_>) -> Bound<'_, PyBaseException> {
        self.0.into_value(py).into_bound(py)
    }
}

impl From<Raised> for PyErr {
    fn from(error: Raised) -> Self {
        error.0
    }
}

/// Returns the value, or `None` for an error that Python or cryptography raises for a wrong
/// argument, and that the fallback will cause again.
///
/// Raises every other error, because a signal handler may have raised it from whatever Python code
/// was running.
pub(super) fn unless_refused<T>(py: Python<'_>, result: PyResult<T>) -> PyResult<Option<T>> {
    match result.map_err(|error| Raised::new(py, error)) {
        Ok(value) => Ok(Some(value)),
        Err(error) if error.is_refusal(py) => {
            drop(error.into_value(py));
            Ok(None)
        }
        Err(error) => Err(error.into()),
    }
}

/// Returns the value, or `None` for an error. It is for calls that run only CPython's own code,
/// where no signal handler can have raised the error.
pub(super) fn ok<T>(py: Python<'_>, result: PyResult<T>) -> Option<T> {
    result.map_err(|error| discard(py, error)).ok()
}

/// Drops an error, and everything that it holds, now. An error that goes out of scope may instead
/// wait until `PyO3` next knows that a thread is attached (vectorcall.rs).
pub(super) fn discard(py: Python<'_>, error: PyErr) {
    drop(Raised::new(py, error).into_value(py));
}

impl From<Error> for PyErr {
    fn from(error: Error) -> Self {
        with_python(|py| match classes(py) {
            Ok(classes) => classes.exception(py, &error),
            Err(error) => error,
        })
        .unwrap_or_else(|| PyRuntimeError::new_err("Python is shutting down"))
    }
}

impl Classes {
    fn exception(&self, py: Python<'_>, error: &Error) -> PyErr {
        let message = error.to_string();
        let Some((class, code)) = self.class_and_code(error) else {
            return match error {
                Error::OutOfMemory => PyMemoryError::new_err(message),
                Error::CannotConceal(_) | Error::NothingToDisclose => {
                    PyValueError::new_err(message)
                }
                _ => PyNotImplementedError::new_err(message),
            };
        };
        let argument = match error {
            Error::MissingClaim(claim) => claim,
            _ => &message,
        };
        described(class.bind(py), argument, code, error).unwrap_or_else(|failed| failed)
    }

    /// Returns the class of an error and, if it is not that of the class, its `code`, which
    /// `rapidjwt.exceptions.CODES` explains; `None` for an error that has a class of Python's.
    fn class_and_code(&self, error: &Error) -> Option<(&Py<PyType>, Option<&'static str>)> {
        Some(match error {
            Error::AlgorithmUnavailable(_)
            | Error::OutOfMemory
            | Error::CannotConceal(_)
            | Error::NothingToDisclose => return None,
            Error::TokenType(_)
            | Error::TokenMistake(_)
            | Error::NotEnoughSegments
            | Error::InvalidBase64(_)
            | Error::HeaderNotJson(_)
            | Error::HeaderNotObject
            | Error::PayloadNotJson(_)
            | Error::PayloadNotObject
            | Error::JweNotJws
            | Error::InvalidJws(_)
            | Error::JwsNotJwe
            | Error::InvalidJwe(_)
            | Error::InvalidSdJwt(_)
            | Error::UnencodedPayloadInToken
            | Error::DetachedPayloadRequired
            | Error::DetachedPayloadUnexpected => (&self.DecodeError, None),
            Error::TokenTooLarge(_)
            | Error::PayloadTooDeep(_)
            | Error::HeaderTooLarge(_)
            | Error::ContentTooLarge(_) => (&self.DecodeError, Some("token_too_large")),
            Error::IterationsNotAllowed(..) | Error::CompressionNotAllowed => {
                (&self.DecodeError, Some("invalid_header"))
            }
            Error::NotBeforeNotInteger | Error::ExpirationNotInteger => {
                (&self.DecodeError, Some("invalid_claim"))
            }
            Error::KidNotString
            | Error::CritNotList
            | Error::CritNotStrings
            | Error::CritUnsupported(_)
            | Error::CritMissing(_)
            | Error::B64NotCritical => (&self.InvalidTokenError, Some("invalid_header")),
            Error::TypeMissing(_) | Error::TypeRefused(_) => {
                (&self.InvalidTokenError, Some("wrong_type"))
            }
            Error::ClaimForbidden(_) => (&self.InvalidTokenError, Some("forbidden_claim")),
            Error::LivesTooLong => (&self.InvalidTokenError, Some("lives_too_long")),
            Error::ClaimsMisfit { .. } => (&self.InvalidTokenError, Some("claims_misfit")),
            Error::NoMatchingKey | Error::KeyNotValid(_) => {
                (&self.InvalidTokenError, Some("unknown_key"))
            }
            Error::KidRequired => (&self.InvalidTokenError, Some("missing_key_id")),
            Error::NoUsableKey => (&self.PyJWKSetError, None),
            Error::AlgorithmMissing
            | Error::AlgorithmNotAllowed
            | Error::AlgorithmRefused { .. }
            | Error::AlgorithmUnknown
            | Error::EncryptionNotAllowed => (&self.InvalidAlgorithmError, None),
            Error::DecryptionFailed => (&self.DecryptionError, None),
            Error::SignatureMismatch | Error::NotEnoughSignatures { .. } => {
                (&self.InvalidSignatureError, None)
            }
            Error::KeyBinding(_) => (&self.TokenBindingError, None),
            Error::MissingClaim(_) => (&self.MissingRequiredClaimError, None),
            Error::IssuedAtNotInteger => (&self.InvalidIssuedAtError, None),
            Error::IssuedInFuture | Error::NotYetValid => (&self.ImmatureSignatureError, None),
            Error::Expired => (&self.ExpiredSignatureError, None),
            Error::TooOld(_) => (&self.ExpiredSignatureError, Some("too_old")),
            Error::ClaimRefused { claim, .. } => (self.of_claim(claim), Some("wrong_claim")),
            Error::IssuerNotString => (&self.InvalidIssuerError, Some("invalid_claim")),
            Error::IssuerMismatch => (&self.InvalidIssuerError, None),
            Error::AudienceFormat | Error::StrictAudienceFormat => {
                (&self.InvalidAudienceError, Some("invalid_claim"))
            }
            Error::AudienceUnexpected
            | Error::AudienceNotConfigured(_)
            | Error::AudienceMismatch
            | Error::StrictAudienceNotString
            | Error::StrictAudienceMismatch => (&self.InvalidAudienceError, None),
            Error::SubjectNotString => (&self.InvalidSubjectError, Some("invalid_claim")),
            Error::SubjectMismatch => (&self.InvalidSubjectError, None),
            Error::JwtIdNotString => (&self.InvalidJTIError, None),
            Error::PasswordRequired => (&self.PasswordRequiredError, None),
            Error::RemoteSignature(_) => (&self.RemoteKeyError, Some("remote_signature")),
            Error::RemoteService(_) => (&self.RemoteKeyError, None),
            Error::SecretEmpty
            | Error::SecretIsAsymmetricKey
            | Error::SecretIsJwk
            | Error::KeyTooShort { .. }
            | Error::KeyDoesNotFit(_)
            | Error::KeyForOtherAlgorithm { .. }
            | Error::PrivateKeyRequired
            | Error::KeyForNone
            | Error::InvalidKey(_) => (&self.InvalidKeyError, None),
        })
    }

    /// Returns the class for a registered claim whose value is not accepted.
    fn of_claim(&self, claim: &str) -> &Py<PyType> {
        match Claim::by_name(claim.as_bytes()) {
            Some(Claim::Iss) => &self.InvalidIssuerError,
            Some(Claim::Aud) => &self.InvalidAudienceError,
            Some(Claim::Sub) => &self.InvalidSubjectError,
            Some(Claim::Jti) => &self.InvalidJTIError,
            Some(Claim::Iat) => &self.InvalidIssuedAtError,
            Some(Claim::Exp | Claim::Nbf) => &self.DecodeError,
            None => &self.InvalidTokenError,
        }
    }
}

/// Makes the exception, with the attributes that programs read.
fn described(
    class: &Bound<'_, PyType>,
    argument: &str,
    code: Option<&str>,
    error: &Error,
) -> PyResult<PyErr> {
    let py = class.py();
    // `PyErr::from_type` would make the object later, and release the interpreter meanwhile.
    let argument = PyString::new(py, argument);
    let exception = cpython::call(class, &[argument.as_any()], None)?;
    if let Some(code) = code {
        exception.setattr(intern!(py, "code"), code)?;
    }
    if let Some(claim) = error.claim() {
        exception.setattr(intern!(py, "claim"), claim)?;
    }
    if let Error::AlgorithmRefused { found, allowed } = error {
        exception.setattr(intern!(py, "expected"), allowed.to_vec())?;
        exception.setattr(intern!(py, "actual"), found)?;
    }
    Ok(PyErr::from_value(exception))
}
