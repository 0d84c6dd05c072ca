//! Error rates against golden numbers of an independent program (numpy), on generated score files.
#![allow(clippy::unwrap_used)]

use std::{fmt::Write, path::PathBuf};
use vantay::evaluation::{Evaluation, Options};

/// A linear congruential generator, so that any program can make the same files.
struct Generator(u64);

impl Generator {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        self.0 >> 33
    }
}

/// All pairs of `fingers` × `impressions` files; each finger has its own strength.
fn score_file(seed: u64, fingers: usize, impressions: usize) -> String {
    let mut random = Generator(seed);
    let strength: Vec<u64> = (0..fingers).map(|_| random.next() % 60).collect();
    let files: Vec<(usize, usize)> = (0..fingers).flat_map(|a| (0..impressions).map(move |i| (a, i))).collect();
    let mut text = String::from("fileA,fileB,score\n");
    for (x, &(a, i)) in files.iter().enumerate() {
        for &(b, j) in &files[x + 1..] {
            let n = random.next() % 100 + random.next() % 100 + random.next() % 100;
            let score = if a == b { n + strength[a] * 8 } else { n * n * n / 90_000 };
            writeln!(text, "{a}_{i},{b}_{j},{}", score as f64 / 8.0).unwrap();
        }
    }
    text
}

struct Golden {
    name: &'static str,
    genuine: u64,
    impostor: u64,
    eer: f64,
    fnmr: [f64; 4],
}

const SETS: [Golden; 3] = [
    Golden {
        name: "small",
        genuine: 280,
        impostor: 2880,
        eer: 0.024652777777777746,
        fnmr: [0.039285714285714285, 0.1392857142857143, 0.15357142857142858, 0.15357142857142858],
    },
    Golden {
        name: "many",
        genuine: 180,
        impostor: 15930,
        eer: 0.04005722460658084,
        fnmr: [0.10555555555555556, 0.19444444444444445, 0.23333333333333334, 0.23333333333333334],
    },
    Golden { name: "few", genuine: 5, impostor: 40, eer: 0.0, fnmr: [0.0; 4] },
];
const MEAN: (f64, [f64; 4]) =
    (0.021570000794786198, [0.04828042328042328, 0.11124338624338626, 0.12896825396825398, 0.12896825396825398]);
const POOLED: (f64, [f64; 4]) = (0.030263847632360678, [0.06451612903225806, 0.14408602150537633, 0.2, 0.2]);

#[track_caller]
fn near(found: f64, expected: f64) {
    assert!((found - expected).abs() < 1e-12, "{found}, expected {expected}");
}

#[test]
fn rates_agree_with_the_golden_numbers_for_each_set_the_mean_and_the_pool() {
    let dir = tempfile::tempdir().unwrap();
    let paths: Vec<PathBuf> = [(1, 10, 8), (2, 60, 3), (3, 5, 2)]
        .into_iter()
        .zip(&SETS)
        .map(|((seed, fingers, impressions), golden)| {
            let path = dir.path().join(format!("{}.csv", golden.name));
            std::fs::write(&path, score_file(seed, fingers, impressions)).unwrap();
            path
        })
        .collect();
    let evaluation = Evaluation::of_files(&paths, Options::default()).unwrap();
    for (rates, golden) in evaluation.sets.iter().zip(&SETS) {
        assert_eq!(
            (rates.name.as_str(), rates.genuine, rates.impostor),
            (golden.name, golden.genuine, golden.impostor)
        );
        near(rates.eer.value, golden.eer);
        for (at, fnmr) in rates.at.iter().zip(golden.fnmr) {
            near(at.fnmr.value, fnmr);
            let interval = at.fnmr.interval.unwrap();
            assert!(interval.low <= fnmr && fnmr <= interval.high, "{} {at:?}", golden.name);
        }
    }
    let mean = evaluation.mean.unwrap();
    near(mean.eer.value, MEAN.0);
    let pooled = evaluation.pooled.unwrap();
    near(pooled.eer.value, POOLED.0);
    for t in 0..4 {
        near(mean.at[t].1.value, MEAN.1[t]);
        near(pooled.at[t].fnmr.value, POOLED.1[t]);
    }
}
