//! The upper tail of impostor scores, beyond what was counted.
//!
//! # Problem
//! A national gallery needs an FMR of 1e-11, and the largest test has counted down to 1e-8. Whatever is said beyond the count is
//! extrapolated; it should at least be extrapolated by a method with a theory, and with its uncertainty.
//!
//! # Method
//! Whatever the distribution, its excess over a high threshold tends to a generalised Pareto distribution with
//! `P(excess > y) = (1 + shape · y / scale)^(-1 / shape)`, exponential at shape 0 (Pickands, *Annals of Statistics* 3, 1975; Coles,
//! *An Introduction to Statistical Modeling of Extreme Values*, chapter 4, 2001). Scale and shape by maximum likelihood. A
//! negative shape promises an end that no impostor score will pass; the estimate stops at 0 instead, which errs to the safe side.
//!
//! # Uncertainty
//! A rate's interval is its range over the parameters whose log-likelihood is within 1.92 of the best (profile likelihood, 95 %),
//! unlike a normal approximation skewed upwards, as far extrapolation is. The region's border is kept as points. Pairs that
//! share subjects are worth less than they count: the log-likelihood is divided by their design effect.

use super::{DecisionError, Interval, Proportion, Rate, memo::Memo};
use serde::{Deserialize, Serialize};

/// Shapes that are considered: beyond 1 the tail would have no mean, below -0.5 likelihood theory fails.
const SHAPES: std::ops::RangeInclusive<f64> = -0.5..=1.0;
/// Half the 95 % quantile of chi squared with one degree of freedom.
const WITHIN: f64 = 1.920_729_410_347_062;
/// Steps of a search for a parameter: down to a billionth of its range.
const STEPS: u32 = 45;
/// Shapes at which the border of the likelihood region is kept.
const BORDER: usize = 17;

/// A generalised Pareto distribution over a threshold, with its uncertainty.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ParetoTail {
    /// The score above which the tail is fitted.
    pub above: f64,
    /// Impostor scores above it.
    pub exceedances: u64,
    /// All impostor scores.
    pub total: u64,
    /// How many pairs are worth one.
    pub design_effect: f64,
    /// In units of the score; positive.
    pub scale: f64,
    /// Without unit; 0 or more.
    pub shape: f64,
    /// Scale and shape along the border of the 95 % likelihood region.
    pub border: Vec<[f64; 2]>,
    /// The interval of the share above the threshold.
    #[serde(skip)]
    counted: Memo<Interval>,
}

impl ParetoTail {
    /// The tail of the `exceedances` highest of `impostor`, which ascends and has more scores than that. Equal scores are not torn: the
    /// threshold lies halfway down to the next lower score.
    pub fn fit(
        impostor: &[f64],
        exceedances: usize,
        design_effect: impl Fn(f64) -> f64,
    ) -> Result<Self, DecisionError> {
        let n = impostor.len();
        let highest = impostor[n - 1];
        let wanted = impostor[n - exceedances];
        let first = impostor.partition_point(|&s| s < wanted);
        if first == 0 || wanted == highest {
            return Err(DecisionError::NoTail { score: wanted });
        }
        let above = impostor[first - 1] + (wanted - impostor[first - 1]) / 2.0;
        let excess = Excess(impostor[first..].iter().map(|s| s - above).collect());
        let design_effect = design_effect(above).max(1.0);

        let shape = highest_point(0.0, *SHAPES.end(), STEPS, |shape| excess.best_scale(shape).1);
        let (scale, best) = excess.best_scale(shape);
        let inside = |likelihood: f64| likelihood >= best - WITHIN * design_effect;
        let profile = |shape: f64| inside(excess.best_scale(shape).1);
        let (from, to) = (edge(shape, *SHAPES.start(), profile), edge(shape, *SHAPES.end(), profile));
        let border = (0..BORDER)
            .map(|i| from + (to - from) * i as f64 / (BORDER - 1) as f64)
            .flat_map(|shape| {
                let (best_scale, _) = excess.best_scale(shape);
                let at = |log_scale: f64| inside(excess.log_likelihood(libm::exp(log_scale), shape));
                let centre = libm::log(best_scale);
                [edge(centre, centre - 4.0, at), edge(centre, centre + 4.0, at)].map(|s| [libm::exp(s), shape])
            })
            .collect();
        Ok(Self {
            above,
            exceedances: (n - first) as u64,
            total: n as u64,
            design_effect,
            scale,
            shape,
            border,
            counted: Memo::default(),
        })
    }

    fn share(&self) -> Proportion {
        Proportion::new(self.exceedances, self.total)
    }

    /// The share of impostor scores at or above `score`, which is not below the tail's threshold.
    pub fn fmr(&self, score: f64) -> f64 {
        libm::exp(self.log_fmr(score))
    }

    fn log_fmr(&self, score: f64) -> f64 {
        libm::log(self.share().value()) + log_survival(score - self.above, self.scale, self.shape)
    }

    /// The interval of [`ParetoTail::fmr`].
    pub fn interval(&self, score: f64) -> Interval {
        let log_fmr = self.log_fmr(score);
        let y = score - self.above;
        let centre = log_survival(y, self.scale, self.shape);
        let of_border = self.border.iter().map(|&[scale, shape]| log_survival(y, scale, shape));
        let (low, high) = of_border.fold((centre, centre), |(low, high), at| (low.min(at), high.max(at)));
        let share = self.share();
        let counted = self.counted.get(|| share.with_design_effect(self.design_effect).clopper_pearson(0.95));
        // The count above the threshold and the shape beyond it are independent: their deviations add as squares.
        let add = |tail: f64, count: f64| libm::hypot(tail, libm::log(count / share.value()));
        Interval {
            low: libm::exp(log_fmr - add(centre - low, counted.low)),
            high: libm::exp(log_fmr + add(high - centre, counted.high)).min(1.0),
        }
    }

    /// The score that a share `fmr` of impostors reaches; `fmr` is positive and at most the tail's own share.
    pub fn score_at(&self, fmr: f64) -> f64 {
        let log_ratio = libm::log(self.share().value() / fmr).max(0.0);
        let y = if self.shape > 1e-9 { libm::expm1(self.shape * log_ratio) / self.shape } else { log_ratio };
        self.above + self.scale * y
    }

    /// The rate at `score`, said to be extrapolated or not.
    pub fn rate(&self, score: f64, extrapolated: bool) -> Rate {
        let Interval { low, high } = self.interval(score);
        Rate { value: self.fmr(score), low, high, extrapolated }
    }

    /// Why a tail from a file cannot be used, if so.
    pub fn fault(&self) -> Option<&'static str> {
        let positive = |x: f64| x.is_finite() && x > 0.0;
        let usable = self.above.is_finite()
            && (1..=self.total).contains(&self.exceedances)
            && self.design_effect.is_finite()
            && self.design_effect >= 1.0
            && positive(self.scale)
            && (0.0..=*SHAPES.end()).contains(&self.shape)
            && self.border.len() <= 2 * BORDER
            && self.border.iter().all(|&[scale, shape]| positive(scale) && SHAPES.contains(&shape));
        (!usable).then_some("the tail's parameters are out of range")
    }
}

/// The logarithm of the share of excesses at or above `y`.
fn log_survival(y: f64, scale: f64, shape: f64) -> f64 {
    let z = y.max(0.0) / scale;
    if shape.abs() < 1e-9 {
        return -z;
    }
    let inner = shape * z;
    if inner <= -1.0 { f64::NEG_INFINITY } else { -libm::log1p(inner) / shape }
}

/// Excesses over the threshold.
struct Excess(Vec<f64>);

impl Excess {
    fn log_likelihood(&self, scale: f64, shape: f64) -> f64 {
        let n = self.0.len() as f64;
        if shape.abs() < 1e-9 {
            return -n * libm::log(scale) - self.0.iter().sum::<f64>() / scale;
        }
        let mut sum = 0.0;
        for y in &self.0 {
            let inner = shape * y / scale;
            if inner <= -1.0 {
                return f64::NEG_INFINITY;
            }
            sum += libm::log1p(inner);
        }
        -n * libm::log(scale) - (1.0 + 1.0 / shape) * sum
    }

    /// The likeliest scale for `shape`, and its log-likelihood.
    fn best_scale(&self, shape: f64) -> (f64, f64) {
        let mean = self.0.iter().sum::<f64>() / self.0.len() as f64;
        let highest = self.0.iter().copied().fold(0.0, f64::max);
        // A negative shape must leave room for the highest excess.
        let least = (mean * 0.02).max(if shape < 0.0 { -shape * highest * (1.0 + 1e-9) } else { 0.0 });
        let scale =
            libm::exp(highest_point(libm::log(least), libm::log(mean * 4.0).max(libm::log(least)), STEPS, |s| {
                self.log_likelihood(libm::exp(s), shape)
            }));
        (scale, self.log_likelihood(scale, shape))
    }
}

/// Where between `low` and `high` a function with one peak is highest (golden section); each step narrows the place to 0.618.
pub(super) fn highest_point(mut low: f64, mut high: f64, steps: u32, f: impl Fn(f64) -> f64) -> f64 {
    const GOLDEN: f64 = 0.618_033_988_749_894_8;
    let inner = |low: f64, high: f64| [high - GOLDEN * (high - low), low + GOLDEN * (high - low)];
    let (ends, mut at) = ([low, high], inner(low, high));
    let mut value = at.map(&f);
    for _ in 0..steps {
        if value[0] >= value[1] {
            high = at[1];
            at = [high - GOLDEN * (high - low), at[0]];
            value = [f(at[0]), value[0]];
        } else {
            low = at[0];
            at = [at[1], low + GOLDEN * (high - low)];
            value = [value[1], f(at[1])];
        }
    }
    let middle = (low + high) / 2.0;
    // The peak may be an end itself.
    ends.into_iter().fold(middle, |best, end| if f(end) > f(best) { end } else { best })
}

/// The last point from `inside` towards `outside` for which `holds`, by bisection.
fn edge(inside: f64, outside: f64, holds: impl Fn(f64) -> bool) -> f64 {
    if holds(outside) {
        return outside;
    }
    let (mut inside, mut outside) = (inside, outside);
    for _ in 0..30 {
        let middle = (inside + outside) / 2.0;
        if holds(middle) { inside = middle } else { outside = middle }
    }
    inside
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand_pcg::{Pcg32, rand_core::Rng};

    /// Scores of a distribution given by its quantile function, ascending.
    fn drawn(n: usize, stream: u64, quantile: impl Fn(f64) -> f64) -> Vec<f64> {
        let mut random = Pcg32::new(42, stream);
        let mut scores: Vec<f64> =
            (0..n).map(|_| quantile((f64::from(random.next_u32()) + 0.5) / 4_294_967_296.0)).collect();
        scores.sort_by(f64::total_cmp);
        scores
    }

    fn tail(scores: &[f64]) -> ParetoTail {
        ParetoTail::fit(scores, scores.len() / 50, |_| 1.0).unwrap()
    }

    #[test]
    fn the_interval_covers_the_true_rate_four_decades_beyond_the_count() {
        // Exponential, and Pareto with shape 0.2: the true FMR is known at any score.
        for (name, shape) in [("exponential", 0.0), ("heavy", 0.2)] {
            let quantile = |p: f64| if shape == 0.0 { -(1.0 - p).ln() } else { ((1.0 - p).powf(-shape) - 1.0) / shape };
            let truth = 1e-8_f64;
            let score = quantile(1.0 - truth);
            let covered = (0..60)
                .filter(|&stream| {
                    let interval = tail(&drawn(10_000, stream, quantile)).interval(score);
                    interval.low <= truth && truth <= interval.high
                })
                .count();
            assert!(covered >= 51, "{name}: {covered} of 60");
        }
    }

    #[test]
    fn a_bounded_distribution_is_never_given_an_end() {
        let fitted = tail(&drawn(10_000, 1, |p| p));
        assert!((0.0..1e-6).contains(&fitted.shape));
        assert!(fitted.fmr(1.5) > 0.0);
    }

    #[test]
    fn score_and_rate_are_each_others_inverse() {
        for stream in 0..4 {
            let fitted = tail(&drawn(5_000, stream, |p| ((1.0 - p).powf(-0.1) - 1.0) / 0.1));
            for fmr in [1e-2, 1e-4, 1e-9, 1e-17] {
                let found = fitted.fmr(fitted.score_at(fmr));
                assert!((found / fmr - 1.0).abs() < 1e-9, "{found} for {fmr}");
            }
        }
    }

    #[test]
    fn dependent_pairs_make_the_tail_less_certain() {
        let scores = drawn(10_000, 3, |p| -(1.0 - p).ln());
        let independent = tail(&scores);
        let dependent = ParetoTail::fit(&scores, 200, |_| 5.0).unwrap();
        let (narrow, wide) = (independent.interval(18.0), dependent.interval(18.0));
        assert!(wide.low < narrow.low && wide.high > narrow.high);
    }

    #[test]
    fn scores_that_are_all_equal_have_no_tail() {
        assert!(matches!(ParetoTail::fit(&[0.0; 500], 50, |_| 1.0), Err(DecisionError::NoTail { score: 0.0 })));
    }
}
