//! `vantay enroll`: feeds into a gallery. One run is one commit, all of it or nothing, unless told otherwise.

use crate::{
    Common,
    failure::Failure,
    files::{self, Written},
    galleries::{self, KeyOptions},
    progress,
    stats::{Clock, Stats},
};
use indicatif::ProgressBar;
use std::{fs::File, io::BufWriter, path::PathBuf, sync::Arc};
use vantay::{
    gallery::{Rejection, Writer},
    registration::{FeedError, FeedLine, FeedOptions, FeedProblem, FeedReader, OnError, Rejects},
    search::SearchColumns,
};

/// Enrol the registrations of feeds
#[derive(clap::Args)]
#[command(
    after_help = "Example:\n  vantay enroll national hanoi.ndjson.zst hue.ndjson.zst --on-error skip --rejects bad.ndjson"
)]
pub struct Enroll {
    /// The gallery
    gallery: PathBuf,
    /// Feeds: .ndjson, .ndjson.gz, .ndjson.zst, or - for standard input
    #[arg(required = true)]
    feeds: Vec<PathBuf>,
    /// What a bad line does: end the run, or be left out
    #[arg(long, value_enum, default_value = "stop")]
    on_error: OnErrorName,
    /// Copy rejected lines to FILE, as they stood
    #[arg(long, value_name = "FILE")]
    rejects: Option<Written>,
    /// Commit after every N registrations instead of once at the end
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    commit_every: Option<u64>,
    #[command(flatten)]
    key: KeyOptions,
}

#[derive(clap::ValueEnum, Clone, Copy)]
enum OnErrorName {
    Stop,
    Skip,
}

impl Enroll {
    pub fn run(self, common: &Common) -> Result<(), Failure> {
        let clock = Clock::start("enroll");
        let gallery = self.key.open(&self.gallery)?;
        let options = galleries::feed_options(&gallery.snapshot());
        let copies = match &self.rejects {
            Some(path) => Some(BufWriter::new(files::create(path)?)),
            None => None,
        };
        let on_error = match self.on_error {
            OnErrorName::Stop => OnError::Stop,
            OnErrorName::Skip => OnError::Skip,
        };
        let mut run = Run {
            skips: on_error == OnError::Skip,
            writer: gallery.writer(Arc::new(SearchColumns)).map_err(Failure::run)?,
            rejects: Rejects::new(on_error, copies),
            commit_every: self.commit_every.unwrap_or(u64::MAX),
            uncommitted: 0,
            enrolled: 0,
            bar: progress::bar("enrolling", None),
        };
        for feed in &self.feeds {
            run.feed(feed, &options)?;
        }
        run.commit()?;
        run.bar.finish_and_clear();
        let rejected = run.rejects.lines();
        if rejected > 0 {
            eprint!("vantay: {}", run.rejects);
        }
        if let Some(copies) = run.rejects.into_copies() {
            let path = self.rejects.unwrap_or_default();
            copies.into_inner().map_err(|error| Failure::file(&path, error.into_error()))?;
        }
        eprintln!("vantay: {} registrations enrolled, {rejected} rejected", run.enrolled);
        let records = Some(run.enrolled + rejected);
        clock.finish(common, Stats { records, rejected: Some(rejected), ..Stats::default() })
    }
}

/// So many bad lines are named one by one.
const NAMED: u64 = 1000;

struct Run {
    skips: bool,
    writer: Writer,
    rejects: Rejects<BufWriter<File>>,
    commit_every: u64,
    uncommitted: u64,
    enrolled: u64,
    bar: ProgressBar,
}

impl Run {
    fn feed(&mut self, path: &std::path::Path, options: &FeedOptions) -> Result<(), Failure> {
        let mut reader = FeedReader::open(path, options.clone()).map_err(Failure::run)?;
        while let Some(lines) = reader.next_batch() {
            let count = lines.len() as u64;
            for line in lines {
                self.line(line)?;
            }
            self.bar.inc(count);
        }
        Ok(())
    }

    fn line(&mut self, line: FeedLine) -> Result<(), Failure> {
        let FeedLine { place, outcome, .. } = &line;
        let refused = match outcome {
            Err(problem) => {
                self.name(problem);
                return self.rejects.accept(line).map(|_| ()).map_err(Failure::run);
            }
            Ok(registration) => match self.writer.enroll(registration.clone()) {
                Ok(()) => {
                    self.enrolled += 1;
                    self.uncommitted += 1;
                    return if self.uncommitted >= self.commit_every { self.commit() } else { Ok(()) };
                }
                Err(Rejection::Failed(error)) => return Err(Failure::run(error)),
                Err(rejection) => rejection,
            },
        };
        let problem = FeedProblem {
            offset: place.offset,
            place: place.clone(),
            field: String::new(),
            reason: FeedError::Refused { reason: refused.to_string() },
        };
        self.name(&problem);
        self.rejects.reject(problem, line.raw()).map_err(Failure::run)
    }

    /// Says which line is bad, as long as that is for a person to read; the account at the end has the rest.
    fn name(&self, problem: &FeedProblem) {
        if self.skips && !problem.is_final() && self.rejects.lines() < NAMED {
            self.bar.suspend(|| eprintln!("vantay: {problem}"));
        }
    }

    fn commit(&mut self) -> Result<(), Failure> {
        self.uncommitted = 0;
        self.writer.commit().map(|_| ()).map_err(Failure::run)
    }
}
