//! A probe's further fingers: screened against those alone whom its first fingers have not ruled out.
//!
//! # Problem
//! Ten fingers are ten screens of everybody, though three of them tell mates from nine in ten strangers without losing one (of 2,156
//! pairs of mates; `cargo bench --bench decision -- screen`).
//!
//! # Method
//! The fingers that most references have come first, of those the ones with the most minutiae. A tenth of the references goes on, or five times what is to
//! survive if that is more, and whoever has none of these fingers; how rare the scores of the further fingers are among all references is
//! found on a sample.

use super::{
    FingerMatching, Search, SearchError,
    screening::{ProbeFingers, SearchDepth, Summed},
};
use crate::{
    fingerprint::screen::{DAMAGED, Evidence, ScoreCounts, Screen, ScreenColumn, ScreenProbe},
    gallery::Place,
    template::FingerPosition,
};
use std::cmp::Reverse;

/// Fingers that are screened against everybody.
const FIRST: usize = 3;
/// The least share of the references that meets the others, and how many times the share that is to survive.
const GOES_ON: (f64, f64) = (0.1, 5.0);
/// References on which the rarity of a further finger's scores is found.
const SAMPLE: usize = 512;

/// How many have to go on from the first fingers, so that `depth` survive all: who has no other finger needs what the depth says of these.
pub(super) fn goes_on(SearchDepth { depth, share, least }: SearchDepth) -> SearchDepth {
    let share = (GOES_ON.1 * depth.share(FIRST + 1)).max(GOES_ON.0).max(share);
    SearchDepth { depth, share, least: (GOES_ON.1 as usize).saturating_mul(least) }
}

/// Whom the first fingers leave, by the number of fingers that they have in common with the probe.
pub(super) struct Left {
    pub rows: Vec<Summed>,
    /// How many rows there were before.
    pub counts: Vec<u64>,
}

impl Search<'_> {
    /// A probe's fingers: those that come first, and the others.
    pub(super) fn split(&self, fingers: &ProbeFingers, matching: FingerMatching) -> (ProbeFingers, ProbeFingers) {
        let mut first = fingers.clone();
        if first.len() <= FIRST {
            return (first, Vec::new());
        }
        let columns = || self.references.segments.iter().flat_map(|of| of.finger_columns());
        let references = |position: FingerPosition| -> usize {
            columns().filter(|of| matching.compares(position, of.position())).map(|of| of.rows().len()).sum()
        };
        let most = first.iter().map(|(position, _)| references(*position)).max().unwrap_or(0).max(1);
        // To an eighth: that some lack a finger does not make another one better.
        first.sort_by_key(|(position, code)| {
            (Reverse(references(*position) * 8 / most), Reverse(code.minutiae()), *position)
        });
        let later = first.split_off(FIRST);
        (first, later)
    }

    /// The rows with the most evidence of all fingers; adds how many scores that took to `compared`.
    pub(super) fn meet_later_fingers(
        &self,
        left: Left,
        later: &ProbeFingers,
        matching: FingerMatching,
        (depth, sample): (SearchDepth, &[Place]),
        compared: &mut u64,
    ) -> Result<Vec<Place>, SearchError> {
        // By the number of first fingers in common, and of all.
        let left_of = |common: usize| left.rows.iter().filter(|row| row.common == common).count() as f64;
        let lefts: Vec<f64> = (0..left.counts.len()).map(left_of).collect();
        let mut rows: Vec<(usize, Summed)> = left.rows.into_iter().map(|row| (row.common, row)).collect();
        for (position, code) in later {
            let probe = ScreenProbe::new(code);
            let score = |place: Place| self.screen_one(&probe, *position, place, matching);
            let mut counts = ScoreCounts::default();
            for &place in sample {
                counts.add(score(place)?.as_slice());
            }
            let evidence = counts.evidence();
            for (_, row) in &mut rows {
                if let Some(score) = score(row.place)? {
                    row.common += 1;
                    row.sum = Evidence::sum([row.sum, evidence.of(score)]);
                    *compared += 1;
                }
            }
        }
        let mut survivors = Vec::new();
        rows.sort_unstable_by_key(|(first, row)| (*first, row.common, Reverse(row.sum), row.place));
        rows.retain(|(_, row)| row.common > 0);
        for alike in rows.chunk_by(|(a, x), (b, y)| (a, x.common) == (b, y.common)) {
            let (first, common) = (alike[0].0, alike[0].1.common);
            let before = left.counts[first] as f64 * alike.len() as f64 / lefts[first].max(1.0);
            let wanted = depth.depth.survivors(common, before.ceil() as u64).max(depth.least as u64) as usize;
            let least = alike.get(wanted.max(1) - 1).map_or(0, |(_, row)| row.sum);
            survivors.extend(alike.iter().take_while(|(_, row)| row.sum >= least).map(|(_, row)| row.place));
        }
        survivors.sort_unstable();
        Ok(survivors)
    }

    /// The best score of a finger with those of one row that it may be, if there is any.
    fn screen_one(
        &self,
        probe: &ScreenProbe,
        position: FingerPosition,
        place: Place,
        matching: FingerMatching,
    ) -> Result<Option<u16>, SearchError> {
        let (of, row) = self.references.at(place);
        let mut best = None;
        for column in of.finger_columns().iter().filter(|column| matching.compares(position, column.position())) {
            for entry in column.entries(row..row + 1) {
                let mut score = [DAMAGED];
                if let Some(code) = column.codes(entry..entry + 1)? {
                    let code = ScreenColumn::new(code)?;
                    Screen::new(self.level).scan(std::slice::from_ref(probe), &code, 0..1, &mut score);
                }
                best = best.max(Some(score[0]));
            }
        }
        Ok(best)
    }

    /// Rows spread over those that are kept.
    pub(super) fn sampled(&self, kept: &[Option<Vec<u64>>]) -> Vec<Place> {
        let places = self.places(kept);
        let step = places.len().div_ceil(SAMPLE).max(1);
        places.into_iter().step_by(step).collect()
    }
}
