//! Calls without a gallery: compare two templates, and what the library says of itself.

use crate::{arguments::*, outcome::*, results::*};
use std::ffi::c_char;
use vantay::{
    face,
    fingerprint::{Comparer, Prepared},
    simd::Level,
    template::{self, FaceEmbedding, TemplateError},
};

/// The version of the library, such as "0.1.0": static text.
///
/// May be called from any thread.
#[unsafe(no_mangle)]
pub extern "C" fn vantay_version() -> *const c_char {
    concat!(env!("CARGO_PKG_VERSION"), "\0").as_ptr().cast()
}

/// Writes the SIMD level that comparisons run at to `level`: "scalar", "avx2" or "avx512", static text.
///
/// May be called from any thread.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn vantay_simd_level(level: *mut *const c_char) -> vantay_result_t {
    boundary(|| {
        let name = match Level::chosen()? {
            Level::Avx512 => c"avx512",
            Level::Avx2 => c"avx2",
            _ => c"scalar",
        };
        // SAFETY: the header asks for a pointer that may be written.
        unsafe { write(level, "level", name.as_ptr()) }
    })
}

/// Sets how many threads all calls share; 0 for one a core. Once, before the first search.
///
/// May be called from any thread.
#[unsafe(no_mangle)]
pub extern "C" fn vantay_set_threads(threads: usize) -> vantay_result_t {
    boundary(|| {
        let pool =
            rayon::ThreadPoolBuilder::new().num_threads(threads.min(4096)).thread_name(|i| format!("vantay-{i}"));
        pool.build_global().map_err(|error| Failure::new(VANTAY_ERROR_THREADS, error.to_string()))
    })
}

/// Compares two minutiae records in any of the formats that the library reads; of several views the first. Writes the
/// score, 0 or more, higher is more alike, the same either way round.
///
/// May be called from any thread.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn vantay_compare_minutiae(
    a: *const u8,
    a_length: usize,
    b: *const u8,
    b_length: usize,
    score: *mut f32,
) -> vantay_result_t {
    boundary(|| {
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
    })
}

/// Compares two face embeddings of one model and any length but zero. Writes the cosine, -1 to 1.
///
/// May be called from any thread.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn vantay_compare_faces(
    a: *const f32,
    b: *const f32,
    dimension: usize,
    cosine: *mut f64,
) -> vantay_result_t {
    boundary(|| {
        check(cosine, "cosine")?;
        // SAFETY: the header asks for pointers to so many components.
        let (a, b) = unsafe { (slice(a, dimension, "a")?, slice(b, dimension, "b")?) };
        let (a, b) = (FaceEmbedding::new(a)?, FaceEmbedding::new(b)?);
        let compared = face::compare(a.as_slice(), b.as_slice())?;
        // SAFETY: checked above; the header asks for a pointer that may be written.
        unsafe { write(cosine, "cosine", compared) }
    })
}
