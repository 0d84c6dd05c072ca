//! Every pair of registrations whose fingers are worth comparing in full, block by block.
//!
//! # Method
//! The registrations of one side are taken in blocks of [`BLOCK`] as probes and held against all of the other side, or within one gallery
//! against those that come later in the order of their names' hashes, so that each pair is scored once, and which of the two is the probe depends on
//! their names alone. What each probe lets survive is the [cascade](super::finger_cascade)'s business, whose thresholds are found from a
//! [sample](super::sample) of the other side, so that no scores are kept: memory does not grow with the gallery, but for the order, 24 bytes a
//! registration. Which pairs survive depends on the registrations, not on threads, segments or shards.
//!
//! # Cost
//! A sketch comparison for each finger and pair of registrations, and the screen of some per cent of them; the sample adds its size for each
//! registration. The sketches of a run of references are made once for a block.

use super::{
    Depth, FingerMatching, Search, SearchError,
    finger_cascade::{CascadeProbe, Scratch},
    finger_rows::FingerRows,
    references::is_kept,
    sample::{FingerSample, Hashed},
    screening::ProbeFingers,
};
use crate::{fingerprint::screen::ScreenCode, gallery::Place};
use rayon::prelude::*;
use std::{
    ops::Range,
    sync::atomic::{AtomicBool, Ordering::Relaxed},
};

/// Registrations that are probes together: their tables, some 40 KB a finger, fit the last cache.
pub(super) const BLOCK: usize = 256;
/// Rows that one task takes at a time: their sketches fit the second cache.
const ROWS: usize = 256;

/// Which fingers are screened against which.
#[derive(Clone, Copy)]
pub(super) struct FingerPass<'s, 'a> {
    pub probes: &'s Side<'s, 'a>,
    pub references: &'s Side<'s, 'a>,
    /// Whether both are one gallery.
    pub within: bool,
    /// Whether both are one gallery or shards of one: each pair is looked at from one side only.
    pub is_one: bool,
    /// Whether the probes are the run's right side.
    pub turned: bool,
    /// Probes are only those whose portrait could not have found them.
    pub only_faceless: bool,
    /// Whether portraits are used at all.
    pub with_faces: bool,
    pub matching: FingerMatching,
    pub depth: Depth,
    pub stop: Option<&'s AtomicBool>,
}

/// What one side of a join keeps for all blocks.
pub(super) struct Side<'s, 'a> {
    pub search: &'s Search<'a>,
    /// The registrations that live and have fingers, by their hashes.
    pub order: Vec<Hashed>,
    sample: &'s FingerSample,
    sampled: FingerRows<'s>,
}

impl<'s, 'a> Side<'s, 'a> {
    /// A side whose thresholds are those of `sample`.
    pub fn new(search: &'s Search<'a>, sample: &'s FingerSample) -> Result<Self, SearchError> {
        let mut order = Vec::new();
        for (segment, of) in search.references.segments.iter().enumerate() {
            let live = of.segment.live();
            let rows: Vec<(u64, u32)> = of.segment.rows_by_hash()?.collect();
            let wanted = |&(_, row): &(u64, u32)| is_kept(live, row as usize) && of.has_fingers(row as usize);
            let rows = rows.into_par_iter().filter(wanted);
            order.par_extend(rows.map(|(hash, row)| Hashed { hash, place: Place { segment, row } }));
        }
        order.par_sort();
        Ok(Side { search, order, sample, sampled: FingerRows::of_sample(search.level, sample)? })
    }

    fn has_face(&self, place: Place) -> bool {
        let face = self.search.references.segments[place.segment].face.as_ref();
        face.is_some_and(|face| face.faces.of_row(place.row as usize).is_some())
    }
}

/// What a block took.
#[derive(Default)]
pub(super) struct BlockWork {
    pub comparisons: u64,
    pub bytes_read: u64,
}

impl FingerPass<'_, '_> {
    /// The blocks: runs of the probes in their order.
    pub fn blocks(&self) -> Vec<Range<usize>> {
        runs(0..self.probes.order.len(), BLOCK).collect()
    }

    /// Screens a block and hands each surviving pair, probe first, to `each`; returns what it took.
    pub fn run<B, T: Send>(
        &self,
        block: &Range<usize>,
        bench: impl Fn() -> B + Sync,
        each: impl Fn(&mut B, Place, Place) -> Result<Option<T>, SearchError> + Sync,
    ) -> Result<(Vec<T>, BlockWork), SearchError> {
        let FingerPass { probes, references, matching, .. } = *self;
        let taken = probes.order[block.clone()].iter().copied().filter(|probe| self.is_probe(probes, probe));
        let block: Vec<Hashed> = taken.collect();
        let Some(first) = block.first() else { return Ok((Vec::new(), BlockWork::default())) };
        let level = references.search.level;
        let cascades = (block.par_iter())
            .map_init(
                || Scratch::new(level),
                |scratch, probe| {
                    let is_itself = |member: &super::sample::SampledFingers| self.is_one && member.hash == probe.hash;
                    let itself = references.sample.members.iter().position(is_itself);
                    let sample = (&references.sampled, itself);
                    let fingers = self.codes_of(probe.place)?;
                    Ok(CascadeProbe::new(&fingers, sample, references.sample.count, matching, self.depth, scratch))
                },
            )
            .collect::<Result<Vec<_>, SearchError>>()?;
        let meets_all = !self.is_one || self.only_faceless;
        let from = if meets_all { 0 } else { references.order.partition_point(|other| other.hash < first.hash) };
        let tasks: Vec<Range<usize>> = runs(from..references.order.len(), ROWS).collect();
        let found = tasks
            .into_par_iter()
            .map_init(
                || (bench(), Scratch::new(level), Vec::new()),
                |(bench, scratch, survivors), rows| {
                    if self.stop.is_some_and(|stop| stop.load(Relaxed)) {
                        return Err(SearchError::Stopped);
                    }
                    let others = &references.order[rows];
                    let sketched = FingerRows::of(references.search, others)?;
                    let mut work = BlockWork { comparisons: 0, bytes_read: sketched.bytes() };
                    let mut found = Vec::new();
                    for (probe, cascade) in block.iter().zip(&cascades) {
                        let wanted = |row: usize| self.is_wanted(probe, &others[row]);
                        work.comparisons += cascade.survivors(&sketched, matching, wanted, scratch, survivors);
                        for &row in survivors.iter() {
                            found.extend(each(bench, probe.place, others[row].place)?);
                        }
                    }
                    Ok((found, work))
                },
            )
            .collect::<Result<Vec<_>, SearchError>>()?;
        let mut work = BlockWork::default();
        let mut all = Vec::new();
        for (found, of_task) in found {
            all.extend(found);
            work.comparisons += of_task.comparisons;
            work.bytes_read += of_task.bytes_read;
        }
        Ok((all, work))
    }

    fn is_probe(&self, side: &Side<'_, '_>, of: &Hashed) -> bool {
        !(self.only_faceless && self.with_faces && side.has_face(of.place))
    }

    /// Whether a pair is not the other's mirror image, nor a registration with itself. Of two names with one hash each is held against the other.
    fn is_wanted(&self, probe: &Hashed, reference: &Hashed) -> bool {
        let is_itself = self.within && probe.place == reference.place;
        !is_itself && (!self.is_one || reference.hash >= probe.hash || !self.is_probe(self.references, reference))
    }

    fn codes_of(&self, place: Place) -> Result<ProbeFingers, SearchError> {
        let (of, row) = self.probes.search.references.at(place);
        let mut fingers = Vec::new();
        of.fingers_of(row, |_| true, &mut fingers)?;
        fingers.iter().map(|finger| finger.view().map(|view| (view.position, ScreenCode::of(view.prepared)))).collect()
    }
}

/// A range, so many at a time.
fn runs(all: Range<usize>, length: usize) -> impl Iterator<Item = Range<usize>> {
    all.clone().step_by(length).map(move |from| from..all.end.min(from + length))
}
