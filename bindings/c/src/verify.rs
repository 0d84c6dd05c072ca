//! One to one.

use crate::{arguments::*, outcome::*, registration::*, results::*, scores::vantay_scores_t, search::vantay_search_t};
use std::ffi::c_char;
use vantay::registration::{Registration, parse_line};

/// The answer to a claim.
#[repr(C)]
pub struct vantay_verification_t {
    /// Whether the gallery has a registration of the subject that was named.
    pub known: bool,
    /// The best of each part over the subject's registrations.
    pub scores: vantay_scores_t,
}

/// Compares a claim with the subject that its personal ID names.
///
/// May be called from any thread.
#[boundary]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn vantay_verify(
    search: *const vantay_search_t,
    claim: *const vantay_registration_t,
    verification: *mut vantay_verification_t,
) -> vantay_result_t {
    check(verification, "verification")?;
    // SAFETY: the header asks for a handle of this library.
    let search = unsafe { reference(search, "search")? };
    // SAFETY: the header asks for a registration whose pointers are good.
    let claim = unsafe { reference(claim, "claim")? };
    if claim.personal_id.is_null() {
        return Err(Failure::new(VANTAY_ERROR_NULL, "personal_id is NULL"));
    }
    // SAFETY: as above.
    let claim = unsafe { registration_of(claim, &search.snapshot, true)? };
    // SAFETY: checked above; the header asks for a pointer that may be written.
    unsafe { write(verification, "verification", answer(search, claim)?) }
}

/// Compares a claim that is one line of the registration feed, as `vantay_verify` does.
///
/// May be called from any thread.
#[boundary]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn vantay_verify_line(
    search: *const vantay_search_t,
    line: *const c_char,
    length: usize,
    verification: *mut vantay_verification_t,
) -> vantay_result_t {
    check(verification, "verification")?;
    // SAFETY: the header asks for a handle of this library and so many bytes.
    let (search, line) = unsafe { (reference(search, "search")?, slice(line.cast::<u8>(), length, "line")?) };
    let claim = parse_line(line, &feed_options(&search.snapshot))?;
    // SAFETY: checked above; the header asks for a pointer that may be written.
    unsafe { write(verification, "verification", answer(search, claim)?) }
}

fn answer(search: &vantay_search_t, claim: Registration) -> Result<vantay_verification_t, Failure> {
    let looking = search.looking;
    let (answers, _) = search.search()?.verify(&[claim], looking.modality, looking.fingers)?;
    let answer = answers.first().ok_or_else(|| Failure::new(VANTAY_ERROR_OTHER, "a claim without an answer"))?;
    Ok(vantay_verification_t { known: answer.known, scores: vantay_scores_t::new(&answer.scores, &answer.judgement) })
}
