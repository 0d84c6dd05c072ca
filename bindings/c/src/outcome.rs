//! The boundary: errors and panics become numbers, and the last detail is kept for whoever asks.

use crate::results::*;
use std::{
    cell::RefCell,
    ffi::{CString, c_char},
    panic::{AssertUnwindSafe, catch_unwind},
};
use vantay::{
    Error,
    gallery::{GalleryError, Rejection},
    registration::FeedError,
    search::SearchError,
};
pub(crate) use vantay_c_boundary::boundary;

thread_local! {
    static DETAIL: RefCell<CString> = RefCell::default();
}

/// Why a call failed.
#[derive(Debug)]
pub(crate) struct Failure {
    result: vantay_result_t,
    /// None leaves what was kept before, and takes no memory.
    detail: Option<String>,
}

impl Failure {
    pub fn new(result: vantay_result_t, detail: impl Into<String>) -> Failure {
        Failure { result, detail: Some(detail.into()) }
    }

    /// One of which nothing is kept, where nothing may be allocated.
    pub fn silent(result: vantay_result_t) -> Failure {
        Failure { result, detail: None }
    }
}

impl<E: Into<Error>> From<E> for Failure {
    fn from(error: E) -> Failure {
        let error = error.into();
        let detail = match &error {
            // A line that was handed over has no place to name.
            Error::FeedLine(problem) if problem.place.file.is_empty() => match &*problem.field {
                "" => problem.reason.to_string(),
                field => format!("{field}: {}", problem.reason),
            },
            error => error.to_string(),
        };
        Failure::new(number_of(&error), detail)
    }
}

fn number_of(error: &Error) -> vantay_result_t {
    match error {
        Error::Template(_) => VANTAY_ERROR_TEMPLATE,
        Error::Feed(reason) => of_feed(reason),
        Error::FeedLine(problem) => of_feed(&problem.reason),
        Error::Gallery(error)
        | Error::Rejection(Rejection::Failed(error))
        | Error::Search(SearchError::Gallery(error)) => of_gallery(error),
        Error::Rejection(Rejection::Exists { .. }) => VANTAY_ERROR_REGISTRATION_EXISTS,
        Error::Rejection(Rejection::Model { .. } | Rejection::Dimension { .. } | Rejection::NoFaces { .. }) => {
            VANTAY_ERROR_MODEL
        }
        Error::Rejection(_) => VANTAY_ERROR_REJECTED,
        Error::Search(SearchError::Model { .. } | SearchError::DifferentModels { .. }) => VANTAY_ERROR_MODEL,
        Error::Search(SearchError::Option { .. }) => VANTAY_ERROR_ARGUMENT,
        Error::Search(SearchError::Stopped) => VANTAY_ERROR_STOPPED,
        Error::Search(SearchError::Decision(_)) | Error::Decision(_) => VANTAY_ERROR_DECISION,
        Error::Search(SearchError::Level(_)) | Error::Level(_) => VANTAY_ERROR_SIMD_LEVEL,
        Error::Search(_) | Error::Face(_) | Error::Fingerprint(_) => VANTAY_ERROR_SEARCH,
        _ => VANTAY_ERROR_OTHER,
    }
}

fn of_feed(reason: &FeedError) -> vantay_result_t {
    match reason {
        FeedError::Io(_) | FeedError::Open(_) => VANTAY_ERROR_IO,
        FeedError::Template(_) => VANTAY_ERROR_TEMPLATE,
        FeedError::OtherModel { .. } | FeedError::OtherDimension { .. } => VANTAY_ERROR_MODEL,
        _ => VANTAY_ERROR_FEED,
    }
}

fn of_gallery(error: &GalleryError) -> vantay_result_t {
    match error {
        GalleryError::Io { .. } => VANTAY_ERROR_IO,
        GalleryError::Damaged { .. } | GalleryError::Missing { .. } => VANTAY_ERROR_DAMAGED,
        GalleryError::NotAGallery { .. } => VANTAY_ERROR_NOT_A_GALLERY,
        GalleryError::Exists { .. } => VANTAY_ERROR_EXISTS,
        GalleryError::Newer { .. } | GalleryError::Feature { .. } => VANTAY_ERROR_VERSION,
        GalleryError::Locked { .. } => VANTAY_ERROR_LOCKED,
        GalleryError::NotPrivate { .. } => VANTAY_ERROR_NOT_PRIVATE,
        GalleryError::Encrypted { .. }
        | GalleryError::WrongKey { .. }
        | GalleryError::NotEncrypted { .. }
        | GalleryError::NoKey { .. } => VANTAY_ERROR_KEY,
        GalleryError::Option { .. } => VANTAY_ERROR_ARGUMENT,
        GalleryError::Stopped(_) => VANTAY_ERROR_WRITER_STOPPED,
        _ => VANTAY_ERROR_OTHER,
    }
}

/// Runs the body of the call `name`. What it borrows through pointers is only written when it succeeds, so that a panic leaves
/// the caller's memory as it was.
pub(crate) fn answered(name: &str, body: impl FnOnce() -> Result<(), Failure>) -> vantay_result_t {
    let failure = match guarded(name, body) {
        Ok(Ok(())) => return VANTAY_OK,
        Ok(Err(failure)) => failure,
        Err(panic) => {
            let text = panic.downcast_ref::<&str>().copied().or(panic.downcast_ref::<String>().map(String::as_str));
            let detail = text.unwrap_or("a panic without a message").to_owned();
            // A payload that panics when it is dropped would cross after all.
            std::mem::forget(panic);
            Failure::new(VANTAY_ERROR_PANIC, detail)
        }
    };
    if let Some(detail) = failure.detail {
        keep(detail);
    }
    failure.result
}

/// Runs the body of a call that gives something up: what goes wrong there has nobody to tell.
pub(crate) fn quiet(name: &str, body: impl FnOnce()) {
    if let Err(panic) = guarded(name, body) {
        std::mem::forget(panic);
    }
}

/// Runs the body of a call that returns a text.
pub(crate) fn text_or_nothing(name: &str, body: impl FnOnce() -> *const c_char) -> *const c_char {
    guarded(name, body).unwrap_or_else(|panic| {
        std::mem::forget(panic);
        c"".as_ptr()
    })
}

fn guarded<T>(name: &str, body: impl FnOnce() -> T) -> std::thread::Result<T> {
    catch_unwind(AssertUnwindSafe(|| {
        provoked::fail(name);
        body()
    }))
}

/// Tests ask a call to panic.
#[cfg(test)]
pub(crate) mod provoked {
    thread_local! {
        /// The call that is to panic on this thread.
        pub static CALL: std::cell::Cell<&'static str> = const { std::cell::Cell::new("") };
    }

    pub fn fail(name: &str) {
        assert!(CALL.get() != name, "provoked in {name}");
    }
}

#[cfg(not(test))]
mod provoked {
    pub fn fail(_: &str) {}
}

fn keep(detail: String) {
    let text = CString::new(detail.replace('\0', "\u{fffd}")).unwrap_or_default();
    // A thread that is ending has nobody left to ask.
    let _ = DETAIL.try_with(|kept| kept.replace(text));
}

/// The particulars of the last call on this thread that failed: file, record, field, offset. Never NULL; empty if none has.
///
/// The text is good until the next call that fails on this thread. May be called from any thread.
#[boundary]
#[unsafe(no_mangle)]
pub extern "C" fn vantay_last_detail() -> *const c_char {
    DETAIL.try_with(|kept| kept.borrow().as_ptr()).unwrap_or(c"".as_ptr())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::ffi::CStr;

    #[test]
    fn no_panic_crosses_the_boundary() {
        let result = answered("a call", || panic!("provoked by number {}", 7));
        assert_eq!(result, VANTAY_ERROR_PANIC);
        // SAFETY: the detail is a text that ends in zero.
        let detail = unsafe { CStr::from_ptr(vantay_last_detail()) };
        assert_eq!(detail.to_str(), Ok("provoked by number 7"));
    }

    #[test]
    fn a_detail_stays_until_the_next_failure() {
        assert_eq!(answered("a call", || Err(Failure::new(VANTAY_ERROR_IO, "first\0half"))), VANTAY_ERROR_IO);
        assert_eq!(answered("a call", || Ok(())), VANTAY_OK);
        // SAFETY: the detail is a text that ends in zero.
        let detail = unsafe { CStr::from_ptr(vantay_last_detail()) };
        assert_eq!(detail.to_str(), Ok("first\u{fffd}half"));
        assert_eq!(answered("a call", || Err(Failure::silent(VANTAY_ERROR_NULL))), VANTAY_ERROR_NULL);
        // SAFETY: the detail is a text that ends in zero.
        let detail = unsafe { CStr::from_ptr(vantay_last_detail()) };
        assert_eq!(detail.to_str(), Ok("first\u{fffd}half"));
    }

    #[test]
    fn a_failure_without_words_leaves_no_words_of_another() {
        assert_eq!(answered("a call", || Err(Failure::new(VANTAY_ERROR_IO, "first"))), VANTAY_ERROR_IO);
        assert_eq!(answered("a call", || panic!("")), VANTAY_ERROR_PANIC);
        // SAFETY: the detail is a text that ends in zero.
        let detail = unsafe { CStr::from_ptr(vantay_last_detail()) };
        assert_eq!(detail.to_str(), Ok(""));
    }
}
