//! `vantay plan`: what to expect of a gallery that does not exist yet.

use crate::{failure::Failure, output::Output};
use serde::Serialize;
use std::path::PathBuf;
use vantay::decision::{Calibration, ExpectedRates, PlannedGallery, Rate};

/// Say what searches of a gallery of some size would find and miss, before there is one
#[derive(clap::Args)]
#[command(after_help = "Example:\n  vantay plan face.json --subjects 107000000 --fpir 1e-3\n  \
    vantay plan fingerprint --subjects 100000 --score 40")]
pub struct Plan {
    /// A calibration as `vantay calibrate` writes it, or `fingerprint`, or the name of a face model, for what comes with Vantay
    calibration: String,
    /// Subjects of the gallery
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    subjects: u64,
    /// References of a subject that a probe is compared with, on average: images, or fingers times impressions
    #[arg(long, value_name = "M", default_value_t = 1.0)]
    references: f64,
    /// Keep this rate of searches of strangers that find anybody
    #[arg(long, value_name = "F", required_unless_present = "score", conflicts_with = "score")]
    fpir: Option<f64>,
    /// Match from this score
    #[arg(long, value_name = "SCORE", allow_negative_numbers = true)]
    score: Option<f64>,
}

#[derive(Serialize)]
struct Expected<'a> {
    subjects: u64,
    references: f64,
    threshold: f64,
    fmr: Rate,
    fpir: Rate,
    fnir: Rate,
    fitted_on: &'a str,
    system: &'a str,
}

impl Plan {
    pub fn run(self) -> Result<(), Failure> {
        let shipped = match self.calibration.as_str() {
            "fingerprint" => Calibration::default_fingerprint(),
            model => Calibration::default_face(model),
        };
        let calibration = match shipped {
            Some(calibration) => calibration,
            None => Calibration::read(PathBuf::from(&self.calibration)).map_err(Failure::usage)?,
        };
        let planned = PlannedGallery::new(self.subjects, self.references);
        let expected = match (self.fpir, self.score) {
            (Some(fpir), _) => planned.expect_at_fpir(&calibration, fpir).map_err(Failure::usage)?,
            (None, score) => planned.expect(&calibration, score.unwrap_or_default()),
        };
        let ExpectedRates { threshold, fmr, fpir, fnir, .. } = expected;
        let fitted_on = calibration.fitted_on();
        let mut output = Output::open(None)?;
        output.object(&Expected {
            subjects: self.subjects,
            references: self.references,
            threshold,
            fmr,
            fpir,
            fnir,
            fitted_on: &fitted_on.data,
            system: &fitted_on.system,
        })?;
        output.close()
    }
}
