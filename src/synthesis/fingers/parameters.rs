//! The numbers of the finger model. Lengths are pixels at 500 dpi (19.69 per mm), angles radians, unless said otherwise.
//!
//! They are set to known sizes of fingers, prints and extractors, not fitted to a data set: pattern frequencies by finger
//! and a density of 0.2 minutiae per mm² follow Maltoni, Maio, Jain, Prabhakar, *Handbook of Fingerprint Recognition*. What
//! an impression does to minutiae was then scaled so that this library's matcher errs on them about as it does on
//! the easier public sets: an ignored test in `tests/synthesis.rs` prints the rates.

/// Half axes of the patterned skin of a finger: 9.0 and 12.5 mm.
pub(super) const SKIN: (f64, f64) = (177.0, 246.0);

/// Minutiae per square pixel: 0.2 per mm².
pub(super) const DENSITY: f64 = 0.2 / (19.685 * 19.685);

/// Spread of the logarithm of a finger's density.
pub(super) const DENSITY_SPREAD: f64 = 0.15;

/// The nearest that two minutiae of a finger lie: 0.6 mm, a ridge and a bit.
pub(super) const SPACING: f64 = 12.0;

/// Away from the core minutiae are this much rarer; the core's neighbourhood has this radius.
pub(super) const OUTER_DENSITY: f64 = 0.7;
pub(super) const CORE_RADIUS: f64 = 90.0;

/// Share of ridge endings among minutiae.
pub(super) const ENDING_SHARE: f64 = 0.56;

/// Shares of arch, tented arch, ulnar loop and radial loop for thumb to little finger; the rest are whorls.
pub(super) const PATTERN_SHARES: [[f64; 4]; 5] = [
    [0.02, 0.01, 0.55, 0.005],
    [0.08, 0.06, 0.35, 0.18],
    [0.06, 0.03, 0.72, 0.02],
    [0.02, 0.01, 0.53, 0.01],
    [0.01, 0.01, 0.84, 0.005],
];

/// Width and height of the sensor's image: 20.3 × 25.4 mm.
pub(super) const SENSOR: (u16, u16) = (400, 500);

/// Half axes of the area in contact: 7.7 and 10.2 mm, with the spread of their common factor and of each.
pub(super) const CONTACT: (f64, f64) = (151.0, 200.0);
pub(super) const CONTACT_SPREAD: (f64, f64) = (0.09, 0.06);

/// How often only a part of the finger touches, and the factor of the half axes then.
pub(super) const PARTIAL_SHARE: f64 = 0.12;
pub(super) const PARTIAL: (f64, f64) = (0.55, 0.80);

/// Spread of the contact's centre on the finger, across and along.
pub(super) const CONTACT_SHIFT: (f64, f64) = (25.0, 38.0);

/// Spread of the print's place on the sensor, and of its turn (8°).
pub(super) const SHIFT: f64 = 18.0;
pub(super) const TURN: f64 = 0.14;

/// Skin distortion: spread of each quadratic coefficient at the rim of the skin, and of stretch and shear.
pub(super) const BEND: f64 = 5.0;
pub(super) const STRETCH: f64 = 0.02;

/// A finger's mean quality, and the spreads by finger and by impression.
pub(super) const QUALITY: f64 = 0.74;
pub(super) const QUALITY_SPREAD: (f64, f64) = (0.12, 0.13);

/// What depends on quality goes from the first value at quality 1 to the first plus the second at quality 0.
/// Probability that a minutia is lost.
pub(super) const LOST: (f64, f64) = (0.05, 0.55);
/// Spurious minutiae, as a share of the true ones.
pub(super) const SPURIOUS: (f64, f64) = (0.03, 0.60);
/// Spread of a minutia's place.
pub(super) const PLACE_JITTER: (f64, f64) = (1.1, 3.2);
/// Spread of a minutia's angle: 2.9° to 14°.
pub(super) const ANGLE_JITTER: (f64, f64) = (0.05, 0.20);
/// Probability that the type is taken for the other.
pub(super) const TYPE_CONFUSED: (f64, f64) = (0.04, 0.40);

/// The nearest that two minutiae of an extracted template lie.
pub(super) const EXTRACTED_SPACING: f64 = 7.0;

/// How often a finger is not there, and how often it is not captured on one occasion.
pub(super) const AMPUTATED: f64 = 0.002;
pub(super) const BANDAGED: f64 = 0.004;
