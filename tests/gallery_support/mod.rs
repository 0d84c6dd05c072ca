//! Made-up registrations and a deriver that is easy to check, for the gallery's tests.
#![allow(dead_code, clippy::unwrap_used)]

pub mod content;
pub mod model;
pub mod segment;
pub mod sparse;
pub mod storage;

use rand::{Rng, RngExt, SeedableRng};
use rand_pcg::Pcg64Mcg;
use vantay::{
    gallery::{Derive, DerivedColumn, DerivedLayout, FaceSpec, Gallery, Options},
    registration::{Finger, IdScheme, PersonalId, Portrait, Registration, RegistrationId},
    template::{FaceEmbedding, FingerPosition, Impression, Minutia, MinutiaKind, MinutiaeTemplate},
};

pub const DIMENSION: usize = 16;

pub fn face_spec() -> FaceSpec {
    FaceSpec { model: "m".into(), dimension: DIMENSION }
}

pub fn new_gallery() -> (tempfile::TempDir, Gallery) {
    let directory = tempfile::tempdir().unwrap();
    let options = Options { face: Some(face_spec()), ..Options::default() };
    let gallery = Gallery::create(directory.path().join("g"), options).unwrap();
    (directory, gallery)
}

/// A registration with a portrait alone.
pub fn registration(name: &str, personal_id: &str, seed: u64) -> Registration {
    let mut random = Pcg64Mcg::seed_from_u64(seed);
    Registration {
        id: RegistrationId::new(name).unwrap(),
        personal_id: PersonalId::new(personal_id, IdScheme::Vietnam).unwrap(),
        captured_at: Some(seed as i64),
        portrait: Some(portrait(&mut random)),
        fingers: Vec::new(),
    }
}

fn portrait(random: &mut Pcg64Mcg) -> Portrait {
    let components: Vec<f32> = (0..DIMENSION).map(|_| random.random_range(-1.0..1.0)).collect();
    Portrait { model: "m".into(), embedding: FaceEmbedding::new(&components).unwrap() }
}

pub fn finger(random: &mut Pcg64Mcg, position: u8, minutiae: usize) -> MinutiaeTemplate {
    let kinds = [MinutiaKind::Other, MinutiaKind::Ending, MinutiaKind::Bifurcation];
    let minutiae = (0..minutiae)
        .map(|_| {
            let [x, y] = [random.random_range(0..500), random.random_range(0..500)];
            let quality = random.random_bool(0.5).then(|| random.random_range(1..=100));
            Minutia::new(x, y, random.random(), kinds[random.random_range(0..3)], quality)
        })
        .collect();
    let quality = random.random_bool(0.5).then(|| random.random_range(0..=100));
    let position = FingerPosition::new(position).unwrap();
    MinutiaeTemplate::new(position, Impression(random.random_range(0..4)), quality, (388, 374), minutiae).unwrap()
}

/// Registration `i` of a small population: with or without portrait, some fingers, some missing, subjects that return.
pub fn sample(i: u64) -> Registration {
    let mut random = Pcg64Mcg::seed_from_u64(i);
    let mut registration = registration(&format!("HN-{i:06}"), &format!("0012040{:05}", i * 7 % 211), i);
    if random.random_bool(0.2) {
        registration.portrait = None;
    }
    if random.random_bool(0.3) {
        registration.captured_at = None;
    }
    for position in 0..=10 {
        match random.next_u32() % 4 {
            0 => {
                let minutiae = random.random_range(0..60);
                registration.fingers.push(Finger::Captured(finger(&mut random, position, minutiae)));
            }
            1 if position == 2 => {
                let reason = "bandaged".into();
                registration.fingers.push(Finger::Missing { position: FingerPosition::new(position).unwrap(), reason });
            }
            _ => {}
        }
    }
    if registration.portrait.is_none() && registration.templates().next().is_none() {
        registration.fingers.push(Finger::Captured(finger(&mut random, 1, 30)));
    }
    registration
}

/// Two registrations say the same; missing fingers and captured ones may come in another order.
pub fn assert_same(found: &Registration, expected: &Registration) {
    assert_eq!((&found.id, &found.personal_id), (&expected.id, &expected.personal_id));
    assert_eq!(found.captured_at, expected.captured_at);
    assert_eq!(found.portrait.is_some(), expected.portrait.is_some());
    if let (Some(a), Some(b)) = (&found.portrait, &expected.portrait) {
        let differs = a.embedding.as_slice().iter().zip(b.embedding.as_slice()).any(|(a, b)| (a - b).abs() > 1e-6);
        assert!(a.model == b.model && !differs, "embedding of {}", found.id);
    }
    let templates = |r: &Registration| r.templates().cloned().collect::<Vec<_>>();
    assert!(templates(found) == templates(expected), "fingers of {}", found.id);
    let missing = |r: &Registration| r.fingers.len() - r.templates().count();
    assert_eq!(missing(found), missing(expected));
}

/// Derives columns of every layout that are easy to check: 1 twice the embedding, 2 a byte for each minutia, 3 one sum.
pub struct Doubles;

impl Derive for Doubles {
    fn version(&self) -> u32 {
        7
    }

    fn faces(&self, dimension: usize, rows: &[f32]) -> Vec<DerivedColumn> {
        let bytes: Vec<u8> = rows.iter().flat_map(|c| (2.0 * c).to_le_bytes()).collect();
        let sum = bytes.iter().fold(0u64, |sum, &b| sum + u64::from(b));
        vec![
            DerivedColumn { kind: 3, layout: DerivedLayout::Raw, bytes: sum.to_le_bytes().to_vec() },
            DerivedColumn { kind: 1, layout: DerivedLayout::Fixed { stride: 4 * dimension as u32 }, bytes },
        ]
    }

    fn fingers(&self, position: FingerPosition, templates: &[MinutiaeTemplate]) -> Vec<DerivedColumn> {
        let mut offsets = vec![0];
        let mut bytes = Vec::new();
        for template in templates {
            bytes.extend(template.minutiae().iter().map(|m| m.angle ^ position.number()));
            offsets.push(bytes.len() as u64);
        }
        vec![DerivedColumn { kind: 2, layout: DerivedLayout::Variable { offsets }, bytes }]
    }
}
