//! A signature of any algorithm.

/// A signature, in the form that is base64url-encoded in the token's last segment.
#[derive(Clone)]
pub struct Signature(SignatureBytes);

#[derive(Clone)]
enum SignatureBytes {
    /// Up to 64 bytes (HMAC, P-256, Ed25519) without an allocation.
    Short([u8; 64], usize),
    Long(Vec<u8>),
}

impl Signature {
    pub(super) fn new(bytes: &[u8]) -> Self {
        let mut short = [0; 64];
        Self(match short.get_mut(..bytes.len()) {
            Some(room) => {
                room.copy_from_slice(bytes);
                SignatureBytes::Short(short, bytes.len())
            }
            None => SignatureBytes::Long(bytes.to_vec()),
        })
    }
}

impl AsRef<[u8]> for Signature {
    fn as_ref(&self) -> &[u8] {
        match &self.0 {
            SignatureBytes::Short(bytes, len) => &bytes[..*len],
            SignatureBytes::Long(bytes) => bytes,
        }
    }
}
