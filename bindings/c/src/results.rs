//! The numbers that calls return. They are fixed for good: new ones are added, none changes its meaning.

use crate::outcome::boundary;
use std::ffi::{CStr, c_char};

/// What a call came to: `VANTAY_OK`, or why not. The numbers are fixed for good.
pub type vantay_result_t = i32;

macro_rules! results {
    ($($(#[$doc:meta])* $name:ident = $number:literal, $message:literal;)*) => {
        /// Message for a number.
        fn message(result: vantay_result_t) -> &'static CStr {
            match result {
                $($number => $message,)*
                _ => c"unknown result",
            }
        }

        /// Every number.
        #[cfg(test)]
        const ALL: &[(i32, &str)] = &[$(($name, stringify!($name)),)*];
    };
}

/// Done.
pub const VANTAY_OK: i32 = 0;
/// A pointer that must not be NULL is.
pub const VANTAY_ERROR_NULL: i32 = 1;
/// A pointer is not aligned for what it points to.
pub const VANTAY_ERROR_ALIGNMENT: i32 = 2;
/// A length is beyond what memory can hold.
pub const VANTAY_ERROR_LENGTH: i32 = 3;
/// A text is not UTF-8.
pub const VANTAY_ERROR_TEXT: i32 = 4;
/// A number or an option is out of range.
pub const VANTAY_ERROR_ARGUMENT: i32 = 5;
/// The library failed in a way that it should not; the detail says where. The handle may be used on.
pub const VANTAY_ERROR_PANIC: i32 = 6;
/// The caller's function asked to stop.
pub const VANTAY_ERROR_STOPPED: i32 = 7;
/// There is no such entry.
pub const VANTAY_ERROR_NOT_FOUND: i32 = 8;
/// The threads are at work already; their number has to be set before the first search.
pub const VANTAY_ERROR_THREADS: i32 = 9;
/// The buffer is too short; the call says how long it has to be.
pub const VANTAY_ERROR_BUFFER: i32 = 10;
/// The operating system refused an operation.
pub const VANTAY_ERROR_IO: i32 = 20;
/// There is no gallery at this path.
pub const VANTAY_ERROR_NOT_A_GALLERY: i32 = 21;
/// The directory for a new gallery holds something already.
pub const VANTAY_ERROR_EXISTS: i32 = 22;
/// Bytes of a gallery are not what was written.
pub const VANTAY_ERROR_DAMAGED: i32 = 23;
/// The gallery was written by a later version of the library.
pub const VANTAY_ERROR_VERSION: i32 = 24;
/// Another writer holds the gallery.
pub const VANTAY_ERROR_LOCKED: i32 = 25;
/// Others than the owner can read the gallery's files.
pub const VANTAY_ERROR_NOT_PRIVATE: i32 = 26;
/// An earlier operation of this writer failed; it takes no more.
pub const VANTAY_ERROR_WRITER_STOPPED: i32 = 27;
/// A template could not be read or used.
pub const VANTAY_ERROR_TEMPLATE: i32 = 40;
/// A record, or a line of a feed, is not right.
pub const VANTAY_ERROR_FEED: i32 = 41;
/// The gallery did not take a registration.
pub const VANTAY_ERROR_REJECTED: i32 = 42;
/// The gallery has a registration of this name.
pub const VANTAY_ERROR_REGISTRATION_EXISTS: i32 = 43;
/// An embedding is of another model or dimension than the gallery's.
pub const VANTAY_ERROR_MODEL: i32 = 44;
/// A search could not answer.
pub const VANTAY_ERROR_SEARCH: i32 = 60;
/// A rate was asked of scores that are not calibrated, or a calibration or policy is not to be had.
pub const VANTAY_ERROR_DECISION: i32 = 61;
/// `VANTAY_SIMD` names no SIMD level, or one that this machine lacks.
pub const VANTAY_ERROR_SIMD_LEVEL: i32 = 62;
/// Any other error of the library; the detail says which.
pub const VANTAY_ERROR_OTHER: i32 = 99;

results! {
    VANTAY_OK = 0, c"done";
    VANTAY_ERROR_NULL = 1, c"a pointer is NULL";
    VANTAY_ERROR_ALIGNMENT = 2, c"a pointer is not aligned";
    VANTAY_ERROR_LENGTH = 3, c"a length is out of range";
    VANTAY_ERROR_TEXT = 4, c"a text is not UTF-8";
    VANTAY_ERROR_ARGUMENT = 5, c"an argument is out of range";
    VANTAY_ERROR_PANIC = 6, c"the library failed where it should not";
    VANTAY_ERROR_STOPPED = 7, c"stopped as asked";
    VANTAY_ERROR_NOT_FOUND = 8, c"no such entry";
    VANTAY_ERROR_THREADS = 9, c"the threads are at work already";
    VANTAY_ERROR_BUFFER = 10, c"the buffer is too short";
    VANTAY_ERROR_IO = 20, c"the operating system refused";
    VANTAY_ERROR_NOT_A_GALLERY = 21, c"no gallery here";
    VANTAY_ERROR_EXISTS = 22, c"the directory is not empty";
    VANTAY_ERROR_DAMAGED = 23, c"the gallery is damaged";
    VANTAY_ERROR_VERSION = 24, c"the gallery is of a later version";
    VANTAY_ERROR_LOCKED = 25, c"another writer holds the gallery";
    VANTAY_ERROR_NOT_PRIVATE = 26, c"others can read the gallery";
    VANTAY_ERROR_WRITER_STOPPED = 27, c"the writer stopped after an error";
    VANTAY_ERROR_TEMPLATE = 40, c"a template cannot be used";
    VANTAY_ERROR_FEED = 41, c"a record is not right";
    VANTAY_ERROR_REJECTED = 42, c"the gallery did not take a registration";
    VANTAY_ERROR_REGISTRATION_EXISTS = 43, c"a registration of this name exists";
    VANTAY_ERROR_MODEL = 44, c"an embedding is of another model";
    VANTAY_ERROR_SEARCH = 60, c"the search could not answer";
    VANTAY_ERROR_DECISION = 61, c"no calibration or policy for this";
    VANTAY_ERROR_SIMD_LEVEL = 62, c"the SIMD level is not to be had";
    VANTAY_ERROR_OTHER = 99, c"another error";
}

/// What a result means, in a few words: static text, never NULL. `vantay_last_detail` has the particulars.
///
/// May be called from any thread.
#[boundary]
#[unsafe(no_mangle)]
pub extern "C" fn vantay_result_message(result: vantay_result_t) -> *const c_char {
    message(result).as_ptr()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_messages_are_distinct() {
        for (i, (number, name)) in ALL.iter().enumerate() {
            for (other, other_name) in &ALL[..i] {
                assert!(number != other, "{name} and {other_name}");
                assert!(message(*number) != message(*other), "{name} and {other_name}");
            }
        }
    }
}
