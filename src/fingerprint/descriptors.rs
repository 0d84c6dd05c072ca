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
//! Neighbours are found by masks of 64, so nothing branches on a single one, and four minutiae are projected at a time: the weights are
//! 20 KB, and reading them for each alone would cost as much as the sums. No sum of bumps overflows a byte in practice;
//! where crowded templates would, it saturates. A product of 64 bytes is at most 64 × 128 × 127, far below `i32`.

use super::{
    parameters as p,
    points::{Column, ROOM},
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

/// The template spread out, and what one minutia sees of the others, in its own frame.
struct Scene {
    x: Column<f32>,
    y: Column<f32>,
    cos: Column<f32>,
    sin: Column<f32>,
    us: Column<f32>,
    vs: Column<f32>,
    /// Cosine and sine of the turn, and of twice it.
    turns: [Column<f32>; CHANNELS - 1],
}

impl Scene {
    fn new(minutiae: &[Stored]) -> Scene {
        let [far, zero] = [1e6, 0.0].map(Column::of);
        let mut scene = Scene {
            x: far.clone(),
            y: far,
            cos: zero.clone(),
            sin: zero.clone(),
            us: zero.clone(),
            vs: zero.clone(),
            turns: std::array::from_fn(|_| zero.clone()),
        };
        for (k, m) in minutiae.iter().enumerate() {
            scene.x[k] = f32::from(m.x);
            scene.y[k] = f32::from(m.y);
            scene.cos[k] = trigonometry::cos(m.angle);
            scene.sin[k] = trigonometry::sin(m.angle);
        }
        scene
    }

    /// Turns everything to minutia `i` and says whom each ring reaches: a bit each, 64 to a word.
    #[inline(always)]
    fn turn_to<L: Lanes>(&mut self, i: usize, blocks: usize, places: &Places) -> [[u64; ROOM / 64]; RINGS] {
        let real = L::F::splat;
        let (c, s) = (real(self.cos[i]), real(self.sin[i]));
        let (px, py) = (real(self.x[i]), real(self.y[i]));
        let [from, to] = [&places.from, &places.to].map(|of| of.map(|reach| L::I::splat(reach.to_bits() as i32)));
        let mut reached = [[0u64; ROOM / 64]; RINGS];
        for k in 0..blocks {
            let (dx, dy) = (L::F::load(&self.x.0[k]) - px, L::F::load(&self.y.0[k]) - py);
            (dx * c - dy * s).store(&mut self.us.0[k]);
            (dx * s + dy * c).store(&mut self.vs.0[k]);
            let (oc, os) = (L::F::load(&self.cos.0[k]), L::F::load(&self.sin.0[k]));
            let (tc, ts) = (oc * c + os * s, os * c - oc * s);
            let turns = [tc, ts, tc * tc - ts * ts, real(2.0) * tc * ts];
            for (turn, column) in turns.into_iter().zip(&mut self.turns) {
                turn.store(&mut column.0[k]);
            }
            // Squares are not negative, so their bits are in the order of the numbers.
            let apart = (dx * dx + dy * dy).bits();
            for ring in 0..RINGS {
                let mask = apart.below(to[ring]) & !apart.below(from[ring]);
                reached[ring][k / 4] |= u64::from(mask) << (k % 4 * LANES);
            }
        }
        for ring in &mut reached {
            ring[i / 64] &= !(1 << (i % 64));
        }
        reached
    }

    /// The sums at the places around minutia `i`, rounded to bytes. Neighbours come in their order, so the sums are the same everywhere.
    #[inline(always)]
    fn sums<L: Lanes>(&mut self, i: usize, blocks: usize, places: &Places) -> [i8; SUMS] {
        let real = L::F::splat;
        let reached = self.turn_to::<L>(i, blocks, places);
        let mut bytes = [0i8; SUMS];
        let (columns, _) = bytes.as_chunks_mut::<LANES>();
        for ring in 0..RINGS {
            let (x, y) = (L::F::load(&places.x[ring]), L::F::load(&places.y[ring]));
            let inverse = real(places.inverse[ring]);
            let mut sums = [real(0.0); CHANNELS];
            for (word, &reached) in reached[ring][..blocks.div_ceil(4)].iter().enumerate() {
                let mut mask = reached;
                while mask != 0 {
                    let j = word * 64 + mask.trailing_zeros() as usize;
                    mask &= mask - 1;
                    let (dx, dy) = (x - real(self.us[j]), y - real(self.vs[j]));
                    let bump = (real(1.0) - (dx * dx + dy * dy) * inverse).most(real(0.0));
                    let bump = bump * bump;
                    sums[0] = sums[0] + bump;
                    for k in 1..CHANNELS {
                        sums[k] = sums[k] + bump * real(self.turns[k - 1][j]);
                    }
                }
            }
            for (channel, sum) in sums.into_iter().enumerate() {
                (sum * real(p::SUM_SCALE)).bytes(&mut columns[ring * CHANNELS + channel]);
            }
        }
        bytes
    }
}

impl Projection {
    /// The outputs of `T` neighbourhoods, so that a weight that was loaded serves all of them, and no sum waits for another.
    #[inline(always)]
    fn outputs<L: Lanes, const T: usize>(&self, sums: &[[i8; SUMS]; T]) -> [[L::I; BLOCKS]; T] {
        // A loop: what `map` calls would not be compiled with the level's features.
        let mut outputs = [[L::I::splat(0); BLOCKS]; T];
        for (outputs, sums) in outputs.iter_mut().zip(sums) {
            // What the 128 added to each weight makes too much.
            let total: i32 = sums.iter().map(|&sum| i32::from(sum)).sum();
            *outputs = [L::I::splat(-128 * total); BLOCKS];
        }
        for (step, weights) in self.weights.iter().enumerate() {
            for (outputs, sums) in outputs.iter_mut().zip(sums) {
                let four = std::array::from_fn(|k| sums[4 * step + k] as u8);
                for k in 0..BLOCKS {
                    outputs[k] = outputs[k].add_products(&weights[k], four);
                }
            }
        }
        outputs
    }

    /// The descriptors of the outputs of some neighbourhoods.
    #[inline(always)]
    fn finish<L: Lanes, const T: usize>(&self, outputs: &[[L::I; BLOCKS]; T]) -> [Descriptor; T] {
        let (scales, biases) = (self.scale.as_chunks::<LANES>().0, self.bias.as_chunks::<LANES>().0);
        let mut values = [[L::F::splat(0.0); BLOCKS]; T];
        let mut squares = [[0f32; DIMENSION]; T];
        for (t, outputs) in outputs.iter().enumerate() {
            for (k, square) in squares[t].as_chunks_mut::<LANES>().0.iter_mut().enumerate() {
                let value = (outputs[k] + L::I::load(&biases[k])).real() * L::F::load(&scales[k]);
                (value * value).store(square);
                values[t][k] = value;
            }
        }
        // Each in the order of the outputs; side by side, because each addition waits for the one before.
        let mut norms = [0f32; T];
        for k in 0..DIMENSION {
            for (norm, squares) in norms.iter_mut().zip(&squares) {
                *norm += squares[k];
            }
        }
        let mut descriptors = [[0i8; DIMENSION]; T];
        for ((descriptor, values), norm) in descriptors.iter_mut().zip(values).zip(norms) {
            let scale = L::F::splat(p::DESCRIPTOR_LENGTH / norm.sqrt().max(1e-6));
            for (value, bytes) in values.into_iter().zip(descriptor.as_chunks_mut::<LANES>().0) {
                // Rounded to nearest, the same way everywhere.
                let value = (value * scale).most(L::F::splat(-127.0)).least(L::F::splat(127.0));
                (value + L::F::splat(0.5).signed_as(value)).bytes(bytes);
            }
        }
        descriptors
    }
}

/// So many minutiae are described side by side.
const TILE: usize = 4;

impl Task for Describe<'_> {
    type Output = ();

    #[inline(always)]
    fn run<L: Lanes>(mut self) {
        let places = places();
        let blocks = self.minutiae.len().div_ceil(LANES);
        let mut scene = Scene::new(self.minutiae);
        for (tile, rows) in self.rows.chunks_mut(TILE).enumerate() {
            let mut sums = [[0i8; SUMS]; TILE];
            for (t, sums) in sums.iter_mut().enumerate().take(rows.len()) {
                *sums = scene.sums::<L>(tile * TILE + t, blocks, places);
            }
            let outputs = if L::ROOMY {
                self.projection.outputs::<L, TILE>(&sums)
            } else {
                // Their sums would not stay in the registers. A loop again.
                let mut outputs = [[L::I::splat(0); BLOCKS]; TILE];
                for (outputs, sums) in outputs.iter_mut().zip(&sums) {
                    [*outputs] = self.projection.outputs::<L, 1>(std::array::from_ref(sums));
                }
                outputs
            };
            rows.copy_from_slice(&self.projection.finish::<L, TILE>(&outputs)[..rows.len()]);
            if let Some(all) = &mut self.sums {
                all.extend_from_slice(&sums[..rows.len()]);
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

    /// The descriptors by the book: one number at a time, every neighbour at every place.
    fn plain(minutiae: &[Stored], projection: &Projection) -> Vec<Descriptor> {
        let turn = |m: &Stored| (trigonometry::cos(m.angle), trigonometry::sin(m.angle));
        let describe = |i: usize| {
            let me = &minutiae[i];
            let (c, s) = turn(me);
            let mut bytes = [0i8; SUMS];
            for (ring, &(radius, count, reach)) in p::RINGS.iter().enumerate() {
                for place in 0..count {
                    let angle = (place * 256 / count) as u8;
                    let (x, y) = (radius * trigonometry::cos(angle), radius * trigonometry::sin(angle));
                    let mut sums = [0f32; CHANNELS];
                    for (_, other) in minutiae.iter().enumerate().filter(|(j, _)| *j != i) {
                        let (dx, dy) = (f32::from(other.x) - f32::from(me.x), f32::from(other.y) - f32::from(me.y));
                        let (u, v) = (dx * c - dy * s, dx * s + dy * c);
                        let (oc, os) = turn(other);
                        let (tc, ts) = (oc * c + os * s, os * c - oc * s);
                        let (du, dv) = (x - u, y - v);
                        let bump = (1.0 - (du * du + dv * dv) * (1.0 / (reach * reach))).max(0.0);
                        let bump = bump * bump;
                        let channels = [1.0, tc, ts, tc * tc - ts * ts, 2.0 * tc * ts];
                        sums.iter_mut().zip(channels).for_each(|(sum, channel)| *sum += bump * channel);
                    }
                    for (channel, sum) in sums.into_iter().enumerate() {
                        bytes[(ring * CHANNELS + channel) * LANES + place] = (sum * p::SUM_SCALE) as i8;
                    }
                }
            }
            let values: [f32; DIMENSION] = std::array::from_fn(|k| {
                let weight = |sum: usize| projection.weights[sum / 4][k / LANES][4 * (k % LANES) + sum % 4] ^ 128;
                let sum: i32 = (0..SUMS).map(|sum| i32::from(weight(sum) as i8) * i32::from(bytes[sum])).sum();
                (sum + projection.bias[k]) as f32 * projection.scale[k]
            });
            let norm = values.iter().fold(0f32, |norm, value| norm + value * value);
            let scale = p::DESCRIPTOR_LENGTH / norm.sqrt().max(1e-6);
            values.map(|value| {
                let value = (value * scale).clamp(-127.0, 127.0);
                (value + if value < 0.0 { -0.5 } else { 0.5 }) as i8
            })
        };
        (0..minutiae.len()).map(describe).collect()
    }

    #[test]
    fn descriptors_are_those_of_the_book() {
        let mut mix = 1u64;
        let mut next = move |below: u64| {
            mix = mix.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (mix >> 33) % below
        };
        for n in [0, 1, 2, 3, 4, 5, 15, 16, 17, 40, 63, 64, 65, 101, 130, 255] {
            // Sparse, as prints are, and crowded.
            for side in [20, 300] {
                let mut place = || next(side) as i16 - side as i16 / 2;
                let at: Vec<(i16, i16)> = (0..n).map(|_| (place(), place())).collect();
                let stored = |(x, y)| Stored { x, y, angle: next(256) as u8, kind: 1, weight: 0, depth: 0 };
                let minutiae: Vec<Stored> = at.into_iter().map(stored).collect();
                let expected = plain(&minutiae, Projection::shipped());
                for level in Level::ALL.into_iter().filter(|level| level.is_available()) {
                    let mut rows = vec![[0; DIMENSION]; n];
                    let projection = Projection::shipped();
                    let task = Describe { minutiae: &minutiae, rows: &mut rows, sums: None, projection };
                    Dispatch::new(level).run(task);
                    assert!(rows == expected, "{level}, {n} minutiae within {side} pixels");
                }
            }
        }
    }

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
