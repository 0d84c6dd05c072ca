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
    /// Bytes are no minutiae record that the library knows: another magic, or too few to tell.
    #[error("not a minutiae record: expected the bytes `FMR` and a version of ISO/IEC 19794-2 or INCITS 378")]
    UnknownFormat,
    /// A text names no format.
    #[error("not a format of minutiae records: expected one of {}", super::Format::ALL.map(super::Format::name).join(", "))]
    FormatName,
    /// A record does not follow its format.
    #[error("{format}: {field} at byte {offset}: {problem}")]
    Record {
        /// The format that the record was read as.
        format: super::Format,
        /// Which field.
        field: &'static str,
        /// Where the field starts, in bytes from the start of the record.
        offset: usize,
        /// What is wrong with it.
        problem: RecordProblem,
    },
    /// Something that a format, or the inner form, cannot hold.
    #[error("{format}: {field} cannot be held: {reason}")]
    Unrepresentable {
        /// The format to be written, or to be normalised.
        format: super::Format,
        /// Which field.
        field: &'static str,
        /// Why not.
        reason: &'static str,
    },
}

/// What is wrong with a field of a minutiae record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RecordProblem {
    /// The input ends before the field does.
    #[error("{needed} bytes expected, {left} left")]
    Cut {
        /// How many bytes the field has.
        needed: usize,
        /// How many there are.
        left: usize,
    },
    /// A length does not agree with what it counts.
    #[error("declares {declared} bytes, has {found}")]
    Length {
        /// What the record says.
        declared: usize,
        /// What there is.
        found: usize,
    },
    /// A value that the standard keeps for the future or excludes.
    #[error("value {found} is not allowed")]
    Reserved {
        /// The value.
        found: u32,
    },
    /// Fixed bytes differ.
    #[error("not the bytes of this format")]
    Magic,
    /// The lengths of extension blocks do not add up to their total.
    #[error("blocks do not add up to {total} bytes")]
    Blocks {
        /// The length of all blocks.
        total: usize,
    },
}
