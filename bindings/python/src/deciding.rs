//! What suffices for a match, as Python asks for it: the one place where `fmr=` and its kin become a judge.

use pyo3::{exceptions::PyValueError, prelude::*};
use vantay::{
    decision::{Calibration, Level, Policy},
    search::Deciding,
};

/// The options of every call that decides, from a dictionary.
#[derive(FromPyObject, Default)]
#[pyo3(from_item_all)]
pub struct Asked {
    fmr: Option<f64>,
    fpir: Option<f64>,
    false_pairs: Option<f64>,
    policy: Option<String>,
    face_calibration: Option<String>,
    finger_calibration: Option<String>,
    face_threshold: Option<f64>,
    finger_threshold: Option<f64>,
}

impl Asked {
    /// The same as the library takes it. Files are read here.
    pub fn deciding(&self, py: Python<'_>) -> PyResult<Deciding> {
        let levels = [self.fmr.map(Level::Fmr), self.fpir.map(Level::Fpir), self.false_pairs.map(Level::FalsePairs)];
        let raw = self.face_threshold.or(self.finger_threshold).is_some();
        let asked = levels.iter().flatten().count() + usize::from(self.policy.is_some()) + usize::from(raw);
        if asked > 1 {
            let message = "give one of fmr, fpir, false_pairs, policy and thresholds, not several";
            return Err(PyValueError::new_err(message));
        }
        let failed = |error| crate::errors::raise(py, vantay::Error::Decision(error));
        let calibration = |path: &Option<String>| path.as_ref().map(Calibration::read).transpose().map_err(failed);
        Ok(Deciding {
            level: levels.into_iter().flatten().next(),
            policy: self.policy.as_ref().map(Policy::read).transpose().map_err(failed)?,
            face: calibration(&self.face_calibration)?,
            finger: calibration(&self.finger_calibration)?,
            face_threshold: self.face_threshold,
            finger_threshold: self.finger_threshold,
        })
    }
}
