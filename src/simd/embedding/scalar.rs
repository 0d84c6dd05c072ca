//! Portable Rust: the definition of every result.

use super::{LINE, Lanes, Run, Survivors, Test, screen};

struct Scalar;

impl Lanes for Scalar {
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

/// # Safety
/// As [`super::screen`].
unsafe fn run<const P: usize>(
    tile: *const u8,
    steps: usize,
    words: *const i32,
    tests: *const Test,
    ahead: *const u8,
    survivors: &mut Survivors,
) {
    // SAFETY: the caller's.
    unsafe { screen::<Scalar, 1, P>(tile, steps, words, tests, ahead, survivors) }
}

/// By width of the panel.
pub(super) static RUNS: [Run; 2] = [run::<1>, run::<2>];
