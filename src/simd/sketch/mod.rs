//! Each reference minutia's most similar probe minutia, by codes of 64 bits: 64 references' minutiae at a time.
//!
//! # Problem
//! The first stage of the fingerprint screen measures every minutia of a probe against every minutia of a reference, some 2000 pairs, and may
//! take a tenth of a microsecond for it.
//!
//! # Layout
//! A reference minutia is sixteen *nibbles*. A [`Tile`] holds 64 minutiae: byte `s` of its row `g` is nibble `g` of minutia `s` in the low half
//! and nibble `g + 8` in the high one. A probe minutia is a [`Table`]: what each value of each nibble adds to the similarity, 0 to 15.
//!
//! # Method
//! A byte shuffle looks sixteen entries up for as many minutiae as a register has bytes (product quantisation: Jégou, Douze and Schmid 2011; tables
//! in registers: André, Kermarrec and Le Scouarnec 2015). Sixteen shuffles and additions give the similarities of one probe minutia to
//! 64 (AVX2: 32) others; a comparison, a maximum and a masked move keep the best and whose it is. Of equal ones the first wins.
//!
//! # No overflow
//! Sixteen entries of at most 15 are 240: a byte holds them. Entries above 15 wrap the same way at every level.
//!
//! # Cost
//! AVX-512: 16 loads from the first cache, 16 shuffles and 19 other instructions for each probe minutia and tile. Two loads and two shuffles can start per
//! cycle, so 64 pairs take at least 8 cycles; measured are 13. AVX2 takes twice as many instructions.

// A method of one match, inlined where its level's features are.
#![allow(clippy::inline_always)]
// Loops walk several arrays in step.
#![allow(clippy::needless_range_loop)]

#[cfg(target_arch = "x86_64")]
mod avx2;
#[cfg(target_arch = "x86_64")]
mod avx512;
mod scalar;
#[cfg(test)]
mod tests;

use super::Level;

/// Minutiae in a tile.
pub(crate) const SLOTS: usize = 64;
/// Nibbles of a minutia.
pub(crate) const NIBBLES: usize = 16;

/// The nibbles of 64 minutiae.
pub(crate) type Tile = [[u8; SLOTS]; NIBBLES / 2];
/// The values of sixteen minutiae, four bits each, whose highest bit is the sign. Byte `4 l + k` of row `r` is of minutia `l`: its value
/// 8`r` + `k` in the low half, its value 8`r` + 4 + `k` in the high one.
pub(crate) type Halves = [[u8; SLOTS]; NIBBLES / 2];
/// What each value of each nibble is worth to a probe minutia, 0 to 15.
pub(crate) type Table = [[u8; 16]; NIBBLES];

/// Which minutiae were chosen, and who is most similar to them.
pub(crate) struct Chosen {
    pub slots: [u8; CHOSEN],
    pub most_similar: [u8; CHOSEN],
    pub similarity: [u8; CHOSEN],
    /// 1/256 turns between the two.
    pub turns: [u8; CHOSEN],
}

/// The most that are chosen.
pub(crate) const CHOSEN: usize = 16;

/// Finds the most similar at a level that this machine has been seen to have.
#[derive(Clone, Copy)]
pub(crate) struct MostSimilar {
    level: Level,
}

impl MostSimilar {
    /// At `level`, or the best below it that this machine has.
    pub fn new(level: Level) -> Self {
        let level = Level::ALL.into_iter().find(|l| *l <= level && l.is_available()).unwrap_or(Level::Scalar);
        MostSimilar { level }
    }

    /// Of each minutia of `tiles` the similarity of the table most similar to it, and which that is: the first of equal ones, at most 255 of
    /// them; 0 where no table gives more than 0. What is beyond the shortest of `tiles`, `best` and `at` is left alone.
    pub fn run(self, tables: &[Table], tiles: &[Tile], best: &mut [[u8; SLOTS]], at: &mut [[u8; SLOTS]]) {
        let tables = &tables[..tables.len().min(255)];
        match self.level {
            Level::Scalar => scalar::run(tables, tiles, best, at),
            #[cfg(target_arch = "x86_64")]
            // SAFETY: `new` saw that the machine has the level.
            Level::Avx2 => unsafe { avx2::run(tables, tiles, best, at) },
            #[cfg(target_arch = "x86_64")]
            // SAFETY: `new` saw that the machine has the level.
            Level::Avx512 => unsafe { avx512::run(tables, tiles, best, at) },
            #[cfg(not(target_arch = "x86_64"))]
            Level::Avx2 | Level::Avx512 => scalar::run(tables, tiles, best, at),
        }
    }

    /// The signs of the values of at most four blocks of minutiae, four to a nibble: value 4`g` + `k` is bit `k` of nibble `g`.
    pub fn signs(self, halves: &[Halves]) -> Tile {
        match self.level {
            Level::Scalar => scalar::signs(halves),
            #[cfg(target_arch = "x86_64")]
            // SAFETY: `new` saw that the machine has the level.
            Level::Avx2 => unsafe { avx2::signs(halves) },
            #[cfg(target_arch = "x86_64")]
            // SAFETY: `new` saw that the machine has the level.
            Level::Avx512 => unsafe { avx512::signs(halves) },
            #[cfg(not(target_arch = "x86_64"))]
            Level::Avx2 | Level::Avx512 => scalar::signs(halves),
        }
    }

    /// A bit for each byte that is above `least`.
    #[inline(always)]
    pub fn above(self, bytes: &[u8; SLOTS], least: u8) -> u64 {
        match self.level {
            Level::Scalar => scalar::above(bytes, least),
            #[cfg(target_arch = "x86_64")]
            // SAFETY: `new` saw that the machine has the level.
            Level::Avx2 => unsafe { avx2::above(bytes, least) },
            #[cfg(target_arch = "x86_64")]
            // SAFETY: `new` saw that the machine has the level.
            Level::Avx512 => unsafe { avx512::above(bytes, least) },
            #[cfg(not(target_arch = "x86_64"))]
            Level::Avx2 | Level::Avx512 => scalar::above(bytes, least),
        }
    }

    /// The slots of `bits`, at most [`CHOSEN`] of them, in order: their bytes of `best` and `at` as [`MostSimilar::run`] left them,
    /// and by how much their angle is turned against that of whoever is most similar. What is beyond their number has any content.
    ///
    /// # Panics
    /// Where one of `best`, `at` and `angles` is shorter than a tile.
    #[inline(always)]
    pub fn choose(self, bits: u64, best: &[u8], at: &[u8], angles: &[u8], of_tables: &[u8; SLOTS]) -> Chosen {
        let tile = |bytes: &[u8]| -> [u8; SLOTS] { std::array::from_fn(|k| bytes[..SLOTS][k]) };
        let (best, at, angles) = (tile(best), tile(at), tile(angles));
        match self.level {
            #[cfg(target_arch = "x86_64")]
            // SAFETY: `new` saw that the machine has the level.
            Level::Avx512 => unsafe { avx512::choose(bits, &best, &at, &angles, of_tables) },
            _ => scalar::choose(bits, &best, &at, &angles, of_tables),
        }
    }
}
