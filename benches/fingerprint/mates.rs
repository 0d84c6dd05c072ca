//! Real prints and the mates among them that the full comparison accepts: what the screen's losses are counted on.
#![allow(dead_code)]

use super::sets::Set;
use rayon::prelude::*;
use vantay::{
    fingerprint::{Comparer, Prepared},
    simd::Level,
};

/// A real print.
pub struct Print {
    pub set: usize,
    /// The same for the same finger under both extractors.
    pub finger: String,
    pub prepared: Prepared,
}

/// Every print of every set.
pub fn prints(sets: &[Set]) -> Vec<Print> {
    let of = |(s, set): (usize, &Set)| {
        let database = set.name.rsplit_once('-').unwrap().0.to_owned();
        let print = |(finger, template): &(String, _)| Print {
            set: s,
            finger: format!("{database}/{finger}"),
            prepared: Prepared::new(template),
        };
        set.files.iter().map(print).collect::<Vec<_>>()
    };
    sets.iter().enumerate().flat_map(of).collect()
}

/// The mated pairs that the full comparison accepts at FMR 1e-4 of their set, and how many mated pairs there are.
pub fn mates(sets: &[Set], prints: &[Print]) -> (Vec<(usize, usize)>, usize) {
    let (mut accepted, mut genuine) = (Vec::new(), 0);
    for s in 0..sets.len() {
        let of: Vec<usize> = (0..prints.len()).filter(|&k| prints[k].set == s).collect();
        let compare = |comparer: &mut Comparer, i: usize| -> Vec<(f32, usize, usize)> {
            let later = of.iter().filter(|&&j| j > i);
            later.map(|&j| (comparer.compare(prints[i].prepared.view(), prints[j].prepared.view()), i, j)).collect()
        };
        let scores: Vec<(f32, usize, usize)> = of
            .par_iter()
            .map_init(|| Comparer::new(Level::best()), |comparer, &i| compare(comparer, i))
            .flatten_iter()
            .collect();
        let (mated, other): (Vec<_>, Vec<_>) =
            scores.into_iter().partition(|x| prints[x.1].finger == prints[x.2].finger);
        let mut impostor: Vec<f32> = other.iter().map(|x| x.0).collect();
        impostor.sort_by(|a, b| b.total_cmp(a));
        let threshold = impostor.get((impostor.len() as f64 * 1e-4) as usize).copied().unwrap_or(0.0);
        genuine += mated.len();
        accepted.extend(mated.iter().filter(|x| x.0 > threshold).map(|x| (x.1, x.2)));
    }
    (accepted, genuine)
}
