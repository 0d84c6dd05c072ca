//! The commands that build, test and measure Vantay.
fn main() {}
