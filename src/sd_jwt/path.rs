//! Where a claim is.

/// A component of the path to a claim.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// The member of an object with this name.
    Name(String),
    /// The element of an array with this index.
    Index(usize),
    /// Each element of an array.
    Each,
}

/// The path to a claim: the name of a claim, of a member of it, and so on; never empty.
pub type Path = Vec<Step>;
