//! One registration's fingers against many: sketches first, the screen on what they let through.
//!
//! # Method
//! The stages are those of [`fingerprint::screen::sketch`](crate::fingerprint::screen): how alike the most similar minutiae turn, how well
//! they agree about turn and shift, and the screen. Each finger is gated by its turns alone, leniently; from the agreement on, how rare a
//! score is among the other side's is what fingers add up, as in a search ([`screening`](super::screening)). Gates and thresholds are shares
//! of a sample of the other side, apart for those with one finger in common, with two, and so on: what survives does not depend on which
//! rows are met together.

use super::{FingerMatching, finger_rows::FingerRows, screening::ProbeFingers};
use crate::{
    fingerprint::screen::{
        DAMAGED, Depth, Evidence, ScoreCounts, Screen, ScreenProbe,
        sketch::{Asked, GROUP, Scorer, SketchProbe, gates, reached},
    },
    simd::Level,
    template::FingerPosition,
};

/// Rows of the sample that are screened whatever their sketches say: how rare a score is, is found from them.
const SCREENED: usize = 512;
/// A row has no finger that the probe's compares with, or one that stayed behind a gate.
const ABSENT: u16 = 0;
const GATED: u16 = 1;

/// A registration's fingers, and what a row has to reach.
pub(super) struct CascadeProbe {
    fingers: Vec<ProbeFinger>,
    /// By the number of fingers in common: the evidence that it takes to be screened, and to survive.
    agreed: Vec<u16>,
    screened: Vec<u16>,
    /// Whether everything survives the sketches, and the screen too.
    skips_sketches: bool,
    skips_screen: bool,
}

struct ProbeFinger {
    position: FingerPosition,
    sketch: SketchProbe,
    screen: ScreenProbe,
    /// By the number of fingers in common: what the turns have to reach.
    turns: Vec<u16>,
    agreed: Evidence,
    screened: Evidence,
}

/// What a thread needs.
pub(super) struct Scratch {
    scorer: Scorer,
    screen: Screen,
    turns: Vec<u16>,
    found: Vec<(usize, u16)>,
    /// Finger by finger, row by row.
    scores: Vec<u16>,
    /// Of each row: fingers in common.
    common: Vec<usize>,
}

impl Scratch {
    pub fn new(level: Level) -> Self {
        let (turns, found, scores, common) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        Scratch { scorer: Scorer::new(level), screen: Screen::new(level), turns, found, scores, common }
    }

    /// Which fingers each row has, and how many.
    fn look(&mut self, probe: &CascadeProbe, rows: &FingerRows<'_>, matching: FingerMatching) {
        self.common.clear();
        self.common.resize(rows.len, 0);
        self.scores.clear();
        self.scores.resize(rows.len * probe.fingers.len(), ABSENT);
        for (finger, scores) in probe.fingers.iter().zip(self.scores.chunks_mut(rows.len.max(1))) {
            for column in rows.columns.iter().filter(|column| matching.compares(finger.position, column.position)) {
                column.rows.iter().for_each(|&row| scores[row as usize] = GATED);
            }
            self.common.iter_mut().zip(scores).for_each(|(common, score)| *common += usize::from(*score != ABSENT));
        }
    }

    /// The agreements of a finger with the rows whose turns pass its gates.
    fn agreements(&mut self, probe: &CascadeProbe, f: usize, rows: &FingerRows<'_>, matching: FingerMatching) {
        let finger = &probe.fingers[f];
        let scores = &mut self.scores[f * rows.len..][..rows.len];
        let gate_of = |row: usize| finger.turns[self.common[row]];
        let least = (0..rows.len).filter(|&row| scores[row] != ABSENT).map(gate_of).min().unwrap_or(0);
        for column in rows.columns.iter().filter(|column| matching.compares(finger.position, column.position)) {
            for (group, rows) in column.sketches.groups().iter().zip(column.rows.chunks(GROUP)) {
                self.turns.clear();
                self.found.clear();
                let asked = Asked { gate: least, ..Asked::default() };
                self.scorer.score(&finger.sketch, group, asked, Some(&mut self.turns), &mut self.found);
                for &(k, agreement) in &self.found {
                    let row = rows[k] as usize;
                    if self.turns[k] >= gate_of(row) {
                        scores[row] = scores[row].max(agreement);
                    }
                }
            }
        }
    }

    /// The turns of a finger with every row that has one.
    fn turns(&mut self, finger: &ProbeFinger, rows: &FingerRows<'_>, matching: FingerMatching) -> Vec<u16> {
        let mut all = Vec::with_capacity(rows.len);
        for column in rows.columns.iter().filter(|column| matching.compares(finger.position, column.position)) {
            for group in column.sketches.groups() {
                self.found.clear();
                let asked = Asked { gate: DAMAGED, ..Asked::default() };
                self.scorer.score(&finger.sketch, group, asked, Some(&mut all), &mut self.found);
            }
        }
        all
    }

    /// The screen score of a finger with a row.
    fn screened(&self, finger: &ProbeFinger, rows: &FingerRows<'_>, row: usize, matching: FingerMatching) -> u16 {
        let mut best = ABSENT;
        for column in rows.columns.iter().filter(|column| matching.compares(finger.position, column.position)) {
            for code in column.codes_of(row as u32) {
                let mut score = [DAMAGED];
                if !code.is_empty() {
                    self.screen.scan(std::slice::from_ref(&finger.screen), &code, 0..1, &mut score);
                }
                best = best.max(score[0]).max(GATED);
            }
        }
        best
    }

    /// The evidence of all fingers that a row has by their agreements.
    fn agreed(&self, probe: &CascadeProbe, rows: &FingerRows<'_>, row: usize) -> u16 {
        let scores = probe.fingers.iter().enumerate().map(|(f, finger)| (finger, self.scores[f * rows.len + row]));
        Evidence::sum(scores.filter(|&(_, score)| score != ABSENT).map(|(finger, score)| finger.agreed.of(score)))
    }

    /// The same by the screen.
    fn survived(&self, probe: &CascadeProbe, rows: &FingerRows<'_>, row: usize, matching: FingerMatching) -> u16 {
        let scores = probe.fingers.iter().map(|finger| (finger, self.screened(finger, rows, row, matching)));
        Evidence::sum(scores.filter(|&(_, score)| score != ABSENT).map(|(finger, score)| finger.screened.of(score)))
    }
}

impl CascadeProbe {
    /// Finds gates and thresholds on a sample of the `count` rows of the other side; `itself` is the probe's place in the sample, if it is there.
    pub fn new(
        fingers: &ProbeFingers,
        (sample, itself): (&FingerRows<'_>, Option<usize>),
        count: u64,
        matching: FingerMatching,
        depth: Depth,
        scratch: &mut Scratch,
    ) -> Self {
        let none = ScoreCounts::default().evidence();
        let fingers: Vec<ProbeFinger> = (fingers.iter())
            .map(|(position, code)| ProbeFinger {
                position: *position,
                sketch: SketchProbe::new(code),
                screen: ScreenProbe::new(code),
                turns: Vec::new(),
                agreed: none.clone(),
                screened: none.clone(),
            })
            .collect();
        let most = fingers.len();
        let nothing = vec![0; most + 1];
        let mut probe = CascadeProbe {
            fingers,
            agreed: nothing.clone(),
            screened: nothing,
            skips_sketches: true,
            skips_screen: true,
        };
        // Rows by the number of fingers in common, and the share of them that is to survive.
        scratch.look(&probe, sample, matching);
        let mut sampled: Vec<Vec<usize>> = vec![Vec::new(); most + 1];
        for row in (0..sample.len).filter(|&row| Some(row) != itself) {
            sampled[scratch.common[row]].push(row);
        }
        let shares: Vec<f64> = (sampled.iter().enumerate())
            .map(|(common, rows)| {
                let all = (count as f64 * rows.len() as f64 / sample.len.max(1) as f64).round() as u64;
                if all == 0 { 1.0 } else { depth.survivors(common, all) as f64 / all as f64 }
            })
            .collect();
        let gates: Vec<(f64, f64)> = shares.iter().enumerate().map(|(common, &share)| gates(share, common)).collect();
        let met = || (1..=most).filter(|&common| !sampled[common].is_empty());
        probe.skips_screen = met().all(|common| shares[common] >= 1.0);
        probe.skips_sketches = met().all(|common| gates[common].1 >= 1.0);
        if probe.skips_screen {
            return probe;
        }
        if probe.skips_sketches {
            probe.fingers.iter_mut().for_each(|finger| finger.turns = vec![0; most + 1]);
        } else {
            for f in 0..most {
                let turns = scratch.turns(&probe.fingers[f], sample, matching);
                let gate = |&(turned, _): &(f64, f64)| reached(&mut turns.clone(), turns.len(), turned);
                probe.fingers[f].turns = gates.iter().map(gate).collect();
                scratch.agreements(&probe, f, sample, matching);
                let scores = &scratch.scores[f * sample.len..][..sample.len];
                probe.fingers[f].agreed = evidence((0..sample.len).filter(|&n| Some(n) != itself).map(|n| scores[n]));
            }
            for common in met() {
                let mut sums: Vec<u16> =
                    sampled[common].iter().map(|&row| scratch.agreed(&probe, sample, row)).collect();
                probe.agreed[common] = reached(&mut sums, sampled[common].len(), gates[common].1);
            }
        }
        let step = sample.len.div_ceil(SCREENED).max(1);
        for f in 0..most {
            let rows = (0..sample.len).step_by(step).filter(|&row| Some(row) != itself);
            let scores = rows.map(|row| scratch.screened(&probe.fingers[f], sample, row, matching));
            probe.fingers[f].screened = evidence(scores);
        }
        for common in met() {
            let mut sums = Vec::new();
            for &row in &sampled[common] {
                if scratch.agreed(&probe, sample, row) >= probe.agreed[common] {
                    sums.push(scratch.survived(&probe, sample, row, matching));
                }
            }
            probe.screened[common] = reached(&mut sums, sampled[common].len(), shares[common]);
        }
        probe
    }

    /// The rows that survive, of those that are `wanted`; returns how many comparisons it took.
    pub fn survivors(
        &self,
        rows: &FingerRows<'_>,
        matching: FingerMatching,
        wanted: impl Fn(usize) -> bool,
        scratch: &mut Scratch,
        into: &mut Vec<usize>,
    ) -> u64 {
        into.clear();
        scratch.look(self, rows, matching);
        let compared = scratch.common.iter().sum::<usize>() as u64;
        if !self.skips_sketches {
            (0..self.fingers.len()).for_each(|f| scratch.agreements(self, f, rows, matching));
        }
        for row in 0..rows.len {
            let common = scratch.common[row];
            if common == 0 || !wanted(row) {
                continue;
            }
            if !self.skips_sketches && scratch.agreed(self, rows, row) < self.agreed[common] {
                continue;
            }
            if !self.skips_screen && scratch.survived(self, rows, row, matching) < self.screened[common] {
                continue;
            }
            into.push(row);
        }
        compared
    }
}

/// What scores say, of those that are there.
fn evidence(scores: impl Iterator<Item = u16>) -> Evidence {
    let mut counts = ScoreCounts::default();
    counts.add(&scores.filter(|&score| score != ABSENT).collect::<Vec<_>>());
    counts.evidence()
}
