//! Calls without a gallery: compare two templates, convert one.

use crate::{arguments::*, outcome::*, results::*};
use std::ffi::c_char;
use vantay::{
    face,
    fingerprint::{Comparer, Prepared},
    simd::Level,
    template::{self, FaceEmbedding, Format, TemplateError},
};

/// Compares two minutiae records in any of the formats that the library reads; of several views the first. Writes the
/// score, 0 or more, higher is more alike, the same either way round.
///
/// May be called from any thread.
#[boundary]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn vantay_compare_minutiae(
    a: *const u8,
    a_length: usize,
    b: *const u8,
    b_length: usize,
    score: *mut f32,
) -> vantay_result_t {
    check(score, "score")?;
    // SAFETY: the header asks for pointers to so many bytes.
    let (a, b) = unsafe { (slice(a, a_length, "a")?, slice(b, b_length, "b")?) };
    let prepare = |bytes: &[u8]| -> Result<Prepared, Failure> {
        let views = template::read(bytes)?.templates()?;
        Ok(Prepared::new(views.first().ok_or(TemplateError::UnknownFormat)?))
    };
    let (a, b) = (prepare(a)?, prepare(b)?);
    let compared = Comparer::new(Level::chosen()?).compare(a.view(), b.view());
    // SAFETY: checked above; the header asks for a pointer that may be written.
    unsafe { write(score, "score", compared) }
}

/// Compares two face embeddings of one model and any length but zero. Writes the cosine, -1 to 1.
///
/// May be called from any thread.
#[boundary]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn vantay_compare_faces(
    a: *const f32,
    b: *const f32,
    dimension: usize,
    cosine: *mut f64,
) -> vantay_result_t {
    check(cosine, "cosine")?;
    // SAFETY: the header asks for pointers to so many components.
    let (a, b) = unsafe { (slice(a, dimension, "a")?, slice(b, dimension, "b")?) };
    let (a, b) = (FaceEmbedding::new(a)?, FaceEmbedding::new(b)?);
    let compared = face::compare(a.as_slice(), b.as_slice())?;
    // SAFETY: checked above; the header asks for a pointer that may be written.
    unsafe { write(cosine, "cosine", compared) }
}

/// Converts a minutiae record, in any of the formats that the library reads, to `format`: "iso19794-2:2005", "iso19794-2:2011",
/// "incits378:2004", "incits378:2009", "incits378:2009am1", "iso19794-2:2005-card-normal" or "iso19794-2:2005-card-compact".
///
/// Writes the record to `out`, which has room for `capacity` bytes, its length to `written` and, unless `losses` is NULL, how many
/// things the format cannot hold. `VANTAY_ERROR_BUFFER` says that there is too little room: then only the length is written, so
/// that a call with `out` NULL and `capacity` 0 asks for it. May be called from any thread.
#[boundary]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn vantay_convert(
    record: *const u8,
    record_length: usize,
    format: *const c_char,
    out: *mut u8,
    capacity: usize,
    written: *mut usize,
    losses: *mut usize,
) -> vantay_result_t {
    check(written, "written")?;
    check_if_wanted(losses, "losses")?;
    // SAFETY: the header asks for so many bytes and a text that ends in zero.
    let (record, format) = unsafe { (slice(record, record_length, "record")?, text(format, "format")?) };
    check_length::<u8>(capacity, "out")?;
    let format = format.parse::<Format>()?;
    let converted = template::read(record)?.convert(format)?;
    let bytes = converted.to_bytes()?;
    // SAFETY: checked above; the header asks for pointers that may be written.
    unsafe { write(written, "written", bytes.len())? };
    if bytes.len() > capacity {
        return Err(Failure::new(VANTAY_ERROR_BUFFER, format!("out has {capacity} of {} bytes", bytes.len())));
    }
    check(out, "out")?;
    // SAFETY: `out` is not NULL and has room for `capacity` bytes by the header, no fewer than these, which are the library's own.
    unsafe { std::ptr::copy_nonoverlapping(bytes.as_ptr(), out, bytes.len()) };
    // SAFETY: checked above.
    unsafe { write_if_wanted(losses, "losses", converted.warnings().len()) }
}
