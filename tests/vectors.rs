//! Scores that every language gives: `datasets/vectors.txt` is replayed by Rust here, by the C suite and by pytest, and all
//! agree to the bit.
//!
//! A line is a kind (`finger`: template records, the score as `f32`; `face`: embeddings of little-endian `f32`, the cosine as
//! `f64`), the two templates, and the bits of the score, all in hexadecimal. They come from the shipped feed: registrations of one
//! person, then of strangers. After a change that means to change scores: `VANTAY_REGENERATE=1 cargo test --test vectors`.
#![allow(clippy::unwrap_used)]

use std::{collections::HashMap, fmt::Write, fs, path::PathBuf};
use vantay::{
    face,
    fingerprint::{Comparer, Prepared},
    registration::{FeedOptions, FeedReader, Registration},
    simd::Level,
    template::{self, FaceEmbedding, Format, Record},
};

fn dataset(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("datasets").join(name)
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").unwrap();
        text
    })
}

fn bytes(hex: &str) -> Vec<u8> {
    (0..hex.len()).step_by(2).map(|i| u8::from_str_radix(&hex[i..i + 2], 16).unwrap()).collect()
}

fn finger_score(level: Level, a: &[u8], b: &[u8]) -> f32 {
    let prepare = |bytes: &[u8]| Prepared::new(&template::read(bytes).unwrap().templates().unwrap()[0]);
    Comparer::new(level).compare(prepare(a).view(), prepare(b).view())
}

fn face_score(a: &[u8], b: &[u8]) -> f64 {
    let read = |bytes: &[u8]| {
        let components: Vec<f32> = bytes.chunks_exact(4).map(|c| f32::from_le_bytes(c.try_into().unwrap())).collect();
        FaceEmbedding::new(&components).unwrap()
    };
    face::compare(read(a).as_slice(), read(b).as_slice()).unwrap()
}

/// The line of one comparison, its score computed by scalar code.
fn line(kind: &str, a: &[u8], b: &[u8]) -> String {
    match kind {
        "finger" => {
            format!("finger {} {} {:08x}\n", hex(a), hex(b), finger_score(Level::Scalar, a, b).to_bits())
        }
        _ => format!("face {} {} {:016x}\n", hex(a), hex(b), face_score(a, b).to_bits()),
    }
}

fn generated() -> String {
    let feed = FeedReader::open(dataset("synthetic-400.ndjson.zst"), FeedOptions::default()).unwrap();
    let registrations: Vec<Registration> = feed.collect::<Result<_, _>>().unwrap();
    let named: HashMap<&str, &Registration> = registrations.iter().map(|r| (r.id.as_str(), r)).collect();
    let truth = fs::read_to_string(dataset("synthetic-400-truth.csv")).unwrap();
    let mates = truth.lines().skip(1).take(4).map(|pair| {
        let [a, b, ..] = pair.split(',').collect::<Vec<_>>()[..] else { panic!("five columns") };
        (named[a], named[b])
    });
    let strangers = registrations.chunks_exact(2).take(3).map(|pair| (&pair[0], &pair[1]));
    let mut text = String::new();
    for (a, b) in mates.chain(strangers) {
        let records = [a, b].map(|registration| {
            let finger = registration.templates().find(|template| template.position().number() == 2)?;
            Record::from_templates(Format::Iso19794V2005, std::slice::from_ref(finger)).unwrap().to_bytes().ok()
        });
        if let [Some(a), Some(b)] = records {
            text += &line("finger", &a, &b);
        }
        let rows = [a, b].map(|registration| {
            let embedding = &registration.portrait.as_ref().unwrap().embedding;
            embedding.as_slice().iter().flat_map(|component| component.to_le_bytes()).collect::<Vec<_>>()
        });
        text += &line("face", &rows[0], &rows[1]);
    }
    text
}

#[test]
fn the_shared_vectors_are_what_rust_computes_at_every_level() {
    if std::env::var_os("VANTAY_REGENERATE").is_some() {
        fs::write(dataset("vectors.txt"), generated()).unwrap();
    }
    let text = fs::read_to_string(dataset("vectors.txt")).unwrap();
    assert!(text.lines().count() >= 10);
    for (number, line) in text.lines().enumerate() {
        let [kind, a, b, bits] = line.split(' ').collect::<Vec<_>>()[..] else { panic!("four columns") };
        let (a, b, bits) = (bytes(a), bytes(b), u64::from_str_radix(bits, 16).unwrap());
        if kind == "face" {
            assert_eq!(face_score(&a, &b).to_bits(), bits, "line {number}");
            continue;
        }
        for level in Level::ALL.into_iter().filter(|level| level.is_available()) {
            let score = finger_score(level, &a, &b);
            let stated = f32::from_bits(bits as u32);
            assert_eq!(score.to_bits(), stated.to_bits(), "line {number} at {level}: {score}, stated {stated}");
        }
    }
}
