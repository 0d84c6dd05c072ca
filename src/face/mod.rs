//! Face embeddings: exact cosine search over stored columns, at the speed of the memory or of the multiplier.
//!
//! # Problem
//! Find the references of a gallery whose embedding has the greatest cosine with a probe's, or all pairs whose cosine is at least a
//! threshold. The answer is the one that comparing every pair in full would give, always: there is no recall to choose.
//! One probe is bound by reading the references, a thousand by multiplying.
//!
//! # Method
//! The score is defined as the dot product of the stored `f32` rows in `f64`, in one order of summation ([`compare`](compare())). Beside
//! the rows stands a *screen* derived from them ([`encode`]): components rounded to bytes, with a scale and the length of
//! what rounding lost for each reference. From these follows an interval that holds the score (`probe.rs` derives it, with the
//! rounding of the arithmetic itself), about ±0.016 for embeddings of length one. Whoever cannot reach the score that a candidate needs
//! is left out; the others, some twenty of a million for the best ten, are compared in full.
//!
//! A second, coarse screen ([`encode_coarse`], optional) has half a byte a component and intervals of about ±0.11. One to three probes
//! are searched faster through it, since they read half as much, though some 2,500 of a million are then compared in full.
//!
//! | module | is |
//! |---|---|
//! | `quantise` | rounding, and how far it moves an embedding |
//! | `column` | the bytes of a screen, and a column borrowed from mapped memory |
//! | `probe` | the bound |
//! | `shortlist` | who may still be among the best |
//! | `search` | one to many |
//! | `shared` | one to many, for several threads in one pass |
//! | `join` | many to many |
//!
//! # Cost
//! 512 dimensions, a million references, one thread and two of a 2-core Zen 5 that other work kept busy; beside it what the machine could
//! do in the same minutes: a plain read of memory at 34 and 44 GB/s, a bare loop of multiply-adds in L1 at 1.10 ms a probe.
//!
//! | | 1 thread | 2 threads | limit there |
//! |---|---|---|---|
//! | one probe, top 10, 8 bits | 15.7 ms | 11.4 ms | 15.3, 11.8 ms |
//! | one probe, top 10, 4 and 8 bits | 11.9 ms | 6.7 ms | 8.0, 6.2 ms |
//! | 12 probes, each | 1.6 ms | 1.0 ms | 1.3, 1.0 ms |
//! | 1,000 probes, each | 1.26 ms | 0.64 ms | 1.10, 0.55 ms |
//! | 1,000 probes, each, AVX2 | 3.9 ms | 2.2 ms | |
//! | all pairs of 100,000 at 0.4 | 6.3 s | 3.3 s | 5.5, 2.8 s |
//!
//! The loop of the 8-bit screen, per step of four components of 64 references and six probes: 4 loads, 6 broadcasts from
//! memory, 24 `vpdpbusd` on 24 sums, nothing spilled; two `vpdpbusd` can start per cycle, so 12 cycles a step. The test of the 384 sums
//! and the panel's start take about 5 % more, the shortlists 3 %.
//!
//! # Sources
//! Rounding to bytes with a scale per row is common; Cauchy–Schwarz bounds on what it loses turn up in maximum inner product search (Teflioudi
//! and Gemulla, *LEMP*, SIGMOD 2015, for lengths). Tiles follow Goto and van de Geijn, *Anatomy of High-Performance Matrix
//! Multiplication*, TOMS 2008.

mod column;
mod error;
mod join;
mod probe;
mod quantise;
mod references;
mod scan;
mod search;
mod shared;
mod shortlist;
#[cfg(test)]
mod tests;

pub(crate) use column::encode_bytes;
pub use column::{FaceColumn, FaceScreen, RowCheck, encode, encode_coarse};
pub use error::FaceError;
pub use join::{FaceJoin, Finished, Joined, Pair, PairSink};
pub use references::{Candidate, EveryRow, Place, References, Work};
pub use search::{FaceSearch, Found, Wanted};
pub use shared::SharedSearch;

use crate::simd::{Level, embedding::Compare};

/// The comparison score of two embeddings: their dot product, in `f64`, of length-one embeddings the cosine.
///
/// Components are summed in one order at every SIMD level, and swapping the two changes nothing: searches report the same bits.
///
/// # Errors
/// If they differ in dimension.
pub fn compare(a: &[f32], b: &[f32]) -> Result<f64, FaceError> {
    if a.len() != b.len() {
        return Err(FaceError::DifferentDimension { expected: a.len(), found: b.len() });
    }
    Ok(Compare::new(Level::best()).dot(a, b))
}
