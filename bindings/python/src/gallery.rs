//! The gallery: its life and enrolment. Its searches are in [`searches`](crate::searches).

use crate::{
    columns,
    deciding::Asked,
    errors::{raise, raise_at, raise_in, raise_own},
    looking::Looking,
    probes,
    running::{On, Stop, check_threads, run, silent},
    searches,
};
use numpy::PyReadonlyArray2;
use parking_lot::Mutex;
use pyo3::{exceptions::PyValueError, prelude::*, pybacked::PyBackedBytes, types::PyDict};
use std::{
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
};
use vantay::{
    gallery::{FaceSpec, Gallery as Stored, GalleryError, Options, Privacy, ReadOptions, Rejection, Snapshot, Writer},
    registration::{
        FeedError, FeedLine, FeedPlace, FeedProblem, FeedReader, IdScheme, OnError, PersonalId, Registration,
        RegistrationId, Rejects,
    },
    search::{SearchColumns, SearchError},
};

/// The writer of a gallery, as far as this handle has one.
enum Hold {
    ReadOnly,
    Idle(Box<Writer>),
    /// A call of another thread, or one that was interrupted and has not ended, has it.
    Busy,
    /// So it is, and the writer is to be given up when that call ends.
    Closing,
}

/// The writer in the hands of a call, which gives it back when it is dropped: also if the call never ran.
struct Held {
    writer: Option<Box<Writer>>,
    back: Arc<Mutex<Hold>>,
}

impl Drop for Held {
    fn drop(&mut self) {
        // After a panic nobody knows what the writer holds.
        let writer = self.writer.take().filter(|_| !std::thread::panicking());
        let mut hold = self.back.lock();
        let given_up = match (&*hold, writer) {
            (Hold::Busy, Some(writer)) => {
                *hold = Hold::Idle(writer);
                return;
            }
            (_, writer) => writer,
        };
        drop(hold);
        // Whoever sees that this handle only reads may open one that writes: the lock on the files goes before.
        drop(given_up);
        *self.back.lock() = Hold::ReadOnly;
    }
}

/// A gallery that is open.
#[pyclass(frozen, module = "vantay._native")]
pub struct Gallery {
    stored: Stored,
    writer: Arc<Mutex<Hold>>,
    unnamed: AtomicU64,
}

#[pymethods]
impl Gallery {
    #[staticmethod]
    fn create(
        py: Python<'_>,
        path: PathBuf,
        id_scheme: &str,
        face_model: Option<String>,
        face_dim: Option<usize>,
    ) -> PyResult<Gallery> {
        let face = match (face_model, face_dim) {
            (Some(model), Some(dimension)) => Some(FaceSpec { model: model.into(), dimension }),
            (None, None) => None,
            _ => return Err(PyValueError::new_err("face_model and face_dim go together: give both or neither")),
        };
        let id_scheme = match id_scheme {
            "vn" => IdScheme::Vietnam,
            "opaque" => IdScheme::Opaque,
            _ => return Err(PyValueError::new_err("id: expected 'vn' or 'opaque'")),
        };
        let options = Options { id_scheme, face, ..Options::default() };
        let stored = Stored::create(path, options).map_err(|error| raise(py, error))?;
        Gallery::with_writer(py, stored)
    }

    #[staticmethod]
    fn open(py: Python<'_>, path: PathBuf, writable: bool, allow_others: bool) -> PyResult<Gallery> {
        let privacy = if allow_others { Privacy::Warned } else { Privacy::Required };
        let options = ReadOptions { privacy, ..ReadOptions::default() };
        let stored = Stored::open_with(path, options).map_err(|error| raise(py, error))?;
        if writable { Gallery::with_writer(py, stored) } else { Ok(Gallery::holding(stored, Hold::ReadOnly)) }
    }

    /// Gives the writer up; what was not committed is forgotten. If another call has it: an error, or, if it may be `later`, when that call ends.
    fn close(&self, py: Python<'_>, later: bool) -> PyResult<()> {
        let mut hold = self.writer.lock();
        *hold = match *hold {
            Hold::Busy | Hold::Closing if later => Hold::Closing,
            Hold::Busy | Hold::Closing => return Err(busy(py)),
            Hold::ReadOnly | Hold::Idle(_) => Hold::ReadOnly,
        };
        Ok(())
    }

    #[getter]
    fn writable(&self) -> bool {
        !matches!(*self.writer.lock(), Hold::ReadOnly)
    }

    #[getter]
    fn warnings(&self) -> Vec<String> {
        self.stored.warnings().to_vec()
    }

    fn info<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let info = self.stored.snapshot().info();
        let dict = PyDict::new(py);
        dict.set_item("path", self.stored.path().display().to_string())?;
        dict.set_item("registrations", info.registrations)?;
        dict.set_item("subjects", info.subjects)?;
        dict.set_item("segments", info.segments)?;
        dict.set_item("bytes", info.bytes)?;
        dict.set_item("commit", info.commit)?;
        dict.set_item("id", if info.id_scheme == IdScheme::Vietnam { "vn" } else { "opaque" })?;
        dict.set_item("face_model", info.face.as_ref().map(|face| face.model.to_string()))?;
        dict.set_item("face_dim", info.face.as_ref().map(|face| face.dimension))?;
        dict.set_item("removed_rows", info.removed_rows)?;
        Ok(dict)
    }

    fn refresh(&self, py: Python<'_>) -> PyResult<u64> {
        let refreshed = py.detach(|| self.stored.refresh());
        Ok(refreshed.map_err(|error| raise(py, error))?.info().commit)
    }

    fn warm(&self, py: Python<'_>, threads: Option<usize>) -> PyResult<()> {
        let snapshot = self.stored.snapshot();
        run(py, On::Cores(threads), move |_| Ok(snapshot.warm()?), silent)
    }

    /// Enrols a feed: how many were enrolled, how many rejected, and for which reasons.
    fn enroll_feed(
        &self,
        py: Python<'_>,
        path: PathBuf,
        skip: bool,
        threads: Option<usize>,
    ) -> PyResult<(u64, u64, Vec<Reason>)> {
        threads.map(check_threads).transpose()?;
        let options = probes::feed_options(&self.stored.snapshot(), threads.unwrap_or(0));
        let outcome = self.writing(py, move |writer, stop| {
            let mut rejects = Rejects::new(on_error(skip), None::<Vec<u8>>);
            let mut reader = FeedReader::open(path, options)?;
            let mut enrolled = 0;
            while let Some(lines) = reader.next_batch() {
                stop.check()?;
                for line in lines {
                    match enroll_line(writer, line, &mut rejects)? {
                        Enrolled::Yes => enrolled += 1,
                        Enrolled::No => {}
                        Enrolled::Refused(place, rejection) if !skip => return Ok(Err((place, rejection))),
                        Enrolled::Refused(place, rejection) => rejects.reject(refused(place, &rejection), &[])?,
                    }
                }
            }
            let reasons = rejects.reasons().into_iter().map(|r| (r.field, r.kind, r.lines, r.first)).collect();
            Ok(Ok((enrolled, rejects.lines(), reasons)))
        })?;
        outcome.map_err(|(place, rejection)| raise_in(py, rejection, &place))
    }

    /// Enrols records, each a line of a feed. Says of each that was rejected its number, field, kind and why.
    fn enroll_lines(&self, py: Python<'_>, lines: Vec<PyBackedBytes>, skip: bool) -> PyResult<(u64, Vec<Refused>)> {
        let options = probes::feed_options(&self.stored.snapshot(), 0);
        let mut rejected = Vec::new();
        let mut registrations = Vec::with_capacity(lines.len());
        for (number, line) in lines.iter().enumerate() {
            match vantay::registration::parse_line(line, &options) {
                Ok(registration) => registrations.push((number, registration)),
                Err(problem) if skip => {
                    let (kind, reason) = (problem.reason.kind(), problem.reason.to_string());
                    rejected.push((number, problem.field, kind, reason));
                }
                Err(problem) => {
                    // What stood before it is staged, as of a feed.
                    self.enroll_all(py, registrations, false)?;
                    return Err(raise_at(py, problem, "record", number));
                }
            }
        }
        let (enrolled, refused) = self.enroll_all(py, registrations, skip)?;
        rejected.extend(refused);
        rejected.sort();
        Ok((enrolled, rejected))
    }

    /// Enrols portraits alone. Without names, registrations are called `face-<commit>-<number>`.
    fn enroll_faces(
        &self,
        py: Python<'_>,
        personal_ids: Vec<String>,
        registrations: Option<Vec<String>>,
        embeddings: PyReadonlyArray2<'_, f32>,
    ) -> PyResult<u64> {
        let snapshot = self.stored.snapshot();
        let portraits = probes::portraits(py, &embeddings, &snapshot, "embedding")?;
        let named = registrations.as_ref().map_or(portraits.len(), Vec::len);
        if personal_ids.len() != portraits.len() || named != portraits.len() {
            let found = format!("{} embeddings, {} personal IDs", portraits.len(), personal_ids.len());
            return Err(PyValueError::new_err(format!("{found}, {named} names: expected one each")));
        }
        let commit = snapshot.info().commit + 1;
        let first = self.unnamed.fetch_add(portraits.len() as u64, Relaxed);
        let scheme = snapshot.id_scheme();
        let mut all = Vec::with_capacity(portraits.len());
        for (number, (id, portrait)) in personal_ids.iter().zip(portraits).enumerate() {
            let failed = |error| raise_at(py, vantay::Error::Feed(error), "embedding", number);
            let name = match &registrations {
                Some(names) => names[number].clone(),
                None => format!("face-{commit}-{}", first + number as u64),
            };
            all.push((
                number,
                Registration {
                    id: RegistrationId::new(&name).map_err(failed)?,
                    personal_id: PersonalId::new(id, scheme).map_err(failed)?,
                    captured_at: None,
                    portrait: Some(portrait),
                    fingers: Vec::new(),
                },
            ));
        }
        Ok(self.enroll_all(py, all, false)?.0)
    }

    /// Publishes what was staged: number of the commit, registrations added, registrations removed.
    fn commit(&self, py: Python<'_>) -> PyResult<(u64, u64, u64)> {
        let commit = self.writing(py, |writer, _| Ok(writer.commit()?))?;
        Ok((commit.number, commit.enrolled, commit.removed))
    }

    /// Forgets what was staged.
    fn rollback(&self, py: Python<'_>) -> PyResult<()> {
        let mut hold = self.writer.lock();
        match *hold {
            Hold::ReadOnly => Err(read_only(py)),
            Hold::Busy | Hold::Closing => Err(busy(py)),
            Hold::Idle(_) => {
                // The lock on the files goes with the old writer before the new one takes it.
                *hold = Hold::ReadOnly;
                let writer = self.stored.writer(Arc::new(SearchColumns)).map_err(|error| raise(py, error))?;
                *hold = Hold::Idle(Box::new(writer));
                Ok(())
            }
        }
    }

    #[getter]
    fn staged(&self) -> u64 {
        match &*self.writer.lock() {
            Hold::Idle(writer) => writer.staged(),
            _ => 0,
        }
    }

    /// Removes subjects: how many registrations each had.
    fn remove(&self, py: Python<'_>, personal_ids: Vec<String>) -> PyResult<Vec<u64>> {
        let scheme = self.stored.snapshot().id_scheme();
        let parse = |(number, id): (usize, &String)| {
            PersonalId::new(id, scheme).map_err(|error| raise_at(py, error, "personal ID", number))
        };
        let ids = personal_ids.iter().enumerate().map(parse).collect::<PyResult<Vec<_>>>()?;
        self.writing(py, move |writer, stop| {
            let mut removed = Vec::with_capacity(ids.len());
            for id in &ids {
                stop.check()?;
                removed.push(writer.remove(id)?.registrations);
            }
            Ok(removed)
        })
    }

    /// Segments read and written, rows dropped, bytes read and written.
    fn compact(&self, py: Python<'_>) -> PyResult<(usize, usize, u64, u64, u64)> {
        let done = self.writing(py, |writer, _| Ok(writer.compact()?))?;
        Ok((done.segments_read, done.segments_written, done.rows_dropped, done.bytes_read, done.bytes_written))
    }

    /// Problems as (file, offset, part, reason); the commit, files and bytes that were checked.
    fn check(&self, py: Python<'_>, deep: bool) -> PyResult<Checked> {
        let path = self.stored.path().to_path_buf();
        let report = run(py, On::Cores(None), move |_| Ok(vantay::gallery::check(path, deep)), silent)?;
        let problem = |p: vantay::gallery::Problem| (p.path.display().to_string(), p.offset, p.part, p.reason);
        let problems = report.problems.into_iter().map(problem).collect();
        Ok((problems, report.commit, report.files, report.bytes))
    }

    fn identify_faces<'py>(
        &self,
        py: Python<'py>,
        embeddings: PyReadonlyArray2<'py, f32>,
        looking: Looking,
        asked: Asked,
        threshold: Option<f64>,
        threads: Option<usize>,
    ) -> PyResult<Bound<'py, PyDict>> {
        check_threshold(py, threshold)?;
        let snapshot = self.stored.snapshot();
        let probes = probes::of_faces(py, &embeddings, &snapshot)?;
        let mut answers = searches::identify(py, snapshot, probes, &looking, &asked, threads)?;
        if let Some(threshold) = threshold {
            searches::keep(&mut answers, |candidate| candidate.scores.face.is_some_and(|score| score >= threshold));
        }
        columns::of_identifications(py, &answers, looking.top)
    }

    #[expect(clippy::too_many_arguments, reason = "what the Python method takes")]
    fn identify_fingers<'py>(
        &self,
        py: Python<'py>,
        templates: Vec<PyBackedBytes>,
        position: u8,
        looking: Looking,
        asked: Asked,
        threshold: Option<f64>,
        threads: Option<usize>,
    ) -> PyResult<Bound<'py, PyDict>> {
        check_threshold(py, threshold)?;
        let probes = probes::of_templates(py, &templates, position)?;
        let mut answers = searches::identify(py, self.stored.snapshot(), probes, &looking, &asked, threads)?;
        if let Some(threshold) = threshold {
            searches::keep(&mut answers, |candidate| {
                candidate.scores.fingers.iter().any(|&(_, score)| score >= threshold)
            });
        }
        columns::of_identifications(py, &answers, looking.top)
    }

    fn identify<'py>(
        &self,
        py: Python<'py>,
        lines: Vec<PyBackedBytes>,
        looking: Looking,
        asked: Asked,
        threads: Option<usize>,
    ) -> PyResult<Bound<'py, PyDict>> {
        let snapshot = self.stored.snapshot();
        let probes = probes::of_lines(py, &lines, &probes::feed_options(&snapshot, 0))?;
        let answers = searches::identify(py, snapshot, probes, &looking, &asked, threads)?;
        columns::of_identifications(py, &answers, looking.top)
    }

    fn verify<'py>(
        &self,
        py: Python<'py>,
        lines: Vec<PyBackedBytes>,
        looking: Looking,
        asked: Asked,
        threads: Option<usize>,
    ) -> PyResult<Vec<Bound<'py, PyDict>>> {
        searches::verify(py, self.stored.snapshot(), &lines, &looking, &asked, threads)
    }

    #[expect(clippy::too_many_arguments, reason = "what the Python method takes")]
    fn deduplicate<'py>(
        &self,
        py: Python<'py>,
        against: Option<&Gallery>,
        looking: Looking,
        asked: Asked,
        face_candidates: Option<f64>,
        checkpoint: Option<PathBuf>,
        progress: Option<Py<PyAny>>,
        threads: Option<usize>,
    ) -> PyResult<Bound<'py, PyDict>> {
        let sides = (self.stored.snapshot(), against.map(Gallery::snapshot));
        searches::deduplicate(py, sides, &looking, &asked, face_candidates, checkpoint, progress, threads)
    }
}

/// A record that was rejected: its number, the field, the kind of error, and why.
type Refused = (usize, String, &'static str, String);
/// The kind of error where the gallery does not take a registration, as of a feed's lines.
const REFUSED: &str = "refused";
/// A reason for rejections: the field, the kind of error, how many lines, and the first of them.
type Reason = (String, &'static str, u64, String);
/// What a check found: problems as (file, offset, part, reason), the commit, files, bytes.
type Checked = (Vec<(String, Option<u64>, String, String)>, Option<u64>, usize, u64);

impl Gallery {
    /// The commit at hand.
    pub fn snapshot(&self) -> Arc<Snapshot> {
        self.stored.snapshot()
    }

    fn holding(stored: Stored, hold: Hold) -> Gallery {
        Gallery { stored, writer: Arc::new(Mutex::new(hold)), unnamed: AtomicU64::new(0) }
    }

    fn with_writer(py: Python<'_>, stored: Stored) -> PyResult<Gallery> {
        let writer = stored.writer(Arc::new(SearchColumns)).map_err(|error| raise(py, error))?;
        Ok(Gallery::holding(stored, Hold::Idle(Box::new(writer))))
    }

    /// Runs `work` with the writer, which it gives back when it ends, heard or not.
    fn writing<T: Send + 'static>(
        &self,
        py: Python<'_>,
        work: impl FnOnce(&mut Writer, &Stop) -> Result<T, vantay::Error> + Send + 'static,
    ) -> PyResult<T> {
        let mut hold = self.writer.lock();
        let writer = match std::mem::replace(&mut *hold, Hold::Busy) {
            Hold::Idle(writer) => Some(writer),
            other => {
                let error = if matches!(other, Hold::ReadOnly) { read_only(py) } else { busy(py) };
                *hold = other;
                return Err(error);
            }
        };
        drop(hold);
        let mut held = Held { writer, back: Arc::clone(&self.writer) };
        let work = move |stop: &Stop| match &mut held.writer {
            Some(writer) => work(writer, stop),
            None => Err(GalleryError::Option { reason: "the writer was given up" }.into()),
        };
        run(py, On::Thread, work, silent)
    }

    fn enroll_all(
        &self,
        py: Python<'_>,
        registrations: Vec<(usize, Registration)>,
        skip: bool,
    ) -> PyResult<(u64, Vec<Refused>)> {
        let outcome = self.writing(py, move |writer, stop| {
            let (mut enrolled, mut refused) = (0, Vec::new());
            for (number, registration) in registrations {
                stop.check()?;
                match writer.enroll(registration) {
                    Ok(()) => enrolled += 1,
                    Err(error @ Rejection::Failed(_)) => return Err(error.into()),
                    Err(rejection) if skip => {
                        refused.push((number, String::new(), REFUSED, rejection.to_string()));
                    }
                    Err(rejection) => return Ok(Err((number, rejection))),
                }
            }
            Ok(Ok((enrolled, refused)))
        })?;
        outcome.map_err(|(number, rejection)| raise_at(py, rejection, "record", number))
    }
}

/// Refuses a threshold that no score could be held against.
fn check_threshold(py: Python<'_>, threshold: Option<f64>) -> PyResult<()> {
    let wrong = threshold.filter(|threshold| !threshold.is_finite());
    wrong.map_or(Ok(()), |found| {
        let error = SearchError::Option { option: "threshold", found, expected: "a finite number" };
        Err(raise(py, error))
    })
}

fn on_error(skip: bool) -> OnError {
    if skip { OnError::Skip } else { OnError::Stop }
}

fn read_only(py: Python<'_>) -> PyErr {
    raise_own(py, "ReadOnlyError", "the gallery is open for reading: open it with writable=True")
}

fn busy(py: Python<'_>) -> PyErr {
    raise_own(py, "GalleryLockedError", "another call is writing to this gallery")
}

/// What became of a line.
enum Enrolled {
    Yes,
    /// It is among the rejects.
    No,
    /// The gallery does not take it.
    Refused(FeedPlace, Rejection),
}

/// Enrols the registration of a line, or hands a bad line to the rejects.
fn enroll_line(writer: &mut Writer, line: FeedLine, rejects: &mut Rejects<Vec<u8>>) -> Result<Enrolled, vantay::Error> {
    let Some((place, registration)) = rejects.accept(line)? else { return Ok(Enrolled::No) };
    match writer.enroll(registration) {
        Ok(()) => Ok(Enrolled::Yes),
        Err(error @ Rejection::Failed(_)) => Err(error.into()),
        Err(rejection) => Ok(Enrolled::Refused(place, rejection)),
    }
}

/// A rejection as the problem of a line.
fn refused(place: FeedPlace, rejection: &Rejection) -> FeedProblem {
    let reason = FeedError::Refused { reason: rejection.to_string() };
    FeedProblem { offset: place.offset, place, field: String::new(), reason }
}
