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
//! goes on where it was. Readers keep what they have mapped. A damaged segment is left out of both and keeps no other from them.

use super::{
    Checking, GalleryError, ReadOptions, Segment, Writer,
    kept::kept_bytes,
    layout::{live_numbers, segment_name, segment_number},
    manifest::{Manifest, ManifestSegment},
    merge::merge,
    open::open_segment,
    segment_file::SegmentFile,
};
use std::{collections::VecDeque, sync::Arc};

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
    /// If something is staged or removed and not committed, or the system refuses; what was compacted before stays so. If a segment is
    /// damaged, which is left as it is, once all others are compacted.
    pub fn compact(&mut self) -> Result<Compacted, GalleryError> {
        self.running()?;
        if self.has_uncommitted() {
            return Err(GalleryError::Option { reason: "commit before compacting" });
        }
        // What did not merge before is looked at anew.
        (self.merge_error, self.merge_again_at) = (None, 0);
        self.unmergeable.clear();
        let mut done = Compacted::default();
        let mut damage = None;
        let mut groups = VecDeque::from(self.plan());
        while let Some(group) = groups.pop_front() {
            self.running()?;
            let of_group = |segment: &&Arc<Segment>| group.contains(&segment.id());
            let old: Vec<_> = self.base.segments.iter().filter(of_group).cloned().collect();
            let live: usize = old.iter().map(|segment| segment.live_len()).sum();
            let written = match self.replace(&old) {
                Ok(written) => written,
                Err(error) if self.leaves_out(&old, &error) => {
                    groups.push_front(group.into_iter().filter(|id| !self.unmergeable.contains(id)).collect());
                    groups.retain(|group| self.is_worth(group));
                    damage.get_or_insert(error);
                    continue;
                }
                Err(error) => return Err(error),
            };
            done.segments_read += old.len();
            done.segments_written += 1;
            done.rows_dropped += (old.iter().map(|segment| segment.len()).sum::<usize>() - live) as u64;
            done.bytes_read += old.iter().map(|segment| segment.file.bytes()).sum::<u64>();
            done.bytes_written += written.bytes();
        }
        self.sweep()?;
        // A loss of power must not bring the files back.
        let directory = &self.target.directory;
        self.target.storage.sync_directory(directory).map_err(GalleryError::io(directory, "sync"))?;
        damage.map_or(Ok(done), Err)
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
            Err(error) if self.leaves_out(&old, &error) => (Some(error), 0),
            Err(error) => (Some(error), 2 * self.base.segments.len()),
            // The damage of a segment that is left out is not over with the others' merge.
            Ok(_) => (self.merge_error.take().filter(|_| !self.unmergeable.is_empty()), 0),
        };
    }

    /// Whether an error is the damage of one of these segments, which merges leave out from then on: it must not keep the others.
    fn leaves_out(&mut self, segments: &[Arc<Segment>], error: &GalleryError) -> bool {
        let (GalleryError::Damaged { path, .. } | GalleryError::Missing { path, .. }) = error else { return false };
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        let id = segment_number(name).or_else(|| live_numbers(name).map(|(segment, _)| segment));
        let damaged = segments.iter().map(|segment| segment.id()).find(|&number| id == Some(number));
        self.stopped.is_none() && damaged.is_some_and(|number| self.unmergeable.insert(number))
    }

    /// Why small segments could not be merged, if they should have been: the disk was full after the last commit, or one of them is
    /// damaged. The commits stand nevertheless.
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
                && !self.unmergeable.contains(&segment.id())
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
            rows.max(kept_bytes(segment) as f64 / limits.merged_bytes as f64)
        };
        let shares = self.base.segments.iter().map(|segment| (share(segment), segment));
        let mut candidates: Vec<_> = shares.filter(|(share, segment)| has_removed(segment) || *share < 0.5).collect();
        // The largest first, and of equal ones in their order: the grouping does not depend on anything else.
        candidates.sort_by(|(a, _), (b, _)| b.total_cmp(a));
        let mut groups: Vec<(f64, Vec<u64>)> = Vec::new();
        for (share, segment) in candidates {
            let place = groups.iter().position(|(filled, _)| filled + share <= 1.0).unwrap_or(groups.len());
            if place == groups.len() {
                groups.push((0.0, Vec::new()));
            }
            groups[place].0 += share;
            groups[place].1.push(segment.id());
        }
        groups.into_iter().map(|(_, ids)| ids).filter(|ids| self.is_worth(ids)).collect()
    }

    /// Whether writing these segments as one gains anything.
    fn is_worth(&self, ids: &[u64]) -> bool {
        let removed = |segment: &Arc<Segment>| has_removed(segment) && ids.contains(&segment.id());
        ids.len() > 1 || self.base.segments.iter().any(removed)
    }

    /// Writes the live rows of `old` as one segment, publishes it in their place and removes their files.
    fn replace(&mut self, old: &[Arc<Segment>]) -> Result<Arc<SegmentFile>, GalleryError> {
        let number = self.next_segment;
        self.next_segment += 1;
        let inputs = old.iter().map(|segment| self.read_again(segment)).collect::<Result<Vec<_>, _>>();
        let merged = match inputs.and_then(|inputs| merge(&self.target, number, &inputs, &*self.derive)) {
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

    /// A segment of the last commit as the disk has it now, none of its blocks checked: neither what went bad since it was read, nor what
    /// the caller wants read unchecked, gets a fresh checksum. What was decrypted was found to be right then, and is in memory.
    fn read_again(&self, segment: &Arc<Segment>) -> Result<Arc<Segment>, GalleryError> {
        let manifest = &self.base.manifest;
        let stated = manifest.segments.iter().find(|stated| stated.id == segment.id());
        let Some(stated) = stated.filter(|_| self.target.key.is_none()) else { return Ok(segment.clone()) };
        let options = ReadOptions { checking: Checking::OnFirstUse, ..self.shared.options.clone() };
        open_segment(&self.target.directory, &options, manifest, stated, None, false).map(Arc::new)
    }
}

fn has_removed(segment: &Segment) -> bool {
    segment.live_len() < segment.len()
}
