//! What must hold of the source besides passing its tests.

use crate::{
    python,
    run::{Outcome, cargo, run},
};

/// Runs all checks, quickest first.
pub fn all() -> Outcome {
    run(cargo(&["fmt", "--all", "--check"]))?;
    run(cargo(&["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"]))?;
    let mut doc = cargo(&["doc", "--workspace", "--no-deps", "--document-private-items"]);
    doc.env("RUSTDOCFLAGS", "-D warnings");
    run(doc)?;
    // The whole workspace, so that nothing is built anew with fewer features.
    run(cargo(&["test", "--workspace", "--test", "house"]))?;
    python::lint()
}
