//! Statements about face search, against a brute-force `f64` scan.

mod bounds;
mod damage;
mod joins;
mod real;
mod searches;
mod shared;

use super::*;
use crate::simd::embedding::Coding;
use ndarray::Array2;
use proptest::prelude::*;
use std::{cmp::Ordering, ops::ControlFlow, sync::Mutex, sync::atomic::AtomicBool};

/// Row-major embeddings with their screens, in columns.
pub(super) struct Stored {
    dimension: usize,
    columns: Vec<(Vec<f32>, FaceScreen, FaceScreen)>,
    filters: Option<Vec<Vec<u64>>>,
    subjects: u64,
}

/// Subjects are shared by rows whose number is the same modulo a number; ties break on subject, then backwards on the place.
impl References for Stored {
    fn subject(&self, place: Place) -> u128 {
        u128::from((u64::from(place.column) * 7919 + u64::from(place.row)) % self.subjects)
    }

    fn order(&self, a: Place, b: Place) -> Ordering {
        self.subject(a).cmp(&self.subject(b)).then(b.cmp(&a))
    }
}

impl Stored {
    fn new(dimension: usize, rows: &[f32], cuts: &[usize], subjects: u64) -> Self {
        let count = rows.len() / dimension;
        let mut ends: Vec<usize> = cuts.iter().map(|cut| cut % (count + 1)).chain([count]).collect();
        ends.sort_unstable();
        let mut start = 0;
        let mut columns = Vec::new();
        for end in ends {
            let rows = rows[start * dimension..end * dimension].to_vec();
            let screen = encode(dimension, &rows).unwrap();
            let coarse = encode_coarse(dimension, &rows).unwrap();
            columns.push((rows, screen, coarse));
            start = end;
        }
        Stored { dimension, columns, filters: None, subjects }
    }

    fn filtered(mut self, keep: impl Fn(Place) -> bool) -> Self {
        let filter = |c: usize, rows: usize| {
            let mut words = vec![0u64; rows.div_ceil(64)];
            for row in 0..rows {
                let place = Place { column: c as u32, row: row as u32 };
                words[row / 64] |= u64::from(keep(place)) << (row % 64);
            }
            words
        };
        let dimension = self.dimension;
        self.filters =
            Some(self.columns.iter().enumerate().map(|(c, (rows, ..))| filter(c, rows.len() / dimension)).collect());
        self
    }

    fn columns(&self) -> Vec<FaceColumn<'_>> {
        self.columns_with(false)
    }

    fn columns_with(&self, with_coarse: bool) -> Vec<FaceColumn<'_>> {
        let column = |c: usize| {
            let (rows, screen, coarse) = &self.columns[c];
            let mut column = FaceColumn::new(self.dimension, rows, screen.as_bytes()).unwrap();
            if with_coarse {
                column = column.with_coarse(coarse.as_bytes()).unwrap();
            }
            match &self.filters {
                Some(filters) => column.keeping(&filters[c]).unwrap(),
                None => column,
            }
        };
        (0..self.columns.len()).map(column).collect()
    }

    fn kept(&self) -> Vec<(Place, &[f32])> {
        let mut kept = Vec::new();
        for (c, (rows, ..)) in self.columns.iter().enumerate() {
            for (r, row) in rows.chunks_exact(self.dimension).enumerate() {
                if self.filters.as_ref().is_none_or(|f| f[c][r / 64] >> (r % 64) & 1 == 1) {
                    kept.push((Place { column: c as u32, row: r as u32 }, row));
                }
            }
        }
        kept
    }

    /// The oracle: every kept row compared in full.
    fn brute_force(&self, probe: &[f32], wanted: Wanted) -> Vec<Candidate> {
        let mut all: Vec<Candidate> = self
            .kept()
            .into_iter()
            .map(|(place, row)| Candidate { place, score: compare(probe, row).unwrap() })
            .filter(|c| c.score >= wanted.threshold)
            .collect();
        all.sort_by(|a, b| b.score.total_cmp(&a.score).then_with(|| self.order(a.place, b.place)));
        let mut best: Vec<Candidate> = Vec::new();
        for candidate in all {
            if best.len() < wanted.top && !best.iter().any(|b| self.subject(b.place) == self.subject(candidate.place)) {
                best.push(candidate);
            }
        }
        best
    }

    /// Asserts that searches at every level, on one thread and on two, give the oracle's answer.
    fn check(&self, probes: &Array2<f32>, wanted: Wanted) {
        let expected: Vec<_> = probes.outer_iter().map(|p| self.brute_force(p.as_slice().unwrap(), wanted)).collect();
        for coarse in [false, true] {
            let columns = self.columns_with(coarse);
            for level in levels() {
                for threads in [1, 2] {
                    let search = FaceSearch::new(&columns, self, level).unwrap();
                    let found = pool(threads).install(|| search.candidates(probes.view(), wanted)).unwrap();
                    assert_eq!(found.candidates, expected, "{level}, {threads} threads, coarse {coarse}");
                }
            }
        }
    }
}

fn pool(threads: usize) -> &'static rayon::ThreadPool {
    static POOLS: std::sync::OnceLock<Vec<rayon::ThreadPool>> = std::sync::OnceLock::new();
    let build = |threads| rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
    &POOLS.get_or_init(|| (1..=2).map(build).collect())[threads - 1]
}

fn levels() -> impl Iterator<Item = Level> {
    Level::ALL.into_iter().filter(|level| {
        if !level.is_available() {
            eprintln!("skipped: {level} is not available here");
        }
        level.is_available()
    })
}

/// Pseudo-random numbers, roughly normal.
pub(super) fn normal(seed: u64) -> impl FnMut() -> f32 {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut uniform = move || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 40) as f32 / (1u64 << 24) as f32
    };
    move || (0..6).map(|_| uniform()).sum::<f32>() - 3.0
}

/// `count` embeddings of length one; some close to each other.
pub(super) fn embeddings(seed: u64, dimension: usize, count: usize) -> Vec<f32> {
    let mut next = normal(seed);
    let mut rows: Vec<f32> = Vec::with_capacity(dimension * count);
    for r in 0..count {
        let base: Option<Vec<f32>> = (r % 3 == 2).then(|| rows[(r / 2) * dimension..(r / 2 + 1) * dimension].to_vec());
        let mut row: Vec<f32> = (0..dimension).map(|_| next()).collect();
        if let Some(base) = base {
            row.iter_mut().zip(base).for_each(|(x, b)| *x = *x * 0.02 + b);
        }
        let length = row.iter().map(|x| x * x).sum::<f32>().sqrt();
        rows.extend(row.iter().map(|x| x / length));
    }
    rows
}

fn probes(seed: u64, dimension: usize, count: usize) -> Array2<f32> {
    Array2::from_shape_vec((count, dimension), embeddings(seed, dimension, count)).unwrap()
}
