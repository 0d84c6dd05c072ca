//! Runs the command, as its users do.

use std::process::{Command, Output};

pub fn vantay(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_vantay")).args(arguments).output().expect("the command starts")
}

pub fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).expect("output is text")
}

/// Runs a command that has to succeed and returns its standard output.
pub fn done(arguments: &[&str]) -> String {
    let output = vantay(arguments);
    assert_eq!(output.status.code(), Some(0), "{arguments:?}: {}", text(&output.stderr));
    text(&output.stdout)
}

/// Runs a command that has to fail with `status` and returns what it says on standard error.
pub fn refused(status: i32, arguments: &[&str]) -> String {
    let output = vantay(arguments);
    let said = text(&output.stderr);
    assert_eq!(output.status.code(), Some(status), "{arguments:?}: {said}");
    said
}
