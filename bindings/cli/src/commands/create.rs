//! `vantay create`: an empty gallery.

use crate::{failure::Failure, galleries::KeyOptions};
use std::path::PathBuf;
use vantay::{
    gallery::{FaceSpec, Gallery, GalleryError, Options},
    registration::IdScheme,
};

/// Create an empty gallery
#[derive(clap::Args)]
#[command(after_help = "Example:\n  vantay create national --face-model w600k_mbf --face-dim 512\n\nEncrypted:\n  \
                  (umask 077; head -c 32 /dev/urandom > national.key)\n  \
                  vantay create national --face-model w600k_mbf --face-dim 512 --key-file national.key")]
pub struct Create {
    /// The new directory
    gallery: PathBuf,
    /// How personal IDs are formed: Vietnam's twelve digits, or any 1 to 64 bytes without control characters
    #[arg(long, value_enum, default_value = "vn")]
    id: Scheme,
    /// The embedding model of the portraits; without one the gallery takes fingers only
    #[arg(long, value_name = "NAME", requires = "face_dim")]
    face_model: Option<String>,
    /// Components of an embedding, 16 to 4096
    #[arg(long, value_name = "D", requires = "face_model")]
    face_dim: Option<usize>,
    #[command(flatten)]
    key: KeyOptions,
}

#[derive(clap::ValueEnum, Clone, Copy)]
enum Scheme {
    Vn,
    Opaque,
}

impl Create {
    pub fn run(self) -> Result<(), Failure> {
        let id_scheme = match self.id {
            Scheme::Vn => IdScheme::Vietnam,
            Scheme::Opaque => IdScheme::Opaque,
        };
        let face =
            self.face_model.zip(self.face_dim).map(|(model, dimension)| FaceSpec { model: model.into(), dimension });
        let read = self.key.options()?;
        Gallery::create(&self.gallery, Options { id_scheme, face, read }).map_err(|error| match error {
            GalleryError::Option { .. } => Failure::usage(error),
            _ => Failure::run(error),
        })?;
        Ok(())
    }
}
