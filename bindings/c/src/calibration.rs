//! Calibrations: which score means which error rate.

use crate::{arguments::*, outcome::*, results::*};
use std::ffi::c_char;
use vantay::decision::{Calibration, FitOptions, Scores};

/// What relates scores of a face model, or of fingerprints, to error rates. Any number of threads may use it at once.
pub struct vantay_calibration_t(pub(crate) Calibration);

/// What a calibration says of accepting a score and all higher ones.
#[repr(C)]
pub struct vantay_rates_t {
    /// The false match rate.
    pub fmr: f64,
    /// The lower end of its 95 % interval.
    pub fmr_low: f64,
    /// The upper end.
    pub fmr_high: f64,
    /// Whether too few strangers scored so high to count them, so that the rate rests on a fitted tail.
    pub extrapolated: bool,
    /// The false non-match rate.
    pub fnmr: f64,
    /// log10 likelihood ratio of this very score.
    pub llr: f64,
}

/// Reads a calibration file, as `vantay calibrate` and `vantay_calibration_write` write it.
///
/// May be called from any thread.
#[boundary]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn vantay_calibration_read(
    path: *const c_char,
    calibration: *mut *mut vantay_calibration_t,
) -> vantay_result_t {
    check(calibration, "calibration")?;
    // SAFETY: the header asks for a text that ends in zero.
    let read = Calibration::read(unsafe { text(path, "path")? })?;
    // SAFETY: checked above; the header asks for a pointer that may be written.
    unsafe { write_handle(calibration, "calibration", vantay_calibration_t(read)) }
}

/// Writes the calibration that comes with the library for a face model, or for fingerprint scores if `face_model` is NULL;
/// `VANTAY_ERROR_NOT_FOUND` if there is none.
///
/// May be called from any thread.
#[boundary]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn vantay_calibration_shipped(
    face_model: *const c_char,
    calibration: *mut *mut vantay_calibration_t,
) -> vantay_result_t {
    check(calibration, "calibration")?;
    // SAFETY: the header asks for a text that ends in zero, or NULL.
    let shipped = match unsafe { optional_text(face_model, "face_model")? } {
        Some(model) => Calibration::default_face(model),
        None => Calibration::default_fingerprint(),
    };
    let missing = || Failure::new(VANTAY_ERROR_NOT_FOUND, "no calibration for this model comes with the library");
    // SAFETY: checked above; the header asks for a pointer that may be written.
    unsafe { write_handle(calibration, "calibration", vantay_calibration_t(shipped.ok_or_else(missing)?)) }
}

/// Fits a calibration to scores of pairs that are known: `genuine` of one person each, at least 20, `impostor` of two, at least 200.
/// `system` names the face model, or the fingerprint matcher; `data` says for readers what the pairs are.
///
/// May be called from any thread.
#[boundary]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn vantay_calibration_fit(
    genuine: *const f64,
    genuine_count: usize,
    impostor: *const f64,
    impostor_count: usize,
    system: *const c_char,
    data: *const c_char,
    calibration: *mut *mut vantay_calibration_t,
) -> vantay_result_t {
    check(calibration, "calibration")?;
    // SAFETY: the header asks for so many scores and texts that end in zero.
    let (genuine, impostor, system, data) = unsafe {
        (
            slice(genuine, genuine_count, "genuine")?,
            slice(impostor, impostor_count, "impostor")?,
            text(system, "system")?,
            text(data, "data")?,
        )
    };
    let fitted = Calibration::fit(&Scores::of_pairs(genuine, impostor), &FitOptions::new(data, system))?;
    // SAFETY: checked above; the header asks for a pointer that may be written.
    unsafe { write_handle(calibration, "calibration", vantay_calibration_t(fitted)) }
}

/// Writes a calibration file.
///
/// May be called from any thread.
#[boundary]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn vantay_calibration_write(
    calibration: *const vantay_calibration_t,
    path: *const c_char,
) -> vantay_result_t {
    // SAFETY: the header asks for a handle of this library and a text that ends in zero.
    let (calibration, path) = unsafe { (reference(calibration, "calibration")?, text(path, "path")?) };
    Ok(calibration.0.write(path)?)
}

/// Writes the smallest score whose false match rate does not exceed `fmr`, more than 0 and less than 1, to `score`.
///
/// May be called from any thread.
#[boundary]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn vantay_calibration_threshold(
    calibration: *const vantay_calibration_t,
    fmr: f64,
    score: *mut f64,
) -> vantay_result_t {
    // SAFETY: the header asks for a handle of this library.
    let threshold = unsafe { reference(calibration, "calibration")? }.0.threshold_at_fmr(fmr)?;
    // SAFETY: the header asks for a pointer that may be written.
    unsafe { write(score, "score", threshold) }
}

/// Writes what accepting from `score` on means to `rates`.
///
/// May be called from any thread.
#[boundary]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn vantay_calibration_rates(
    calibration: *const vantay_calibration_t,
    score: f64,
    rates: *mut vantay_rates_t,
) -> vantay_result_t {
    // SAFETY: the header asks for a handle of this library.
    let calibration = &unsafe { reference(calibration, "calibration")? }.0;
    let (fmr, fnmr) = (calibration.fmr_at(score), calibration.fnmr_at(score));
    let told = vantay_rates_t {
        fmr: fmr.value,
        fmr_low: fmr.low,
        fmr_high: fmr.high,
        extrapolated: fmr.extrapolated,
        fnmr: fnmr.value,
        llr: calibration.llr(score),
    };
    // SAFETY: the header asks for a pointer that may be written.
    unsafe { write(rates, "rates", told) }
}

/// Frees a calibration; NULL is fine. Once, by one thread, when no other uses it.
#[boundary]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn vantay_calibration_free(calibration: *mut vantay_calibration_t) {
    // SAFETY: the header asks for a handle of this library that is not used again.
    unsafe { free(calibration) }
}
