//! Core errors to Python exceptions: one exhaustive match, so that a new error does not compile
//! until it has a class.

use pyo3::exceptions::{PyException, PyNotImplementedError};
use pyo3::{PyErr, PyResult, Python};

use crate::error::Error;

/// Imports the classes of `rapidjwt.exceptions`: each at its first use would do, were it not for
/// forks (see `once.rs`).
pub(super) use classes::{PyJWTError, import_classes};

mod classes {
    use pyo3::{Python, import_exception};

    macro_rules! exceptions {
        ($($class:ident),* $(,)?) => {
            $(import_exception!(rapidjwt.exceptions, $class);)*

            pub(in crate::python) fn import_classes(py: Python<'_>) {
                $(py.get_type::<$class>();)*
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
}

/// Whether it is no error of the call: `KeyboardInterrupt` or `SystemExit` comes from a signal's
/// handler, out of whichever Python code is running, and must not be taken for a verdict.
pub(super) fn is_interrupt(py: Python<'_>, error: &PyErr) -> bool {
    !error.is_instance_of::<PyException>(py)
}

/// The value, or `None` in place of an error that the fallback will meet again. Interrupts are
/// raised.
pub(super) fn interrupts_only<T>(py: Python<'_>, result: PyResult<T>) -> PyResult<Option<T>> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(error) if is_interrupt(py, &error) => Err(error),
        Err(_) => Ok(None),
    }
}

impl From<Error> for PyErr {
    fn from(error: Error) -> Self {
        let words = error.to_string();
        match error {
            Error::NotAToken
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
            | Error::ExpirationNotInteger => classes::DecodeError::new_err(words),
            Error::KidNotString
            | Error::CritNotList
            | Error::CritNotStrings
            | Error::CritUnsupported(_)
            | Error::CritMissing(_)
            | Error::B64NotCritical
            | Error::NoMatchingKey
            | Error::KidRequired => classes::InvalidTokenError::new_err(words),
            Error::NoUsableKey => classes::PyJWKSetError::new_err(words),
            Error::AlgorithmMissing | Error::AlgorithmNotAllowed | Error::AlgorithmUnknown => {
                classes::InvalidAlgorithmError::new_err(words)
            }
            Error::AlgorithmUnavailable(_) => PyNotImplementedError::new_err(words),
            Error::SignatureMismatch => classes::InvalidSignatureError::new_err(words),
            Error::MissingClaim(claim) => classes::MissingRequiredClaimError::new_err(claim),
            Error::IssuedAtNotInteger => classes::InvalidIssuedAtError::new_err(words),
            Error::IssuedInFuture | Error::NotYetValid => {
                classes::ImmatureSignatureError::new_err(words)
            }
            Error::Expired => classes::ExpiredSignatureError::new_err(words),
            Error::IssuerNotString | Error::IssuerMismatch => {
                classes::InvalidIssuerError::new_err(words)
            }
            Error::AudienceUnexpected
            | Error::AudienceFormat
            | Error::AudienceMismatch
            | Error::StrictAudienceNotString
            | Error::StrictAudienceFormat
            | Error::StrictAudienceMismatch => classes::InvalidAudienceError::new_err(words),
            Error::SubjectNotString | Error::SubjectMismatch => {
                classes::InvalidSubjectError::new_err(words)
            }
            Error::JwtIdNotString => classes::InvalidJTIError::new_err(words),
            Error::SecretEmpty
            | Error::SecretIsAsymmetricKey
            | Error::SecretIsJwk
            | Error::KeyTooShort { .. }
            | Error::CurveMismatch { .. }
            | Error::KeyTypeMismatch { .. }
            | Error::PrivateKeyRequired
            | Error::KeyForNone
            | Error::InvalidKey(_) => classes::InvalidKeyError::new_err(words),
        }
    }
}
