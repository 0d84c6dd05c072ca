//! Two systems on the same pairs: is one better?
//!
//! Two intervals that overlap say little: both systems saw the same people, and a poor finger is poor for both. Here every replicate
//! draws the same subjects for both and takes the difference, so what the systems share cancels out (Bolle et al. 2004; ISO/IEC
//! 19795-1 asks for the same test crew).

use super::{
    Curve, Estimate, EvaluationError, Options, ScoreFile,
    bootstrap::{Replicates, Resampler},
};
use crate::decision::{Comparison, Scores};

/// A rate of both systems and its difference.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct Difference {
    /// Of the first system.
    pub first: f64,
    /// Of the second.
    pub second: f64,
    /// Second minus first: negative if the second errs less. Its interval holds both draws of the same subjects.
    pub difference: Estimate,
}

impl Difference {
    /// Whether the interval of the difference excludes zero.
    pub fn is_significant(&self) -> bool {
        self.difference.interval.is_some_and(|i| i.low > 0.0 || i.high < 0.0)
    }
}

/// How two systems differ on the same pairs.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct SystemComparison {
    /// Pairs compared.
    pub pairs: usize,
    /// Difference of the equal error rates.
    pub eer: Difference,
    /// Each target FMR and the difference of the FNMRs there, each system at its own threshold.
    pub fnmr: Vec<(f64, Difference)>,
}

/// Compares two systems on the same pairs, which may stand in any order and direction.
///
/// # Errors
/// [`EvaluationError::DifferentPairs`] if one file lacks a pair of the other or has one twice,
/// [`EvaluationError::OneSided`] without a genuine or without an impostor pair.
pub fn compare_systems(
    first: &ScoreFile,
    second: &ScoreFile,
    options: &Options,
) -> Result<SystemComparison, EvaluationError> {
    let (first_list, second_list) = matched(first, second)?;
    let (first_scores, second_scores) = (Scores::new(first_list), Scores::new(second_list));
    let curves = (Curve::new(first.name(), &first_scores)?, Curve::new(second.name(), &second_scores)?);
    let replicates = |scores: &Scores, curve: &Curve| -> Replicates {
        Resampler::new(scores, curve).replicates(&options.bootstrap, &options.targets)
    };
    let drawn = (replicates(&first_scores, &curves.0), replicates(&second_scores, &curves.1));
    let difference = |values: (f64, f64), replicates: (&[f64], &[f64])| Difference {
        first: values.0,
        second: values.1,
        difference: Estimate {
            value: values.1 - values.0,
            interval: options.bootstrap.interval(replicates.0.iter().zip(replicates.1).map(|(a, b)| b - a)),
        },
    };
    let fnmr = options.targets.iter().enumerate().map(|(t, &target)| {
        let values = (curves.0.at_fmr(target).fnmr(), curves.1.at_fmr(target).fnmr());
        (target, difference(values, (&drawn.0.fnmr[t], &drawn.1.fnmr[t])))
    });
    Ok(SystemComparison {
        pairs: first.pairs().len(),
        eer: difference((curves.0.eer(), curves.1.eer()), (&drawn.0.eer, &drawn.1.eer)),
        fnmr: fnmr.collect(),
    })
}

/// The comparisons of both files with the subjects numbered as in the first.
fn matched(first: &ScoreFile, second: &ScoreFile) -> Result<(Vec<Comparison>, Vec<Comparison>), EvaluationError> {
    let differs =
        |other: &ScoreFile, reason: String| EvaluationError::DifferentPairs { other: other.name().into(), reason };
    let number: std::collections::HashMap<&str, u32> = first.files().iter().map(|f| &**f).zip(0_u32..).collect();
    let key = |[a, b]: [u32; 2]| [a.min(b), a.max(b)];
    let of_first = |pair: &super::ScoredPair| (key(pair.files), first.comparison(pair));
    let mut ours: Vec<_> = first.pairs().iter().map(of_first).collect();
    let mut theirs = Vec::with_capacity(second.pairs().len());
    for pair in second.pairs() {
        let mut files = [0; 2];
        for (file, place) in files.iter_mut().zip(pair.files) {
            let name = &*second.files()[place as usize];
            *file = *number.get(name).ok_or_else(|| differs(first, format!("{name} does not occur")))?;
        }
        theirs.push((key(files), pair.score));
    }
    ours.sort_by_key(|(key, _)| *key);
    theirs.sort_by_key(|(key, _)| *key);
    let named = |key: [u32; 2]| key.map(|file| first.files()[file as usize].to_string()).join(" with ");
    for (list, of) in
        [(ours.iter().map(|p| p.0).collect::<Vec<_>>(), first), (theirs.iter().map(|p| p.0).collect(), second)]
    {
        if let Some(twice) = list.windows(2).find(|w| w[0] == w[1]) {
            return Err(differs(of, format!("{} occurs twice", named(twice[0]))));
        }
    }
    let mut second_list = Vec::with_capacity(theirs.len());
    for (n, (key, comparison)) in ours.iter().enumerate() {
        match theirs.get(n) {
            Some((same, score)) if same == key => second_list.push(Comparison { score: *score, ..*comparison }),
            Some((other, _)) if other < key => return Err(differs(first, format!("{} is missing", named(*other)))),
            _ => return Err(differs(second, format!("{} is missing", named(*key)))),
        }
    }
    match theirs.get(ours.len()) {
        Some((extra, _)) => Err(differs(first, format!("{} is missing", named(*extra)))),
        None => Ok((ours.into_iter().map(|(_, c)| c).collect(), second_list)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evaluation::Bootstrap;
    use std::fmt::Write;

    /// Scores of 30 fingers with two impressions; the second system adds `gain` to mates and turns the pairs round.
    fn file(name: &str, gain: u32, turned: bool) -> ScoreFile {
        let mut lines = Vec::new();
        for a in 0..30_u32 {
            for b in a..30 {
                // Some fingers are poor whatever the system, so that both rise and fall together.
                let mate = (a * 37 % 30) + gain;
                let score = if a == b { mate } else { (a * 7 + b * 11) % 13 };
                lines.push(if turned { format!("{b}_2,{a}_1,{score}") } else { format!("{a}_1,{b}_2,{score}") });
            }
        }
        if turned {
            lines.reverse();
        }
        let mut text = String::from("fileA,fileB,score\n");
        for line in lines {
            writeln!(text, "{line}").unwrap();
        }
        ScoreFile::read_from(name, text.as_bytes()).unwrap()
    }

    #[test]
    fn a_system_does_not_differ_from_itself_in_any_order() {
        let compared = compare_systems(&file("a", 0, false), &file("b", 0, true), &Options::default()).unwrap();
        let interval = compared.eer.difference.interval.unwrap();
        assert_eq!((compared.eer.difference.value, interval.low, interval.high), (0.0, 0.0, 0.0));
        assert_eq!(compared.pairs, 465);
    }

    #[test]
    fn what_both_systems_share_cancels_out() {
        let options =
            Options { bootstrap: Bootstrap { replicates: 500, ..Bootstrap::default() }, ..Options::default() };
        let (a, b) = (file("a", 0, false), file("b", 4, true));
        let (_, zero) = compare_systems(&a, &b, &options).unwrap().fnmr.pop().unwrap();
        assert!(zero.is_significant() && zero.difference.value < 0.0, "{zero:?}");
        let alone = crate::evaluation::error_rates("a", &a.scores(), &options).unwrap().at.pop().unwrap().fnmr;
        let width = |e: Estimate| e.interval.map_or(f64::NAN, |i| i.high - i.low);
        assert!(width(zero.difference) < width(alone), "{:?} against {alone:?}", zero.difference);
    }

    #[test]
    fn a_pair_that_only_one_file_has_is_named() {
        let of =
            |name, lines: &str| ScoreFile::read_from(name, format!("fileA,fileB,score\n{lines}").as_bytes()).unwrap();
        let error =
            |a: &str, b: &str| compare_systems(&of("a", a), &of("b", b), &Options::default()).unwrap_err().to_string();
        let rest = ": a comparison of systems needs the same pairs in both files";
        assert_eq!(error("1_a,1_b,3\n1_a,2_a,1\n", "1_b,1_a,3\n"), format!("b: 1_a with 2_a is missing{rest}"));
        assert_eq!(error("1_a,1_b,3\n", "1_a,1_b,3\n1_a,2_a,1\n"), format!("a: 2_a does not occur{rest}"));
        assert_eq!(error("1_a,1_b,3\n1_b,1_a,4\n", "1_a,1_b,3\n"), format!("a: 1_a with 1_b occurs twice{rest}"));
    }
}
