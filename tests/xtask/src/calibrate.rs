//! The shipped calibration of fingerprints, and what its rates are worth.

use crate::run::{Outcome, cargo, root, run};

/// Scores every set by networks that have not seen its sensor, fits the shipped files, and prints both tables.
pub fn all() -> Outcome {
    let folder = root().join("target/held-out");
    let folder = folder.to_string_lossy();
    run(cargo(&["bench", "--bench", "fingerprint_train", "--", "held-out", &folder]))?;
    for what in ["shipped", "left-out", "fusion"] {
        run(cargo(&["bench", "--bench", "decision", "--", what, &folder]))?;
    }
    Ok(())
}
