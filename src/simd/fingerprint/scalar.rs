//! Portable Rust: arrays. The definition of every operation.

use super::{Integers, LANES, Lanes, Reals};
use std::{
    array::from_fn,
    ops::{Add, BitAnd, BitOr, Div, Mul, Sub},
};

#[derive(Clone, Copy)]
pub(super) struct Scalar;

impl Lanes for Scalar {
    type F = F;
    type I = I;
    type B = super::bytes::scalar::B;
    const ROOMY: bool = false;
    #[inline(always)]
    fn fetch(_: &[u8; 4 * LANES]) {}
}

#[derive(Clone, Copy)]
pub(crate) struct F([f32; LANES]);

#[derive(Clone, Copy)]
pub(crate) struct I([i32; LANES]);

macro_rules! operators {
    ($type:ident: $($operator:ident $name:ident $function:expr),*) => {$(
        impl $operator for $type {
            type Output = Self;
            #[inline(always)]
            fn $name(self, other: Self) -> Self {
                $type(from_fn(|k| $function(self.0[k], other.0[k])))
            }
        }
    )*};
}

operators!(F: Add add |a: f32, b: f32| a + b, Sub sub |a: f32, b: f32| a - b, Mul mul |a: f32, b: f32| a * b, Div div |a: f32, b: f32| a / b);
operators!(I: Add add i32::wrapping_add, Sub sub i32::wrapping_sub, BitAnd bitand |a, b| a & b, BitOr bitor |a, b| a | b);

impl Reals for F {
    type Integers = I;
    #[inline(always)]
    fn splat(value: f32) -> Self {
        F([value; LANES])
    }
    #[inline(always)]
    fn load(from: &[f32; LANES]) -> Self {
        F(*from)
    }
    #[inline(always)]
    fn store(self, to: &mut [f32; LANES]) {
        *to = self.0;
    }
    #[inline(always)]
    fn least(self, other: Self) -> Self {
        F(from_fn(|k| if self.0[k] < other.0[k] { self.0[k] } else { other.0[k] }))
    }
    #[inline(always)]
    fn most(self, other: Self) -> Self {
        F(from_fn(|k| if self.0[k] > other.0[k] { self.0[k] } else { other.0[k] }))
    }
    #[inline(always)]
    fn from_bytes(from: &[u8; LANES]) -> Self {
        F(from.map(f32::from))
    }
    #[inline(always)]
    fn from_signed(from: &[u8; LANES]) -> Self {
        F(from.map(|v| f32::from(v as i8)))
    }
    #[inline(always)]
    fn bits(self) -> I {
        I(self.0.map(|v| v.to_bits() as i32))
    }
    #[inline(always)]
    fn signed_as(self, other: Self) -> Self {
        F(from_fn(|k| self.0[k].copysign(other.0[k])))
    }
    #[inline(always)]
    fn sum(self) -> f32 {
        let mut v = self.0;
        let mut half = LANES / 2;
        while half > 0 {
            for k in 0..half {
                v[k] += v[k + half];
            }
            half /= 2;
        }
        v[0]
    }
    #[inline(always)]
    fn bytes(self, to: &mut [i8; LANES]) {
        *to = self.0.map(|v| v as i8);
    }
}

impl Integers for I {
    type Reals = F;
    #[inline(always)]
    fn splat(value: i32) -> Self {
        I([value; LANES])
    }
    #[inline(always)]
    fn load(from: &[i32; LANES]) -> Self {
        I(*from)
    }
    #[inline(always)]
    fn store(self, to: &mut [i32; LANES]) {
        *to = self.0;
    }
    #[inline(always)]
    fn least(self, other: Self) -> Self {
        I(from_fn(|k| self.0[k].min(other.0[k])))
    }
    #[inline(always)]
    fn most(self, other: Self) -> Self {
        I(from_fn(|k| self.0[k].max(other.0[k])))
    }
    #[inline(always)]
    fn shift_left<const BITS: u32>(self) -> Self {
        I(self.0.map(|v| v << BITS))
    }
    #[inline(always)]
    fn shift_right<const BITS: u32>(self) -> Self {
        I(self.0.map(|v| v >> BITS))
    }
    #[inline(always)]
    fn real(self) -> F {
        F(self.0.map(|v| v as f32))
    }
    #[inline(always)]
    fn where_differs(self, other: Self, value: F) -> F {
        F(from_fn(|k| if self.0[k] == other.0[k] { 0.0 } else { value.0[k] }))
    }
    #[inline(always)]
    fn below(self, other: Self) -> u16 {
        (0..LANES).fold(0, |mask, k| mask | u16::from(self.0[k] < other.0[k]) << k)
    }
    #[inline(always)]
    fn least_lane(self) -> i32 {
        self.0.into_iter().fold(i32::MAX, i32::min)
    }
    #[inline(always)]
    fn add_products(self, unsigned: &[u8; 4 * LANES], signed: [u8; 4]) -> Self {
        I(from_fn(|k| {
            (0..4).fold(self.0[k], |sum, byte| {
                sum.wrapping_add(i32::from(unsigned[4 * k + byte]) * i32::from(signed[byte] as i8))
            })
        }))
    }

    type Small = I;
    #[inline(always)]
    fn products_from(_: i32) -> I {
        I([0; LANES])
    }
    #[inline(always)]
    fn add_small_products(sum: I, unsigned: &[u8; 4 * LANES], signed: [u8; 4]) -> I {
        sum.add_products(unsigned, signed)
    }
    #[inline(always)]
    fn products<const BITS: u32>(sum: I, start: i32) -> Self {
        sum.shift_left::<BITS>() + I::splat(start)
    }
}
