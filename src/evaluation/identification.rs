//! Error rates of searches: FPIR, FNIR, CMC.
//!
//! # Definitions (ISO/IEC 19795-1)
//! A search is mated if the person searched for is enrolled. FPIR at a threshold is the share of non-mated searches that
//! return any candidate at or above it. FNIR at a threshold and a rank is the share of mated searches whose mate is not among the
//! first `rank` candidates with a score at or above the threshold. The cumulative match characteristic is the share of mated
//! searches that return the mate at or above a rank, whatever the score.
//!
//! # Confidence
//! Searches for one subject stand and fall together. Intervals draw the subjects who were searched for, all searches of each, out of the same
//! gallery; where no error was counted, the upper end is the rule of three over subjects.

use super::{Bootstrap, bootstrap::drawn};
use crate::decision::{Interval, Proportion};
use rand_pcg::Pcg32;
use rayon::prelude::*;
use std::collections::BTreeMap;

/// What one search returned, as far as its rates need.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum SearchOutcome {
    /// The person is enrolled: rank (from 1) and score of the mate, or `None` if it is not among the candidates.
    Mated(Option<(u32, f64)>),
    /// The person is not enrolled: the score of the best candidate, or `None` if there is none.
    NonMated(Option<f64>),
}

/// Searches whose truth is known.
///
/// ```
/// # use vantay::evaluation::{IdentificationRates, SearchOutcome::{Mated, NonMated}};
/// let rates = IdentificationRates::new([
///     Mated(Some((1, 80.0))), Mated(Some((3, 20.0))), Mated(None), NonMated(Some(35.0)), NonMated(None),
/// ]);
/// assert_eq!((rates.fpir(30.0).value(), rates.fpir(40.0).value()), (0.5, 0.0));
/// assert_eq!(rates.fnir(30.0, 1).value(), 2.0 / 3.0);
/// assert_eq!(rates.cmc(3), [1.0 / 3.0, 1.0 / 3.0, 2.0 / 3.0]);
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
pub struct IdentificationRates {
    /// Rank and score of each mate that was returned, best score first.
    mates: Vec<(u32, f64)>,
    mated: u64,
    /// The best candidate of each non-mated search that returned any, best first.
    best_strangers: Vec<f64>,
    non_mated: u64,
    /// The searches of each subject.
    subjects: Vec<Vec<SearchOutcome>>,
}

/// Both rates at one threshold.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct IdentificationPoint {
    /// Candidates at or above this are returned.
    pub threshold: f64,
    /// False positive identification rate.
    pub fpir: Proportion,
    /// False negative identification rate.
    pub fnir: Proportion,
}

impl IdentificationRates {
    /// The rates of `searches`, each of another subject; candidates whose score is not a number count as not returned.
    pub fn new(searches: impl IntoIterator<Item = SearchOutcome>) -> Self {
        Self::by_subject((0..).zip(searches))
    }

    /// The same with the subject who was searched for, as a number.
    pub fn by_subject(searches: impl IntoIterator<Item = (u32, SearchOutcome)>) -> Self {
        let mut subjects: BTreeMap<u32, Vec<SearchOutcome>> = BTreeMap::new();
        searches.into_iter().for_each(|(subject, search)| subjects.entry(subject).or_default().push(search));
        let subjects: Vec<_> = subjects.into_values().collect();
        Self { subjects: subjects.clone(), ..Self::counted(subjects.into_iter().flatten()) }
    }

    fn counted(searches: impl Iterator<Item = SearchOutcome>) -> Self {
        let mut rates = Self::default();
        for search in searches {
            match search {
                SearchOutcome::Mated(mate) => {
                    rates.mated += 1;
                    rates.mates.extend(mate.filter(|(_, score)| !score.is_nan()));
                }
                SearchOutcome::NonMated(best) => {
                    rates.non_mated += 1;
                    rates.best_strangers.extend(best.filter(|score| !score.is_nan()));
                }
            }
        }
        rates.mates.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
        rates.best_strangers.sort_by(|a, b| b.total_cmp(a));
        rates
    }

    /// Subjects who were searched for.
    pub fn subjects(&self) -> usize {
        self.subjects.len()
    }

    /// The intervals of error rates that `figures` reads off, by drawing subjects; `None` as of [`Bootstrap`] with nothing to draw.
    ///
    /// ```
    /// # use vantay::evaluation::{Bootstrap, IdentificationRates, SearchOutcome::Mated};
    /// // Thirty subjects of three searches each, every tenth of whom is never found.
    /// let outcome = |n: u32| Mated((n % 10 > 0).then_some((1, 80.0)));
    /// let rates = IdentificationRates::by_subject((0..90).map(|n| (n % 30, outcome(n % 30))));
    /// let [missed] = rates.intervals(&Bootstrap::default(), |drawn| [drawn.fnir(50.0, 1).value()]);
    /// let missed = missed.expect("an interval");
    /// assert!(missed.low < 0.04 && missed.high > 0.19);
    /// ```
    pub fn intervals<const N: usize>(
        &self,
        bootstrap: &Bootstrap,
        figures: impl Fn(&Self) -> [f64; N] + Sync,
    ) -> [Option<Interval>; N] {
        let values = figures(self);
        let drawn: Vec<[f64; N]> = (0..bootstrap.replicates)
            .into_par_iter()
            .map_init(Vec::new, |times, replicate| {
                drawn(times, self.subjects.len(), &mut Pcg32::new(bootstrap.seed, u64::from(replicate)));
                let searches =
                    self.subjects.iter().zip(&*times).flat_map(|(searches, &times)| {
                        std::iter::repeat_n(searches, times as usize).flatten().copied()
                    });
                figures(&Self::counted(searches))
            })
            .collect();
        let at_most = (3.0 / self.subjects.len().max(1) as f64).min(1.0);
        std::array::from_fn(|n| {
            let mut interval = bootstrap.interval(drawn.iter().map(|values| values[n]));
            if let Some(interval) = interval.as_mut().filter(|_| values[n] == 0.0) {
                interval.high = interval.high.max(at_most);
            }
            interval
        })
    }

    /// Mated and non-mated searches.
    pub fn searches(&self) -> (u64, u64) {
        (self.mated, self.non_mated)
    }

    /// The false positive identification rate at `threshold`.
    pub fn fpir(&self, threshold: f64) -> Proportion {
        Proportion::new(self.best_strangers.partition_point(|&s| s >= threshold) as u64, self.non_mated)
    }

    /// The false negative identification rate at `threshold` among the first `rank` candidates.
    pub fn fnir(&self, threshold: f64, rank: u32) -> Proportion {
        let passed = self.mates.partition_point(|&(_, score)| score >= threshold);
        let found = self.mates[..passed].iter().filter(|(at, _)| *at <= rank).count() as u64;
        Proportion::new(self.mated - found, self.mated)
    }

    /// The rates at the smallest threshold whose FPIR does not exceed `fpir`, for mates among the first `rank` candidates.
    pub fn at_fpir(&self, fpir: f64, rank: u32) -> IdentificationPoint {
        let allowed = ((fpir.clamp(0.0, 1.0) + 1e-12) * self.non_mated as f64).floor() as usize;
        let threshold = match self.best_strangers.get(allowed) {
            // The first best candidate too many must stay below; the threshold is the next score that occurs above it.
            Some(&excess) => {
                let strangers = self.best_strangers.iter().copied().filter(|&s| s > excess);
                let mates = self.mates.iter().map(|m| m.1).filter(|&s| s > excess);
                strangers.chain(mates).fold(f64::INFINITY, f64::min).min(f64::MAX)
            }
            None => {
                let all = self.best_strangers.iter().copied().chain(self.mates.iter().map(|m| m.1));
                all.fold(f64::INFINITY, f64::min).min(f64::MAX)
            }
        };
        IdentificationPoint { threshold, fpir: self.fpir(threshold), fnir: self.fnir(threshold, rank) }
    }

    /// The cumulative match characteristic for ranks 1 to `ranks`.
    pub fn cmc(&self, ranks: u32) -> Vec<f64> {
        let mut found = vec![0_u64; ranks as usize];
        for &(rank, _) in &self.mates {
            if let Some(count) = rank.checked_sub(1).and_then(|place| found.get_mut(place as usize)) {
                *count += 1;
            }
        }
        let mut sum = 0;
        found
            .into_iter()
            .map(|count| {
                sum += count;
                sum as f64 / self.mated.max(1) as f64
            })
            .collect()
    }

    /// The share of mated searches that return the mate within `rank`, with its 95 % interval; every search taken as independent.
    pub fn found_by_rank(&self, rank: u32) -> (f64, Interval) {
        let missed = self.fnir(f64::NEG_INFINITY, rank).clopper_pearson(0.95);
        let value = 1.0 - self.fnir(f64::NEG_INFINITY, rank).value();
        (value, Interval { low: 1.0 - missed.high, high: 1.0 - missed.low })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn searches_of_one_subject_stand_and_fall_together() {
        let outcome = |subject: u32| SearchOutcome::Mated((!subject.is_multiple_of(5)).then_some((1, 9.0)));
        let searches = || (0..400).map(|n| n % 40);
        let alone = IdentificationRates::new(searches().map(outcome));
        let together = IdentificationRates::by_subject(searches().map(|subject| (subject, outcome(subject))));
        assert_eq!((alone.subjects(), together.subjects()), (400, 40));
        assert_eq!(alone.fnir(0.0, 1), together.fnir(0.0, 1));
        let width = |rates: &IdentificationRates| {
            let [interval] = rates.intervals(&Bootstrap::default(), |drawn| [drawn.fnir(0.0, 1).value()]);
            interval.map_or(f64::NAN, |interval| interval.high - interval.low)
        };
        assert!(width(&together) > 2.0 * width(&alone), "{} against {}", width(&together), width(&alone));
    }

    #[test]
    fn no_miss_leaves_the_rule_of_three_over_subjects() {
        let found = (0..60).map(|n| (n % 30, SearchOutcome::Mated(Some((1, 9.0)))));
        let rates = IdentificationRates::by_subject(found);
        let [missed] = rates.intervals(&Bootstrap::default(), |drawn| [drawn.fnir(0.0, 1).value()]);
        assert_eq!(missed, Some(Interval { low: 0.0, high: 0.1 }));
        let none =
            IdentificationRates::default().intervals(&Bootstrap::default(), |drawn| [drawn.fnir(0.0, 1).value()]);
        assert_eq!(none, [Some(Interval { low: 0.0, high: 1.0 })]);
    }

    proptest! {
        #[test]
        fn rates_are_what_counting_searches_gives(
            mated in prop::collection::vec(prop::option::of((1_u32..6, 0_u8..20)), 1..30),
            non_mated in prop::collection::vec(prop::option::of(0_u8..15), 1..30),
            target in 0.0..1.0_f64,
            rank in 1_u32..6,
        ) {
            let mated: Vec<_> = mated.into_iter().map(|m| m.map(|(rank, s)| (rank, f64::from(s)))).collect();
            let non_mated: Vec<_> = non_mated.into_iter().map(|s| s.map(f64::from)).collect();
            let rates = IdentificationRates::new(
                mated.iter().map(|m| SearchOutcome::Mated(*m)).chain(non_mated.iter().map(|s| SearchOutcome::NonMated(*s))),
            );
            let fpir = |t: f64| non_mated.iter().filter(|s| s.is_some_and(|s| s >= t)).count() as f64 / non_mated.len() as f64;
            let fnir = |t: f64| {
                let found = mated.iter().flatten().filter(|(at, s)| *at <= rank && *s >= t).count();
                (mated.len() - found) as f64 / mated.len() as f64
            };
            for t in 0..21 {
                let t = f64::from(t);
                prop_assert_eq!(rates.fpir(t).value(), fpir(t));
                prop_assert_eq!(rates.fnir(t, rank).value(), fnir(t));
            }
            let point = rates.at_fpir(target, rank);
            prop_assert!(point.fpir.value() <= target + 1e-12);
            // Among thresholds that occur as scores, none lower would do.
            for t in 0..20 {
                let t = f64::from(t);
                if t < point.threshold && fnir(t) != fnir(point.threshold) {
                    prop_assert!(fpir(t) > target);
                }
            }
            let cmc = rates.cmc(6);
            for (r, share) in (1..).zip(&cmc) {
                let found = mated.iter().flatten().filter(|(at, _)| *at <= r).count() as f64 / mated.len() as f64;
                prop_assert_eq!(*share, found);
            }
        }
    }
}
