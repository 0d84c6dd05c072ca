//! What a search did, and whether it is to go on.

use super::SearchError;
use std::{
    ops::AddAssign,
    sync::atomic::{AtomicBool, Ordering::Relaxed},
};

/// An error once the caller's flag is set.
pub(super) fn stopped(stop: Option<&AtomicBool>) -> Result<(), SearchError> {
    if stop.is_some_and(|stop| stop.load(Relaxed)) { Err(SearchError::Stopped) } else { Ok(()) }
}

/// Counts of one search or of many added up. They depend on gallery and probes only, not on threads or SIMD level.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Work {
    /// References that were searched, times probes.
    pub comparisons: u64,
    /// Comparisons made in full.
    pub full_comparisons: u64,
    /// Bytes of columns that the screens read.
    pub bytes_read: u64,
}

impl Work {
    /// Share of the comparisons that were made in full, 0 to 1.
    pub fn penetration_rate(&self) -> f64 {
        if self.comparisons == 0 { 0.0 } else { self.full_comparisons as f64 / self.comparisons as f64 }
    }
}

impl AddAssign for Work {
    fn add_assign(&mut self, other: Work) {
        self.comparisons += other.comparisons;
        self.full_comparisons += other.full_comparisons;
        self.bytes_read += other.bytes_read;
    }
}

impl From<crate::face::Work> for Work {
    fn from(work: crate::face::Work) -> Work {
        Work { comparisons: work.comparisons, full_comparisons: work.full_comparisons, bytes_read: work.bytes_read }
    }
}
