//! How scores and decisions are shown, and the options that decide.

use serde::{Serialize, Serializer, ser::SerializeMap};
use vantay::search::{Judge, PartScores, Thresholds};

/// From which scores on two templates are taken as one person's.
#[derive(clap::Args, Clone, Debug)]
pub struct Deciding {
    /// Cosine from which portraits match
    #[arg(long, value_name = "COSINE", default_value_t = 0.40)]
    face_threshold: f64,
    /// Comparison score from which fingers match
    #[arg(long, value_name = "SCORE", default_value_t = 40.0)]
    finger_threshold: f64,
}

impl Deciding {
    /// The judge by these options.
    pub fn judge(&self) -> Judge {
        Judge::new(Thresholds { face: self.face_threshold, fingerprint: self.finger_threshold })
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
