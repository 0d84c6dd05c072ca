//! Why a registration was rejected, and where it stood.

use crate::template::{Format, TemplateError};
use std::{fmt, io, sync::Arc};

/// Why a registration, or a line of a feed, was rejected.
///
/// No variant holds what the line says of the person: names of models and formats are quoted, values are not.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FeedError {
    /// A personal ID does not follow the gallery's scheme.
    #[error("personal ID: {reason}")]
    PersonalId {
        /// What is wrong with it.
        reason: &'static str,
    },
    /// A registration ID is empty, too long, or holds what would not be shown.
    #[error("registration ID of {found} bytes: {reason}")]
    RegistrationId {
        /// Its length in bytes.
        found: usize,
        /// What it has to be.
        reason: &'static str,
    },
    /// A template of the record is not usable.
    #[error(transparent)]
    Template(#[from] TemplateError),
    /// The feed could not be read on: the file ends early, is damaged, or the device failed. What follows is unknown.
    #[error("cannot read on: {0}")]
    Io(#[from] io::Error),
    /// The feed could not be opened.
    #[error("cannot be opened: {0}")]
    Open(io::Error),
    /// The line is not JSON in UTF-8.
    #[error("not JSON: {reason}")]
    Json {
        /// What the parser says.
        reason: String,
    },
    /// The line is longer than the reader takes.
    #[error("line longer than {limit} bytes")]
    LineTooLong {
        /// The limit in force.
        limit: usize,
    },
    /// A field that every record needs is absent.
    #[error("required, but absent")]
    Absent,
    /// A field is given more than once.
    #[error("given more than once")]
    Repeated,
    /// A field holds a value of another kind.
    #[error("expected {expected}")]
    Kind {
        /// What it should hold.
        expected: &'static str,
    },
    /// A text is empty or too long.
    #[error("text of {found} bytes: expected 1 to {most}")]
    TextLength {
        /// Its length in bytes.
        found: usize,
        /// The most bytes it may have.
        most: usize,
    },
    /// A text is not base64.
    #[error("not base64{}", at.map_or(String::new(), |at| format!(": character {at} of the text")))]
    Base64 {
        /// The first character that does not belong, from 0; `None` if the text ends wrongly.
        at: Option<usize>,
    },
    /// The bytes of an embedding are no whole number of components.
    #[error("embedding of {found} bytes: expected a multiple of 4")]
    EmbeddingBytes {
        /// How many bytes.
        found: usize,
    },
    /// The embedding is of another model than the gallery's.
    #[error("embedding of model {found:?}: the gallery holds {expected:?}")]
    OtherModel {
        /// The model the record names.
        found: String,
        /// The gallery's model.
        expected: String,
    },
    /// The embedding is of another dimension than the gallery's.
    #[error("embedding of {found} dimensions: the gallery holds {expected}")]
    OtherDimension {
        /// The record's dimension.
        found: usize,
        /// The gallery's dimension.
        expected: usize,
    },
    /// A template format that the library does not know.
    #[error("unknown template format {found:?}")]
    UnknownFormat {
        /// The format the record names.
        found: String,
    },
    /// A template is in another format than the record says.
    #[error("said to be {said}, but is {found}")]
    OtherFormat {
        /// The format the record names.
        said: Format,
        /// The format of the bytes.
        found: Format,
    },
    /// A time is not as RFC 3339 has it.
    #[error("not an RFC 3339 time: {reason}")]
    Time {
        /// What is wrong with it.
        reason: String,
    },
    /// A finger has both a template and a reason why it has none, or neither.
    #[error("expected either a template or missing")]
    TemplateOrMissing,
    /// No template of the record can be compared.
    #[error("no usable template: expected a portrait or a finger with minutiae")]
    NothingUsable,
    /// The gallery did not take the registration.
    #[error("{reason}")]
    Refused {
        /// The gallery's reason; it names the registration.
        reason: String,
    },
}

impl FeedError {
    /// A stable name for the kind of error, to count by.
    pub fn kind(&self) -> &'static str {
        match self {
            FeedError::PersonalId { .. } => "personal-id",
            FeedError::RegistrationId { .. } => "registration-id",
            FeedError::Template(_) => "template",
            FeedError::Io(_) | FeedError::Open(_) => "io",
            FeedError::Json { .. } => "json",
            FeedError::LineTooLong { .. } => "line-too-long",
            FeedError::Absent => "absent",
            FeedError::Repeated => "repeated",
            FeedError::Kind { .. } => "kind",
            FeedError::TextLength { .. } => "text-length",
            FeedError::Base64 { .. } => "base64",
            FeedError::EmbeddingBytes { .. } => "embedding-bytes",
            FeedError::OtherModel { .. } => "other-model",
            FeedError::OtherDimension { .. } => "other-dimension",
            FeedError::UnknownFormat { .. } => "unknown-format",
            FeedError::OtherFormat { .. } => "other-format",
            FeedError::Time { .. } => "time",
            FeedError::TemplateOrMissing => "template-or-missing",
            FeedError::NothingUsable => "nothing-usable",
            FeedError::Refused { .. } => "refused",
        }
    }
}

/// Where a line of a feed stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FeedPlace {
    /// The feed's file, `-` for standard input.
    pub file: Arc<str>,
    /// The line, from 1.
    pub line: u64,
    /// The byte of the (uncompressed) feed at which the line begins, from 0.
    pub offset: u64,
}

/// A line of a feed that was rejected: where, which field, why.
#[derive(Debug, thiserror::Error)]
pub struct FeedProblem {
    /// Where the line stands.
    pub place: FeedPlace,
    /// The byte of the (uncompressed) feed at which the trouble lies: the field's name where there is one to point at, else
    /// where its record begins.
    pub offset: u64,
    /// The field, such as `fingers[1].template`; empty for the line as a whole.
    pub field: String,
    /// What is wrong.
    #[source]
    pub reason: FeedError,
}

impl FeedProblem {
    /// Whether the feed cannot be read beyond this problem. Such a problem stops a run whatever was asked.
    pub fn is_final(&self) -> bool {
        matches!(self.reason, FeedError::Io(_) | FeedError::Open(_))
    }
}

impl fmt::Display for FeedProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let FeedError::Open(_) = self.reason {
            return write!(f, "{}: {}", self.place.file, self.reason);
        }
        write!(f, "{}: line {}, byte {}: ", self.place.file, self.place.line, self.offset)?;
        if !self.field.is_empty() {
            write!(f, "{}: ", self.field)?;
        }
        self.reason.fmt(f)
    }
}
