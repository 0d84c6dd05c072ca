//! Where segments are written, and which files look like them.

use super::{
    GalleryError, Key,
    layout::{live_name, live_numbers, segment_name, segment_number},
    segment_file::{Checking, Opening, SegmentFile},
    segment_writer::SegmentWriter,
    storage::Storage,
};
use std::{path::Path, sync::Arc};

/// Where a segment is written.
#[derive(Clone)]
pub(crate) struct Target {
    pub storage: Arc<dyn Storage>,
    pub directory: std::path::PathBuf,
    pub gallery: [u8; 16],
    pub dimension: usize,
    pub checking: Checking,
    /// The key by which segments are sealed, if they are.
    pub key: Option<Key>,
}

impl Target {
    /// Starts a segment file.
    pub(crate) fn create(&self, segment: u64) -> Result<SegmentWriter, GalleryError> {
        let path = self.directory.join(segment_name(segment));
        SegmentWriter::create(&*self.storage, &path, (self.gallery, self.key.as_ref()), segment, self.dimension)
    }

    /// Opens a segment that was just written. Its bytes come from memory, so they are not read again to be checked.
    pub(crate) fn open(&self, segment: u64) -> Result<SegmentFile, GalleryError> {
        let how = Opening { checking: self.checking, key: self.key.as_ref(), keeps_going: false, bytes: None };
        SegmentFile::open(&self.directory.join(segment_name(segment)), self.gallery, segment, how)
    }
}

/// The names of files in a directory that are those of segments or live rows, to the letter: whatever else lies there is somebody else's.
pub(crate) fn data_files(directory: &Path) -> Result<Vec<String>, GalleryError> {
    let entries = std::fs::read_dir(directory).map_err(GalleryError::io(directory, "read"))?;
    let mut names = Vec::new();
    for entry in entries {
        let name = entry.map_err(GalleryError::io(directory, "read"))?.file_name();
        if let Some(name) = name.to_str().filter(|name| is_data(name)) {
            names.push(name.to_string());
        }
    }
    names.sort_unstable();
    Ok(names)
}

/// Whether a file of this name is a segment or live rows.
fn is_data(name: &str) -> bool {
    let of_segment = segment_number(name).map(segment_name);
    let of_live = || live_numbers(name).map(|(segment, commit)| live_name(segment, commit));
    of_segment.or_else(of_live).is_some_and(|written| written == name)
}
