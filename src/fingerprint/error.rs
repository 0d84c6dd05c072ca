//! What can be wrong with a prepared template.

/// Bytes that are no prepared template, or a level that cannot be had.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FingerprintError {
    /// The bytes are not as long as they say, or as the layout needs.
    #[error("prepared fingerprint of {found} bytes: expected {expected}")]
    Length {
        /// How many bytes there are.
        found: usize,
        /// How many there should be.
        expected: usize,
    },
    /// A field holds what no preparation writes.
    #[error("prepared fingerprint: wrong {field} at byte {offset}")]
    Field {
        /// Which field.
        field: &'static str,
        /// Where it starts.
        offset: usize,
    },
    /// The bytes do not start at a multiple of eight.
    #[error("prepared fingerprint is not aligned to 8 bytes")]
    Alignment,
}
