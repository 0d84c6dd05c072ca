//! The comparisons that the score is fitted on.
//!
//! Measured are all pairs of each set. Fitted on are, besides those, pairs of which one print was made [worse](super::worse), and
//! impostors of two sets of one extractor: a set's own impostors share its sensor, which a common threshold must not know.

use super::{
    sets::{Set, cpu},
    worse::worse,
};
use rayon::prelude::*;
use vantay::{
    fingerprint::{Comparer, Model, Prepared, Projection, SUBSCORES},
    simd::Level,
};

/// How often each print is made worse.
const COPIES: u64 = 2;
/// Of the pairs with a worse impostor, and of those of two sets, one in so many.
const WORSE: usize = 4;
const BETWEEN: usize = 5;

/// One comparison: which set, whether genuine, what the model sees of it.
pub struct Sample {
    pub set: usize,
    pub genuine: bool,
    pub features: [f32; SUBSCORES],
    /// How alike the pair looks at a glance: hard impostors are kept for training, easy ones thinned.
    pub glance: f32,
    /// The library's score of a pair that it rejects at a glance: the network has no say there.
    pub early: f32,
    /// Which two files of the set.
    pub files: [usize; 2],
}

impl Sample {
    fn new(
        comparer: &mut Comparer,
        set: usize,
        (a, b): (&[Prepared], &[Prepared]),
        files: [usize; 2],
        genuine: bool,
    ) -> Self {
        let (a, b) = (a[files[0]].view(), b[files[1]].view());
        let f = comparer.subscores(a, b);
        let (early, glance) =
            if f[0] == 0.0 { (comparer.compare(a, b), f[31] / f[14].max(1.0).sqrt()) } else { (0.0, f[11] + f[21]) };
        Sample { set, genuine, features: Model::features(&f), glance, early, files }
    }

    /// Whether the comparison ended at a glance.
    pub fn rejected(&self) -> bool {
        self.features[0] == 0.0
    }
}

/// Prints of one set against prints of one set, the pairs that `of` names with whether they are genuine.
fn compared(
    set: usize,
    a: &[Prepared],
    b: &[Prepared],
    of: impl Fn(usize, usize) -> Option<bool> + Sync,
) -> Vec<Sample> {
    let rows: Vec<Vec<Sample>> = (0..a.len())
        .into_par_iter()
        .map_init(
            || Comparer::new(Level::best()),
            |comparer, i| {
                let pairs = (0..b.len()).filter_map(|j| Some((j, of(i, j)?)));
                pairs.map(|(j, genuine)| Sample::new(comparer, set, (a, b), [i, j], genuine)).collect()
            },
        )
        .collect();
    rows.into_iter().flatten().collect()
}

fn prepared(set: &Set, projection: &Projection) -> Vec<Prepared> {
    set.files.par_iter().map(|(_, t)| Prepared::with(t, projection)).collect()
}

/// Every pair of every set: what is measured.
pub fn measured(sets: &[Set], projection: &Projection) -> Vec<Sample> {
    let started = cpu();
    let mut samples = Vec::new();
    for (s, set) in sets.iter().enumerate() {
        let prints = prepared(set, projection);
        let finger = |i: usize| &set.files[i].0;
        samples.extend(compared(s, &prints, &prints, |i, j| (i < j).then(|| finger(i) == finger(j))));
    }
    eprintln!("{} comparisons, {:.1} us each", samples.len(), 1e6 * (cpu() - started) / samples.len() as f64);
    samples
}

/// What is fitted on besides the pairs that are measured, of the sets that `seen` names by their number.
pub fn besides(sets: &[Set], projection: &Projection, seen: impl Fn(usize) -> bool) -> Vec<Sample> {
    let mut samples = Vec::new();
    let sets: Vec<(usize, &Set)> = sets.iter().enumerate().filter(|&(s, _)| seen(s)).collect();
    let prints: Vec<Vec<Prepared>> = sets.iter().map(|(_, set)| prepared(set, projection)).collect();
    let chosen = |i: usize, j: usize, one_in: usize| (31 * i + 17 * j).is_multiple_of(one_in);
    for (&(s, set), prints) in sets.iter().zip(&prints) {
        let finger = |i: usize| &set.files[i].0;
        for copy in 0..COPIES {
            let made = |(i, (_, t)): (usize, &(String, _))| {
                Prepared::with(&worse(t, 7 * i as u64 + 1000 * copy + 77), projection)
            };
            let copies: Vec<Prepared> = set.files.par_iter().enumerate().map(made).collect();
            samples.extend(compared(s, prints, &copies, |i, j| {
                let genuine = finger(i) == finger(j);
                let wanted = if genuine { i < j } else { chosen(i, j + copy as usize, WORSE) };
                wanted.then_some(genuine)
            }));
        }
    }
    for a in 0..sets.len() {
        for b in a + 1..sets.len() {
            if sets[a].1.extractor() == sets[b].1.extractor() {
                let of = |i, j| chosen(i, j, BETWEEN).then_some(false);
                samples.extend(compared(sets[a].0, &prints[a], &prints[b], of));
            }
        }
    }
    samples
}
