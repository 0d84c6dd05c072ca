//! A gallery against a plain map: any stream of operations leaves the same in both.

use super::{
    Doubles,
    content::{Content, bytes_of, read},
    face_spec, sample,
    storage::Unsynced,
};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, OnceLock},
};
use vantay::{
    gallery::{Gallery, Limits, Options, ReadOptions, Rejection, Snapshot, check, repair_with},
    registration::{PersonalId, Registration},
};

/// How many samples the operations may name.
pub const SAMPLES: u64 = 60;

/// What is done to the gallery; numbers name samples, below [`SAMPLES`].
#[derive(Clone, Copy, Debug)]
pub enum Operation {
    Enroll(u64),
    Remove(u64),
    Commit,
    Abandon,
    Compact,
    Reopen,
    /// Keeps the snapshot of the moment.
    Hold,
    /// Reads the snapshot held longest, which must say what it said, and lets go of it.
    Release,
    /// Goes on with a repaired copy.
    Repair,
}

/// What the gallery should hold: the sample of each registration's name.
type Model = BTreeMap<String, u64>;

/// A sample and all that it says. Made once: streams name the same few again and again.
fn known(i: u64) -> &'static (Registration, Vec<u8>) {
    static KNOWN: OnceLock<Vec<(Registration, Vec<u8>)>> = OnceLock::new();
    let known = KNOWN.get_or_init(|| {
        let samples = (0..SAMPLES).map(sample);
        samples.map(|registration| (registration.clone(), bytes_of(&registration))).collect()
    });
    &known[i as usize]
}

fn subject(i: u64) -> &'static PersonalId {
    &known(i).0.personal_id
}

/// Runs the operations on a new gallery that keeps to `limits`.
pub fn run(operations: &[Operation], limits: Limits) {
    let directory = tempfile::tempdir().unwrap();
    let read_options = || ReadOptions { limits, storage: Arc::new(Unsynced), ..ReadOptions::default() };
    let mut path = directory.path().join("g");
    let options = Options { face: Some(face_spec()), read: read_options(), ..Options::default() };
    let mut gallery = Gallery::create(&path, options).unwrap();
    let mut writer = Some(gallery.writer(Arc::new(Doubles)).unwrap());
    let (mut committed, mut staged) = (Model::new(), Model::new());
    let mut held: Vec<(Arc<Snapshot>, Model)> = Vec::new();
    for (step, operation) in operations.iter().enumerate() {
        let active = writer.get_or_insert_with(|| gallery.writer(Arc::new(Doubles)).unwrap());
        match operation {
            Operation::Enroll(i) => {
                let one = known(*i).0.clone();
                let name = one.id.to_string();
                match active.enroll(one) {
                    Ok(()) => assert!(staged.insert(name, *i).is_none(), "enrolled twice"),
                    Err(Rejection::Exists { .. }) => assert!(staged.contains_key(&name), "rejected without reason"),
                    Err(other) => panic!("{other}"),
                }
            }
            Operation::Remove(i) => {
                let id = subject(*i);
                let before = staged.len();
                staged.retain(|_, j| subject(*j) != id);
                assert_eq!(active.remove(id).unwrap().registrations, (before - staged.len()) as u64);
            }
            Operation::Commit => {
                active.commit().unwrap();
                committed = staged.clone();
            }
            Operation::Abandon => {
                writer = None;
                staged = committed.clone();
            }
            Operation::Compact => {
                active.commit().unwrap();
                committed = staged.clone();
                active.compact().unwrap();
                assert_eq!(gallery.snapshot().info().removed_rows, 0);
            }
            Operation::Reopen => {
                writer = None;
                staged = committed.clone();
                gallery = Gallery::open_with(&path, read_options()).unwrap();
            }
            Operation::Hold if held.len() < 4 => held.push((gallery.snapshot(), committed.clone())),
            Operation::Hold => {}
            Operation::Release if !held.is_empty() => {
                let (snapshot, model) = held.remove(0);
                assert_content(&snapshot, &model);
            }
            Operation::Release => {}
            Operation::Repair => {
                writer = None;
                staged = committed.clone();
                let into = directory.path().join(format!("repaired-{step}"));
                let repaired = repair_with(&path, &read_options(), &into, None, Arc::new(Doubles)).unwrap();
                assert_eq!((repaired.kept, repaired.lost), (committed.len() as u64, 0));
                path = into;
                gallery = Gallery::open_with(&path, read_options()).unwrap();
            }
        }
        let info = gallery.snapshot().info();
        let subjects: BTreeSet<_> = committed.values().map(|&i| subject(i)).collect();
        assert_eq!((info.registrations, info.subjects), (committed.len() as u64, subjects.len() as u64));
    }
    drop(writer);
    held.push((gallery.snapshot(), committed));
    held.iter().for_each(|(snapshot, model)| assert_content(snapshot, model));
    assert!(check(&path, true).is_whole());
}

fn assert_content(snapshot: &Snapshot, model: &Model) {
    let content: Content = read(snapshot, true).unwrap();
    assert_eq!(content.keys().collect::<Vec<_>>(), model.keys().collect::<Vec<_>>());
    for (name, bytes) in &content {
        // The derived columns follow what the registration itself says.
        assert!(bytes.starts_with(&known(model[name]).1), "{name}");
    }
}
