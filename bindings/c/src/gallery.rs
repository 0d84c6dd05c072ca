//! The gallery as readers hold it.

use crate::{arguments::*, outcome::*, results::*, scores::c_text};
use std::ffi::{c_char, c_void};
use vantay::{
    gallery::{CheckReport, FaceSpec, Gallery, Key, Options, ReadOptions},
    registration::IdScheme,
};

/// A gallery that is open. Any number of threads may use it at once.
pub struct vantay_gallery_t(pub(crate) Gallery);

/// What a gallery holds at its commit.
#[repr(C)]
pub struct vantay_info_t {
    /// Registrations that live.
    pub registrations: u64,
    /// Subjects they are of.
    pub subjects: u64,
    /// Segments.
    pub segments: u64,
    /// Bytes of the segments' files.
    pub bytes: u64,
    /// The number of the commit; an empty gallery is commit 0.
    pub commit: u64,
    /// Rows of removed subjects that compaction would drop.
    pub removed_rows: u64,
    /// Dimensions of face embeddings; 0 if the gallery takes none.
    pub face_dimension: u64,
}

/// Called with each problem that a check finds: the file, where in it (-1 if that cannot be said), and what was seen. The
/// texts are good for the call only.
pub type vantay_problem_fn =
    Option<unsafe extern "C" fn(file: *const c_char, offset: i64, reason: *const c_char, context: *mut c_void)>;

/// Creates an empty gallery in a new or empty directory that only the owner can enter, and opens it.
///
/// `face_model` is the name of the model that all embeddings are of, of `face_dimension` components (16 to 4096); NULL and 0 for
/// a gallery without faces. `opaque_ids` is false for Vietnam's twelve digits, true for any IDs of 1 to 64
/// bytes without control characters.
///
/// May be called from any thread.
#[boundary]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn vantay_gallery_create(
    path: *const c_char,
    face_model: *const c_char,
    face_dimension: usize,
    opaque_ids: bool,
    gallery: *mut *mut vantay_gallery_t,
) -> vantay_result_t {
    check(gallery, "gallery")?;
    // SAFETY: the header asks for texts that end in zero.
    let created = unsafe { create(path, face_model, face_dimension, opaque_ids, None)? };
    // SAFETY: checked above; the header asks for a pointer that may be written.
    unsafe { write_handle(gallery, "gallery", vantay_gallery_t(created)) }
}

/// Creates a gallery whose files are encrypted by `key`, `key_length` random bytes: 32 of them.
///
/// May be called from any thread.
#[boundary]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn vantay_gallery_create_encrypted(
    path: *const c_char,
    face_model: *const c_char,
    face_dimension: usize,
    opaque_ids: bool,
    key: *const u8,
    key_length: usize,
    gallery: *mut *mut vantay_gallery_t,
) -> vantay_result_t {
    check(gallery, "gallery")?;
    // SAFETY: the header asks for texts that end in zero and so many bytes.
    let created = unsafe {
        let key = key_of(key, key_length)?;
        create(path, face_model, face_dimension, opaque_ids, Some(key))?
    };
    // SAFETY: checked above; the header asks for a pointer that may be written.
    unsafe { write_handle(gallery, "gallery", vantay_gallery_t(created)) }
}

/// # Safety
/// The texts end in zero, or are NULL.
unsafe fn create(
    path: *const c_char,
    face_model: *const c_char,
    face_dimension: usize,
    opaque_ids: bool,
    key: Option<Key>,
) -> Result<Gallery, Failure> {
    // SAFETY: as promised to this function.
    let (path, model) = unsafe { (text(path, "path")?, optional_text(face_model, "face_model")?) };
    let face = match (model, face_dimension) {
        (None, 0) => None,
        (Some(model), dimension) => Some(FaceSpec { model: model.into(), dimension }),
        (None, _) => return Err(Failure::new(VANTAY_ERROR_NULL, "face_model is NULL")),
    };
    let id_scheme = if opaque_ids { IdScheme::Opaque } else { IdScheme::Vietnam };
    let read = ReadOptions { key, ..ReadOptions::default() };
    Ok(Gallery::create(path, Options { id_scheme, face, read })?)
}

/// # Safety
/// `key` points to so many bytes, or is NULL.
unsafe fn key_of(key: *const u8, key_length: usize) -> Result<Key, Failure> {
    // SAFETY: as promised to this function.
    let bytes: Result<[u8; Key::BYTES], _> = unsafe { slice(key, key_length, "key")? }.try_into();
    Ok(Key::new(bytes.map_err(|_| Failure::new(VANTAY_ERROR_KEY, format!("key of {key_length} bytes: expected 32")))?))
}

/// Opens a gallery at its last commit.
///
/// May be called from any thread.
#[boundary]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn vantay_gallery_open(
    path: *const c_char,
    gallery: *mut *mut vantay_gallery_t,
) -> vantay_result_t {
    check(gallery, "gallery")?;
    // SAFETY: the header asks for a text that ends in zero.
    let opened = Gallery::open(unsafe { text(path, "path")? })?;
    // SAFETY: checked above; the header asks for a pointer that may be written.
    unsafe { write_handle(gallery, "gallery", vantay_gallery_t(opened)) }
}

/// Opens an encrypted gallery by the key that it was created with.
///
/// May be called from any thread.
#[boundary]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn vantay_gallery_open_encrypted(
    path: *const c_char,
    key: *const u8,
    key_length: usize,
    gallery: *mut *mut vantay_gallery_t,
) -> vantay_result_t {
    check(gallery, "gallery")?;
    // SAFETY: the header asks for a text that ends in zero and so many bytes.
    let (path, key) = unsafe { (text(path, "path")?, key_of(key, key_length)?) };
    let opened = Gallery::open_with(path, ReadOptions { key: Some(key), ..ReadOptions::default() })?;
    // SAFETY: checked above; the header asks for a pointer that may be written.
    unsafe { write_handle(gallery, "gallery", vantay_gallery_t(opened)) }
}

/// Closes a gallery; NULL is fine. Writers and searches of it stay good. Once, by one thread, when no other uses it.
#[boundary]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn vantay_gallery_free(gallery: *mut vantay_gallery_t) {
    // SAFETY: the header asks for a handle of this library that is not used again.
    unsafe { free(gallery) }
}

/// Goes on with the newest commit and writes its number to `commit`, which may be NULL. Searches that are open stay with theirs.
///
/// May be called from any thread.
#[boundary]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn vantay_gallery_refresh(gallery: *const vantay_gallery_t, commit: *mut u64) -> vantay_result_t {
    // SAFETY: the header asks for a handle of this library.
    let gallery = &unsafe { reference(gallery, "gallery")? }.0;
    check_if_wanted(commit, "commit")?;
    let snapshot = gallery.refresh()?;
    // SAFETY: checked above; the header asks for a pointer that may be written, or NULL.
    unsafe { write_if_wanted(commit, "commit", snapshot.info().commit) }
}

/// Reads every file of the commit that the gallery is at and checks it, on all cores, so that no later search waits for the disk: for services, where the
/// files fit in memory. Without it single searches have it done in the background. Returns `VANTAY_ERROR_DAMAGED` if anything is wrong.
///
/// May be called from any thread.
#[boundary]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn vantay_gallery_warm(gallery: *const vantay_gallery_t) -> vantay_result_t {
    // SAFETY: the header asks for a handle of this library.
    Ok(unsafe { reference(gallery, "gallery")? }.0.snapshot().warm()?)
}

/// Writes what the gallery holds to `info`.
///
/// May be called from any thread.
#[boundary]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn vantay_gallery_info(
    gallery: *const vantay_gallery_t,
    info: *mut vantay_info_t,
) -> vantay_result_t {
    // SAFETY: the header asks for a handle of this library.
    let found = unsafe { reference(gallery, "gallery")? }.0.snapshot().info();
    let told = vantay_info_t {
        registrations: found.registrations,
        subjects: found.subjects,
        segments: found.segments as u64,
        bytes: found.bytes,
        commit: found.commit,
        removed_rows: found.removed_rows,
        face_dimension: found.face.map_or(0, |face| face.dimension as u64),
    };
    // SAFETY: the header asks for a pointer that may be written.
    unsafe { write(info, "info", told) }
}

/// Looks for damage in the commit that an open gallery is at, every byte against its checksum if `deep`, and calls `problem` (which may be NULL) with
/// what it finds on this thread. Returns `VANTAY_ERROR_DAMAGED` if anything is wrong.
///
/// May be called from any thread.
#[boundary]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn vantay_gallery_check(
    gallery: *const vantay_gallery_t,
    deep: bool,
    problem: vantay_problem_fn,
    context: *mut c_void,
) -> vantay_result_t {
    // SAFETY: the header asks for a handle of this library.
    let report = unsafe { reference(gallery, "gallery")? }.0.snapshot().check(deep);
    // SAFETY: the header asks for a function that may be called with its own context.
    unsafe { tell(&report, problem, context) }
}

/// The same for the last commit in the directory of a gallery that may be too damaged to be opened, and is not encrypted.
///
/// May be called from any thread.
#[boundary]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn vantay_check(
    path: *const c_char,
    deep: bool,
    problem: vantay_problem_fn,
    context: *mut c_void,
) -> vantay_result_t {
    // SAFETY: the header asks for a text that ends in zero.
    let report = vantay::gallery::check(unsafe { text(path, "path")? }, deep);
    // SAFETY: the header asks for a function that may be called with its own context.
    unsafe { tell(&report, problem, context) }
}

/// # Safety
/// `problem` may be called with `context`.
unsafe fn tell(report: &CheckReport, problem: vantay_problem_fn, context: *mut c_void) -> Result<(), Failure> {
    for found in &report.problems {
        let file = c_text(&found.path.display().to_string());
        let reason = c_text(&format!("{}: {}", found.part, found.reason));
        let offset = found.offset.map_or(-1, |offset| offset as i64);
        if let Some(problem) = problem {
            // SAFETY: promised to this function; the texts outlive the call.
            unsafe { problem(file.as_ptr(), offset, reason.as_ptr(), context) };
        }
    }
    match report.problems.first() {
        None => Ok(()),
        Some(first) => Err(Failure::new(VANTAY_ERROR_DAMAGED, first.to_string())),
    }
}
