//! Other ways to add parts up, for comparison with the likelihood ratio.
//!
//! Each gives one score, higher is more alike, whose error rates an evaluation can count like any other's (Jain, Nandakumar and Ross, *Score
//! normalization in multimodal biometric systems*, Pattern Recognition 38, 2005).

use super::{DecisionError, Fusion, PartScore};

/// A rule that makes one score of several parts' scores.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum FusionRule {
    /// The sum of log10 likelihood ratios, with correlated fingers: what [`Fusion::fuse`] decides by.
    LikelihoodRatio,
    /// The product of the parts' false match rates, as minus its log10.
    FmrProduct,
    /// Scores in deviations of the impostors, weighted by how well the part tells mates from strangers (d').
    WeightedSum,
    /// The mean of scores in deviations of the impostors (z normalisation).
    ZScore,
    /// The mean of scores after Hampel's tanh normalisation by the mates.
    Tanh,
}

impl FusionRule {
    /// Every rule.
    pub const ALL: [Self; 5] = [Self::LikelihoodRatio, Self::FmrProduct, Self::WeightedSum, Self::ZScore, Self::Tanh];
}

impl Fusion {
    /// One score of `scores` by `rule`; 0 without any part.
    ///
    /// # Errors
    /// [`DecisionError::NotCalibrated`] for a part without calibration.
    pub fn combine(&self, rule: FusionRule, scores: &[PartScore]) -> Result<f64, DecisionError> {
        let fused = self.fuse(scores)?;
        // A matcher whose scores do not vary must not divide by zero.
        let deviations = |score: f64, (mean, deviation): (f64, f64)| (score - mean) / deviation.max(f64::MIN_POSITIVE);
        let (mut sum, mut weights) = (0.0, 0.0);
        for part in &fused.parts {
            let moments = self.calibration(part.part)?.moments();
            let z = deviations(part.score, moments.impostor);
            let (term, weight) = match rule {
                FusionRule::LikelihoodRatio => return Ok(fused.llr),
                FusionRule::FmrProduct => (-libm::log10(part.fmr.max(f64::MIN_POSITIVE)), 0.0),
                FusionRule::WeightedSum => {
                    let (impostor, genuine) = (moments.impostor, moments.genuine);
                    let spread = libm::sqrt((impostor.1 * impostor.1 + genuine.1 * genuine.1) / 2.0);
                    let weight = ((genuine.0 - impostor.0) / spread.max(f64::MIN_POSITIVE)).max(0.0);
                    (weight * z, weight)
                }
                FusionRule::ZScore => (z, 1.0),
                FusionRule::Tanh => (0.5 * (libm::tanh(0.01 * deviations(part.score, moments.genuine)) + 1.0), 1.0),
            };
            sum += term;
            weights += weight;
        }
        Ok(if weights > 0.0 { sum / weights } else { sum })
    }
}
