//! `vantay calibrate`: from scores of known pairs to error rates.

use crate::failure::Failure;
use std::path::PathBuf;
use vantay::{
    decision::{Calibration, FitOptions, Scores},
    evaluation::ScoreFile,
};

/// Fit a calibration: which score means which false match rate
#[derive(clap::Args)]
#[command(after_help = "Example:\n  vantay score face emb.npy --pairs pairs.csv --out scores.csv\n  \
    vantay calibrate scores.csv --system w600k_mbf --data \"our staff, 2026\" --out face.json\n  \
    vantay verify national visits.ndjson --fmr 1e-6 --face-calibration face.json")]
pub struct Calibrate {
    /// Files with the columns fileA,fileB,score; the same person if what stands before the last _ is equal
    #[arg(required = true)]
    scores: Vec<PathBuf>,
    /// The face model, or the fingerprint matcher, whose scores these are
    #[arg(long, value_name = "NAME")]
    system: String,
    /// What the pairs are, for whoever reads the calibration
    #[arg(long, value_name = "TEXT", default_value = "unnamed")]
    data: String,
    /// The calibration to write
    #[arg(long, value_name = "FILE.json")]
    out: PathBuf,
}

impl Calibrate {
    pub fn run(self) -> Result<(), Failure> {
        let mut sets = Vec::new();
        for path in &self.scores {
            sets.push(ScoreFile::read(path).map_err(Failure::run)?.scores());
        }
        let scores = Scores::pooled(&sets);
        let calibration = Calibration::fit(&scores, &FitOptions::new(self.data, self.system)).map_err(Failure::run)?;
        calibration.write(&self.out).map_err(Failure::run)?;
        for fmr in [1e-2, 1e-3, 1e-4, 1e-5, 1e-6] {
            let threshold = calibration.threshold_at_fmr(fmr).map_err(Failure::run)?;
            let (stated, missed) = (calibration.fmr_at(threshold), calibration.fnmr_at(threshold));
            eprintln!(
                "FMR {fmr:e} at score {threshold:.4} ({}; {:.1e} to {:.1e}), FNMR there {:.2} %",
                if stated.extrapolated { "extrapolated" } else { "counted" },
                stated.low,
                stated.high,
                100.0 * missed.value
            );
        }
        Ok(())
    }
}
