//! How large an SD-JWT may be.

/// The limits of one verifier or holder.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// The maximum number of disclosures.
    pub disclosures: usize,
    /// The maximum depth of arrays and objects, disclosed ones included.
    pub nesting: usize,
}

impl Limits {
    /// The limits of callers who set none.
    pub const DEFAULT: Self = Self { disclosures: 256, nesting: 32 };
}
