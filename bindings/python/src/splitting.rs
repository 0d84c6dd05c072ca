//! A feed split over shards by the hash of the personal ID.

use crate::{errors::raise, gallery::Gallery};
use parking_lot::Mutex;
use pyo3::prelude::*;
use std::{collections::HashSet, path::PathBuf};
use vantay::{
    registration::{FaceModel, FeedError, FeedOptions, FeedProblem, FeedReader, IdScheme, OnError, Rejects},
    search::shard_of,
};

/// The shard of each subject.
#[pyfunction]
pub fn shards_of(personal_ids: Vec<String>, shards: u32) -> Vec<u32> {
    personal_ids.iter().map(|id| shard_of(id, shards)).collect()
}

/// Those of the names that registrations of the commit at hand have.
#[pyfunction]
pub fn known_registrations(py: Python<'_>, gallery: &Gallery, names: Vec<String>) -> PyResult<Vec<String>> {
    let snapshot = gallery.snapshot();
    let mut known = Vec::new();
    for name in names {
        if snapshot.find_registration(&name).map_err(|error| raise(py, error))?.is_some() {
            known.push(name);
        }
    }
    Ok(known)
}

/// A feed, split into lines for each shard, some at a time.
#[pyclass(frozen, module = "vantay._native")]
pub struct FeedSplitter {
    state: Mutex<Splitting>,
    shards: u32,
}

struct Splitting {
    reader: FeedReader,
    rejects: Rejects<Vec<u8>>,
    /// Hashes of the registrations' names: one that comes twice may go to two shards, which know nothing of each other.
    seen: HashSet<[u8; 16]>,
}

/// For each shard the lines, and the names of the registrations they hold.
type Split = (Vec<Vec<Vec<u8>>>, Vec<Vec<String>>);
/// Lines rejected, and for which reasons: field, kind, lines, first.
type Rejected = (u64, Vec<(String, &'static str, u64, String)>);

#[pymethods]
impl FeedSplitter {
    #[new]
    fn new(
        py: Python<'_>,
        path: PathBuf,
        id_scheme: &str,
        face: Option<(String, usize)>,
        shards: u32,
        skip: bool,
    ) -> PyResult<Self> {
        let id_scheme = if id_scheme == "vn" { IdScheme::Vietnam } else { IdScheme::Opaque };
        let face_model = face.map(|(name, dimension)| FaceModel { name: name.into(), dimension });
        let options = FeedOptions { id_scheme, face_model, ..FeedOptions::default() };
        let reader = FeedReader::open(path, options).map_err(|error| raise(py, error))?;
        let rejects = Rejects::new(if skip { OnError::Skip } else { OnError::Stop }, None::<Vec<u8>>);
        Ok(FeedSplitter { state: Mutex::new(Splitting { reader, rejects, seen: HashSet::new() }), shards })
    }

    /// The next lines, or `None` at the end.
    fn next(&self, py: Python<'_>) -> PyResult<Option<Split>> {
        py.detach(|| self.state.lock().next(self.shards)).map_err(|error| raise(py, error))
    }

    fn rejected(&self) -> Rejected {
        let state = self.state.lock();
        let reasons = state.rejects.reasons().into_iter().map(|r| (r.field, r.kind, r.lines, r.first)).collect();
        (state.rejects.lines(), reasons)
    }
}

impl Splitting {
    fn next(&mut self, shards: u32) -> Result<Option<Split>, vantay::Error> {
        let Some(lines) = self.reader.next_batch() else { return Ok(None) };
        let mut split = (vec![Vec::new(); shards as usize], vec![Vec::new(); shards as usize]);
        for line in lines {
            let Ok(registration) = &line.outcome else {
                self.rejects.accept(line)?;
                continue;
            };
            let name = registration.id.to_string();
            let mut hash = [0; 16];
            hash.copy_from_slice(&blake3::hash(name.as_bytes()).as_bytes()[..16]);
            if self.seen.insert(hash) {
                let shard = shard_of(registration.personal_id.as_str(), shards) as usize;
                split.0[shard].push(line.raw().to_vec());
                split.1[shard].push(name);
                continue;
            }
            let reason = format!("registration {name:?} stands twice in the feed");
            let problem = FeedProblem {
                offset: line.place.offset,
                place: line.place.clone(),
                field: String::new(),
                reason: FeedError::Refused { reason },
            };
            self.rejects.reject(problem, line.raw())?;
        }
        Ok(Some(split))
    }
}
