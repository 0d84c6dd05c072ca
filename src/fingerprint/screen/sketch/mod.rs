//! Many against many by sketches: every pair of fingers of one position that is worth a full comparison, in half of the screen's time or less.
//!
//! # Problem
//! Within 100,000 fingers there are five thousand million pairs. The [screen](super) takes most of a microsecond for each, and a search for every finger meets
//! each pair twice.
//!
//! # Method
//! A reference minutia is sketched by the signs of its 64 descriptor values, eight bytes; the probe's stay as they are. What a probe minutia's product
//! with any four signs is, to four bits, stands in a table of sixteen, so that sixteen byte shuffles measure it against 64 others
//! ([`simd::sketch`](crate::simd)). Only one side is rounded to signs, which loses far less than two (asymmetric distances: Jégou, Douze and
//! Schmid, Product quantization for nearest neighbor search, 2011). Each reference minutia is paired with its most similar, the
//! sixteen most similar pairs are kept, and what follows is a cascade, each stage on what the one before let through:
//!
//! 1. the *turns*: how many of the pairs turn alike, in whole numbers;
//! 2. the *agreement* about turn and shift together, as the screen has it;
//! 3. the screen itself;
//!
//! and then the full comparison, which is the caller's. Thresholds are found for each probe on a sample of the references, so that shares
//! survive, not scores. A pair is met once, with the lower row as the probe; blocks of probes meet groups of references that stay in the cache.
//! [`SketchJoin`] does so for the fingers of one position; a deduplication adds up what several fingers say after each stage.
//!
//! # Instead of lists
//! Fingerprint indexing usually keeps lists: Cappelli, Ferrara and Maltoni (Fingerprint indexing based on Minutia Cylinder-Code, 2011) hash bit cylinders by
//! some of their bits and count collisions, and Sivic and Zisserman (Video Google, 2003) cluster descriptors into words. Both were measured
//! here and lose mates at the first per cent (`tried.md`): 64 whitened values have no clusters, a word tells half of a minutia.
//! Byte shuffles measure all pairs instead, and keep the geometry.
//!
//! # Cost
//! 13 bytes of memory for each minutia, made from the codes when the join begins, 8 ns a minutia. `cargo bench --bench fingerprint_join` prints
//! nanoseconds a pair for each stage, and what the cascade loses.

mod column;
mod join;
mod pairs;
mod parameters;
mod probe;

pub(crate) use column::{GROUP, Sketches};
pub(super) use column::{Group, Sketcher};
pub(crate) use join::reached;
pub use join::{SketchJoin, SketchWork};
pub(crate) use pairs::{Asked, Scorer};
pub(crate) use parameters::{SAMPLE, gates};
pub(crate) use probe::SketchProbe;

#[cfg(test)]
mod tests;
