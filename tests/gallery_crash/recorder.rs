//! Storage that writes down every operation, and fails one of them if asked.

use parking_lot::Mutex;
use std::{
    io,
    path::{Path, PathBuf},
    sync::Arc,
};
use vantay::gallery::{Disk, Storage, StorageFile};

#[derive(Clone)]
pub enum Step {
    CreateDirectory,
    Create(PathBuf),
    Append(PathBuf, Vec<u8>),
    Sync(PathBuf),
    Rename(PathBuf, PathBuf),
    Remove(PathBuf),
    SyncDirectory,
    /// A call returned; the gallery must hold what stands at this place of the history.
    Promised(usize),
}

/// Writes down every operation and passes it on to the disk, until it is told to fail.
#[derive(Default)]
pub struct Recorder {
    pub steps: Mutex<Vec<Step>>,
    /// The operation to fail, and how.
    pub fail: Option<(usize, io::ErrorKind)>,
    /// Whether all that come after it fail too.
    pub for_good: bool,
    pub count: Mutex<usize>,
}

impl Recorder {
    /// `Err` if this operation is the one to fail.
    fn next(&self) -> io::Result<()> {
        let mut count = self.count.lock();
        *count += 1;
        match self.fail {
            Some((at, kind)) if at + 1 == *count || (self.for_good && at < *count) => Err(kind.into()),
            _ => Ok(()),
        }
    }

    pub fn record(&self, step: Step) {
        self.steps.lock().push(step);
    }
}

pub struct Shared(pub Arc<Recorder>);

struct RecordedFile {
    recorder: Arc<Recorder>,
    path: PathBuf,
    file: Box<dyn StorageFile>,
}

impl Storage for Shared {
    fn create_directory(&self, path: &Path) -> io::Result<()> {
        self.0.next()?;
        Disk.create_directory(path)?;
        self.0.record(Step::CreateDirectory);
        Ok(())
    }

    fn create(&self, path: &Path) -> io::Result<Box<dyn StorageFile>> {
        self.0.next()?;
        let file = Disk.create(path)?;
        self.0.record(Step::Create(path.into()));
        Ok(Box::new(RecordedFile { recorder: self.0.clone(), path: path.into(), file }))
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.0.next()?;
        Disk.rename(from, to)?;
        self.0.record(Step::Rename(from.into(), to.into()));
        Ok(())
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        self.0.next()?;
        Disk.remove(path)?;
        self.0.record(Step::Remove(path.into()));
        Ok(())
    }

    fn sync_directory(&self, _: &Path) -> io::Result<()> {
        self.0.next()?;
        self.0.record(Step::SyncDirectory);
        Ok(())
    }
}

impl StorageFile for RecordedFile {
    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        if let Err(error) = self.recorder.next() {
            // A full disk takes a part of it.
            let part = &bytes[..bytes.len() / 2];
            self.file.append(part)?;
            self.recorder.record(Step::Append(self.path.clone(), part.to_vec()));
            return Err(error);
        }
        self.file.append(bytes)?;
        self.recorder.record(Step::Append(self.path.clone(), bytes.to_vec()));
        Ok(())
    }

    fn sync(&mut self) -> io::Result<()> {
        self.recorder.next()?;
        // The bytes are in the record; the test's own disk need not be waited for.
        self.recorder.record(Step::Sync(self.path.clone()));
        Ok(())
    }
}
