//! What the screen loses where a person has two fingers: their evidence adds up before anything is dropped.
//!
//! Registrations are two fingers of one set, captured on the same occasion. Each is a probe against all others; the mates that a full comparison accepts at
//! FMR 1e-4 by both fingers together should be among the share of strangers' registrations with the most evidence.

use rayon::prelude::*;
use std::{collections::BTreeMap, path::Path};
use vantay::{
    decision::{Calibration, FingerCorrelation, Fusion, PartScore},
    fingerprint::{
        Comparer, Prepared,
        screen::{Evidence, ScoreCounts, Screen, ScreenCode, ScreenColumn, ScreenProbe},
    },
    simd::Level,
    template,
};

const SHARES: [f64; 7] = [0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2];

struct Registration {
    person: usize,
    fingers: [Prepared; 2],
}

fn registrations() -> Option<Vec<Registration>> {
    let data = std::env::var("VANTAY_DATA").unwrap_or(concat!(env!("CARGO_MANIFEST_DIR"), "/../shared/data").into());
    let mut folders: Vec<_> =
        std::fs::read_dir(Path::new(&data).join("fingerprint")).ok()?.map(|entry| entry.unwrap().path()).collect();
    folders.sort();
    let mut all = Vec::new();
    let mut person = 0;
    for folder in folders {
        let mut fingers: BTreeMap<String, Vec<Prepared>> = BTreeMap::new();
        let mut files: Vec<_> = std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect();
        files.sort();
        for file in files {
            let record = template::read(&std::fs::read(&file).unwrap()).unwrap();
            let name = file.file_stem().unwrap().to_str().unwrap().rsplit_once('_').unwrap().0.to_owned();
            fingers.entry(name).or_default().push(Prepared::new(&record.templates().unwrap().remove(0)));
        }
        let fingers: Vec<Vec<Prepared>> = fingers.into_values().collect();
        for [one, two] in fingers.as_chunks::<2>().0 {
            let fingers = one.iter().zip(two).map(|(one, two)| [one.clone(), two.clone()]);
            all.extend(fingers.map(|fingers| Registration { person, fingers }));
            person += 1;
        }
    }
    Some(all)
}

pub fn table() {
    let Some(all) = registrations() else {
        println!("skipped: screen: no prints in VANTAY_DATA");
        return;
    };
    let codes = |finger: usize| -> Vec<u8> {
        all.iter().flat_map(|r| ScreenCode::new(&r.fingers[finger]).as_bytes().to_vec()).collect()
    };
    let bytes = [codes(0), codes(1)];
    let columns = [0, 1].map(|finger| ScreenColumn::new(&bytes[finger]).unwrap());
    let screen = Screen::new(Level::best());
    let fusion = Fusion::new(None, Calibration::default_fingerprint())
        .with_correlation(FingerCorrelation::default_fingerprint());
    // For each accepted pair of mates the share of strangers with more evidence: by the first finger, by both.
    let ranks: Vec<[f64; 2]> = (0..all.len())
        .into_par_iter()
        .map_init(
            || Comparer::new(Level::best()),
            |comparer, probe| {
                let evidence = [0, 1].map(|finger| {
                    let code = ScreenProbe::new(&ScreenCode::new(&all[probe].fingers[finger]));
                    let mut scores = vec![0; all.len()];
                    screen.scan(&[code], &columns[finger], 0..all.len(), &mut scores);
                    let strangers = |n: &usize| all[*n].person != all[probe].person;
                    let mut counts = ScoreCounts::default();
                    counts.add(&(0..all.len()).filter(strangers).map(|n| scores[n]).collect::<Vec<_>>());
                    let evidence = counts.evidence();
                    scores.iter().map(|&score| evidence.of(score)).collect::<Vec<_>>()
                });
                let sum = |n: usize| Evidence::sum([Some(evidence[0][n]), Some(evidence[1][n])]);
                let mut ranks = Vec::new();
                for mate in (0..all.len()).filter(|&n| n != probe && all[n].person == all[probe].person) {
                    let scores =
                        [0, 1].map(|f| comparer.compare(all[probe].fingers[f].view(), all[mate].fingers[f].view()));
                    let parts = [0, 1].map(|f| PartScore::finger([2, 7][f], f64::from(scores[f])));
                    if fusion.fuse(&parts).unwrap().fmr > 1e-4 {
                        continue;
                    }
                    let share = |of: &dyn Fn(usize) -> u16| {
                        let others: Vec<u16> =
                            (0..all.len()).filter(|&n| all[n].person != all[probe].person).map(of).collect();
                        others.iter().filter(|&&other| other > of(mate)).count() as f64 / others.len() as f64
                    };
                    ranks.push([share(&|n| evidence[0][n]), share(&sum)]);
                }
                ranks
            },
        )
        .flatten_iter()
        .collect();
    println!(
        "{} registrations of two fingers, {} ordered pairs of mates that both fingers together accept",
        all.len(),
        ranks.len()
    );
    println!("| share that survives | lost by one finger, % | by both, % |");
    println!("|---|---|---|");
    for share in SHARES {
        let lost = |k: usize| 100.0 * ranks.iter().filter(|rank| rank[k] > share).count() as f64 / ranks.len() as f64;
        println!("| {:.1} % | {:.2} | {:.2} |", 100.0 * share, lost(0), lost(1));
    }
}
