//! How large a gallery is: what rates and the depth of a screen are reckoned from, one by one or summed over shards.

use super::Search;
use crate::template::FingerPosition;
use std::{iter::Sum, ops::Add};

/// What a gallery holds, or the shards of one together.
///
/// ```
/// use vantay::search::GallerySize;
/// let shard = GallerySize { subjects: 10, registrations: 12, rows: 13, ..GallerySize::default() };
/// let whole: GallerySize = [shard, shard].into_iter().sum();
/// assert_eq!((whole.subjects, whole.rows), (20, 26));
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct GallerySize {
    /// Subjects; each is in one shard only.
    pub subjects: u64,
    /// Registrations that live.
    pub registrations: u64,
    /// Rows, those of removed registrations too until compaction.
    pub rows: u64,
    /// Fingers of the registrations that live, by position from 0 (unknown) to 10.
    pub fingers: [u64; FingerPosition::COUNT],
}

impl Add for GallerySize {
    type Output = GallerySize;

    fn add(self, other: GallerySize) -> GallerySize {
        GallerySize {
            subjects: self.subjects + other.subjects,
            registrations: self.registrations + other.registrations,
            rows: self.rows + other.rows,
            fingers: std::array::from_fn(|position| self.fingers[position] + other.fingers[position]),
        }
    }
}

impl Sum for GallerySize {
    fn sum<I: Iterator<Item = GallerySize>>(sizes: I) -> GallerySize {
        sizes.fold(GallerySize::default(), Add::add)
    }
}

impl Search<'_> {
    /// The size of the gallery: the whole one's, if this is the search of a shard.
    pub fn size(&self) -> GallerySize {
        self.whole.unwrap_or_else(|| {
            let info = self.references.snapshot.info();
            let rows = self.references.segments.iter().map(|of| of.segment.len() as u64).sum();
            let fingers = self.references.fingers_by_position();
            GallerySize { subjects: info.subjects, registrations: info.registrations, rows, fingers }
        })
    }

    /// How many subjects the whole gallery has.
    pub(super) fn subjects(&self) -> u64 {
        self.whole.map_or_else(|| self.references.snapshot.info().subjects, |whole| whole.subjects)
    }

    /// How many registrations the whole gallery has.
    pub(super) fn registrations(&self) -> u64 {
        self.whole.map_or_else(|| self.references.snapshot.info().registrations, |whole| whole.registrations)
    }

    /// The search of one shard of a gallery of this size: rates and the depth of the screen are those of the whole, and a deduplication
    /// against another shard lists what lies between them as within one gallery.
    pub fn of_whole(self, whole: GallerySize) -> Self {
        Search { whole: Some(whole), ..self }
    }
}
