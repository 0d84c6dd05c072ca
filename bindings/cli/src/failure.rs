//! How a command ends when it does not end well.

use std::{fmt, io, process::ExitCode};

/// A message for standard error and the exit status that goes with it.
#[derive(Debug)]
pub struct Failure {
    status: u8,
    message: String,
}

impl Failure {
    /// The run did not complete, or data is damaged.
    pub fn run(message: impl fmt::Display) -> Self {
        Failure { status: 1, message: message.to_string() }
    }

    /// The command was called wrongly.
    pub fn usage(message: impl fmt::Display) -> Self {
        Failure { status: 2, message: message.to_string() }
    }

    /// A file could not be read or written.
    pub fn file(path: &std::path::Path, error: io::Error) -> Self {
        Failure::run(format_args!("{}: {error}", path.display()))
    }

    /// Says it on standard error and gives the exit status. A reader that went away is no failure worth a message.
    pub fn report(self) -> ExitCode {
        if !self.message.is_empty() {
            eprintln!("vantay: {}", self.message);
        }
        ExitCode::from(self.status)
    }
}

impl From<vantay::Error> for Failure {
    fn from(error: vantay::Error) -> Self {
        Failure::run(error)
    }
}
