//! Every test there is.

use crate::run::{Outcome, cargo, run};

/// Runs them all, cheapest first.
pub fn all() -> Outcome {
    run(cargo(&["test", "--workspace", "--lib", "--bins", "--tests"]))?;
    run(cargo(&["test", "--workspace", "--doc"]))
}
