//! How scores and decisions are shown, and the options that decide.

use crate::{failure::Failure, galleries};
use serde::{Serialize, Serializer, ser::SerializeMap};
use std::path::PathBuf;
use vantay::{
    decision::{Calibration, Level, Policy},
    gallery::Snapshot,
    search::{self, Judge, Modality, PartScores},
};

/// What suffices for a match.
#[derive(clap::Args, Clone, Debug)]
pub struct Deciding {
    /// Match at this false match rate of comparisons
    #[arg(long, value_name = "F", conflicts_with_all = ["fpir", "false_pairs", "policy"])]
    fmr: Option<f64>,
    /// Match at this rate of searches of strangers that find anybody, at the gallery's size
    #[arg(long, value_name = "F", conflicts_with_all = ["false_pairs", "policy"])]
    fpir: Option<f64>,
    /// Match at this many false pairs expected in the whole gallery
    #[arg(long, value_name = "N", conflicts_with = "policy")]
    false_pairs: Option<f64>,
    /// Decide by the rules of a policy file
    #[arg(long, value_name = "FILE.json")]
    policy: Option<PathBuf>,
    /// The calibration of the gallery's face model, as `vantay calibrate` writes it [default: shipped for some models]
    #[arg(long, value_name = "FILE.json")]
    face_calibration: Option<PathBuf>,
    /// The calibration of fingerprint scores, of the system `vantay` [default: shipped]
    #[arg(long, value_name = "FILE.json")]
    finger_calibration: Option<PathBuf>,
    /// Match portraits from this cosine; a raw threshold promises no rate [default: 0.4 where nothing is calibrated]
    #[arg(long, value_name = "COSINE", conflicts_with_all = ["fmr", "fpir", "false_pairs", "policy"])]
    face_threshold: Option<f64>,
    /// Match fingers from this score; a raw threshold promises no rate [default: 12 where nothing is calibrated]
    #[arg(long, value_name = "SCORE", conflicts_with_all = ["fmr", "fpir", "false_pairs", "policy"])]
    finger_threshold: Option<f64>,
}

impl Deciding {
    /// The judge by these options.
    pub fn judge(&self, snapshot: &Snapshot, parts: &galleries::Parts) -> Result<Judge, Failure> {
        let calibration = |path: &PathBuf| Calibration::read(path).map_err(Failure::usage);
        let fmr = self.fmr.map(Level::Fmr);
        let asked = search::Deciding {
            level: fmr.or(self.fpir.map(Level::Fpir)).or(self.false_pairs.map(Level::FalsePairs)),
            policy: self.policy.as_ref().map(|path| Policy::read(path).map_err(Failure::usage)).transpose()?,
            face: self.face_calibration.as_ref().map(calibration).transpose()?,
            finger: self.finger_calibration.as_ref().map(calibration).transpose()?,
            face_threshold: self.face_threshold,
            finger_threshold: self.finger_threshold,
        };
        let judge = asked.judge(snapshot, parts.modality()).map_err(Failure::usage)?;
        self.warn_of_raw(&asked, snapshot, parts.modality());
        Ok(judge)
    }

    /// Says so where rates are not to be had, though nobody asked for a raw threshold, and where they are of other embeddings.
    fn warn_of_raw(&self, asked: &search::Deciding, snapshot: &Snapshot, modality: Modality) {
        let needs_shipped = modality != Modality::Fingerprint && self.face_threshold.is_none() && asked.face.is_none();
        let Some(face) = snapshot.face().filter(|_| needs_shipped) else { return };
        let (model, dimension) = (&face.model, Calibration::DEFAULT_FACE_DIMENSION);
        match Calibration::default_face(model) {
            // A rate that cannot be had ends the run, and then nothing matches by a cosine.
            None if asked.level.is_some() || asked.policy.is_some() => {}
            None => eprintln!(
                "vantay: no calibration for face model {model:?}: portraits match by a raw cosine, which promises no error rate; see \
                 `vantay help calibrate`"
            ),
            Some(_) if face.dimension != dimension => eprintln!(
                "vantay: the calibration that comes with {model:?} is of {dimension} dimensions, the gallery holds {}: the stated \
                 error rates do not hold",
                face.dimension
            ),
            Some(_) => {}
        }
    }
}

/// Part scores as an object: `{"face": 0.61, "2": 118.0}`.
pub struct Parts<'a>(pub &'a PartScores);

impl Serialize for Parts<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        if let Some(face) = self.0.face {
            map.serialize_entry("face", &face)?;
        }
        for (position, score) in &self.0.fingers {
            map.serialize_entry(&position.to_string(), score)?;
        }
        map.end()
    }
}
