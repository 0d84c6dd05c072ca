//! The stored references: a directory of immutable segments, mapped and used in place.
//!
//! # Problem
//! Hundreds of millions of templates have to be there at once when a process starts, stay readable while others are enrolled, survive a
//! loss of power, and never be silently wrong.
//!
//! # Method
//! A *segment* holds some registrations as columns, each at a 64-byte boundary, ready for the kernels: the rows of the
//! registrations, the embeddings, for each finger position the minutiae, and columns *derived* from them by whoever
//! searches ([`Derive`]). Segments are written once. The *manifest* names those that make up a commit and is replaced by renaming:
//! a reader sees one commit or the next ([`Snapshot`]), keeps what it has mapped as long as it likes, and goes on with a newer one
//! when it asks ([`Gallery::refresh`]). One [`Writer`] at a time enrols, removes, commits and compacts; threads that each enrol a little share
//! one, and its commits ([`GroupWriter`]).
//!
//! The way of immutable segments with a swapped manifest is that of Lucene and its descendants (tantivy among them).
//!
//! A gallery may be *encrypted*: given a [`Key`], segments are sealed on disk and opened into locked memory instead of a mapping.
//! Templates, what is derived from them to be stored, and everything in which a writer holds them is wiped before its memory is given back
//! (`tests/private_memory.rs` looks); the text of a feed, which came in clear, is not, nor is what a search works out while it runs.
//!
//! # Cost
//! Opening reads a few hundred bytes a segment and maps it; memory does not depend on the size. Enrolling writes each byte once, and once
//! more for each tier through which a small segment is merged.
//!
//! ```
//! use std::sync::Arc;
//! use vantay::gallery::{FaceSpec, Gallery, NothingDerived, Options};
//! use vantay::registration::{IdScheme, PersonalId, Portrait, Registration, RegistrationId};
//! use vantay::template::FaceEmbedding;
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let directory = tempfile::tempdir()?;
//! # let path = directory.path().join("gallery");
//! let face = FaceSpec { model: "w600k_mbf".into(), dimension: 16 };
//! let gallery = Gallery::create(&path, Options { face: Some(face), ..Options::default() })?;
//! let mut writer = gallery.writer(Arc::new(NothingDerived))?;
//! writer.enroll(Registration {
//!     id: RegistrationId::new("HN-2022-0000001")?,
//!     personal_id: PersonalId::new("001204000257", IdScheme::Vietnam)?,
//!     captured_at: None,
//!     portrait: Some(Portrait { model: "w600k_mbf".into(), embedding: FaceEmbedding::new(&[1.0; 16])? }),
//!     fingers: Vec::new(),
//! })?;
//! writer.commit()?;
//!
//! let snapshot = gallery.snapshot();
//! assert_eq!(snapshot.info().registrations, 1);
//! let place = snapshot.find_registration("HN-2022-0000001")?.expect("just enrolled");
//! let segment = &snapshot.segments()[place.segment];
//! assert_eq!(segment.entry(place.row as usize)?.personal_id, "001204000257");
//! # Ok(())
//! # }
//! ```

mod check;
mod columns;
mod commit;
mod compact;
mod derive;
mod entries;
mod error;
mod gapped;
mod group;
mod joined;
mod kept;
mod key;
mod keys;
mod layout;
mod live;
mod lock;
mod lookup;
mod manifest;
mod map;
mod merge;
mod open;
mod read_ahead;
mod repair;
mod salvage;
mod sealed;
mod segment;
mod segment_file;
mod segment_writer;
mod snapshot;
mod stage;
mod staging;
mod storage;
mod subjects;
mod table;
mod target;
mod warm;
mod writer;

pub use check::{CheckReport, Problem, check, check_with};
pub use columns::{Derived, Faces, Fingers, ItemLayout};
pub use commit::Commit;
pub use compact::Compacted;
pub use derive::{Derive, DerivedColumn, DerivedLayout, NothingDerived};
pub use error::{GalleryError, Rejection};
pub use group::GroupWriter;
pub use key::Key;
pub use keys::subject_key;
pub use layout::FingerProperties;
pub use open::{FaceSpec, Gallery, Limits, Options, Privacy, ReadOptions};
pub use repair::{Repaired, repair, repair_with};
pub use segment::{DemographicColumns, Entry, MissingFinger, Segment};
pub use segment_file::Checking;
pub use snapshot::{Info, Place, Snapshot};
pub use storage::{Disk, Storage, StorageFile};
pub use table::Modality;
pub use writer::{Removed, Writer};
