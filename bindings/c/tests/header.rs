//! The header says what the library exports.
#![allow(clippy::unwrap_used, reason = "a test")]

use std::{fs, path::Path};

/// In the order in which a reader of the header wants them.
const SOURCES: [&str; 15] = [
    "results",
    "outcome",
    "library",
    "templates",
    "stop",
    "gallery",
    "registration",
    "writer",
    "scores",
    "search",
    "verify",
    "identify",
    "deduplicate",
    "calibration",
    "policy",
];
/// Sources without exports.
const OTHERS: [&str; 3] = ["arguments", "lib", "refusals"];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn sources() -> impl Iterator<Item = std::path::PathBuf> {
    SOURCES.into_iter().map(|name| root().join("src").join(name).with_extension("rs"))
}

#[test]
fn the_header_is_up_to_date() {
    let mut config = cbindgen::Config::from_file(root().join("cbindgen.toml")).unwrap();
    config.after_includes = config.after_includes.map(|text| text.replace("@VERSION@", env!("CARGO_PKG_VERSION")));
    let builder = sources().fold(cbindgen::Builder::new().with_config(config), |b, source| b.with_src(source));
    let mut generated = Vec::new();
    builder.generate().unwrap().write(&mut generated);
    let generated = String::from_utf8(generated).unwrap();
    let path = root().join("include/vantay.h");
    if std::env::var_os("VANTAY_REGENERATE").is_some() {
        fs::write(&path, &generated).unwrap();
    }
    let committed = fs::read_to_string(&path).unwrap_or_default();
    assert!(
        committed == generated,
        "vantay.h is out of date: run `VANTAY_REGENERATE=1 cargo test -p vantay-c --test header`"
    );
}

#[test]
fn no_source_is_left_out() {
    let mut found: Vec<String> = fs::read_dir(root().join("src"))
        .unwrap()
        .map(|entry| entry.unwrap().path().file_stem().unwrap().to_string_lossy().into_owned())
        .collect();
    let mut known: Vec<&str> = SOURCES.into_iter().chain(OTHERS).collect();
    found.sort_unstable();
    known.sort_unstable();
    assert_eq!(found, known);
}
