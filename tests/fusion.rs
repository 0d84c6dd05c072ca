//! Fusion on persons whose parts are drawn from known distributions.
#![allow(clippy::unwrap_used)]

use rand_pcg::{Pcg32, rand_core::Rng};
use std::sync::LazyLock;
use vantay::decision::{
    Calibration, DecisionError, FingerCorrelation, FingersCompared, FitOptions, Fusion, FusionRule, Interval, Part,
    PartScore, Scores, probit,
};

struct Normal(Pcg32);

impl Normal {
    fn next(&mut self) -> f64 {
        probit((f64::from(self.0.next_u32()) + 0.5) / 4_294_967_296.0)
    }

    /// Scores of one person's `n` parts around `mean`, correlated by `rho`.
    fn person(&mut self, n: usize, mean: f64, rho: f64) -> Vec<f64> {
        let shared = self.next();
        (0..n).map(|_| mean + rho.sqrt() * shared + (1.0 - rho).sqrt() * self.next()).collect()
    }
}

const MATES: f64 = 3.0;

fn calibration(system: &str, stream: u64) -> Calibration {
    let mut normal = Normal(Pcg32::new(9, stream));
    let impostor: Vec<f64> = (0..50_000).map(|_| normal.next()).collect();
    let genuine: Vec<f64> = (0..5_000).map(|_| MATES + normal.next()).collect();
    Calibration::fit(&Scores::of_pairs(&genuine, &impostor), &FitOptions::new("normal deviates", system)).unwrap()
}

fn fusion() -> Fusion {
    static FITTED: LazyLock<Fusion> =
        LazyLock::new(|| Fusion::new(Some(calibration("face", 1)), Some(calibration("finger", 2))));
    FITTED.clone()
}

fn parts(scores: &[f64]) -> Vec<PartScore> {
    let part =
        |(n, &score): (usize, &f64)| if n == 0 { PartScore::face(score) } else { PartScore::finger(n as u8, score) };
    scores.iter().enumerate().map(part).collect()
}

#[test]
fn the_rate_of_a_sum_is_what_counting_strangers_gives() {
    let fusion = fusion();
    let mut normal = Normal(Pcg32::new(10, 0));
    let sums: Vec<f64> = (0..100_000).map(|_| fusion.fuse(&parts(&normal.person(3, 0.0, 0.0))).unwrap().llr).collect();
    for llr in [-2.0, 0.0, 1.0, 2.0, 3.0] {
        let counted = sums.iter().filter(|s| **s >= llr).count() as f64 / sums.len() as f64;
        let stated = fusion.fmr_at(true, 2, llr).unwrap();
        // Steps are rounded up and the tails are heavier than normal ones, so the statement may only err to the safe side.
        let error = 3.0 * (counted / sums.len() as f64).sqrt();
        assert!(
            stated.value >= counted * 0.9 - error && stated.value <= counted * 1.8 + error,
            "{llr}: {stated} for {counted}"
        );
        assert!(stated.value <= 10_f64.powf(-llr) * 1.2);
    }
}

#[test]
fn the_rate_of_correlated_fingers_is_not_stated_as_that_of_independent_ones() {
    let fusion = fusion().with_correlation(FingerCorrelation::assumed(0.5));
    let mut normal = Normal(Pcg32::new(14, 0));
    let fingers = |scores: Vec<f64>| -> Vec<PartScore> {
        scores.iter().zip(1..).map(|(&score, position)| PartScore::finger(position, score)).collect()
    };
    let sums: Vec<f64> = (0..100_000).map(|_| fusion.fuse(&fingers(normal.person(4, 0.0, 0.5))).unwrap().llr).collect();
    for llr in [0.0, 1.0, 2.0] {
        let counted = sums.iter().filter(|s| **s >= llr).count() as f64 / sums.len() as f64;
        let stated = fusion.fmr_at(false, 4, llr).unwrap().value;
        assert!(stated >= counted * 0.85 && stated <= counted * 2.0, "{llr}: {stated} for {counted}");
    }
}

#[test]
fn every_rate_that_is_stated_comes_with_its_interval() {
    let fusion = fusion();
    for score in [-1.0, 1.0, 2.5, 4.0, 7.0] {
        let alone = fusion.fuse(&parts(&[score])).unwrap();
        let of_part = fusion.calibration(Part::Face).unwrap().fmr_at(score);
        let Interval { low, high } = alone.fmr_interval;
        assert_eq!((alone.fmr, low, high), (of_part.value, of_part.low, of_part.high), "{score}");
        let together = fusion.fuse(&parts(&[score, score])).unwrap();
        let of_sum = fusion.fmr_at(true, 1, together.llr).unwrap();
        let Interval { low, high } = together.fmr_interval;
        assert_eq!((together.fmr, low, high), (of_sum.value, of_sum.low, of_sum.high), "{score}");
        for (fmr, Interval { low, high }) in [(alone.fmr, alone.fmr_interval), (together.fmr, together.fmr_interval)] {
            assert!((0.0..=fmr).contains(&low) && (fmr..=1.0).contains(&high), "{score}: {low} to {high} for {fmr}");
        }
        assert!(score < 2.0 || alone.fmr_interval.high > alone.fmr, "{score}");
    }
    let nothing = fusion.fuse(&[]).unwrap();
    assert_eq!((nothing.fmr, nothing.fmr_interval), (1.0, Interval { low: 1.0, high: 1.0 }));
}

#[test]
fn more_parts_lose_fewer_mates_at_the_same_rate() {
    let fusion = fusion();
    let mut normal = Normal(Pcg32::new(11, 0));
    let people: Vec<Vec<PartScore>> = (0..4_000).map(|_| parts(&normal.person(3, MATES, 0.0))).collect();
    let lost = |n: usize| {
        let fused = people.iter().map(|p| fusion.fuse(&p[..n]).unwrap());
        fused.filter(|f| f.fmr > 1e-4).count() as f64 / people.len() as f64
    };
    let (one, two, three) = (lost(1), lost(2), lost(3));
    assert!(two < 0.5 * one && three < 0.5 * two, "{one} {two} {three}");
}

#[test]
fn a_missing_part_is_absent_and_the_order_does_not_matter() {
    let fusion = fusion();
    let of = |scores: &[PartScore]| fusion.fuse(scores).unwrap();
    let (face, index, thumb) = (PartScore::face(2.5), PartScore::finger(2, 3.0), PartScore::finger(1, 1.5));
    assert_eq!(of(&[face]).llr, fusion.evidence(face).unwrap().llr);
    assert_eq!(of(&[index, face, thumb]), of(&[thumb, index, face]));
    assert_eq!((of(&[]).llr, of(&[]).fmr), (0.0, 1.0));
    // The better of two impressions stands for a position; fingers of unknown position are all counted.
    assert_eq!(of(&[index, PartScore::finger(2, 0.0)]), of(&[index]));
    assert_eq!(of(&[PartScore::finger(0, 3.0), PartScore::finger(0, 3.0)]).parts.len(), 2);
}

#[test]
fn correlated_fingers_are_found_to_be_and_count_less() {
    let fusion = fusion();
    let calibration = fusion.calibration(vantay::decision::Part::Finger(1)).unwrap();
    let fitted = |rho: f64| {
        let mut normal = Normal(Pcg32::new(12, (rho * 100.0) as u64));
        let mut compared = |genuine: bool, n: usize| -> Vec<FingersCompared> {
            let mean = if genuine { MATES } else { 0.0 };
            (0..n).map(|_| FingersCompared { genuine, scores: normal.person(4, mean, rho) }).collect()
        };
        let all = [compared(true, 1_000), compared(false, 1_000)].concat();
        FingerCorrelation::fit(calibration, &all).unwrap()
    };
    let (none, half) = (fitted(0.0), fitted(0.5));
    assert!(none.value < 0.08, "{none:?}");
    // With means 0 and 3 the best factor for four normal deviates correlated by one half is exactly 1 / (1 + 3 / 2).
    assert!((0.4..0.6).contains(&half.value), "{half:?}");
    assert!(half.low <= half.value && half.value <= half.high && half.cost.1 < half.cost.0);
    let corrected = fusion.clone().with_correlation(half);
    let two = [PartScore::finger(1, 3.0), PartScore::finger(2, 3.0)];
    let (before, after) = (fusion.fuse(&two).unwrap(), corrected.fuse(&two).unwrap());
    assert!(after.llr < before.llr && after.llr > before.parts[0].llr);
}

#[test]
fn a_threshold_keeps_the_rate_that_was_asked_for() {
    let fusion = fusion();
    for (face, fingers) in [(true, 1), (true, 2), (false, 2), (true, 10)] {
        for fmr in [1e-2, 1e-4, 1e-8, 1e-12] {
            let llr = fusion.llr_at_fmr(face, fingers, fmr).unwrap();
            assert!(fusion.fmr_at(face, fingers, llr).unwrap().value <= fmr);
            assert!(fusion.fmr_at(face, fingers, llr - 0.05).unwrap().value > fmr);
        }
    }
}

#[test]
fn without_calibration_no_rate_is_promised() {
    let fusion = Fusion::new(None, Some(calibration("finger", 2)));
    assert!(fusion.fuse(&[PartScore::finger(2, 3.0)]).is_ok());
    let error = fusion.fuse(&[PartScore::face(0.5)]).unwrap_err();
    assert!(matches!(&error, DecisionError::NotCalibrated { part } if part == "face"));
    assert!(error.to_string().contains("vantay calibrate"), "{error}");
    assert!(fusion.llr_at_fmr(true, 1, 1e-4).is_err());
}

#[test]
fn a_fusion_reads_back_the_same() {
    let fusion = fusion().with_correlation(FingerCorrelation::assumed(0.25));
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("fusion.json");
    fusion.write(&path).unwrap();
    let read = Fusion::read(&path).unwrap();
    let scores = parts(&[2.0, 3.0, 1.0]);
    assert_eq!(read.fuse(&scores).unwrap(), fusion.fuse(&scores).unwrap());
    assert!(Fusion::from_json("{}").is_err());
    assert!(Fusion::from_json(&fusion.to_json().unwrap().replace("0.25", "2.5")).is_err());
    assert!(Fusion::from_json(&Fusion::default().to_json().unwrap()).is_ok());
}

#[test]
fn no_other_rule_loses_fewer_mates_than_the_likelihood_ratio() {
    let fusion = fusion();
    let mut normal = Normal(Pcg32::new(13, 0));
    let combined = |rule, people: &[Vec<PartScore>]| -> Vec<f64> {
        people.iter().map(|p| fusion.combine(rule, p).unwrap()).collect()
    };
    let mut draw =
        |mean: f64, n: usize| -> Vec<Vec<PartScore>> { (0..n).map(|_| parts(&normal.person(2, mean, 0.0))).collect() };
    let (mates, strangers) = (draw(MATES, 4_000), draw(0.0, 20_000));
    let lost = |rule| {
        let scores = Scores::of_pairs(&combined(rule, &mates), &combined(rule, &strangers));
        vantay::evaluation::Curve::new("rule", &scores).unwrap().at_fmr(1e-3).fnmr()
    };
    let best = lost(FusionRule::LikelihoodRatio);
    for rule in FusionRule::ALL {
        assert!(best <= lost(rule) * 1.1 + 0.003, "{rule:?}: {} against {best}", lost(rule));
    }
}
