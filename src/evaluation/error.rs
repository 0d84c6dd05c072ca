//! What can be wrong with scores to evaluate.

use std::path::PathBuf;

/// Scores that could not be read or evaluated.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EvaluationError {
    /// A file could not be opened, read or unpacked.
    #[error("{}: {source}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// A file could not be written.
    #[error("{}: not written: {source}", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// A line of a score file is not a comparison.
    #[error("{}:{line}: {reason}", path.display())]
    Line {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: u64,
        /// What is wrong with it.
        reason: String,
    },
    /// An error rate was asked of a set that has no comparison of one kind.
    #[error("{name}: no {missing} comparison: error rates need both genuine and impostor ones")]
    OneSided {
        /// The set.
        name: String,
        /// The kind that is missing: `genuine` or `impostor`.
        missing: &'static str,
    },
    /// Two score files to compare do not hold the same pairs.
    #[error("{other}: {reason}: a comparison of systems needs the same pairs in both files")]
    DifferentPairs {
        /// The file that lacks or adds a pair.
        other: String,
        /// Which pair, and how.
        reason: String,
    },
    /// Scores could not be calibrated.
    #[error(transparent)]
    Decision(#[from] crate::decision::DecisionError),
    /// A plot could not be drawn.
    #[error("plot: {0}")]
    Plot(String),
}
