//! Publishing what a writer has staged and removed.
//!
//! Segments and live rows are written and synced first, then one manifest that names them replaces the last: a loss of power before
//! that leaves files that nobody names, one after it the commit.

use super::{
    GalleryError, Writer,
    layout::{live_name, segment_name},
    live,
    manifest::{Manifest, ManifestLive, ManifestSegment},
    subjects,
    target::data_files,
};
use std::collections::HashSet;

/// What a commit published.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Commit {
    /// Its number, one more than that of the commit before.
    pub number: u64,
    /// Registrations it added.
    pub enrolled: u64,
    /// Registrations it removed.
    pub removed: u64,
}

impl Writer {
    /// Publishes everything since the last commit, all of it or nothing. When it returns, a loss of power takes nothing of it.
    ///
    /// Without anything to publish it returns the last commit. Small segments are then merged, which later readers see and earlier
    /// ones do not.
    ///
    /// # Errors
    /// If the system refuses. The writer then takes no more, and the gallery is at the commit before, or, if the very last
    /// step failed, at this one. What fails once the commit is published is no error of it: [`Writer::merge_error`] tells of merges,
    /// anything else the next call.
    pub fn commit(&mut self) -> Result<Commit, GalleryError> {
        let commit = self.publish()?;
        self.merge_tiers();
        Ok(commit)
    }

    /// Publishes as [`Writer::commit`], and merges nothing.
    pub(crate) fn publish(&mut self) -> Result<Commit, GalleryError> {
        self.running()?;
        self.send_off()?;
        self.settle()?;
        self.wait_for_disk()?;
        let before = self.base.clone();
        let unchanged = Commit { number: before.manifest.commit, enrolled: 0, removed: 0 };
        if self.fresh.is_empty() && self.pending.is_empty() {
            return Ok(unchanged);
        }
        let manifest = self.stop_on_error(|writer| writer.next_manifest())?;
        let lived = |rows: &ManifestSegment| rows.live.map_or(rows.rows, |live| live.rows);
        let kept = manifest.segments.iter().filter(|s| before.manifest.segments.iter().any(|b| b.id == s.id));
        let enrolled = manifest.registrations - kept.map(lived).sum::<u64>();
        let commit = Commit {
            number: manifest.commit,
            enrolled,
            removed: before.manifest.registrations + enrolled - manifest.registrations,
        };
        self.replace_manifest(&manifest)?;
        Ok(commit)
    }

    /// The manifest of the next commit; its files are written and synced.
    fn next_manifest(&mut self) -> Result<Manifest, GalleryError> {
        let before = self.base.clone();
        let mut manifest = before.manifest.clone();
        manifest.commit += 1;
        manifest.next_segment = self.next_segment;
        let old: Vec<_> = before.segments.iter().map(|segment| self.rows(&segment.file, segment.live())).collect();
        let new: Vec<_> = self.fresh.iter().map(|file| self.rows(file, None)).collect();
        let subjects = manifest.subjects + subjects::added(&new, &old)?;
        manifest.subjects = subjects.saturating_sub(self.removed_subjects);
        manifest.segments.extend(self.fresh.iter().map(|file| ManifestSegment {
            id: file.id,
            bytes: file.bytes(),
            rows: file.rows as u64,
            trailer: file.trailer_checksum,
            live: None,
        }));
        for stated in &mut manifest.segments {
            let Some(words) = self.pending.get(&stated.id) else { continue };
            let place = (stated.id, manifest.commit, stated.rows as usize);
            let rows = words.iter().map(|word| u64::from(word.count_ones())).sum();
            if rows > 0 {
                live::write(&*self.target.storage, &self.target.directory, self.target.gallery, place, words)?;
            }
            stated.live = Some(ManifestLive { commit: manifest.commit, rows });
        }
        // A segment without live rows has no more to say.
        manifest.segments.retain(|stated| stated.live.is_none_or(|live| live.rows > 0));
        manifest.registrations = manifest.segments.iter().map(|s| s.live.map_or(s.rows, |live| live.rows)).sum();
        // An earlier writer may have miscounted them.
        manifest.subjects = manifest.subjects.min(manifest.registrations);
        Ok(manifest)
    }

    /// Publishes a manifest and goes on from it.
    ///
    /// # Errors
    /// If it was not published, as far as is known. If it was and the writer cannot go on from it, the writer is stopped.
    pub(crate) fn replace_manifest(&mut self, manifest: &Manifest) -> Result<(), GalleryError> {
        self.stop_on_error(|writer| manifest.publish(&*writer.target.storage, &writer.target.directory))?;
        self.fresh.clear();
        self.pending.clear();
        self.removed_subjects = 0;
        // From here on the commit stands, whatever happens.
        match self.shared.published() {
            Ok(base) => {
                self.base = base;
                // What cannot be removed now, a later sweep removes.
                let _ = self.sweep();
            }
            Err(error) => self.stopped = Some(error),
        }
        Ok(())
    }

    /// Removes files that neither the last commit nor this writer knows: left by an earlier writer, or replaced.
    /// Readers that have them mapped keep them. One that cannot be removed does not keep the others.
    pub(crate) fn sweep(&self) -> Result<(), GalleryError> {
        // A writer that could not go on from the manifest that stands does not know what that names.
        self.running()?;
        let manifest = &self.base.manifest;
        let mut known: HashSet<String> = self.fresh.iter().map(|file| segment_name(file.id)).collect();
        known.extend(manifest.segments.iter().map(|segment| segment_name(segment.id)));
        known.extend(manifest.segments.iter().filter_map(|s| s.live.map(|live| live_name(s.id, live.commit))));
        let mut swept = Ok(());
        for name in data_files(&self.target.directory)?.into_iter().filter(|name| !known.contains(name)) {
            let path = self.target.directory.join(name);
            swept = swept.and(self.target.storage.remove(&path).map_err(GalleryError::io(&path, "remove")));
        }
        swept
    }
}
