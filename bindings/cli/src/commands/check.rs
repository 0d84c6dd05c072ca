//! `vantay check`: is every byte as it was written?

use crate::{
    failure::Failure,
    galleries::{self, KeyOptions},
    output::Output,
};
use serde::Serialize;
use std::{path::PathBuf, sync::Arc};
use vantay::{
    gallery::{self, Gallery, GalleryError},
    search::SearchColumns,
};

/// Check a gallery's files; exit status 1 if anything is damaged
#[derive(clap::Args)]
#[command(after_help = "Example:\n  vantay check national --deep\n  vantay check damaged --repair whole")]
pub struct Check {
    /// The gallery
    gallery: PathBuf,
    /// Read every byte against its checksum, not the metadata alone
    #[arg(long)]
    deep: bool,
    /// Copy every registration that is whole to a new gallery
    #[arg(long, value_name = "DIR")]
    repair: Option<PathBuf>,
    /// Encrypt the new gallery by this key [default: --key-file]
    #[arg(long, value_name = "FILE", requires = "repair")]
    repair_key_file: Option<PathBuf>,
    #[command(flatten)]
    key: KeyOptions,
}

#[derive(Serialize)]
struct Report {
    sound: bool,
    deep: bool,
    commit: Option<u64>,
    files: usize,
    bytes: u64,
    problems: Vec<Problem>,
    #[serde(skip_serializing_if = "Option::is_none")]
    repaired: Option<Repaired>,
}

#[derive(Serialize)]
struct Problem {
    file: String,
    offset: Option<u64>,
    part: String,
    reason: String,
}

#[derive(Serialize)]
struct Repaired {
    kept: u64,
    lost: u64,
    unknown_segments: u64,
    lost_registrations: Vec<String>,
}

impl Check {
    pub fn run(self) -> Result<(), Failure> {
        let options = self.key.options()?;
        match Gallery::open_with(&self.gallery, options.clone()) {
            Err(error @ GalleryError::NotAGallery { .. }) if !self.gallery.is_dir() => {
                return Err(Failure::usage(error));
            }
            Err(
                error @ (GalleryError::Encrypted { .. }
                | GalleryError::WrongKey { .. }
                | GalleryError::NotEncrypted { .. }),
            ) => return Err(Failure::usage(error)),
            _ => {}
        }
        let found = gallery::check_with(&self.gallery, &options, self.deep);
        let repaired = match &self.repair {
            Some(into) => {
                let new = match &self.repair_key_file {
                    Some(file) => galleries::options(Some(file))?,
                    None => options.clone(),
                };
                let derive = Arc::new(SearchColumns);
                let repaired = gallery::repair_with(&self.gallery, &options, into, new.key.clone(), derive);
                let repaired = repaired.map_err(Failure::run)?;
                galleries::open(into, new)?;
                let (kept, lost, unknown_segments) = (repaired.kept, repaired.lost, repaired.unknown_segments);
                Some(Repaired { kept, lost, unknown_segments, lost_registrations: repaired.lost_names })
            }
            None => None,
        };
        let problem = |problem: &gallery::Problem| Problem {
            file: problem.path.display().to_string(),
            offset: problem.offset,
            part: problem.part.clone(),
            reason: problem.reason.clone(),
        };
        let mut output = Output::open(None)?;
        output.object(&Report {
            sound: found.is_whole(),
            deep: self.deep,
            commit: found.commit,
            files: found.files,
            bytes: found.bytes,
            problems: found.problems.iter().map(problem).collect(),
            repaired,
        })?;
        output.close()?;
        match found.problems.len() {
            0 => Ok(()),
            problems => Err(Failure::run(format_args!("{}: {problems} problems found", self.gallery.display()))),
        }
    }
}
