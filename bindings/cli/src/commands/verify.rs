//! `vantay verify`: each record against the subject its personal ID names.

use crate::{
    Common,
    evidence::Parts,
    failure::Failure,
    galleries::{self, KeyOptions},
    output::{Flat, Output},
    probes, progress,
    searching::Searching,
    stats::{Clock, Stats},
};
use serde::Serialize;
use std::path::PathBuf;
use vantay::{
    decision::{Decision, Interval, Reason},
    search::{Search, Work},
};

/// Compare each record with the subject that its personal ID names
#[derive(clap::Args)]
#[command(
    after_help = "Example:\n  vantay verify national visits.ndjson | jq -r 'select(.decision != \"match\") | .registration'"
)]
pub struct Verify {
    /// The gallery
    gallery: PathBuf,
    /// The feed of claims
    feed: PathBuf,
    #[command(flatten)]
    searching: Searching,
    #[command(flatten)]
    key: KeyOptions,
}

#[derive(Serialize)]
struct Answer<'a> {
    registration: &'a str,
    personal_id: &'a str,
    decision: Decision,
    known: bool,
    reference: Option<&'a str>,
    score: f64,
    llr: Option<f64>,
    fmr: Option<f64>,
    fmr_interval: Option<Interval>,
    extrapolated: Option<bool>,
    scores: Parts<'a>,
    reason: &'a Reason,
}

/// The answer as a row of a table.
#[derive(Serialize)]
struct Row {
    registration: String,
    personal_id: String,
    decision: Decision,
    known: bool,
    score: f64,
    llr: Option<f64>,
    fmr: Option<f64>,
    fmr_low: Option<f64>,
    fmr_high: Option<f64>,
    extrapolated: Option<bool>,
}

impl Flat for Answer<'_> {
    type Row = Row;

    fn rows(&self) -> Vec<Row> {
        vec![Row {
            registration: self.registration.into(),
            personal_id: self.personal_id.into(),
            decision: self.decision,
            known: self.known,
            score: self.score,
            llr: self.llr,
            fmr: self.fmr,
            fmr_low: self.fmr_interval.map(|interval| interval.low),
            fmr_high: self.fmr_interval.map(|interval| interval.high),
            extrapolated: self.extrapolated,
        }]
    }
}

impl Verify {
    pub fn run(self, common: &Common) -> Result<(), Failure> {
        let clock = Clock::start("verify");
        let gallery = self.key.open(&self.gallery)?;
        let snapshot = gallery.snapshot();
        let search = Search::new(&snapshot, self.searching.judge(&snapshot)?).map_err(Failure::run)?;
        let mut output = Output::of(&self.searching.output)?;
        let bar = progress::bar("verifying", None);
        let (mut work, mut records) = (Work::default(), 0);
        let rejected = probes::in_batches(&self.feed, galleries::feed_options(&snapshot), 1024, |claims| {
            let (modality, matching) = (self.searching.modality(), self.searching.matching());
            let (answers, done) = search.verify(claims, modality, matching).map_err(Failure::run)?;
            work += done;
            records += claims.len() as u64;
            bar.inc(claims.len() as u64);
            claims.iter().zip(&answers).try_for_each(|(claim, answer)| {
                output.result(&Answer {
                    registration: claim.id.as_str(),
                    personal_id: claim.personal_id.as_str(),
                    decision: answer.judgement.decision,
                    known: answer.known,
                    reference: answer.registration.as_deref(),
                    score: answer.judgement.score,
                    llr: answer.judgement.llr,
                    fmr: answer.judgement.fmr,
                    fmr_interval: answer.judgement.fmr_interval,
                    extrapolated: answer.judgement.extrapolated,
                    reason: &answer.judgement.reason,
                    scores: Parts(&answer.scores),
                })
            })
        })?;
        bar.finish_and_clear();
        output.close()?;
        clock.finish(common, Stats::of(work).with_records(records, rejected))
    }
}
