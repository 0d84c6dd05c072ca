//! The C library: the calls of `vantay.h`.
//!
//! A call converts its arguments, runs the library inside a boundary that no panic crosses (`#[boundary]`), writes through
//! out-pointers and returns a number. Nothing else happens here: what a call means is the library's affair.
//!
//! # Safety
//! C promises what the header asks for: pointers that are valid for what they point to, handles that came from this
//! library and are not freed twice. What can be checked is: NULL, alignment, lengths, UTF-8.
#![allow(non_camel_case_types, reason = "the names of the header")]
#![allow(clippy::missing_safety_doc, reason = "the header says once what holds for all calls")]

mod arguments;
mod calibration;
mod deduplicate;
mod gallery;
mod identify;
mod library;
mod outcome;
mod policy;
#[cfg(test)]
#[allow(
    clippy::unwrap_used,
    clippy::undocumented_unsafe_blocks,
    reason = "a test: rows hand over what lives in the fixture"
)]
mod refusals;
mod registration;
mod results;
mod scores;
mod search;
mod stop;
mod templates;
mod verify;
mod writer;

pub use calibration::*;
pub use deduplicate::*;
pub use gallery::*;
pub use identify::*;
pub use library::*;
pub use outcome::*;
pub use policy::*;
pub use registration::*;
pub use results::*;
pub use scores::*;
pub use search::*;
pub use stop::*;
pub use templates::*;
pub use verify::*;
pub use writer::*;
