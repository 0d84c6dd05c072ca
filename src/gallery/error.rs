//! What can be wrong with a gallery, and why a registration is not taken.

use crate::registration::FeedError;
use std::{io, path::PathBuf, sync::Arc};

/// A gallery that could not be created, opened, read or written. Every variant names the file or directory.
///
/// Cheap to clone: a failed background write is reported by every later call of its writer.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum GalleryError {
    /// The operating system refused an operation.
    #[error("{}: cannot {action}: {source}", path.display())]
    Io {
        /// The file or directory.
        path: PathBuf,
        /// What was attempted.
        action: &'static str,
        /// The system's answer.
        source: Arc<io::Error>,
    },
    /// Bytes of a file are not what was written.
    #[error("{}: damaged at byte {offset} ({part}): {reason}", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// Where the damage was seen, in bytes from the start of the file.
        offset: u64,
        /// The part of the file: a column by name, the header, the table.
        part: String,
        /// What was seen.
        reason: String,
    },
    /// A file that the manifest names is not there.
    #[error("{}: missing, though commit {commit} names it", path.display())]
    Missing {
        /// The file.
        path: PathBuf,
        /// The commit of the manifest.
        commit: u64,
    },
    /// The directory holds no gallery.
    #[error("{}: no gallery here (no manifest)", path.display())]
    NotAGallery {
        /// The directory.
        path: PathBuf,
    },
    /// The directory for a new gallery holds something already.
    #[error("{}: exists and is not empty", path.display())]
    Exists {
        /// The directory.
        path: PathBuf,
    },
    /// The gallery was written by a later version of the library.
    #[error("{}: format {found} is newer than {supported}, the newest this version reads", path.display())]
    Newer {
        /// The file.
        path: PathBuf,
        /// The version of the file, `major.minor`.
        found: String,
        /// The newest version that is read.
        supported: String,
    },
    /// The gallery uses a feature that this version does not know.
    #[error("{}: needs the feature \"{feature}\", which this version lacks", path.display())]
    Feature {
        /// The file.
        path: PathBuf,
        /// The feature's name.
        feature: String,
    },
    /// Another writer holds the gallery.
    #[error("{}: locked by a writer, process {}", path.display(), holder.map_or("unknown".into(), |id| id.to_string()))]
    Locked {
        /// The directory.
        path: PathBuf,
        /// The process that holds the lock, where it said so.
        holder: Option<u32>,
    },
    /// Others than the owner can read a file, and the caller did not allow it.
    #[error("{}: others than the owner have access (mode {mode:03o}); expected 600 for files, 700 for the directory", path.display())]
    NotPrivate {
        /// The file or directory.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// The gallery is encrypted and no key was given.
    #[error("{}: encrypted; its key is needed", path.display())]
    Encrypted {
        /// The directory.
        path: PathBuf,
    },
    /// The gallery is encrypted by another key.
    #[error("{}: the key is not the one that the gallery was created with", path.display())]
    WrongKey {
        /// The directory.
        path: PathBuf,
    },
    /// A key was given for a gallery that is not encrypted: not what the caller believes it is.
    #[error("{}: not encrypted, though a key was given", path.display())]
    NotEncrypted {
        /// The directory.
        path: PathBuf,
    },
    /// A file that should hold a key does not.
    #[error("{}: expected a key: 32 bytes, or 64 hexadecimal digits", path.display())]
    NoKey {
        /// The file.
        path: PathBuf,
    },
    /// An option is out of its range.
    #[error("{reason}")]
    Option {
        /// What is wrong with it.
        reason: &'static str,
    },
    /// An earlier operation of this writer failed; it takes no more. What was committed before stands.
    #[error("the writer stopped after an error: {0}")]
    Stopped(Box<GalleryError>),
}

impl GalleryError {
    pub(crate) fn io(path: impl Into<PathBuf>, action: &'static str) -> impl FnOnce(io::Error) -> GalleryError {
        let path = path.into();
        move |source| GalleryError::Io { path, action, source: Arc::new(source) }
    }

    /// Whether the bytes on disk are at fault, not the caller or the system.
    pub fn is_damage(&self) -> bool {
        matches!(self, GalleryError::Damaged { .. } | GalleryError::Missing { .. })
    }
}

/// Why a registration was not enrolled. Its neighbours are not affected.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Rejection {
    /// A registration of this name is committed, or was enrolled before by the same writer.
    #[error("registration {registration} exists{}", if *.staged { " in this run" } else { "" })]
    Exists {
        /// The registration's name.
        registration: String,
        /// It is not committed yet: it came earlier in the same run.
        staged: bool,
    },
    /// The portrait's embedding is of another model than the gallery's.
    #[error("registration {registration}: embedding of model \"{found}\", the gallery holds \"{expected}\"")]
    Model {
        /// The registration's name.
        registration: String,
        /// The gallery's model.
        expected: String,
        /// The record's model.
        found: String,
    },
    /// The portrait's embedding has another dimension than the gallery's.
    #[error("registration {registration}: embedding of {found} dimensions, the gallery holds {expected}")]
    Dimension {
        /// The registration's name.
        registration: String,
        /// The gallery's dimension.
        expected: usize,
        /// The record's dimension.
        found: usize,
    },
    /// The gallery was created without a face model and the record has a portrait.
    #[error("registration {registration}: has a portrait, the gallery was created without a face model")]
    NoFaces {
        /// The registration's name.
        registration: String,
    },
    /// The personal ID does not follow the gallery's scheme.
    #[error("registration {registration}: {reason}")]
    PersonalId {
        /// The registration's name.
        registration: String,
        /// What is wrong with it.
        reason: Arc<FeedError>,
    },
    /// The registration has neither a portrait nor a captured finger.
    #[error("registration {registration}: no usable template")]
    Empty {
        /// The registration's name.
        registration: String,
    },
    /// The registration has more than a gallery stores of one registration.
    #[error("registration {registration}: {reason}")]
    TooLarge {
        /// The registration's name.
        registration: String,
        /// What there is too much of.
        reason: &'static str,
    },
    /// A missing finger without a position or a reason: no feed could say it.
    #[error("registration {registration}: a missing finger needs a position from 1 to 10 and a reason")]
    MissingFinger {
        /// The registration's name.
        registration: String,
    },
    /// The gallery failed, not the registration: nothing more can be enrolled by this writer.
    #[error(transparent)]
    Failed(#[from] GalleryError),
}

impl Rejection {
    /// Whether the gallery failed, so that no other registration would be taken either.
    pub fn is_fatal(&self) -> bool {
        matches!(self, Rejection::Failed(_))
    }
}
