//! The story in Rust: enrol the shipped feed, verify a visitor, identify another, look for people who are registered twice.
//!
//! `cargo run --release --example story NEW_GALLERY datasets/synthetic-400.ndjson.zst datasets/visits.ndjson`

use std::{env, error::Error, sync::Arc};
use vantay::{
    decision::Decision,
    gallery::{FaceSpec, Gallery, Options},
    registration::{FaceModel, FeedOptions, FeedReader},
    search::{Deciding, DeduplicateOptions, FingerMatching, IdentifyOptions, Modality, Search, SearchColumns},
};

fn word(decision: Decision) -> &'static str {
    match decision {
        Decision::Match => "match",
        Decision::Review => "review",
        Decision::None => "none",
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let [path, feed, visits] = &arguments[..] else { return Err("usage: story NEW_GALLERY FEED VISITS".into()) };

    let face = FaceSpec { model: "synthetic".into(), dimension: 512 };
    let gallery = Gallery::create(path, Options { face: Some(face), ..Options::default() })?;
    let face_model = Some(FaceModel { name: "synthetic".into(), dimension: 512 });
    let reading = FeedOptions { face_model, ..FeedOptions::default() };
    let mut writer = gallery.writer(Arc::new(SearchColumns))?;
    for registration in FeedReader::open(feed, reading.clone())? {
        writer.enroll(registration?)?;
    }
    writer.commit()?;
    let snapshot = gallery.snapshot();
    let info = snapshot.info();
    println!("enrolled {} registrations of {} subjects", info.registrations, info.subjects);

    let search = Search::new(&snapshot, Deciding::default().judge(&snapshot, Modality::Both)?)?;
    let visits = FeedReader::open(visits, reading)?.collect::<Result<Vec<_>, _>>()?;
    let (answers, _) = search.verify(&visits[..1], Modality::Both, FingerMatching::Same)?;
    let (claimed, answer) = (&visits[0].personal_id, &answers[0].judgement);
    println!("verify {claimed}: {}, llr {:.3}", word(answer.decision), answer.llr.unwrap_or(f64::NAN));

    let (answers, _) = search.identify(&visits[1..], &IdentifyOptions { top: 1, ..IdentifyOptions::default() })?;
    for candidate in &answers[0].candidates {
        let answer = &candidate.judgement;
        println!(
            "identify {}: {}, llr {:.3}",
            candidate.personal_id,
            word(answer.decision),
            answer.llr.unwrap_or(f64::NAN)
        );
    }

    let found = search.deduplicate(None, &DeduplicateOptions::default())?;
    let count = |decision| found.pairs.iter().filter(|pair| pair.judgement.decision == decision).count();
    println!(
        "deduplicate: {} match, {} review, {} clusters",
        count(Decision::Match),
        count(Decision::Review),
        found.clusters.len()
    );
    for pair in &found.pairs {
        println!("{} {} {}", pair.a.personal_id, pair.b.personal_id, word(pair.judgement.decision));
    }
    Ok(())
}
