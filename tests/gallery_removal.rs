//! Removal is removal; small segments do not pile up; nothing is rewritten without need.
#![allow(clippy::unwrap_used)]

mod gallery_support;

use gallery_support::{
    Doubles,
    content::content,
    face_spec, finger, new_gallery, registration, sample,
    storage::{Meter, Metered},
};
use rand::SeedableRng;
use rand_pcg::Pcg64Mcg;
use std::{collections::BTreeSet, path::Path, sync::Arc};
use vantay::{
    gallery::{Derive, DerivedColumn, DerivedLayout, Gallery, GalleryError, Limits, Options, ReadOptions, check},
    registration::{Finger, IdScheme, PersonalId, Registration},
    template::{FingerPosition, MinutiaeTemplate},
};

fn with_limits(path: &Path, limits: Limits) -> Gallery {
    let read = ReadOptions { limits, ..ReadOptions::default() };
    Gallery::create(path, Options { face: Some(face_spec()), read, ..Options::default() }).unwrap()
}

fn subject(registration: &Registration) -> PersonalId {
    PersonalId::new(registration.personal_id.as_str(), IdScheme::Vietnam).unwrap()
}

/// How many files of a directory hold `bytes`.
fn files_with(directory: &Path, bytes: &[u8]) -> usize {
    let files = std::fs::read_dir(directory).unwrap().map(|entry| std::fs::read(entry.unwrap().path()).unwrap());
    files.filter(|file| file.windows(bytes.len()).any(|window| window == bytes)).count()
}

/// Sixteen bytes from the middle of each template of a registration, as they are stored.
fn marks(registration: &Registration) -> Vec<Vec<u8>> {
    let face = registration.portrait.iter().map(|portrait| {
        let bytes: Vec<u8> = portrait.embedding.as_slice().iter().flat_map(|c| c.to_le_bytes()).collect();
        bytes[24..40].to_vec()
    });
    let fingers = registration.templates().map(|template| {
        let minutiae: &[u8] = bytemuck::cast_slice(template.minutiae());
        minutiae[16..32].to_vec()
    });
    face.chain(fingers).collect()
}

#[test]
fn after_compaction_no_byte_of_a_removed_template_is_in_any_file() {
    let (_directory, gallery) = new_gallery();
    let mut writer = gallery.writer(Arc::new(Doubles)).unwrap();
    let mut random = Pcg64Mcg::seed_from_u64(3);
    let all: Vec<Registration> = (0..200)
        .map(|i| {
            let mut one = registration(&format!("r{i}"), &format!("{i:012}"), i);
            one.fingers = (1..=2).map(|position| Finger::Captured(finger(&mut random, position, 40))).collect();
            one
        })
        .collect();
    all.iter().for_each(|one| writer.enroll(one.clone()).unwrap());
    writer.commit().unwrap();
    let held = gallery.snapshot();
    let before = content(&held).unwrap();
    let (gone, kept): (Vec<_>, Vec<_>) = all.iter().enumerate().partition(|(i, _)| i % 9 == 4);
    for (_, one) in &gone {
        assert!(marks(one).iter().all(|mark| files_with(gallery.path(), mark) == 1), "stored as expected");
        assert_eq!(writer.remove(&subject(one)).unwrap().registrations, 1);
    }
    assert!(matches!(writer.compact(), Err(GalleryError::Option { .. })), "what is not committed is not forgotten");
    writer.commit().unwrap();
    let done = writer.compact().unwrap();
    assert_eq!(done.rows_dropped, gone.len() as u64);
    for (_, one) in &gone {
        assert!(marks(one).iter().all(|mark| files_with(gallery.path(), mark) == 0), "{} is still there", one.id);
        assert_eq!(files_with(gallery.path(), format!("\"{}\"", one.id).as_bytes()), 0);
    }
    for (_, one) in &kept {
        assert!(marks(one).iter().all(|mark| files_with(gallery.path(), mark) == 1), "{} was kept", one.id);
    }
    assert_eq!(content(&held).unwrap(), before, "who held the older snapshot still reads it");
    let after = content(&gallery.snapshot()).unwrap();
    assert_eq!(after.len(), kept.len());
    assert!(after.iter().all(|(name, bytes)| before[name] == *bytes));
    assert!(check(gallery.path(), true).is_whole());
    assert_eq!(writer.compact().unwrap().segments_read, 0, "a second compaction finds nothing to do");
}

#[test]
fn what_was_compacted_is_not_touched_again_without_need() {
    let directory = tempfile::tempdir().unwrap();
    let limits = Limits { staged_rows: 8, merged_rows: 64, fan_in: 4, ..Limits::default() };
    let gallery = with_limits(&directory.path().join("g"), limits);
    let mut writer = gallery.writer(Arc::new(Doubles)).unwrap();
    (0..300).for_each(|i| writer.enroll(sample(i)).unwrap());
    writer.commit().unwrap();
    let before = content(&gallery.snapshot()).unwrap();
    assert!(gallery.snapshot().segments().len() >= 37);
    writer.compact().unwrap();
    let ids = || gallery.snapshot().segments().iter().map(|segment| segment.id()).collect::<BTreeSet<_>>();
    let compacted = ids();
    assert!(gallery.snapshot().segments().iter().all(|segment| segment.len() <= 64));
    assert!(compacted.len() <= 6, "{} segments for 300 rows", compacted.len());
    assert_eq!(content(&gallery.snapshot()).unwrap(), before);
    assert_eq!(writer.compact().unwrap().segments_read, 0);
    // A removal rewrites the segments of its rows and what is less than half full.
    let gone = sample(0);
    let touched: BTreeSet<u64> = {
        let snapshot = gallery.snapshot();
        let places = snapshot.rows_of_subject(snapshot.subject_key(gone.personal_id.as_str())).unwrap();
        places.iter().map(|place| snapshot.segments()[place.segment].id()).collect()
    };
    writer.remove(&subject(&gone)).unwrap();
    writer.commit().unwrap();
    writer.compact().unwrap();
    let small = 1;
    assert!(compacted.difference(&ids()).count() <= touched.len() + small);
    assert!(check(gallery.path(), true).is_whole());
}

/// Rows of 100 bytes and of 10,000: their number says nothing of what stays.
#[test]
fn compaction_keeps_to_its_sizes_however_rows_differ_in_theirs() {
    let directory = tempfile::tempdir().unwrap();
    let limits = Limits { fan_in: 1000, merged_bytes: 256 << 10, ..Limits::default() };
    let gallery = with_limits(&directory.path().join("g"), limits);
    let mut writer = gallery.writer(Arc::new(Doubles)).unwrap();
    let mut random = Pcg64Mcg::seed_from_u64(5);
    let mut one = |i: u64, large: bool| {
        let mut one = registration(&format!("r{i}"), &format!("{i:012}"), i);
        let positions = 1..=if large { 8 } else { 0 };
        one.fingers = positions.map(|position| Finger::Captured(finger(&mut random, position, 100))).collect();
        one
    };
    // Segments of ten large rows and thirty small ones; of every other one the large rows go, of the others the small ones.
    for segment in 0..24 {
        let rows: Vec<_> = (0..40).map(|i| one(40 * segment + i, i % 4 == 0)).collect();
        rows.into_iter().for_each(|row| writer.enroll(row).unwrap());
        writer.commit().unwrap();
    }
    for segment in 0..24 {
        for i in (0..40).filter(|i| (i % 4 == 0) == (segment % 2 == 0)) {
            writer.remove(&PersonalId::new(&format!("{:012}", 40 * segment + i), IdScheme::Vietnam).unwrap()).unwrap();
        }
    }
    writer.commit().unwrap();
    writer.compact().unwrap();
    let sizes: Vec<u64> = gallery.snapshot().segments().iter().map(|s| s.path().metadata().unwrap().len()).collect();
    // A header, a table and the holes between columns come to what the rows have.
    assert!(sizes.iter().all(|&size| size <= limits.merged_bytes + (16 << 10)), "{sizes:?}");
    assert!(sizes.iter().filter(|&&size| size < limits.merged_bytes / 2).count() <= 1, "{sizes:?}");
    assert_eq!(writer.compact().unwrap().segments_read, 0, "{sizes:?}");
}

/// Few registrations have a portrait, and what is derived of those, in one piece, is most of the file.
#[test]
fn compaction_keeps_to_its_sizes_where_few_rows_have_what_is_large() {
    struct Bulky;
    impl Derive for Bulky {
        fn version(&self) -> u32 {
            1
        }
        fn faces(&self, _: usize, rows: &[f32]) -> Vec<DerivedColumn> {
            vec![DerivedColumn { kind: 1, layout: DerivedLayout::Raw, bytes: vec![7; 256 * rows.len()] }]
        }
        fn fingers(&self, _: FingerPosition, _: &[MinutiaeTemplate]) -> Vec<DerivedColumn> {
            Vec::new()
        }
    }
    let directory = tempfile::tempdir().unwrap();
    let limits = Limits { fan_in: 1000, merged_bytes: 256 << 10, ..Limits::default() };
    let gallery = with_limits(&directory.path().join("g"), limits);
    let mut writer = gallery.writer(Arc::new(Bulky)).unwrap();
    let mut random = Pcg64Mcg::seed_from_u64(6);
    for segment in 0..24 {
        for i in 40 * segment..40 * segment + 40 {
            let mut one = registration(&format!("r{i}"), &format!("{i:012}"), i);
            if i % 10 > 0 {
                one.portrait = None;
                one.fingers.push(Finger::Captured(finger(&mut random, 1, 5)));
            }
            writer.enroll(one).unwrap();
        }
        writer.commit().unwrap();
        writer.remove(&PersonalId::new(&format!("{:012}", 40 * segment + 7), IdScheme::Vietnam).unwrap()).unwrap();
    }
    writer.commit().unwrap();
    writer.compact().unwrap();
    let sizes: Vec<u64> = gallery.snapshot().segments().iter().map(|s| s.path().metadata().unwrap().len()).collect();
    assert!(sizes.len() > 1 && sizes.iter().all(|&size| size <= limits.merged_bytes + (16 << 10)), "{sizes:?}");
    assert_eq!(writer.compact().unwrap().segments_read, 0, "{sizes:?}");
}

#[test]
fn many_small_commits_leave_few_segments() {
    let directory = tempfile::tempdir().unwrap();
    let limits = Limits { fan_in: 4, ..Limits::default() };
    let gallery = with_limits(&directory.path().join("g"), limits);
    let mut writer = gallery.writer(Arc::new(Doubles)).unwrap();
    let (mut most, mut written) = (0, 0);
    for i in 0..400 {
        writer.enroll(sample(i)).unwrap();
        writer.commit().unwrap();
        assert!(writer.merge_error().is_none());
        let snapshot = gallery.snapshot();
        most = most.max(snapshot.segments().len());
        written = written.max(snapshot.segments().iter().map(|segment| segment.id()).max().unwrap());
        assert_eq!(snapshot.info().registrations, i + 1);
    }
    // Less than fan-in segments in each of the tiers 1, 4, 16, 64, 256; each row rewritten once a tier at most.
    assert!(most <= 5 * 3 + 1, "{most} segments");
    assert!(written <= 400 + 400 / 3, "{written} segments were written");
    let all = content(&gallery.snapshot()).unwrap();
    assert_eq!(all.len(), 400);
    assert!(check(gallery.path(), true).is_whole());
    let files = std::fs::read_dir(gallery.path()).unwrap().count();
    assert_eq!(files, gallery.snapshot().segments().len() + 3, "nothing is left lying about");
}

#[test]
fn columns_of_another_version_are_derived_anew_when_segments_merge() {
    struct Newer;
    impl vantay::gallery::Derive for Newer {
        fn version(&self) -> u32 {
            8
        }
        fn faces(&self, dimension: usize, rows: &[f32]) -> Vec<vantay::gallery::DerivedColumn> {
            Doubles.faces(dimension, rows)
        }
        fn fingers(
            &self,
            position: vantay::template::FingerPosition,
            templates: &[vantay::template::MinutiaeTemplate],
        ) -> Vec<vantay::gallery::DerivedColumn> {
            Doubles.fingers(position, templates)
        }
    }
    let (_directory, gallery) = new_gallery();
    for (from, to) in [(0, 10), (10, 20)] {
        let mut writer = gallery.writer(Arc::new(Doubles)).unwrap();
        (from..to).for_each(|i| writer.enroll(sample(i)).unwrap());
        writer.commit().unwrap();
    }
    let before = content(&gallery.snapshot()).unwrap();
    gallery.writer(Arc::new(Newer)).unwrap().compact().unwrap();
    let snapshot = gallery.snapshot();
    assert_eq!(snapshot.segments().len(), 1);
    let derived = snapshot.segments()[0].derived(vantay::gallery::Modality::Face, 1).unwrap().unwrap();
    assert_eq!(derived.version(), 8);
    assert_eq!(content(&snapshot).unwrap(), before);
}

#[test]
fn compaction_needs_the_room_of_one_segment_more() {
    let directory = tempfile::tempdir().unwrap();
    let disk = Arc::new(Metered::default());
    let limits = Limits { staged_rows: 16, merged_rows: 64, ..Limits::default() };
    let read = ReadOptions { limits, storage: Arc::new(Meter(disk.clone())), ..ReadOptions::default() };
    let options = Options { face: Some(face_spec()), read, ..Options::default() };
    let gallery = Gallery::create(directory.path().join("g"), options).unwrap();
    let mut writer = gallery.writer(Arc::new(Doubles)).unwrap();
    (0..600).for_each(|i| writer.enroll(sample(i)).unwrap());
    writer.commit().unwrap();
    (0..600).step_by(10).for_each(|i| {
        writer.remove(&subject(&sample(i))).unwrap();
    });
    writer.commit().unwrap();
    let before = disk.standing();
    disk.most();
    let done = writer.compact().unwrap();
    assert!(done.segments_written >= 6, "{done:?}");
    let largest =
        gallery.snapshot().segments().iter().map(|s| std::fs::metadata(s.path()).unwrap().len()).max().unwrap();
    let extra = disk.most() - before;
    // The manifests are small beside it.
    assert!(extra <= largest + (16 << 10), "{extra} bytes more, the largest segment has {largest}");
    // Everything was read once and written once.
    assert!(done.bytes_written <= done.bytes_read);
    assert_eq!(writer.compact().unwrap().segments_read, 0);
}
