//! Every test there is.

use crate::{
    c, python,
    run::{Outcome, cargo, run},
    story,
};

/// Runs them all, cheapest first.
pub fn all() -> Outcome {
    run(cargo(&["test", "--workspace", "--lib", "--bins", "--tests"]))?;
    run(cargo(&["test", "--workspace", "--doc"]))?;
    python::test()?;
    c::test(false)?;
    story::test()
}
