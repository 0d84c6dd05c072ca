//! What can be wrong with a template.

/// A template that could not be read, written or used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TemplateError {
    /// An embedding has fewer or more dimensions than the library takes.
    #[error(
        "embedding of {found} dimensions: expected {} to {}",
        super::FaceEmbedding::MIN_DIMENSION,
        super::FaceEmbedding::MAX_DIMENSION
    )]
    Dimension {
        /// How many it has.
        found: usize,
    },
    /// A component of an embedding is infinite or not a number.
    #[error("embedding component {component} is not finite")]
    NotFinite {
        /// Which component, from 0.
        component: usize,
    },
    /// An embedding has no direction.
    #[error("embedding of length zero")]
    ZeroLength,
    /// A template has more minutiae than the formats can hold.
    #[error("{found} minutiae: at most {} are allowed", super::MinutiaeTemplate::MAX_MINUTIAE)]
    TooManyMinutiae {
        /// How many it has.
        found: usize,
    },
    /// A finger position is not 0 to 10.
    #[error("finger position {found}: expected 0 (unknown) to 10")]
    Position {
        /// The number found.
        found: u8,
    },
}
