//! From the scores of the parts to one score and a decision.

use super::PartScores;
use serde::Serialize;

/// What is decided of a comparison.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Decision {
    /// Not the same person.
    None,
    /// A person has to look.
    Review,
    /// The same person.
    Match,
}

/// Raw thresholds, one for each modality: a part that reaches its own makes a match.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Thresholds {
    /// Cosine from which two portraits match.
    pub face: f64,
    /// Comparison score from which two fingers match.
    pub fingerprint: f64,
}

/// Turns part scores into one score and a decision.
#[derive(Clone, Debug)]
pub struct Judge {
    thresholds: Thresholds,
}

/// What the judge says of a comparison.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Judgement {
    /// All parts in one number; higher is more alike. Ranks candidates.
    pub score: f64,
    /// The decision.
    pub decision: Decision,
}

impl Judge {
    /// A judge by raw thresholds.
    pub fn new(thresholds: Thresholds) -> Self {
        Judge { thresholds }
    }

    /// The cosine below which portraits alone make no candidate pair.
    pub fn face_threshold(&self) -> f64 {
        self.thresholds.face
    }

    /// Each part as a share of its threshold: the sum ranks, the largest decides.
    pub fn judge(&self, parts: &PartScores) -> Judgement {
        let face = parts.face.map(|score| score / self.thresholds.face);
        let fingers = parts.fingers.iter().map(|&(_, score)| score / self.thresholds.fingerprint);
        let (mut score, mut most) = (0.0, f64::NEG_INFINITY);
        for share in face.into_iter().chain(fingers) {
            score += share;
            most = f64::max(most, share);
        }
        Judgement { score, decision: if most >= 1.0 { Decision::Match } else { Decision::None } }
    }
}
