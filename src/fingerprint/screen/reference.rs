//! A reference spread out for a scan, and the probe's minutiae most like its own.
//!
//! # Method
//! Sixteen of the reference's minutiae stand side by side; `vpdpbusd` adds four products of bytes to each in one instruction, so a register
//! of similarities takes sixteen of them. Four of the probe's minutiae and all of the reference's (sixteen registers at most) are
//! summed at a time, so that an operand is loaded once for four uses. AVX2 takes four by sixteen with `vpmaddubsw`, in sixteen bits.
//!
//! Where sums have 32 bits to themselves both sides are multiplied by eight, and a sum starts at 64 times the probe's share of the zero point
//! and its minutia's number: what comes out is the key, and the greatest of keys is one instruction.
//!
//! # No overflow
//! Products are at most 30 × 15; sixteen bits hold the 32 of a lane's half: 14,400. All 64 with what they start at stay below 2^16, and
//! 64 times that, the key, below 2^22. Scaled bytes are 240 and ±120 at most.

use super::{
    code::{BLOCKS, LANES, MOST, Row},
    probe::{STEPS, ScreenProbe},
};
use crate::simd::{Integers, Lanes};

/// Minutiae of the probe that are measured at a time.
pub(super) const TALL: usize = 4;
/// Bits of a minutia's number in a key.
pub(super) const NUMBER_BITS: u32 = MOST.trailing_zeros();
/// What the probe's values, and the reference's, are multiplied by where sums are wide: then a sum has room for a number.
pub(super) const SCALE: i32 = 8;
/// Sixteen minutiae side by side, twice their halves: 0 to 30, or eight times that.
pub(super) type Tile = [[u8; 64]; STEPS];
/// One number per minutia.
pub(super) type Column<T> = [[T; LANES]; BLOCKS];

pub(super) struct Reference {
    pub n: usize,
    blocks: usize,
    tiles: [Tile; BLOCKS],
    pub x: [f32; MOST],
    pub y: [f32; MOST],
    pub angle: [u8; MOST],
}

impl Reference {
    pub fn new() -> Self {
        Reference {
            n: 0,
            blocks: 0,
            tiles: [[[0; 64]; STEPS]; BLOCKS],
            x: [0.0; MOST],
            y: [0.0; MOST],
            angle: [0; MOST],
        }
    }

    /// Spreads out `row`; says whether it is a code.
    #[inline(always)]
    pub fn load<L: Lanes>(&mut self, row: Row<'_>) -> bool {
        let Some(n) = row.count() else { return false };
        self.n = n;
        self.blocks = n.div_ceil(LANES);
        for (block, tile) in self.tiles[..self.blocks].iter_mut().enumerate() {
            for (two, bytes) in tile.as_chunks_mut::<2>().0.iter_mut().zip(row.block(block)) {
                let [low, high] = two;
                for ((low, high), byte) in low.iter_mut().zip(high).zip(bytes) {
                    (*low, *high) =
                        if L::ROOMY { (byte << 4, byte & 0xF0) } else { ((byte & 15) << 1, (byte >> 4) << 1) };
                }
            }
        }
        row.places(&mut self.x, &mut self.y, &mut self.angle);
        true
    }

    /// For each of the minutiae the probe's most similar one: similarity << [`NUMBER_BITS`] | number.
    #[inline(always)]
    pub fn most_similar<L: Lanes>(&self, probe: &ScreenProbe, keys: &mut Column<i32>) {
        match (L::ROOMY, self.blocks) {
            (true, 2) => most_similar::<L, 2>(probe, self.tiles[..2].as_chunks().0, keys),
            (true, 3) => most_similar::<L, 3>(probe, self.tiles[..3].as_chunks().0, keys),
            (true, 4) => most_similar::<L, 4>(probe, self.tiles[..4].as_chunks().0, keys),
            (_, blocks) => most_similar::<L, 1>(probe, self.tiles[..blocks.min(BLOCKS)].as_chunks().0, keys),
        }
    }
}

#[inline(always)]
fn most_similar<L: Lanes, const WIDE: usize>(probe: &ScreenProbe, tiles: &[[Tile; WIDE]], keys: &mut Column<i32>) {
    let values = if L::ROOMY { &probe.scaled } else { &probe.values };
    for (tile, keys) in tiles.iter().zip(keys.as_chunks_mut::<WIDE>().0) {
        let mut most = [L::I::splat(i32::MIN); WIDE];
        let fours = values.as_chunks::<TALL>().0.iter().zip(probe.start.as_chunks::<TALL>().0);
        for (values, start) in fours.take(probe.n.div_ceil(TALL)) {
            let mut sums = start.map(|start| [L::I::products_from(start); WIDE]);
            for step in 0..STEPS {
                for (sums, values) in sums.iter_mut().zip(values) {
                    for (sum, tile) in sums.iter_mut().zip(tile) {
                        *sum = L::I::add_small_products(*sum, &tile[step], values[step]);
                    }
                }
            }
            for (sums, &start) in sums.into_iter().zip(start) {
                for (most, sum) in most.iter_mut().zip(sums) {
                    *most = most.most(L::I::products::<NUMBER_BITS>(sum, start));
                }
            }
        }
        for (keys, most) in keys.iter_mut().zip(most) {
            most.store(keys);
        }
    }
}
