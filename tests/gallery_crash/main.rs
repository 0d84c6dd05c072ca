//! A loss of power at any moment leaves the last commit or the one being made.
//!
//! A recorder writes down every operation on the gallery's files. For every prefix of that record, several states in which a disk
//! might be found are made up: nothing that was not synced, all of it, a part of it in any order, the last write torn, names
//! without files and files without names. Each must open to exactly the content before or after the step that was cut,
//! pass the deep check, and take the next commit.
#![allow(clippy::unwrap_used)]

#[path = "../gallery_support/mod.rs"]
mod gallery_support;
mod power_loss;
mod recorder;

use gallery_support::{
    Doubles,
    content::{Content, content},
    face_spec, sample,
    storage::Unsynced,
};
use power_loss::DiskState;
use rand::SeedableRng;
use rand_pcg::Pcg64Mcg;
use recorder::{Recorder, Shared, Step};
use std::{
    collections::BTreeMap,
    io,
    path::{Path, PathBuf},
    sync::Arc,
};
use vantay::{
    gallery::{Disk, Gallery, GalleryError, Key, Limits, Options, ReadOptions, Storage, Writer, check_with},
    registration::{IdScheme, PersonalId},
};

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

/// Sixteen bytes of a template of everybody whom the calls removed, as they are stored.
fn removed(calls: &[Call]) -> Vec<Vec<u8>> {
    let of = |call: &Call| match call {
        Call::Replace(gone, _) => Some(sample(*gone)),
        _ => None,
    };
    let mark = |registration: vantay::registration::Registration| {
        let template = registration.templates().find(|template| template.minutiae().len() >= 2)?;
        Some(bytemuck::cast_slice(&template.minutiae()[..2]).to_vec())
    };
    let marks: Vec<_> = calls.iter().filter_map(of).filter_map(mark).collect();
    assert!(!marks.is_empty());
    marks
}

fn holds(bytes: &[u8], mark: &[u8]) -> bool {
    bytes.windows(mark.len()).any(|window| window == mark)
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
            if let Step::Promised(done @ 1..) = step
                && matches!(CALLS[done - 1], Call::Compact)
                && !kind.encrypted
            {
                let gone = removed(&CALLS[..*done]);
                let found = files.iter().filter(|(_, bytes)| gone.iter().any(|mark| holds(bytes, mark)));
                let found: Vec<_> = found.map(|(path, _)| path.file_name()).collect();
                assert!(found.is_empty(), "cut {cut}, state {how}: who was removed is still in {found:?}");
            }
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
    let (mut failed, mut states) = (0, 0);
    let mut random = Pcg64Mcg::seed_from_u64(4);
    for at in 0..operations {
        let failure = [io::ErrorKind::StorageFull, io::ErrorKind::Other][at % 2];
        let path = directory.path().join(format!("{at}-{failure:?}"));
        let recorder = Recorder { fail: Some((at, failure)), for_good: at % 3 == 0, ..Recorder::default() };
        let recorder = Arc::new(recorder);
        let (promised, result) = run(kind, &path, &recorder);
        failed += usize::from(result.is_err());
        // And then the power goes, before anybody has put it right.
        let mut disk = DiskState::default();
        recorder.steps.lock().iter().for_each(|step| disk.apply(step));
        for how in 0..4 {
            let path = directory.path().join(format!("{at}-{how}"));
            write_files(&path, &disk.after_power_loss(how, &mut random));
            let opened = Gallery::open_with(&path, read_options(kind, None));
            if let Ok(gallery) = &opened {
                let found = content(&gallery.snapshot()).unwrap();
                let allowed = &history[promised..history.len().min(promised + 2)];
                assert!(allowed.contains(&found), "operation {at}, state {how}: {} registrations", found.len());
                assert!(check_with(&path, &read_options(kind, None), true).is_whole(), "operation {at}, state {how}");
            } else {
                let is_made = recorder.steps.lock().iter().any(|step| matches!(step, Step::Promised(_)));
                assert!(!is_made && result.is_err(), "operation {at}, state {how}: {opened:?}");
            }
            states += 1;
            std::fs::remove_dir_all(&path).unwrap();
        }
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
    eprintln!("{operations} operations failed in turn, {failed} runs stopped, {states} disk states afterwards");
}
