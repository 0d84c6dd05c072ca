//! Every tuned number of the comparison, with its unit and what it was tuned on.

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

/// How many seeds are tried.
pub(super) const SEEDS: usize = 16;
/// How many of the hypotheses are refined.
pub(super) const REFINED: usize = 3;
/// What may be off at a glance: pixels, radians.
pub(super) const GLANCE: (f32, f32) = (24.0, 0.54);
/// What a glance has to reach, times the root of the smaller number of minutiae, for the comparison to go on.
pub(super) const PROMISING: f32 = 1.05;
