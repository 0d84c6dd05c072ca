//! How long until a gallery that lies on disk alone is open, and until its first search is done? One portrait, 512 dimensions, the best ten.
//!
//! `VANTAY_BENCH_REFERENCES=1000003 cargo bench --bench face_cold` for the size that the targets speak of (3 GB on disk); the default is a tenth.
//! The gallery's files are dropped from the file cache before each run. Reading the same files from one end to the other, by one
//! reader and by two, says what the disk gives; before it, the number of bytes that a first search has the disk read is printed.
#![allow(clippy::unwrap_used, missing_docs)]

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use rayon::prelude::*;
use rustix::fs::{Advice, fadvise};
use std::{
    fs::File,
    io::Read,
    path::{Path, PathBuf},
    sync::Arc,
};
use vantay::{
    gallery::{FaceSpec, Gallery, Options},
    registration::Registration,
    search::{IdentifyOptions, Judge, Search, SearchColumns, Thresholds},
    synthesis::{Generator, Population},
};

const DIMENSION: usize = 512;

fn files(gallery: &Path) -> Vec<PathBuf> {
    std::fs::read_dir(gallery).unwrap().map(|entry| entry.unwrap().path()).filter(|path| path.is_file()).collect()
}

/// Drops the files from the file cache.
fn evict(gallery: &Path) {
    for path in files(gallery) {
        let file = File::open(path).unwrap();
        file.sync_all().unwrap();
        fadvise(&file, 0, None, Advice::DontNeed).unwrap();
    }
}

/// Bytes that this process had a disk read.
fn read_from_disk() -> u64 {
    let io = std::fs::read_to_string("/proc/self/io").unwrap();
    io.lines().find_map(|line| line.strip_prefix("read_bytes: ")).unwrap().parse().unwrap()
}

/// Reads files whole; each reader takes one file after the other.
fn read_all(files: &[PathBuf], readers: usize) -> u64 {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(readers).build().unwrap();
    let read = |path: &PathBuf| {
        let (mut file, mut buffer, mut total) = (File::open(path).unwrap(), vec![0; 4 << 20], 0);
        loop {
            match file.read(&mut buffer).unwrap() {
                0 => return total,
                n => total += n as u64,
            }
        }
    };
    pool.install(|| files.par_iter().map(read).sum())
}

fn first_search(path: &Path, probe: &[Registration]) {
    let gallery = Gallery::open(path).unwrap();
    let snapshot = gallery.snapshot();
    let search = Search::new(&snapshot, Judge::raw(Thresholds::default())).unwrap();
    let (found, _) = search.identify(probe, &IdentifyOptions::default()).unwrap();
    assert_eq!(*found[0].candidates[0].personal_id, *probe[0].personal_id.as_str());
}

fn cold(criterion: &mut Criterion) {
    let references: u64 =
        std::env::var("VANTAY_BENCH_REFERENCES").map_or(100_003, |references| references.parse().unwrap());
    let population = Population { subjects: references, fingers: 0, duplicates: 0.0, ..Population::default() };
    let generator = Generator::new(population).unwrap();
    let directory = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let path = directory.path().join("gallery");
    let face = Some(FaceSpec { model: "synthetic".into(), dimension: DIMENSION });
    let gallery = Gallery::create(&path, Options { face, ..Options::default() }).unwrap();
    let mut writer = gallery.writer(Arc::new(SearchColumns)).unwrap();
    (0..references).for_each(|line| writer.enroll(generator.registration(line)).unwrap());
    writer.commit().unwrap();
    drop((writer, gallery));
    let probe = [generator.probe(references / 2, 1)];

    evict(&path);
    let before = read_from_disk();
    first_search(&path, &probe);
    let searched = read_from_disk() - before;
    let files = files(&path);
    println!("{references} portraits: a first search reads {:.2} GB", searched as f64 / 1e9);

    let mut group = criterion.benchmark_group(format!("cold/{references}"));
    group.sample_size(10);
    group.bench_function("open", |bencher| {
        bencher.iter_batched(|| evict(&path), |()| Gallery::open(&path), BatchSize::PerIteration);
    });
    group.throughput(Throughput::Bytes(searched));
    group.bench_function("open and search", |bencher| {
        bencher.iter_batched(|| evict(&path), |()| first_search(&path, &probe), BatchSize::PerIteration);
    });
    let total = files.iter().map(|path| path.metadata().unwrap().len()).sum();
    group.throughput(Throughput::Bytes(total));
    for readers in [1, 2] {
        group.bench_function(format!("reading all, {readers} readers"), |bencher| {
            bencher.iter_batched(
                || evict(&path),
                |()| assert_eq!(read_all(&files, readers), total),
                BatchSize::PerIteration,
            );
        });
    }
    group.finish();
}

criterion_group!(benches, cold);
criterion_main!(benches);
