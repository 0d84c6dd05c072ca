//! The codecs against records that others made, against damage, and against themselves.
#![allow(clippy::unwrap_used)]

mod conversion;
mod damage;
mod properties;
mod vectors;

use std::path::PathBuf;

/// A folder of the shared data, or `None`, said by the test's name, where there is none.
fn data(test: &str, folder: &str) -> Option<PathBuf> {
    let default = concat!(env!("CARGO_MANIFEST_DIR"), "/../shared/data");
    let path = std::env::var_os("VANTAY_DATA").map_or_else(|| default.into(), PathBuf::from).join(folder);
    if path.is_dir() {
        return Some(path);
    }
    eprintln!("skipped: {test}: no data at {}", path.display());
    None
}

/// The example records by name, with what `read` takes them for.
fn examples(test: &str) -> Vec<(&'static str, vantay::template::Format, Vec<u8>)> {
    use vantay::template::Format::*;
    let Some(folder) = data(test, "vectors") else { return Vec::new() };
    [
        ("fingerprintio/ansi378v2004-sample.dat", Incits378V2004),
        ("fingerprintio/ansi378v2009-sample.dat", Incits378V2009),
        ("fingerprintio/ansi378v2009am1-sample.dat", Incits378V2009Am1),
        ("fingerprintio/iso19794p2v2005-sample.dat", Iso19794V2005),
        ("fingerprintio/iso19794p2v2011-sample.dat", Iso19794V2011),
        ("biomdi/ansi-incits-378-2004-annex-b2.raw", Incits378V2004),
        ("biomdi/iso-19794-2-2005-annex-c2.raw", Iso19794V2005),
    ]
    .map(|(name, format)| (name, format, std::fs::read(folder.join(name)).unwrap()))
    .into()
}

/// Every file below a folder with this ending.
fn files(folder: &std::path::Path, ending: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path, ending));
        } else if path.extension().is_some_and(|e| e == ending) {
            found.push(path);
        }
    }
    found.sort();
    found
}
