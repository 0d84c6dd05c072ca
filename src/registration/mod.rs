//! Registrations: personal ID, the record, and the feed they arrive in.

mod error;
mod personal_id;
mod record;

pub use error::FeedError;
pub use personal_id::{Demographics, IdScheme, PersonalId, Sex};
pub use record::{Finger, Portrait, Registration, RegistrationId};
