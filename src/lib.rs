//! Biometric matching for national identity: fingerprint minutiae and face embeddings, one to one, one to many, many to
//! many, over memory-mapped galleries.
//!
//! | room | holds |
//! |---|---|
//! | [`simd`] | instruction-set levels and the kernels; the only unsafe arithmetic |
//! | [`template`] | minutiae, embeddings, and the codecs that read and write them |
//! | [`fingerprint`] | compares two minutiae templates |
//! | [`face`] | screens and compares embeddings |
//! | [`registration`] | personal ID, registration record, the NDJSON feed |
//! | [`gallery`] | the stored references: segments, manifest, snapshots |
//! | [`search`] | verify, identify, deduplicate |
//! | [`decision`] | scores to error rates, fusion, clusters |
//! | [`evaluation`] | error rates with confidence, DET, plots |
//! | [`synthesis`] | a synthetic population |
//!
//! `simd` and `template` use no sibling. `fingerprint` and `face` use those two. `gallery` knows bytes, templates and
//! registrations, never scores. Only `search` sees matchers and gallery together. `decision` knows scores, not templates.
#![deny(unsafe_code)]

pub mod decision;
mod error;
pub mod evaluation;
pub mod face;
pub mod fingerprint;
pub mod gallery;
pub mod registration;
pub mod search;
pub mod simd;
pub mod synthesis;
pub mod template;

pub use error::{Error, Result};

#[cfg(target_endian = "big")]
compile_error!("galleries are little-endian on disk and used in place; big-endian hosts are not supported");
