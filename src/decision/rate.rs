//! A stated error rate.

use serde::{Deserialize, Serialize};

/// An error rate as a calibration states it, with a 95 % interval, and whether anybody has counted it.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Rate {
    /// The rate, 0 to 1.
    pub value: f64,
    /// The lower end of its interval.
    pub low: f64,
    /// The upper end of its interval.
    pub high: f64,
    /// Whether it rests on the fitted tail instead of counted comparisons: fewer than
    /// [`Calibration::COUNTED`](super::Calibration::COUNTED) impostor scores were as high.
    pub extrapolated: bool,
}

impl Rate {
    /// The rate and both ends through a rising function.
    pub(super) fn map(self, f: impl Fn(f64) -> f64) -> Self {
        Self { value: f(self.value), low: f(self.low), high: f(self.high), extrapolated: self.extrapolated }
    }
}

impl std::fmt::Display for Rate {
    /// As `1.2e-5 (6.1e-6 to 2.3e-5, counted)`.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let origin = if self.extrapolated { "extrapolated" } else { "counted" };
        write!(f, "{:.1e} ({:.1e} to {:.1e}, {origin})", self.value, self.low, self.high)
    }
}
