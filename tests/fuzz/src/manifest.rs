//! The manifest: what it says is what a plain reader of JSON finds, and what no gallery could be is refused as damage.
//!
//! The first byte chooses: an even one, and the rest is the file as it is; an odd one, and the rest is a body under a first line that fits.

use super::golden;
use serde_json::Value;
use vantay::gallery::{Checking, Gallery, GalleryError};

/// Checks any bytes.
pub fn check(bytes: &[u8]) {
    let Some((choice, rest)) = bytes.split_first() else { return };
    let manifest = if choice % 2 == 0 { rest.to_vec() } else { golden::signed(rest) };
    let directory = tempfile::tempdir().unwrap();
    golden::write(directory.path(), &manifest, golden::SEGMENT);
    match Gallery::open_with(directory.path(), golden::options(Checking::OnFirstUse)) {
        Ok(gallery) => {
            let info = gallery.snapshot().info();
            let plain = plain(&manifest).expect("a plain reader reads it too");
            // The library takes -0 for 0.
            let zero = |value: &Value| (value.as_f64() == Some(0.0)).then_some(0);
            let number = |value: &Value| value.as_u64().or_else(|| zero(value)).expect("a number");
            assert_eq!(info.commit, number(&plain["commit"]));
            assert_eq!(info.registrations, number(&plain["registrations"]));
            assert_eq!(info.subjects, number(&plain["subjects"]));
            assert!(info.subjects <= info.registrations);
            let segments = plain["segments"].as_array().expect("an array");
            assert_eq!(info.segments, segments.len());
            assert_eq!(info.bytes, segments.iter().map(|segment| number(&segment["bytes"])).sum::<u64>());
            let lives = |segment: &Value| segment["live"].get("rows").map_or(number(&segment["rows"]), number);
            assert_eq!(info.registrations, segments.iter().map(lives).sum::<u64>());
            let face = info.face.map(|face| (face.model.to_string(), face.dimension as u64));
            let stated = |face: &Value| Some((face["model"].as_str()?.to_owned(), number(&face["dimension"])));
            assert_eq!(face, stated(&plain["face"]));
            for segment in gallery.snapshot().segments() {
                assert_eq!(segment.len(), 6, "the only file there is");
            }
        }
        Err(
            GalleryError::Damaged { .. }
            | GalleryError::Missing { .. }
            | GalleryError::Newer { .. }
            | GalleryError::Feature { .. }
            | GalleryError::Encrypted { .. },
        ) => assert!(manifest != golden::MANIFEST, "the manifest as it was written is refused"),
        Err(other) => panic!("not a reason to refuse a manifest: {other}"),
    }
}

/// The body, if the first line fits it.
fn plain(manifest: &[u8]) -> Option<Value> {
    let text = std::str::from_utf8(manifest).ok()?;
    let (line, body) = text.split_once('\n')?;
    let line_of = |version: &str, before: &[u8]| {
        let checksum = crc32c::crc32c(&[before, body.as_bytes()].concat());
        format!("VANTAY-GALLERY {version} crc32c={checksum:08x} length={}", body.len())
    };
    let fits = line == line_of("1.0", b"") || line == line_of("1.1", b"1.1\n");
    fits.then(|| serde_json::from_str(body).ok())?
}
