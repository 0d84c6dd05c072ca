//! A registration made ready to be compared with many.

use super::{FingerMatching, SearchError, fingers::FingerView, screening::ProbeFingers};
use crate::{
    face,
    fingerprint::{Comparer, Prepared, screen::ScreenCode},
    gallery::Snapshot,
    registration::Registration,
    template::FingerPosition,
};

/// Which parts of a probe a search uses.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Modality {
    /// The portrait alone.
    Face,
    /// The fingers alone.
    Fingerprint,
    /// Whatever the probe has.
    #[default]
    Both,
}

/// A registration whose templates are prepared.
pub(super) struct Probe<'p> {
    pub embedding: Option<&'p [f32]>,
    fingers: Vec<(FingerPosition, Prepared)>,
}

impl<'p> Probe<'p> {
    /// Prepares what `modality` uses.
    ///
    /// # Errors
    /// If the portrait is of another model or dimension than the gallery's.
    pub fn new(registration: &'p Registration, modality: Modality, snapshot: &Snapshot) -> Result<Self, SearchError> {
        let portrait = registration.portrait.as_ref().filter(|_| modality != Modality::Fingerprint);
        if let (Some(portrait), Some(face)) = (portrait, snapshot.face())
            && (*portrait.model != *face.model || portrait.embedding.dimension() != face.dimension)
        {
            return Err(SearchError::Model {
                registration: registration.id.clone(),
                found: portrait.model.clone(),
                found_dimension: portrait.embedding.dimension(),
                expected: format!("\"{}\" with {} dimensions", face.model, face.dimension).into(),
            });
        }
        let fingers: Vec<_> = registration
            .templates()
            .filter(|_| modality != Modality::Face)
            .map(|template| (template.position(), Prepared::new(template)))
            .collect();
        // A gallery without a face model has nothing to compare a portrait with.
        let embedding = portrait.filter(|_| snapshot.face().is_some()).map(|portrait| portrait.embedding.as_slice());
        Ok(Probe { embedding, fingers })
    }

    /// Whether any of the fingers compares with a reference finger of this position.
    pub fn compares(&self, matching: FingerMatching, reference: FingerPosition) -> bool {
        self.fingers.iter().any(|&(probe, _)| matching.compares(probe, reference))
    }

    pub fn has_fingers(&self) -> bool {
        !self.fingers.is_empty()
    }

    /// The fingers as the screen takes them.
    pub fn codes(&self) -> ProbeFingers {
        self.fingers.iter().map(|(position, prepared)| (*position, ScreenCode::new(prepared))).collect()
    }

    pub fn fingers(&self) -> Vec<FingerView<'_>> {
        self.fingers.iter().map(|(position, p)| FingerView { position: *position, prepared: p.view() }).collect()
    }

    /// The cosine with a reference's embedding, if both have one.
    pub fn face_score(&self, reference: Option<&[f32]>) -> Result<Option<f64>, SearchError> {
        match (self.embedding, reference) {
            (Some(probe), Some(reference)) => Ok(Some(face::compare(probe, reference)?)),
            _ => Ok(None),
        }
    }
}

/// What a thread needs to compare: scratch memory and a count.
pub(super) struct Bench {
    pub comparer: Comparer,
    pub compared: u64,
}

impl Bench {
    pub fn new(level: crate::simd::Level) -> Self {
        Bench { comparer: Comparer::new(level), compared: 0 }
    }
}
