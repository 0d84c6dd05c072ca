//! The neighbourhood of each minutia as 64 small integers.
//!
//! # Problem
//! Which minutia of the other print might be this one? Position and direction alone say nothing before the prints are aligned. What lies
//! around it does, if described in its own frame, in a way that survives a lost or an added neighbour, skin distortion, and half a
//! neighbourhood beyond the edge of the sensor; small enough to store, and such that all pairs are compared in half a microsecond.
//!
//! # Method
//! 46 places on four rings around the minutia, turned with it. Each neighbour adds a smooth bump (one minus the squared distance over the squared
//! reach, squared) to the places near it, five times: plain, and weighted by the cosine and sine of its direction relative to the minutia's
//! and of twice that (the ridge flow there, whichever way the minutia on it points). These 230 sums, rounded to bytes, go through
//! a linear [`Projection`] to 64 values, are scaled to length 256 and rounded to bytes. Similarity is the dot product.
//!
//! The projection is fitted by linear discriminant analysis (Fisher 1936; Rao 1948) over mates that the comparison itself finds in genuine
//! pairs: it weighs each direction by how much more it varies between minutiae than between mates. Fitting starts from any projection, a
//! random one included, and settles in two rounds.
//!
//! # Cost
//! Neighbours are found by masks of sixteen, so nothing branches on a single one. No sum of bumps overflows a byte in practice;
//! where crowded templates would, it saturates. A product of 64 bytes is at most 64 × 128 × 127, far below `i32`.

use super::{
    parameters as p,
    points::Column,
    prepared::{DIMENSION, Descriptor, Stored},
    trigonometry,
};
use crate::simd::{Dispatch, Integers, LANES, Lanes, Level, Reals, Task};
use std::sync::OnceLock;

const RINGS: usize = p::RINGS.len();
/// What is summed at each place: how many minutiae, cos and sin of their turn, cos and sin of twice it.
const CHANNELS: usize = 5;
/// Sums per minutia, padding included.
pub const SUMS: usize = RINGS * CHANNELS * LANES;
const STEPS: usize = SUMS / 4;
const BLOCKS: usize = DIMENSION / LANES;

/// What makes a descriptor of a neighbourhood's sums: fitted by `cargo bench --bench fingerprint_train`.
pub struct Projection {
    scale: [f32; DIMENSION],
    bias: [i32; DIMENSION],
    /// 128 added; sixteen outputs side by side.
    weights: Vec<[[u8; 4 * LANES]; BLOCKS]>,
}

impl Projection {
    /// The one that templates are prepared with.
    pub fn shipped() -> &'static Projection {
        static SHIPPED: OnceLock<Projection> = OnceLock::new();
        SHIPPED.get_or_init(|| Projection::read(include_bytes!("projection.bin")))
    }

    /// Reads the file's form: 64 scales, 64 biases, 64 rows of weights.
    pub fn read(bytes: &[u8]) -> Projection {
        let mut projection = Projection {
            scale: [1.0; DIMENSION],
            bias: [0; DIMENSION],
            weights: vec![[[128; 4 * LANES]; BLOCKS]; STEPS],
        };
        let (fours, _) = bytes.as_chunks::<4>();
        for (k, four) in fours.iter().take(2 * DIMENSION).enumerate() {
            if k < DIMENSION {
                projection.scale[k] = f32::from_le_bytes(*four);
            } else {
                projection.bias[k - DIMENSION] = i32::from_le_bytes(*four);
            }
        }
        for (k, &weight) in bytes.iter().skip(8 * DIMENSION).take(SUMS * DIMENSION).enumerate() {
            let (output, sum) = (k / SUMS, k % SUMS);
            projection.weights[sum / 4][output / LANES][4 * (output % LANES) + sum % 4] = weight ^ 128;
        }
        projection
    }

    /// The projection of `rows` (one per output, of [`SUMS`] weights) about `mean`, in the file's form.
    pub fn write(mean: &[f64], rows: &[Vec<f64>]) -> Vec<u8> {
        let (mut scales, mut biases, mut weights) = (Vec::new(), Vec::new(), Vec::new());
        for row in rows {
            let most = row.iter().fold(1e-12f64, |most, w| most.max(w.abs()));
            let quantised: Vec<i8> = row.iter().map(|w| (w / most * 127.0).round() as i8).collect();
            let bias: f64 = quantised.iter().zip(mean).map(|(&w, m)| -f64::from(w) * m).sum();
            scales.extend(((most / 127.0) as f32).to_le_bytes());
            biases.extend((bias.round() as i32).to_le_bytes());
            weights.extend(quantised.iter().map(|&w| w as u8));
        }
        [scales, biases, weights].concat()
    }
}

/// Scratch and result of one template's description.
struct Describe<'a> {
    minutiae: &'a [Stored],
    rows: &'a mut [Descriptor],
    sums: Option<&'a mut Vec<[i8; SUMS]>>,
    projection: &'a Projection,
}

/// The centres of each ring.
struct Places {
    x: [[f32; LANES]; RINGS],
    y: [[f32; LANES]; RINGS],
    inverse: [f32; RINGS],
    /// Squared radii between which a ring is reached.
    from: [f32; RINGS],
    to: [f32; RINGS],
}

fn places() -> &'static Places {
    static PLACES: OnceLock<Places> = OnceLock::new();
    PLACES.get_or_init(|| {
        let mut places = Places {
            x: [[1e6; LANES]; RINGS],
            y: [[1e6; LANES]; RINGS],
            inverse: [0.0; RINGS],
            from: [0.0; RINGS],
            to: [0.0; RINGS],
        };
        for (ring, &(radius, count, reach)) in p::RINGS.iter().enumerate() {
            for k in 0..count {
                let angle = (k * 256 / count) as u8;
                places.x[ring][k] = radius * trigonometry::cos(angle);
                places.y[ring][k] = radius * trigonometry::sin(angle);
            }
            places.inverse[ring] = 1.0 / (reach * reach);
            places.from[ring] = (radius - reach).max(0.0) * (radius - reach).max(0.0);
            places.to[ring] = (radius + reach) * (radius + reach);
        }
        places
    })
}

impl Task for Describe<'_> {
    type Output = ();

    #[inline(always)]
    fn run<L: Lanes>(mut self) {
        let places = places();
        let n = self.minutiae.len();
        let blocks = n.div_ceil(LANES);
        let (mut x, mut y) = (Column::of(1e6f32), Column::of(1e6f32));
        let (mut cos, mut sin) = (Column::of(0f32), Column::of(0f32));
        for (k, m) in self.minutiae.iter().enumerate() {
            x[k] = f32::from(m.x);
            y[k] = f32::from(m.y);
            cos[k] = trigonometry::cos(m.angle);
            sin[k] = trigonometry::sin(m.angle);
        }
        let (mut us, mut vs, mut apart) = (Column::of(0f32), Column::of(0f32), Column::of(0f32));
        let (mut turned_cos, mut turned_sin) = (Column::of(0f32), Column::of(0f32));
        let real = L::F::splat;
        for i in 0..n {
            let (c, s) = (real(cos[i]), real(sin[i]));
            let (px, py) = (real(x[i]), real(y[i]));
            for k in 0..blocks {
                let (dx, dy) = (L::F::load(&x.0[k]) - px, L::F::load(&y.0[k]) - py);
                (dx * c - dy * s).store(&mut us.0[k]);
                (dx * s + dy * c).store(&mut vs.0[k]);
                (dx * dx + dy * dy).store(&mut apart.0[k]);
                let (oc, os) = (L::F::load(&cos.0[k]), L::F::load(&sin.0[k]));
                (oc * c + os * s).store(&mut turned_cos.0[k]);
                (os * c - oc * s).store(&mut turned_sin.0[k]);
            }
            let mut sums = [[real(0.0); CHANNELS]; RINGS];
            for ring in 0..RINGS {
                let from = L::I::splat(places.from[ring].to_bits() as i32);
                let to = L::I::splat(places.to[ring].to_bits() as i32);
                let (x, y) = (L::F::load(&places.x[ring]), L::F::load(&places.y[ring]));
                let inverse = real(places.inverse[ring]);
                let sums = &mut sums[ring];
                for block in 0..blocks {
                    // Squares are not negative, so their bits are in the order of the numbers.
                    let bits = L::F::load(&apart.0[block]).bits();
                    let mut mask = bits.below(to) & !bits.below(from);
                    if i / LANES == block {
                        mask &= !(1 << (i % LANES));
                    }
                    while mask != 0 {
                        let j = block * LANES + mask.trailing_zeros() as usize;
                        mask &= mask - 1;
                        let (tc, ts) = (turned_cos[j], turned_sin[j]);
                        let channels = [real(tc), real(ts), real(tc * tc - ts * ts), real(2.0 * tc * ts)];
                        let (dx, dy) = (x - real(us[j]), y - real(vs[j]));
                        let bump = (real(1.0) - (dx * dx + dy * dy) * inverse).most(real(0.0));
                        let bump = bump * bump;
                        sums[0] = sums[0] + bump;
                        for k in 1..CHANNELS {
                            sums[k] = sums[k] + bump * channels[k - 1];
                        }
                    }
                }
            }
            // Rounded to bytes.
            let mut bytes = [0i8; SUMS];
            for (ring, sums) in sums.iter().enumerate() {
                for (channel, sum) in sums.iter().enumerate() {
                    let at = ring * CHANNELS + channel;
                    (*sum * real(p::SUM_SCALE)).bytes(&mut bytes.as_chunks_mut::<LANES>().0[at]);
                }
            }
            let total: i32 = bytes.iter().map(|&b| i32::from(b)).sum();
            let mut out = [[0i32; LANES]; BLOCKS];
            let (fours, _) = bytes.as_chunks::<4>();
            let mut acc = [L::I::splat(-128 * total); BLOCKS];
            for (four, weights) in fours.iter().zip(&self.projection.weights) {
                let four = four.map(|v| v as u8);
                for k in 0..BLOCKS {
                    acc[k] = acc[k].add_products(&weights[k], four);
                }
            }
            for k in 0..BLOCKS {
                acc[k].store(&mut out[k]);
            }
            let mut values = [0f32; DIMENSION];
            let mut norm = 0f32;
            for k in 0..DIMENSION {
                let value = (out[k / LANES][k % LANES] + self.projection.bias[k]) as f32 * self.projection.scale[k];
                values[k] = value;
                norm += value * value;
            }
            let scale = p::DESCRIPTOR_LENGTH / norm.sqrt().max(1e-6);
            for (to, value) in self.rows[i].iter_mut().zip(values) {
                // Rounded to nearest, the same way everywhere.
                let value = (value * scale).clamp(-127.0, 127.0);
                *to = (value + if value < 0.0 { -0.5 } else { 0.5 }) as i8;
            }
            if let Some(all) = &mut self.sums {
                all.push(bytes);
            }
        }
    }
}

/// Writes the descriptor of each of `minutiae` to `rows`.
pub(super) fn describe(minutiae: &[Stored], rows: &mut [Descriptor], projection: &Projection) {
    Dispatch::new(Level::best()).run(Describe { minutiae, rows, sums: None, projection });
}

/// The sums that the projection is fitted on.
pub(super) fn sums(minutiae: &[Stored]) -> Vec<[i8; SUMS]> {
    let mut sums = Vec::new();
    let mut rows = vec![[0; DIMENSION]; minutiae.len()];
    let task = Describe { minutiae, rows: &mut rows, sums: Some(&mut sums), projection: Projection::shipped() };
    Dispatch::new(Level::best()).run(task);
    sums
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn descriptors_are_the_same_at_every_level() {
        let minutiae: Vec<Stored> = (0..77i16)
            .map(|k| Stored {
                x: k * 37 % 211 - 100,
                y: k * 53 % 269 - 130,
                angle: (k * 41) as u8,
                kind: 1,
                weight: 0,
                depth: 0,
            })
            .collect();
        let at = |level| {
            let mut rows = vec![[0; DIMENSION]; minutiae.len()];
            let task = Describe { minutiae: &minutiae, rows: &mut rows, sums: None, projection: Projection::shipped() };
            Dispatch::new(level).run(task);
            rows
        };
        let expected = at(Level::Scalar);
        for level in Level::ALL.into_iter().filter(|level| level.is_available()) {
            assert!(at(level) == expected, "{level}");
        }
    }
}
