//! Finds damage, all of it, and says where.
//!
//! Opening stops at the first thing that is wrong; a check goes on. The shallow one reads what opening reads, of every file. The deep
//! one reads every byte: each block against its checksum, the zeros between columns, and then whether the columns agree with each
//! other, as a writer with a fault of its own would get past the checksums.

use super::{
    Checking, GalleryError, ReadOptions, Segment,
    keys::{registration_hash, subject_key},
    layout::{BIRTH_YEAR_UNKNOWN, BLOCK, ColumnKind::*, PROVINCE_UNKNOWN, SEX_UNKNOWN, aligned},
    manifest::Manifest,
    open::open_segment,
    segment_file::{Column, SegmentFile},
    table::{ColumnKey, Modality},
};
use crate::{
    registration::{PersonalId, RegistrationId},
    template::{FaceEmbedding, FingerPosition},
};
use rayon::prelude::*;
use std::{
    collections::HashSet,
    path::{Path, PathBuf},
};

/// What a check found.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct CheckReport {
    /// What is wrong; empty if nothing is.
    pub problems: Vec<Problem>,
    /// The commit that was checked, if the manifest could be read.
    pub commit: Option<u64>,
    /// Files that were read.
    pub files: usize,
    /// Bytes that were checked.
    pub bytes: u64,
}

impl CheckReport {
    /// Whether nothing is wrong.
    pub fn is_whole(&self) -> bool {
        self.problems.is_empty()
    }
}

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Problem {
    /// The file.
    pub path: PathBuf,
    /// Where in the file, in bytes from its start, if it can be said.
    pub offset: Option<u64>,
    /// The part of the file: a column by name, the header, the table.
    pub part: String,
    /// What was seen.
    pub reason: String,
}

impl std::fmt::Display for Problem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: ", self.path.display())?;
        if let Some(offset) = self.offset {
            write!(f, "byte {offset}: ")?;
        }
        write!(f, "{}: {}", self.part, self.reason)
    }
}

impl From<GalleryError> for Problem {
    fn from(error: GalleryError) -> Problem {
        let whole = error.to_string();
        let (path, offset, part, reason) = match error {
            GalleryError::Damaged { path, offset, part, reason } => (path, Some(offset), part, reason),
            GalleryError::Missing { path, .. } => (path, None, "file".into(), "missing".into()),
            GalleryError::Io { path, action, source } => {
                (path, None, "file".into(), format!("cannot {action}: {source}"))
            }
            GalleryError::NotAGallery { path } => (path, None, "manifest".into(), "missing".into()),
            GalleryError::Encrypted { path }
            | GalleryError::WrongKey { path }
            | GalleryError::NotEncrypted { path } => (path, None, "key".into(), whole),
            GalleryError::Newer { path, .. } | GalleryError::Feature { path, .. } => {
                (path, None, "format".into(), whole)
            }
            _ => (PathBuf::new(), None, "gallery".into(), whole),
        };
        Problem { path, offset, part, reason }
    }
}

/// Checks the gallery in a directory, however damaged. `deep` reads every byte.
///
/// ```no_run
/// let report = vantay::gallery::check("national.gallery", true);
/// for problem in &report.problems {
///     eprintln!("{problem}");
/// }
/// ```
pub fn check(path: impl AsRef<Path>, deep: bool) -> CheckReport {
    check_with(path, &ReadOptions::default(), deep)
}

/// Checks as [`check`], an encrypted gallery too: by the key of `options`. Without the right key that is the only problem found.
pub fn check_with(path: impl AsRef<Path>, options: &ReadOptions, deep: bool) -> CheckReport {
    let path = path.as_ref();
    let mut report = CheckReport { files: 1, ..CheckReport::default() };
    let mut manifest = match Manifest::read(path) {
        Ok(manifest) => manifest,
        Err(error) => {
            report.problems.push(error.into());
            return report;
        }
    };
    if let Err(error) = manifest.key(path, options.key.as_ref()) {
        report.problems.push(error.into());
        return report;
    }
    let options = ReadOptions { checking: Checking::OnFirstUse, ..options.clone() };
    let mut checked = HashSet::new();
    loop {
        let newer = check_segments(path, &options, &manifest, deep, (&mut checked, &mut report));
        report.commit = Some(manifest.commit);
        match newer {
            Some(newer) => manifest = newer,
            None => return report,
        }
    }
}

/// Checks the segments of a commit that are not among `checked`. If a file is gone because a writer has published a newer commit
/// meanwhile, that one is returned.
fn check_segments(
    path: &Path,
    options: &ReadOptions,
    manifest: &Manifest,
    deep: bool,
    (checked, report): (&mut HashSet<u64>, &mut CheckReport),
) -> Option<Manifest> {
    for stated in manifest.segments.iter().filter(|stated| !checked.contains(&stated.id)).collect::<Vec<_>>() {
        match open_segment(path, options, manifest, stated, None, true) {
            Ok(segment) => check_segment(&segment, deep, report),
            Err(error) => {
                let newer = match &error {
                    GalleryError::Missing { .. } => Manifest::read(path).ok(),
                    _ => None,
                };
                if let Some(newer) = newer.filter(|newer| newer.commit != manifest.commit) {
                    return Some(newer);
                }
                report.problems.push(error.into());
            }
        }
        checked.insert(stated.id);
        report.files += 1 + usize::from(stated.live.is_some());
    }
    None
}

impl super::Snapshot {
    /// Checks the files of this snapshot. `deep` reads every byte.
    pub fn check(&self, deep: bool) -> CheckReport {
        let commit = Some(self.manifest.commit);
        let mut report = CheckReport { files: self.segments.len(), commit, ..CheckReport::default() };
        for segment in &self.segments {
            check_segment(segment, deep, &mut report);
        }
        report
    }
}

fn check_segment(segment: &Segment, deep: bool, report: &mut CheckReport) {
    let file = &*segment.file;
    report.problems.extend(file.bad_seals().iter().cloned().map(Problem::from));
    if !deep {
        report.bytes += 128 + 64 * file.columns().len() as u64;
        return;
    }
    report.bytes += file.bytes();
    let before = report.problems.len();
    let problems: Vec<_> = file.columns().par_iter().map(|column| file.bad_blocks(column)).collect();
    report.problems.extend(problems.into_iter().flatten().map(Problem::from));
    report.problems.extend(padding(file).map(Problem::from));
    if report.problems.len() == before
        && let Err(error) = agreement(segment)
    {
        report.problems.push(error.into());
    }
}

impl SegmentFile {
    /// Every block of a column that cannot be read or whose checksum is wrong, whatever was checked before.
    pub(crate) fn bad_blocks(&self, column: &Column) -> Vec<GalleryError> {
        let checksums = match self.sound_checksums(column) {
            Ok(checksums) => checksums,
            Err(error) => return vec![error],
        };
        let (mut bad, mut asked) = (Vec::new(), 0);
        let blocks = self.unchecked(column).chunks(BLOCK).zip(checksums.chunks_exact(4));
        for (i, (block, expected)) in blocks.enumerate() {
            if i >= asked {
                match self.ask(column, i..i + SegmentFile::RUN_BLOCKS, true) {
                    Ok(to) => asked = to,
                    Err(error) => {
                        bad.push(error);
                        continue;
                    }
                }
            }
            if crc32c::crc32c(block).to_le_bytes() != expected {
                bad.push(self.damaged(column, (i * BLOCK) as u64, format!("wrong checksum of block {i}")));
            }
        }
        bad
    }
}

/// Bytes between columns that are not zero, or cannot be read.
fn padding(file: &SegmentFile) -> impl Iterator<Item = GalleryError> {
    let ends = file.columns().iter().map(|column| column.entry.offset + column.entry.length);
    let checksums_end =
        file.columns().iter().map(|c| c.entry.checksums + 4 * c.entry.length.div_ceil(BLOCK as u64)).max();
    ends.chain(checksums_end).filter_map(|end| match file.read(end as usize..aligned(end) as usize, "padding") {
        Ok(zeros) => {
            let at = zeros.iter().position(|&byte| byte != 0)?;
            Some(file.damaged_at(end + at as u64, "padding", "not zero".into()))
        }
        Err(error) => Some(error),
    })
}

/// Whether the columns of a segment whose bytes are as written agree with each other.
fn agreement(segment: &Segment) -> Result<(), GalleryError> {
    let file = &*segment.file;
    let at = |kind, row: usize, reason: &str| -> GalleryError {
        match file.column(ColumnKey::entries(kind)) {
            Some(column) => file.damaged(column, row as u64 * u64::from(column.entry.stride), reason.into()),
            None => file.damaged_at(0, "table", reason.into()),
        }
    };
    let hashes: &[u64] = file.slice(file.required(ColumnKey::entries(RegistrationHashes))?)?;
    let order: &[u32] = file.slice(file.required(ColumnKey::entries(RegistrationOrder))?)?;
    let sorted: &[u128] = file.slice(file.required(ColumnKey::entries(SubjectSorted))?)?;
    let subject_order: &[u32] = file.slice(file.required(ColumnKey::entries(SubjectOrder))?)?;
    let keys = segment.subject_keys()?;
    let demographics = segment.demographics()?;
    let mut seen = [vec![false; file.rows], vec![false; file.rows]];
    for i in 0..file.rows {
        if i > 0
            && (hashes[i - 1] > hashes[i] || (sorted[i - 1], subject_order[i - 1]) >= (sorted[i], subject_order[i]))
        {
            return Err(at(RegistrationHashes, i, "not ascending"));
        }
        let (row, subject_row) = (order[i] as usize, subject_order[i] as usize);
        if row >= file.rows || subject_row >= file.rows {
            return Err(at(RegistrationOrder, i, "no such row"));
        }
        if std::mem::replace(&mut seen[0][row], true) || std::mem::replace(&mut seen[1][subject_row], true) {
            return Err(at(RegistrationOrder, i, "a row stands twice"));
        }
        if registration_hash(segment.registration_name(row)?) != hashes[i] {
            return Err(at(RegistrationHashes, i, "not the hash of its name"));
        }
        let entry = segment.entry(i)?;
        let names = RegistrationId::stored(entry.registration)
            .and_then(|_| PersonalId::stored(entry.personal_id, segment.scheme));
        if let Err(reason) = names {
            return Err(at(RegistrationOffsets, i, &reason.to_string()));
        }
        if subject_key(segment.scheme, entry.personal_id) != keys[i] || keys[subject_row] != sorted[i] {
            return Err(at(SubjectKeys, i, "not the key of its personal ID"));
        }
        let stated = (demographics.provinces[i], demographics.sexes[i], demographics.birth_years[i]);
        let unknown = (PROVINCE_UNKNOWN, SEX_UNKNOWN, BIRTH_YEAR_UNKNOWN);
        if entry.demographics.map_or(unknown, |of| (of.province, of.sex as u8, of.birth_year)) != stated {
            return Err(at(Province, i, "not what the personal ID says"));
        }
    }
    if let Some(faces) = segment.faces()? {
        for (i, embedding) in faces.embeddings()?.chunks_exact(faces.dimension().max(1)).enumerate() {
            let length: f64 = embedding.iter().map(|&c| f64::from(c).powi(2)).sum();
            if !FaceEmbedding::LENGTHS.contains(&length) {
                let column = file.required(ColumnKey::of(Modality::Face, Embeddings))?;
                let offset = (i * 4 * faces.dimension()) as u64;
                return Err(file.damaged(column, offset, format!("embedding {i} is not of length one")));
            }
        }
    }
    for position in FingerPosition::all() {
        if let Some(fingers) = segment.fingers(position)? {
            for i in 0..fingers.len() {
                fingers.template(i)?;
            }
        }
    }
    for modality in [Modality::Face].into_iter().chain(FingerPosition::all().map(Modality::Finger)) {
        for kind in file.derived_kinds(modality) {
            segment.derived(modality, kind)?;
        }
    }
    Ok(())
}
