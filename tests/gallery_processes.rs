//! Several readers and one writer on one directory, in threads and in processes; writers that are killed.
//!
//! Commit `n` enrols a pair of registrations of one subject, `p{n}-a` and `p{n}-b`, and every fifth commit removes the subject of an earlier
//! pair. So in any snapshot a pair is there as a whole or not at all, and which pairs are there follows from the number of
//! the last one.
#![allow(clippy::unwrap_used)]

mod gallery_support;

use gallery_support::{Doubles, content::content, face_spec, registration};
use rand::{RngExt, SeedableRng};
use rand_pcg::Pcg64Mcg;
use std::{
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};
use vantay::{
    gallery::{Gallery, GalleryError, Limits, Options, ReadOptions, Snapshot, Writer, check},
    registration::{IdScheme, PersonalId},
};

/// Where a child process finds its gallery; set by the parent alone.
const CHILD: &str = "VANTAY_TEST_GALLERY";

fn options() -> ReadOptions {
    ReadOptions { limits: Limits { fan_in: 3, merged_rows: 64, ..Limits::default() }, ..ReadOptions::default() }
}

fn create(path: &Path) -> Gallery {
    Gallery::create(path, Options { face: Some(face_spec()), read: options(), ..Options::default() }).unwrap()
}

fn person(pair: u64) -> String {
    format!("{pair:012}")
}

/// The pair that is removed when `pair` is enrolled.
fn removed_with(pair: u64) -> Option<u64> {
    (pair % 5 == 4).then_some(pair / 2)
}

/// Enrols pair `pair` and what goes with it; not committed.
fn stage(writer: &mut Writer, pair: u64) {
    for half in ["a", "b"] {
        writer.enroll(registration(&format!("p{pair}-{half}"), &person(pair), pair)).unwrap();
    }
    if let Some(gone) = removed_with(pair) {
        writer.remove(&PersonalId::new(&person(gone), IdScheme::Vietnam).unwrap()).unwrap();
    }
}

/// How many pairs a snapshot went through, by its last one; panics unless it is exactly the state after that one.
fn pairs(snapshot: &Snapshot) -> u64 {
    let found: Vec<String> = content(snapshot).unwrap().into_keys().collect();
    let number = |name: &String| name[1..].split('-').next().unwrap().parse::<u64>().unwrap();
    let Some(last) = found.iter().map(number).max() else { return 0 };
    let gone: Vec<u64> = (0..=last).filter_map(removed_with).collect();
    let mut expected: Vec<String> = (0..=last)
        .filter(|pair| !gone.contains(pair))
        .flat_map(|pair| ["a", "b"].map(|half| format!("p{pair}-{half}")))
        .collect();
    expected.sort();
    assert_eq!(found, expected, "not the state after pair {last}");
    last + 1
}

fn child(test: &str, path: &Path) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", test, "--nocapture", "--test-threads=1"]).env(CHILD, path).stdout(Stdio::piped());
    command
}

#[test]
fn readers_see_whole_commits_while_others_write_and_compact() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("g");
    let gallery = create(&path);
    let stop = AtomicBool::new(false);
    let reads = AtomicU64::new(0);
    let mut reader = child("child_reads", &path).spawn().unwrap();
    std::thread::scope(|scope| {
        for other in [false, true] {
            let (gallery, stop, reads, path) = (&gallery, &stop, &reads, &path);
            scope.spawn(move || {
                let own = if other { Gallery::open_with(path, options()).unwrap() } else { gallery.clone() };
                let mut before = 0;
                while !stop.load(Ordering::Relaxed) {
                    let snapshot = own.refresh().unwrap();
                    let count = pairs(&snapshot);
                    assert!(count >= before, "a reader went back");
                    before = count;
                    // The same snapshot says the same again, whatever was written meanwhile.
                    std::thread::sleep(Duration::from_millis(3));
                    assert_eq!(pairs(&snapshot), count);
                    reads.fetch_add(1, Ordering::Relaxed);
                }
            });
        }
        let mut writer = gallery.writer(Arc::new(Doubles)).unwrap();
        let start = Instant::now();
        let mut pair = 0;
        while start.elapsed() < Duration::from_secs(4) {
            stage(&mut writer, pair);
            writer.commit().unwrap();
            pair += 1;
            if pair.is_multiple_of(16) {
                writer.compact().unwrap();
            }
        }
        stop.store(true, Ordering::Relaxed);
        eprintln!("{pair} commits");
        drop(writer);
        assert_eq!(pairs(&gallery.snapshot()), pair);
    });
    std::fs::write(path.with_extension("stop"), b"").unwrap();
    assert!(reader.wait().unwrap().success(), "the reading process saw something else");
    assert!(reads.load(Ordering::Relaxed) > 10);
    eprintln!("{} reads by threads", reads.load(Ordering::Relaxed));
}

/// Reads and refreshes until it is told to stop; does nothing unless it is a child.
#[test]
fn child_reads() {
    let Some(path) = std::env::var_os(CHILD).map(PathBuf::from) else { return };
    let gallery = Gallery::open_with(&path, options()).unwrap();
    let mut before = 0;
    while !path.with_extension("stop").exists() {
        let count = pairs(&gallery.refresh().unwrap());
        assert!(count >= before, "a reader went back");
        before = count;
    }
}

/// Enrols pairs and says so after each commit, until it is killed; does nothing unless it is a child.
#[test]
fn child_enrolls() {
    let Some(path) = std::env::var_os(CHILD).map(PathBuf::from) else { return };
    let gallery = Gallery::open_with(&path, options()).unwrap();
    let mut pair = pairs(&gallery.snapshot());
    let mut writer = gallery.writer(Arc::new(Doubles)).unwrap();
    println!("\nready {}", std::process::id());
    loop {
        stage(&mut writer, pair);
        writer.commit().unwrap();
        pair += 1;
        println!("done {pair}");
        if pair.is_multiple_of(20) {
            writer.compact().unwrap();
        }
    }
}

/// `VANTAY_KILLS` says how many times.
#[test]
fn a_writer_that_is_killed_loses_nothing_it_promised() {
    let kills: u64 = std::env::var("VANTAY_KILLS").ok().and_then(|n| n.parse().ok()).unwrap_or(40);
    let directory = tempfile::tempdir().unwrap();
    let mut random = Pcg64Mcg::seed_from_u64(9);
    let (mut total, mut started) = (0, 0);
    let mut path = directory.path().join("g0");
    create(&path);
    let mut last = 0;
    for kill in 0..kills {
        if last > 150 {
            // Reading it all after every kill would take longer and longer.
            path = directory.path().join(format!("g{kill}"));
            create(&path);
            last = 0;
        }
        let mut process = child("child_enrolls", &path).stderr(Stdio::null()).spawn().unwrap();
        let mut lines = BufReader::new(process.stdout.take().unwrap()).lines().map_while(Result::ok);
        let holder = lines.find_map(|line| line.strip_prefix("ready ").map(|id| id.trim().parse::<u32>().unwrap()));
        let holder = holder.expect("the child takes the lock");
        started += 1;
        if kill % 8 == 0 {
            let refused = Gallery::open_with(&path, options()).unwrap().writer(Arc::new(Doubles)).unwrap_err();
            assert!(matches!(refused, GalleryError::Locked { holder: Some(id), .. } if id == holder), "{refused}");
        }
        std::thread::sleep(Duration::from_micros(random.random_range(0..40_000)));
        process.kill().unwrap();
        process.wait().unwrap();
        let promised = lines.filter_map(|line| line.strip_prefix("done ")?.trim().parse::<u64>().ok()).last();
        let promised = promised.unwrap_or(last);
        let gallery = Gallery::open_with(&path, options()).unwrap();
        let found = pairs(&gallery.snapshot());
        assert!((promised..=promised + 1).contains(&found), "kill {kill}: {found} pairs, {promised} were promised");
        if kill % 10 == 0 {
            assert!(check(&path, true).is_whole(), "kill {kill}");
        }
        total += found - last;
        last = found;
    }
    eprintln!("{started} writers killed, {total} commits");
}

/// A process that is being started has a copy of every open file until it runs its program.
#[test]
fn a_writer_is_gone_when_it_is_dropped_whatever_processes_are_started_meanwhile() {
    let directory = tempfile::tempdir().unwrap();
    let gallery = create(&directory.path().join("g"));
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                let program = std::env::current_exe().unwrap();
                while !done.load(Ordering::Relaxed) {
                    let mut child = Command::new(&program).arg("--help").stdout(Stdio::null()).spawn().unwrap();
                    child.wait().unwrap();
                }
            });
        }
        let taken: Vec<_> = (0..300).map(|_| gallery.writer(Arc::new(Doubles)).map(drop)).collect();
        done.store(true, Ordering::Relaxed);
        let refused = taken.iter().filter(|taken| taken.is_err()).count();
        assert_eq!(refused, 0, "{:?}", taken.iter().find(|taken| taken.is_err()));
    });
}

/// Opens, waits for the parent to cut the files, and reads everything; does nothing unless it is a child.
#[test]
fn child_reads_what_is_cut() {
    let Some(path) = std::env::var_os(CHILD).map(PathBuf::from) else { return };
    let gallery = Gallery::open_with(&path, options()).unwrap();
    println!("\nready {}", std::process::id());
    while !path.with_extension("cut").exists() {
        std::thread::sleep(Duration::from_millis(1));
    }
    match content(&gallery.snapshot()) {
        Ok(found) => println!("\nread {}", found.len()),
        Err(error) => println!("\nrefused {error}"),
    }
    println!("\nchecked {}", gallery.snapshot().check(true).problems.len());
}

/// Whether the system says beforehand what of a mapping cannot be read: Linux from 5.14 on.
#[cfg(unix)]
fn can_be_asked() -> bool {
    let Ok(release) = std::fs::read_to_string("/proc/sys/kernel/osrelease") else { return false };
    let mut numbers = release.split(['.', '-']).map_while(|number| number.parse::<u32>().ok());
    (numbers.next(), numbers.next()) >= (Some(5), Some(14))
}

/// What the documentation of the mapping says: the damage is seen, or, where the system cannot be asked, the process ends by its signal. It
/// never reads on.
#[cfg(unix)]
#[test]
fn a_file_cut_under_a_reader_costs_the_reader_and_nothing_else() {
    use std::os::unix::process::ExitStatusExt;
    const SIGBUS: i32 = if cfg!(target_os = "linux") { 7 } else { 10 };
    let directory = tempfile::tempdir().unwrap();
    for keep in [0, 4096, 3 * 4096] {
        let path = directory.path().join(format!("g{keep}"));
        let gallery = create(&path);
        let mut writer = gallery.writer(Arc::new(Doubles)).unwrap();
        (0..600).for_each(|i| writer.enroll(registration(&format!("p{i}-a"), &person(i), i)).unwrap());
        writer.commit().unwrap();
        drop(writer);
        let segment = gallery.snapshot().segments()[0].path().to_path_buf();
        let bytes = std::fs::read(&segment).unwrap();
        assert!(bytes.len() > 5 * 4096);
        let mut reader = child("child_reads_what_is_cut", &path).stderr(Stdio::null()).spawn().unwrap();
        let mut lines = BufReader::new(reader.stdout.take().unwrap()).lines().map_while(Result::ok);
        lines.find(|line| line.starts_with("ready ")).expect("the child opens the gallery");
        std::fs::OpenOptions::new().write(true).open(&segment).unwrap().set_len(keep).unwrap();
        std::fs::write(path.with_extension("cut"), b"").unwrap();
        let said: Vec<String> = lines.collect();
        let status = reader.wait().unwrap();
        assert!(!said.iter().any(|line| line.starts_with("read ")), "read on after the cut at {keep}");
        let says = |word: &str| said.iter().find_map(|line| line.strip_prefix(word));
        if can_be_asked() {
            assert!(status.success(), "cut at {keep}: {status}");
            assert!(says("refused ").is_some_and(|error| error.contains("cannot be read")), "cut at {keep}: {said:?}");
            assert!(says("checked ").is_some_and(|problems| problems != "0"), "cut at {keep}: {said:?}");
        } else {
            assert!(says("refused ").is_some() || status.signal() == Some(SIGBUS), "cut at {keep}: {status}");
        }
        // Who opens it after the cut gets an error.
        assert!(Gallery::open_with(&path, options()).unwrap_err().is_damage());
    }
}
