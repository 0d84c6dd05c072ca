//! verify, identify, deduplicate: the matchers over a gallery.
//!
//! # Problem
//! Three questions to one snapshot: is this the person of that number (1:1), whose is this registration (1:N), who is there
//! twice (N:N)? Each over portraits and fingers, of which either side may lack any.
//!
//! # Method
//! A [`Search`] borrows the columns of a snapshot. Candidates come from a modality's own search: portraits by the exact
//! face search, fingers by a screen whose miss rate the caller chooses ([`Depth`]). Each candidate is then compared in every part that both sides have
//! ([`PartScores`]), all registrations of a subject together, and the [`Judge`] makes one score and a decision of them.
//!
//! # Promises
//! Results do not depend on threads, SIMD level or how registrations lie in segments; equal scores go by personal ID, then
//! registration.

mod adjudicate;
mod checkpoint;
mod cost;
mod deciding;
mod deduplicate;
mod derivation;
mod error;
mod explain;
mod filter;
mod finger_cascade;
mod finger_join;
mod finger_rows;
mod fingers;
mod gates;
mod identify;
mod judge;
mod known;
mod later_fingers;
mod nodes;
mod pair;
mod probe;
mod references;
mod sample;
mod scores;
mod screened;
mod screening;
mod shard;
mod shard_screen;
mod size;
mod verify;
mod ways;
mod work;

pub use crate::fingerprint::screen::Depth;
pub use cost::{Cost, CostModel, CostPart, Growth};
pub use deciding::Deciding;
pub use deduplicate::{DeduplicateOptions, Deduplication, DuplicatePair, Member, PairKind, Progress};
pub use derivation::SearchColumns;
pub use error::SearchError;
pub use explain::FingerExplanation;
pub use filter::Filter;
pub use fingers::{FingerMatching, FingerScore};
pub use identify::{Candidate, Identification, IdentifyOptions};
pub use judge::{Judge, Judgement, Thresholds};
pub use known::known_scores;
pub use nodes::OnNodes;
pub use probe::Modality;
pub use sample::FingerSample;
pub use scores::PartScores;
pub use shard::{Named, Ranked, named, shard_of};
pub use shard_screen::{ShardCounts, ShardScreen};
pub use size::GallerySize;
pub use verify::Verification;
pub use work::Work;

use crate::decision::{PlannedGallery, Purpose};
use crate::{
    gallery::{Place, Snapshot},
    simd::Level,
};
use fingers::{ReferenceFinger, compare_fingers};
use judge::Rank;
use probe::{Bench, Probe};
use references::References;
use std::sync::Arc;
use ways::Ways;

/// A snapshot, ready to be searched; cheap to make, O(segments).
pub struct Search<'a> {
    references: References<'a>,
    level: Level,
    judge: Judge,
    /// Of the gallery that this one is a shard of.
    whole: Option<GallerySize>,
    sample: Option<Arc<FingerSample>>,
}

impl<'a> Search<'a> {
    /// A search of `snapshot` whose decisions `judge` makes, at the level that `VANTAY_SIMD` or the machine says.
    ///
    /// # Errors
    /// If a column's head is damaged, or the level asked for is not to be had.
    pub fn new(snapshot: &'a Snapshot, judge: Judge) -> Result<Self, SearchError> {
        Ok(Search { references: References::new(snapshot)?, level: Level::chosen()?, judge, whole: None, sample: None })
    }

    /// The gallery as searches of it see a subject, on which their rates depend: so many subjects, each compared in as many ways as this one.
    fn gallery(&self, ways: &Ways) -> PlannedGallery {
        PlannedGallery::new(self.subjects().max(1), 1.0).times(ways.all())
    }

    /// Compares a probe with a stored registration in all parts that both have, and counts the comparisons of each.
    fn compare(
        &self,
        bench: &mut Bench,
        probe: &Probe<'_>,
        matching: FingerMatching,
        place: Place,
        ways: &mut Ways,
    ) -> Result<PartScores, SearchError> {
        let (of, row) = self.references.at(place);
        let mut parts = PartScores { face: probe.face_score(of.embedding_of(row)?)?, ..PartScores::default() };
        if parts.face.is_some() {
            bench.compared += 1;
            ways.face();
        }
        if probe.has_fingers() {
            let mut references = Vec::new();
            of.fingers_of(row, |position| probe.compares(matching, position), &mut references)?;
            let views = references.iter().map(ReferenceFinger::view).collect::<Result<Vec<_>, _>>()?;
            let fingers = probe.fingers();
            let compared = compare_fingers(&mut bench.comparer, matching, &fingers, &views, &mut parts);
            bench.compared += compared.scores.len() as u64;
            compared.scores.iter().for_each(|&(_, finger, _)| ways.finger(fingers[finger].position));
        }
        Ok(parts)
    }

    /// Compares a probe with all of a subject's registrations that `keeps` keeps: the registration that is most alike, the best of each part, and
    /// of how many ways that is the best.
    fn compare_subject(
        &self,
        bench: &mut Bench,
        probe: &Probe<'_>,
        matching: FingerMatching,
        purpose: Purpose,
        key: u128,
        keeps: impl Fn(Place) -> bool,
    ) -> Result<Option<(Place, PartScores, Ways)>, SearchError> {
        let mut best: Option<(Place, Rank)> = None;
        let (mut parts, mut ways) = (PartScores::default(), Ways::default());
        for place in self.references.snapshot.rows_of_subject(key)? {
            if !keeps(place) {
                continue;
            }
            let of_row = self.compare(bench, probe, matching, place, &mut ways)?;
            if of_row.is_empty() {
                continue;
            }
            let rank = self.judge.rank(purpose, &of_row)?;
            let is_better = best.is_none_or(|(other, most)| {
                rank.better_first(&most).then_with(|| self.references.order(place, other)).is_lt()
            });
            if is_better {
                best = Some((place, rank));
            }
            parts = parts.best_of(of_row);
        }
        Ok(best.map(|(place, _)| (place, parts, ways)))
    }
}
