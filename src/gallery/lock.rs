//! One writer at a time: an exclusive lock on a file that names its holder.
//!
//! The system drops the lock with the process, however it ends, so a crash leaves none behind; the process number in the
//! file is for the message alone.

use super::{GalleryError, layout, storage::owner_only};
use std::{
    fs::{File, TryLockError},
    io::{Read, Write},
    path::Path,
};

/// The lock on a gallery, held until dropped.
pub(crate) struct Lock {
    file: File,
    /// Whose it is: a process that is forked off has the file too, but not the lock to give.
    process: u32,
}

impl Lock {
    /// Takes the lock of a directory.
    pub(crate) fn take(directory: &Path) -> Result<Lock, GalleryError> {
        let path = directory.join(layout::LOCK);
        let open = owner_only().read(true).create(true).open(&path);
        let mut file = open.map_err(GalleryError::io(&path, "open"))?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let mut text = String::new();
                let holder = file.read_to_string(&mut text).ok().and_then(|_| text.trim().parse().ok());
                return Err(GalleryError::Locked { path: directory.to_path_buf(), holder });
            }
            Err(TryLockError::Error(error)) => return Err(GalleryError::io(&path, "lock")(error)),
        }
        // For the message alone: a full disk keeps nobody from removing and compacting.
        let _ = file.set_len(0).and_then(|()| writeln!(file, "{}", std::process::id()));
        Ok(Lock { file, process: std::process::id() })
    }

    /// Whether this is the copy of it that a forked process has.
    pub(crate) fn is_forked(&self) -> bool {
        std::process::id() != self.process
    }
}

impl Drop for Lock {
    /// Closing the file alone would leave it locked for as long as a process that is being started has a copy of it: until it runs its program.
    fn drop(&mut self) {
        if !self.is_forked() {
            let _ = self.file.unlock();
        }
    }
}
