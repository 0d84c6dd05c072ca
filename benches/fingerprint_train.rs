//! Fits what the fingerprint comparison has learned: the descriptors' projection and the score's network.
//!
//! `cargo bench --bench fingerprint_train -- projection model` fits both on all sets and writes them where the library reads them;
//! `-- cross` prints error rates of models that never saw the sensor (or the extractor) they are measured on; `-- held-out DIR` writes the
//! scores of every set by a model that never saw its sensor, one file a set, as `vantay calibrate` and `vantay eval` read them.
#![allow(clippy::unwrap_used, clippy::needless_range_loop, missing_docs)]

#[path = "fingerprint/network.rs"]
mod network;
#[path = "fingerprint/projection.rs"]
mod projection;
#[path = "fingerprint/sets.rs"]
mod sets;

use rayon::prelude::*;
use sets::{Set, cpu, rates, sets};
use std::{fs, io, path::Path};
use vantay::{
    fingerprint::{Comparer, Model, Prepared, Projection, SUBSCORES},
    simd::Level,
};

/// One comparison: which set, whether genuine, what the model sees of it.
pub struct Sample {
    pub set: usize,
    pub genuine: bool,
    pub features: [f32; SUBSCORES],
    /// How alike the pair looks at a glance: hard impostors are kept for training, easy ones thinned.
    pub glance: f32,
    /// The library's score of what it rejects at a glance: the network has no say there.
    pub early: f32,
    /// Which two files of the set.
    pub files: [usize; 2],
}

impl Sample {
    /// Whether the comparison ended at a glance.
    fn rejected(&self) -> bool {
        self.features[0] == 0.0
    }
}

/// The network's log-odds, and below all of them the glances of what it does not see.
fn score(network: &network::Network, sample: &Sample) -> f32 {
    if sample.rejected() { sample.glance - 100.0 } else { network.logit(&sample.features).max(-9.0) }
}

/// Every pair of every set.
fn samples(sets: &[Set], projection: &Projection) -> Vec<Sample> {
    let started = cpu();
    let mut samples = Vec::new();
    for (s, set) in sets.iter().enumerate() {
        let prepared: Vec<Prepared> = set.files.iter().map(|(_, t)| Prepared::with(t, projection)).collect();
        let rows: Vec<Vec<Sample>> = (0..prepared.len())
            .into_par_iter()
            .map_init(
                || Comparer::new(Level::best()),
                |comparer, i| {
                    (i + 1..prepared.len())
                        .map(|j| {
                            let f = comparer.subscores(prepared[i].view(), prepared[j].view());
                            let rejected = f[0] == 0.0;
                            Sample {
                                early: if rejected {
                                    comparer.compare(prepared[i].view(), prepared[j].view())
                                } else {
                                    0.0
                                },
                                files: [i, j],
                                set: s,
                                genuine: set.files[i].0 == set.files[j].0,
                                features: Model::features(&f),
                                glance: if rejected { f[31] / f[14].max(1.0).sqrt() } else { f[11] + f[21] },
                            }
                        })
                        .collect()
                },
            )
            .collect();
        samples.extend(rows.into_iter().flatten());
    }
    eprintln!("{} comparisons, {:.1} us each", samples.len(), 1e6 * (cpu() - started) / samples.len() as f64);
    samples
}

/// Prints the rates of each set, their mean, and all pooled.
fn table(title: &str, sets: &[Set], scored: &[(usize, bool, f32)], full: bool) {
    let split = |set: Option<usize>| {
        let of = |genuine: bool| -> Vec<f32> {
            scored.iter().filter(|s| s.1 == genuine && set.is_none_or(|set| set == s.0)).map(|s| s.2).collect()
        };
        let (mut genuine, mut impostor) = (of(true), of(false));
        rates(&mut genuine, &mut impostor).map(|r| 100.0 * r)
    };
    let mut mean = [0.0; 3];
    for (s, set) in sets.iter().enumerate() {
        let r = split(Some(s));
        if full {
            println!("  {:24} EER {:6.2} @1e-3 {:6.2} @1e-4 {:6.2}", set.name, r[0], r[1], r[2]);
        }
        (0..3).for_each(|k| mean[k] += r[k] / sets.len() as f64);
    }
    let p = split(None);
    println!("{title:24} mean {:.2} {:.2} {:.2} pooled {:.2} {:.2} {:.2}", mean[0], mean[1], mean[2], p[0], p[1], p[2]);
}

/// The sets' sensors: `fvc2002-db1b`, whatever the extractor.
fn sensor(set: &Set) -> &str {
    set.name.rsplit_once('-').unwrap().0
}

/// The sets' extractors.
fn extractor(set: &Set) -> &str {
    set.name.rsplit_once('-').unwrap().1
}

/// Each sample with the network of those that have not seen its group.
fn without_group<T: Send>(
    sets: &[Set],
    samples: &[Sample],
    group: fn(&Set) -> &str,
    of: impl Fn(&network::Network, &Sample) -> T + Sync,
) -> Vec<T> {
    let mut groups: Vec<&str> = sets.iter().map(group).collect();
    groups.sort_unstable();
    groups.dedup();
    groups
        .into_par_iter()
        .flat_map_iter(|held| {
            let out = |s: &&Sample| group(&sets[s.set]) == held;
            let training: Vec<&Sample> = samples.iter().filter(|s| !out(s) && !s.rejected()).collect();
            let network = network::fit(&training);
            samples.iter().filter(out).map(|s| of(&network, s)).collect::<Vec<_>>()
        })
        .collect()
}

/// Scores each set by a model that has not seen its group.
fn cross(title: &str, sets: &[Set], samples: &[Sample], group: fn(&Set) -> &str, full: bool) {
    let scored = without_group(sets, samples, group, |network, s| (s.set, s.genuine, score(network, s)));
    table(title, sets, &scored, full);
}

/// Writes the scores of each set by a model that has not seen its sensor, on the scale of the library's own.
fn write_held_out(folder: &Path, sets: &[Set], samples: &[Sample]) -> io::Result<()> {
    let scored = without_group(sets, samples, sensor, |network, s| {
        (s.set, s.files, if s.rejected() { s.early } else { (10.0 + network.logit(&s.features)).max(1.0) })
    });
    fs::create_dir_all(folder)?;
    for (s, set) in sets.iter().enumerate() {
        let mut lines = String::from("fileA,fileB,score\n");
        for (_, [a, b], score) in scored.iter().filter(|(of, ..)| *of == s) {
            lines += &format!("{}_{a},{}_{b},{score}\n", set.files[*a].0, set.files[*b].0);
        }
        fs::write(folder.join(format!("{}.csv", set.name)), lines)?;
    }
    Ok(())
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|a| !a.starts_with("--")).collect();
    let asked = |what: &str| arguments.iter().any(|a| a == what);
    if !sets::folder().is_dir() {
        println!("skipped: fingerprint_train: no data at {}", sets::folder().display());
        return;
    }
    let sets = sets();
    let at = |file: &str| format!("{}/src/fingerprint/{file}", env!("CARGO_MANIFEST_DIR"));
    let all: Vec<&Set> = sets.iter().collect();
    let mut bytes = std::fs::read(at("projection.bin")).unwrap();
    if asked("projection") {
        bytes = projection::fit(&all, &Projection::read(&bytes));
        std::fs::write(at("projection.bin"), &bytes).unwrap();
    }
    let held_out = arguments.iter().position(|a| a == "held-out").and_then(|at| arguments.get(at + 1));
    if !asked("model") && !asked("quick") && !asked("cross") && held_out.is_none() {
        return;
    }
    let samples = samples(&sets, &Projection::read(&bytes));
    if asked("quick") {
        cross("without the sensor", &sets, &samples, sensor, true);
    }
    if asked("model") {
        let training: Vec<&Sample> = samples.iter().filter(|s| !s.rejected()).collect();
        let network = network::fit(&training);
        let scored: Vec<_> = samples.iter().map(|s| (s.set, s.genuine, score(&network, s))).collect();
        table("tuned", &sets, &scored, true);
        let weights: Vec<u8> = network.weights().iter().flat_map(|w| w.to_le_bytes()).collect();
        std::fs::write(at("model.bin"), weights).unwrap();
    }
    if let Some(folder) = held_out {
        write_held_out(Path::new(folder), &sets, &samples).unwrap();
    }
    if asked("cross") {
        cross("without the set", &sets, &samples, |set| &set.name, true);
        cross("without the sensor", &sets, &samples, sensor, true);
        cross("without the extractor", &sets, &samples, extractor, true);
    }
}
