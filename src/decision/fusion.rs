//! Several parts, one answer: the sum of what each part says.
//!
//! # Problem
//! A portrait and two fingers give three scores of three scales. Each alone leaves some people out; together they leave out far
//! fewer (NIST IR 7346: 64 to 85 % fewer false rejects for a face and a finger).
//!
//! # Method
//! Log-likelihood ratios of independent evidence add up, and no other rule errs less (Neyman and Pearson; for biometric parts: Nandakumar et
//! al., *Likelihood ratio-based biometric score fusion*, PAMI 30, 2008; Ulery et al., NIST IR 7346, 2006). Parts that one side lacks are
//! simply not in the sum.
//!
//! Fingers of one person are not independent: dry skin is dry on all of them. The sum over `k` fingers is divided by `1 + (k - 1) ρ`,
//! the worth of `k` equally correlated observations; `ρ` is [fitted](FingerCorrelation::fit) to persons of whom several fingers were compared. Face and
//! fingers are taken as independent.
//!
//! # The rate of a sum
//! Nobody has counted sums over all combinations of parts, so their FMR is computed: the distribution of each part's ratio over
//! impostors follows from its calibration, and the distributions of independent parts convolve. Correlated fingers are as many
//! independent ones as they are worth: for normal deviates with correlation `ρ` the corrected sum of `k` has exactly the
//! distribution of `k / (1 + (k - 1) ρ)` of them; between whole numbers the rate's logarithm is interpolated. Steps are of 1/32 and rounded up. A
//! single part keeps its own rate. Any sum also obeys `FMR ≤ 10^-LLR` if its parts are calibrated (Markov).

use super::{Calibration, DecisionError, FingerCorrelation, Interval, Part, PartScore, Rate, file};
use serde::{Deserialize, Serialize};
use std::{path::Path, sync::OnceLock};

/// Steps per unit of log10 likelihood ratio.
const STEPS: f64 = 32.0;
/// Fingers a person has at most, and as many combinations of parts.
const FINGERS: usize = 10;

/// What one part says.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Evidence {
    /// The part.
    pub part: Part,
    /// Its comparison score.
    pub score: f64,
    /// The log10 likelihood ratio of that score.
    pub llr: f64,
    /// The false match rate at that score.
    pub fmr: f64,
    /// The 95 % interval of that rate.
    pub fmr_interval: Interval,
    /// Whether that rate rests on a fitted tail.
    pub extrapolated: bool,
}

/// What all parts say together.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Fused {
    /// The log10 likelihood ratio: positive speaks for one person.
    pub llr: f64,
    /// The rate at which the same parts of strangers reach that ratio.
    pub fmr: f64,
    /// The 95 % interval of that rate. With several parts the rates where those of all parts are at their lower and at their upper ends, which covers
    /// more often; that of the fingers' correlation is not in it.
    pub fmr_interval: Interval,
    /// Whether that rate was computed or fitted instead of counted; always so with several parts.
    pub extrapolated: bool,
    /// Each part, in the order of positions, the face first.
    pub parts: Vec<Evidence>,
}

/// Calibrations of the parts and how they add up.
///
/// ```
/// use vantay::decision::{Calibration, FitOptions, Fusion, PartScore, Scores};
/// # let impostor: Vec<f64> = (1..=20_000).map(|i| -10.0 * (f64::from(i) / 20_001.0).log10()).collect();
/// # let genuine: Vec<f64> = (0..400).map(|i| 30.0 + f64::from(i) / 5.0).collect();
/// # let scores = Scores::of_pairs(&genuine, &impostor);
/// # let calibrated = |system| Calibration::fit(&scores, &FitOptions::new("imagined", system));
/// let fusion = Fusion::new(Some(calibrated("face model")?), Some(calibrated("matcher 1")?));
/// let portrait = fusion.fuse(&[PartScore::face(45.0)])?;
/// let both = fusion.fuse(&[PartScore::face(45.0), PartScore::finger(2, 41.0)])?;
/// assert!(both.llr > portrait.llr && both.fmr < portrait.fmr / 1e3);
/// # Ok::<(), vantay::decision::DecisionError>(())
/// ```
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fusion {
    format: String,
    version: u32,
    face: Option<Calibration>,
    finger: Option<Calibration>,
    correlation: FingerCorrelation,
    #[serde(skip)]
    rates: Combinations,
}

/// The rates of each combination of parts, computed when first asked.
#[derive(Clone, Debug, Default)]
struct Combinations([[OnceLock<SumRates>; FINGERS + 1]; 2]);

impl Fusion {
    const FORMAT: &str = "vantay-fusion";
    const VERSION: u32 = 1;

    /// Calibrations for faces and fingers, with independent fingers until a correlation is given.
    pub fn new(face: Option<Calibration>, finger: Option<Calibration>) -> Self {
        Self {
            format: Self::FORMAT.into(),
            version: Self::VERSION,
            face,
            finger,
            correlation: FingerCorrelation::default(),
            rates: Combinations::default(),
        }
    }

    /// The same with correlated fingers.
    pub fn with_correlation(self, correlation: FingerCorrelation) -> Self {
        Self { correlation, rates: Combinations::default(), ..self }
    }

    /// The calibration of `part`.
    ///
    /// # Errors
    /// [`DecisionError::NotCalibrated`] if there is none.
    pub fn calibration(&self, part: Part) -> Result<&Calibration, DecisionError> {
        let (name, calibration) = match part {
            Part::Face => ("face", &self.face),
            Part::Finger(_) => ("finger", &self.finger),
        };
        calibration.as_ref().ok_or_else(|| DecisionError::NotCalibrated { part: name.into() })
    }

    /// How fingers of one person depend on each other.
    pub fn correlation(&self) -> &FingerCorrelation {
        &self.correlation
    }

    /// What the score of one part says.
    ///
    /// # Errors
    /// [`DecisionError::NotCalibrated`] for a part without calibration.
    pub fn evidence(&self, of: PartScore) -> Result<Evidence, DecisionError> {
        let calibration = self.calibration(of.part)?;
        let PartScore { part, score } = of;
        let Rate { value: fmr, low, high, extrapolated } = calibration.fmr_at(score);
        let fmr_interval = Interval { low, high };
        Ok(Evidence { part, score, llr: calibration.llr(score), fmr, fmr_interval, extrapolated })
    }

    /// What the scores of several parts say together. Without any part they say nothing: ratio 1, rate 1. Of a part that was compared more than
    /// once the best score stands; its rate does not account for the choice.
    ///
    /// # Errors
    /// [`DecisionError::NotCalibrated`] for a part without calibration.
    pub fn fuse(&self, scores: &[PartScore]) -> Result<Fused, DecisionError> {
        let mut parts = scores.iter().map(|s| self.evidence(*s)).collect::<Result<Vec<_>, _>>()?;
        parts.sort_by(|a, b| a.part.cmp(&b.part).then(b.score.total_cmp(&a.score)));
        // Fingers of unknown position may be different fingers.
        parts.dedup_by(|later, first| later.part == first.part && later.part != Part::Finger(0));
        let faces = parts.iter().filter(|e| e.part == Part::Face).count();
        let fingers = parts.len() - faces;
        let sum = |face: bool| parts.iter().filter(|e| (e.part == Part::Face) == face).map(|e| e.llr).sum::<f64>();
        let llr = sum(true) + sum(false) * self.correlation.worth(fingers);
        let (fmr, fmr_interval, extrapolated) = match parts.as_slice() {
            [] => (1.0, Interval { low: 1.0, high: 1.0 }, false),
            [only] => (only.fmr, only.fmr_interval, only.extrapolated),
            _ => {
                let Rate { value, low, high, extrapolated } = self.rates_of(faces > 0, fingers).rate(llr);
                (value, Interval { low, high }, extrapolated)
            }
        };
        Ok(Fused { llr, fmr, fmr_interval, extrapolated, parts })
    }

    /// The rate at which a face (or not) and `fingers` fingers of strangers reach a summed ratio of `llr`, with its interval.
    ///
    /// # Errors
    /// [`DecisionError::NotCalibrated`] for a part without calibration.
    pub fn fmr_at(&self, face: bool, fingers: usize, llr: f64) -> Result<Rate, DecisionError> {
        self.check(face, fingers)?;
        Ok(self.rates_of(face, fingers).rate(llr))
    }

    /// The smallest summed ratio that strangers reach no more often than `fmr`, for a face (or not) and `fingers` fingers.
    ///
    /// # Errors
    /// [`DecisionError::NotCalibrated`] for a part without calibration, [`DecisionError::Rate`] unless `fmr` is more than 0 and less than 1.
    pub fn llr_at_fmr(&self, face: bool, fingers: usize, fmr: f64) -> Result<f64, DecisionError> {
        self.check(face, fingers)?;
        if !(fmr > 0.0 && fmr < 1.0) {
            return Err(DecisionError::Rate { what: "FMR", asked: fmr });
        }
        Ok(self.rates_of(face, fingers).llr_at(fmr))
    }

    fn check(&self, face: bool, fingers: usize) -> Result<(), DecisionError> {
        if face {
            self.calibration(Part::Face)?;
        }
        if fingers > 0 {
            self.calibration(Part::Finger(0))?;
        }
        Ok(())
    }

    fn rates_of(&self, face: bool, fingers: usize) -> &SumRates {
        let fingers = fingers.min(FINGERS);
        self.rates.0[usize::from(face)][fingers].get_or_init(|| {
            let worth = fingers as f64 * self.correlation.worth(fingers);
            let face = self.face.as_ref().filter(|_| face).map(Masses::of);
            let finger = self.finger.as_ref().filter(|_| fingers > 0).map(Masses::of);
            let sums = |fingers: usize| {
                [0, 1, 2].map(|end| {
                    let fingers = finger.iter().flat_map(|ends| std::iter::repeat_n(&ends[end], fingers));
                    let all = fingers.chain(face.iter().map(|ends| &ends[end]));
                    all.fold(Masses::certain(), |sum, one| sum.with(one)).survival()
                })
            };
            let between = worth.fract();
            let few = sums(worth.floor() as usize);
            let more = if between > 0.0 { sums(worth.ceil() as usize) } else { few.clone() };
            SumRates { few, more, between }
        })
    }

    /// The fusion as JSON text, calibrations included.
    ///
    /// # Errors
    /// [`DecisionError::Content`] if it cannot be written as JSON.
    pub fn to_json(&self) -> Result<String, DecisionError> {
        simd_json::serde::to_string(self).map_err(|e| content(e.to_string()))
    }

    /// A fusion from JSON text, checked.
    ///
    /// # Errors
    /// [`DecisionError::Content`] if it is not one of a version this library reads, or its numbers are out of order.
    pub fn from_json(text: &str) -> Result<Self, DecisionError> {
        let found: Self = file::parse("fusion", text)?;
        if found.format != Self::FORMAT || found.version != Self::VERSION {
            return Err(content(format!("expected {} version {}", Self::FORMAT, Self::VERSION)));
        }
        for calibration in found.face.iter().chain(&found.finger) {
            calibration.check()?;
        }
        found.correlation.check()?;
        Ok(found)
    }

    /// Writes the fusion file.
    ///
    /// # Errors
    /// [`DecisionError::File`] if it cannot be written.
    pub fn write(&self, path: impl AsRef<Path>) -> Result<(), DecisionError> {
        file::write(path.as_ref(), &self.to_json()?)
    }

    /// Reads a fusion file.
    ///
    /// # Errors
    /// [`DecisionError::File`] if it cannot be read, [`DecisionError::InFile`] if it is not a fusion.
    pub fn read(path: impl AsRef<Path>) -> Result<Self, DecisionError> {
        file::load(path.as_ref(), Self::from_json)
    }
}

impl Default for Fusion {
    /// Without any calibration: it promises no rate.
    fn default() -> Self {
        Self::new(None, None)
    }
}

fn content(reason: String) -> DecisionError {
    DecisionError::Content { kind: "fusion", reason }
}

/// How an impostor's log-likelihood ratio is distributed, in steps.
struct Masses {
    /// The step of the first mass.
    first: i64,
    masses: Vec<f64>,
}

impl Masses {
    /// A ratio of 1, always.
    fn certain() -> Self {
        Self { first: 0, masses: vec![1.0] }
    }

    /// One part's ratio: by its rates, their lower and their upper ends. Each ratio counts as the end of its step, which errs to the safe
    /// side.
    fn of(calibration: &Calibration) -> [Self; 3] {
        let (low, high) = calibration.llr_range();
        let step = |llr: f64| (llr * STEPS).ceil() as i64;
        let (first, last) = (step(low), step(high));
        // The share of impostors whose ratio lies above the end of the step before.
        let from = |at: i64| {
            let above = ((at - 1) as f64 / STEPS).max(low);
            match calibration.score_at_llr(above) {
                _ if at == first => [1.0; 3],
                Some(score) => {
                    let Rate { value, low, high, .. } = calibration.fmr_at(score);
                    [value, low, high]
                }
                None => [0.0; 3],
            }
        };
        let survival: Vec<[f64; 3]> = (first..=last).map(from).collect();
        [0, 1, 2].map(|end| {
            let next = survival.iter().skip(1).map(|share| share[end]).chain([0.0]);
            let masses = survival.iter().zip(next).map(|(at, next)| (at[end] - next).max(0.0)).collect();
            Self { first, masses }
        })
    }

    /// The sum of two independent ratios.
    fn with(&self, other: &Masses) -> Masses {
        let mut masses = vec![0.0; self.masses.len() + other.masses.len() - 1];
        for (i, a) in self.masses.iter().enumerate().filter(|(_, a)| **a > 0.0) {
            for (sum, b) in masses[i..].iter_mut().zip(&other.masses) {
                *sum += a * b;
            }
        }
        Masses { first: self.first + other.first, masses }
    }

    fn survival(self) -> Survival {
        let mut shares = self.masses;
        let mut sum = 0.0;
        for share in shares.iter_mut().rev() {
            sum += *share;
            *share = sum.min(1.0);
        }
        Survival { first: self.first, shares }
    }
}

/// The share of impostors at or above each step.
#[derive(Clone, Debug)]
struct Survival {
    first: i64,
    shares: Vec<f64>,
}

impl Survival {
    fn at(&self, llr: f64) -> f64 {
        // Sums of rounded numbers may miss their own step by a hair.
        let step = (llr * STEPS - 1e-6).ceil() as i64 - self.first;
        match usize::try_from(step) {
            Err(_) => 1.0,
            // Nothing lies above the last step; what reaches beyond it by rounding shares its rate.
            Ok(step) => self.shares.get(step).or(self.shares.last()).copied().unwrap_or(1.0),
        }
    }
}

/// Value, lower and upper end of the rates of two numbers of independent fingers, and how far between them correlated ones lie.
#[derive(Clone, Debug)]
struct SumRates {
    few: [Survival; 3],
    more: [Survival; 3],
    between: f64,
}

impl SumRates {
    fn at(&self, end: usize, llr: f64) -> f64 {
        let (few, more) = (self.few[end].at(llr), self.more[end].at(llr));
        if self.between > 0.0 { libm::pow(few, 1.0 - self.between) * libm::pow(more, self.between) } else { few }
    }

    fn value(&self, llr: f64) -> f64 {
        self.at(0, llr)
    }

    fn rate(&self, llr: f64) -> Rate {
        let [value, low, high] = [0, 1, 2].map(|end| self.at(end, llr));
        Rate { value, low: low.min(value), high: high.max(value), extrapolated: true }
    }

    /// The first step whose rate is within `fmr`, as a ratio.
    fn llr_at(&self, fmr: f64) -> f64 {
        let ends = [&self.few[0], &self.more[0]];
        let last = ends.map(|s| s.first + s.shares.len() as i64).into_iter().max().unwrap_or(0);
        let first = ends.map(|s| s.first).into_iter().min().unwrap_or(0);
        let (mut over, mut within) = (first - 1, last);
        while within - over > 1 {
            let middle = (within + over).div_euclid(2);
            if self.value(middle as f64 / STEPS) > fmr { over = middle } else { within = middle }
        }
        // Beyond the last step no evidence suffices.
        if within == last { f64::INFINITY } else { within as f64 / STEPS }
    }
}
