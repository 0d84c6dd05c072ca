//! Fingerprint comparison.

mod alignment;
mod comparer;
mod consistency;
mod correspondences;
mod descriptors;
mod error;
mod pairing;
mod parameters;
mod points;
mod prepared;
mod score;
pub mod screen;
mod trigonometry;

pub use comparer::Comparer;
#[doc(hidden)]
pub use descriptors::{Projection, SUMS};
pub use error::FingerprintError;
pub use prepared::{Prepared, PreparedView};
#[doc(hidden)]
pub use score::{NAMES, SUBSCORES};
