//! Why a registration was rejected.

use crate::template::TemplateError;

/// A registration, or a line of a feed, that was rejected.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FeedError {
    /// A personal ID does not follow the gallery's scheme.
    #[error("personal ID: {reason}")]
    PersonalId {
        /// What is wrong with it.
        reason: &'static str,
    },
    /// A registration ID is empty or too long.
    #[error("registration ID of {found} bytes: expected 1 to 64")]
    RegistrationId {
        /// Its length in bytes.
        found: usize,
    },
    /// A template of the record is not usable.
    #[error(transparent)]
    Template(#[from] TemplateError),
}
