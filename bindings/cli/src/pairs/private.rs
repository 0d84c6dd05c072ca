//! Files that show persons' templates: the owner's alone.

use crate::failure::Failure;
use std::{fs, io::Write, path::Path};

/// Writes a file that only its owner can read. One that is there is replaced as a whole, and its permissions with it.
pub fn write_private(path: &Path, content: &[u8]) -> Result<(), Failure> {
    let failed = |error| Failure::file(path, error);
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let fresh = path.with_added_extension(format!("{}.partial", std::process::id()));
    let write = || {
        let mut file = options.open(&fresh)?;
        file.write_all(content)?;
        fs::rename(&fresh, path)
    };
    write().map_err(|error| {
        let _ = fs::remove_file(&fresh);
        failed(error)
    })
}
