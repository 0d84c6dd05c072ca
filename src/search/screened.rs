//! What the screen of the fingers found for a batch of probes, and who survives by it.
//!
//! Who survives depends on the scores of the whole gallery, in two steps: how rare each score is among all references of a finger, then
//! which evidence few enough of all registrations reach, of those with one finger in common, with two and so on. Where the gallery lies in shards, what
//! each of them counted comes together between the steps ([`shard`](super::shard)).

use super::{
    later_fingers::Summed,
    references::is_kept,
    screening::{ABSENT, ProbeFingers, SearchDepth},
};
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

/// One probe of a batch.
pub(super) struct ScreenedProbe {
    /// Which of the batch's fingers are its own.
    pub fingers: Range<usize>,
    /// Its further fingers, which have not been scored.
    pub later: ProbeFingers,
}

/// The screen's scores of a batch of probes: two bytes for each of their fingers and row.
#[derive(Default)]
pub(super) struct Screened {
    pub probes: Vec<ScreenedProbe>,
    /// The number of each probe's fingers, as [`ScreenedProbe::fingers`] counts them, among the scores.
    pub at: Vec<usize>,
    pub blocks: Vec<Block>,
    /// Bytes of codes that were read.
    pub bytes: u64,
}

impl Screened {
    /// Whether any probe has fingers that have not been scored.
    pub fn has_later(&self) -> bool {
        self.probes.iter().any(|probe| !probe.later.is_empty())
    }

    /// How many references have which score, for each finger, probe by probe.
    pub fn counts(&self) -> Vec<ScoreCounts> {
        let of_finger = |&finger: &usize| {
            let mut counts = ScoreCounts::default();
            let mut present = Vec::new();
            for block in &self.blocks {
                present.clear();
                present.extend(block.of(finger).iter().copied().filter(|&score| score != ABSENT));
                counts.add(&present);
            }
            counts
        };
        self.at.par_iter().map(of_finger).collect()
    }

    /// How many registrations have which evidence, by the number of fingers that they have in common with a probe; those with none only if they are
    /// `kept` and meet more fingers. `evidence` is what the scores of each finger say.
    pub fn sums(&self, probe: usize, evidence: &[Evidence], kept: &[Option<Vec<u64>>]) -> Vec<ScoreCounts> {
        let fingers = self.fingers(probe, evidence);
        let mut counts = vec![ScoreCounts::default(); fingers.len() + 1];
        let mut sums = vec![Vec::new(); fingers.len() + 1];
        for block in &self.blocks {
            sums.iter_mut().for_each(Vec::clear);
            for row in 0..block.rows.len() {
                let (common, sum) = block.sum(&fingers, row);
                if common > 0 || self.stays(probe, block, row, kept) {
                    sums[common].push(sum);
                }
            }
            counts.iter_mut().zip(&sums).for_each(|(counts, sums)| counts.add(sums));
        }
        counts
    }

    /// The rows with enough evidence for the number of fingers that they have in common with a probe, and those with none that meet more fingers.
    pub fn survivors(
        &self,
        probe: usize,
        evidence: &[Evidence],
        thresholds: &[u16],
        kept: &[Option<Vec<u64>>],
    ) -> Vec<Summed> {
        let fingers = self.fingers(probe, evidence);
        let mut rows = Vec::new();
        for block in &self.blocks {
            for row in 0..block.rows.len() {
                let (common, sum) = block.sum(&fingers, row);
                let goes_on = if common > 0 { sum >= thresholds[common] } else { self.stays(probe, block, row, kept) };
                if goes_on {
                    let place = Place { segment: block.segment, row: (block.rows.start + row) as u32 };
                    rows.push(Summed { place, first: common, common, sum });
                }
            }
        }
        rows
    }

    /// Whether a row that has none of the first fingers meets more.
    fn stays(&self, probe: usize, block: &Block, row: usize, kept: &[Option<Vec<u64>>]) -> bool {
        !self.probes[probe].later.is_empty() && is_kept(kept[block.segment].as_deref(), block.rows.start + row)
    }

    fn fingers<'e>(&self, probe: usize, evidence: &'e [Evidence]) -> Vec<(usize, &'e Evidence)> {
        self.probes[probe].fingers.clone().map(|finger| (self.at[finger], &evidence[finger])).collect()
    }
}

impl Block {
    fn of(&self, finger: usize) -> &[u16] {
        let count = self.rows.len();
        &self.scores[finger * count..][..count]
    }

    /// How many fingers of a row were scored, and their evidence.
    fn sum(&self, fingers: &[(usize, &Evidence)], row: usize) -> (usize, u16) {
        let scores = fingers.iter().map(|&(finger, evidence)| (self.of(finger)[row], evidence));
        let present = scores.filter(|&(score, _)| score != ABSENT);
        present.fold((0, 0), |(common, sum), (score, evidence)| (common + 1, Evidence::sum([sum, evidence.of(score)])))
    }
}

/// What the scores of each finger say.
pub(super) fn evidence(counts: &[ScoreCounts]) -> Vec<Evidence> {
    counts.par_iter().map(ScoreCounts::evidence).collect()
}

/// The evidence that it takes to survive, given [the sums](Screened::sums) of all registrations.
pub(super) fn thresholds(sums: &[ScoreCounts], depth: SearchDepth) -> Vec<u16> {
    let threshold = |(common, counts): (usize, &ScoreCounts)| {
        let share = (depth.share * counts.total() as f64).ceil() as u64;
        counts.threshold(depth.depth.survivors(common, counts.total()).max(share).max(depth.least as u64))
    };
    sums.iter().enumerate().map(threshold).collect()
}
