//! Maps core errors to Python exceptions with one exhaustive match, so that a new error does not
//! compile until it has a class.

use pyo3::exceptions::{
    PyArithmeticError, PyAttributeError, PyImportError, PyLookupError, PyMemoryError,
    PyNotImplementedError, PyRuntimeError, PyTypeError, PyValueError,
};
use pyo3::prelude::*;
use pyo3::types::{PyModule, PyType};

use super::cpython::{Newest, with_python};
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
        }
    };
}

exceptions!(
    DecodeError,
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
    PyJWKSetError,
    PyJWTError,
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

/// Returns whether the error is one of this library's own.
pub(super) fn is_ours(py: Python<'_>, error: &PyErr) -> bool {
    classes(py).is_ok_and(|classes| error.is_instance(py, classes.PyJWTError.bind(py)))
}

/// Returns the value, or `None` for an error that Python or cryptography raises for a wrong
/// argument, and that the fallback will cause again.
///
/// Raises every other error, because a signal handler may have raised it from whatever Python code
/// was running.
pub(super) fn unless_refused<T>(py: Python<'_>, result: PyResult<T>) -> PyResult<Option<T>> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(error) if is_refusal(py, &error) => {
            discard(py, error);
            Ok(None)
        }
        Err(error) => Err(error),
    }
}

/// Returns whether it is such an error.
pub(super) fn is_refusal(py: Python<'_>, error: &PyErr) -> bool {
    is_ours(py, error)
        || error.is_instance_of::<PyValueError>(py)
        || error.is_instance_of::<PyTypeError>(py)
        || error.is_instance_of::<PyAttributeError>(py)
        || error.is_instance_of::<PyLookupError>(py)
        || error.is_instance_of::<PyArithmeticError>(py)
        || error.is_instance_of::<PyImportError>(py)
        || error.is_instance_of::<PyNotImplementedError>(py)
        || is_unsupported_algorithm(py, error)
}

/// Returns whether it is cryptography's `UnsupportedAlgorithm`, which is a plain `Exception`.
fn is_unsupported_algorithm(py: Python<'_>, error: &PyErr) -> bool {
    let module = error.get_type(py).module();
    module.is_ok_and(|module| module.to_str().is_ok_and(|name| name == "cryptography.exceptions"))
}

/// Makes an error of the same class with another message; of `InvalidKeyError` if the class is not
/// one that takes any message.
pub(super) fn with_message(py: Python<'_>, error: &PyErr, message: String) -> PyErr {
    let class = error.get_type(py);
    if class.is(py.get_type::<PyTypeError>()) || class.is(py.get_type::<PyValueError>()) {
        PyErr::from_type(class, (message,))
    } else {
        Error::InvalidKey(message).into()
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
    drop(error.into_value(py).into_bound(py));
}

impl From<Error> for PyErr {
    fn from(error: Error) -> Self {
        with_python(|py| match classes(py) {
            Ok(classes) => classes.exception(py, error),
            Err(error) => error,
        })
        .unwrap_or_else(|| PyRuntimeError::new_err("Python is shutting down"))
    }
}

impl Classes {
    #[allow(clippy::too_many_lines, reason = "one arm per variant is the point")]
    fn exception(&self, py: Python<'_>, error: Error) -> PyErr {
        let message = error.to_string();
        let raise = |class: &Py<PyType>, message: String| {
            PyErr::from_type(class.bind(py).clone(), (message,))
        };
        match error {
            Error::TokenType(_)
            | Error::TokenMistake(_)
            | Error::NotEnoughSegments
            | Error::InvalidBase64(_)
            | Error::HeaderNotJson(_)
            | Error::HeaderNotObject
            | Error::PayloadNotJson(_)
            | Error::PayloadNotObject
            | Error::TokenTooLarge(_)
            | Error::PayloadTooDeep(_)
            | Error::UnencodedPayloadInToken
            | Error::DetachedPayloadRequired
            | Error::DetachedPayloadUnexpected
            | Error::NotBeforeNotInteger
            | Error::ExpirationNotInteger => raise(&self.DecodeError, message),
            Error::KidNotString
            | Error::CritNotList
            | Error::CritNotStrings
            | Error::CritUnsupported(_)
            | Error::CritMissing(_)
            | Error::B64NotCritical
            | Error::TypeMissing(_)
            | Error::TypeRefused(_)
            | Error::ClaimForbidden(_)
            | Error::LivesTooLong
            | Error::ClaimsMisfit { .. }
            | Error::NoMatchingKey
            | Error::KidRequired => raise(&self.InvalidTokenError, message),
            Error::NoUsableKey => raise(&self.PyJWKSetError, message),
            Error::AlgorithmMissing
            | Error::AlgorithmNotAllowed
            | Error::AlgorithmRefused { .. }
            | Error::AlgorithmUnknown => raise(&self.InvalidAlgorithmError, message),
            Error::AlgorithmUnavailable(_) => PyNotImplementedError::new_err(message),
            Error::OutOfMemory => PyMemoryError::new_err(message),
            Error::SignatureMismatch => raise(&self.InvalidSignatureError, message),
            Error::MissingClaim(claim) => raise(&self.MissingRequiredClaimError, claim),
            Error::IssuedAtNotInteger => raise(&self.InvalidIssuedAtError, message),
            Error::IssuedInFuture | Error::NotYetValid => {
                raise(&self.ImmatureSignatureError, message)
            }
            Error::Expired | Error::TooOld(_) => raise(&self.ExpiredSignatureError, message),
            Error::ClaimRefused { claim, .. } => raise(self.of_claim(&claim), message),
            Error::IssuerNotString | Error::IssuerMismatch => {
                raise(&self.InvalidIssuerError, message)
            }
            Error::AudienceUnexpected
            | Error::AudienceNotConfigured
            | Error::AudienceFormat
            | Error::AudienceMismatch
            | Error::StrictAudienceNotString
            | Error::StrictAudienceFormat
            | Error::StrictAudienceMismatch => raise(&self.InvalidAudienceError, message),
            Error::SubjectNotString | Error::SubjectMismatch => {
                raise(&self.InvalidSubjectError, message)
            }
            Error::JwtIdNotString => raise(&self.InvalidJTIError, message),
            Error::SecretEmpty
            | Error::SecretIsAsymmetricKey
            | Error::SecretIsJwk
            | Error::KeyTooShort { .. }
            | Error::KeyDoesNotFit(_)
            | Error::KeyForOtherAlgorithm { .. }
            | Error::PrivateKeyRequired
            | Error::KeyForNone
            | Error::InvalidKey(_) => raise(&self.InvalidKeyError, message),
        }
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
