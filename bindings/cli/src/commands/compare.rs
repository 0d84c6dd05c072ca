//! `vantay compare`: two template files, explained.

use crate::{failure::Failure, output::Output, templates};
use serde::Serialize;
use std::{collections::BTreeMap, fs, path::PathBuf};
use vantay::{
    decision::Calibration,
    fingerprint::{Comparer, drawing},
    simd::Level,
};

/// Compare two template files: score, named sub-scores, the paired minutiae
#[derive(clap::Args)]
#[command(after_help = "Example:\n  vantay compare 101_1.iso 101_2.iso --svg pairs.svg")]
pub struct Compare {
    /// One file
    a: PathBuf,
    /// The other
    b: PathBuf,
    /// Draw both prints with their pairs
    #[arg(long, value_name = "FILE.svg")]
    svg: Option<PathBuf>,
}

#[derive(Serialize)]
struct Report<'a> {
    score: f32,
    /// The rate at which two fingers of strangers score so high; extrapolated below about 1e-4.
    fmr: Option<f64>,
    rotation_degrees: f32,
    shift: (f32, f32),
    pairs: &'a [(usize, usize)],
    subscores: BTreeMap<&'a str, f32>,
}

impl Compare {
    pub fn run(self) -> Result<(), Failure> {
        let (a, b) = (templates::first_view(&self.a)?, templates::first_view(&self.b)?);
        let explanation = Comparer::new(Level::chosen().map_err(Failure::usage)?).explain(&a, &b);
        if let Some(path) = &self.svg {
            fs::write(path, drawing::side_by_side(&a, &b, &explanation)).map_err(|error| Failure::file(path, error))?;
        }
        let mut output = Output::open(None)?;
        output.object(&Report {
            score: explanation.score(),
            fmr: Calibration::default_fingerprint().map(|known| known.fmr(f64::from(explanation.score()))),
            rotation_degrees: explanation.rotation(),
            shift: explanation.shift(),
            pairs: explanation.pairs(),
            subscores: explanation.subscores().collect(),
        })?;
        output.close()
    }
}
