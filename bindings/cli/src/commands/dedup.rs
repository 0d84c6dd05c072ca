//! `vantay dedup`: who is registered twice?

use crate::{
    Common,
    evidence::Parts,
    failure::Failure,
    galleries::{self, KeyOptions},
    output::{Flat, Output},
    page, progress,
    searching::{Screening, Searching},
    stats::{Clock, Stats},
};
use serde::Serialize;
use std::{fs, io, path::PathBuf};
use vantay::{
    decision::{Decision, Reason},
    search::{DeduplicateOptions, Member, Modality, PairKind, Progress, Search},
};

/// List the pairs of registrations that look like one person's, best first
#[derive(clap::Args)]
#[command(after_help = "Example:\n  vantay dedup national --out pairs.ndjson\n  vantay dedup today --against national")]
pub struct Dedup {
    /// The gallery
    gallery: PathBuf,
    /// Look for pairs between this gallery and another instead of within it
    #[arg(long, value_name = "GALLERY")]
    against: Option<PathBuf>,
    /// The key of the gallery named by --against, if it is encrypted
    #[arg(long, value_name = "FILE", requires = "against")]
    against_key_file: Option<PathBuf>,
    /// Cosine from which two portraits are compared in all parts [default: 3/4 of --face-threshold]
    #[arg(long, value_name = "COSINE")]
    face_candidates: Option<f64>,
    /// Screen the fingers of every registration, not only of those without a portrait
    #[arg(long)]
    every_finger: bool,
    #[command(flatten)]
    screening: Screening,
    /// Write the run and its first thousand pairs as one HTML page that opens offline
    #[arg(long, value_name = "FILE.html")]
    report: Option<PathBuf>,
    /// Go on with a run that was killed; what it had finished stands beside --out
    #[arg(long, requires = "out")]
    resume: bool,
    #[command(flatten)]
    searching: Searching,
    #[command(flatten)]
    key: KeyOptions,
}

#[derive(Serialize)]
struct PairObject<'a> {
    a: &'a Member,
    b: &'a Member,
    kind: PairKind,
    decision: Decision,
    score: f64,
    llr: Option<f64>,
    fmr: Option<f64>,
    scores: Parts<'a>,
    reason: &'a Reason,
    cluster: Option<u32>,
}

/// The pair as a row of a table.
#[derive(Serialize)]
struct Row {
    a_personal_id: String,
    a_registration: String,
    b_personal_id: String,
    b_registration: String,
    kind: PairKind,
    decision: Decision,
    score: f64,
    llr: Option<f64>,
    fmr: Option<f64>,
    cluster: Option<u32>,
}

impl Flat for PairObject<'_> {
    type Row = Row;

    fn rows(&self) -> Vec<Row> {
        vec![Row {
            a_personal_id: self.a.personal_id.to_string(),
            a_registration: self.a.registration.to_string(),
            b_personal_id: self.b.personal_id.to_string(),
            b_registration: self.b.registration.to_string(),
            kind: self.kind,
            decision: self.decision,
            score: self.score,
            llr: self.llr,
            fmr: self.fmr,
            cluster: self.cluster,
        }]
    }
}

impl Dedup {
    pub fn run(self, common: &Common) -> Result<(), Failure> {
        let clock = Clock::start("dedup");
        let gallery = self.key.open(&self.gallery)?;
        let against = match &self.against {
            Some(path) => Some(galleries::open(path, galleries::options(self.against_key_file.as_deref())?)?),
            None => None,
        };
        let snapshot = gallery.snapshot();
        let other = against.map(|gallery| gallery.snapshot());
        let judge = self.searching.judge(&snapshot)?;
        let search = Search::new(&snapshot, judge.clone()).map_err(Failure::run)?;
        let other = other.as_ref().map(|other| Search::new(other, judge)).transpose().map_err(Failure::run)?;
        let bar = progress::bar("joining", Some(0));
        let show = |progress: Progress| {
            bar.set_message(progress.stage);
            bar.set_length(progress.total);
            bar.set_position(progress.done);
        };
        let checkpoint = self.searching.output.out.as_ref().map(|out| out.with_added_extension("checkpoint"));
        if let Some(stale) = checkpoint.as_ref().filter(|path| !self.resume && path.exists()) {
            fs::remove_file(stale).map_err(|error| Failure::file(stale, error))?;
        }
        let options = DeduplicateOptions {
            checkpoint: checkpoint.as_deref(),
            modality: self.searching.modality(),
            fingers: self.searching.matching(),
            face_candidates: self.face_candidates,
            depth: self.screening.depth(),
            every_finger: self.every_finger || self.searching.modality() == Modality::Fingerprint,
            stop: None,
            progress: Some(&show),
        };
        let found = search.deduplicate(other.as_ref(), &options).map_err(Failure::run)?;
        bar.finish_and_clear();
        let mut output = Output::of(&self.searching.output)?;
        for pair in &found.pairs {
            output.result(&PairObject {
                a: &pair.a,
                b: &pair.b,
                kind: pair.kind,
                decision: pair.judgement.decision,
                score: pair.judgement.score,
                llr: pair.judgement.llr,
                fmr: pair.judgement.fmr,
                reason: &pair.judgement.reason,
                scores: Parts(&pair.scores),
                cluster: pair.cluster,
            })?;
        }
        output.close()?;
        if let Some(path) = &self.report {
            let page = page::deduplication(&found, &self.gallery.display().to_string(), clock.seconds());
            fs::write(path, page).map_err(|error| Failure::file(path, error))?;
        }
        if let Some(done) = &checkpoint {
            fs::remove_file(done).or_else(not_there).map_err(|error| Failure::file(done, error))?;
        }
        clock.finish(common, Stats::of(found.work))
    }
}

/// A file that is not there needs no removing.
fn not_there(error: io::Error) -> io::Result<()> {
    if error.kind() == io::ErrorKind::NotFound { Ok(()) } else { Err(error) }
}
