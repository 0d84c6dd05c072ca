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

use super::{
    Depth, FingerMatching, FingerScore, Judgement, Modality, PartScores, Search, SearchError, Work,
    checkpoint::Ledger,
    finger_join::{FingerPass, Side},
    identify::FaceColumns,
    pair::{Compared, PairRules},
    probe::Bench,
};
use crate::{
    decision::{self, AcceptedPair, Decision, PlannedGallery},
    face::{self, FaceJoin, PairSink},
    gallery::Place,
};
use parking_lot::Mutex;
use rayon::prelude::*;
use serde::Serialize;
use std::{
    collections::BTreeMap,
    ops::{ControlFlow, Range},
    path::Path,
    sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed},
    time::{Duration, Instant},
};

/// Registrations that are looked at for themselves at a time.
const ROWS: usize = 4096;
/// In the place of the other registration: the pair is of two fingers of one.
const ITSELF: Place = Place { segment: u32::MAX as usize, row: u32::MAX };

/// How a deduplication goes about it.
#[derive(Clone)]
pub struct DeduplicateOptions<'o> {
    /// Which parts name candidates and are compared.
    pub modality: Modality,
    /// Which fingers compare with which.
    pub fingers: FingerMatching,
    /// The cosine from which two portraits make a candidate pair; `None` takes what one
    /// comparison in ten thousand reaches, or three quarters of a raw threshold.
    pub face_candidates: Option<f64>,
    /// How many fingers survive the screen.
    pub depth: Depth,
    /// Screen the fingers of every registration, not only of those without a portrait: finds a person whose portraits do not look
    /// alike, at the cost of holding every finger against every other.
    pub every_finger: bool,
    /// Where the run keeps what it has finished: one that was killed goes on from there.
    pub checkpoint: Option<&'o Path>,
    /// Set by another thread to stop.
    pub stop: Option<&'o AtomicBool>,
    /// Told how far it is, by several threads.
    pub progress: Option<&'o (dyn Fn(Progress) + Sync)>,
}

impl Default for DeduplicateOptions<'_> {
    fn default() -> Self {
        DeduplicateOptions {
            modality: Modality::default(),
            fingers: FingerMatching::default(),
            face_candidates: None,
            depth: Depth::for_miss(0.005),
            every_finger: true,
            checkpoint: None,
            stop: None,
            progress: None,
        }
    }
}

/// How far a deduplication is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// What it does at present.
    pub stage: &'static str,
    /// How much of that is done.
    pub done: u64,
    /// Out of how much.
    pub total: u64,
}

/// What a pair says about its two registrations.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum PairKind {
    /// Two numbers for one person.
    DifferentId,
    /// A person who registered again under the same number.
    SameId,
    /// One person, but a finger of the one registration is a finger of another position in the other.
    SwappedFingers,
    /// The portraits say one person and the fingers two, or the other way round.
    SwappedPortrait,
    /// Two positions of one registration hold the same finger; both members are that registration.
    SameFingerTwice,
}

impl PairKind {
    /// Every kind.
    pub const ALL: [Self; 5] =
        [Self::DifferentId, Self::SameId, Self::SwappedFingers, Self::SwappedPortrait, Self::SameFingerTwice];

    /// Its name in files.
    pub fn name(self) -> &'static str {
        match self {
            Self::DifferentId => "different_id",
            Self::SameId => "same_id",
            Self::SwappedFingers => "swapped_fingers",
            Self::SwappedPortrait => "swapped_portrait",
            Self::SameFingerTwice => "same_finger_twice",
        }
    }
}

/// One side of a pair.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Member {
    /// Whose it is said to be.
    pub personal_id: Box<str>,
    /// Which registration.
    pub registration: Box<str>,
}

/// Two registrations that look like one person's.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct DuplicatePair {
    /// The one; within one gallery that with the smaller personal ID, then registration.
    pub a: Member,
    /// The other.
    pub b: Member,
    /// What the pair says.
    pub kind: PairKind,
    /// Scores of the parts that both have, fingers by `a`'s positions.
    pub scores: PartScores,
    /// The fingers that were taken for each other's mates, by `a`'s positions: of equal position, unless their kind says otherwise.
    pub fingers: Vec<FingerScore>,
    /// All parts together; of a swapped portrait what speaks for one person, with what speaks against it as the reason.
    pub judgement: Judgement,
    /// The cluster, as a number from 0 in the order of the clusters; pairs for review belong to none.
    pub cluster: Option<u32>,
}

/// What a deduplication found.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Deduplication {
    /// The pairs that are a match or for review, best first.
    pub pairs: Vec<DuplicatePair>,
    /// Who, by the accepted pairs, is one person: numbers of members, in the order of [`Deduplication::members`].
    pub clusters: Vec<decision::Cluster<u32>>,
    /// The registrations of the clusters.
    pub members: Vec<Member>,
    /// What it took: comparisons of portraits and of fingers by the screens, and in full.
    pub work: Work,
}

impl Search<'_> {
    /// Lists the pairs within the gallery, or between it and `against`: a day's registrations against the national gallery, say. A
    /// registration that is in both is not held against itself; what is wrong within a registration is looked for in this gallery alone.
    ///
    /// # Errors
    /// If a gallery is damaged, the two hold embeddings of different models, a checkpoint is of another run, or the caller stopped it.
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
            for pass in run.finger_passes() {
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

/// What a look at the join of the portraits saw.
pub(super) struct FaceBlock {
    pub pairs: Vec<(Place, Place)>,
    pub compared: f64,
    pub seconds: f64,
}

impl<'r, 'a: 'r> Run<'r, 'a, 'r> {
    /// Joins portraits for so long.
    pub fn time_faces(&self, patience: Duration) -> Result<FaceBlock, SearchError> {
        let looked = self.with_join(|join, left, right| {
            let sink = TimedFaces { started: Instant::now(), patience, found: Mutex::default() };
            let never = AtomicBool::new(false);
            let joined = join.run(0..join.blocks(), &sink, &never)?;
            let seconds = sink.started.elapsed().as_secs_f64();
            let pairs = sink.found.into_inner().into_iter().map(|(a, b)| (left.place(a), right.place(b))).collect();
            Ok(FaceBlock { pairs, compared: joined.work.comparisons as f64, seconds })
        })?;
        Ok(looked)
    }

    pub fn new(
        left: &'r Search<'a>,
        against: Option<&'r Search<'_>>,
        options: &'r DeduplicateOptions<'r>,
    ) -> Result<Self, SearchError> {
        let within = against.is_none();
        let right: &Search<'r> = against.unwrap_or(left);
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
        let face_candidates = options.face_candidates.unwrap_or_else(|| left.judge.face_interest());
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
        let asked = format!("{modality:?} {fingers:?} {} {depth:?} {every_finger} {rules}", self.face_candidates);
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

    /// The join of the portraits, for as long as it is looked at.
    fn with_join<T>(
        &self,
        look: impl FnOnce(&FaceJoin<'_>, &FaceColumns<'_, '_>, &FaceColumns<'_, '_>) -> Result<T, SearchError>,
    ) -> Result<T, SearchError> {
        let (left, right) = (FaceColumns::new(&self.left.references), FaceColumns::new(&self.right.references));
        let left_filters = left.filters(&self.left.live_rows());
        let right_filters = right.filters(&self.right.live_rows());
        let (left_columns, right_columns) = (left.columns(&left_filters)?, right.columns(&right_filters)?);
        let level = self.left.level;
        let join = match self.within {
            true => FaceJoin::within(&left_columns, self.face_candidates, level)?,
            false => FaceJoin::across(&left_columns, &right_columns, self.face_candidates, level)?,
        };
        look(&join, &left, &right)
    }

    /// Pairs whose portraits reach the candidates' cosine.
    fn join_faces(&self, ledger: &mut Ledger) -> Result<(), SearchError> {
        self.with_join(|join, left, right| {
            let blocks = ledger.next.min(self.face_blocks)..self.face_blocks;
            let state = Mutex::new((ledger, None));
            let sink = FaceCandidates { run: self, sides: [left, right], block: Mutex::default(), state };
            let never = AtomicBool::new(false);
            // A damaged row is one of the left side or, by its number, of the right.
            join.run(blocks, &sink, self.options.stop.unwrap_or(&never)).map_err(|error| {
                match left.named(error.clone()) {
                    SearchError::Face(_) => right.named(error),
                    damage => damage,
                }
            })?;
            match sink.state.into_inner().1 {
                Some(error) => Err(error),
                None => self.stopped(),
            }
        })
    }

    /// Which fingers have to be held against which: all pairs once; or of each pair of which a member has no portrait, that one's.
    pub fn finger_passes(&self) -> Vec<FingerPass<'_, 'r>> {
        let pass = |probes, references, turned| FingerPass {
            probes,
            references,
            within: self.within,
            turned,
            only_faceless: !self.options.every_finger && self.options.modality == Modality::Both,
            with_faces: self.options.modality == Modality::Both,
            matching: self.options.fingers,
            depth: self.options.depth,
            stop: self.options.stop,
        };
        let forth: FingerPass<'_, 'r> = pass(self.left, self.right, false);
        if self.within || !forth.only_faceless { vec![forth] } else { vec![forth, pass(self.right, self.left, true)] }
    }

    /// Pairs that the screen of the fingers names; returns the number of the block after its last.
    fn screen_fingers(&self, pass: &FingerPass<'_, '_>, first: u64, ledger: &mut Ledger) -> Result<u64, SearchError> {
        let blocks = pass.blocks();
        let after = first + blocks.len() as u64;
        if ledger.next >= after {
            return Ok(after);
        }
        let sides = [&Side::new(pass.probes), &Side::new(pass.references)];
        for (block, number) in blocks.iter().zip(first..).skip((ledger.next - first) as usize) {
            self.stopped()?;
            let compared = AtomicU64::new(0);
            let keep = |bench: &mut Bench, probe: Place, reference: Place| {
                let (a, b) = if pass.turned { (reference, probe) } else { (probe, reference) };
                let before = bench.compared;
                let kept = self.keep(bench, a, b);
                compared.fetch_add(bench.compared - before, Relaxed);
                kept
            };
            let (pairs, screened) = pass.run(sides, block, || self.bench(), keep)?;
            let full_comparisons = compared.into_inner();
            let work = Work { comparisons: screened.comparisons, full_comparisons, bytes_read: screened.bytes_read };
            ledger.finish(work, pairs)?;
            self.report("screening", number + 1 - first, after - first);
        }
        Ok(after)
    }

    /// The registrations for themselves, and those of one subject.
    fn look_within(&self, first: u64, ledger: &mut Ledger) -> Result<(), SearchError> {
        let segments = self.left.references.segments.iter().enumerate();
        let blocks: Vec<(usize, Range<usize>)> = segments
            .flat_map(|(s, of)| {
                let len = of.segment.len();
                (0..len).step_by(ROWS).map(move |from| (s, from..len.min(from + ROWS)))
            })
            .collect();
        for (number, (segment, rows)) in (first..).zip(&blocks).skip((ledger.next - first) as usize) {
            self.stopped()?;
            let compared = AtomicU64::new(0);
            let found = rows
                .clone()
                .into_par_iter()
                .map_init(
                    || self.bench(),
                    |bench, row| {
                        bench.compared = 0;
                        let found = self.look_at(bench, Place { segment: *segment, row: row as u32 });
                        compared.fetch_add(bench.compared, Relaxed);
                        found
                    },
                )
                .collect::<Result<Vec<_>, _>>()?;
            let full_comparisons = compared.into_inner();
            let work = Work { comparisons: 0, full_comparisons, bytes_read: 0 };
            ledger.finish(work, found.into_iter().flatten().collect())?;
            self.report("checking", number + 1 - first, blocks.len() as u64);
        }
        Ok(())
    }

    /// What is wrong within a registration, and who else is registered under its number.
    fn look_at(&self, bench: &mut Bench, place: Place) -> Result<Vec<(Place, Place)>, SearchError> {
        let (of, row) = self.left.references.at(place);
        let mut found = Vec::new();
        if !of.segment.is_live(row) {
            return Ok(found);
        }
        if self.rules.modality != Modality::Face && of.has_fingers(row) {
            let twice = self.left.fingers_given_twice(bench, place, &self.rules)?;
            found.extend(twice.map(|_| (place, ITSELF)));
        }
        let info = self.left.references.snapshot.info();
        if self.within && info.registrations == info.subjects {
            return Ok(found);
        }
        for other in self.right.references.snapshot.rows_of_subject(of.subjects[row])? {
            if !self.within || other > place {
                found.extend(self.keep(bench, place, other)?);
            }
        }
        Ok(found)
    }

    /// The pairs with all that is said about them, best first: compared once more, which is not counted again.
    fn list(&self, pairs: &[(Place, Place)]) -> Result<Vec<DuplicatePair>, SearchError> {
        let done = AtomicU64::new(0);
        let mut pairs = pairs
            .par_iter()
            .map_init(
                || self.bench(),
                |bench, &(a, b)| {
                    if done.fetch_add(1, Relaxed).is_multiple_of(4096) {
                        self.stopped()?;
                        self.report("comparing", done.load(Relaxed), pairs.len() as u64);
                    }
                    self.describe(bench, a, b)
                },
            )
            .filter_map(Result::transpose)
            .collect::<Result<Vec<_>, SearchError>>()?;
        let order = |x: &DuplicatePair, y: &DuplicatePair| {
            let score = y.judgement.score.total_cmp(&x.judgement.score);
            score.then_with(|| (&x.a, &x.b).cmp(&(&y.a, &y.b))).then(x.kind.cmp(&y.kind))
        };
        pairs.par_sort_unstable_by(order);
        Ok(pairs)
    }

    fn describe(&self, bench: &mut Bench, a: Place, b: Place) -> Result<Option<DuplicatePair>, SearchError> {
        let first = member(self.left, a)?;
        if b == ITSELF {
            let compared = self.left.fingers_given_twice(bench, a, &self.rules)?;
            return Ok(compared.map(|compared| pair(first.clone(), first, compared)));
        }
        let (is_turned, compared) = self.compare(bench, (a, b))?;
        let second = member(self.right, b)?;
        if !self.within && first == second {
            return Ok(None);
        }
        Ok(Some(if is_turned { pair(second, first, compared) } else { pair(first, second, compared) }))
    }
}

impl Search<'_> {
    fn live_rows(&self) -> Vec<Option<Vec<u64>>> {
        self.references.segments.iter().map(|s| s.segment.live().map(<[u64]>::to_vec)).collect()
    }
}

/// Takes the pairs of the join of the portraits until time is up.
struct TimedFaces {
    started: Instant,
    patience: Duration,
    found: Mutex<Vec<(face::Place, face::Place)>>,
}

impl PairSink for TimedFaces {
    fn pairs(&self, _: u64, pairs: &[face::Pair]) {
        self.found.lock().extend(pairs.iter().map(|pair| (pair.a, pair.b)));
    }

    fn finished(&self, _: face::Finished) -> ControlFlow<()> {
        if self.started.elapsed() < self.patience { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    }
}

/// Takes the pairs of the join of the portraits, and compares them block by block.
struct FaceCandidates<'s, 'r, 'a, 'b, 'l> {
    run: &'s Run<'r, 'a, 'b>,
    sides: [&'s FaceColumns<'s, 's>; 2],
    /// The pairs of the block that is being joined.
    block: Mutex<Vec<(face::Place, face::Place)>>,
    state: Mutex<(&'l mut Ledger, Option<SearchError>)>,
}

impl<'r, 'a: 'r> PairSink for FaceCandidates<'_, 'r, 'a, 'r, '_> {
    fn pairs(&self, _: u64, pairs: &[face::Pair]) {
        self.block.lock().extend(pairs.iter().map(|pair| (pair.a, pair.b)));
    }

    fn finished(&self, finished: face::Finished) -> ControlFlow<()> {
        let pairs = std::mem::take(&mut *self.block.lock());
        let [left, right] = self.sides;
        let pairs: Vec<_> = pairs.into_iter().map(|(a, b)| (left.place(a), right.place(b))).collect();
        let mut work = finished.work.into();
        let mut state = self.state.lock();
        let kept = self.run.keep_all(&pairs, &mut work).and_then(|pairs| state.0.finish(work, pairs));
        self.run.report("joining", finished.block + 1, finished.blocks);
        match kept {
            Ok(()) => ControlFlow::Continue(()),
            Err(error) => {
                state.1 = Some(error);
                ControlFlow::Break(())
            }
        }
    }
}

fn names<'s>(of: &'s Search<'_>, place: Place) -> Result<(&'s str, &'s str), SearchError> {
    let (of, row) = of.references.at(place);
    Ok((of.segment.personal_id(row)?, of.segment.registration_name(row)?))
}

fn member(of: &Search<'_>, place: Place) -> Result<Member, SearchError> {
    let (personal_id, registration) = names(of, place)?;
    Ok(Member { personal_id: personal_id.into(), registration: registration.into() })
}

fn pair(a: Member, b: Member, compared: Compared) -> DuplicatePair {
    let by_number = if a.personal_id == b.personal_id { PairKind::SameId } else { PairKind::DifferentId };
    let Compared { swapped, scores, fingers, judgement } = compared;
    DuplicatePair { a, b, kind: swapped.unwrap_or(by_number), scores, fingers, judgement, cluster: None }
}

/// Clusters the accepted pairs, and tells each pair its cluster.
pub(super) fn cluster(mut pairs: Vec<DuplicatePair>, work: Work) -> Deduplication {
    let accepted =
        |pair: &DuplicatePair| pair.judgement.decision == Decision::Match && pair.kind != PairKind::SameFingerTwice;
    let mut numbers: BTreeMap<Member, u32> =
        pairs.iter().filter(|p| accepted(p)).flat_map(|p| [(p.a.clone(), 0), (p.b.clone(), 0)]).collect();
    numbers.values_mut().zip(0..).for_each(|(number, n)| *number = n);
    let clusters = decision::clusters(pairs.iter().filter(|pair| accepted(pair)).map(|pair| AcceptedPair {
        a: numbers[&pair.a],
        b: numbers[&pair.b],
        score: pair.judgement.score,
    }));
    let mut cluster_of = vec![None; numbers.len()];
    for (cluster, number) in clusters.iter().zip(0..) {
        cluster.members.iter().for_each(|&member| cluster_of[member as usize] = Some(number));
    }
    for pair in pairs.iter_mut().filter(|pair| accepted(pair)) {
        pair.cluster = cluster_of[numbers[&pair.a] as usize];
    }
    Deduplication { pairs, clusters, members: numbers.into_keys().collect(), work }
}
