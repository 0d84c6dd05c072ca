//! A small network that makes one score of the sub-scores.
//!
//! # Problem
//! A threshold has to mean the same for a print of 20 minutiae on a small sensor and one of 130 rolled in ink: eleven pairs are proof
//! there and chance here. No single sub-score has that property; a sum of them by fixed weights has it only within one kind of print.
//!
//! # Method
//! Counts enter by their logarithm, all are centred, scaled and limited to four deviations; two layers of 32 and 16 rectified sums, one output: the log-odds of a
//! genuine pair. Fitted by logistic loss with strong weight decay on hard impostors, one in eight of the easy ones, and all genuine
//! pairs, each set weighing by the root of its size. `cargo bench --bench fingerprint_train -- model` repeats it, on one machine to the bit (it uses the system's `exp`).
//!
//! # Cost
//! 1,600 multiplications: 0.15 µs.

use super::score::{self, SUBSCORES};
use crate::simd::{LANES, Lanes, Reals};
use std::sync::OnceLock;

/// How wide the two hidden layers are.
pub const HIDDEN: (usize, usize) = (32, 16);
const BLOCKS: (usize, usize) = (HIDDEN.0 / LANES, HIDDEN.1 / LANES);
/// How many numbers a model has.
pub const WEIGHTS: usize = 2 * SUBSCORES + (SUBSCORES + 1) * HIDDEN.0 + (HIDDEN.0 + 1) * HIDDEN.1 + HIDDEN.1 + 1;

/// A network of two hidden layers of rectified sums: fitted by `cargo bench --bench fingerprint_train`.
pub struct Model {
    centre: [f32; SUBSCORES],
    scale: [f32; SUBSCORES],
    first: [[[f32; LANES]; BLOCKS.0]; SUBSCORES + 1],
    second: [[[f32; LANES]; BLOCKS.1]; HIDDEN.0 + 1],
    last: [[f32; LANES]; BLOCKS.1],
    bias: f32,
}

impl Model {
    /// The one that comparisons use.
    pub fn shipped() -> &'static Model {
        static SHIPPED: OnceLock<Box<Model>> = OnceLock::new();
        SHIPPED.get_or_init(|| {
            let (fours, _) = include_bytes!("model.bin").as_chunks::<4>();
            let weights: Vec<f32> = fours.iter().map(|four| f32::from_le_bytes(*four)).collect();
            Box::new(Model::new(&weights))
        })
    }

    /// The model of [`WEIGHTS`] numbers: centres, scales, then layer by layer, inputs before outputs, biases last.
    pub fn new(weights: &[f32]) -> Model {
        let mut weights = weights.iter().copied().chain(std::iter::repeat(0.0));
        let mut model = Model {
            centre: [0.0; SUBSCORES],
            scale: [0.0; SUBSCORES],
            first: [[[0.0; LANES]; BLOCKS.0]; SUBSCORES + 1],
            second: [[[0.0; LANES]; BLOCKS.1]; HIDDEN.0 + 1],
            last: [[0.0; LANES]; BLOCKS.1],
            bias: 0.0,
        };
        let mut fill = |to: &mut [f32]| to.iter_mut().for_each(|to| *to = weights.next().unwrap_or(0.0));
        fill(&mut model.centre);
        fill(&mut model.scale);
        model.first.iter_mut().for_each(|row| fill(row.as_flattened_mut()));
        model.second.iter_mut().for_each(|row| fill(row.as_flattened_mut()));
        fill(model.last.as_flattened_mut());
        fill(std::slice::from_mut(&mut model.bias));
        model
    }

    /// What the model sees of `subscores`.
    pub fn features(subscores: &[f32; SUBSCORES]) -> [f32; SUBSCORES] {
        score::features(subscores)
    }

    /// The log-odds of a genuine pair.
    #[inline(always)]
    pub(super) fn logit<L: Lanes>(&self, features: &[f32; SUBSCORES]) -> f32 {
        let zero = L::F::splat(0.0);
        let mut first = self.first[SUBSCORES].map(|row| L::F::load(&row));
        for k in 0..SUBSCORES {
            let input = L::F::splat(((features[k] - self.centre[k]) * self.scale[k]).clamp(-4.0, 4.0));
            for (sum, row) in first.iter_mut().zip(&self.first[k]) {
                *sum = *sum + input * L::F::load(row);
            }
        }
        let mut hidden = [[0f32; LANES]; BLOCKS.0];
        for (sum, to) in first.into_iter().zip(&mut hidden) {
            sum.most(zero).store(to);
        }
        let mut second = self.second[HIDDEN.0].map(|row| L::F::load(&row));
        for k in 0..HIDDEN.0 {
            let input = L::F::splat(hidden[k / LANES][k % LANES]);
            for (sum, row) in second.iter_mut().zip(&self.second[k]) {
                *sum = *sum + input * L::F::load(row);
            }
        }
        let mut last = zero;
        for (sum, row) in second.into_iter().zip(&self.last) {
            last = last + sum.most(zero) * L::F::load(row);
        }
        last.sum() + self.bias
    }
}
