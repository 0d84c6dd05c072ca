//! Mapping a file, and memory for what was decrypted: the only unsafe of the gallery.
//!
//! A mapped file is memory that another process could write to. The gallery's own processes never do: a segment is written
//! once, under a name that no manifest holds, and after the commit that publishes it the file is only ever unlinked, which
//! leaves mappings of it whole. Files are created owner-only (0600), so that nobody else's process can open them.
//!
//! What the system leaves: if the owner truncates a file under a live mapping, reading the lost pages raises SIGBUS and ends
//! the process, as does a sector that cannot be read. No portable means turns that into an error. Where the system can be asked to read
//! beforehand (Linux 5.14) it is one wherever somebody asks before reading ([`Map::will_read`]): header, trailer and table when a segment is
//! opened, live rows, a column's checksums and each of its blocks when they are used for the first time, all that a deep check reads, and
//! each block of a sealed file when it is opened. Not asked for, so that the signal remains: what was read, and then lost; columns under
//! [`Checking::Off`](super::Checking::Off), unless they are warmed; embeddings that a merge has just written and derives from. Opening
//! checks the length against the manifest, so that a file cut *before* it is opened is an error as any other damage.
//!
//! Decrypted segments lie in anonymous memory, locked before the first byte is written to it, so that it is never swapped out, left out of
//! core dumps where the system knows how, and then read-only. A process may lock only so much (`ulimit -l`, `RLIMIT_MEMLOCK`); beyond that
//! the memory is used unlocked and the gallery warns of it. The system wipes the pages when they are given back.
#![allow(unsafe_code)]

use memmap2::{Advice, Mmap, MmapMut};
use std::{
    fs::File,
    io,
    ops::{Deref, Range},
};

/// A file's bytes, or those decrypted from it, read-only, as long as the map lives. `Debug` shows the length alone.
pub(crate) struct Map {
    bytes: Option<Mmap>,
    of: Memory,
    #[cfg(test)]
    device: tests::Device,
}

/// What a map's bytes are.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Memory {
    File,
    Locked,
    Unlocked,
}

impl Map {
    /// Maps the whole of `file`.
    pub(crate) fn new(file: &File) -> io::Result<Map> {
        if file.metadata()?.len() == 0 {
            return Ok(Map::of(None, Memory::File));
        }
        // SAFETY: the bytes do not change under the map: only this library writes files of a gallery (they are owner-only),
        // and it never writes to one that has been published (module documentation). Nothing but plain old data is read from
        // the map, and every value that matters is checked after it was read, so even a foreign write could not lead the
        // library's own code out of bounds of the map.
        let map = unsafe { Mmap::map(file) }?;
        // Most of what is read is a page here and there: a header, a row. What is read from end to end says so, see `will_read`. Advice
        // may be refused; then it is slower, not wrong.
        let _ = map.advise(Advice::Random);
        Ok(Map::of(Some(map), Memory::File))
    }

    /// Memory of `length` bytes, not zero, that `fill` writes.
    pub(crate) fn opened(length: usize, fill: impl FnOnce(&mut [u8])) -> io::Result<Map> {
        let mut memory = MmapMut::map_anon(length)?;
        let of = if memory.lock().is_ok() { Memory::Locked } else { Memory::Unlocked };
        // Only a precaution: some systems do not know it.
        #[cfg(target_os = "linux")]
        let _ = memory.advise(Advice::DontDump);
        fill(&mut memory);
        Ok(Map::of(Some(memory.make_read_only()?), of))
    }

    fn of(bytes: Option<Mmap>, of: Memory) -> Map {
        Map {
            bytes,
            of,
            #[cfg(test)]
            device: tests::Device::current(),
        }
    }

    /// Whether it is decrypted memory that the system would not lock.
    pub(crate) fn is_unlocked(&self) -> bool {
        self.of == Memory::Unlocked
    }

    /// Tells the system that `range` is going to be read from its start to its end, as part of a longer run or by itself.
    ///
    /// # Errors
    /// If the system knows that it cannot be read: the device fails, or the file has become shorter. Reading would end the process.
    pub(crate) fn will_read(&self, range: Range<usize>, run: bool) -> io::Result<()> {
        let asked = self.bytes.as_ref().filter(|_| self.of == Memory::File && !range.is_empty());
        let Some(map) = asked else { return Ok(()) };
        #[cfg(test)]
        self.device.read(&range)?;
        let advice = if run { Advice::Sequential } else { Advice::WillNeed };
        // First that it be read, as one piece, then all pages at once, instead of a fault and a page's reading for every one of them.
        let _ = map.advise_range(advice, range.start, range.len());
        #[cfg(target_os = "linux")]
        if let Err(error) = map.advise_range(Advice::PopulateRead, range.start, range.len()) {
            // Systems before Linux 5.14 know no such advice, and say something else.
            let cannot =
                [rustix::io::Errno::FAULT, rustix::io::Errno::HWPOISON].map(|errno| Some(errno.raw_os_error()));
            if cannot.contains(&error.raw_os_error()) {
                return Err(io::Error::other("the device failed, or the file has become shorter"));
            }
        }
        Ok(())
    }
}

impl Deref for Map {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        self.bytes.as_deref().unwrap_or(&[])
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use std::{cell::RefCell, sync::Arc};

    /// A device with a bad sector, which notes what it is asked for: the part of a file that `will_read` would find unreadable.
    #[derive(Clone, Default)]
    pub(crate) struct Device {
        bad: Range<usize>,
        asked: Arc<parking_lot::Mutex<Vec<Range<usize>>>>,
    }

    thread_local! {
        static CURRENT: RefCell<Device> = RefCell::default();
    }

    impl Device {
        /// The device of all files that this thread maps while `work` runs, whose bytes `bad` cannot be read.
        pub(crate) fn with_bad<T>(bad: Range<usize>, work: impl FnOnce() -> T) -> (T, Device) {
            let device = Device { bad, ..Device::default() };
            CURRENT.replace(device.clone());
            let result = work();
            CURRENT.take();
            (result, device)
        }

        pub(super) fn current() -> Device {
            CURRENT.with_borrow(Device::clone)
        }

        pub(super) fn read(&self, range: &Range<usize>) -> io::Result<()> {
            self.asked.lock().push(range.clone());
            let overlaps = range.start < self.bad.end && self.bad.start < range.end;
            if overlaps { Err(io::Error::other("a bad sector")) } else { Ok(()) }
        }

        /// What it was asked for until now.
        pub(crate) fn asked(&self) -> Vec<Range<usize>> {
            self.asked.lock().clone()
        }
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn what_a_cut_file_has_lost_cannot_be_read() {
        let file = tempfile::tempfile().unwrap();
        file.set_len(5 << 12).unwrap();
        let map = Map::new(&file).unwrap();
        assert!(map.will_read(0..5 << 12, true).is_ok());
        file.set_len(2 << 12).unwrap();
        // Systems before 5.14 say nothing.
        if map.will_read(4 << 12..5 << 12, false).is_err() {
            assert!(map.will_read(0..2 << 12, false).is_ok());
            assert!(map.will_read(0..5 << 12, false).is_err());
        }
    }
}
