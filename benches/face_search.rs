//! How long does it take to search one face, or a batch of them? 512 dimensions, the best ten, one thread and two.
//!
//! `VANTAY_BENCH_REFERENCES=1000003 cargo bench --bench face_search` for the size that the targets speak of (3 GB); the default is a tenth.
//! Throughput is in comparisons. What bounds few probes is measured beside them ("reading"); what bounds many is multiplying, which takes
//! 0.97 ms a probe and million references on one thread, and half of that on two.
#![allow(clippy::unwrap_used, missing_docs)]

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use ndarray::{Array2, ArrayView2, s};
use rayon::prelude::*;
use std::{hint::black_box, time::Duration};
use vantay::{
    face::{self, Candidate, EveryRow, FaceColumn, FaceScreen, FaceSearch, Place, Wanted},
    simd::Level,
    synthesis::{Generator, Population},
};

const DIMENSION: usize = 512;
const TOP: usize = 10;

struct Stored {
    rows: Vec<f32>,
    screen: FaceScreen,
    coarse: FaceScreen,
    /// Other images of some who are stored.
    probes: Array2<f32>,
}

impl Stored {
    fn new(references: usize) -> Self {
        let generator = Generator::new(Population { subjects: references as u64, ..Population::default() }).unwrap();
        let rows = generator.faces(0..references as u64, 0).into_raw_vec_and_offset().0;
        let screen = face::encode(DIMENSION, &rows).unwrap();
        let coarse = face::encode_coarse(DIMENSION, &rows).unwrap();
        Stored { rows, screen, coarse, probes: generator.faces(0..1000, 1) }
    }

    fn column(&self) -> FaceColumn<'_> {
        FaceColumn::new(DIMENSION, &self.rows, self.screen.as_bytes()).unwrap()
    }

    /// What comparing the first probe with every kept row gives.
    fn brute_force(&self, keep: impl Fn(usize) -> bool) -> Vec<Candidate> {
        let probe = self.probes.row(0).to_vec();
        let rows = self.rows.chunks_exact(DIMENSION).enumerate().filter(|&(row, _)| keep(row));
        let mut all: Vec<Candidate> = rows
            .map(|(r, row)| {
                let place = Place { column: 0, row: r as u32 };
                Candidate { place, score: face::compare(&probe, row).unwrap() }
            })
            .collect();
        all.sort_by(|a, b| b.score.total_cmp(&a.score).then(a.place.cmp(&b.place)));
        all.truncate(TOP);
        all
    }
}

fn pools() -> impl Iterator<Item = (usize, rayon::ThreadPool)> {
    [1, 2].into_iter().map(|threads| (threads, rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap()))
}

fn search(criterion: &mut Criterion) {
    let references = std::env::var("VANTAY_BENCH_REFERENCES").map_or(100_003, |references| references.parse().unwrap());
    let stored = Stored::new(references);
    let fine = [stored.column()];
    let both = [stored.column().with_coarse(stored.coarse.as_bytes()).unwrap()];
    let level = Level::chosen().unwrap();
    let expected = stored.brute_force(|_| true);

    let mut group = criterion.benchmark_group(format!("face/{references}/{level}"));
    group.sample_size(10).warm_up_time(Duration::from_millis(500)).measurement_time(Duration::from_secs(2));
    for (threads, pool) in pools() {
        // What memory gives: the bytes of each screen, read and added up.
        for (name, screen) in [("8 bits", &stored.screen), ("4 bits", &stored.coarse)] {
            let words: &[u64] = bytemuck::cast_slice(screen.as_bytes());
            group.throughput(Throughput::Bytes(screen.as_bytes().len() as u64));
            group.bench_function(BenchmarkId::new(format!("reading {name}, {threads} threads"), ""), |bencher| {
                bencher.iter(|| {
                    let sums =
                        words.par_chunks(1 << 18).map(|part| part.iter().fold(0, |sum: u64, &w| sum.wrapping_add(w)));
                    black_box(pool.install(|| sums.reduce(|| 0, u64::wrapping_add)))
                });
            });
        }
        for probes in [1, 2, 3, 4, 5, 6, 8, 12, 24, 50, 100, 250, 1000] {
            group.throughput(Throughput::Elements((references * probes) as u64));
            for (name, columns) in [("8 bits", &fine), ("4 and 8 bits", &both)] {
                let search = FaceSearch::new(columns, &EveryRow, level).unwrap();
                // Different probes each time, so that caches do not learn which rows are compared in full.
                let mut turn = 0;
                let id = BenchmarkId::new(format!("{name}, {threads} threads"), probes);
                group.bench_function(id, |bencher| {
                    bencher.iter(|| {
                        let first = turn % (1000 / probes) * probes;
                        turn += 1;
                        let batch = stored.probes.slice(s![first..first + probes, ..]);
                        let found = pool.install(|| search.candidates(batch, Wanted::top(TOP))).unwrap();
                        assert!(first > 0 || found.candidates[0] == expected);
                        black_box(found);
                    });
                });
            }
        }
        // Callers who each search one probe after the other: each by itself, and sharing passes.
        let shared = FaceSearch::new(&both, &EveryRow, level).unwrap().shared(Some(&pool));
        let alone = FaceSearch::new(&both, &EveryRow, level).unwrap();
        for callers in [2, 12] {
            group.throughput(Throughput::Elements((references * callers) as u64));
            let all_at_once = |search: &(dyn Fn(&[f32]) -> Vec<Candidate> + Sync)| {
                std::thread::scope(|scope| {
                    for probe in stored.probes.outer_iter().take(callers) {
                        scope.spawn(move || black_box(search(probe.as_slice().unwrap())));
                    }
                });
            };
            let by_itself = |probe: &[f32]| {
                let batch = ArrayView2::from_shape((1, DIMENSION), probe).unwrap();
                pool.install(|| alone.candidates(batch, Wanted::top(TOP))).unwrap().candidates.remove(0)
            };
            let sharing = |probe: &[f32]| shared.candidates(probe, Wanted::top(TOP)).unwrap();
            assert!(by_itself(stored.probes.row(0).as_slice().unwrap()) == expected);
            for (name, search) in
                [("alone", &by_itself as &(dyn Fn(&[f32]) -> Vec<Candidate> + Sync)), ("shared", &sharing)]
            {
                let id = BenchmarkId::new(format!("callers {name}, {threads} threads"), callers);
                group.bench_function(id, |bencher| bencher.iter(|| all_at_once(search)));
            }
        }
        for (name, per_mille) in [("all", 1000), ("half", 500), ("a tenth", 100), ("a hundredth", 10)] {
            let keep = |row: usize| (row as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 32 < (per_mille << 32) / 1000;
            let bit = |row: usize| u64::from(row < references && keep(row)) << (row % 64);
            let filter: Vec<u64> =
                (0..references.div_ceil(64)).map(|word| (0..64).map(|b| bit(64 * word + b)).sum()).collect();
            let columns = [both[0].keeping(&filter).unwrap()];
            let search = FaceSearch::new(&columns, &EveryRow, level).unwrap();
            let expected = stored.brute_force(keep);
            for probes in [1, 100] {
                let batch = stored.probes.slice(s![..probes, ..]);
                group.throughput(Throughput::Elements((references * probes) as u64));
                let id = BenchmarkId::new(format!("filter that keeps {name}, {threads} threads"), probes);
                group.bench_function(id, |bencher| {
                    bencher.iter(|| {
                        let found = pool.install(|| search.candidates(batch, Wanted::top(TOP))).unwrap();
                        assert_eq!(found.candidates[0], expected);
                    });
                });
            }
        }
    }
    group.finish();
}

criterion_group!(benches, search);
criterion_main!(benches);
