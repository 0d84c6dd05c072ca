//! Scores of real prints by networks that had not seen their sensor, as `cargo bench --bench fingerprint_train -- held-out DIR` writes them.

use std::{collections::BTreeMap, path::Path};
use vantay::{
    decision::{Comparison, FingersCompared, Scores},
    evaluation::ScoreFile,
};

/// All pairs of one set.
pub struct Set {
    pub name: String,
    /// The files of each finger, in the order of its impressions.
    pub fingers: Vec<Vec<usize>>,
    scores: BTreeMap<[usize; 2], f64>,
    comparisons: Vec<Comparison>,
}

impl Set {
    fn read(path: &Path) -> Set {
        let file = ScoreFile::read(path).unwrap();
        let number = |name: &str| name.rsplit_once('_').unwrap().1.parse::<usize>().unwrap();
        let numbers: Vec<usize> = file.files().iter().map(|name| number(name)).collect();
        let mut fingers: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
        for (name, &number) in file.files().iter().zip(&numbers) {
            fingers.entry(name.rsplit_once('_').unwrap().0).or_default().push(number);
        }
        let mut fingers: Vec<Vec<usize>> = fingers.into_values().collect();
        fingers.iter_mut().for_each(|files| files.sort_unstable());
        let key = |[a, b]: [usize; 2]| [a.min(b), a.max(b)];
        let scores =
            file.pairs().iter().map(|pair| (key(pair.files.map(|f| numbers[f as usize])), pair.score)).collect();
        let comparisons = file.pairs().iter().map(|pair| file.comparison(pair)).collect();
        Set { name: file.name().into(), fingers, scores, comparisons }
    }

    /// The sensor: the name without the extractor.
    pub fn sensor(&self) -> &str {
        self.name.rsplit_once('-').unwrap().0
    }

    pub fn score(&self, a: usize, b: usize) -> f64 {
        self.scores[&[a.min(b), a.max(b)]]
    }

    pub fn scores(&self) -> Scores {
        Scores::new(self.comparisons.iter().copied())
    }

    /// Fingers two by two, as those of one person.
    pub fn people(&self) -> Vec<[&[usize]; 2]> {
        self.fingers.chunks_exact(2).map(|two| [&*two[0], &*two[1]]).collect()
    }

    /// Two fingers of the same two people: both taken on the same two occasions.
    pub fn two_fingers(&self) -> Vec<FingersCompared> {
        let people = self.people();
        let mut all = Vec::new();
        for (c, one) in people.iter().enumerate() {
            for (d, other) in people.iter().enumerate().skip(c) {
                for i in 0..one[0].len() {
                    let from = if c == d { i + 1 } else { 0 };
                    for j in from..other[0].len() {
                        let scores = [0, 1].map(|f| (one[f].get(i), other[f].get(j)));
                        let scores: Vec<f64> = scores.iter().filter_map(|&(a, b)| Some(self.score(*a?, *b?))).collect();
                        all.push(FingersCompared { genuine: c == d, scores });
                    }
                }
            }
        }
        all
    }
}

/// Every set of a folder, by name.
pub fn sets(folder: &Path) -> Vec<Set> {
    let mut files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|path| path.extension().is_some_and(|extension| extension == "csv"));
    files.sort();
    files.iter().map(|path| Set::read(path)).collect()
}

/// All comparisons of some sets, their subjects told apart.
pub fn pooled<'a>(sets: impl IntoIterator<Item = &'a Set>) -> Scores {
    let scores: Vec<Scores> = sets.into_iter().map(Set::scores).collect();
    Scores::pooled(&scores)
}
