//! Any stream of operations leaves what a plain map would hold.
#![allow(clippy::unwrap_used)]

mod gallery_support;

use gallery_support::{
    Doubles,
    content::{bytes_of, read},
    face_spec, sample,
};
use proptest::prelude::*;
use std::{collections::BTreeMap, sync::Arc};
use vantay::{
    gallery::{Gallery, Limits, Options, ReadOptions, Rejection, check},
    registration::{IdScheme, PersonalId},
};

#[derive(Clone, Debug)]
enum Operation {
    Enroll(u64),
    Remove(u64),
    Commit,
    Abandon,
    Compact,
    Reopen,
}

fn operation() -> impl Strategy<Value = Operation> {
    prop_oneof![
        12 => (0u64..60).prop_map(Operation::Enroll),
        3 => (0u64..60).prop_map(Operation::Remove),
        3 => Just(Operation::Commit),
        1 => Just(Operation::Abandon),
        1 => Just(Operation::Compact),
        1 => Just(Operation::Reopen),
    ]
}

type Model = BTreeMap<String, u64>;

fn run(operations: &[Operation], limits: Limits) {
    let directory = tempfile::tempdir().unwrap();
    let read_options = || ReadOptions { limits, ..ReadOptions::default() };
    let path = directory.path().join("g");
    let options = Options { face: Some(face_spec()), read: read_options(), ..Options::default() };
    let mut gallery = Gallery::create(&path, options).unwrap();
    let mut writer = Some(gallery.writer(Arc::new(Doubles)).unwrap());
    let (mut committed, mut staged) = (Model::new(), Model::new());
    for operation in operations {
        let active = writer.get_or_insert_with(|| gallery.writer(Arc::new(Doubles)).unwrap());
        match operation {
            Operation::Enroll(i) => {
                let one = sample(*i);
                let name = one.id.to_string();
                match active.enroll(one) {
                    Ok(()) => assert!(staged.insert(name, *i).is_none(), "enrolled twice"),
                    Err(Rejection::Exists { .. }) => assert!(staged.contains_key(&name), "rejected without reason"),
                    Err(other) => panic!("{other}"),
                }
            }
            Operation::Remove(i) => {
                let id = sample(*i).personal_id;
                let before = staged.len();
                staged.retain(|_, j| sample(*j).personal_id != id);
                let id = PersonalId::new(id.as_str(), IdScheme::Vietnam).unwrap();
                assert_eq!(active.remove(&id).unwrap().registrations, (before - staged.len()) as u64);
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
        }
        let snapshot = gallery.snapshot();
        let info = snapshot.info();
        let subjects: std::collections::BTreeSet<_> = committed.values().map(|&i| sample(i).personal_id).collect();
        assert_eq!((info.registrations, info.subjects), (committed.len() as u64, subjects.len() as u64));
    }
    drop(writer);
    let content = read(&gallery.snapshot(), true).unwrap();
    assert_eq!(content.keys().collect::<Vec<_>>(), committed.keys().collect::<Vec<_>>());
    for (name, bytes) in &content {
        // The derived columns follow what the registration itself says.
        assert!(bytes.starts_with(&bytes_of(&sample(committed[name]))), "{name}");
    }
    assert!(check(&path, true).is_whole());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_stream_of_operations_agrees_with_a_map(
        operations in prop::collection::vec(operation(), 1..60),
        staged_rows in 1usize..10,
        fan_in in 2usize..5,
        merged_rows in 1usize..40,
    ) {
        run(&operations, Limits { staged_rows, fan_in, merged_rows, ..Limits::default() });
    }
}
