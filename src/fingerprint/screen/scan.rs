//! The screen score of probes against references.

use super::{
    code::{BLOCKS, LANES, MOST, ScreenColumn},
    parameters as p,
    probe::{Reference, STEPS, ScreenProbe, Tile, direction},
};
use crate::simd::{Dispatch, Integers, Lanes, Level, Reals, Task};
use std::ops::Range;

/// Minutiae of the probe that are measured at a time.
const TALL: usize = 4;

/// The score of a row that is no code: it survives, and the full comparison says what is wrong with it.
pub const DAMAGED: u16 = u16::MAX;

/// Scores probes against references; the same at every level.
#[derive(Clone, Copy)]
pub struct Screen {
    lanes: Dispatch,
}

impl std::fmt::Debug for Screen {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Screen(..)")
    }
}

impl Screen {
    /// A screen at `level`, or the best below it that this machine has.
    pub fn new(level: Level) -> Self {
        Screen { lanes: Dispatch::new(level) }
    }

    /// The screen scores of `probes` against the references `rows` of `column`: `out[k * rows.len() + r]` for probe `k` and row
    /// `rows.start + r`. Higher is more alike; a logarithm, so scores of several fingers may be added.
    ///
    /// References are spread out once for all probes.
    ///
    /// # Panics
    /// Where `rows` reaches beyond the column, or `out` is not one score per probe and row.
    pub fn scan(&self, probes: &[ScreenProbe], column: &ScreenColumn<'_>, rows: Range<usize>, out: &mut [u16]) {
        assert!(rows.end <= column.len(), "rows of the column");
        assert_eq!(out.len(), probes.len() * rows.len(), "one score per probe and reference");
        self.lanes.run(Scan { probes, column: column.part(rows), out });
    }
}

struct Scan<'a> {
    probes: &'a [ScreenProbe],
    column: ScreenColumn<'a>,
    out: &'a mut [u16],
}

impl Task for Scan<'_> {
    type Output = ();

    #[inline(always)]
    fn run<L: Lanes>(self) {
        let count = self.column.len();
        let mut reference = Reference::new();
        let mut pairs = Pairs::new();
        for (r, row) in self.column.rows().enumerate() {
            let sound = reference.load(row);
            for (k, probe) in self.probes.iter().enumerate() {
                self.out[k * count + r] = if sound { pairs.score::<L>(probe, &reference) } else { DAMAGED };
            }
        }
    }
}

/// For each minutia of the reference the probe's minutia most like it, and how well these pairs agree.
struct Pairs {
    ax: [[f32; LANES]; BLOCKS],
    ay: [[f32; LANES]; BLOCKS],
    bx: [[f32; LANES]; BLOCKS],
    by: [[f32; LANES]; BLOCKS],
    cos: [[f32; LANES]; BLOCKS],
    sin: [[f32; LANES]; BLOCKS],
    turn: [[i32; LANES]; BLOCKS],
    first: [[i32; LANES]; BLOCKS],
    weight: [[f32; LANES]; BLOCKS],
}

impl Pairs {
    fn new() -> Self {
        let reals = [[0.0; LANES]; BLOCKS];
        let integers = [[0; LANES]; BLOCKS];
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
    fn score<L: Lanes>(&mut self, probe: &ScreenProbe, reference: &Reference) -> u16 {
        let mut keys = [[i32::MIN; LANES]; BLOCKS];
        best::<L>(probe, reference, &mut keys);
        if reference.blocks == 0 {
            return 0;
        }
        let count = self.gather::<L>(probe, reference, &keys);
        self.agree::<L>(count)
    }

    /// Keeps the pairs that are alike enough, at most `MOST_PAIRS`.
    #[inline(always)]
    fn gather<L: Lanes>(&mut self, probe: &ScreenProbe, reference: &Reference, keys: &[[i32; LANES]; BLOCKS]) -> usize {
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
        while mask != 0 {
            let j = mask.trailing_zeros() as usize;
            mask &= mask - 1;
            let key = keys[j / LANES][j % LANES];
            let i = (key & 255) as usize % MOST;
            let turn = reference.angle[j].wrapping_sub(probe.angle[i]);
            let (block, lane) = (count / LANES % BLOCKS, count % LANES);
            self.ax[block][lane] = probe.x[i];
            self.ay[block][lane] = probe.y[i];
            self.bx[block][lane] = reference.x[j];
            self.by[block][lane] = reference.y[j];
            (self.cos[block][lane], self.sin[block][lane]) = direction(turn);
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

    /// Sum over the pairs of weight × support², where a pair's support is the weight of those that agree with it.
    #[inline(always)]
    fn agree<L: Lanes>(&self, count: usize) -> u16 {
        let real = L::F::splat;
        let mut total = 0f32;
        let blocks = count.div_ceil(LANES);
        let mut support = [real(0.0); BLOCKS];
        for k in 0..count {
            let (block, lane) = (k / LANES, k % LANES);
            let (ax, ay) = (real(self.ax[block][lane]), real(self.ay[block][lane]));
            let (bx, by) = (real(self.bx[block][lane]), real(self.by[block][lane]));
            let (cos, sin) = (real(self.cos[block][lane]), real(self.sin[block][lane]));
            let turn = L::I::splat(self.turn[block][lane]);
            let first = L::I::splat(self.first[block][lane]);
            let weight = real(self.weight[block][lane]);
            for (q, support) in support.iter_mut().enumerate().take(blocks) {
                let (dx, dy) = (L::F::load(&self.ax[q]) - ax, L::F::load(&self.ay[q]) - ay);
                let (ex, ey) = (L::F::load(&self.bx[q]) - bx, L::F::load(&self.by[q]) - by);
                let c = (L::F::load(&self.cos[q]) + cos) * real(0.5);
                let s = (L::F::load(&self.sin[q]) + sin) * real(0.5);
                let (rx, ry) = (c * dx + s * dy - ex, c * dy - s * dx - ey);
                let error = rx * rx + ry * ry;
                let apart = ex * ex + ey * ey;
                let reach = apart * real(p::STRETCH) + real(p::SLACK);
                let off = (L::I::load(&self.turn[q]) - turn).shift_left::<24>().shift_right::<24>().real();
                let turned = (real(1.0) - off * off * real(1.0 / (p::SWING * p::SWING))).most(real(0.0));
                let fit = ((reach - error) / reach).most(real(0.0)) * turned;
                let fit = L::I::load(&self.first[q]).where_differs(first, fit);
                *support = *support + fit * weight;
            }
        }
        for (q, support) in support.iter().enumerate().take(blocks) {
            total += (L::F::load(&self.weight[q]) * *support * *support).sum();
        }
        // A logarithm: exponent and ten bits of the fraction, from 2^-16 up.
        let bits = total.max(0.0).to_bits().saturating_sub((127 - 16) << 23) >> 13;
        bits.min(u32::from(DAMAGED) - 1) as u16
    }
}

/// Which of the first `n` keys are more similar than `least`.
#[inline(always)]
fn above<L: Lanes>(keys: &[[i32; LANES]; BLOCKS], n: usize, least: i32) -> u64 {
    let least = L::I::splat((least << 8) | 255);
    let mut mask = 0;
    for (block, keys) in keys.iter().enumerate() {
        mask |= u64::from(least.below(L::I::load(keys))) << (block * LANES);
    }
    if n < MOST { mask & ((1 << n) - 1) } else { mask }
}

/// For each minutia of the reference the most similar one of the probe: similarity << 8 | number.
///
/// A tile of four minutiae of the probe by 16 to 64 of the reference keeps its sums in registers (four by 16 where there are few).
#[inline(always)]
fn best<L: Lanes>(probe: &ScreenProbe, reference: &Reference, keys: &mut [[i32; LANES]; BLOCKS]) {
    let tiles = &reference.tiles;
    match (L::ROOMY, reference.blocks) {
        (true, 2) => best_of::<L, 2>(probe, tiles[..2].as_chunks().0, keys),
        (true, 3) => best_of::<L, 3>(probe, tiles[..3].as_chunks().0, keys),
        (true, 4) => best_of::<L, 4>(probe, tiles[..4].as_chunks().0, keys),
        (_, blocks) => best_of::<L, 1>(probe, tiles[..blocks.min(BLOCKS)].as_chunks().0, keys),
    }
}

#[inline(always)]
fn best_of<L: Lanes, const WIDE: usize>(
    probe: &ScreenProbe,
    tiles: &[[Tile; WIDE]],
    keys: &mut [[i32; LANES]; BLOCKS],
) {
    for (tile, keys) in tiles.iter().zip(keys.as_chunks_mut::<WIDE>().0) {
        let mut most = [L::I::splat(i32::MIN); WIDE];
        for i in (0..probe.n).step_by(TALL) {
            let Some(values) = probe.values.get(i..).and_then(|v| v.first_chunk::<TALL>()) else { break };
            let mut sums = [[L::I::no_products(); WIDE]; TALL];
            for step in 0..STEPS {
                for (sums, values) in sums.iter_mut().zip(values) {
                    for (sum, tile) in sums.iter_mut().zip(tile) {
                        *sum = L::I::add_small_products(*sum, &tile[step], values[step]);
                    }
                }
            }
            for (k, sums) in sums.into_iter().enumerate() {
                let (start, number) = (L::I::splat(probe.start[i + k]), L::I::splat((i + k) as i32));
                for (most, sum) in most.iter_mut().zip(sums) {
                    *most = most.most((L::I::products(sum) + start).shift_left::<8>() | number);
                }
            }
        }
        for (keys, most) in keys.iter_mut().zip(most) {
            most.store(keys);
        }
    }
}
