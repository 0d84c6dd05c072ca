//! Arguments from C: checked for what can be checked, then borrowed.

use crate::{outcome::Failure, results::*};
use std::ffi::{CStr, c_char};

/// What `pointer` points to; `name` is the argument's in the header.
///
/// # Safety
/// A pointer that is neither NULL nor misaligned points to a `T` that nothing changes for as long as `'a`.
pub(crate) unsafe fn reference<'a, T>(pointer: *const T, name: &str) -> Result<&'a T, Failure> {
    check(pointer, name)?;
    // SAFETY: not NULL and aligned by the check; the rest is promised to this function.
    Ok(unsafe { &*pointer })
}

/// The same for something to be changed.
///
/// # Safety
/// As [`reference`], and nothing else reads it meanwhile.
pub(crate) unsafe fn exclusive<'a, T>(pointer: *mut T, name: &str) -> Result<&'a mut T, Failure> {
    check(pointer, name)?;
    // SAFETY: as in `reference`.
    Ok(unsafe { &mut *pointer })
}

/// Writes a result through an out-pointer, whatever was there.
///
/// # Safety
/// A pointer that is neither NULL nor misaligned may be written.
pub(crate) unsafe fn write<T>(pointer: *mut T, name: &str, value: T) -> Result<(), Failure> {
    check(pointer, name)?;
    // SAFETY: not NULL and aligned by the check; the rest is promised to this function.
    unsafe { pointer.write(value) };
    Ok(())
}

/// Writes a handle, to be given back to [`free`].
///
/// # Safety
/// As [`write`].
pub(crate) unsafe fn write_handle<T>(pointer: *mut *mut T, name: &str, value: T) -> Result<(), Failure> {
    check(pointer, name)?;
    // SAFETY: as promised to this function.
    unsafe { write(pointer, name, Box::into_raw(Box::new(value))) }
}

/// Writes through an out-pointer that may be NULL.
///
/// # Safety
/// As [`write`].
pub(crate) unsafe fn write_if_wanted<T>(pointer: *mut T, name: &str, value: T) -> Result<(), Failure> {
    // SAFETY: as promised to this function.
    if pointer.is_null() { Ok(()) } else { unsafe { write(pointer, name, value) } }
}

/// The same as [`reference`] for what may be absent.
///
/// # Safety
/// As [`reference`].
pub(crate) unsafe fn optional<'a, T>(pointer: *const T, name: &str) -> Result<Option<&'a T>, Failure> {
    // SAFETY: as promised to this function.
    if pointer.is_null() { Ok(None) } else { unsafe { reference(pointer, name) }.map(Some) }
}

/// Checks an out-pointer that may be NULL before the work is done.
pub(crate) fn check_if_wanted<T>(pointer: *const T, name: &str) -> Result<(), Failure> {
    if pointer.is_null() { Ok(()) } else { check(pointer, name) }
}

/// Checks an out-pointer before the work is done.
pub(crate) fn check<T>(pointer: *const T, name: &str) -> Result<(), Failure> {
    if pointer.is_null() {
        return Err(Failure::new(VANTAY_ERROR_NULL, format!("{name} is NULL")));
    }
    if !pointer.is_aligned() {
        return Err(Failure::new(
            VANTAY_ERROR_ALIGNMENT,
            format!("{name} is not aligned to {} bytes", align_of::<T>()),
        ));
    }
    Ok(())
}

/// Checks that memory can hold `length` elements.
pub(crate) fn check_length<T>(length: usize, name: &str) -> Result<(), Failure> {
    if length > isize::MAX as usize / size_of::<T>().max(1) {
        return Err(Failure::new(VANTAY_ERROR_LENGTH, format!("{name} of {length} elements")));
    }
    Ok(())
}

/// `length` elements; NULL is fine for none.
///
/// # Safety
/// A pointer that is neither NULL nor misaligned points to so many `T` that nothing changes for as long as `'a`.
pub(crate) unsafe fn slice<'a, T>(pointer: *const T, length: usize, name: &str) -> Result<&'a [T], Failure> {
    if length == 0 {
        return Ok(&[]);
    }
    check(pointer, name)?;
    check_length::<T>(length, name)?;
    // SAFETY: not NULL, aligned and of a length that memory can hold by the checks; the rest is promised.
    Ok(unsafe { std::slice::from_raw_parts(pointer, length) })
}

/// A text that ends in zero.
///
/// # Safety
/// A pointer that is not NULL points to bytes that end in zero and that nothing changes for as long as `'a`.
pub(crate) unsafe fn text<'a>(pointer: *const c_char, name: &str) -> Result<&'a str, Failure> {
    check(pointer, name)?;
    // SAFETY: not NULL by the check; the rest is promised to this function.
    let bytes = unsafe { CStr::from_ptr(pointer) };
    bytes.to_str().map_err(|_| Failure::new(VANTAY_ERROR_TEXT, format!("{name} is not UTF-8")))
}

/// A text that may be absent.
///
/// # Safety
/// As [`text`].
pub(crate) unsafe fn optional_text<'a>(pointer: *const c_char, name: &str) -> Result<Option<&'a str>, Failure> {
    // SAFETY: as promised to this function.
    if pointer.is_null() { Ok(None) } else { unsafe { text(pointer, name) }.map(Some) }
}

/// A handle that was freed by nobody yet; NULL, or what no handle can be, is nothing.
///
/// # Safety
/// A pointer that is not NULL came from `Box::into_raw` of a `T` and is not used again.
pub(crate) unsafe fn free<T>(pointer: *mut T) {
    if !pointer.is_null() && pointer.is_aligned() {
        // SAFETY: as promised to this function.
        drop(unsafe { Box::from_raw(pointer) });
    }
}
