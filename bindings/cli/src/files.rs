//! Files that the command writes: the owner's alone, since they speak of people, and never one that it reads.

use crate::failure::Failure;
use std::{
    ffi::OsString,
    fs::{self, File, OpenOptions},
    io::{self, Write},
    path::{Path, PathBuf},
};

/// Creates a file that only its owner can read, or empties one that is there.
pub fn create(path: &Path) -> Result<File, Failure> {
    refuse_inputs(path)?;
    emptied(path).map_err(|error| Failure::file(path, error))
}

/// Writes a file that only its owner can read. One that is there is replaced as a whole, and its permissions with it; what is no
/// file, a device or a link, is written to.
pub fn write_private(path: &Path, content: &[u8]) -> Result<(), Failure> {
    refuse_inputs(path)?;
    let failed = |error| Failure::file(path, error);
    if fs::symlink_metadata(path).is_ok_and(|of| !of.is_file()) {
        return emptied(path).and_then(|mut file| file.write_all(content)).map_err(failed);
    }
    let fresh = path.with_added_extension(format!("{}.partial", std::process::id()));
    let write = || {
        let mut file = owners().create_new(true).open(&fresh)?;
        file.write_all(content)?;
        fs::rename(&fresh, path)
    };
    write().map_err(|error| {
        let _ = fs::remove_file(&fresh);
        failed(error)
    })
}

/// Refuses to write to a file of a gallery, and to one that the command line names twice: it would be read and written, or written twice.
pub fn refuse_inputs(path: &Path) -> Result<(), Failure> {
    if path
        .parent()
        .is_some_and(|directory| directory.join("manifest").exists() && directory.join("manifest.copy").exists())
    {
        return Err(Failure::usage(format_args!("{}: lies in a gallery", path.display())));
    }
    if times_named(path, std::env::args_os().skip(1)) > 1 {
        return Err(Failure::usage(format_args!("{}: is named twice, and would be overwritten", path.display())));
    }
    Ok(())
}

/// How many of the arguments, or values of options after `=`, are the file at `path`, by any of its names. Devices may be named at will.
fn times_named(path: &Path, arguments: impl Iterator<Item = OsString>) -> usize {
    let whole = |path: &Path| fs::canonicalize(path).unwrap_or_else(|_| path.to_path_buf());
    if fs::metadata(path).is_ok_and(|of| !of.is_file()) {
        return 0;
    }
    let wanted = whole(path);
    let is_it = |argument: &OsString| {
        let value = argument.to_str().and_then(|text| text.split_once('=')).map(|(_, value)| PathBuf::from(value));
        [Some(PathBuf::from(argument)), value].iter().flatten().any(|named| whole(named) == wanted)
    };
    arguments.filter(is_it).count()
}

fn emptied(path: &Path) -> io::Result<File> {
    owners().create(true).truncate(true).open(path)
}

fn owners() -> OpenOptions {
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
    fn a_file_that_is_named_twice_is_seen_by_any_name() {
        let directory = std::env::temp_dir().join(format!("vantay-files-{}", std::process::id()));
        fs::create_dir_all(&directory).unwrap();
        let (file, other) = (directory.join("a"), directory.join("b"));
        fs::write(&file, "x").unwrap();
        let detour = directory.join(".").join("a");
        let named = |arguments: &[&Path]| times_named(&file, arguments.iter().map(OsString::from));
        assert_eq!(named(&[&file, &other]), 1);
        assert_eq!(named(&[&file, &detour]), 2);
        assert_eq!(named(&[&file, Path::new(&format!("--out={}", detour.display()))]), 2);
        assert_eq!(times_named(Path::new("/dev/null"), [OsString::from("/dev/null")].into_iter()), 0);
        fs::remove_dir_all(directory).unwrap();
    }
}
