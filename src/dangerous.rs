//! Reading a token without verifying it. Anyone may have written what these functions return: it is
//! good for looking up which key to use and for debugging, never for granting access.

use crate::base64url;
use crate::error::{Error, Segment};
use crate::header::Header;
use crate::jws::Compact;

/// The parts of a token that has not been verified.
pub struct Unverified {
    /// The JOSE header.
    pub header: Header,
    /// The payload; empty where `b64` is false.
    pub payload: Vec<u8>,
    /// The signature, which was not checked.
    pub signature: Vec<u8>,
}

/// The payload and the signature of a token that nobody has verified.
pub struct UnverifiedBody {
    /// The payload's bytes.
    pub payload: Vec<u8>,
    /// The signature's bytes.
    pub signature: Vec<u8>,
}

/// Takes a token apart without checking its signature.
///
/// # Errors
/// Every error about the form of a token and of its header.
pub fn read_unverified(token: &[u8]) -> Result<Unverified, Error> {
    let compact = Compact::split(token)?;
    let header = Header::parse(&decode(compact.header(), Segment::Header)?)?;
    if header.has_unencoded_payload() && !compact.payload().is_empty() {
        return Err(Error::UnencodedPayloadInToken);
    }
    // An unencoded payload is detached: what is decoded here is empty.
    let UnverifiedBody { payload, signature } = unverified_body(&compact)?;
    header.validate()?;
    Ok(Unverified { header, payload, signature })
}

/// Decodes the payload and the signature of a token; checks only their form.
///
/// # Errors
/// [`Error::InvalidBase64`].
pub fn unverified_body(compact: &Compact<'_>) -> Result<UnverifiedBody, Error> {
    Ok(UnverifiedBody {
        payload: decode(compact.payload(), Segment::Payload)?,
        signature: decode(compact.signature(), Segment::Signature)?,
    })
}

fn decode(text: &[u8], segment: Segment) -> Result<Vec<u8>, Error> {
    base64url::decode(text).map_err(|reason| reason.or(|| Error::InvalidBase64(segment)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unsecured_token_can_be_read() {
        // RFC 7515 Appendix A.5
        let read =
            read_unverified(b"eyJhbGciOiJub25lIn0.eyJpc3MiOiJqb2UifQ.").expect("well-formed");
        assert_eq!(read.header.alg(), Ok("none"));
        assert_eq!(read.payload, br#"{"iss":"joe"}"#);
        assert!(read.signature.is_empty());
    }
}
