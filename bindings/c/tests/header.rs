//! The header says what the library exports, and every export stands behind the boundary.
#![allow(clippy::unwrap_used, reason = "a test")]

use std::{fs, path::Path};

/// In the order in which a reader of the header wants them.
const SOURCES: [&str; 6] = ["results", "outcome", "compare", "gallery", "registration", "writer"];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn sources() -> impl Iterator<Item = std::path::PathBuf> {
    SOURCES.into_iter().chain(["search"]).map(|name| root().join("src").join(name).with_extension("rs"))
}

#[test]
fn the_header_is_up_to_date() {
    let config = cbindgen::Config::from_file(root().join("cbindgen.toml")).unwrap();
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
fn no_panic_leaves_an_export() {
    for source in sources() {
        let text = fs::read_to_string(&source).unwrap();
        for export in text.split("#[unsafe(no_mangle)]").skip(1) {
            let name = export.split("fn ").nth(1).and_then(|rest| rest.split('(').next()).unwrap();
            let body = export.split("\n}").next().unwrap();
            let is_guarded = body.contains("boundary(|| {") || body.contains("unsafe { free(");
            let is_constant = ["vantay_version", "vantay_result_message", "vantay_last_detail"].contains(&name);
            assert!(is_guarded || is_constant, "{name} in {} has no boundary", source.display());
        }
    }
}
