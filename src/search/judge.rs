//! From the scores of the parts to one score and a decision: calibrations and a policy, as the search asks them.

use super::{PartScores, SearchError};
use crate::decision::{
    Decision, DecisionError, Evidence, Fused, Fusion, Interval, Level, Outcome, Part, PartScore, PlannedGallery,
    Policy, Purpose, Reason,
};
use std::cmp::Ordering;

/// Raw thresholds, one for each modality: a part that reaches its own makes a match. They promise no error rate.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Thresholds {
    /// Cosine from which two portraits match.
    pub face: f64,
    /// Comparison score from which two fingers match.
    pub fingerprint: f64,
}

impl Default for Thresholds {
    /// Where nothing is known of a model or extractor: a start, no promise.
    fn default() -> Self {
        Thresholds { face: 0.4, fingerprint: 12.0 }
    }
}

/// The false match rate at which portraits are worth a comparison in all parts, and how many strangers of a probe are at most, however many there are.
const FACE_INTEREST: f64 = 1e-4;
pub(super) const STRANGERS: f64 = 50.0;

/// Turns part scores into one score and a decision.
///
/// By rates: the parts' log-likelihood ratios add up and a [`Policy`] decides by their false match rate. By raw thresholds,
/// where nothing is calibrated: each part is taken as a share of its threshold, the sum ranks and the largest decides.
#[derive(Clone, Debug)]
pub struct Judge {
    fusion: Fusion,
    policy: Policy,
    raw: Thresholds,
}

/// What the judge says of a comparison.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Judgement {
    /// All parts in one number, higher is more alike: the log10 likelihood ratio, or with raw thresholds the sum of the
    /// parts' shares of their thresholds.
    pub score: f64,
    /// The log10 likelihood ratio of all parts, if they are calibrated.
    pub llr: Option<f64>,
    /// The rate at which the same parts of strangers reach that ratio in any of the ways that were open, if they are calibrated.
    pub fmr: Option<f64>,
    /// The 95 % interval of that rate, if they are calibrated.
    pub fmr_interval: Option<Interval>,
    /// Whether that rate was computed or fitted instead of counted.
    pub extrapolated: Option<bool>,
    /// The decision.
    pub decision: Decision,
    /// Why.
    pub reason: Reason,
}

/// The place of a comparison in a list: by ratio, then, where ratios end, by raw score.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Rank(f64, f64);

impl Rank {
    /// Both numbers: the higher first, by the first, then by the second.
    pub fn numbers(&self) -> (f64, f64) {
        (self.0, self.1)
    }

    /// Orders the better first.
    pub fn better_first(&self, other: &Rank) -> Ordering {
        other.0.total_cmp(&self.0).then(other.1.total_cmp(&self.1))
    }
}

impl Judge {
    /// A judge by rates.
    pub fn new(fusion: Fusion, policy: Policy) -> Self {
        Judge { fusion, policy, raw: Thresholds::default() }
    }

    /// A judge by raw thresholds: what reaches one is a match, the rest is nobody.
    pub fn raw(raw: Thresholds) -> Self {
        let level = Level::Score { face: Some(raw.face), finger: Some(raw.fingerprint) };
        let mut policy = Policy::default();
        for rule in [&mut policy.verify, &mut policy.identify, &mut policy.deduplicate] {
            rule.accept = level;
            rule.review = level;
        }
        Judge { fusion: Fusion::default(), policy, raw }
    }

    /// With calibrations that fill in likelihood ratios and rates beside raw decisions.
    pub fn with_fusion(self, fusion: Fusion) -> Self {
        Judge { fusion, ..self }
    }

    /// The calibrations.
    pub fn fusion(&self) -> &Fusion {
        &self.fusion
    }

    /// The rules.
    pub fn policy(&self) -> &Policy {
        &self.policy
    }

    /// The cosine at which portraits become interesting among so many: what one comparison of strangers in ten thousand reaches, or so few that a probe
    /// meets [`STRANGERS`] of them; without a calibration, three quarters of the raw threshold.
    pub(super) fn face_interest(&self, references: u64) -> f64 {
        let few = STRANGERS / references.max(1) as f64;
        let Ok(face) = self.fusion.calibration(crate::decision::Part::Face) else { return 0.75 * self.raw.face };
        let at = |fmr: f64| face.threshold_at_fmr(fmr);
        at(few.min(FACE_INTEREST)).or_else(|_| at(FACE_INTEREST)).unwrap_or(0.75 * self.raw.face)
    }

    /// Where parts stand in a list for `purpose`.
    ///
    /// # Errors
    /// If the policy asks for rates and a part is not calibrated.
    pub(super) fn rank(&self, purpose: Purpose, parts: &PartScores) -> Result<Rank, SearchError> {
        let llr = if self.is_raw(purpose) { 0.0 } else { self.fusion.fuse(&parts.list())?.llr };
        Ok(Rank(llr, self.shares(parts)))
    }

    /// The parts' shares of their raw thresholds: a cheap rank, for naming candidates.
    pub(super) fn shares(&self, parts: &PartScores) -> f64 {
        let face = parts.face.map_or(0.0, |score| score / self.raw.face);
        face + parts.fingers.iter().map(|&(_, score)| score / self.raw.fingerprint).sum::<f64>()
    }

    /// Decides in a gallery of this size, where the scores are the best of as many ways as it says.
    ///
    /// # Errors
    /// If the policy asks for rates and a part is not calibrated.
    pub(super) fn decide(
        &self,
        purpose: Purpose,
        parts: &PartScores,
        gallery: PlannedGallery,
    ) -> Result<Judgement, SearchError> {
        let list = parts.list();
        let outcome = self.policy.decide(purpose, &list, &self.fusion, Some(gallery))?;
        let evidence = match outcome.evidence {
            Some(evidence) => Some(evidence),
            None => self.evidence_beside(&list)?,
        };
        let llr = evidence.as_ref().map(|evidence| evidence.llr);
        let score = if self.is_raw(purpose) { self.shares(parts) } else { llr.unwrap_or(0.0) };
        let in_any_way = |rate: f64| (rate * gallery.ways()).min(1.0);
        let fmr = evidence.as_ref().map(|evidence| in_any_way(evidence.fmr));
        let fmr_interval = evidence.as_ref().map(|Fused { fmr_interval: Interval { low, high }, .. }| Interval {
            low: in_any_way(*low),
            high: in_any_way(*high),
        });
        let extrapolated = evidence.map(|evidence| evidence.extrapolated);
        let Outcome { decision, reason, .. } = outcome;
        Ok(Judgement { score, llr, fmr, fmr_interval, extrapolated, decision, reason })
    }

    /// What calibrations say where raw scores decide, if there are any.
    fn evidence_beside(&self, parts: &[PartScore]) -> Result<Option<Fused>, SearchError> {
        match self.fusion.fuse(parts) {
            Ok(evidence) => Ok((!parts.is_empty()).then_some(evidence)),
            Err(DecisionError::NotCalibrated { .. }) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// What each part says for itself, as far as it is calibrated.
    pub fn evidence(&self, parts: &PartScores) -> Vec<Evidence> {
        parts.list().into_iter().filter_map(|part| self.fusion.evidence(part).ok()).collect()
    }

    /// Whether a finger's score would be remarkable for strangers: their chance is 100 : 1 against it, or it reaches the raw threshold.
    pub(super) fn finger_speaks_for(&self, purpose: Purpose, score: f64) -> bool {
        match self.fusion.evidence(PartScore::finger(0, score)) {
            Ok(evidence) if !self.is_raw(purpose) => evidence.llr >= 2.0,
            _ => score >= self.raw.fingerprint,
        }
    }

    /// Whether portraits are so alike that it is worth looking for a finger at another position: one pair of strangers in a million is, or
    /// the raw threshold is reached.
    pub(super) fn face_vouches(&self, purpose: Purpose, score: f64) -> bool {
        match self.fusion.evidence(PartScore::face(score)) {
            Ok(evidence) if !self.is_raw(purpose) => evidence.fmr <= 1e-6,
            _ => score >= self.raw.face,
        }
    }

    /// The part that speaks most against a match, if the parts together do, as far as the policy asks: only by rates.
    pub(super) fn against(&self, purpose: Purpose, parts: &PartScores) -> Option<(Part, f64)> {
        if self.is_raw(purpose) {
            return None;
        }
        let fused = self.fusion.fuse(&parts.list()).ok()?;
        let least = fused.parts.iter().min_by(|a, b| a.llr.total_cmp(&b.llr))?;
        (fused.llr <= self.policy.contradiction_llr && fused.parts.iter().all(|part| part.llr < 0.0))
            .then_some((least.part, least.llr))
    }

    /// Everything that decides, as text: two judges with the same text decide alike.
    pub(super) fn rules(&self) -> Result<String, SearchError> {
        let Thresholds { face, fingerprint } = self.raw;
        Ok(format!("{}{}{face} {fingerprint}", self.policy.to_json()?, self.fusion.to_json()?))
    }

    fn is_raw(&self, purpose: Purpose) -> bool {
        matches!(self.policy.rule(purpose).accept, Level::Score { .. })
    }
}
