//! `vantay dedup`: who is registered twice?

use crate::{
    Common,
    evidence::{Deciding, Parts},
    failure::Failure,
    galleries::{self, Parts as PartOptions},
    output::{Flat, Output, OutputOptions},
    pairs::{self, Gathering, PageOptions},
    progress,
    stats::{Clock, Stats},
};
use serde::Serialize;
use std::{fs, io, path::PathBuf};
use vantay::{
    decision::{Adjudication, Adjudications, Decision, Reason},
    search::{DeduplicateOptions, Deduplication, Depth, Member, Modality, PairKind, Progress, Search},
};

/// List the pairs of registrations that look like one person's, best first
#[derive(clap::Args)]
#[command(
    after_help = "Example:\n  vantay dedup national --out pairs.ndjson\n  vantay dedup today --against national\n  \
                        vantay dedup national --report pairs.html --decisions decisions.ndjson"
)]
pub struct Dedup {
    /// The gallery
    gallery: PathBuf,
    /// Look for pairs between this gallery and another instead of within it
    #[arg(long, value_name = "GALLERY")]
    against: Option<PathBuf>,
    /// Cosine from which two portraits are compared in all parts [default: 3/4 of --face-threshold]
    #[arg(long, value_name = "COSINE")]
    face_candidates: Option<f64>,
    /// Screen the fingers of every registration, not only of those without a portrait
    #[arg(long)]
    every_finger: bool,
    /// The share of mates that the screen of fingers may lose
    #[arg(long, value_name = "SHARE", default_value_t = 0.005)]
    miss: f64,
    /// Write the run and its pairs as one HTML page that opens offline, for a person to judge. It shows persons' prints: the file is its owner's
    /// alone
    #[arg(long, value_name = "FILE.html")]
    report: Option<PathBuf>,
    #[command(flatten)]
    page: PageOptions,
    /// What persons decided, as the page saves it; may be given more than once, the last decision on a pair stands. Decided pairs keep the person's
    /// decision and leave the queue
    #[arg(long, value_name = "FILE.ndjson")]
    decisions: Vec<PathBuf>,
    /// Go on with a run that was killed; what it had finished stands beside --out
    #[arg(long, requires = "out")]
    resume: bool,
    #[command(flatten)]
    parts: PartOptions,
    #[command(flatten)]
    deciding: Deciding,
    #[command(flatten)]
    output: OutputOptions,
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
    /// What a person decided, if anybody did.
    #[serde(skip_serializing_if = "Option::is_none")]
    adjudication: Option<&'a Adjudication>,
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
        let gallery = galleries::open(&self.gallery)?;
        let against = self.against.as_deref().map(galleries::open).transpose()?;
        let snapshot = gallery.snapshot();
        let other = against.map(|gallery| gallery.snapshot());
        let judge = self.deciding.judge(&snapshot, &self.parts)?;
        let search = Search::new(&snapshot, judge.clone()).map_err(Failure::run)?;
        let other_search = |other| Search::new(other, judge.clone());
        let other_search = other.as_deref().map(other_search).transpose().map_err(Failure::run)?;
        // A wrong file shows before the hours of the run.
        let decided = pairs::read_decisions(&self.decisions, &search, other_search.as_ref())?;
        let bar = progress::bar("joining", Some(0));
        let show = |progress: Progress| {
            bar.set_message(progress.stage);
            bar.set_length(progress.total);
            bar.set_position(progress.done);
        };
        let checkpoint = self.output.out.as_ref().map(|out| out.with_added_extension("checkpoint"));
        if let Some(stale) = checkpoint.as_ref().filter(|path| !self.resume && path.exists()) {
            fs::remove_file(stale).map_err(|error| Failure::file(stale, error))?;
        }
        let options = DeduplicateOptions {
            checkpoint: checkpoint.as_deref(),
            modality: self.parts.modality(),
            fingers: self.parts.matching(),
            face_candidates: self.face_candidates,
            depth: Depth::for_miss(self.miss),
            every_finger: self.every_finger || self.parts.modality() == Modality::Fingerprint,
            stop: None,
            progress: Some(&show),
        };
        let found = search.deduplicate(other_search.as_ref(), &options).map_err(Failure::run)?;
        bar.finish_and_clear();
        let found = adjudicated(found, &decided);
        let mut output = Output::of(&self.output)?;
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
                adjudication: pair.adjudication(&decided),
            })?;
        }
        output.close()?;
        if let Some(path) = &self.report {
            let against = self.against.as_deref().zip(other.as_deref()).zip(other_search.as_ref());
            let gathering = Gathering {
                found: &found,
                decided: &decided,
                judge: &judge,
                gallery: (&search, &snapshot, pairs::shown(&self.gallery)),
                against: against.map(|((path, snapshot), search)| (search, snapshot, pairs::shown(path))),
                matching: self.parts.matching(),
                seconds: clock.seconds(),
            };
            pairs::write_page(path, &gathering, &self.page)?;
        }
        if let Some(done) = &checkpoint {
            fs::remove_file(done).or_else(not_there).map_err(|error| Failure::file(done, error))?;
        }
        clock.finish(common, Stats::of(found.work))
    }
}

/// What persons decided in place of the judge's decisions; says how many of theirs are about no pair of this run.
fn adjudicated(found: Deduplication, decided: &Adjudications) -> Deduplication {
    if decided.is_empty() {
        return found;
    }
    let (found, used) = found.adjudicated(decided);
    if used < decided.len() {
        eprintln!(
            "vantay: {} of {} decisions are about pairs that this run does not list",
            decided.len() - used,
            decided.len()
        );
    }
    found
}

/// A file that is not there needs no removing.
fn not_there(error: io::Error) -> io::Result<()> {
    if error.kind() == io::ErrorKind::NotFound { Ok(()) } else { Err(error) }
}
