//! Files that the command writes: the owner's alone, since they speak of people, and never one that it reads.

use crate::failure::Failure;
use clap::{
    ArgMatches,
    builder::{MapValueParser, PathBufValueParser, TypedValueParser, ValueParserFactory},
};
use std::{
    fs::{self, File, OpenOptions},
    io::{self, Read, Write},
    ops::Deref,
    path::{Path, PathBuf},
};

/// A file that an option names to be written. Options of this type are looked at before a command runs, see [`refuse_inputs`].
#[derive(Clone, Debug, Default)]
pub struct Written(PathBuf);

impl Deref for Written {
    type Target = Path;

    fn deref(&self) -> &Path {
        &self.0
    }
}

impl ValueParserFactory for Written {
    type Parser = MapValueParser<PathBufValueParser, fn(PathBuf) -> Written>;

    fn value_parser() -> Self::Parser {
        PathBufValueParser::new().map(Written)
    }
}

/// Refuses, before a command runs, to write into a gallery, to a folder or where none is, and to write a file that the command line names twice: it would
/// be read and written, or written twice. Named is what options and arguments take as paths; other values are not.
pub fn refuse_inputs(matches: &ArgMatches) -> Result<(), Failure> {
    let (mut name, mut of_command) = ("", matches);
    // Options of every command are among those of the innermost one.
    while let Some((inner_name, inner)) = of_command.subcommand() {
        (name, of_command) = (inner_name, inner);
    }
    let written: Vec<_> = values::<Written>(of_command).into_iter().map(|Written(path)| path).collect();
    let others = values::<PathBuf>(of_command);
    let named = [&others[..], &written].concat();
    for path in &written {
        refuse_place(path)?;
        // The demo makes the folder that it is given.
        let is_made = name == "demo" && others.iter().any(|made| folder(path).starts_with(made));
        if !folder(path).is_dir() && !is_made {
            return Err(Failure::usage(format_args!("{}: lies in no folder that exists", path.display())));
        }
        if times_named(path, &named) > 1 {
            return Err(Failure::usage(format_args!("{}: is named twice, and would be overwritten", path.display())));
        }
    }
    Ok(())
}

/// The values of this type that were given.
fn values<T: Clone + Send + Sync + 'static>(matches: &ArgMatches) -> Vec<T> {
    let of = |id: &clap::Id| matches.try_get_many::<T>(id.as_str()).ok().flatten();
    matches.ids().filter_map(of).flatten().cloned().collect()
}

/// Refuses to write to a file of a gallery, and to a folder.
pub fn refuse_place(path: &Path) -> Result<(), Failure> {
    if real(path).parent().is_some_and(is_gallery) {
        return Err(Failure::usage(format_args!("{}: lies in a gallery", path.display())));
    }
    if path.is_dir() {
        return Err(Failure::usage(format_args!("{}: is a folder", path.display())));
    }
    Ok(())
}

/// Whether the manifest of a gallery or its copy lies there. A file that is merely called so is none.
fn is_gallery(directory: &Path) -> bool {
    const BEGINNING: &[u8] = b"VANTAY-GALLERY";
    let manifests = ["manifest", "manifest.copy"].map(|name| directory.join(name));
    let begins = |path: &PathBuf| {
        let mut found = [0; BEGINNING.len()];
        File::open(path).and_then(|mut file| file.read_exact(&mut found)).is_ok() && found == BEGINNING
    };
    manifests.iter().any(begins) || manifests.iter().all(|path| path.exists())
}

/// Creates a file that only its owner can read, or empties one that is there.
pub fn create(path: &Path) -> Result<File, Failure> {
    refuse_place(path)?;
    emptied(path).map_err(|error| Failure::file(path, error))
}

/// Writes a file that only its owner can read. One that is there is replaced as a whole, and its permissions with it; what is no
/// file, a device or a link, is written to.
pub fn write_private(path: &Path, content: &[u8]) -> Result<(), Failure> {
    refuse_place(path)?;
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

/// How many of the paths are the file at `path`, by any of its names. Devices may be named at will.
fn times_named(path: &Path, named: &[PathBuf]) -> usize {
    if fs::metadata(path).is_ok_and(|of| !of.is_file()) {
        return 0;
    }
    let wanted = Identity::of(path);
    named.iter().filter(|named| Identity::of(named) == wanted).count()
}

/// What tells a file from every other, whatever it is called.
#[derive(PartialEq)]
enum Identity {
    /// Device and number of a file that is there: hard links have the same.
    #[cfg(unix)]
    Number(u64, u64),
    /// Where the file is, or would be.
    Place(PathBuf),
}

impl Identity {
    fn of(path: &Path) -> Self {
        #[cfg(unix)]
        if let Ok(of) = fs::metadata(path) {
            use std::os::unix::fs::MetadataExt;
            return Identity::Number(of.dev(), of.ino());
        }
        Identity::Place(real(path))
    }
}

/// The path without links and detours, also that of a file which is yet to be created.
fn real(path: &Path) -> PathBuf {
    let mut path = path.to_path_buf();
    // A link may lead to where nothing is yet. No more links than this are followed by any system.
    for _ in 0..40 {
        if let Ok(whole) = fs::canonicalize(&path) {
            return whole;
        }
        match fs::read_link(&path) {
            Ok(target) => path = folder(&path).join(target),
            Err(_) => break,
        }
    }
    match (fs::canonicalize(folder(&path)), path.file_name()) {
        (Ok(folder), Some(name)) => folder.join(name),
        _ => path,
    }
}

fn folder(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// The file, empty, and of whatever permissions it was, its owner's alone from now on.
fn emptied(path: &Path) -> io::Result<File> {
    let was_there = path.exists();
    let file = owners().create(true).truncate(false).open(path)?;
    // A device or a pipe has nothing to empty, and is not the caller's alone.
    if was_there && file.metadata()?.is_file() {
        #[cfg(unix)]
        if std::os::unix::fs::PermissionsExt::mode(&file.metadata()?.permissions()) & 0o077 != 0 {
            file.set_permissions(std::os::unix::fs::PermissionsExt::from_mode(0o600))?;
        }
        file.set_len(0)?;
    }
    Ok(file)
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

    /// A folder with a file `a`.
    struct Folder(PathBuf);

    impl Folder {
        fn new(name: &str) -> Self {
            let folder = Folder(std::env::temp_dir().join(format!("vantay-files-{name}-{}", std::process::id())));
            fs::create_dir_all(&folder.0).unwrap();
            fs::write(folder.0.join("a"), "x").unwrap();
            folder
        }

        fn paths<const N: usize>(&self, names: [&str; N]) -> [PathBuf; N] {
            names.map(|name| self.0.join(name))
        }
    }

    impl Drop for Folder {
        fn drop(&mut self) {
            let _ = fs::remove_dir_all(&self.0);
        }
    }

    #[test]
    fn a_file_that_is_named_twice_is_seen_by_any_name() {
        let folder = Folder::new("names");
        let [file, other, detour, new, same_new] = folder.paths(["a", "b", "./a", "new", "./new"]);
        assert_eq!(times_named(&file, &[file.clone(), other.clone()]), 1);
        assert_eq!(times_named(&file, &[file.clone(), detour]), 2);
        assert_eq!(times_named(&new, &[new.clone(), same_new, other]), 2, "also before there is one");
        assert_eq!(times_named(Path::new("/dev/null"), &["/dev/null".into(), "/dev/null".into()]), 0);
    }

    #[cfg(unix)]
    #[test]
    fn a_file_is_seen_behind_links_of_both_kinds() {
        let folder = Folder::new("links");
        let [file, hard, soft, early, later] = folder.paths(["a", "hard", "soft", "early", "later"]);
        fs::hard_link(&file, &hard).unwrap();
        std::os::unix::fs::symlink("a", &soft).unwrap();
        std::os::unix::fs::symlink("later", &early).unwrap();
        assert_eq!(times_named(&file, &[file.clone(), hard, soft]), 3);
        assert_eq!(times_named(&later, &[later.clone(), early]), 2, "a link may be there before its file");
    }

    #[test]
    fn a_gallery_is_known_by_its_manifest_or_the_copy() {
        let folder = Folder::new("gallery");
        let [manifest, copy, result] = folder.paths(["manifest", "manifest.copy", "result"]);
        fs::write(&manifest, "files: 7\n").unwrap();
        refuse_place(&result).expect("another program's manifest makes no gallery");
        fs::rename(&manifest, &copy).unwrap();
        fs::write(&copy, "VANTAY-GALLERY 1.1\n").unwrap();
        refuse_place(&result).unwrap_err();
        fs::rename(&copy, &manifest).unwrap();
        refuse_place(&result).unwrap_err();
        refuse_place(&manifest).unwrap_err();
    }
}
