//! Error rates of scores, and synthetic populations.

use crate::{
    errors::raise,
    running::{On, run, silent},
};
use numpy::{IntoPyArray, PyArray1, PyReadonlyArray1};
use pyo3::{exceptions::PyValueError, prelude::*};
use std::path::PathBuf;
use vantay::{
    decision::Scores,
    evaluation::{self, Bootstrap, OperatingPoint, Options},
    registration::{FaceModel, FeedWriter},
    synthesis::{Generator, Population},
};

/// Error rates of genuine and impostor scores.
#[pyclass(frozen, module = "vantay._native")]
pub struct ErrorRates {
    rates: evaluation::ErrorRates,
    confidence: f64,
}

/// A rate, the ends of its interval, and the threshold it stands at.
type Rate = (f64, f64, f64, f64);

#[pymethods]
impl ErrorRates {
    #[getter]
    fn genuine(&self) -> u64 {
        self.rates.genuine
    }

    #[getter]
    fn impostor(&self) -> u64 {
        self.rates.impostor
    }

    fn eer(&self) -> Rate {
        let (low, high) = self.rates.eer.interval.map_or((f64::NAN, f64::NAN), |i| (i.low, i.high));
        (self.rates.eer.value, low, high, self.rates.curve.at_eer().threshold)
    }

    fn fnmr_at(&self, fmr: f64) -> Rate {
        self.fnmr_of(self.rates.curve.at_fmr(fmr))
    }

    /// FMR, then FNMR.
    fn at_threshold(&self, threshold: f64) -> (Rate, Rate) {
        let point = self.rates.curve.at_threshold(threshold);
        let interval = point.fmr_count().clopper_pearson(self.confidence);
        ((point.fmr(), interval.low, interval.high, point.threshold), self.fnmr_of(point))
    }

    /// Thresholds, FMR and FNMR of all operating points, lowest threshold first.
    #[expect(clippy::type_complexity, reason = "three arrays")]
    fn points<'py>(
        &self,
        py: Python<'py>,
    ) -> (Bound<'py, PyArray1<f64>>, Bound<'py, PyArray1<f64>>, Bound<'py, PyArray1<f64>>) {
        let column = |of: &dyn Fn(OperatingPoint) -> f64| {
            self.rates.curve.points().map(of).collect::<Vec<f64>>().into_pyarray(py)
        };
        (column(&|p| p.threshold), column(&|p| p.fmr()), column(&|p| p.fnmr()))
    }
}

impl ErrorRates {
    fn fnmr_of(&self, point: OperatingPoint) -> Rate {
        let interval = point.fnmr_count().clopper_pearson(self.confidence);
        (point.fnmr(), interval.low, interval.high, point.threshold)
    }
}

#[pyfunction]
pub fn error_rates(
    py: Python<'_>,
    genuine: PyReadonlyArray1<'_, f64>,
    impostor: PyReadonlyArray1<'_, f64>,
    confidence: f64,
    replicates: u32,
    seed: u64,
) -> PyResult<ErrorRates> {
    if !(confidence > 0.0 && confidence < 1.0) {
        return Err(PyValueError::new_err(format!("confidence={confidence}: expected more than 0 and less than 1")));
    }
    let contiguous = |_| PyValueError::new_err("scores: expected a contiguous array");
    let genuine = genuine.as_slice().map_err(contiguous)?;
    let impostor = impostor.as_slice().map_err(contiguous)?;
    let scores = Scores::of_pairs(genuine, impostor);
    let bootstrap = Bootstrap { replicates, seed, confidence };
    let options = Options { targets: Vec::new(), bootstrap, ..Options::default() };
    let work = move |_: &_| Ok(evaluation::error_rates("scores", &scores, &options)?);
    let rates = run(py, On::Cores(None), work, silent)?;
    Ok(ErrorRates { rates, confidence })
}

/// Writes the feed of a synthetic population; returns how many registrations it has.
#[pyfunction]
#[expect(clippy::too_many_arguments, reason = "what the Python function takes")]
pub fn write_feed(
    py: Python<'_>,
    path: PathBuf,
    subjects: u64,
    duplicates: f64,
    seed: u64,
    fingers: u8,
    face_dim: usize,
    face_model: String,
    captures: u64,
) -> PyResult<u64> {
    let face_model = (face_dim > 0).then(|| FaceModel { name: face_model.into(), dimension: face_dim });
    let population = Population { seed, subjects, duplicates, captures, face_model, fingers };
    let generator = Generator::new(population).map_err(|error| raise(py, error))?;
    let work = move |_: &_| {
        let written = FeedWriter::create(&path).and_then(|mut feed| {
            generator.write_feed(&mut feed, |_| ())?;
            feed.finish()
        });
        Ok(written.map(|()| generator.registrations()))
    };
    Ok(run(py, On::Cores(None), work, silent)??)
}
