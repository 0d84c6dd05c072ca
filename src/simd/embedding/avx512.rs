//! AVX-512 with VNNI: 16 references in a register, one instruction for 64 products.
#![cfg(target_arch = "x86_64")]

use super::{Lanes, Run, Survivors, Test, screen};
use core::arch::x86_64::*;

struct Avx512;

impl Lanes for Avx512 {
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

/// # Safety
/// As [`super::screen`], on a machine with AVX-512 F, BW, VL and VNNI.
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vnni")]
unsafe fn run<const P: usize>(
    tile: *const u8,
    steps: usize,
    words: *const i32,
    tests: *const Test,
    ahead: *const u8,
    survivors: &mut Survivors,
) {
    // SAFETY: the caller's.
    unsafe { screen::<Avx512, 4, P>(tile, steps, words, tests, ahead, survivors) }
}

/// By width of the panel.
pub(super) static RUNS: [Run; 6] = [run::<1>, run::<2>, run::<3>, run::<4>, run::<5>, run::<6>];
