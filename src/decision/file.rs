//! Small text files.

use super::DecisionError;
use std::path::Path;

pub(super) fn write(path: &Path, text: &str) -> Result<(), DecisionError> {
    std::fs::write(path, format!("{text}\n")).map_err(|source| DecisionError::File { path: path.into(), source })
}

pub(super) fn read(path: &Path) -> Result<String, DecisionError> {
    std::fs::read_to_string(path).map_err(|source| DecisionError::File { path: path.into(), source })
}
