//! Galleries written by every version of the format read to what was enrolled.
//!
//! `VANTAY_BLESS=1` writes the gallery of the version at hand, where there is none yet.
#![allow(clippy::unwrap_used)]

mod gallery_support;

use gallery_support::{Doubles, assert_same, content::content, face_spec, sample};
use std::{
    path::{Path, PathBuf},
    sync::Arc,
};
use vantay::{
    gallery::{Gallery, GalleryError, Key, Options, Privacy, ReadOptions, check_with},
    registration::{IdScheme, PersonalId},
};

fn golden(version: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(format!("gallery-{version}"))
}

fn write(path: &Path, read: ReadOptions) {
    let gallery = Gallery::create(path, Options { face: Some(face_spec()), read, ..Options::default() }).unwrap();
    let mut writer = gallery.writer(Arc::new(Doubles)).unwrap();
    (0..6).for_each(|i| writer.enroll(sample(i)).unwrap());
    writer.commit().unwrap();
    let gone = PersonalId::new(sample(2).personal_id.as_str(), IdScheme::Vietnam).unwrap();
    writer.remove(&gone).unwrap();
    writer.commit().unwrap();
    drop(writer);
    std::fs::remove_file(path.join("lock")).unwrap();
    std::fs::remove_file(path.join("manifest.copy")).unwrap();
}

#[test]
fn galleries_of_every_version_read() {
    for (version, key) in
        [("1.0", None), ("1.1", None), ("1.1-encrypted", Some(Key::new(*b"the key of the golden gallery...")))]
    {
        let path = golden(version);
        // A checkout gives the files other permissions.
        let options = ReadOptions { privacy: Privacy::Warned, key, ..ReadOptions::default() };
        if std::env::var_os("VANTAY_BLESS").is_some() && !path.exists() {
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            write(&path, options.clone());
        }
        let gallery = Gallery::open_with(&path, options.clone()).unwrap();
        let snapshot = gallery.snapshot();
        assert_eq!((snapshot.info().registrations, snapshot.info().removed_rows), (5, 1), "version {version}");
        for i in (0..6).filter(|&i| i != 2) {
            let expected = sample(i);
            let place = snapshot.find_registration(expected.id.as_str()).unwrap().unwrap();
            assert_same(&snapshot.segments()[place.segment].registration(place.row as usize).unwrap(), &expected);
        }
        let report = check_with(&path, &options, true);
        assert!(report.is_whole(), "version {version}: {:?}", report.problems);
    }
}

/// A copy of a golden gallery.
fn copy(version: &str) -> tempfile::TempDir {
    let directory = tempfile::tempdir().unwrap();
    for entry in std::fs::read_dir(golden(version)).unwrap() {
        let entry = entry.unwrap();
        std::fs::copy(entry.path(), directory.path().join(entry.file_name())).unwrap();
    }
    directory
}

/// What a version to come may say in the header of a segment, sealed or not, whatever its manifest says.
#[test]
fn segments_of_a_later_format_are_refused_by_name() {
    let key = || Some(Key::new(*b"the key of the golden gallery..."));
    for (version, key) in [("1.1", None), ("1.1-encrypted", key())] {
        for (at, value) in [(8, 2u8), (10, 9), (12, 1)] {
            let directory = copy(version);
            let segment = directory.path().join("segment-0000000001");
            let mut bytes = std::fs::read(&segment).unwrap();
            bytes[at] = value;
            let checksum = crc32c::crc32c(&bytes[..60]).to_le_bytes();
            bytes[60..64].copy_from_slice(&checksum);
            std::fs::write(&segment, bytes).unwrap();
            let options = ReadOptions { privacy: Privacy::Warned, key: key.clone(), ..ReadOptions::default() };
            let error = Gallery::open_with(directory.path(), options).unwrap_err();
            let is_named = match &error {
                GalleryError::Newer { path, .. } => at < 12 && *path == segment,
                GalleryError::Feature { path, .. } => at == 12 && *path == segment,
                _ => false,
            };
            assert!(is_named, "{version}, byte {at}: {error}");
        }
    }
}

#[test]
fn galleries_of_every_version_are_written_on() {
    for version in ["1.0", "1.1"] {
        let directory = copy(version);
        let options = ReadOptions { privacy: Privacy::Warned, ..ReadOptions::default() };
        let gallery = Gallery::open_with(directory.path(), options.clone()).unwrap();
        let before = content(&gallery.snapshot()).unwrap();
        let mut writer = gallery.writer(Arc::new(Doubles)).unwrap();
        writer.enroll(sample(10)).unwrap();
        writer.commit().unwrap();
        writer.compact().unwrap();
        let mut after = content(&gallery.snapshot()).unwrap();
        assert!(after.remove(sample(10).id.as_str()).is_some());
        assert_eq!(after, before, "version {version}");
        assert!(check_with(directory.path(), &options, true).is_whole());
    }
}
