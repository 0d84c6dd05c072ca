//! Many to many: who is registered twice?
//!
//! # Method
//! Candidate pairs come from the join of the portraits at a low cosine; the fingers of registrations without a portrait, or
//! of all if asked, are screened against all others, so that a missing modality does not hide a pair. Every candidate pair is then compared in
//! all parts that both have, judged, and named by its kind. What the judge accepts is put in clusters, which nobody here
//! merges: that is for a person to decide.
//!
//! # Cost
//! The join of the portraits grows with the square of the registrations at about a nanosecond a pair and core; the candidates'
//! comparisons with their number. Memory grows with the candidates only.

use super::{
    Depth, FingerMatching, Judgement, Modality, PartScores, Search, SearchError, Work,
    checkpoint::Checkpoint,
    fingers::{ReferenceFinger, compare_fingers},
    identify::FaceColumns,
    probe::Bench,
    references::References,
    screening::ProbeFingers,
};
use crate::{
    decision::{self, AcceptedPair, Decision, Purpose},
    face::{self, FaceJoin, PairSink},
    fingerprint::screen::ScreenCode,
    gallery::Place,
};
use parking_lot::Mutex;
use rayon::prelude::*;
use serde::Serialize;
use std::{
    collections::BTreeMap,
    ops::ControlFlow,
    path::Path,
    sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed},
};

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
    /// Where the join of the portraits keeps what it has finished: a run that was killed goes on from there.
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
            every_finger: false,
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
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum PairKind {
    /// Two numbers for one person.
    DifferentId,
    /// A person who registered again under the same number.
    SameId,
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
    /// Scores of the parts that both have.
    pub scores: PartScores,
    /// All parts together.
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
    /// What it took.
    pub work: Work,
}

impl Search<'_> {
    /// Lists the pairs within the gallery, or between it and `against`.
    ///
    /// # Errors
    /// If a gallery is damaged, the two hold embeddings of different models, or the caller stopped it.
    pub fn deduplicate(
        &self,
        against: Option<&Search<'_>>,
        options: &DeduplicateOptions<'_>,
    ) -> Result<Deduplication, SearchError> {
        let other = against.unwrap_or(self);
        self.check_models(other)?;
        let mut work = Work::default();
        let mut candidates = Vec::new();
        if options.modality != Modality::Fingerprint {
            candidates = self.join_faces(against, options, &mut work)?;
        }
        if options.modality != Modality::Face {
            candidates.extend(self.pair_by_fingers(against, options, &mut work)?);
        }
        candidates.par_sort_unstable();
        candidates.dedup();
        let pairs = self.compare_candidates(other, &candidates, options, against.is_none(), &mut work)?;
        Ok(cluster(pairs, work))
    }

    fn check_models(&self, other: &Search<'_>) -> Result<(), SearchError> {
        let (a, b) = (self.references.snapshot.face(), other.references.snapshot.face());
        match (a, b) {
            (Some(a), Some(b)) if a != b => {
                let words = |face: &crate::gallery::FaceSpec| format!("{} ({})", face.model, face.dimension).into();
                Err(SearchError::DifferentModels { a: words(a), b: words(b) })
            }
            _ => Ok(()),
        }
    }

    fn live_rows(&self) -> Vec<Option<Vec<u64>>> {
        self.references.segments.iter().map(|s| s.segment.live().map(<[u64]>::to_vec)).collect()
    }

    /// Pairs whose portraits reach the candidates' cosine.
    fn join_faces(
        &self,
        against: Option<&Search<'_>>,
        options: &DeduplicateOptions<'_>,
        work: &mut Work,
    ) -> Result<Vec<(Place, Place)>, SearchError> {
        let threshold = options.face_candidates.unwrap_or_else(|| self.judge.face_interest());
        let left = FaceColumns::new(&self.references);
        let left_filters = left.filters(&self.live_rows());
        let left_columns = left.columns(&left_filters)?;
        let right = FaceColumns::new(&against.unwrap_or(self).references);
        let right_filters = right.filters(&against.unwrap_or(self).live_rows());
        let right_columns = right.columns(&right_filters)?;
        let join = match against {
            None => FaceJoin::within(&left_columns, threshold, self.level)?,
            Some(_) => FaceJoin::across(&left_columns, &right_columns, threshold, self.level)?,
        };
        let sides = [self.references.snapshot, against.unwrap_or(self).references.snapshot];
        let open = |path| Checkpoint::open(path, sides, threshold);
        let checkpoint = options.checkpoint.map(open).transpose()?;
        let first = checkpoint.as_ref().map_or(0, |checkpoint| checkpoint.next);
        let found = Finished { checkpoint, ..Finished::default() };
        let sink = Candidates { block: Mutex::default(), found: Mutex::new(found), options };
        let never = AtomicBool::new(false);
        join.run(first..join.blocks(), &sink, options.stop.unwrap_or(&never));
        let found = sink.found.into_inner();
        if let Some(error) = found.failed {
            return Err(error);
        }
        stopped(options)?;
        let (pairs, done) = match found.checkpoint {
            Some(checkpoint) => (checkpoint.pairs, checkpoint.work),
            None => (found.pairs, found.work),
        };
        *work += done;
        // A checkpoint is a file: what it names has to be there.
        let known = |(a, b): &(face::Place, face::Place)| left.has(*a) && right.has(*b);
        Ok(pairs.into_par_iter().filter(known).map(|(a, b)| (left.place(a), right.place(b))).collect())
    }

    /// Pairs that the screen of the fingers names: for registrations that no portrait could have paired, or for all.
    fn pair_by_fingers(
        &self,
        against: Option<&Search<'_>>,
        options: &DeduplicateOptions<'_>,
        work: &mut Work,
    ) -> Result<Vec<(Place, Place)>, SearchError> {
        let Some(other) = against else {
            let pairs = self.screen_holders(self, options, work)?;
            let ordered = pairs.into_par_iter().filter(|(a, b)| a != b).map(|(a, b)| (a.min(b), a.max(b)));
            return Ok(ordered.collect());
        };
        let mut pairs = self.screen_holders(other, options, work)?;
        let back = other.screen_holders(self, options, work)?;
        pairs.extend(back.into_iter().map(|(b, a)| (a, b)));
        Ok(pairs)
    }

    /// The registrations to be screened, each with what survives among `other`'s.
    fn screen_holders(
        &self,
        other: &Search<'_>,
        options: &DeduplicateOptions<'_>,
        work: &mut Work,
    ) -> Result<Vec<(Place, Place)>, SearchError> {
        const BATCH: usize = 256;
        let mut probes = self.finger_holders(options.modality);
        probes.retain(|(_, has_face)| options.every_finger || !has_face);
        let kept = other.live_rows();
        let mut pairs = Vec::new();
        for (batch, places) in probes.chunks(BATCH).enumerate() {
            stopped(options)?;
            let codes = places.par_iter().map(|(place, _)| self.codes_of(*place)).collect::<Result<Vec<_>, _>>()?;
            let survivors = other.screen(&codes, options.fingers, options.depth, &kept, work)?;
            for ((place, _), survivors) in places.iter().zip(survivors) {
                pairs.extend(survivors.into_iter().map(|survivor| (*place, survivor)));
            }
            report(options, "screening", ((batch + 1) * BATCH).min(probes.len()) as u64, probes.len() as u64);
        }
        Ok(pairs)
    }

    fn codes_of(&self, place: Place) -> Result<ProbeFingers, SearchError> {
        let (of, row) = self.references.at(place);
        let mut fingers = Vec::new();
        of.fingers_of(row, |_| true, &mut fingers)?;
        fingers.iter().map(|finger| finger.view().map(|view| (view.position, ScreenCode::of(view.prepared)))).collect()
    }

    /// The live rows with a finger, and whether they have a portrait that is used.
    fn finger_holders(&self, modality: Modality) -> Vec<(Place, bool)> {
        let mut holders = Vec::new();
        for (s, of) in self.references.segments.iter().enumerate() {
            for row in (0..of.segment.len()).filter(|&row| of.segment.is_live(row) && of.has_fingers(row)) {
                let has_face =
                    modality == Modality::Both && of.face.as_ref().is_some_and(|f| f.faces.of_row(row).is_some());
                holders.push((Place { segment: s, row: row as u32 }, has_face));
            }
        }
        holders
    }

    fn compare_candidates(
        &self,
        other: &Search<'_>,
        candidates: &[(Place, Place)],
        options: &DeduplicateOptions<'_>,
        within: bool,
        work: &mut Work,
    ) -> Result<Vec<DuplicatePair>, SearchError> {
        let done = AtomicU64::new(0);
        let subjects = if within { self.subjects() } else { self.subjects() + other.subjects() };
        let compared = AtomicU64::new(0);
        let mut pairs = candidates
            .par_iter()
            .map_init(
                || Bench::new(self.level),
                |bench, &(a, b)| {
                    if done.fetch_add(1, Relaxed).is_multiple_of(4096) {
                        stopped(options)?;
                        report(options, "comparing", done.load(Relaxed), candidates.len() as u64);
                    }
                    bench.compared = 0;
                    let scores = self.compare_rows(bench, other, (a, b), options)?;
                    compared.fetch_add(bench.compared, Relaxed);
                    let judgement = self.judge.decide(Purpose::Deduplicate, &scores, subjects)?;
                    if judgement.decision == Decision::None {
                        return Ok(None);
                    }
                    pair(&self.references, &other.references, (a, b), within, scores, judgement).map(Some)
                },
            )
            .filter_map(Result::transpose)
            .collect::<Result<Vec<_>, SearchError>>()?;
        work.full_comparisons += compared.into_inner();
        let order = |x: &DuplicatePair, y: &DuplicatePair| {
            let score = y.judgement.score.total_cmp(&x.judgement.score);
            score.then_with(|| (&x.a, &x.b).cmp(&(&y.a, &y.b)))
        };
        pairs.par_sort_unstable_by(order);
        Ok(pairs)
    }

    pub(super) fn compare_rows(
        &self,
        bench: &mut Bench,
        other: &Search<'_>,
        (a, b): (Place, Place),
        options: &DeduplicateOptions<'_>,
    ) -> Result<PartScores, SearchError> {
        let ((a, a_row), (b, b_row)) = (self.references.at(a), other.references.at(b));
        let mut scores = PartScores::default();
        if options.modality != Modality::Fingerprint
            && let (Some(a), Some(b)) = (a.embedding_of(a_row)?, b.embedding_of(b_row)?)
        {
            scores.face = Some(face::compare(a, b)?);
            bench.compared += 1;
        }
        if options.modality != Modality::Face {
            let (mut a_fingers, mut b_fingers) = (Vec::new(), Vec::new());
            a.fingers_of(a_row, |_| true, &mut a_fingers)?;
            b.fingers_of(b_row, |_| true, &mut b_fingers)?;
            let a_views = a_fingers.iter().map(ReferenceFinger::view).collect::<Result<Vec<_>, _>>()?;
            let b_views = b_fingers.iter().map(ReferenceFinger::view).collect::<Result<Vec<_>, _>>()?;
            bench.compared += compare_fingers(&mut bench.comparer, options.fingers, &a_views, &b_views, &mut scores);
        }
        Ok(scores)
    }
}

/// What the finished blocks of a join found: in memory, or in a checkpoint as well.
#[derive(Default)]
struct Finished {
    pairs: Vec<(face::Place, face::Place)>,
    work: Work,
    checkpoint: Option<Checkpoint>,
    failed: Option<SearchError>,
}

struct Candidates<'o> {
    /// The pairs of the block that is being joined.
    block: Mutex<Vec<(face::Place, face::Place)>>,
    found: Mutex<Finished>,
    options: &'o DeduplicateOptions<'o>,
}

impl PairSink for Candidates<'_> {
    fn pairs(&self, _: u64, pairs: &[face::Pair]) {
        self.block.lock().extend(pairs.iter().map(|pair| (pair.a, pair.b)));
    }

    fn finished(&self, finished: face::Finished) -> ControlFlow<()> {
        let mut pairs = std::mem::take(&mut *self.block.lock());
        let mut found = self.found.lock();
        let kept = match &mut found.checkpoint {
            Some(checkpoint) => checkpoint.finish(finished.work, pairs),
            None => {
                found.pairs.append(&mut pairs);
                found.work += finished.work.into();
                Ok(())
            }
        };
        report(self.options, "joining", finished.block + 1, finished.blocks);
        match kept {
            Ok(()) => ControlFlow::Continue(()),
            Err(error) => {
                found.failed = Some(error);
                ControlFlow::Break(())
            }
        }
    }
}

fn report(options: &DeduplicateOptions<'_>, stage: &'static str, done: u64, total: u64) {
    if let Some(progress) = options.progress {
        progress(Progress { stage, done, total });
    }
}

fn stopped(options: &DeduplicateOptions<'_>) -> Result<(), SearchError> {
    if options.stop.is_some_and(|stop| stop.load(Relaxed)) { Err(SearchError::Stopped) } else { Ok(()) }
}

fn member(references: &References<'_>, place: Place) -> Result<Member, SearchError> {
    let (of, row) = references.at(place);
    Ok(Member {
        personal_id: of.segment.personal_id(row)?.into(),
        registration: of.segment.registration_name(row)?.into(),
    })
}

pub(super) fn pair(
    left: &References<'_>,
    right: &References<'_>,
    (a, b): (Place, Place),
    within: bool,
    scores: PartScores,
    judgement: Judgement,
) -> Result<DuplicatePair, SearchError> {
    let (mut a, mut b) = (member(left, a)?, member(right, b)?);
    if within && b < a {
        std::mem::swap(&mut a, &mut b);
    }
    let kind = if a.personal_id == b.personal_id { PairKind::SameId } else { PairKind::DifferentId };
    Ok(DuplicatePair { a, b, kind, scores, judgement, cluster: None })
}

/// Clusters the accepted pairs, and tells each pair its cluster.
pub(super) fn cluster(mut pairs: Vec<DuplicatePair>, work: Work) -> Deduplication {
    let accepted = |pair: &DuplicatePair| pair.judgement.decision == Decision::Match;
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
