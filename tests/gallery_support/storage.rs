//! The disk without waiting for it, for tests of what is written and not of what survives; and one that counts what stands on it.

use std::{
    collections::HashMap,
    io,
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
};
use vantay::gallery::{Disk, Storage, StorageFile};

/// The disk without waiting for it: where a test looks at the outcome alone.
pub struct Unsynced;

struct UnsyncedFile(Box<dyn StorageFile>);

impl Storage for Unsynced {
    fn create_directory(&self, path: &Path) -> io::Result<()> {
        Disk.create_directory(path)
    }

    fn create(&self, path: &Path) -> io::Result<Box<dyn StorageFile>> {
        Ok(Box::new(UnsyncedFile(Disk.create(path)?)))
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        Disk.rename(from, to)
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        Disk.remove(path)
    }

    fn sync_directory(&self, _: &Path) -> io::Result<()> {
        Ok(())
    }
}

impl StorageFile for UnsyncedFile {
    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.0.append(bytes)
    }

    fn bypass_cache(&mut self) {
        self.0.bypass_cache();
    }

    fn sync(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The disk, counting the bytes of the files that were made through it and still stand.
#[derive(Default)]
pub struct Metered {
    files: Mutex<HashMap<PathBuf, u64>>,
    most: AtomicU64,
}

impl Metered {
    /// Bytes that stand.
    pub fn standing(&self) -> u64 {
        self.files.lock().unwrap().values().sum()
    }

    /// The most bytes that stood since this was asked last.
    pub fn most(&self) -> u64 {
        self.most.swap(self.standing(), Ordering::Relaxed)
    }
}

/// A [`Metered`] disk as a gallery takes it.
pub struct Meter(pub Arc<Metered>);

struct MeteredFile(Arc<Metered>, PathBuf, Box<dyn StorageFile>);

impl Storage for Meter {
    fn create_directory(&self, path: &Path) -> io::Result<()> {
        Disk.create_directory(path)
    }

    fn create(&self, path: &Path) -> io::Result<Box<dyn StorageFile>> {
        self.0.files.lock().unwrap().insert(path.into(), 0);
        Ok(Box::new(MeteredFile(self.0.clone(), path.into(), Disk.create(path)?)))
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        let mut files = self.0.files.lock().unwrap();
        let bytes = files.remove(from).unwrap_or(0);
        files.insert(to.into(), bytes);
        Disk.rename(from, to)
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        self.0.files.lock().unwrap().remove(path);
        Disk.remove(path)
    }

    fn sync_directory(&self, path: &Path) -> io::Result<()> {
        Disk.sync_directory(path)
    }
}

impl StorageFile for MeteredFile {
    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        *self.0.files.lock().unwrap().entry(self.1.clone()).or_default() += bytes.len() as u64;
        self.0.most.fetch_max(self.0.standing(), Ordering::Relaxed);
        self.2.append(bytes)
    }

    fn bypass_cache(&mut self) {
        self.2.bypass_cache();
    }

    fn sync(&mut self) -> io::Result<()> {
        self.2.sync()
    }
}
