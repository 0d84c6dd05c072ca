//! A repair loses what stands in a bad block and nothing else, and what it keeps is as it was.
#![allow(clippy::unwrap_used)]

mod gallery_support;

use gallery_support::{
    Doubles, assert_same, face_spec, finger, registration,
    segment::{Column, columns, sign, sign_blocks},
    storage::Unsynced,
};
use rand::{RngExt, SeedableRng};
use rand_pcg::Pcg64Mcg;
use std::{
    fs,
    ops::Range,
    path::{Path, PathBuf},
    sync::Arc,
};
use vantay::{
    gallery::{Gallery, Key, NothingDerived, Options, ReadOptions, Repaired, check, repair_with},
    registration::{Finger, Registration},
    template::FingerPosition,
};

/// So many that every column which says where others stand has several blocks.
const ROWS: usize = 20_000;

/// How many rows one bad block may cost, by the column it is of: as many as have something in the block, and one on either side whose part
/// may have begun or ended there. A column that is not named costs none: it is derived anew.
const LOSS: [(&str, usize); 17] = [
    ("registration_offsets", 8193),
    ("registration_text", 32768 / 9 + 2),
    ("personal_offsets", 8193),
    ("personal_text", 32768 / 12 + 2),
    ("captured_at", 4096),
    ("missing_offsets", 8193),
    ("missing_text", ROWS / 10),
    // Seven of eight rows have a portrait.
    ("face rows", 8192 * 8 / 7 + 2),
    ("face embeddings", 512),
    // Nine fingers for eight rows.
    ("finger 2 rows", 8192 * 8 / 9 + 4),
    ("finger 2 minutiae_offsets", 8193 * 8 / 9 + 4),
    ("finger 2 minutiae", 4096 / 3 * 8 / 9 + 4),
    ("finger 2 properties", 4096 * 8 / 9 + 4),
    // Every second row, so those between may have had one too.
    ("finger 7 rows", 8192 * 2 + 2),
    ("finger 7 minutiae_offsets", 8193),
    ("finger 7 minutiae", 4096 / 2 + 2),
    ("finger 7 properties", 4096),
];

fn loss(column: &Column) -> usize {
    LOSS.iter().find(|(name, _)| *name == column.name).map_or(0, |&(_, rows)| rows)
}

/// Most rows have a portrait, some a finger twice, some none of a kind, some one that is missing.
fn person(i: usize) -> Registration {
    let mut random = Pcg64Mcg::seed_from_u64(i as u64);
    let mut of = registration(&format!("HN-{i:06}"), &format!("0012040{:05}", i / 2), i as u64);
    if i.is_multiple_of(8) {
        of.portrait = None;
    }
    // Of a row whose finger stands twice, one stands at the end of a block and one at the start of the next.
    let twos = match i % 8 {
        1 | 5 => 2,
        4 => 0,
        _ => 1,
    };
    (0..twos).for_each(|_| of.fingers.push(Finger::Captured(finger(&mut random, 2, 3))));
    if i.is_multiple_of(2) {
        of.fingers.push(Finger::Captured(finger(&mut random, 7, 2)));
    }
    if i % 10 == 3 {
        let position = FingerPosition::new(9).unwrap();
        of.fingers.push(Finger::Missing { position, reason: "bandaged".into() });
    }
    of
}

fn key() -> Key {
    Key::new([7; 32])
}

fn options(key: Option<Key>) -> ReadOptions {
    ReadOptions { key, storage: Arc::new(Unsynced), ..ReadOptions::default() }
}

/// A gallery of one segment.
struct Fixture {
    directory: tempfile::TempDir,
    path: PathBuf,
    segment: PathBuf,
    key: Option<Key>,
    people: Vec<Registration>,
    bytes: Vec<u8>,
}

impl Fixture {
    fn new(rows: usize, key: Option<Key>) -> Fixture {
        Fixture::of((0..rows).map(person).collect(), key)
    }

    fn of(people: Vec<Registration>, key: Option<Key>) -> Fixture {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("g");
        let read = options(key.clone());
        let gallery = Gallery::create(&path, Options { face: Some(face_spec()), read, ..Options::default() }).unwrap();
        let mut writer = gallery.writer(Arc::new(Doubles)).unwrap();
        people.iter().for_each(|one| writer.enroll(one.clone()).unwrap());
        writer.commit().unwrap();
        let segment = path.join("segment-0000000001");
        assert_eq!(gallery.snapshot().segments().len(), 1);
        let bytes = fs::read(&segment).unwrap();
        Fixture { directory, path, segment, key, people, bytes }
    }

    /// Repairs the segment with these bytes flipped. Whatever is kept is as it was enrolled, and nothing is unaccounted for.
    fn repair(&self, flipped: impl IntoIterator<Item = usize>, what: &str) -> Repaired {
        let mut damaged = self.bytes.clone();
        flipped.into_iter().for_each(|at| damaged[at] ^= 0x10);
        fs::write(&self.segment, &damaged).unwrap();
        let into = self.directory.path().join("repaired");
        let repaired = repair_into(&self.path, &into, self.key.clone());
        let kept = Gallery::open(&into).unwrap().snapshot();
        assert_eq!(kept.info().registrations, repaired.kept, "{what}");
        for segment in kept.segments() {
            for row in 0..segment.len() {
                let found = segment.registration(row).unwrap();
                let i: usize = found.id.as_str()[3..].parse().unwrap();
                assert_same(&found, &self.people[i]);
            }
        }
        assert_eq!(repaired.kept + repaired.lost, self.people.len() as u64, "{what}");
        assert!(repaired.is_complete() || !repaired.problems.is_empty(), "{what}: lost without a word");
        fs::remove_dir_all(into).unwrap();
        eprintln!("{what}: {} of {} lost", repaired.lost, self.people.len());
        repaired
    }
}

fn repair_into(path: &Path, into: &Path, key: Option<Key>) -> Repaired {
    repair_with(path, &options(key), into, None, Arc::new(NothingDerived)).unwrap()
}

/// Changes a column of a segment, as a writer with a fault would have written it: every checksum fits.
fn craft(gallery: &Fixture, column: &str, change: impl FnOnce(&mut [u8])) {
    let mut crafted = gallery.bytes.clone();
    let column = columns(&crafted).into_iter().find(|one| one.name == column).unwrap();
    change(&mut crafted[column.bytes]);
    sign_blocks(&mut crafted);
    sign(&gallery.path, &gallery.segment, &mut crafted);
}

/// The first of a list, one from its middle and the last.
fn some<T: Clone>(all: &[T]) -> Vec<T> {
    let mut places = vec![0, all.len() / 2, all.len() - 1];
    places.dedup();
    places.into_iter().map(|i| all[i].clone()).collect()
}

#[test]
fn a_bad_block_costs_the_rows_that_stand_in_it() {
    let gallery = Fixture::new(ROWS, None);
    for column in columns(&gallery.bytes).iter().filter(|column| loss(column) > 0) {
        let blocks = column.blocks();
        assert!(blocks.len() > 1 || column.name == "missing_text", "{} of one block says little", column.name);
        for block in some(&blocks) {
            let repaired = gallery.repair([block.start + block.len() / 3], &column.name);
            assert!((1..=loss(column) as u64).contains(&repaired.lost), "{}: {} lost", column.name, repaired.lost);
            let names_are_left = !column.name.starts_with("registration");
            assert_eq!(repaired.lost_names.len() as u64, if names_are_left { repaired.lost } else { 0 });
            assert!(repaired.problems.iter().all(|problem| problem.part == column.name), "{:?}", repaired.problems);
        }
    }
}

#[test]
fn a_row_that_may_have_had_one_finger_more_is_not_kept() {
    let gallery = Fixture::new(300, None);
    let list = columns(&gallery.bytes).into_iter().find(|column| column.name == "finger 7 rows").unwrap();
    let repaired = gallery.repair([list.bytes.start], "a list of one block");
    assert_eq!((repaired.lost, repaired.lost_names.len()), (300, 300), "nothing says who was in it");
}

#[test]
fn what_is_derived_anew_costs_nothing() {
    let gallery = Fixture::new(ROWS, None);
    let blocks = |column: Column| column.blocks().into_iter().map(|block| block.start);
    let derived = columns(&gallery.bytes).into_iter().filter(|column| loss(column) == 0).flat_map(blocks);
    let repaired = gallery.repair(derived, "a byte in every block of every derived column");
    assert_eq!(repaired.kept, ROWS as u64);
}

#[test]
fn a_bad_sealed_block_costs_the_rows_that_stand_in_it() {
    let sealed = Fixture::new(ROWS, Some(key()));
    // Column by column the same stands in a gallery that is not encrypted.
    let plain = sealed.directory.path().join("plain");
    repair_with(&sealed.path, &options(Some(key())), &plain, None, Arc::new(Doubles)).unwrap();
    let columns = columns(&fs::read(plain.join("segment-0000000001")).unwrap());
    let last = columns.last().unwrap().bytes.end / SEALED;
    for i in (1..last).step_by(7) {
        let opened = i * SEALED..(i + 1) * SEALED;
        let overlaps = |block: &Range<usize>| block.start < opened.end && opened.start < block.end;
        let blocks_of = |column: &Column| column.blocks().into_iter().filter(overlaps).count();
        let most: usize = columns.iter().map(|column| blocks_of(column) * loss(column)).sum();
        let repaired = sealed.repair([64 + i * (SEALED + 16) + 77], &format!("sealed block {i}"));
        assert!(repaired.lost <= most as u64, "sealed block {i}: {} lost, {most} stand in it", repaired.lost);
    }
}

/// Bytes of a sealed block, before it is sealed.
const SEALED: usize = 64 << 10;

#[test]
fn what_is_kept_of_much_damage_is_as_it_was() {
    let gallery = Fixture::new(ROWS, None);
    let mut random = Pcg64Mcg::seed_from_u64(8);
    let end = columns(&gallery.bytes).last().unwrap().bytes.end;
    for round in 1..=6 {
        let flipped: Vec<usize> = (0..round).map(|_| random.random_range(64..end)).collect();
        gallery.repair(flipped, &format!("{round} bytes"));
    }
}

#[test]
fn a_bad_number_in_a_list_of_checksums_costs_its_block() {
    let gallery = Fixture::new(ROWS, None);
    for column in columns(&gallery.bytes).iter().filter(|column| loss(column) > 0) {
        let number = column.checksums.start + column.checksums.len() / 2;
        let repaired = gallery.repair([number], &format!("checksums of {}", column.name));
        assert!((1..=loss(column) as u64).contains(&repaired.lost), "{}: {} lost", column.name, repaired.lost);
    }
}

#[test]
fn a_list_that_contradicts_itself_proves_nothing() {
    const MANY: usize = 300;
    let gallery = Fixture::new(MANY, None);
    let manifest = fs::read(gallery.path.join("manifest")).unwrap();
    /// Which number of which list, from the end if it is negative, and what becomes of it.
    type Craft = (&'static str, isize, fn(u32) -> u32);
    let crafts: [Craft; 9] = [
        ("face rows", 4, |row| row - 1),
        ("face rows", 9, |_| 0),
        ("face rows", -1, |_| MANY as u32),
        ("finger 2 rows", 7, |_| 0),
        ("finger 2 rows", -1, |_| u32::MAX),
        ("finger 7 minutiae_offsets", 0, |_| 1),
        ("finger 7 minutiae_offsets", 5, |_| 1),
        ("finger 7 minutiae_offsets", 5, |_| 1_000_000),
        ("finger 7 minutiae_offsets", -1, |end| end - 1),
    ];
    for (i, (column, place, change)) in crafts.into_iter().enumerate() {
        craft(&gallery, column, |bytes| {
            let at = place.rem_euclid(bytes.len() as isize / 4) as usize * 4;
            let number = change(u32::from_le_bytes(bytes[at..at + 4].try_into().unwrap()));
            bytes[at..at + 4].copy_from_slice(&number.to_le_bytes());
        });
        let repaired = repair_into(&gallery.path, &gallery.directory.path().join(format!("r{i}")), None);
        assert_eq!((repaired.kept, repaired.lost_names.len()), (0, MANY), "{column}, {place}");
        assert_eq!(repaired.problems.len(), 1, "said once: {:?}", repaired.problems);
        assert_eq!(repaired.problems[0].part, column);
        fs::write(gallery.path.join("manifest"), &manifest).unwrap();
    }
}

#[test]
fn a_reason_longer_than_any_that_is_enrolled_is_damage() {
    let mut one = person(0);
    for (position, reason) in [(9, "bandaged".into()), (10, "x".repeat(64).into())] {
        one.fingers.push(Finger::Missing { position: FingerPosition::new(position).unwrap(), reason });
    }
    let gallery = Fixture::of(vec![one, person(1)], None);
    // One reason of 74 bytes instead of two.
    craft(&gallery, "missing_text", |text| text[1] = 74);
    let repaired = repair_into(&gallery.path, &gallery.directory.path().join("r"), None);
    assert_eq!((repaired.kept, repaired.lost), (1, 1));
    assert_eq!(repaired.problems[0].part, "missing_text");
    assert!(!check(&gallery.path, true).is_whole());
}

/// `VANTAY_CRAFTS` says how many.
#[test]
fn a_repair_of_a_crafted_segment_ends_in_a_gallery_that_is_whole() {
    let gallery = Fixture::new(60, None);
    let manifest = fs::read(gallery.path.join("manifest")).unwrap();
    let bytes: Vec<usize> = columns(&gallery.bytes).into_iter().flat_map(|column| column.bytes).collect();
    let mut random = Pcg64Mcg::seed_from_u64(12);
    let (mut kept, mut lost) = (0, 0);
    let crafts = std::env::var("VANTAY_CRAFTS").ok().and_then(|n| n.parse().ok()).unwrap_or(300);
    for i in 0..crafts {
        let mut crafted = gallery.bytes.clone();
        for _ in 0..random.random_range(1..6) {
            let at = bytes[random.random_range(0..bytes.len())];
            match random.random_range(0..3) {
                0 => crafted[at] = random.random(),
                1 => crafted[at] = crafted[at].wrapping_add(1),
                _ => {
                    let (at, value) = (at / 4 * 4, [u32::MAX, 0, 60, 59, 1 << 31][random.random_range(0..5)]);
                    crafted[at..at + 4].copy_from_slice(&value.to_le_bytes());
                }
            }
        }
        sign_blocks(&mut crafted);
        if random.random_bool(0.3) {
            crafted[bytes[random.random_range(0..bytes.len())]] ^= 1;
        }
        sign(&gallery.path, &gallery.segment, &mut crafted);
        let into = gallery.directory.path().join(format!("r{i}"));
        let repaired = repair_into(&gallery.path, &into, None);
        assert_eq!(repaired.kept + repaired.lost, 60);
        assert!(check(&into, true).is_whole());
        (kept, lost) = (kept + repaired.kept, lost + repaired.lost);
        fs::write(gallery.path.join("manifest"), &manifest).unwrap();
        fs::remove_dir_all(into).unwrap();
    }
    eprintln!("{crafts} crafted segments: {kept} rows kept, {lost} lost");
}
