//! An encrypted gallery keeps every promise of a plain one, and its files say nothing.
#![allow(clippy::unwrap_used)]

mod gallery_support;

use gallery_support::{
    Doubles,
    content::{content, content_at},
    face_spec, sample,
};
use rand::{RngExt, SeedableRng};
use rand_pcg::Pcg64Mcg;
use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
    sync::Arc,
};
use vantay::{
    gallery::{
        CheckReport, Gallery, GalleryError, Key, Limits, NothingDerived, Options, Problem, ReadOptions, check,
        check_with, repair, repair_with,
    },
    registration::{IdScheme, PersonalId},
};

fn key() -> Key {
    Key::new(std::array::from_fn(|i| i as u8))
}

fn with(key: Option<Key>) -> ReadOptions {
    let limits = Limits { staged_rows: 8, ..Limits::default() };
    ReadOptions { limits, key, ..ReadOptions::default() }
}

fn create(path: &Path) -> Gallery {
    let options = Options { face: Some(face_spec()), read: with(Some(key())), ..Options::default() };
    Gallery::create(path, options).unwrap()
}

/// Twenty registrations in three segments.
fn build(path: &Path) -> Gallery {
    let gallery = create(path);
    let mut writer = gallery.writer(Arc::new(Doubles)).unwrap();
    (0..20).for_each(|i| writer.enroll(sample(i)).unwrap());
    writer.commit().unwrap();
    gallery
}

fn segments(path: &Path) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> = fs::read_dir(path).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|file| file.file_name().unwrap().to_str().unwrap().starts_with("segment"));
    files.sort();
    files
}

/// Every eight bytes of every template, and every name and personal ID.
fn marks(samples: impl Iterator<Item = u64>) -> BTreeSet<Vec<u8>> {
    let mut marks = BTreeSet::new();
    for registration in samples.map(sample) {
        marks.insert(registration.id.as_str().as_bytes()[..8].to_vec());
        marks.insert(registration.personal_id.as_str().as_bytes()[..8].to_vec());
        if let Some(portrait) = &registration.portrait {
            let bytes: Vec<u8> = portrait.embedding.as_slice().iter().flat_map(|c| c.to_le_bytes()).collect();
            marks.extend(bytes.chunks_exact(8).map(<[u8]>::to_vec));
        }
        for template in registration.templates() {
            marks.extend(template.minutiae().iter().map(|minutia| bytemuck::bytes_of(minutia).to_vec()));
        }
    }
    marks
}

fn found(path: &Path, marks: &BTreeSet<Vec<u8>>) -> usize {
    let files = fs::read_dir(path).unwrap().map(|entry| fs::read(entry.unwrap().path()).unwrap());
    files.map(|file| file.windows(8).filter(|eight| marks.contains(*eight)).count()).sum()
}

#[test]
fn no_byte_of_a_template_is_in_any_file() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("g");
    let marks = marks(0..20);
    let gallery = build(&path);
    let mut writer = gallery.writer(Arc::new(Doubles)).unwrap();
    assert_eq!(found(&path, &marks), 0, "as enrolled");
    writer.remove(&PersonalId::new(sample(3).personal_id.as_str(), IdScheme::Vietnam).unwrap()).unwrap();
    writer.commit().unwrap();
    writer.compact().unwrap();
    assert_eq!(found(&path, &marks), 0, "as compacted");
    let plain = directory.path().join("plain");
    let refused = repair_with(&path, &with(Some(key())), &plain, None, Arc::new(Doubles)).unwrap_err();
    assert!(matches!(refused, GalleryError::Locked { .. }), "somebody writes to it");
    drop(writer);
    // The same search finds them where nothing is encrypted.
    repair_with(&path, &with(Some(key())), &plain, None, Arc::new(Doubles)).unwrap();
    assert!(found(&plain, &marks) >= marks.len() - 200, "the search sees what there is");
}

#[test]
fn it_holds_what_a_plain_gallery_holds() {
    let directory = tempfile::tempdir().unwrap();
    let (sealed, plain) = (directory.path().join("g"), directory.path().join("plain"));
    let gallery = build(&sealed);
    let expected = {
        let options = Options { face: Some(face_spec()), read: with(None), ..Options::default() };
        let gallery = Gallery::create(&plain, options).unwrap();
        let mut writer = gallery.writer(Arc::new(Doubles)).unwrap();
        (0..20).for_each(|i| writer.enroll(sample(i)).unwrap());
        writer.commit().unwrap();
        content(&gallery.snapshot()).unwrap()
    };
    assert!(gallery.snapshot().info().encrypted);
    assert_eq!(content(&gallery.snapshot()).unwrap(), expected);
    assert_eq!(content_at(&sealed, with(Some(key()))).unwrap(), expected);
    assert!(check_with(&sealed, &with(Some(key())), true).is_whole());
    // Another reader follows removal and compaction.
    let reader = Gallery::open_with(&sealed, with(Some(key()))).unwrap();
    let held = reader.snapshot();
    let mut writer = gallery.writer(Arc::new(Doubles)).unwrap();
    let gone = sample(3).personal_id;
    writer.remove(&PersonalId::new(gone.as_str(), IdScheme::Vietnam).unwrap()).unwrap();
    writer.commit().unwrap();
    writer.compact().unwrap();
    drop(writer);
    let mut left = expected.clone();
    left.retain(|name, _| (0..20).any(|i| sample(i).id.as_str() == name && sample(i).personal_id != gone));
    assert_eq!(content(&reader.refresh().unwrap()).unwrap(), left);
    assert_eq!(content(&held).unwrap(), expected);
    assert!(check_with(&sealed, &with(Some(key())), true).is_whole());
}

#[test]
fn a_missing_or_wrong_key_is_said_to_be_one() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("g");
    build(&path);
    let open = |key| Gallery::open_with(&path, with(key)).unwrap_err();
    let mut other = [0; 32];
    other.copy_from_slice(&std::array::from_fn::<u8, 32, _>(|i| i as u8));
    other[31] ^= 1;
    assert!(matches!(open(None), GalleryError::Encrypted { .. }));
    assert!(matches!(open(Some(Key::new(other))), GalleryError::WrongKey { .. }));
    assert!(matches!(
        repair(&path, directory.path().join("r"), Arc::new(NothingDerived)),
        Err(GalleryError::Encrypted { .. })
    ));
    let problems = |report: CheckReport| report.problems.into_iter().map(|p| p.part).collect::<Vec<_>>();
    assert_eq!(problems(check(&path, true)), ["key"]);
    assert_eq!(problems(check_with(&path, &with(Some(Key::new(other))), true)), ["key"]);
    // A key for what is not encrypted is refused too: its owner believes otherwise.
    let plain = directory.path().join("plain");
    repair_with(&path, &with(Some(key())), &plain, None, Arc::new(Doubles)).unwrap();
    assert!(matches!(Gallery::open_with(&plain, with(Some(key()))), Err(GalleryError::NotEncrypted { .. })));
    assert!(Gallery::open(&plain).is_ok());
}

#[test]
fn keys_are_read_from_private_files_alone_and_never_shown() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("key");
    let write = |bytes: &[u8], mode: u32| {
        fs::write(&file, bytes).unwrap();
        #[cfg(unix)]
        fs::set_permissions(&file, std::os::unix::fs::PermissionsExt::from_mode(mode)).unwrap();
        Key::read(&file)
    };
    let path = directory.path().join("g");
    build(&path);
    let digits: String = (0..32).map(|i| format!("{i:02X}")).collect();
    for bytes in [(0..32).collect::<Vec<u8>>(), digits.clone().into_bytes(), format!(" {digits}\n").into_bytes()] {
        let key = write(&bytes, 0o600).unwrap();
        assert!(Gallery::open_with(&path, with(Some(key))).is_ok());
    }
    for bytes in [&digits.as_bytes()[1..], &[0; 31], &[0; 64], b""] {
        assert!(matches!(write(bytes, 0o600), Err(GalleryError::NoKey { .. })));
    }
    #[cfg(unix)]
    assert!(matches!(write(&[0; 32], 0o640), Err(GalleryError::NotPrivate { .. })));
    assert_eq!(format!("{:?}", key()), "Key(…)");
}

/// `VANTAY_FLIPS=all` flips every byte.
#[test]
fn any_flipped_byte_is_an_error_that_names_the_place() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("g");
    let whole = content(&build(&path).snapshot()).unwrap();
    let all = std::env::var("VANTAY_FLIPS").is_ok_and(|value| value == "all");
    let mut random = Pcg64Mcg::seed_from_u64(1);
    let mut flips = 0;
    for file in segments(&path) {
        let bytes = fs::read(&file).unwrap();
        let step = if all { 1 } else { 211 };
        for at in (0..64).chain((64..bytes.len()).step_by(step)).chain(bytes.len() - 20..bytes.len()) {
            let mut damaged = bytes.clone();
            damaged[at] ^= 1 << random.random_range(0..8);
            fs::write(&file, &damaged).unwrap();
            let problem = Problem::from(Gallery::open_with(&path, with(Some(key()))).unwrap_err());
            assert_eq!(problem.path, file, "byte {at}: {problem}");
            assert!(at < 64 || problem.offset.is_some_and(|offset| offset <= at as u64), "byte {at}: {problem}");
            assert!(!check_with(&path, &with(Some(key())), true).is_whole());
            flips += 1;
        }
        for length in [0, 63, 64, 65, 80, 81, bytes.len() / 2, bytes.len() - 16, bytes.len() - 1] {
            fs::write(&file, &bytes[..length]).unwrap();
            assert!(Gallery::open_with(&path, with(Some(key()))).unwrap_err().is_damage(), "cut to {length}");
        }
        fs::write(&file, [&bytes[..], &[0; 70]].concat()).unwrap();
        assert!(Gallery::open_with(&path, with(Some(key()))).unwrap_err().is_damage());
        fs::write(&file, &bytes).unwrap();
    }
    assert_eq!(content_at(&path, with(Some(key()))).unwrap(), whole);
    eprintln!("{flips} bytes flipped");
}

#[test]
fn sealed_blocks_and_files_cannot_be_exchanged() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("g");
    let gallery = create(&path);
    let mut writer = gallery.writer(Arc::new(Doubles)).unwrap();
    // Enough for several blocks of a segment.
    (0..400).for_each(|i| writer.enroll(sample(i)).unwrap());
    writer.commit().unwrap();
    writer.compact().unwrap();
    drop(writer);
    let refused = |what: &str| {
        let error = Gallery::open_with(&path, with(Some(key()))).unwrap_err();
        assert!(error.is_damage(), "{what}: {error}");
    };
    let file = segments(&path).remove(0);
    let bytes = fs::read(&file).unwrap();
    let block = (64 << 10) + 16;
    assert!(bytes.len() > 64 + 2 * block, "{} bytes", bytes.len());
    let mut swapped = bytes.clone();
    let (first, second) = swapped[64..64 + 2 * block].split_at_mut(block);
    first.swap_with_slice(second);
    fs::write(&file, &swapped).unwrap();
    refused("two blocks swapped");
    fs::write(&file, &bytes[..64 + block]).unwrap();
    refused("cut between two blocks");
    fs::write(&file, [&bytes[..64], &bytes[64 + block..]].concat()).unwrap();
    refused("the first block left out");
    // The same segment number of a gallery with the same key.
    let other = directory.path().join("other");
    build(&other);
    fs::copy(segments(&other).remove(0), &file).unwrap();
    refused("the segment of another gallery");
    // A plain segment in place of a sealed one.
    let plain = directory.path().join("plain");
    repair_with(&other, &with(Some(key())), &plain, None, Arc::new(Doubles)).unwrap();
    fs::copy(segments(&plain).remove(0), &file).unwrap();
    refused("a plain segment");
}

#[test]
fn no_two_files_are_sealed_alike() {
    // The same registrations under the same numbers: a writer that was dropped has used segment 1 before.
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("g");
    let gallery = create(&path);
    let mut seen: Vec<Vec<u8>> = Vec::new();
    for _ in 0..3 {
        let mut writer = gallery.writer(Arc::new(Doubles)).unwrap();
        (0..8).for_each(|i| writer.enroll(sample(i)).unwrap());
        assert_eq!(writer.staged(), 8);
        // Asking for the removal of somebody staged writes the stage as a file.
        let _ = writer.remove(&PersonalId::new(sample(0).personal_id.as_str(), IdScheme::Vietnam).unwrap()).unwrap();
        let file = segments(&path).remove(0);
        assert!(file.ends_with("segment-0000000001"));
        seen.push(fs::read(file).unwrap());
    }
    let blocks: BTreeSet<&[u8]> = seen.iter().flat_map(|file| file[64..].chunks_exact(16)).collect();
    assert_eq!(
        blocks.len(),
        seen.iter().map(|file| (file.len() - 64) / 16).sum::<usize>(),
        "sixteen bytes stand twice"
    );
}

#[test]
fn repair_keeps_what_is_whole_and_changes_the_key() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("g");
    // One segment in which no block holds something of every column.
    let read = ReadOptions { limits: Limits::default(), ..with(Some(key())) };
    let gallery = Gallery::create(&path, Options { face: Some(face_spec()), read, ..Options::default() }).unwrap();
    let mut writer = gallery.writer(Arc::new(Doubles)).unwrap();
    (0..2000).for_each(|i| writer.enroll(sample(i)).unwrap());
    writer.commit().unwrap();
    drop(writer);
    let whole = content(&gallery.snapshot()).unwrap();
    let file = segments(&path).remove(0);
    let bytes = fs::read(&file).unwrap();
    let mut partly = 0;
    for block in (0..(bytes.len() - 64) / ((64 << 10) + 16)).step_by(5) {
        let mut damaged = bytes.clone();
        damaged[64 + ((64 << 10) + 16) * block + 1000] ^= 1;
        fs::write(&file, &damaged).unwrap();
        let report = check_with(&path, &with(Some(key())), true);
        let named = format!("sealed block {block}");
        assert!(report.problems.iter().any(|problem| problem.part == named) || block == 0, "{:?}", report.problems);
        let (into, new) = (directory.path().join(format!("r{block}")), Key::generate().unwrap());
        let repaired = repair_with(&path, &with(Some(key())), &into, Some(new.clone()), Arc::new(Doubles)).unwrap();
        assert_eq!(repaired.kept + repaired.lost, whole.len() as u64);
        assert!(repaired.is_complete() || !repaired.problems.is_empty());
        assert!(matches!(Gallery::open_with(&into, with(Some(key()))), Err(GalleryError::WrongKey { .. })));
        let kept = content_at(&into, with(Some(new))).unwrap();
        assert_eq!(kept.len() as u64, repaired.kept);
        assert!(kept.iter().all(|(name, bytes)| whole[name] == *bytes));
        partly += usize::from(repaired.kept > 0 && repaired.lost > 0);
    }
    assert!(partly > 0, "a damaged block costs its own rows alone");
}
