//! What a gallery promises its callers, on small galleries.
#![allow(clippy::unwrap_used)]

mod gallery_support;

use gallery_support::{face_spec, new_gallery, registration, sample};
use std::sync::Arc;
use vantay::{
    gallery::{
        Derive, DerivedColumn, DerivedLayout, Gallery, GalleryError, ItemLayout, Limits, Modality, NothingDerived,
        Options, ReadOptions, Rejection,
    },
    registration::{Finger, IdScheme, PersonalId, Registration},
    template::{FingerPosition, Impression, Minutia, MinutiaKind, MinutiaeTemplate},
};

#[test]
fn what_was_committed_is_found_and_reads_as_it_was_enrolled() {
    let (directory, gallery) = new_gallery();
    let mut writer = gallery.writer(Arc::new(gallery_support::Doubles)).unwrap();
    let all: Vec<_> = (0..300).map(sample).collect();
    for registration in &all {
        writer.enroll(registration.clone()).unwrap();
    }
    assert_eq!(gallery.snapshot().info().registrations, 0, "nothing is visible before the commit");
    let commit = writer.commit().unwrap();
    assert_eq!((commit.number, commit.enrolled, commit.removed), (1, 300, 0));
    drop(writer);

    let reopened = Gallery::open(directory.path().join("g")).unwrap();
    let snapshot = reopened.snapshot();
    let subjects: std::collections::BTreeSet<_> = all.iter().map(|r| r.personal_id.as_str()).collect();
    assert_eq!(snapshot.info().registrations, 300);
    assert_eq!(snapshot.info().subjects, subjects.len() as u64);
    for expected in &all {
        let place = snapshot.find_registration(expected.id.as_str()).unwrap().unwrap();
        let segment = &snapshot.segments()[place.segment];
        let found = segment.registration(place.row as usize).unwrap();
        gallery_support::assert_same(&found, expected);
        let key = snapshot.subject_key(expected.personal_id.as_str());
        assert_eq!(key, expected.personal_id.as_str().parse::<u128>().unwrap());
        let mut of_subject: Vec<String> = snapshot
            .rows_of_subject(key)
            .unwrap()
            .iter()
            .map(|p| snapshot.segments()[p.segment].registration_name(p.row as usize).unwrap().to_string())
            .collect();
        of_subject.sort();
        let mut oracle: Vec<String> =
            all.iter().filter(|r| r.personal_id == expected.personal_id).map(|r| r.id.to_string()).collect();
        oracle.sort();
        assert_eq!(of_subject, oracle);
    }
    assert_eq!(snapshot.find_registration("no such").unwrap(), None);
}

/// Derives of each finger its number of minutiae, and for one position their sum as a column that is no list of items.
struct Counts;

impl Derive for Counts {
    fn version(&self) -> u32 {
        3
    }

    fn faces(&self, _: usize, _: &[f32]) -> Vec<DerivedColumn> {
        Vec::new()
    }

    fn fingers(&self, position: FingerPosition, templates: &[MinutiaeTemplate]) -> Vec<DerivedColumn> {
        let counts: Vec<u8> = templates.iter().map(|template| template.minutiae().len() as u8).collect();
        let sum = counts.iter().map(|&count| u64::from(count)).sum::<u64>();
        let fixed = DerivedColumn { kind: 1, layout: DerivedLayout::Fixed { stride: 1 }, bytes: counts };
        let raw = DerivedColumn { kind: 2, layout: DerivedLayout::Raw, bytes: sum.to_le_bytes().to_vec() };
        if position.number() == 7 { vec![fixed, raw] } else { vec![fixed] }
    }
}

#[test]
fn fingers_that_were_derived_in_batches_read_as_if_at_once() {
    let (_directory, gallery) = new_gallery();
    let mut writer = gallery.writer(Arc::new(Counts)).unwrap();
    // Several batches, and one position with many more fingers than the other.
    let count = |i: u64, position: u8| (i * 7 + u64::from(position)) % 30 + 1;
    for i in 0..3000 {
        let positions: &[u8] = if i % 3 == 0 { &[2, 7] } else { &[2] };
        let finger = |&position: &u8| {
            let minutia = |k: u64| Minutia::new(k as i16, i as i16, position, MinutiaKind::Ending, None);
            let minutiae = (0..count(i, position)).map(minutia).collect();
            let position = FingerPosition::new(position).unwrap();
            Finger::Captured(MinutiaeTemplate::new(position, Impression(0), None, (0, 0), minutiae).unwrap())
        };
        let fingers = positions.iter().map(finger).collect();
        let registration = registration(&format!("r{i}"), &format!("{i:012}"), i);
        writer.enroll(Registration { portrait: None, fingers, ..registration }).unwrap();
    }
    writer.commit().unwrap();
    let snapshot = gallery.snapshot();
    let [segment] = snapshot.segments() else { panic!("one segment") };
    for (position, step) in [(2, 1), (7, 3)] {
        let expected: Vec<u8> = (0..3000).step_by(step).map(|i| count(i, position) as u8).collect();
        let modality = Modality::Finger(FingerPosition::new(position).unwrap());
        let counts = segment.derived(modality, 1).unwrap().unwrap();
        assert_eq!((counts.version(), counts.layout()), (3, ItemLayout::Fixed(1)));
        assert_eq!(counts.bytes().unwrap(), expected);
        let fingers = segment.fingers(FingerPosition::new(position).unwrap()).unwrap().unwrap();
        assert!((0..fingers.len()).all(|i| fingers.minutiae(i).unwrap().len() == usize::from(expected[i])));
        let sum = segment.derived(modality, 2).unwrap().map(|sum| sum.bytes().unwrap().to_vec());
        let whole = expected.iter().map(|&count| u64::from(count)).sum::<u64>().to_le_bytes().to_vec();
        assert_eq!(sum, (position == 7).then_some(whole));
    }
}

#[test]
fn a_writer_that_is_dropped_between_batches_leaves_nothing() {
    let (directory, gallery) = new_gallery();
    let mut writer = gallery.writer(Arc::new(gallery_support::Doubles)).unwrap();
    (0..2000).for_each(|i| writer.enroll(sample(i)).unwrap());
    drop(writer);
    let files = std::fs::read_dir(directory.path().join("g")).unwrap();
    let names: Vec<String> = files.map(|file| file.unwrap().file_name().into_string().unwrap()).collect();
    assert!(names.iter().all(|name| !name.starts_with("segment-")), "{names:?}");
}

#[test]
fn columns_are_aligned_and_derived_ones_come_back() {
    let (_directory, gallery) = new_gallery();
    let mut writer = gallery.writer(Arc::new(gallery_support::Doubles)).unwrap();
    writer.enroll_batch((0..100).map(sample).collect()).into_iter().for_each(|r| r.unwrap());
    writer.commit().unwrap();
    let snapshot = gallery.snapshot();
    let segment = &snapshot.segments()[0];
    let faces = segment.faces().unwrap().unwrap();
    let embeddings = faces.embeddings().unwrap();
    assert_eq!(embeddings.as_ptr() as usize % 64, 0);
    assert_eq!(embeddings.len(), faces.len() * faces.dimension());
    let doubled = segment.derived(Modality::Face, 1).unwrap().unwrap();
    assert_eq!(doubled.version(), 7);
    for i in 0..faces.len() {
        let expected: Vec<u8> = faces.embedding(i).unwrap().iter().flat_map(|c| (2.0 * c).to_le_bytes()).collect();
        assert_eq!(doubled.item(i).unwrap(), expected);
    }
    for position in FingerPosition::all() {
        let Some(fingers) = segment.fingers(position).unwrap() else { continue };
        let counts = segment.derived(Modality::Finger(position), 2).unwrap().unwrap();
        for i in 0..fingers.len() {
            assert_eq!(counts.item(i).unwrap().len(), fingers.minutiae(i).unwrap().len());
            assert_eq!(fingers.template(i).unwrap().minutiae(), fingers.minutiae(i).unwrap());
        }
        assert!(counts.item(fingers.len()).is_err());
    }
    assert!(segment.derived(Modality::Face, 99).unwrap().is_none());
}

#[test]
fn a_registration_is_rejected_by_name_and_spoils_nothing() {
    let (_directory, gallery) = new_gallery();
    let mut writer = gallery.writer(Arc::new(NothingDerived)).unwrap();
    writer.enroll(registration("a", "001204000257", 1)).unwrap();
    let again = writer.enroll(registration("a", "001204000258", 2)).unwrap_err();
    assert!(matches!(&again, Rejection::Exists { registration, staged: true } if registration == "a"), "{again}");
    writer.commit().unwrap();
    let again = writer.enroll(registration("a", "001204000258", 2)).unwrap_err();
    assert!(matches!(again, Rejection::Exists { staged: false, .. }));
    let mut other_model = registration("b", "001204000258", 2);
    other_model.portrait.as_mut().unwrap().model = "arcface".into();
    assert_eq!(
        writer.enroll(other_model).unwrap_err().to_string(),
        "registration b: embedding of model \"arcface\", the gallery holds \"m\""
    );
    let mut empty = registration("c", "001204000258", 2);
    empty.portrait = None;
    assert!(matches!(writer.enroll(empty).unwrap_err(), Rejection::Empty { .. }));
    let mut opaque = registration("d", "001204000258", 2);
    opaque.personal_id = PersonalId::new("someone", IdScheme::Opaque).unwrap();
    assert!(matches!(writer.enroll(opaque).unwrap_err(), Rejection::PersonalId { .. }));
    writer.enroll(registration("e", "001204000258", 2)).unwrap();
    assert_eq!(writer.commit().unwrap().enrolled, 1);
}

#[test]
fn a_writer_that_is_dropped_publishes_nothing_and_leaves_nothing() {
    let (directory, gallery) = new_gallery();
    let mut writer = gallery.writer(Arc::new(NothingDerived)).unwrap();
    for i in 0..100 {
        writer.enroll(sample(i)).unwrap();
    }
    drop(writer);
    assert_eq!(Gallery::open(gallery.path()).unwrap().snapshot().info().registrations, 0);
    let mut names: Vec<_> =
        std::fs::read_dir(directory.path().join("g")).unwrap().map(|e| e.unwrap().file_name()).collect();
    names.sort();
    assert_eq!(names, ["lock", "manifest", "manifest.copy"]);
}

#[test]
fn a_removed_subject_is_gone_and_may_come_back() {
    let (_directory, gallery) = new_gallery();
    let mut writer = gallery.writer(Arc::new(NothingDerived)).unwrap();
    for (i, id) in ["001204000257", "001204000258", "001204000257"].into_iter().enumerate() {
        writer.enroll(registration(&format!("r{i}"), id, i as u64)).unwrap();
    }
    writer.commit().unwrap();
    let before = gallery.snapshot();
    let gone = PersonalId::new("001204000257", IdScheme::Vietnam).unwrap();
    assert_eq!(writer.remove(&gone).unwrap().registrations, 2);
    assert_eq!(writer.remove(&gone).unwrap().registrations, 0);
    writer.enroll(registration("r0", "001204000257", 9)).unwrap();
    let commit = writer.commit().unwrap();
    assert_eq!((commit.enrolled, commit.removed), (1, 2));
    let info = gallery.snapshot().info();
    assert_eq!((info.registrations, info.subjects), (2, 2));
    assert_eq!(before.rows_of_subject(1_204_000_257).unwrap().len(), 2, "the older snapshot stays as it was");
    assert_eq!(gallery.snapshot().rows_of_subject(1_204_000_257).unwrap().len(), 1);
    assert_eq!(gallery.snapshot().find_registration("r2").unwrap(), None);
    // Removed before it was committed: it never appears.
    writer.enroll(registration("r9", "001204000999", 3)).unwrap();
    assert_eq!(writer.remove(&PersonalId::new("001204000999", IdScheme::Vietnam).unwrap()).unwrap().registrations, 1);
    writer.commit().unwrap();
    assert_eq!(gallery.snapshot().find_registration("r9").unwrap(), None);
    assert_eq!(gallery.snapshot().info().subjects, 2);
}

#[test]
fn a_second_writer_is_told_who_holds_the_lock() {
    let (_directory, gallery) = new_gallery();
    let _writer = gallery.writer(Arc::new(NothingDerived)).unwrap();
    let error = gallery.writer(Arc::new(NothingDerived)).unwrap_err();
    assert!(matches!(error, GalleryError::Locked { holder: Some(id), .. } if id == std::process::id()), "{error}");
}

#[test]
fn stages_become_segments_of_one_commit() {
    let directory = tempfile::tempdir().unwrap();
    let limits = Limits { staged_rows: 10, ..Limits::default() };
    let options = Options {
        face: Some(face_spec()),
        read: ReadOptions { limits, ..ReadOptions::default() },
        ..Options::default()
    };
    let gallery = Gallery::create(directory.path().join("g"), options).unwrap();
    let mut writer = gallery.writer(Arc::new(NothingDerived)).unwrap();
    for i in 0..25 {
        writer.enroll(sample(i)).unwrap();
        assert!(matches!(writer.enroll(sample(i)), Err(Rejection::Exists { staged: true, .. })));
    }
    assert_eq!(writer.staged(), 25);
    writer.commit().unwrap();
    assert_eq!(gallery.snapshot().info().registrations, 25);
}

#[cfg(unix)]
#[test]
fn files_that_others_can_read_are_refused() {
    use std::os::unix::fs::PermissionsExt;
    let (_directory, gallery) = new_gallery();
    let mode = |path: &std::path::Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(gallery.path()), 0o700);
    assert_eq!(mode(&gallery.path().join("manifest")), 0o600);
    std::fs::set_permissions(gallery.path(), PermissionsExt::from_mode(0o755)).unwrap();
    assert!(matches!(Gallery::open(gallery.path()).unwrap_err(), GalleryError::NotPrivate { mode: 0o755, .. }));
    let options = ReadOptions { privacy: vantay::gallery::Privacy::Warned, ..ReadOptions::default() };
    assert_eq!(Gallery::open_with(gallery.path(), options).unwrap().warnings().len(), 1);
}

#[test]
fn an_opaque_gallery_takes_any_id() {
    let directory = tempfile::tempdir().unwrap();
    let options = Options { id_scheme: IdScheme::Opaque, face: Some(face_spec()), ..Options::default() };
    let gallery = Gallery::create(directory.path().join("g"), options).unwrap();
    let mut writer = gallery.writer(Arc::new(NothingDerived)).unwrap();
    let mut opaque = registration("r", "001204000257", 1);
    opaque.personal_id = PersonalId::new("người", IdScheme::Opaque).unwrap();
    writer.enroll(opaque).unwrap();
    writer.commit().unwrap();
    let snapshot = gallery.snapshot();
    let places = snapshot.rows_of_subject(snapshot.subject_key("người")).unwrap();
    assert_eq!(places.len(), 1);
    let entry = snapshot.segments()[0].entry(0).unwrap();
    assert_eq!((entry.personal_id, entry.demographics), ("người", None));
}
