//! Memory that held a template holds nothing of it when it is given back: an allocator looks into all that is.
#![allow(unsafe_code, clippy::unwrap_used)]

mod gallery_support;

use gallery_support::{face_spec, finger};
use rand::{RngExt, SeedableRng};
use rand_pcg::Pcg64Mcg;
use std::{
    alloc::{GlobalAlloc, Layout, System},
    sync::{
        Arc,
        atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed},
    },
};
use vantay::{
    fingerprint::Prepared,
    gallery::{Gallery, Key, Limits, Options, ReadOptions},
    registration::{Finger, IdScheme, PersonalId, Portrait, Registration, RegistrationId},
    search::SearchColumns,
    template::{FaceEmbedding, MinutiaeTemplate},
};

/// What must not be found: eight bytes of each template.
static SECRETS: [AtomicU64; 6] = [const { AtomicU64::new(0) }; 6];
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
                let word = u64::from_ne_bytes(std::array::from_fn(|i| window[i]));
                FOUND.fetch_add(usize::from(secrets.contains(&word) && word != 0), Relaxed);
            }
        }
        // SAFETY: as the caller promises.
        unsafe { System.dealloc(block, layout) }
    }
}

fn word(bytes: &[u8]) -> u64 {
    u64::from_ne_bytes(std::array::from_fn(|i| bytes[i]))
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
    for (secret, word) in SECRETS.iter().zip(of_faces.chain(of_fingers)) {
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

    let templates = found(|| {
        drop(registration(9, &faces[0], &fingers));
        fingers.iter().for_each(|finger| drop(Prepared::new(finger)));
    });
    assert_eq!(templates, 0, "templates that are dropped");
    assert_eq!(found(|| enrol(None, &faces, &fingers)), 0, "a gallery's writer");
    assert_eq!(found(|| enrol(Some(Key::generate().unwrap()), &faces, &fingers)), 0, "an encrypted gallery's writer");
}
