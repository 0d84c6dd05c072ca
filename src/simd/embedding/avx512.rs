//! AVX-512 with VNNI: 16 references in a register, one instruction for 64 products.
#![cfg(target_arch = "x86_64")]

use super::{Ahead, Coding, Lanes, Run, Survivors, Test, screen};
use core::arch::x86_64::*;

/// A byte a component.
struct Fine;
/// Half a byte a component.
struct Coarse;

impl Lanes for Fine {
    const CODING: Coding = Coding::Fine;
    const DEPTH: usize = 1;
    type Codes = __m512i;
    type Words = __m512i;
    type Sums = __m512i;

    #[inline(always)]
    unsafe fn start(start: i32) -> __m512i {
        // SAFETY: the caller's machine has AVX-512F; so in all functions here.
        unsafe { _mm512_set1_epi32(start) }
    }

    #[inline(always)]
    unsafe fn codes(line: *const u8) -> __m512i {
        // SAFETY: 64 bytes are readable.
        unsafe { _mm512_loadu_si512(line.cast()) }
    }

    #[inline(always)]
    unsafe fn words(word: *const i32, _: usize) -> __m512i {
        // SAFETY: one word is readable.
        unsafe { _mm512_set1_epi32(word.read()) }
    }

    #[inline(always)]
    unsafe fn add(sums: __m512i, codes: __m512i, words: __m512i) -> __m512i {
        // SAFETY: AVX-512 VNNI.
        unsafe { _mm512_dpbusd_epi32(sums, codes, words) }
    }

    #[inline(always)]
    unsafe fn passes(sums: __m512i, scales: *const f32, residuals: *const f32, gain: f32, floor: f32) -> u16 {
        // SAFETY: 16 lanes are readable from both.
        unsafe {
            let estimate = _mm512_mul_ps(_mm512_cvtepi32_ps(sums), _mm512_loadu_ps(scales));
            let margin = _mm512_mul_ps(_mm512_loadu_ps(residuals), _mm512_set1_ps(gain));
            _mm512_cmp_ps_mask::<_CMP_NLT_UQ>(_mm512_add_ps(estimate, margin), _mm512_set1_ps(floor))
        }
    }

    #[inline(always)]
    unsafe fn store(sums: __m512i, to: *mut i32) {
        // SAFETY: 16 lanes are writable.
        unsafe { _mm512_storeu_si512(to.cast(), sums) }
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
    type Codes = [__m512i; 2];
    type Words = [__m512i; 2];
    type Sums = __m512i;

    #[inline(always)]
    unsafe fn start(start: i32) -> __m512i {
        // SAFETY: the caller's, here and below.
        unsafe { Fine::start(start) }
    }

    #[inline(always)]
    unsafe fn codes(line: *const u8) -> [__m512i; 2] {
        // SAFETY: 64 bytes are readable.
        unsafe {
            let (both, low) = (_mm512_loadu_si512(line.cast()), _mm512_set1_epi8(15));
            [_mm512_and_si512(both, low), _mm512_and_si512(_mm512_srli_epi16::<4>(both), low)]
        }
    }

    #[inline(always)]
    unsafe fn words(word: *const i32, pitch: usize) -> [__m512i; 2] {
        // SAFETY: one word is readable at `word` and `pitch` words further.
        unsafe { [_mm512_set1_epi32(word.read()), _mm512_set1_epi32(word.add(pitch).read())] }
    }

    #[inline(always)]
    unsafe fn add(sums: __m512i, codes: [__m512i; 2], words: [__m512i; 2]) -> __m512i {
        // SAFETY: AVX-512 VNNI.
        unsafe { _mm512_dpbusd_epi32(_mm512_dpbusd_epi32(sums, codes[0], words[0]), codes[1], words[1]) }
    }

    #[inline(always)]
    unsafe fn passes(sums: __m512i, scales: *const f32, residuals: *const f32, gain: f32, floor: f32) -> u16 {
        // SAFETY: the caller's.
        unsafe { Fine::passes(sums, scales, residuals, gain, floor) }
    }

    #[inline(always)]
    unsafe fn store(sums: __m512i, to: *mut i32) {
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
/// As [`super::screen`], on a machine with AVX-512 F, BW, VL and VNNI.
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vnni")]
unsafe fn run<L: Lanes, const P: usize>(
    tile: *const u8,
    steps: usize,
    words: *const i32,
    tests: *const Test,
    ahead: Ahead,
    survivors: &mut Survivors,
) {
    // SAFETY: the caller's.
    unsafe { screen::<L, 4, P>(tile, steps, words, tests, ahead, survivors) }
}

/// By width of the panel.
pub(super) static FINE: [Run; 6] =
    [run::<Fine, 1>, run::<Fine, 2>, run::<Fine, 3>, run::<Fine, 4>, run::<Fine, 5>, run::<Fine, 6>];
/// By width of the panel: four lines are eight registers of codes, and leave room for four probes' sums.
pub(super) static COARSE: [Run; 4] = [run::<Coarse, 1>, run::<Coarse, 2>, run::<Coarse, 3>, run::<Coarse, 4>];
