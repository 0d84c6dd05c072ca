//! The gallery that the targets change: the one of format 1.0 that every version reads.

use std::{fs, path::Path};
use vantay::gallery::{Checking, Privacy, ReadOptions};

/// Its manifest.
pub const MANIFEST: &[u8] = include_bytes!("../../golden/gallery-1.0/manifest");
/// Its segment, of six registrations.
pub const SEGMENT: &[u8] = include_bytes!("../../golden/gallery-1.0/segment-0000000001");
/// Which of the six live: all but the third.
const LIVE: &[u8] = include_bytes!("../../golden/gallery-1.0/live-0000000001-0000000002");

/// Puts a gallery of a manifest and a segment into a directory.
pub fn write(directory: &Path, manifest: &[u8], segment: &[u8]) {
    fs::write(directory.join("manifest"), manifest).unwrap();
    fs::write(directory.join("segment-0000000001"), segment).unwrap();
    fs::write(directory.join("live-0000000001-0000000002"), LIVE).unwrap();
}

/// How it is opened: the files are as private as the test's directory.
pub fn options(checking: Checking) -> ReadOptions {
    ReadOptions { checking, privacy: Privacy::Warned, ..ReadOptions::default() }
}

/// A manifest's first line for a body.
pub fn signed(body: &[u8]) -> Vec<u8> {
    let line = format!("VANTAY-GALLERY 1.0 crc32c={:08x} length={}\n", crc32c::crc32c(body), body.len());
    [line.as_bytes(), body].concat()
}

/// The manifest's body.
pub fn body() -> &'static [u8] {
    let line = MANIFEST.iter().position(|&byte| byte == b'\n').unwrap();
    &MANIFEST[line + 1..]
}
