//! Many to many: who is registered twice?
//!
//! # Method
//! Candidate pairs come from three passes, so that a modality that is missing or does not look alike hides no pair: the join of the portraits at a
//! low cosine; the screen of the fingers of every registration, or on request only of those without a portrait; and the registrations of one
//! subject, with what each of them says about itself. A candidate is compared in all parts that both have, judged, and named by its kind
//! ([`pair`](super::pair)) as soon as it is found; only pairs that somebody should see are kept. What the judge accepts is put in clusters, which
//! nobody here merges: that is for a person to decide.
//!
//! # Rates
//! A rate of the policy is kept for the whole run: one of pairs for all pairs of registrations (within `n` of them `n (n - 1) / 2`; each of one
//! gallery against each of the other), one of searches for a registration against all others.
//!
//! # Cost
//! The join of the portraits grows with the square of the registrations at about two thirds of a nanosecond a pair and core, the screen of fingers
//! likewise at some hundred times that; candidates grow with the square too, times the rate of the candidates' cosine and the depth. Memory
//! grows with the pairs that are found only. [`CostModel`](super::CostModel) does the sum for any size.

mod faces;
mod fingers;
mod found;
mod listing;
mod options;
mod within;

pub(super) use faces::FaceBlock;
pub use found::{Deduplication, DuplicatePair, Member, PairKind};
pub(super) use listing::cluster;
pub use options::{DeduplicateOptions, Progress};

use super::{
    Modality, Search, SearchError, Work,
    checkpoint::Ledger,
    error::check_depth,
    pair::{Compared, PairRules},
    probe::Bench,
};
use crate::{
    decision::{Decision, PlannedGallery},
    gallery::Place,
};
use listing::names;
use rayon::prelude::*;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// In the place of the other registration: the pair is of two fingers of one.
const ITSELF: Place = Place { segment: u32::MAX as usize, row: u32::MAX };

impl Search<'_> {
    /// Lists the pairs within the gallery, or between it and `against`: a day's registrations against the national gallery, say. A
    /// registration that is in both is not held against itself; what is wrong within a registration is looked for in this gallery alone.
    ///
    /// # Errors
    /// If a gallery is damaged, the depth is no share, the two hold embeddings of different models, a checkpoint is of another run, or the caller stopped it.
    pub fn deduplicate(
        &self,
        against: Option<&Search<'_>>,
        options: &DeduplicateOptions<'_>,
    ) -> Result<Deduplication, SearchError> {
        let run = Run::new(self, against, options)?;
        let mut ledger = run.ledger()?;
        if options.modality != Modality::Fingerprint {
            run.join_faces(&mut ledger)?;
        }
        let mut first = run.face_blocks;
        if options.modality != Modality::Face {
            let samples = run.samples()?;
            let sides = run.sides(&samples)?;
            for pass in run.finger_passes(&sides) {
                first = run.screen_fingers(&pass, first, &mut ledger)?;
            }
        }
        // Two shards hold no subject in common, and each has looked at itself.
        if run.within || !run.is_one() {
            run.look_within(first, &mut ledger)?;
        }
        let Ledger { mut pairs, work, .. } = ledger;
        pairs.par_sort_unstable();
        pairs.dedup();
        let pairs = run.list(&pairs)?;
        Ok(cluster(pairs, work))
    }
}

impl Search<'_> {
    /// One pair as a deduplication by `options` would list it, whatever its decision.
    pub(super) fn compare_two(
        &self,
        against: Option<&Search<'_>>,
        (a, b): (Place, Place),
        options: &DeduplicateOptions<'_>,
    ) -> Result<Deduplication, SearchError> {
        let run = Run::new(self, against, options)?;
        let mut bench = run.bench();
        let b = if run.within && a == b { ITSELF } else { b };
        let pairs = run.describe(&mut bench, a, b)?.into_iter().collect();
        Ok(cluster(pairs, Work { comparisons: 1, full_comparisons: bench.compared, ..Work::default() }))
    }
}

/// One deduplication.
pub(super) struct Run<'r, 'a, 'b> {
    left: &'r Search<'a>,
    right: &'r Search<'b>,
    within: bool,
    options: &'r DeduplicateOptions<'r>,
    rules: PairRules,
    face_candidates: f64,
    /// Blocks of the join of the portraits: the fingers' are counted on from there.
    face_blocks: u64,
}

impl<'r, 'a: 'r> Run<'r, 'a, 'r> {
    pub fn new(
        left: &'r Search<'a>,
        against: Option<&'r Search<'_>>,
        options: &'r DeduplicateOptions<'r>,
    ) -> Result<Self, SearchError> {
        let within = against.is_none();
        let right: &Search<'r> = against.unwrap_or(left);
        check_depth(options.depth)?;
        if let Some(found) = options.face_candidates.filter(|cosine| !(-1.0..=1.0).contains(cosine)) {
            return Err(SearchError::Option { option: "cosine of candidates", found, expected: "-1 to 1" });
        }
        let (a, b) = (left.references.snapshot, right.references.snapshot);
        if let (Some(a), Some(b)) = (a.face(), b.face())
            && a != b
        {
            let words = |face: &crate::gallery::FaceSpec| format!("{} ({})", face.model, face.dimension).into();
            return Err(SearchError::DifferentModels { a: words(a), b: words(b) });
        }
        let gallery = PlannedGallery::new(b.info().registrations.max(1), 1.0);
        let gallery = match left.whole {
            Some(whole) => PlannedGallery::new(whole.registrations.max(1), 1.0),
            None if within => gallery,
            None => gallery.searched_by(a.info().registrations),
        };
        let rules = PairRules { modality: options.modality, matching: options.fingers, gallery };
        let face_candidates =
            options.face_candidates.unwrap_or_else(|| left.judge.face_interest(right.registrations()));
        let mut run = Run { left, right, within, options, rules, face_candidates, face_blocks: 0 };
        if options.modality != Modality::Fingerprint {
            run.face_blocks = run.with_join(|join, _, _| Ok(join.blocks()))?;
        }
        Ok(run)
    }

    fn ledger(&self) -> Result<Ledger, SearchError> {
        let Some(path) = self.options.checkpoint else { return Ok(Ledger::in_memory()) };
        let DeduplicateOptions { modality, fingers, depth, every_finger, .. } = self.options;
        let rules = self.left.judge.rules()?;
        let whole = self.left.whole.map(|whole| format!(" {whole:?}")).unwrap_or_default();
        let asked =
            format!("{modality:?} {fingers:?} {} {depth:?} {every_finger}{whole} {rules}", self.face_candidates);
        let mut ledger = Ledger::open(path, [self.left.references.snapshot, self.right.references.snapshot], &asked)?;
        // A checkpoint is a file: what it names has to be there.
        let there = |of: &Search<'_>, place: Place| {
            of.references.segments.get(place.segment).is_some_and(|of| (place.row as usize) < of.segment.len())
        };
        ledger.pairs.retain(|&(a, b)| there(self.left, a) && (b == ITSELF || there(self.right, b)));
        Ok(ledger)
    }

    fn stopped(&self) -> Result<(), SearchError> {
        if self.options.stop.is_some_and(|stop| stop.load(Relaxed)) { Err(SearchError::Stopped) } else { Ok(()) }
    }

    fn report(&self, stage: &'static str, done: u64, total: u64) {
        if let Some(progress) = self.options.progress {
            progress(Progress { stage, done, total });
        }
    }

    fn bench(&self) -> Bench {
        Bench::new(self.left.level)
    }

    /// Compares a pair, and names it again if somebody should see it.
    fn keep(&self, bench: &mut Bench, a: Place, b: Place) -> Result<Option<(Place, Place)>, SearchError> {
        let (_, compared) = self.compare(bench, (a, b))?;
        let is_turned = self.within && b < a;
        Ok((compared.judgement.decision != Decision::None).then_some(if is_turned { (b, a) } else { (a, b) }))
    }

    /// Whether both sides are one gallery, or shards of one.
    fn is_one(&self) -> bool {
        self.within || self.left.whole.is_some()
    }

    /// Compares a pair, and says whether the second was taken first: within one gallery in the order of names, so that nothing depends on
    /// where they lie.
    fn compare(&self, bench: &mut Bench, (a, b): (Place, Place)) -> Result<(bool, Compared), SearchError> {
        let is_turned = self.is_one() && names(self.right, b)? < names(self.left, a)?;
        let compared = match is_turned {
            true => self.right.compare_places(bench, self.left, (b, a), &self.rules)?,
            false => self.left.compare_places(bench, self.right, (a, b), &self.rules)?,
        };
        Ok((is_turned, compared))
    }

    /// Compares pairs on all threads; adds the comparisons to `work`.
    pub fn keep_all(&self, pairs: &[(Place, Place)], work: &mut Work) -> Result<Vec<(Place, Place)>, SearchError> {
        let compared = AtomicU64::new(0);
        let kept = pairs
            .par_iter()
            .map_init(
                || self.bench(),
                |bench, &(a, b)| {
                    bench.compared = 0;
                    let kept = self.keep(bench, a, b);
                    compared.fetch_add(bench.compared, Relaxed);
                    kept
                },
            )
            .filter_map(Result::transpose)
            .collect::<Result<Vec<_>, _>>();
        work.full_comparisons += compared.into_inner();
        kept
    }
}
