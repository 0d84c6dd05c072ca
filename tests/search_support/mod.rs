//! What tests of searches share: a gallery of given registrations.

use std::sync::Arc;
use vantay::{
    gallery::{FaceSpec, Gallery, Limits, Options, ReadOptions},
    registration::Registration,
    search::SearchColumns,
};

/// Of the synthetic embeddings.
pub const DIMENSION: usize = 512;

/// A gallery of `registrations`, in segments of at most `rows`.
pub fn gallery(registrations: &[Registration], rows: usize) -> (tempfile::TempDir, Gallery) {
    let directory = tempfile::tempdir().unwrap();
    let limits = Limits { staged_rows: rows, merged_rows: rows, ..Limits::default() };
    let options = Options {
        face: Some(FaceSpec { model: "synthetic".into(), dimension: DIMENSION }),
        read: ReadOptions { limits, ..ReadOptions::default() },
        ..Options::default()
    };
    let gallery = Gallery::create(directory.path().join("gallery"), options).unwrap();
    let mut writer = gallery.writer(Arc::new(SearchColumns)).unwrap();
    for registration in registrations {
        writer.enroll(registration.clone()).unwrap();
    }
    writer.commit().unwrap();
    drop(writer);
    (directory, gallery)
}
