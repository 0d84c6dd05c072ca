//! What the screen loses where a person has several fingers: their evidence adds up before anything is dropped.
//!
//! Registrations are fingers of one set, captured on the same occasion. Each is a probe against all others; the mates that a full comparison accepts at
//! FMR 1e-4 by all fingers together should be among the share of strangers' registrations with the most evidence: as a search finds it, with
//! gates, and as a deduplication does, at the end and after the sketches too, which it asks first.

use rayon::prelude::*;
use std::{collections::BTreeMap, path::Path};
use vantay::{
    decision::{Calibration, FingerCorrelation, Fusion, PartScore},
    fingerprint::{
        Comparer, Prepared,
        screen::{
            Evidence, GateSample, GateShares, GatedProbes, GatedScreen, ScoreCounts, Screen, ScreenCode, ScreenColumn,
            ScreenProbe, SketchJoin,
        },
    },
    simd::Level,
    template,
};

const SHARES: [f64; 9] = [0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2];
/// Shares that get past a finger's turns, and by agreement to the screen.
const TURNED: f64 = 0.2;
const AGREED: [f64; 6] = [1.0, 0.1, 0.05, 0.03, 0.02, 0.01];

struct Registration {
    person: usize,
    /// The same for the same fingers in two sets, which two extractors have read.
    body: String,
    fingers: Vec<Prepared>,
}

fn registrations(count: usize) -> Option<Vec<Registration>> {
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
        let set = folder.file_name().unwrap().to_str().unwrap();
        let sensor = set.rsplit_once('-').map_or(set, |(sensor, _extractor)| sensor);
        let fingers: Vec<(String, Vec<Prepared>)> = fingers.into_iter().collect();
        for fingers in fingers.chunks_exact(count) {
            let occasions = fingers.iter().map(|(_, of)| of.len()).min().unwrap();
            let body = format!("{sensor} {}", fingers[0].0);
            let of = |occasion: usize| fingers.iter().map(|(_, finger)| finger[occasion].clone()).collect();
            all.extend((0..occasions).map(|occasion| Registration {
                person,
                body: body.clone(),
                fingers: of(occasion),
            }));
            person += 1;
        }
    }
    Some(all)
}

/// For each finger the evidence of every registration: by the sketches, of those that turn alike, by the screen, and by the screen with
/// the gates of a search at each of [`SHARES`].
fn evidence(
    all: &[Registration],
    probe: usize,
    joins: &[SketchJoin<'_>],
    columns: &[ScreenColumn<'_>],
) -> Vec<Vec<Vec<u16>>> {
    let strangers = |n: &usize| all[*n].body != all[probe].body;
    let counted = |scores: &[u16]| {
        let mut counts = ScoreCounts::default();
        counts.add(&(0..all.len()).filter(strangers).map(|n| scores[n]).collect::<Vec<_>>());
        counts
    };
    let mut scores: Vec<Vec<Vec<u16>>> = (joins.iter().zip(columns).zip(&all[probe].fingers))
        .map(|((join, column), finger)| {
            let sketched = join.scores(probe);
            let turns = counted(&sketched.iter().map(|scores| scores[0]).collect::<Vec<_>>());
            let gate = turns.threshold((TURNED * turns.total() as f64).ceil() as u64);
            let agreed: Vec<u16> =
                sketched.iter().map(|&[turns, agreed]| if turns >= gate { agreed } else { 0 }).collect();
            let mut screened = vec![0; all.len()];
            let code = ScreenCode::new(finger);
            Screen::new(Level::best()).scan(&[ScreenProbe::new(&code)], column, 0..all.len(), &mut screened);
            let mut kinds = vec![agreed, screened];
            let sample: Vec<_> = (0..all.len()).filter(strangers).map(|n| column.part(n..n + 1)).collect();
            let sample = GateSample::new(Level::best(), &sample);
            let mut screen = GatedScreen::new(Level::best());
            for share in SHARES {
                let mut probes = GatedProbes::default();
                let gate = GateShares::of(share).and_then(|shares| screen.gate(&code, &sample, shares));
                probes.push(&code, gate);
                let mut gated = vec![0; all.len()];
                screen.scan(&probes, 0..1, column, &mut gated);
                kinds.push(gated);
            }
            kinds
        })
        .collect();
    // Whoever passes by one finger is screened by all.
    for kind in 2..2 + SHARES.len() {
        for n in 0..all.len() {
            if scores.iter().any(|finger| finger[kind][n] >= GatedScreen::PASSED) {
                scores.iter_mut().for_each(|finger| finger[kind][n] = finger[1][n].max(GatedScreen::PASSED));
            }
        }
    }
    let evidence = |scores: Vec<u16>| {
        let evidence = counted(&scores).evidence();
        scores.iter().map(|&score| evidence.of(score)).collect()
    };
    scores.into_iter().map(|kinds| kinds.into_iter().map(evidence).collect()).collect()
}

pub fn table() {
    for count in [1, 2, 3, 5] {
        let Some(all) = registrations(count) else {
            println!("skipped: screen: no prints in VANTAY_DATA");
            return;
        };
        of_so_many(count, &all);
    }
}

fn of_so_many(count: usize, all: &[Registration]) {
    let codes = |finger: usize| -> Vec<u8> {
        all.iter().flat_map(|r| ScreenCode::new(&r.fingers[finger]).as_bytes().to_vec()).collect()
    };
    let bytes: Vec<Vec<u8>> = (0..count).map(codes).collect();
    let columns: Vec<_> = bytes.iter().map(|bytes| ScreenColumn::new(bytes).unwrap()).collect();
    let joins: Vec<_> = columns.iter().map(|&column| SketchJoin::with_share(Level::best(), &[column], 0.5)).collect();
    let fusion = Fusion::new(None, Calibration::default_fingerprint())
        .with_correlation(FingerCorrelation::default_fingerprint());
    // For each accepted pair of mates the share of strangers with more evidence: by the sketches, by the screen, with the gates of each share.
    let ranks: Vec<Vec<f64>> = (0..all.len())
        .into_par_iter()
        .map_init(
            || Comparer::new(Level::best()),
            |comparer, probe| {
                let evidence = evidence(all, probe, &joins, &columns);
                let sum = |kind: usize, n: usize| Evidence::sum(evidence.iter().map(|finger| finger[kind][n]));
                let mut ranks = Vec::new();
                for mate in (0..all.len()).filter(|&n| n != probe && all[n].person == all[probe].person) {
                    let parts: Vec<PartScore> = (all[probe].fingers.iter().zip(&all[mate].fingers).enumerate())
                        .map(|(f, (a, b))| {
                            PartScore::finger(f as u8 + 1, f64::from(comparer.compare(a.view(), b.view())))
                        })
                        .collect();
                    if fusion.fuse(&parts).unwrap().fmr > 1e-4 {
                        continue;
                    }
                    let rank = |kind: usize| {
                        let others = (0..all.len()).filter(|&n| all[n].body != all[probe].body);
                        let (mut above, mut among) = (0, 0);
                        for other in others {
                            above += u32::from(sum(kind, other) > sum(kind, mate));
                            among += 1;
                        }
                        f64::from(above) / f64::from(among)
                    };
                    ranks.push((0..2 + SHARES.len()).map(rank).collect());
                }
                ranks
            },
        )
        .flatten_iter()
        .collect();
    println!(
        "{} registrations of {count} fingers, {} ordered pairs of mates that all together accept",
        all.len(),
        ranks.len()
    );
    print!("| lost, %, with gates, and where so many get past the sketches |");
    print!(" gates");
    AGREED.iter().for_each(|agreed| print!(" | {:.0} %", 100.0 * agreed));
    println!(" |\n|---|{}", "---|".repeat(1 + AGREED.len()));
    for (k, share) in SHARES.into_iter().enumerate() {
        print!("| {:.2} % survive", 100.0 * share);
        let lost = ranks.iter().filter(|rank| rank[2 + k] > share).count();
        print!(" | {:.2}", 100.0 * lost as f64 / ranks.len() as f64);
        for agreed in AGREED {
            let lost = ranks.iter().filter(|rank| rank[0] > agreed || rank[1] > share).count();
            print!(" | {:.2}", 100.0 * lost as f64 / ranks.len() as f64);
        }
        println!(" |");
    }
}
