//! What comparison scores are worth: the calibration that the library ships, how far it is off on a sensor it has not seen, and what
//! portraits and fingers give together.
//!
//! `DIR` holds scores that `cargo bench --bench fingerprint_train -- held-out DIR` has written.
//! `cargo bench --bench decision -- shipped DIR` fits the shipped calibration of fingerprints and writes it where the library reads it;
//! `-- left-out DIR` leaves each sensor out in turn; `-- fusion DIR` joins the prints with the portraits of LFW to people who do not exist.
//! `cargo xtask calibrate` runs them all. `-- screen` prints what the screen loses of people with several fingers.
#![allow(clippy::unwrap_used, missing_docs)]

#[path = "decision/fusion.rs"]
mod fusion;
#[path = "decision/held_out.rs"]
mod held_out;
#[path = "decision/screened.rs"]
mod screened;

use held_out::{Set, pooled, sets};
use std::path::Path;
use vantay::{
    decision::{Calibration, FingerCorrelation, FitOptions},
    evaluation::{leave_groups_out, left_out_text},
};

const DATA: &str = "all pairs of twelve sets of real prints (FVC2002 DB1-4 B and FVC2004 DB3 B by two extractors, 101 left index fingers on a \
    capacitive sensor, 125 rolled inked prints), each set scored by a network that was fitted without its sensor; a pair of extractors counts \
    a print twice";

/// How all sets are calibrated.
fn options() -> FitOptions {
    FitOptions::new(DATA, "vantay")
}

/// Correlation of two fingers of people made of fingers of one set, who were captured on the same two occasions.
fn correlation<'a>(calibration: &Calibration, sets: impl IntoIterator<Item = &'a Set>) -> FingerCorrelation {
    let compared: Vec<_> = sets.into_iter().flat_map(Set::two_fingers).collect();
    FingerCorrelation::fit(calibration, &compared).unwrap()
}

fn shipped(sets: &[Set]) {
    let at = |file: &str| format!("{}/src/decision/shipped/{file}", env!("CARGO_MANIFEST_DIR"));
    let calibration = Calibration::fit(&pooled(sets), &options()).unwrap();
    calibration.write(at("fingerprint.json")).unwrap();
    for fmr in [1e-2, 1e-3, 1e-4, 1e-5, 1e-6, 1e-9] {
        let threshold = calibration.threshold_at_fmr(fmr).unwrap();
        let (stated, missed) = (calibration.fmr_at(threshold), calibration.fnmr_at(threshold).value);
        println!("score {threshold:7.3}: FMR {stated}, FNMR {:.2} %", 100.0 * missed);
    }
    let correlation = correlation(&calibration, sets);
    std::fs::write(at("fingers.json"), correlation.to_json().unwrap()).unwrap();
    println!("{correlation:?}");
}

fn left_out(sets: &[Set]) {
    let scores: Vec<_> = sets.iter().map(|set| (set.name.clone(), set.scores())).collect();
    let sensor = |name: &str| name.rsplit_once('-').map_or(name, |(sensor, _)| sensor).to_owned();
    println!("{}", left_out_text(&leave_groups_out(&scores, sensor, &[1e-2, 1e-3, 1e-4], &options()).unwrap()));
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|a| !a.starts_with("--")).collect();
    if arguments.first().is_some_and(|what| what == "screen") {
        return screened::table();
    }
    let (Some(what), Some(folder)) = (arguments.first(), arguments.get(1)) else {
        println!("skipped: decision: expected shipped, left-out or fusion, and the folder of held-out scores");
        return;
    };
    if !Path::new(folder).is_dir() {
        println!("skipped: decision: no scores at {folder}");
        return;
    }
    let sets = sets(Path::new(folder));
    match what.as_str() {
        "shipped" => shipped(&sets),
        "left-out" => left_out(&sets),
        "fusion" => fusion::table(&sets),
        other => println!("skipped: decision: {other} is not known"),
    }
}
