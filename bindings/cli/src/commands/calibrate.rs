//! `vantay calibrate`: from people whom one knows to error rates.

use crate::{failure::Failure, files::Written, output::Output};
use std::path::{Path, PathBuf};
use vantay::{
    decision::{Calibration, FitOptions, Scores},
    evaluation::{ScoreFile, leave_one_out, left_out_text},
    registration::{FeedOptions, FeedReader, IdScheme},
    search::{Modality, known_scores},
};

/// Fit a calibration: which score means which false match rate
#[derive(clap::Args)]
#[command(after_help = "Example:\n  vantay calibrate pilot.ndjson --data \"our pilot, 2026\" --out face.json\n  \
    vantay verify national visits.ndjson --fmr 1e-6 --face-calibration face.json\n  \
    vantay calibrate scores.csv --system vantay --out finger.json\n  \
    vantay calibrate gate1.csv gate2.csv gate3.csv --system my_matcher --leave-one-out")]
pub struct Calibrate {
    /// Feeds (.ndjson, .ndjson.gz, .ndjson.zst) of people who are registered twice or more under their personal IDs; or files with the columns
    /// fileA,fileB,score, the same person if what stands before the last _ is equal
    #[arg(required = true)]
    sources: Vec<PathBuf>,
    /// Which templates of a feed are compared
    #[arg(long, value_enum, default_value = "face")]
    modality: Templates,
    /// How many pairs of strangers of a feed are compared, drawn
    #[arg(long, value_name = "N", default_value_t = 400_000)]
    strangers: u64,
    /// Take personal IDs of a feed as they are
    #[arg(long)]
    opaque: bool,
    /// The face model, or the fingerprint matcher, whose scores these are; `vantay` for scores of fingers by this library, which alone
    /// --finger-calibration takes [default: what the feed says]
    #[arg(long, value_name = "NAME")]
    system: Option<String>,
    /// What the pairs are, for whoever reads the calibration
    #[arg(long, value_name = "TEXT", default_value = "unnamed")]
    data: String,
    /// The calibration to write
    #[arg(long, value_name = "FILE.json", required_unless_present = "leave_one_out")]
    out: Option<Written>,
    /// Leave each file out in turn, and print how far the rates that the others state are off on it
    #[arg(long)]
    leave_one_out: bool,
}

#[derive(clap::ValueEnum, Clone, Copy, PartialEq)]
enum Templates {
    Face,
    Fingerprint,
}

impl Calibrate {
    pub fn run(self) -> Result<(), Failure> {
        let mut system = self.system.clone();
        let mut sets = Vec::new();
        for path in &self.sources {
            sets.push(if is_feed(path) {
                let (scores, of) = self.score(path)?;
                let system = system.get_or_insert(of.clone());
                if self.system.is_none() && *system != of {
                    return Err(Failure::usage(format_args!("{}: of {of}, not of {system}", path.display())));
                }
                (path.display().to_string(), scores)
            } else {
                let file = ScoreFile::read(path).map_err(Failure::run)?;
                (file.name().to_owned(), file.scores())
            });
        }
        let system = system.ok_or_else(|| Failure::usage("whose scores are they? --system says"))?;
        let options = FitOptions::new(&self.data, system);
        if self.leave_one_out {
            if sets.len() < 2 {
                return Err(Failure::usage("--leave-one-out takes two files or more"));
            }
            let found = leave_one_out(&sets, &[1e-2, 1e-3, 1e-4], &options).map_err(Failure::run)?;
            let mut output = Output::open(None)?;
            output.line(left_out_text(&found).trim_end())?;
            output.close()?;
        }
        let Some(out) = &self.out else { return Ok(()) };
        let scores = Scores::pooled(sets.iter().map(|(_, scores)| scores));
        let calibration = Calibration::fit(&scores, &options).map_err(Failure::run)?;
        calibration.write(&**out).map_err(Failure::run)?;
        for fmr in [1e-2, 1e-3, 1e-4, 1e-5, 1e-6] {
            let threshold = calibration.threshold_at_fmr(fmr).map_err(Failure::run)?;
            let (stated, missed) = (calibration.fmr_at(threshold), calibration.fnmr_at(threshold));
            eprintln!(
                "FMR {fmr:e} at score {threshold:.4} ({}; {:.1e} to {:.1e}), FNMR there {:.2} % ({:.2} to {:.2})",
                if stated.extrapolated { "extrapolated" } else { "counted" },
                stated.low,
                stated.high,
                100.0 * missed.value,
                100.0 * missed.low,
                100.0 * missed.high
            );
        }
        Ok(())
    }

    /// The scores of a feed, and whose they are.
    fn score(&self, path: &Path) -> Result<(Scores, String), Failure> {
        let scheme = if self.opaque { IdScheme::Opaque } else { IdScheme::Vietnam };
        let feed = FeedReader::open(path, FeedOptions { id_scheme: scheme, ..FeedOptions::default() });
        let people = feed.map_err(Failure::run)?.collect::<Result<Vec<_>, _>>().map_err(Failure::run)?;
        let model =
            people.iter().find_map(|person| person.portrait.as_ref()).map(|portrait| portrait.model.to_string());
        let (modality, of) = match (self.modality, model) {
            (Templates::Fingerprint, _) => (Modality::Fingerprint, Calibration::FINGERPRINTS.to_owned()),
            (Templates::Face, Some(model)) => (Modality::Face, model),
            (Templates::Face, None) => {
                return Err(Failure::run(format_args!("{}: nobody has a portrait", path.display())));
            }
        };
        Ok((known_scores(&people, modality, self.strangers).map_err(Failure::run)?, of))
    }
}

fn is_feed(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    [".ndjson", ".ndjson.gz", ".ndjson.zst"].iter().any(|ending| name.ends_with(ending))
}
