//! Registrations: personal ID, the record, and the feed they arrive in.

mod error;
mod feed;
mod personal_id;
mod record;

pub use error::{FeedError, FeedPlace, FeedProblem};
pub use feed::{
    FaceModel, FeedLine, FeedOptions, FeedReader, FeedWriter, OnError, RejectReason, Rejects, parse_line, write_line,
};
pub use personal_id::{Demographics, IdScheme, PersonalId, Sex};
pub use record::{Finger, Portrait, Registration, RegistrationId};
