//! Instruction-set levels and the kernels that run at them: the only unsafe arithmetic of the crate.
//!
//! A kernel is written once, generic over a private trait with just the operations it needs, and instantiated in one thin
//! file per level. The level is detected once, chosen per search, and can be forced by `VANTAY_SIMD`. Every kernel gives the
//! same result at every level: [`Level::Scalar`] is the definition.
#![allow(unsafe_code)]

pub(crate) mod embedding;
mod fingerprint;
mod level;
pub(crate) mod sketch;

pub(crate) use fingerprint::{BYTES, Bytes, Dispatch, Integers, LANES, Lanes, Reals, Task};
pub use level::{Level, LevelError};
