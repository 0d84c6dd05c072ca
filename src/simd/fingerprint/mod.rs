//! Sixteen lanes of `f32` or `i32` for the fingerprint comparison, at each level.
//!
//! # Problem
//! A fingerprint comparison is a chain of a dozen small loops over arrays of 30 to 130 minutiae. Each takes tens to hundreds of
//! nanoseconds, so a call through a pointer for each, and a boundary that the compiler cannot see across, would cost as much as the work.
//!
//! # Method
//! The algorithms are written once, generic over [`Lanes`], in steps of sixteen lanes over padded arrays, and the *whole* comparison is
//! instantiated at each level: [`Dispatch::run`] calls a [`Task`] inside a function that has the level's features, and what is inlined into it
//! is compiled with them. Sixteen lanes are one register with AVX-512, two with AVX2, an array in portable Rust.
//!
//! # Same bits at every level
//! Only operations that IEEE 754 rounds exactly are here (no reciprocal estimates), nothing fuses a multiplication with an addition, and
//! sums across lanes are taken in one order by everybody. Minimum and maximum are only used on numbers.

// What a kernel needs is passed as registers; methods are inlined into functions that have the features.
#![allow(clippy::inline_always)]

#[cfg(target_arch = "x86_64")]
mod avx2;
#[cfg(target_arch = "x86_64")]
mod avx512;
mod bytes;
mod scalar;

pub(crate) use bytes::{BYTES, Bytes};

use super::Level;
use std::ops::{Add, BitAnd, BitOr, Div, Mul, Sub};

/// How many lanes.
pub(crate) const LANES: usize = 16;

/// Sixteen `f32`.
pub(crate) trait Reals:
    Copy + Add<Output = Self> + Sub<Output = Self> + Mul<Output = Self> + Div<Output = Self>
{
    type Integers;
    fn splat(value: f32) -> Self;
    fn load(from: &[f32; LANES]) -> Self;
    fn store(self, to: &mut [f32; LANES]);
    fn least(self, other: Self) -> Self;
    fn most(self, other: Self) -> Self;
    /// Sixteen bytes, unsigned.
    fn from_bytes(from: &[u8; LANES]) -> Self;
    /// Sixteen bytes, signed.
    fn from_signed(from: &[u8; LANES]) -> Self;
    /// The bits of each lane.
    fn bits(self) -> Self::Integers;
    /// Each lane with the sign of the other's.
    fn signed_as(self, other: Self) -> Self;

    /// The sum of all lanes, in one order at every level: halves folded onto each other.
    fn sum(self) -> f32;
    /// Each lane as a byte: the fraction cut off, what is out of range taken as the nearest that is in it.
    fn bytes(self, to: &mut [i8; LANES]);
}

/// Sixteen `i32`; arithmetic wraps.
pub(crate) trait Integers:
    Copy + Add<Output = Self> + Sub<Output = Self> + BitAnd<Output = Self> + BitOr<Output = Self>
{
    type Reals;
    fn splat(value: i32) -> Self;
    fn load(from: &[i32; LANES]) -> Self;
    fn store(self, to: &mut [i32; LANES]);
    fn least(self, other: Self) -> Self;
    fn most(self, other: Self) -> Self;
    fn shift_left<const BITS: u32>(self) -> Self;
    fn shift_right<const BITS: u32>(self) -> Self;
    /// Rounded where `f32` is too short, which no caller's numbers reach.
    fn real(self) -> Self::Reals;
    /// `value` where the two differ, zero where they agree.
    fn where_differs(self, other: Self, value: Self::Reals) -> Self::Reals;
    /// A bit for each lane that is below the other's.
    fn below(self, other: Self) -> u16;
    /// The least of all lanes.
    fn least_lane(self) -> i32;
    /// Adds to each lane the sum of four products of an unsigned byte, from its own four, and a signed one, from `signed`.
    fn add_products(self, unsigned: &[u8; 4 * LANES], signed: [u8; 4]) -> Self;

    /// Sixteen sums of products so small that sixteen bits may hold each half of a sum (AVX2 has no faster way).
    type Small: Copy;
    /// No products yet, to be added to `start`.
    fn products_from(start: i32) -> Self::Small;
    /// As [`Integers::add_products`], for callers who know that even and odd bytes' products each sum to less than 2^15 from first to last.
    fn add_small_products(sum: Self::Small, unsigned: &[u8; 4 * LANES], signed: [u8; 4]) -> Self::Small;
    /// The sums, 2^`BITS` times, and `start`. Where registers are [`Lanes::ROOMY`] the products were that much larger already.
    fn products<const BITS: u32>(sum: Self::Small, start: i32) -> Self;
}

/// A level's registers.
pub(crate) trait Lanes: Copy {
    type F: Reals<Integers = Self::I>;
    type I: Integers<Reals = Self::F>;
    type B: Bytes;
    /// Whether there are 32 registers of sixteen lanes, so that a tile may be large, and sums of products are 32 bits wide.
    const ROOMY: bool;
    /// Asks for a line of memory that will be read soon.
    fn fetch(line: &[u8; BYTES]);
}

/// Something to do at a level. Mark `run`, and what it calls, `#[inline(always)]`.
pub(crate) trait Task {
    type Output;
    fn run<L: Lanes>(self) -> Self::Output;
}

/// A level that this machine has been seen to have.
#[derive(Clone, Copy)]
pub(crate) struct Dispatch {
    level: Level,
}

impl Dispatch {
    /// The level, or the best below it that this machine has.
    pub fn new(level: Level) -> Self {
        let level = Level::ALL.into_iter().find(|l| *l <= level && l.is_available()).unwrap_or(Level::Scalar);
        Dispatch { level }
    }

    /// Runs `task` at the level.
    #[inline]
    pub fn run<T: Task>(self, task: T) -> T::Output {
        match self.level {
            Level::Scalar => task.run::<scalar::Scalar>(),
            #[cfg(target_arch = "x86_64")]
            // SAFETY: `new` saw that the machine has the level.
            Level::Avx2 => unsafe { avx2::run(task) },
            #[cfg(target_arch = "x86_64")]
            // SAFETY: `new` saw that the machine has the level.
            Level::Avx512 => unsafe { avx512::run(task) },
            #[cfg(not(target_arch = "x86_64"))]
            Level::Avx2 | Level::Avx512 => task.run::<scalar::Scalar>(),
        }
    }
}

#[cfg(test)]
mod tests;
