//! What `search` stores beside the templates: prepared fingerprints and the face screen.
//!
//! The gallery calls this when it writes a segment, so that opening and searching decode nothing. The numbers below name
//! the columns on disk; they are fixed for good, and a change of content raises [`VERSION`].

use crate::{
    face,
    fingerprint::Prepared,
    gallery::{Derive, DerivedColumn, DerivedLayout},
    template::{FingerPosition, MinutiaeTemplate},
};
use rayon::prelude::*;

/// Prepared fingerprints, one item of its own length for each finger.
pub(super) const FINGER_PREPARED: u16 = 1;
/// The face screen's column; see [`face::encode`].
pub(super) const FACE_SCREEN: u16 = 1;
/// Of the contents of all columns together.
pub(super) const VERSION: u32 = 1;

/// Derives the columns that searches read. Hand one to the gallery's writer.
#[derive(Clone, Copy, Debug, Default)]
pub struct SearchColumns;

impl Derive for SearchColumns {
    fn version(&self) -> u32 {
        VERSION
    }

    fn faces(&self, dimension: usize, rows: &[f32]) -> Vec<DerivedColumn> {
        // The gallery hands over whole rows of a dimension it has checked; a reader would derive what is missing here.
        let Ok(screen) = face::encode(dimension, rows) else { return Vec::new() };
        vec![DerivedColumn { kind: FACE_SCREEN, layout: DerivedLayout::Raw, bytes: screen.as_bytes().to_vec() }]
    }

    fn fingers(&self, _: FingerPosition, templates: &[MinutiaeTemplate]) -> Vec<DerivedColumn> {
        let prepared: Vec<Prepared> = templates.par_iter().map(Prepared::new).collect();
        let mut offsets = Vec::with_capacity(prepared.len() + 1);
        let mut bytes = Vec::with_capacity(prepared.iter().map(|p| p.as_bytes().len()).sum());
        offsets.push(0);
        for finger in &prepared {
            bytes.extend_from_slice(finger.as_bytes());
            offsets.push(bytes.len() as u64);
        }
        vec![DerivedColumn { kind: FINGER_PREPARED, layout: DerivedLayout::Variable { offsets }, bytes }]
    }
}
