//! Compares two minutiae templates: how likely they are of one finger.
//!
//! # Problem
//! Two impressions of one finger are turned and shifted against each other by any amount, share a third of their area or all of it, are
//! stretched by the skin, and each lacks minutiae that the other has and has some that are none. Extractors differ in where they
//! put a minutia, whether they tell its type, and what they mean by quality. Prints of different fingers, on the other hand, agree in
//! much: in the flow of the ridges, in false minutiae along the border, and, where there are a hundred of them, by chance.
//!
//! # Method
//! A chain of stages, each a noun in a file of its own:
//!
//! | stage | what it holds |
//! |---|---|
//! | `prepared` | minutiae in one order and frame, and their descriptors: what a gallery stores, used in place |
//! | `descriptors` | the neighbourhood of a minutia as 64 bytes |
//! | `correspondences` | which minutiae look alike: all pairs by their descriptors, the best 64 go on |
//! | `consistency` | which of those agree with each other, by relaxation; seeds of alignments |
//! | `glance` | how good each alignment looks; most impostors end here |
//! | `alignment`, `pairing` | turn and shift by least squares, pairs one to one, a smooth displacement, pairs again |
//! | `score` | 32 named sub-scores |
//! | `model` | a small network that makes one score of them |
//!
//! A [`Comparer`] runs the chain; [`Comparer::explain`] tells what it found, and [`drawing`] draws it.
//!
//! # Promises
//! *Symmetric to the bit*: the two prints are put in order by their bytes first. *The same at every SIMD level, on every
//! thread, on every machine*: see `simd::fingerprint`; no function of the system's mathematics library takes part. *Shift and order of a record
//! change nothing*: the prepared bytes are the same. *Any input*: 0 to 255 minutiae, anywhere; prepared bytes from a damaged file are checked in
//! structure, and no content can do more than give a meaningless score.
//!
//! # The score
//! At least 0, higher is more alike. Below 1: rejected at a glance, or nothing paired. From 1 on: ten and the network's log-odds, natural
//! logarithm, of a genuine pair in its training mix; thresholds come from calibration, not from here.
//!
//! # Cost
//! About 16 µs on one core of a Zen 5 at 4.1 GHz (AVX-512) for prints of 44 minutiae, all pairs of the FVC sets mixed: 62,000 a second; 72 bytes per
//! minutia and 64 more. `cargo bench --bench fingerprint_compare` and `--bench fingerprint_rates` measure it.
//!
//! # Accuracy
//! `cargo bench --bench fingerprint_rates` prints the rates of every set, `cargo bench --bench fingerprint_train -- cross` those of models that have not
//! seen the set, the sensor, or the extractor that they are measured on. The figures, and what else was tried, stand in `tried.md` beside this file.
//!
//! # Sources
//! The relaxation over compatible pairs is that of Tico and Kuosmanen (*Fingerprint matching using an orientation-based minutia descriptor*, 2003)
//! and Feng (*Combining minutiae descriptors for fingerprint matching*, 2008), in the form of spectral matching (Leordeanu and Hebert, 2005). That a
//! consistent pairing should be grown from several roots is SourceAFIS's lesson (Važan). Bending the alignment by local displacements goes
//! back to Bazen and Gerez (*Fingerprint matching by thin-plate spline modelling of elastic deformations*, 2003).
//!
//! Minutia Cylinder-Code (Cappelli, Ferrara, Maltoni, 2010), the best known descriptor, is named in patents. Ours is another thing: there is no
//! cylinder and no cell of directions, no validity mask, no matching of bits. It sums smooth bumps at a few dozen places around the
//! minutia, weighted by harmonics of the neighbours' relative direction (a polar histogram as in Belongie's shape contexts, 2002, in
//! the spirit of efficient match kernels, Bo and Sminchisescu 2009), and *learns* from mates by linear discriminant analysis which 64 combinations of
//! the sums tell mates from others.
#![allow(clippy::needless_range_loop)] // Loops walk several arrays in step.

mod alignment;
mod comparer;
mod consistency;
mod correspondences;
mod descriptors;
pub mod drawing;
mod error;
mod explanation;
mod glance;
mod model;
mod outline;
mod pairing;
mod parameters;
mod points;
mod prepared;
mod score;
pub mod screen;
mod trigonometry;

pub use comparer::Comparer;
pub use error::FingerprintError;
pub use explanation::Explanation;
pub use prepared::{Prepared, PreparedView};

// For fitting: `benches/fingerprint_train.rs`.
#[doc(hidden)]
pub use descriptors::{Projection, SUMS};
#[doc(hidden)]
pub use model::{HIDDEN, Model, WEIGHTS};
#[doc(hidden)]
pub use score::{NAMES, SUBSCORES};

#[cfg(test)]
mod tests;
