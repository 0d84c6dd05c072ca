//! Why a search could not answer.

use super::Depth;
use crate::{
    decision::DecisionError, face::FaceError, fingerprint::FingerprintError, gallery::GalleryError,
    registration::RegistrationId, simd::LevelError,
};

/// A search that could not answer.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SearchError {
    /// The gallery's files are damaged or could not be read.
    #[error(transparent)]
    Gallery(#[from] GalleryError),
    /// A column of embeddings does not hold what its header says.
    #[error(transparent)]
    Face(#[from] FaceError),
    /// A prepared fingerprint does not hold what its header says.
    #[error(transparent)]
    Fingerprint(#[from] FingerprintError),
    /// The SIMD level asked for is not to be had.
    #[error(transparent)]
    Level(#[from] LevelError),
    /// A probe's portrait is of another model or dimension than the gallery's.
    #[error(
        "probe {registration}: embedding of model \"{found}\" with {found_dimension} dimensions, the gallery holds {expected}"
    )]
    Model {
        /// The probe.
        registration: RegistrationId,
        /// The probe's model.
        found: Box<str>,
        /// Dimensions of the probe's embedding.
        found_dimension: usize,
        /// The gallery's model and dimension, in words.
        expected: Box<str>,
    },
    /// Two galleries hold embeddings that do not compare.
    #[error("the galleries hold embeddings of different models: {a} and {b}")]
    DifferentModels {
        /// The first gallery's model and dimension, in words.
        a: Box<str>,
        /// The second's.
        b: Box<str>,
    },
    /// A rate was asked of parts that are not calibrated, or the policy cannot be kept.
    #[error(transparent)]
    Decision(#[from] DecisionError),
    /// The checkpoint of a deduplication cannot be used.
    #[error("checkpoint {}: {reason}", path.display())]
    Checkpoint {
        /// The file.
        path: std::path::PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// A registration was named that is not enrolled.
    #[error("registration {registration:?}: not in the gallery")]
    UnknownRegistration {
        /// Its name.
        registration: Box<str>,
    },
    /// What shards said does not fit together.
    #[error("shards that do not belong together: {reason}")]
    Shards {
        /// What does not fit.
        reason: Box<str>,
    },
    /// An option is not what it has to be.
    #[error("{option} of {found}: expected {expected}")]
    Option {
        /// Which.
        option: &'static str,
        /// What was given.
        found: f64,
        /// What it has to be.
        expected: &'static str,
    },
    /// The caller's flag stopped the search.
    #[error("the search was stopped")]
    Stopped,
}

/// Refuses a depth that says nothing.
pub(super) fn check_depth(depth: Depth) -> Result<(), SearchError> {
    let (option, found) = match depth {
        Depth::Exhaustive => return Ok(()),
        Depth::Share(share) => ("share that survives the screen", share),
        Depth::Miss(miss) => ("miss rate of the screen", miss),
    };
    if (0.0..=1.0).contains(&found) { Ok(()) } else { Err(SearchError::Option { option, found, expected: "0 to 1" }) }
}
