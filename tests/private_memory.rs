//! Memory that held a template holds nothing of it when it is given back: an allocator looks into all that is.
#![allow(unsafe_code, clippy::unwrap_used)]

mod gallery_support;

use gallery_support::{face_spec, finger};
use rand::{RngExt, SeedableRng};
use rand_pcg::Pcg64Mcg;
use std::{
    alloc::{GlobalAlloc, Layout, System},
    collections::BTreeSet,
    sync::{
        Arc,
        atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed},
    },
};
use vantay::{
    fingerprint::Prepared,
    gallery::{Derive, Gallery, Key, Limits, Options, ReadOptions},
    registration::{Finger, IdScheme, PersonalId, Portrait, Registration, RegistrationId},
    search::SearchColumns,
    template::{FaceEmbedding, MinutiaeTemplate},
};

/// What must not be found: eight bytes of each template, and of what is derived from it. Inverted, or what this test leaves on the stack
/// would be found in what is made there and moved to the heap.
static SECRETS: [AtomicU64; 22] = [const { AtomicU64::new(0) }; 22];
/// How often it was found.
static FOUND: AtomicUsize = AtomicUsize::new(0);

struct Watching;

#[global_allocator]
static ALLOCATOR: Watching = Watching;

// SAFETY: memory comes from the system and goes back to it with the layout it came with; in between it is only read. A block that grows is moved by
// the default, so that the old one is looked into.
unsafe impl GlobalAlloc for Watching {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // Zeroed, so that all of it may be read later.
        // SAFETY: as the caller promises.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        // SAFETY: the block is the caller's until it is given back below, of this size, and was initialised when it was made.
        let bytes = unsafe { std::slice::from_raw_parts(block, layout.size()) };
        let secrets = SECRETS.each_ref().map(|secret| secret.load(Relaxed));
        if secrets[0] != 0 {
            // Components are aligned to four bytes, minutiae to two.
            for window in bytes.windows(8).step_by(2) {
                let inverted = u64::from_ne_bytes(std::array::from_fn(|i| !window[i]));
                FOUND.fetch_add(usize::from(secrets.contains(&inverted) && inverted != 0), Relaxed);
            }
        }
        // SAFETY: as the caller promises.
        unsafe { System.dealloc(block, layout) }
    }
}

/// The inverse of the first eight bytes.
fn word(bytes: &[u8]) -> u64 {
    u64::from_ne_bytes(std::array::from_fn(|i| !bytes[i]))
}

/// The eight bytes of a derived column that say most, behind its head.
fn telling_word(column: &[u8]) -> u64 {
    let distinct = |bytes: &&[u8]| bytes.iter().collect::<BTreeSet<_>>().len();
    word(column[64..].chunks_exact(8).max_by_key(distinct).unwrap())
}

/// A word of each column that is derived from these portraits together.
fn of_portraits(faces: &[&FaceEmbedding]) -> impl Iterator<Item = u64> + use<> {
    let rows: Vec<f32> = faces.iter().flat_map(|face| face.as_slice()).copied().collect();
    SearchColumns.faces(gallery_support::DIMENSION, &rows).into_iter().map(|column| telling_word(&column.bytes))
}

/// A word of each column that is derived from a finger, and of a minutia as it is compared.
fn of_finger(finger: &MinutiaeTemplate) -> impl Iterator<Item = u64> + use<> {
    let minutia = word(&Prepared::new(finger).as_bytes()[64 + 8 * 11..]);
    let columns = SearchColumns.fingers(finger.position(), std::slice::from_ref(finger));
    columns.into_iter().map(|column| telling_word(&column.bytes)).chain([minutia])
}

/// Two portraits and four fingers, watched from here on.
fn watched() -> ([FaceEmbedding; 2], [MinutiaeTemplate; 4]) {
    let mut random = Pcg64Mcg::seed_from_u64(7);
    let faces = [(); 2].map(|()| {
        let components: [f32; gallery_support::DIMENSION] = std::array::from_fn(|_| random.random_range(-1.0..1.0));
        FaceEmbedding::new(&components).unwrap()
    });
    let fingers = [2, 7, 2, 7].map(|position| finger(&mut random, position, 40));
    let of_faces = faces.iter().map(|face| word(bytemuck::cast_slice(&face.as_slice()[3..5])));
    let of_fingers = fingers.iter().map(|finger| word(bytemuck::bytes_of(&finger.minutiae()[11])));
    // The columns of a stage, and those of what compaction keeps of two.
    let [a, b] = &faces;
    let derived = of_portraits(&[a, b]).chain(of_portraits(&[a, a, b])).chain(fingers.iter().flat_map(of_finger));
    let words: Vec<u64> = of_faces.chain(of_fingers).chain(derived).collect();
    assert_eq!(words.len(), SECRETS.len());
    for (secret, word) in SECRETS.iter().zip(words) {
        secret.store(word, Relaxed);
    }
    (faces, fingers)
}

fn registration(i: usize, face: &FaceEmbedding, fingers: &[MinutiaeTemplate]) -> Registration {
    Registration {
        id: RegistrationId::new(&format!("R{i}")).unwrap(),
        personal_id: PersonalId::new(&format!("001204{i:06}"), IdScheme::Vietnam).unwrap(),
        captured_at: None,
        portrait: Some(Portrait { model: "m".into(), embedding: face.clone() }),
        fingers: fingers.iter().cloned().map(Finger::Captured).collect(),
    }
}

/// How often a secret was found while `work` ran.
fn found(work: impl FnOnce()) -> usize {
    let before = FOUND.load(Relaxed);
    work();
    FOUND.load(Relaxed) - before
}

/// Enrols four registrations in two stages, commits, removes one and compacts.
fn enrol(key: Option<Key>, faces: &[FaceEmbedding; 2], fingers: &[MinutiaeTemplate; 4]) {
    let directory = tempfile::tempdir().unwrap();
    let read = ReadOptions { key, ..ReadOptions::default() };
    let limits = Limits { staged_rows: 2, ..Limits::default() };
    let options = Options { face: Some(face_spec()), read: ReadOptions { limits, ..read }, ..Options::default() };
    let gallery = Gallery::create(directory.path().join("g"), options).unwrap();
    let mut writer = gallery.writer(Arc::new(SearchColumns)).unwrap();
    for i in 0..4 {
        writer.enroll(registration(i, &faces[i % 2], &fingers[i % 2 * 2..][..2])).unwrap();
    }
    writer.commit().unwrap();
    writer.remove(&PersonalId::new("001204000001", IdScheme::Vietnam).unwrap()).unwrap();
    writer.commit().unwrap();
    writer.compact().unwrap();
}

// One test: whatever runs beside it would be looked into as well.
#[test]
fn no_template_is_left_in_memory_that_is_given_back() {
    let (faces, fingers) = watched();
    let plain = found(|| drop(faces[0].as_slice().to_vec()));
    assert_eq!(plain, 1, "the allocator looks");
    let rows = faces.each_ref().map(FaceEmbedding::as_slice).concat();
    let of_faces = SearchColumns.faces(gallery_support::DIMENSION, &rows);
    let of_fingers = SearchColumns.fingers(fingers[0].position(), &fingers[..1]);
    for column in of_faces.iter().chain(&of_fingers) {
        assert_ne!(found(|| drop(column.bytes.clone())), 0, "the allocator knows {column:?}");
    }
    assert_eq!(found(|| drop((of_faces, of_fingers))), 0, "derived columns that are dropped");

    let templates = found(|| {
        drop(registration(9, &faces[0], &fingers));
        fingers.iter().for_each(|finger| drop(Prepared::new(finger)));
        drop(vantay::face::encode(gallery_support::DIMENSION, &rows));
    });
    assert_eq!(templates, 0, "templates that are dropped");
    assert_eq!(found(|| enrol(None, &faces, &fingers)), 0, "a gallery's writer");
    assert_eq!(found(|| enrol(Some(Key::generate().unwrap()), &faces, &fingers)), 0, "an encrypted gallery's writer");
}
