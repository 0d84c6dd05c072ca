//! How fast is a feed read, written and made? Lines of a 512-dimensional portrait and two fingers.
#![allow(clippy::unwrap_used, missing_docs)]

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use std::{hint::black_box, io::Cursor};
use vantay::{
    registration::{FeedOptions, FeedReader, write_line},
    synthesis::{Generator, Population},
    template::FingerPosition,
};

const LINES: u64 = 5000;

fn feed(criterion: &mut Criterion) {
    let population = Population { subjects: LINES, duplicates: 0.0, ..Population::default() };
    let generator = Generator::new(population.clone()).unwrap();
    let mut plain = Vec::new();
    generator.write_feed(&mut plain, |_| {}).unwrap();
    let zstd = zstd::encode_all(&plain[..], 3).unwrap();
    println!("{} bytes a line, {} of them with zstd", plain.len() as u64 / LINES, zstd.len() as u64 / LINES);

    let mut group = criterion.benchmark_group("feed");
    group.sample_size(10).throughput(Throughput::Elements(LINES));
    for threads in [1, 2] {
        let options = FeedOptions { threads, ..FeedOptions::default() };
        let count = |source: Box<dyn std::io::Read + Send>| {
            let reader = FeedReader::new("f", source, options.clone());
            assert_eq!(reader.inspect(|registration| assert!(registration.is_ok())).count() as u64, LINES);
        };
        group.bench_function(format!("read plain, {threads} threads"), |bencher| {
            bencher.iter_batched(
                || Box::new(Cursor::new(plain.clone())),
                |source| count(source),
                BatchSize::LargeInput,
            );
        });
        group.bench_function(format!("read zstd, {threads} threads"), |bencher| {
            bencher.iter_batched(
                || Box::new(zstd::Decoder::new(Cursor::new(zstd.clone())).unwrap()),
                |source| count(source),
                BatchSize::LargeInput,
            );
        });
    }
    let registrations: Vec<_> = (0..LINES).map(|line| generator.registration(line)).collect();
    let mut out = Vec::with_capacity(plain.len());
    group.bench_function("write", |bencher| {
        bencher.iter(|| {
            out.clear();
            registrations.iter().for_each(|registration| write_line(registration, &mut out).unwrap());
            assert_eq!(out.len(), plain.len());
        });
    });
    group.bench_function("make and write, all cores", |bencher| {
        bencher.iter(|| generator.write_feed(&mut std::io::sink(), |_| {}).unwrap());
    });
    let faces_only = Generator::new(Population { fingers: 0, ..population }).unwrap();
    group.bench_function("make and write faces only, all cores", |bencher| {
        bencher.iter(|| faces_only.write_feed(&mut std::io::sink(), |_| {}).unwrap());
    });
    group.bench_function("make faces, all cores", |bencher| {
        bencher.iter(|| black_box(generator.faces(0..LINES, 0)));
    });
    let index = FingerPosition::new(2).unwrap();
    group.bench_function("make fingers, all cores", |bencher| {
        bencher.iter(|| black_box(generator.finger_templates(0..LINES, index, 0)));
    });
}

criterion_group!(benches, feed);
criterion_main!(benches);
