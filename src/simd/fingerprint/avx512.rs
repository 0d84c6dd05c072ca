//! AVX-512: sixteen lanes are one register.
//!
//! Every method is inlined into [`run`], or into what is inlined into it, and never called from elsewhere: that is what its
//! SAFETY line refers to.

use super::{Integers, LANES, Lanes, Reals, Task};
use core::arch::x86_64::*;
use std::ops::{Add, BitAnd, BitOr, Div, Mul, Sub};

#[derive(Clone, Copy)]
pub(super) struct Avx512;

impl Lanes for Avx512 {
    type F = F;
    type I = I;
    type B = super::bytes::avx512::B;
    const ROOMY: bool = true;
    #[inline(always)]
    fn fetch(line: &[u8; 4 * LANES]) {
        // SAFETY: only reached inside `run`; asks for memory without reading it.
        unsafe { _mm_prefetch::<_MM_HINT_T0>(line.as_ptr().cast()) }
    }
}

/// Runs `task` with the level's features.
#[target_feature(
    enable = "avx2,fma,popcnt,avx512f,avx512bw,avx512dq,avx512vl,avx512vbmi,avx512vnni,avx512bitalg,avx512vpopcntdq"
)]
pub(super) fn run<T: Task>(task: T) -> T::Output {
    task.run::<Avx512>()
}

#[derive(Clone, Copy)]
pub(crate) struct F(__m512);

#[derive(Clone, Copy)]
pub(crate) struct I(__m512i);

macro_rules! operators {
    ($type:ident: $($operator:ident $name:ident $intrinsic:ident),*) => {$(
        impl $operator for $type {
            type Output = Self;
            #[inline(always)]
            fn $name(self, other: Self) -> Self {
                // SAFETY: only reached inside `run`.
                $type(unsafe { $intrinsic(self.0, other.0) })
            }
        }
    )*};
}

operators!(F: Add add _mm512_add_ps, Sub sub _mm512_sub_ps, Mul mul _mm512_mul_ps, Div div _mm512_div_ps);
operators!(I: Add add _mm512_add_epi32, Sub sub _mm512_sub_epi32, BitAnd bitand _mm512_and_si512, BitOr bitor _mm512_or_si512);

impl Reals for F {
    type Integers = I;
    #[inline(always)]
    fn splat(value: f32) -> Self {
        // SAFETY: only reached inside `run`.
        F(unsafe { _mm512_set1_ps(value) })
    }
    #[inline(always)]
    fn load(from: &[f32; LANES]) -> Self {
        // SAFETY: only reached inside `run`; sixteen numbers are read, unaligned.
        F(unsafe { _mm512_loadu_ps(from.as_ptr()) })
    }
    #[inline(always)]
    fn store(self, to: &mut [f32; LANES]) {
        // SAFETY: only reached inside `run`; sixteen numbers are written, unaligned.
        unsafe { _mm512_storeu_ps(to.as_mut_ptr(), self.0) }
    }
    #[inline(always)]
    fn least(self, other: Self) -> Self {
        // SAFETY: only reached inside `run`.
        F(unsafe { _mm512_min_ps(self.0, other.0) })
    }
    #[inline(always)]
    fn most(self, other: Self) -> Self {
        // SAFETY: only reached inside `run`.
        F(unsafe { _mm512_max_ps(self.0, other.0) })
    }
    #[inline(always)]
    fn from_bytes(from: &[u8; LANES]) -> Self {
        // SAFETY: only reached inside `run`; sixteen bytes are read, unaligned.
        F(unsafe { _mm512_cvtepi32_ps(_mm512_cvtepu8_epi32(_mm_loadu_si128(from.as_ptr().cast()))) })
    }
    #[inline(always)]
    fn from_signed(from: &[u8; LANES]) -> Self {
        // SAFETY: only reached inside `run`; sixteen bytes are read, unaligned.
        F(unsafe { _mm512_cvtepi32_ps(_mm512_cvtepi8_epi32(_mm_loadu_si128(from.as_ptr().cast()))) })
    }
    #[inline(always)]
    fn bits(self) -> I {
        // SAFETY: only reached inside `run`.
        I(unsafe { _mm512_castps_si512(self.0) })
    }
    #[inline(always)]
    fn signed_as(self, other: Self) -> Self {
        // SAFETY: only reached inside `run`.
        unsafe {
            let sign = _mm512_set1_ps(-0.0);
            F(_mm512_or_ps(_mm512_andnot_ps(sign, self.0), _mm512_and_ps(sign, other.0)))
        }
    }
    #[inline(always)]
    fn sum(self) -> f32 {
        // SAFETY: only reached inside `run`.
        unsafe {
            let eight = _mm256_add_ps(_mm512_castps512_ps256(self.0), _mm512_extractf32x8_ps::<1>(self.0));
            let four = _mm_add_ps(_mm256_castps256_ps128(eight), _mm256_extractf128_ps::<1>(eight));
            let two = _mm_add_ps(four, _mm_movehl_ps(four, four));
            _mm_cvtss_f32(_mm_add_ss(two, _mm_shuffle_ps::<1>(two, two)))
        }
    }
    #[inline(always)]
    fn bytes(self, to: &mut [i8; LANES]) {
        // SAFETY: only reached inside `run`; sixteen bytes are written, unaligned.
        unsafe {
            let bytes = _mm512_cvtsepi32_epi8(_mm512_cvttps_epi32(self.0));
            _mm_storeu_si128(to.as_mut_ptr().cast(), bytes);
        }
    }
}

impl Integers for I {
    type Reals = F;
    #[inline(always)]
    fn splat(value: i32) -> Self {
        // SAFETY: only reached inside `run`.
        I(unsafe { _mm512_set1_epi32(value) })
    }
    #[inline(always)]
    fn load(from: &[i32; LANES]) -> Self {
        // SAFETY: only reached inside `run`; sixteen numbers are read, unaligned.
        I(unsafe { _mm512_loadu_si512(from.as_ptr().cast()) })
    }
    #[inline(always)]
    fn store(self, to: &mut [i32; LANES]) {
        // SAFETY: only reached inside `run`; sixteen numbers are written, unaligned.
        unsafe { _mm512_storeu_si512(to.as_mut_ptr().cast(), self.0) }
    }
    #[inline(always)]
    fn least(self, other: Self) -> Self {
        // SAFETY: only reached inside `run`.
        I(unsafe { _mm512_min_epi32(self.0, other.0) })
    }
    #[inline(always)]
    fn most(self, other: Self) -> Self {
        // SAFETY: only reached inside `run`.
        I(unsafe { _mm512_max_epi32(self.0, other.0) })
    }
    #[inline(always)]
    fn shift_left<const BITS: u32>(self) -> Self {
        // SAFETY: only reached inside `run`.
        I(unsafe { _mm512_slli_epi32::<BITS>(self.0) })
    }
    #[inline(always)]
    fn shift_right<const BITS: u32>(self) -> Self {
        // SAFETY: only reached inside `run`.
        I(unsafe { _mm512_srai_epi32::<BITS>(self.0) })
    }
    #[inline(always)]
    fn real(self) -> F {
        // SAFETY: only reached inside `run`.
        F(unsafe { _mm512_cvtepi32_ps(self.0) })
    }
    #[inline(always)]
    fn where_differs(self, other: Self, value: F) -> F {
        // SAFETY: only reached inside `run`.
        F(unsafe { _mm512_maskz_mov_ps(_mm512_cmpneq_epi32_mask(self.0, other.0), value.0) })
    }
    #[inline(always)]
    fn below(self, other: Self) -> u16 {
        // SAFETY: only reached inside `run`.
        unsafe { _mm512_cmplt_epi32_mask(self.0, other.0) }
    }
    #[inline(always)]
    fn least_lane(self) -> i32 {
        // SAFETY: only reached inside `run`.
        unsafe { _mm512_reduce_min_epi32(self.0) }
    }
    #[inline(always)]
    fn add_products(self, unsigned: &[u8; 4 * LANES], signed: [u8; 4]) -> Self {
        // SAFETY: only reached inside `run`; 64 bytes are read, unaligned.
        I(unsafe {
            let unsigned = _mm512_loadu_si512(unsigned.as_ptr().cast());
            _mm512_dpbusd_epi32(self.0, unsigned, _mm512_set1_epi32(i32::from_le_bytes(signed)))
        })
    }

    type Small = __m512i;
    #[inline(always)]
    fn products_from(start: i32) -> __m512i {
        I::splat(start).0
    }
    #[inline(always)]
    fn add_small_products(sum: __m512i, unsigned: &[u8; 4 * LANES], signed: [u8; 4]) -> __m512i {
        I(sum).add_products(unsigned, signed).0
    }
    #[inline(always)]
    fn products<const BITS: u32>(sum: __m512i, _: i32) -> Self {
        I(sum)
    }
}
