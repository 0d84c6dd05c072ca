//! A gallery that is warm answers as one that is not, sooner.
#![allow(clippy::unwrap_used)]

mod search_support;

use search_support::gallery;
use std::{
    fs::OpenOptions,
    os::unix::fs::FileExt,
    time::{Duration, Instant},
};
use vantay::{
    gallery::{Gallery, GalleryError, Snapshot},
    registration::Registration,
    search::{Identification, IdentifyOptions, Judge, Search, Thresholds},
    synthesis::{Generator, Population},
};

/// Portraits, more of them than a search checks before it starts: 18 MB.
const PORTRAITS: u64 = 9000;

fn portraits() -> Generator {
    Generator::new(Population { subjects: PORTRAITS, fingers: 0, duplicates: 0.0, ..Population::default() }).unwrap()
}

fn is_warm(snapshot: &Snapshot) -> bool {
    snapshot.segments().iter().all(|segment| segment.faces().unwrap().unwrap().are_warm())
}

fn identify(snapshot: &Snapshot, probes: &[Registration]) -> Vec<Identification> {
    let search = Search::new(snapshot, Judge::raw(Thresholds::default())).unwrap();
    search.identify(probes, &IdentifyOptions::default()).unwrap().0
}

#[test]
fn answers_are_the_same_before_and_after() {
    let generator = portraits();
    let registrations: Vec<_> = (0..PORTRAITS).map(|line| generator.registration(line)).collect();
    let (_directory, gallery) = gallery(&registrations, PORTRAITS as usize);
    let probes: Vec<_> = (0..20).map(|line| generator.probe(line * 7, 1)).collect();

    let cold = Gallery::open(gallery.path()).unwrap().snapshot();
    let cold: Vec<_> = probes.iter().map(|probe| identify(&cold, std::slice::from_ref(probe))).collect();
    let warm = Gallery::open(gallery.path()).unwrap().snapshot();
    warm.warm().unwrap();
    assert!(is_warm(&warm));
    for (probe, expected) in probes.iter().zip(cold) {
        assert_eq!(identify(&warm, std::slice::from_ref(probe)), expected);
    }
}

/// Where the system says how much memory there is.
#[cfg(target_os = "linux")]
#[test]
fn a_gallery_that_is_asked_for_single_probes_grows_warm_by_itself() {
    let generator = portraits();
    let registrations: Vec<_> = (0..PORTRAITS).map(|line| generator.registration(line)).collect();
    let (_directory, gallery) = gallery(&registrations, PORTRAITS as usize);

    let snapshot = Gallery::open(gallery.path()).unwrap().snapshot();
    assert!(!is_warm(&snapshot));
    let batch: Vec<_> = (0..4).map(|line| generator.probe(line, 1)).collect();
    identify(&snapshot, &batch);
    assert!(!is_warm(&snapshot), "a batch reads what it needs");
    identify(&snapshot, &batch[..1]);
    let start = Instant::now();
    while !is_warm(&snapshot) {
        assert!(start.elapsed() < Duration::from_secs(60));
        std::thread::sleep(Duration::from_millis(1));
    }
}

#[test]
fn warming_names_the_file_that_is_damaged() {
    let generator = portraits();
    let registrations: Vec<_> = (0..100).map(|line| generator.registration(line)).collect();
    let (_directory, gallery) = gallery(&registrations, 100);
    let segment = gallery.snapshot().segments()[0].path().to_path_buf();
    let file = OpenOptions::new().read(true).write(true).open(&segment).unwrap();
    let mut byte = [0];
    file.read_exact_at(&mut byte, 100_000).unwrap();
    file.write_all_at(&[byte[0] ^ 1], 100_000).unwrap();

    let snapshot = Gallery::open(gallery.path()).unwrap().snapshot();
    match snapshot.warm() {
        Err(GalleryError::Damaged { path, .. }) => assert_eq!(path, segment),
        other => panic!("{other:?}"),
    }
}
