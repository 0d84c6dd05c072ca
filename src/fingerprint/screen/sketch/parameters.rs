//! Every tuned number of the sketches, with its unit and what it was tuned on: the mates of the twelve sets of real prints that the full comparison
//! accepts at FMR 1e-4, against every other finger of them.

/// What a value of ±1 of a screen code adds to a table's entry, in 1/1024: entries spread by 2.3 around 7.5.
pub(super) const ENTRY: i32 = 193;
/// Pairs no more similar than this are left out: 7 % of the pairs of any two minutiae are above.
pub(super) const LEAST_SIMILARITY: u8 = 135;
/// No sum of sixteen entries is above.
pub(super) const FULL_SIMILARITY: u8 = 240;
/// 1/256 turn by which the turns of two pairs may differ (25°).
pub(super) const SWING: i16 = 18;
/// Pixels² by which two pairs may disagree, and how much more for each pixel² that they are apart.
pub(super) const SLACK: f32 = 120.0;
pub(super) const STRETCH: f32 = 0.012;
/// The power of its number of minutiae by which a reference's agreement grows: 5/4.
pub(super) const GAIN: (i32, i32) = (5, 4);

/// How many times the share that survives the screen gets to it, and the least that does: of one finger, and of several whose evidence adds up.
const SCREENED: f64 = 5.0;
const LEAST_SCREENED: [f64; 2] = [0.05, 0.03];
/// How many times that share gets past the turns, and the least that does.
const TURNED: f64 = 4.0;
const LEAST_TURNED: f64 = 0.2;
/// References that a probe's thresholds are found on.
pub(crate) const SAMPLE: usize = 2048;

/// The shares of references that get past the turns of each finger and past the agreement of all, where `share` are to survive the screen and
/// `fingers` are compared.
pub(crate) fn gates(share: f64, fingers: usize) -> (f64, f64) {
    let screened = (SCREENED * share).max(LEAST_SCREENED[usize::from(fingers > 1)]).min(1.0);
    ((TURNED * screened).clamp(LEAST_TURNED, 1.0), screened)
}
