//! `vantay eval`: error rates of score files.

use crate::{failure::Failure, output::Output};
use std::path::PathBuf;
use vantay::evaluation::{Evaluation, Options, report};

/// Error rates with confidence intervals, from files of scores
#[derive(clap::Args)]
#[command(after_help = "Example:\n  vantay eval db1.csv db2.csv --report report/")]
pub struct Eval {
    /// Files with the columns fileA,fileB,score; the same finger if what stands before the last _ is equal
    #[arg(required = true)]
    scores: Vec<PathBuf>,
    /// Write tables, JSON, plots and an HTML page to DIR
    #[arg(long, value_name = "DIR")]
    report: Option<PathBuf>,
}

impl Eval {
    pub fn run(self) -> Result<(), Failure> {
        let evaluation = Evaluation::of_files(&self.scores, Options::default()).map_err(Failure::run)?;
        if let Some(dir) = &self.report {
            report::write(dir, "Error rates", &evaluation).map_err(Failure::run)?;
        }
        let mut output = Output::open(None)?;
        output.line(report::text(&evaluation).trim_end())?;
        output.close()
    }
}
