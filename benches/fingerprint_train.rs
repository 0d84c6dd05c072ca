//! Fits what the fingerprint comparison has learned: the descriptors' projection and the score's network.
//!
//! `cargo bench --bench fingerprint_train -- projection model` fits both on all sets and writes them where the library reads them;
//! `-- cross` prints error rates of projections and networks that never saw the set, the sensor or the extractor that they are measured on
//! (the mates that a projection is fitted on are those that the shipped comparison finds in the other sets); `-- quick` fits
//! networks only. `-- held-out DIR` writes the scores of every set by what has not seen its sensor, one file a set, as `vantay calibrate` and
//! `vantay eval` read them.
#![allow(clippy::unwrap_used, clippy::needless_range_loop, missing_docs)]

#[path = "fingerprint/network.rs"]
mod network;
#[path = "fingerprint/projection.rs"]
mod projection;
#[path = "fingerprint/random.rs"]
mod random;
#[path = "fingerprint/samples.rs"]
mod samples;
#[path = "fingerprint/sets.rs"]
mod sets;
#[path = "fingerprint/worse.rs"]
mod worse;

use samples::{Sample, besides, measured};
use sets::{Set, rates, sets};
use std::{fs, io, path::Path};
use vantay::fingerprint::Projection;

/// The score that the library would give with this network.
fn score(network: &network::Network, sample: &Sample) -> f32 {
    if sample.rejected() { sample.early } else { (10.0 + network.logit(&sample.features)).max(1.0) }
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

/// Scores of some sets' pairs, by what was fitted on other sets.
type HeldOut = Vec<(Sample, f32)>;

/// Every pair of every set, scored by a projection and a network that have not seen the set's group.
fn cross(sets: &[Set], shipped: &Projection, group: fn(&Set) -> &str) -> HeldOut {
    let mut groups: Vec<&str> = sets.iter().map(group).collect();
    groups.sort_unstable();
    groups.dedup();
    let fold = |held: &str| {
        let seen: Vec<&Set> = sets.iter().filter(|set| group(set) != held).collect();
        let projection = Projection::read(&projection::fit(&seen, shipped));
        hold_out(sets, &projection, |set| group(set) == held)
    };
    groups.into_iter().flat_map(fold).collect()
}

/// The pairs of the sets that are held out, scored by a network fitted on the others.
fn hold_out(sets: &[Set], projection: &Projection, held: impl Fn(&Set) -> bool) -> HeldOut {
    let besides = besides(sets, projection, |s| !held(&sets[s]));
    let (out, seen): (Vec<Sample>, Vec<Sample>) =
        measured(sets, projection).into_iter().partition(|s| held(&sets[s.set]));
    let network = network::fit(&seen.iter().chain(&besides).filter(|s| !s.rejected()).collect::<Vec<_>>());
    let score = |sample: Sample| {
        let score = score(&network, &sample);
        (sample, score)
    };
    out.into_iter().map(score).collect()
}

fn print_cross(title: &str, sets: &[Set], scored: &HeldOut) {
    table(title, sets, &scored.iter().map(|(s, score)| (s.set, s.genuine, *score)).collect::<Vec<_>>(), true);
}

/// As [`cross`] without the sensor, but by the shipped projection: for trying networks.
fn quick(sets: &[Set], shipped: &Projection) {
    let mut sensors: Vec<&str> = sets.iter().map(Set::sensor).collect();
    sensors.dedup();
    let folds = sensors.into_iter().flat_map(|held| hold_out(sets, shipped, |set| set.sensor() == held));
    print_cross("without the sensor, shipped projection", sets, &folds.collect());
}

/// Writes the scores of each set by what has not seen its sensor: one file a set, as `vantay score` writes it.
fn write_held_out(folder: &Path, sets: &[Set], scored: &HeldOut) -> io::Result<()> {
    fs::create_dir_all(folder)?;
    for (s, set) in sets.iter().enumerate() {
        let mut lines = String::from("fileA,fileB,score\n");
        for (Sample { files: [a, b], .. }, score) in scored.iter().filter(|(sample, _)| sample.set == s) {
            lines += &format!("{}_{a},{}_{b},{score}\n", set.files[*a].0, set.files[*b].0);
        }
        fs::write(folder.join(format!("{}.csv", set.name)), lines)?;
    }
    Ok(())
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|a| !a.starts_with("--")).collect();
    let asked = |what: &str| arguments.iter().any(|a| a == what);
    let held_out = arguments.iter().position(|a| a == "held-out").and_then(|at| arguments.get(at + 1));
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
    let projection = Projection::read(&bytes);
    if asked("quick") {
        quick(&sets, &projection);
    }
    if asked("model") {
        let samples = measured(&sets, &projection);
        let besides = besides(&sets, &projection, |_| true);
        let network = network::fit(&samples.iter().chain(&besides).filter(|s| !s.rejected()).collect::<Vec<_>>());
        let scored: Vec<_> = samples.iter().map(|s| (s.set, s.genuine, score(&network, s))).collect();
        table("tuned", &sets, &scored, true);
        let weights: Vec<u8> = network.weights().iter().flat_map(|w| w.to_le_bytes()).collect();
        std::fs::write(at("model.bin"), weights).unwrap();
    }
    if asked("cross") {
        print_cross("without the set", &sets, &cross(&sets, &projection, |set| &set.name));
        print_cross("without the sensor", &sets, &cross(&sets, &projection, Set::sensor));
        print_cross("without the extractor", &sets, &cross(&sets, &projection, Set::extractor));
    }
    if let Some(folder) = held_out {
        write_held_out(Path::new(folder), &sets, &cross(&sets, &projection, Set::sensor)).unwrap();
    }
}
