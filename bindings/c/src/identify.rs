//! One to many.

use crate::{
    arguments::*,
    outcome::*,
    registration::*,
    results::*,
    scores::{c_text, vantay_scores_t},
    search::{Looking, vantay_search_t},
    stop::{Stop, vantay_stop_t},
};
use std::ffi::{CString, c_char};
use vantay::{
    registration::{Registration, Sex, parse_line},
    search::{Filter, IdentifyOptions},
};

/// Anybody.
pub const VANTAY_SEX_ANY: i32 = 0;
/// Female subjects.
pub const VANTAY_SEX_FEMALE: i32 = 1;
/// Male subjects.
pub const VANTAY_SEX_MALE: i32 = 2;

/// Which subjects a search looks at, and how many candidates it returns. All zero looks at everybody for no candidate.
#[repr(C)]
pub struct vantay_identify_options_t {
    /// At most how many candidates a probe gets.
    pub top: usize,
    /// The first year of birth; 0 for any.
    pub born_from: u16,
    /// The last year of birth; 0 for any.
    pub born_to: u16,
    /// `VANTAY_SEX_ANY`, or one of its kind.
    pub sex: i32,
    /// Province codes of which any will do; NULL for all.
    pub provinces: *const u16,
    /// How many.
    pub province_count: usize,
    /// Ends the call from another thread; NULL for none.
    pub stop: *const vantay_stop_t,
}

/// The candidates of a batch of probes. Any number of threads may read it at once.
pub struct vantay_candidates_t(Vec<Vec<Candidate>>);

struct Candidate {
    personal_id: CString,
    registration: CString,
    scores: vantay_scores_t,
}

/// A subject that a probe may be of. The texts are good until the candidates are freed.
#[repr(C)]
pub struct vantay_candidate_t {
    /// Whose.
    pub personal_id: *const c_char,
    /// The subject's registration that is most alike.
    pub registration: *const c_char,
    /// The best of each part over the subject's registrations.
    pub scores: vantay_scores_t,
}

/// Looks for each of `count` probes in the whole gallery, on all cores, and writes their candidates to `candidates`, to be freed
/// with `vantay_candidates_free`. Ten probes at once cost less than ten calls.
///
/// May be called from any thread.
#[boundary]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn vantay_identify(
    search: *const vantay_search_t,
    probes: *const vantay_registration_t,
    count: usize,
    options: *const vantay_identify_options_t,
    candidates: *mut *mut vantay_candidates_t,
) -> vantay_result_t {
    check(candidates, "candidates")?;
    // SAFETY: the header asks for a handle of this library, so many probes and options whose pointers are good.
    let (search, probes, options) =
        unsafe { (reference(search, "search")?, slice(probes, count, "probes")?, reference(options, "options")?) };
    // SAFETY: as above.
    let wanted = unsafe { Wanted::of(options)? };
    let read = |probe: &vantay_registration_t| {
        // SAFETY: the header asks for probes whose pointers are good.
        unsafe { registration_of(probe, &search.snapshot, true) }
    };
    let probes = probes.iter().map(read).collect::<Result<Vec<_>, _>>()?;
    let found = wanted.find(search, &probes)?;
    // SAFETY: checked above; the header asks for a pointer that may be written.
    unsafe { write_handle(candidates, "candidates", found) }
}

/// Looks for a probe that is one line of the registration feed, as `vantay_identify` does. Its personal ID is not looked at.
///
/// May be called from any thread.
#[boundary]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn vantay_identify_line(
    search: *const vantay_search_t,
    line: *const c_char,
    length: usize,
    options: *const vantay_identify_options_t,
    candidates: *mut *mut vantay_candidates_t,
) -> vantay_result_t {
    check(candidates, "candidates")?;
    // SAFETY: the header asks for a handle of this library, so many bytes and options whose pointers are good.
    let (search, line, options) = unsafe {
        (reference(search, "search")?, slice(line.cast::<u8>(), length, "line")?, reference(options, "options")?)
    };
    // SAFETY: as above.
    let wanted = unsafe { Wanted::of(options)? };
    let probe = parse_line(line, &feed_options(&search.snapshot))?;
    let found = wanted.find(search, &[probe])?;
    // SAFETY: checked above; the header asks for a pointer that may be written.
    unsafe { write_handle(candidates, "candidates", found) }
}

/// Frees candidates and their texts; NULL is fine. Once, by one thread, when no other uses them.
#[boundary]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn vantay_candidates_free(candidates: *mut vantay_candidates_t) {
    // SAFETY: the header asks for a handle of this library that is not used again.
    unsafe { free(candidates) }
}

/// Writes how many candidates the probe numbered `probe`, from 0, has.
///
/// May be called from any thread.
#[boundary]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn vantay_candidates_count(
    candidates: *const vantay_candidates_t,
    probe: usize,
    count: *mut usize,
) -> vantay_result_t {
    // SAFETY: the header asks for a handle of this library.
    let list = unsafe { reference(candidates, "candidates")? }.0.get(probe);
    let list = list.ok_or_else(|| Failure::new(VANTAY_ERROR_NOT_FOUND, format!("probe {probe}")))?;
    // SAFETY: the header asks for a pointer that may be written.
    unsafe { write(count, "count", list.len()) }
}

/// Writes the candidate of rank `rank`, from 0 for the best, of the probe numbered `probe`, from 0.
///
/// May be called from any thread.
#[boundary]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn vantay_candidates_get(
    candidates: *const vantay_candidates_t,
    probe: usize,
    rank: usize,
    candidate: *mut vantay_candidate_t,
) -> vantay_result_t {
    // SAFETY: the header asks for a handle of this library.
    let found = unsafe { reference(candidates, "candidates")? }.0.get(probe).and_then(|list| list.get(rank));
    let missing = || Failure::new(VANTAY_ERROR_NOT_FOUND, format!("candidate {rank} of probe {probe}"));
    let found = found.ok_or_else(missing)?;
    let told = vantay_candidate_t {
        personal_id: found.personal_id.as_ptr(),
        registration: found.registration.as_ptr(),
        scores: found.scores,
    };
    // SAFETY: the header asks for a pointer that may be written.
    unsafe { write(candidate, "candidate", told) }
}

/// The options, read: before the probes are, so that what is wrong with them is said first.
struct Wanted {
    top: usize,
    filter: Filter,
    stop: Stop,
}

impl Wanted {
    /// # Safety
    /// The pointers of `options` are good, or NULL.
    unsafe fn of(options: &vantay_identify_options_t) -> Result<Wanted, Failure> {
        // SAFETY: as promised to this function.
        let (filter, stop) = unsafe { (filter_of(options)?, Stop::of(options.stop)?) };
        Ok(Wanted { top: options.top, filter, stop })
    }

    fn find(self, search: &vantay_search_t, probes: &[Registration]) -> Result<vantay_candidates_t, Failure> {
        let Looking { modality, fingers, depth, .. } = search.looking;
        let stop = self.stop.flag();
        let wanted = IdentifyOptions { top: self.top, modality, fingers, depth, filter: self.filter, stop };
        let (answers, _) = search.search()?.identify(probes, &wanted)?;
        let candidate = |found: &vantay::search::Candidate| Candidate {
            personal_id: c_text(&found.personal_id),
            registration: c_text(&found.registration),
            scores: vantay_scores_t::new(&found.scores, &found.judgement),
        };
        let list = |answer: &vantay::search::Identification| answer.candidates.iter().map(candidate).collect();
        Ok(vantay_candidates_t(answers.iter().map(list).collect()))
    }
}

/// # Safety
/// The provinces of `options` are as many as it says, or NULL.
unsafe fn filter_of(options: &vantay_identify_options_t) -> Result<Filter, Failure> {
    let sex = match options.sex {
        VANTAY_SEX_ANY => None,
        VANTAY_SEX_FEMALE => Some(Sex::Female),
        VANTAY_SEX_MALE => Some(Sex::Male),
        _ => return Err(Failure::new(VANTAY_ERROR_ARGUMENT, "sex")),
    };
    let born = match (options.born_from, options.born_to) {
        (0, 0) => None,
        (from, 0) => Some(from..=u16::MAX),
        (from, to) => Some(from..=to),
    };
    // SAFETY: as promised to this function.
    let provinces = unsafe { slice(options.provinces, options.province_count, "provinces")? };
    Ok(Filter { born, sex, provinces: provinces.to_vec() })
}
