//! How sure a counted share is: intervals for errors out of trials.
//!
//! # Problem
//! "3 false matches in 10,000" is a count, and the rate behind it could be a third or three times as much. A rate that is
//! stated without its interval invites decisions that the data cannot carry.
//!
//! # Method
//! Clopper and Pearson's interval (*Biometrika* 26, 1934) holds at least its confidence for any rate and any number of
//! trials, also at zero errors. Wilson's (*JASA* 22, 1927) is shorter and holds it on average. With no error in `n` trials the rate is
//! below `3 / n` with 95 % confidence: the rule of three (ISO/IEC 19795-1; Jovanovic and Levy, *American Statistician* 51,
//! 1997), which is Clopper and Pearson's one-sided bound to first order.
//!
//! All three take the trials as independent. Pairs that share a subject are not: divide errors and trials by the design
//! effect ([`Scores::impostor_design_effect`](super::Scores::impostor_design_effect)) or resample subjects.

use serde::Serialize;
use statrs::function::{
    beta::{beta_reg, ln_beta},
    erf::erfc_inv,
};

/// A range that covers the true value with the confidence it was made for. In JSON a list of both ends.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(into = "[f64; 2]")]
pub struct Interval {
    /// The lower end.
    pub low: f64,
    /// The upper end.
    pub high: f64,
}

impl From<Interval> for [f64; 2] {
    fn from(Interval { low, high }: Interval) -> Self {
        [low, high]
    }
}

/// Errors counted in trials.
///
/// ```
/// # use vantay::decision::Proportion;
/// let none = Proportion::new(0, 3_000);
/// assert_eq!((none.value(), none.rule_of_three()), (0.0, 0.001));
/// let some = Proportion::new(12, 3_000).clopper_pearson(0.95);
/// assert!(some.low > 0.0020 && some.high < 0.0070);
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Proportion {
    errors: f64,
    trials: f64,
}

impl Proportion {
    /// `errors` in `trials`; more errors than trials count as all trials.
    pub fn new(errors: u64, trials: u64) -> Self {
        Self { errors: errors.min(trials) as f64, trials: trials as f64 }
    }

    /// The same share counted in fewer independent trials (Korn and Graubard, *Survey Methodology* 24, 1998): what pairs of
    /// shared subjects are worth. `design_effect` below 1 counts as 1.
    pub fn with_design_effect(self, design_effect: f64) -> Self {
        let effect = if design_effect > 1.0 { design_effect } else { 1.0 };
        Self { errors: self.errors / effect, trials: self.trials / effect }
    }

    /// How many errors; a fraction where a design effect was taken into account.
    pub fn errors(self) -> f64 {
        self.errors
    }

    /// In how many trials; likewise.
    pub fn trials(self) -> f64 {
        self.trials
    }

    /// The share of errors; 0 without trials.
    pub fn value(self) -> f64 {
        if self.trials > 0.0 { self.errors / self.trials } else { 0.0 }
    }

    /// Clopper and Pearson's interval, which holds at least `confidence` (0 to 1) whatever the rate is.
    pub fn clopper_pearson(self, confidence: f64) -> Interval {
        let Self { errors, trials } = self;
        if trials <= 0.0 {
            return Interval { low: 0.0, high: 1.0 };
        }
        let tail = (1.0 - confidence.clamp(0.0, 1.0)) / 2.0;
        let passed = trials - errors;
        Interval {
            // Less than one error after a design effect shows nothing about the lower end.
            low: if errors >= 1.0 { beta_quantile(errors, passed + 1.0, tail) } else { 0.0 },
            high: if passed > 0.0 { beta_quantile(errors + 1.0, passed, 1.0 - tail) } else { 1.0 },
        }
    }

    /// Wilson's interval, which holds `confidence` (0 to 1) on average.
    pub fn wilson(self, confidence: f64) -> Interval {
        let n = self.trials;
        if n <= 0.0 {
            return Interval { low: 0.0, high: 1.0 };
        }
        let p = self.value();
        let z = probit((1.0 + confidence.clamp(0.0, 1.0)) / 2.0);
        let centre = (p + z * z / (2.0 * n)) / (1.0 + z * z / n);
        let half = z / (1.0 + z * z / n) * (p * (1.0 - p) / n + z * z / (4.0 * n * n)).sqrt();
        let low = if self.errors > 0.0 { (centre - half).max(0.0) } else { 0.0 };
        let high = if self.errors < n { (centre + half).min(1.0) } else { 1.0 };
        Interval { low, high }
    }

    /// The rate that no error in this many trials excludes with 95 % confidence: `3 / trials`, at most 1.
    pub fn rule_of_three(self) -> f64 {
        if self.trials > 3.0 { 3.0 / self.trials } else { 1.0 }
    }
}

/// The standard normal deviate below which a share `p` lies: the axis of a DET plot. Infinite at 0 and 1.
pub fn probit(p: f64) -> f64 {
    -std::f64::consts::SQRT_2 * erfc_inv(2.0 * p)
}

/// The value below which a beta distribution has a share `p`, in the logarithm: the rates of interest span twelve decades, and a relative
/// error is what matters at each. By Newton's steps from the mean, halving the range where one would leave it.
fn beta_quantile(a: f64, b: f64, p: f64) -> f64 {
    const STEPS: u32 = 100;
    let log_beta = ln_beta(a, b);
    let (mut low, mut high) = (-700.0_f64, 0.0_f64);
    let mut at = libm::log(a / (a + b)).clamp(low, high);
    for _ in 0..STEPS {
        let value = libm::exp(at);
        let over = beta_reg(a, b, value) - p;
        if over < 0.0 {
            low = at
        } else {
            high = at
        }
        let slope = libm::exp(a * at + (b - 1.0) * libm::log1p(-value) - log_beta);
        let next = at - over / slope;
        let next = if next > low && next < high { next } else { low + (high - low) / 2.0 };
        let step = (next - at).abs();
        at = next;
        if step <= 1e-13 * at.abs().max(1.0) {
            break;
        }
    }
    libm::exp(at).min(1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn near(found: Interval, low: f64, high: f64) {
        let close = |a: f64, b: f64| (a - b).abs() <= 1e-7 * b.abs().max(1e-9);
        assert!(close(found.low, low) && close(found.high, high), "{found:?}, expected {low} to {high}");
    }

    /// Expected values by scipy 1.17.1, `binomtest(k, n).proportion_ci(0.95, method)`.
    #[test]
    fn intervals_agree_with_scipy() {
        near(Proportion::new(0, 280).clopper_pearson(0.95), 0.0, 0.01308816470300599);
        near(Proportion::new(0, 280).wilson(0.95), 0.0, 0.013533818620629407);
        near(Proportion::new(1, 280).clopper_pearson(0.95), 9.041665496889703e-05, 0.01973703780295097);
        near(Proportion::new(1, 280).wilson(0.95), 0.0006307232802881257, 0.019949282350193928);
        near(Proportion::new(23, 280).clopper_pearson(0.95), 0.052783275453615, 0.12070558863510675);
        near(Proportion::new(23, 280).wilson(0.95), 0.05535782106196095, 0.12023829878527935);
        near(Proportion::new(280, 280).clopper_pearson(0.95), 0.9869118352969944, 1.0);
        near(Proportion::new(280, 280).wilson(0.95), 0.9864661813793706, 1.0);
        near(Proportion::new(0, 2880).clopper_pearson(0.95), 0.0, 0.001280040969356385);
        near(Proportion::new(0, 2880).wilson(0.95), 0.0, 0.0013320631094141475);
        near(Proportion::new(3, 80800).clopper_pearson(0.95), 7.656898645745802e-06, 0.00010850198250459402);
        near(Proportion::new(3, 80800).wilson(0.95), 1.262719149193132e-05, 0.00010916725098775618);
        near(Proportion::new(11, 20000000).clopper_pearson(0.95), 2.7455805086038167e-07, 9.84101711549574e-07);
        near(Proportion::new(11, 20000000).wilson(0.95), 3.071218749014954e-07, 9.849508179610087e-07);
    }

    #[test]
    fn no_error_leaves_room_for_three_in_the_number_of_trials() {
        let none = Proportion::new(0, 30_000);
        assert_eq!(none.rule_of_three(), 1e-4);
        let one_sided = none.clopper_pearson(0.90).high;
        assert!((one_sided / 1e-4 - 1.0).abs() < 0.01, "{one_sided}");
    }

    #[test]
    fn dependent_pairs_widen_the_interval_and_keep_the_rate() {
        let counted = Proportion::new(40, 4_000);
        let dependent = counted.with_design_effect(4.0);
        assert_eq!(counted.value(), dependent.value());
        let (narrow, wide) = (counted.clopper_pearson(0.95), dependent.clopper_pearson(0.95));
        assert!(wide.low < narrow.low && wide.high > narrow.high);
    }

    #[test]
    fn no_trial_says_nothing() {
        near(Proportion::new(0, 0).clopper_pearson(0.95), 0.0, 1.0);
        near(Proportion::new(0, 0).wilson(0.95), 0.0, 1.0);
    }

    #[test]
    fn a_deviate_of_two_is_the_975_th_permille() {
        assert!((probit(0.975) - 1.959_963_984_540_054).abs() < 1e-9);
        assert!((probit(0.5)).abs() < 1e-12 && (probit(1e-6) + 4.753_424_308_822_899).abs() < 1e-8);
    }
}
