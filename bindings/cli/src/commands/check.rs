//! `vantay check`: is every byte as it was written?

use crate::{failure::Failure, galleries, output::Output};
use serde::Serialize;
use std::path::PathBuf;

/// Check a gallery's files; exit status 1 if anything is damaged
#[derive(clap::Args)]
#[command(after_help = "Example:\n  vantay check national --deep")]
pub struct Check {
    /// The gallery
    gallery: PathBuf,
    /// Read every column against its checksums, not the metadata alone
    #[arg(long)]
    deep: bool,
    /// Write what is whole to a new gallery in DIR
    #[arg(long, value_name = "DIR")]
    repair: Option<PathBuf>,
}

#[derive(Serialize)]
struct Report {
    sound: bool,
    deep: bool,
    bytes_checked: u64,
    problems: Vec<Problem>,
}

#[derive(Serialize)]
struct Problem {
    file: String,
    offset: Option<u64>,
    column: Option<String>,
    reason: String,
}
