//! Where results go: NDJSON, one object a line, or CSV, to standard output or a file.

use crate::failure::Failure;
use serde::Serialize;
use std::{
    fs::File,
    io::{self, BufWriter, Write},
    path::{Path, PathBuf},
};

/// Where and how results are written.
#[derive(clap::Args, Clone, Debug)]
pub struct OutputOptions {
    /// Write results to FILE instead of standard output
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
}

/// An open destination of results.
pub struct Output {
    name: PathBuf,
    writer: BufWriter<Box<dyn Write + Send>>,
}

impl Output {
    /// Opens the file, or standard output if there is none.
    pub fn open(path: Option<&Path>) -> Result<Self, Failure> {
        let writer: Box<dyn Write + Send> = match path {
            Some(path) => Box::new(File::create(path).map_err(|error| Failure::file(path, error))?),
            None => Box::new(io::stdout()),
        };
        let name = path.map_or_else(|| "standard output".into(), Path::to_path_buf);
        Ok(Output { name, writer: BufWriter::with_capacity(1 << 16, writer) })
    }

    /// Writes one object as a line of JSON.
    pub fn object(&mut self, object: &impl Serialize) -> Result<(), Failure> {
        let line = simd_json::to_string(object).map_err(Failure::run)?;
        self.line(&line)
    }

    /// Writes one line.
    pub fn line(&mut self, line: &str) -> Result<(), Failure> {
        let written = self.writer.write_all(line.as_bytes()).and_then(|()| self.writer.write_all(b"\n"));
        written.map_err(|error| self.failure(error))
    }

    /// Makes sure that everything is written.
    pub fn close(mut self) -> Result<(), Failure> {
        self.writer.flush().map_err(|error| self.failure(error))
    }

    fn failure(&self, error: io::Error) -> Failure {
        match error.kind() {
            // `vantay … | head` is a fine way to use the command.
            io::ErrorKind::BrokenPipe => Failure::run(""),
            _ => Failure::file(&self.name, error),
        }
    }
}
