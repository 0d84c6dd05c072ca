//! The full comparison: the dot product of two embeddings in `f64`, in one order at every level.
//!
//! The product of two `f32` is exact in `f64` (24 + 24 of 53 bits), so a fused multiply-add and a multiply followed by an add
//! give the same bits, and only the order of the sums has to be fixed: component `i` is added to lane `i mod 32`, lanes are
//! folded in halves, 32 to 16 to 8 to 1. Swapping the two embeddings changes nothing.

use super::super::Level;

/// Lanes of sums: four registers of 8 hide the latency of the add.
const LANES: usize = 32;

/// The comparison kernel of a level, chosen once for a search.
#[derive(Clone, Copy)]
pub struct Compare {
    run: unsafe fn(&[f32], &[f32], &mut [f64; LANES]),
}

impl Compare {
    /// The kernel for `level`; the portable one where the machine lacks it.
    pub fn new(level: Level) -> Self {
        let run: unsafe fn(&[f32], &[f32], &mut [f64; LANES]) = match level {
            #[cfg(target_arch = "x86_64")]
            Level::Avx512 if level.is_available() => x86_64::avx512,
            #[cfg(target_arch = "x86_64")]
            Level::Avx2 if level.is_available() => x86_64::avx2,
            _ => scalar,
        };
        Compare { run }
    }

    /// The dot product of `a` and `b`.
    ///
    /// # Panics
    /// If they differ in length.
    #[inline]
    pub fn dot(self, a: &[f32], b: &[f32]) -> f64 {
        assert_eq!(a.len(), b.len(), "embeddings of one dimension");
        let mut sums = [0.0; LANES];
        let whole = a.len() / LANES * LANES;
        // SAFETY: `new` saw that the machine has what `run` was compiled for; the lengths agree and are whole lanes.
        unsafe { (self.run)(&a[..whole], &b[..whole], &mut sums) };
        for (sum, (&a, &b)) in sums.iter_mut().zip(a[whole..].iter().zip(&b[whole..])) {
            *sum += f64::from(a) * f64::from(b);
        }
        let mut width = LANES / 2;
        while width > 0 {
            for lane in 0..width {
                sums[lane] += sums[lane + width];
            }
            width /= 2;
        }
        sums[0]
    }
}

/// Asks memory for a row that is compared soon.
#[inline]
pub fn prefetch(row: &[f32]) {
    #[cfg(target_arch = "x86_64")]
    for line in row.chunks(16) {
        // SAFETY: SSE is part of the architecture, and the line is that of a slice.
        unsafe { core::arch::x86_64::_mm_prefetch::<{ core::arch::x86_64::_MM_HINT_T0 }>(line.as_ptr().cast()) }
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = row;
}

/// # Safety
/// None is needed; the type is that of the other levels.
unsafe fn scalar(a: &[f32], b: &[f32], sums: &mut [f64; LANES]) {
    for (a, b) in a.chunks_exact(LANES).zip(b.chunks_exact(LANES)) {
        for lane in 0..LANES {
            sums[lane] += f64::from(a[lane]) * f64::from(b[lane]);
        }
    }
}

#[cfg(target_arch = "x86_64")]
mod x86_64 {
    use super::LANES;
    use core::arch::x86_64::*;

    /// # Safety
    /// The machine has AVX-512F; `a` and `b` have one length, a multiple of [`LANES`].
    #[target_feature(enable = "avx512f")]
    pub unsafe fn avx512(a: &[f32], b: &[f32], sums: &mut [f64; LANES]) {
        let mut lanes = [_mm512_setzero_pd(); LANES / 8];
        for i in (0..a.len()).step_by(LANES) {
            for (l, lane) in lanes.iter_mut().enumerate() {
                // SAFETY: `i + 8 l + 8` is at most `i + LANES`, at most the length of both.
                let (a, b) =
                    unsafe { (_mm256_loadu_ps(a.as_ptr().add(i + 8 * l)), _mm256_loadu_ps(b.as_ptr().add(i + 8 * l))) };
                *lane = _mm512_fmadd_pd(_mm512_cvtps_pd(a), _mm512_cvtps_pd(b), *lane);
            }
        }
        for (l, lane) in lanes.iter().enumerate() {
            // SAFETY: `8 l + 8` is at most `LANES`.
            unsafe { _mm512_storeu_pd(sums.as_mut_ptr().add(8 * l), *lane) };
        }
    }

    /// # Safety
    /// The machine has AVX2 and FMA; `a` and `b` have one length, a multiple of [`LANES`].
    #[target_feature(enable = "avx2,fma")]
    pub unsafe fn avx2(a: &[f32], b: &[f32], sums: &mut [f64; LANES]) {
        let mut lanes = [_mm256_setzero_pd(); LANES / 4];
        for i in (0..a.len()).step_by(LANES) {
            for (l, lane) in lanes.iter_mut().enumerate() {
                // SAFETY: `i + 4 l + 4` is at most `i + LANES`, at most the length of both.
                let (a, b) =
                    unsafe { (_mm_loadu_ps(a.as_ptr().add(i + 4 * l)), _mm_loadu_ps(b.as_ptr().add(i + 4 * l))) };
                *lane = _mm256_fmadd_pd(_mm256_cvtps_pd(a), _mm256_cvtps_pd(b), *lane);
            }
        }
        for (l, lane) in lanes.iter().enumerate() {
            // SAFETY: `4 l + 4` is at most `LANES`.
            unsafe { _mm256_storeu_pd(sums.as_mut_ptr().add(4 * l), *lane) };
        }
    }
}
