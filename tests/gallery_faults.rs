//! What goes wrong around a gallery, from the disk or from who handles its files: nothing is lost by it, and nobody comes back.
#![allow(clippy::unwrap_used)]

mod gallery_support;

use gallery_support::{Doubles, content::content, face_spec, registration};
use std::{
    fs, io,
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicU8, Ordering::Relaxed},
    },
};
use vantay::{
    gallery::{
        Checking, Disk, Gallery, GalleryError, Key, Limits, Options, ReadOptions, Rejection, Snapshot, Storage,
        StorageFile, Writer, check, repair,
    },
    registration::{IdScheme, PersonalId},
};

fn create(path: &Path, read: ReadOptions) -> Gallery {
    Gallery::create(path, Options { face: Some(face_spec()), read, ..Options::default() }).unwrap()
}

fn enroll(writer: &mut Writer, i: u64) {
    writer.enroll(registration(&format!("r{i}"), &subject(i).to_string(), i)).unwrap();
}

/// The subject of `enroll(i)`.
fn subject(i: u64) -> PersonalId {
    PersonalId::new(&format!("{i:012}"), IdScheme::Vietnam).unwrap()
}

fn remove(writer: &mut Writer, i: u64) {
    assert_eq!(writer.remove(&subject(i)).unwrap().registrations, 1);
}

/// Registrations `from..to`, each in a commit and so in a segment of its own.
fn enroll_apart(writer: &mut Writer, numbers: std::ops::Range<u64>) {
    for i in numbers {
        enroll(writer, i);
        writer.commit().unwrap();
    }
}

fn apart() -> Limits {
    Limits { fan_in: 1000, ..Limits::default() }
}

fn holds(snapshot: &Snapshot, i: u64) -> bool {
    snapshot.find_registration(&format!("r{i}")).unwrap().is_some()
}

/// Changes one byte of the embeddings of a segment with one registration.
fn flip(segment: &Path, i: u64) {
    let mut bytes = fs::read(segment).unwrap();
    let portrait = registration("r", "000000000000", i).portrait.unwrap();
    let stored: Vec<u8> = portrait.embedding.as_slice().iter().flat_map(|c| c.to_le_bytes()).collect();
    let at = bytes.windows(16).position(|window| window == &stored[16..32]).unwrap();
    bytes[at] ^= 1;
    // In place, as a disk would, and not as a new file that a mapping does not see.
    let mut file = fs::OpenOptions::new().write(true).open(segment).unwrap();
    io::Write::write_all(&mut file, &bytes).unwrap();
}

/// What an [`Ailing`] disk fails at.
mod fault {
    pub const NONE: u8 = 0;
    /// It makes no directory durable.
    pub const SYNC_DIRECTORY: u8 = 1;
    /// The copy of the manifest cannot be written.
    pub const COPY: u8 = 2;
    /// The manifest does not read once it was published.
    pub const MANIFEST: u8 = 3;
}

/// A disk with one of the faults.
struct Ailing(Arc<AtomicU8>);

impl Storage for Ailing {
    fn create_directory(&self, path: &Path) -> io::Result<()> {
        Disk.create_directory(path)
    }

    fn create(&self, path: &Path) -> io::Result<Box<dyn StorageFile>> {
        if self.0.load(Relaxed) == fault::COPY && path.ends_with("manifest.copy") {
            return Err(io::ErrorKind::StorageFull.into());
        }
        Disk.create(path)
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        Disk.rename(from, to)?;
        if self.0.load(Relaxed) == fault::MANIFEST {
            fs::rename(to, to.with_extension("aside"))?;
            fs::write(to, b"garbage")?;
        }
        Ok(())
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        Disk.remove(path)
    }

    fn sync_directory(&self, path: &Path) -> io::Result<()> {
        if self.0.load(Relaxed) == fault::SYNC_DIRECTORY {
            return Err(io::ErrorKind::Other.into());
        }
        Disk.sync_directory(path)
    }
}

/// A gallery on a disk that is well until it is told otherwise.
fn on_ailing_disk() -> (tempfile::TempDir, PathBuf, Gallery, Arc<AtomicU8>) {
    let directory = tempfile::tempdir().unwrap();
    let (path, fault) = (directory.path().join("g"), Arc::new(AtomicU8::new(fault::NONE)));
    let read = ReadOptions { limits: apart(), storage: Arc::new(Ailing(fault.clone())), ..ReadOptions::default() };
    let gallery = create(&path, read);
    (directory, path, gallery, fault)
}

#[test]
fn a_writer_that_cannot_read_what_it_published_removes_nothing_of_it() {
    let (_directory, path, gallery, fault) = on_ailing_disk();
    let mut writer = gallery.writer(Arc::new(Doubles)).unwrap();
    enroll_apart(&mut writer, 0..4);
    let before = content(&gallery.snapshot()).unwrap();
    fault.store(fault::MANIFEST, Relaxed);
    assert!(writer.compact().is_err());
    drop((writer, gallery));
    fs::rename(path.join("manifest.aside"), path.join("manifest")).unwrap();
    assert_eq!(content(&Gallery::open(&path).unwrap().snapshot()).unwrap(), before);
}

#[test]
fn who_cannot_make_sure_of_the_manifest_removes_nothing() {
    let (_directory, path, gallery, fault) = on_ailing_disk();
    enroll_apart(&mut gallery.writer(Arc::new(Doubles)).unwrap(), 0..1);
    // The manifest before, to which a loss of power may lead back, may name it.
    let earlier = path.join("segment-0000000007");
    fs::copy(path.join("segment-0000000001"), &earlier).unwrap();
    fault.store(fault::SYNC_DIRECTORY, Relaxed);
    assert!(gallery.writer(Arc::new(Doubles)).is_err());
    assert!(earlier.exists());
    fault.store(fault::NONE, Relaxed);
    gallery.writer(Arc::new(Doubles)).unwrap();
    assert!(!earlier.exists());
}

#[test]
fn nobody_comes_back_by_the_copy_of_an_earlier_manifest() {
    let (directory, path, gallery, fault) = on_ailing_disk();
    let mut writer = gallery.writer(Arc::new(Doubles)).unwrap();
    enroll_apart(&mut writer, 0..2);
    let segment = path.join("segment-0000000002");
    let bytes = fs::read(&segment).unwrap();
    // As if the process were killed before it writes the copy.
    fault.store(fault::COPY, Relaxed);
    remove(&mut writer, 1);
    writer.commit().unwrap();
    drop((writer, gallery));
    // And the power lost before the file's removal was safe.
    fs::write(&segment, bytes).unwrap();
    fs::write(path.join("manifest"), b"garbage").unwrap();
    let repaired = repair(&path, directory.path().join("into"), Arc::new(Doubles));
    assert!(matches!(repaired, Err(GalleryError::Damaged { .. })), "{repaired:?}");
}

#[test]
fn who_was_removed_after_a_backup_was_put_back_is_who_is_gone() {
    let directory = tempfile::tempdir().unwrap();
    let (path, backup) = (directory.path().join("g"), directory.path().join("backup"));
    let gallery = create(&path, ReadOptions::default());
    let mut writer = gallery.writer(Arc::new(Doubles)).unwrap();
    (0..4).for_each(|i| enroll(&mut writer, i));
    writer.commit().unwrap();
    fs::create_dir(&backup).unwrap();
    let files = |of: &Path| fs::read_dir(of).unwrap().map(|entry| entry.unwrap().path()).collect::<Vec<_>>();
    for file in files(&path) {
        fs::copy(&file, backup.join(file.file_name().unwrap())).unwrap();
    }
    remove(&mut writer, 0);
    writer.commit().unwrap();
    drop(writer);

    // Another process, after the backup was put back, removes somebody else: a commit of the same number, as many rows live.
    files(&path).iter().for_each(|file| fs::remove_file(file).unwrap());
    for file in files(&backup) {
        fs::copy(&file, path.join(file.file_name().unwrap())).unwrap();
    }
    let other = Gallery::open(&path).unwrap();
    let mut writer = other.writer(Arc::new(Doubles)).unwrap();
    remove(&mut writer, 1);
    writer.commit().unwrap();
    drop(writer);

    let snapshot = gallery.refresh().unwrap();
    assert_eq!([0, 1, 2, 3].map(|i| holds(&snapshot, i)), [true, false, true, true]);
    remove(&mut gallery.writer(Arc::new(Doubles)).unwrap(), 2);
    assert_eq!(content(&gallery.refresh().unwrap()).unwrap(), content(&other.refresh().unwrap()).unwrap());
}

#[test]
fn damage_gets_no_fresh_checksum_when_segments_merge() {
    for checking in [Checking::OnFirstUse, Checking::Off] {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("g");
        let gallery = create(&path, ReadOptions { limits: apart(), checking, ..ReadOptions::default() });
        let mut writer = gallery.writer(Arc::new(Doubles)).unwrap();
        enroll_apart(&mut writer, 0..6);
        // Whole when it was read, so that this mapping knows it as checked.
        content(&gallery.snapshot()).unwrap();
        let segment = gallery.snapshot().segments()[2].path().to_path_buf();
        flip(&segment, 2);
        remove(&mut writer, 0);
        writer.commit().unwrap();
        let error = writer.compact().unwrap_err();
        assert!(matches!(&error, GalleryError::Damaged { path, .. } if *path == segment), "{checking:?}: {error}");
        let problems = check(&path, true).problems;
        assert!(problems.len() == 1 && problems[0].path == segment, "{checking:?}: {problems:?}");
        // The others did not have to wait for it.
        let info = gallery.snapshot().info();
        assert_eq!((info.segments, info.registrations, info.removed_rows), (2, 5, 0), "{checking:?}");
    }
}

#[test]
fn a_damaged_segment_does_not_keep_the_others_from_merging() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("g");
    let limits = Limits { fan_in: 4, ..Limits::default() };
    let gallery = create(&path, ReadOptions { limits, ..ReadOptions::default() });
    let mut writer = gallery.writer(Arc::new(Doubles)).unwrap();
    enroll_apart(&mut writer, 0..2);
    let segment = gallery.snapshot().segments()[1].path().to_path_buf();
    flip(&segment, 1);
    for i in 2..200 {
        enroll(&mut writer, i);
        writer.commit().unwrap();
    }
    let info = gallery.snapshot().info();
    assert!(info.segments < 20 && info.registrations == 200, "{info:?}");
    assert!(writer.merge_error().is_some_and(GalleryError::is_damage), "{:?}", writer.merge_error());
    assert_eq!(check(&path, true).problems.len(), 1);
}

#[test]
fn a_count_of_subjects_that_was_wrong_locks_nobody_out() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("g");
    let gallery = create(&path, ReadOptions::default());
    let mut writer = gallery.writer(Arc::new(Doubles)).unwrap();
    for i in 0..10 {
        writer.enroll(registration(&format!("r{i}"), &subject(i / 2).to_string(), i)).unwrap();
    }
    writer.commit().unwrap();
    drop((writer, gallery));
    let manifest = fs::read_to_string(path.join("manifest")).unwrap();
    let body = manifest.split_once('\n').unwrap().1.replace("\"subjects\":5", "\"subjects\":10");
    let checksum = crc32c::crc32c_append(crc32c::crc32c(b"1.1\n"), body.as_bytes());
    let line = format!("VANTAY-GALLERY 1.1 crc32c={checksum:08x} length={}\n", body.len());
    fs::write(path.join("manifest"), line + &body).unwrap();

    let gallery = Gallery::open(&path).unwrap();
    let mut writer = gallery.writer(Arc::new(Doubles)).unwrap();
    assert_eq!(writer.remove(&subject(0)).unwrap().registrations, 2);
    writer.commit().unwrap();
    assert_eq!(Gallery::open(&path).unwrap().snapshot().info().registrations, 8);
}

#[test]
fn a_sealed_file_is_given_no_more_memory_than_the_manifest_says() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("g");
    let read = || ReadOptions { key: Some(Key::new([7; 32])), ..ReadOptions::default() };
    let gallery = create(&path, read());
    enroll_apart(&mut gallery.writer(Arc::new(Doubles)).unwrap(), 0..1);
    let segment = gallery.snapshot().segments()[0].path().to_path_buf();
    drop(gallery);
    // Mostly a hole, and more than any machine has memory for.
    let file = fs::OpenOptions::new().write(true).open(&segment).unwrap();
    if let Err(error) = file.set_len(1 << 43) {
        eprintln!("skipped: a sparse file of 8 TiB, which this file system does not take ({error})");
        return;
    }
    let error = Gallery::open_with(&path, read()).unwrap_err();
    assert!(matches!(&error, GalleryError::Damaged { path, .. } if *path == segment), "{error}");
}

#[test]
fn what_is_not_the_gallerys_stays_and_keeps_nothing_else() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("g");
    let gallery = create(&path, ReadOptions { limits: apart(), ..ReadOptions::default() });
    let mut writer = gallery.writer(Arc::new(Doubles)).unwrap();
    fs::create_dir(path.join("live-0000000001-0000000000")).unwrap();
    let foreign = ["segment-0000000001.bak", "segment-7", "live-old", "segment-+000000001"];
    foreign.iter().for_each(|name| fs::write(path.join(name), b"somebody else's").unwrap());
    enroll_apart(&mut writer, 0..4);
    // The directory has the name of a file and cannot be removed as one: that is said, once the replaced segments are gone.
    assert!(matches!(writer.compact(), Err(GalleryError::Io { .. })));
    assert!(foreign.iter().all(|name| path.join(name).exists()));
    assert!((1..=4).all(|i| !path.join(format!("segment-{i:010}")).exists()));
}

#[test]
fn of_many_who_create_a_gallery_one_does() {
    let directory = tempfile::tempdir().unwrap();
    for round in 0..50 {
        let path = directory.path().join(format!("g{round}"));
        let made: Vec<_> = std::thread::scope(|scope| {
            let creating: Vec<_> = (0..4)
                .map(|_| {
                    scope.spawn(|| {
                        let gallery = Gallery::create(&path, Options::default())?;
                        Ok::<_, GalleryError>(gallery.path().to_path_buf())
                    })
                })
                .collect();
            creating.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        let refused =
            |made: &Result<_, _>| matches!(made, Err(GalleryError::Exists { .. } | GalleryError::Locked { .. }));
        let one: Vec<_> = made.iter().flatten().collect();
        assert!(one.len() == 1 && made.iter().filter(|made| refused(made)).count() == 3, "{made:?}");
        assert!(Gallery::open(&path).is_ok());
    }
}

#[test]
fn a_directory_that_is_no_gallery_is_left_as_it_is() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("papers");
    fs::create_dir(&path).unwrap();
    fs::write(path.join("lock"), b"of a bicycle").unwrap();
    assert!(matches!(
        repair(&path, directory.path().join("into"), Arc::new(Doubles)),
        Err(GalleryError::NotAGallery { .. })
    ));
    fs::write(path.join("letter"), b"Dear Sir").unwrap();
    assert!(matches!(Gallery::create(&path, Options::default()), Err(GalleryError::Exists { .. })));
    assert_eq!(fs::read(path.join("lock")).unwrap(), b"of a bicycle");
}

/// What lies where a manifest should is not read to its end.
#[test]
fn a_manifest_without_end_is_damage() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("g");
    create(&path, ReadOptions::default());
    let file = fs::OpenOptions::new().write(true).open(path.join("manifest")).unwrap();
    file.set_len(1 << 40).unwrap();
    assert!(matches!(Gallery::open(&path), Err(GalleryError::Io { .. })));
}

#[test]
fn a_time_by_which_a_gallery_says_that_there_is_none_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    let gallery = create(&directory.path().join("g"), ReadOptions::default());
    let mut writer = gallery.writer(Arc::new(Doubles)).unwrap();
    let mut one = registration("r0", "000000000000", 0);
    one.captured_at = Some(i64::MIN);
    assert!(matches!(writer.enroll(one.clone()), Err(Rejection::TooLarge { .. })));
    one.captured_at = Some(i64::MIN + 1);
    writer.enroll(one).unwrap();
    writer.commit().unwrap();
    assert_eq!(gallery.snapshot().segments()[0].registration(0).unwrap().captured_at, Some(i64::MIN + 1));
}
