//! Every pair of registrations whose fingers are worth comparing in full, block by block.
//!
//! # Method
//! The registrations of one side are taken in blocks of [`BLOCK`] as probes and held against all of the other side, or within one gallery
//! against those that come later, so that each pair is scored once. What each probe lets survive is the [cascade](super::finger_cascade)'s
//! business, whose thresholds are found from a sample of the other side spread evenly over it, so that no scores are kept: memory does not grow
//! with the gallery. Which pairs survive depends on the registrations and their order, not on threads or segments.
//!
//! # Cost
//! A sketch comparison for each finger and pair of registrations, and the screen of some per cent of them; the sample adds [`SAMPLE`] for each
//! registration. The sketches of a run of references are made once for a block.

use super::{
    Depth, FingerMatching, Search, SearchError,
    finger_cascade::{CascadeProbe, Scratch},
    finger_rows::FingerRows,
    references::is_kept,
    screening::ProbeFingers,
};
use crate::{
    fingerprint::screen::{ScreenCode, sketch::SAMPLE},
    gallery::Place,
};
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
    pub probes: &'s Search<'a>,
    pub references: &'s Search<'a>,
    /// Whether both are one gallery.
    pub within: bool,
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
pub(super) struct Side {
    /// The rows that live, by segment.
    pub live: Vec<Option<Vec<u64>>>,
    /// How many live and have fingers.
    count: u64,
    /// Some of them.
    sample: Vec<Place>,
    sampled: FingerRows<'static>,
}

impl Side {
    pub fn new(search: &Search<'_>) -> Result<Self, SearchError> {
        let live: Vec<Option<Vec<u64>>> =
            search.references.segments.iter().map(|of| of.segment.live().map(<[u64]>::to_vec)).collect();
        let rows = || {
            search.references.segments.iter().enumerate().flat_map(|(s, of)| {
                let live = live[s].as_deref();
                let rows = (0..of.segment.len()).filter(move |&row| is_kept(live, row) && of.has_fingers(row));
                rows.map(move |row| Place { segment: s, row: row as u32 })
            })
        };
        let count = rows().count() as u64;
        let most = SAMPLE as u64;
        let taken = |n: &u64| n * most / count.max(1) != (n + 1) * most / count.max(1);
        let sample: Vec<Place> =
            rows().zip(0..).filter(|(_, n)| count <= most || taken(n)).map(|(place, _)| place).collect();
        let sampled = FingerRows::of_places(search, &sample)?;
        Ok(Side { live, count, sample, sampled })
    }
}

/// What a block took.
#[derive(Default)]
pub(super) struct BlockWork {
    pub comparisons: u64,
    pub bytes_read: u64,
}

impl<'s, 'a> FingerPass<'s, 'a> {
    /// The blocks: runs of rows of the probes' segments.
    pub fn blocks(&self) -> Vec<(usize, Range<usize>)> {
        runs(self.probes, BLOCK).collect()
    }

    /// The probes of a block.
    fn probes_of(&self, live: &Side, (segment, rows): &(usize, Range<usize>)) -> Vec<Place> {
        let of = &self.probes.references.segments[*segment];
        let wanted = |&row: &usize| {
            is_kept(live.live[*segment].as_deref(), row)
                && of.has_fingers(row)
                && !(self.only_faceless && self.has_face(self.probes, *segment, row))
        };
        rows.clone().filter(wanted).map(|row| Place { segment: *segment, row: row as u32 }).collect()
    }

    fn has_face(&self, of: &Search<'_>, segment: usize, row: usize) -> bool {
        let face = of.references.segments[segment].face.as_ref();
        self.with_faces && face.is_some_and(|face| face.faces.of_row(row).is_some())
    }

    /// Screens a block and hands each surviving pair, probe first, to `each`; returns what it took.
    pub fn run<B, T: Send>(
        &self,
        sides: [&Side; 2],
        block: &(usize, Range<usize>),
        bench: impl Fn() -> B + Sync,
        each: impl Fn(&mut B, Place, Place) -> Result<Option<T>, SearchError> + Sync,
    ) -> Result<(Vec<T>, BlockWork), SearchError> {
        let places = self.probes_of(sides[0], block);
        if places.is_empty() {
            return Ok((Vec::new(), BlockWork::default()));
        }
        let level = self.references.level;
        let probes = (places.par_iter())
            .map_init(
                || Scratch::new(level),
                |scratch, &place| {
                    let itself = sides[1].sample.iter().position(|&other| self.within && other == place);
                    let sample = (&sides[1].sampled, itself);
                    let fingers = self.codes_of(place)?;
                    CascadeProbe::new(&fingers, sample, sides[1].count, self.matching, self.depth, scratch)
                },
            )
            .collect::<Result<Vec<_>, SearchError>>()?;
        let first = if self.within && !self.only_faceless { (block.0, block.1.start) } else { (0, 0) };
        let tasks: Vec<(usize, Range<usize>)> = runs(self.references, ROWS)
            .filter(|(segment, rows)| (*segment, rows.end) > first)
            .map(|(segment, rows)| {
                let start = if segment == first.0 { rows.start.max(first.1) } else { rows.start };
                (segment, start..rows.end)
            })
            .collect();
        let found = tasks
            .into_par_iter()
            .map_init(
                || (bench(), Scratch::new(level), Vec::new()),
                |(bench, scratch, survivors), (segment, rows)| {
                    if self.stop.is_some_and(|stop| stop.load(Relaxed)) {
                        return Err(SearchError::Stopped);
                    }
                    let of = &self.references.references.segments[segment];
                    let sketched = FingerRows::of_run(of, &rows, sides[1].live[segment].as_deref())?;
                    let mut work = BlockWork { comparisons: 0, bytes_read: sketched.bytes() };
                    let mut found = Vec::new();
                    let other = |row: usize| Place { segment, row: (rows.start + row) as u32 };
                    for (&place, probe) in places.iter().zip(&probes) {
                        let wanted = |row: usize| self.is_wanted(place, other(row));
                        work.comparisons += probe.survivors(&sketched, self.matching, wanted, scratch, survivors)?;
                        for &row in survivors.iter() {
                            found.extend(each(bench, place, other(row))?);
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

    /// Whether a pair is not the other's mirror image, nor a registration with itself.
    fn is_wanted(&self, probe: Place, reference: Place) -> bool {
        if !self.within {
            return true;
        }
        let is_probe_too =
            !self.only_faceless || !self.has_face(self.references, reference.segment, reference.row as usize);
        reference != probe && (reference > probe || !is_probe_too)
    }

    fn codes_of(&self, place: Place) -> Result<ProbeFingers, SearchError> {
        let (of, row) = self.probes.references.at(place);
        let mut fingers = Vec::new();
        of.fingers_of(row, |_| true, &mut fingers)?;
        fingers.iter().map(|finger| finger.view().map(|view| (view.position, ScreenCode::of(view.prepared)))).collect()
    }
}

/// The rows of all segments, some at a time.
fn runs(search: &Search<'_>, rows: usize) -> impl Iterator<Item = (usize, Range<usize>)> {
    search.references.segments.iter().enumerate().flat_map(move |(s, of)| {
        let len = of.segment.len();
        (0..len).step_by(rows).map(move |from| (s, from..len.min(from + rows)))
    })
}
