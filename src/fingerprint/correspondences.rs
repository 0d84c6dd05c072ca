//! Which minutiae of the two prints look alike: the candidate pairs.
//!
//! # Method
//! All pairs of descriptors are multiplied: sixteen minutiae of one print side by side, four bytes of each in a lane, against four bytes of one of the
//! other (`vpdpbusd` where there is VNNI). Each minutia, of either print, proposes the two of the other that it resembles most: a
//! minutia whose neighbourhood is common does not crowd out the rest. Of these proposals the 64 best go on, found by counting instead of sorting.
//!
//! # Cost
//! 45 × 45 minutiae: 0.6 µs for the table, 1.5 µs for the selection.
//!
//! # No overflow
//! Descriptors have length 256 (a damaged one at most 64 × 128²): a product is below 2^21 in size, and below 2^29 with a place of
//! eight bits beside it.

use super::{
    parameters as p,
    points::{Column, Points, ROOM},
    prepared::{DIMENSION, PreparedView},
};
use crate::simd::{Integers, LANES, Lanes, Reals};

/// The most candidate pairs that go on.
pub(super) const MOST: usize = p::CANDIDATES;
const STEPS: usize = DIMENSION / 4;

/// A table of similarities and the best pairs from it.
pub(super) struct Correspondences {
    /// Row `i`: the similarities of minutia `i` of one to all of the other, 65536 × cosine.
    table: Vec<[[i32; LANES]; ROOM / LANES]>,
    /// The same as weights: half, and the cosine where it is positive.
    likeness: Vec<[[f32; LANES]; ROOM / LANES]>,
    /// The other's descriptors, sixteen side by side, four bytes of each after four bytes of the next, 128 added.
    tiles: Vec<[[u8; 4 * LANES]; STEPS]>,
    pub count: usize,
    pub first: [u8; MOST],
    pub second: [u8; MOST],
    pub similarity: [f32; MOST],
    found: Vec<u32>,
    row_best: Column<f32>,
    column_best: Column<f32>,
}

impl Correspondences {
    pub fn new() -> Self {
        Correspondences {
            table: vec![[[0; LANES]; ROOM / LANES]; ROOM],
            likeness: vec![[[0.0; LANES]; ROOM / LANES]; ROOM],
            tiles: vec![[[0; 4 * LANES]; STEPS]; ROOM / LANES],
            count: 0,
            first: [0; MOST],
            second: [0; MOST],
            similarity: [0.0; MOST],
            found: Vec::with_capacity(4 * ROOM),
            row_best: Column::of(0.0),
            column_best: Column::of(0.0),
        }
    }

    /// The similarity of two minutiae, about −1 to 1.
    #[inline(always)]
    pub fn similarity(&self, i: usize, j: usize) -> f32 {
        self.table[i][(j / LANES) % (ROOM / LANES)][j % LANES] as f32 * (1.0 / 65536.0)
    }

    /// How much minutia `i` of the first and those of a block of the second resemble each other, 0.5 to 1.5.
    #[inline(always)]
    pub fn likeness(&self, i: usize, block: usize) -> &[f32; LANES] {
        &self.likeness[i][block % (ROOM / LANES)]
    }

    /// The most that minutia `i` of the first resembles any of the second.
    #[inline(always)]
    pub fn row_best(&self, i: usize) -> f32 {
        self.row_best[i]
    }

    /// The most that minutia `j` of the second resembles any of the first.
    #[inline(always)]
    pub fn column_best(&self, j: usize) -> f32 {
        self.column_best[j]
    }

    /// Fills the table.
    #[inline(always)]
    pub fn measure<L: Lanes>(&mut self, a: &PreparedView<'_>, b: &PreparedView<'_>) {
        let blocks = b.descriptors.len().div_ceil(LANES);
        for (tile, descriptors) in self.tiles.iter_mut().zip(b.descriptors.chunks(LANES)) {
            for (lane, descriptor) in descriptors.iter().enumerate() {
                let (fours, _) = descriptor.as_chunks::<4>();
                for (step, four) in tile.iter_mut().zip(fours) {
                    let to: &mut [u8; 4] = &mut step.as_chunks_mut::<4>().0[lane];
                    *to = four.map(|v| (v as u8) ^ 128);
                }
            }
            for lane in descriptors.len()..LANES {
                for step in tile.iter_mut() {
                    step.as_chunks_mut::<4>().0[lane] = [0; 4];
                }
            }
        }
        for ((row, likeness), descriptor) in self.table.iter_mut().zip(&mut self.likeness).zip(a.descriptors) {
            let sum: i32 = descriptor.iter().map(|&v| i32::from(v)).sum();
            let (fours, _) = descriptor.as_chunks::<4>();
            for ((out, like), tile) in row.iter_mut().zip(likeness).zip(&self.tiles[..blocks]) {
                let mut products = L::I::splat(-128 * sum);
                for (step, four) in tile.iter().zip(fours) {
                    products = products.add_products(step, four.map(|v| v as u8));
                }
                products.store(out);
                let cosine = products.real() * L::F::splat(1.0 / 65536.0);
                (cosine.most(L::F::splat(0.0)) + L::F::splat(0.5)).store(like);
            }
        }
    }

    /// Takes the best pairs: two for each minutia of either print, of those the best.
    #[inline(always)]
    pub fn select<L: Lanes>(&mut self, a: &Points, b: &Points) {
        self.found.clear();
        let mut best = [Column::of(i32::MIN), Column::of(i32::MIN)];
        let mut numbers = [[0i32; LANES]; ROOM / LANES];
        for k in 0..b.blocks * LANES {
            // Padding never wins: its similarity is taken as the least.
            numbers[k / LANES][k % LANES] = k as i32;
        }
        let last = LANES * b.blocks - b.n;
        let mut mask = [0i32; LANES];
        for lane in 0..last {
            mask[LANES - 1 - lane] = i32::MIN / 2;
        }
        let mask = L::I::load(&mask);
        let none = L::I::splat(0);
        for i in 0..a.n {
            let (mut one, mut two) = (L::I::splat(i32::MIN), L::I::splat(i32::MIN));
            let number = L::I::splat(i as i32);
            for k in 0..b.blocks {
                let value = L::I::load(&self.table[i][k]).shift_left::<8>();
                let value = value + if k + 1 == b.blocks { mask } else { none };
                let here = value | L::I::load(&numbers[k]);
                two = two.most(one.least(here));
                one = one.most(here);
                let there = value | number;
                let (first, second) = best.split_at_mut(1);
                let (first, second) = (&mut first[0].0[k], &mut second[0].0[k]);
                let most = L::I::load(first);
                L::I::load(second).most(most.least(there)).store(second);
                most.most(there).store(first);
            }
            let mut lanes = [[0; LANES]; 2];
            one.store(&mut lanes[0]);
            two.store(&mut lanes[1]);
            let (mut one, mut two) = (i32::MIN, i32::MIN);
            for value in lanes.into_iter().flatten() {
                two = two.max(one.min(value));
                one = one.max(value);
            }
            self.row_best[i] = (one >> 8) as f32 * (1.0 / 65536.0);
            for value in [one, two] {
                self.found.push(pack(value >> 8, i as i32, value & 255));
            }
        }
        for j in 0..b.n {
            self.column_best[j] = (best[0][j] >> 8) as f32 * (1.0 / 65536.0);
            for value in [best[0][j], best[1][j]] {
                let i = value & 255;
                // Those that their row has taken already stand at its two places.
                let row = &self.found[2 * i as usize..][..2];
                if row[0] & 255 != j as u32 && row[1] & 255 != j as u32 {
                    self.found.push(pack(value >> 8, i, j as i32));
                }
            }
        }
        // The value from which on there are no more than there is room for.
        let mut counts = [0u16; 1024];
        for &packed in &self.found {
            counts[(packed >> 22) as usize] += 1;
        }
        let (mut cut, mut above) = (1024, 0);
        while cut > 0 && above + usize::from(counts[cut - 1]) <= MOST {
            cut -= 1;
            above += usize::from(counts[cut]);
        }
        let mut room = MOST - above;
        self.count = 0;
        for &packed in &self.found {
            let value = (packed >> 22) as usize;
            let marginal = value + 1 == cut && room > 0;
            if (value >= cut || marginal) && packed >> 16 > 0 && self.count < MOST {
                room -= usize::from(marginal);
                let k = self.count;
                self.first[k] = (packed >> 8) as u8;
                self.second[k] = packed as u8;
                self.similarity[k] = ((packed >> 16) as i32 - 32768) as f32 * (1.0 / 32768.0);
                self.count += 1;
            }
        }
    }
}

/// Similarity as 16 bits (zero for none), and the pair.
#[inline(always)]
fn pack(similarity: i32, i: i32, j: i32) -> u32 {
    let value = ((similarity >> 1) + 32768).clamp(0, 65535);
    ((value << 16) | (i << 8) | j) as u32
}
