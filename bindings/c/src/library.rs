//! What the library says of itself, and its threads.

use crate::{arguments::*, outcome::*, results::*};
use std::ffi::c_char;
use vantay::simd::Level;

/// The version of the library, such as "0.1.0": static text.
///
/// May be called from any thread.
#[boundary]
#[unsafe(no_mangle)]
pub extern "C" fn vantay_version() -> *const c_char {
    concat!(env!("CARGO_PKG_VERSION"), "\0").as_ptr().cast()
}

/// Writes the SIMD level that comparisons run at to `level`: "scalar", "avx2" or "avx512", static text.
///
/// May be called from any thread.
#[boundary]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn vantay_simd_level(level: *mut *const c_char) -> vantay_result_t {
    let name = match Level::chosen()? {
        Level::Avx512 => c"avx512",
        Level::Avx2 => c"avx2",
        _ => c"scalar",
    };
    // SAFETY: the header asks for a pointer that may be written.
    unsafe { write(level, "level", name.as_ptr()) }
}

/// Sets how many threads all calls share; 0 for one a core. Once, before the first search.
///
/// May be called from any thread.
#[boundary]
#[unsafe(no_mangle)]
pub extern "C" fn vantay_set_threads(threads: usize) -> vantay_result_t {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads.min(4096)).thread_name(|i| format!("vantay-{i}"));
    pool.build_global().map_err(|error| Failure::new(VANTAY_ERROR_THREADS, error.to_string()))
}
