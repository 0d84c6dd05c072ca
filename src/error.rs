//! The error that holds every family's error.

use crate::{
    decision::DecisionError,
    evaluation::EvaluationError,
    face::FaceError,
    fingerprint::FingerprintError,
    gallery::{GalleryError, Rejection},
    registration::{FeedError, FeedProblem},
    search::SearchError,
    simd::LevelError,
    synthesis::SynthesisError,
    template::TemplateError,
};

/// Any error of the library; each variant is the error enum of one room.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A template could not be read, written or used.
    #[error(transparent)]
    Template(#[from] TemplateError),
    /// A registration or a line of a feed was rejected.
    #[error(transparent)]
    Feed(#[from] FeedError),
    /// Embeddings, columns or filters do not fit together.
    #[error(transparent)]
    Face(#[from] FaceError),
    /// A prepared fingerprint could not be used.
    #[error(transparent)]
    Fingerprint(#[from] FingerprintError),
    /// A gallery could not be read or written.
    #[error(transparent)]
    Gallery(#[from] GalleryError),
    /// A registration was not enrolled.
    #[error(transparent)]
    Rejection(#[from] Rejection),
    /// A search could not answer.
    #[error(transparent)]
    Search(#[from] SearchError),
    /// Scores could not be read or evaluated.
    #[error(transparent)]
    Evaluation(#[from] EvaluationError),
    /// A SIMD level is not to be had.
    #[error(transparent)]
    Level(#[from] LevelError),
    /// A line of a feed was rejected, at a place.
    #[error(transparent)]
    FeedLine(#[from] FeedProblem),
    /// A synthetic population cannot be made as described.
    #[error(transparent)]
    Synthesis(#[from] SynthesisError),
    /// A rate, calibration or policy that is not to be had.
    #[error(transparent)]
    Decision(#[from] DecisionError),
}

/// A result whose error is any error of the library.
pub type Result<T> = std::result::Result<T, Error>;
