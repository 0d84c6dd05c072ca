//! Probes as the screen takes them, and the bound that makes the screen exact.
//!
//! Let `q` be a probe and `x` a reference, `q̂ = t · v` and `x̂ = s · u` what rounding made of them. Then
//!
//! ```text
//! x · q = x̂ · q̂  +  (x − x̂) · q  +  x̂ · (q − q̂)
//! |x · q − s t (u · v)|  ≤  ‖x − x̂‖ ‖q‖ + ‖x̂‖ ‖q − q̂‖            (Cauchy–Schwarz, twice)
//! ```
//!
//! `u · v` is exact, and so the score is at most `s t (u · v) + margin`. A reference can be left out if that is below the score that a
//! candidate needs. Divided by `t`, with `‖x̂‖` bounded for a tile of references at once, this is the test of the kernel.
//!
//! The kernel's arithmetic is `f32`: with `ε = 2⁻²⁴`, the sum's conversion, product and addition miss by at most `3 ε ‖x̂‖ ‖v‖` plus `3 ε`
//! of the residual's share, and the floor by `2 ε` of itself. The margin therefore has `2⁻²⁰ ‖q̂‖` added to `‖q − q̂‖` and `2⁻²⁰` of
//! itself to the residual's share, and the floor is lowered by `2⁻²⁰` of itself: 16 ε where 3 are needed. The rest also covers
//! the rounding of the `f64` score (at most 4,096 · 2⁻⁵³ ‖x‖ ‖q‖). A probe whose scale would leave the safe range of `f32` is not screened.

use super::{
    FaceError,
    quantise::{round, round_evenly, up},
};
use crate::simd::embedding::{Coding, Panel, Screen, Test, steps};
use ndarray::ArrayView2;

/// Relative slack for the kernel's `f32` arithmetic.
const SLACK: f64 = 1.0 / (1 << 20) as f64;

/// A probe's side of the bound.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bound {
    start: i32,
    /// `t`; zero if the probe cannot be screened.
    scale: f64,
    /// At least `‖q‖`.
    length: f64,
    /// At least `‖q − q̂‖`, with slack.
    residual: f64,
}

impl Bound {
    /// Rounds `probe` to codes within ±`limit`, for references of coding `coding`; written to `codes`, whose rest is zero.
    pub fn new(coding: Coding, probe: &[f32], limit: i8, codes: &mut [i8]) -> Self {
        let rounded = match coding {
            Coding::Fine => round(probe, limit, codes),
            Coding::Coarse => round_evenly(probe, limit, codes),
        };
        let length = probe.iter().map(|&x| f64::from(x).powi(2)).sum::<f64>().sqrt() * (1.0 + 1e-12);
        let sum: i32 = codes.iter().map(|&c| i32::from(c)).sum();
        Bound {
            start: match coding {
                Coding::Fine => -128 * sum,
                Coding::Coarse => -15 * (sum / 2),
            },
            scale: f64::from(rounded.scale),
            length: length * (1.0 + SLACK),
            residual: f64::from(rounded.residual) + SLACK * f64::from(rounded.length),
        }
    }

    /// The kernel's test for references that may score `floor` or more.
    pub fn test(&self, floor: f64) -> Test {
        if self.scale == 0.0 {
            return Test { start: 0, gain: 0.0, floor: f32::NEG_INFINITY, slope: 0.0 };
        }
        let floor = floor / self.scale;
        Test {
            start: self.start,
            gain: up(self.length / self.scale),
            floor: (floor - SLACK * floor.abs()) as f32,
            slope: up(self.residual / self.scale * (1.0 + SLACK)),
        }
    }

    /// The least and the greatest score of a reference, given its sum and what its tile says.
    pub fn interval(&self, sum: i32, scale: f32, residual: f32, length: f32) -> (f64, f64) {
        let estimate = f64::from(sum) * self.scale * f64::from(scale);
        let margin = f64::from(residual) * self.length + f64::from(length) * self.residual;
        let (lower, upper) = (estimate - margin, estimate + margin);
        if self.scale == 0.0 || !lower.is_finite() || !upper.is_finite() || margin < 0.0 {
            return (f64::NEG_INFINITY, f64::INFINITY);
        }
        (lower, upper)
    }
}

/// Probes, and panels of their codes.
pub(super) struct Probes<'a> {
    rows: Vec<&'a [f32]>,
    bounds: Vec<Bound>,
    words: Vec<i32>,
    /// Where each panel's probes start; one more than there are panels.
    panels: Vec<usize>,
    steps: usize,
}

impl<'a> Probes<'a> {
    /// Rounds `rows`, embeddings of `dimension`, and lays them out for `screen` in panels of nearly equal width, at most `width`.
    pub fn new(dimension: usize, rows: Vec<&'a [f32]>, screen: Screen, width: usize) -> Self {
        let steps = steps(dimension);
        let count = rows.len().div_ceil(width);
        let panels: Vec<usize> = (0..=count).map(|panel| panel * rows.len() / count.max(1)).collect();
        let mut words = vec![0i32; steps * rows.len()];
        let mut codes = vec![0i8; 4 * steps];
        let mut bounds = Vec::with_capacity(rows.len());
        for panel in panels.windows(2) {
            let width = panel[1] - panel[0];
            let words = &mut words[panel[0] * steps..panel[1] * steps];
            for (p, row) in rows[panel[0]..panel[1]].iter().enumerate() {
                bounds.push(Bound::new(screen.coding(), row, screen.limit(), &mut codes));
                for (step, word) in codes.chunks_exact(4).enumerate() {
                    let bytes = [word[0] as u8, word[1] as u8, word[2] as u8, word[3] as u8];
                    words[step * width + p] = i32::from_le_bytes(bytes);
                }
            }
        }
        Probes { rows, bounds, words, panels, steps }
    }

    pub fn len(&self) -> usize {
        self.rows.len()
    }

    pub fn rows(&self) -> &[&'a [f32]] {
        &self.rows
    }

    pub fn row(&self, probe: usize) -> &'a [f32] {
        self.rows[probe]
    }

    pub fn bound(&self, probe: usize) -> &Bound {
        &self.bounds[probe]
    }

    /// The ranges of probes that form a panel.
    pub fn panels(&self) -> impl ExactSizeIterator<Item = std::ops::Range<usize>> {
        self.panels.windows(2).map(|panel| panel[0]..panel[1])
    }

    /// The codes of a panel, with its probes' tests.
    pub fn panel<'b>(&'b self, range: std::ops::Range<usize>, tests: &'b [Test]) -> Panel<'b> {
        Panel { words: &self.words[range.start * self.steps..range.end * self.steps], tests }
    }
}

/// The rows of a matrix as slices of standard layout, checked to be finite.
pub(super) fn rows<'a>(probes: &'a ArrayView2<'_, f32>, copies: &'a mut Vec<f32>) -> Result<Vec<&'a [f32]>, FaceError> {
    let dimension = probes.ncols();
    let all: &[f32] = match probes.as_slice() {
        Some(all) => all,
        None => {
            copies.extend(probes.iter().copied());
            copies
        }
    };
    check(all, dimension)?;
    Ok(all.chunks_exact(dimension.max(1)).collect())
}

/// Whether all components of rows of `dimension` are finite.
pub(super) fn check(rows: &[f32], dimension: usize) -> Result<(), FaceError> {
    match rows.iter().position(|x| !x.is_finite()) {
        Some(at) => Err(FaceError::NotFinite { probe: at / dimension, component: at % dimension }),
        None => Ok(()),
    }
}
