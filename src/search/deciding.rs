//! From what a caller asks for to a judge: the same rules for the command line and every binding.

use super::{Judge, Modality, SearchError, Thresholds};
use crate::{
    decision::{Calibration, FingerCorrelation, Fusion, Level, Part, PlannedGallery, Policy},
    gallery::Snapshot,
};

/// What suffices for a match, as a caller asks for it. The default asks for nothing in particular.
///
/// A policy decides as it says. A level makes what reaches it a match, for every purpose. Raw thresholds decide where they
/// are given. Where nothing is asked, the default policy decides if every part that is compared has a calibration, and the
/// default raw thresholds if not.
#[derive(Clone, Debug, Default)]
pub struct Deciding {
    /// What makes a match: a rate, or a likelihood ratio.
    pub level: Option<Level>,
    /// The rules, if more than one level is to be said. Goes before `level`.
    pub policy: Option<Policy>,
    /// The calibration of the gallery's face model; `None` takes that which comes with the library, if it knows the model.
    pub face: Option<Calibration>,
    /// The calibration of fingerprint scores; `None` takes that which comes with the library.
    pub finger: Option<Calibration>,
    /// Cosine from which two portraits match; promises no rate.
    pub face_threshold: Option<f64>,
    /// Comparison score from which two fingers match; promises no rate.
    pub finger_threshold: Option<f64>,
}

impl Deciding {
    /// The judge of comparisons by `modality` in the gallery of `snapshot`.
    ///
    /// # Errors
    /// If the level is no rate, a threshold no finite number, or a calibration is of other scores: of another model than the gallery's, or no
    /// fingerprint calibration of this library's scores.
    pub fn judge(&self, snapshot: &Snapshot, modality: Modality) -> Result<Judge, SearchError> {
        for (option, threshold) in
            [("face threshold", self.face_threshold), ("finger threshold", self.finger_threshold)]
        {
            if let Some(found) = threshold.filter(|threshold| !threshold.is_finite()) {
                return Err(SearchError::Option { option, found, expected: "a finite number" });
            }
        }
        if let (Some(calibration), Some(face)) = (&self.face, snapshot.face()) {
            calibration.check_system(&face.model)?;
        }
        if let Some(calibration) = &self.finger {
            calibration.check_system(Calibration::FINGERPRINTS)?;
        }
        let shipped = || snapshot.face().and_then(|face| Calibration::default_face(&face.model));
        let face = self.face.clone().or_else(shipped);
        let fusion = Fusion::new(face, self.finger.clone().or_else(Calibration::default_fingerprint))
            .with_correlation(FingerCorrelation::default_fingerprint());
        if let Some(policy) = &self.policy {
            return Ok(Judge::new(fusion, policy.clone()));
        }
        if let Some(level) = self.level {
            // Whether it is a rate shows in any gallery; the smallest with pairs will do.
            level.as_fmr(Some(PlannedGallery::new(2, 1.0)))?;
            let mut policy = Policy::default();
            for rule in [&mut policy.verify, &mut policy.identify, &mut policy.deduplicate] {
                rule.accept = level;
                rule.review = level;
            }
            return Ok(Judge::new(fusion, policy));
        }
        let needs_face = snapshot.face().is_some() && modality != Modality::Fingerprint;
        let is_calibrated = (!needs_face || fusion.calibration(Part::Face).is_ok())
            && (modality == Modality::Face || fusion.calibration(Part::Finger(0)).is_ok());
        if is_calibrated && self.face_threshold.is_none() && self.finger_threshold.is_none() {
            return Ok(Judge::new(fusion, Policy::default()));
        }
        let defaults = Thresholds::default();
        let face = self.face_threshold.unwrap_or(defaults.face);
        let fingerprint = self.finger_threshold.unwrap_or(defaults.fingerprint);
        Ok(Judge::raw(Thresholds { face, fingerprint }).with_fusion(fusion))
    }
}
