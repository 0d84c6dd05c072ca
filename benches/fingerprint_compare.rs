//! One fingerprint comparison: genuine and impostor pairs apart, with the references in cache and from memory; and preparation.
//!
//! On the real templates of `VANTAY_DATA`; without them it says so and measures nothing.
#![allow(clippy::unwrap_used, missing_docs)]

#[path = "fingerprint/sets.rs"]
mod sets;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use std::hint::black_box;
use vantay::{
    fingerprint::{Comparer, Prepared},
    simd::Level,
    template::MinutiaeTemplate,
};

/// Far more references than the last cache holds: 3.2 KB each.
const COLD: usize = 40_000;

fn comparison(c: &mut Criterion) {
    if !sets::folder().is_dir() {
        println!("skipped: comparison: no data at {}", sets::folder().display());
        return;
    }
    let sets: Vec<sets::Set> = sets::sets().into_iter().filter(|set| set.name.starts_with("fvc")).collect();
    let templates: Vec<&MinutiaeTemplate> = sets.iter().flat_map(|set| set.files.iter().map(|(_, t)| t)).collect();
    let fingers: Vec<String> =
        sets.iter().flat_map(|set| set.files.iter().map(move |(f, _)| format!("{} {f}", set.name))).collect();
    let prepared: Vec<Prepared> = templates.iter().map(|t| Prepared::new(t)).collect();
    let pairs = |genuine: bool| -> Vec<(usize, usize)> {
        let n = prepared.len();
        // A fixed walk over all pairs; the step is prime to their number.
        let walk = (0..n * n).map(move |k| k * 7919 % (n * n)).map(move |k| (k / n, k % n));
        walk.filter(|&(i, j)| i != j && (fingers[i] == fingers[j]) == genuine).take(2003).collect()
    };
    let mut group = c.benchmark_group("fingerprint");
    group.throughput(Throughput::Elements(1)).sample_size(20);
    for (name, genuine) in [("genuine", true), ("impostor", false)] {
        let pairs = pairs(genuine);
        let mut comparer = Comparer::new(Level::chosen().unwrap());
        let mean = |comparer: &mut Comparer| {
            pairs.iter().map(|&(i, j)| comparer.compare(prepared[i].view(), prepared[j].view())).sum::<f32>()
                / pairs.len() as f32
        };
        // The answer is known in kind: genuine pairs score high, impostors low.
        assert_eq!(mean(&mut comparer) > 8.0, genuine, "{name} pairs score {}", mean(&mut comparer));
        let mut next = (0..pairs.len()).cycle();
        group.bench_function(format!("compare/{name}/hot"), |b| {
            b.iter(|| {
                let (i, j) = pairs[next.next().unwrap()];
                black_box(comparer.compare(prepared[i].view(), prepared[j].view()))
            });
        });
        // Copies of the references one after the other, each read once before the first is read again.
        let copies: Vec<(usize, Prepared)> =
            (0..COLD).map(|k| pairs[k % pairs.len()]).map(|(i, j)| (i, prepared[j].clone())).collect();
        let mut next = (0..COLD).map(|k| k * 7919 % COLD).cycle();
        group.bench_function(format!("compare/{name}/cold"), |b| {
            b.iter(|| {
                let (i, reference) = &copies[next.next().unwrap()];
                black_box(comparer.compare(prepared[*i].view(), reference.view()))
            });
        });
    }
    let mut next = templates.iter().cycle();
    group.bench_function("prepare", |b| b.iter(|| black_box(Prepared::new(next.next().unwrap()))));
    group.finish();
}

criterion_group!(benches, comparison);
criterion_main!(benches);
