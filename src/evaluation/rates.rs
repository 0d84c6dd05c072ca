//! What a test says of a system: EER and FNMR at chosen FMR, for each data set, their mean, and all pooled.
//!
//! Sets of different sensors have scores of different scale, so three answers matter: each set by itself, the mean over the sets
//! (each with its own threshold), and the pool, where one threshold has to serve them all.

use super::{
    Bootstrap, Curve, EvaluationError, Failures, IdentificationRates, OperatingPoint, ScoreFile,
    bootstrap::{Replicates, Resampler},
};
use crate::decision::{Interval, Proportion, Scores};
use rayon::prelude::*;
use std::path::Path;

/// What to compute, and how sure to be.
#[derive(Clone, Debug, PartialEq)]
pub struct Options {
    /// The false match rates at which the FNMR is stated, each 0 to 1.
    pub targets: Vec<f64>,
    /// How intervals are drawn.
    pub bootstrap: Bootstrap,
    /// Share of presentations of enrolled subjects that gave no template at all, 0 to 1, if it was measured elsewhere; score files may count it
    /// themselves. Where this or the next is known, rates of transactions are stated too.
    pub failure_to_acquire: Option<f64>,
    /// Share of subjects who could not be enrolled, likewise.
    pub failure_to_enrol: Option<f64>,
}

impl Default for Options {
    /// FNMR at FMR 1e-2, 1e-3, 1e-4 and where no impostor pair matches.
    fn default() -> Self {
        Self {
            targets: vec![1e-2, 1e-3, 1e-4, 0.0],
            bootstrap: Bootstrap::default(),
            failure_to_acquire: None,
            failure_to_enrol: None,
        }
    }
}

impl Options {
    /// The failures that are stated, if any are.
    fn failures(&self) -> Option<Failures> {
        let (to_enrol, to_acquire) = (self.failure_to_enrol, self.failure_to_acquire);
        to_enrol.or(to_acquire)?;
        Some(Failures { to_enrol: to_enrol.unwrap_or(0.0), to_acquire: to_acquire.unwrap_or(0.0) })
    }
}

/// An error rate and where it may lie.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Estimate {
    /// The rate as counted.
    pub value: f64,
    /// The interval at the asked confidence, by drawing subjects; `None` if none was asked or there is too little to draw from.
    pub interval: Option<Interval>,
}

/// FNMR at one target FMR.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct AtFmr {
    /// The false match rate that must not be exceeded.
    pub target: f64,
    /// The threshold and the counts at it.
    pub point: OperatingPoint,
    /// The false non-match rate there.
    pub fnmr: Estimate,
    /// Clopper and Pearson's interval of the FNMR, every pair taken as independent.
    pub fnmr_by_count: Interval,
    /// Whether the data can show so low a rate: one impostor pair or more may match. If not, the FNMR stands at zero
    /// false matches and the FMR there is only known to be below [`Proportion::rule_of_three`](crate::decision::Proportion::rule_of_three).
    pub resolved: bool,
}

/// Error rates of one set of comparisons.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ErrorRates {
    /// The set's name.
    pub name: String,
    /// Genuine comparisons.
    pub genuine: u64,
    /// Impostor comparisons.
    pub impostor: u64,
    /// Subjects (or fingers), if they are known.
    pub subjects: Option<u32>,
    /// The equal error rate.
    pub eer: Estimate,
    /// FNMR at each target, in the order asked.
    pub at: Vec<AtFmr>,
    /// Shares of subjects and presentations that gave no template, as stated or as the score files count them, if anything is known of either.
    pub failures: Option<Failures>,
    /// All operating points.
    pub curve: Curve,
}

/// Error rates of `scores`.
///
/// # Errors
/// [`EvaluationError::OneSided`] without a genuine or without an impostor comparison.
///
/// ```
/// # use vantay::{decision::Scores, evaluation::{Options, error_rates}};
/// let scores = Scores::of_pairs(&[9.0, 8.0, 7.0, 2.0], &[3.0, 1.0, 1.0, 0.0]);
/// let rates = error_rates("example", &scores, &Options::default())?;
/// assert_eq!((rates.eer.value, rates.at[0].fnmr.value), (0.25, 0.25));
/// # Ok::<(), vantay::evaluation::EvaluationError>(())
/// ```
pub fn error_rates(name: &str, scores: &Scores, options: &Options) -> Result<ErrorRates, EvaluationError> {
    Ok(with_replicates(name, scores, options, 0)?.0)
}

fn with_replicates(
    name: &str,
    scores: &Scores,
    options: &Options,
    set: u64,
) -> Result<(ErrorRates, Replicates), EvaluationError> {
    let curve = Curve::new(name, scores)?;
    // Sets of equal size would otherwise draw the same subjects, and their errors would seem to move together.
    let seed = options.bootstrap.seed.wrapping_add(set.wrapping_mul(0x9e37_79b9_7f4a_7c15));
    let bootstrap = &Bootstrap { seed, ..options.bootstrap };
    let replicates = Resampler::new(scores, &curve).replicates(bootstrap, &options.targets);
    // What the rule of three counts: subjects, or pairs where nothing better is known.
    let independent = scores.subjects().map_or(scores.genuine().len() as u64, u64::from);
    let estimate = |value: f64, replicates: &[f64]| {
        let mut interval = bootstrap.interval(replicates.iter().copied());
        if let Some(interval) = interval.as_mut().filter(|_| value == 0.0) {
            interval.high = interval.high.max((3.0 / independent as f64).min(1.0));
        }
        Estimate { value, interval }
    };
    let at = options.targets.iter().zip(&replicates.fnmr).map(|(&target, replicates)| {
        let point = curve.at_fmr(target);
        AtFmr {
            target,
            point,
            fnmr: estimate(point.fnmr(), replicates),
            fnmr_by_count: point.fnmr_count().clopper_pearson(bootstrap.confidence),
            resolved: target == 0.0 || target * point.impostor as f64 >= 1.0,
        }
    });
    let rates = ErrorRates {
        name: name.into(),
        genuine: scores.genuine().len() as u64,
        impostor: scores.impostor().len() as u64,
        subjects: scores.subjects(),
        eer: estimate(curve.eer(), &replicates.eer),
        at: at.collect(),
        failures: options.failures(),
        curve,
    };
    Ok((rates, replicates))
}

/// Means over several sets, each at its own threshold.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct MeanRates {
    /// The mean of the equal error rates.
    pub eer: Estimate,
    /// Each target FMR and the mean FNMR there.
    pub at: Vec<(f64, Estimate)>,
}

/// Error rates of one or several sets.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Evaluation {
    /// What was asked.
    pub options: Options,
    /// Each set.
    pub sets: Vec<ErrorRates>,
    /// Their scores, in the same order.
    pub scores: Vec<Scores>,
    /// The searches that each set holds, if its files were compared in full: see [`ScoreFile::searches`].
    pub searches: Vec<Option<IdentificationRates>>,
    /// The mean over the sets, if there are several.
    pub mean: Option<MeanRates>,
    /// All comparisons as one set, if there are several sets.
    pub pooled: Option<ErrorRates>,
}

impl Evaluation {
    /// Error rates of named sets of scores. Subjects of different sets are taken to be different persons.
    ///
    /// # Errors
    /// [`EvaluationError::OneSided`] if a set has no genuine or no impostor comparison.
    pub fn new(sets: Vec<(String, Scores)>, options: Options) -> Result<Self, EvaluationError> {
        let rates_of = |(set, (name, scores)): (u64, &(String, Scores))| with_replicates(name, scores, &options, set);
        let all = (0..).zip(&sets).map(rates_of).collect::<Result<Vec<_>, _>>()?;
        let several = sets.len() > 1;
        let mean = several.then(|| mean(&all, &options));
        let pooled = match several {
            true => Some(error_rates("pooled", &Scores::pooled(sets.iter().map(|(_, scores)| scores)), &options)?),
            false => None,
        };
        let (rates, scores) = (all.into_iter().map(|(rates, _)| rates), sets.into_iter().map(|(_, scores)| scores));
        let searches = vec![None; rates.len()];
        Ok(Self { sets: rates.collect(), scores: scores.collect(), searches, mean, pooled, options })
    }

    /// Error rates of score files.
    ///
    /// # Errors
    /// Those of [`ScoreFile::read`] and [`Evaluation::new`].
    pub fn of_files<P: AsRef<Path> + Sync>(paths: &[P], options: Options) -> Result<Self, EvaluationError> {
        let read = |path: &P| {
            let file = ScoreFile::read(path)?;
            let counted = (file.searches(), [file.failures_to_enrol(), file.failures_to_acquire()]);
            Ok(((file.name().to_owned(), file.scores()), counted))
        };
        let read = paths.par_iter().map(read).collect::<Result<Vec<_>, EvaluationError>>()?;
        let (sets, counted): (_, Vec<_>) = read.into_iter().unzip();
        let (searches, failures): (_, Vec<_>) = counted.into_iter().unzip();
        Ok(Self { searches, ..Self::new(sets, options)?.with_failures(&failures) })
    }

    /// With the failures to enrol and to acquire that were counted in each set, if there were any in one; what is stated stands before what is counted.
    fn with_failures(mut self, counted: &[[Proportion; 2]]) -> Self {
        let sum = |kind: usize, of: fn(Proportion) -> f64| counted.iter().map(|set| of(set[kind])).sum::<f64>() as u64;
        let all = [0, 1].map(|kind| Proportion::new(sum(kind, Proportion::errors), sum(kind, Proportion::trials)));
        if all.iter().any(|all| all.errors() > 0.0) {
            let options = &self.options;
            let known = |counted: [Proportion; 2]| {
                Some(Failures {
                    to_enrol: options.failure_to_enrol.unwrap_or(counted[0].value()),
                    to_acquire: options.failure_to_acquire.unwrap_or(counted[1].value()),
                })
            };
            self.sets.iter_mut().zip(counted).for_each(|(rates, counted)| rates.failures = known(*counted));
            self.pooled.iter_mut().for_each(|pooled| pooled.failures = known(all));
        }
        self
    }

    /// The set that speaks for all: the pool of several, or the only one.
    pub fn overall(&self) -> Option<&ErrorRates> {
        self.pooled.as_ref().or(self.sets.first())
    }
}

fn mean(all: &[(ErrorRates, Replicates)], options: &Options) -> MeanRates {
    let sets = all.len() as f64;
    // Sets are drawn independently, so the mean of their replicates is a replicate of their mean.
    let over_sets = |value: &dyn Fn(&ErrorRates) -> f64, list: &dyn Fn(&Replicates) -> &[f64]| {
        let means = (0..options.bootstrap.replicates as usize)
            .map(|replicate| all.iter().map(|(_, replicates)| list(replicates)[replicate]).sum::<f64>() / sets);
        Estimate {
            value: all.iter().map(|(rates, _)| value(rates)).sum::<f64>() / sets,
            interval: options.bootstrap.interval(means),
        }
    };
    MeanRates {
        eer: over_sets(&|rates| rates.eer.value, &|replicates| &replicates.eer),
        at: options
            .targets
            .iter()
            .enumerate()
            .map(|(t, &target)| (target, over_sets(&|rates| rates.at[t].fnmr.value, &|replicates| &replicates.fnmr[t])))
            .collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_counted_error_still_leaves_the_rule_of_three() {
        let pairs: Vec<_> = (0..30)
            .flat_map(|a| [([a, a], 50.0), ([a, (a + 1) % 30], 1.0)])
            .map(|(subjects, score)| crate::decision::Comparison { score, subjects })
            .collect();
        let rates = error_rates("clean", &Scores::new(pairs), &Options::default()).unwrap();
        assert_eq!(rates.eer, Estimate { value: 0.0, interval: Some(Interval { low: 0.0, high: 0.1 }) });
        assert!(!rates.at[2].resolved && rates.at[3].resolved);
    }

    #[test]
    fn seeds_of_the_sets_do_not_make_them_move_together() {
        // Equal sets draw equal subjects from equal seeds; the mean would then look no surer than one set alone.
        let pairs = (0..40).flat_map(|a| {
            let genuine = (if a % 5 == 0 { 0.0 } else { 9.0 }, [a, a]);
            [genuine, (1.0, [a, (a + 1) % 40])]
        });
        let scores = Scores::new(pairs.map(|(score, subjects)| crate::decision::Comparison { score, subjects }));
        let sets = (0..8).map(|n| (n.to_string(), scores.clone())).collect();
        let evaluation = Evaluation::new(sets, Options::default()).unwrap();
        let width = |e: &Estimate| e.interval.map_or(0.0, |i| i.high - i.low);
        let one = width(&evaluation.sets[0].at[0].fnmr);
        let mean = width(&evaluation.mean.unwrap().at[0].1);
        assert!(mean < 0.5 * one, "{mean} against {one}");
    }
}
