//! The searches of a snapshot: on other threads, which look at a flag that an interrupt sets.

use crate::{
    columns,
    deciding::Asked,
    errors::raise,
    looking::Looking,
    probes,
    running::{On, Stop, run, silent},
    shards::unpacked,
};
use parking_lot::Mutex;
use pyo3::{prelude::*, pybacked::PyBackedBytes, types::PyDict};
use std::{path::PathBuf, sync::Arc};
use vantay::{
    decision::Decision,
    gallery::Snapshot,
    registration::Registration,
    search::{
        DeduplicateOptions, Depth, FingerSample, GallerySize, Identification, IdentifyOptions, Modality, Progress,
        Search, SearchError,
    },
};

/// Verifies claims in batches: an answer each, as a dictionary.
pub fn verify<'py>(
    py: Python<'py>,
    snapshot: Arc<Snapshot>,
    lines: &[PyBackedBytes],
    looking: &Looking,
    asked: &Asked,
    threads: Option<usize>,
) -> PyResult<Vec<Bound<'py, PyDict>>> {
    let claims = probes::of_lines(py, lines, &probes::feed_options(&snapshot, 0))?;
    let (modality, matching) = (looking.modality()?, looking.matching()?);
    let count = claims.len() as u64;
    let judge = asked.deciding(py)?.judge(&snapshot, modality).map_err(|error| raise(py, error))?;
    let whole = looking.whole();
    let work = move |stop: &Stop| {
        let search = of_whole(Search::new(&snapshot, judge)?, whole);
        let mut answers = Vec::with_capacity(claims.len());
        for batch in claims.chunks(1024) {
            stop.check()?;
            answers.extend(search.verify(batch, modality, matching)?.0);
        }
        Ok(answers)
    };
    let answers = run(py, On::expecting(count * VERIFICATION, threads), work, silent)?;
    let answer = |answer: &vantay::search::Verification| {
        let dict = PyDict::new(py);
        dict.set_item("known", answer.known)?;
        dict.set_item("registration", answer.registration.as_deref())?;
        dict.set_item("score", answer.judgement.score)?;
        dict.set_item("llr", answer.judgement.llr)?;
        dict.set_item("fmr", answer.judgement.fmr)?;
        dict.set_item("fmr_interval", answer.judgement.fmr_interval.map(|interval| (interval.low, interval.high)))?;
        dict.set_item("extrapolated", answer.judgement.extrapolated)?;
        dict.set_item("decision", columns::number_of(answer.judgement.decision))?;
        let scores = PyDict::new(py);
        if let Some(face) = answer.scores.face {
            scores.set_item("face", face)?;
        }
        for (position, score) in &answer.scores.fingers {
            scores.set_item(position.to_string(), score)?;
        }
        dict.set_item("scores", scores)?;
        Ok(dict)
    };
    answers.iter().map(answer).collect()
}

/// Deduplicates a gallery, or one against another; `progress` is called with stage, done and total.
#[expect(clippy::too_many_arguments, reason = "what the Python method takes")]
pub fn deduplicate<'py>(
    py: Python<'py>,
    (snapshot, other): (Arc<Snapshot>, Option<Arc<Snapshot>>),
    looking: &Looking,
    asked: &Asked,
    face_candidates: Option<f64>,
    checkpoint: Option<PathBuf>,
    progress: Option<Py<PyAny>>,
    threads: Option<usize>,
) -> PyResult<Bound<'py, PyDict>> {
    let (modality, fingers) = (looking.modality()?, looking.matching()?);
    let judge = asked.deciding(py)?.judge(&snapshot, modality).map_err(|error| raise(py, error))?;
    // Without portraits, every finger has to be looked at.
    let every_finger = looking.every_finger || modality == Modality::Fingerprint;
    let (depth, whole) = (Depth::Miss(looking.miss), looking.whole());
    let sample = looking.sample.as_deref().map(unpacked::<FingerSample>).transpose()?.map(Arc::new);
    let latest = Arc::new(Mutex::new(None::<Progress>));
    let told = Arc::clone(&latest);
    let work = move |stop: &Stop| {
        let prepared = |snapshot| {
            let search = of_whole(Search::new(snapshot, judge.clone())?, whole);
            Ok::<_, SearchError>(match &sample {
                Some(sample) => search.with_sample(Arc::clone(sample)),
                None => search,
            })
        };
        let search = prepared(&snapshot)?;
        let other = other.as_deref().map(prepared).transpose()?;
        let note = |progress: Progress| *told.lock() = Some(progress);
        let options = DeduplicateOptions {
            modality,
            fingers,
            face_candidates,
            depth,
            every_finger,
            checkpoint: checkpoint.as_deref(),
            stop: Some(stop.flag()),
            progress: Some(&note),
        };
        Ok(search.deduplicate(other.as_ref(), &options)?)
    };
    let found = run(py, On::Cores(threads), work, |py| {
        // The lock is given back before anybody is told: those who work take it too.
        let told = latest.lock().take();
        if let Some(call) = &progress
            && let Some(Progress { stage, done, total }) = told
        {
            call.call1(py, (stage, done, total))?;
        }
        Ok(())
    })?;
    columns::of_deduplication(py, &found)
}

/// The search of a shard, if the gallery is one.
fn of_whole(search: Search<'_>, whole: Option<GallerySize>) -> Search<'_> {
    match whole {
        Some(whole) => search.of_whole(whole),
        None => search,
    }
}

/// Keeps the candidates of each answer that `keeps` keeps, and the best decision of these.
pub fn keep(answers: &mut [Identification], keeps: impl Fn(&vantay::search::Candidate) -> bool) {
    for answer in answers {
        answer.candidates.retain(&keeps);
        let kept = answer.candidates.iter().map(|candidate| candidate.judgement.decision);
        answer.decision = kept.max_by_key(|&decision| columns::number_of(decision)).unwrap_or(Decision::None);
    }
}

/// Identifies in batches; an interrupt is heard between them and, by the library itself, within.
pub fn identify(
    py: Python<'_>,
    snapshot: Arc<Snapshot>,
    probes: Vec<Registration>,
    looking: &Looking,
    asked: &Asked,
    threads: Option<usize>,
) -> PyResult<Vec<Identification>> {
    let modality = looking.modality()?;
    let options = looking.options()?;
    columns::check_room(probes.len(), looking.top)?;
    let judge = asked.deciding(py)?.judge(&snapshot, modality).map_err(|error| raise(py, error))?;
    let with_fingers = probes.iter().any(|probe| !probe.fingers.is_empty());
    let registrations = snapshot.info().registrations;
    let expected = probe_takes(registrations, with_fingers).saturating_mul(probes.len() as u64);
    let work = move |stop: &Stop| {
        let search = Search::new(&snapshot, judge)?;
        let batch = batch_of(registrations, with_fingers);
        let mut answers = Vec::with_capacity(probes.len());
        let options = IdentifyOptions { stop: Some(stop.flag()), ..options };
        for probes in probes.chunks(batch) {
            stop.check()?;
            answers.extend(search.identify(probes, &options)?.0);
        }
        Ok(answers)
    };
    run(py, On::expecting(expected, threads), work, silent)
}

/// Nanoseconds of one core that a verification takes: some fingers, compared in full.
const VERIFICATION: u64 = 200_000;

/// Nanoseconds of one core that a probe takes in a gallery of so many registrations: some for each portrait, a hundred for each
/// registration whose fingers are screened, and those that are compared in full.
fn probe_takes(registrations: u64, with_fingers: bool) -> u64 {
    let (each, besides) = if with_fingers { (700, 2_000_000) } else { (10, 100_000) };
    besides + each * registrations
}

/// Probes that take about half a second on a core; portraits of a batch share the memory's bandwidth, and are ten times as many.
fn batch_of(registrations: u64, with_fingers: bool) -> usize {
    let per_batch: u64 = if with_fingers { 5_000_000 } else { 500_000_000 };
    let least = if with_fingers { 1 } else { 64 };
    (per_batch / registrations.max(1)).clamp(least, 8192) as usize
}
