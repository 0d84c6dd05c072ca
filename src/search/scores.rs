//! The comparison scores of one registration against another, part by part.

use crate::{decision::PartScore, template::FingerPosition};

/// Scores of the parts that both registrations have. A part that either lacks is absent, not zero.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PartScores {
    /// Cosine of the portraits, −1 to 1.
    pub face: Option<f64>,
    /// Fingerprint scores by the probe's finger position, ascending; each reference finger serves one probe finger.
    pub fingers: Vec<(FingerPosition, f64)>,
}

impl PartScores {
    /// Whether no part was compared.
    pub fn is_empty(&self) -> bool {
        self.face.is_none() && self.fingers.is_empty()
    }

    /// The parts as a list, the face first.
    pub fn list(&self) -> Vec<PartScore> {
        let fingers = self.fingers.iter().map(|&(position, score)| PartScore::finger(position.number(), score));
        self.face.map(PartScore::face).into_iter().chain(fingers).collect()
    }

    /// The best score of each part of the two.
    pub fn best_of(mut self, other: PartScores) -> PartScores {
        self.face = match (self.face, other.face) {
            (Some(a), Some(b)) => Some(a.max(b)),
            (a, b) => a.or(b),
        };
        for (position, score) in other.fingers {
            self.add_finger(position, score);
        }
        self
    }

    /// Notes a finger's score; of several for one position the best counts.
    pub(super) fn add_finger(&mut self, position: FingerPosition, score: f64) {
        match self.fingers.binary_search_by_key(&position, |&(position, _)| position) {
            Ok(i) => self.fingers[i].1 = self.fingers[i].1.max(score),
            Err(i) => self.fingers.insert(i, (position, score)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_best_of_each_part_counts() {
        let finger = |number| FingerPosition::new(number).unwrap();
        let a = PartScores { face: Some(0.3), fingers: vec![(finger(2), 10.0), (finger(7), 90.0)] };
        let b = PartScores { face: Some(0.5), fingers: vec![(finger(1), 5.0), (finger(2), 40.0)] };
        let best = a.best_of(b);
        assert_eq!(best.face, Some(0.5));
        assert_eq!(best.fingers, [(finger(1), 5.0), (finger(2), 40.0), (finger(7), 90.0)]);
    }
}
