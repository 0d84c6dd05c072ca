//! The error that holds every family's error.

use crate::{decision::DecisionError, evaluation::EvaluationError, registration::FeedError, template::TemplateError};

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
    /// A rate, calibration or policy that is not to be had.
    #[error(transparent)]
    Decision(#[from] DecisionError),
    /// Scores that could not be read or evaluated.
    #[error(transparent)]
    Evaluation(#[from] EvaluationError),
}

/// A result whose error is any error of the library.
pub type Result<T> = std::result::Result<T, Error>;
