//! The searches: verify, identify, deduplicate.

use crate::{arguments::*, gallery::vantay_gallery_t, outcome::*, registration::*, results::*};
use std::{
    ffi::{CString, c_char, c_int, c_void},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
};
use vantay::{
    decision::{Calibration, Decision, Level, Policy},
    gallery::Snapshot,
    registration::{Registration, Sex, parse_line},
    search::{
        Deciding, DeduplicateOptions, Depth, Filter, FingerMatching, IdentifyOptions, Judge, Judgement, Modality,
        PairKind, PartScores, Search,
    },
};

/// Not the same person.
pub const VANTAY_DECISION_NONE: i32 = 0;
/// A person has to look.
pub const VANTAY_DECISION_REVIEW: i32 = 1;
/// The same person.
pub const VANTAY_DECISION_MATCH: i32 = 2;

/// Whatever a probe has.
pub const VANTAY_MODALITY_BOTH: i32 = 0;
/// The portrait alone.
pub const VANTAY_MODALITY_FACE: i32 = 1;
/// The fingers alone.
pub const VANTAY_MODALITY_FINGERPRINT: i32 = 2;

/// Anybody.
pub const VANTAY_SEX_ANY: i32 = 0;
/// Female subjects.
pub const VANTAY_SEX_FEMALE: i32 = 1;
/// Male subjects.
pub const VANTAY_SEX_MALE: i32 = 2;

/// A search of one commit of a gallery. Any number of threads may use it at once.
pub struct vantay_search_t {
    snapshot: Arc<Snapshot>,
    judge: Judge,
    looking: Looking,
}

#[derive(Clone, Copy)]
struct Looking {
    modality: Modality,
    fingers: FingerMatching,
    depth: Depth,
    every_finger: bool,
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
    /// In a deduplication, hold the fingers of all registrations against each other, not only of those without a portrait.
    pub every_finger: bool,
}

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
}

/// The answer to a claim.
#[repr(C)]
pub struct vantay_verification_t {
    /// Whether the gallery has a registration of the subject that was named.
    pub known: bool,
    /// The best of each part over the subject's registrations.
    pub scores: vantay_scores_t,
}

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

/// Two registrations that look like one person's. The texts are good for the call only.
#[repr(C)]
pub struct vantay_pair_t {
    /// Whose the one is said to be; within one gallery that with the smaller personal ID, then registration.
    pub a_personal_id: *const c_char,
    /// Its name.
    pub a_registration: *const c_char,
    /// Whose the other is said to be.
    pub b_personal_id: *const c_char,
    /// Its name.
    pub b_registration: *const c_char,
    /// Whether both are said to be of one subject.
    pub same_id: bool,
    /// The parts that both have.
    pub scores: vantay_scores_t,
    /// The cluster, from 0; -1 for pairs that were not accepted.
    pub cluster: i64,
}

/// Called with each pair, best first, on the thread of the call. Anything but 0 stops.
pub type vantay_pair_fn = Option<unsafe extern "C" fn(pair: *const vantay_pair_t, context: *mut c_void) -> c_int>;

/// Called now and then by threads of the library, possibly several at once, with how far a deduplication is. Anything but 0 stops.
pub type vantay_progress_fn =
    Option<unsafe extern "C" fn(stage: *const c_char, done: u64, total: u64, context: *mut c_void) -> c_int>;

/// Prepares to search the commit that `gallery` is at. `options` may be NULL.
///
/// May be called from any thread.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn vantay_search_new(
    gallery: *const vantay_gallery_t,
    options: *const vantay_search_options_t,
    search: *mut *mut vantay_search_t,
) -> vantay_result_t {
    boundary(|| {
        check(search, "search")?;
        // SAFETY: the header asks for a handle of this library.
        let snapshot = unsafe { reference(gallery, "gallery")? }.0.snapshot();
        let (looking, deciding) = match options.is_null() {
            true => (Looking::of(Modality::Both, FingerMatching::Same, 0.0, false), Deciding::default()),
            // SAFETY: the header asks for options whose texts are good.
            false => unsafe { options_of(reference(options, "options")?)? },
        };
        let judge = deciding.judge(&snapshot, looking.modality)?;
        Search::new(&snapshot, judge.clone())?;
        let prepared = vantay_search_t { snapshot, judge, looking };
        // SAFETY: checked above; the header asks for a pointer that may be written.
        unsafe { write(search, "search", Box::into_raw(Box::new(prepared))) }
    })
}

/// Gives a search up; NULL is fine.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn vantay_search_free(search: *mut vantay_search_t) {
    // SAFETY: the header asks for a handle of this library that is not used again.
    unsafe { free(search) }
}

/// Compares a claim with the subject that its personal ID names.
///
/// May be called from any thread.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn vantay_verify(
    search: *const vantay_search_t,
    claim: *const vantay_registration_t,
    verification: *mut vantay_verification_t,
) -> vantay_result_t {
    boundary(|| {
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
        unsafe { write(verification, "verification", search.verify(claim)?) }
    })
}

/// Compares a claim that is one line of the registration feed, as `vantay_verify` does.
///
/// May be called from any thread.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn vantay_verify_line(
    search: *const vantay_search_t,
    line: *const c_char,
    length: usize,
    verification: *mut vantay_verification_t,
) -> vantay_result_t {
    boundary(|| {
        check(verification, "verification")?;
        // SAFETY: the header asks for a handle of this library and so many bytes.
        let (search, line) = unsafe { (reference(search, "search")?, slice(line.cast::<u8>(), length, "line")?) };
        let claim = parse_line(line, &feed_options(&search.snapshot))?;
        // SAFETY: checked above; the header asks for a pointer that may be written.
        unsafe { write(verification, "verification", search.verify(claim)?) }
    })
}

/// Looks for each of `count` probes in the whole gallery, on all cores, and writes their candidates to `candidates`, to be freed
/// with `vantay_candidates_free`. Ten probes at once cost less than ten calls.
///
/// May be called from any thread.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn vantay_identify(
    search: *const vantay_search_t,
    probes: *const vantay_registration_t,
    count: usize,
    options: *const vantay_identify_options_t,
    candidates: *mut *mut vantay_candidates_t,
) -> vantay_result_t {
    boundary(|| {
        check(candidates, "candidates")?;
        // SAFETY: the header asks for a handle of this library, so many probes and options whose pointers are good.
        let (search, probes, options) =
            unsafe { (reference(search, "search")?, slice(probes, count, "probes")?, reference(options, "options")?) };
        // SAFETY: as above.
        let filter = unsafe { filter_of(options)? };
        let read = |probe: &vantay_registration_t| {
            // SAFETY: the header asks for probes whose pointers are good.
            unsafe { registration_of(probe, &search.snapshot, true) }
        };
        let probes = probes.iter().map(read).collect::<Result<Vec<_>, _>>()?;
        let Looking { modality, fingers, depth, .. } = search.looking;
        let wanted = IdentifyOptions { top: options.top, modality, fingers, depth, filter };
        let (answers, _) = search.search()?.identify(&probes, &wanted)?;
        let candidate = |found: &vantay::search::Candidate| Candidate {
            personal_id: c_text(&found.personal_id),
            registration: c_text(&found.registration),
            scores: scores_of(&found.scores, &found.judgement),
        };
        let lists = answers.iter().map(|answer| answer.candidates.iter().map(candidate).collect()).collect();
        // SAFETY: checked above; the header asks for a pointer that may be written.
        unsafe { write(candidates, "candidates", Box::into_raw(Box::new(vantay_candidates_t(lists)))) }
    })
}

/// Frees candidates and their texts; NULL is fine.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn vantay_candidates_free(candidates: *mut vantay_candidates_t) {
    // SAFETY: the header asks for a handle of this library that is not used again.
    unsafe { free(candidates) }
}

/// Writes how many candidates the probe numbered `probe`, from 0, has.
///
/// May be called from any thread.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn vantay_candidates_count(
    candidates: *const vantay_candidates_t,
    probe: usize,
    count: *mut usize,
) -> vantay_result_t {
    boundary(|| {
        // SAFETY: the header asks for a handle of this library.
        let list = unsafe { reference(candidates, "candidates")? }.0.get(probe);
        let list = list.ok_or_else(|| Failure::new(VANTAY_ERROR_NOT_FOUND, format!("probe {probe}")))?;
        // SAFETY: the header asks for a pointer that may be written.
        unsafe { write(count, "count", list.len()) }
    })
}

/// Writes the candidate of rank `rank`, from 0 for the best, of the probe numbered `probe`, from 0.
///
/// May be called from any thread.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn vantay_candidates_get(
    candidates: *const vantay_candidates_t,
    probe: usize,
    rank: usize,
    candidate: *mut vantay_candidate_t,
) -> vantay_result_t {
    boundary(|| {
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
    })
}

/// Calls `pair` with the pairs of registrations that look like one person's, best first, within the gallery of `search` or, if it is
/// not NULL, between it and that of `against`. `progress` may be NULL.
///
/// May be called from any thread.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn vantay_deduplicate(
    search: *const vantay_search_t,
    against: *const vantay_search_t,
    pair: vantay_pair_fn,
    progress: vantay_progress_fn,
    context: *mut c_void,
) -> vantay_result_t {
    boundary(|| {
        let pair = pair.ok_or_else(|| Failure::new(VANTAY_ERROR_NULL, "pair is NULL"))?;
        // SAFETY: the header asks for handles of this library.
        let search = unsafe { reference(search, "search")? };
        let other = match against.is_null() {
            true => None,
            // SAFETY: as above.
            false => Some(unsafe { reference(against, "against")? }.search()?),
        };
        let stop = AtomicBool::new(false);
        let shared = Context(context);
        let told = |at: vantay::search::Progress| {
            let stage = c_text(at.stage);
            if let Some(progress) = progress
                // SAFETY: the caller's function, said to be called by several threads, with its own context.
                && unsafe { progress(stage.as_ptr(), at.done, at.total, shared.pointer()) } != 0
            {
                stop.store(true, Relaxed);
            }
        };
        let options = DeduplicateOptions {
            modality: search.looking.modality,
            fingers: search.looking.fingers,
            depth: search.looking.depth,
            every_finger: search.looking.every_finger,
            face_candidates: None,
            stop: Some(&stop),
            progress: Some(&told),
            ..DeduplicateOptions::default()
        };
        let found = search.search()?.deduplicate(other.as_ref(), &options)?;
        for found in &found.pairs {
            let texts = [&found.a.personal_id, &found.a.registration, &found.b.personal_id, &found.b.registration]
                .map(|text| c_text(text));
            let told = vantay_pair_t {
                a_personal_id: texts[0].as_ptr(),
                a_registration: texts[1].as_ptr(),
                b_personal_id: texts[2].as_ptr(),
                b_registration: texts[3].as_ptr(),
                same_id: found.kind == PairKind::SameId,
                scores: scores_of(&found.scores, &found.judgement),
                cluster: found.cluster.map_or(-1, i64::from),
            };
            // SAFETY: the caller's function, with its own context and a pair that outlives the call.
            if unsafe { pair(&told, context) } != 0 {
                return Err(Failure::new(VANTAY_ERROR_STOPPED, "the pair's function asked to stop"));
            }
        }
        Ok(())
    })
}

impl vantay_search_t {
    fn search(&self) -> Result<Search<'_>, Failure> {
        Ok(Search::new(&self.snapshot, self.judge.clone())?)
    }

    fn verify(&self, claim: Registration) -> Result<vantay_verification_t, Failure> {
        let (answers, _) = self.search()?.verify(&[claim], self.looking.modality, self.looking.fingers)?;
        let answer = answers.first().ok_or_else(|| Failure::new(VANTAY_ERROR_OTHER, "a claim without an answer"))?;
        let scores = scores_of(&answer.scores, &answer.judgement);
        Ok(vantay_verification_t { known: answer.known, scores })
    }
}

impl Looking {
    fn of(modality: Modality, fingers: FingerMatching, miss: f64, every_finger: bool) -> Looking {
        let depth = match miss {
            0.0 => IdentifyOptions::default().depth,
            miss if miss > 0.0 => Depth::for_miss(miss),
            _ => Depth::Exhaustive,
        };
        // Without portraits, every finger has to be looked at.
        Looking { modality, fingers, depth, every_finger: every_finger || modality == Modality::Fingerprint }
    }
}

/// The caller's pointer, which the header says is used by several threads.
struct Context(*mut c_void);

// SAFETY: the pointer is only handed back to the caller's function, which the header says is called by several threads.
unsafe impl Sync for Context {}

impl Context {
    fn pointer(&self) -> *mut c_void {
        self.0
    }
}

fn c_text(text: &str) -> CString {
    // Names with a zero byte are cut there: C has no other way to show them.
    let end = text.find('\0').unwrap_or(text.len());
    CString::new(&text[..end]).unwrap_or_default()
}

fn scores_of(parts: &PartScores, judgement: &Judgement) -> vantay_scores_t {
    let mut fingers = [f64::NAN; 11];
    for &(position, score) in &parts.fingers {
        fingers[usize::from(position.number())] = score;
    }
    let decision = match judgement.decision {
        Decision::Match => VANTAY_DECISION_MATCH,
        Decision::Review => VANTAY_DECISION_REVIEW,
        _ => VANTAY_DECISION_NONE,
    };
    vantay_scores_t {
        decision,
        score: judgement.score,
        llr: judgement.llr.unwrap_or(f64::NAN),
        fmr: judgement.fmr.unwrap_or(f64::NAN),
        face: parts.face.unwrap_or(f64::NAN),
        fingers,
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
    Ok((Looking::of(modality, fingers, options.miss, options.every_finger), deciding))
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
