//! One registration: who, when, which templates.

use super::{FeedError, PersonalId};
use crate::template::{FaceEmbedding, FingerPosition, MinutiaeTemplate, Record, TemplateError};
use std::fmt;

/// A registration's own name: 1 to 64 bytes without control characters, unique in a gallery.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RegistrationId(Box<str>);

impl RegistrationId {
    /// The longest ID in bytes.
    pub const MAX_BYTES: usize = 64;

    /// The ID that `text` spells.
    ///
    /// # Errors
    /// [`FeedError::RegistrationId`] unless it has 1 to 64 bytes, none of them of a control character.
    pub fn new(text: &str) -> Result<Self, FeedError> {
        if text.contains(char::is_control) {
            return Err(FeedError::RegistrationId { found: text.len(), reason: "expected no control characters" });
        }
        Self::stored(text)
    }

    /// The ID that a gallery holds, which may be of a time when control characters were allowed.
    pub(crate) fn stored(text: &str) -> Result<Self, FeedError> {
        if text.is_empty() || text.len() > Self::MAX_BYTES {
            return Err(FeedError::RegistrationId { found: text.len(), reason: "expected 1 to 64" });
        }
        Ok(RegistrationId(text.into()))
    }

    /// The ID as written.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for RegistrationId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A portrait: the embedding and the model that made it.
#[derive(Clone, Debug, PartialEq)]
pub struct Portrait {
    /// The embedding model's name; only embeddings of one model compare.
    pub model: Box<str>,
    /// The embedding.
    pub embedding: FaceEmbedding,
}

/// One finger of a registration.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Finger {
    /// A finger with minutiae, at the template's position.
    Captured(MinutiaeTemplate),
    /// A finger that could not be captured.
    Missing {
        /// Which finger.
        position: FingerPosition,
        /// Why, in the officer's words (`amputated`, `bandaged`); at most 64 bytes.
        reason: Box<str>,
    },
}

impl Finger {
    /// The fingers of a template record, one for each view, of a finger that is said to be at `at`.
    ///
    /// With one view, what is said wins over the view's own position, unless it is unknown. With several views, each is a
    /// finger of its own at its own position; only views that do not know theirs take `at`.
    ///
    /// # Errors
    /// If a view cannot be brought to the inner form.
    pub fn of_record(record: &Record, at: FingerPosition) -> Result<Vec<Finger>, TemplateError> {
        let views = record.templates()?;
        let single = views.len() == 1;
        let placed = |view: MinutiaeTemplate| {
            let is_taken = at != FingerPosition::UNKNOWN && (single || view.position() == FingerPosition::UNKNOWN);
            Finger::Captured(if is_taken { view.with_position(at) } else { view })
        };
        Ok(views.into_iter().map(placed).collect())
    }
}

/// One enrolment event of a subject.
#[derive(Clone, Debug, PartialEq)]
pub struct Registration {
    /// The event's own name.
    pub id: RegistrationId,
    /// Whom it is said to be of.
    pub personal_id: PersonalId,
    /// When it was captured, in milliseconds since 1970-01-01T00:00:00Z. The least `i64`, a time that no feed can state, is refused by a
    /// gallery, which stores by it that the time is not known.
    pub captured_at: Option<i64>,
    /// The portrait.
    pub portrait: Option<Portrait>,
    /// The fingers, in the order of the record.
    pub fingers: Vec<Finger>,
}

impl Registration {
    /// The captured fingers' templates, in the order of the record.
    pub fn templates(&self) -> impl Iterator<Item = &MinutiaeTemplate> {
        self.fingers.iter().filter_map(|finger| match finger {
            Finger::Captured(template) => Some(template),
            Finger::Missing { .. } => None,
        })
    }
}
