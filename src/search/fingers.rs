//! Fingers of one registration against fingers of another.
//!
//! Each probe finger is compared with each reference finger that it may be: the same position, either unknown, or any
//! finger if the caller asks for that. Then the fingers are paired, best pair first, so that one reference finger serves
//! one probe finger: without that, a single good print would speak for two unknown fingers.

use super::{SearchError, scores::PartScores};
use crate::{
    fingerprint::{Comparer, Prepared, PreparedView},
    template::FingerPosition,
};

/// Which fingers compare with which.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum FingerMatching {
    /// Fingers of the same position; an unknown position compares with all.
    #[default]
    Same,
    /// Any finger with any: for records whose positions may be mixed up. Ten times dearer on ten fingers, and as many times
    /// as likely to match by chance.
    Any,
}

impl FingerMatching {
    /// Whether a probe finger of one position compares with a reference finger of another.
    pub fn compares(self, probe: FingerPosition, reference: FingerPosition) -> bool {
        self == FingerMatching::Any || probe.may_be(reference)
    }
}

/// A finger of a probe or a reference, ready to be compared.
#[derive(Clone, Copy)]
pub(super) struct FingerView<'a> {
    pub position: FingerPosition,
    pub prepared: PreparedView<'a>,
}

/// The bytes of a reference finger: in the mapped column, or computed where the segment has none that are current.
pub(super) enum ReferenceFinger<'a> {
    Mapped(FingerPosition, &'a [u8]),
    Owned(FingerPosition, Box<Prepared>),
}

impl ReferenceFinger<'_> {
    pub fn view(&self) -> Result<FingerView<'_>, SearchError> {
        Ok(match self {
            ReferenceFinger::Mapped(position, bytes) => {
                FingerView { position: *position, prepared: PreparedView::new(bytes)? }
            }
            ReferenceFinger::Owned(position, prepared) => FingerView { position: *position, prepared: prepared.view() },
        })
    }
}

/// Two fingers that were compared and taken for each other's mates.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct FingerScore {
    /// The position of the one: the probe's, or in a pair of registrations that of its first member.
    pub a: FingerPosition,
    /// The position of the other.
    pub b: FingerPosition,
    /// Their comparison score.
    pub score: f64,
}

impl FingerScore {
    /// Whether the fingers stand at two positions that are known: a match says that a position is wrong.
    pub fn is_across(&self) -> bool {
        !self.a.may_be(self.b)
    }
}

/// Compares and pairs; returns what was compared.
pub(super) fn compare_fingers(
    comparer: &mut Comparer,
    matching: FingerMatching,
    probes: &[FingerView<'_>],
    references: &[FingerView<'_>],
    scores: &mut PartScores,
) -> ComparedFingers {
    let mut compared = ComparedFingers::default();
    compared.compare(comparer, matching, probes, references);
    compared.paired(probes, references).iter().for_each(|finger| scores.add_finger(finger.a, finger.score));
    compared
}

/// Scores of some fingers with some others.
#[derive(Default)]
pub(super) struct ComparedFingers {
    /// Score, which probe finger, which reference finger.
    pub scores: Vec<(f32, usize, usize)>,
}

impl ComparedFingers {
    /// Compares what `matching` lets compare and has not been compared before.
    pub fn compare(
        &mut self,
        comparer: &mut Comparer,
        matching: FingerMatching,
        probes: &[FingerView<'_>],
        references: &[FingerView<'_>],
    ) {
        let before = self.scores.len();
        for (p, probe) in probes.iter().enumerate() {
            for (r, reference) in references.iter().enumerate() {
                let is_new = !self.scores[..before].iter().any(|&(_, a, b)| (a, b) == (p, r));
                if is_new && matching.compares(probe.position, reference.position) {
                    self.scores.push((comparer.compare(probe.prepared, reference.prepared), p, r));
                }
            }
        }
    }

    /// Best pair first; a finger that is paired is out. Equal scores go by the order of the records.
    pub fn paired(&mut self, probes: &[FingerView<'_>], references: &[FingerView<'_>]) -> Vec<FingerScore> {
        self.scores.sort_unstable_by(|a, b| b.0.total_cmp(&a.0).then((a.1, a.2).cmp(&(b.1, b.2))));
        let (mut probes_taken, mut references_taken) = (Vec::new(), Vec::new());
        let mut fingers = Vec::new();
        for &(score, p, r) in &self.scores {
            if !probes_taken.contains(&p) && !references_taken.contains(&r) {
                probes_taken.push(p);
                references_taken.push(r);
                let (a, b) = (probes[p].position, references[r].position);
                fingers.push(FingerScore { a, b, score: f64::from(score) });
            }
        }
        fingers.sort_by_key(|finger| (finger.a, finger.b));
        fingers
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        simd::Level,
        template::{Impression, Minutia, MinutiaKind, MinutiaeTemplate},
    };

    fn finger(seed: i16, position: u8) -> MinutiaeTemplate {
        let minutiae = (0..40)
            .map(|i: i16| {
                let mix = (i + 1).wrapping_mul(seed.wrapping_mul(2_531).wrapping_add(7_919));
                Minutia::new(60 + (mix & 255), 60 + ((mix >> 4) & 255), (mix >> 3) as u8, MinutiaKind::Ending, None)
            })
            .collect();
        let position = FingerPosition::new(position).unwrap();
        MinutiaeTemplate::new(position, Impression(0), None, (400, 400), minutiae).unwrap()
    }

    fn scores_of(matching: FingerMatching, probes: &[MinutiaeTemplate], references: &[MinutiaeTemplate]) -> PartScores {
        let prepare = |templates: &[MinutiaeTemplate]| -> Vec<_> {
            templates.iter().map(|template| (template.position(), Prepared::new(template))).collect()
        };
        fn views(prepared: &[(FingerPosition, Prepared)]) -> Vec<FingerView<'_>> {
            prepared.iter().map(|(position, p)| FingerView { position: *position, prepared: p.view() }).collect()
        }
        let (probes, references) = (prepare(probes), prepare(references));
        let mut scores = PartScores::default();
        let mut comparer = Comparer::new(Level::best());
        compare_fingers(&mut comparer, matching, &views(&probes), &views(&references), &mut scores);
        scores
    }

    #[test]
    fn a_finger_compares_with_its_own_position_only() {
        let scores = scores_of(FingerMatching::Same, &[finger(3, 2)], &[finger(3, 7)]);
        assert!(scores.fingers.is_empty());
        let scores = scores_of(FingerMatching::Any, &[finger(3, 2)], &[finger(3, 7)]);
        assert_eq!(scores.fingers.len(), 1);
    }

    #[test]
    fn one_reference_finger_does_not_speak_for_two_unknown_ones() {
        let one = scores_of(FingerMatching::Same, &[finger(3, 0), finger(3, 0)], &[finger(3, 2)]);
        assert_eq!(one.fingers.len(), 1);
        let two = scores_of(FingerMatching::Same, &[finger(3, 1), finger(3, 2)], &[finger(3, 0)]);
        assert_eq!(two.fingers.len(), 1, "one of the two may be the unknown finger");
    }
}
