//! Template files named on the command line.

use crate::failure::Failure;
use std::{
    fs,
    path::{Path, PathBuf},
};
use vantay::template::{self, MinutiaeTemplate, Record};

/// Reads a record of minutiae; what is odd about it but readable goes to standard error.
pub fn record(path: &Path) -> Result<Record, Failure> {
    let bytes = fs::read(path).map_err(|error| Failure::file(path, error))?;
    let record = template::read(&bytes).map_err(|error| Failure::run(format_args!("{}: {error}", path.display())))?;
    for warning in record.warnings() {
        eprintln!("vantay: {}: {warning}", path.display());
    }
    Ok(record)
}

/// The first view of a record, in the inner form.
pub fn first_view(path: &Path) -> Result<MinutiaeTemplate, Failure> {
    let templates =
        record(path)?.templates().map_err(|error| Failure::run(format_args!("{}: {error}", path.display())))?;
    let more = templates.len().saturating_sub(1);
    if more > 0 {
        eprintln!("vantay: {}: the first of {} views is used", path.display(), more + 1);
    }
    templates.into_iter().next().ok_or_else(|| Failure::run(format_args!("{}: the record has no view", path.display())))
}

/// The files of a folder that are named <finger>_<impression>.*, in the order of their names.
pub fn files_of(dir: &Path) -> Result<Vec<PathBuf>, Failure> {
    let mut files = Vec::new();
    for entry in fs::read_dir(dir).map_err(|error| Failure::file(dir, error))? {
        let path = entry.map_err(|error| Failure::file(dir, error))?.path();
        let is_hidden = path.file_name().is_some_and(|name| name.to_string_lossy().starts_with('.'));
        let is_named = path.file_stem().is_some_and(|stem| stem.to_string_lossy().contains('_'));
        if path.is_file() && is_named && !is_hidden {
            files.push(path);
        }
    }
    files.sort();
    if files.is_empty() {
        return Err(Failure::run(format_args!("{}: no file named <finger>_<impression>.*", dir.display())));
    }
    Ok(files)
}
