//! Calibrations that come with the library.
//!
//! They hold for data like those they were fitted on, which [`Calibration::fitted_on`] names; a service fits its own. That of fingerprints and the
//! correlation of fingers are made by `cargo xtask calibrate`, from scores of networks that had not seen the sensor; those of faces by
//! `vantay score` and `vantay calibrate`, as `datasets/README.md` tells.

use super::{Calibration, FingerCorrelation};
use std::sync::LazyLock;

type Shipped = LazyLock<Option<Calibration>>;

impl Calibration {
    /// The dimensions of the embeddings that the calibrations of face models were fitted on. Rates do not carry over to fewer or more.
    pub const DEFAULT_FACE_DIMENSION: usize = 512;

    /// What the fingerprint scores of this library are called where a calibration says whose scores it is of.
    pub const FINGERPRINTS: &str = "vantay";

    /// The calibration of this library's fingerprint scores: all pairs of twelve sets of real prints (four sensors of FVC2002
    /// and FVC2004, a capacitive one, rolled ink; two extractors).
    pub fn default_fingerprint() -> Option<Self> {
        static FINGERPRINT: Shipped = LazyLock::new(|| read(include_str!("fingerprint.json")));
        FINGERPRINT.clone()
    }

    /// The calibration of a face model by its name, for the few models that the library knows: `w600k_mbf` (fitted on half
    /// of LFW) and `synthetic`, what [`synthesis`](../synthesis/index.html) makes. `None` for every other: fit your own.
    pub fn default_face(model: &str) -> Option<Self> {
        static W600K_MBF: Shipped = LazyLock::new(|| read(include_str!("face_w600k_mbf.json")));
        static SYNTHETIC: Shipped = LazyLock::new(|| read(include_str!("face_synthetic.json")));
        match model {
            "w600k_mbf" => W600K_MBF.clone(),
            "synthetic" => SYNTHETIC.clone(),
            _ => None,
        }
    }
}

impl FingerCorrelation {
    /// The correlation of this library's scores of fingers of one person, as far as the sets at hand show it: people made of two fingers of one
    /// set, captured on the same two occasions. No set has two fingers that are known to be of one person, so what a person's skin does to
    /// both is not in it.
    pub fn default_fingerprint() -> Self {
        static FINGERS: LazyLock<FingerCorrelation> =
            LazyLock::new(|| FingerCorrelation::from_json(include_str!("fingers.json")).unwrap_or_default());
        *FINGERS
    }
}

fn read(text: &str) -> Option<Calibration> {
    // A test reads each of them.
    Calibration::from_json(text).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_shipped_reads_and_is_of_the_system_it_is_named_for() {
        for model in ["w600k_mbf", "synthetic"] {
            let calibration = Calibration::default_face(model).unwrap();
            assert!(calibration.check_system(model).is_ok());
            let threshold = calibration.threshold_at_fmr(1e-6).unwrap();
            assert!((0.38..0.46).contains(&threshold), "{model}: {threshold}");
        }
        assert!(Calibration::default_face("another").is_none());
        assert!(Calibration::default_fingerprint().unwrap().check_system(Calibration::FINGERPRINTS).is_ok());
        let fingers = FingerCorrelation::default_fingerprint();
        assert!(fingers.genuine > 1_000 && (0.0..0.9).contains(&fingers.value), "{fingers:?}");
    }
}
