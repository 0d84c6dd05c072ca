//! Registrations that were enrolled and not yet written: what becomes one segment.

use super::{
    Derive, DerivedColumn, DerivedLayout, FingerProperties, GalleryError, Key,
    layout::{self, ColumnKind::*, segment_name},
    segment_file::{Checking, Opening, SegmentFile},
    segment_writer::{ColumnForm, SegmentWriter, Unsynced},
    storage::Storage,
    table::{ColumnKey, Modality},
};
use crate::{
    registration::{Demographics, Finger, Registration},
    template::{FingerPosition, MinutiaeTemplate},
};
use std::{
    collections::{HashMap, HashSet},
    path::Path,
    sync::Arc,
};
use zeroize::Zeroize;

/// Where a segment is written.
#[derive(Clone)]
pub(crate) struct Target {
    pub storage: Arc<dyn Storage>,
    pub directory: std::path::PathBuf,
    pub gallery: [u8; 16],
    pub dimension: usize,
    pub checking: Checking,
    /// The key by which segments are sealed, if they are.
    pub key: Option<Key>,
}

impl Target {
    /// Starts a segment file.
    pub(crate) fn create(&self, segment: u64) -> Result<SegmentWriter, GalleryError> {
        let path = self.directory.join(segment_name(segment));
        SegmentWriter::create(&*self.storage, &path, (self.gallery, self.key.as_ref()), segment, self.dimension)
    }

    /// Opens a segment that was just written. Its bytes come from memory, so they are not read again to be checked.
    pub(crate) fn open(&self, segment: u64) -> Result<SegmentFile, GalleryError> {
        let how = Opening { checking: self.checking, key: self.key.as_ref(), keeps_going: false };
        SegmentFile::open(&self.directory.join(segment_name(segment)), self.gallery, segment, how)
    }
}

/// The columns of the registrations themselves, of rows that are staged or merged.
#[derive(Default)]
pub(crate) struct Entries {
    registration_offsets: Vec<u32>,
    registration_text: Vec<u8>,
    hashes: Vec<u64>,
    personal_offsets: Vec<u32>,
    personal_text: Vec<u8>,
    subjects: Vec<u128>,
    captured_at: Vec<i64>,
    provinces: Vec<u16>,
    sexes: Vec<u8>,
    birth_years: Vec<u16>,
    missing_offsets: Vec<u32>,
    missing_text: Vec<u8>,
}

impl Entries {
    pub(crate) fn len(&self) -> usize {
        self.hashes.len()
    }

    /// Adds a row.
    pub(crate) fn push(
        &mut self,
        (registration, hash): (&str, u64),
        (personal_id, subject): (&str, u128),
        captured_at: Option<i64>,
        demographics: Option<Demographics>,
    ) {
        self.registration_offsets.push(self.registration_text.len() as u32);
        self.registration_text.extend_from_slice(registration.as_bytes());
        self.hashes.push(hash);
        self.personal_offsets.push(self.personal_text.len() as u32);
        self.personal_text.extend_from_slice(personal_id.as_bytes());
        self.subjects.push(subject);
        self.captured_at.push(captured_at.unwrap_or(layout::TIME_UNKNOWN));
        self.provinces.push(demographics.map_or(layout::PROVINCE_UNKNOWN, |of| of.province));
        self.sexes.push(demographics.map_or(layout::SEX_UNKNOWN, |of| of.sex as u8));
        self.birth_years.push(demographics.map_or(layout::BIRTH_YEAR_UNKNOWN, |of| of.birth_year));
        self.missing_offsets.push(self.missing_text.len() as u32);
    }

    /// Adds a missing finger to the last row.
    pub(crate) fn push_missing(&mut self, position: FingerPosition, reason: &str) {
        self.missing_text.extend_from_slice(&[position.number(), reason.len().min(layout::MAX_REASON) as u8]);
        self.missing_text.extend_from_slice(&reason.as_bytes()[..reason.len().min(layout::MAX_REASON)]);
    }

    /// The name of a row's registration.
    fn registration(&self, row: u32) -> &[u8] {
        let from = self.registration_offsets[row as usize] as usize;
        let to =
            self.registration_offsets.get(row as usize + 1).map_or(self.registration_text.len(), |&to| to as usize);
        &self.registration_text[from..to]
    }

    /// Writes the columns.
    pub(crate) fn write(mut self, writer: &mut SegmentWriter) -> Result<(), GalleryError> {
        self.registration_offsets.push(self.registration_text.len() as u32);
        self.personal_offsets.push(self.personal_text.len() as u32);
        self.missing_offsets.push(self.missing_text.len() as u32);
        let rows = self.hashes.len() as u32;
        let mut by_hash: Vec<(u64, u32)> = self.hashes.iter().copied().zip(0..rows).collect();
        by_hash.sort_unstable();
        let mut by_subject: Vec<(u128, u32)> = self.subjects.iter().copied().zip(0..rows).collect();
        by_subject.sort_unstable();
        let (hashes, hash_rows): (Vec<u64>, Vec<u32>) = by_hash.into_iter().unzip();
        let (sorted, subject_rows): (Vec<u128>, Vec<u32>) = by_subject.into_iter().unzip();
        writer.column(ColumnKey::entries(RegistrationOffsets), &self.registration_offsets)?;
        writer.column(ColumnKey::entries(RegistrationText), &self.registration_text)?;
        writer.column(ColumnKey::entries(RegistrationHashes), &hashes)?;
        writer.column(ColumnKey::entries(RegistrationOrder), &hash_rows)?;
        writer.column(ColumnKey::entries(PersonalOffsets), &self.personal_offsets)?;
        writer.column(ColumnKey::entries(PersonalText), &self.personal_text)?;
        writer.column(ColumnKey::entries(SubjectKeys), &self.subjects)?;
        writer.column(ColumnKey::entries(SubjectSorted), &sorted)?;
        writer.column(ColumnKey::entries(SubjectOrder), &subject_rows)?;
        writer.column(ColumnKey::entries(CapturedAt), &self.captured_at)?;
        writer.column(ColumnKey::entries(Province), &self.provinces)?;
        writer.column(ColumnKey::entries(SexCode), &self.sexes)?;
        writer.column(ColumnKey::entries(BirthYear), &self.birth_years)?;
        writer.column(ColumnKey::entries(MissingOffsets), &self.missing_offsets)?;
        writer.column(ColumnKey::entries(MissingText), &self.missing_text)
    }
}

/// Rows that become one segment.
#[derive(Default)]
pub(crate) struct Staging {
    entries: Entries,
    face_rows: Vec<u32>,
    embeddings: Vec<f32>,
    finger_rows: [Vec<u32>; FingerPosition::COUNT],
    fingers: [Vec<MinutiaeTemplate>; FingerPosition::COUNT],
    bytes: usize,
    by_hash: HashMap<u64, u32>,
    subjects: HashSet<u128>,
}

impl Staging {
    pub(crate) fn rows(&self) -> usize {
        self.entries.len()
    }

    /// About how many bytes the rows will have in the file, derived columns aside.
    pub(crate) fn bytes(&self) -> usize {
        self.bytes
    }

    /// Whether a registration of this name is staged.
    pub(crate) fn has_registration(&self, name: &str, hash: u64) -> bool {
        match self.by_hash.get(&hash) {
            None => false,
            Some(&row) if self.entries.registration(row) == name.as_bytes() => true,
            // Two names of one hash: the map remembers the first alone.
            Some(_) => (0..self.rows() as u32).any(|row| self.entries.registration(row) == name.as_bytes()),
        }
    }

    /// Whether a subject has staged rows.
    pub(crate) fn has_subject(&self, key: u128) -> bool {
        self.subjects.contains(&key)
    }

    /// The hashes of all names.
    pub(crate) fn hashes(&self) -> HashSet<u64> {
        self.by_hash.keys().copied().collect()
    }

    /// Adds a registration that was found in order.
    pub(crate) fn push(&mut self, registration: Registration, hash: u64, subject: u128, of: Option<Demographics>) {
        let row = self.rows() as u32;
        let Registration { id, personal_id, captured_at, portrait, fingers } = registration;
        self.entries.push((id.as_str(), hash), (personal_id.as_str(), subject), captured_at, of);
        self.by_hash.entry(hash).or_insert(row);
        self.subjects.insert(subject);
        self.bytes += 128 + id.as_str().len() + personal_id.as_str().len();
        if let Some(portrait) = portrait {
            self.face_rows.push(row);
            self.embeddings.extend_from_slice(portrait.embedding.as_slice());
            self.bytes += 4 + 4 * portrait.embedding.dimension();
        }
        for finger in fingers {
            match finger {
                Finger::Captured(template) => {
                    let position = usize::from(template.position().number());
                    self.bytes += 16 + 8 * template.minutiae().len();
                    self.finger_rows[position].push(row);
                    self.fingers[position].push(template);
                }
                Finger::Missing { position, reason } => {
                    self.entries.push_missing(position, &reason);
                    self.bytes += 2 + reason.len();
                }
            }
        }
    }

    /// Writes the rows as a segment and opens it; the file is not synced yet.
    pub(crate) fn write(
        mut self,
        target: &Target,
        segment: u64,
        derive: &dyn Derive,
    ) -> Result<(SegmentFile, Unsynced), GalleryError> {
        let rows = self.rows();
        let mut writer = target.create(segment)?;
        self.entries.write(&mut writer)?;
        if !self.face_rows.is_empty() {
            writer.column(ColumnKey::of(Modality::Face, Rows), &self.face_rows)?;
            let key = ColumnKey::of(Modality::Face, Embeddings);
            writer.begin(key, ColumnForm { stride: 4 * target.dimension as u32, ..ColumnForm::default() })?;
            writer.write(bytemuck::cast_slice(&self.embeddings))?;
            writer.end()?;
            let derived = derive.faces(target.dimension, &self.embeddings);
            write_derived(&mut writer, Modality::Face, self.face_rows.len(), derive.version(), derived)?;
        }
        self.embeddings.zeroize();
        for ((position, rows), templates) in FingerPosition::all().zip(&self.finger_rows).zip(self.fingers) {
            if templates.is_empty() {
                continue;
            }
            let modality = Modality::Finger(position);
            write_fingers(&mut writer, modality, rows, &templates)?;
            let derived = derive.fingers(position, &templates);
            write_derived(&mut writer, modality, templates.len(), derive.version(), derived)?;
        }
        let unsynced = writer.finish(rows)?;
        Ok((target.open(segment)?, unsynced))
    }
}

fn write_fingers(
    writer: &mut SegmentWriter,
    modality: Modality,
    rows: &[u32],
    templates: &[MinutiaeTemplate],
) -> Result<(), GalleryError> {
    writer.column(ColumnKey::of(modality, Rows), rows)?;
    let mut offsets = Vec::with_capacity(templates.len() + 1);
    let mut end = 0;
    offsets.push(0);
    for template in templates {
        end += template.minutiae().len() as u32;
        offsets.push(end);
    }
    writer.column(ColumnKey::of(modality, MinutiaeOffsets), &offsets)?;
    let key = ColumnKey::of(modality, Minutiae);
    writer.begin(key, ColumnForm { stride: 8, ..ColumnForm::default() })?;
    for template in templates {
        writer.write(bytemuck::cast_slice(template.minutiae()))?;
    }
    writer.end()?;
    let properties: Vec<FingerProperties> = templates.iter().map(FingerProperties::of).collect();
    writer.column(ColumnKey::of(modality, Properties), &properties)
}

/// Writes derived columns, having seen that they have an item for each of `items` rows.
pub(crate) fn write_derived(
    writer: &mut SegmentWriter,
    modality: Modality,
    items: usize,
    version: u32,
    mut columns: Vec<DerivedColumn>,
) -> Result<(), GalleryError> {
    columns.sort_by_key(|column| column.kind);
    for DerivedColumn { kind, layout, bytes } in columns {
        let (form, stride, fits) = match &layout {
            DerivedLayout::Fixed { stride } => (1, *stride, *stride > 0 && bytes.len() == items * *stride as usize),
            DerivedLayout::Variable { offsets } => {
                let ascend = offsets.first() == Some(&0) && offsets.windows(2).all(|pair| pair[0] <= pair[1]);
                (2, 1, ascend && offsets.len() == items + 1 && offsets.last() == Some(&(bytes.len() as u64)))
            }
            DerivedLayout::Raw => (3, 1, true),
        };
        if !fits {
            return Err(GalleryError::Option { reason: "a derived column has not one item for each row" });
        }
        let form = ColumnForm { stride, derived_layout: form, derived_version: version };
        writer.begin(ColumnKey::derived(modality, kind, DerivedBytes), form)?;
        writer.write(&bytes)?;
        writer.end()?;
        if let DerivedLayout::Variable { offsets } = layout {
            writer.begin(ColumnKey::derived(modality, kind, DerivedOffsets), ColumnForm { stride: 8, ..form })?;
            writer.write(bytemuck::cast_slice(&offsets))?;
            writer.end()?;
        }
    }
    Ok(())
}

/// The names of files in a directory that look like segments or live rows.
pub(crate) fn data_files(directory: &Path) -> Result<Vec<String>, GalleryError> {
    let entries = std::fs::read_dir(directory).map_err(GalleryError::io(directory, "read"))?;
    let mut names = Vec::new();
    for entry in entries {
        let name = entry.map_err(GalleryError::io(directory, "read"))?.file_name();
        if let Some(name) = name.to_str().filter(|name| name.starts_with("segment-") || name.starts_with("live-")) {
            names.push(name.to_string());
        }
    }
    names.sort_unstable();
    Ok(names)
}
