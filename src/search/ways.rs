//! In how many ways the scores of a probe and a subject may have come about.
//!
//! Of several comparisons of one part the best counts: of a subject's registrations, of fingers whose position is not known. Each is one more
//! chance for a stranger, and parts choose their best for themselves, so the chances multiply. A rate that is kept by a share for each way is kept
//! for the claim; it is a bound, since ways overlap.

use crate::template::FingerPosition;

/// Of how many comparisons each part's score is the best.
#[derive(Debug, Default)]
pub(super) struct Ways {
    faces: u64,
    fingers: Vec<(FingerPosition, u64)>,
}

impl Ways {
    /// One more comparison of portraits.
    pub fn face(&mut self) {
        self.faces += 1;
    }

    /// One more comparison of the probe's finger at `position`.
    pub fn finger(&mut self, position: FingerPosition) {
        match self.fingers.iter_mut().find(|finger| finger.0 == position) {
            Some(finger) => finger.1 += 1,
            None => self.fingers.push((position, 1)),
        }
    }

    /// All parts together.
    pub fn all(&self) -> f64 {
        let fingers = self.fingers.iter().map(|&(_, compared)| compared as f64);
        fingers.product::<f64>() * self.faces.max(1) as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_that_was_compared_once_opens_no_way_and_choices_multiply() {
        let finger = |number| FingerPosition::new(number).unwrap();
        let mut ways = Ways::default();
        assert_eq!(ways.all(), 1.0);
        ways.face();
        ways.finger(finger(2));
        assert_eq!(ways.all(), 1.0);
        ways.face();
        ways.finger(finger(2));
        ways.finger(finger(2));
        ways.finger(finger(7));
        assert_eq!(ways.all(), 6.0);
    }
}
