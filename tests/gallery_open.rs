//! Opening costs the segments, not what is in them.
#![allow(clippy::unwrap_used)]

mod gallery_support;

use gallery_support::{Doubles, face_spec, sample};
use std::{
    sync::Arc,
    time::{Duration, Instant},
};
use vantay::gallery::{Gallery, Limits, Options, ReadOptions};

/// As many segments as a bulk load of ten million registrations leaves before it is compacted.
#[test]
fn as_many_segments_as_ten_million_registrations_make_open_in_milliseconds() {
    let directory = tempfile::tempdir().unwrap();
    let limits = Limits { staged_rows: 4, fan_in: 1000, ..Limits::default() };
    let read = ReadOptions { limits, ..ReadOptions::default() };
    let path = directory.path().join("g");
    let gallery = Gallery::create(&path, Options { face: Some(face_spec()), read, ..Options::default() }).unwrap();
    let mut writer = gallery.writer(Arc::new(Doubles)).unwrap();
    (0..4 * 153).for_each(|i| writer.enroll(sample(i)).unwrap());
    writer.commit().unwrap();
    drop(writer);
    let fastest = (0..20)
        .map(|_| {
            let start = Instant::now();
            let gallery = Gallery::open(&path).unwrap();
            assert_eq!(gallery.snapshot().info().segments, 153);
            start.elapsed()
        })
        .min();
    eprintln!("153 segments opened in {fastest:?}");
    // A wide margin: this may run unoptimised and beside other work.
    assert!(fastest.unwrap() < Duration::from_millis(50), "{fastest:?}");
    let whole = gallery.snapshot();
    let start = Instant::now();
    let refreshed = gallery.refresh().unwrap();
    eprintln!("refreshed in {:?}", start.elapsed());
    assert_eq!(whole.info(), refreshed.info());
}
