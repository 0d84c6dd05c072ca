//! `vantay demo`: the whole story on people who do not exist.

mod calibrating;
mod page;
mod story;

use crate::{
    Common,
    failure::Failure,
    files,
    stats::{Clock, Stats},
};
use std::{fs, path::PathBuf};

/// Show the whole job on generated registrations, and write a report
///
/// Generates a city of people who do not exist, of whom one in a hundred registered twice under another number; enrols them, verifies
/// genuine and impostor claims, searches for known people and strangers, deduplicates, and says what was found, missed and
/// wrongly paired. Its figures show that the parts work together; they say nothing about real people.
#[derive(clap::Args)]
#[command(after_help = "Example:\n  vantay demo --subjects 5000 --out /tmp/vantay-demo")]
pub struct Demo {
    /// How many people
    #[arg(long, value_name = "N", default_value_t = 20_000, value_parser = clap::value_parser!(u64).range(100..=10_000_000))]
    subjects: u64,
    /// Where the feed, the gallery and the report go; an earlier demo there is replaced
    #[arg(long, value_name = "DIR", default_value = "target/demo")]
    out: PathBuf,
}

impl Demo {
    pub fn run(self, common: &Common) -> Result<(), Failure> {
        let clock = Clock::start("demo");
        let (gallery, report) = (self.out.join("gallery"), self.out.join("report.html"));
        files::refuse_place(&report)?;
        if gallery.exists() {
            // Only what a demo made is ever replaced.
            if !report.exists() && !self.out.join("truth.csv").exists() {
                return Err(Failure::usage(format_args!("{}: not made by a demo", gallery.display())));
            }
            fs::remove_dir_all(&gallery).map_err(|error| Failure::file(&gallery, error))?;
        }
        fs::create_dir_all(&self.out).map_err(|error| Failure::file(&self.out, error))?;
        let story = story::tell(self.subjects, &self.out)?;
        files::write_private(&report, page::html(&story).as_bytes())?;
        println!("\nThe report: {}", report.display());
        clock.finish(common, Stats::of(story.work).with_records(story.registrations, 0))
    }
}
