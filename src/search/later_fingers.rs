//! A probe's further fingers: screened against those alone whom its first fingers have not ruled out.
//!
//! # Problem
//! Ten fingers are ten screens of everybody, though three of them tell mates from nine in ten strangers without losing one (of 2,156
//! pairs of mates; `cargo bench --bench decision -- screen`).
//!
//! # Method
//! The fingers that most references have come first, of those the ones with the most minutiae. A tenth of the references goes on, or five times what is to
//! survive if that is more, and whoever has none of these fingers; how rare the scores of the further fingers are among all references is
//! found on a [sample](super::sample).

use super::{
    FingerMatching, Search, SearchError,
    sample::Hashed,
    screening::{ProbeFingers, SearchDepth},
};
use crate::{
    fingerprint::screen::{DAMAGED, Evidence, ScoreCounts, Screen, ScreenColumn, ScreenProbe},
    gallery::Place,
    template::FingerPosition,
};
use std::{cmp::Reverse, collections::BTreeMap};

/// Fingers that are screened against everybody.
pub(super) const FIRST: usize = 3;
/// The least share of the references that meets the others, and how many times the share that is to survive.
const GOES_ON: (f64, f64) = (0.1, 5.0);
/// References on which the rarity of a further finger's scores is found.
pub(super) const SAMPLE: usize = 512;

/// How many have to go on from the first fingers, so that `depth` survive all: who has no other finger needs what the depth says of these.
pub(super) fn goes_on(SearchDepth { depth, share, least }: SearchDepth) -> SearchDepth {
    let share = (GOES_ON.1 * depth.share(FIRST + 1)).max(GOES_ON.0).max(share);
    SearchDepth { depth, share, least: (GOES_ON.1 as usize).saturating_mul(least) }
}

/// A row, how many fingers it has in common with the probe, of the first ones and of all so far, and their evidence.
pub(super) struct Summed {
    pub place: Place,
    pub first: usize,
    pub common: usize,
    pub sum: u16,
}

/// Numbers of fingers in common: of the first ones, of all.
pub(super) type Common = (usize, usize);

/// The rows that the first fingers left, after all fingers.
pub(super) struct Met {
    rows: Vec<Summed>,
    /// How many scores that took.
    pub compared: u64,
}

impl Met {
    /// How many rows have which evidence, by the fingers that they have in common with the probe.
    pub fn counts(&self) -> BTreeMap<Common, ScoreCounts> {
        let mut counts: BTreeMap<Common, ScoreCounts> = BTreeMap::new();
        for row in &self.rows {
            counts.entry((row.first, row.common)).or_default().add(&[row.sum]);
        }
        counts
    }

    /// The evidence that it takes to survive: of those who have as many fingers in common, as many as the depth says of all who would have,
    /// had nobody been ruled out by the first fingers. `sums` counted everybody by these.
    pub fn thresholds(
        counts: &BTreeMap<Common, ScoreCounts>,
        sums: &[ScoreCounts],
        depth: SearchDepth,
    ) -> BTreeMap<Common, u16> {
        let left = |first: usize| -> u64 {
            counts.iter().filter(|(common, _)| common.0 == first).map(|(_, counts)| counts.total()).sum()
        };
        let threshold = |(&(first, common), alike): (&Common, &ScoreCounts)| {
            let before = sums.get(first).map_or(0, ScoreCounts::total) as f64 * alike.total() as f64;
            let before = (before / left(first).max(1) as f64).ceil() as u64;
            let wanted = depth.depth.survivors(common, before).max(depth.least as u64);
            ((first, common), alike.threshold(wanted.max(1)))
        };
        counts.iter().map(threshold).collect()
    }

    /// The rows that reach the thresholds and have a finger in common, in the order of places.
    pub fn survivors(&self, thresholds: &BTreeMap<Common, u16>) -> Vec<Place> {
        let least = |row: &Summed| thresholds.get(&(row.first, row.common)).copied().unwrap_or(0);
        let survives = |row: &&Summed| row.common > 0 && row.sum >= least(row);
        let mut places: Vec<Place> = self.rows.iter().filter(survives).map(|row| row.place).collect();
        places.sort_unstable();
        places
    }
}

/// A probe's fingers: those that come first, and the others. `references` is how many fingers the gallery has at each position.
pub(super) fn split(
    fingers: &ProbeFingers,
    references: &[u64; FingerPosition::COUNT],
    matching: FingerMatching,
) -> (ProbeFingers, ProbeFingers) {
    let mut first = fingers.clone();
    if first.len() <= FIRST {
        return (first, Vec::new());
    }
    let references = |position: FingerPosition| -> u64 {
        let compared = FingerPosition::all().zip(references).filter(|(of, _)| matching.compares(position, *of));
        compared.map(|(_, count)| count).sum()
    };
    let most = first.iter().map(|(position, _)| references(*position)).max().unwrap_or(0).max(1);
    // To an eighth: that some lack a finger does not make another one better.
    first.sort_by_key(|(position, code)| {
        (Reverse(references(*position) * 8 / most), Reverse(code.minutiae()), *position)
    });
    let later = first.split_off(FIRST);
    (first, later)
}

impl Search<'_> {
    /// The references on which the rarity of further fingers' scores is found, of those that are kept and not beyond `up_to`.
    pub(super) fn later_sample(&self, kept: &[Option<Vec<u64>>], up_to: u64) -> Result<Vec<Hashed>, SearchError> {
        self.sampled(kept, SAMPLE, up_to, |_, _| true)
    }

    /// How many of the sample have which score, for each further finger of a probe.
    pub(super) fn later_counts(
        &self,
        later: &ProbeFingers,
        sample: &[Hashed],
        matching: FingerMatching,
    ) -> Result<Vec<ScoreCounts>, SearchError> {
        let of_finger = |(position, code): &(FingerPosition, _)| {
            let probe = ScreenProbe::new(code);
            let mut counts = ScoreCounts::default();
            for hashed in sample {
                counts.add(self.screen_one(&probe, *position, hashed.place, matching)?.as_slice());
            }
            Ok(counts)
        };
        later.iter().map(of_finger).collect()
    }

    /// Holds a probe's further fingers against whom the first ones leave. `rarity` is what [`Search::later_counts`] says of all references.
    pub(super) fn meet_later_fingers(
        &self,
        mut rows: Vec<Summed>,
        later: &ProbeFingers,
        rarity: &[ScoreCounts],
        matching: FingerMatching,
    ) -> Result<Met, SearchError> {
        let mut compared = 0;
        for ((position, code), counts) in later.iter().zip(rarity) {
            let probe = ScreenProbe::new(code);
            let evidence = counts.evidence();
            for row in &mut rows {
                if let Some(score) = self.screen_one(&probe, *position, row.place, matching)? {
                    row.common += 1;
                    row.sum = Evidence::sum([row.sum, evidence.of(score)]);
                    compared += 1;
                }
            }
        }
        Ok(Met { rows, compared })
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
            for entry in column.of_row(row) {
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
}
