//! Many to many.

use crate::{
    arguments::*,
    outcome::*,
    results::*,
    scores::{VANTAY_DECISION_MATCH, c_text, vantay_scores_t},
    search::vantay_search_t,
    stop::{Stop, vantay_stop_t},
};
use std::{
    ffi::{CString, c_char, c_int, c_void},
    path::Path,
};
use vantay::search::{DeduplicateOptions, DuplicatePair, PairKind, Progress};

/// Two numbers for one person.
pub const VANTAY_PAIR_DIFFERENT_ID: i32 = 0;
/// A person who registered again under the same number.
pub const VANTAY_PAIR_SAME_ID: i32 = 1;
/// One person, but a finger of the one registration is a finger of another position in the other.
pub const VANTAY_PAIR_SWAPPED_FINGERS: i32 = 2;
/// The portraits say one person and the fingers two, or the other way round.
pub const VANTAY_PAIR_SWAPPED_PORTRAIT: i32 = 3;
/// Two positions of one registration hold the same finger; both sides are that registration.
pub const VANTAY_PAIR_SAME_FINGER_TWICE: i32 = 4;

/// Two registrations that look like one person's. The texts are good until a callback returns, or the pairs are freed.
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
    /// What the pair says: `VANTAY_PAIR_DIFFERENT_ID`, or one of its kind.
    pub kind: i32,
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

/// How a deduplication goes about it. All zero is the default.
#[repr(C)]
pub struct vantay_deduplicate_options_t {
    /// Told how far it is; NULL for nobody.
    pub progress: vantay_progress_fn,
    /// What `progress` is handed.
    pub context: *mut c_void,
    /// Ends the call from another thread; NULL for none. Set also by a `progress` that asks to stop.
    pub stop: *const vantay_stop_t,
    /// A file where the run keeps what it has finished, so that one that was killed goes on from there; NULL for none.
    pub checkpoint: *const c_char,
    /// The cosine from which two portraits are compared in all parts; 0 for what one comparison of strangers in ten thousand
    /// reaches, at most fifty of a registration; or three quarters of a raw threshold.
    pub face_candidates: f64,
}

/// The pairs that a deduplication found, to be walked through by one thread at a time.
pub struct vantay_duplicates_t {
    pairs: Vec<Pair>,
    clusters: usize,
    next: usize,
}

struct Pair {
    texts: [CString; 4],
    kind: i32,
    scores: vantay_scores_t,
    cluster: i64,
}

/// Calls `pair` with the pairs of registrations that look like one person's, best first, within the gallery of `search` or, if it is
/// not NULL, between it and that of `against`. `options` may be NULL. The pair's function is handed `context`.
///
/// May be called from any thread.
#[boundary]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn vantay_deduplicate(
    search: *const vantay_search_t,
    against: *const vantay_search_t,
    options: *const vantay_deduplicate_options_t,
    pair: vantay_pair_fn,
    context: *mut c_void,
) -> vantay_result_t {
    let pair = pair.ok_or_else(|| Failure::new(VANTAY_ERROR_NULL, "pair is NULL"))?;
    // SAFETY: the header asks for handles of this library and options whose pointers are good.
    let found = unsafe { find(search, against, options)? };
    for found in &found.pairs {
        // SAFETY: the caller's function, with its own context and a pair that outlives the call.
        if unsafe { pair(&found.told(), context) } != 0 {
            return Err(Failure::new(VANTAY_ERROR_STOPPED, "the pair's function asked to stop"));
        }
    }
    Ok(())
}

/// The same for callers who would rather fetch the pairs one by one: writes them to `duplicates`, for `vantay_duplicates_next`, to be
/// freed with `vantay_duplicates_free`.
///
/// May be called from any thread.
#[boundary]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn vantay_duplicates_find(
    search: *const vantay_search_t,
    against: *const vantay_search_t,
    options: *const vantay_deduplicate_options_t,
    duplicates: *mut *mut vantay_duplicates_t,
) -> vantay_result_t {
    check(duplicates, "duplicates")?;
    // SAFETY: the header asks for handles of this library and options whose pointers are good.
    let found = unsafe { find(search, against, options)? };
    // SAFETY: checked above; the header asks for a pointer that may be written.
    unsafe { write_handle(duplicates, "duplicates", found) }
}

/// Writes how many pairs there are to `pairs`, to `matches` how many of them are a match, not for review, and to `clusters` how many
/// clusters those form; each may be NULL.
///
/// May be called from any thread.
#[boundary]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn vantay_duplicates_count(
    duplicates: *const vantay_duplicates_t,
    pairs: *mut usize,
    matches: *mut usize,
    clusters: *mut usize,
) -> vantay_result_t {
    check_if_wanted(pairs, "pairs")?;
    check_if_wanted(matches, "matches")?;
    check_if_wanted(clusters, "clusters")?;
    // SAFETY: the header asks for a handle of this library and pointers that may be written, or NULL.
    unsafe {
        let found = reference(duplicates, "duplicates")?;
        write_if_wanted(pairs, "pairs", found.pairs.len())?;
        let matched = found.pairs.iter().filter(|pair| pair.scores.decision == VANTAY_DECISION_MATCH).count();
        write_if_wanted(matches, "matches", matched)?;
        write_if_wanted(clusters, "clusters", found.clusters)
    }
}

/// Writes the next pair, best first; `VANTAY_ERROR_NOT_FOUND` says that there are no more.
///
/// One thread at a time for the same pairs.
#[boundary]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn vantay_duplicates_next(
    duplicates: *mut vantay_duplicates_t,
    pair: *mut vantay_pair_t,
) -> vantay_result_t {
    check(pair, "pair")?;
    // SAFETY: the header asks for a handle of this library, used by one thread.
    let found = unsafe { exclusive(duplicates, "duplicates")? };
    let next = found.pairs.get(found.next);
    let next = next.ok_or_else(|| Failure::new(VANTAY_ERROR_NOT_FOUND, "there are no more pairs"))?;
    // SAFETY: checked above; the header asks for a pointer that may be written.
    unsafe { write(pair, "pair", next.told())? };
    found.next += 1;
    Ok(())
}

/// Frees pairs and their texts; NULL is fine. Once, by one thread, when no other uses them.
#[boundary]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn vantay_duplicates_free(duplicates: *mut vantay_duplicates_t) {
    // SAFETY: the header asks for a handle of this library that is not used again.
    unsafe { free(duplicates) }
}

/// # Safety
/// The pointers are good, or NULL, and so are those of `options`.
unsafe fn find(
    search: *const vantay_search_t,
    against: *const vantay_search_t,
    options: *const vantay_deduplicate_options_t,
) -> Result<vantay_duplicates_t, Failure> {
    // SAFETY: as promised to this function.
    let (search, against, options) =
        unsafe { (reference(search, "search")?, optional(against, "against")?, optional(options, "options")?) };
    let other = against.map(vantay_search_t::search).transpose()?;
    // SAFETY: as promised to this function.
    let stop = unsafe { Stop::of(options.map_or(std::ptr::null(), |options| options.stop))? };
    let checkpoint = match options {
        None => None,
        // SAFETY: as promised to this function.
        Some(options) => unsafe { optional_text(options.checkpoint, "checkpoint")? },
    };
    let caller = options.and_then(|options| options.progress.map(|progress| (progress, Context(options.context))));
    let told = |at: Progress| {
        let stage = c_text(at.stage);
        if let Some((progress, context)) = &caller
            // SAFETY: the caller's function, said to be called by several threads, with its own context.
            && unsafe { progress(stage.as_ptr(), at.done, at.total, context.pointer()) } != 0
        {
            stop.set();
        }
    };
    let looking = search.looking;
    let wanted = DeduplicateOptions {
        modality: looking.modality,
        fingers: looking.fingers,
        depth: looking.depth,
        every_finger: looking.every_finger,
        face_candidates: options.map(|options| options.face_candidates).filter(|&cosine| cosine != 0.0),
        checkpoint: checkpoint.map(Path::new),
        stop: stop.flag(),
        progress: Some(&told),
    };
    let found = search.search()?.deduplicate(other.as_ref(), &wanted)?;
    Ok(vantay_duplicates_t {
        pairs: found.pairs.iter().map(Pair::new).collect(),
        clusters: found.clusters.len(),
        next: 0,
    })
}

impl Pair {
    fn new(found: &DuplicatePair) -> Self {
        let texts = [&found.a.personal_id, &found.a.registration, &found.b.personal_id, &found.b.registration];
        Pair {
            texts: texts.map(|text| c_text(text)),
            kind: match found.kind {
                PairKind::DifferentId => VANTAY_PAIR_DIFFERENT_ID,
                PairKind::SameId => VANTAY_PAIR_SAME_ID,
                PairKind::SwappedFingers => VANTAY_PAIR_SWAPPED_FINGERS,
                PairKind::SwappedPortrait => VANTAY_PAIR_SWAPPED_PORTRAIT,
                PairKind::SameFingerTwice => VANTAY_PAIR_SAME_FINGER_TWICE,
                _ => -1,
            },
            scores: vantay_scores_t::new(&found.scores, &found.judgement),
            cluster: found.cluster.map_or(-1, i64::from),
        }
    }

    fn told(&self) -> vantay_pair_t {
        let [a_personal_id, a_registration, b_personal_id, b_registration] =
            self.texts.each_ref().map(|text| text.as_ptr());
        let (kind, scores, cluster) = (self.kind, self.scores, self.cluster);
        vantay_pair_t { a_personal_id, a_registration, b_personal_id, b_registration, kind, scores, cluster }
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
