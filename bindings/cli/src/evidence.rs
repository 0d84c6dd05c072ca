//! How scores and decisions are shown, and the options that decide.

use crate::{failure::Failure, galleries};
use serde::{Serialize, Serializer, ser::SerializeMap};
use std::path::PathBuf;
use vantay::{
    decision::{Calibration, Fusion, Level, Policy, Purpose},
    gallery::Snapshot,
    search::{Judge, Modality, PartScores, Thresholds},
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
    /// The calibration of fingerprint scores [default: shipped]
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
    /// The judge by these options: by rates as asked, by raw thresholds as given, else by the default policy if every part
    /// that is compared has a calibration, and by raw thresholds if not.
    pub fn judge(&self, purpose: Purpose, snapshot: &Snapshot, parts: &galleries::Parts) -> Result<Judge, Failure> {
        let fusion = self.fusion(snapshot)?;
        if let Some(path) = &self.policy {
            return Ok(Judge::new(fusion, Policy::read(path).map_err(Failure::usage)?));
        }
        let asked = self.fmr.map(Level::Fmr).or(self.fpir.map(Level::Fpir)).or(self.false_pairs.map(Level::FalsePairs));
        if let Some(level) = asked {
            let mut policy = Policy::default();
            let rule = match purpose {
                Purpose::Verify => &mut policy.verify,
                Purpose::Identify => &mut policy.identify,
                Purpose::Deduplicate => &mut policy.deduplicate,
            };
            rule.accept = level;
            rule.review = level;
            level.as_fmr(Some(vantay::decision::PlannedGallery::new(2, 1.0))).map_err(Failure::usage)?;
            return Ok(Judge::new(fusion, policy));
        }
        let is_calibrated = |part| fusion.calibration(part).is_ok();
        let needs_face = snapshot.face().is_some() && parts.modality() != Modality::Fingerprint;
        let needs_fingers = parts.modality() != Modality::Face;
        let calibrated = (!needs_face || is_calibrated(vantay::decision::Part::Face))
            && (!needs_fingers || is_calibrated(vantay::decision::Part::Finger(0)));
        if calibrated && self.face_threshold.is_none() && self.finger_threshold.is_none() {
            return Ok(Judge::new(fusion, Policy::default()));
        }
        let face = self.face_threshold.unwrap_or(0.4);
        let fingerprint = self.finger_threshold.unwrap_or(12.0);
        Ok(Judge::raw(Thresholds { face, fingerprint }).with_fusion(fusion))
    }

    fn fusion(&self, snapshot: &Snapshot) -> Result<Fusion, Failure> {
        let read = |path: &PathBuf| Calibration::read(path).map_err(Failure::usage);
        let face = self.face_calibration.as_ref().map(read).transpose()?;
        let finger = self.finger_calibration.as_ref().map(read).transpose()?;
        if let (Some(calibration), Some(face)) = (&face, snapshot.face()) {
            calibration.check_system(&face.model).map_err(Failure::usage)?;
        }
        let face = face.or_else(|| snapshot.face().and_then(|face| Calibration::default_face(&face.model)));
        Ok(Fusion::new(face, finger.or_else(Calibration::default_fingerprint)))
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
