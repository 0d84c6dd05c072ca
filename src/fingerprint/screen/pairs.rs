//! How well the most similar pairs of minutiae agree about how one print lies on the other.
//!
//! # Method
//! Each of the reference's minutiae is paired with the probe's most similar one; of these pairs the most similar are kept, 16 at most. Two
//! pairs agree as far as one's turn and shift carry the other's minutia to its mate. A pair's support is the weight of the pairs that agree with it, and
//! the score is the logarithm of the sum of weight × support² over the pairs. Similar pairs of different fingers agree by chance
//! only, so the score tells mates far better than the similarities themselves: at 1 % penetration those lose four times as many.
//!
//! References with many minutiae score high with everybody; what that gives on average is taken off.
//!
//! Minutia Cylinder-Code (Cappelli and others), which this resembles in comparing neighbourhoods first, fills a cylinder of cells for
//! each minutia, sets bits of them, and relaxes similarities. Here a neighbourhood is 64 learned numbers, a linear discriminant of
//! smooth sums, compared by their product; and pairs are judged by turn and shift, once, without relaxation.

use super::{
    code::{BLOCKS, LANES, MOST},
    parameters as p,
    probe::{ScreenProbe, direction},
    reference::{Column, Reference},
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
        logarithm(self.agreement::<L>(count), reference.n)
    }

    /// Keeps the pairs that are similar enough, [`p::MOST_PAIRS`] at most.
    #[inline(always)]
    fn gather<L: Lanes>(&mut self, probe: &ScreenProbe, reference: &Reference, keys: &Column<i32>) -> usize {
        let mut mask = above::<L>(keys, reference.n, p::LEAST_SIMILARITY);
        if mask.count_ones() as usize > p::MOST_PAIRS {
            // The least threshold, to 1/256 of the range, that few enough are above.
            let (mut low, mut high) = (p::LEAST_SIMILARITY, p::FULL_SIMILARITY);
            for _ in 0..8 {
                let middle = (low + high) / 2;
                if above::<L>(keys, reference.n, middle).count_ones() as usize > p::MOST_PAIRS {
                    low = middle;
                } else {
                    high = middle;
                }
            }
            mask = above::<L>(keys, reference.n, high);
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
            self.weight[block][lane] = ((key >> 8) - p::LEAST_SIMILARITY) as f32 * (1.0 / p::FULL_SIMILARITY as f32);
            count += 1;
        }
        for k in count..count.next_multiple_of(LANES) {
            self.weight[k / LANES][k % LANES] = 0.0;
        }
        count
    }

    /// The sum of weight × support².
    #[inline(always)]
    fn agreement<L: Lanes>(&self, count: usize) -> f32 {
        let real = L::F::splat;
        let mut total = 0f32;
        for q in 0..count.div_ceil(LANES) {
            let (qax, qay) = (L::F::load(&self.ax[q]), L::F::load(&self.ay[q]));
            let (qbx, qby) = (L::F::load(&self.bx[q]), L::F::load(&self.by[q]));
            let (qcos, qsin) = (L::F::load(&self.cos[q]), L::F::load(&self.sin[q]));
            let (qturn, qfirst) = (L::I::load(&self.turn[q]), L::I::load(&self.first[q]));
            let mut support = real(0.0);
            for k in 0..count {
                let (block, lane) = (k / LANES, k % LANES);
                let (dx, dy) = (qax - real(self.ax[block][lane]), qay - real(self.ay[block][lane]));
                let (ex, ey) = (qbx - real(self.bx[block][lane]), qby - real(self.by[block][lane]));
                let (cos, sin) = (qcos + real(self.cos[block][lane]), qsin + real(self.sin[block][lane]));
                let (rx, ry) = (cos * dx + sin * dy - ex, cos * dy - sin * dx - ey);
                let error = rx * rx + ry * ry;
                let reach = (ex * ex + ey * ey) * real(p::STRETCH) + real(p::SLACK);
                let fit = ((reach - error) / reach).most(real(0.0));
                // The difference of the turns, −128 to 127.
                let off = (qturn - L::I::splat(self.turn[block][lane])).shift_left::<24>().shift_right::<24>().real();
                let turned = (real(1.0) - off * off * real(1.0 / (p::SWING * p::SWING))).most(real(0.0));
                // Two pairs of one minutia do not vouch for each other, nor does a pair for itself.
                let fit = qfirst.where_differs(L::I::splat(self.first[block][lane]), fit * turned);
                support = support + fit * real(self.weight[block][lane]);
            }
            total += (L::F::load(&self.weight[q]) * support * support).sum();
        }
        total
    }
}

/// Which of the first `n` keys are more similar than `least`.
#[inline(always)]
fn above<L: Lanes>(keys: &Column<i32>, n: usize, least: i32) -> u64 {
    let least = L::I::splat((least << 8) | 255);
    let mut mask = 0;
    for (block, keys) in keys.iter().enumerate() {
        mask |= u64::from(least.below(L::I::load(keys))) << (block * LANES);
    }
    if n < MOST { mask & ((1 << n) - 1) } else { mask }
}

/// 1024 × log₂ of `agreement`, straight between powers of two, less what a reference of `n` minutiae gains by their number.
#[inline(always)]
fn logarithm(agreement: f32, n: usize) -> u16 {
    const fn steps(value: f32) -> i32 {
        (value.to_bits() >> 13) as i32
    }
    if agreement < p::LEAST_AGREEMENT {
        return 0;
    }
    let gained = (steps(n.max(8) as f32) - steps(MOST as f32)) * p::GAIN.0 / p::GAIN.1;
    (steps(agreement) - steps(p::LEAST_AGREEMENT) - gained).clamp(1, i32::from(DAMAGED) - 1) as u16
}
