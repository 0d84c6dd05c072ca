//! Many threads that share a writer and its commits.
#![allow(clippy::unwrap_used)]

mod gallery_support;

use gallery_support::{Doubles, face_spec, new_gallery, registration};
use std::{
    io,
    path::Path,
    sync::{
        Arc, Barrier,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
};
use vantay::gallery::{
    Disk, Gallery, GalleryError, GroupWriter, Options, ReadOptions, Rejection, Storage, StorageFile, check,
};

const THREADS: u64 = 8;
const EACH: u64 = 25;

fn name(thread: u64, i: u64) -> String {
    format!("t{thread}-{i}")
}

#[test]
fn each_is_found_when_its_call_returns_and_bad_ones_spoil_nothing() {
    let (directory, gallery) = new_gallery();
    let writer = GroupWriter::new(gallery.writer(Arc::new(Doubles)).unwrap());
    let start = Barrier::new(THREADS as usize);
    std::thread::scope(|scope| {
        for thread in 0..THREADS {
            let (writer, gallery, start) = (&writer, &gallery, &start);
            scope.spawn(move || {
                start.wait();
                for i in 0..EACH {
                    let person = format!("{:012}", thread * EACH + i);
                    let commit = writer.enroll(registration(&name(thread, i), &person, i)).unwrap();
                    let snapshot = gallery.refresh().unwrap();
                    assert!(snapshot.info().commit >= commit.number);
                    assert!(snapshot.find_registration(&name(thread, i)).unwrap().is_some());
                    let again = writer.enroll(registration(&name(thread, i), &person, i)).unwrap_err();
                    assert!(matches!(again, Rejection::Exists { .. }), "{again}");
                }
            });
        }
    });
    let info = gallery.refresh().unwrap().info();
    assert_eq!((info.registrations, info.subjects), (THREADS * EACH, THREADS * EACH));
    assert_eq!(writer.into_writer().staged(), 0);
    assert!(check(directory.path().join("g"), true).is_whole());
}

#[test]
fn who_waits_during_a_commit_shares_the_next() {
    let (_directory, gallery) = new_gallery();
    let writer = GroupWriter::new(gallery.writer(Arc::new(Doubles)).unwrap());
    let before = gallery.snapshot().info().commit;
    let come = AtomicU64::new(0);
    std::thread::scope(|scope| {
        // While the writer is held somebody takes the lead with what waits then, and all others come too late for that.
        writer.with(|_| {
            for thread in 0..THREADS {
                let (writer, come) = (&writer, &come);
                scope.spawn(move || {
                    come.fetch_add(1, Ordering::Relaxed);
                    writer.enroll(registration(&name(thread, 0), &format!("{thread:012}"), 0)).unwrap()
                });
            }
            while come.load(Ordering::Relaxed) < THREADS {
                std::thread::yield_now();
            }
            // From there to standing in line it is not far.
            std::thread::sleep(std::time::Duration::from_millis(300));
        });
    });
    let info = gallery.refresh().unwrap().info();
    assert_eq!(info.registrations, THREADS);
    // Small segments may be merged behind a commit, which counts as one.
    assert!(info.commit - before <= 4, "{} commits for {THREADS} registrations", info.commit - before);
}

/// A disk that is full once it is told to be.
#[derive(Default)]
struct Filling(AtomicBool);

struct Full(Arc<Filling>);

impl Storage for Full {
    fn create_directory(&self, path: &Path) -> io::Result<()> {
        Disk.create_directory(path)
    }

    fn create(&self, path: &Path) -> io::Result<Box<dyn StorageFile>> {
        if self.0.0.load(Ordering::Relaxed) { Err(io::ErrorKind::StorageFull.into()) } else { Disk.create(path) }
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        Disk.rename(from, to)
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        Disk.remove(path)
    }

    fn sync_directory(&self, path: &Path) -> io::Result<()> {
        Disk.sync_directory(path)
    }
}

#[test]
fn a_commit_that_fails_fails_for_everybody_in_it() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("g");
    let filling = Arc::new(Filling::default());
    let read = ReadOptions { storage: Arc::new(Full(filling.clone())), ..ReadOptions::default() };
    let gallery = Gallery::create(&path, Options { face: Some(face_spec()), read, ..Options::default() }).unwrap();
    let writer = GroupWriter::new(gallery.writer(Arc::new(Doubles)).unwrap());
    writer.enroll(registration("first", "000000000001", 1)).unwrap();
    filling.0.store(true, Ordering::Relaxed);
    std::thread::scope(|scope| {
        for thread in 0..THREADS {
            let writer = &writer;
            scope.spawn(move || {
                let failed = writer.enroll(registration(&name(thread, 0), &format!("{thread:012}"), 0)).unwrap_err();
                let expected = matches!(&failed, Rejection::Failed(GalleryError::Io { .. } | GalleryError::Stopped(_)));
                assert!(expected, "{failed}");
            });
        }
    });
    drop(writer);
    assert_eq!(Gallery::open(&path).unwrap().snapshot().info().registrations, 1);
}
