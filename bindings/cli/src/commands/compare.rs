//! `vantay compare`: two template files, or two registrations of a gallery, explained.

use crate::{
    evidence::{Deciding, Parts},
    failure::Failure,
    files::{self, Written},
    galleries::{self, KeyOptions, Parts as PartOptions},
    output::Output,
    pairs::{self, Gathering, PageOptions},
    templates,
};
use serde::Serialize;
use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    time::Instant,
};
use vantay::{
    decision::{Adjudications, Calibration, Decision, Interval, Rate, Reason},
    fingerprint::{Comparer, drawing},
    search::{Deduplication, Member, Search},
    simd::Level,
};

/// Compare two template files: score, named sub-scores, the paired minutiae; or two registrations of a gallery in all their parts
#[derive(clap::Args)]
#[command(after_help = "Example:\n  vantay compare 101_1.iso 101_2.iso --svg pairs.svg\n  \
                        vantay compare --gallery national HN-2022-1 HN-2022-7 --report pair.html")]
pub struct Compare {
    /// One file, or with --gallery one registration
    a: PathBuf,
    /// The other
    b: PathBuf,
    /// Draw both prints with their pairs
    #[arg(long, value_name = "FILE.svg", conflicts_with = "gallery")]
    svg: Option<Written>,
    /// Compare registrations of this gallery
    #[arg(long, value_name = "GALLERY")]
    gallery: Option<PathBuf>,
    /// The second registration is of this gallery
    #[arg(long, value_name = "GALLERY", requires = "gallery")]
    against: Option<PathBuf>,
    #[command(flatten)]
    key: KeyOptions,
    /// The key of the other gallery, if it is encrypted
    #[arg(long, value_name = "FILE", requires = "against")]
    against_key_file: Option<PathBuf>,
    /// Write both registrations, their scores and prints as one HTML page that opens offline
    #[arg(long, value_name = "FILE.html", requires = "gallery")]
    report: Option<Written>,
    #[command(flatten)]
    page: PageOptions,
    #[command(flatten)]
    parts: PartOptions,
    #[command(flatten)]
    deciding: Deciding,
}

#[derive(Serialize)]
struct Report<'a> {
    score: f32,
    /// The rate at which two fingers of strangers score so high.
    fmr: Option<f64>,
    fmr_interval: Option<Interval>,
    extrapolated: Option<bool>,
    rotation_degrees: f32,
    shift: (f32, f32),
    pairs: &'a [(usize, usize)],
    subscores: BTreeMap<&'a str, f32>,
}

#[derive(Serialize)]
struct PairReport<'a> {
    a: &'a Member,
    b: &'a Member,
    decision: Decision,
    score: f64,
    llr: Option<f64>,
    fmr: Option<f64>,
    fmr_interval: Option<Interval>,
    extrapolated: Option<bool>,
    scores: Parts<'a>,
    reason: &'a Reason,
}

impl Compare {
    pub fn run(self) -> Result<(), Failure> {
        match &self.gallery {
            Some(gallery) => self.registrations(gallery),
            None => self.files(),
        }
    }

    fn files(&self) -> Result<(), Failure> {
        let (a, b) = (templates::first_view(&self.a)?, templates::first_view(&self.b)?);
        let explanation = Comparer::new(Level::chosen().map_err(Failure::usage)?).explain(&a, &b);
        if let Some(path) = &self.svg {
            files::write_private(path, drawing::side_by_side(&a, &b, &explanation).as_bytes())?;
        }
        let rate = Calibration::default_fingerprint().map(|known| known.fmr_at(f64::from(explanation.score())));
        let mut output = Output::open(None)?;
        output.object(&Report {
            score: explanation.score(),
            fmr: rate.map(|rate| rate.value),
            fmr_interval: rate.map(|Rate { low, high, .. }| Interval { low, high }),
            extrapolated: rate.map(|rate| rate.extrapolated),
            rotation_degrees: explanation.rotation(),
            shift: explanation.shift(),
            pairs: explanation.pairs(),
            subscores: explanation.subscores().collect(),
        })?;
        output.close()
    }

    fn registrations(&self, path: &Path) -> Result<(), Failure> {
        let start = Instant::now();
        let name = |of: &Path| {
            let refused = || Failure::usage(format_args!("{}: not the name of a registration", of.display()));
            of.to_str().map(str::to_owned).ok_or_else(refused)
        };
        let snapshot = self.key.open(path)?.snapshot();
        let other = match &self.against {
            Some(path) => {
                Some(galleries::open(path, galleries::options(self.against_key_file.as_deref())?)?.snapshot())
            }
            None => None,
        };
        let judge = self.deciding.judge(&snapshot, &self.parts)?;
        let search = Search::new(&snapshot, judge.clone()).map_err(Failure::run)?;
        let other_search = other.as_deref().map(|other| Search::new(other, judge.clone())).transpose();
        let other_search = other_search.map_err(Failure::run)?;
        let (modality, matching) = (self.parts.modality(), self.parts.matching());
        let found: Deduplication = search
            .compare_pair(other_search.as_ref(), [&name(&self.a)?, &name(&self.b)?], modality, matching)
            .map_err(Failure::usage)?;
        if let Some(report) = &self.report {
            let against = self.against.as_deref().zip(other.as_deref()).zip(other_search.as_ref());
            let gathering = Gathering {
                found: &found,
                decided: &Adjudications::default(),
                judge: &judge,
                gallery: (&search, &snapshot, pairs::shown(path)),
                against: against.map(|((path, snapshot), search)| (search, snapshot, pairs::shown(path))),
                matching,
                seconds: start.elapsed().as_secs_f64(),
                keys: [self.key.path(), self.against_key_file.as_deref()].map(|key| key.map(pairs::shown)),
            };
            pairs::write_page(report, &gathering, &self.page)?;
        }
        let mut output = Output::open(None)?;
        for pair in &found.pairs {
            output.object(&PairReport {
                a: &pair.a,
                b: &pair.b,
                decision: pair.judgement.decision,
                score: pair.judgement.score,
                llr: pair.judgement.llr,
                fmr: pair.judgement.fmr,
                fmr_interval: pair.judgement.fmr_interval,
                extrapolated: pair.judgement.extrapolated,
                scores: Parts(&pair.scores),
                reason: &pair.judgement.reason,
            })?;
        }
        output.close()
    }
}
