//! Feeds of probes: read in batches, bad records said and passed over.

use crate::failure::Failure;
use std::path::Path;
use vantay::registration::{FeedOptions, FeedReader, Registration};

/// Reads a feed in batches of up to `most` registrations and calls `each` with every batch. Returns how many records were
/// bad: each is named on standard error, and the rest goes on.
pub fn in_batches(
    path: &Path,
    options: FeedOptions,
    most: usize,
    mut each: impl FnMut(&[Registration]) -> Result<(), Failure>,
) -> Result<u64, Failure> {
    let mut rejected = 0;
    let mut batch = Vec::new();
    for outcome in FeedReader::open(path, options).map_err(Failure::run)? {
        match outcome {
            Ok(registration) => batch.push(registration),
            Err(problem) if problem.is_final() => return Err(Failure::run(problem)),
            Err(problem) => {
                eprintln!("vantay: {problem}");
                rejected += 1;
            }
        }
        if batch.len() == most {
            each(&batch)?;
            batch.clear();
        }
    }
    if !batch.is_empty() {
        each(&batch)?;
    }
    if rejected > 0 {
        eprintln!("vantay: {}: records without an answer, as they could not be read: {rejected}", path.display());
    }
    Ok(rejected)
}
