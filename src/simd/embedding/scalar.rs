//! Portable Rust: the definition of every result.

use super::{Ahead, Coding, LINE, Lanes, Run, Survivors, Test, screen};

/// A byte a component.
struct Fine;
/// Half a byte a component.
struct Coarse;

impl Lanes for Fine {
    const CODING: Coding = Coding::Fine;
    const DEPTH: usize = 1;
    type Codes = [[u8; 4]; LINE];
    type Words = [i8; 4];
    type Sums = [i32; LINE];

    #[inline(always)]
    unsafe fn start(start: i32) -> [i32; LINE] {
        [start; LINE]
    }

    #[inline(always)]
    unsafe fn codes(line: *const u8) -> [[u8; 4]; LINE] {
        // SAFETY: 64 bytes are readable.
        unsafe { line.cast::<[[u8; 4]; LINE]>().read() }
    }

    #[inline(always)]
    unsafe fn words(word: *const i32, _: usize) -> [i8; 4] {
        // SAFETY: one word is readable.
        unsafe { word.read() }.to_le_bytes().map(|byte| byte as i8)
    }

    #[inline(always)]
    unsafe fn add(mut sums: [i32; LINE], codes: [[u8; 4]; LINE], words: [i8; 4]) -> [i32; LINE] {
        let words = words.map(i32::from);
        for (sum, codes) in sums.iter_mut().zip(codes) {
            let codes = codes.map(i32::from);
            // Wrapping, as the registers of the other levels are, where codes are not what the essay promises.
            for i in 0..4 {
                *sum = sum.wrapping_add(codes[i] * words[i]);
            }
        }
        sums
    }

    #[inline(always)]
    unsafe fn passes(sums: [i32; LINE], scales: *const f32, residuals: *const f32, gain: f32, floor: f32) -> u16 {
        let mut mask = 0;
        for (lane, sum) in sums.into_iter().enumerate() {
            // SAFETY: 16 lanes are readable from both; a tile's bytes need not be aligned.
            let (scale, residual) =
                unsafe { (scales.add(lane).read_unaligned(), residuals.add(lane).read_unaligned()) };
            let below = sum as f32 * scale + residual * gain < floor;
            mask |= u16::from(!below) << lane;
        }
        mask
    }

    #[inline(always)]
    unsafe fn store(sums: [i32; LINE], to: *mut i32) {
        // SAFETY: 16 lanes are writable.
        unsafe { to.cast::<[i32; LINE]>().write(sums) }
    }

    #[inline(always)]
    unsafe fn prefetch(_: *const u8) {}
}

impl Lanes for Coarse {
    const CODING: Coding = Coding::Coarse;
    const DEPTH: usize = 2;
    type Codes = [[u8; 4]; LINE];
    type Words = [[i8; 4]; 2];
    type Sums = [i32; LINE];

    #[inline(always)]
    unsafe fn start(start: i32) -> [i32; LINE] {
        [start; LINE]
    }

    #[inline(always)]
    unsafe fn codes(line: *const u8) -> [[u8; 4]; LINE] {
        // SAFETY: the caller's, here and below.
        unsafe { Fine::codes(line) }
    }

    #[inline(always)]
    unsafe fn words(word: *const i32, pitch: usize) -> [[i8; 4]; 2] {
        // SAFETY: one word is readable at `word` and `pitch` words further.
        unsafe { [Fine::words(word, pitch), Fine::words(word.add(pitch), pitch)] }
    }

    #[inline(always)]
    unsafe fn add(sums: [i32; LINE], codes: [[u8; 4]; LINE], words: [[i8; 4]; 2]) -> [i32; LINE] {
        // SAFETY: the caller's.
        unsafe {
            let sums = Fine::add(sums, codes.map(|codes| codes.map(|both| both & 15)), words[0]);
            Fine::add(sums, codes.map(|codes| codes.map(|both| both >> 4)), words[1])
        }
    }

    #[inline(always)]
    unsafe fn passes(sums: [i32; LINE], scales: *const f32, residuals: *const f32, gain: f32, floor: f32) -> u16 {
        // SAFETY: the caller's.
        unsafe { Fine::passes(sums, scales, residuals, gain, floor) }
    }

    #[inline(always)]
    unsafe fn store(sums: [i32; LINE], to: *mut i32) {
        // SAFETY: the caller's.
        unsafe { Fine::store(sums, to) }
    }

    #[inline(always)]
    unsafe fn prefetch(_: *const u8) {}
}

/// # Safety
/// As [`super::screen`].
unsafe fn run<L: Lanes, const P: usize>(
    tile: *const u8,
    steps: usize,
    words: *const i32,
    tests: *const Test,
    ahead: Ahead,
    survivors: &mut Survivors,
) {
    // SAFETY: the caller's.
    unsafe { screen::<L, 1, P>(tile, steps, words, tests, ahead, survivors) }
}

/// By width of the panel.
pub(super) static FINE: [Run; 2] = [run::<Fine, 1>, run::<Fine, 2>];
/// By width of the panel.
pub(super) static COARSE: [Run; 2] = [run::<Coarse, 1>, run::<Coarse, 2>];
