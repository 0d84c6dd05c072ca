//! How large a gallery is: what rates and the depth of a screen are reckoned from, one by one or summed over shards.

use super::Search;
use std::{iter::Sum, ops::Add};

/// What a gallery holds, or the shards of one together.
///
/// ```
/// use vantay::search::GallerySize;
/// let shard = GallerySize { subjects: 10, registrations: 12, rows: 12, fingers: 48 };
/// let whole: GallerySize = [shard, shard].into_iter().sum();
/// assert_eq!((whole.subjects, whole.fingers_per_registration()), (20, 4.0));
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct GallerySize {
    /// Subjects; each is in one shard only.
    pub subjects: u64,
    /// Registrations that live.
    pub registrations: u64,
    /// Rows, those of removed registrations too until compaction.
    pub rows: u64,
    /// Fingers in these rows.
    pub fingers: u64,
}

impl GallerySize {
    /// How many fingers a registration has on average; 1 where there are none.
    pub fn fingers_per_registration(&self) -> f64 {
        (self.fingers as f64 / self.rows.max(1) as f64).max(1.0)
    }
}

impl Add for GallerySize {
    type Output = GallerySize;

    fn add(self, other: GallerySize) -> GallerySize {
        GallerySize {
            subjects: self.subjects + other.subjects,
            registrations: self.registrations + other.registrations,
            rows: self.rows + other.rows,
            fingers: self.fingers + other.fingers,
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
            let (rows, fingers) = self.references.rows_and_fingers();
            GallerySize { subjects: info.subjects, registrations: info.registrations, rows, fingers }
        })
    }

    /// The search of one shard of a gallery of this size: rates and the depth of the screen are those of the whole, and a deduplication
    /// against another shard lists what lies between them as within one gallery.
    pub fn of_whole(self, whole: GallerySize) -> Self {
        Search { whole: Some(whole), ..self }
    }
}
