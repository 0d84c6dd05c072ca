//! Galleries named on the command line, and how they are searched.

use crate::failure::Failure;
use std::path::Path;
use vantay::{
    gallery::{Gallery, GalleryError, Snapshot},
    registration::{FaceModel, FeedOptions},
    search::{FingerMatching, Modality},
};

/// Opens a gallery. That there is none is wrong usage, damage is a failed run.
pub fn open(path: &Path) -> Result<Gallery, Failure> {
    Gallery::open(path).map_err(|error| match error {
        GalleryError::NotAGallery { .. } => Failure::usage(error),
        _ => Failure::run(error),
    })
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
