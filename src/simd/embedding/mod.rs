//! Screening embeddings: 64 references at a time against up to six probes, in whole numbers.
//!
//! # Problem
//! A search multiplies every reference with every probe. One probe is bound by reading the references, a thousand by
//! multiply-adds, so references are read as bytes, and a tile of them is used by all probes while it is in L1.
//!
//! # Layout
//! A *tile* is 64 references: 64 scales (`f32`), 64 residual lengths (`f32`), one length that bounds all 64 rounded
//! references (`f32`, in a line of its own), then the codes. Codes are `u8`, the signed code plus 128; four components of a
//! reference stand together (a *word*), 16 references make a 64-byte line, four lines a *step*: word 0 of all 64 references,
//! then word 1, and so on. There is an even number of steps; what pads a reference or a tile is 128, the code of zero.
//! A *coarse* tile has the same head and half the codes: two words of a reference share four bytes, the first in the low
//! nibbles, the second in the high ones; a code `n` from 0 to 15 stands for `n − 7.5`.
//! A *panel* is up to six probes of signed codes, interleaved by word in the same way.
//!
//! # Method
//! Each level multiplies unsigned bytes by signed ones and adds four products to an `i32` lane. The sum starts at −128 · Σ probe
//! codes (coarse: −7.5 · Σ), which takes the bias of the references back. A survivor is a reference whose sum passes
//! `sum · scale + residual · gain ≥ floor − slope · length`; what the four numbers mean is [`crate::face`]'s business. Sums are
//! exact, the test is the same sequence of `f32` operations at every level, and what is not a number survives.
//!
//! # No overflow
//! 4,096 components × 255 × 127 = 1.33e8, and the start is at most 4,096 × 128 × 127 = 6.7e7: an `i32` holds both.
//!
//! # Cost
//! AVX-512: per step and panel of six, 4 loads, 6 broadcasts and 24 `vpdpbusd` of 64 products each, two of which can start per
//! cycle; 24 sums, 4 lines and a broadcast fit the 32 registers. See `avx2.rs` for what a machine without VNNI does.

// Loops over lanes, probes and lines are numbered: constant ranges, which the compiler unrolls into registers.
#![allow(clippy::needless_range_loop)]

mod avx2;
mod avx512;
mod compare;
mod scalar;
#[cfg(test)]
mod tests;

pub use compare::{Compare, prefetch};

use super::Level;

/// References in a tile.
pub const TILE: usize = 64;
/// References in a line of codes.
const LINE: usize = 16;
/// Most probes in a panel, at any level.
pub const MAX_PANEL: usize = 6;
/// Bytes of a tile before its codes: scales, residual lengths, and a line that starts with the tile's length.
pub const TILE_HEAD: usize = 2 * 4 * TILE + 64;
/// Bytes of one step: four components of each reference of a tile.
const STEP: usize = 4 * TILE;

/// Steps of four components for embeddings of `dimension`, an even number.
pub const fn steps(dimension: usize) -> usize {
    2 * dimension.div_ceil(8)
}

/// How the codes of a tile are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Coding {
    /// A byte a component.
    Fine,
    /// Half a byte a component.
    Coarse,
}

impl Coding {
    /// Bytes of a tile of embeddings of `dimension`.
    pub const fn tile_bytes(self, dimension: usize) -> usize {
        TILE_HEAD + self.step() * steps(dimension)
    }

    /// Bytes of a step.
    const fn step(self) -> usize {
        match self {
            Coding::Fine => STEP,
            Coding::Coarse => STEP / 2,
        }
    }
}

/// What a probe asks of a reference: `sum · scale + residual · gain ≥ floor − slope · length`.
#[derive(Clone, Copy, Debug)]
pub struct Test {
    /// Where sums start: −128 × the sum of the probe's codes.
    pub start: i32,
    /// Factor of a reference's residual length.
    pub gain: f32,
    /// What the left side must reach in a tile of length zero.
    pub floor: f32,
    /// By how much the floor falls per unit of the tile's length.
    pub slope: f32,
}

/// Probes side by side: word `w` of probe `p` is `words[w * tests.len() + p]`.
#[derive(Clone, Copy)]
pub struct Panel<'a> {
    /// Four signed codes in each word, little-endian.
    pub words: &'a [i32],
    /// One for each probe.
    pub tests: &'a [Test],
}

/// Which references of a tile survived, for each probe of a panel.
pub struct Survivors {
    /// Bit `i` of `masks[p]`: reference `i` survived for probe `p`.
    pub masks: [u64; MAX_PANEL],
    /// `sums[p][i]`, of survivors; others may hold anything.
    pub sums: [[i32; TILE]; MAX_PANEL],
}

impl Default for Survivors {
    fn default() -> Self {
        Survivors { masks: [0; MAX_PANEL], sums: [[0; TILE]; MAX_PANEL] }
    }
}

/// Where to prefetch, and how many lines for each line of the tile, over four.
type Ahead = (*const u8, usize);
type Run = unsafe fn(*const u8, usize, *const i32, *const Test, Ahead, &mut Survivors);

/// The screening kernel of a level, chosen once for a search.
#[derive(Clone, Copy)]
pub struct Screen {
    coding: Coding,
    runs: &'static [Run],
    limit: i8,
}

impl Screen {
    /// The kernel for `level`; the portable one where the machine lacks it.
    pub fn new(level: Level, coding: Coding) -> Self {
        // Codes of four bits are small enough for full probe codes at every level.
        let (runs, limit): (&'static [Run], i8) = match (level, coding) {
            #[cfg(target_arch = "x86_64")]
            (Level::Avx512, Coding::Fine) if level.is_available() => (&avx512::FINE, 127),
            #[cfg(target_arch = "x86_64")]
            (Level::Avx512, Coding::Coarse) if level.is_available() => (&avx512::COARSE, 127),
            #[cfg(target_arch = "x86_64")]
            (Level::Avx2, Coding::Fine) if level.is_available() => (&avx2::FINE, avx2::LIMIT),
            #[cfg(target_arch = "x86_64")]
            (Level::Avx2, Coding::Coarse) if level.is_available() => (&avx2::COARSE, 127),
            (_, Coding::Fine) => (&scalar::FINE, 127),
            (_, Coding::Coarse) => (&scalar::COARSE, 127),
        };
        Screen { coding, runs, limit }
    }

    /// How it expects codes.
    pub fn coding(&self) -> Coding {
        self.coding
    }

    /// Most probes in a panel at this level.
    pub fn width(&self) -> usize {
        self.runs.len()
    }

    /// The largest absolute value of a probe's codes that this level multiplies exactly.
    pub fn limit(&self) -> i8 {
        self.limit
    }

    /// Cuts the next tile into what each of `panels` runs over this one should ask memory for, so that reading goes on all the time.
    pub fn shares<'a>(&self, dimension: usize, tile: &'a [u8], panels: usize) -> std::slice::Chunks<'a, u8> {
        let lines = match panels {
            1 => 4,
            2 | 3 => 2,
            _ => 1,
        };
        tile.chunks(lines * self.coding.step() / (TILE / LINE) * steps(dimension))
    }

    /// Screens a tile of embeddings of `dimension` for the probes of `panel`, and asks memory for `ahead` meanwhile: a part of what
    /// is read next, at most a tile, may be empty.
    ///
    /// The answer is wrong, but nothing worse, where a probe's code is beyond [`Screen::limit`].
    ///
    /// # Panics
    /// If a length does not fit the dimension, or the panel is empty or wider than [`Screen::width`].
    #[inline]
    pub fn run(&self, dimension: usize, tile: &[u8], panel: Panel<'_>, ahead: &[u8], survivors: &mut Survivors) {
        let width = panel.tests.len();
        let steps = steps(dimension);
        assert_eq!(tile.len(), self.coding.tile_bytes(dimension), "one tile");
        assert_eq!(panel.words.len(), steps * width, "all words of all probes");
        let lines = ahead.len().div_ceil(self.coding.step() / (TILE / LINE) * steps);
        // SAFETY: `new` saw that the machine has what `runs` was compiled for; the tile holds its head and `steps` steps, the
        // panel `steps` words for each of its `width` tests, both just checked, and `steps` is even. `ahead` is only prefetched.
        unsafe {
            let ahead = (ahead.as_ptr(), lines);
            (self.runs[width - 1])(tile.as_ptr(), steps, panel.words.as_ptr(), panel.tests.as_ptr(), ahead, survivors)
        }
    }
}

/// What a level does with 16 references at a time.
///
/// # Safety
/// Every function may be called only where the machine has the level's instructions, and pointers must be readable (for
/// `store`, writable) for 16 lanes.
trait Lanes {
    /// How codes are written.
    const CODING: Coding;
    /// Steps that one `add` takes; one or two.
    const DEPTH: usize;
    /// Codes of 16 references, `DEPTH` steps.
    type Codes: Copy;
    /// `DEPTH` words of one probe, ready to multiply.
    type Words: Copy;
    /// Sums of 16 references.
    type Sums: Copy;

    /// All sums at `start`.
    unsafe fn start(start: i32) -> Self::Sums;
    /// The codes at `line` and, for a second step of fine codes, `STEP` bytes further.
    unsafe fn codes(line: *const u8) -> Self::Codes;
    /// The word at `word` and, for a second step, `pitch` words further.
    unsafe fn words(word: *const i32, pitch: usize) -> Self::Words;
    /// Adds the products of `codes` and `words` to `sums`.
    unsafe fn add(sums: Self::Sums, codes: Self::Codes, words: Self::Words) -> Self::Sums;
    /// Bit `i`: not `sums[i] · scales[i] + residuals[i] · gain < floor`.
    unsafe fn passes(sums: Self::Sums, scales: *const f32, residuals: *const f32, gain: f32, floor: f32) -> u16;
    /// Writes 16 sums.
    unsafe fn store(sums: Self::Sums, to: *mut i32);
    /// Asks memory for the line at `at`, which need not be readable.
    unsafe fn prefetch(at: *const u8);
}

/// Screens a tile for `P` probes, `G` lines of references at a time: one or all four.
///
/// # Safety
/// As [`Lanes`]; `tile` holds its head and `steps` steps, `steps` is even, `words` holds `steps * P` and `tests` `P`.
#[inline(always)]
unsafe fn screen<L: Lanes, const G: usize, const P: usize>(
    tile: *const u8,
    steps: usize,
    words: *const i32,
    tests: *const Test,
    ahead: Ahead,
    survivors: &mut Survivors,
) {
    survivors.masks = [0; MAX_PANEL];
    for first in (0..TILE / LINE).step_by(G) {
        // With all lines at once, each step asks memory for `ahead.1` lines; line by line, the first `ahead.1` ask for one each.
        let (turn, quarters) = (first / G, TILE / LINE / G);
        let asks = if quarters == 1 { ahead.1 } else { usize::from(turn < ahead.1) };
        let next = ahead.0.wrapping_add(turn * steps * L::CODING.step() / quarters);
        // SAFETY: the caller's; `first + G` is at most `TILE / LINE`. A case each, so that sums never leave the registers.
        unsafe {
            match asks {
                0 => lines::<L, G, P, 0>(tile, first, steps, words, tests, next, survivors),
                1 => lines::<L, G, P, 1>(tile, first, steps, words, tests, next, survivors),
                2 => lines::<L, G, P, 2>(tile, first, steps, words, tests, next, survivors),
                _ => lines::<L, G, P, 4>(tile, first, steps, words, tests, next, survivors),
            }
        }
    }
}

/// Screens `G` lines of references from line `first` for `P` probes; `A` lines are prefetched for each step's `G`.
///
/// # Safety
/// As [`screen`], and `first + G` is at most `TILE / LINE`.
#[inline(always)]
unsafe fn lines<L: Lanes, const G: usize, const P: usize, const A: usize>(
    tile: *const u8,
    first: usize,
    steps: usize,
    words: *const i32,
    tests: *const Test,
    ahead: *const u8,
    survivors: &mut Survivors,
) {
    // SAFETY: every offset stays in the tile, the panel or the survivors, see the contract: `step + DEPTH` is at most `steps`.
    unsafe {
        let mut sums = [[L::start(0); G]; P];
        for p in 0..P {
            sums[p] = [L::start((*tests.add(p)).start); G];
        }
        let codes = tile.add(TILE_HEAD + first * 4 * LINE);
        let mut step = 0;
        while step < steps {
            let at = step * L::CODING.step();
            for a in 0..A * L::DEPTH * L::CODING.step() / STEP {
                L::prefetch(ahead.wrapping_add(at / (TILE / LINE) * A + a * LINE * 4));
            }
            let line = codes.add(at);
            let mut codes = [L::codes(line); G];
            for g in 1..G {
                codes[g] = L::codes(line.add(g * 4 * LINE));
            }
            for p in 0..P {
                let words = L::words(words.add(step * P + p), P);
                for g in 0..G {
                    sums[p][g] = L::add(sums[p][g], codes[g], words);
                }
            }
            step += L::DEPTH;
        }
        let scales = tile.cast::<f32>();
        let residuals = scales.add(TILE);
        let length = scales.add(2 * TILE).read_unaligned();
        for p in 0..P {
            let test = &*tests.add(p);
            let floor = test.floor - test.slope * length;
            let mut mask = 0;
            for g in 0..G {
                let at = (first + g) * LINE;
                let passed = L::passes(sums[p][g], scales.add(at), residuals.add(at), test.gain, floor);
                mask |= u64::from(passed) << at;
            }
            if mask != 0 {
                survivors.masks[p] |= mask;
                for g in 0..G {
                    L::store(sums[p][g], survivors.sums[p].as_mut_ptr().add((first + g) * LINE));
                }
            }
        }
    }
}
