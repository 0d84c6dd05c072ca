//! verify, identify and deduplicate over a small gallery, against comparing everything with everything.

#![allow(clippy::unwrap_used)]

mod search_support;

use search_support::{DIMENSION, gallery};
use std::{
    collections::BTreeSet,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    thread,
    time::Duration,
};
use vantay::{
    decision::Decision,
    face,
    fingerprint::{Comparer, Prepared},
    gallery::Gallery,
    registration::{FaceModel, Registration},
    search::{
        Candidate, DeduplicateOptions, Depth, Filter, FingerMatching, IdentifyOptions, Judge, Modality, PairKind,
        Search, SearchColumns, SearchError, Thresholds,
    },
    simd::Level,
    synthesis::{Generator, Population},
};

fn judge() -> Judge {
    Judge::raw(Thresholds { face: 0.45, fingerprint: 12.0 })
}

fn population(subjects: u64, duplicates: f64, captures: u64) -> Generator {
    let face_model = Some(FaceModel { name: "synthetic".into(), dimension: DIMENSION });
    Generator::new(Population { seed: 7, subjects, duplicates, captures, face_model, fingers: 2 }).unwrap()
}

fn all(generator: &Generator) -> Vec<Registration> {
    (0..generator.registrations()).map(|line| generator.registration(line)).collect()
}

#[test]
fn identify_by_face_is_a_scan_of_everything() {
    let generator = population(300, 0.05, 1);
    let registrations = all(&generator);
    let (_directory, gallery) = gallery(&registrations, 100);
    let snapshot = gallery.snapshot();
    let search = Search::new(&snapshot, judge()).unwrap();
    let probes: Vec<_> = (0..20).map(|line| generator.probe(line, 3)).collect();
    let options = IdentifyOptions { top: 7, modality: Modality::Face, ..IdentifyOptions::default() };
    let (answers, work) = search.identify(&probes, &options).unwrap();
    assert_eq!(work.comparisons, 20 * registrations.len() as u64);
    for (probe, answer) in probes.iter().zip(&answers) {
        let embedding = |r: &Registration| r.portrait.as_ref().unwrap().embedding.as_slice().to_vec();
        let mut expected: Vec<(f64, &str, &str)> = registrations
            .iter()
            .map(|r| (face::compare(&embedding(probe), &embedding(r)).unwrap(), r.personal_id.as_str(), r.id.as_str()))
            .collect();
        expected.sort_by(|a, b| b.0.total_cmp(&a.0).then((a.1, a.2).cmp(&(b.1, b.2))));
        let found: Vec<_> =
            answer.candidates.iter().map(|c| (c.scores.face.unwrap(), &*c.personal_id, &*c.registration)).collect();
        assert_eq!(found, expected[..7]);
    }
}

#[test]
fn identify_by_fingers_is_a_comparison_with_everything() {
    let generator = population(40, 0.0, 1);
    let registrations = all(&generator);
    let (_directory, gallery) = gallery(&registrations, 16);
    let snapshot = gallery.snapshot();
    let search = Search::new(&snapshot, judge()).unwrap();
    let probe = generator.probe(11, 1);
    let options = IdentifyOptions { top: 40, modality: Modality::Fingerprint, ..IdentifyOptions::default() };
    let (answers, _) = search.identify(std::slice::from_ref(&probe), &options).unwrap();
    assert_eq!(answers[0].candidates.len(), 40);
    let mut comparer = Comparer::new(Level::best());
    for candidate in &answers[0].candidates {
        let reference = registrations.iter().find(|r| r.id.as_str() == &*candidate.registration).unwrap();
        for (p, r) in probe.templates().zip(reference.templates()) {
            let (a, b) = (Prepared::new(p), Prepared::new(r));
            let score = f64::from(comparer.compare(a.view(), b.view()));
            assert!(candidate.scores.fingers.contains(&(p.position(), score)));
        }
    }
    let scores: Vec<f64> = answers[0].candidates.iter().map(|c| c.judgement.score).collect();
    assert!(scores.is_sorted_by(|a, b| a >= b));
}

#[test]
fn a_person_verifies_as_themselves_and_as_nobody_else() {
    let generator = population(60, 0.0, 1);
    let registrations = all(&generator);
    let (_directory, gallery) = gallery(&registrations, 1000);
    let snapshot = gallery.snapshot();
    let search = Search::new(&snapshot, judge()).unwrap();
    let genuine: Vec<_> = (0..30).map(|line| generator.probe(line, 1)).collect();
    let impostor: Vec<_> = (0..30)
        .map(|line| Registration { personal_id: registrations[line + 30].personal_id.clone(), ..genuine[line].clone() })
        .collect();
    let matches = |claims: &[Registration]| {
        let (answers, _) = search.verify(claims, Modality::Both, FingerMatching::Same).unwrap();
        answers.iter().filter(|answer| answer.judgement.decision == Decision::Match).count()
    };
    assert!(matches(&genuine) >= 28, "{} of 30", matches(&genuine));
    assert_eq!(matches(&impostor), 0);
}

#[test]
fn a_claim_about_an_unknown_subject_is_nobody() {
    let generator = population(20, 0.0, 1);
    let registrations = all(&generator);
    let (_directory, gallery) = gallery(&registrations[..10], 1000);
    let snapshot = gallery.snapshot();
    let search = Search::new(&snapshot, judge()).unwrap();
    let (answers, _) = search.verify(&registrations[10..], Modality::Both, FingerMatching::Same).unwrap();
    assert!(answers.iter().all(|answer| !answer.known && answer.judgement.decision == Decision::None));
}

#[test]
fn a_removed_subject_never_appears() {
    let generator = population(50, 0.0, 1);
    let registrations = all(&generator);
    let (_directory, gallery) = gallery(&registrations, 20);
    let mut writer = gallery.writer(Arc::new(SearchColumns)).unwrap();
    let gone = &registrations[7].personal_id;
    assert_eq!(writer.remove(gone).unwrap().registrations, 1);
    writer.commit().unwrap();
    let snapshot = gallery.snapshot();
    let search = Search::new(&snapshot, judge()).unwrap();
    for modality in [Modality::Face, Modality::Fingerprint, Modality::Both] {
        let options = IdentifyOptions { top: 100, modality, ..IdentifyOptions::default() };
        let (answers, _) = search.identify(&registrations[7..8], &options).unwrap();
        assert_eq!(answers[0].candidates.len(), 49, "{modality:?}");
        assert!(answers[0].candidates.iter().all(|c| *c.personal_id != *gone.as_str()));
    }
}

#[test]
fn a_filter_leaves_only_whom_it_keeps() {
    let generator = population(200, 0.0, 1);
    let registrations = all(&generator);
    let (_directory, gallery) = gallery(&registrations, 64);
    let snapshot = gallery.snapshot();
    let search = Search::new(&snapshot, judge()).unwrap();
    let filter = Filter { born: Some(1970..=1995), ..Filter::default() };
    let kept = registrations
        .iter()
        .filter(|r| filter.keeps(vantay::registration::Demographics::of(r.personal_id.as_str())))
        .count();
    assert!(kept > 0 && kept < 200);
    for modality in [Modality::Face, Modality::Fingerprint] {
        let options = IdentifyOptions { top: 500, modality, filter: filter.clone(), ..IdentifyOptions::default() };
        let (answers, _) = search.identify(&registrations[..1], &options).unwrap();
        assert_eq!(answers[0].candidates.len(), kept);
    }
}

#[test]
fn a_subject_appears_once_with_the_best_of_its_registrations() {
    let generator = population(30, 0.0, 3);
    let (_directory, gallery) = gallery(&all(&generator), 32);
    let snapshot = gallery.snapshot();
    let search = Search::new(&snapshot, judge()).unwrap();
    let probes: Vec<_> = (0..10).map(|line| generator.probe(line, 9)).collect();
    for modality in [Modality::Face, Modality::Fingerprint, Modality::Both] {
        let options = IdentifyOptions { top: 1000, modality, ..IdentifyOptions::default() };
        let (answers, _) = search.identify(&probes, &options).unwrap();
        for answer in answers {
            let subjects: BTreeSet<_> = answer.candidates.iter().map(|c| &c.personal_id).collect();
            assert_eq!((subjects.len(), answer.candidates.len()), (30, 30), "{modality:?}");
        }
    }
}

#[test]
fn planted_duplicates_are_found_and_named_by_their_kind() {
    let generator = population(300, 0.05, 1);
    let registrations = all(&generator);
    let (_directory, gallery) = gallery(&registrations, 128);
    let snapshot = gallery.snapshot();
    let search = Search::new(&snapshot, judge()).unwrap();
    let found = search.deduplicate(None, &DeduplicateOptions::default()).unwrap();
    let planted: BTreeSet<_> = generator
        .true_pairs()
        .map(|pair| {
            let mut ids = [generator.registration_id(pair.a), generator.registration_id(pair.b)];
            ids.sort();
            ids
        })
        .collect();
    let listed: BTreeSet<_> = found
        .pairs
        .iter()
        .map(|pair| {
            let mut ids = [pair.a.registration.to_string(), pair.b.registration.to_string()];
            ids.sort();
            ids
        })
        .collect();
    let (hits, missed) = (listed.intersection(&planted).count(), planted.difference(&listed).count());
    assert!(missed <= 1, "{hits} of {} found", planted.len());
    assert!(found.pairs.iter().all(|pair| pair.kind == PairKind::DifferentId && pair.a < pair.b));
    assert!(found.pairs.iter().all(|pair| pair.cluster.is_some()));
}

#[test]
fn a_missing_portrait_does_not_hide_a_pair() {
    let generator = population(40, 0.1, 1);
    let mut registrations = all(&generator);
    let pair = generator.true_pairs().next().unwrap();
    registrations[pair.b as usize].portrait = None;
    let (_directory, gallery) = gallery(&registrations, 1000);
    let snapshot = gallery.snapshot();
    let search = Search::new(&snapshot, judge()).unwrap();
    let found = search.deduplicate(None, &DeduplicateOptions::default()).unwrap();
    let is_it =
        |registration: &str| [pair.a, pair.b].iter().any(|&line| generator.registration_id(line) == registration);
    let hidden = found.pairs.iter().find(|p| is_it(&p.a.registration) && is_it(&p.b.registration)).unwrap();
    assert_eq!(hidden.scores.face, None);
}

#[test]
fn two_galleries_are_held_against_each_other() {
    let generator = population(100, 0.1, 1);
    let registrations = all(&generator);
    let pair = generator.true_pairs().next().unwrap();
    let (a, b) = (pair.a as usize, pair.b as usize);
    let (_one, today) = gallery(&registrations[b..=b], 1000);
    let rest: Vec<_> = registrations.iter().enumerate().filter(|(i, _)| *i != b).map(|(_, r)| r.clone()).collect();
    let (_two, national) = gallery(&rest, 30);
    let (today, national) = (today.snapshot(), national.snapshot());
    let (today, national) = (Search::new(&today, judge()).unwrap(), Search::new(&national, judge()).unwrap());
    let found = today.deduplicate(Some(&national), &DeduplicateOptions::default()).unwrap();
    assert_eq!(&*found.pairs[0].a.registration, registrations[b].id.as_str());
    assert!(found.pairs.iter().any(|p| &*p.b.registration == registrations[a].id.as_str()));
}

#[test]
fn results_do_not_depend_on_threads_or_segments() {
    let generator = population(120, 0.1, 1);
    let registrations = all(&generator);
    let probes: Vec<_> = (0..8).map(|line| generator.probe(line, 2)).collect();
    let answers = |rows: usize, threads: usize| {
        let (_directory, gallery) = gallery(&registrations, rows);
        let snapshot = gallery.snapshot();
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| {
            let search = Search::new(&snapshot, judge()).unwrap();
            let identified = search.identify(&probes, &IdentifyOptions::default()).unwrap().0;
            let found = search.deduplicate(None, &DeduplicateOptions::default()).unwrap();
            (identified, found.pairs, found.clusters, found.members)
        })
    };
    let once = answers(1000, 1);
    assert_eq!(answers(17, 2), once);
    assert_eq!(answers(50, 3), once);
}

#[test]
fn searches_by_sketches_do_not_depend_on_threads_or_segments() {
    let population = Population { seed: 5, subjects: 2200, fingers: 2, face_model: None, duplicates: 0.0, captures: 1 };
    let generator = Generator::new(population).unwrap();
    let registrations = all(&generator);
    let probes: Vec<_> = (0..30).map(|line| generator.probe(line * 70, 1)).collect();
    let answers = |rows: usize, threads: usize| {
        let (_directory, gallery) = gallery(&registrations, rows);
        let snapshot = gallery.snapshot();
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        let options = IdentifyOptions { top: 2, depth: Depth::Share(0.005), ..IdentifyOptions::default() };
        pool.install(|| Search::new(&snapshot, judge()).unwrap().identify(&probes, &options).unwrap().0)
    };
    let once = answers(5000, 1);
    assert_eq!(answers(300, 3), once);
    let found = probes.iter().zip(&once);
    let found = found.filter(|(probe, answer)| &*answer.candidates[0].personal_id == probe.personal_id.as_str());
    assert!(found.count() >= 29);
}

#[test]
fn the_screen_of_fingers_keeps_whom_an_exhaustive_search_finds() {
    let generator = population(400, 0.0, 1);
    let (_directory, gallery) = gallery(&all(&generator), 150);
    let snapshot = gallery.snapshot();
    let search = Search::new(&snapshot, judge()).unwrap();
    let probes: Vec<_> = (0..40).map(|line| generator.probe(line, 1)).collect();
    let first = |depth| {
        let options = IdentifyOptions { top: 1, modality: Modality::Fingerprint, depth, ..IdentifyOptions::default() };
        let (answers, work) = search.identify(&probes, &options).unwrap();
        (answers.into_iter().map(|answer| answer.candidates[0].clone()).collect::<Vec<_>>(), work)
    };
    let (exhaustive, all_work) = first(Depth::Exhaustive);
    let (screened, work) = first(Depth::Miss(0.005));
    assert!(work.full_comparisons * 4 < all_work.full_comparisons, "{work:?}");
    assert_eq!(work.comparisons, all_work.comparisons);
    let lost = exhaustive.iter().zip(&screened).filter(|(a, b)| a != b && a.judgement.decision == Decision::Match);
    assert_eq!(lost.count(), 0);
}

#[test]
fn the_more_fingers_the_fewer_are_compared_in_full_and_nobody_is_lost() {
    for (fingers, of_all) in [(4, 8), (10, 10)] {
        let population = Population { seed: 7, subjects: 400, fingers, face_model: None, duplicates: 0.0, captures: 1 };
        let generator = Generator::new(population).unwrap();
        let mut registrations = all(&generator);
        // Some have fewer fingers than the probes: that is not held against them.
        registrations[3].fingers.truncate(1);
        registrations[5].fingers.drain(..2);
        let (_directory, gallery) = gallery(&registrations, 150);
        let snapshot = gallery.snapshot();
        let search = Search::new(&snapshot, judge()).unwrap();
        let probes: Vec<_> = (0..10).map(|line| generator.probe(line, 1)).collect();
        let first = |depth| {
            let options =
                IdentifyOptions { top: 1, modality: Modality::Fingerprint, depth, ..IdentifyOptions::default() };
            let (answers, work) = search.identify(&probes, &options).unwrap();
            (answers.into_iter().map(|answer| answer.candidates[0].clone()).collect::<Vec<_>>(), work)
        };
        let (exhaustive, all_work) = first(Depth::Exhaustive);
        let (screened, work) = first(Depth::Miss(0.005));
        let matches = |answer: &&Candidate| answer.judgement.decision == Decision::Match;
        assert!(exhaustive.iter().filter(matches).count() >= 9, "{fingers} fingers");
        for (all, screened) in exhaustive.iter().zip(&screened).filter(|(all, _)| matches(all)) {
            assert!(all == screened, "{fingers} fingers");
        }
        assert!(work.full_comparisons * of_all < all_work.full_comparisons, "{work:?} of {all_work:?}");
    }
}

#[test]
fn fingers_alone_find_who_is_there_twice() {
    let generator = population(300, 0.05, 1);
    let (_directory, gallery) = gallery(&all(&generator), 100);
    let snapshot = gallery.snapshot();
    let search = Search::new(&snapshot, judge()).unwrap();
    let options =
        DeduplicateOptions { modality: Modality::Fingerprint, every_finger: true, ..DeduplicateOptions::default() };
    let found = search.deduplicate(None, &options).unwrap();
    let planted = generator.true_pairs().count();
    let hits = found.pairs.iter().filter(|pair| pair.judgement.decision == Decision::Match).count();
    assert!(hits + 2 >= planted, "{hits} of {planted}");
    assert!(found.pairs.iter().all(|pair| pair.scores.face.is_none()));
}

#[test]
fn a_deduplication_that_was_stopped_goes_on_from_its_checkpoint() {
    use std::sync::atomic::{AtomicBool, Ordering};
    let generator = population(3000, 0.01, 1);
    let registrations: Vec<_> =
        all(&generator).into_iter().map(|registration| Registration { fingers: Vec::new(), ..registration }).collect();
    let (directory, gallery) = gallery(&registrations, 1024);
    let snapshot = gallery.snapshot();
    let search = Search::new(&snapshot, judge()).unwrap();
    let whole = search.deduplicate(None, &DeduplicateOptions::default()).unwrap();

    let checkpoint = directory.path().join("checkpoint");
    let stop = AtomicBool::new(false);
    let stop_soon = |progress: vantay::search::Progress| stop.store(progress.done >= 2, Ordering::Relaxed);
    let interrupted = DeduplicateOptions {
        checkpoint: Some(&checkpoint),
        stop: Some(&stop),
        progress: Some(&stop_soon),
        ..DeduplicateOptions::default()
    };
    assert!(matches!(search.deduplicate(None, &interrupted), Err(vantay::search::SearchError::Stopped)));
    // A kill may leave a record half written.
    let mut bytes = std::fs::read(&checkpoint).unwrap();
    bytes.extend_from_slice(&[7; 21]);
    std::fs::write(&checkpoint, &bytes).unwrap();

    let resumed = DeduplicateOptions { checkpoint: Some(&checkpoint), ..DeduplicateOptions::default() };
    let found = search.deduplicate(None, &resumed).unwrap();
    assert_eq!((found.pairs, found.work.comparisons), (whole.pairs, whole.work.comparisons));

    let other = DeduplicateOptions { face_candidates: Some(0.5), ..resumed };
    assert!(matches!(search.deduplicate(None, &other), Err(vantay::search::SearchError::Checkpoint { .. })));
}

#[test]
fn an_identification_that_is_told_to_stop_stops() {
    let generator = population(300, 0.0, 1);
    let (_directory, gallery) = gallery(&all(&generator), 100);
    let snapshot = gallery.snapshot();
    let search = Search::new(&snapshot, judge()).unwrap();
    let probes: Vec<_> = (0..4).map(|line| generator.probe(line, 1)).collect();
    let stop = AtomicBool::new(true);
    for modality in [Modality::Face, Modality::Fingerprint, Modality::Both] {
        for depth in [Depth::Exhaustive, Depth::Miss(0.05)] {
            let options = IdentifyOptions { modality, depth, stop: Some(&stop), ..IdentifyOptions::default() };
            assert!(matches!(search.identify(&probes, &options), Err(SearchError::Stopped)), "{modality:?}");
        }
    }
    stop.store(false, Relaxed);
    let options = IdentifyOptions { stop: Some(&stop), ..IdentifyOptions::default() };
    let unwatched = IdentifyOptions::default();
    assert_eq!(search.identify(&probes, &options).unwrap().0, search.identify(&probes, &unwatched).unwrap().0);

    // Told in the midst of several seconds of comparing, or before it begins: what was found by then is not an answer.
    let many: Vec<_> = probes.iter().cycle().take(2000).cloned().collect();
    let options = IdentifyOptions { depth: Depth::Exhaustive, stop: Some(&stop), ..IdentifyOptions::default() };
    thread::scope(|scope| {
        scope.spawn(|| {
            thread::sleep(Duration::from_millis(100));
            stop.store(true, Relaxed);
        });
        assert!(matches!(search.identify(&many, &options), Err(SearchError::Stopped)));
    });
}

/// Whatever byte of an embedding is changed on disk: the search names the file, or answers as if nothing had happened.
#[test]
fn a_damaged_embedding_never_changes_an_answer() {
    let generator = population(120, 0.0, 1);
    let registrations = all(&generator);
    let (directory, gallery) = gallery(&registrations, 1000);
    let options = IdentifyOptions { modality: Modality::Face, top: 5, ..IdentifyOptions::default() };
    let probes = &registrations[..4];
    let names = |gallery: &Gallery| {
        let snapshot = gallery.snapshot();
        let search = Search::new(&snapshot, judge())?;
        let (answers, _) = search.identify(probes, &options)?;
        let names = answers.into_iter().map(|answer| answer.candidates.into_iter().map(|c| c.registration).collect());
        Ok::<Vec<Vec<_>>, vantay::search::SearchError>(names.collect())
    };
    let expected = names(&gallery).unwrap();
    let embedding = |row: usize| {
        let snapshot = gallery.snapshot();
        bytemuck::cast_slice::<f32, u8>(snapshot.segments()[0].faces().unwrap().unwrap().embedding(row).unwrap())
            .to_vec()
    };
    let folder = directory.path().join("gallery");
    let segment = std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path());
    let segment = segment.into_iter().find(|path| path.file_name().unwrap().to_str().unwrap().starts_with("segment"));
    let segment = segment.unwrap();
    let whole = std::fs::read(&segment).unwrap();
    let mut named = 0;
    for row in 0..40 {
        let row_bytes = embedding(row);
        let at = whole.windows(row_bytes.len()).position(|window| window == row_bytes).unwrap();
        let mut bytes = whole.clone();
        // The sign of a component, and an exponent.
        bytes[at + 4 * (row * 7 % DIMENSION) + 3] ^= if row % 2 == 0 { 0x80 } else { 0x01 };
        std::fs::write(&segment, &bytes).unwrap();
        match names(&Gallery::open(&folder).unwrap()) {
            Ok(found) => assert_eq!(found, expected),
            Err(error) => {
                assert!(error.to_string().contains("segment-"), "{error}");
                named += 1;
            }
        }
        std::fs::write(&segment, &whole).unwrap();
    }
    assert!(named > 0);
}
