//! Fingerprint search under criterion: the scan of the screen, without and with sketches, a whole search for one probe and for 64, a block of the join.
#![allow(clippy::unwrap_used, missing_docs)]

#[path = "fingerprint/gallery.rs"]
mod gallery;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use gallery::{Gallery, search, synthetic};
use vantay::{
    fingerprint::{
        Prepared,
        screen::{Depth, GateSample, GateShares, GatedProbes, GatedScreen, Screen, ScreenCode, ScreenProbe, join},
    },
    simd::Level,
};

/// References; `VANTAY_BENCH_REFERENCES` sets another number (a million takes 6 GB).
const REFERENCES: u64 = 10_007;

fn benches(criterion: &mut Criterion) {
    let references = std::env::var("VANTAY_BENCH_REFERENCES").ok().and_then(|n| n.parse().ok()).unwrap_or(REFERENCES);
    let gallery = Gallery::synthetic(references);
    let probes: Vec<Prepared> = (0..64).map(|k| synthetic(k * 131 % references, 1)).collect();
    let (column, n) = (gallery.column(), gallery.len());
    let mut group = criterion.benchmark_group(format!("fingerprints/{references}"));
    group.sample_size(10);
    for level in Level::ALL.into_iter().filter(|l| l.is_available() && *l != Level::Scalar) {
        let screen = Screen::new(level);
        let probe = [ScreenProbe::new(&ScreenCode::new(&probes[0]))];
        for (heat, rows) in [("hot", 64.min(n)), ("cold", n)] {
            let mut out = vec![0; rows];
            screen.scan(&probe, &column, 0..1, &mut out[..1]);
            assert!(out[0] > 30_000, "the mate is the first reference");
            group.throughput(Throughput::Elements(rows as u64));
            group.bench_function(format!("scan/{heat}/{level}"), |b| {
                b.iter(|| screen.scan(&probe, &column, 0..rows, &mut out));
            });
        }
        let sample: Vec<_> = (0..n).step_by(n.div_ceil(512)).map(|row| column.part(row..row + 1)).collect();
        let (sample, code) = (GateSample::new(level, &sample), ScreenCode::new(&probes[0]));
        let (mut screen, mut gated) = (GatedScreen::new(level), GatedProbes::default());
        gated.push(&code, GateShares::of(0.01).and_then(|shares| screen.gate(&code, &sample, shares)));
        let mut out = vec![0; n];
        group.throughput(Throughput::Elements(n as u64));
        group.bench_function(format!("scan/sketches/{level}"), |b| {
            b.iter(|| screen.scan(&gated, 0..1, &column, &mut out));
        });
    }
    let level = Level::best();
    for together in [1, 64] {
        group.throughput(Throughput::Elements((n * together) as u64));
        group.bench_function(format!("search/{together}"), |b| {
            b.iter(|| assert_eq!(search(&gallery, &probes[..together], Depth::Share(0.01), level)[0].reference, 0));
        });
    }
    let rows = n.min(2000);
    let part = column.part(0..rows);
    group.throughput(Throughput::Elements(64 * rows as u64));
    group.bench_function("join/block", |b| {
        b.iter(|| join(&Screen::new(level), &part, 0..1, Depth::Share(0.01), |_, found| assert!(found.is_sorted())));
    });
    group.finish();
}

criterion_group!(all, benches);
criterion_main!(all);
