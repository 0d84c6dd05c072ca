//! Every tuned number of the comparison, with its unit and what it was tuned on.

/// The most minutiae of a template that take part.
pub(super) const MOST_MINUTIAE: usize = 255;
/// The farthest a minutia may lie from the centre, pixels.
pub(super) const FARTHEST: i64 = 12_000;

/// Radii of the descriptor's rings, pixels, and how many centres stand on each.
pub(super) const RINGS: [(f32, usize); 3] = [(28.0, 5), (62.0, 8), (100.0, 8)];
/// Reach of the bump around a centre, pixels: at the innermost and per pixel of radius.
pub(super) const BUMP: (f32, f32) = (24.0, 0.24);
