//! `vantay identify`: whose is each record?

use crate::{
    Common,
    evidence::Parts,
    failure::Failure,
    galleries::{self, KeyOptions},
    output::{Flat, Output},
    probes, progress,
    searching::{Screening, Searching},
    stats::{Clock, Stats},
};
use serde::Serialize;
use std::{ops::RangeInclusive, path::PathBuf};
use vantay::{
    decision::{Decision, Interval, Reason},
    registration::Sex,
    search::{Filter, IdentifyOptions, Search, Work},
};

/// Search the whole gallery for each record
#[derive(clap::Args)]
#[command(after_help = "Example:\n  vantay identify national unknown.ndjson --top 5 --born 1990..2004 --sex f")]
pub struct Identify {
    /// The gallery
    gallery: PathBuf,
    /// The feed of probes; their personal IDs are not looked at
    feed: PathBuf,
    /// At most how many candidates each probe gets
    #[arg(long, value_name = "K", default_value_t = 10)]
    top: usize,
    /// Only subjects born in these years, both included
    #[arg(long, value_name = "FROM..TO", value_parser = years)]
    born: Option<RangeInclusive<u16>>,
    /// Only subjects of this sex
    #[arg(long, value_enum)]
    sex: Option<SexName>,
    /// Only subjects of this province; may be given several times
    #[arg(long, value_name = "CODE", value_parser = province)]
    province: Vec<u16>,
    #[command(flatten)]
    screening: Screening,
    #[command(flatten)]
    searching: Searching,
    #[command(flatten)]
    key: KeyOptions,
}

#[derive(clap::ValueEnum, Clone, Copy)]
enum SexName {
    F,
    M,
}

fn years(text: &str) -> Result<RangeInclusive<u16>, String> {
    let (from, to) = text.split_once("..").unwrap_or((text, text));
    let year =
        |text: &str| text.trim_start_matches('=').parse::<u16>().map_err(|_| format!("\"{text}\" is not a year"));
    let (from, to) = (year(from)?, year(to)?);
    if from <= to { Ok(from..=to) } else { Err(format!("{from} comes after {to}")) }
}

fn province(text: &str) -> Result<u16, String> {
    text.parse().ok().filter(|&code| code <= 999).ok_or_else(|| "expected three digits, such as 001".to_owned())
}

#[derive(Serialize)]
struct Answer<'a> {
    registration: &'a str,
    decision: Decision,
    candidates: Vec<CandidateObject<'a>>,
}

#[derive(Serialize)]
struct CandidateObject<'a> {
    personal_id: &'a str,
    registration: &'a str,
    decision: Decision,
    score: f64,
    llr: Option<f64>,
    fmr: Option<f64>,
    fmr_interval: Option<Interval>,
    extrapolated: Option<bool>,
    scores: Parts<'a>,
    reason: &'a Reason,
}

/// A candidate as a row of a table; a probe without any has one empty row.
#[derive(Serialize)]
struct Row {
    registration: String,
    rank: Option<usize>,
    candidate_personal_id: Option<String>,
    candidate_registration: Option<String>,
    decision: Decision,
    score: Option<f64>,
    llr: Option<f64>,
    fmr: Option<f64>,
    fmr_low: Option<f64>,
    fmr_high: Option<f64>,
    extrapolated: Option<bool>,
}

impl Flat for Answer<'_> {
    type Row = Row;

    fn rows(&self) -> Vec<Row> {
        let row = |(rank, candidate): (usize, &CandidateObject<'_>)| Row {
            registration: self.registration.into(),
            rank: Some(rank + 1),
            candidate_personal_id: Some(candidate.personal_id.into()),
            candidate_registration: Some(candidate.registration.into()),
            decision: candidate.decision,
            score: Some(candidate.score),
            llr: candidate.llr,
            fmr: candidate.fmr,
            fmr_low: candidate.fmr_interval.map(|interval| interval.low),
            fmr_high: candidate.fmr_interval.map(|interval| interval.high),
            extrapolated: candidate.extrapolated,
        };
        let nobody = Row {
            registration: self.registration.into(),
            rank: None,
            candidate_personal_id: None,
            candidate_registration: None,
            decision: self.decision,
            score: None,
            llr: None,
            fmr: None,
            fmr_low: None,
            fmr_high: None,
            extrapolated: None,
        };
        if self.candidates.is_empty() { vec![nobody] } else { self.candidates.iter().enumerate().map(row).collect() }
    }
}

impl Identify {
    pub fn run(self, common: &Common) -> Result<(), Failure> {
        let clock = Clock::start("identify");
        let gallery = self.key.open(&self.gallery)?;
        let snapshot = gallery.snapshot();
        let search = Search::new(&snapshot, self.searching.judge(&snapshot)?).map_err(Failure::run)?;
        let sex = self.sex.map(|sex| match sex {
            SexName::F => Sex::Female,
            SexName::M => Sex::Male,
        });
        let options = IdentifyOptions {
            top: self.top,
            modality: self.searching.modality(),
            fingers: self.searching.matching(),
            depth: self.screening.depth(),
            filter: Filter { born: self.born.clone(), sex, provinces: self.province.clone() },
            stop: None,
        };
        let mut output = Output::of(&self.searching.output)?;
        let bar = progress::bar("identifying", None);
        let (mut work, mut records) = (Work::default(), 0);
        let rejected = probes::in_batches(&self.feed, galleries::feed_options(&snapshot), 1024, |probes| {
            let (answers, done) = search.identify(probes, &options).map_err(Failure::run)?;
            work += done;
            records += probes.len() as u64;
            bar.inc(probes.len() as u64);
            probes.iter().zip(&answers).try_for_each(|(probe, answer)| {
                let candidates = answer.candidates.iter().map(|candidate| CandidateObject {
                    personal_id: &candidate.personal_id,
                    registration: &candidate.registration,
                    decision: candidate.judgement.decision,
                    score: candidate.judgement.score,
                    llr: candidate.judgement.llr,
                    fmr: candidate.judgement.fmr,
                    fmr_interval: candidate.judgement.fmr_interval,
                    extrapolated: candidate.judgement.extrapolated,
                    reason: &candidate.judgement.reason,
                    scores: Parts(&candidate.scores),
                });
                output.result(&Answer {
                    registration: probe.id.as_str(),
                    decision: answer.decision,
                    candidates: candidates.collect(),
                })
            })
        })?;
        bar.finish_and_clear();
        output.close()?;
        clock.finish(
            common,
            Stats::of(work)
                .with_records(records, rejected)
                .with_depth(self.screening.depth(), self.searching.modality()),
        )
    }
}
