//! What `search` stores beside the templates: prepared fingerprints and the face screen.
//!
//! The gallery calls this when it writes a segment, so that opening and searching decode nothing. The numbers below name
//! the columns on disk; they are fixed for good, and a change of content raises [`VERSION`].

use crate::{
    face,
    fingerprint::{Prepared, screen::ScreenCode},
    gallery::{Derive, DerivedColumn, DerivedLayout},
    template::{FingerPosition, MinutiaeTemplate},
};
use rayon::prelude::*;

/// Prepared fingerprints, one item of its own length for each finger.
pub(super) const FINGER_PREPARED: u16 = 1;
/// Screen codes of fingers, one item of a fixed length for each.
pub(super) const FINGER_SCREEN: u16 = 2;
/// The face screen's column; see [`face::encode`].
pub(super) const FACE_SCREEN: u16 = 1;
/// The coarse face screen's column, for searches of few probes; see [`face::encode_coarse`].
pub(super) const FACE_COARSE: u16 = 2;
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
        let Ok([fine, coarse]) = face::encode_bytes(dimension, rows) else { return Vec::new() };
        let column = |kind, bytes| DerivedColumn { kind, layout: DerivedLayout::Raw, bytes };
        vec![column(FACE_SCREEN, fine), column(FACE_COARSE, coarse)]
    }

    fn fingers(&self, _: FingerPosition, templates: &[MinutiaeTemplate]) -> Vec<DerivedColumn> {
        let mut offsets = Vec::with_capacity(templates.len() + 1);
        offsets.push(0);
        let mut end = 0;
        for template in templates {
            end += Prepared::length_of(template) as u64;
            offsets.push(end);
        }
        let mut bytes = vec![0; end as usize];
        let mut codes = vec![0; templates.len() * ScreenCode::STRIDE];
        // Each finger is prepared in memory that is warm, and what is stored is touched once.
        let mut rest = bytes.as_mut_slice();
        let mut places = Vec::with_capacity(templates.len());
        for template in templates {
            let (place, after) = std::mem::take(&mut rest).split_at_mut(Prepared::length_of(template));
            places.push(place);
            rest = after;
        }
        let (codes_of, _) = codes.as_chunks_mut::<{ ScreenCode::STRIDE }>();
        templates.par_iter().zip(places).zip(codes_of).with_min_len(8).for_each_init(
            Prepared::empty,
            |prepared, ((template, place), code)| {
                prepared.renew(template);
                place.copy_from_slice(prepared.as_bytes());
                ScreenCode::write(prepared.view(), code);
            },
        );
        let stride = ScreenCode::STRIDE as u32;
        vec![
            DerivedColumn { kind: FINGER_PREPARED, layout: DerivedLayout::Variable { offsets }, bytes },
            DerivedColumn { kind: FINGER_SCREEN, layout: DerivedLayout::Fixed { stride }, bytes: codes },
        ]
    }
}
