//! The error that holds every family's error.

use crate::{
    registration::{FeedError, FeedProblem},
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
    /// A line of a feed was rejected, at a place.
    #[error(transparent)]
    FeedLine(#[from] FeedProblem),
    /// A synthetic population cannot be made as described.
    #[error(transparent)]
    Synthesis(#[from] SynthesisError),
}

/// A result whose error is any error of the library.
pub type Result<T> = std::result::Result<T, Error>;
