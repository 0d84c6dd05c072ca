//! Error rates with confidence, comparisons of systems, and the report (ISO/IEC 19795-1).
//!
//! Scores come from a [`ScoreFile`] or from memory as [`Scores`](crate::decision::Scores). [`Evaluation`] states EER and FNMR at chosen
//! FMR for each set, their mean and the pool, with intervals that draw subjects; [`report`] writes them down. [`compare_systems`] says
//! whether one system is better than another on the same pairs, [`IdentificationRates`] has the rates of searches, and [`leave_one_out`] shows
//! how far a calibration's rates are off on data that it was not fitted on.

mod bootstrap;
mod compare;
mod curve;
mod error;
mod identification;
mod rates;
pub mod report;
mod score_file;
mod searches;
mod transactions;
mod transfer;

pub use bootstrap::Bootstrap;
pub use compare::{Difference, SystemComparison, compare_systems};
pub use curve::{Curve, OperatingPoint};
pub use error::EvaluationError;
pub use identification::{IdentificationPoint, IdentificationRates, SearchOutcome};
pub use rates::{AtFmr, ErrorRates, Estimate, Evaluation, MeanRates, Options, error_rates};
pub use score_file::{ScoreFile, ScoredPair};
pub use transactions::{Failures, TransactionRates};
pub use transfer::{LeftOut, StatedAndFound, leave_groups_out, leave_one_out, left_out_text};
