//! Counted error rates, kept in a few hundred knots.
//!
//! A calibration has to state what a test of twenty million pairs counted, in a file of some kilobytes. Counts are kept at
//! every score while they are small, and wherever they grew by 5 % beyond that. Between two knots the logarithm of the count is
//! interpolated, which is off by less than the 5 % between them.

use super::{Interval, Proportion, Scores, memo::Memo};
use serde::{Deserialize, Serialize};

/// Growth of a count between two knots.
const GROWTH: f64 = 1.05;

/// How many scores lie on the wrong side of a threshold, at some thresholds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Counts {
    /// All scores.
    pub total: u64,
    /// How many pairs are worth one.
    pub design_effect: f64,
    /// Of all scores.
    pub mean: f64,
    /// Standard deviation of all scores.
    pub deviation: f64,
    /// Thresholds, ascending, and the count at each.
    pub knots: Vec<(f64, u64)>,
    /// The interval at each knot.
    #[serde(skip)]
    intervals: Memo<Vec<Interval>>,
}

impl Counts {
    /// Counts of impostor scores at or above a threshold, down to those that fewer than `least` scores reach.
    pub fn of_impostor(scores: &Scores, least: u64, design_effect: f64) -> Self {
        let list: Vec<f64> = scores.impostor().iter().map(|c| c.score).collect();
        let n = list.len();
        // Each distinct score with the count at or above it, highest score first.
        let mut steps: Vec<(f64, u64)> = Vec::new();
        for (i, &score) in list.iter().enumerate().rev() {
            match steps.last_mut() {
                Some(last) if last.0 == score => last.1 = (n - i) as u64,
                _ => steps.push((score, (n - i) as u64)),
            }
        }
        let mut knots = thinned(&steps);
        let sparse = knots.partition_point(|&(_, count)| count < least);
        knots.drain(..sparse);
        knots.reverse();
        Self::with_moments(&list, design_effect, knots)
    }

    /// Counts of genuine scores below a threshold.
    pub fn of_genuine(scores: &Scores, design_effect: f64) -> Self {
        let list: Vec<f64> = scores.genuine().iter().map(|c| c.score).collect();
        let mut steps: Vec<(f64, u64)> = Vec::new();
        for (i, &score) in list.iter().enumerate() {
            if steps.last().is_none_or(|last| last.0 < score) {
                steps.push((score, i as u64));
            }
        }
        if let Some(&highest) = list.last() {
            steps.push((highest.next_up(), list.len() as u64));
        }
        Self::with_moments(&list, design_effect, thinned(&steps))
    }

    fn with_moments(list: &[f64], design_effect: f64, knots: Vec<(f64, u64)>) -> Self {
        let n = list.len().max(1) as f64;
        let mean = list.iter().sum::<f64>() / n;
        let deviation = (list.iter().map(|s| (s - mean) * (s - mean)).sum::<f64>() / n).sqrt();
        Self { total: list.len() as u64, design_effect, mean, deviation, knots, intervals: Memo::default() }
    }

    /// The share of scores on the wrong side of `threshold`, between the first and the last knot.
    pub fn share(&self, threshold: f64) -> f64 {
        self.count(threshold) / self.total as f64
    }

    fn count(&self, threshold: f64) -> f64 {
        self.between(threshold, |knot| self.knots[knot].1 as f64)
    }

    /// The interval of [`Counts::share`], with 95 % confidence. Every answer of a search asks for one, so both ends are kept at the knots and
    /// interpolated like the count.
    pub fn interval(&self, threshold: f64) -> Interval {
        let of = |&(_, count): &(f64, u64)| {
            Proportion::new(count, self.total).with_design_effect(self.design_effect).clopper_pearson(0.95)
        };
        let known = self.intervals.get(|| self.knots.iter().map(of).collect());
        Interval {
            low: self.between(threshold, |knot| known[knot].low),
            high: self.between(threshold, |knot| known[knot].high),
        }
    }

    /// A figure at `threshold` from those at the knots on either side of it.
    fn between(&self, threshold: f64, of: impl Fn(usize) -> f64) -> f64 {
        let after = self.knots.partition_point(|&(score, _)| score < threshold);
        let Some(last) = self.knots.len().checked_sub(1) else { return 0.0 };
        if after == 0 || after > last {
            return of(after.min(last));
        }
        let (before, next) = (self.knots[after - 1].0, self.knots[after].0);
        let share = (threshold - before) / (next - before);
        let (from, to) = (of(after - 1), of(after));
        if from > 0.0 && to > 0.0 { from * libm::pow(to / from, share) } else { from + share * (to - from) }
    }

    /// Why counts from a file cannot be used, if so. `rising`: whether they grow with the threshold.
    pub fn fault(&self, rising: bool) -> Option<&'static str> {
        let ascending = self.knots.windows(2).all(|w| {
            let ordered = if rising { w[0].1 <= w[1].1 } else { w[0].1 >= w[1].1 };
            w[0].0 < w[1].0 && ordered
        });
        let finite = [self.mean, self.deviation, self.design_effect].iter().all(|x| x.is_finite());
        let known = self.knots.iter().all(|&(score, count)| score.is_finite() && count <= self.total);
        let usable = ascending && finite && known && !self.knots.is_empty() && self.total > 0;
        (!usable || self.deviation < 0.0 || self.design_effect < 1.0).then_some("counts are not in order")
    }
}

/// The steps, of growing counts, at which the count has grown by 5 % since the last that was kept; also the step before a larger jump,
/// so that nothing is interpolated across it.
fn thinned(steps: &[(f64, u64)]) -> Vec<(f64, u64)> {
    let mut kept: Vec<(f64, u64)> = Vec::new();
    for (i, &step) in steps.iter().enumerate() {
        let from = kept.last().map_or(0.0, |&(_, count)| count as f64);
        let jumps = steps.get(i + 1).is_some_and(|next| next.1 as f64 > step.1 as f64 * GROWTH);
        if i == 0 || i + 1 == steps.len() || jumps || step.1 as f64 >= from * GROWTH {
            kept.push(step);
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_thousandth_of_the_scores_keeps_every_count_within_its_twentieth() {
        let list: Vec<f64> = (1..=200_000).map(|i| (f64::from(i) / 1000.0).ln() * 10.0).collect();
        let scores = Scores::of_pairs(&list, &list);
        let (impostor, genuine) = (Counts::of_impostor(&scores, 10, 1.0), Counts::of_genuine(&scores, 1.0));
        assert!(impostor.knots.len() < 260 && genuine.knots.len() < 260, "{}", impostor.knots.len());
        for threshold in list.iter().step_by(997).map(|s| s + 1e-6).filter(|&s| s < list[list.len() - 10]) {
            let from = scores.impostor_from(threshold) as f64 / 200_000.0;
            let near = |found: f64, counted: f64| (found - counted).abs() <= 0.05 * counted + 1.0 / 200_000.0;
            assert!(near(impostor.share(threshold), from), "from {threshold}");
            let below = scores.genuine_below(threshold) as f64 / 200_000.0;
            assert!(near(genuine.share(threshold), below), "below {threshold}");
        }
        assert_eq!((impostor.fault(false), genuine.fault(true)), (None, None));
    }

    #[test]
    fn an_interval_between_two_knots_is_that_of_its_count() {
        let list: Vec<f64> = (1..=200_000).map(|i| (f64::from(i) / 1000.0).ln() * 10.0).collect();
        let scores = Scores::of_pairs(&list, &list);
        let counts = Counts::of_impostor(&scores, 10, 3.0);
        for threshold in list.iter().step_by(997).map(|s| s + 1e-6).filter(|&s| s < list[list.len() - 10]) {
            let count = Proportion::new(counts.count(threshold).round() as u64, counts.total);
            let expected = count.with_design_effect(3.0).clopper_pearson(0.95);
            let found = counts.interval(threshold);
            let near = |found: f64, expected: f64| (found - expected).abs() <= 0.02 * expected;
            assert!(near(found.low, expected.low) && near(found.high, expected.high), "{found:?} for {expected:?}");
        }
    }

    #[test]
    fn a_heap_of_equal_scores_does_not_reach_beyond_its_score() {
        let list: Vec<f64> = [0.0; 900].into_iter().chain((0..100).map(|i| 5.0 + f64::from(i))).collect();
        let scores = Scores::of_pairs(&list, &list);
        let (impostor, genuine) = (Counts::of_impostor(&scores, 10, 1.0), Counts::of_genuine(&scores, 1.0));
        assert_eq!((impostor.share(0.0), impostor.share(5.0), impostor.share(55.0)), (1.0, 0.1, 0.05));
        assert_eq!((genuine.share(0.0), genuine.share(5.0)), (0.0, 0.9));
    }
}
