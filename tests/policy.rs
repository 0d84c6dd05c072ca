//! Policies: what suffices, what a person has to look at, and why.
#![allow(clippy::unwrap_used)]

use std::sync::LazyLock;
use vantay::decision::{
    Calibration, Decision, DecisionError, FitOptions, Fusion, Level, Part, PartScore, PlannedGallery, Policy, Purpose,
    Reason, Rule, Scores, Suffices,
};

/// Impostors fall off tenfold every 10; mates lie evenly from 20 to 100. So FMR 1e-6 is at 60.
fn fusion() -> Fusion {
    static FITTED: LazyLock<Fusion> = LazyLock::new(fitted);
    FITTED.clone()
}

fn fitted() -> Fusion {
    let impostor: Vec<f64> = (1..=20_000).map(|i| -10.0 * (f64::from(i) / 20_001.0).log10()).collect();
    let genuine: Vec<f64> = (0..800).map(|i| 20.0 + f64::from(i) / 10.0).collect();
    let scores = Scores::of_pairs(&genuine, &impostor);
    let fit = |system| Calibration::fit(&scores, &FitOptions::new("imagined", system)).unwrap();
    Fusion::new(Some(fit("face")), Some(fit("finger")))
}

fn decide(policy: &Policy, purpose: Purpose, scores: &[PartScore]) -> (Decision, Reason) {
    let outcome = policy.decide(purpose, scores, &fusion(), Some(PlannedGallery::new(100_000, 1.0))).unwrap();
    (outcome.decision, outcome.reason)
}

#[test]
fn one_strong_part_verifies_and_says_which() {
    let scores = [PartScore::face(30.0), PartScore::finger(7, 72.0)];
    let (decision, reason) = decide(&Policy::default(), Purpose::Verify, &scores);
    assert_eq!(decision, Decision::Match);
    assert!(matches!(reason, Reason::PartPassed { part: Part::Finger(7), fmr, needed } if fmr <= needed), "{reason:?}");
}

#[test]
fn two_parts_in_the_review_band_verify_together() {
    let policy = Policy::default();
    let (face, finger) = (PartScore::face(45.0), PartScore::finger(2, 48.0));
    for alone in [face, finger] {
        assert_eq!(decide(&policy, Purpose::Verify, &[alone]).0, Decision::Review);
    }
    let (decision, reason) = decide(&policy, Purpose::Verify, &[face, finger]);
    assert_eq!(decision, Decision::Match);
    assert!(matches!(reason, Reason::TogetherPassed { .. }), "{reason:?}");
}

#[test]
fn ways_that_are_open_share_the_rate() {
    // 61 passes FMR 1e-6 alone; as one of three ways (face, finger, both) it does not.
    let policy = Policy::default();
    assert_eq!(decide(&policy, Purpose::Verify, &[PartScore::finger(1, 62.0)]).0, Decision::Match);
    let mut alone = policy.clone();
    alone.contradiction_llr = -100.0;
    let (decision, reason) = decide(&alone, Purpose::Verify, &[PartScore::finger(1, 62.0), PartScore::face(0.1)]);
    assert_ne!(decision, Decision::Match, "{reason:?}");
}

#[test]
fn a_part_that_speaks_against_goes_to_a_person() {
    let (decision, reason) =
        decide(&Policy::default(), Purpose::Verify, &[PartScore::face(0.5), PartScore::finger(2, 90.0)]);
    assert_eq!(decision, Decision::Review);
    assert!(matches!(reason, Reason::PartContradicts { part: Part::Face, .. }), "{reason:?}");
}

#[test]
fn nothing_in_common_is_no_match_and_weak_evidence_is_none() {
    assert_eq!(decide(&Policy::default(), Purpose::Verify, &[]), (Decision::None, Reason::NothingCompared));
    assert_eq!(
        decide(&Policy::default(), Purpose::Verify, &[PartScore::face(12.0)]),
        (Decision::None, Reason::NotEnough)
    );
}

#[test]
fn a_larger_gallery_asks_for_more() {
    let (policy, fusion) = (Policy::default(), fusion());
    let at = |subjects: u64, purpose| {
        let gallery = Some(PlannedGallery::new(subjects, 1.0));
        policy.decide(purpose, &[PartScore::face(82.0)], &fusion, gallery).unwrap().decision
    };
    assert_eq!(at(1_000, Purpose::Identify), Decision::Match);
    assert_eq!(at(100_000_000, Purpose::Identify), Decision::None);
    assert_eq!(at(1_000, Purpose::Deduplicate), Decision::Match);
    assert_eq!(at(30_000, Purpose::Deduplicate), Decision::Review);
    let error = policy.decide(Purpose::Identify, &[PartScore::face(82.0)], &fusion, None).unwrap_err();
    assert_eq!(error.to_string(), "policy: fpir: the size of the gallery is not given");
}

#[test]
fn every_part_can_be_asked_to_pass() {
    let mut policy = Policy::default();
    policy.verify = Rule { accept: Level::Fmr(1e-3), review: Level::Fmr(1e-2), suffices: Suffices::EveryPart };
    let both =
        |face, finger| decide(&policy, Purpose::Verify, &[PartScore::face(face), PartScore::finger(1, finger)]).0;
    assert_eq!(
        (both(35.0, 40.0), both(25.0, 40.0), both(15.0, 90.0)),
        (Decision::Match, Decision::Review, Decision::None)
    );
}

#[test]
fn reasons_are_machine_readable() {
    let outcome = Policy::default().decide(Purpose::Verify, &[PartScore::finger(7, 72.0)], &fusion(), None).unwrap();
    let json = simd_json::serde::to_string(&outcome).unwrap();
    assert!(json.starts_with(r#"{"decision":"match","reason":{"code":"part_passed","part":"7","fmr":"#), "{json}");
}

#[test]
fn a_policy_file_reads_back_and_wrong_ones_are_refused() {
    let policy = Policy::default();
    let text = policy.to_json().unwrap();
    assert_eq!(Policy::from_json(&text).unwrap(), policy);
    for (from, to) in [
        ("vantay-policy", "policy"),
        ("\"version\": 1", "\"version\": 3"),
        ("\"contradiction_llr\"", "\"contradiction\""),
        ("any_part", "anybody"),
        ("\"fmr\"", "\"far\""),
    ] {
        let changed = text.replacen(from, to, 1);
        assert_ne!(changed, text, "{from}");
        assert!(matches!(Policy::from_json(&changed), Err(DecisionError::Content { .. })), "{from}");
    }
    let mut wrong = policy.clone();
    wrong.verify.accept = Level::Fmr(1.5);
    let error = Policy::from_json(&wrong.to_json().unwrap()).unwrap_err();
    assert_eq!(error.to_string(), "FMR of 1.5: expected more than 0 and less than 1");
}

#[test]
fn raw_scores_decide_without_calibration_but_rates_do_not() {
    let mut policy = Policy::default();
    let level = |finger| Level::Score { face: None, finger: Some(finger) };
    policy.deduplicate = Rule { accept: level(60.0), review: level(40.0), suffices: Suffices::AnyPart };
    let of =
        |score| policy.decide(Purpose::Deduplicate, &[PartScore::finger(2, score)], &Fusion::default(), None).unwrap();
    assert_eq!([of(65.0), of(45.0), of(9.0)].map(|o| o.decision), [Decision::Match, Decision::Review, Decision::None]);
    assert!(matches!(of(65.0).reason, Reason::ScorePassed { needed: 60.0, .. }) && of(65.0).evidence.is_none());
    let refused = policy.decide(Purpose::Verify, &[PartScore::finger(2, 65.0)], &Fusion::default(), None);
    assert!(matches!(refused, Err(DecisionError::NotCalibrated { .. })));
}
