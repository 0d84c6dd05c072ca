//! A search: what is compared, and what suffices for a match.

use crate::{arguments::*, gallery::vantay_gallery_t, outcome::*, results::*};
use std::{ffi::c_char, sync::Arc};
use vantay::{
    decision::{Calibration, Level, Policy},
    gallery::Snapshot,
    search::{Deciding, Depth, FingerMatching, IdentifyOptions, Judge, Modality, Search},
};

/// Whatever a probe has.
pub const VANTAY_MODALITY_BOTH: i32 = 0;
/// The portrait alone.
pub const VANTAY_MODALITY_FACE: i32 = 1;
/// The fingers alone.
pub const VANTAY_MODALITY_FINGERPRINT: i32 = 2;

/// A search of one commit of a gallery. Any number of threads may use it at once.
pub struct vantay_search_t {
    pub(crate) snapshot: Arc<Snapshot>,
    judge: Judge,
    pub(crate) looking: Looking,
}

/// What all calls of a search compare.
#[derive(Clone, Copy)]
pub(crate) struct Looking {
    pub modality: Modality,
    pub fingers: FingerMatching,
    pub depth: Depth,
    pub every_finger: bool,
}

/// What a search compares and what suffices for a match. All zero is the default: all parts, fingers of the same position, the
/// default policy where everything is calibrated, raw thresholds where not.
#[repr(C)]
pub struct vantay_search_options_t {
    /// `VANTAY_MODALITY_BOTH`, or one of its kind.
    pub modality: i32,
    /// Compare any finger with any, not those of the same position only.
    pub any_finger: bool,
    /// The false match rate of comparisons that suffices; 0 for none.
    pub fmr: f64,
    /// The rate of searches of strangers that find anybody, at the gallery's size; 0 for none.
    pub fpir: f64,
    /// The number of false pairs expected in the whole gallery; 0 for none.
    pub false_pairs: f64,
    /// A policy file; NULL for none.
    pub policy: *const c_char,
    /// A calibration file of the gallery's face model; NULL for none.
    pub face_calibration: *const c_char,
    /// A calibration file of fingerprint scores; NULL for none.
    pub finger_calibration: *const c_char,
    /// A raw threshold for cosines, which promises no rate; 0 for none.
    pub face_threshold: f64,
    /// A raw threshold for fingerprint scores, which promises no rate; 0 for none.
    pub finger_threshold: f64,
    /// Of mates that a full comparison would accept, the share that the screen of fingers may lose; 0 for the library's default,
    /// below 0 to compare every finger in full.
    pub miss: f64,
    /// In a deduplication, screen only the fingers of registrations without a portrait: hundreds of times faster, but it misses who does
    /// not look alike in two portraits.
    pub portraits_suffice: bool,
}

/// Prepares to search the commit that `gallery` is at. `options` may be NULL.
///
/// May be called from any thread.
#[boundary]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn vantay_search_new(
    gallery: *const vantay_gallery_t,
    options: *const vantay_search_options_t,
    search: *mut *mut vantay_search_t,
) -> vantay_result_t {
    check(search, "search")?;
    // SAFETY: the header asks for a handle of this library.
    let snapshot = unsafe { reference(gallery, "gallery")? }.0.snapshot();
    // SAFETY: the header asks for options whose texts are good.
    let (looking, deciding) = match unsafe { optional(options, "options")? } {
        None => (Looking::of(Modality::Both, FingerMatching::Same, 0.0, true), Deciding::default()),
        // SAFETY: as above.
        Some(options) => unsafe { options_of(options)? },
    };
    let judge = deciding.judge(&snapshot, looking.modality)?;
    Search::new(&snapshot, judge.clone())?;
    let prepared = vantay_search_t { snapshot, judge, looking };
    // SAFETY: checked above; the header asks for a pointer that may be written.
    unsafe { write_handle(search, "search", prepared) }
}

/// Gives a search up; NULL is fine. Once, by one thread, when no other uses it.
#[boundary]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn vantay_search_free(search: *mut vantay_search_t) {
    // SAFETY: the header asks for a handle of this library that is not used again.
    unsafe { free(search) }
}

impl vantay_search_t {
    pub(crate) fn search(&self) -> Result<Search<'_>, Failure> {
        Ok(Search::new(&self.snapshot, self.judge.clone())?)
    }
}

impl Looking {
    fn of(modality: Modality, fingers: FingerMatching, miss: f64, every_finger: bool) -> Looking {
        let depth = match miss {
            0.0 => IdentifyOptions::default().depth,
            miss if miss < 0.0 => Depth::Exhaustive,
            miss => Depth::Miss(miss),
        };
        // Without portraits, every finger has to be looked at.
        Looking { modality, fingers, depth, every_finger: every_finger || modality == Modality::Fingerprint }
    }
}

/// # Safety
/// The texts of `options` end in zero, or are NULL.
unsafe fn options_of(options: &vantay_search_options_t) -> Result<(Looking, Deciding), Failure> {
    let wrong = |what: &str| Failure::new(VANTAY_ERROR_ARGUMENT, what.to_owned());
    let modality = match options.modality {
        VANTAY_MODALITY_BOTH => Modality::Both,
        VANTAY_MODALITY_FACE => Modality::Face,
        VANTAY_MODALITY_FINGERPRINT => Modality::Fingerprint,
        _ => return Err(wrong("modality")),
    };
    let fingers = if options.any_finger { FingerMatching::Any } else { FingerMatching::Same };
    let given = |value: f64| (value != 0.0).then_some(value);
    let levels = [
        given(options.fmr).map(Level::Fmr),
        given(options.fpir).map(Level::Fpir),
        given(options.false_pairs).map(Level::FalsePairs),
    ];
    if levels.iter().flatten().count() > 1 {
        return Err(wrong("more than one of fmr, fpir and false_pairs"));
    }
    // SAFETY: as promised to this function.
    let (policy, face, finger) = unsafe {
        (
            optional_text(options.policy, "policy")?,
            optional_text(options.face_calibration, "face_calibration")?,
            optional_text(options.finger_calibration, "finger_calibration")?,
        )
    };
    let deciding = Deciding {
        level: levels.into_iter().flatten().next(),
        policy: policy.map(Policy::read).transpose()?,
        face: face.map(Calibration::read).transpose()?,
        finger: finger.map(Calibration::read).transpose()?,
        face_threshold: given(options.face_threshold),
        finger_threshold: given(options.finger_threshold),
    };
    Ok((Looking::of(modality, fingers, options.miss, !options.portraits_suffice), deciding))
}
