//! Every tuned number of the comparison, with its unit.
//!
//! Lengths are pixels at 500 dpi (a ridge and a valley are about nine), angles radians unless said otherwise. What is learned rather than
//! set stands in `projection.bin` (see [`descriptors`](super::descriptors)) and `model.bin` (see [`model`](super::model)). All were tuned on the
//! twelve sets that the README's table names, most of them once and coarsely: halving or doubling one moves the mean EER by tenths.

// Preparation.

/// The most minutiae of a template that take part.
pub(super) const MOST_MINUTIAE: usize = 255;
/// The farthest a minutia may lie from the centre, pixels.
pub(super) const FARTHEST: i64 = 12_000;

/// The descriptor's rings: radius, how many centres, and how far a centre reaches; pixels.
pub(super) const RINGS: [(f32, usize, f32); 4] =
    [(20.0, 6, 25.0), (46.0, 10, 28.0), (76.0, 14, 33.0), (108.0, 16, 38.0)];
/// What a sum of bumps is multiplied by before it is rounded to a byte.
pub(super) const SUM_SCALE: f32 = 32.0;
/// The length of a descriptor.
pub(super) const DESCRIPTOR_LENGTH: f32 = 256.0;

// Candidate pairs and their consistency.

/// The most candidate pairs that are weighed against each other.
pub(super) const CANDIDATES: usize = 64;
/// How far two pairs may disagree in place: squared pixels, and its growth with the sum of the four squared coordinate differences.
pub(super) const DISAGREEMENT: (f32, f32) = (90.0, 0.01);
/// How far they may disagree in direction: 1 − cos, 0.12 at 28°.
pub(super) const DISAGREEMENT_TURN: f32 = 0.12;
/// Pairs closer than this agree too easily and count half: sum of the squared coordinate differences.
pub(super) const CLOSE: f32 = 1800.0;
/// How often the relaxation goes round.
pub(super) const ROUNDS: usize = 4;

// Hypotheses.

/// How many seeds are tried.
pub(super) const SEEDS: usize = 16;
/// How many of the hypotheses are refined.
pub(super) const REFINED: usize = 3;
/// What may be off at a glance: pixels, radians.
pub(super) const GLANCE: (f32, f32) = (24.0, 0.54);
/// What a glance has to reach, times the root of the smaller number of minutiae, for the comparison to go on.
pub(super) const PROMISING: f32 = 1.05;

// Refinement: how far the two of a pair may be apart, pixels and radians, in each of its pairings.

/// Before the first and the second solution of a hypothesis.
pub(super) const APPROACH: [(f32, f32); 2] = [(24.0, 0.54), (18.0, 0.44)];
/// Where hypotheses are judged.
pub(super) const JUDGED: (f32, f32) = (15.0, 0.39);
/// Before the best one is bent.
pub(super) const UNBENT: (f32, f32) = (18.0, 0.44);
/// After that: the pairs that count.
pub(super) const BENT: (f32, f32) = (13.0, 0.39);
/// How far a pair's displacement is felt, pixels, and how many pairs' worth of stiffness holds against it.
pub(super) const BEND: (f32, f32) = (120.0, 1.0);
