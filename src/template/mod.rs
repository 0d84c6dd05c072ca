//! Templates: what a comparison works on, and the codecs that read and write them.
//!
//! A [`MinutiaeTemplate`] is one view of one finger in the library's inner form: coordinates in pixels at 500 dpi with y
//! pointing down, angles in 256 steps counter-clockwise, type, and a quality that may be unknown. A [`FaceEmbedding`] is a
//! vector of length one. Both hide their content from `Debug`: a template is a person.

mod embedding;
mod error;
mod finger;
mod minutia;
pub mod record;

pub use embedding::FaceEmbedding;
pub use error::{RecordProblem, TemplateError};
pub use finger::{FingerPosition, Impression, MinutiaeTemplate};
pub use minutia::{Minutia, MinutiaKind};
pub use record::{CardContext, Format, Record, read, read_as, read_card};
