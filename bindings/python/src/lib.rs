//! The native module of the Python package `vantay`: the library's calls in terms of numpy arrays and bytes.
//!
//! Nothing here is public: `python/vantay` has what people use, its types and its documentation. This side converts
//! arguments, releases the interpreter lock, and hands results over as arrays without copying them.

mod arrow;
mod columns;
mod deciding;
mod errors;
mod evaluation;
mod gallery;
mod looking;
mod probes;
mod running;
mod searches;
mod shards;
mod splitting;
mod templates;

use pyo3::prelude::*;

/// The native side of `vantay`.
#[pymodule]
mod _native {
    #[pymodule_export]
    use crate::{
        arrow::arrow_stream,
        evaluation::{ErrorRates, error_rates, write_feed},
        gallery::Gallery,
        running::last_work_seconds,
        shards::{
            ShardBatch, add_counts, begin_batch, best_named, cluster_pairs, finger_sample, join_samples, sample_hashes,
            size_of_shard,
        },
        splitting::{FeedSplitter, known_registrations, shards_of},
        templates::{
            compare_faces, compare_minutiae, compare_minutiae_matrix, convert, explain_minutiae, read_minutiae,
        },
    };
    use pyo3::prelude::*;

    #[pymodule_export]
    const VERSION: &str = env!("CARGO_PKG_VERSION");

    /// The SIMD level that comparisons run at.
    #[pyfunction]
    fn simd_level(py: Python<'_>) -> PyResult<String> {
        let level = vantay::simd::Level::chosen().map_err(|error| crate::errors::raise(py, error))?;
        Ok(level.to_string())
    }
}
