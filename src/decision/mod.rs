//! From scores to decisions: error rates, fusion, policy, clusters. Knows scores, never templates.

mod calibration;
mod clusters;
mod correlation;
mod counts;
mod error;
mod file;
mod fusion;
mod interval;
mod likelihood;
mod part;
mod planned;
mod policy;
mod rate;
mod rules;
mod scores;
mod tail;

pub use calibration::{Calibration, FitOptions, FittedOn, Moments};
pub use clusters::{AcceptedPair, Bridge, Cluster, clusters};
pub use correlation::{FingerCorrelation, FingersCompared};
pub use error::DecisionError;
pub use fusion::{Evidence, Fused, Fusion};
pub use interval::{Interval, Proportion, probit};
pub use part::{Part, PartScore};
pub use planned::{ExpectedRates, PlannedGallery};
pub use policy::{Decision, Level, Outcome, Policy, Purpose, Reason, Rule, Suffices};
pub use rate::Rate;
pub use rules::FusionRule;
pub use scores::{Comparison, Scores};
