//! AVX2, without VNNI: two registers of 8 references, two steps at a time.
//!
//! `vpmaddubsw` multiplies unsigned by signed bytes and adds two products in 16 bits, saturating. Here nothing saturates: probe
//! codes stay within ±32, so two products are at most 2 × 255 × 32 = 16,320, and the sum over two steps at most 32,640 < 32,767.
//! One `vpmaddwd` by ones then widens two steps at once. Per 64 products: three multiplies and two adds, so 43 products a cycle on
//! a core that starts two multiplies per cycle, a third of what AVX-512 VNNI does. The coarser probe costs a wider bound: some
//! more references are compared in full, the answer stays the same. Coarse codes are at most 15: four products are at most
//! 4 × 15 × 127 = 7,620.
#![cfg(target_arch = "x86_64")]

use super::{Ahead, Coding, LINE, Lanes, Run, STEP, Survivors, Test, screen};
use core::arch::x86_64::*;

/// Largest absolute code of a probe that cannot saturate.
pub(super) const LIMIT: i8 = 32;

/// A byte a component.
struct Fine;
/// Half a byte a component.
struct Coarse;

impl Lanes for Fine {
    const CODING: Coding = Coding::Fine;
    const DEPTH: usize = 2;
    type Codes = [[__m256i; 2]; 2];
    type Words = [__m256i; 2];
    type Sums = [__m256i; 2];

    #[inline(always)]
    unsafe fn start(start: i32) -> [__m256i; 2] {
        // SAFETY: the caller's machine has AVX2; so in all functions here.
        unsafe { [_mm256_set1_epi32(start); 2] }
    }

    #[inline(always)]
    unsafe fn codes(line: *const u8) -> [[__m256i; 2]; 2] {
        // SAFETY: 64 bytes are readable at `line` and one step further.
        unsafe {
            let half = |at: *const u8| _mm256_loadu_si256(at.cast());
            [[half(line), half(line.add(STEP))], [half(line.add(32)), half(line.add(STEP + 32))]]
        }
    }

    #[inline(always)]
    unsafe fn words(word: *const i32, pitch: usize) -> [__m256i; 2] {
        // SAFETY: one word is readable at `word` and `pitch` words further.
        unsafe { [_mm256_set1_epi32(word.read()), _mm256_set1_epi32(word.add(pitch).read())] }
    }

    #[inline(always)]
    unsafe fn add(sums: [__m256i; 2], codes: [[__m256i; 2]; 2], words: [__m256i; 2]) -> [__m256i; 2] {
        // SAFETY: AVX2.
        unsafe {
            let mut sums = sums;
            for (sum, codes) in sums.iter_mut().zip(codes) {
                let first = _mm256_maddubs_epi16(codes[0], words[0]);
                let second = _mm256_maddubs_epi16(codes[1], words[1]);
                let both = _mm256_madd_epi16(_mm256_add_epi16(first, second), _mm256_set1_epi16(1));
                *sum = _mm256_add_epi32(*sum, both);
            }
            sums
        }
    }

    #[inline(always)]
    unsafe fn passes(sums: [__m256i; 2], scales: *const f32, residuals: *const f32, gain: f32, floor: f32) -> u16 {
        let mut mask = 0;
        // SAFETY: 16 lanes are readable from both.
        unsafe {
            for (half, sums) in sums.into_iter().enumerate() {
                let scales = _mm256_loadu_ps(scales.add(LINE / 2 * half));
                let residuals = _mm256_loadu_ps(residuals.add(LINE / 2 * half));
                let estimate = _mm256_mul_ps(_mm256_cvtepi32_ps(sums), scales);
                let reach = _mm256_add_ps(estimate, _mm256_mul_ps(residuals, _mm256_set1_ps(gain)));
                let passed = _mm256_cmp_ps::<_CMP_NLT_UQ>(reach, _mm256_set1_ps(floor));
                mask |= (_mm256_movemask_ps(passed) as u16) << (LINE / 2 * half);
            }
        }
        mask
    }

    #[inline(always)]
    unsafe fn store(sums: [__m256i; 2], to: *mut i32) {
        // SAFETY: 16 lanes are writable.
        unsafe {
            _mm256_storeu_si256(to.cast(), sums[0]);
            _mm256_storeu_si256(to.add(LINE / 2).cast(), sums[1]);
        }
    }

    #[inline(always)]
    unsafe fn prefetch(at: *const u8) {
        // SAFETY: a prefetch of any address is allowed.
        unsafe { _mm_prefetch::<_MM_HINT_T1>(at.cast()) }
    }
}

impl Lanes for Coarse {
    const CODING: Coding = Coding::Coarse;
    const DEPTH: usize = 2;
    type Codes = [[__m256i; 2]; 2];
    type Words = [__m256i; 2];
    type Sums = [__m256i; 2];

    #[inline(always)]
    unsafe fn start(start: i32) -> [__m256i; 2] {
        // SAFETY: the caller's, here and below.
        unsafe { Fine::start(start) }
    }

    #[inline(always)]
    unsafe fn codes(line: *const u8) -> [[__m256i; 2]; 2] {
        // SAFETY: 64 bytes are readable.
        unsafe {
            let low = _mm256_set1_epi8(15);
            let half = |at: *const u8| {
                let both = _mm256_loadu_si256(at.cast());
                [_mm256_and_si256(both, low), _mm256_and_si256(_mm256_srli_epi16::<4>(both), low)]
            };
            [half(line), half(line.add(32))]
        }
    }

    #[inline(always)]
    unsafe fn words(word: *const i32, pitch: usize) -> [__m256i; 2] {
        // SAFETY: the caller's.
        unsafe { Fine::words(word, pitch) }
    }

    #[inline(always)]
    unsafe fn add(sums: [__m256i; 2], codes: [[__m256i; 2]; 2], words: [__m256i; 2]) -> [__m256i; 2] {
        // SAFETY: the caller's.
        unsafe { Fine::add(sums, codes, words) }
    }

    #[inline(always)]
    unsafe fn passes(sums: [__m256i; 2], scales: *const f32, residuals: *const f32, gain: f32, floor: f32) -> u16 {
        // SAFETY: the caller's.
        unsafe { Fine::passes(sums, scales, residuals, gain, floor) }
    }

    #[inline(always)]
    unsafe fn store(sums: [__m256i; 2], to: *mut i32) {
        // SAFETY: the caller's.
        unsafe { Fine::store(sums, to) }
    }

    #[inline(always)]
    unsafe fn prefetch(at: *const u8) {
        // SAFETY: the caller's.
        unsafe { Fine::prefetch(at) }
    }
}

/// # Safety
/// As [`super::screen`], on a machine with AVX2.
#[target_feature(enable = "avx2")]
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

/// By width of the panel: three probes are six registers of sums, of 16.
pub(super) static FINE: [Run; 3] = [run::<Fine, 1>, run::<Fine, 2>, run::<Fine, 3>];
/// By width of the panel.
pub(super) static COARSE: [Run; 3] = [run::<Coarse, 1>, run::<Coarse, 2>, run::<Coarse, 3>];
