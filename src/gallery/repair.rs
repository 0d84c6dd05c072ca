//! Keeps what is whole of a damaged gallery, in a new one.
//!
//! Row by row: a registration is kept if every block under it is as it was written (`salvage.rs`), and enrolled into the new gallery like any
//! other, so that the result is whole in itself, derived columns included. It is kept as it was or not at all: a registration one of whose
//! fingers may have stood in a bad block is lost. What is lost is named where its name can still be read.
//! A row whose removal cannot be read (its file of live rows is damaged) is not kept: nobody comes back by accident.

use super::{
    Checking, Derive, FaceSpec, Gallery, GalleryError, Key, Options, Problem, ReadOptions, Rejection,
    layout::{MANIFEST, MANIFEST_COPY, live_commits, segment_number},
    lock::Lock,
    manifest::{Manifest, read_bounded},
    open::open_segment,
    salvage::Salvage,
    target::data_files,
};
use std::{collections::HashSet, path::Path, sync::Arc};

/// What a repair kept and lost.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Repaired {
    /// Registrations in the new gallery.
    pub kept: u64,
    /// Registrations that were lost.
    pub lost: u64,
    /// Segments that nothing names, since the copy of the manifest had to do: what they hold was not kept, and may have been committed.
    pub unknown_segments: u64,
    /// The names of lost registrations, as far as they could be read.
    pub lost_names: Vec<String>,
    /// What was wrong.
    pub problems: Vec<Problem>,
}

/// Copies every whole registration of the gallery at `from` into a new gallery at `into`.
///
/// If the manifest is damaged, its copy is used, unless the files say that it is out of date.
///
/// # Errors
/// If no manifest can be used, or the new gallery cannot be written.
pub fn repair(
    from: impl AsRef<Path>,
    into: impl AsRef<Path>,
    derive: Arc<dyn Derive>,
) -> Result<Repaired, GalleryError> {
    repair_with(from, &ReadOptions::default(), into, None, derive)
}

/// Repairs as [`repair`], an encrypted gallery too: reads `from` by the key of `options` and encrypts the new gallery by `key`, if there is one.
///
/// So it is also how a gallery gets another key, or loses or gains encryption.
///
/// # Errors
/// As [`repair`]; also if the key of `from` is missing, wrong, or not called for, or if somebody writes to `from`.
pub fn repair_with(
    from: impl AsRef<Path>,
    options: &ReadOptions,
    into: impl AsRef<Path>,
    key: Option<Key>,
    derive: Arc<dyn Derive>,
) -> Result<Repaired, GalleryError> {
    let (from, into) = (from.as_ref(), into.as_ref());
    // Nobody writes meanwhile; where there is no lock to be had, as on a medium that cannot be written to, nobody can. What is no
    // gallery gets no lock put into it.
    let is_gallery = [MANIFEST, MANIFEST_COPY].into_iter().any(|name| from.join(name).exists());
    let _lock = match is_gallery.then(|| Lock::take(from)) {
        Some(Err(error @ GalleryError::Locked { .. })) => return Err(error),
        taken => taken.and_then(Result::ok),
    };
    let mut repaired = Repaired::default();
    let manifest = read_manifest(from, &mut repaired)?;
    manifest.key(from, options.key.as_ref())?;
    let face = manifest.face.as_ref();
    let face = face.map(|face| FaceSpec { model: face.model.as_str().into(), dimension: face.dimension as usize });
    let read = ReadOptions { key, ..options.clone() };
    let created = Options { id_scheme: manifest.scheme().unwrap_or_default(), face, read };
    let gallery = Gallery::create(into, created)?;
    let mut writer = gallery.writer(derive)?;
    let options = ReadOptions { checking: Checking::OnFirstUse, ..options.clone() };
    for stated in &manifest.segments {
        let segment = match open_segment(from, &options, &manifest, stated, None, true) {
            Ok(segment) => {
                repaired.problems.extend(segment.file.bad_seals().iter().cloned().map(Problem::from));
                segment
            }
            Err(error) => {
                repaired.lost += stated.live.map_or(stated.rows, |live| live.rows);
                repaired.problems.push(error.into());
                continue;
            }
        };
        let salvage = Salvage::of(&segment);
        // One bad block is behind many a row, and said once.
        let mut said = HashSet::new();
        for row in (0..segment.len()).filter(|&row| segment.is_live(row)) {
            let problem = match salvage.registration(row).map(|registration| writer.enroll_again(registration)) {
                Ok(Ok(())) => {
                    repaired.kept += 1;
                    continue;
                }
                Ok(Err(Rejection::Failed(error))) => return Err(error),
                Ok(Err(rejection)) => {
                    let (path, part, reason) = (segment.path().into(), "registration".into(), rejection.to_string());
                    Problem { path, offset: None, part, reason }
                }
                Err(error) => Problem::from(error),
            };
            repaired.lost += 1;
            repaired.lost_names.extend(segment.registration_name(row).ok().map(String::from));
            if said.insert(problem.to_string()) {
                repaired.problems.push(problem);
            }
        }
    }
    writer.commit()?;
    Ok(repaired)
}

/// The manifest, or its copy if that is not out of date.
///
/// A removal since the copy was written left a newer file of live rows, or took away a segment that the copy names.
fn read_manifest(from: &Path, repaired: &mut Repaired) -> Result<Manifest, GalleryError> {
    let error = match Manifest::read(from) {
        Ok(manifest) => return Ok(manifest),
        Err(error @ (GalleryError::Damaged { .. } | GalleryError::NotAGallery { .. } | GalleryError::Io { .. })) => {
            error
        }
        Err(error) => return Err(error),
    };
    let path = from.join(MANIFEST_COPY);
    let Ok(bytes) = read_bounded(&path) else { return Err(error) };
    let copy = Manifest::parse(&path, &bytes)?;
    let files_are_there = copy.segments.iter().all(|s| from.join(super::layout::segment_name(s.id)).exists());
    if !files_are_there || live_commits(from).into_iter().any(|commit| commit > copy.commit) {
        return Err(error);
    }
    repaired.problems.push(error.into());
    for name in
        data_files(from)?.into_iter().filter(|name| segment_number(name).is_some_and(|id| id >= copy.next_segment))
    {
        let reason = format!(
            "not named by the copy of the manifest, which is of commit {}: a later commit, or none",
            copy.commit
        );
        repaired.unknown_segments += 1;
        repaired.problems.push(Problem { path: from.join(name), offset: None, part: "file".into(), reason });
    }
    Ok(copy)
}

impl Repaired {
    /// Whether everything was kept, as far as is known.
    pub fn is_complete(&self) -> bool {
        self.lost == 0 && self.unknown_segments == 0
    }
}
