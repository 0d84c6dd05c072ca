//! What a deduplication takes: rates measured on a gallery, and the sum for one of any size.
//!
//! # Problem
//! A deduplication grows with the square of the registrations. Nobody finds out whether 107 million take a week or a century by starting it.
//!
//! # Method
//! A run is four kinds of work, each with a count that follows from the number of registrations and a rate that does not depend on it:
//!
//! | work | how often | grows |
//! |---|---|---|
//! | comparing two portraits by the join | once for each pair | with the square |
//! | screening a finger against another | once for each pair and finger that both have | with the square |
//! | comparing a pair in full because of its portraits | the pairs times the rate of the candidates' cosine | with the square up to half a million, then with the registrations |
//! | comparing a pair in full because of its fingers | the pairs times the depth of the screen | with the square |
//!
//! [`Search::measure_deduplication`] runs a few blocks of a gallery and divides. [`CostModel::of`] multiplies. What grows with the registrations alone (looking at
//! each for itself, the sample of each block, reading columns once for 64 registrations) is left out: at a million it is below two per cent.
//! Memory for the columns that the screens read, if they are not to wait for the disk, and the disk grow with the registrations.
//! [`CostModel::on_nodes`] shares the pairs out to several nodes.

use super::{
    DeduplicateOptions, Modality, Search, SearchError,
    deduplicate::{FaceBlock, Run},
    judge::STRANGERS,
};
use crate::gallery::Place;
use serde::Serialize;
use std::time::{Duration, Instant};

/// Pairs of registrations that a block is cut to when it is measured.
const PAIRS: f64 = 5e7;

/// What one core does in a second, and how many pairs come through, as measured on a gallery.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct CostModel {
    /// Registrations of the gallery that was measured.
    pub measured_on: u64,
    /// Threads that it was measured with.
    pub threads: usize,
    /// Pairs of portraits that a core joins in a second; 0 if none were measured.
    pub face_pairs: f64,
    /// The share of those pairs that are compared in full.
    pub face_candidates: f64,
    /// How many strangers of a registration are compared in full because of their portraits at most, however many there are; `None` where
    /// the caller has named a cosine.
    pub face_strangers: Option<f64>,
    /// Pairs of fingers that a core screens in a second; 0 if none were measured.
    pub finger_pairs: f64,
    /// Fingers that are screened for each pair of registrations.
    pub fingers: f64,
    /// The share of pairs of registrations that survive the screen of fingers.
    pub finger_candidates: f64,
    /// Pairs of registrations that a core compares in full in a second.
    pub full_pairs: f64,
    /// Bytes of a registration that the screens read.
    pub screened_bytes: f64,
    /// Bytes of a registration on disk.
    pub bytes: f64,
}

/// What a deduplication of a given size takes.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Cost {
    /// Registrations.
    pub registrations: u64,
    /// Pairs of them.
    pub pairs: f64,
    /// Seconds of one core to join the portraits.
    pub join_seconds: f64,
    /// Seconds of one core to screen the fingers.
    pub screen_seconds: f64,
    /// Seconds of one core to compare in full what the portraits name.
    pub face_candidates_seconds: f64,
    /// Seconds of one core to compare in full what the fingers name.
    pub finger_candidates_seconds: f64,
    /// Bytes that a node should have memory for.
    pub memory: f64,
    /// Bytes on disk.
    pub disk: f64,
    /// How the pairs grow with the registrations, and with them whatever is not said to grow otherwise.
    pub pairs_grow: Growth,
    /// How what the portraits name grows, at this size.
    pub face_candidates_grow: Growth,
}

/// How a part of the cost grows with the registrations of the gallery.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Growth {
    /// Not at all.
    Constant,
    /// With their number.
    Linear,
    /// With its square.
    Quadratic,
}

/// A part of the cost.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct CostPart {
    /// Which: `join_portraits`, `screen_fingers`, `compare_by_portraits` or `compare_by_fingers`, in full because of either; `memory`, `disk`.
    pub part: &'static str,
    /// How much.
    pub amount: f64,
    /// Of what: `core_hours` or `bytes`.
    pub unit: &'static str,
    /// How it grows with the registrations, at this size.
    pub grows: Growth,
}

impl CostModel {
    /// What every pair of `registrations` takes.
    pub fn of(&self, registrations: u64) -> Cost {
        let n = registrations as f64;
        self.sum(registrations, n, n * (n - 1.0).max(0.0) / 2.0)
    }

    /// What every pair of a registration of `today` and one of `registrations` takes.
    pub fn against(&self, today: u64, registrations: u64) -> Cost {
        let cost = self.sum(registrations, registrations as f64, today as f64 * registrations as f64);
        let face_candidates_grow = match cost.face_candidates_grow {
            Growth::Quadratic => Growth::Linear,
            _ => Growth::Constant,
        };
        Cost { pairs_grow: Growth::Linear, face_candidates_grow, ..cost }
    }

    /// What `pairs` of registrations take where each is held against `n`, as when all pairs of them are compared.
    pub(super) fn sum(&self, registrations: u64, n: f64, pairs: f64) -> Cost {
        let seconds = |count: f64, rate: f64| if rate > 0.0 { count / rate } else { 0.0 };
        let strangers = self.face_strangers.map_or(f64::INFINITY, |most| most / n.max(1.0));
        let face_candidates = self.face_candidates.min(strangers);
        let is_bounded = strangers < self.face_candidates;
        Cost {
            registrations,
            pairs,
            join_seconds: seconds(pairs, self.face_pairs),
            screen_seconds: seconds(pairs * self.fingers, self.finger_pairs),
            face_candidates_seconds: seconds(pairs * face_candidates, self.full_pairs),
            finger_candidates_seconds: seconds(pairs * self.finger_candidates, self.full_pairs),
            memory: n * self.screened_bytes,
            disk: n * self.bytes,
            pairs_grow: Growth::Quadratic,
            face_candidates_grow: if is_bounded { Growth::Linear } else { Growth::Quadratic },
        }
    }
}

impl Cost {
    /// Seconds of one core, all together.
    pub fn core_seconds(&self) -> f64 {
        self.join_seconds + self.screen_seconds + self.face_candidates_seconds + self.finger_candidates_seconds
    }

    /// Each part, and how it grows.
    pub fn parts(&self) -> [CostPart; 6] {
        let pairs = self.pairs_grow;
        let hours = |part, seconds: f64, grows| CostPart { part, amount: seconds / 3600.0, unit: "core_hours", grows };
        let bytes = |part, amount| CostPart { part, amount, unit: "bytes", grows: Growth::Linear };
        [
            hours("join_portraits", self.join_seconds, pairs),
            hours("screen_fingers", self.screen_seconds, pairs),
            hours("compare_by_portraits", self.face_candidates_seconds, self.face_candidates_grow),
            hours("compare_by_fingers", self.finger_candidates_seconds, pairs),
            bytes("memory", self.memory),
            bytes("disk", self.disk),
        ]
    }

    /// Hours on `nodes` of `cores` each, as fast as those that were measured, and evenly loaded.
    pub fn hours(&self, nodes: u64, cores: u64) -> f64 {
        self.core_seconds() / 3600.0 / (nodes.max(1) * cores.max(1)) as f64
    }
}

impl Search<'_> {
    /// Runs blocks of a deduplication of this gallery for about `patience` each: the join of the portraits, the screen of the fingers, and full
    /// comparisons of what both name.
    ///
    /// # Errors
    /// As [`Search::deduplicate`].
    pub fn measure_deduplication(
        &self,
        options: &DeduplicateOptions<'_>,
        patience: Duration,
    ) -> Result<CostModel, SearchError> {
        let run = Run::new(self, None, options)?;
        let info = self.references.snapshot.info();
        let registrations = info.registrations.max(1) as f64;
        let threads = rayon::current_num_threads();
        let mut model = CostModel {
            measured_on: info.registrations,
            threads,
            face_pairs: 0.0,
            face_candidates: 0.0,
            face_strangers: options.face_candidates.is_none().then_some(STRANGERS),
            finger_pairs: 0.0,
            fingers: 0.0,
            finger_candidates: 0.0,
            full_pairs: 0.0,
            screened_bytes: self.references.screened_bytes() as f64 / registrations,
            bytes: info.bytes as f64 / registrations,
        };
        let rate = |count: f64, seconds: f64| if seconds > 0.0 { count / seconds / threads as f64 } else { 0.0 };
        let mut candidates: Vec<(Place, Place)> = Vec::new();
        if options.modality != Modality::Fingerprint {
            let FaceBlock { pairs, compared, seconds } = run.time_faces(patience)?;
            model.face_pairs = rate(compared, seconds);
            model.face_candidates = pairs.len() as f64 / compared.max(1.0);
            candidates.extend(pairs);
        }
        if options.modality != Modality::Face {
            let samples = run.samples()?;
            let sides = run.sides(&samples)?;
            for pass in run.finger_passes(&sides) {
                let (mut seconds, mut screened, mut survivors, mut pairs) = (0.0, 0.0, 0.0, 0.0);
                let others = pass.references.order.len();
                // Pairs of all registrations for each of those that have fingers.
                let beside = (info.registrations as f64 / others.max(1) as f64).powi(2);
                for block in pass.blocks() {
                    // Of a large gallery a whole block takes minutes: some of its probes do.
                    let probes = (PAIRS / others.max(1) as f64).clamp(1.0, block.len() as f64) as usize;
                    let block = block.start..block.start + probes;
                    let started = Instant::now();
                    let (found, work) = pass.run(&block, || (), |(), a, b| Ok(Some((a, b))))?;
                    seconds += started.elapsed().as_secs_f64();
                    screened += work.comparisons as f64;
                    survivors += found.len() as f64;
                    pairs += beside * block.len() as f64 * (others - block.start).max(1) as f64;
                    if candidates.len() < 100_000 {
                        candidates.extend(found);
                    }
                    if seconds > patience.as_secs_f64() {
                        break;
                    }
                }
                model.finger_pairs = rate(screened, seconds);
                model.fingers = screened / f64::max(pairs, 1.0);
                model.finger_candidates = survivors / f64::max(pairs, 1.0);
            }
        }
        // As many of both kinds as come.
        let step = candidates.len().div_ceil(100_000).max(1);
        let some: Vec<_> = candidates.into_iter().step_by(step).collect();
        // Once for the pages to come into memory, where a whole run has them after a while.
        run.keep_all(&some, &mut super::Work::default())?;
        let started = Instant::now();
        run.keep_all(&some, &mut super::Work::default())?;
        model.full_pairs = rate(some.len() as f64, started.elapsed().as_secs_f64());
        Ok(model)
    }
}

#[cfg(test)]
impl CostModel {
    /// Round figures, for tests.
    pub(super) fn example() -> Self {
        CostModel {
            measured_on: 1,
            threads: 1,
            face_pairs: 1e9,
            face_candidates: 1e-4,
            face_strangers: None,
            finger_pairs: 1e6,
            fingers: 2.0,
            finger_candidates: 1e-2,
            full_pairs: 5e4,
            screened_bytes: 5e3,
            bytes: 15e3,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_part_is_its_count_over_its_rate() {
        let model = CostModel::example();
        let cost = model.of(1_000_001);
        assert_eq!((cost.pairs, cost.join_seconds, cost.screen_seconds), (500_000_500_000.0, 500.0005, 1_000_001.0));
        assert_eq!((cost.face_candidates_seconds, cost.finger_candidates_seconds), (1_000.001, 100_000.1));
        assert!((cost.hours(10, 2) - cost.core_seconds() / 72_000.0).abs() < 1e-9);
        assert_eq!(model.against(100, 1_000).pairs, 1e5);
        // However many there are, so many strangers look alike.
        let few = CostModel { face_strangers: Some(50.0), ..model };
        assert_eq!(few.of(400_001).face_candidates_seconds, model.of(400_001).face_candidates_seconds);
        assert!((few.of(100_000_001).face_candidates_seconds / 50_000.0 - 1.0).abs() < 1e-6);
        assert_eq!(model.of(0).pairs, 0.0);
        // A part that was not measured costs nothing.
        let faces = CostModel { finger_pairs: 0.0, finger_candidates: 0.0, ..model };
        assert_eq!(faces.of(1_000_001).core_seconds(), 500.0005 + 1_000.001);
    }

    #[test]
    fn each_part_grows_as_it_is_said_to() {
        let model = CostModel { face_strangers: Some(50.0), ..CostModel::example() };
        let at = |n: u64| [model.of(n), model.against(1_000, n)];
        for n in [200_000, 107_000_000] {
            for (cost, double) in at(n).iter().zip(at(2 * n)) {
                for (part, twice) in cost.parts().into_iter().zip(double.parts()) {
                    let power = match part.grows {
                        Growth::Constant => 0,
                        Growth::Linear => 1,
                        Growth::Quadratic => 2,
                    };
                    let found = twice.amount / part.amount;
                    assert!((found / 2_f64.powi(power) - 1.0).abs() < 1e-4, "{part:?}: {found} times at {n}");
                }
            }
        }
        let grows = |n: u64| model.of(n).face_candidates_grow;
        assert_eq!((grows(200_000), grows(107_000_000)), (Growth::Quadratic, Growth::Linear));
    }
}
