//! Opening costs the segments, not what is in them. How long it takes, `cargo bench --bench gallery_open` measures.
#![allow(clippy::unwrap_used)]

mod gallery_support;

use gallery_support::{
    Doubles, face_spec, sample,
    sparse::{ROWS, sparse_gallery},
};
use std::{
    path::Path,
    sync::{Arc, Mutex},
};
use vantay::gallery::{Gallery, Limits, Options, ReadOptions};

/// One test at a time: memory is the process's.
static QUIET: Mutex<()> = Mutex::new(());

/// What an opening took of memory.
#[derive(Debug)]
struct Opening {
    /// Pages that were touched for the first time; a mapping's are, when something is read there.
    pages: u64,
    /// Resident bytes more than before.
    resident: u64,
}

/// Opens a gallery; `None` where the system does not say what that takes.
fn open(path: &Path) -> Option<Opening> {
    let pages = || -> Option<u64> {
        let text = std::fs::read_to_string("/proc/thread-self/stat").ok()?;
        let fields: Vec<&str> = text.rsplit_once(')')?.1.split_whitespace().collect();
        // Of proc(5): the 10th field are the minor faults, the 12th the major ones; two stand before the bracket.
        Some(fields.get(7)?.parse::<u64>().ok()? + fields.get(9)?.parse::<u64>().ok()?)
    };
    let resident = || -> Option<u64> {
        let text = std::fs::read_to_string("/proc/self/statm").ok()?;
        Some(text.split(' ').nth(1)?.parse::<u64>().ok()? * 4096)
    };
    let before = pages().zip(resident());
    let _gallery = Gallery::open(path).unwrap();
    let ((pages, resident), (more_pages, more_resident)) = before.zip(pages().zip(resident()))?;
    Some(Opening { pages: more_pages - pages, resident: more_resident.saturating_sub(resident) })
}

/// As many segments as a bulk load of ten million registrations leaves before it is compacted.
#[test]
fn what_has_not_changed_is_not_opened_again() {
    let _quiet = QUIET.lock();
    let directory = tempfile::tempdir().unwrap();
    let limits = Limits { staged_rows: 4, fan_in: 1000, ..Limits::default() };
    let read = ReadOptions { limits, ..ReadOptions::default() };
    let path = directory.path().join("g");
    let gallery = Gallery::create(&path, Options { face: Some(face_spec()), read, ..Options::default() }).unwrap();
    let mut writer = gallery.writer(Arc::new(Doubles)).unwrap();
    (0..4 * 153).for_each(|i| writer.enroll(sample(i)).unwrap());
    writer.commit().unwrap();
    drop(writer);
    let opened = Gallery::open(&path).unwrap();
    assert_eq!(opened.snapshot().info().segments, 153);
    let (before, after) = (opened.snapshot(), opened.refresh().unwrap());
    assert_eq!(before.info(), after.info());
    let same = before.segments().iter().zip(after.segments()).all(|(before, after)| {
        let [before, after] =
            [before, after].map(|segment| segment.faces().unwrap().map(|faces| faces.rows().as_ptr()));
        before == after
    });
    assert!(same, "a segment was mapped a second time");
}

/// Ten million registrations with a portrait and two fingers, 29 GB, and a hundred million, 280 GB: holes, but for what opening reads.
#[test]
fn a_hundred_million_registrations_open_and_answer_like_two_hundred_thousand() {
    let _quiet = QUIET.lock();
    let directory = tempfile::tempdir().unwrap();
    for segments in [20, 191] {
        let openings = [("few", ROWS >> 9), ("many", ROWS)].map(|(name, rows)| {
            let path = directory.path().join(format!("{name}-{segments}"));
            sparse_gallery(&path, segments, rows);
            // Once to have what any opening needs, such as code that was never run.
            drop(Gallery::open(&path).unwrap());
            let info = Gallery::open(&path).unwrap().snapshot().info();
            assert_eq!((info.registrations, info.segments), (segments * rows, segments as usize));
            open(&path)
        });
        let [Some(few), Some(many)] = openings else {
            eprintln!("skipped: what opening takes of memory, which this system does not say");
            return;
        };
        eprintln!("{segments} segments of few and many rows: {few:?}, {many:?}");
        // Header, table and trailer, whatever lies between them, and what describes them.
        assert!(many.pages <= few.pages + segments && many.pages <= 32 * segments, "{few:?} {many:?}");
        assert!(many.resident < segments * (64 << 10), "{many:?}");
    }
}
