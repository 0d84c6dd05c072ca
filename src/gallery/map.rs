//! Mapping a file: the only unsafe of the gallery.
//!
//! A mapped file is memory that another process could write to. The gallery's own processes never do: a segment is written
//! once, under a name that no manifest holds, and after the commit that publishes it the file is only ever unlinked, which
//! leaves mappings of it whole. Files are created owner-only (0600), so that nobody else's process can open them.
//!
//! What the system leaves: if the owner truncates a file under a live mapping, reading the lost pages raises SIGBUS and ends
//! the process. No portable means turns that into an error. Opening checks the length against the manifest, so that a
//! file cut *before* it is opened is an error as any other damage.
#![allow(unsafe_code)]

use memmap2::{Advice, Mmap};
use std::{
    fs::File,
    io,
    ops::{Deref, Range},
};

/// A file's bytes, read-only, as long as the map lives. `Debug` shows the length alone.
pub(crate) struct Map(Option<Mmap>);

impl Map {
    /// Maps the whole of `file`.
    pub(crate) fn new(file: &File) -> io::Result<Map> {
        if file.metadata()?.len() == 0 {
            return Ok(Map(None));
        }
        // SAFETY: the bytes do not change under the map: only this library writes files of a gallery (they are owner-only),
        // and it never writes to one that has been published (module documentation). Nothing but plain old data is read from
        // the map, and every value that matters is checked after it was read, so even a foreign write could not lead the
        // library's own code out of bounds of the map.
        let map = unsafe { Mmap::map(file) }?;
        // Most of what is read is a page here and there: a header, a row. What is read from end to end says so, see `will_read`. Advice
        // may be refused; then it is slower, not wrong.
        let _ = map.advise(Advice::Random);
        Ok(Map(Some(map)))
    }

    /// Tells the system that `range` is going to be read from its start to its end, as part of a longer run or by itself.
    pub(crate) fn will_read(&self, range: Range<usize>, run: bool) {
        let Some(map) = &self.0 else { return };
        let _ = map.advise_range(if run { Advice::Sequential } else { Advice::WillNeed }, range.start, range.len());
        // All pages at once, instead of a fault for every few of them.
        #[cfg(target_os = "linux")]
        if run {
            let _ = map.advise_range(Advice::PopulateRead, range.start, range.len());
        }
    }
}

impl Deref for Map {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        self.0.as_deref().unwrap_or(&[])
    }
}
