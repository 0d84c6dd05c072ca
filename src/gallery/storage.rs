//! The seam through which every change to a gallery's files passes.
//!
//! A durable commit rests on the order of a few operations: write, sync the file, sync the directory, rename, sync the
//! directory. So that tests can cut between any two of them, they go through [`Storage`]. [`Disk`] is the real one. Reading does
//! not pass here: what is read was committed, and it is mapped.
//!
//! What millions of new registrations take on the disk would push what searches read out of the system's memory, and taking new memory
//! page by page may cost more than the disk does. Where the system can (Linux 6.14), such files pass its memory by.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Write},
    path::Path,
};

/// Changes the files of a gallery.
pub trait Storage: Send + Sync {
    /// Creates a directory that only the owner can enter.
    ///
    /// # Errors
    /// As the system says, also if it exists.
    fn create_directory(&self, path: &Path) -> io::Result<()>;

    /// Creates a file that only the owner can read, empty, in the place of one of that name.
    ///
    /// # Errors
    /// As the system says.
    fn create(&self, path: &Path) -> io::Result<Box<dyn StorageFile>>;

    /// Gives a file another name, replacing the file that has it, atomically.
    ///
    /// # Errors
    /// As the system says.
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()>;

    /// Removes a file.
    ///
    /// # Errors
    /// As the system says.
    fn remove(&self, path: &Path) -> io::Result<()>;

    /// Returns when the names in a directory would survive a loss of power.
    ///
    /// # Errors
    /// As the system says.
    fn sync_directory(&self, path: &Path) -> io::Result<()>;
}

/// A file being written from front to back.
pub trait StorageFile: Send {
    /// Writes `bytes` behind what was written before.
    ///
    /// # Errors
    /// As the system says; how much was written is then unknown.
    fn append(&mut self, bytes: &[u8]) -> io::Result<()>;

    /// Says that what is written from here on need not stay in the system's memory, where it would take the place of what searches
    /// read. A hint.
    fn bypass_cache(&mut self) {}

    /// Returns when everything written would survive a loss of power.
    ///
    /// # Errors
    /// As the system says; what was written since the last sync is then lost or not, for good.
    fn sync(&mut self) -> io::Result<()>;
}

/// The file system.
#[derive(Clone, Copy, Debug, Default)]
pub struct Disk;

struct DiskFile {
    file: File,
    /// Whether what is written is dropped from the system's memory once the disk has it.
    bypasses: bool,
}

impl Storage for Disk {
    fn create_directory(&self, path: &Path) -> io::Result<()> {
        let mut builder = fs::DirBuilder::new();
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder.create(path)
    }

    fn create(&self, path: &Path) -> io::Result<Box<dyn StorageFile>> {
        let new = || owner_only().create_new(true).open(path);
        let file = match new() {
            // Cutting it would take its pages from under who has it mapped.
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                self.remove(path)?;
                new()?
            }
            made => made?,
        };
        Ok(Box::new(DiskFile { file, bypasses: false }))
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        fs::rename(from, to)
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        fs::remove_file(path)
    }

    fn sync_directory(&self, path: &Path) -> io::Result<()> {
        File::open(path)?.sync_all()
    }
}

impl StorageFile for DiskFile {
    fn append(&mut self, mut bytes: &[u8]) -> io::Result<()> {
        while self.bypasses && !bytes.is_empty() {
            match append_past_cache(&self.file, bytes) {
                Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                Ok(written) => bytes = bytes.get(written..).unwrap_or_default(),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) if error.kind() == io::ErrorKind::Unsupported => self.bypasses = false,
                Err(error) => return Err(error),
            }
        }
        self.file.write_all(bytes)
    }

    fn bypass_cache(&mut self) {
        self.bypasses = true;
    }

    fn sync(&mut self) -> io::Result<()> {
        self.file.sync_all()
    }
}

/// Writes at the file's end and says how much; `Unsupported` if system and file system cannot do so past the cache.
#[cfg(target_os = "linux")]
fn append_past_cache(file: &File, bytes: &[u8]) -> io::Result<usize> {
    use rustix::io::{Errno, ReadWriteFlags, pwritev2};
    /// `RWF_DONTCACHE`, since Linux 6.14.
    const DROP_BEHIND: ReadWriteFlags = ReadWriteFlags::from_bits_retain(0x80);
    /// As `pwritev2(2)` has it, the file's own position, which moves on.
    const HERE: u64 = u64::MAX;
    pwritev2(file, &[io::IoSlice::new(bytes)], HERE, DROP_BEHIND).map_err(|error| match error {
        Errno::OPNOTSUPP | Errno::NOSYS | Errno::INVAL => io::ErrorKind::Unsupported.into(),
        error => error.into(),
    })
}

#[cfg(not(target_os = "linux"))]
fn append_past_cache(_: &File, _: &[u8]) -> io::Result<usize> {
    Err(io::ErrorKind::Unsupported.into())
}

/// Options to write a file that only the owner can read.
pub(crate) fn owner_only() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.write(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_passes_by_the_cache_stands_behind_what_does_not() {
        let directory = tempfile::tempdir().unwrap();
        // Memory file systems cannot pass themselves by, so one of both may fall back.
        for directory in [directory.path(), Path::new("/dev/shm")].into_iter().filter(|path| path.exists()) {
            let path = directory.join(format!("vantay-storage-{}", std::process::id()));
            let pieces: Vec<Vec<u8>> = (1..40u8).map(|i| vec![i; usize::from(i) * 997]).collect();
            let mut file = Disk.create(&path).unwrap();
            for (i, piece) in pieces.iter().enumerate() {
                if i == 3 {
                    file.bypass_cache();
                }
                file.append(piece).unwrap();
            }
            let before = fs::read(&path).unwrap();
            file.sync().unwrap();
            let after = fs::read(&path).unwrap();
            fs::remove_file(&path).unwrap();
            assert!(before == pieces.concat() && after == before);
        }
    }
}
