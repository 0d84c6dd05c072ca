//! Which segments are merged, and when.
//!
//! After a commit, small segments merge by tiers: a tier holds the segments whose live rows have the same logarithm to the
//! base `fan_in`, and when it has `fan_in` of them they become one of the next. So a registration that arrives alone is
//! rewritten about five times on its way to a segment of 65,536 rows, where this ends, and a gallery never has more than some
//! forty small segments. A segment of which `fan_in` would be more than one file may hold, by rows or by bytes, is not small.
//!
//! Compaction is asked for. It rewrites every segment with removed rows, and fills segments up to `merged_rows` from those that are
//! less than half full, each into one new file, first fit: two results are never both less than half full, so
//! what was compacted is not touched again until something is removed from it. Each new file is published by a commit of its own and the files it
//! replaces are removed before the next is written: the extra space is that of one segment, and a compaction that was interrupted
//! goes on where it was. Readers keep what they have mapped.

use super::{
    GalleryError, Segment, Writer,
    layout::segment_name,
    manifest::{Manifest, ManifestSegment},
    merge::merge,
    segment_file::SegmentFile,
};
use std::sync::Arc;

/// What a compaction did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Compacted {
    /// Segments that were replaced.
    pub segments_read: usize,
    /// Segments that took their place.
    pub segments_written: usize,
    /// Rows of removed subjects that are gone.
    pub rows_dropped: u64,
    /// Bytes of the segments that were replaced.
    pub bytes_read: u64,
    /// Bytes of the segments that took their place.
    pub bytes_written: u64,
}

impl Writer {
    /// Rewrites what holds removed rows and what is small, so that no byte of a removed template is in any file of the directory.
    ///
    /// Readers go on with the snapshots they hold. The bytes leave the files; what a disk keeps of freed blocks is its own affair.
    ///
    /// # Errors
    /// If something is staged or removed and not committed, a segment is damaged, or the system refuses. What was
    /// compacted before stays so.
    pub fn compact(&mut self) -> Result<Compacted, GalleryError> {
        self.running()?;
        if self.has_uncommitted() {
            return Err(GalleryError::Option { reason: "commit before compacting" });
        }
        let mut done = Compacted::default();
        for group in self.plan() {
            self.running()?;
            let old: Vec<_> =
                self.base.segments.iter().filter(|segment| group.contains(&segment.id())).cloned().collect();
            let live: usize = old.iter().map(|segment| segment.live_len()).sum();
            let written = self.replace(&old)?;
            done.segments_read += old.len();
            done.segments_written += 1;
            done.rows_dropped += (old.iter().map(|segment| segment.len()).sum::<usize>() - live) as u64;
            done.bytes_read += old.iter().map(|segment| segment.file.bytes()).sum::<u64>();
            done.bytes_written += written.bytes();
        }
        self.sweep()?;
        Ok(done)
    }

    /// Merges small segments if a tier is full. A failure leaves the commit before as it is; [`Writer::merge_error`] tells it.
    pub(crate) fn merge_tiers(&mut self) {
        // What failed, for want of room perhaps, is not tried again with each commit.
        if self.stopped.is_some() || self.base.segments.len() < self.merge_again_at {
            return;
        }
        let old = self.full_tiers();
        if old.is_empty() {
            return;
        }
        (self.merge_error, self.merge_again_at) = match self.replace(&old) {
            Err(error) => (Some(error), 2 * self.base.segments.len()),
            Ok(_) => (None, 0),
        };
    }

    /// Why the small segments could not be merged after the last commit, if they should have been: the disk is full, or one of
    /// them is damaged. The commit stands nevertheless.
    pub fn merge_error(&self) -> Option<&GalleryError> {
        self.merge_error.as_ref()
    }

    /// The segments of the lowest full tier and of those above that it fills, as many as one segment may hold.
    fn full_tiers(&self) -> Vec<Arc<Segment>> {
        let limits = &self.shared.options.limits;
        let tier = |segment: &Segment| segment.live_len().max(1).ilog(limits.fan_in);
        let small = |segment: &&Arc<Segment>| {
            let (rows, bytes) = (segment.live_len() as u64, segment.file.bytes());
            let fits = |one: u64, most: u64| one.saturating_mul(limits.fan_in as u64) <= most;
            rows < limits.staged_rows as u64
                && fits(rows, limits.merged_rows as u64)
                && fits(bytes, limits.merged_bytes)
        };
        let of_tier = |wanted: u32| {
            let segments = self.base.segments.iter().filter(small);
            segments.filter(|segment| tier(segment) == wanted).cloned().collect::<Vec<_>>()
        };
        let highest = limits.staged_rows.ilog(limits.fan_in);
        let mut merged: Vec<Arc<Segment>> = Vec::new();
        let (mut rows, mut bytes) = (0, 0);
        for wanted in 0..=highest {
            let segments = of_tier(wanted);
            let carried = usize::from(!merged.is_empty());
            if segments.len() + carried < limits.fan_in {
                if carried > 0 {
                    break;
                }
                continue;
            }
            for segment in segments {
                let with = (rows + segment.live_len(), bytes + segment.file.bytes());
                if with.0 <= limits.merged_rows && with.1 <= limits.merged_bytes {
                    (rows, bytes) = with;
                    merged.push(segment);
                }
            }
        }
        if merged.len() < 2 {
            merged.clear();
        }
        merged
    }

    /// Groups of segments, by number, each of which becomes one.
    fn plan(&self) -> Vec<Vec<u64>> {
        let limits = &self.shared.options.limits;
        let share = |segment: &Segment| {
            let rows = segment.live_len() as f64 / limits.merged_rows as f64;
            let kept = segment.live_len() as f64 / segment.len().max(1) as f64;
            rows.max(segment.file.bytes() as f64 * kept / limits.merged_bytes as f64)
        };
        let has_removed = |segment: &Segment| segment.live_len() < segment.len();
        let mut candidates: Vec<_> =
            self.base.segments.iter().filter(|segment| has_removed(segment) || share(segment) < 0.5).collect();
        // The largest first, and of equal ones in their order: the grouping does not depend on anything else.
        candidates.sort_by(|a, b| share(b).total_cmp(&share(a)));
        let mut groups: Vec<(f64, bool, Vec<u64>)> = Vec::new();
        for segment in candidates {
            let size = share(segment);
            let place = groups.iter().position(|(filled, ..)| filled + size <= 1.0).unwrap_or(groups.len());
            if place == groups.len() {
                groups.push((0.0, false, Vec::new()));
            }
            let (filled, removed, ids) = &mut groups[place];
            *filled += size;
            *removed |= has_removed(segment);
            ids.push(segment.id());
        }
        let worth = |(_, removed, ids): &(f64, bool, Vec<u64>)| *removed || ids.len() > 1;
        groups.into_iter().filter(worth).map(|(.., ids)| ids).collect()
    }

    /// Writes the live rows of `old` as one segment, publishes it in their place and removes their files.
    fn replace(&mut self, old: &[Arc<Segment>]) -> Result<Arc<SegmentFile>, GalleryError> {
        let number = self.next_segment;
        self.next_segment += 1;
        let merged = match merge(&self.target, number, old, &*self.derive) {
            Ok(merged) => Arc::new(merged),
            Err(error) => {
                // Nothing names the file yet; if it cannot be removed now, the next writer removes it.
                let _ = self.target.storage.remove(&self.target.directory.join(segment_name(number)));
                return Err(error);
            }
        };
        let mut manifest: Manifest = self.base.manifest.clone();
        manifest.commit += 1;
        manifest.next_segment = self.next_segment;
        let replaced = |stated: &ManifestSegment| old.iter().any(|segment| segment.id() == stated.id);
        let place = manifest.segments.iter().position(replaced).unwrap_or(manifest.segments.len());
        let stated = ManifestSegment {
            id: number,
            bytes: merged.bytes(),
            rows: merged.rows as u64,
            trailer: merged.trailer_checksum,
            live: None,
        };
        manifest.segments.insert(place, stated);
        manifest.segments.retain(|stated| !replaced(stated));
        self.replace_manifest(&manifest)?;
        Ok(merged)
    }
}
