//! Stopping a long call from another thread.

use crate::{arguments::*, outcome::*, results::*};
use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering::Relaxed},
};

/// Something that a long call looks at, and ends within a second of its being set. One may serve many calls.
pub struct vantay_stop_t(Arc<AtomicBool>);

/// Writes a new stop that is not set.
///
/// May be called from any thread.
#[boundary]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn vantay_stop_new(stop: *mut *mut vantay_stop_t) -> vantay_result_t {
    // SAFETY: the header asks for a pointer that may be written.
    unsafe { write_handle(stop, "stop", vantay_stop_t(Arc::default())) }
}

/// Sets a stop, so that the calls that look at it end with `VANTAY_ERROR_STOPPED`, or with `stopped` false clears it for the next ones.
///
/// May be called from any thread, and from a signal handler, so it leaves `vantay_last_detail` as it is.
#[boundary]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn vantay_stop_set(stop: *const vantay_stop_t, stopped: bool) -> vantay_result_t {
    // Nothing may be allocated here, not even for a message.
    if stop.is_null() {
        return Err(Failure::silent(VANTAY_ERROR_NULL));
    }
    if !stop.is_aligned() {
        return Err(Failure::silent(VANTAY_ERROR_ALIGNMENT));
    }
    // SAFETY: the header asks for a handle of this library.
    unsafe { &*stop }.0.store(stopped, Relaxed);
    Ok(())
}

/// Frees a stop; NULL is fine. Calls that look at it are not disturbed. Once, by one thread.
#[boundary]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn vantay_stop_free(stop: *mut vantay_stop_t) {
    // SAFETY: the header asks for a handle of this library that is not used again.
    unsafe { free(stop) }
}

/// What a running call holds of a stop: its own share, so that the handle may be freed meanwhile.
pub(crate) struct Stop(Arc<AtomicBool>);

impl Stop {
    /// # Safety
    /// A pointer that is neither NULL nor misaligned is a handle.
    pub unsafe fn of(stop: *const vantay_stop_t) -> Result<Stop, Failure> {
        // SAFETY: as promised to this function.
        let given = unsafe { optional(stop, "stop")? };
        Ok(Stop(given.map_or_else(Arc::default, |stop| Arc::clone(&stop.0))))
    }

    pub fn flag(&self) -> Option<&AtomicBool> {
        Some(&self.0)
    }

    pub fn set(&self) {
        self.0.store(true, Relaxed);
    }
}
