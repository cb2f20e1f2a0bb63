//! Core errors to Python exceptions: one exhaustive match, so that a new error does not compile
//! until it has a class.

use pyo3::PyErr;
use pyo3::exceptions::PyNotImplementedError;

use crate::error::Error;

pyo3::import_exception!(rapidjwt.exceptions, PyJWTError);

/// The classes of `rapidjwt.exceptions`, imported at first use.
mod classes {
    use pyo3::import_exception;

    import_exception!(rapidjwt.exceptions, DecodeError);
    import_exception!(rapidjwt.exceptions, ExpiredSignatureError);
    import_exception!(rapidjwt.exceptions, ImmatureSignatureError);
    import_exception!(rapidjwt.exceptions, InvalidAlgorithmError);
    import_exception!(rapidjwt.exceptions, InvalidAudienceError);
    import_exception!(rapidjwt.exceptions, InvalidIssuedAtError);
    import_exception!(rapidjwt.exceptions, InvalidIssuerError);
    import_exception!(rapidjwt.exceptions, InvalidJTIError);
    import_exception!(rapidjwt.exceptions, InvalidKeyError);
    import_exception!(rapidjwt.exceptions, InvalidSignatureError);
    import_exception!(rapidjwt.exceptions, InvalidSubjectError);
    import_exception!(rapidjwt.exceptions, InvalidTokenError);
    import_exception!(rapidjwt.exceptions, MissingRequiredClaimError);
    import_exception!(rapidjwt.exceptions, PyJWKSetError);
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
            | Error::KeyTooShort(_)
            | Error::CurveMismatch { .. }
            | Error::KeyTypeMismatch { .. }
            | Error::PrivateKeyRequired
            | Error::KeyForNone
            | Error::InvalidKey(_) => classes::InvalidKeyError::new_err(words),
        }
    }
}
