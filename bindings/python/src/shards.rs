//! A gallery in shards: one shard's part of each step of a search, with the messages between them as bytes.

use crate::{
    columns,
    deciding::Asked,
    errors::raise,
    gallery::Gallery,
    looking::{Looking, SIZES},
    probes,
    running::{On, Stop, run, silent},
};
use numpy::{IntoPyArray, PyArrayMethods, PyReadonlyArray1, PyReadonlyArray2};
use parking_lot::Mutex;
use pyo3::{
    exceptions::{PyRuntimeError, PyValueError},
    prelude::*,
    pybacked::PyBackedBytes,
    types::{PyBytes, PyDict},
};
use serde::{Serialize, de::DeserializeOwned};
use std::sync::Arc;
use vantay::{
    decision::{AcceptedPair, clusters},
    gallery::Snapshot,
    registration::Registration,
    search::{
        FingerSample, GallerySize, IdentifyOptions, Judge, Named, Search, ShardCounts, ShardScreen, Thresholds, named,
    },
};

pub fn packed<'py>(py: Python<'py>, message: &impl Serialize) -> PyResult<Bound<'py, PyBytes>> {
    let bytes = rmp_serde::to_vec(message).map_err(|error| PyRuntimeError::new_err(error.to_string()))?;
    Ok(PyBytes::new(py, &bytes))
}

pub fn unpacked<T: DeserializeOwned>(message: &[u8]) -> PyResult<T> {
    let wrong = |error| PyValueError::new_err(format!("a message of a shard: {error}"));
    rmp_serde::from_slice(message).map_err(wrong)
}

/// A batch of probes on its way through one shard.
#[pyclass(frozen, module = "vantay._native")]
pub struct ShardBatch {
    at: Arc<At>,
    threads: Option<usize>,
}

struct At {
    snapshot: Arc<Snapshot>,
    probes: Vec<Registration>,
    options: IdentifyOptions<'static>,
    judge: Judge,
    whole: GallerySize,
    screen: Mutex<ShardScreen>,
}

impl At {
    fn search(&self) -> Result<Search<'_>, vantay::Error> {
        Ok(Search::new(&self.snapshot, self.judge.clone())?.of_whole(self.whole))
    }
}

#[pymethods]
impl ShardBatch {
    /// How many references have which score.
    fn counts<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyBytes>> {
        let counts = self.run(py, |at, stop| {
            let (screen, counts) = at.search()?.screen_shard(&at.probes, &options(at, stop))?;
            *at.screen.lock() = screen;
            Ok(counts)
        })?;
        packed(py, &counts)
    }

    /// What this shard counts next, given what all shards counted: (`True`, counts). Or where nothing is left to be counted (`False`, names): the best
    /// subjects by each modality.
    fn go_on<'py>(&self, py: Python<'py>, counts: PyBackedBytes) -> PyResult<(bool, Bound<'py, PyBytes>)> {
        let counts: ShardCounts = unpacked(&counts)?;
        let (said, named) = self.run(py, move |at, stop| {
            let (search, options) = (at.search()?, options(at, stop));
            let mut screen = at.screen.lock();
            Ok(match search.go_on(&mut screen, &counts, &options)? {
                Some(said) => (Some(said), Vec::new()),
                None => (None, search.name_in_shard(&at.probes, &options, &std::mem::take(&mut screen))?),
            })
        })?;
        match said {
            Some(said) => Ok((true, packed(py, &said)?)),
            None => Ok((false, packed(py, &named)?)),
        }
    }

    /// The candidates that this shard holds as columns, and where they stand as `ranks` (n, 2).
    fn ranked<'py>(&self, py: Python<'py>, named: PyBackedBytes) -> PyResult<Bound<'py, PyDict>> {
        let named: Vec<Named> = unpacked(&named)?;
        columns::check_room(self.at.probes.len(), self.at.options.top)?;
        let ranked =
            self.run(py, move |at, stop| Ok(at.search()?.rank_in_shard(&at.probes, &options(at, stop), &named)?))?;
        let top = self.at.options.top;
        let none = (f64::NEG_INFINITY, f64::NEG_INFINITY);
        let place = |row: usize| ranked[row / top.max(1)].ranks.get(row % top.max(1)).copied().unwrap_or(none);
        let ranks: Vec<f64> = (0..ranked.len() * top).map(place).flat_map(|(a, b)| [a, b]).collect();
        let answers: Vec<_> = ranked.into_iter().map(|ranked| ranked.answer).collect();
        let dict = columns::of_identifications(py, &answers, top)?;
        dict.set_item("ranks", ranks.into_pyarray(py).reshape([answers.len() * top, 2])?)?;
        Ok(dict)
    }
}

/// What the batch asks for, until `stop`.
fn options<'o>(at: &At, stop: &'o Stop) -> IdentifyOptions<'o> {
    IdentifyOptions { stop: Some(stop.flag()), ..at.options.clone() }
}

impl ShardBatch {
    fn run<T: Send + 'static>(
        &self,
        py: Python<'_>,
        step: impl FnOnce(&At, &Stop) -> Result<T, vantay::Error> + Send + 'static,
    ) -> PyResult<T> {
        let at = Arc::clone(&self.at);
        run(py, On::Cores(self.threads), move |stop: &Stop| step(&at, stop), silent)
    }
}

/// Subjects, registrations, rows and the fingers at each position of a shard: the sizes that add up to the whole's.
#[pyfunction]
pub fn size_of_shard(py: Python<'_>, gallery: &Gallery) -> PyResult<[u64; SIZES]> {
    let size = read(py, gallery, |search| Ok(search.size()))?;
    let mut sizes = [0; SIZES];
    sizes[..3].copy_from_slice(&[size.subjects, size.registrations, size.rows]);
    sizes[3..].copy_from_slice(&size.fingers);
    Ok(sizes)
}

/// The hashes of the names in a shard that may be in the sample of the whole gallery.
#[pyfunction]
pub fn sample_hashes<'py>(py: Python<'py>, gallery: &Gallery) -> PyResult<Bound<'py, PyBytes>> {
    packed(py, &read(py, gallery, |search| Ok(search.sample_hashes()?))?)
}

/// A shard's part of the sample, given the hashes of all shards.
#[pyfunction]
pub fn finger_sample<'py>(
    py: Python<'py>,
    gallery: &Gallery,
    hashes: Vec<PyBackedBytes>,
) -> PyResult<Bound<'py, PyBytes>> {
    let hashes = hashes.iter().map(|hashes| unpacked(hashes)).collect::<PyResult<Vec<Vec<u64>>>>()?.concat();
    packed(py, &read(py, gallery, move |search| Ok(search.finger_sample(&hashes)?))?)
}

/// The sample of the whole gallery, given each shard's part.
#[pyfunction]
pub fn join_samples<'py>(py: Python<'py>, parts: Vec<PyBackedBytes>) -> PyResult<Bound<'py, PyBytes>> {
    let parts = parts.iter().map(|part| unpacked(part)).collect::<PyResult<Vec<FingerSample>>>()?;
    packed(py, &FingerSample::of_all(parts))
}

/// What a shard says without being asked for anybody.
fn read<T: Send + 'static>(
    py: Python<'_>,
    gallery: &Gallery,
    look: impl FnOnce(&Search<'_>) -> Result<T, vantay::Error> + Send + 'static,
) -> PyResult<T> {
    let snapshot = gallery.snapshot();
    let work = move |_: &Stop| look(&Search::new(&snapshot, Judge::raw(Thresholds::default()))?);
    run(py, On::Cores(None), work, silent)
}

/// Begins a batch in the shard that `gallery` holds open. The probes are one of lines, embeddings and templates with their
/// position.
#[pyfunction]
#[expect(clippy::too_many_arguments, reason = "three kinds of probes")]
pub fn begin_batch(
    py: Python<'_>,
    gallery: &Gallery,
    lines: Option<Vec<PyBackedBytes>>,
    embeddings: Option<PyReadonlyArray2<'_, f32>>,
    templates: Option<(Vec<PyBackedBytes>, u8)>,
    looking: Looking,
    asked: Asked,
    threads: Option<usize>,
) -> PyResult<ShardBatch> {
    let snapshot = gallery.snapshot();
    let probes = match (lines, embeddings, templates) {
        (Some(lines), None, None) => probes::of_lines(py, &lines, &probes::feed_options(&snapshot, 0))?,
        (None, Some(rows), None) => probes::of_faces(py, &rows, &snapshot)?,
        (None, None, Some((templates, position))) => probes::of_templates(py, &templates, position)?,
        _ => return Err(PyValueError::new_err("expected one kind of probes")),
    };
    let judge = asked.deciding(py)?.judge(&snapshot, looking.modality()?).map_err(|error| raise(py, error))?;
    let whole = looking.whole().ok_or_else(|| PyValueError::new_err("whole: expected the gallery's size"))?;
    let options = looking.options()?;
    let at = At { snapshot, probes, options, judge, whole, screen: Mutex::default() };
    Ok(ShardBatch { at: Arc::new(at), threads })
}

/// What several shards counted, together.
#[pyfunction]
pub fn add_counts<'py>(py: Python<'py>, messages: Vec<PyBackedBytes>) -> PyResult<Bound<'py, PyBytes>> {
    let mut sum: Option<ShardCounts> = None;
    for message in &messages {
        let counts = unpacked(message)?;
        match &mut sum {
            Some(sum) => sum.add(&counts).map_err(|error| raise(py, error))?,
            None => sum = Some(counts),
        }
    }
    packed(py, &sum.unwrap_or_default())
}

/// The best of what several shards named.
#[pyfunction]
pub fn best_named<'py>(
    py: Python<'py>,
    messages: Vec<PyBackedBytes>,
    looking: Looking,
) -> PyResult<Bound<'py, PyBytes>> {
    let shards = messages.iter().map(|message| unpacked(message)).collect::<PyResult<Vec<Vec<Named>>>>()?;
    packed(py, &named(shards, &looking.options()?))
}

/// Members by number, the medoid, the unconfirmed, whether it is complete and needs review.
type Cluster = (Vec<u32>, u32, Vec<u32>, bool, bool);

/// Clusters of accepted pairs of numbered registrations.
#[pyfunction]
pub fn cluster_pairs(
    a: PyReadonlyArray1<'_, u32>,
    b: PyReadonlyArray1<'_, u32>,
    scores: PyReadonlyArray1<'_, f64>,
) -> PyResult<Vec<Cluster>> {
    let pairs = a.as_slice()?.iter().zip(b.as_slice()?).zip(scores.as_slice()?);
    let found = clusters(pairs.map(|((&a, &b), &score)| AcceptedPair { a, b, score }));
    let told = |cluster: vantay::decision::Cluster<u32>| {
        let (complete, review) = (cluster.is_complete(), cluster.needs_review());
        (cluster.members, cluster.medoid, cluster.unconfirmed, complete, review)
    };
    Ok(found.into_iter().map(told).collect())
}
