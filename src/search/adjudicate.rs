//! Persons' decisions over a machine's: what was adjudicated stays so.

use super::{Deduplication, DuplicatePair, deduplicate::cluster};
use crate::decision::{Adjudication, Adjudications, Reason};

impl DuplicatePair {
    /// What a person decided about this pair, if anybody did.
    pub fn adjudication<'d>(&self, decided: &'d Adjudications) -> Option<&'d Adjudication> {
        decided.of(&self.a.registration, &self.b.registration, self.kind.name())
    }
}

impl Deduplication {
    /// The same pairs with what persons decided in place of the judge's decision: the same person is a match, different persons none, and
    /// [`Reason::Adjudicated`] says so. A pair that a person was unsure of keeps its decision. Clusters are made anew of what is accepted
    /// now. Returns also how many of the decisions are about a pair of this run.
    pub fn adjudicated(mut self, decided: &Adjudications) -> (Self, usize) {
        let mut used = 0;
        for pair in &mut self.pairs {
            let Some(known) = pair.adjudication(decided) else { continue };
            used += 1;
            let verdict = known.decision;
            if let Some(decision) = verdict.decision() {
                pair.judgement.decision = decision;
                pair.judgement.reason = Reason::Adjudicated { verdict };
            }
        }
        self.pairs.iter_mut().for_each(|pair| pair.cluster = None);
        (cluster(self.pairs, self.work), used)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        decision::{Decision, Verdict},
        search::{Judgement, Member, PairKind, PartScores, Work},
    };

    fn pair(a: &str, b: &str, decision: Decision) -> DuplicatePair {
        let member = |name: &str| Member { personal_id: name.into(), registration: name.into() };
        DuplicatePair {
            a: member(a),
            b: member(b),
            kind: PairKind::DifferentId,
            scores: PartScores::default(),
            fingers: Vec::new(),
            judgement: Judgement {
                score: 9.0,
                llr: Some(9.0),
                fmr: None,
                fmr_interval: None,
                extrapolated: None,
                decision,
                reason: Reason::NotEnough,
            },
            cluster: None,
        }
    }

    #[test]
    fn a_person_overrules_the_judge_and_clusters_follow() {
        let pairs = [
            ("a", "b", Decision::Match),
            ("b", "c", Decision::Review),
            ("c", "d", Decision::Match),
            ("d", "e", Decision::Review),
        ];
        let found = cluster(pairs.into_iter().map(|(a, b, decision)| pair(a, b, decision)).collect(), Work::default());
        assert_eq!(found.clusters.len(), 2);
        let decided = [("b", "a", "different"), ("c", "b", "same"), ("d", "e", "unsure"), ("a", "e", "same")];
        let text = decided.map(|(a, b, decision)| {
            format!("{{\"a\":{{\"registration\":\"{a}\"}},\"b\":{{\"registration\":\"{b}\"}},\"decision\":\"{decision}\"}}\n")
        });
        let mut decisions = Adjudications::default();
        decisions.read_from("d", text.concat().as_bytes()).unwrap();
        let (found, used) = found.adjudicated(&decisions);
        assert_eq!(used, 3);
        let decisions: Vec<_> = found.pairs.iter().map(|pair| pair.judgement.decision).collect();
        assert_eq!(decisions, [Decision::None, Decision::Match, Decision::Match, Decision::Review]);
        assert_eq!(found.pairs[1].judgement.reason, Reason::Adjudicated { verdict: Verdict::Same });
        assert_eq!(found.clusters.len(), 1);
        let names: Vec<_> =
            found.clusters[0].members.iter().map(|&m| &*found.members[m as usize].registration).collect();
        assert_eq!(names, ["b", "c", "d"]);
        assert_eq!(found.pairs.iter().map(|pair| pair.cluster).collect::<Vec<_>>(), [None, Some(0), Some(0), None]);
    }
}
