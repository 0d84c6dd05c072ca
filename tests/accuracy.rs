//! The accuracy of the fingerprint comparison, guarded: on the shipped synthetic feed always, on real prints where they are at
//! hand (`VANTAY_DATA`).

#![allow(clippy::unwrap_used)]

use rayon::prelude::*;
use std::{
    fs,
    path::{Path, PathBuf},
};
use vantay::{
    decision::{Comparison, Scores},
    evaluation::{Bootstrap, Evaluation, Options},
    fingerprint::{Comparer, Prepared},
    registration::{FeedOptions, FeedReader},
    simd::Level,
    synthesis::{Generator, Population},
    template,
};

/// Every unordered pair of prepared prints; the same finger if the numbers are equal.
fn all_pairs(prints: &[(u32, Prepared)]) -> Scores {
    let rows: Vec<Vec<Comparison>> = (0..prints.len())
        .into_par_iter()
        .map_init(
            || Comparer::new(Level::best()),
            |comparer, i| {
                let (a, first) = &prints[i];
                let others = prints[i + 1..].iter();
                let compare = |(b, second): &(u32, Prepared)| Comparison {
                    score: f64::from(comparer.compare(first.view(), second.view())),
                    subjects: [*a, *b],
                };
                others.map(compare).collect()
            },
        )
        .collect();
    Scores::new(rows.into_iter().flatten())
}

fn evaluate(sets: Vec<(String, Scores)>) -> Evaluation {
    let bootstrap = Bootstrap { replicates: 0, ..Bootstrap::default() };
    Evaluation::new(sets, Options { bootstrap, ..Options::default() }).unwrap()
}

fn real_sets() -> Option<PathBuf> {
    let data = std::env::var_os("VANTAY_DATA")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data"), PathBuf::from)
        .join("fingerprint");
    data.exists().then_some(data)
}

#[test]
fn fingers_of_the_shipped_feed_are_told_apart() {
    let feed = Path::new(env!("CARGO_MANIFEST_DIR")).join("datasets/synthetic-400.ndjson.zst");
    let generator = Generator::new(Population { subjects: 400, duplicates: 0.05, ..Population::default() }).unwrap();
    let mut prints = Vec::new();
    for (line, registration) in (0..).zip(FeedReader::open(feed, FeedOptions::default()).unwrap()) {
        // The first finger as it was registered, and once more.
        for registration in [registration.unwrap(), generator.probe(line, 0)] {
            prints.extend(registration.templates().take(1).map(|t| (generator.person(line) as u32, Prepared::new(t))));
        }
    }
    let evaluation = evaluate(vec![("synthetic".into(), all_pairs(&prints))]);
    let eer = evaluation.sets[0].eer.value;
    assert!(eer < 0.015, "EER {:.2} %", 100.0 * eer);
}

#[test]
fn real_prints_are_told_apart_better_than_by_any_open_matcher() {
    let Some(data) = real_sets() else {
        eprintln!("skipped: real_prints_are_told_apart_better_than_by_any_open_matcher: no data");
        return;
    };
    let mut folders: Vec<_> = fs::read_dir(data).unwrap().map(|entry| entry.unwrap().path()).collect();
    folders.sort();
    let sets = folders
        .iter()
        .map(|folder| {
            let mut files: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
            files.sort();
            let mut fingers: Vec<String> = Vec::new();
            let prints: Vec<_> = files
                .iter()
                .map(|path| {
                    let name = path.file_stem().unwrap().to_string_lossy().into_owned();
                    let finger = name.rsplit_once('_').unwrap().0.to_owned();
                    if fingers.last() != Some(&finger) {
                        fingers.push(finger);
                    }
                    let record = template::read(&fs::read(path).unwrap()).unwrap();
                    (fingers.len() as u32, Prepared::new(&record.templates().unwrap()[0]))
                })
                .collect();
            (folder.file_name().unwrap().to_string_lossy().into_owned(), all_pairs(&prints))
        })
        .collect();
    let evaluation = evaluate(sets);
    let mean = evaluation.mean.as_ref().unwrap().eer.value;
    let pooled = evaluation.pooled.as_ref().unwrap();
    let at = |fmr: f64| pooled.at.iter().find(|at| at.target == fmr).unwrap().fnmr.value;
    // What was reached, and a little room for a change that gains elsewhere.
    assert!(mean <= 0.016, "mean EER {:.2} %", 100.0 * mean);
    assert!(pooled.eer.value <= 0.017, "pooled EER {:.2} %", 100.0 * pooled.eer.value);
    assert!(at(1e-3) <= 0.036, "pooled FNMR at 1e-3 {:.2} %", 100.0 * at(1e-3));
    assert!(at(1e-4) <= 0.062, "pooled FNMR at 1e-4 {:.2} %", 100.0 * at(1e-4));
}
