//! Damage is an error that names file and place: never a wrong answer, never a crash.
#![allow(clippy::unwrap_used)]

mod gallery_support;

use gallery_support::{
    Doubles,
    content::{Content, content, content_at, read},
    face_spec, sample,
    segment::sign,
};
use rand::{RngExt, SeedableRng};
use rand_pcg::Pcg64Mcg;
use std::{
    fs,
    path::{Path, PathBuf},
    sync::Arc,
};
use vantay::{
    gallery::{Checking, Gallery, GalleryError, Limits, NothingDerived, Options, Problem, ReadOptions, check, repair},
    registration::{IdScheme, PersonalId},
};

/// A gallery of several segments, one of them with removed rows.
fn build(path: &Path) -> Content {
    let limits = Limits { staged_rows: 8, ..Limits::default() };
    let read = ReadOptions { limits, ..ReadOptions::default() };
    let gallery = Gallery::create(path, Options { face: Some(face_spec()), read, ..Options::default() }).unwrap();
    let mut writer = gallery.writer(Arc::new(Doubles)).unwrap();
    for i in 0..20 {
        writer.enroll(sample(i)).unwrap();
    }
    writer.commit().unwrap();
    writer.remove(&PersonalId::new(sample(3).personal_id.as_str(), IdScheme::Vietnam).unwrap()).unwrap();
    writer.commit().unwrap();
    content(&gallery.snapshot()).unwrap()
}

/// The files that hold the gallery: not the lock, and not the copy that repair alone reads.
fn files(path: &Path) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> = fs::read_dir(path).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|file| !file.ends_with("lock") && !file.ends_with("manifest.copy"));
    files.sort();
    files
}

/// Overwrites a file in place.
fn overwrite(file: &Path, bytes: &[u8]) {
    fs::write(file, bytes).unwrap();
}

/// The damaged gallery is not read as if it were whole, and the check names the file.
fn assert_seen(path: &Path, file: &Path, whole: &Content, what: &str) {
    match content_at(path, ReadOptions::default()) {
        Ok(found) => assert!(found == *whole, "{what}: a wrong answer"),
        Err(error) => {
            let problem = Problem::from(error);
            assert!(problem.path == file || problem.path == path, "{what}: {problem}");
        }
    }
    let report = check(path, true);
    assert!(!report.is_whole(), "{what}: the check sees nothing");
    assert!(report.problems.iter().any(|p| p.path == file || p.path == path), "{what}: {:?}", report.problems);
    // Without checksums the answer may be wrong, but nothing crashes.
    let unchecked = ReadOptions { checking: Checking::Off, ..ReadOptions::default() };
    let _ = Gallery::open_with(path, unchecked).map(|gallery| read(&gallery.snapshot(), false));
}

#[test]
fn any_flipped_byte_is_seen() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("g");
    let whole = build(&path);
    let mut random = Pcg64Mcg::seed_from_u64(1);
    // Every byte would take minutes in a debug build; VANTAY_FLIPS=all does it.
    let all = std::env::var("VANTAY_FLIPS").is_ok_and(|value| value == "all");
    let mut flips = 0;
    for file in files(&path) {
        let bytes = fs::read(&file).unwrap();
        let sparse = if file.ends_with("manifest") || bytes.len() < 1000 { 1 } else { 37 };
        let first = random.random_range(0..sparse);
        let tail = bytes.len().saturating_sub(if all { bytes.len() } else { 200 });
        let places = (first..tail).step_by(sparse).chain(tail..bytes.len()).chain(0..64.min(tail));
        for at in places {
            let mut damaged = bytes.clone();
            damaged[at] ^= 1 << random.random_range(0..8);
            overwrite(&file, &damaged);
            assert_seen(&path, &file, &whole, &format!("{}, byte {at}", file.display()));
            flips += 1;
        }
        overwrite(&file, &bytes);
    }
    assert_eq!(content_at(&path, ReadOptions::default()).unwrap(), whole);
    eprintln!("{flips} bytes flipped");
}

#[test]
fn any_cut_file_is_seen() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("g");
    let whole = build(&path);
    for file in files(&path) {
        let bytes = fs::read(&file).unwrap();
        let step = (bytes.len() / 60).max(1);
        for length in (0..bytes.len()).step_by(step).chain([bytes.len() - 1]) {
            overwrite(&file, &bytes[..length]);
            assert_seen(&path, &file, &whole, &format!("{} cut to {length}", file.display()));
        }
        overwrite(&file, &[&bytes[..], b"more"].concat());
        assert_seen(&path, &file, &whole, &format!("{} with more", file.display()));
        overwrite(&file, &vec![0; bytes.len()]);
        assert_seen(&path, &file, &whole, &format!("{} of zeros", file.display()));
        fs::remove_file(&file).unwrap();
        assert_seen(&path, &file, &whole, &format!("{} deleted", file.display()));
        overwrite(&file, &bytes);
        make_private(&file);
    }
    assert_eq!(content_at(&path, ReadOptions::default()).unwrap(), whole);
}

fn make_private(file: &Path) {
    #[cfg(unix)]
    fs::set_permissions(file, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
}

#[test]
fn swapped_and_foreign_segments_are_seen() {
    let directory = tempfile::tempdir().unwrap();
    let [a, b] = ["a", "b"].map(|name| directory.path().join(name));
    let whole = build(&a);
    assert_eq!(build(&b), whole, "the same content in another gallery");
    let segments: Vec<PathBuf> =
        files(&a).into_iter().filter(|f| f.file_name().unwrap().to_str().unwrap().starts_with("segment")).collect();
    let [one, two] = [&segments[0], &segments[1]];
    let bytes = [one, two].map(|file| fs::read(file).unwrap());
    overwrite(one, &bytes[1]);
    overwrite(two, &bytes[0]);
    assert_seen(&a, one, &whole, "swapped segments");
    overwrite(one, &bytes[0]);
    overwrite(two, &bytes[1]);
    for file in files(&a).into_iter().filter(|file| !file.ends_with("manifest")) {
        let own = fs::read(&file).unwrap();
        overwrite(&file, &fs::read(b.join(file.file_name().unwrap())).unwrap());
        assert_seen(&a, &file, &whole, &format!("{} of another gallery", file.display()));
        overwrite(&file, &own);
    }
    overwrite(&a.join("manifest"), &fs::read(b.join("manifest")).unwrap());
    assert_seen(&a, one, &whole, "another gallery's manifest");
}

#[test]
fn a_later_format_is_refused_by_name() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("g");
    build(&path);
    let text = fs::read_to_string(path.join("manifest")).unwrap();
    overwrite(&path.join("manifest"), text.replacen(" 1.1 ", " 1.7 ", 1).as_bytes());
    let error = Gallery::open(&path).unwrap_err();
    assert!(error.to_string().ends_with("format 1.7 is newer than 1.1, the newest this version reads"), "{error}");
    let (line, body) = text.split_once('\n').unwrap();
    let body = body.replacen("\"features\":[]", "\"features\":[\"mirrored\"]", 1);
    assert!(line.starts_with("VANTAY-GALLERY 1.1 "));
    let line = "VANTAY-GALLERY 1.0";
    let checksum = crc32c::crc32c(body.as_bytes());
    let text = format!("{line} crc32c={checksum:08x} length={}\n{body}", body.len());
    overwrite(&path.join("manifest"), text.as_bytes());
    let error = Gallery::open(&path).unwrap_err();
    assert!(matches!(&error, GalleryError::Feature { feature, .. } if feature == "mirrored"), "{error}");
}

#[test]
fn repair_keeps_every_registration_that_is_whole() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("g");
    let whole = build(&path);
    let segments: Vec<PathBuf> =
        files(&path).into_iter().filter(|f| f.file_name().unwrap().to_str().unwrap().starts_with("segment")).collect();
    let mut random = Pcg64Mcg::seed_from_u64(5);
    for round in 0..60 {
        let file = &segments[random.random_range(0..segments.len())];
        let bytes = fs::read(file).unwrap();
        let mut damaged = bytes.clone();
        damaged[random.random_range(0..bytes.len())] ^= 0x40;
        overwrite(file, &damaged);
        let into = directory.path().join(format!("repaired-{round}"));
        let repaired = repair(&path, &into, Arc::new(Doubles)).unwrap();
        assert_eq!(repaired.kept + repaired.lost, whole.len() as u64);
        let kept = content_at(&into, ReadOptions::default()).unwrap();
        assert_eq!(kept.len() as u64, repaired.kept);
        assert!(kept.len() >= whole.len() - 8, "one segment of eight was damaged");
        assert!(kept.iter().all(|(name, bytes)| whole[name] == *bytes), "what is kept is as it was");
        assert!(repaired.is_complete() || !repaired.problems.is_empty());
        assert!(check(&into, true).is_whole());
        overwrite(file, &bytes);
    }
}

#[test]
fn repair_does_without_the_manifest_and_brings_nobody_back() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("g");
    let whole = build(&path);
    let copy = fs::read(path.join("manifest.copy")).unwrap();
    fs::write(path.join("manifest"), b"VANTAY-GALLERY").unwrap();
    let repaired = repair(&path, directory.path().join("r"), Arc::new(NothingDerived)).unwrap();
    assert_eq!((repaired.kept, repaired.lost), (whole.len() as u64, 0));
    // A copy from before the last removal is refused.
    let gallery = repair_source(&directory, &path, &copy);
    assert!(repair(&gallery, directory.path().join("r2"), Arc::new(NothingDerived)).is_err());
}

/// A gallery whose manifest is lost and whose copy is a commit behind a removal.
fn repair_source(directory: &tempfile::TempDir, path: &Path, copy: &[u8]) -> PathBuf {
    fs::write(path.join("manifest"), copy).unwrap();
    let gallery = Gallery::open(path).unwrap();
    let mut writer = gallery.writer(Arc::new(NothingDerived)).unwrap();
    writer.remove(&PersonalId::new(sample(12).personal_id.as_str(), IdScheme::Vietnam).unwrap()).unwrap();
    writer.commit().unwrap();
    drop(writer);
    fs::write(path.join("manifest.copy"), copy).unwrap();
    fs::remove_file(path.join("manifest")).unwrap();
    assert!(directory.path().exists());
    path.to_path_buf()
}

/// `VANTAY_CRAFTS` says how many.
#[test]
fn a_crafted_segment_crashes_nothing() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("g");
    build(&path);
    let segment = files(&path).into_iter().find(|f| f.file_name().unwrap().to_str().unwrap().starts_with("segment"));
    let segment = segment.unwrap();
    let bytes = fs::read(&segment).unwrap();
    let manifest = fs::read(path.join("manifest")).unwrap();
    let table = u64::from_le_bytes(bytes[bytes.len() - 40..bytes.len() - 32].try_into().unwrap()) as usize;
    let mut random = Pcg64Mcg::seed_from_u64(11);
    let (mut opened, mut read_whole) = (0, 0);
    let crafts = std::env::var("VANTAY_CRAFTS").ok().and_then(|n| n.parse().ok()).unwrap_or(800);
    for _ in 0..crafts {
        let mut crafted = bytes.clone();
        for _ in 0..random.random_range(1..4) {
            // Numbers in the table, the trailer, the header, or anything at all.
            let at = match random.random_range(0..8) {
                0 => random.random_range(bytes.len() - 64..bytes.len() - 4),
                1 => random.random_range(8..60),
                2 | 3 => random.random_range(64..table),
                _ => random.random_range(table..bytes.len() - 64),
            };
            match random.random_range(0..4) {
                0 => crafted[at] = random.random(),
                1 => crafted[at] ^= 1 << random.random_range(0..8),
                2 => crafted[at] = crafted[at].wrapping_add(1),
                _ => {
                    let at = at / 8 * 8;
                    let value = [u64::MAX, u64::MAX >> 1, 0, 1, 1 << 32, bytes.len() as u64];
                    crafted[at..at + 8].copy_from_slice(&value[random.random_range(0..6)].to_le_bytes());
                }
            }
        }
        sign(&path, &segment, &mut crafted);
        for checking in [Checking::Off, Checking::OnFirstUse] {
            let options = ReadOptions { checking, ..ReadOptions::default() };
            let Ok(gallery) = Gallery::open_with(&path, options) else { continue };
            opened += 1;
            let snapshot = gallery.snapshot();
            read_whole += usize::from(read(&snapshot, false).is_ok());
            snapshot.check(true);
            let mut writer = gallery.writer(Arc::new(NothingDerived)).unwrap();
            let _ = writer.remove(&PersonalId::new(sample(5).personal_id.as_str(), IdScheme::Vietnam).unwrap());
            let _ = writer.enroll(sample(60));
        }
        overwrite(&path.join("manifest"), &manifest);
    }
    eprintln!("{crafts} crafted segments: {opened} opened, {read_whole} read to their end, none crashed");
}
