//! The shipped feed is what the generator makes, and reads as its page says.
//!
//! After a change to `synthesis` that means to change what is made: `VANTAY_REGENERATE=1 cargo test --test datasets`.
#![allow(clippy::unwrap_used)]

use std::{collections::HashMap, fs, path::PathBuf};
use vantay::{
    registration::{
        FeedOptions, FeedReader, FeedWriter, IdScheme, PersonalId, Registration, RegistrationId, write_line,
    },
    synthesis::{Generator, Population, write_truth},
};

fn dataset(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("datasets").join(name)
}

/// What `vantay synth --subjects 400 --duplicates 0.05 --seed 1` makes.
fn generator() -> Generator {
    Generator::new(Population { seed: 1, subjects: 400, duplicates: 0.05, ..Population::default() }).unwrap()
}

#[test]
fn the_shipped_feed_and_its_truth_are_what_the_generator_makes() {
    let (mut feed, mut truth) = (Vec::new(), Vec::new());
    generator().write_feed(&mut feed, |_| {}).unwrap();
    write_truth(&generator(), &mut truth).unwrap();
    if std::env::var_os("VANTAY_REGENERATE").is_some() {
        let mut writer = FeedWriter::create(dataset("synthetic-400.ndjson.zst")).unwrap();
        generator().write_feed(&mut writer, |_| {}).unwrap();
        writer.finish().unwrap();
        fs::write(dataset("synthetic-400-truth.csv"), &truth).unwrap();
    }
    // The text is compared, not its compression, which other versions of zstd may do otherwise.
    let shipped = zstd::decode_all(&fs::read(dataset("synthetic-400.ndjson.zst")).unwrap()[..]).unwrap();
    assert!(shipped == feed);
    assert!(fs::read(dataset("synthetic-400-truth.csv")).unwrap() == truth);
}

/// Somebody on another day under their own number, then somebody else under a number that nobody has.
fn visits() -> Vec<u8> {
    let named = |name: &str, probe: Registration| Registration { id: RegistrationId::new(name).unwrap(), ..probe };
    let claim = named("VISIT-1", generator().probe(17, 0));
    let unknown = Registration {
        personal_id: PersonalId::new("001299999999", IdScheme::Vietnam).unwrap(),
        ..named("VISIT-2", generator().probe(42, 0))
    };
    let mut lines = Vec::new();
    write_line(&claim, &mut lines).unwrap();
    write_line(&unknown, &mut lines).unwrap();
    lines
}

#[test]
fn the_shipped_visits_are_what_the_generator_makes() {
    if std::env::var_os("VANTAY_REGENERATE").is_some() {
        fs::write(dataset("visits.ndjson"), visits()).unwrap();
    }
    assert!(fs::read(dataset("visits.ndjson")).unwrap() == visits());
}

#[test]
fn the_shipped_feed_has_420_registrations_of_400_people() {
    let registrations: Vec<_> = FeedReader::open(dataset("synthetic-400.ndjson.zst"), FeedOptions::default())
        .unwrap()
        .collect::<Result<_, _>>()
        .unwrap();
    assert_eq!(registrations.len(), 420);
    let by_id: HashMap<&str, &str> = registrations
        .iter()
        .map(|registration| (registration.id.as_str(), registration.personal_id.as_str()))
        .collect();
    let truth = fs::read_to_string(dataset("synthetic-400-truth.csv")).unwrap();
    // 16 people with two registrations and two with three: 16 + 2 · 3 pairs.
    assert_eq!(truth.lines().count() - 1, 22);
    for pair in truth.lines().skip(1) {
        let [a, b, a_id, b_id, kind] = pair.split(',').collect::<Vec<_>>()[..] else { panic!("five columns") };
        assert_eq!((by_id[a], by_id[b], kind), (a_id, b_id, "different_id"));
        assert_ne!(a_id, b_id);
    }
    let sizes =
        ["synthetic-400.ndjson.zst", "synthetic-400-truth.csv"].map(|name| fs::metadata(dataset(name)).unwrap().len());
    assert!(sizes.iter().sum::<u64>() < 5_000_000);
}
