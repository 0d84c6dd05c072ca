//! How fast do registrations of a portrait and two fingers become durable, how fast does what they make open, and what do removal and
//! compaction cost?
//!
//! ```text
//! cargo bench --bench gallery_enroll -- [--registrations 200000] [--fingers 2] [--commit-every N] [--directory DIR] [--encrypted]
//!     [--enroll-only]
//! ```
//!
//! The feed is NDJSON as `vantay enroll` reads it: 512 components, two fingers of 40 minutiae. The limit is what the disk takes: the
//! bench writes as many bytes as the gallery has to one file, as the gallery writes, syncs it, and states the share. The processor is
//! the other limit: its time each is stated too, and what of it the system took, most of it for memory: pages that
//! no process has used for long may cost ten times as much, so run it twice. `--enroll-only` enrols, derived columns and all, and
//! stops there.
//!
//! Removal takes one subject in a hundred, spread over all segments: the dearest case for the compaction after it, which then rewrites every
//! segment. The bench says how much was read and written, the most bytes that stood on the disk at one time beyond those before and after,
//! and that a second compaction finds nothing to do.
#![allow(clippy::unwrap_used, missing_docs)]

#[allow(dead_code)]
#[path = "../tests/gallery_support/storage.rs"]
mod storage;

use rand::{RngExt, SeedableRng};
use rand_pcg::Pcg64Mcg;
use std::{
    fs,
    hint::black_box,
    io::{BufWriter, Write},
    path::{Path, PathBuf},
    sync::Arc,
    time::Instant,
};
use storage::{Meter, Metered};
use vantay::{
    gallery::{Disk, FaceSpec, Gallery, Key, NothingDerived, Options, ReadOptions, Storage, Writer, check_with},
    registration::{
        FeedOptions, FeedReader, Finger, IdScheme, PersonalId, Portrait, Registration, RegistrationId, write_line,
    },
    search::SearchColumns,
    template::{FaceEmbedding, FingerPosition, Impression, Minutia, MinutiaKind, MinutiaeTemplate},
};

const DIMENSION: usize = 512;

fn registration(i: u64, fingers: u64) -> Registration {
    let mut random = Pcg64Mcg::seed_from_u64(i);
    let components: Vec<f32> = (0..DIMENSION).map(|_| random.random_range(-1.0..1.0)).collect();
    let embedding = FaceEmbedding::new(&components).unwrap();
    let mut finger = |position| {
        let minutiae = (0..40)
            .map(|_| {
                let [x, y] = [(); 2].map(|()| random.random_range(20..480));
                Minutia::new(x, y, random.random(), MinutiaKind::Ending, Some(60))
            })
            .collect();
        let position = FingerPosition::new(position).unwrap();
        Finger::Captured(MinutiaeTemplate::new(position, Impression(0), Some(70), (500, 500), minutiae).unwrap())
    };
    let fingers = [2, 7].into_iter().take(fingers as usize).map(&mut finger).collect();
    Registration {
        id: RegistrationId::new(&format!("HN-2022-{i:07}")).unwrap(),
        personal_id: PersonalId::new(&format!("001204{i:06}"), IdScheme::Vietnam).unwrap(),
        captured_at: Some(1_667_787_069_000 + i as i64),
        portrait: Some(Portrait { model: "m".into(), embedding }),
        fingers,
    }
}

fn feed(directory: &Path, registrations: u64, fingers: u64) -> PathBuf {
    let path = directory.join(format!("vantay-bench-{registrations}-{fingers}.ndjson"));
    if !path.exists() {
        let mut out = BufWriter::new(fs::File::create(&path).unwrap());
        (0..registrations).for_each(|i| write_line(&registration(i, fingers), &mut out).unwrap());
        out.flush().unwrap();
    }
    path
}

fn read(feed: &Path) -> FeedReader {
    FeedReader::open(feed, FeedOptions::default()).unwrap()
}

/// Seconds of processor time that this process has used, all threads, and what of it in the system; 0 where the system does not say.
fn processor_seconds() -> [f64; 2] {
    let stat = fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
    let ticks = |i: usize| fields.get(i).and_then(|field| field.parse::<f64>().ok()).unwrap_or(0.0);
    [(ticks(11) + ticks(12)) / 100.0, ticks(12) / 100.0]
}

/// Removes one subject in a hundred and compacts, and says what it took.
fn remove_and_compact(writer: &mut Writer, disk: &Metered, registrations: u64) {
    let ids: Vec<PersonalId> = (0..registrations)
        .step_by(100)
        .map(|i| PersonalId::new(&format!("001204{i:06}"), IdScheme::Vietnam).unwrap())
        .collect();
    let start = Instant::now();
    for id in &ids {
        assert_eq!(writer.remove(id).unwrap().registrations, 1);
    }
    let each = start.elapsed().as_secs_f64() / ids.len() as f64;
    let start = Instant::now();
    writer.commit().unwrap();
    println!(
        "{} subjects removed in {:.2} us each, committed in {:.3} s",
        ids.len(),
        each * 1e6,
        start.elapsed().as_secs_f64()
    );
    let before = disk.standing();
    disk.most();
    let start = Instant::now();
    let done = writer.compact().unwrap();
    let seconds = start.elapsed().as_secs_f64();
    assert_eq!(done.rows_dropped, ids.len() as u64);
    let extra = disk.most() - before.max(disk.standing());
    println!(
        "compacted in {seconds:.2} s: {} segments ({} MB) read, {} ({} MB) written at {:.0} MB/s, at most {} MB more on the disk meanwhile",
        done.segments_read,
        done.bytes_read >> 20,
        done.segments_written,
        done.bytes_written >> 20,
        done.bytes_written as f64 / seconds / 1e6,
        extra >> 20,
    );
    let start = Instant::now();
    assert_eq!(writer.compact().unwrap().segments_read, 0);
    println!("compacted again in {:.3} ms: nothing to do", start.elapsed().as_secs_f64() * 1e3);
}

/// Seconds to write and sync so many bytes to one file, past the system's cache or through it.
fn seconds_to_write(directory: &Path, bytes: u64, past_cache: bool) -> f64 {
    let path = directory.join("vantay-bench-bytes");
    let block = vec![7u8; 4 << 20];
    let start = Instant::now();
    let mut file = Disk.create(&path).unwrap();
    if past_cache {
        file.bypass_cache();
    }
    for _ in 0..bytes.div_ceil(block.len() as u64) {
        file.append(&block).unwrap();
    }
    file.sync().unwrap();
    let seconds = start.elapsed().as_secs_f64();
    fs::remove_file(path).unwrap();
    seconds
}

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let value = |name: &str| arguments.iter().position(|a| a == name).and_then(|i| arguments.get(i + 1));
    let number = |name: &str, default: u64| value(name).map_or(default, |text| text.parse().unwrap());
    let registrations = number("--registrations", 100_000);
    let fingers = number("--fingers", 2);
    let key = arguments.iter().any(|a| a == "--encrypted").then(|| Key::generate().unwrap());
    let commit_every = number("--commit-every", u64::MAX);
    let directory = value("--directory").map_or_else(std::env::temp_dir, PathBuf::from);

    let feed = feed(&directory, registrations, fingers);
    let feed_bytes = fs::metadata(&feed).unwrap().len();
    let enroll_only = arguments.iter().any(|a| a == "--enroll-only");
    let start = Instant::now();
    let mut reader = read(&feed);
    let mut lines = 0;
    while let Some(batch) = reader.next_batch() {
        lines += batch.len() as u64;
        batch.into_iter().for_each(|line| drop(black_box(line.outcome.unwrap())));
    }
    assert_eq!(lines, registrations);
    let seconds = start.elapsed().as_secs_f64();
    let bytes = feed_bytes / registrations;
    println!("feed alone: {:.0} a second, {bytes} bytes each", registrations as f64 / seconds);

    for derives in if enroll_only { &[true][..] } else { &[true, false] } {
        let path = directory.join("vantay-bench-gallery");
        let _ = fs::remove_dir_all(&path);
        let (start, processor) = (Instant::now(), processor_seconds());
        let face = Some(FaceSpec { model: "m".into(), dimension: DIMENSION });
        let disk = Arc::new(Metered::default());
        let read_options =
            ReadOptions { key: key.clone(), storage: Arc::new(Meter(disk.clone())), ..ReadOptions::default() };
        let options = Options { face, read: read_options.clone(), ..Options::default() };
        let gallery = Gallery::create(&path, options).unwrap();
        let mut writer =
            gallery.writer(if *derives { Arc::new(SearchColumns) } else { Arc::new(NothingDerived) }).unwrap();
        let mut reader = read(&feed);
        let mut uncommitted = 0;
        while let Some(batch) = reader.next_batch() {
            for line in batch {
                writer.enroll(line.outcome.unwrap()).unwrap();
                uncommitted += 1;
                if uncommitted == commit_every {
                    writer.commit().unwrap();
                    uncommitted = 0;
                }
            }
        }
        let staged = start.elapsed().as_secs_f64();
        writer.commit().unwrap();
        let seconds = start.elapsed().as_secs_f64();
        let [processor, system] =
            std::array::from_fn(|k| 1e6 * (processor_seconds()[k] - processor[k]) / registrations as f64);
        let info = gallery.snapshot().info();
        assert_eq!((info.registrations, info.subjects), (registrations, registrations));
        let [limit, cached] = [true, false].map(|past_cache| seconds_to_write(&directory, info.bytes, past_cache));
        println!(
            "{}: {:.0} a second committed ({:.2} s, of it {:.2} s in the commit), {processor:.1} us of processor time ({system:.1} of \
             them the system's) and {} bytes each, {} segments; writing the bytes alone takes {limit:.2} s: {:.0} % of the limit; \
             through the system's cache {cached:.2} s",
            if *derives { "enrolled with search columns" } else { "enrolled templates alone" },
            registrations as f64 / seconds,
            seconds,
            seconds - staged,
            info.bytes / registrations,
            info.segments,
            100.0 * limit / seconds,
        );
        if enroll_only {
            drop((writer, gallery));
            fs::remove_dir_all(&path).unwrap();
            continue;
        }
        let openings = if key.is_some() { 3 } else { 20 };
        let opened = (0..openings)
            .map(|_| {
                let start = Instant::now();
                let opened = Gallery::open_with(&path, read_options.clone()).unwrap();
                assert_eq!(opened.snapshot().info().registrations, registrations);
                start.elapsed().as_secs_f64()
            })
            .fold(f64::MAX, f64::min);
        println!("opened in {:.3} ms, {:.2} ms a GB", opened * 1e3, opened * 1e12 / info.bytes as f64);
        let snapshot = gallery.snapshot();
        let start = Instant::now();
        for i in (0..registrations).step_by(7) {
            assert!(snapshot.find_registration(&format!("HN-2022-{i:07}")).unwrap().is_some());
        }
        let each = start.elapsed().as_secs_f64() / (registrations.div_ceil(7)) as f64;
        println!("found by name in {:.2} us", each * 1e6);
        let start = Instant::now();
        let report = check_with(&path, &read_options, true);
        assert!(report.is_whole());
        println!("checked deep at {:.1} GB/s", report.bytes as f64 / start.elapsed().as_secs_f64() / 1e9);
        drop((report, snapshot));
        remove_and_compact(&mut writer, &disk, registrations);
        drop(writer);
        drop(gallery);
        fs::remove_dir_all(&path).unwrap();
    }
}
