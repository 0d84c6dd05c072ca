//! What Python hands over, as registrations.

use crate::errors::raise_at;
use numpy::{PyReadonlyArray2, PyUntypedArrayMethods};
use pyo3::{exceptions::PyValueError, prelude::*, pybacked::PyBackedBytes};
use vantay::{
    gallery::Snapshot,
    registration::{FaceModel, FeedOptions, Finger, IdScheme, PersonalId, Portrait, Registration, RegistrationId},
    template::{self, FaceEmbedding, FingerPosition},
};

/// What a feed has to be like for the gallery of `snapshot`.
pub fn feed_options(snapshot: &Snapshot, threads: usize) -> FeedOptions {
    let face_model =
        snapshot.face().map(|face| FaceModel { name: face.model.as_ref().into(), dimension: face.dimension });
    FeedOptions { id_scheme: snapshot.id_scheme(), face_model, threads, ..FeedOptions::default() }
}

/// The registrations of records, each one line of a feed.
pub fn of_lines(py: Python<'_>, lines: &[PyBackedBytes], options: &FeedOptions) -> PyResult<Vec<Registration>> {
    let parse = |(number, line): (usize, &PyBackedBytes)| {
        vantay::registration::parse_line(line, options).map_err(|problem| raise_at(py, problem, "record", number))
    };
    lines.iter().enumerate().map(parse).collect()
}

/// Registrations that are a portrait only. Whose they are said to be is not looked at by who asks whose they are.
pub fn of_faces(py: Python<'_>, rows: &PyReadonlyArray2<'_, f32>, snapshot: &Snapshot) -> PyResult<Vec<Registration>> {
    let nameless = PersonalId::new("?", IdScheme::Opaque).map_err(|error| raise_at(py, error, "probe", 0))?;
    let portraits = portraits(py, rows, snapshot, "embedding")?;
    let probe = |(number, portrait)| probe(py, number, &nameless, Some(portrait), Vec::new());
    portraits.into_iter().enumerate().map(probe).collect()
}

/// The portraits whose embeddings are the rows of a matrix, said to be of the gallery's model.
pub fn portraits(
    py: Python<'_>,
    rows: &PyReadonlyArray2<'_, f32>,
    snapshot: &Snapshot,
    what: &str,
) -> PyResult<Vec<Portrait>> {
    let Some(face) = snapshot.face() else {
        return Err(crate::errors::raise_own(py, "ModelError", "the gallery was created without a face model"));
    };
    let [found, expected] = [rows.shape()[1], face.dimension];
    if found != expected {
        let message = format!("embeddings of shape {:?}: the gallery holds {expected} dimensions", rows.shape());
        return Err(crate::errors::raise_own(py, "ModelError", &message));
    }
    let components = rows.as_slice().map_err(|_| PyValueError::new_err("embeddings: expected C-contiguous rows"))?;
    let portrait = |(number, row): (usize, &[f32])| {
        let embedding = FaceEmbedding::new(row).map_err(|error| raise_at(py, error, what, number))?;
        Ok(Portrait { model: face.model.as_ref().into(), embedding })
    };
    components.chunks_exact(expected).enumerate().map(portrait).collect()
}

/// Registrations that are the fingers of one template record each, said to be at `position`.
pub fn of_templates(py: Python<'_>, records: &[PyBackedBytes], position: u8) -> PyResult<Vec<Registration>> {
    let failed = |error, number| raise_at(py, vantay::Error::Template(error), "template", number);
    let position = FingerPosition::new(position).map_err(|error| crate::errors::raise(py, error))?;
    let nameless = PersonalId::new("?", IdScheme::Opaque).map_err(|error| raise_at(py, error, "probe", 0))?;
    let read = |(number, bytes): (usize, &PyBackedBytes)| {
        let record = template::read(bytes).map_err(|error| failed(error, number))?;
        let fingers = Finger::of_record(&record, position).map_err(|error| failed(error, number))?;
        probe(py, number, &nameless, None, fingers)
    };
    records.iter().enumerate().map(read).collect()
}

fn probe(
    py: Python<'_>,
    number: usize,
    personal_id: &PersonalId,
    portrait: Option<Portrait>,
    fingers: Vec<Finger>,
) -> PyResult<Registration> {
    let id = RegistrationId::new(&number.to_string()).map_err(|error| raise_at(py, error, "probe", number))?;
    Ok(Registration { id, personal_id: personal_id.clone(), captured_at: None, portrait, fingers })
}
