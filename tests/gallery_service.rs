//! What an operator does to a gallery in service, and what befalls it: backups put back, full disks, checks beside a writer.
#![allow(clippy::unwrap_used)]

mod gallery_support;

use gallery_support::{Doubles, face_spec, new_gallery, registration};
use std::{
    fs, io,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering::Relaxed},
    },
};
use vantay::{
    gallery::{Disk, Gallery, GalleryError, Limits, Options, ReadOptions, Storage, StorageFile, Writer, check, repair},
    registration::{IdScheme, PersonalId},
};

fn enroll(writer: &mut Writer, i: u64) {
    writer.enroll(registration(&format!("r{i}"), &format!("{i:012}"), i)).unwrap();
}

/// Twenty registrations, which take more room than the overhead of a segment.
fn enroll_many(writer: &mut Writer, i: u64) {
    (20 * i..20 * i + 20).for_each(|i| enroll(writer, i));
}

fn with(path: &Path, limits: Limits, storage: Arc<dyn Storage>) -> Gallery {
    let read = ReadOptions { limits, storage, ..ReadOptions::default() };
    Gallery::create(path, Options { face: Some(face_spec()), read, ..Options::default() }).unwrap()
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir(to).unwrap();
    for entry in fs::read_dir(from).unwrap().map(Result::unwrap) {
        fs::copy(entry.path(), to.join(entry.file_name())).unwrap();
    }
}

/// Empties `to` and puts the files of `from` there.
fn put_back(from: &Path, to: &Path) {
    fs::read_dir(to).unwrap().for_each(|entry| fs::remove_file(entry.unwrap().path()).unwrap());
    fs::read_dir(from).unwrap().map(Result::unwrap).for_each(|entry| {
        fs::copy(entry.path(), to.join(entry.file_name())).unwrap();
    });
}

#[test]
fn small_segments_merge_whatever_one_file_may_hold() {
    let directory = tempfile::tempdir().unwrap();
    // A registration takes some kilobytes of overhead alone, so one file holds about a dozen of these segments.
    let limits = Limits { fan_in: 4, merged_bytes: 32 << 10, ..Limits::default() };
    let gallery = with(&directory.path().join("g"), limits, Arc::new(Disk));
    let mut writer = gallery.writer(Arc::new(Doubles)).unwrap();
    for i in 0..300 {
        enroll(&mut writer, i);
        writer.commit().unwrap();
        assert!(writer.merge_error().is_none());
    }
    let info = gallery.snapshot().info();
    assert_eq!(info.registrations, 300);
    // What fits into one file at least half fills it, and less than `fan_in` of each tier below stand.
    let most = 4 * info.bytes / limits.merged_bytes + 12;
    assert!(info.segments as u64 <= most, "{} segments of {} bytes", info.segments, info.bytes);
}

#[test]
fn a_backup_that_is_put_back_is_what_the_gallery_is() {
    let directory = tempfile::tempdir().unwrap();
    let (path, backup) = (directory.path().join("g"), directory.path().join("backup"));
    let gallery = with(&path, Limits::default(), Arc::new(Disk));
    let mut writer = gallery.writer(Arc::new(Doubles)).unwrap();
    (0..3).for_each(|i| {
        enroll(&mut writer, i);
        writer.commit().unwrap();
    });
    drop(writer);
    copy(&path, &backup);
    let mut writer = gallery.writer(Arc::new(Doubles)).unwrap();
    enroll(&mut writer, 3);
    writer.commit().unwrap();
    writer.compact().unwrap();
    drop(writer);
    put_back(&backup, &path);

    // The handle is from before; it must neither sweep away what it does not know nor go on from what is gone.
    let mut writer = gallery.writer(Arc::new(Doubles)).unwrap();
    assert_eq!(gallery.snapshot().info().registrations, 3);
    enroll(&mut writer, 9);
    writer.commit().unwrap();
    drop(writer);
    assert!(check(&path, true).is_whole());
    let reopened = Gallery::open(&path).unwrap().snapshot();
    assert_eq!(reopened.info().registrations, 4);
    assert!(reopened.find_registration("r9").unwrap().is_some() && reopened.find_registration("r3").unwrap().is_none());
}

#[test]
fn who_is_removed_before_the_commit_that_would_show_him_leaves_no_file() {
    let (directory, gallery) = new_gallery();
    let mut writer = gallery.writer(Arc::new(Doubles)).unwrap();
    enroll(&mut writer, 0);
    writer.commit().unwrap();
    enroll(&mut writer, 1);
    writer.remove(&PersonalId::new("000000000001", IdScheme::Vietnam).unwrap()).unwrap();
    writer.commit().unwrap();
    let files = fs::read_dir(directory.path().join("g")).unwrap().map(|entry| entry.unwrap().path());
    let with_name = files.filter(|file| fs::read(file).unwrap().windows(12).any(|window| window == b"000000000001"));
    assert_eq!(with_name.count(), 0);
}

#[test]
fn a_check_beside_a_writer_finds_a_sound_gallery_sound() {
    let (directory, gallery) = new_gallery();
    let path = directory.path().join("g");
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let writing = scope.spawn(|| {
            let mut writer = gallery.writer(Arc::new(Doubles)).unwrap();
            for i in 0..150 {
                enroll(&mut writer, i);
                writer.commit().unwrap();
            }
            done.store(true, Relaxed);
        });
        while !done.load(Relaxed) {
            let report = check(&path, true);
            assert!(report.is_whole(), "{:?}", report.problems);
        }
        writing.join().unwrap();
    });
}

#[test]
fn a_repair_by_an_old_copy_of_the_manifest_says_what_it_does_not_know() {
    let (directory, gallery) = new_gallery();
    let path = directory.path().join("g");
    let mut writer = gallery.writer(Arc::new(Doubles)).unwrap();
    enroll(&mut writer, 0);
    writer.commit().unwrap();
    let old = fs::read(path.join("manifest.copy")).unwrap();
    enroll(&mut writer, 1);
    writer.commit().unwrap();
    drop((writer, gallery));
    fs::write(path.join("manifest.copy"), &old).unwrap();
    fs::write(path.join("manifest"), b"garbage").unwrap();
    let repaired = repair(&path, directory.path().join("into"), Arc::new(Doubles)).unwrap();
    assert_eq!((repaired.kept, repaired.unknown_segments, repaired.is_complete()), (1, 1, false));
    assert!(repaired.problems.iter().any(|problem| problem.path.ends_with("segment-0000000002")));
}

/// A disk that takes no file larger than it is told to.
struct Small(Arc<AtomicU64>);

struct SmallFile {
    file: Box<dyn StorageFile>,
    left: u64,
}

impl Storage for Small {
    fn create_directory(&self, path: &Path) -> io::Result<()> {
        Disk.create_directory(path)
    }

    fn create(&self, path: &Path) -> io::Result<Box<dyn StorageFile>> {
        Ok(Box::new(SmallFile { file: Disk.create(path)?, left: self.0.load(Relaxed) }))
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

impl StorageFile for SmallFile {
    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.left = self.left.checked_sub(bytes.len() as u64).ok_or(io::ErrorKind::StorageFull)?;
        self.file.append(bytes)
    }

    fn sync(&mut self) -> io::Result<()> {
        self.file.sync()
    }
}

#[test]
fn a_merge_that_finds_no_room_fails_no_commit_and_is_not_tried_at_each() {
    let directory = tempfile::tempdir().unwrap();
    let room = Arc::new(AtomicU64::new(u64::MAX));
    let limits = Limits { fan_in: 4, ..Limits::default() };
    let gallery = with(&directory.path().join("g"), limits, Arc::new(Small(room.clone())));
    let mut writer = gallery.writer(Arc::new(Doubles)).unwrap();
    let (mut failed, mut next) = (0, 0);
    for i in 0..40 {
        enroll_many(&mut writer, i);
        writer.commit().unwrap();
        // Room for a segment, and for the manifest, but not for four segments in one.
        room.store(2 * gallery.snapshot().segments()[0].path().metadata().unwrap().len(), Relaxed);
        // A merge that fails uses a segment's number up.
        let segments = gallery.snapshot().segments().last().unwrap().id();
        failed += segments - next - 1;
        next = segments;
    }
    assert!(matches!(writer.merge_error(), Some(GalleryError::Io { .. })), "{:?}", writer.merge_error());
    assert!(failed < 20, "{failed} numbers used up by merges in 40 commits");
    room.store(u64::MAX, Relaxed);
    for i in 40..100 {
        enroll_many(&mut writer, i);
        writer.commit().unwrap();
    }
    assert!(writer.merge_error().is_none());
    let info = gallery.snapshot().info();
    assert!((info.registrations, true) == (2000, info.segments < 20), "{} segments", info.segments);
}

#[test]
fn a_gallery_may_be_made_where_a_creation_was_interrupted() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("g");
    Disk.create_directory(&path).unwrap();
    Disk.create(&path.join("manifest.next")).unwrap().append(b"half").unwrap();
    assert!(Gallery::create(&path, Options::default()).is_ok());
    assert!(matches!(Gallery::create(&path, Options::default()), Err(GalleryError::Exists { .. })));
}

#[test]
fn embeddings_come_out_of_a_repair_as_they_went_in() {
    let (directory, gallery) = new_gallery();
    let path = directory.path().join("g");
    let mut writer = gallery.writer(Arc::new(Doubles)).unwrap();
    (0..2000).for_each(|i| enroll(&mut writer, i));
    writer.commit().unwrap();
    drop(writer);
    let into = directory.path().join("into");
    repair(&path, &into, Arc::new(Doubles)).unwrap();
    let embeddings =
        |gallery: &Gallery| gallery.snapshot().segments()[0].faces().unwrap().unwrap().embeddings().unwrap().to_vec();
    assert!(embeddings(&gallery) == embeddings(&Gallery::open(&into).unwrap()));
}
