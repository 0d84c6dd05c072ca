//! The steps of the demo, told on standard output as they happen.

use super::calibrating;
use crate::{failure::Failure, galleries, progress};
use std::{
    collections::{BTreeMap, BTreeSet},
    fs::File,
    io::{BufWriter, Write},
    path::Path,
    sync::Arc,
    time::Instant,
};
use vantay::{
    decision::{Decision, Policy, Scores},
    gallery::{FaceSpec, Gallery, Options, Snapshot},
    registration::{FaceModel, FeedReader, FeedWriter, Registration},
    search::{
        DeduplicateOptions, Deduplication, FingerMatching, IdentifyOptions, Judge, Modality, Search, SearchColumns,
        Work,
    },
    synthesis::{Generator, Population, write_truth},
};

const CLAIMS: u64 = 300;
const SEARCHES: u64 = 100;

/// What happened.
pub struct Story {
    pub registrations: u64,
    pub subjects: u64,
    pub steps: Vec<Step>,
    pub verified: [Tally; 2],
    pub identified: [Tally; 2],
    pub planted: usize,
    pub found: usize,
    pub for_review: usize,
    pub missed: Vec<[String; 2]>,
    pub wrong: usize,
    pub pairs: Deduplication,
    pub fingers: Scores,
    pub planted_pairs: BTreeSet<[String; 2]>,
    pub two_prints: Option<(Registration, Registration)>,
    pub work: Work,
}

/// One step with its time.
pub struct Step {
    pub what: &'static str,
    pub outcome: String,
    pub seconds: f64,
}

/// Decisions of one kind of probe.
#[derive(Clone, Copy, Default)]
pub struct Tally {
    pub matched: usize,
    pub review: usize,
    pub none: usize,
}

impl Tally {
    fn add(&mut self, decision: Decision) {
        match decision {
            Decision::Match => self.matched += 1,
            Decision::Review => self.review += 1,
            Decision::None => self.none += 1,
        }
    }
}

struct Teller(Vec<Step>);

impl Teller {
    fn step<T>(
        &mut self,
        what: &'static str,
        act: impl FnOnce() -> Result<(T, String), Failure>,
    ) -> Result<T, Failure> {
        let start = Instant::now();
        let (made, outcome) = act()?;
        let seconds = start.elapsed().as_secs_f64();
        println!("{what:>12}  {outcome:<88} {seconds:6.2} s");
        self.0.push(Step { what, outcome, seconds });
        Ok(made)
    }
}

/// Does everything, in `out`.
pub fn tell(subjects: u64, out: &Path) -> Result<Story, Failure> {
    let face_model = FaceModel { name: "synthetic".into(), dimension: 512 };
    let population =
        Population { seed: 1, subjects, duplicates: 0.01, face_model: Some(face_model), ..Population::default() };
    let generator = Generator::new(population.clone()).map_err(Failure::run)?;
    let mut teller = Teller(Vec::new());
    let feed = out.join("registrations.ndjson");
    teller.step("generate", || generate(&generator, &feed, &out.join("truth.csv")))?;
    let snapshot = teller.step("enrol", || enroll(&feed, &out.join("gallery")))?;
    let (fusion, fingers) = teller.step("calibrate", || {
        let fitted = calibrating::fusion(&population)?;
        Ok((fitted, "error rates of portraits and fingers, fitted on strangers to the gallery".to_owned()))
    })?;
    let search = Search::new(&snapshot, Judge::new(fusion, Policy::default())).map_err(Failure::run)?;
    let mut work = Work::default();
    let verified = teller.step("verify", || verify(&search, &generator, &mut work))?;
    let identified = teller.step("identify", || identify(&search, &population, &generator, &mut work))?;
    let pairs = teller.step("deduplicate", || deduplicate(&search))?;
    work += pairs.work;
    let planted = planted(&generator);
    let listed: BTreeMap<[String; 2], Decision> =
        pairs.pairs.iter().map(|p| (named(&p.a.registration, &p.b.registration), p.judgement.decision)).collect();
    let of = |decision| planted.iter().filter(|&pair| listed.get(pair) == Some(&decision)).count();
    let (found, for_review) = (of(Decision::Match), of(Decision::Review));
    let wrong = listed.iter().filter(|(pair, d)| **d == Decision::Match && !planted.contains(*pair)).count();
    let missed: Vec<_> = planted.iter().filter(|pair| !listed.contains_key(*pair)).cloned().collect();
    println!(
        "{:>12}  of {} planted pairs {found} found, {for_review} for a person to judge, {} missed; {wrong} wrongly paired",
        "so",
        planted.len(),
        missed.len()
    );
    let two_prints =
        generator.true_pairs().next().map(|pair| (generator.registration(pair.a), generator.registration(pair.b)));
    Ok(Story {
        registrations: generator.registrations(),
        subjects,
        steps: teller.0,
        verified,
        identified,
        planted: planted.len(),
        found,
        for_review,
        missed,
        wrong,
        pairs,
        fingers,
        planted_pairs: planted,
        two_prints,
        work,
    })
}

fn generate(generator: &Generator, feed: &Path, truth: &Path) -> Result<((), String), Failure> {
    let bar = progress::bar("generating", Some(generator.registrations()));
    let mut writer = FeedWriter::create(feed).map_err(|error| Failure::file(feed, error))?;
    generator
        .write_feed(&mut writer, |written| bar.set_position(written))
        .and_then(|()| writer.finish())
        .map_err(|error| Failure::file(feed, error))?;
    bar.finish_and_clear();
    let write = || {
        let mut file = BufWriter::new(File::create(truth)?);
        write_truth(generator, &mut file)?;
        file.flush()
    };
    write().map_err(|error| Failure::file(truth, error))?;
    let (all, false_ones) = (generator.registrations(), generator.false_registrations());
    Ok(((), format!("{all} registrations with a portrait and two fingers, {false_ones} under a second number")))
}

fn enroll(feed: &Path, gallery: &Path) -> Result<(Arc<Snapshot>, String), Failure> {
    let face = Some(FaceSpec { model: "synthetic".into(), dimension: 512 });
    let gallery = Gallery::create(gallery, Options { face, ..Options::default() }).map_err(Failure::run)?;
    let options = galleries::feed_options(&gallery.snapshot());
    let mut writer = gallery.writer(Arc::new(SearchColumns)).map_err(Failure::run)?;
    let bar = progress::bar("enrolling", None);
    for registration in FeedReader::open(feed, options).map_err(Failure::run)? {
        writer.enroll(registration.map_err(Failure::run)?).map_err(Failure::run)?;
        bar.inc(1);
    }
    writer.commit().map_err(Failure::run)?;
    bar.finish_and_clear();
    let snapshot = gallery.snapshot();
    let info = snapshot.info();
    let megabytes = info.bytes as f64 / 1e6;
    Ok((
        snapshot,
        format!("{} registrations committed, {megabytes:.0} MB in {} segments", info.registrations, info.segments),
    ))
}

/// Claims by the person, and claims of the next person's number.
fn verify(search: &Search<'_>, generator: &Generator, work: &mut Work) -> Result<([Tally; 2], String), Failure> {
    let claims = CLAIMS.min(generator.registrations() / 2);
    let genuine: Vec<_> = (0..claims).map(|line| generator.probe(line, 0)).collect();
    let impostor: Vec<_> = (0..claims as usize)
        .map(|i| {
            let other = genuine[(i + 1) % genuine.len()].personal_id.clone();
            Registration { personal_id: other, ..genuine[i].clone() }
        })
        .collect();
    let mut tallies = [Tally::default(); 2];
    for (tally, claims) in tallies.iter_mut().zip([genuine, impostor]) {
        let (answers, done) = search.verify(&claims, Modality::Both, FingerMatching::Same).map_err(Failure::run)?;
        *work += done;
        answers.iter().for_each(|answer| tally.add(answer.judgement.decision));
    }
    let [genuine, impostor] = tallies;
    let said = format!(
        "at FMR 1e-6: {} of {claims} genuine claims match ({} for review), {} of {claims} impostor claims",
        genuine.matched, genuine.review, impostor.matched
    );
    Ok((tallies, said))
}

/// People of the gallery on another day, and strangers, by their portraits.
fn identify(
    search: &Search<'_>,
    population: &Population,
    generator: &Generator,
    work: &mut Work,
) -> Result<([Tally; 2], String), Failure> {
    let searches = SEARCHES.min(generator.registrations() / 2);
    let strangers = Generator::new(Population { seed: 3, ..population.clone() }).map_err(Failure::run)?;
    let known: Vec<_> = (0..searches).map(|line| generator.probe(line, 1)).collect();
    let unknown: Vec<_> = (0..searches).map(|line| strangers.probe(line, 0)).collect();
    let options = IdentifyOptions { top: 1, modality: Modality::Face, ..IdentifyOptions::default() };
    let mut tallies = [Tally::default(); 2];
    for (tally, probes) in tallies.iter_mut().zip([known, unknown]) {
        let (answers, done) = search.identify(&probes, &options).map_err(Failure::run)?;
        *work += done;
        answers.iter().for_each(|answer| tally.add(answer.decision));
    }
    let [known, strangers] = tallies;
    let said = format!(
        "by portrait at FPIR 1e-3: {} of {searches} known people found ({} for review), {} of {searches} strangers",
        known.matched, known.review, strangers.matched
    );
    Ok((tallies, said))
}

fn deduplicate(search: &Search<'_>) -> Result<(Deduplication, String), Failure> {
    let bar = progress::bar("joining", Some(0));
    let show = |progress: vantay::search::Progress| {
        bar.set_message(progress.stage);
        bar.set_length(progress.total);
        bar.set_position(progress.done);
    };
    // Every finger of 20,000 people against every other would take minutes.
    let options = DeduplicateOptions { every_finger: false, progress: Some(&show), ..DeduplicateOptions::default() };
    let found = search.deduplicate(None, &options).map_err(Failure::run)?;
    bar.finish_and_clear();
    let said = format!(
        "{} pairs of registrations: {} listed, in {} clusters",
        found.work.comparisons,
        found.pairs.len(),
        found.clusters.len()
    );
    Ok((found, said))
}

fn named(a: &str, b: &str) -> [String; 2] {
    let mut pair = [a.to_owned(), b.to_owned()];
    pair.sort();
    pair
}

fn planted(generator: &Generator) -> BTreeSet<[String; 2]> {
    let name = |line| generator.registration_id(line);
    generator.true_pairs().map(|pair| named(&name(pair.a), &name(pair.b))).collect()
}
