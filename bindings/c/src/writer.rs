//! The writer of a gallery.

use crate::{arguments::*, gallery::vantay_gallery_t, outcome::*, registration::*, results::*};
use std::{ffi::c_char, sync::Arc};
use vantay::{
    gallery::{Gallery, Writer},
    registration::{FeedReader, PersonalId, parse_line},
    search::SearchColumns,
};

/// The one writer of a gallery. One thread at a time may use it; which one does not matter.
pub struct vantay_writer_t {
    gallery: Gallery,
    writer: Writer,
}

/// What a commit published.
#[repr(C)]
pub struct vantay_commit_t {
    /// Its number.
    pub number: u64,
    /// Registrations it added.
    pub enrolled: u64,
    /// Registrations it removed.
    pub removed: u64,
}

/// Takes the gallery's one writer.
///
/// May be called from any thread.
#[boundary]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn vantay_writer_open(
    gallery: *const vantay_gallery_t,
    writer: *mut *mut vantay_writer_t,
) -> vantay_result_t {
    check(writer, "writer")?;
    // SAFETY: the header asks for a handle of this library.
    let gallery = unsafe { reference(gallery, "gallery")? }.0.clone();
    let opened = vantay_writer_t { writer: gallery.writer(Arc::new(SearchColumns))?, gallery };
    // SAFETY: checked above; the header asks for a pointer that may be written.
    unsafe { write_handle(writer, "writer", opened) }
}

/// Gives a writer up; what was not committed is forgotten. NULL is fine. Once, by one thread, when no other uses it.
#[boundary]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn vantay_writer_free(writer: *mut vantay_writer_t) {
    // SAFETY: the header asks for a handle of this library that is not used again.
    unsafe { free(writer) }
}

/// Stages a registration. A rejected one leaves no trace.
///
/// One thread at a time for a writer.
#[boundary]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn vantay_writer_enroll(
    writer: *mut vantay_writer_t,
    registration: *const vantay_registration_t,
) -> vantay_result_t {
    // SAFETY: the header asks for a handle of this library, used by one thread.
    let writer = unsafe { exclusive(writer, "writer")? };
    // SAFETY: the header asks for a registration whose pointers are good.
    let registration =
        unsafe { registration_of(reference(registration, "registration")?, &writer.gallery.snapshot(), false)? };
    Ok(writer.writer.enroll(registration)?)
}

/// Stages a record that is one line of the registration feed: a JSON object of `length` bytes, which need not end in zero.
///
/// One thread at a time for a writer.
#[boundary]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn vantay_writer_enroll_line(
    writer: *mut vantay_writer_t,
    line: *const c_char,
    length: usize,
) -> vantay_result_t {
    // SAFETY: the header asks for a handle of this library, used by one thread.
    let writer = unsafe { exclusive(writer, "writer")? };
    // SAFETY: the header asks for so many bytes.
    let line = unsafe { slice(line.cast::<u8>(), length, "line")? };
    let registration = parse_line(line, &feed_options(&writer.gallery.snapshot()))?;
    Ok(writer.writer.enroll(registration)?)
}

/// Stages the registrations of a feed: NDJSON, plain, `.gz` or `.zst`. Writes how many to `enrolled`, and how many were passed over
/// to `rejected`, also when a line ends the call; both may be NULL.
///
/// The first bad line ends the call unless `skip`; what stood before it is staged. One thread at a time for a writer.
#[boundary]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn vantay_writer_enroll_feed(
    writer: *mut vantay_writer_t,
    path: *const c_char,
    skip: bool,
    enrolled: *mut u64,
    rejected: *mut u64,
) -> vantay_result_t {
    check_if_wanted(enrolled, "enrolled")?;
    check_if_wanted(rejected, "rejected")?;
    // SAFETY: the header asks for a handle of this library, used by one thread, and a text that ends in zero.
    let (writer, path) = unsafe { (exclusive(writer, "writer")?, text(path, "path")?) };
    let (mut taken, mut refused) = (0, 0);
    let outcome = writer.enroll_feed(path, skip, &mut taken, &mut refused);
    // SAFETY: checked above; the header asks for pointers that may be written, or NULL.
    unsafe {
        write_if_wanted(enrolled, "enrolled", taken)?;
        write_if_wanted(rejected, "rejected", refused)?;
    }
    outcome
}

/// Publishes all that was staged and removed, all of it or nothing, and writes what that was to `commit`, which may be NULL. When it
/// returns, a loss of power takes nothing of it.
///
/// One thread at a time for a writer.
#[boundary]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn vantay_writer_commit(
    writer: *mut vantay_writer_t,
    commit: *mut vantay_commit_t,
) -> vantay_result_t {
    // SAFETY: the header asks for a handle of this library, used by one thread.
    let writer = unsafe { exclusive(writer, "writer")? };
    check_if_wanted(commit, "commit")?;
    let done = writer.writer.commit()?;
    let told = vantay_commit_t { number: done.number, enrolled: done.enrolled, removed: done.removed };
    // SAFETY: checked above; the header asks for a pointer that may be written, or NULL.
    unsafe { write_if_wanted(commit, "commit", told) }
}

/// Removes all registrations of a subject, from the next commit on, and writes how many they were to `removed`, which may be NULL.
///
/// One thread at a time for a writer.
#[boundary]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn vantay_writer_remove(
    writer: *mut vantay_writer_t,
    personal_id: *const c_char,
    removed: *mut u64,
) -> vantay_result_t {
    // SAFETY: the header asks for a handle of this library, used by one thread, and a text that ends in zero.
    let (writer, id) = unsafe { (exclusive(writer, "writer")?, text(personal_id, "personal_id")?) };
    check_if_wanted(removed, "removed")?;
    let id = PersonalId::new(id, writer.gallery.snapshot().id_scheme())?;
    let found = writer.writer.remove(&id)?.registrations;
    // SAFETY: checked above; the header asks for a pointer that may be written, or NULL.
    unsafe { write_if_wanted(removed, "removed", found) }
}

/// Rewrites what holds removed rows and what is small, so that no byte of a removed template is in any file.
///
/// One thread at a time for a writer.
#[boundary]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn vantay_writer_compact(writer: *mut vantay_writer_t) -> vantay_result_t {
    // SAFETY: the header asks for a handle of this library, used by one thread.
    unsafe { exclusive(writer, "writer")? }.writer.compact()?;
    Ok(())
}

impl vantay_writer_t {
    fn enroll_feed(&mut self, path: &str, skip: bool, taken: &mut u64, refused: &mut u64) -> Result<(), Failure> {
        for line in FeedReader::open(path, feed_options(&self.gallery.snapshot()))? {
            let outcome = match line {
                Ok(registration) => self.writer.enroll(registration).map_err(|rejection| {
                    let is_fatal = rejection.is_fatal();
                    (Failure::from(rejection), is_fatal)
                }),
                Err(problem) => {
                    let is_final = problem.is_final();
                    Err((Failure::from(problem), is_final))
                }
            };
            match outcome {
                Ok(()) => *taken += 1,
                Err((_, false)) if skip => *refused += 1,
                Err((failure, _)) => return Err(failure),
            }
        }
        Ok(())
    }
}
