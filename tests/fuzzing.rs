//! A few seconds of every fuzz target: its seeds, and thousands of changes of them, the same in every run.
//!
//! The long run is `cargo xtask fuzz TARGET --minutes N`. `VANTAY_FUZZ_CHANGES` says how many changes a target gets here. An input that
//! fails is left in the target folder's `tmp`, to become a seed.
#![allow(clippy::unwrap_used)]

#[path = "fuzz/src/lib.rs"]
mod fuzz;

use rand::{Rng, RngExt, SeedableRng};
use rand_pcg::Pcg64Mcg;
use std::{fs, path::Path};

/// Changes one input; what libFuzzer does, without its knowledge of what the library did.
fn change(input: &[u8], other: &[u8], random: &mut Pcg64Mcg) -> Vec<u8> {
    let mut changed = input.to_vec();
    for _ in 0..random.random_range(1..5) {
        let at = random.random_range(0..=changed.len());
        match random.random_range(0..7) {
            0 => changed.truncate(at),
            1 => changed.insert(at, random.random()),
            2 if at < changed.len() => {
                changed.remove(at);
            }
            3 if at < changed.len() => changed[at] ^= 1 << random.random_range(0..8),
            4 if !other.is_empty() => {
                let from = random.random_range(0..other.len());
                let to = random.random_range(from..=other.len().min(from + 64));
                changed.splice(at..at, other[from..to].iter().copied());
            }
            5 if at + 1 < changed.len() => {
                let end = random.random_range(at..changed.len().min(at + 64));
                changed.copy_within(at..end, 0);
            }
            _ if at < changed.len() => changed[at] = random.random(),
            _ => {}
        }
    }
    changed
}

fn run(target: &str, changes: u64) {
    let (_, check) = fuzz::TARGETS.into_iter().find(|(name, _)| *name == target).unwrap();
    let changes = std::env::var("VANTAY_FUZZ_CHANGES").ok().and_then(|n| n.parse().ok()).unwrap_or(changes);
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fuzz/seeds");
    let folder = if folder.join(target).exists() { folder.join(target) } else { folder.join("iso_2005") };
    let mut files: Vec<_> = fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    let seeds: Vec<Vec<u8>> = files.iter().map(|file| fs::read(file).unwrap()).collect();
    let guarded = |input: &[u8]| {
        if let Err(panic) = std::panic::catch_unwind(|| check(input)) {
            let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{target}.input"));
            fs::write(&path, input).unwrap();
            eprintln!("the input that failed: {}", path.display());
            std::panic::resume_unwind(panic);
        }
    };
    seeds.iter().for_each(|seed| guarded(seed));
    let mut random =
        Pcg64Mcg::seed_from_u64(target.bytes().fold(1, |sum: u64, byte| sum.wrapping_mul(31) + u64::from(byte)));
    for _ in 0..changes {
        let [one, other] = [(); 2].map(|()| &seeds[random.next_u64() as usize % seeds.len()]);
        guarded(&change(one, other, &mut random));
    }
    eprintln!("{target}: {} seeds, {changes} changes", seeds.len());
}

macro_rules! targets {
    ($($name:ident: $changes:literal;)*) => {
        $(#[test] fn $name() { run(stringify!($name), $changes); })*

        #[test]
        fn every_target_is_run() {
            assert_eq!([$(stringify!($name)),*], fuzz::TARGETS.map(|(name, _)| name));
        }
    };
}

targets! {
    iso_2005: 50_000;
    iso_2011: 50_000;
    incits_2004: 50_000;
    incits_2009: 50_000;
    incits_2009_am1: 50_000;
    card_normal: 50_000;
    card_compact: 50_000;
    detection: 50_000;
    feed: 5_000;
    manifest: 5_000;
    segment: 3_000;
    operations: 100;
}
