//! From scores to decisions: error rates, fusion, policy, clusters. Knows scores, never templates.

mod clusters;
mod interval;
mod scores;

pub use clusters::{AcceptedPair, Bridge, Cluster, clusters};
pub use interval::{Interval, Proportion, probit};
pub use scores::{Comparison, Scores};
