//! Limits on what decrypting one JWE may cost.

/// The limits of one decrypter.
#[derive(Debug, Clone, Copy)]
pub struct Bounds {
    /// The maximum number of bytes in a JWE.
    pub token_size: usize,
    /// The maximum number of bytes in an encoded protected header.
    pub header_size: usize,
    /// The minimum count of iterations of PBES2, `p2c` (RFC 7518 Section 4.8.1.2).
    pub min_p2c: u32,
    /// The maximum count of iterations of PBES2, for all recipients together: attackers choose it
    /// (RFC 8725bis; CVE-2023-50658 and its relatives).
    pub max_p2c: u32,
    /// The maximum number of recipients.
    pub recipients: usize,
    /// The maximum number of bytes in decompressed content; `None` refuses compressed content.
    pub decompressed_size: Option<usize>,
}

impl Bounds {
    /// The limits unless the caller sets others.
    pub const DEFAULT: Self = Self {
        token_size: 1 << 20,
        header_size: 16 << 10,
        min_p2c: 1_000,
        max_p2c: 1_200_000,
        recipients: 16,
        decompressed_size: None,
    };

    /// The limit for decompressed content if the caller allows compression without setting one.
    pub const DECOMPRESSED_SIZE: usize = 256_000;
}
