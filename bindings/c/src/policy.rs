//! Policies: how much evidence makes a match, a review, or neither.

use crate::{arguments::*, calibration::vantay_calibration_t, outcome::*, results::*, scores::*};
use std::ffi::c_char;
use vantay::decision::{Fusion, PartScore, PlannedGallery, Policy, Purpose};

/// A claim against one subject.
pub const VANTAY_PURPOSE_VERIFY: i32 = 0;
/// A candidate of a search.
pub const VANTAY_PURPOSE_IDENTIFY: i32 = 1;
/// A pair of registrations.
pub const VANTAY_PURPOSE_DEDUPLICATE: i32 = 2;

/// Rules by which scores are decided. Any number of threads may use it at once.
pub struct vantay_policy_t(Policy);

/// Scores that were compared before, and what is known about them. Parts that were not compared are NaN.
#[repr(C)]
pub struct vantay_evidence_t {
    /// Cosine of the portraits.
    pub face: f64,
    /// Fingerprint scores by finger position, 0 (unknown) to 10.
    pub fingers: [f64; 11],
    /// The calibration of the face model; NULL for none.
    pub face_calibration: *const vantay_calibration_t,
    /// The calibration of fingerprint scores; NULL for none.
    pub finger_calibration: *const vantay_calibration_t,
    /// Subjects of the gallery, on which rates of searches depend.
    pub subjects: u64,
}

/// Reads a policy file, or, if `path` is NULL, writes the policy that decides where nothing else is asked.
///
/// May be called from any thread.
#[boundary]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn vantay_policy_read(path: *const c_char, policy: *mut *mut vantay_policy_t) -> vantay_result_t {
    check(policy, "policy")?;
    // SAFETY: the header asks for a text that ends in zero, or NULL.
    let read = match unsafe { optional_text(path, "path")? } {
        Some(path) => Policy::read(path)?,
        None => Policy::default(),
    };
    // SAFETY: checked above; the header asks for a pointer that may be written.
    unsafe { write_handle(policy, "policy", vantay_policy_t(read)) }
}

/// Writes a policy file, to be edited and named in `vantay_search_options_t`.
///
/// May be called from any thread.
#[boundary]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn vantay_policy_write(policy: *const vantay_policy_t, path: *const c_char) -> vantay_result_t {
    // SAFETY: the header asks for a handle of this library and a text that ends in zero.
    let (policy, path) = unsafe { (reference(policy, "policy")?, text(path, "path")?) };
    Ok(policy.0.write(path)?)
}

/// Decides scores that were compared before, for `VANTAY_PURPOSE_VERIFY` or one of its kind, and writes the decision,
/// `VANTAY_DECISION_NONE` or one of its kind, to `decision`.
///
/// May be called from any thread.
#[boundary]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn vantay_policy_decide(
    policy: *const vantay_policy_t,
    purpose: i32,
    evidence: *const vantay_evidence_t,
    decision: *mut i32,
) -> vantay_result_t {
    check(decision, "decision")?;
    // SAFETY: the header asks for handles of this library, or NULL where it says so.
    let (policy, evidence) = unsafe { (reference(policy, "policy")?, reference(evidence, "evidence")?) };
    // SAFETY: as above.
    let (face, finger) = unsafe {
        (
            optional(evidence.face_calibration, "face_calibration")?,
            optional(evidence.finger_calibration, "finger_calibration")?,
        )
    };
    let purpose = match purpose {
        VANTAY_PURPOSE_VERIFY => Purpose::Verify,
        VANTAY_PURPOSE_IDENTIFY => Purpose::Identify,
        VANTAY_PURPOSE_DEDUPLICATE => Purpose::Deduplicate,
        _ => return Err(Failure::new(VANTAY_ERROR_ARGUMENT, "purpose")),
    };
    let fusion = Fusion::new(face.map(|c| c.0.clone()), finger.map(|c| c.0.clone()));
    let portrait = std::iter::once(PartScore::face(evidence.face));
    let fingers = (0..).zip(evidence.fingers).map(|(position, score)| PartScore::finger(position, score));
    let parts: Vec<PartScore> = portrait.chain(fingers).filter(|part| !part.score.is_nan()).collect();
    let gallery = PlannedGallery::new(evidence.subjects.max(1), 1.0);
    let outcome = policy.0.decide(purpose, &parts, &fusion, Some(gallery))?;
    // SAFETY: checked above; the header asks for a pointer that may be written.
    unsafe { write(decision, "decision", decision_number(outcome.decision)) }
}

/// Frees a policy; NULL is fine. Once, by one thread, when no other uses it.
#[boundary]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn vantay_policy_free(policy: *mut vantay_policy_t) {
    // SAFETY: the header asks for a handle of this library that is not used again.
    unsafe { free(policy) }
}
