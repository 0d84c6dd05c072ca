//! Scores and decisions that every language gives: `datasets/vectors.txt` is replayed by Rust here, by the C suite and by pytest, and
//! all agree to the bit.
//!
//! A line is a kind and its fields, with one blank between them:
//!
//! | kind | fields |
//! |---|---|
//! | `finger` | two template records and the bits of their score, an `f32`, in hexadecimal |
//! | `face` | two embeddings of little-endian `f32` and the bits of their cosine, an `f64`, in hexadecimal |
//! | `enroll` | a line of a feed, for a gallery of the face model `synthetic` with 512 dimensions |
//! | `commit` | `-` |
//! | `verify` | how to decide, the decision, the personal ID claimed, the bits of the judgement's score, an `f64`; the claim as a line of a feed |
//! | `identify` | the same for a probe, asked for three candidates: the best decision, personal ID and score of the first one |
//!
//! How to decide is `default`, `fmr=1e-6`, `fpir=1e-3` or `raw=0.4,12` (cosine, finger score). All come from the shipped feed:
//! registrations of one person, then of strangers. After a change that means to change scores: `VANTAY_REGENERATE=1 cargo test --test vectors`.
#![allow(clippy::unwrap_used)]

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    fmt::Write,
    fs,
    path::PathBuf,
    sync::Arc,
};
use vantay::{
    decision::{self, Decision},
    face,
    fingerprint::{Comparer, Prepared},
    gallery::{FaceSpec, Gallery, Options, Writer},
    registration::{FeedOptions, FeedReader, Registration, parse_line, write_line},
    search::{Deciding, IdentifyOptions, Modality, Search, SearchColumns},
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

/// The gallery that `enroll` lines fill.
struct Replay {
    _directory: tempfile::TempDir,
    gallery: Gallery,
    writer: Writer,
}

impl Replay {
    fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let face = Some(FaceSpec { model: "synthetic".into(), dimension: 512 });
        let gallery = Gallery::create(directory.path().join("g"), Options { face, ..Options::default() }).unwrap();
        let writer = gallery.writer(Arc::new(SearchColumns)).unwrap();
        Replay { _directory: directory, gallery, writer }
    }

    /// Decision, personal ID and score of a claim or of the best candidate.
    fn answer(&self, kind: &str, how: &str, probe: &Registration) -> (&'static str, String, f64) {
        let snapshot = self.gallery.snapshot();
        let mut deciding = Deciding::default();
        match how {
            "default" => {}
            "fmr=1e-6" => deciding.level = Some(decision::Level::Fmr(1e-6)),
            "fpir=1e-3" => deciding.level = Some(decision::Level::Fpir(1e-3)),
            "raw=0.4,12" => (deciding.face_threshold, deciding.finger_threshold) = (Some(0.4), Some(12.0)),
            other => panic!("{other}"),
        }
        let search = Search::new(&snapshot, deciding.judge(&snapshot, Modality::Both).unwrap()).unwrap();
        let probes = std::slice::from_ref(probe);
        let (decision, id, score) = if kind == "verify" {
            let (answers, _) = search.verify(probes, Modality::Both, Default::default()).unwrap();
            let judgement = &answers[0].judgement;
            (judgement.decision, probe.personal_id.as_str().to_owned(), judgement.score)
        } else {
            let options = IdentifyOptions { top: 3, ..IdentifyOptions::default() };
            let (mut answers, _) = search.identify(probes, &options).unwrap();
            let mut answer = answers.remove(0);
            let best = answer.candidates.swap_remove(0);
            (answer.decision, best.personal_id.into(), best.judgement.score)
        };
        let named = match decision {
            Decision::Match => "match",
            Decision::Review => "review",
            Decision::None => "none",
        };
        (named, id, score)
    }
}

fn feed_line(registration: &Registration) -> String {
    let mut line = Vec::new();
    write_line(registration, &mut line).unwrap();
    String::from_utf8(line).unwrap().trim_end().to_owned()
}

/// The lines of decisions: one of each pair is enrolled, the other claims to be that subject, with all it has, its portrait alone or its
/// fingers alone; then portraits with fingers of somebody else, and searches.
fn decisions(pairs: &[(&Registration, &Registration)]) -> String {
    let mut replay = Replay::new();
    let mut text = String::new();
    let enrolled: BTreeMap<&str, &Registration> = pairs.iter().map(|(_, b)| (b.id.as_str(), *b)).collect();
    for registration in enrolled.values() {
        writeln!(text, "enroll {}", feed_line(registration)).unwrap();
        replay.writer.enroll((*registration).clone()).unwrap();
    }
    text += "commit -\n";
    replay.writer.commit().unwrap();
    let mut tell = |kind: &str, how: &str, probe: &Registration| {
        let (decision, id, score) = replay.answer(kind, how, probe);
        let line = feed_line(probe);
        writeln!(text, "{kind} {how} {decision} {id} {:016x} {line}", score.to_bits()).unwrap();
    };
    for (number, (a, b)) in pairs.iter().enumerate() {
        let claim = Registration { personal_id: b.personal_id.clone(), ..(*a).clone() };
        let portrait = Registration { fingers: Vec::new(), ..claim.clone() };
        let fingers = Registration { portrait: None, ..claim.clone() };
        let hows = ["default", "fmr=1e-6", "raw=0.4,12"];
        for (variant, claim) in [&claim, &portrait, &fingers].into_iter().enumerate() {
            tell("verify", hows[(number + variant) % 3], claim);
        }
        let stranger = pairs[(number + 1) % pairs.len()].0;
        if number < 2 {
            tell("verify", "default", &Registration { fingers: stranger.fingers.clone(), ..claim.clone() });
            tell("verify", "default", &Registration { portrait: stranger.portrait.clone(), ..claim.clone() });
        }
        tell("identify", ["default", "fpir=1e-3", "raw=0.4,12"][number % 3], a);
    }
    text
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
    let pairs: Vec<_> = mates.chain(strangers).collect();
    let mut text = String::new();
    for (a, b) in &pairs {
        let records = [a, b].map(|registration: &&Registration| {
            let finger = registration.templates().find(|template| template.position().number() == 2)?;
            Record::from_templates(Format::Iso19794V2005, std::slice::from_ref(finger)).unwrap().to_bytes().ok()
        });
        if let [Some(a), Some(b)] = records {
            text += &line("finger", &a, &b);
        }
        let rows = [a, b].map(|registration: &&Registration| {
            let embedding = &registration.portrait.as_ref().unwrap().embedding;
            embedding.as_slice().iter().flat_map(|component| component.to_le_bytes()).collect::<Vec<_>>()
        });
        text += &line("face", &rows[0], &rows[1]);
    }
    text + &decisions(&pairs)
}

#[test]
fn the_shared_vectors_are_what_rust_computes_at_every_level() {
    if std::env::var_os("VANTAY_REGENERATE").is_some() {
        fs::write(dataset("vectors.txt"), generated()).unwrap();
    }
    let text = fs::read_to_string(dataset("vectors.txt")).unwrap();
    let mut replay = Replay::new();
    let mut seen = BTreeSet::new();
    for (number, line) in text.lines().enumerate() {
        let (kind, fields) = line.split_once(' ').unwrap();
        match kind {
            "finger" | "face" => compared(number, kind, fields),
            "enroll" => {
                let registration = parse_line(fields.as_bytes(), &FeedOptions::default()).unwrap();
                replay.writer.enroll(registration).unwrap();
            }
            "commit" => drop(replay.writer.commit().unwrap()),
            _ => {
                let [how, decision, id, bits, probe] = fields.splitn(5, ' ').collect::<Vec<_>>()[..] else {
                    panic!("five fields")
                };
                let probe = parse_line(probe.as_bytes(), &FeedOptions::default()).unwrap();
                let (found, found_id, score) = replay.answer(kind, how, &probe);
                let stated = f64::from_bits(u64::from_str_radix(bits, 16).unwrap());
                assert_eq!((found, &*found_id), (decision, id), "line {number}");
                assert_eq!(score.to_bits(), stated.to_bits(), "line {number}: {score}, stated {stated}");
                seen.insert(decision);
            }
        }
    }
    assert_eq!(seen, BTreeSet::from(["match", "none", "review"]), "every decision is among the vectors");
    assert!(text.lines().count() >= 40);
}

fn compared(number: usize, kind: &str, fields: &str) {
    let [a, b, bits] = fields.split(' ').collect::<Vec<_>>()[..] else { panic!("three fields") };
    let (a, b, bits) = (bytes(a), bytes(b), u64::from_str_radix(bits, 16).unwrap());
    if kind == "face" {
        assert_eq!(face_score(&a, &b).to_bits(), bits, "line {number}");
        return;
    }
    for level in Level::ALL.into_iter().filter(|level| level.is_available()) {
        let score = finger_score(level, &a, &b);
        let stated = f32::from_bits(bits as u32);
        assert_eq!(score.to_bits(), stated.to_bits(), "line {number} at {level}: {score}, stated {stated}");
    }
}
