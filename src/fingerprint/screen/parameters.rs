//! Every tuned number of the screen, with its unit and what it was tuned on.
//!
//! Tuned on the mates of the twelve sets of real prints against every other finger of them.

use super::overlay::Reach;

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
/// The power of its number of minutiae by which a reference's agreement grows.
pub(super) const GAIN: f32 = 1.25;
/// 1/256 turn by which the turns of two pairs may differ (25°).
pub(super) const SWING: f32 = 18.0;

/// The support at which a pair counts half for the place where the prints are laid on each other.
pub(super) const HALF_SUPPORT: f32 = 0.5;
/// What the agreement has to reach for the prints to be laid on each other: log₂ of it, less [`GAIN`] log₂ of the reference's number
/// of minutiae and so many of the probe's. Three of ten real impostors reach it, and at 20 % penetration nobody else is missed for it.
pub(super) const PROMISING: (f32, f32) = (0.6, -14.2);
/// How many ways to lay the prints on each other are tried, and the score of the first that it takes to try another: one of five impostors' has it.
pub(super) const SEEDS: usize = 3;
pub(super) const SECOND_LOOK: u16 = 28_000;
/// Pixels² from the middle at which a pair pulls at the turn as its two directions do.
pub(super) const DIRECTIONS: f32 = 1600.0;
/// The same in squared steps of a stored coordinate.
pub(super) const STIFFNESS: f32 = 178.0;
/// How far two minutiae may be apart to fall together (steps of three pixels, 1/256 turn): where the prints are laid first, and where they
/// are judged.
pub(super) const APPROACH: Reach = Reach::new(8.0, 22.0);
pub(super) const JUDGED: Reach = Reach::new(5.0, 16.0);
/// The power of its number of minutiae by which more of a reference's fall together.
pub(super) const CROWD: f32 = 0.5;
/// What a doubling of the agreement counts, against one of what falls together.
pub(super) const AGREEMENT: f32 = 0.1;

/// Share of references that survive, and the share of mates lost then, of those that the full comparison accepts at FMR 1e-4.
/// Measured with gates by `cargo bench --bench fingerprint_screen -- accuracy 500000` on the twelve sets of real prints (6,732 ordered pairs of mates), each
/// probe against every other finger of all sets, and every third against half a million fingers made of parts of real ones, whose impostors score nearly as
/// high: the worse of the two.
pub(super) const CALIBRATION: [(f64, f64); 9] = [
    (0.0005, 0.0431),
    (0.001, 0.034),
    (0.002, 0.0284),
    (0.005, 0.0166),
    (0.01, 0.0132),
    (0.02, 0.0092),
    (0.05, 0.0043),
    (0.1, 0.0028),
    (0.2, 0.0021),
];

/// The same for registrations with two fingers in common, whose evidence adds up, and for those with three and more. Measured by `cargo bench --bench decision --
/// screen` on 724 registrations made of two fingers of one set (3,476 ordered pairs of mates) and 454 of three (2,156 pairs, of which one was
/// not the first of all). So few are lost that these are upper bounds, at 95 %, of what was counted; with gates fewer were.
pub(super) const CALIBRATION_OF_TWO: [(f64, f64); 5] =
    [(0.002, 0.0094), (0.005, 0.003), (0.01, 0.0018), (0.02, 0.0014), (0.05, 0.0009)];
pub(super) const CALIBRATION_OF_MORE: [(f64, f64); 3] = [(0.001, 0.0022), (0.002, 0.0022), (0.005, 0.0014)];

/// The least shares of references that reach a gate's turns and its agreement, and how these grow with the share that is to survive: by so many times, and to so
/// many times it.
pub(super) const GATE: (f64, f64) = (0.25, 0.1);
pub(super) const GATE_GROWS: (f64, f64) = (12.0, 10.0);
/// A gate that lets so many through saves nothing.
pub(super) const GATE_MOST: f64 = 0.5;
/// A smaller sample says too little about the rest.
pub(super) const GATE_SAMPLE: u64 = 128;
