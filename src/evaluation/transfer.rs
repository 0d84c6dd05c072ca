//! How far a stated rate is off on data that it was not fitted on.
//!
//! A calibration's intervals hold for more of the same data. The next sensor, extractor or population is not the same: so each set is left out
//! in turn, a calibration is fitted to the others, and what it states is held against what the set shows.

use super::EvaluationError;
use crate::decision::{Calibration, FitOptions, Interval, Proportion, Scores};
use rayon::prelude::*;
use std::fmt::Write;

/// One set against the calibration of all others.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct LeftOut {
    /// The set that was left out.
    pub name: String,
    /// Each false match rate that was asked for.
    pub at: Vec<StatedAndFound>,
}

/// A rate as stated and as found.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct StatedAndFound {
    /// The false match rate that was asked for.
    pub stated: f64,
    /// The threshold that the other sets' calibration gives for it.
    pub threshold: f64,
    /// The false matches that the set has at that threshold.
    pub fmr: Proportion,
    /// Their share's 95 % interval, pairs that share subjects taken into account.
    pub interval: Interval,
    /// The share of the set's mates that the threshold loses.
    pub fnmr: f64,
}

impl StatedAndFound {
    /// How many times as many false matches there are as stated; below 1 if there are fewer.
    pub fn factor(&self) -> f64 {
        self.fmr.value() / self.stated
    }
}

/// Leaves each of `sets` out in turn, and asks the calibration of the others for the thresholds of `fmrs`.
///
/// # Errors
/// [`EvaluationError::Decision`] if the others cannot be calibrated, or a rate is not between 0 and 1.
pub fn leave_one_out(
    sets: &[(String, Scores)],
    fmrs: &[f64],
    options: &FitOptions,
) -> Result<Vec<LeftOut>, EvaluationError> {
    leave_groups_out(sets, str::to_owned, fmrs, options)
}

/// As [`leave_one_out`], but the calibration has not seen any set of the same group either: of the same sensor, say, or the same people.
///
/// # Errors
/// As [`leave_one_out`].
pub fn leave_groups_out(
    sets: &[(String, Scores)],
    group: impl Fn(&str) -> String + Sync,
    fmrs: &[f64],
    options: &FitOptions,
) -> Result<Vec<LeftOut>, EvaluationError> {
    let left_out = |(name, scores): &(String, Scores)| {
        let own = group(name);
        let others = sets.iter().filter(|(other, _)| group(other) != own).map(|(_, scores)| scores);
        let calibration = Calibration::fit(&Scores::pooled(others), options)?;
        let at = fmrs.iter().map(|&stated| {
            let threshold = calibration.threshold_at_fmr(stated)?;
            let fmr = Proportion::new(scores.impostor_from(threshold), scores.impostor().len() as u64);
            let effect = scores.impostor_design_effect(threshold);
            Ok(StatedAndFound {
                stated,
                threshold,
                fmr,
                interval: fmr.with_design_effect(effect).clopper_pearson(0.95),
                fnmr: scores.genuine_below(threshold) as f64 / scores.genuine().len().max(1) as f64,
            })
        });
        Ok(LeftOut { name: name.clone(), at: at.collect::<Result<_, EvaluationError>>()? })
    };
    sets.par_iter().map(left_out).collect()
}

/// The sets as a table: for each rate how many times as many false matches there were as stated, with its interval, and the mates lost; below
/// all sets together, and how far the worst was off.
pub fn left_out_text(sets: &[LeftOut]) -> String {
    let mut text = String::from("| left out |");
    for at in sets.first().iter().flat_map(|set| &set.at) {
        let _ = write!(text, " stated FMR {:e}: found, times stated (95 %) | FNMR, % |", at.stated);
    }
    text.push_str("\n|---|");
    text.push_str(&"---|---|".repeat(sets.first().map_or(0, |set| set.at.len())));
    for set in sets {
        let _ = write!(text, "\n| {} |", set.name);
        for at in &set.at {
            let [low, high] = [at.interval.low, at.interval.high].map(|end| end / at.stated);
            let _ = write!(
                text,
                " {:.1e}, {:.1} ({low:.1} to {high:.1}) | {:.2} |",
                at.fmr.value(),
                at.factor(),
                100.0 * at.fnmr
            );
        }
    }
    text.push_str("\n| **all** |");
    for k in 0..sets.first().map_or(0, |set| set.at.len()) {
        let at = || sets.iter().map(|set| set.at[k]);
        let (errors, trials) = at().fold((0.0, 0.0), |(e, n), at| (e + at.fmr.errors(), n + at.fmr.trials()));
        let found = errors / f64::max(trials, 1.0);
        let stated = at().next().map_or(1.0, |at| at.stated);
        let worst = at().map(|at| at.factor()).fold(0.0, f64::max);
        let fnmr = at().map(|at| at.fnmr).sum::<f64>() / sets.len() as f64;
        let _ = write!(text, " {found:.1e}, {:.1}; at worst {worst:.1} | {:.2} |", found / stated, 100.0 * fnmr);
    }
    text.push('\n');
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decision::probit;

    #[test]
    fn a_set_of_another_scale_stands_out() {
        let set = |scale: f64, shift: f64| {
            let deviates = |n: usize| (0..n).map(move |i| probit((i as f64 + 0.5) / n as f64));
            let impostor: Vec<f64> = deviates(4_000).map(|z| scale * z).collect();
            let genuine: Vec<f64> = deviates(200).map(|z| shift + z).collect();
            Scores::of_pairs(&genuine, &impostor)
        };
        let sets: Vec<_> = [("a", 1.0), ("b", 1.0), ("c", 1.0), ("odd", 1.6)]
            .map(|(name, scale)| (name.to_owned(), set(scale, 5.0)))
            .into();
        let found = leave_one_out(&sets, &[1e-2], &FitOptions::new("test", "test 1")).unwrap();
        let factors: Vec<f64> = found.iter().map(|left_out| left_out.at[0].factor()).collect();
        assert!(factors[..3].iter().all(|f| *f < 0.6), "{factors:?}");
        assert!(factors[3] > 3.0 && found[3].at[0].interval.low > 1e-2, "{factors:?}");
        let text = left_out_text(&found);
        assert_eq!(text.lines().count(), 7, "{text}");
        assert!(text.contains("| odd |") && text.contains("at worst"), "{text}");
        // Without its own kind among the others a set is as far off.
        let group = |name: &str| name[..1].to_owned();
        let grouped = leave_groups_out(&sets, group, &[1e-2], &FitOptions::new("test", "test 1")).unwrap();
        assert_eq!(grouped[3].at[0].threshold, found[3].at[0].threshold);
    }
}
