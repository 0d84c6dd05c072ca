//! Error rates for the demo's people: fitted on other people of the same kind, who are not in the gallery.

use crate::failure::Failure;
use rayon::prelude::*;
use vantay::{
    decision::{Calibration, Comparison, FitOptions, Fusion, Scores},
    face,
    fingerprint::{Comparer, Prepared},
    simd::Level,
    synthesis::{Generator, Population},
    template::FingerPosition,
};

/// Everybody of the demo has these; strangers have another seed.
const SEED_OF_STRANGERS: u64 = 2;
const FACES: usize = 2_000;
const FINGERS: usize = 400;

/// Calibrations of portraits and fingers. Fitted from some million and some eighty thousand pairs of strangers.
pub fn fusion(population: &Population) -> Result<(Fusion, Scores), Failure> {
    let strangers =
        Generator::new(Population { seed: SEED_OF_STRANGERS, ..population.clone() }).map_err(Failure::run)?;
    let model = population.face_model.as_ref().map_or("synthetic", |model| &model.name);
    let faces = faces(&strangers)?;
    let fingers = fingers(&strangers)?;
    let fit = |scores: &Scores, system: &str| {
        Calibration::fit(scores, &FitOptions::new("synthetic strangers", system)).map_err(Failure::run)
    };
    Ok((Fusion::new(Some(fit(&faces, model)?), Some(fit(&fingers, Calibration::FINGERPRINTS)?)), fingers))
}

fn faces(strangers: &Generator) -> Result<Scores, Failure> {
    let people = 0..FACES as u64;
    let (first, second) = (strangers.faces(people.clone(), 0), strangers.faces(people, 1));
    let rows: Vec<Vec<f32>> = first.outer_iter().map(|row| row.to_vec()).collect();
    let others: Vec<Vec<f32>> = second.outer_iter().map(|row| row.to_vec()).collect();
    all_pairs(FACES, |_: &mut (), a, b| face::compare(&rows[a], &others[b]), || ())
}

fn fingers(strangers: &Generator) -> Result<Scores, Failure> {
    let level = Level::chosen().map_err(Failure::usage)?;
    let position = FingerPosition::new(2).map_err(Failure::run)?;
    let prepare = |capture| -> Vec<Prepared> {
        strangers.finger_templates(0..FINGERS as u64, position, capture).iter().map(Prepared::new).collect()
    };
    let (first, second) = (prepare(0), prepare(1));
    let compare = |comparer: &mut Comparer, a: usize, b: usize| {
        Ok::<_, std::convert::Infallible>(f64::from(comparer.compare(first[a].view(), second[b].view())))
    };
    all_pairs(FINGERS, compare, || Comparer::new(level))
}

/// Each first capture against each second one at or after its own.
fn all_pairs<T, E: std::fmt::Display + Send>(
    people: usize,
    compare: impl Fn(&mut T, usize, usize) -> Result<f64, E> + Sync,
    scratch: impl Fn() -> T + Sync + Send,
) -> Result<Scores, Failure> {
    let rows = (0..people)
        .into_par_iter()
        .map_init(&scratch, |scratch, a| {
            let pair = |b| Ok(Comparison { score: compare(scratch, a, b)?, subjects: [a as u32, b as u32] });
            (a..people).map(pair).collect::<Result<Vec<_>, E>>()
        })
        .collect::<Result<Vec<_>, E>>()
        .map_err(Failure::run)?;
    Ok(Scores::new(rows.into_iter().flatten()))
}
