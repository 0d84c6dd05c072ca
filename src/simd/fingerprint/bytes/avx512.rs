//! AVX-512: one register.
//!
//! As its neighbours, only reached inside the level's `run`: that is what each SAFETY line refers to.

use super::{BYTES, Bytes};
use core::arch::x86_64::*;

#[derive(Clone, Copy)]
pub(crate) struct B(__m512i);

impl Bytes for B {
    #[inline(always)]
    fn splat(value: u8) -> Self {
        // SAFETY: only reached inside `run`.
        B(unsafe { _mm512_set1_epi8(value as i8) })
    }
    #[inline(always)]
    fn table(entries: &[u8; 16]) -> Self {
        // SAFETY: only reached inside `run`; sixteen bytes are read, unaligned.
        B(unsafe { _mm512_broadcast_i32x4(_mm_loadu_si128(entries.as_ptr().cast())) })
    }
    #[inline(always)]
    fn load(from: &[u8; BYTES]) -> Self {
        // SAFETY: only reached inside `run`; 64 bytes are read, unaligned.
        B(unsafe { _mm512_loadu_si512(from.as_ptr().cast()) })
    }
    #[inline(always)]
    fn store(self, to: &mut [u8; BYTES]) {
        // SAFETY: only reached inside `run`; 64 bytes are written, unaligned.
        unsafe { _mm512_storeu_si512(to.as_mut_ptr().cast(), self.0) }
    }
    #[inline(always)]
    fn minus(self, other: Self) -> Self {
        // SAFETY: only reached inside `run`.
        B(unsafe { _mm512_sub_epi8(self.0, other.0) })
    }
    #[inline(always)]
    fn minus_signed(self, other: Self) -> Self {
        // SAFETY: only reached inside `run`.
        B(unsafe { _mm512_subs_epi8(self.0, other.0) })
    }
    #[inline(always)]
    fn size(self) -> Self {
        // SAFETY: only reached inside `run`.
        B(unsafe { _mm512_abs_epi8(self.0) })
    }
    #[inline(always)]
    fn half(self) -> Self {
        // SAFETY: only reached inside `run`.
        B(unsafe { _mm512_avg_epu8(self.0, _mm512_setzero_si512()) })
    }
    #[inline(always)]
    fn plus(self, other: Self) -> Self {
        // SAFETY: only reached inside `run`.
        B(unsafe { _mm512_adds_epu8(self.0, other.0) })
    }
    #[inline(always)]
    fn least(self, other: Self) -> Self {
        // SAFETY: only reached inside `run`.
        B(unsafe { _mm512_min_epu8(self.0, other.0) })
    }
    #[inline(always)]
    fn look_up(self, table: Self) -> Self {
        // SAFETY: only reached inside `run`.
        B(unsafe { _mm512_shuffle_epi8(table.0, self.0) })
    }
    #[inline(always)]
    fn where_below(self, other: Self, this: Self, that: Self) -> Self {
        // SAFETY: only reached inside `run`.
        B(unsafe { _mm512_mask_blend_epi8(_mm512_cmplt_epu8_mask(self.0, other.0), that.0, this.0) })
    }
}
