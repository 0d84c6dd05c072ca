//! Templates without a gallery: compare, read, convert.

use crate::{
    errors::{raise, raise_at},
    running::{On, Stop, run, silent},
};
use numpy::{IntoPyArray, PyArray2, PyArrayMethods, PyReadonlyArray1};
use pyo3::{
    exceptions::PyValueError,
    prelude::*,
    pybacked::PyBackedBytes,
    types::{PyBytes, PyDict},
};
use rayon::prelude::*;
use std::cell::RefCell;
use vantay::{
    face,
    fingerprint::{Comparer, Prepared},
    simd::Level,
    template::{self, FaceEmbedding, Format, MinutiaKind, TemplateError},
};

/// The first view of a record, ready to be compared.
fn prepare(bytes: &[u8]) -> Result<Prepared, TemplateError> {
    let views = template::read(bytes)?.templates()?;
    let first = views.first().ok_or(TemplateError::UnknownFormat)?;
    Ok(Prepared::new(first))
}

fn level(py: Python<'_>) -> PyResult<Level> {
    Level::chosen().map_err(|error| raise(py, error))
}

/// Compares the first views of two records.
#[pyfunction]
pub fn compare_minutiae(py: Python<'_>, a: PyBackedBytes, b: PyBackedBytes) -> PyResult<f32> {
    thread_local! {
        static COMPARER: RefCell<Option<Comparer>> = const { RefCell::new(None) };
    }
    let level = level(py)?;
    let read = |bytes: &[u8], which| prepare(bytes).map_err(|error| raise_at(py, error, "template", which));
    let (a, b) = (read(&a, 0)?, read(&b, 1)?);
    Ok(COMPARER.with_borrow_mut(|kept| kept.get_or_insert_with(|| Comparer::new(level)).compare(a.view(), b.view())))
}

/// Compares the first view of each of `a` with that of each of `b`: (len a, len b).
#[pyfunction]
pub fn compare_minutiae_matrix<'py>(
    py: Python<'py>,
    a: Vec<PyBackedBytes>,
    b: Vec<PyBackedBytes>,
    threads: Option<usize>,
) -> PyResult<Bound<'py, PyArray2<f32>>> {
    let level = level(py)?;
    let (rows, columns) = (a.len(), b.len());
    let work = move |stop: &Stop| {
        let prepared = |list: &[PyBackedBytes]| -> Result<Vec<Prepared>, (usize, TemplateError)> {
            let prepare = |(number, bytes): (usize, &PyBackedBytes)| prepare(bytes).map_err(|error| (number, error));
            list.par_iter().enumerate().map(prepare).collect()
        };
        let (a, b) = match (prepared(&a), prepared(&b)) {
            (Ok(a), Ok(b)) => (a, b),
            (Err((number, error)), _) => return Ok(Err(("a: template", number, error))),
            (_, Err((number, error))) => return Ok(Err(("b: template", number, error))),
        };
        let mut scores = vec![0.0_f32; rows * columns];
        scores.par_chunks_mut(columns.max(1)).zip(&a).try_for_each_init(
            || Comparer::new(level),
            |comparer, (row, a)| {
                stop.check()?;
                row.iter_mut().zip(&b).for_each(|(score, b)| *score = comparer.compare(a.view(), b.view()));
                Ok::<_, vantay::Error>(())
            },
        )?;
        Ok(Ok(scores))
    };
    let scores = run(py, On::Cores(threads), work, silent)?;
    let scores = scores.map_err(|(what, number, error)| raise_at(py, error, what, number))?;
    scores.into_pyarray(py).reshape([rows, columns])
}

/// How the first views of two records came to their score.
#[pyfunction]
pub fn explain_minutiae<'py>(py: Python<'py>, a: PyBackedBytes, b: PyBackedBytes) -> PyResult<Bound<'py, PyDict>> {
    let level = level(py)?;
    let read = |bytes: &[u8], which| {
        let read = template::read(bytes).and_then(|record| record.templates());
        let first = read.and_then(|views| views.into_iter().next().ok_or(TemplateError::UnknownFormat));
        first.map_err(|error| raise_at(py, error, "template", which))
    };
    let explanation = Comparer::new(level).explain(&read(&a, 0)?, &read(&b, 1)?);
    let dict = PyDict::new(py);
    dict.set_item("score", explanation.score())?;
    dict.set_item("subscores", explanation.subscores().collect::<Vec<_>>())?;
    dict.set_item("rotation", explanation.rotation())?;
    dict.set_item("shift", explanation.shift())?;
    let pairs: Vec<i64> = explanation.pairs().iter().flat_map(|&(a, b)| [a as i64, b as i64]).collect();
    dict.set_item("pairs", pairs.into_pyarray(py).reshape([explanation.pairs().len(), 2])?)?;
    let area: Vec<f32> = explanation.common_area().iter().flat_map(|&(x, y)| [x, y]).collect();
    dict.set_item("common_area", area.into_pyarray(py).reshape([explanation.common_area().len(), 2])?)?;
    Ok(dict)
}

/// The cosine of two embeddings.
#[pyfunction]
pub fn compare_faces(py: Python<'_>, a: PyReadonlyArray1<'_, f32>, b: PyReadonlyArray1<'_, f32>) -> PyResult<f64> {
    let embedding = |row: &PyReadonlyArray1<'_, f32>, which| {
        let row = row.as_slice().map_err(|_| PyValueError::new_err("embedding: expected a contiguous array"))?;
        FaceEmbedding::new(row).map_err(|error| raise_at(py, error, "embedding", which))
    };
    let (a, b) = (embedding(&a, 0)?, embedding(&b, 1)?);
    face::compare(a.as_slice(), b.as_slice()).map_err(|error| raise(py, error))
}

/// A record as a dictionary of its format, warnings and views.
#[pyfunction]
pub fn read_minutiae<'py>(py: Python<'py>, record: PyBackedBytes) -> PyResult<Bound<'py, PyDict>> {
    let failed = |error: TemplateError| raise(py, error);
    let record = template::read(&record).map_err(failed)?;
    let mut views = Vec::new();
    for template in record.templates().map_err(failed)? {
        let view = PyDict::new(py);
        view.set_item("position", template.position().number())?;
        view.set_item("impression", template.impression().0)?;
        view.set_item("quality", template.quality())?;
        view.set_item("size", template.size())?;
        let minutiae = template.minutiae();
        view.set_item("x", minutiae.iter().map(|m| m.x).collect::<Vec<_>>().into_pyarray(py))?;
        view.set_item("y", minutiae.iter().map(|m| m.y).collect::<Vec<_>>().into_pyarray(py))?;
        view.set_item("angle", minutiae.iter().map(|m| m.angle).collect::<Vec<_>>().into_pyarray(py))?;
        let kind = |kind: MinutiaKind| kind as u8;
        view.set_item("kind", minutiae.iter().map(|m| kind(m.kind())).collect::<Vec<_>>().into_pyarray(py))?;
        let quality = minutiae.iter().map(|m| m.quality().unwrap_or(0)).collect::<Vec<_>>();
        view.set_item("minutia_quality", quality.into_pyarray(py))?;
        views.push(view);
    }
    let dict = PyDict::new(py);
    dict.set_item("format", record.format().name())?;
    dict.set_item("warnings", record.warnings().iter().map(ToString::to_string).collect::<Vec<_>>())?;
    dict.set_item("views", views)?;
    Ok(dict)
}

/// A record in another format, and what that could not keep.
#[pyfunction]
pub fn convert<'py>(py: Python<'py>, record: PyBackedBytes, to: &str) -> PyResult<(Bound<'py, PyBytes>, Vec<String>)> {
    let failed = |error: TemplateError| raise(py, error);
    let format: Format = to.parse().map_err(failed)?;
    let converted = template::read(&record).and_then(|record| record.convert(format)).map_err(failed)?;
    let warnings = converted.warnings().iter().map(ToString::to_string).collect();
    Ok((PyBytes::new(py, &converted.to_bytes().map_err(failed)?), warnings))
}
