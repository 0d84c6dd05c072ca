//! What can be wrong with a face search.

use crate::template::FaceEmbedding;

/// Embeddings, columns or filters that do not fit together.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FaceError {
    /// A dimension is out of range.
    #[error(
        "embeddings of {found} dimensions: expected {} to {}",
        FaceEmbedding::MIN_DIMENSION,
        FaceEmbedding::MAX_DIMENSION
    )]
    Dimension {
        /// How many were asked for.
        found: usize,
    },
    /// Probes, columns or two embeddings are of different dimensions.
    #[error("embeddings of {found} dimensions: expected {expected}")]
    DifferentDimension {
        /// The dimension of what stands first.
        expected: usize,
        /// The dimension of what does not fit it.
        found: usize,
    },
    /// The rows of a column are not a whole number of embeddings, or too many.
    #[error("{found} components are not a whole number of embeddings of {dimension} dimensions, or too many")]
    Rows {
        /// The dimension of the column.
        dimension: usize,
        /// How many components there are.
        found: usize,
    },
    /// The caller's flag stopped the search.
    #[error("the search was stopped")]
    Stopped,
    /// A screen column does not start as this version writes it.
    #[error("not a face screen of this version, dimension and number of references")]
    ScreenHead,
    /// A screen column is too short or too long.
    #[error("face screen of {found} bytes: expected {expected}")]
    ScreenLength {
        /// What the dimension and the number of references ask for.
        expected: usize,
        /// What there is.
        found: usize,
    },
    /// A filter has another number of words than the column has blocks of 64 rows.
    #[error("filter of {found} words: expected {expected}")]
    FilterLength {
        /// One word for each 64 rows begun.
        expected: usize,
        /// What there is.
        found: usize,
    },
    /// A probe has a component that is infinite or not a number.
    #[error("component {component} of probe {probe} is not finite")]
    NotFinite {
        /// Which probe, from 0.
        probe: usize,
        /// Which component, from 0.
        component: usize,
    },
    /// A threshold is not a number.
    #[error("the threshold is not a number")]
    Threshold,
    /// A stored embedding is not what was stored, as the column's [`RowCheck`](super::RowCheck) found.
    #[error("embedding {row} of column {column} is damaged")]
    Damaged {
        /// Which of the columns searched, from 0.
        column: u32,
        /// Which row of it, from 0.
        row: u32,
    },
    /// More columns than a place can name.
    #[error("{found} columns: at most {} can be searched as one", u32::MAX)]
    Columns {
        /// How many there are.
        found: usize,
    },
}
