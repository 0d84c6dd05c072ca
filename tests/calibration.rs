//! Calibrations against distributions whose error rates are known exactly.
#![allow(clippy::unwrap_used)]

use rand_pcg::{Pcg32, rand_core::Rng};
use vantay::decision::{Calibration, DecisionError, FitOptions, Scores, probit};

/// `n` draws from the distribution with this quantile function.
fn draws(n: usize, stream: u64, quantile: impl Fn(f64) -> f64) -> Vec<f64> {
    let mut random = Pcg32::new(2026, stream);
    (0..n).map(|_| quantile((f64::from(random.next_u32()) + 0.5) / 4_294_967_296.0)).collect()
}

/// Impostors N(0, 1), mates N(4, 1): the log-likelihood ratio is `(4 s - 8) / ln 10`.
fn normal(impostor: usize, genuine: usize, stream: u64) -> Calibration {
    let scores =
        Scores::of_pairs(&draws(genuine, 2 * stream, |p| 4.0 + probit(p)), &draws(impostor, 2 * stream + 1, probit));
    Calibration::fit(&scores, &FitOptions::new("normal deviates", "test 1")).unwrap()
}

/// The share of normal deviates at or above `s`, by Laplace's continued fraction (s > 2).
fn normal_tail(s: f64) -> f64 {
    let fraction = (1..60).rev().fold(s, |inner, k| s + f64::from(k) / inner);
    (-s * s / 2.0).exp() / (2.0 * std::f64::consts::PI).sqrt() / fraction
}

#[test]
fn log_likelihood_ratios_are_those_of_the_distributions() {
    let calibration = normal(200_000, 20_000, 1);
    for score in [1.0, 1.5, 2.0, 2.5, 3.0, 3.5, 4.0, 4.5, 5.0] {
        let expected = (4.0 * score - 8.0) / std::f64::consts::LN_10;
        let found = calibration.llr(score);
        // Beyond the count the fitted tail is heavier than the normal one, so the ratio may only be too modest there.
        let least = if calibration.fmr_at(score).extrapolated { expected - 1.5 } else { expected - 0.25 };
        assert!((least..expected + 0.25).contains(&found), "{score}: {found}, expected {expected}");
    }
}

#[test]
fn counted_rates_are_counts_and_say_so() {
    let calibration = normal(100_000, 1_000, 2);
    for score in [2.1, 2.6, 3.0] {
        let rate = calibration.fmr_at(score);
        assert!(!rate.extrapolated);
        assert!(rate.low <= normal_tail(score) && normal_tail(score) <= rate.high, "{score}: {rate}");
    }
    assert!(calibration.fmr_at(4.6).extrapolated);
}

#[test]
fn extrapolated_intervals_cover_the_truth_two_decades_beyond_the_count() {
    // The normal tail is lighter than its fitted exponential continuation: the stated rate errs to the safe side.
    let truth = normal_tail(5.0);
    for stream in 3..9 {
        let rate = normal(100_000, 1_000, stream).fmr_at(5.0);
        assert!(rate.extrapolated && rate.high >= truth, "{rate} for {truth:e}");
    }
}

#[test]
fn all_rates_are_monotone_and_a_threshold_keeps_its_rate() {
    let calibration = normal(20_000, 500, 10);
    let scores: Vec<f64> = (-600..1200).map(|i| f64::from(i) / 100.0).collect();
    for pair in scores.windows(2) {
        assert!(calibration.fmr_at(pair[0]).value >= calibration.fmr_at(pair[1]).value, "FMR at {pair:?}");
        assert!(calibration.fnmr_at(pair[0]).value <= calibration.fnmr_at(pair[1]).value, "FNMR at {pair:?}");
        assert!(calibration.llr(pair[0]) <= calibration.llr(pair[1]), "LLR at {pair:?}");
    }
    for &score in &scores {
        for rate in [calibration.fmr_at(score), calibration.fnmr_at(score)] {
            assert!(
                0.0 <= rate.low && rate.low <= rate.value && rate.value <= rate.high && rate.high <= 1.0,
                "{rate:?}"
            );
        }
    }
    for exponent in 1..=60 {
        let fmr = 10_f64.powf(-f64::from(exponent) / 4.0);
        let threshold = calibration.threshold_at_fmr(fmr).unwrap();
        assert!(calibration.fmr_at(threshold).value <= fmr);
        assert!(calibration.fmr_at(threshold - 1e-9).value > fmr, "{fmr} is kept by less than {threshold}");
    }
}

#[test]
fn a_file_reads_back_the_same_and_names_what_it_was_fitted_on() {
    let calibration = normal(5_000, 200, 11);
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("face.json");
    calibration.write(&path).unwrap();
    assert!(std::fs::metadata(&path).unwrap().len() < 12_000);
    let read = Calibration::read(&path).unwrap();
    assert_eq!(read, calibration);
    let on = read.fitted_on();
    assert_eq!((on.data.as_str(), on.genuine, on.impostor, on.subjects), ("normal deviates", 200, 5_000, None));
    assert_eq!((on.library.as_str(), on.date.len()), (env!("CARGO_PKG_VERSION"), 10));
    assert!(read.check_system("test 1").is_ok());
    let message = read.check_system("other 2").unwrap_err().to_string();
    assert_eq!(message, "calibration for \"test 1\": the scores are of \"other 2\", and rates do not carry over");
}

#[test]
fn a_file_that_was_tampered_with_is_refused() {
    let text = normal(5_000, 200, 12).to_json().unwrap();
    for (from, to) in [
        ("vantay-calibration", "another-format"),
        ("\"version\":1", "\"version\":2"),
        ("\"scale\":", "\"scale\":-"),
        ("\"shape\":", "\"shape\":7"),
        ("\"exceedances\":", "\"exceedances\":9999999"),
        ("\"total\":", "\"total\":-"),
        ("\"counted_to\":", "\"counted_to\":1e999"),
        ("\"llr\":[", "\"llr\":[[9e9, 1.0],"),
        ("\"knots\":[", "\"knots\":[[9e9, 1],"),
    ] {
        let changed = text.replacen(from, to, 1);
        assert_ne!(changed, text, "{from}");
        assert!(matches!(Calibration::from_json(&changed), Err(DecisionError::Content { .. })), "{from} as {to}");
    }
    for cut in (0..text.len()).step_by(97) {
        assert!(Calibration::from_json(&text[..cut]).is_err(), "cut at {cut}");
    }
}

#[test]
fn too_little_to_fit_is_an_error_that_says_how_much_it_takes() {
    let options = FitOptions::new("few", "test 1");
    let error = Calibration::fit(&Scores::of_pairs(&[1.0; 19], &[0.0; 500]), &options).unwrap_err();
    assert_eq!(error.to_string(), "19 genuine scores: a calibration needs at least 20");
    let error = Calibration::fit(&Scores::of_pairs(&[1.0; 20], &[0.0; 500]), &options).unwrap_err();
    assert_eq!(error.to_string(), "the highest impostor scores are all 0: no tail can be fitted");
    let asked = normal(1_000, 100, 13).threshold_at_fmr(0.0).unwrap_err();
    assert_eq!(asked.to_string(), "FMR of 0: expected more than 0 and less than 1");
}
