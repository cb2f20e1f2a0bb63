//! What authenticated encryption yields.

/// Encrypted content with what is needed to decrypt it.
pub struct Sealed {
    /// The initialization vector.
    pub iv: Vec<u8>,
    /// The ciphertext.
    pub ciphertext: Vec<u8>,
    /// The authentication tag.
    pub tag: Vec<u8>,
}
