//! A loss of power at any moment leaves the last commit or the one being made.
//!
//! A recorder writes down every operation on the gallery's files. For every prefix of that record, several states in which a disk
//! might be found are made up: nothing that was not synced, all of it, a part of it in any order, the last write torn, names
//! without files and files without names. Each must open to exactly the content before or after the step that was cut,
//! pass the deep check, and take the next commit.
#![allow(clippy::unwrap_used)]

mod gallery_support;

use gallery_support::{
    Doubles,
    content::{Content, content},
    face_spec, sample,
    storage::Unsynced,
};
use parking_lot::Mutex;
use rand::{RngExt, SeedableRng};
use rand_pcg::Pcg64Mcg;
use std::{
    collections::{BTreeMap, HashMap},
    io,
    path::{Path, PathBuf},
    sync::Arc,
};
use vantay::{
    gallery::{
        Disk, Gallery, GalleryError, Key, Limits, Options, ReadOptions, Storage, StorageFile, Writer, check_with,
    },
    registration::{IdScheme, PersonalId},
};

#[derive(Clone)]
enum Step {
    CreateDirectory,
    Create(PathBuf),
    Append(PathBuf, Vec<u8>),
    Sync(PathBuf),
    Rename(PathBuf, PathBuf),
    Remove(PathBuf),
    SyncDirectory,
    /// A call returned; the gallery must hold what stands at this place of the history.
    Promised(usize),
}

/// Writes down every operation and passes it on to the disk, until it is told to fail.
#[derive(Default)]
struct Recorder {
    steps: Mutex<Vec<Step>>,
    /// The operation to fail, and how.
    fail: Option<(usize, io::ErrorKind)>,
    count: Mutex<usize>,
}

impl Recorder {
    /// `Err` if this operation is the one to fail.
    fn next(&self) -> io::Result<()> {
        let mut count = self.count.lock();
        *count += 1;
        match self.fail {
            Some((at, kind)) if at + 1 == *count => Err(kind.into()),
            _ => Ok(()),
        }
    }

    fn record(&self, step: Step) {
        self.steps.lock().push(step);
    }
}

struct Shared(Arc<Recorder>);

struct RecordedFile {
    recorder: Arc<Recorder>,
    path: PathBuf,
    file: Box<dyn StorageFile>,
}

impl Storage for Shared {
    fn create_directory(&self, path: &Path) -> io::Result<()> {
        self.0.next()?;
        Disk.create_directory(path)?;
        self.0.record(Step::CreateDirectory);
        Ok(())
    }

    fn create(&self, path: &Path) -> io::Result<Box<dyn StorageFile>> {
        self.0.next()?;
        let file = Disk.create(path)?;
        self.0.record(Step::Create(path.into()));
        Ok(Box::new(RecordedFile { recorder: self.0.clone(), path: path.into(), file }))
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.0.next()?;
        Disk.rename(from, to)?;
        self.0.record(Step::Rename(from.into(), to.into()));
        Ok(())
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        self.0.next()?;
        Disk.remove(path)?;
        self.0.record(Step::Remove(path.into()));
        Ok(())
    }

    fn sync_directory(&self, _: &Path) -> io::Result<()> {
        self.0.next()?;
        self.0.record(Step::SyncDirectory);
        Ok(())
    }
}

impl StorageFile for RecordedFile {
    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        if let Err(error) = self.recorder.next() {
            // A full disk takes a part of it.
            self.file.append(&bytes[..bytes.len() / 2])?;
            return Err(error);
        }
        self.file.append(bytes)?;
        self.recorder.record(Step::Append(self.path.clone(), bytes.to_vec()));
        Ok(())
    }

    fn sync(&mut self) -> io::Result<()> {
        self.recorder.next()?;
        // The bytes are in the record; the test's own disk need not be waited for.
        self.recorder.record(Step::Sync(self.path.clone()));
        Ok(())
    }
}

/// An encrypted gallery or a plain one.
#[derive(Clone, Copy)]
struct Kind {
    encrypted: bool,
}

fn read_options(kind: Kind, recorder: Option<&Arc<Recorder>>) -> ReadOptions {
    let limits = Limits { staged_rows: 4, fan_in: 3, merged_rows: 16, ..Limits::default() };
    let storage: Arc<dyn Storage> = match recorder {
        Some(recorder) => Arc::new(Shared(recorder.clone())),
        None => Arc::new(Unsynced),
    };
    let key = kind.encrypted.then(|| Key::new([7; 32]));
    ReadOptions { limits, storage, key, ..ReadOptions::default() }
}

/// One call that changes the gallery.
#[derive(Clone, Copy, Debug)]
enum Call {
    /// Enrols these samples and commits.
    Enroll(u64, u64),
    /// Removes the subject of this sample, enrols one more and commits.
    Replace(u64, u64),
    Compact,
    /// Drops the writer with something staged and takes a new one.
    Reopen(u64, u64),
}

const CALLS: [Call; 14] = [
    Call::Enroll(0, 1),
    Call::Enroll(1, 3),
    Call::Enroll(3, 4),
    Call::Replace(0, 4),
    Call::Reopen(100, 106),
    Call::Enroll(5, 14),
    Call::Enroll(14, 15),
    Call::Replace(7, 15),
    Call::Compact,
    Call::Enroll(16, 17),
    Call::Enroll(17, 18),
    Call::Replace(16, 18),
    Call::Reopen(100, 101),
    Call::Compact,
];

fn call(writer: &mut Writer, call: Call) -> Result<(), GalleryError> {
    let refused = |rejection| match rejection {
        vantay::gallery::Rejection::Failed(error) => error,
        other => panic!("{other}"),
    };
    match call {
        Call::Enroll(from, to) => {
            (from..to).try_for_each(|i| writer.enroll(sample(i))).map_err(refused)?;
            writer.commit()?;
        }
        Call::Replace(gone, new) => {
            writer.remove(&PersonalId::new(sample(gone).personal_id.as_str(), IdScheme::Vietnam).unwrap())?;
            writer.enroll(sample(new)).map_err(refused)?;
            writer.commit()?;
        }
        Call::Compact => {
            writer.compact()?;
        }
        Call::Reopen(from, to) => {
            (from..to).try_for_each(|i| writer.enroll(sample(i))).map_err(refused)?;
        }
    }
    Ok(())
}

/// The content after each call, by a gallery that nothing happened to.
fn history(kind: Kind) -> Vec<Content> {
    let directory = tempfile::tempdir().unwrap();
    let gallery = create(&directory.path().join("g"), read_options(kind, None)).unwrap();
    let mut history = vec![Content::new()];
    let mut writer = gallery.writer(Arc::new(Doubles)).unwrap();
    for step in CALLS {
        call(&mut writer, step).unwrap();
        if matches!(step, Call::Reopen(..)) {
            drop(writer);
            writer = gallery.writer(Arc::new(Doubles)).unwrap();
        }
        history.push(content(&gallery.snapshot()).unwrap());
    }
    history
}

fn create(path: &Path, read: ReadOptions) -> Result<Gallery, GalleryError> {
    Gallery::create(path, Options { face: Some(face_spec()), read, ..Options::default() })
}

/// Runs all calls under a recorder, marking what was promised.
fn run(kind: Kind, path: &Path, recorder: &Arc<Recorder>) -> (usize, Result<(), GalleryError>) {
    let mut promised = 0;
    let result = (|| {
        let gallery = create(path, read_options(kind, Some(recorder)))?;
        recorder.record(Step::Promised(0));
        let mut writer = gallery.writer(Arc::new(Doubles))?;
        for (i, step) in CALLS.into_iter().enumerate() {
            call(&mut writer, step)?;
            if matches!(step, Call::Reopen(..)) {
                drop(writer);
                writer = gallery.writer(Arc::new(Doubles))?;
            }
            promised = i + 1;
            recorder.record(Step::Promised(i + 1));
        }
        Ok(())
    })();
    (promised, result)
}

/// A file as a disk has it: what is safe, and the changes that may or may not be.
#[derive(Clone, Default)]
struct Inode {
    safe: Vec<u8>,
    pending: Vec<Change>,
    length: usize,
}

#[derive(Clone)]
enum Change {
    Truncate,
    Write(usize, Vec<u8>),
}

#[derive(Clone)]
enum NameChange {
    Create(PathBuf, usize),
    Rename(PathBuf, PathBuf),
    Remove(PathBuf),
}

/// What a disk holds after some steps.
#[derive(Clone, Default)]
struct DiskState {
    inodes: Vec<Inode>,
    /// Names as running programs see them, and as a loss of power would leave them.
    names: HashMap<PathBuf, usize>,
    safe_names: BTreeMap<PathBuf, usize>,
    pending: Vec<NameChange>,
}

impl DiskState {
    fn apply(&mut self, step: &Step) {
        match step {
            Step::Create(path) => match self.names.get(path) {
                Some(&inode) => {
                    self.inodes[inode].pending.push(Change::Truncate);
                    self.inodes[inode].length = 0;
                }
                None => {
                    self.inodes.push(Inode::default());
                    self.names.insert(path.clone(), self.inodes.len() - 1);
                    self.pending.push(NameChange::Create(path.clone(), self.inodes.len() - 1));
                }
            },
            Step::Append(path, bytes) => {
                let inode = &mut self.inodes[self.names[path]];
                inode.pending.push(Change::Write(inode.length, bytes.clone()));
                inode.length += bytes.len();
            }
            Step::Sync(path) => {
                let inode = &mut self.inodes[self.names[path]];
                let pending = std::mem::take(&mut inode.pending);
                pending.iter().for_each(|change| change.apply(&mut inode.safe));
            }
            Step::Rename(from, to) => {
                let inode = self.names.remove(from).unwrap();
                self.names.insert(to.clone(), inode);
                self.pending.push(NameChange::Rename(from.clone(), to.clone()));
            }
            Step::Remove(path) => {
                self.names.remove(path);
                self.pending.push(NameChange::Remove(path.clone()));
            }
            Step::SyncDirectory => {
                let pending = std::mem::take(&mut self.pending);
                pending.into_iter().for_each(|change| change.apply(&mut self.safe_names));
            }
            Step::CreateDirectory | Step::Promised(_) => {}
        }
    }

    /// A state that a loss of power may leave: 0 nothing pending, 1 everything, 2 a prefix with a torn write, else any part.
    fn after_power_loss(&self, how: u64, random: &mut Pcg64Mcg) -> BTreeMap<PathBuf, Vec<u8>> {
        let mut names = self.safe_names.clone();
        let names_kept = random.random_range(0..=self.pending.len());
        for (i, change) in self.pending.iter().enumerate() {
            let kept = match how {
                0 => false,
                1 => true,
                2 => i < names_kept,
                _ => random.random_bool(0.5),
            };
            if kept {
                change.clone().apply(&mut names);
            }
        }
        let mut files = BTreeMap::new();
        for (name, inode) in names {
            let inode = &self.inodes[inode];
            let mut bytes = inode.safe.clone();
            let changes_kept = random.random_range(0..=inode.pending.len());
            for (i, change) in inode.pending.iter().enumerate() {
                match (how, change) {
                    (0, _) => {}
                    (1, change) => change.apply(&mut bytes),
                    (2, change) if i < changes_kept => change.apply(&mut bytes),
                    (2, Change::Write(at, written)) if i == changes_kept => {
                        let torn = random.random_range(0..=written.len());
                        Change::Write(*at, written[..torn].to_vec()).apply(&mut bytes);
                    }
                    (2, _) => {}
                    (_, change) if random.random_bool(0.5) => change.apply(&mut bytes),
                    _ => {}
                }
            }
            files.insert(name, bytes);
        }
        files
    }
}

impl Change {
    fn apply(&self, bytes: &mut Vec<u8>) {
        match self {
            Change::Truncate => bytes.clear(),
            Change::Write(at, written) => {
                let end = at + written.len();
                bytes.resize(bytes.len().max(end), 0);
                bytes[*at..end].copy_from_slice(written);
            }
        }
    }
}

impl NameChange {
    fn apply(self, names: &mut BTreeMap<PathBuf, usize>) {
        match self {
            NameChange::Create(path, inode) => {
                names.insert(path, inode);
            }
            NameChange::Rename(from, to) => {
                if let Some(inode) = names.remove(&from) {
                    names.insert(to, inode);
                }
            }
            NameChange::Remove(path) => {
                names.remove(&path);
            }
        }
    }
}

fn write_files(path: &Path, files: &BTreeMap<PathBuf, Vec<u8>>) {
    Disk.create_directory(path).unwrap();
    for (name, bytes) in files {
        Disk.create(&path.join(name.file_name().unwrap())).unwrap().append(bytes).unwrap();
    }
}

#[test]
fn a_loss_of_power_at_any_step_leaves_one_commit_or_the_next() {
    cut_the_power(Kind { encrypted: false });
}

#[test]
fn a_loss_of_power_costs_an_encrypted_gallery_no_more() {
    cut_the_power(Kind { encrypted: true });
}

fn cut_the_power(kind: Kind) {
    let history = history(kind);
    let directory = tempfile::tempdir().unwrap();
    let recorder = Arc::new(Recorder::default());
    let (_, result) = run(kind, &directory.path().join("recorded"), &recorder);
    result.unwrap();
    let steps = recorder.steps.lock().clone();
    let mut disk = DiskState::default();
    let mut promised = None;
    let mut states = 0;
    let mut random = Pcg64Mcg::seed_from_u64(2);
    for (cut, step) in steps.iter().enumerate() {
        disk.apply(step);
        if let Step::Promised(place) = step {
            promised = Some(*place);
        }
        let mut seen = Vec::new();
        for how in 0..8 {
            let files = disk.after_power_loss(how, &mut random);
            if seen.contains(&files) {
                continue;
            }
            states += 1;
            let path = directory.path().join(format!("{cut}-{how}"));
            write_files(&path, &files);
            match Gallery::open_with(&path, read_options(kind, None)) {
                Err(GalleryError::NotAGallery { .. }) if promised.is_none() => {}
                Err(error) => panic!("cut {cut}, state {how}: {error}"),
                Ok(gallery) => {
                    let found = content(&gallery.snapshot()).unwrap();
                    let before = promised.unwrap_or(0);
                    let allowed = &history[before..history.len().min(before + 2)];
                    assert!(allowed.contains(&found), "cut {cut}, state {how}: {} registrations", found.len());
                    let report = check_with(&path, &read_options(kind, None), true);
                    assert!(report.is_whole(), "cut {cut}, state {how}: {:?}", report.problems);
                    let mut writer = gallery.writer(Arc::new(Doubles)).unwrap();
                    writer.enroll(sample(200)).unwrap();
                    writer.commit().unwrap();
                    let mut expected = found;
                    let after = content(&gallery.snapshot()).unwrap();
                    expected.insert(sample(200).id.to_string(), after[sample(200).id.as_str()].clone());
                    assert_eq!(after, expected, "cut {cut}, state {how}: the next commit");
                    // A compaction that was cut goes on.
                    if how < 2 {
                        writer.compact().unwrap();
                        assert_eq!(gallery.snapshot().info().removed_rows, 0);
                        assert_eq!(
                            content(&gallery.snapshot()).unwrap(),
                            expected,
                            "cut {cut}, state {how}: compacted"
                        );
                        assert_eq!(writer.compact().unwrap().segments_read, 0);
                    }
                }
            }
            std::fs::remove_dir_all(&path).unwrap();
            seen.push(files);
        }
    }
    eprintln!("{} cuts, {states} disk states", steps.len());
}

#[test]
fn a_failing_operation_loses_nothing_that_was_promised() {
    let kind = Kind { encrypted: false };
    let history = history(kind);
    let directory = tempfile::tempdir().unwrap();
    let recorder = Arc::new(Recorder::default());
    run(kind, &directory.path().join("whole"), &recorder).1.unwrap();
    let operations = *recorder.count.lock();
    let mut failed = 0;
    for at in 0..operations {
        let failure = [io::ErrorKind::StorageFull, io::ErrorKind::Other][at % 2];
        let path = directory.path().join(format!("{at}-{failure:?}"));
        let recorder = Arc::new(Recorder { fail: Some((at, failure)), ..Recorder::default() });
        let (promised, result) = run(kind, &path, &recorder);
        failed += usize::from(result.is_err());
        match Gallery::open_with(&path, read_options(kind, None)) {
            // Creating it failed.
            Err(_) if promised == 0 && result.is_err() => {}
            Err(error) => panic!("operation {at}: {error}"),
            Ok(gallery) => {
                let found = content(&gallery.snapshot()).unwrap();
                let allowed = match result {
                    Ok(()) => &history[history.len() - 1..],
                    Err(_) => &history[promised..history.len().min(promised + 2)],
                };
                assert!(allowed.contains(&found), "operation {at}: {} registrations", found.len());
                assert!(check_with(&path, &read_options(kind, None), true).is_whole(), "operation {at}");
                let mut writer = gallery.writer(Arc::new(Doubles)).unwrap();
                writer.enroll(sample(200)).unwrap();
                writer.commit().unwrap();
            }
        }
        std::fs::remove_dir_all(&path).ok();
    }
    eprintln!("{operations} operations failed in turn, {failed} runs stopped");
}
