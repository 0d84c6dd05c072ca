//! Registrations written as lines of a feed.

use super::source::Compression;
use crate::{
    registration::{Finger, Registration},
    template::{Format, Record},
};
use base64::{Engine, engine::general_purpose::STANDARD};
use serde::Serialize;
use std::{
    fs::{File, OpenOptions},
    io::{self, BufWriter, Write},
    path::Path,
};
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

#[derive(Serialize)]
struct Line<'r> {
    registration: &'r str,
    personal_id: &'r str,
    #[serde(skip_serializing_if = "Option::is_none")]
    captured_at: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    portrait: Option<PortraitField<'r>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    fingers: Vec<FingerField<'r>>,
}

#[derive(Serialize)]
struct PortraitField<'r> {
    model: &'r str,
    embedding: String,
}

#[derive(Serialize)]
#[serde(untagged)]
enum FingerField<'r> {
    Captured { position: u8, format: &'static str, template: String },
    Missing { position: u8, missing: &'r str },
}

/// Writes `registration` as one line of a feed: embeddings as base64 of little-endian f32, fingers as ISO/IEC 19794-2:2005
/// records of one view.
///
/// ```
/// # use vantay::registration::{FeedOptions, parse_line, write_line};
/// let line = format!(
///     r#"{{"registration": "R1", "personal_id": "001204000257", "portrait": {{"model": "m", "embedding": {:?}}}}}"#,
///     [1.0; 16]
/// );
/// let registration = parse_line(line.as_bytes(), &FeedOptions::default())?;
/// let mut written = Vec::new();
/// write_line(&registration, &mut written)?;
/// assert_eq!(parse_line(&written, &FeedOptions::default())?, registration);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// Those of `out`; [`io::ErrorKind::InvalidData`] if a template does not fit the format, or the year has more than four
/// digits.
pub fn write_line(registration: &Registration, out: &mut impl Write) -> io::Result<()> {
    let portrait = registration.portrait.as_ref().map(|portrait| PortraitField {
        model: &portrait.model,
        embedding: STANDARD.encode(bytemuck::cast_slice::<f32, u8>(portrait.embedding.as_slice())),
    });
    let line = Line {
        registration: registration.id.as_str(),
        personal_id: registration.personal_id.as_str(),
        captured_at: registration.captured_at.map(time_text).transpose()?,
        portrait,
        fingers: registration.fingers.iter().map(finger_field).collect::<io::Result<_>>()?,
    };
    simd_json::to_writer(&mut *out, &line).map_err(io::Error::other)?;
    out.write_all(b"\n")
}

fn finger_field(finger: &Finger) -> io::Result<FingerField<'_>> {
    let template = match finger {
        Finger::Missing { position, reason } => {
            return Ok(FingerField::Missing { position: position.number(), missing: reason });
        }
        Finger::Captured(template) => template,
    };
    let bytes = Record::from_templates(Format::Iso19794V2005, std::slice::from_ref(template))
        .and_then(|record| record.to_bytes())
        .map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))?;
    Ok(FingerField::Captured {
        position: template.position().number(),
        format: Format::Iso19794V2005.name(),
        template: STANDARD.encode(bytes),
    })
}

fn time_text(milliseconds: i64) -> io::Result<String> {
    let invalid = |error: Box<dyn std::error::Error + Send + Sync>| io::Error::new(io::ErrorKind::InvalidData, error);
    let time = OffsetDateTime::from_unix_timestamp_nanos(i128::from(milliseconds) * 1_000_000)
        .map_err(|error| invalid(error.into()))?;
    time.format(&Rfc3339).map_err(|error| invalid(error.into()))
}

/// A feed being written to a file, compressed if its name ends in `.gz` or `.zst`. The file is readable by its owner only.
pub struct FeedWriter(Encoder);

enum Encoder {
    Plain(BufWriter<File>),
    Gzip(flate2::write::GzEncoder<BufWriter<File>>),
    Zstd(zstd::Encoder<'static, BufWriter<File>>),
}

impl FeedWriter {
    /// Creates, or overwrites, the feed at `path`.
    ///
    /// # Errors
    /// If the file cannot be created.
    pub fn create(path: impl AsRef<Path>) -> io::Result<Self> {
        let path = path.as_ref();
        let mut open = OpenOptions::new();
        open.write(true).create(true).truncate(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut open, 0o600);
        let file = BufWriter::with_capacity(1 << 20, open.open(path)?);
        Ok(FeedWriter(match Compression::of(path) {
            Compression::Plain => Encoder::Plain(file),
            Compression::Gzip => Encoder::Gzip(flate2::write::GzEncoder::new(file, flate2::Compression::default())),
            Compression::Zstd => Encoder::Zstd(zstd::Encoder::new(file, zstd::DEFAULT_COMPRESSION_LEVEL)?),
        }))
    }

    /// Adds a registration.
    ///
    /// # Errors
    /// Those of [`write_line`].
    pub fn write(&mut self, registration: &Registration) -> io::Result<()> {
        write_line(registration, self)
    }

    /// Ends the feed and makes it durable. A feed that is dropped instead may be cut short.
    ///
    /// # Errors
    /// If what is left cannot be written.
    pub fn finish(self) -> io::Result<()> {
        let file = match self.0 {
            Encoder::Plain(file) => file,
            Encoder::Gzip(encoder) => encoder.finish()?,
            Encoder::Zstd(encoder) => encoder.finish()?,
        };
        file.into_inner().map_err(io::IntoInnerError::into_error)?.sync_all()
    }
}

/// Takes whole lines as text, as [`write_line`] makes them.
impl Write for FeedWriter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match &mut self.0 {
            Encoder::Plain(file) => file.write(bytes),
            Encoder::Gzip(encoder) => encoder.write(bytes),
            Encoder::Zstd(encoder) => encoder.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match &mut self.0 {
            Encoder::Plain(file) => file.flush(),
            Encoder::Gzip(encoder) => encoder.flush(),
            Encoder::Zstd(encoder) => encoder.flush(),
        }
    }
}
