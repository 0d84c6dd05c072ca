//! Every tuned number of the screen, with its unit and what it was tuned on.
//!
//! Tuned on the mates of the twelve sets of real prints against every other finger of them.

/// The similarity of a descriptor to itself: 64 halves whose length is 256 / 5.36.
pub(super) const FULL_SIMILARITY: i32 = 2283;
/// Pairs less similar than a cosine of 0.2 are left out.
pub(super) const LEAST_SIMILARITY: i32 = 457;
/// The most pairs whose agreement is tested.
pub(super) const MOST_PAIRS: usize = 32;
/// Pixels² by which two pairs may disagree, and how much more for each pixel² that they are apart.
pub(super) const SLACK: f32 = 150.0;
pub(super) const STRETCH: f32 = 0.02;
/// 1/256 turn by which the turns of two pairs may differ (25°).
pub(super) const SWING: f32 = 18.0;
