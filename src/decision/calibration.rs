//! What a comparison score means: error rates and a log-likelihood ratio, with what they were fitted on.
//!
//! # Problem
//! "Is 40 safe for 100,000 people?" A score has no unit. What it means depends on matcher, sensor and extractor or face model, and can only
//! be learnt from comparisons whose truth is known. Below some rate nobody has counted; a statement there has to say so.
//!
//! # Method
//! - FMR: counted while at least [`Calibration::COUNTED`] impostor scores are as high, beyond that by a generalised Pareto tail.
//!   Above the tail's threshold the larger of both stands.
//! - FNMR: counted.
//! - Log-likelihood ratio: pooled adjacent violators over both, the tail included.
//!
//! Intervals are of 95 %: Clopper and Pearson's for counts, profile likelihood for the tail, both widened by the design effect of
//! pairs that share subjects. They hold for data like the data fitted on; another sensor may be off by more.
//!
//! # File
//! JSON of a few kilobytes, versioned, checked when read. It names the data, counts, system, date and library version.

use super::{DecisionError, Rate, Scores, counts::Counts, file, likelihood, tail::ParetoTail};
use serde::{Deserialize, Serialize};
use std::path::Path;

/// What a calibration was fitted on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct FittedOn {
    /// The data, as the one who fitted it calls them.
    pub data: String,
    /// The face model, or the fingerprint matcher and its version: whose scores these are.
    pub system: String,
    /// Genuine comparisons.
    pub genuine: u64,
    /// Impostor comparisons.
    pub impostor: u64,
    /// Subjects, if they were known.
    pub subjects: Option<u32>,
    /// The day, as `2026-01-31`.
    pub date: String,
    /// The version of this library.
    pub library: String,
}

/// How to fit.
#[derive(Clone, Debug, PartialEq)]
pub struct FitOptions {
    /// A name for the data.
    pub data: String,
    /// The face model, or the fingerprint matcher and its version.
    pub system: String,
    /// The share of the highest impostor scores that the tail is fitted to, or `None` for a share that suits their number: 1 in 200, but no
    /// fewer than 50 scores and no more than 1,000.
    pub tail: Option<f64>,
}

impl FitOptions {
    /// Options for scores of `system` on `data`.
    pub fn new(data: impl Into<String>, system: impl Into<String>) -> Self {
        Self { data: data.into(), system: system.into(), tail: None }
    }
}

/// Error rates and log-likelihood ratios of one system's comparison scores.
///
/// ```
/// use vantay::decision::{Calibration, FitOptions, Scores};
/// // Scores of an imagined matcher: impostors fall off tenfold every 10, mates lie around 100.
/// let impostor: Vec<f64> = (1..=20_000).map(|i| -10.0 * (f64::from(i) / 20_001.0).log10()).collect();
/// let genuine: Vec<f64> = (0..400).map(|i| 60.0 + f64::from(i) / 5.0).collect();
/// let calibration = Calibration::fit(&Scores::of_pairs(&genuine, &impostor), &FitOptions::new("imagined", "example 1"))?;
///
/// let counted = calibration.fmr_at(30.0);
/// assert!((counted.value / 1e-3 - 1.0).abs() < 0.1 && !counted.extrapolated);
/// let threshold = calibration.threshold_at_fmr(1e-8)?;
/// let beyond = calibration.fmr_at(threshold);
/// assert!(beyond.value <= 1e-8 && beyond.extrapolated && beyond.high > 1e-8);
/// assert!(calibration.llr(90.0) > 5.0);
/// # Ok::<(), vantay::decision::DecisionError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Calibration {
    format: String,
    version: u32,
    fitted_on: FittedOn,
    /// The highest score that at least `COUNTED` impostor scores reach.
    counted_to: f64,
    impostor: Counts,
    genuine: Counts,
    tail: ParetoTail,
    llr: Vec<(f64, f64)>,
}

impl Calibration {
    /// Impostor scores at or above a score that make a rate counted; below that it is extrapolated.
    pub const COUNTED: u64 = 10;
    /// The fewest genuine scores to fit.
    pub const MIN_GENUINE: usize = 20;
    /// The fewest impostor scores to fit.
    pub const MIN_IMPOSTOR: usize = 200;
    const FORMAT: &str = "vantay-calibration";
    const VERSION: u32 = 1;

    /// A calibration of `scores`, which must all be of one system.
    ///
    /// # Errors
    /// [`DecisionError::TooFewScores`] below [`Self::MIN_GENUINE`] or [`Self::MIN_IMPOSTOR`];
    /// [`DecisionError::NoTail`] if the highest impostor scores are all equal.
    pub fn fit(scores: &Scores, options: &FitOptions) -> Result<Self, DecisionError> {
        let plain = |list: &[super::Comparison]| list.iter().map(|c| c.score).collect::<Vec<_>>();
        let (genuine, impostor) = (plain(scores.genuine()), plain(scores.impostor()));
        for (kind, found, needed) in
            [("genuine", genuine.len(), Self::MIN_GENUINE), ("impostor", impostor.len(), Self::MIN_IMPOSTOR)]
        {
            if found < needed {
                return Err(DecisionError::TooFewScores { kind, found, needed });
            }
        }
        let n = impostor.len();
        let exceedances = match options.tail {
            Some(share) => ((n as f64 * share) as usize).clamp(Self::COUNTED as usize, n / 2),
            None => (n / 200).clamp(50, 1_000),
        };
        let tail = ParetoTail::fit(&impostor, exceedances, |score| scores.impostor_design_effect(score))?;
        let counts = Counts::of_impostor(scores, Self::COUNTED, tail.design_effect);
        // The twentieth part of the mates that is most often lost tells how much they share their losses.
        let genuine_effect = scores.genuine_design_effect(genuine[genuine.len() / 20]);
        let mut calibration = Self {
            format: Self::FORMAT.into(),
            version: Self::VERSION,
            fitted_on: FittedOn {
                data: options.data.clone(),
                system: options.system.clone(),
                genuine: genuine.len() as u64,
                impostor: n as u64,
                subjects: scores.subjects(),
                date: today(),
                library: env!("CARGO_PKG_VERSION").into(),
            },
            counted_to: impostor[n - Self::COUNTED as usize],
            impostor: counts,
            genuine: Counts::of_genuine(scores, genuine_effect),
            tail,
            llr: Vec::new(),
        };
        let doubling: Vec<f64> = std::iter::successors(Some(1.0_f64), |share| Some(share / 2.0))
            .take_while(|share| share * n as f64 > Self::COUNTED as f64)
            .map(|share| impostor[((1.0 - share) * (n - 1) as f64) as usize])
            .collect();
        calibration.llr = likelihood::knots(&genuine, &doubling, |score| calibration.fmr(score));
        Ok(calibration)
    }

    /// What it was fitted on.
    pub fn fitted_on(&self) -> &FittedOn {
        &self.fitted_on
    }

    /// Refuses scores of another system.
    ///
    /// # Errors
    /// [`DecisionError::OtherSystem`] if it was not fitted for `system`.
    pub fn check_system(&self, system: &str) -> Result<(), DecisionError> {
        match self.fitted_on.system == system {
            true => Ok(()),
            false => Err(DecisionError::OtherSystem { expected: system.into(), found: self.fitted_on.system.clone() }),
        }
    }

    /// The false match rate at `score` without its interval, which is what decisions on many pairs need; 1 for what is not a number.
    pub fn fmr(&self, score: f64) -> f64 {
        if score.is_nan() || score <= self.impostor.knots[0].0 {
            return 1.0;
        }
        if score > self.counted_to {
            return self.tail.fmr(score);
        }
        let counted = self.impostor.share(score);
        if score > self.tail.above { counted.max(self.tail.fmr(score)) } else { counted }
    }

    /// Whether [`Calibration::fmr`] at `score` rests on the fitted tail.
    pub fn is_extrapolated(&self, score: f64) -> bool {
        score > self.counted_to
    }

    /// The false match rate where scores at or above `score` are accepted. A score that is not a number counts as the lowest.
    pub fn fmr_at(&self, score: f64) -> Rate {
        if score.is_nan() || score <= self.impostor.knots[0].0 {
            return Rate { value: 1.0, low: 1.0, high: 1.0, extrapolated: false };
        }
        let extrapolated = self.is_extrapolated(score);
        let value = self.fmr(score);
        let by_tail = || self.tail.rate(score, extrapolated);
        if extrapolated {
            return by_tail();
        }
        let counted = self.impostor.interval(score);
        if score > self.tail.above && value > self.impostor.share(score) {
            return by_tail();
        }
        Rate { value, low: counted.low.min(value), high: counted.high.max(value), extrapolated }
    }

    /// The false non-match rate where scores at or above `score` are accepted: always counted.
    pub fn fnmr_at(&self, score: f64) -> Rate {
        let value = if score.is_nan() { 0.0 } else { self.genuine.share(score) };
        let interval = self.genuine.interval(if score.is_nan() { f64::NEG_INFINITY } else { score });
        Rate { value, low: interval.low.min(value), high: interval.high.max(value), extrapolated: false }
    }

    /// The smallest score whose false match rate does not exceed `fmr`; ask [`Calibration::fmr_at`] whether that is counted.
    ///
    /// # Errors
    /// [`DecisionError::Rate`] unless `fmr` is more than 0 and less than 1.
    pub fn threshold_at_fmr(&self, fmr: f64) -> Result<f64, DecisionError> {
        if !(fmr > 0.0 && fmr < 1.0) {
            return Err(DecisionError::Rate { what: "FMR", asked: fmr });
        }
        let mut low = self.impostor.knots[0].0;
        let mut high = self.tail.score_at(fmr).max(self.counted_to.next_up());
        // The tail's inverse rounds.
        while self.fmr(high) > fmr {
            high += (high - low).abs() * 1e-12 + f64::MIN_POSITIVE;
            high = high.next_up();
        }
        while low < high {
            let middle = low + (high - low) / 2.0;
            if middle <= low || middle >= high {
                break;
            }
            if self.fmr(middle) <= fmr { high = middle } else { low = middle }
        }
        Ok(high)
    }

    /// The log10 likelihood ratio of `score`: positive speaks for one person, and each unit makes that ten times as likely. A score that is not a number says
    /// what the lowest says.
    pub fn llr(&self, score: f64) -> f64 {
        likelihood::at(&self.llr, if score.is_nan() { f64::NEG_INFINITY } else { score })
    }

    /// The range that [`Calibration::llr`] takes.
    pub fn llr_range(&self) -> (f64, f64) {
        let llr = |knot: Option<&(f64, f64)>| knot.map_or(0.0, |&(_, llr)| llr);
        (llr(self.llr.first()), llr(self.llr.last()))
    }

    /// The smallest score whose log-likelihood ratio is at least `llr`: minus infinity if all scores' are, `None` if none's is.
    pub(super) fn score_at_llr(&self, llr: f64) -> Option<f64> {
        likelihood::score_at(&self.llr, llr)
    }

    /// Mean and standard deviation of impostor and of genuine scores: what normalisations use.
    pub fn moments(&self) -> Moments {
        Moments {
            impostor: (self.impostor.mean, self.impostor.deviation),
            genuine: (self.genuine.mean, self.genuine.deviation),
        }
    }

    /// The calibration as JSON text.
    ///
    /// # Errors
    /// [`DecisionError::Content`] if it cannot be written as JSON.
    pub fn to_json(&self) -> Result<String, DecisionError> {
        simd_json::serde::to_string(self).map_err(|e| content(e.to_string()))
    }

    /// A calibration from JSON text, checked.
    ///
    /// # Errors
    /// [`DecisionError::Content`] if it is not a calibration of a version this library reads, or its numbers are out of order.
    pub fn from_json(text: &str) -> Result<Self, DecisionError> {
        let found: Self = file::parse("calibration", text)?;
        if found.format != Self::FORMAT || found.version != Self::VERSION {
            return Err(content(format!(
                "{} version {}: expected {} version {}",
                found.format,
                found.version,
                Self::FORMAT,
                Self::VERSION
            )));
        }
        found.check()?;
        Ok(found)
    }

    /// Refuses numbers that no fit gives.
    pub(super) fn check(&self) -> Result<(), DecisionError> {
        let rising = self.llr.windows(2).all(|w| w[0].0 < w[1].0 && w[0].1 <= w[1].1);
        let finite = self.llr.iter().all(|(score, llr)| score.is_finite() && llr.is_finite());
        let llr_fault = (!rising || !finite || self.llr.is_empty()).then_some("log-likelihood ratios are not in order");
        let lowest = self.impostor.knots.first().map_or(0.0, |knot| knot.0);
        let counted = self.counted_to.is_finite() && self.counted_to >= lowest;
        let counted_fault = (!counted).then_some("counted_to is out of range");
        let fault = self.impostor.fault(false).or(self.genuine.fault(true)).or(self.tail.fault());
        match fault.or(llr_fault).or(counted_fault) {
            Some(fault) => Err(content(fault.into())),
            None => Ok(()),
        }
    }

    /// Writes the calibration file.
    ///
    /// # Errors
    /// [`DecisionError::File`] if it cannot be written.
    pub fn write(&self, path: impl AsRef<Path>) -> Result<(), DecisionError> {
        file::write(path.as_ref(), &self.to_json()?)
    }

    /// Reads a calibration file.
    ///
    /// # Errors
    /// [`DecisionError::File`] if it cannot be read, [`DecisionError::InFile`] if it is not a calibration.
    pub fn read(path: impl AsRef<Path>) -> Result<Self, DecisionError> {
        file::load(path.as_ref(), Self::from_json)
    }
}

/// Mean and standard deviation of both kinds of scores.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Moments {
    /// Of impostor scores.
    pub impostor: (f64, f64),
    /// Of genuine scores.
    pub genuine: (f64, f64),
}

fn content(reason: String) -> DecisionError {
    DecisionError::Content { kind: "calibration", reason }
}

/// Today by universal time.
fn today() -> String {
    let date = time::OffsetDateTime::now_utc().date();
    format!("{:04}-{:02}-{:02}", date.year(), u8::from(date.month()), date.day())
}
