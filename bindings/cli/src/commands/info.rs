//! `vantay info`: what a gallery holds.

use crate::{failure::Failure, galleries::KeyOptions, output::Output};
use serde::Serialize;
use std::path::PathBuf;
use vantay::registration::IdScheme;

/// Say what a gallery holds, as one object
#[derive(clap::Args)]
#[command(after_help = "Example:\n  vantay info national | jq .registrations")]
pub struct Info {
    /// The gallery
    gallery: PathBuf,
    #[command(flatten)]
    key: KeyOptions,
}

#[derive(Serialize)]
struct Report {
    registrations: u64,
    subjects: u64,
    segments: usize,
    bytes: u64,
    commit: u64,
    removed_rows: u64,
    encrypted: bool,
    id: &'static str,
    face_model: Option<String>,
    face_dim: Option<usize>,
    simd: String,
}

impl Info {
    pub fn run(self) -> Result<(), Failure> {
        let info = self.key.open(&self.gallery)?.snapshot().info();
        let mut output = Output::open(None)?;
        output.object(&Report {
            registrations: info.registrations,
            subjects: info.subjects,
            segments: info.segments,
            bytes: info.bytes,
            commit: info.commit,
            removed_rows: info.removed_rows,
            encrypted: info.encrypted,
            id: match info.id_scheme {
                IdScheme::Vietnam => "vn",
                _ => "opaque",
            },
            face_model: info.face.as_ref().map(|face| face.model.to_string()),
            face_dim: info.face.as_ref().map(|face| face.dimension),
            simd: vantay::simd::Level::chosen().map_err(Failure::usage)?.to_string(),
        })?;
        output.close()
    }
}
