//! The `vantay` command.
fn main() {}
