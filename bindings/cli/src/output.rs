//! Where results go: NDJSON, one object a line, or CSV, to standard output or a file.

use crate::{
    failure::Failure,
    files::{self, Written},
};
use serde::Serialize;
use std::{
    io::{self, BufWriter, Write},
    path::{Path, PathBuf},
};

/// Where and how results are written.
#[derive(clap::Args, Clone, Debug)]
pub struct OutputOptions {
    /// Write results to FILE instead of standard output
    #[arg(long, value_name = "FILE")]
    pub out: Option<Written>,
    /// One JSON object a line, or a table
    #[arg(long, value_enum, default_value = "ndjson")]
    pub format: Format,
}

/// How results are written.
#[derive(clap::ValueEnum, Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Format {
    /// One JSON object a line.
    #[default]
    Ndjson,
    /// Comma-separated values with a heading; what nests is left out.
    Csv,
}

/// A result that fits a row of a table.
pub trait Flat: Serialize {
    /// The row, with the names of its columns.
    type Row: Serialize;

    /// What of the result is flat: one row, or one for each candidate.
    fn rows(&self) -> Vec<Self::Row>;
}

/// An open destination of results.
pub struct Output {
    name: PathBuf,
    writer: BufWriter<Box<dyn Write + Send>>,
    format: Format,
    /// The heading of the table is written.
    headed: bool,
}

impl Output {
    /// Opens the file, or standard output if there is none.
    pub fn open(path: Option<&Path>) -> Result<Self, Failure> {
        let writer: Box<dyn Write + Send> = match path {
            Some(path) => Box::new(files::create(path)?),
            None => Box::new(io::stdout()),
        };
        let name = path.map_or_else(|| "standard output".into(), Path::to_path_buf);
        Ok(Output { name, writer: BufWriter::with_capacity(1 << 16, writer), format: Format::Ndjson, headed: false })
    }

    /// Opens the destination that options name.
    pub fn of(options: &OutputOptions) -> Result<Self, Failure> {
        Ok(Output { format: options.format, ..Output::open(options.out.as_deref())? })
    }

    /// Writes one result in the format that was asked for.
    pub fn result<T: Flat>(&mut self, result: &T) -> Result<(), Failure> {
        if self.format == Format::Ndjson {
            return self.object(result);
        }
        let mut table = csv::WriterBuilder::new().has_headers(!self.headed).from_writer(Vec::new());
        for row in result.rows() {
            table.serialize(row).map_err(Failure::run)?;
            self.headed = true;
        }
        let text = table.into_inner().map_err(|error| Failure::run(error.error()))?;
        self.writer.write_all(&text).map_err(|error| self.failure(error))
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
