//! Registrations as C hands them over.

use crate::{arguments::*, outcome::Failure, results::*};
use std::ffi::c_char;
use vantay::{
    gallery::Snapshot,
    registration::{FaceModel, FeedOptions, Finger, IdScheme, PersonalId, Portrait, Registration, RegistrationId},
    template::{self, FaceEmbedding, FingerPosition},
};

/// A template record of one finger, or of several as views; or a finger that could not be captured.
#[repr(C)]
pub struct vantay_finger_t {
    /// The ISO finger position, 0 (unknown: as the record says) to 10.
    pub position: u8,
    /// The record, in any of the formats that the library reads.
    pub record: *const u8,
    /// Its bytes.
    pub record_length: usize,
    /// Why the finger could not be captured, such as "amputated", 1 to 64 bytes: then `record` is NULL or empty and `position` is 1 to 10.
    /// NULL if it was.
    pub missing: *const c_char,
}

/// One enrolment event of a subject, or a probe. All zero is an empty one.
#[repr(C)]
pub struct vantay_registration_t {
    /// The event's own name, 1 to 64 bytes without control characters, unique in a gallery. May be NULL in probes.
    pub registration: *const c_char,
    /// Whose it is said to be. May be NULL in probes of `vantay_identify`.
    pub personal_id: *const c_char,
    /// The face embedding, of the gallery's model and dimension and any length but zero; NULL for none.
    pub embedding: *const f32,
    /// Its components.
    pub dimension: usize,
    /// The fingers; NULL for none.
    pub fingers: *const vantay_finger_t,
    /// How many.
    pub finger_count: usize,
    /// When it was captured, in milliseconds since 1970-01-01T00:00:00Z; 0 if that is unknown.
    pub captured_at: i64,
}

/// What records and feeds have to be like for the gallery of `snapshot`.
pub(crate) fn feed_options(snapshot: &Snapshot) -> FeedOptions {
    let face_model =
        snapshot.face().map(|face| FaceModel { name: face.model.as_ref().into(), dimension: face.dimension });
    FeedOptions { id_scheme: snapshot.id_scheme(), face_model, ..FeedOptions::default() }
}

/// The registration that `from` describes; as a probe it need not say whose it is.
///
/// # Safety
/// Pointers in `from` that are neither NULL nor misaligned point to what the header says.
pub(crate) unsafe fn registration_of(
    from: &vantay_registration_t,
    snapshot: &Snapshot,
    is_probe: bool,
) -> Result<Registration, Failure> {
    // SAFETY: as promised to this function.
    let (name, personal_id, components, fingers) = unsafe {
        (
            optional_text(from.registration, "registration")?,
            optional_text(from.personal_id, "personal_id")?,
            slice(from.embedding, from.dimension, "embedding")?,
            slice(from.fingers, from.finger_count, "fingers")?,
        )
    };
    let missing = |name: &str| Failure::new(VANTAY_ERROR_NULL, format!("{name} is NULL"));
    let name = name.or(is_probe.then_some("probe")).ok_or_else(|| missing("registration"))?;
    let personal_id = match personal_id {
        Some(id) => PersonalId::new(id, snapshot.id_scheme())?,
        None if is_probe => PersonalId::new("?", IdScheme::Opaque)?,
        None => return Err(missing("personal_id")),
    };
    let portrait = match (components, snapshot.face()) {
        ([], _) => None,
        (_, None) => return Err(Failure::new(VANTAY_ERROR_MODEL, "the gallery was created without a face model")),
        (components, Some(face)) => {
            Some(Portrait { model: face.model.as_ref().into(), embedding: FaceEmbedding::new(components)? })
        }
    };
    let mut templates = Vec::new();
    for finger in fingers {
        // SAFETY: as promised to this function.
        let (record, missing) = unsafe {
            (slice(finger.record, finger.record_length, "record")?, optional_text(finger.missing, "missing")?)
        };
        let position = FingerPosition::new(finger.position)?;
        match missing {
            Some(_) if !record.is_empty() => {
                return Err(Failure::new(VANTAY_ERROR_ARGUMENT, "a finger has both record and missing".to_owned()));
            }
            Some("") => return Err(Failure::new(VANTAY_ERROR_ARGUMENT, "missing is empty".to_owned())),
            Some(_) if position == FingerPosition::UNKNOWN => {
                return Err(Failure::new(VANTAY_ERROR_ARGUMENT, "a missing finger needs a position".to_owned()));
            }
            Some(reason) if reason.len() > 64 => {
                return Err(Failure::new(VANTAY_ERROR_ARGUMENT, format!("missing of {} bytes", reason.len())));
            }
            Some(reason) => templates.push(Finger::Missing { position, reason: reason.into() }),
            None => templates.extend(Finger::of_record(&template::read(record)?, position)?),
        }
    }
    let captured_at = (from.captured_at != 0).then_some(from.captured_at);
    Ok(Registration { id: RegistrationId::new(name)?, personal_id, captured_at, portrait, fingers: templates })
}
