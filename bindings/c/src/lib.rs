//! The C library: the calls of `vantay.h`.
//!
//! A call converts its arguments, runs the library inside a boundary that no panic crosses, writes through out-pointers
//! and returns a number. Nothing else happens here: what a call means is the library's affair.
//!
//! # Safety
//! C promises what the header asks for: pointers that are valid for what they point to, handles that came from this
//! library and are not freed twice. What can be checked is: NULL, alignment, lengths, UTF-8.
#![allow(non_camel_case_types, reason = "the names of the header")]
#![allow(clippy::missing_safety_doc, reason = "the header says once what holds for all calls")]

mod arguments;
mod compare;
mod gallery;
mod outcome;
mod registration;
mod results;
mod search;
mod writer;

pub use compare::*;
pub use gallery::*;
pub use outcome::*;
pub use registration::*;
pub use results::*;
pub use search::*;
pub use writer::*;
