//! A rate of claims is kept for the claim, however many registrations, portraits or fingers the subject has.

#![allow(clippy::unwrap_used)]

mod search_support;

use search_support::{DIMENSION, gallery};
use std::collections::BTreeMap;
use vantay::{
    decision::{Calibration, Decision, Fusion, Level, Policy, Reason, Rule, Suffices},
    registration::{FaceModel, PersonalId, Registration},
    search::{FingerMatching, IdentifyOptions, Judge, Modality, Search, Verification},
    synthesis::{Generator, Population},
};

/// Each subject registered so many times under one number.
fn population(subjects: u64, captures: u64) -> Generator {
    let face_model = Some(FaceModel { name: "synthetic".into(), dimension: DIMENSION });
    Generator::new(Population { seed: 31, subjects, duplicates: 0.0, captures, face_model, fingers: 2 }).unwrap()
}

fn judge_at(fmr: f64) -> Judge {
    let fusion = Fusion::new(Calibration::default_face("synthetic"), Calibration::default_fingerprint());
    let mut policy = Policy::default();
    let level = Level::Fmr(fmr);
    policy.verify = Rule { accept: level, review: level, suffices: Suffices::Together };
    // A part that speaks against would otherwise make a review of a match.
    policy.contradiction_llr = -300.0;
    Judge::new(fusion, policy)
}

/// The first line of each subject's: lines stand in no order.
fn first_lines(generator: &Generator) -> BTreeMap<PersonalId, u64> {
    let lines = (0..generator.registrations()).rev();
    lines.map(|line| (generator.registration(line).personal_id, line)).collect()
}

/// Each person's claims to be each other one.
fn impostor_claims(generator: &Generator) -> Vec<Registration> {
    let people = first_lines(generator);
    let claims = |(own, &line): (&PersonalId, &u64)| {
        let probe = generator.probe(line, 1);
        let others = people.keys().filter(move |&other| other != own);
        others.map(move |other| Registration { personal_id: other.clone(), ..probe.clone() }).collect::<Vec<_>>()
    };
    people.iter().flat_map(claims).collect()
}

fn verified(captures: u64, modality: Modality, matching: FingerMatching, fmr: f64) -> Vec<Verification> {
    const SUBJECTS: u64 = 70;
    let generator = population(SUBJECTS, captures);
    let registrations: Vec<_> = (0..generator.registrations()).map(|line| generator.registration(line)).collect();
    let (_directory, gallery) = gallery(&registrations, 1000);
    let snapshot = gallery.snapshot();
    let search = Search::new(&snapshot, judge_at(fmr)).unwrap();
    search.verify(&impostor_claims(&generator), modality, matching).unwrap().0
}

/// The rate that a comparison had to keep to pass.
fn needed_of(reason: &Reason) -> f64 {
    match reason {
        Reason::TogetherPassed { needed, .. } => *needed,
        other => panic!("{other:?}"),
    }
}

fn share_matched(answers: &[Verification]) -> f64 {
    let matched = answers.iter().filter(|answer| answer.judgement.decision == Decision::Match).count();
    matched as f64 / answers.len() as f64
}

#[test]
fn impostor_claims_match_as_seldom_against_many_registrations_as_against_one() {
    let fmr = 0.02;
    for modality in [Modality::Face, Modality::Both] {
        let once = share_matched(&verified(1, modality, FingerMatching::Same, fmr));
        let often = share_matched(&verified(6, modality, FingerMatching::Same, fmr));
        assert!(often <= 1.25 * fmr, "{modality:?}: {often} of claims against six registrations, {once} against one");
    }
}

#[test]
fn fingers_of_any_position_share_the_rate() {
    let generator = population(20, 1);
    let registrations: Vec<_> = (0..generator.registrations()).map(|line| generator.registration(line)).collect();
    let (_directory, gallery) = gallery(&registrations, 1000);
    let snapshot = gallery.snapshot();
    let search = Search::new(&snapshot, judge_at(0.01)).unwrap();
    let needed = |matching| -> Vec<f64> {
        let (answers, _) = search.verify(&registrations, Modality::Fingerprint, matching).unwrap();
        let with_both = answers.iter().filter(|answer| answer.scores.fingers.len() == 2);
        with_both.map(|answer| needed_of(&answer.judgement.reason)).collect()
    };
    // Each of two fingers has the choice of two.
    assert!(needed(FingerMatching::Same).iter().all(|&needed| needed == 0.01));
    assert!(needed(FingerMatching::Any).iter().all(|&needed| needed == 0.0025));
    assert!(!needed(FingerMatching::Any).is_empty());
}

#[test]
fn the_rate_that_an_answer_states_is_of_the_claim() {
    for answers in [
        verified(4, Modality::Face, FingerMatching::Same, 0.05),
        verified(4, Modality::Both, FingerMatching::Same, 0.05),
    ] {
        for answer in &answers {
            let stated = answer.judgement.fmr.unwrap();
            assert_eq!(answer.judgement.decision == Decision::Match, stated <= 0.05, "{stated}");
        }
        // One in a hundred strangers should state one in a hundred, or seldomer.
        let low = answers.iter().filter(|answer| answer.judgement.fmr.unwrap() <= 0.01).count();
        assert!(low as f64 <= 0.0125 * answers.len() as f64, "{low} of {}", answers.len());
    }
}

#[test]
fn a_search_counts_the_registrations_of_the_candidate() {
    let generator = population(40, 3);
    let registrations: Vec<_> = (0..generator.registrations()).map(|line| generator.registration(line)).collect();
    // Somebody whose portrait was taken each time.
    let has_portraits = |number: &PersonalId| {
        let own = || registrations.iter().filter(move |registration| registration.personal_id == *number);
        own().count() == 3 && own().all(|registration| registration.portrait.is_some())
    };
    let line = first_lines(&generator).into_iter().find(|(number, _)| has_portraits(number)).unwrap().1;
    let probe = Registration { portrait: generator.registration(line).portrait, ..generator.probe(line, 1) };
    let needed = |registrations: &[Registration]| {
        let (_directory, gallery) = gallery(registrations, 1000);
        let snapshot = gallery.snapshot();
        let search = Search::new(&snapshot, judge_at(0.01)).unwrap();
        let options = IdentifyOptions { top: 1, modality: Modality::Face, ..IdentifyOptions::default() };
        let (answers, _) = search.identify(std::slice::from_ref(&probe), &options).unwrap();
        needed_of(&answers[0].candidates[0].judgement.reason)
    };
    let once: Vec<_> = first_lines(&generator).values().map(|&line| registrations[line as usize].clone()).collect();
    let ratio = needed(&once) / needed(&registrations);
    assert!((ratio - 3.0).abs() < 0.01, "{ratio}");
}
