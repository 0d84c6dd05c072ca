//! A segment as a reader sees it: registrations, their templates, the columns derived from them, and which rows live.

use super::{
    GalleryError,
    columns::{Derived, Faces, Fingers},
    layout::{self, ColumnKind::*},
    live::Live,
    segment_file::SegmentFile,
    table::{ColumnKey, Modality},
};
use crate::{
    registration::{Demographics, Finger, IdScheme, PersonalId, Portrait, Registration, RegistrationId},
    template::{FaceEmbedding, FingerPosition},
};
use std::{path::Path, sync::Arc};

/// An immutable part of a snapshot, used in place from its file. `Debug` shows its number and size.
///
/// Rows are numbered from 0. Rows of removed subjects stay until compaction; [`Segment::live`] tells them.
/// A block of the file is checked against its checksum when it is first used, so every accessor can report damage.
pub struct Segment {
    pub(crate) file: Arc<SegmentFile>,
    pub(crate) live: Option<Arc<Live>>,
    pub(crate) scheme: IdScheme,
    pub(crate) model: Option<Arc<str>>,
}

/// One registration of a segment, without its templates.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry<'a> {
    /// The registration's name.
    pub registration: &'a str,
    /// Whom it is said to be of.
    pub personal_id: &'a str,
    /// When it was captured, in milliseconds since 1970-01-01T00:00:00Z.
    pub captured_at: Option<i64>,
    /// What the personal ID says of the subject, if it does.
    pub demographics: Option<Demographics>,
    /// The fingers that could not be captured.
    pub missing: Vec<MissingFinger<'a>>,
}

/// A finger that could not be captured.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MissingFinger<'a> {
    /// Which finger.
    pub position: FingerPosition,
    /// Why, in the officer's words.
    pub reason: &'a str,
}

/// What the personal IDs of a segment say, one item for each row, for filters in bulk.
#[derive(Clone, Copy, Debug)]
pub struct DemographicColumns<'a> {
    /// Province codes; [`DemographicColumns::PROVINCE_UNKNOWN`] where the ID does not tell.
    pub provinces: &'a [u16],
    /// 0 male, 1 female (as [`Sex`](crate::registration::Sex)); [`DemographicColumns::SEX_UNKNOWN`] where the ID does not tell.
    pub sexes: &'a [u8],
    /// Years of birth; [`DemographicColumns::BIRTH_YEAR_UNKNOWN`] where the ID does not tell.
    pub birth_years: &'a [u16],
}

impl DemographicColumns<'_> {
    /// No province.
    pub const PROVINCE_UNKNOWN: u16 = layout::PROVINCE_UNKNOWN;
    /// No sex.
    pub const SEX_UNKNOWN: u8 = layout::SEX_UNKNOWN;
    /// No birth year.
    pub const BIRTH_YEAR_UNKNOWN: u16 = layout::BIRTH_YEAR_UNKNOWN;
}

impl Segment {
    /// The segment's number, unique in its gallery for good.
    pub fn id(&self) -> u64 {
        self.file.id
    }

    /// The segment's file.
    pub fn path(&self) -> &Path {
        &self.file.path
    }

    /// Rows, removed ones included.
    pub fn len(&self) -> usize {
        self.file.rows
    }

    /// Whether there are no rows.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Rows that live.
    pub fn live_len(&self) -> usize {
        self.live.as_ref().map_or(self.len(), |live| live.count())
    }

    /// A bit for each row, set if it lives, 64 to a word, row 0 the lowest bit of the first; `None` if all rows live.
    pub fn live(&self) -> Option<&[u64]> {
        self.live.as_ref().map(|live| live.words())
    }

    /// Whether a row lives. Rows beyond the end do not.
    pub fn is_live(&self, row: usize) -> bool {
        row < self.len()
            && self.live().is_none_or(|words| words.get(row / 64).is_some_and(|w| w >> (row % 64) & 1 == 1))
    }

    /// The registration of a row.
    ///
    /// # Errors
    /// If its bytes are damaged, or there is no such row.
    pub fn entry(&self, row: usize) -> Result<Entry<'_>, GalleryError> {
        let time: i64 = self.value(CapturedAt, row)?;
        let personal_id = self.text(PersonalOffsets, PersonalText, row)?;
        Ok(Entry {
            registration: self.text(RegistrationOffsets, RegistrationText, row)?,
            personal_id,
            captured_at: (time != layout::TIME_UNKNOWN).then_some(time),
            demographics: match self.scheme {
                IdScheme::Vietnam => Demographics::of(personal_id),
                _ => None,
            },
            missing: self.missing(row)?,
        })
    }

    /// The name of a row's registration.
    ///
    /// # Errors
    /// If its bytes are damaged, or there is no such row.
    pub fn registration_name(&self, row: usize) -> Result<&str, GalleryError> {
        self.text(RegistrationOffsets, RegistrationText, row)
    }

    /// The personal ID of a row.
    ///
    /// # Errors
    /// If its bytes are damaged, or there is no such row.
    pub fn personal_id(&self, row: usize) -> Result<&str, GalleryError> {
        self.text(PersonalOffsets, PersonalText, row)
    }

    /// The subject key of a row; rows of one subject have the same. See [`subject_key`](super::subject_key).
    ///
    /// # Errors
    /// If its bytes are damaged, or there is no such row.
    pub fn subject_key(&self, row: usize) -> Result<u128, GalleryError> {
        self.value(SubjectKeys, row)
    }

    /// The subject keys of all rows.
    ///
    /// # Errors
    /// If the column is damaged.
    pub fn subject_keys(&self) -> Result<&[u128], GalleryError> {
        self.file.slice(self.file.required(ColumnKey::entries(SubjectKeys))?)
    }

    /// What the personal IDs say, for all rows.
    ///
    /// # Errors
    /// If a column is damaged.
    pub fn demographics(&self) -> Result<DemographicColumns<'_>, GalleryError> {
        let file = &self.file;
        Ok(DemographicColumns {
            provinces: file.slice(file.required(ColumnKey::entries(Province))?)?,
            sexes: file.slice(file.required(ColumnKey::entries(SexCode))?)?,
            birth_years: file.slice(file.required(ColumnKey::entries(BirthYear))?)?,
        })
    }

    /// The embeddings, or `None` if no row has a portrait.
    ///
    /// # Errors
    /// If the column that says which rows have one is damaged.
    pub fn faces(&self) -> Result<Option<Faces<'_>>, GalleryError> {
        Faces::of(&self.file)
    }

    /// The fingers at one position, or `None` if no row has any.
    ///
    /// # Errors
    /// If the column that says which rows have one is damaged.
    pub fn fingers(&self, position: FingerPosition) -> Result<Option<Fingers<'_>>, GalleryError> {
        Fingers::of(&self.file, position)
    }

    /// The derived column `kind` of a modality, or `None` if the segment was written without. Its version tells whether it
    /// is current.
    ///
    /// # Errors
    /// If the offsets of its items are damaged.
    pub fn derived(&self, modality: Modality, kind: u16) -> Result<Option<Derived<'_>>, GalleryError> {
        Derived::of(&self.file, modality, kind)
    }

    /// A row as it was enrolled: all of its templates. The one way to export them.
    ///
    /// The fingers come by position; within a position in their order.
    ///
    /// # Errors
    /// If any byte of the row is damaged, or there is no such row.
    pub fn registration(&self, row: usize) -> Result<Registration, GalleryError> {
        let entry = self.entry(row)?;
        let mut fingers = Vec::new();
        for position in FingerPosition::all() {
            let Some(column) = self.fingers(position)? else { continue };
            for i in column.of_row(row) {
                fingers.push(Finger::Captured(column.template(i)?));
            }
        }
        let embedding = match self.faces()? {
            Some(faces) => faces.of_row(row).map(|i| faces.embedding(i)).transpose()?,
            None => None,
        };
        self.assembled(row, entry, fingers, embedding)
    }

    /// A row of its parts, if together they make a registration.
    pub(crate) fn assembled(
        &self,
        row: usize,
        entry: Entry<'_>,
        mut fingers: Vec<Finger>,
        embedding: Option<&[f32]>,
    ) -> Result<Registration, GalleryError> {
        let refused = |reason: String| self.file.damaged_at(0, "registrations", format!("row {row}: {reason}"));
        for missing in &entry.missing {
            fingers.push(Finger::Missing { position: missing.position, reason: missing.reason.into() });
        }
        let portrait = match embedding {
            Some(embedding) => Some(Portrait {
                model: self.model.as_deref().unwrap_or_default().into(),
                embedding: FaceEmbedding::stored(embedding)
                    .ok_or_else(|| refused("the embedding is not of length one".into()))?,
            }),
            None => None,
        };
        Ok(Registration {
            id: RegistrationId::stored(entry.registration).map_err(|e| refused(e.to_string()))?,
            personal_id: PersonalId::stored(entry.personal_id, self.scheme).map_err(|e| refused(e.to_string()))?,
            captured_at: entry.captured_at,
            portrait,
            fingers,
        })
    }

    /// The row of a registration by name, whether it lives or not.
    pub(crate) fn find(&self, name: &str, hash: u64) -> Result<Option<usize>, GalleryError> {
        self.file.find(name, hash)
    }

    /// All rows, live or not, with the hashes of their registrations' names, by which they are in ascending order: it depends on the names alone.
    pub(crate) fn rows_by_hash(&self) -> Result<impl Iterator<Item = (u64, u32)>, GalleryError> {
        let hashes: &[u64] = self.file.slice(self.file.required(ColumnKey::entries(RegistrationHashes))?)?;
        let order: &[u32] = self.file.slice(self.file.required(ColumnKey::entries(RegistrationOrder))?)?;
        let rows = self.len();
        Ok(hashes.iter().copied().zip(order.iter().copied()).filter(move |&(_, row)| (row as usize) < rows))
    }

    /// The rows of a subject, ascending, whether they live or not.
    pub(crate) fn rows_of(&self, key: u128) -> Result<Vec<usize>, GalleryError> {
        self.file.rows_of(key)
    }

    fn value<T: bytemuck::Pod>(&self, kind: layout::ColumnKind, row: usize) -> Result<T, GalleryError> {
        self.file.item(self.file.required(ColumnKey::entries(kind))?, row)
    }

    fn text(&self, offsets: layout::ColumnKind, text: layout::ColumnKind, row: usize) -> Result<&str, GalleryError> {
        self.file.text(offsets, text, row)
    }

    fn missing(&self, row: usize) -> Result<Vec<MissingFinger<'_>>, GalleryError> {
        let (column, range) = self.file.span(MissingOffsets, MissingText, row)?;
        let mut rest: &[u8] = self.file.items(column, range.start, range.end)?;
        let mut missing = Vec::new();
        while let [position, length, tail @ ..] = rest {
            let read = tail.split_at_checked(usize::from(*length)).and_then(|(reason, tail)| {
                let reason = std::str::from_utf8(reason).ok().filter(|reason| reason.len() <= layout::MAX_REASON)?;
                Some((MissingFinger { position: FingerPosition::new(*position).ok()?, reason }, tail))
            });
            let Some((finger, tail)) = read else {
                return Err(self.file.damaged(column, range.start as u64, format!("row {row} does not read")));
            };
            missing.push(finger);
            rest = tail;
        }
        Ok(missing)
    }
}

impl std::fmt::Debug for Segment {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Segment({}, {} rows, {} live)", self.id(), self.len(), self.live_len())
    }
}
