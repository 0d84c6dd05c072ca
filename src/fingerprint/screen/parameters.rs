//! Every tuned number of the screen, with its unit and what it was tuned on.
//!
//! Tuned on the mates of the twelve sets of real prints against every other finger of them.

/// The similarity of a descriptor to itself: 64 halves whose length is 256 / 5.36.
pub(super) const FULL_SIMILARITY: i32 = 2283;
/// Pairs less similar than a cosine of 0.2 are left out.
pub(super) const LEAST_SIMILARITY: i32 = 457;
/// The most pairs whose agreement is tested.
pub(super) const MOST_PAIRS: usize = 16;
/// Pixels² by which two pairs may disagree, and how much more for each pixel² that they are apart.
pub(super) const SLACK: f32 = 120.0;
pub(super) const STRETCH: f32 = 0.012;
/// Less agreement than this is none.
pub(super) const LEAST_AGREEMENT: f32 = 1.0 / 65536.0;
/// The power of its number of minutiae by which a reference's agreement grows: 5/4.
pub(super) const GAIN: (i32, i32) = (5, 4);
/// 1/256 turn by which the turns of two pairs may differ (25°).
pub(super) const SWING: f32 = 18.0;

/// Share of references that survive, and the share of mates lost then, of those that the full comparison accepts at FMR 1e-4.
/// Measured by `cargo bench --bench fingerprint_screen -- accuracy` on the twelve sets of real prints (6,742 ordered pairs of mates), each
/// probe against every other finger of all sets.
pub(super) const CALIBRATION: [(f64, f64); 9] = [
    (0.0005, 0.0630),
    (0.001, 0.0509),
    (0.002, 0.0446),
    (0.005, 0.0328),
    (0.01, 0.0261),
    (0.02, 0.0202),
    (0.05, 0.0110),
    (0.1, 0.0067),
    (0.2, 0.0036),
];
