//! How much fingers of one person say the same thing.
//!
//! # Method
//! With correlation `ρ` among `k` fingers their summed log-likelihood ratio is worth `1 / (1 + (k - 1) ρ)` of itself. The `ρ` that
//! makes fused ratios most truthful is the one with the least cost `Cllr`: the mean of `log2(1 + 1 / LR)` over genuine and of `log2(1 + LR)`
//! over impostor comparisons of persons (Brümmer and du Preez 2006). Its interval draws persons again.

use super::{Calibration, DecisionError, Interval, file, tail::highest_point};
use rand_pcg::{Pcg32, rand_core::Rng};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

/// Scores of several fingers of the same two persons.
#[derive(Clone, Debug, PartialEq)]
pub struct FingersCompared {
    /// Whether the two are one person.
    pub genuine: bool,
    /// The comparison score of each finger that both have.
    pub scores: Vec<f64>,
}

/// The correlation between fingers of one person, and what it was fitted on.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct FingerCorrelation {
    /// From 0, independent, to 1, where more fingers say no more than one.
    pub value: f64,
    /// The lower end of its 95 % interval.
    pub low: f64,
    /// The upper end of its 95 % interval.
    pub high: f64,
    /// Genuine and impostor comparisons of persons it was fitted on; 0 if it was not.
    pub genuine: u64,
    /// Impostor comparisons.
    pub impostor: u64,
    /// The cost `Cllr` in bits with independent fingers and with this correlation; a useless matcher has 1.
    pub cost: (f64, f64),
}

impl Default for FingerCorrelation {
    /// Independent fingers, not fitted.
    fn default() -> Self {
        Self::assumed(0.0)
    }
}

impl FingerCorrelation {
    /// A correlation that was not fitted; cut to 0 to 1.
    pub fn assumed(value: f64) -> Self {
        let value = if value > 0.0 { value.min(1.0) } else { 0.0 };
        Self { value, low: 0.0, high: 1.0, genuine: 0, impostor: 0, cost: (0.0, 0.0) }
    }

    /// What the summed ratios of `fingers` fingers are to be multiplied by.
    pub fn worth(&self, fingers: usize) -> f64 {
        1.0 / (1.0 + fingers.saturating_sub(1) as f64 * self.value)
    }

    /// The correlation that makes fused ratios of `compared` most truthful.
    ///
    /// # Errors
    /// [`DecisionError::TooFewScores`] with fewer than 20 genuine or 20 impostor comparisons of two fingers or more.
    pub fn fit(calibration: &Calibration, compared: &[FingersCompared]) -> Result<Self, DecisionError> {
        const NEEDED: usize = 20;
        const REPLICATES: u64 = 200;
        let sums = |genuine: bool| -> Vec<(f64, usize)> {
            let several = compared.iter().filter(|c| c.genuine == genuine && c.scores.len() > 1);
            several.map(|c| (c.scores.iter().map(|&s| calibration.llr(s)).sum(), c.scores.len())).collect()
        };
        let (genuine, impostor) = (sums(true), sums(false));
        for (kind, list) in [("genuine", &genuine), ("impostor", &impostor)] {
            if list.len() < NEEDED {
                return Err(DecisionError::TooFewScores { kind, found: list.len(), needed: NEEDED });
            }
        }
        let cost = |genuine: &[(f64, usize)], impostor: &[(f64, usize)], value: f64| {
            let worth = |fingers: usize| 1.0 / (1.0 + (fingers - 1) as f64 * value);
            let mean = |list: &[(f64, usize)], sign: f64| {
                let bits = list.iter().map(|&(sum, fingers)| bits(sign * sum * worth(fingers)));
                bits.sum::<f64>() / list.len() as f64
            };
            (mean(genuine, -1.0) + mean(impostor, 1.0)) / 2.0
        };
        let best = |genuine: &[_], impostor: &[_]| highest_point(0.0, 1.0, 20, |value| -cost(genuine, impostor, value));
        let value = best(&genuine, &impostor);
        let mut replicates: Vec<f64> = (0..REPLICATES)
            .into_par_iter()
            .map(|replicate| {
                let mut random = Pcg32::new(0x5eed, replicate);
                let mut draw = |list: &[(f64, usize)]| -> Vec<(f64, usize)> {
                    let mut place = || ((u64::from(random.next_u32()) * list.len() as u64) >> 32) as usize;
                    (0..list.len()).map(|_| list[place()]).collect()
                };
                best(&draw(&genuine), &draw(&impostor))
            })
            .collect();
        replicates.sort_by(f64::total_cmp);
        let Interval { low, high } = Interval { low: replicates[4], high: replicates[REPLICATES as usize - 5] };
        Ok(Self {
            value,
            low: low.min(value),
            high: high.max(value),
            genuine: genuine.len() as u64,
            impostor: impostor.len() as u64,
            cost: (cost(&genuine, &impostor, 0.0), cost(&genuine, &impostor, value)),
        })
    }

    /// The correlation as JSON text.
    ///
    /// # Errors
    /// [`DecisionError::Content`] if it cannot be written as JSON.
    pub fn to_json(&self) -> Result<String, DecisionError> {
        simd_json::serde::to_string(self)
            .map_err(|error| DecisionError::Content { kind: "correlation", reason: error.to_string() })
    }

    /// A correlation from JSON text, checked.
    ///
    /// # Errors
    /// [`DecisionError::Content`] if it is not one.
    pub fn from_json(text: &str) -> Result<Self, DecisionError> {
        let found: Self = file::parse("correlation", text)?;
        found.check()?;
        Ok(found)
    }

    pub(super) fn check(&self) -> Result<(), DecisionError> {
        let share = |x: f64| (0.0..=1.0).contains(&x);
        match share(self.value) && share(self.low) && share(self.high) {
            true => Ok(()),
            false => Err(DecisionError::Content { kind: "fusion", reason: "correlation is out of range".into() }),
        }
    }
}

/// `log2(1 + 10^llr)`, without overflow.
fn bits(llr: f64) -> f64 {
    let nats = llr * std::f64::consts::LN_10;
    (nats.max(0.0) + libm::log1p(libm::exp(-nats.abs()))) / std::f64::consts::LN_2
}
