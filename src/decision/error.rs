//! What can stand between scores and a decision.

use std::path::PathBuf;

/// A rate, a calibration or a policy that is not to be had.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DecisionError {
    /// A rate was asked of scores that nothing relates to rates.
    #[error(
        "no calibration for {part}: a score alone promises no error rate; fit one from scores of your own data with \
         `vantay calibrate SCORES.csv --system NAME --out FILE` or `Calibration::fit`, or give a raw score as threshold"
    )]
    NotCalibrated {
        /// What was compared: `face`, or `finger`.
        part: String,
    },
    /// A calibration was fitted for another model, extractor or matcher than the scores are of.
    #[error("calibration for {found:?}: the scores are of {expected:?}, and rates do not carry over")]
    OtherSystem {
        /// What the scores are of.
        expected: String,
        /// What the calibration was fitted for.
        found: String,
    },
    /// There are too few scores to fit.
    #[error("{found} {kind} scores: a calibration needs at least {needed}")]
    TooFewScores {
        /// `genuine` or `impostor`.
        kind: &'static str,
        /// How many there are.
        found: usize,
        /// How many it takes.
        needed: usize,
    },
    /// The highest impostor scores are all the same, so that nothing can be said beyond them.
    #[error("the highest impostor scores are all {score}: no tail can be fitted")]
    NoTail {
        /// That score.
        score: f64,
    },
    /// A rate outside 0 to 1 was asked for, or one that a threshold cannot keep.
    #[error("{what} of {asked}: expected more than 0 and less than 1")]
    Rate {
        /// Which rate.
        what: &'static str,
        /// What was asked.
        asked: f64,
    },
    /// A calibration or policy file does not hold what it should.
    #[error("{kind}: {reason}")]
    Content {
        /// `calibration`, `fusion` or `policy`.
        kind: &'static str,
        /// What is wrong.
        reason: String,
    },
    /// A file could not be read or written.
    #[error("{}: {source}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// A file does not hold what it should.
    #[error("{}: {source}", path.display())]
    InFile {
        /// The file.
        path: PathBuf,
        /// What is wrong with what it holds.
        source: Box<DecisionError>,
    },
    /// A line of a file of persons' decisions cannot be taken.
    #[error("{}:{line}: {reason}", path.display())]
    Adjudication {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: u64,
        /// What is wrong with it.
        reason: String,
    },
}
