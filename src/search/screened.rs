//! What the screen of the fingers found for a batch of probes, and who survives by it.
//!
//! Who survives depends on the scores of the whole gallery, in two steps: how rare each score is among all references of a finger, then
//! which evidence few enough of all registrations reach. Where the gallery lies in shards, what each of them counted comes together between
//! the steps ([`shard`](super::shard)).

use super::{Depth, screening::ABSENT};
use crate::{
    fingerprint::screen::{Evidence, ScoreCounts},
    gallery::Place,
};
use rayon::prelude::*;
use std::ops::Range;

/// A run of rows of a segment, and the scores of the batch's fingers: finger by finger.
pub(super) struct Block {
    pub segment: usize,
    pub rows: Range<usize>,
    pub scores: Vec<u16>,
}

/// The screen's scores of a batch of probes: two bytes for each of their fingers and row.
#[derive(Default)]
pub(super) struct Screened {
    pub probes: usize,
    /// Whose each finger is.
    pub probe_of: Vec<usize>,
    pub blocks: Vec<Block>,
    /// Bytes of codes that were read.
    pub bytes: u64,
}

impl Screened {
    /// How many references have which score, for each finger.
    pub fn counts(&self) -> Vec<ScoreCounts> {
        let of_finger = |finger: usize| {
            let mut counts = ScoreCounts::default();
            let mut present = Vec::new();
            for block in &self.blocks {
                present.clear();
                present.extend(block.of(finger).iter().copied().filter(|&score| score != ABSENT));
                counts.add(&present);
            }
            counts
        };
        (0..self.probe_of.len()).into_par_iter().map(of_finger).collect()
    }

    /// How many registrations have which evidence, for each probe. `evidence` is what the scores of each finger say.
    pub fn sums(&self, evidence: &[Evidence]) -> Vec<ScoreCounts> {
        let of_probe = |probe: usize| {
            let fingers = self.fingers(probe, evidence);
            let mut counts = ScoreCounts::default();
            let mut sums = Vec::new();
            for block in &self.blocks {
                sums.clear();
                sums.extend((0..block.rows.len()).filter_map(|row| block.sum(&fingers, row)));
                counts.add(&sums);
            }
            counts
        };
        (0..self.probes).into_par_iter().map(of_probe).collect()
    }

    /// The rows with the most evidence, for each probe: as many of all that `sums` counted as `depth` says.
    pub fn survivors(&self, evidence: &[Evidence], sums: &[ScoreCounts], depth: Depth) -> Vec<Vec<Place>> {
        let of_probe = |probe: usize| {
            let fingers = self.fingers(probe, evidence);
            let threshold = sums[probe].threshold(depth);
            let reaching = |block: &Block| {
                let rows =
                    (0..block.rows.len()).filter(|&row| block.sum(&fingers, row).is_some_and(|s| s >= threshold));
                rows.map(|row| Place { segment: block.segment, row: (block.rows.start + row) as u32 })
                    .collect::<Vec<_>>()
            };
            self.blocks.iter().flat_map(reaching).collect()
        };
        (0..self.probes).into_par_iter().map(of_probe).collect()
    }

    fn fingers<'e>(&self, probe: usize, evidence: &'e [Evidence]) -> Vec<(usize, &'e Evidence)> {
        let of = (0..self.probe_of.len()).filter(|&finger| self.probe_of[finger] == probe);
        of.map(|finger| (finger, &evidence[finger])).collect()
    }
}

impl Block {
    fn of(&self, finger: usize) -> &[u16] {
        let count = self.rows.len();
        &self.scores[finger * count..][..count]
    }

    /// The evidence of a row, or `None` if it has none of the fingers.
    fn sum(&self, fingers: &[(usize, &Evidence)], row: usize) -> Option<u16> {
        let score = |&(finger, evidence): &(usize, &Evidence)| {
            let score = self.of(finger)[row];
            (score != ABSENT).then(|| evidence.of(score))
        };
        fingers.iter().any(|finger| score(finger).is_some()).then(|| Evidence::sum(fingers.iter().map(score)))
    }
}

/// What the scores of each finger say.
pub(super) fn evidence(counts: &[ScoreCounts]) -> Vec<Evidence> {
    counts.par_iter().map(ScoreCounts::evidence).collect()
}
