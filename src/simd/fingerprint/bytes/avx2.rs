//! AVX2: two registers.
//!
//! As its neighbours, only reached inside the level's `run`: that is what each SAFETY line refers to.

use super::{BYTES, Bytes};
use core::arch::x86_64::*;

#[derive(Clone, Copy)]
pub(crate) struct B(__m256i, __m256i);

impl Bytes for B {
    #[inline(always)]
    fn splat(value: u8) -> Self {
        // SAFETY: only reached inside `run`.
        unsafe { B(_mm256_set1_epi8(value as i8), _mm256_set1_epi8(value as i8)) }
    }
    #[inline(always)]
    fn table(entries: &[u8; 16]) -> Self {
        // SAFETY: only reached inside `run`; sixteen bytes are read, unaligned.
        unsafe {
            let both = _mm256_broadcastsi128_si256(_mm_loadu_si128(entries.as_ptr().cast()));
            B(both, both)
        }
    }
    #[inline(always)]
    fn load(from: &[u8; BYTES]) -> Self {
        // SAFETY: only reached inside `run`; twice 32 of the 64 bytes are read, unaligned.
        unsafe { B(_mm256_loadu_si256(from.as_ptr().cast()), _mm256_loadu_si256(from.as_ptr().add(32).cast())) }
    }
    #[inline(always)]
    fn store(self, to: &mut [u8; BYTES]) {
        // SAFETY: only reached inside `run`; twice 32 of the 64 bytes are written, unaligned.
        unsafe {
            _mm256_storeu_si256(to.as_mut_ptr().cast(), self.0);
            _mm256_storeu_si256(to.as_mut_ptr().add(32).cast(), self.1);
        }
    }
    #[inline(always)]
    fn minus(self, other: Self) -> Self {
        // SAFETY: only reached inside `run`.
        unsafe { B(_mm256_sub_epi8(self.0, other.0), _mm256_sub_epi8(self.1, other.1)) }
    }
    #[inline(always)]
    fn minus_signed(self, other: Self) -> Self {
        // SAFETY: only reached inside `run`.
        unsafe { B(_mm256_subs_epi8(self.0, other.0), _mm256_subs_epi8(self.1, other.1)) }
    }
    #[inline(always)]
    fn size(self) -> Self {
        // SAFETY: only reached inside `run`.
        unsafe { B(_mm256_abs_epi8(self.0), _mm256_abs_epi8(self.1)) }
    }
    #[inline(always)]
    fn half(self) -> Self {
        // SAFETY: only reached inside `run`.
        unsafe {
            let zero = _mm256_setzero_si256();
            B(_mm256_avg_epu8(self.0, zero), _mm256_avg_epu8(self.1, zero))
        }
    }
    #[inline(always)]
    fn plus(self, other: Self) -> Self {
        // SAFETY: only reached inside `run`.
        unsafe { B(_mm256_adds_epu8(self.0, other.0), _mm256_adds_epu8(self.1, other.1)) }
    }
    #[inline(always)]
    fn least(self, other: Self) -> Self {
        // SAFETY: only reached inside `run`.
        unsafe { B(_mm256_min_epu8(self.0, other.0), _mm256_min_epu8(self.1, other.1)) }
    }
    #[inline(always)]
    fn look_up(self, table: Self) -> Self {
        // SAFETY: only reached inside `run`.
        unsafe { B(_mm256_shuffle_epi8(table.0, self.0), _mm256_shuffle_epi8(table.1, self.1)) }
    }
    #[inline(always)]
    fn where_below(self, other: Self, this: Self, that: Self) -> Self {
        // SAFETY: only reached inside `run`.
        unsafe {
            // Not below where the larger of the two is the first.
            let not = |a, b| _mm256_cmpeq_epi8(_mm256_max_epu8(a, b), a);
            B(
                _mm256_blendv_epi8(this.0, that.0, not(self.0, other.0)),
                _mm256_blendv_epi8(this.1, that.1, not(self.1, other.1)),
            )
        }
    }
}
