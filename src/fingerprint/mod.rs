//! Fingerprint comparison.

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
pub use explanation::Explanation;
#[doc(hidden)]
pub use model::{HIDDEN, Model, WEIGHTS};
pub use prepared::{Prepared, PreparedView};
#[doc(hidden)]
pub use score::{NAMES, SUBSCORES};

#[cfg(test)]
mod tests;
