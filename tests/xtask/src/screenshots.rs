//! The README's pictures of the report, from people who do not exist.

use crate::run::{Outcome, cargo, root, run};

/// Takes them all with headless Chromium, by the driver that tests the report.
pub fn all() -> Outcome {
    let picture = ["--", "--ignored", "--exact", "the_pictures_of_the_readme"];
    let mut cargo =
        cargo(&[&["test", "--release", "--package", "vantay-cli", "--test", "report"], &picture[..]].concat());
    cargo.env("VANTAY_PICTURES", root().join("datasets"));
    run(cargo)
}
