//! What a search has to know about references besides their embeddings: whose they are, and how ties break.

use super::FaceError;
use std::{
    cmp::Ordering,
    sync::atomic::{AtomicU64, Ordering::Relaxed},
};

/// A stored embedding: a column of the search, and a row of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place {
    /// Which of the columns searched, from 0.
    pub column: u32,
    /// Which row of the column, from 0.
    pub row: u32,
}

/// Whose embedding stands where.
pub trait References: Sync {
    /// A number for the subject at `place`; equal for equal subjects only.
    fn subject(&self, place: Place) -> u128;

    /// Which of two places comes first among equal scores. A total order, of places of different columns too.
    fn order(&self, a: Place, b: Place) -> Ordering;
}

/// Every row is a subject of its own, and ties break by place.
#[derive(Clone, Copy, Debug, Default)]
pub struct EveryRow;

impl References for EveryRow {
    fn subject(&self, place: Place) -> u128 {
        u128::from(place.column) << 32 | u128::from(place.row)
    }

    fn order(&self, a: Place, b: Place) -> Ordering {
        a.cmp(&b)
    }
}

/// A reference that a search found.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Candidate {
    /// Where it is stored.
    pub place: Place,
    /// The comparison score, −1 to 1 for embeddings of length one, see [`compare`](super::compare()).
    pub score: f64,
}

/// What a search did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Work {
    /// References searched, times probes. References that a filter keeps out do not count.
    pub comparisons: u64,
    /// Comparisons made in full, because the screen's bound could not exclude them.
    pub full_comparisons: u64,
    /// Bytes of columns read, caches aside.
    pub bytes_read: u64,
}

impl std::ops::Add for Work {
    type Output = Work;

    fn add(self, other: Work) -> Work {
        Work {
            comparisons: self.comparisons + other.comparisons,
            full_comparisons: self.full_comparisons + other.full_comparisons,
            bytes_read: self.bytes_read + other.bytes_read,
        }
    }
}

/// The damaged row that threads came upon, if any: the last of several.
#[derive(Debug, Default)]
pub(super) struct Damage(AtomicU64);

impl Damage {
    pub fn found(&self, place: Place) {
        // Columns are fewer than 2³², so one more does not overflow, and zero stays for none.
        self.0.fetch_max((u64::from(place.column) + 1) << 32 | u64::from(place.row), Relaxed);
    }

    pub fn into_result(self) -> Result<(), FaceError> {
        match self.0.into_inner() {
            0 => Ok(()),
            place => Err(FaceError::Damaged { column: (place >> 32) as u32 - 1, row: place as u32 }),
        }
    }
}
