//! Face embeddings: exact cosine search over stored columns, at the speed of the memory or of the multiplier.
mod column;
mod error;
mod join;
mod probe;
mod quantise;
mod references;
mod search;
mod shortlist;
#[cfg(test)]
mod tests;

pub use column::{FaceColumn, FaceScreen, encode, encode_coarse};
pub use error::FaceError;
pub use join::{FaceJoin, Finished, Joined, Pair, PairSink};
pub use references::{Candidate, EveryRow, Place, References, Work};
pub use search::{FaceSearch, Found, Wanted};

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
