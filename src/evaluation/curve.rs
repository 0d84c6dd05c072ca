//! Error rates of single comparisons as the threshold moves: FMR, FNMR, EER.
//!
//! # Definitions
//! A comparison is accepted if its score is at or above the threshold (ISO/IEC 19795-1). FMR is the share of impostor
//! comparisons that are accepted, FNMR the share of genuine ones that are not. Both only change at scores that occur, so the
//! curve has one point per distinct score and one just above the highest, where nothing is accepted. The EER is where
//! FMR and FNMR cross, by linear interpolation between the two points around the crossing. FNMR at a target FMR stands at the
//! smallest threshold whose FMR does not exceed the target.
//!
//! # Cost
//! One merge of two sorted lists, 24 bytes per distinct score; each question is then a bisection.

use super::EvaluationError;
use crate::decision::{Comparison, Proportion, Scores};

/// How far an FMR may exceed its target and still count as equal: division rounds.
const FMR_TOLERANCE: f64 = 1e-12;

/// Both error counts at one threshold.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct OperatingPoint {
    /// Scores at or above this are accepted.
    pub threshold: f64,
    /// Impostor comparisons at or above the threshold.
    pub false_matches: u64,
    /// Genuine comparisons below the threshold.
    pub false_non_matches: u64,
    /// All impostor comparisons.
    pub impostor: u64,
    /// All genuine comparisons.
    pub genuine: u64,
}

impl OperatingPoint {
    /// The false match rate.
    pub fn fmr(&self) -> f64 {
        self.false_matches as f64 / self.impostor as f64
    }

    /// The false non-match rate.
    pub fn fnmr(&self) -> f64 {
        self.false_non_matches as f64 / self.genuine as f64
    }

    /// The false match rate as a count, for its interval; every pair taken as independent.
    pub fn fmr_count(&self) -> Proportion {
        Proportion::new(self.false_matches, self.impostor)
    }

    /// The false non-match rate as a count, for its interval; every pair taken as independent.
    pub fn fnmr_count(&self) -> Proportion {
        Proportion::new(self.false_non_matches, self.genuine)
    }
}

/// FMR and FNMR at every threshold that makes a difference.
///
/// ```
/// # use vantay::{decision::Scores, evaluation::Curve};
/// let scores = Scores::of_pairs(&[9.0, 8.0, 7.0, 2.0], &[3.0, 1.0, 1.0, 0.0, 0.5]);
/// let curve = Curve::new("example", &scores)?;
/// let point = curve.at_fmr(0.0);
/// assert_eq!((point.threshold, point.fnmr()), (7.0, 0.25));
/// assert!((curve.eer() - 0.2).abs() < 1e-12);
/// # Ok::<(), vantay::evaluation::EvaluationError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Curve {
    /// Ascending, one per distinct score and one just above the last.
    thresholds: Vec<f64>,
    /// Genuine comparisons below each threshold.
    genuine_below: Vec<u64>,
    /// Impostor comparisons at or above each threshold.
    impostor_from: Vec<u64>,
}

impl Curve {
    /// The curve of `scores`; `name` is for the message if one kind is missing.
    ///
    /// # Errors
    /// [`EvaluationError::OneSided`] without a genuine or without an impostor comparison.
    pub fn new(name: &str, scores: &Scores) -> Result<Self, EvaluationError> {
        let (genuine, impostor) = (scores.genuine(), scores.impostor());
        for (missing, comparisons) in [("genuine", genuine), ("impostor", impostor)] {
            if comparisons.is_empty() {
                return Err(EvaluationError::OneSided { name: name.into(), missing });
            }
        }
        let (mut g, mut i) = (0, 0);
        let mut curve = Self { thresholds: Vec::new(), genuine_below: Vec::new(), impostor_from: Vec::new() };
        while g < genuine.len() || i < impostor.len() {
            let next = |list: &[Comparison], at: usize| list.get(at).map_or(f64::INFINITY, |c| c.score);
            let threshold = next(genuine, g).min(next(impostor, i));
            curve.push(threshold, g as u64, (impostor.len() - i) as u64);
            while g < genuine.len() && genuine[g].score <= threshold {
                g += 1;
            }
            while i < impostor.len() && impostor[i].score <= threshold {
                i += 1;
            }
        }
        let highest = curve.thresholds.last().copied().unwrap_or_default();
        curve.push(highest.next_up(), genuine.len() as u64, 0);
        Ok(curve)
    }

    fn push(&mut self, threshold: f64, genuine_below: u64, impostor_from: u64) {
        self.thresholds.push(threshold);
        self.genuine_below.push(genuine_below);
        self.impostor_from.push(impostor_from);
    }

    fn point(&self, at: usize) -> OperatingPoint {
        OperatingPoint {
            threshold: self.thresholds[at],
            false_matches: self.impostor_from[at],
            false_non_matches: self.genuine_below[at],
            impostor: self.impostor_from[0],
            genuine: self.genuine_below[self.genuine_below.len() - 1],
        }
    }

    /// Every point, lowest threshold first.
    pub fn points(&self) -> impl ExactSizeIterator<Item = OperatingPoint> + DoubleEndedIterator + '_ {
        (0..self.thresholds.len()).map(|at| self.point(at))
    }

    /// The equal error rate.
    pub fn eer(&self) -> f64 {
        equal_error_rate(&self.genuine_below, &self.impostor_from).unwrap_or(f64::NAN)
    }

    /// The first threshold where FNMR is not below FMR: the end of the step in which the EER lies.
    pub fn at_eer(&self) -> OperatingPoint {
        let last = self.thresholds.len() - 1;
        self.points().find(|p| p.fnmr() >= p.fmr()).unwrap_or_else(|| self.point(last))
    }

    /// The point at the smallest threshold whose FMR does not exceed `fmr`.
    pub fn at_fmr(&self, fmr: f64) -> OperatingPoint {
        let allowed = |&from: &u64| from as f64 / self.impostor_from[0] as f64 > fmr.max(0.0) + FMR_TOLERANCE;
        self.point(self.impostor_from.partition_point(allowed).min(self.thresholds.len() - 1))
    }

    /// The point for `threshold` itself, whether or not such a score occurs.
    pub fn at_threshold(&self, threshold: f64) -> OperatingPoint {
        let at = self.thresholds.partition_point(|&t| t < threshold).min(self.thresholds.len() - 1);
        OperatingPoint { threshold, ..self.point(at) }
    }

    /// The rank of `score` among the thresholds; it must be one of them.
    pub(super) fn rank(&self, score: f64) -> usize {
        self.thresholds.partition_point(|&t| t < score)
    }

    pub(super) fn len(&self) -> usize {
        self.thresholds.len()
    }
}

/// The EER of cumulative counts along ascending thresholds, or `None` if one kind has no weight at all.
pub(super) fn equal_error_rate(genuine_below: &[u64], impostor_from: &[u64]) -> Option<f64> {
    let genuine = *genuine_below.last()? as f64;
    let impostor = *impostor_from.first()? as f64;
    if genuine == 0.0 || impostor == 0.0 {
        return None;
    }
    let rates = |at: usize| (impostor_from[at] as f64 / impostor, genuine_below[at] as f64 / genuine);
    // FMR falls and FNMR rises, so the crossing can be bisected: from 1 and 0 at the first threshold to 0 and 1 at the last.
    let (mut before, mut after) = (0, genuine_below.len() - 1);
    while after - before > 1 {
        let middle = usize::midpoint(before, after);
        let (fmr, fnmr) = rates(middle);
        if fmr - fnmr <= 0.0 { after = middle } else { before = middle }
    }
    let ((fmr, fnmr), (fmr_after, fnmr_after)) = (rates(before), rates(after));
    let (d, d_after) = (fmr - fnmr, fmr_after - fnmr_after);
    Some(fmr + d / (d - d_after) * (fmr_after - fmr))
}

/// The FNMR at a target FMR of cumulative counts along ascending thresholds, as [`Curve::at_fmr`] defines it.
pub(super) fn fnmr_at_fmr(genuine_below: &[u64], impostor_from: &[u64], target: f64) -> Option<f64> {
    let genuine = *genuine_below.last()? as f64;
    let impostor = *impostor_from.first()? as f64;
    if genuine == 0.0 || impostor == 0.0 {
        return None;
    }
    let at = impostor_from.partition_point(|&from| from as f64 / impostor > target + FMR_TOLERANCE);
    Some(genuine_below[at.min(genuine_below.len() - 1)] as f64 / genuine)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Every rate by counting again at each candidate threshold.
    fn plain(genuine: &[f64], impostor: &[f64]) -> Vec<(f64, f64, f64)> {
        let mut thresholds: Vec<f64> = genuine.iter().chain(impostor).copied().collect();
        thresholds.sort_by(f64::total_cmp);
        thresholds.dedup();
        thresholds.push(thresholds[thresholds.len() - 1].next_up());
        let share =
            |list: &[f64], f: &dyn Fn(f64) -> bool| list.iter().filter(|s| f(**s)).count() as f64 / list.len() as f64;
        thresholds.iter().map(|&t| (t, share(impostor, &|s| s >= t), share(genuine, &|s| s < t))).collect()
    }

    proptest! {
        #[test]
        fn rates_are_what_counting_at_each_threshold_gives(
            genuine in prop::collection::vec(0_u8..30, 1..40),
            impostor in prop::collection::vec(0_u8..20, 1..60),
            target in 0.0..0.5_f64,
            threshold in -1.0..35.0_f64,
        ) {
            let of = |list: &[u8]| list.iter().map(|&s| f64::from(s) / 2.0).collect::<Vec<_>>();
            let (genuine, impostor) = (of(&genuine), of(&impostor));
            let curve = Curve::new("test", &Scores::of_pairs(&genuine, &impostor)).unwrap();
            let plain = plain(&genuine, &impostor);
            let found: Vec<_> = curve.points().map(|p| (p.threshold, p.fmr(), p.fnmr())).collect();
            prop_assert_eq!(&found, &plain);

            let expected = plain.iter().find(|(_, fmr, _)| *fmr <= target).unwrap();
            let at = curve.at_fmr(target);
            prop_assert_eq!((at.threshold, at.fmr(), at.fnmr()), *expected);

            let crossing = plain.iter().position(|(_, fmr, fnmr)| fmr <= fnmr).unwrap();
            let (before, after) = (plain[crossing - 1], plain[crossing]);
            let (d, d_after) = (before.1 - before.2, after.1 - after.2);
            let eer = before.1 + d / (d - d_after) * (after.1 - before.1);
            prop_assert!((curve.eer() - eer).abs() < 1e-12);

            let at = curve.at_threshold(threshold);
            prop_assert_eq!(at.false_matches as usize, impostor.iter().filter(|s| **s >= threshold).count());
            prop_assert_eq!(at.false_non_matches as usize, genuine.iter().filter(|s| **s < threshold).count());
        }
    }

    #[test]
    fn rates_need_both_kinds() {
        let error = Curve::new("half", &Scores::of_pairs(&[1.0], &[])).unwrap_err();
        assert_eq!(error.to_string(), "half: no impostor comparison: error rates need both genuine and impostor ones");
    }
}
