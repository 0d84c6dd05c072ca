//! Scores and decisions, as answers carry them.

use std::ffi::CString;
use vantay::{
    decision::Decision,
    search::{Judgement, PartScores},
};

/// Not the same person.
pub const VANTAY_DECISION_NONE: i32 = 0;
/// A person has to look.
pub const VANTAY_DECISION_REVIEW: i32 = 1;
/// The same person.
pub const VANTAY_DECISION_MATCH: i32 = 2;

/// Scores of the parts that both sides have, and what they amount to. Parts that were not compared are NaN.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct vantay_scores_t {
    /// `VANTAY_DECISION_NONE`, or one of its kind.
    pub decision: i32,
    /// All parts in one number, higher is more alike.
    pub score: f64,
    /// log10 likelihood ratio of all parts; NaN where they are not calibrated.
    pub llr: f64,
    /// The rate at which strangers reach this ratio; NaN where parts are not calibrated.
    pub fmr: f64,
    /// Cosine of the portraits.
    pub face: f64,
    /// Fingerprint scores by the probe's finger position, 0 (unknown) to 10.
    pub fingers: [f64; 11],
    /// The lower end of the 95 % interval of `fmr`; NaN where parts are not calibrated.
    pub fmr_low: f64,
    /// The upper end, likewise.
    pub fmr_high: f64,
    /// Whether `fmr` was fitted or computed instead of counted; false where parts are not calibrated.
    pub extrapolated: bool,
}

/// `text` as C reads it.
pub(crate) fn c_text(text: &str) -> CString {
    // Names with a zero byte are cut there: C has no other way to show them.
    let end = text.find('\0').unwrap_or(text.len());
    CString::new(&text[..end]).unwrap_or_default()
}

impl vantay_scores_t {
    /// What the search says of a comparison.
    pub(crate) fn new(parts: &PartScores, judgement: &Judgement) -> Self {
        let mut fingers = [f64::NAN; 11];
        for &(position, score) in &parts.fingers {
            fingers[usize::from(position.number())] = score;
        }
        vantay_scores_t {
            decision: decision_number(judgement.decision),
            score: judgement.score,
            llr: judgement.llr.unwrap_or(f64::NAN),
            fmr: judgement.fmr.unwrap_or(f64::NAN),
            face: parts.face.unwrap_or(f64::NAN),
            fingers,
            fmr_low: judgement.fmr_interval.map_or(f64::NAN, |interval| interval.low),
            fmr_high: judgement.fmr_interval.map_or(f64::NAN, |interval| interval.high),
            extrapolated: judgement.extrapolated.unwrap_or(false),
        }
    }
}

pub(crate) fn decision_number(decision: Decision) -> i32 {
    match decision {
        Decision::Match => VANTAY_DECISION_MATCH,
        Decision::Review => VANTAY_DECISION_REVIEW,
        _ => VANTAY_DECISION_NONE,
    }
}
