//! What was kept, as it is read: pairs with names and all that is said about them, best first, and their clusters.

use super::{Deduplication, DuplicatePair, ITSELF, Member, PairKind, Run};
use crate::{
    decision::{self, AcceptedPair, Decision},
    gallery::Place,
    search::{Search, SearchError, Work, pair::Compared, probe::Bench},
};
use rayon::prelude::*;
use std::{
    collections::BTreeMap,
    sync::atomic::{AtomicU64, Ordering::Relaxed},
};

impl<'r, 'a: 'r> Run<'r, 'a, 'r> {
    /// The pairs with all that is said about them, best first: compared once more, which is not counted again.
    pub(super) fn list(&self, pairs: &[(Place, Place)]) -> Result<Vec<DuplicatePair>, SearchError> {
        let done = AtomicU64::new(0);
        let mut pairs = pairs
            .par_iter()
            .map_init(
                || self.bench(),
                |bench, &(a, b)| {
                    if done.fetch_add(1, Relaxed).is_multiple_of(4096) {
                        self.stopped()?;
                        self.report("comparing", done.load(Relaxed), pairs.len() as u64);
                    }
                    self.describe(bench, a, b)
                },
            )
            .filter_map(Result::transpose)
            .collect::<Result<Vec<_>, SearchError>>()?;
        let order = |x: &DuplicatePair, y: &DuplicatePair| {
            let score = y.judgement.score.total_cmp(&x.judgement.score);
            score.then_with(|| (&x.a, &x.b).cmp(&(&y.a, &y.b))).then(x.kind.cmp(&y.kind))
        };
        pairs.par_sort_unstable_by(order);
        Ok(pairs)
    }

    pub(super) fn describe(&self, bench: &mut Bench, a: Place, b: Place) -> Result<Option<DuplicatePair>, SearchError> {
        let first = member(self.left, a)?;
        if b == ITSELF {
            let compared = self.left.fingers_given_twice(bench, a, &self.rules)?;
            return Ok(compared.map(|compared| pair(first.clone(), first, compared)));
        }
        let (is_turned, compared) = self.compare(bench, (a, b))?;
        let second = member(self.right, b)?;
        if !self.within && first == second {
            return Ok(None);
        }
        Ok(Some(if is_turned { pair(second, first, compared) } else { pair(first, second, compared) }))
    }
}

/// Personal ID and registration.
pub(super) fn names<'s>(of: &'s Search<'_>, place: Place) -> Result<(&'s str, &'s str), SearchError> {
    let (of, row) = of.references.at(place);
    Ok((of.segment.personal_id(row)?, of.segment.registration_name(row)?))
}

fn member(of: &Search<'_>, place: Place) -> Result<Member, SearchError> {
    let (personal_id, registration) = names(of, place)?;
    Ok(Member { personal_id: personal_id.into(), registration: registration.into() })
}

fn pair(a: Member, b: Member, compared: Compared) -> DuplicatePair {
    let by_number = if a.personal_id == b.personal_id { PairKind::SameId } else { PairKind::DifferentId };
    let Compared { swapped, scores, fingers, judgement } = compared;
    DuplicatePair { a, b, kind: swapped.unwrap_or(by_number), scores, fingers, judgement, cluster: None }
}

/// Clusters the accepted pairs, and tells each pair its cluster.
pub fn cluster(mut pairs: Vec<DuplicatePair>, work: Work) -> Deduplication {
    let accepted =
        |pair: &DuplicatePair| pair.judgement.decision == Decision::Match && pair.kind != PairKind::SameFingerTwice;
    let mut numbers: BTreeMap<Member, u32> =
        pairs.iter().filter(|p| accepted(p)).flat_map(|p| [(p.a.clone(), 0), (p.b.clone(), 0)]).collect();
    numbers.values_mut().zip(0..).for_each(|(number, n)| *number = n);
    let clusters = decision::clusters(pairs.iter().filter(|pair| accepted(pair)).map(|pair| AcceptedPair {
        a: numbers[&pair.a],
        b: numbers[&pair.b],
        score: pair.judgement.score,
    }));
    let mut cluster_of = vec![None; numbers.len()];
    for (cluster, number) in clusters.iter().zip(0..) {
        cluster.members.iter().for_each(|&member| cluster_of[member as usize] = Some(number));
    }
    for pair in pairs.iter_mut().filter(|pair| accepted(pair)) {
        pair.cluster = cluster_of[numbers[&pair.a] as usize];
    }
    Deduplication { pairs, clusters, members: numbers.into_keys().collect(), work }
}
