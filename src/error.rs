//! The error that holds every family's error.

use crate::{
    gallery::{GalleryError, Rejection},
    registration::FeedError,
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
    /// A gallery could not be created, opened, read or written.
    #[error(transparent)]
    Gallery(#[from] GalleryError),
    /// A gallery did not take a registration.
    #[error(transparent)]
    Rejection(#[from] Rejection),
}

/// A result whose error is any error of the library.
pub type Result<T> = std::result::Result<T, Error>;
