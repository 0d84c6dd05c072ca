//! Merging segments.

use super::{GalleryError, Writer};

impl Writer {
    /// Merges small segments, so that many small commits do not slow down the search.
    pub(crate) fn merge_tiers(&mut self) -> Result<(), GalleryError> {
        Ok(())
    }
}
