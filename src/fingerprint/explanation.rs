//! Why two prints got their score.

use super::score::{NAMES, SUBSCORES};

/// How a comparison came to its score: for people, for drawings, for tests.
///
/// Coordinates are pixels at 500 dpi of the templates as given, y down.
#[derive(Clone, PartialEq)]
pub struct Explanation {
    pub(super) score: f32,
    pub(super) subscores: [f32; SUBSCORES],
    pub(super) rotation: f32,
    pub(super) turn: (f32, f32),
    pub(super) shift: (f32, f32),
    pub(super) pairs: Vec<(usize, usize)>,
    pub(super) common_area: Vec<(f32, f32)>,
}

impl std::fmt::Debug for Explanation {
    /// Says nothing about the persons.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Explanation(score {}, {} pairs)", self.score, self.pairs.len())
    }
}

impl Explanation {
    /// The comparison score, to the bit what [`Comparer::compare`](super::Comparer::compare) gives for the same two.
    pub fn score(&self) -> f32 {
        self.score
    }

    /// The sub-scores by name. The same whichever print comes first; all zero where no alignment was found.
    pub fn subscores(&self) -> impl Iterator<Item = (&'static str, f32)> + '_ {
        NAMES.into_iter().zip(self.subscores)
    }

    /// The sub-score of this name.
    pub fn subscore(&self, name: &str) -> Option<f32> {
        self.subscores().find(|(n, _)| *n == name).map(|(_, value)| value)
    }

    /// How far the first print has to be turned to lie on the second: degrees counter-clockwise, above −180 and up to 180.
    pub fn rotation(&self) -> f32 {
        self.rotation
    }

    /// Where the first template's origin comes to lie in the second: pixels at 500 dpi, after the turn.
    pub fn shift(&self) -> (f32, f32) {
        self.shift
    }

    /// Where a point of the first template comes to lie in the second.
    pub fn place(&self, (x, y): (f32, f32)) -> (f32, f32) {
        let (c, s) = self.turn;
        (c * x + s * y + self.shift.0, c * y - s * x + self.shift.1)
    }

    /// Where a point of the second template comes to lie in the first.
    pub fn place_back(&self, (x, y): (f32, f32)) -> (f32, f32) {
        let ((c, s), (x, y)) = (self.turn, (x - self.shift.0, y - self.shift.1));
        (c * x - s * y, c * y + s * x)
    }

    /// The minutiae that lie on each other: places in the first and in the second template's minutiae.
    pub fn pairs(&self) -> &[(usize, usize)] {
        &self.pairs
    }

    /// The corners of the area that both prints cover, in the second template; empty where they share none.
    pub fn common_area(&self) -> &[(f32, f32)] {
        &self.common_area
    }
}

/// The corners of what lies in both outlines, given by their reach in 16 directions (the first's directions as `along`).
pub(super) fn common_area(
    corners: Vec<(f32, f32)>,
    half_planes: impl Iterator<Item = ((f32, f32), f32)>,
) -> Vec<(f32, f32)> {
    let mut polygon = corners;
    for ((c, s), reach) in half_planes {
        let depth = |p: &(f32, f32)| reach - (p.0 * c + p.1 * s);
        let mut cut = Vec::with_capacity(polygon.len() + 1);
        for k in 0..polygon.len() {
            let (p, q) = (polygon[k], polygon[(k + 1) % polygon.len()]);
            let (dp, dq) = (depth(&p), depth(&q));
            if dp >= 0.0 {
                cut.push(p);
            }
            if (dp >= 0.0) != (dq >= 0.0) {
                let t = dp / (dp - dq);
                cut.push((p.0 + t * (q.0 - p.0), p.1 + t * (q.1 - p.1)));
            }
        }
        polygon = cut;
    }
    polygon
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_two_squares_share_is_a_square() {
        let square = vec![(0.0, 0.0), (2.0, 0.0), (2.0, 2.0), (0.0, 2.0)];
        let right_of_one = ((-1.0, 0.0), -1.0);
        let shared = common_area(square.clone(), [right_of_one].into_iter());
        assert_eq!(shared, [(1.0, 0.0), (2.0, 0.0), (2.0, 2.0), (1.0, 2.0)]);
        assert!(common_area(square, [((1.0, 0.0), -1.0)].into_iter()).is_empty());
    }
}
