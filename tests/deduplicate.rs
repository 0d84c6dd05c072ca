//! Deduplication person by person: every planted kind of pair is found and named, whatever is missing.

#![allow(clippy::unwrap_used)]

mod search_support;

use search_support::{DIMENSION, gallery};
use std::{
    collections::BTreeSet,
    sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed},
};
use vantay::{
    decision::{Calibration, Decision, Fusion, Level, Policy, Reason},
    registration::{FaceModel, Finger, PersonalId, Registration},
    search::{
        DeduplicateOptions, Deduplication, Depth, DuplicatePair, FingerMatching, Judge, PairKind, Progress, Search,
        SearchError, Thresholds,
    },
    synthesis::{Generator, Population},
    template::FingerPosition,
};

/// People with a portrait and two fingers, each registered once, and nobody twice.
fn people(subjects: u64) -> (Generator, Vec<Registration>) {
    let face_model = Some(FaceModel { name: "synthetic".into(), dimension: DIMENSION });
    let population = Population { seed: 21, subjects, duplicates: 0.0, captures: 1, face_model, fingers: 2 };
    let generator = Generator::new(population).unwrap();
    let registrations = (0..subjects).map(|line| generator.registration(line)).collect();
    (generator, registrations)
}

/// By calibrated rates: in a gallery this small a hundred false pairs to review would be everybody.
fn judge() -> Judge {
    judge_at(0.01)
}

fn judge_at(false_pairs: f64) -> Judge {
    let fusion = Fusion::new(Calibration::default_face("synthetic"), Calibration::default_fingerprint());
    let mut policy = Policy::default();
    policy.deduplicate.accept = Level::FalsePairs(false_pairs);
    policy.deduplicate.review = Level::FalsePairs(10.0 * false_pairs);
    Judge::new(fusion, policy)
}

fn deduplicated(registrations: &[Registration], options: &DeduplicateOptions<'_>) -> Deduplication {
    let (_directory, gallery) = gallery(registrations, 100);
    let snapshot = gallery.snapshot();
    Search::new(&snapshot, judge()).unwrap().deduplicate(None, options).unwrap()
}

/// The pairs in which a registration takes part.
fn pairs_of<'f>(found: &'f Deduplication, registration: &str) -> Vec<&'f DuplicatePair> {
    let is_in = |pair: &&DuplicatePair| [&pair.a, &pair.b].iter().any(|member| &*member.registration == registration);
    found.pairs.iter().filter(is_in).collect()
}

/// The person of `line` on another occasion, under a number of their own.
fn again(generator: &Generator, line: u64, number: &str) -> Registration {
    Registration { personal_id: PersonalId::new(number, Default::default()).unwrap(), ..generator.probe(line, 1) }
}

fn moved(finger: &Finger, to: u8) -> Finger {
    let Finger::Captured(template) = finger else { panic!("a finger that was captured") };
    Finger::Captured(template.clone().with_position(FingerPosition::new(to).unwrap()))
}

/// The lines whose person has both fingers, in both captures.
fn lines_with_both_fingers(generator: &Generator, registrations: &[Registration]) -> Vec<u64> {
    let has_both = |registration: &Registration| registration.templates().count() == 2;
    (0..registrations.len() as u64)
        .filter(|&line| has_both(&registrations[line as usize]) && has_both(&generator.probe(line, 1)))
        .collect()
}

#[test]
fn each_planted_kind_is_found_and_named() {
    let (generator, mut registrations) = people(150);
    let lines = lines_with_both_fingers(&generator, &registrations);
    let planted = |mut registration: Registration, of: &mut Vec<Registration>, change: &dyn Fn(&mut Registration)| {
        change(&mut registration);
        let name = registration.id.as_str().to_owned();
        of.push(registration);
        name
    };
    // Two numbers for one person.
    let other_number = planted(again(&generator, lines[0], "001099000017"), &mut registrations, &|_| ());
    // The same number again.
    let same_number = planted(generator.probe(lines[1], 1), &mut registrations, &|_| ());
    // The same number again, left given as right and right as left.
    let swapped_fingers = planted(generator.probe(lines[2], 1), &mut registrations, &|registration| {
        registration.fingers = vec![moved(&registration.fingers[1], 2), moved(&registration.fingers[0], 7)];
    });
    // One person's fingers under another's portrait.
    let face_of_another = generator.probe(lines[4], 1).portrait;
    let swapped_portrait = planted(again(&generator, lines[3], "001099000025"), &mut registrations, &|registration| {
        registration.portrait = face_of_another.clone();
    });
    // The left index given for the right one as well, in a registration that nobody else resembles.
    let own = generator.probe(lines[5], 2).fingers;
    let twice = registrations[lines[5] as usize].id.as_str().to_owned();
    registrations[lines[5] as usize].fingers[1] = moved(&own[0], 7);

    let found = deduplicated(&registrations, &DeduplicateOptions::default());
    let kinds = |name: &str| pairs_of(&found, name).iter().map(|pair| pair.kind).collect::<BTreeSet<_>>();
    assert_eq!(kinds(&other_number), BTreeSet::from([PairKind::DifferentId]));
    assert_eq!(kinds(&same_number), BTreeSet::from([PairKind::SameId]));
    assert_eq!(kinds(&swapped_fingers), BTreeSet::from([PairKind::SwappedFingers]));
    assert_eq!(kinds(&swapped_portrait), BTreeSet::from([PairKind::SwappedPortrait]));
    assert_eq!(kinds(&twice), BTreeSet::from([PairKind::SameFingerTwice]));

    // With whom, how sure, and why.
    let swapped = pairs_of(&found, &swapped_fingers)[0];
    assert_eq!(swapped.judgement.decision, Decision::Match);
    assert!(swapped.fingers.iter().all(|finger| finger.is_across()), "{:?}", swapped.fingers);
    let portraits = pairs_of(&found, &swapped_portrait);
    assert_eq!(portraits.len(), 2, "with whose fingers and with whose portrait it is");
    assert!(portraits.iter().all(|pair| pair.judgement.decision == Decision::Review));
    assert!(portraits.iter().all(|pair| matches!(pair.judgement.reason, Reason::PartContradicts { .. })));
    let twice = pairs_of(&found, &twice)[0];
    assert_eq!((&twice.a, twice.cluster), (&twice.b, None));
    assert_eq!((twice.fingers[0].a.number(), twice.fingers[0].b.number()), (2, 7));
    // Nobody else is accused.
    assert_eq!(found.pairs.len(), 6, "{:?}", found.pairs);
    assert!(found.pairs.is_sorted_by(|a, b| a.judgement.llr >= b.judgement.llr));
}

#[test]
fn fingers_find_whom_the_portraits_hide_and_portraits_whom_the_fingers_hide() {
    let (generator, mut registrations) = people(120);
    let lines = lines_with_both_fingers(&generator, &registrations);
    let stranger = generator.probe(lines[9], 7).portrait;
    let other = Registration { fingers: Vec::new(), ..again(&generator, lines[0], "001099000017") };
    let no_face = Registration { portrait: None, ..again(&generator, lines[1], "001099000025") };
    let masked = Registration { portrait: stranger, ..again(&generator, lines[2], "001099000033") };
    let one_finger = generator.probe(lines[3], 1);
    let one_finger = Registration {
        portrait: None,
        fingers: vec![one_finger.fingers[1].clone()],
        ..again(&generator, lines[3], "001099000041")
    };
    let mates: Vec<(String, String)> = [(&other, 0), (&no_face, 1), (&masked, 2), (&one_finger, 3)]
        .map(|(planted, n)| (planted.id.as_str().into(), registrations[lines[n] as usize].id.as_str().into()))
        .into();
    registrations.extend([other, no_face, masked, one_finger]);
    let found = deduplicated(&registrations, &DeduplicateOptions::default());
    let names =
        |pair: &DuplicatePair| BTreeSet::from([pair.a.registration.to_string(), pair.b.registration.to_string()]);
    let listed: Vec<_> = found.pairs.iter().map(names).collect();
    for (planted, mate) in &mates {
        assert!(listed.contains(&BTreeSet::from([planted.clone(), mate.clone()])), "{planted} with {mate}");
    }
    // Portraits alone do not see the masked one with the person whose fingers they are.
    let by_portraits = DeduplicateOptions { every_finger: false, ..DeduplicateOptions::default() };
    let fewer: Vec<_> = deduplicated(&registrations, &by_portraits).pairs.iter().map(names).collect();
    assert!(!fewer.contains(&BTreeSet::from([mates[2].0.clone(), mates[2].1.clone()])));
    assert!(fewer.contains(&BTreeSet::from([mates[1].0.clone(), mates[1].1.clone()])));
}

#[test]
fn a_day_is_held_against_the_nation() {
    let (generator, registrations) = people(120);
    let lines = lines_with_both_fingers(&generator, &registrations);
    let masked =
        Registration { portrait: generator.probe(lines[9], 7).portrait, ..again(&generator, lines[2], "001099000033") };
    let faceless = Registration { portrait: None, ..again(&generator, lines[1], "001099000025") };
    let twice = Registration {
        fingers: {
            let own = generator.probe(lines[5], 2).fingers;
            vec![own[0].clone(), moved(&own[0], 7)]
        },
        portrait: None,
        ..again(&generator, lines[5], "001099000058")
    };
    // The day's registrations may stand in the national gallery already.
    let day = [masked, faceless, twice, registrations[lines[6] as usize].clone()];
    let (_one, today) = gallery(&day, 2);
    let (_two, national) = gallery(&registrations, 50);
    let (today, national) = (today.snapshot(), national.snapshot());
    let today = Search::new(&today, judge()).unwrap();
    let national = Search::new(&national, judge()).unwrap();
    for every_finger in [true, false] {
        let options = DeduplicateOptions { every_finger, ..DeduplicateOptions::default() };
        let found = today.deduplicate(Some(&national), &options).unwrap();
        let kinds =
            |n: usize| pairs_of(&found, day[n].id.as_str()).iter().map(|pair| pair.kind).collect::<BTreeSet<_>>();
        // Whose portrait it is shows in any case, whose fingers they are only where fingers name candidates.
        let whose_fingers = registrations[lines[2] as usize].id.as_str();
        let masked = pairs_of(&found, day[0].id.as_str());
        let by_fingers = masked.iter().any(|pair| &*pair.b.registration == whose_fingers);
        assert_eq!(by_fingers, every_finger, "{found:?}");
        assert!(kinds(0).contains(&PairKind::SwappedPortrait), "{found:?}");
        assert!(kinds(1).contains(&PairKind::DifferentId));
        assert!(kinds(2).contains(&PairKind::SameFingerTwice));
        assert!(kinds(3).is_empty(), "a registration is not held against itself");
        assert!(found.pairs.iter().all(|pair| day.iter().any(|of| of.id.as_str() == &*pair.a.registration)));
    }
}

#[test]
fn fingers_that_nobody_vouches_for_are_found_across_positions_on_request() {
    let (generator, mut registrations) = people(80);
    let lines = lines_with_both_fingers(&generator, &registrations);
    let planted = again(&generator, lines[0], "001099000017");
    let fingers = vec![moved(&planted.fingers[1], 2), moved(&planted.fingers[0], 7)];
    let planted = Registration { portrait: None, fingers, ..planted };
    let name = planted.id.as_str().to_owned();
    registrations.push(planted);
    assert!(pairs_of(&deduplicated(&registrations, &DeduplicateOptions::default()), &name).is_empty());
    let any = DeduplicateOptions { fingers: FingerMatching::Any, ..DeduplicateOptions::default() };
    let found = deduplicated(&registrations, &any);
    let pairs = pairs_of(&found, &name);
    assert_eq!((pairs.len(), pairs[0].kind), (1, PairKind::SwappedFingers));
}

#[test]
fn the_result_is_the_same_for_any_number_of_threads_and_any_segments() {
    let (generator, mut registrations) = people(200);
    let lines = lines_with_both_fingers(&generator, &registrations);
    registrations.extend((0..6).map(|n| again(&generator, lines[n], &format!("00109900{:04}", 100 + n))));
    registrations.extend((6..9).map(|n| Registration { portrait: None, ..generator.probe(lines[n], 1) }));
    let found = |rows: usize, threads: usize, every_finger: bool| {
        let (_directory, gallery) = gallery(&registrations, rows);
        let snapshot = gallery.snapshot();
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        let options = DeduplicateOptions { every_finger, depth: Depth::Share(0.4), ..DeduplicateOptions::default() };
        pool.install(|| Search::new(&snapshot, judge()).unwrap().deduplicate(None, &options).unwrap())
    };
    for every_finger in [true, false] {
        let once = found(1000, 1, every_finger);
        assert!(once.pairs.len() >= 8, "{}", once.pairs.len());
        for (rows, threads) in [(17, 2), (64, 3)] {
            let other = found(rows, threads, every_finger);
            assert_eq!((&other.pairs, &other.clusters), (&once.pairs, &once.clusters));
        }
    }
}

#[test]
fn a_run_that_is_killed_anywhere_goes_on_to_the_same_result() {
    let (generator, mut registrations) = people(130);
    let lines = lines_with_both_fingers(&generator, &registrations);
    registrations.extend((0..6).map(|n| again(&generator, lines[n], &format!("00109900{:04}", 100 + n))));
    registrations.extend((6..9).map(|n| generator.probe(lines[n], 1)));
    let (directory, gallery) = gallery(&registrations, 50);
    let snapshot = gallery.snapshot();
    let search = Search::new(&snapshot, judge()).unwrap();
    let whole = search.deduplicate(None, &DeduplicateOptions::default()).unwrap();
    let steps = AtomicU64::new(0);
    let count = |_: Progress| _ = steps.fetch_add(1, Relaxed);
    search.deduplicate(None, &DeduplicateOptions { progress: Some(&count), ..Default::default() }).unwrap();
    assert!(steps.load(Relaxed) > 5);
    for cut in (1..steps.load(Relaxed)).step_by(2) {
        let path = directory.path().join(format!("checkpoint-{cut}"));
        let stop = AtomicBool::new(false);
        let seen = AtomicU64::new(0);
        let tell = |_: Progress| stop.store(seen.fetch_add(1, Relaxed) + 1 >= cut, Relaxed);
        let options = DeduplicateOptions {
            checkpoint: Some(&path),
            stop: Some(&stop),
            progress: Some(&tell),
            ..Default::default()
        };
        match search.deduplicate(None, &options) {
            Err(SearchError::Stopped) => {}
            other => assert_eq!(other.unwrap().pairs, whole.pairs, "stopped after its end"),
        }
        let resumed = DeduplicateOptions { checkpoint: Some(&path), ..Default::default() };
        let found = search.deduplicate(None, &resumed).unwrap();
        assert_eq!(
            (found.pairs, found.clusters, found.work),
            (whole.pairs.clone(), whole.clusters.clone(), whole.work)
        );
    }
    // Other options or rules are another question.
    let path = directory.path().join("checkpoint-1");
    let other = DeduplicateOptions { checkpoint: Some(&path), depth: Depth::Exhaustive, ..Default::default() };
    assert!(matches!(search.deduplicate(None, &other), Err(SearchError::Checkpoint { .. })));
    let stricter = Search::new(&snapshot, judge_at(0.005)).unwrap();
    let resumed = DeduplicateOptions { checkpoint: Some(&path), ..Default::default() };
    assert!(matches!(stricter.deduplicate(None, &resumed), Err(SearchError::Checkpoint { .. })));
}

#[test]
fn a_stricter_number_of_false_pairs_accepts_less_and_never_other_pairs() {
    let (generator, mut registrations) = people(150);
    let lines = lines_with_both_fingers(&generator, &registrations);
    registrations.extend((0..12).map(|n| again(&generator, lines[n], &format!("00109900{:04}", 100 + n))));
    let (_directory, gallery) = gallery(&registrations, 1000);
    let snapshot = gallery.snapshot();
    let matches = |false_pairs: f64| -> BTreeSet<(String, String)> {
        let search = Search::new(&snapshot, judge_at(false_pairs)).unwrap();
        let found = search.deduplicate(None, &DeduplicateOptions::default()).unwrap();
        let matched = found.pairs.iter().filter(|pair| pair.judgement.decision == Decision::Match);
        matched.map(|pair| (pair.a.registration.to_string(), pair.b.registration.to_string())).collect()
    };
    let (loose, strict) = (matches(10.0), matches(1e-6));
    assert!(strict.is_subset(&loose) && !strict.is_empty());
    assert!(matches(1.0).len() >= 10);
}

#[test]
fn raw_thresholds_name_swapped_fingers_too() {
    let (generator, mut registrations) = people(60);
    let lines = lines_with_both_fingers(&generator, &registrations);
    let planted = generator.probe(lines[2], 1);
    let fingers = vec![moved(&planted.fingers[1], 2), moved(&planted.fingers[0], 7)];
    registrations.push(Registration { fingers, ..planted });
    let (_directory, gallery) = gallery(&registrations, 1000);
    let snapshot = gallery.snapshot();
    let raw = Judge::raw(Thresholds { face: 0.45, fingerprint: 12.0 });
    let found = Search::new(&snapshot, raw).unwrap().deduplicate(None, &DeduplicateOptions::default()).unwrap();
    assert_eq!(found.pairs.iter().map(|pair| pair.kind).collect::<Vec<_>>(), [PairKind::SwappedFingers]);
}
