//! Why a population cannot be made.

/// A population that cannot be made as described.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum SynthesisError {
    /// A number of the description is out of range.
    #[error("{what}: {found} is not within {range}")]
    Range {
        /// Which number.
        what: &'static str,
        /// What it is.
        found: String,
        /// What it may be.
        range: &'static str,
    },
    /// The subjects would have neither portraits nor fingers.
    #[error("neither portraits nor fingers: nothing to register")]
    Nothing,
    /// There are not enough personal IDs.
    #[error("{found} personal IDs needed: there are {most}")]
    TooManyIds {
        /// How many the population needs, reserves for duplicates included.
        found: u64,
        /// How many there are.
        most: u64,
    },
}
