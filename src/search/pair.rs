//! Two registrations: are they of one person, and is each of them what it says?
//!
//! # Method
//! The parts that both have are compared and judged together. Three more readings of the same templates are tried where they could explain
//! more, each at the price of being one more way for strangers to look alike:
//!
//! - **Swapped fingers.** Where a finger says nothing for its own position, every finger is compared with every other, if the portraits, the
//!   number or the caller give reason to. Each finger picks the best of the other side's, so the rate that has to be kept shrinks by as many.
//! - **Swapped portrait.** Where portraits and fingers contradict each other, one of the two alone may suffice for a match. What speaks against it is then
//!   the reason for a review.
//! - **The same finger twice.** The fingers of one registration are compared with each other.
//!
//! # Cost
//! A comparison for each finger that both have; across positions as many as both numbers multiplied.

use super::{
    FingerMatching, FingerScore, Judgement, Modality, PairKind, PartScores, Search, SearchError,
    fingers::{ComparedFingers, FingerView, ReferenceFinger},
    probe::Bench,
};
use crate::{
    decision::{Decision, PlannedGallery, Purpose, Reason},
    face,
    gallery::Place,
};

const PURPOSE: Purpose = Purpose::Deduplicate;

/// What the comparison of two registrations came to.
pub(super) struct Compared {
    /// What is wrong within one of the two, if anything.
    pub swapped: Option<PairKind>,
    pub scores: PartScores,
    pub fingers: Vec<FingerScore>,
    pub judgement: Judgement,
}

/// What holds for all pairs of a run.
#[derive(Clone, Copy)]
pub(super) struct PairRules {
    pub modality: Modality,
    pub matching: FingerMatching,
    /// How many pairs of registrations there are.
    pub gallery: PlannedGallery,
}

impl Search<'_> {
    /// Compares a registration of this search with one of `other`.
    pub(super) fn compare_places(
        &self,
        bench: &mut Bench,
        other: &Search<'_>,
        (a, b): (Place, Place),
        rules: &PairRules,
    ) -> Result<Compared, SearchError> {
        let ((a, a_row), (b, b_row)) = (self.references.at(a), other.references.at(b));
        let mut face = None;
        if rules.modality != Modality::Fingerprint
            && let (Some(a), Some(b)) = (a.embedding_of(a_row)?, b.embedding_of(b_row)?)
        {
            face = Some(face::compare(a, b)?);
            bench.compared += 1;
        }
        let (mut a_fingers, mut b_fingers) = (Vec::new(), Vec::new());
        if rules.modality != Modality::Face {
            a.fingers_of(a_row, |_| true, &mut a_fingers)?;
            b.fingers_of(b_row, |_| true, &mut b_fingers)?;
        }
        let a_fingers = a_fingers.iter().map(ReferenceFinger::view).collect::<Result<Vec<_>, _>>()?;
        let b_fingers = b_fingers.iter().map(ReferenceFinger::view).collect::<Result<Vec<_>, _>>()?;
        let judged = |fingers: Vec<FingerScore>, ways: f64| {
            let scores = scores_of(face, &fingers);
            let judgement = self.judge.decide(PURPOSE, &scores, rules.gallery.times(ways))?;
            Ok::<_, SearchError>(Compared { swapped: None, scores, fingers, judgement })
        };

        let mut list = ComparedFingers::default();
        list.compare(&mut bench.comparer, FingerMatching::Same, &a_fingers, &b_fingers);
        let mut compared = judged(list.paired(&a_fingers, &b_fingers), 1.0)?;
        let speaks_for = |finger: &FingerScore| self.judge.finger_speaks_for(PURPOSE, finger.score);
        let is_settled =
            compared.fingers.len() == a_fingers.len().min(b_fingers.len()) && compared.fingers.iter().all(speaks_for);
        let reason_to_look = || {
            rules.matching == FingerMatching::Any
                || a.subjects[a_row] == b.subjects[b_row]
                || face.is_some_and(|face| self.judge.face_vouches(PURPOSE, face))
        };
        if !is_settled && !a_fingers.is_empty() && !b_fingers.is_empty() && reason_to_look() {
            list.compare(&mut bench.comparer, FingerMatching::Any, &a_fingers, &b_fingers);
            let fingers = list.paired(&a_fingers, &b_fingers);
            let is_explained = fingers.iter().any(|finger| finger.is_across() && speaks_for(finger));
            let ways = (a_fingers.len().max(b_fingers.len()) as f64).powi(fingers.len() as i32);
            let across = judged(fingers, ways)?;
            if is_explained && across.judgement.score > compared.judgement.score {
                compared = Compared { swapped: Some(PairKind::SwappedFingers), ..across };
            }
        }
        bench.compared += list.scores.len() as u64;
        self.explain_contradiction(&mut compared, rules)?;
        Ok(compared)
    }

    /// Where portraits and fingers contradict each other: a review, if one of the two would match without the other.
    fn explain_contradiction(&self, compared: &mut Compared, rules: &PairRules) -> Result<(), SearchError> {
        let scores = &compared.scores;
        if compared.judgement.decision == Decision::Match || scores.face.is_none() || scores.fingers.is_empty() {
            return Ok(());
        }
        let portrait = PartScores { face: scores.face, ..PartScores::default() };
        let fingers = PartScores { fingers: scores.fingers.clone(), ..PartScores::default() };
        for (speaks, contradicts) in [(&portrait, &fingers), (&fingers, &portrait)] {
            let Some((part, llr)) = self.judge.against(PURPOSE, contradicts) else { continue };
            // Either of the two might have passed alone.
            let alone = self.judge.decide(PURPOSE, speaks, rules.gallery.times(2.0))?;
            if alone.decision == Decision::Match {
                compared.swapped = Some(PairKind::SwappedPortrait);
                compared.judgement =
                    Judgement { decision: Decision::Review, reason: Reason::PartContradicts { part, llr }, ..alone };
                return Ok(());
            }
        }
        Ok(())
    }

    /// Fingers of one registration that are one finger, given for two positions.
    pub(super) fn fingers_given_twice(
        &self,
        bench: &mut Bench,
        place: Place,
        rules: &PairRules,
    ) -> Result<Option<Compared>, SearchError> {
        let (of, row) = self.references.at(place);
        let mut fingers = Vec::new();
        of.fingers_of(row, |_| true, &mut fingers)?;
        let fingers = fingers.iter().map(ReferenceFinger::view).collect::<Result<Vec<FingerView<'_>>, _>>()?;
        let mut found: Option<FingerScore> = None;
        let mut pairs = 0;
        for (i, a) in fingers.iter().enumerate() {
            for b in fingers[i + 1..].iter().filter(|b| !a.position.may_be(b.position)) {
                pairs += 1;
                let score = f64::from(bench.comparer.compare(a.prepared, b.prepared));
                if found.is_none_or(|best| score > best.score) {
                    found = Some(FingerScore { a: a.position, b: b.position, score });
                }
            }
        }
        bench.compared += pairs;
        let Some(best) = found else { return Ok(None) };
        let fingers = vec![best];
        let scores = scores_of(None, &fingers);
        let registrations = self.registrations();
        let gallery = PlannedGallery::new(1, 1.0).searched_by(registrations).times(pairs as f64);
        let judgement = self.judge.decide(PURPOSE, &scores, gallery)?;
        let swapped = Some(PairKind::SameFingerTwice);
        let is_listed = rules.modality != Modality::Face && judgement.decision != Decision::None;
        Ok(is_listed.then_some(Compared { swapped, scores, fingers, judgement }))
    }
}

fn scores_of(face: Option<f64>, fingers: &[FingerScore]) -> PartScores {
    let mut scores = PartScores { face, ..PartScores::default() };
    fingers.iter().for_each(|finger| scores.add_finger(finger.a, finger.score));
    scores
}
