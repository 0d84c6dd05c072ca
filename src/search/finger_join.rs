//! Every pair of registrations whose fingers are worth comparing in full, block by block.
//!
//! # Method
//! The registrations of one side are taken in blocks of [`BLOCK`] as probes and screened against all of the other side, or within one gallery
//! against those that come later, so that each pair is scored once. Fingers of a registration add up before it is decided who
//! survives, as in a search ([`screening`](super::screening)). How rare a score is, and which sum the share of the [`Depth`] reaches, is found from a
//! sample of the other side spread evenly over it, so that no scores are kept: memory does not grow with the gallery. Which pairs survive
//! depends on the registrations and their order, not on threads or segments.
//!
//! # Cost
//! A screen comparison for each finger and pair of registrations; the sample adds [`SAMPLE`] for each registration.

use super::{
    Depth, FingerMatching, Search, SearchError,
    references::is_kept,
    screening::{Batch, ProbeFingers, Scored, score},
};
use crate::{
    fingerprint::screen::{Evidence, ScoreCounts, Screen, ScreenCode},
    gallery::Place,
};
use rayon::prelude::*;
use std::{
    ops::Range,
    sync::atomic::{AtomicBool, Ordering::Relaxed},
};

/// Registrations that are probes together.
pub(super) const BLOCK: usize = 64;
/// Registrations from which thresholds are found.
const SAMPLE: u64 = 2048;
/// Rows that one task takes at a time.
const ROWS: usize = 512;

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
    /// How many live.
    count: u64,
    /// Some of them.
    sample: Vec<Place>,
}

impl Side {
    pub fn new(search: &Search<'_>) -> Self {
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
        let taken = |n: &u64| n * SAMPLE / count.max(1) != (n + 1) * SAMPLE / count.max(1);
        let sample = rows().zip(0..).filter(|(_, n)| count <= SAMPLE || taken(n)).map(|(place, _)| place).collect();
        Side { live, count, sample }
    }
}

/// A probe's threshold, and what the scores of its fingers say.
struct Reach {
    fingers: Vec<(usize, Evidence)>,
    threshold: u16,
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
        let codes = places.par_iter().map(|&place| self.codes_of(place)).collect::<Result<Vec<_>, _>>()?;
        let batch = Batch::new(&codes);
        let reaches = self.reaches(&batch, &places, sides[1])?;
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
            .map_init(&bench, |bench, (segment, rows)| {
                let mut work = BlockWork::default();
                let mut found = Vec::new();
                if self.stop.is_some_and(|stop| stop.load(Relaxed)) {
                    return Err(SearchError::Stopped);
                }
                let scored = self.score(&batch, segment, rows.clone(), sides[1], &mut work)?;
                for (place, reach) in places.iter().zip(&reaches) {
                    for row in 0..rows.len() {
                        let Some(sum) = sum(reach, &scored, row) else { continue };
                        let other = Place { segment, row: (rows.start + row) as u32 };
                        if sum >= reach.threshold && self.is_wanted(*place, other) {
                            found.extend(each(bench, *place, other)?);
                        }
                    }
                }
                Ok((found, work))
            })
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

    fn score(
        &self,
        batch: &Batch,
        segment: usize,
        rows: Range<usize>,
        side: &Side,
        work: &mut BlockWork,
    ) -> Result<Scored, SearchError> {
        let of = &self.references.references.segments[segment];
        let kept = side.live[segment].as_deref();
        let scored = score(of, rows, batch, self.matching, Screen::new(self.references.level), kept)?;
        work.comparisons += scored.comparisons;
        work.bytes_read += scored.bytes_read;
        Ok(scored)
    }

    /// What the sample says of each probe.
    fn reaches(&self, batch: &Batch, places: &[Place], side: &Side) -> Result<Vec<Reach>, SearchError> {
        let sampled = side
            .sample
            .par_iter()
            .map(|place| {
                let row = place.row as usize;
                self.score(batch, place.segment, row..row + 1, side, &mut BlockWork::default())
            })
            .collect::<Result<Vec<_>, _>>()?;
        let evidence = |finger: usize| {
            let mut counts = ScoreCounts::default();
            let present = sampled.iter().filter_map(|scored| scored.of(finger, 0)).collect::<Vec<_>>();
            counts.add(&present);
            counts.evidence()
        };
        Ok((0..places.len())
            .into_par_iter()
            .map(|probe| {
                let mut reach = Reach {
                    fingers: batch.fingers_of(probe).map(|finger| (finger, evidence(finger))).collect(),
                    threshold: 0,
                };
                let is_itself = |other: &Place| self.within && *other == places[probe];
                let others = side.sample.iter().zip(&sampled).filter(|(place, _)| !is_itself(place));
                let mut sums: Vec<u16> = others.filter_map(|(_, scored)| sum(&reach, scored, 0)).collect();
                let wanted = self.depth.survivors(side.count) as f64 / side.count.max(1) as f64 * sums.len() as f64;
                let wanted = (wanted.ceil() as usize).max(1);
                if wanted < sums.len() {
                    sums.sort_unstable_by(|a, b| b.cmp(a));
                    reach.threshold = sums[wanted - 1];
                }
                reach
            })
            .collect())
    }
}

/// The evidence of a row for a probe, or `None` if it has none of the fingers.
fn sum(reach: &Reach, scored: &Scored, row: usize) -> Option<u16> {
    let score = |(finger, evidence): &(usize, Evidence)| scored.of(*finger, row).map(|score| evidence.of(score));
    let fingers = &reach.fingers;
    fingers
        .iter()
        .any(|(finger, _)| scored.of(*finger, row).is_some())
        .then(|| Evidence::sum(fingers.iter().map(score)))
}

/// The rows of all segments, some at a time.
fn runs(search: &Search<'_>, rows: usize) -> impl Iterator<Item = (usize, Range<usize>)> {
    search.references.segments.iter().enumerate().flat_map(move |(s, of)| {
        let len = of.segment.len();
        (0..len).step_by(rows).map(move |from| (s, from..len.min(from + rows)))
    })
}
