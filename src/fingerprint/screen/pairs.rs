//! How well the most similar pairs of minutiae agree about how one print lies on the other.
//!
//! # Method
//! Each of the reference's minutiae is paired with the probe's most similar one; of these pairs the most similar are kept, 16 at most. Two
//! pairs agree as far as one's turn and shift carry the other's minutia to its mate. A pair's support is the weight of the pairs that agree with it, and
//! the agreement is the sum of weight × support² over the pairs. Similar pairs of different fingers agree by chance
//! only, so the agreement tells mates far better than the similarities themselves: at 1 % penetration those lose four times as many.
//! Where it promises something the prints are laid on each other ([`Overlay`]) as the pair with the most support and those that agree with it say,
//! and what falls together, with a little of the agreement, is the score.
//!
//! References with many minutiae score high with everybody; what that gives on average is taken off.
//!
//! Minutia Cylinder-Code (Cappelli and others), which this resembles in comparing neighbourhoods first, fills a cylinder of cells for
//! each minutia, sets bits of them, and relaxes similarities. Here a neighbourhood is 64 learned numbers, a linear discriminant of
//! smooth sums, compared by their product; and pairs are judged by turn and shift, once, without relaxation.

use super::{
    code::{BLOCKS, LANES, MOST},
    overlay::{Overlay, Rigid},
    parameters as p,
    probe::{ScreenProbe, direction},
    reference::{Column, NUMBER_BITS, Reference},
    scan::DAMAGED,
};
use crate::simd::{Integers, Lanes, Reals};

/// The pairs of one probe and one reference.
pub(super) struct Pairs {
    ax: Column<f32>,
    ay: Column<f32>,
    bx: Column<f32>,
    by: Column<f32>,
    /// Half of the cosine and sine of the turn.
    cos: Column<f32>,
    sin: Column<f32>,
    turn: Column<i32>,
    first: Column<i32>,
    weight: Column<f32>,
    support: Column<f32>,
    overlay: Overlay,
}

impl Pairs {
    pub fn new() -> Self {
        let (reals, integers) = ([[0.0; LANES]; BLOCKS], [[0; LANES]; BLOCKS]);
        Pairs {
            ax: reals,
            ay: reals,
            bx: reals,
            by: reals,
            cos: reals,
            sin: reals,
            turn: integers,
            first: integers,
            weight: reals,
            support: reals,
            overlay: Overlay::new(),
        }
    }

    #[inline(always)]
    pub fn score<L: Lanes>(&mut self, probe: &ScreenProbe, reference: &Reference) -> u16 {
        if reference.n == 0 {
            return 0;
        }
        let mut keys = [[i32::MIN; LANES]; BLOCKS];
        reference.most_similar::<L>(probe, &mut keys);
        let count = self.gather::<L>(probe, reference, &keys);
        let agreement = self.agreement::<L>(count);
        if agreement < p::LEAST_AGREEMENT {
            return 0;
        }
        if !is_promising(agreement, probe.n, reference.n) {
            return poor(agreement, reference.n);
        }
        let (mut best, mut met) = (0, 0f32);
        for _ in 0..p::SEEDS {
            let Some(rigid) = self.seed::<L>(count) else { break };
            met = met.max(self.overlay.sum::<L>(probe, reference, rigid));
            best = score(agreement, met, reference.n);
            if best < p::SECOND_LOOK {
                break;
            }
        }
        best
    }

    /// Keeps the pairs that are similar enough, [`p::MOST_PAIRS`] at most.
    #[inline(always)]
    fn gather<L: Lanes>(&mut self, probe: &ScreenProbe, reference: &Reference, keys: &Column<i32>) -> usize {
        let mut mask = above::<L>(keys, reference.n, p::LEAST_SIMILARITY);
        if mask.count_ones() as usize > p::MOST_PAIRS {
            // The least threshold, to 1/256 of the range, that few enough are above. Three are tried at a time: they do not wait for each other.
            let mut low = p::LEAST_SIMILARITY;
            for width in WIDTHS {
                let many = |k| above::<L>(keys, reference.n, low + k * width).count_ones() as usize > p::MOST_PAIRS;
                low += width * (i32::from(many(1)) + i32::from(many(2)) + i32::from(many(3)));
            }
            mask = above::<L>(keys, reference.n, low + WIDTHS[3]);
        }
        let mut count = 0;
        while mask != 0 && count < MOST {
            let j = mask.trailing_zeros() as usize % MOST;
            mask &= mask - 1;
            let key = keys[j / LANES][j % LANES];
            let i = key as usize % MOST;
            let turn = reference.angle[j].wrapping_sub(probe.angle[i]);
            let (block, lane) = (count / LANES, count % LANES);
            self.ax[block][lane] = probe.x[i];
            self.ay[block][lane] = probe.y[i];
            self.bx[block][lane] = reference.x[j];
            self.by[block][lane] = reference.y[j];
            let (cos, sin) = direction(turn);
            self.cos[block][lane] = 0.5 * cos;
            self.sin[block][lane] = 0.5 * sin;
            self.turn[block][lane] = i32::from(turn);
            self.first[block][lane] = i as i32;
            self.weight[block][lane] =
                ((key >> NUMBER_BITS) - p::LEAST_SIMILARITY) as f32 * (1.0 / p::FULL_SIMILARITY as f32);
            count += 1;
        }
        for k in count..count.next_multiple_of(LANES) {
            self.weight[k / LANES][k % LANES] = 0.0;
        }
        count
    }

    /// The sum of weight × support².
    #[inline(always)]
    fn agreement<L: Lanes>(&mut self, count: usize) -> f32 {
        let mut total = 0f32;
        for q in 0..count.div_ceil(LANES) {
            let mut support = L::F::splat(0.0);
            for k in 0..count {
                support = support + self.fit::<L>(q, k) * L::F::splat(self.weight[k / LANES][k % LANES]);
            }
            support.store(&mut self.support[q]);
            total += (L::F::load(&self.weight[q]) * support * support).sum();
        }
        total
    }

    /// How far the pairs of a register agree with pair `k`, 0 to 1.
    #[inline(always)]
    fn fit<L: Lanes>(&self, q: usize, k: usize) -> L::F {
        let real = L::F::splat;
        let (block, lane) = (k / LANES, k % LANES);
        let (dx, dy) = (
            L::F::load(&self.ax[q]) - real(self.ax[block][lane]),
            L::F::load(&self.ay[q]) - real(self.ay[block][lane]),
        );
        let (ex, ey) = (
            L::F::load(&self.bx[q]) - real(self.bx[block][lane]),
            L::F::load(&self.by[q]) - real(self.by[block][lane]),
        );
        let cos = L::F::load(&self.cos[q]) + real(self.cos[block][lane]);
        let sin = L::F::load(&self.sin[q]) + real(self.sin[block][lane]);
        let (rx, ry) = (cos * dx + sin * dy - ex, cos * dy - sin * dx - ey);
        let error = rx * rx + ry * ry;
        let reach = (ex * ex + ey * ey) * real(p::STRETCH) + real(p::SLACK);
        let fit = ((reach - error) / reach).most(real(0.0));
        // The difference of the turns, −128 to 127.
        let off = L::I::load(&self.turn[q]) - L::I::splat(self.turn[block][lane]);
        let off = off.shift_left::<24>().shift_right::<24>().real();
        let turned = (real(1.0) - off * off * real(1.0 / (p::SWING * p::SWING))).most(real(0.0));
        // Two pairs of one minutia do not vouch for each other, nor does a pair for itself.
        L::I::load(&self.first[q]).where_differs(L::I::splat(self.first[block][lane]), fit * turned)
    }

    /// The turn and shift of the pair with the most support and of those that agree with it, by least squares. They are no seeds again.
    #[inline(always)]
    fn seed<L: Lanes>(&mut self, count: usize) -> Option<Rigid> {
        let (mut best, mut most) = (0, 0f32);
        for k in 0..count {
            let supported = self.weight[k / LANES][k % LANES] * self.support[k / LANES][k % LANES];
            if supported > most {
                (best, most) = (k, supported);
            }
        }
        if most <= 0.0 {
            return None;
        }
        let zero = L::F::splat(0.0);
        let [mut w, mut ax, mut ay, mut bx, mut by, mut dot, mut cross, mut cos, mut sin] = [zero; 9];
        for q in 0..count.div_ceil(LANES) {
            let support = L::F::load(&self.support[q]);
            let weight = L::F::load(&self.weight[q]) * (support / (support + L::F::splat(p::HALF_SUPPORT)));
            let mut weights = [0.0; LANES];
            (self.fit::<L>(q, best) * weight).store(&mut weights);
            if q == best / LANES {
                weights[best % LANES] = self.weight[q][best % LANES].max(0.01);
            }
            // Taken: no support is left where there is weight.
            for (support, weight) in self.support[q].iter_mut().zip(&weights) {
                *support = if *weight > 0.0 { 0.0 } else { *support };
            }
            let weight = L::F::load(&weights);
            let (x, y) = (L::F::load(&self.ax[q]), L::F::load(&self.ay[q]));
            let (u, v) = (L::F::load(&self.bx[q]), L::F::load(&self.by[q]));
            w = w + weight;
            (ax, ay) = (ax + weight * x, ay + weight * y);
            (bx, by) = (bx + weight * u, by + weight * v);
            dot = dot + weight * (x * u + y * v);
            cross = cross + weight * (y * u - x * v);
            cos = cos + weight * L::F::load(&self.cos[q]);
            sin = sin + weight * L::F::load(&self.sin[q]);
        }
        let w = w.sum();
        let (ax, ay, bx, by) = (ax.sum() / w, ay.sum() / w, bx.sum() / w, by.sum() / w);
        // Cosines and sines are kept halved.
        let c = dot.sum() - w * (ax * bx + ay * by) + 2.0 * p::DIRECTIONS * cos.sum();
        let s = cross.sum() - w * (ay * bx - ax * by) + 2.0 * p::DIRECTIONS * sin.sum();
        let length = (c * c + s * s).sqrt();
        let (cos, sin) = if length > 1e-9 { (c / length, s / length) } else { (1.0, 0.0) };
        Some(Rigid { cos, sin, x: bx - (cos * ax + sin * ay), y: by - (cos * ay - sin * ax) })
    }
}

/// Which of the first `n` keys are more similar than `least`.
#[inline(always)]
fn above<L: Lanes>(keys: &Column<i32>, n: usize, least: i32) -> u64 {
    let least = L::I::splat((least << NUMBER_BITS) | (MOST as i32 - 1));
    let mut mask = 0;
    for (block, keys) in keys.iter().enumerate() {
        mask |= u64::from(least.below(L::I::load(keys))) << (block * LANES);
    }
    if n < MOST { mask & ((1 << n) - 1) } else { mask }
}

/// A quarter of the range of similarities, of that a quarter, and so on.
const WIDTHS: [i32; 4] = {
    let range = p::FULL_SIMILARITY - p::LEAST_SIMILARITY;
    [range / 4, range / 16, range / 64, range / 256]
};

/// Scores below this are of prints that were not laid on each other.
const LAID: f32 = 4096.0;

/// Whether the pairs agree well enough for a closer look, for so many minutiae.
#[inline(always)]
fn is_promising(agreement: f32, probe: usize, reference: usize) -> bool {
    const ONE: f32 = steps(1.0);
    let log = |n: usize| steps(n.max(8) as f32) - ONE;
    steps(agreement) - ONE >= p::GAIN * log(reference) + p::PROMISING.0 * log(probe) + 4096.0 * p::PROMISING.1
}

/// The score of pairs that promise nothing: by their agreement alone, and below all others.
#[inline(always)]
fn poor(agreement: f32, n: usize) -> u16 {
    let gained = p::GAIN * (steps(n.max(8) as f32) - steps(8.0));
    let found = steps(agreement) - steps(p::LEAST_AGREEMENT) - gained;
    (LAID / 2.0 + found * (1.0 / 64.0)).clamp(1.0, LAID - 1.0) as u16
}

/// 4096 × log₂, straight between powers of two.
const fn steps(value: f32) -> f32 {
    (value.to_bits() >> 11) as i32 as f32
}

/// 4096 × log₂ of what falls together and a little of the agreement, less what a reference of `n` minutiae gains by their number.
#[inline(always)]
fn score(agreement: f32, met: f32, n: usize) -> u16 {
    const LEAST: f32 = steps(p::LEAST_AGREEMENT) * p::AGREEMENT + steps(64.0);
    let gained = (p::CROWD + p::GAIN * p::AGREEMENT) * (steps(n.max(8) as f32) - steps(MOST as f32));
    let found = steps(met + 64.0) + p::AGREEMENT * steps(agreement) - gained;
    (LAID + found - LEAST).clamp(LAID, f32::from(DAMAGED - 1)) as u16
}
