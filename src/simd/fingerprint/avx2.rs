//! AVX2: sixteen lanes are two registers.
//!
//! Every method is inlined into [`run`], or into what is inlined into it, and never called from elsewhere: that is what its
//! SAFETY line refers to.

use super::{Integers, LANES, Lanes, Reals, Task};
use core::arch::x86_64::*;
use std::ops::{Add, BitAnd, BitOr, Div, Mul, Sub};

#[derive(Clone, Copy)]
pub(super) struct Avx2;

impl Lanes for Avx2 {
    type F = F;
    type I = I;
    type B = super::bytes::avx2::B;
    const ROOMY: bool = false;
    #[inline(always)]
    fn fetch(line: &[u8; 4 * LANES]) {
        // SAFETY: only reached inside `run`; asks for memory without reading it.
        unsafe { _mm_prefetch::<_MM_HINT_T0>(line.as_ptr().cast()) }
    }
}

/// Runs `task` with the level's features.
#[target_feature(enable = "avx2,fma,popcnt")]
pub(super) fn run<T: Task>(task: T) -> T::Output {
    task.run::<Avx2>()
}

#[derive(Clone, Copy)]
pub(crate) struct F(__m256, __m256);

#[derive(Clone, Copy)]
pub(crate) struct I(__m256i, __m256i);

macro_rules! operators {
    ($type:ident: $($operator:ident $name:ident $intrinsic:ident),*) => {$(
        impl $operator for $type {
            type Output = Self;
            #[inline(always)]
            fn $name(self, other: Self) -> Self {
                // SAFETY: only reached inside `run`.
                unsafe { $type($intrinsic(self.0, other.0), $intrinsic(self.1, other.1)) }
            }
        }
    )*};
}

operators!(F: Add add _mm256_add_ps, Sub sub _mm256_sub_ps, Mul mul _mm256_mul_ps, Div div _mm256_div_ps);
operators!(I: Add add _mm256_add_epi32, Sub sub _mm256_sub_epi32, BitAnd bitand _mm256_and_si256, BitOr bitor _mm256_or_si256);

impl Reals for F {
    type Integers = I;
    #[inline(always)]
    fn splat(value: f32) -> Self {
        // SAFETY: only reached inside `run`.
        unsafe { F(_mm256_set1_ps(value), _mm256_set1_ps(value)) }
    }
    #[inline(always)]
    fn load(from: &[f32; LANES]) -> Self {
        // SAFETY: only reached inside `run`; twice eight of the sixteen numbers are read, unaligned.
        unsafe { F(_mm256_loadu_ps(from.as_ptr()), _mm256_loadu_ps(from.as_ptr().add(8))) }
    }
    #[inline(always)]
    fn store(self, to: &mut [f32; LANES]) {
        // SAFETY: only reached inside `run`; twice eight of the sixteen numbers are written, unaligned.
        unsafe {
            _mm256_storeu_ps(to.as_mut_ptr(), self.0);
            _mm256_storeu_ps(to.as_mut_ptr().add(8), self.1);
        }
    }
    #[inline(always)]
    fn least(self, other: Self) -> Self {
        // SAFETY: only reached inside `run`.
        unsafe { F(_mm256_min_ps(self.0, other.0), _mm256_min_ps(self.1, other.1)) }
    }
    #[inline(always)]
    fn most(self, other: Self) -> Self {
        // SAFETY: only reached inside `run`.
        unsafe { F(_mm256_max_ps(self.0, other.0), _mm256_max_ps(self.1, other.1)) }
    }
    #[inline(always)]
    fn from_bytes(from: &[u8; LANES]) -> Self {
        // SAFETY: only reached inside `run`; sixteen bytes are read, unaligned.
        unsafe {
            let all = _mm_loadu_si128(from.as_ptr().cast());
            let real = |bytes| _mm256_cvtepi32_ps(_mm256_cvtepu8_epi32(bytes));
            F(real(all), real(_mm_srli_si128::<8>(all)))
        }
    }
    #[inline(always)]
    fn from_signed(from: &[u8; LANES]) -> Self {
        // SAFETY: only reached inside `run`; sixteen bytes are read, unaligned.
        unsafe {
            let all = _mm_loadu_si128(from.as_ptr().cast());
            let real = |bytes| _mm256_cvtepi32_ps(_mm256_cvtepi8_epi32(bytes));
            F(real(all), real(_mm_srli_si128::<8>(all)))
        }
    }
    #[inline(always)]
    fn bits(self) -> I {
        // SAFETY: only reached inside `run`.
        unsafe { I(_mm256_castps_si256(self.0), _mm256_castps_si256(self.1)) }
    }
    #[inline(always)]
    fn signed_as(self, other: Self) -> Self {
        // SAFETY: only reached inside `run`.
        unsafe {
            let sign = _mm256_set1_ps(-0.0);
            let signed = |of, as_in| _mm256_or_ps(_mm256_andnot_ps(sign, of), _mm256_and_ps(sign, as_in));
            F(signed(self.0, other.0), signed(self.1, other.1))
        }
    }
    #[inline(always)]
    fn sum(self) -> f32 {
        // SAFETY: only reached inside `run`.
        unsafe {
            let eight = _mm256_add_ps(self.0, self.1);
            let four = _mm_add_ps(_mm256_castps256_ps128(eight), _mm256_extractf128_ps::<1>(eight));
            let two = _mm_add_ps(four, _mm_movehl_ps(four, four));
            _mm_cvtss_f32(_mm_add_ss(two, _mm_shuffle_ps::<1>(two, two)))
        }
    }
    #[inline(always)]
    fn bytes(self, to: &mut [i8; LANES]) {
        // SAFETY: only reached inside `run`; sixteen bytes are written, unaligned.
        unsafe {
            let halves = |v| {
                let v = _mm256_cvttps_epi32(v);
                _mm_packs_epi32(_mm256_castsi256_si128(v), _mm256_extracti128_si256::<1>(v))
            };
            _mm_storeu_si128(to.as_mut_ptr().cast(), _mm_packs_epi16(halves(self.0), halves(self.1)));
        }
    }
}

/// Four products of bytes summed in each lane, without the saturation of `vpmaddubsw`: even and odd bytes widened apart.
#[inline(always)]
fn products(unsigned: __m256i, signed: __m256i) -> __m256i {
    // SAFETY: only reached inside `run`.
    unsafe {
        let even = _mm256_and_si256(unsigned, _mm256_set1_epi16(255));
        let odd = _mm256_srli_epi16::<8>(unsigned);
        let signed_even = _mm256_srai_epi16::<8>(_mm256_slli_epi16::<8>(signed));
        let signed_odd = _mm256_srai_epi16::<8>(signed);
        _mm256_add_epi32(_mm256_madd_epi16(even, signed_even), _mm256_madd_epi16(odd, signed_odd))
    }
}

impl Integers for I {
    type Reals = F;
    #[inline(always)]
    fn splat(value: i32) -> Self {
        // SAFETY: only reached inside `run`.
        unsafe { I(_mm256_set1_epi32(value), _mm256_set1_epi32(value)) }
    }
    #[inline(always)]
    fn load(from: &[i32; LANES]) -> Self {
        // SAFETY: only reached inside `run`; twice eight of the sixteen numbers are read, unaligned.
        unsafe { I(_mm256_loadu_si256(from.as_ptr().cast()), _mm256_loadu_si256(from.as_ptr().add(8).cast())) }
    }
    #[inline(always)]
    fn store(self, to: &mut [i32; LANES]) {
        // SAFETY: only reached inside `run`; twice eight of the sixteen numbers are written, unaligned.
        unsafe {
            _mm256_storeu_si256(to.as_mut_ptr().cast(), self.0);
            _mm256_storeu_si256(to.as_mut_ptr().add(8).cast(), self.1);
        }
    }
    #[inline(always)]
    fn least(self, other: Self) -> Self {
        // SAFETY: only reached inside `run`.
        unsafe { I(_mm256_min_epi32(self.0, other.0), _mm256_min_epi32(self.1, other.1)) }
    }
    #[inline(always)]
    fn most(self, other: Self) -> Self {
        // SAFETY: only reached inside `run`.
        unsafe { I(_mm256_max_epi32(self.0, other.0), _mm256_max_epi32(self.1, other.1)) }
    }
    #[inline(always)]
    fn shift_left<const BITS: u32>(self) -> Self {
        // SAFETY: only reached inside `run`.
        unsafe {
            let bits = _mm_cvtsi32_si128(BITS as i32);
            I(_mm256_sll_epi32(self.0, bits), _mm256_sll_epi32(self.1, bits))
        }
    }
    #[inline(always)]
    fn shift_right<const BITS: u32>(self) -> Self {
        // SAFETY: only reached inside `run`.
        unsafe {
            let bits = _mm_cvtsi32_si128(BITS as i32);
            I(_mm256_sra_epi32(self.0, bits), _mm256_sra_epi32(self.1, bits))
        }
    }
    #[inline(always)]
    fn real(self) -> F {
        // SAFETY: only reached inside `run`.
        unsafe { F(_mm256_cvtepi32_ps(self.0), _mm256_cvtepi32_ps(self.1)) }
    }
    #[inline(always)]
    fn where_differs(self, other: Self, value: F) -> F {
        // SAFETY: only reached inside `run`.
        unsafe {
            let same = |a, b| _mm256_castsi256_ps(_mm256_cmpeq_epi32(a, b));
            F(_mm256_andnot_ps(same(self.0, other.0), value.0), _mm256_andnot_ps(same(self.1, other.1), value.1))
        }
    }
    #[inline(always)]
    fn below(self, other: Self) -> u16 {
        // SAFETY: only reached inside `run`.
        unsafe {
            let mask = |a, b| _mm256_movemask_ps(_mm256_castsi256_ps(_mm256_cmpgt_epi32(b, a))) as u16;
            mask(self.0, other.0) | mask(self.1, other.1) << 8
        }
    }
    #[inline(always)]
    fn least_lane(self) -> i32 {
        // SAFETY: only reached inside `run`.
        unsafe {
            let eight = _mm256_min_epi32(self.0, self.1);
            let four = _mm_min_epi32(_mm256_castsi256_si128(eight), _mm256_extracti128_si256::<1>(eight));
            let two = _mm_min_epi32(four, _mm_shuffle_epi32::<0b00_00_11_10>(four));
            _mm_cvtsi128_si32(_mm_min_epi32(two, _mm_shuffle_epi32::<0b01>(two)))
        }
    }
    #[inline(always)]
    fn add_products(self, unsigned: &[u8; 4 * LANES], signed: [u8; 4]) -> Self {
        // SAFETY: only reached inside `run`; twice 32 of the 64 bytes are read, unaligned.
        unsafe {
            let signed = _mm256_set1_epi32(i32::from_le_bytes(signed));
            let low = _mm256_loadu_si256(unsigned.as_ptr().cast());
            let high = _mm256_loadu_si256(unsigned.as_ptr().add(32).cast());
            I(_mm256_add_epi32(self.0, products(low, signed)), _mm256_add_epi32(self.1, products(high, signed)))
        }
    }

    type Small = (__m256i, __m256i);
    #[inline(always)]
    fn products_from(_: i32) -> Self::Small {
        // SAFETY: only reached inside `run`.
        unsafe { (_mm256_setzero_si256(), _mm256_setzero_si256()) }
    }
    #[inline(always)]
    fn add_small_products(sum: Self::Small, unsigned: &[u8; 4 * LANES], signed: [u8; 4]) -> Self::Small {
        // SAFETY: only reached inside `run`; twice 32 of the 64 bytes are read, unaligned.
        unsafe {
            let signed = _mm256_set1_epi32(i32::from_le_bytes(signed));
            let low = _mm256_loadu_si256(unsigned.as_ptr().cast());
            let high = _mm256_loadu_si256(unsigned.as_ptr().add(32).cast());
            (
                _mm256_add_epi16(sum.0, _mm256_maddubs_epi16(low, signed)),
                _mm256_add_epi16(sum.1, _mm256_maddubs_epi16(high, signed)),
            )
        }
    }
    #[inline(always)]
    fn products<const BITS: u32>(sum: Self::Small, start: i32) -> Self {
        // SAFETY: only reached inside `run`.
        unsafe {
            let one = _mm256_set1_epi16(1);
            I(_mm256_madd_epi16(sum.0, one), _mm256_madd_epi16(sum.1, one)).shift_left::<BITS>() + I::splat(start)
        }
    }
}
