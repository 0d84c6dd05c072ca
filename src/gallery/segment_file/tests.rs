//! What a sector that cannot be read costs, and how far ahead a reader is read.

use super::*;
use crate::{
    gallery::{
        FaceSpec, Gallery, Key, NothingDerived, Options, ReadOptions, Snapshot, layout::ColumnKind, map::tests::Device,
    },
    registration::{IdScheme, PersonalId, Portrait, Registration, RegistrationId},
    template::FaceEmbedding,
};
use std::sync::Arc;

const DIMENSION: usize = 4096;
/// Two embeddings fill a block.
const ROWS: usize = 300;
const BLOCKS: usize = ROWS / 2;

fn write(path: &Path) {
    write_with(path, ReadOptions::default());
}

fn write_with(path: &Path, read: ReadOptions) {
    let face = FaceSpec { model: "m".into(), dimension: DIMENSION };
    let gallery = Gallery::create(path, Options { face: Some(face), read, ..Options::default() }).unwrap();
    let mut writer = gallery.writer(Arc::new(NothingDerived)).unwrap();
    for i in 0..ROWS {
        let embedding: Vec<f32> = (0..DIMENSION).map(|k| ((i * 31 + k * 7) % 101) as f32 - 49.5).collect();
        let portrait = Portrait { model: "m".into(), embedding: FaceEmbedding::new(&embedding).unwrap() };
        writer
            .enroll(Registration {
                id: RegistrationId::new(&format!("R{i}")).unwrap(),
                personal_id: PersonalId::new(&format!("{i:012}"), IdScheme::Vietnam).unwrap(),
                captured_at: None,
                portrait: Some(portrait),
                fingers: Vec::new(),
            })
            .unwrap();
    }
    writer.commit().unwrap();
    writer.remove(&PersonalId::new("000000000007", IdScheme::Vietnam).unwrap()).unwrap();
    writer.commit().unwrap();
}

/// The gallery at `path`, read from a device on which the bytes `bad` of every mapped file cannot be read.
fn open(path: &Path, bad: Range<usize>) -> (Result<Arc<Snapshot>, GalleryError>, Device) {
    Device::with_bad(bad, || Ok(Gallery::open(path)?.snapshot()))
}

fn embeddings(snapshot: &Snapshot) -> (&SegmentFile, &Column) {
    let file = &*snapshot.segments()[0].file;
    (file, file.column(ColumnKey::of(Modality::Face, ColumnKind::Embeddings)).unwrap())
}

/// The gallery with a block of its embeddings that cannot be read.
fn with_bad_block(path: &Path, block: usize) -> Arc<Snapshot> {
    let whole = open(path, 0..0).0.unwrap();
    let at = embeddings(&whole).1.entry.offset as usize + block * BLOCK;
    open(path, at + 4096..at + 8192).0.unwrap()
}

/// File, place and part of a damage.
fn place(error: GalleryError) -> (PathBuf, u64, String) {
    match error {
        GalleryError::Damaged { path, offset, part, reason } if reason.contains("cannot be read") => {
            (path, offset, part)
        }
        error => panic!("{error}"),
    }
}

#[test]
fn who_goes_through_a_column_row_by_row_is_read_ahead() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("g");
    write(&path);
    let (snapshot, device) = open(&path, 0..0);
    let snapshot = snapshot.unwrap();
    let faces = snapshot.segments()[0].faces().unwrap().unwrap();
    (0..ROWS).for_each(|i| assert!(faces.embedding(i).is_ok()));
    let entry = &embeddings(&snapshot).1.entry;
    let bytes = entry.offset as usize..(entry.offset + entry.length) as usize;
    let asked: Vec<usize> = device
        .asked()
        .into_iter()
        .filter(|range| bytes.contains(&range.start))
        .map(|range| range.len() / BLOCK)
        .collect();
    assert_eq!(asked, [1, 2, 4, 8, 16, 32, 64, 23]);
}

#[test]
fn a_bad_sector_costs_its_block_alone() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("g");
    write(&path);
    for bad in [0, 40, BLOCKS - 1] {
        let snapshot = with_bad_block(&path, bad);
        let (file, column) = embeddings(&snapshot);
        let expected = (file.path.clone(), column.entry.offset + (bad * BLOCK) as u64, "face embeddings".to_string());
        let faces = snapshot.segments()[0].faces().unwrap().unwrap();
        for i in 0..ROWS {
            match faces.embedding(i) {
                Ok(_) => assert_ne!(i / 2, bad),
                Err(error) => assert_eq!((i / 2, place(error)), (bad, expected.clone())),
            }
        }
        assert_eq!(place(faces.embeddings().unwrap_err()), expected);
        assert_eq!(place(with_bad_block(&path, bad).warm().unwrap_err()), expected);
        let found: Vec<_> = file.bad_blocks(column).into_iter().map(place).collect();
        assert_eq!(found, [expected]);
    }
}

#[test]
fn a_table_of_more_columns_than_there_are_is_damage() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("g");
    write(&path);
    let whole = open(&path, 0..0).0.unwrap();
    let file = &whole.segments()[0].file;
    let mut bytes = file.raw().to_vec();
    let at = bytes.len() - 64;
    let mut trailer: Trailer = bytemuck::pod_read_unaligned(&bytes[at..]);
    trailer.columns = MOST_COLUMNS + 1;
    trailer.checksum = self_checksum(&trailer);
    bytes[at..].copy_from_slice(bytemuck::bytes_of(&trailer));
    let crafted = directory.path().join("crafted");
    std::fs::write(&crafted, bytes).unwrap();
    let how = Opening { checking: Checking::OnFirstUse, key: None, keeps_going: true, bytes: None };
    let refused = SegmentFile::open(&crafted, whole.gallery_number().to_be_bytes(), file.id, how).err().unwrap();
    assert!(
        matches!(&refused, GalleryError::Damaged { offset, part, .. } if (*offset, &**part) == (at as u64 + 32, "trailer")),
        "{refused}"
    );
}

#[test]
fn whatever_cannot_be_read_is_damage_with_its_place() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("g");
    write(&path);
    let whole = open(&path, 0..0).0.unwrap();
    let (file, column) = embeddings(&whole);
    let length = file.raw().len();
    let table = length - 64 * (1 + file.columns().len());
    let checksums = column.entry.checksums as usize;

    let refused = |bad: usize| place(open(&path, bad..bad + 1).0.unwrap_err());
    assert_eq!(refused(length - 1), (file.path.clone(), length as u64 - 64, "trailer".into()));
    assert_eq!(refused(table), (file.path.clone(), table as u64, "table".into()));
    // Of live rows as well, which are mapped after it.
    assert_eq!(refused(0), (file.path.clone(), 0, "header".into()));
    let live = whole.segments()[0].live.as_ref().unwrap();
    let name = path.join(layout::live_name(file.id, live.commit()));
    let opened = Device::with_bad(70..71, || {
        super::super::live::Live::open(&path, whole.gallery_number().to_be_bytes(), file.id, live.commit(), ROWS)
    });
    assert_eq!(place(opened.0.err().unwrap()), (name, 0, "live rows".into()));

    let snapshot = open(&path, checksums..checksums + 1).0.unwrap();
    let (file, column) = embeddings(&snapshot);
    let expected = (file.path.clone(), checksums as u64, "checksums of face embeddings".to_string());
    assert_eq!(place(snapshot.segments()[0].faces().unwrap().unwrap().embedding(5).unwrap_err()), expected);
    assert_eq!(file.bad_blocks(column).into_iter().map(place).collect::<Vec<_>>(), [expected]);

    // The zeros behind the last column's checksums.
    let snapshot = open(&path, table - 1..table).0.unwrap();
    let problems = snapshot.check(true).problems;
    assert_eq!(problems.iter().map(|problem| problem.part.as_str()).collect::<Vec<_>>(), ["padding"]);
}

#[test]
fn a_sealed_block_that_cannot_be_read_is_damage() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("g");
    let key = Key::new([7; 32]);
    write_with(&path, ReadOptions { key: Some(key.clone()), ..ReadOptions::default() });
    let options = || ReadOptions { key: Some(key.clone()), ..ReadOptions::default() };
    let whole = Gallery::open_with(&path, options()).unwrap().snapshot();
    let file = &whole.segments()[0].file;
    let stored = (layout::SEALED_BLOCK + layout::SEALED_TAG) as u64;
    // One thread, which is the one that has the device.
    let pool = rayon::ThreadPoolBuilder::new().num_threads(1).build().unwrap();
    for (bad, at, part) in [(5, 0, "sealed header"), (64 + 3 * stored + 9, 64 + 3 * stored, "sealed block 3")] {
        let bad = bad as usize..bad as usize + 1;
        let opened = pool.install(|| Device::with_bad(bad, || Gallery::open_with(&path, options()).map(drop)));
        assert_eq!(place(opened.0.unwrap_err()), (file.path.clone(), at, part.into()));
    }
}
