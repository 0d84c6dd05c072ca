//! The screen: which references of a gallery are worth a full comparison.
//!
//! # Problem
//! A full comparison takes tens of microseconds; a search has less than one for each reference. A cheap score has to rank the references so
//! that a mate is among the first per cent, and what that misses has to be known.
//!
//! # Method
//! A gallery keeps a [`ScreenCode`] of fixed length for each finger: the places of at most 64 minutiae and their descriptors, rounded to four
//! bits. A scan measures every minutia of the probe against every one of the reference with byte products, pairs each of the reference's
//! with the most similar of the probe's, and asks how well the sixteen most similar pairs agree about one turn and shift. Where that
//! promises anything (three of ten impostors) the reference is laid on the probe there, moved to where it fits better, and what falls
//! together is the score; where that is high (one of five) two more ways to lay it are tried. What decides this are constants and the
//! numbers of minutiae, so a score depends on the two codes alone. The
//! caller chooses a [`Depth`] by the share of mates that he may lose, and compares in full what scores at least the threshold that
//! [`ScoreCounts`] finds for his probe. Fingers of one subject are added as [`Evidence`] before anything is dropped.
//!
//! # Cost
//! 2304 bytes a reference, fetched ahead: 3.7 GB/s, a tenth of what memory gives, so arithmetic binds it. With AVX-512 and 44 minutiae on either
//! side (three registers by eleven fours) it takes
//!
//! | | instructions | share of the time |
//! |---|---|---|
//! | byte products | 2112 `vpdpbusd`, two a cycle: 260 ns at best; 130 `vpmaxsd`, 1200 loads | 45 % |
//! | the sixteen most similar pairs | 16 rounds of compare and count, 16 × 35 scalar | 18 % |
//! | their agreement | 16 × 30 and a division each | 13 % |
//! | laying, of three in ten, and second and third ways, of one in five | 44 × 24 and 44 × 19 for the two fits, 300 to lay and improve | 15 % |
//! | the row spread out, scores, and what could not be told | | 9 % |
//!
//! The instructions are counted, the shares are a profile's (`perf record` of 64 probes at a time, 630 ns a reference). So the products run at nine tenths of the
//! multiplier's rate, and the multiplier is busy 41 % of the time. A batch of probes saves only the unpacking of the row. AVX2 has half as wide registers and needs an addition
//! to each product.
//!
//! A search for few looks at [sketches](GatedScreen) first, for half of that. `cargo bench --bench fingerprint_screen` prints what both lose and take;
//! `tried.md` beside this file says what else was measured.
//!
//! # Example
//! ```
//! use vantay::{
//!     fingerprint::{Prepared, screen::{Depth, ScoreCounts, Screen, ScreenCode, ScreenColumn, ScreenProbe}},
//!     simd::Level,
//!     template::{FingerPosition, Impression, Minutia, MinutiaKind, MinutiaeTemplate},
//! };
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let finger = |seed: u32| {
//!     let minutiae = (0..40u32).map(|k| {
//!         let r = (seed * 100 + k).wrapping_mul(2_654_435_761);
//!         Minutia::new((r % 311) as i16, (r / 311 % 401) as i16, (r >> 24) as u8, MinutiaKind::Ending, None)
//!     });
//!     let template = MinutiaeTemplate::new(FingerPosition::UNKNOWN, Impression(0), None, (0, 0), minutiae.collect());
//!     template.map(|template| ScreenCode::new(&Prepared::new(&template)))
//! };
//! let mut bytes = Vec::new();
//! for seed in 0..200 {
//!     bytes.extend_from_slice(finger(seed)?.as_bytes());
//! }
//! let column = ScreenColumn::new(&bytes)?;
//! let mut scores = vec![0; column.len()];
//! Screen::new(Level::chosen()?).scan(&[ScreenProbe::new(&finger(17)?)], &column, 0..column.len(), &mut scores);
//! let mut counts = ScoreCounts::default();
//! counts.add(&scores);
//! assert!(scores[17] >= counts.threshold(Depth::Share(0.01).survivors(1, counts.total())));
//! assert!(scores[17] > scores[18]);
//! # Ok(())
//! # }
//! ```

mod code;
mod depth;
mod gated;
mod join;
mod overlay;
mod pairs;
mod parameters;
mod probe;
mod reference;
mod scan;
pub(crate) mod sketch;

pub use code::{ScreenCode, ScreenColumn};
pub use depth::{Depth, Evidence, ScoreCounts};
pub(crate) use gated::GateCounts;
pub use gated::{Gate, GateSample, GateShares, GatedProbes, GatedScreen};
pub use join::{BLOCK, Survivor, blocks, join};
pub use probe::ScreenProbe;
pub use scan::{DAMAGED, Screen};
pub use sketch::{SketchJoin, SketchWork};

#[cfg(test)]
mod tests;
