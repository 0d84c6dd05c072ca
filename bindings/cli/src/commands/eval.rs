//! `vantay eval`: error rates of score files.

use crate::{failure::Failure, output::Output};
use std::path::{Path, PathBuf};
use vantay::evaluation::{
    Evaluation, Options,
    report::{self, ComparedSystems},
};

/// Error rates with confidence intervals, from files of scores
#[derive(clap::Args)]
#[command(
    after_help = "Example:\n  vantay eval db1.csv db2.csv --report report/\n  vantay eval ours.csv --against theirs.csv --report comparison/\n  vantay eval db1.csv --fta 0.02 --fte 0.005"
)]
pub struct Eval {
    /// Files with the columns fileA,fileB,score; the same finger if what stands before the last _ is equal. A line `fileA,,` says that a file gave no
    /// template: a failure to acquire, or to enrol if no file of its subject gave one
    #[arg(required = true)]
    scores: Vec<PathBuf>,
    /// Another system's scores of the same pairs: print how the two differ, with the interval of the difference; --report then has both DET curves in one plot
    #[arg(long, value_name = "SCORES.csv")]
    against: Option<PathBuf>,
    /// Share of presentations that gave no template, 0 to 1, where the files do not list them: states FAR and FRR of transactions too
    #[arg(long, value_name = "SHARE", conflicts_with = "against")]
    fta: Option<f64>,
    /// Share of subjects who could not be enrolled, 0 to 1, where the files do not list them: states the generalised GFAR and GFRR too
    #[arg(long, value_name = "SHARE", conflicts_with = "against")]
    fte: Option<f64>,
    /// Write tables, JSON, plots and an HTML page to DIR
    #[arg(long, value_name = "DIR")]
    report: Option<PathBuf>,
}

impl Eval {
    pub fn run(self) -> Result<(), Failure> {
        if let Some(other) = &self.against {
            return self.compare(other);
        }
        for (name, share) in [("--fta", self.fta), ("--fte", self.fte)] {
            if let Some(share) = share.filter(|share| !(0.0..=1.0).contains(share)) {
                return Err(Failure::usage(format_args!("{name} {share}: expected 0 to 1")));
            }
        }
        let options = Options { failure_to_acquire: self.fta, failure_to_enrol: self.fte, ..Options::default() };
        let evaluation = Evaluation::of_files(&self.scores, options).map_err(Failure::run)?;
        if let Some(dir) = &self.report {
            report::write(dir, "Error rates", &evaluation).map_err(Failure::run)?;
        }
        let mut output = Output::open(None)?;
        output.line(report::text(&evaluation).trim_end())?;
        output.close()
    }

    /// How the system of the one file differs from that of the other.
    fn compare(&self, other: &Path) -> Result<(), Failure> {
        let [first] = self.scores.as_slice() else {
            return Err(Failure::usage("--against compares one file with one other"));
        };
        let compared = ComparedSystems::of_files(first, other, Options::default()).map_err(Failure::run)?;
        if let Some(dir) = &self.report {
            report::write_comparison(dir, "Two systems", &compared).map_err(Failure::run)?;
        }
        let mut output = Output::open(None)?;
        output.line(report::comparison_text(&compared).trim_end())?;
        output.close()
    }
}
