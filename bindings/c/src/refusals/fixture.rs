//! What good calls work on.

use super::spoiler::Spoiler;
use crate::*;
use std::{
    ffi::{CStr, CString, c_int, c_void},
    ptr::{null, null_mut},
};

/// A gallery of one registration, and a handle of every kind.
pub struct Fixture {
    directory: tempfile::TempDir,
    pub path: CString,
    pub line: CString,
    pub embedding: [f32; 16],
    pub gallery: *mut vantay_gallery_t,
    pub writer: *mut vantay_writer_t,
    pub search: *mut vantay_search_t,
    pub candidates: *mut vantay_candidates_t,
    pub duplicates: *mut vantay_duplicates_t,
    pub stop: *mut vantay_stop_t,
    pub calibration: *mut vantay_calibration_t,
    pub policy: *mut vantay_policy_t,
}

pub const NAME: &CStr = c"R1";
pub const ID: &CStr = c"somebody";
/// Four bytes where a record should be.
pub const RECORD: [u8; 4] = *b"FMR\0";

pub fn zero<T>() -> T {
    // SAFETY: used for the structures of the header only, which may be all zero.
    unsafe { std::mem::zeroed() }
}

impl Fixture {
    pub fn new() -> Fixture {
        let directory = tempfile::tempdir().unwrap();
        let path = CString::new(directory.path().join("gallery").to_str().unwrap()).unwrap();
        let line = format!(
            r#"{{"registration":"L","personal_id":"x","portrait":{{"model":"m","embedding":{:?}}}}}"#,
            [1.0; 16]
        );
        let mut f = Fixture {
            directory,
            path,
            line: CString::new(line).unwrap(),
            embedding: [1.0; 16],
            gallery: null_mut(),
            writer: null_mut(),
            search: null_mut(),
            candidates: null_mut(),
            duplicates: null_mut(),
            stop: null_mut(),
            calibration: null_mut(),
            policy: null_mut(),
        };
        let options = vantay_search_options_t { face_threshold: 0.5, ..zero() };
        let registration = f.registration(&[]);
        let identify = vantay_identify_options_t { top: 1, ..zero() };
        let probe = f.registration(&[]);
        // SAFETY: every pointer is to what lives in this function, and handles are used in the order of their making.
        let results = unsafe {
            [
                vantay_gallery_create(f.path.as_ptr(), c"m".as_ptr(), 16, true, &mut f.gallery),
                vantay_writer_open(f.gallery, &mut f.writer),
                vantay_writer_enroll(f.writer, &registration),
                vantay_writer_commit(f.writer, null_mut()),
                vantay_search_new(f.gallery, &options, &mut f.search),
                vantay_identify(f.search, &probe, 1, &identify, &mut f.candidates),
                vantay_duplicates_find(f.search, null(), null(), &mut f.duplicates),
                vantay_stop_new(&mut f.stop),
                vantay_calibration_shipped(null(), &mut f.calibration),
                vantay_policy_read(null(), &mut f.policy),
            ]
        };
        assert_eq!(results, [VANTAY_OK; 10]);
        f
    }

    pub fn file(&self, name: &str) -> CString {
        CString::new(self.directory.path().join(name).to_str().unwrap()).unwrap()
    }

    pub fn registration(&self, fingers: &[vantay_finger_t]) -> vantay_registration_t {
        vantay_registration_t {
            registration: NAME.as_ptr(),
            personal_id: ID.as_ptr(),
            embedding: self.embedding.as_ptr(),
            dimension: 16,
            fingers: fingers.as_ptr(),
            finger_count: fingers.len(),
            captured_at: 0,
        }
    }

    /// A registration all of whose pointers may be spoilt; a probe need not say who it is.
    pub fn spoilt(&self, s: &mut Spoiler, fingers: &[vantay_finger_t], is_probe: bool) -> vantay_registration_t {
        vantay_registration_t {
            registration: s.pointer("registration", NAME.as_ptr(), !is_probe),
            personal_id: s.pointer("personal_id", ID.as_ptr(), !is_probe),
            embedding: s.needed("embedding", self.embedding.as_ptr()),
            dimension: s.length("embedding", 16),
            fingers: s.needed("fingers", fingers.as_ptr()),
            finger_count: s.length("fingers", fingers.len()),
            captured_at: 0,
        }
    }
}

impl Drop for Fixture {
    fn drop(&mut self) {
        // SAFETY: handles of this library, each freed once.
        unsafe {
            vantay_policy_free(self.policy);
            vantay_calibration_free(self.calibration);
            vantay_stop_free(self.stop);
            vantay_duplicates_free(self.duplicates);
            vantay_candidates_free(self.candidates);
            vantay_search_free(self.search);
            vantay_writer_free(self.writer);
            vantay_gallery_free(self.gallery);
        }
    }
}

pub fn finger(s: &mut Spoiler) -> vantay_finger_t {
    vantay_finger_t {
        position: 2,
        record: s.needed("record", RECORD.as_ptr()),
        record_length: s.length("record", RECORD.len()),
        missing: s.wanted("missing", null()),
    }
}

pub unsafe extern "C" fn no_pair(_: *const vantay_pair_t, _: *mut c_void) -> c_int {
    0
}

pub fn identify_options(s: &mut Spoiler, f: &Fixture) -> vantay_identify_options_t {
    const PROVINCES: [u16; 2] = [1, 2];
    vantay_identify_options_t {
        top: 1,
        provinces: s.needed("provinces", PROVINCES.as_ptr()),
        province_count: s.length("provinces", 2),
        stop: s.wanted("stop", f.stop),
        ..zero()
    }
}

pub fn deduplicate_options(s: &mut Spoiler, f: &Fixture) -> vantay_deduplicate_options_t {
    vantay_deduplicate_options_t { stop: s.wanted("stop", f.stop), ..zero() }
}

impl Fixture {
    pub fn spoilt_probe(&self, s: &mut Spoiler, fingers: &[vantay_finger_t]) -> vantay_registration_t {
        self.spoilt(s, fingers, true)
    }
}
