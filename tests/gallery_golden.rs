//! Galleries written by every version of the format read to what was enrolled.
//!
//! `VANTAY_BLESS=1` writes the gallery of the version at hand, where there is none yet.
#![allow(clippy::unwrap_used)]

mod gallery_support;

use gallery_support::{Doubles, assert_same, face_spec, sample};
use std::{
    path::{Path, PathBuf},
    sync::Arc,
};
use vantay::{
    gallery::{Gallery, Options, Privacy, ReadOptions, check},
    registration::{IdScheme, PersonalId},
};

fn golden(version: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(format!("gallery-{version}"))
}

fn write(path: &Path) {
    let gallery = Gallery::create(path, Options { face: Some(face_spec()), ..Options::default() }).unwrap();
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
    for version in ["1.0"] {
        let path = golden(version);
        if std::env::var_os("VANTAY_BLESS").is_some() && !path.exists() {
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            write(&path);
        }
        // A checkout gives the files other permissions.
        let options = ReadOptions { privacy: Privacy::Warned, ..ReadOptions::default() };
        let gallery = Gallery::open_with(&path, options).unwrap();
        let snapshot = gallery.snapshot();
        assert_eq!((snapshot.info().registrations, snapshot.info().removed_rows), (5, 1), "version {version}");
        for i in (0..6).filter(|&i| i != 2) {
            let expected = sample(i);
            let place = snapshot.find_registration(expected.id.as_str()).unwrap().unwrap();
            assert_same(&snapshot.segments()[place.segment].registration(place.row as usize).unwrap(), &expected);
        }
        let report = check(&path, true);
        assert!(report.is_whole(), "version {version}: {:?}", report.problems);
    }
}
