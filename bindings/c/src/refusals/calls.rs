//! A good call of every export.

use super::{fixture::*, spoiler::Spoiler};
use crate::*;
use std::{
    ffi::c_char,
    ptr::{null, null_mut},
};

const KEY: [u8; 32] = [7; 32];

pub type Call = unsafe fn(&mut Spoiler, &Fixture) -> vantay_result_t;

/// A good call of each export that answers with a number.
pub const CALLS: &[(&str, Call)] = &[
    ("vantay_simd_level", |s, _| unsafe { vantay_simd_level(s.out("level", &mut null())) }),
    ("vantay_set_threads", |_, _| vantay_set_threads(2)),
    ("vantay_compare_minutiae", |s, _| unsafe {
        let (a, a_length) = (s.needed("a", RECORD.as_ptr()), s.length("a", 4));
        let (b, b_length) = (s.needed("b", RECORD.as_ptr()), s.length("b", 4));
        vantay_compare_minutiae(a, a_length, b, b_length, s.out("score", &mut 0.0))
    }),
    ("vantay_compare_faces", |s, f| unsafe {
        let (a, b) = (s.needed("a", f.embedding.as_ptr()), s.needed("b", f.embedding.as_ptr()));
        vantay_compare_faces(a, b, s.length("a", 16), s.out("cosine", &mut 0.0))
    }),
    ("vantay_convert", |s, _| unsafe {
        let (record, length) = (s.needed("record", RECORD.as_ptr()), s.length("record", 4));
        let format = s.needed("format", c"iso19794-2:2011".as_ptr());
        let mut room = [0; 8];
        let capacity = s.length("out", 8);
        let written = s.out("written", &mut 0);
        vantay_convert(record, length, format, room.as_mut_ptr(), capacity, written, s.out_if_wanted("losses", &mut 0))
    }),
    ("vantay_gallery_create", |s, f| unsafe {
        let (path, model) = (s.needed("path", f.path.as_ptr()), s.needed("face_model", c"m".as_ptr()));
        vantay_gallery_create(path, model, 16, true, s.out("gallery", &mut null_mut()))
    }),
    ("vantay_gallery_create_encrypted", |s, f| unsafe {
        let (path, model) = (s.needed("path", f.path.as_ptr()), s.needed("face_model", c"m".as_ptr()));
        let (key, length) = (s.needed("key", KEY.as_ptr()), s.length("key", 32));
        vantay_gallery_create_encrypted(path, model, 16, true, key, length, s.out("gallery", &mut null_mut()))
    }),
    ("vantay_gallery_open_encrypted", |s, f| unsafe {
        let (path, key) = (s.needed("path", f.path.as_ptr()), s.needed("key", KEY.as_ptr()));
        let length = s.length("key", 32);
        vantay_gallery_open_encrypted(path, key, length, s.out("gallery", &mut null_mut()))
    }),
    ("vantay_gallery_open", |s, f| unsafe {
        vantay_gallery_open(s.needed("path", f.path.as_ptr()), s.out("gallery", &mut null_mut()))
    }),
    ("vantay_gallery_refresh", |s, f| unsafe {
        vantay_gallery_refresh(s.needed("gallery", f.gallery), s.out_if_wanted("commit", &mut 0))
    }),
    ("vantay_gallery_warm", |s, f| unsafe { vantay_gallery_warm(s.needed("gallery", f.gallery)) }),
    ("vantay_gallery_info", |s, f| unsafe {
        vantay_gallery_info(s.needed("gallery", f.gallery), s.out("info", &mut zero()))
    }),
    ("vantay_gallery_check", |s, f| unsafe {
        vantay_gallery_check(s.needed("gallery", f.gallery), false, None, null_mut())
    }),
    ("vantay_check", |s, f| unsafe { vantay_check(s.needed("path", f.path.as_ptr()), false, None, null_mut()) }),
    ("vantay_writer_open", |s, f| unsafe {
        vantay_writer_open(s.needed("gallery", f.gallery), s.out("writer", &mut null_mut()))
    }),
    ("vantay_writer_enroll", |s, f| unsafe {
        let fingers = [finger(s)];
        let registration = f.spoilt(s, &fingers, false);
        vantay_writer_enroll(s.out("writer", f.writer), s.needed("registration", &registration))
    }),
    ("vantay_writer_enroll_line", |s, f| unsafe {
        let (line, length) = (s.needed("line", f.line.as_ptr()), s.length("line", f.line.count_bytes()));
        vantay_writer_enroll_line(s.out("writer", f.writer), line, length)
    }),
    ("vantay_writer_enroll_feed", |s, f| unsafe {
        let (writer, path) = (s.out("writer", f.writer), f.file("no feed"));
        let path = s.needed("path", path.as_ptr());
        let enrolled = s.out_if_wanted("enrolled", &mut 0);
        vantay_writer_enroll_feed(writer, path, true, enrolled, s.out_if_wanted("rejected", &mut 0))
    }),
    ("vantay_writer_commit", |s, f| unsafe {
        vantay_writer_commit(s.out("writer", f.writer), s.out_if_wanted("commit", &mut zero()))
    }),
    ("vantay_writer_remove", |s, f| unsafe {
        let (writer, id) = (s.out("writer", f.writer), s.needed("personal_id", c"nobody".as_ptr()));
        vantay_writer_remove(writer, id, s.out_if_wanted("removed", &mut 0))
    }),
    ("vantay_writer_compact", |s, f| unsafe { vantay_writer_compact(s.out("writer", f.writer)) }),
    ("vantay_search_new", |s, f| unsafe {
        let options = vantay_search_options_t {
            policy: s.wanted("policy", null()),
            face_calibration: s.wanted("face_calibration", null()),
            finger_calibration: s.wanted("finger_calibration", null()),
            ..zero()
        };
        let (gallery, options) = (s.needed("gallery", f.gallery), s.wanted("options", &options));
        vantay_search_new(gallery, options, s.out("search", &mut null_mut()))
    }),
    ("vantay_verify", |s, f| unsafe {
        let fingers = [finger(s)];
        let claim =
            vantay_registration_t { personal_id: s.needed("personal_id", ID.as_ptr()), ..f.spoilt_probe(s, &fingers) };
        let (search, claim) = (s.needed("search", f.search), s.needed("claim", &claim));
        vantay_verify(search, claim, s.out("verification", &mut zero()))
    }),
    ("vantay_verify_line", |s, f| unsafe {
        let (line, length) = (s.needed("line", f.line.as_ptr()), s.length("line", f.line.count_bytes()));
        vantay_verify_line(s.needed("search", f.search), line, length, s.out("verification", &mut zero()))
    }),
    ("vantay_identify", |s, f| unsafe {
        let (fingers, options) = ([finger(s)], identify_options(s, f));
        let probe = f.spoilt_probe(s, &fingers);
        let (probes, count) = (s.needed("probes", &probe), s.length("probes", 1));
        let (search, options) = (s.needed("search", f.search), s.needed("options", &options));
        vantay_identify(search, probes, count, options, s.out("candidates", &mut null_mut()))
    }),
    ("vantay_identify_line", |s, f| unsafe {
        let (line, length) = (s.needed("line", f.line.as_ptr()), s.length("line", f.line.count_bytes()));
        let options = identify_options(s, f);
        let (search, options) = (s.needed("search", f.search), s.needed("options", &options));
        vantay_identify_line(search, line, length, options, s.out("candidates", &mut null_mut()))
    }),
    ("vantay_candidates_count", |s, f| unsafe {
        vantay_candidates_count(s.needed("candidates", f.candidates), 0, s.out("count", &mut 0))
    }),
    ("vantay_candidates_get", |s, f| unsafe {
        vantay_candidates_get(s.needed("candidates", f.candidates), 0, 0, s.out("candidate", &mut zero()))
    }),
    ("vantay_deduplicate", |s, f| unsafe {
        let options = deduplicate_options(s, f);
        let (search, against) = (s.needed("search", f.search), s.wanted("against", f.search));
        let (options, pair) = (s.wanted("options", &options), s.function("pair", no_pair as _));
        vantay_deduplicate(search, against, options, pair, null_mut())
    }),
    ("vantay_duplicates_find", |s, f| unsafe {
        let options = deduplicate_options(s, f);
        let (search, against) = (s.needed("search", f.search), s.wanted("against", f.search));
        let options = s.wanted("options", &options);
        vantay_duplicates_find(search, against, options, s.out("duplicates", &mut null_mut()))
    }),
    ("vantay_duplicates_count", |s, f| unsafe {
        let (found, pairs) = (s.needed("duplicates", f.duplicates), s.out_if_wanted("pairs", &mut 0));
        let matches = s.out_if_wanted("matches", &mut 0);
        vantay_duplicates_count(found, pairs, matches, s.out_if_wanted("clusters", &mut 0))
    }),
    ("vantay_duplicates_next", |s, f| unsafe {
        vantay_duplicates_next(s.out("duplicates", f.duplicates), s.out("pair", &mut zero()))
    }),
    ("vantay_stop_new", |s, _| unsafe { vantay_stop_new(s.out("stop", &mut null_mut())) }),
    ("vantay_stop_set", |s, f| unsafe { vantay_stop_set(s.needed("stop", f.stop), false) }),
    ("vantay_calibration_read", |s, f| unsafe {
        let path = f.file("no calibration");
        vantay_calibration_read(s.needed("path", path.as_ptr()), s.out("calibration", &mut null_mut()))
    }),
    ("vantay_calibration_shipped", |s, _| unsafe {
        let model = s.wanted("face_model", c"no such model".as_ptr());
        vantay_calibration_shipped(model, s.out("calibration", &mut null_mut()))
    }),
    ("vantay_calibration_fit", |s, _| unsafe {
        let scores = [0.0, 1.0];
        let (genuine, genuine_count) = (s.needed("genuine", scores.as_ptr()), s.length("genuine", 2));
        let (impostor, impostor_count) = (s.needed("impostor", scores.as_ptr()), s.length("impostor", 2));
        let (system, data) = (s.needed("system", c"m".as_ptr()), s.needed("data", c"d".as_ptr()));
        let out = s.out("calibration", &mut null_mut());
        vantay_calibration_fit(genuine, genuine_count, impostor, impostor_count, system, data, out)
    }),
    ("vantay_calibration_write", |s, f| unsafe {
        let path = f.file("calibration.json");
        vantay_calibration_write(s.needed("calibration", f.calibration), s.needed("path", path.as_ptr()))
    }),
    ("vantay_calibration_threshold", |s, f| unsafe {
        vantay_calibration_threshold(s.needed("calibration", f.calibration), 1e-3, s.out("score", &mut 0.0))
    }),
    ("vantay_calibration_rates", |s, f| unsafe {
        vantay_calibration_rates(s.needed("calibration", f.calibration), 20.0, s.out("rates", &mut zero()))
    }),
    ("vantay_policy_read", |s, _| unsafe {
        vantay_policy_read(s.wanted("path", c"no policy".as_ptr()), s.out("policy", &mut null_mut()))
    }),
    ("vantay_policy_write", |s, f| unsafe {
        let path = f.file("policy.json");
        vantay_policy_write(s.needed("policy", f.policy), s.needed("path", path.as_ptr()))
    }),
    ("vantay_policy_decide", |s, f| unsafe {
        let evidence = vantay_evidence_t {
            face: f64::NAN,
            fingers: [f64::NAN; 11],
            face_calibration: s.wanted("face_calibration", f.calibration),
            finger_calibration: s.wanted("finger_calibration", f.calibration),
            subjects: 1,
        };
        let (policy, evidence) = (s.needed("policy", f.policy), s.needed("evidence", &evidence));
        vantay_policy_decide(policy, VANTAY_PURPOSE_VERIFY, evidence, s.out("decision", &mut 0))
    }),
];

pub type Free = fn(usize);

/// Frees, each tried with NULL and with an address that no handle can have.
pub const FREES: &[(&str, Free)] = &[
    ("vantay_gallery_free", |at| unsafe { vantay_gallery_free(at as *mut _) }),
    ("vantay_writer_free", |at| unsafe { vantay_writer_free(at as *mut _) }),
    ("vantay_search_free", |at| unsafe { vantay_search_free(at as *mut _) }),
    ("vantay_candidates_free", |at| unsafe { vantay_candidates_free(at as *mut _) }),
    ("vantay_duplicates_free", |at| unsafe { vantay_duplicates_free(at as *mut _) }),
    ("vantay_stop_free", |at| unsafe { vantay_stop_free(at as *mut _) }),
    ("vantay_calibration_free", |at| unsafe { vantay_calibration_free(at as *mut _) }),
    ("vantay_policy_free", |at| unsafe { vantay_policy_free(at as *mut _) }),
];

pub type Text = fn() -> *const c_char;

pub const TEXTS: &[(&str, Text)] = &[
    ("vantay_version", || vantay_version()),
    ("vantay_result_message", || vantay_result_message(VANTAY_ERROR_NULL)),
    ("vantay_last_detail", || vantay_last_detail()),
];
