//! One commit of a gallery, as a reader holds it.

use super::{
    FaceSpec, GalleryError, Segment,
    keys::{registration_hash, subject_key},
    manifest::Manifest,
};
use crate::registration::IdScheme;
use std::{path::PathBuf, sync::Arc};

/// One commit, unchanged for as long as it is held, whatever is committed, removed or compacted meanwhile.
pub struct Snapshot {
    pub(crate) path: PathBuf,
    pub(crate) manifest: Manifest,
    pub(crate) scheme: IdScheme,
    pub(crate) face: Option<FaceSpec>,
    pub(crate) segments: Vec<Arc<Segment>>,
}

/// What a snapshot holds.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Info {
    /// Registrations that live.
    pub registrations: u64,
    /// Subjects they are of.
    pub subjects: u64,
    /// Segments.
    pub segments: usize,
    /// Bytes of the segments' files.
    pub bytes: u64,
    /// The number of the commit; an empty gallery is commit 0.
    pub commit: u64,
    /// How personal IDs are formed.
    pub id_scheme: IdScheme,
    /// The face model, if the gallery holds faces.
    pub face: Option<FaceSpec>,
    /// Rows of removed subjects that compaction would drop.
    pub removed_rows: u64,
    /// Whether the segments are encrypted on disk.
    pub encrypted: bool,
    /// Bytes of decrypted memory that the system would not lock.
    pub unlocked_bytes: u64,
}

/// Where a registration stands: the segment by its place in [`Snapshot::segments`], and the row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place {
    /// The place of the segment in the snapshot.
    pub segment: usize,
    /// The row in the segment.
    pub row: u32,
}

impl Snapshot {
    /// What the snapshot holds. Costs nothing.
    pub fn info(&self) -> Info {
        let rows: u64 = self.manifest.segments.iter().map(|segment| segment.rows).sum();
        Info {
            registrations: self.manifest.registrations,
            subjects: self.manifest.subjects,
            segments: self.segments.len(),
            bytes: self.manifest.segments.iter().map(|segment| segment.bytes).sum(),
            commit: self.manifest.commit,
            id_scheme: self.scheme,
            face: self.face.clone(),
            removed_rows: rows - self.manifest.registrations,
            encrypted: self.manifest.encryption.is_some(),
            unlocked_bytes: self.segments.iter().map(|segment| segment.file.unlocked_bytes()).sum(),
        }
    }

    /// The segments, in the order in which they were written.
    pub fn segments(&self) -> &[Arc<Segment>] {
        &self.segments
    }

    /// How personal IDs are formed.
    pub fn id_scheme(&self) -> IdScheme {
        self.scheme
    }

    /// The face model, if the gallery holds faces.
    pub fn face(&self) -> Option<&FaceSpec> {
        self.face.as_ref()
    }

    /// The gallery's random number, which every one of its files carries.
    pub fn gallery_number(&self) -> u128 {
        self.manifest.gallery_bytes().map_or(0, u128::from_be_bytes)
    }

    /// The segment at `place`.
    pub fn segment(&self, place: Place) -> Option<&Arc<Segment>> {
        self.segments.get(place.segment)
    }

    /// The subject key of a personal ID in this gallery.
    pub fn subject_key(&self, personal_id: &str) -> u128 {
        subject_key(self.scheme, personal_id)
    }

    /// Where a registration stands, if it lives. About two cache misses a segment.
    ///
    /// # Errors
    /// If a column that was looked into is damaged.
    pub fn find_registration(&self, name: &str) -> Result<Option<Place>, GalleryError> {
        let hash = registration_hash(name);
        for (place, segment) in self.segments.iter().enumerate() {
            if let Some(row) = segment.find(name, hash)?
                && segment.is_live(row)
            {
                return Ok(Some(Place { segment: place, row: row as u32 }));
            }
        }
        Ok(None)
    }

    /// The rows of a subject that live, by segment and row; none if the gallery does not know the subject.
    ///
    /// # Errors
    /// If a column that was looked into is damaged.
    pub fn rows_of_subject(&self, key: u128) -> Result<Vec<Place>, GalleryError> {
        let mut places = Vec::new();
        for (place, segment) in self.segments.iter().enumerate() {
            let rows = segment.rows_of(key)?.into_iter().filter(|&row| segment.is_live(row));
            places.extend(rows.map(|row| Place { segment: place, row: row as u32 }));
        }
        Ok(places)
    }
}

impl std::fmt::Debug for Snapshot {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Snapshot").field("path", &self.path).field("info", &self.info()).finish()
    }
}
