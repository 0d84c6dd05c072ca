//! From scores to decisions: error rates, fusion, policy, clusters. Knows scores, never templates.

mod calibration;
mod clusters;
mod counts;
mod error;
mod interval;
mod likelihood;
mod planned;
mod rate;
mod scores;
mod tail;

pub use calibration::{Calibration, FitOptions, FittedOn, Moments};
pub use clusters::{AcceptedPair, Bridge, Cluster, clusters};
pub use error::DecisionError;
pub use interval::{Interval, Proportion, probit};
pub use planned::{ExpectedRates, PlannedGallery};
pub use rate::Rate;
pub use scores::{Comparison, Scores};
