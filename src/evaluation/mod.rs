//! Error rates with confidence, DET, plots (ISO/IEC 19795-1).

mod bootstrap;
mod curve;
mod error;
mod rates;
mod score_file;

pub use bootstrap::Bootstrap;
pub use curve::{Curve, OperatingPoint, TransactionRates};
pub use error::EvaluationError;
pub use rates::{AtFmr, ErrorRates, Estimate, Evaluation, MeanRates, Options, error_rates};
pub use score_file::{ScoreFile, ScoredPair};
