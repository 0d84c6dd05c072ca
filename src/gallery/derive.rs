//! Columns computed from templates, stored beside them.
//!
//! A matcher wants its references prepared: quantised embeddings, descriptors, screen codes. The gallery stores such
//! columns, moves them through compaction and checks their bytes, and knows nothing of what they mean: they are named by a
//! number, and whoever reads them has given it.

use crate::template::{FingerPosition, MinutiaeTemplate};
use zeroize::Zeroize;

/// What computes derived columns. `search` provides it.
pub trait Derive: Send + Sync {
    /// The version of what the other two return, stored with every column. Columns of another version are computed anew
    /// when a segment is rewritten; a reader sees the version and may refuse to use them.
    fn version(&self) -> u32;

    /// The columns of the face rows of a segment: `rows` holds rows × `dimension` components.
    fn faces(&self, dimension: usize, rows: &[f32]) -> Vec<DerivedColumn>;

    /// The columns of fingers of one position of a segment, in their order.
    ///
    /// A writer asks for a batch of a segment's fingers at a time, while others are enrolled, and joins what it gets: `Fixed` and `Variable`
    /// columns must not depend on the other fingers. If there is a `Raw` column, or batches have different columns, it asks once more, for
    /// all fingers at once.
    fn fingers(&self, position: FingerPosition, templates: &[MinutiaeTemplate]) -> Vec<DerivedColumn>;
}

/// A derived column as it is handed to the gallery. `Debug` leaves the bytes out, and they are wiped when it is dropped.
#[derive(Clone, PartialEq, Eq)]
pub struct DerivedColumn {
    /// The number that names the column within its modality.
    pub kind: u16,
    /// How the bytes divide into items, one for each row.
    pub layout: DerivedLayout,
    /// The bytes. They are stored at a 64-byte boundary.
    pub bytes: Vec<u8>,
}

/// How the bytes of a derived column divide into items.
///
/// Items of `Fixed` and `Variable` columns are moved one by one when segments merge; `Raw` columns, whose rows may be
/// interleaved, are computed anew.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DerivedLayout {
    /// Every item has `stride` bytes.
    Fixed {
        /// Bytes an item.
        stride: u32,
    },
    /// Item `i` stands at `offsets[i]..offsets[i + 1]` of the bytes; one offset more than items, starting with 0.
    Variable {
        /// Byte offsets.
        offsets: Vec<u64>,
    },
    /// The column knows itself.
    Raw,
}

impl Drop for DerivedColumn {
    /// What is derived from a template is as private as the template.
    fn drop(&mut self) {
        // In words: the wiping writes each item by itself.
        let (head, words, tail) = bytemuck::pod_align_to_mut::<u8, u64>(&mut self.bytes);
        head.zeroize();
        words.zeroize();
        tail.zeroize();
    }
}

impl std::fmt::Debug for DerivedColumn {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "DerivedColumn(kind {}, {} bytes)", self.kind, self.bytes.len())
    }
}

/// Derives nothing: a gallery of templates alone.
#[derive(Clone, Copy, Debug, Default)]
pub struct NothingDerived;

impl Derive for NothingDerived {
    fn version(&self) -> u32 {
        0
    }

    fn faces(&self, _: usize, _: &[f32]) -> Vec<DerivedColumn> {
        Vec::new()
    }

    fn fingers(&self, _: FingerPosition, _: &[MinutiaeTemplate]) -> Vec<DerivedColumn> {
        Vec::new()
    }
}
