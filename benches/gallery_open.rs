//! How long until a gallery of millions answers?
//!
//! ```text
//! cargo bench --bench gallery_open
//! ```
//!
//! The galleries are holes but for what opening reads, so they take no disk, and what is read is in memory: ten and a hundred million
//! registrations with a portrait and two fingers, in full segments, and a fiftieth of that in as many segments. Each opening is
//! checked by what it answers. The limit is the system's: a file's opening, its length, its mapping and the pages touched, some
//! microseconds a segment, whatever lies in it.
#![allow(clippy::unwrap_used, missing_docs)]

#[path = "../tests/gallery_support/sparse.rs"]
mod sparse;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use sparse::{ROWS, sparse_gallery};
use vantay::gallery::Gallery;

fn open(criterion: &mut Criterion) {
    let directory = tempfile::tempdir().unwrap();
    let mut group = criterion.benchmark_group("gallery_open");
    for (segments, rows) in [(20, ROWS), (20, ROWS / 50), (191, ROWS), (191, ROWS / 50)] {
        let path = directory.path().join(format!("{segments}-{rows}"));
        sparse_gallery(&path, segments, rows);
        group.throughput(Throughput::Elements(segments));
        group.bench_function(format!("{} registrations in {segments} segments", segments * rows), |bencher| {
            bencher.iter(|| {
                let info = Gallery::open(&path).unwrap().snapshot().info();
                assert_eq!((info.registrations, info.segments), (segments * rows, segments as usize));
            });
        });
    }
    group.finish();
}

criterion_group!(benches, open);
criterion_main!(benches);
