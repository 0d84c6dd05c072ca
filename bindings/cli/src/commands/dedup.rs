//! `vantay dedup`: who is registered twice?

use crate::{
    Common,
    evidence::Parts,
    failure::Failure,
    files::Written,
    galleries::{self, KeyOptions},
    output::{Flat, Output},
    pairs::{self, Gathering, PageOptions},
    progress,
    searching::{Screening, Searching},
    stats::{Clock, Stats},
};
use serde::Serialize;
use std::{fs, io, path::PathBuf, time::Duration};
use vantay::{
    decision::{Adjudication, Adjudications, Decision, Evidence, Interval, Reason},
    search::{
        Cost, CostPart, DeduplicateOptions, Deduplication, FingerScore, Member, OnNodes, PairKind, Progress, Search,
    },
};

/// List the pairs of registrations that look like one person's, best first
#[derive(clap::Args)]
#[command(
    after_help = "Example:\n  vantay dedup national --out pairs.ndjson\n  vantay dedup today --against national\n  \
    vantay dedup national --portraits-suffice --false-pairs 10 --out pairs.ndjson\n  \
    vantay dedup national --report pairs.html --decisions decisions.ndjson\n  \
    vantay dedup national --estimate 1000000,107000000 --nodes 1,10,100"
)]
pub struct Dedup {
    /// The gallery
    gallery: PathBuf,
    /// Look for pairs between this gallery and another instead of within it
    #[arg(long, value_name = "GALLERY")]
    against: Option<PathBuf>,
    /// The key of the gallery named by --against, if it is encrypted
    #[arg(long, value_name = "FILE", requires = "against")]
    against_key_file: Option<PathBuf>,
    /// Cosine from which two portraits are compared in all parts [default: what one pair of strangers in ten thousand reaches, at most 50 of a registration]
    #[arg(long, value_name = "COSINE")]
    face_candidates: Option<f64>,
    /// Screen only the fingers of registrations without a portrait: hundreds of times faster, but it misses who does not look alike in
    /// two portraits
    #[arg(long)]
    portraits_suffice: bool,
    /// Screen the fingers of every registration, which is the default
    #[arg(long, conflicts_with = "portraits_suffice", hide = true)]
    every_finger: bool,
    #[command(flatten)]
    screening: Screening,
    /// Write the run and its pairs as one HTML page that opens offline, for a person to judge. It shows persons' prints: the file is its owner's
    /// alone
    #[arg(long, value_name = "FILE.html")]
    report: Option<Written>,
    #[command(flatten)]
    page: PageOptions,
    /// What persons decided, as the page saves it; may be given more than once, the last decision on a pair stands. Decided pairs keep the person's
    /// decision and leave the queue
    #[arg(long, value_name = "FILE.ndjson")]
    decisions: Vec<PathBuf>,
    /// Deduplicate nothing: measure some seconds of it, and print what the whole would take for each of these numbers of registrations
    #[arg(long, value_name = "REGISTRATIONS", num_args = 0.., value_delimiter = ',', conflicts_with_all = ["against", "resume", "report"])]
    estimate: Option<Vec<u64>>,
    /// With --estimate, what so many machines like this one take: the registrations told into galleries that are held against each other in turn
    #[arg(long, value_name = "N", value_delimiter = ',', requires = "estimate", default_values_t = [1, 10, 100], value_parser = clap::value_parser!(u64).range(1..=1_000_000))]
    nodes: Vec<u64>,
    /// Go on with a run that was killed; what it had finished stands beside --out
    #[arg(long, requires = "out")]
    resume: bool,
    #[command(flatten)]
    searching: Searching,
    #[command(flatten)]
    key: KeyOptions,
}

/// How long each kind of work is measured.
const PATIENCE: Duration = Duration::from_secs(5);

/// What a size takes.
#[derive(Serialize)]
struct Estimate {
    #[serde(flatten)]
    cost: Cost,
    core_hours: f64,
    /// On this machine.
    hours: f64,
    parts: [CostPart; 6],
    nodes: Vec<OnNodes>,
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
    fmr_interval: Option<Interval>,
    extrapolated: Option<bool>,
    scores: Parts<'a>,
    fingers: Vec<Finger>,
    evidence: Vec<Evidence>,
    reason: &'a Reason,
    cluster: Option<u32>,
    /// What a person decided, if anybody did.
    #[serde(skip_serializing_if = "Option::is_none")]
    adjudication: Option<&'a Adjudication>,
}

/// Two fingers that were taken for each other's mates: positions of `a` and of `b`.
#[derive(Serialize)]
struct Finger {
    a: u8,
    b: u8,
    score: f64,
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
    face: Option<f64>,
    fingers: String,
    cluster: Option<u32>,
    fmr_low: Option<f64>,
    fmr_high: Option<f64>,
    extrapolated: Option<bool>,
}

impl std::fmt::Display for Finger {
    /// `2:88.5`, or `2-7:88.5` across positions.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Finger { a, b, score } = self;
        if a == b { write!(f, "{a}:{score}") } else { write!(f, "{a}-{b}:{score}") }
    }
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
            face: self.scores.0.face,
            fingers: self.fingers.iter().map(Finger::to_string).collect::<Vec<_>>().join(" "),
            cluster: self.cluster,
            fmr_low: self.fmr_interval.map(|interval| interval.low),
            fmr_high: self.fmr_interval.map(|interval| interval.high),
            extrapolated: self.extrapolated,
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
            every_finger: self.every_finger || !self.portraits_suffice,
            stop: None,
            progress: Some(&show),
        };
        if let Some(sizes) = &self.estimate {
            bar.finish_and_clear();
            return self.estimate(&search, &options, sizes);
        }
        let found = search.deduplicate(other_search.as_ref(), &options).map_err(Failure::run)?;
        bar.finish_and_clear();
        let found = adjudicated(found, &decided);
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
                fmr_interval: pair.judgement.fmr_interval,
                extrapolated: pair.judgement.extrapolated,
                reason: &pair.judgement.reason,
                scores: Parts(&pair.scores),
                fingers: pair.fingers.iter().map(finger).collect(),
                evidence: judge.evidence(&pair.scores),
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
                matching: self.searching.matching(),
                keys: [self.key.path(), self.against_key_file.as_deref()].map(|key| key.map(pairs::shown)),
                seconds: clock.seconds(),
            };
            pairs::write_page(path, &gathering, &self.page)?;
        }
        if let Some(done) = &checkpoint {
            fs::remove_file(done).or_else(not_there).map_err(|error| Failure::file(done, error))?;
        }
        clock.finish(common, Stats::of(found.work).with_depth(self.screening.depth(), self.searching.modality()))
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

impl Dedup {
    /// What was measured, and then what each size takes, an object a line.
    fn estimate(&self, search: &Search<'_>, options: &DeduplicateOptions<'_>, sizes: &[u64]) -> Result<(), Failure> {
        let model = search.measure_deduplication(options, PATIENCE).map_err(Failure::run)?;
        let mut output = Output::of(&self.searching.output)?;
        output.object(&model)?;
        let own = [model.measured_on];
        for &size in if sizes.is_empty() { &own[..] } else { sizes } {
            let cost = model.of(size);
            let cores = model.threads as u64;
            output.object(&Estimate {
                cost,
                core_hours: cost.hours(1, 1),
                hours: cost.hours(1, cores),
                parts: cost.parts(),
                nodes: self.nodes.iter().map(|&nodes| model.on_nodes(size, nodes, cores)).collect(),
            })?;
        }
        output.close()
    }
}

fn finger(finger: &FingerScore) -> Finger {
    Finger { a: finger.a.number(), b: finger.b.number(), score: finger.score }
}

/// A file that is not there needs no removing.
fn not_there(error: io::Error) -> io::Result<()> {
    if error.kind() == io::ErrorKind::NotFound { Ok(()) } else { Err(error) }
}
