//! From scores to decisions: error rates, fusion, policy, clusters. Knows scores, never templates.
//!
//! # From scores to a threshold
//! 1. Compare templates of your own people, or of people like them, and tell the scores into mates and strangers: [`Scores`].
//! 2. Fit a [`Calibration`]: the false match rate, the false non-match rate and the log-likelihood ratio of every score, with what it was fitted
//!    on. It is a small file; the next program reads it.
//! 3. Ask for a threshold by what you can bear: [`Calibration::threshold_at_fmr`] for claims, [`PlannedGallery`] for searches of a gallery of any size.
//!    The answer says whether the rate was counted or extrapolated.
//! 4. Let [`Fusion`] add up what portrait and fingers say, and a [`Policy`] decide: match, review or none, with the reason.
//! 5. [`clusters`](clusters()) gathers accepted pairs for a person to look at.
//!
//! Without a calibration no rate is promised: the error says what to run.
//!
//! ```
//! use vantay::decision::{Calibration, FitOptions, PlannedGallery, Scores};
//! # let impostor: Vec<f64> = (1..=20_000).map(|i| -10.0 * (f64::from(i) / 20_001.0).log10()).collect();
//! # let genuine: Vec<f64> = (0..400).map(|i| 60.0 + f64::from(i) / 5.0).collect();
//! // Step 1 gave `genuine` and `impostor` scores of one matcher.
//! let scores = Scores::of_pairs(&genuine, &impostor);
//! let calibration = Calibration::fit(&scores, &FitOptions::new("our pilot", "matcher 1"))?;
//! // "Is 40 safe for 100,000 people?"
//! let expected = PlannedGallery::new(100_000, 1.0).expect(&calibration, 40.0);
//! assert!(expected.fpir.value > 0.99, "no: nearly every search of a stranger finds somebody");
//! let safe = PlannedGallery::new(100_000, 1.0).expect_at_fpir(&calibration, 1e-3)?;
//! assert!(safe.threshold > 75.0 && safe.fmr.extrapolated);
//! # Ok::<(), vantay::decision::DecisionError>(())
//! ```

mod adjudication;
mod calibration;
mod clusters;
mod correlation;
mod counts;
mod error;
mod file;
mod fusion;
mod interval;
mod likelihood;
mod memo;
mod part;
mod planned;
mod policy;
mod rate;
mod rules;
mod scores;
mod shipped;
mod tail;

pub use adjudication::{AdjudicatedSide, Adjudication, Adjudications, Verdict};
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
