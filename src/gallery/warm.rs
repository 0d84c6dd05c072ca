//! Warming: a gallery's files read and checked before searches come upon their parts one by one.
//!
//! A block is checked when it is first used, so the first searches of a mapping pay for what they touch. Who waits for
//! answers warms the gallery first ([`Snapshot::warm`]); of everybody else's it is read behind their backs once they search it for a few
//! probes ([`Snapshot::warm_behind`]), by one thread of low ambition: it goes through each segment once, gives up with the gallery,
//! and does not start where the system has not memory for twice the files.

use super::{GalleryError, Segment, Snapshot, segment_file::SegmentFile};
use rayon::prelude::*;
use std::{
    sync::{Arc, Weak, atomic::Ordering::Relaxed},
    thread,
};

/// Of what memory is left, the share that files may take whose reading nobody asked for.
const SHARE: u64 = 2;

impl Snapshot {
    /// Reads every column of every segment and checks it, on the threads of the current pool, so that no later search waits
    /// for the disk or for checksums. Worth it where the files fit in memory; at the rate of the disk, or 10 GB/s if the system has them cached.
    ///
    /// # Errors
    /// The first damage that is found. [`Snapshot::check`] finds all of it.
    pub fn warm(&self) -> Result<(), GalleryError> {
        self.segments.par_iter().try_for_each(|segment| {
            let columns = (0..segment.file.columns().len()).into_par_iter();
            columns.try_for_each(|column| segment.file.warm(column, || true))
        })
    }

    /// Has the segments warmed by a thread of its own, those that were not asked for before, if the system says that it has memory for them. Returns at once;
    /// damage is left to whoever reads it.
    pub(crate) fn warm_behind(&self) {
        let is_asked = |segment: &&Arc<Segment>| !segment.file.warming.swap(true, Relaxed);
        if self.segments.iter().all(|segment| segment.file.warming.load(Relaxed)) {
            return;
        }
        let Some(available) = available_bytes() else { return };
        if self.info().bytes > available / SHARE {
            return;
        }
        let files: Vec<Weak<SegmentFile>> =
            self.segments.iter().filter(is_asked).map(|segment| Arc::downgrade(&segment.file)).collect();
        // Without a thread searches stay as they are.
        let _ = thread::Builder::new().name("vantay-warm".into()).spawn(move || files.into_iter().for_each(warm_all));
    }
}

/// Warms the columns of a segment for as long as somebody else holds it.
fn warm_all(file: Weak<SegmentFile>) {
    let Some(file) = file.upgrade() else { return };
    for column in 0..file.columns().len() {
        if file.warm(column, || Arc::strong_count(&file) > 1).is_err() {
            return;
        }
    }
}

/// Bytes that the system can give before it has to take some away from others, where it says so.
fn available_bytes() -> Option<u64> {
    let said = std::fs::read_to_string("/proc/meminfo").ok()?;
    let line = said.lines().find_map(|line| line.strip_prefix("MemAvailable:"))?;
    line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok()?.checked_mul(1024)
}
