//! Galleries named on the command line, and how they are searched.

use crate::failure::Failure;
use std::path::{Path, PathBuf};
use vantay::{
    gallery::{Gallery, GalleryError, Key, ReadOptions, Snapshot},
    registration::{FaceModel, FeedOptions},
    search::{FingerMatching, Modality},
};

/// The key of an encrypted gallery.
#[derive(clap::Args, Clone, Debug)]
pub struct KeyOptions {
    /// The key of an encrypted gallery: a file of 32 random bytes, or of 64 hexadecimal digits, that only you can read
    #[arg(long, value_name = "FILE")]
    key_file: Option<PathBuf>,
}

impl KeyOptions {
    /// How a gallery with this key is opened.
    pub fn options(&self) -> Result<ReadOptions, Failure> {
        options(self.key_file.as_deref())
    }

    /// Opens a gallery. That there is none, or that the key is not its key, is wrong usage; damage is a failed run.
    pub fn open(&self, path: &Path) -> Result<Gallery, Failure> {
        open(path, self.options()?)
    }
}

/// How a gallery whose key is in a file is opened.
pub fn options(key_file: Option<&Path>) -> Result<ReadOptions, Failure> {
    let key = key_file.map(Key::read).transpose().map_err(Failure::usage)?;
    Ok(ReadOptions { key, ..ReadOptions::default() })
}

/// Opens a gallery and says on standard error what there is to know of it.
pub fn open(path: &Path, options: ReadOptions) -> Result<Gallery, Failure> {
    let gallery = Gallery::open_with(path, options).map_err(|error| match error {
        GalleryError::NotAGallery { .. }
        | GalleryError::Encrypted { .. }
        | GalleryError::WrongKey { .. }
        | GalleryError::NotEncrypted { .. } => Failure::usage(error),
        _ => Failure::run(error),
    })?;
    gallery.warnings().iter().for_each(|warning| eprintln!("vantay: {warning}"));
    Ok(gallery)
}

/// What a feed has to be like for a gallery.
pub fn feed_options(snapshot: &Snapshot) -> FeedOptions {
    let face_model =
        snapshot.face().map(|face| FaceModel { name: face.model.as_ref().into(), dimension: face.dimension });
    FeedOptions { id_scheme: snapshot.id_scheme(), face_model, ..FeedOptions::default() }
}

/// Which parts are compared.
#[derive(clap::Args, Clone, Debug)]
pub struct Parts {
    /// Which parts of a probe are used [default: what it has]
    #[arg(long, value_enum, default_value = "both", hide_default_value = true)]
    modality: ModalityName,
    /// Compare fingers of the same position, or any with any
    #[arg(long, value_enum, default_value = "same")]
    fingers: FingersName,
}

#[derive(clap::ValueEnum, Clone, Copy, Debug)]
enum ModalityName {
    Face,
    Fingerprint,
    Both,
}

#[derive(clap::ValueEnum, Clone, Copy, Debug)]
enum FingersName {
    Same,
    Any,
}

impl Parts {
    pub fn modality(&self) -> Modality {
        match self.modality {
            ModalityName::Face => Modality::Face,
            ModalityName::Fingerprint => Modality::Fingerprint,
            ModalityName::Both => Modality::Both,
        }
    }

    pub fn matching(&self) -> FingerMatching {
        match self.fingers {
            FingersName::Same => FingerMatching::Same,
            FingersName::Any => FingerMatching::Any,
        }
    }
}
