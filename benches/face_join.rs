//! How long does it take to find every pair of faces that are alike? 512 dimensions, cosine 0.4 and more.
//!
//! `VANTAY_BENCH_REFERENCES=100003 cargo bench --bench face_join` for the size that the targets speak of; the default is a fifth.
//! Throughput is in pairs compared. The limit of this class of machine is 1.03 G pairs a second and thread: 4.9 s for 100,000.
#![allow(clippy::unwrap_used, missing_docs)]

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use std::{
    ops::ControlFlow,
    sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed},
    time::Duration,
};
use vantay::{
    face::{self, FaceColumn, FaceJoin, Finished, Pair, PairSink},
    simd::Level,
    synthesis::{Generator, Population},
};

const DIMENSION: usize = 512;
const THRESHOLD: f64 = 0.4;

/// Counts pairs, and adds up where they stand.
#[derive(Default)]
struct Count(AtomicU64, AtomicU64);

impl PairSink for Count {
    fn pairs(&self, _: u64, pairs: &[Pair]) {
        self.0.fetch_add(pairs.len() as u64, Relaxed);
        self.1.fetch_add(pairs.iter().map(|pair| u64::from(pair.a.row ^ pair.b.row)).sum(), Relaxed);
    }

    fn finished(&self, _: Finished) -> ControlFlow<()> {
        ControlFlow::Continue(())
    }
}

fn join(criterion: &mut Criterion) {
    let references: usize =
        std::env::var("VANTAY_BENCH_REFERENCES").map_or(20_011, |references| references.parse().unwrap());
    let generator = Generator::new(Population { subjects: references as u64, ..Population::default() }).unwrap();
    let rows = generator.faces(0..references as u64, 0).into_raw_vec_and_offset().0;
    let screen = face::encode(DIMENSION, &rows).unwrap();
    let columns = [FaceColumn::new(DIMENSION, &rows, screen.as_bytes()).unwrap()];
    let level = Level::chosen().unwrap();
    let never = AtomicBool::new(false);
    let join = FaceJoin::within(&columns, THRESHOLD, level).unwrap();

    // The first block against brute force.
    let first = Count::default();
    join.run(0..1, &first, &never).unwrap();
    let block = references.div_ceil(join.blocks() as usize).min(200);
    let expected = (0..block)
        .flat_map(|a| (a + 1..references).map(move |b| (a, b)))
        .filter(|&(a, b)| {
            let row = |r: usize| &rows[r * DIMENSION..(r + 1) * DIMENSION];
            face::compare(row(a), row(b)).unwrap() >= THRESHOLD
        })
        .count() as u64;
    assert!(first.0.load(Relaxed) >= expected);

    let pairs = (references * (references - 1) / 2) as u64;
    let mut group = criterion.benchmark_group(format!("face join/{references}/{level}"));
    group.sample_size(10).warm_up_time(Duration::from_millis(100)).throughput(Throughput::Elements(pairs));
    let mut answer = None;
    for threads in [1, 2] {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        group.bench_function(format!("within, {threads} threads"), |bencher| {
            bencher.iter(|| {
                let count = Count::default();
                let joined = pool.install(|| join.run(0..u64::MAX, &count, &never)).unwrap();
                assert_eq!(joined.work.comparisons, pairs);
                let found = (count.0.into_inner(), count.1.into_inner());
                assert_eq!(*answer.get_or_insert(found), found);
            });
        });
    }
    group.finish();
}

criterion_group!(benches, join);
criterion_main!(benches);
