//! A synthetic population: registrations by the million that behave like measured data.
//!
//! # Problem
//! A search over millions has to be built, tested and measured before anyone may hand over millions of people. Random
//! vectors are no stand-in: they are all equally unlike one another, and every screen, threshold and tie looks better on
//! them than it will be.
//!
//! # Method
//! A [`Population`] says how many subjects, what they register and how many come twice; a [`Generator`] makes any of their
//! registrations from its number alone, by hashing seeds, so that threads share the work, a feed of a country needs no
//! memory, and the same seed gives the same bytes on every machine. Nothing is looked up: what real data taught is in a few formulas
//! ([`faces`], [`fingers`]) with the figures that they reproduce. Everything random is drawn as integers, and what is computed
//! from it uses additions, products, roots and the functions of `libm`, never the platform's.
//!
//! # What it is not
//! A tool for scale, not for accuracy claims. Error rates measured on it say that a search is right and how fast it is; how
//! well a matcher tells people apart only people can show.
//!
//! # Cost
//! See [`Generator::write_feed`].

mod dice;
mod error;
pub mod faces;
pub mod fingers;
mod identity;
mod permutation;
mod population;
mod truth;

pub use error::SynthesisError;
pub use faces::Faces;
pub use fingers::Fingers;
pub use population::{Generator, Population};
pub use truth::{TruePair, write_truth};
