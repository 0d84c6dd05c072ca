//! Scores of people whom one knows: what a calibration is fitted to, in one call.

use super::{Modality, SearchError};
use crate::{
    decision::{Comparison, Scores},
    face,
    fingerprint::{Comparer, Prepared},
    registration::Registration,
    simd::Level,
    template::FingerPosition,
};
use rand_pcg::{Pcg32, rand_core::Rng};
use rayon::prelude::*;
use std::collections::BTreeMap;

/// Compares every two registrations of one subject, and as many pairs of different subjects as `strangers` says, drawn: portraits, or with
/// [`Modality::Fingerprint`] the fingers of equal and known position. The same registrations in the same order give the same scores.
///
/// Two registrations of one person under two personal IDs count as strangers and spoil the tail: have them looked at first.
///
/// ```
/// # use vantay::{decision::{Calibration, FitOptions}, search::{Modality, known_scores}, synthesis::{Generator, Population}};
/// let pilot = Generator::new(Population { subjects: 60, captures: 2, duplicates: 0.0, ..Population::default() })?;
/// let pilot: Vec<_> = (0..pilot.registrations()).map(|line| pilot.registration(line)).collect();
/// let scores = known_scores(&pilot, Modality::Face, 2_000)?;
/// let calibration = Calibration::fit(&scores, &FitOptions::new("a pilot", "synthetic"))?;
/// assert!(calibration.fmr_at(0.9).value < 1e-3);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// If two portraits are of different dimensions, or the SIMD level asked for is not to be had.
pub fn known_scores(registrations: &[Registration], modality: Modality, strangers: u64) -> Result<Scores, SearchError> {
    let mut subjects: BTreeMap<&str, (u32, Vec<usize>)> = BTreeMap::new();
    for (n, registration) in registrations.iter().enumerate() {
        subjects.entry(registration.personal_id.as_str()).or_default().1.push(n);
    }
    let mut subject_of = vec![0; registrations.len()];
    for ((number, of), n) in subjects.values_mut().zip(0..) {
        *number = n;
        of.iter().for_each(|&registration| subject_of[registration] = n);
    }
    let mates = subjects.values().flat_map(|(_, of)| {
        let earlier = |j: usize| (0..j).map(move |i| (of[i], of[j]));
        (0..of.len()).flat_map(earlier).collect::<Vec<_>>()
    });
    let mut random = Pcg32::new(0x5eed, 9);
    let mut draw = || ((u64::from(random.next_u32()) * registrations.len() as u64) >> 32) as usize;
    let different = (0..strangers).map(|_| (draw(), draw())).filter(|&(a, b)| subject_of[a] != subject_of[b]);
    let pairs: Vec<(usize, usize)> = mates.chain(different).collect();
    let scored = |(a, b): (usize, usize), scores: Vec<f64>| -> Vec<Comparison> {
        let subjects = [subject_of[a], subject_of[b]];
        scores.into_iter().map(|score| Comparison { score, subjects }).collect()
    };
    let comparisons: Vec<Vec<Comparison>> = if modality == Modality::Fingerprint {
        let level = Level::chosen()?;
        let prepare = |of: &Registration| -> Vec<(FingerPosition, Prepared)> {
            of.templates().map(|template| (template.position(), Prepared::new(template))).collect()
        };
        let prepared: Vec<_> = registrations.par_iter().map(prepare).collect();
        let compare = |comparer: &mut Comparer, &(a, b): &(usize, usize)| {
            let mut scores = Vec::new();
            for (position, one) in prepared[a].iter().filter(|(position, _)| *position != FingerPosition::UNKNOWN) {
                for (_, other) in prepared[b].iter().filter(|(other, _)| other == position) {
                    scores.push(f64::from(comparer.compare(one.view(), other.view())));
                }
            }
            scored((a, b), scores)
        };
        pairs.par_iter().map_init(|| Comparer::new(level), compare).collect()
    } else {
        let portrait = |n: usize| registrations[n].portrait.as_ref().map(|portrait| portrait.embedding.as_slice());
        let compare = |&(a, b): &(usize, usize)| {
            let score = portrait(a).zip(portrait(b)).map(|(a, b)| face::compare(a, b)).transpose()?;
            Ok(scored((a, b), score.into_iter().collect()))
        };
        pairs.par_iter().map(compare).collect::<Result<_, SearchError>>()?
    };
    Ok(Scores::new(comparisons.into_iter().flatten()))
}
