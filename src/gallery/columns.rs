//! Columns of templates, borrowed from a mapped segment.

use super::{
    GalleryError,
    layout::{self, ColumnKind::*, FingerProperties},
    segment_file::{Column, SegmentFile},
    table::{ColumnKey, Modality},
};
use crate::template::{FingerPosition, Impression, Minutia, MinutiaeTemplate};
use std::ops::Range;

/// The embeddings of a segment. Cheap to copy; `Debug` shows the size alone.
#[derive(Clone, Copy)]
pub struct Faces<'a> {
    file: &'a SegmentFile,
    rows: &'a [u32],
    column: &'a Column,
}

impl<'a> Faces<'a> {
    pub(crate) fn of(file: &'a SegmentFile) -> Result<Option<Self>, GalleryError> {
        let Some(rows) = file.column(ColumnKey::of(Modality::Face, Rows)) else { return Ok(None) };
        let column = file.required(ColumnKey::of(Modality::Face, Embeddings))?;
        let rows = file.sound(rows, |rows| rows_ascend(rows, file.rows, true))?;
        Ok(Some(Faces { file, rows, column }))
    }

    /// How many embeddings.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// Components of each embedding.
    pub fn dimension(&self) -> usize {
        self.file.dimension
    }

    /// The segment's row of each embedding, strictly ascending, each below the segment's length.
    pub fn rows(&self) -> &'a [u32] {
        self.rows
    }

    /// The embedding of a segment's row, if it has one.
    pub fn of_row(&self, row: usize) -> Option<usize> {
        self.rows.binary_search(&u32::try_from(row).ok()?).ok()
    }

    /// All embeddings, [`len`](Self::len) × [`dimension`](Self::dimension), row-major, 64-byte aligned. The first call reads and checks all of
    /// them; a caller that needs few uses [`Self::embedding`].
    ///
    /// # Errors
    /// If a block is damaged.
    pub fn embeddings(&self) -> Result<&'a [f32], GalleryError> {
        self.file.slice(self.column)
    }

    /// Whether all embeddings have been read and checked, so that any of them is had for the price of memory.
    pub fn are_warm(&self) -> bool {
        self.file.is_whole(self.column)
    }

    /// All embeddings as [`Self::embeddings`], but not checked against their checksums: for a scan whose few results are
    /// then read by [`Self::embedding`].
    ///
    /// # Errors
    /// Never for a segment that could be opened.
    pub fn embeddings_unchecked(&self) -> Result<&'a [f32], GalleryError> {
        bytemuck::try_cast_slice(self.file.unchecked(self.column))
            .map_err(|reason| self.file.damaged(self.column, 0, reason.to_string()))
    }

    /// Embedding `i`.
    ///
    /// # Errors
    /// If its block is damaged or there is no such embedding.
    pub fn embedding(&self, i: usize) -> Result<&'a [f32], GalleryError> {
        let dimension = self.dimension();
        let from = i.saturating_mul(dimension);
        self.file.items(self.column, from, from.saturating_add(dimension))
    }
}

/// The fingers of a segment at one position. Cheap to copy; `Debug` shows the size alone.
#[derive(Clone, Copy)]
pub struct Fingers<'a> {
    file: &'a SegmentFile,
    position: FingerPosition,
    rows: &'a [u32],
    offsets: &'a [u32],
    minutiae: &'a Column,
    properties: &'a [FingerProperties],
}

impl<'a> Fingers<'a> {
    pub(crate) fn of(file: &'a SegmentFile, position: FingerPosition) -> Result<Option<Self>, GalleryError> {
        let key = |kind| ColumnKey::of(Modality::Finger(position), kind);
        let Some(rows) = file.column(key(Rows)) else { return Ok(None) };
        let minutiae = file.required(key(Minutiae))?;
        let rows = file.sound(rows, |rows| rows_ascend(rows, file.rows, false))?;
        let offsets = file.sound(file.required(key(MinutiaeOffsets))?, |offsets: &[u32]| {
            offsets_ascend(offsets.iter().map(|&o| u64::from(o)), minutiae.entry.count)
        })?;
        let properties = file.slice(file.required(key(Properties))?)?;
        Ok(Some(Fingers { file, position, rows, offsets, minutiae, properties }))
    }

    /// Which finger.
    pub fn position(&self) -> FingerPosition {
        self.position
    }

    /// How many fingers.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// The segment's row of each finger, ascending, each below the segment's length. A row with several impressions of one
    /// finger stands several times.
    pub fn rows(&self) -> &'a [u32] {
        self.rows
    }

    /// The fingers of a segment's row.
    pub fn of_row(&self, row: usize) -> Range<usize> {
        let from = self.rows.partition_point(|&r| (r as usize) < row);
        let to = self.rows.partition_point(|&r| r as usize <= row);
        from..to
    }

    /// Where the minutiae of each finger start, one more at the end, in minutiae.
    pub fn offsets(&self) -> &'a [u32] {
        self.offsets
    }

    /// Image size, impression and quality of each finger.
    pub fn properties(&self) -> &'a [FingerProperties] {
        self.properties
    }

    /// The minutiae of finger `i`.
    ///
    /// # Errors
    /// If their block is damaged or there is no such finger.
    pub fn minutiae(&self, i: usize) -> Result<&'a [Minutia], GalleryError> {
        match self.offsets.get(i..i.saturating_add(2)) {
            Some(&[from, to]) => self.file.items(self.minutiae, from as usize, to as usize),
            _ => Err(self.file.damaged(self.minutiae, 0, format!("finger {i} of {}", self.len()))),
        }
    }

    /// All minutiae, one finger after another. The first call reads and checks all of them.
    ///
    /// # Errors
    /// If a block is damaged.
    pub fn all_minutiae(&self) -> Result<&'a [Minutia], GalleryError> {
        self.file.slice(self.minutiae)
    }

    /// Finger `i` as a template.
    ///
    /// # Errors
    /// If its bytes are damaged or there is no such finger.
    pub fn template(&self, i: usize) -> Result<MinutiaeTemplate, GalleryError> {
        let of = self.properties.get(i).copied().unwrap_or_default();
        template_of(self.file, self.minutiae, (self.position, i), self.minutiae(i)?, of)
    }
}

/// Finger `i` of a position, of what the columns hold of it.
pub(crate) fn template_of(
    file: &SegmentFile,
    column: &Column,
    (position, i): (FingerPosition, usize),
    minutiae: &[Minutia],
    of: FingerProperties,
) -> Result<MinutiaeTemplate, GalleryError> {
    MinutiaeTemplate::new(position, of.impression(), of.quality(), (of.width, of.height), minutiae.to_vec())
        .map_err(|reason| file.damaged(column, 0, format!("finger {i}: {reason}")))
}

impl FingerProperties {
    /// What is stored of a template beside its minutiae.
    pub fn of(template: &MinutiaeTemplate) -> FingerProperties {
        let (width, height) = template.size();
        FingerProperties {
            width,
            height,
            impression: template.impression().0,
            quality: template.quality().unwrap_or(layout::QUALITY_UNKNOWN),
            reserved: [0; 2],
        }
    }

    /// How the impression was taken.
    pub fn impression(&self) -> Impression {
        Impression(self.impression)
    }

    /// Quality 0 to 100, where reported.
    pub fn quality(&self) -> Option<u8> {
        (self.quality != layout::QUALITY_UNKNOWN).then_some(self.quality)
    }
}

impl Default for FingerProperties {
    fn default() -> Self {
        FingerProperties { width: 0, height: 0, impression: 0, quality: layout::QUALITY_UNKNOWN, reserved: [0; 2] }
    }
}

/// How the items of a derived column are laid out, as its user finds it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ItemLayout<'a> {
    /// Every item has so many bytes.
    Fixed(usize),
    /// Item `i` stands at `offsets[i]..offsets[i + 1]`; ascending, the last at most the column's length.
    Variable(&'a [u64]),
    /// The column knows itself.
    Raw,
}

/// A derived column of a segment. Cheap to copy; `Debug` shows kind, version and size.
#[derive(Clone, Copy)]
pub struct Derived<'a> {
    file: &'a SegmentFile,
    column: &'a Column,
    layout: ItemLayout<'a>,
}

impl<'a> Derived<'a> {
    pub(crate) fn of(file: &'a SegmentFile, modality: Modality, kind: u16) -> Result<Option<Self>, GalleryError> {
        let Some(column) = file.column(ColumnKey::derived(modality, kind, DerivedBytes)) else { return Ok(None) };
        let layout = match column.entry.derived_layout {
            1 => ItemLayout::Fixed(column.entry.stride as usize),
            2 => {
                let offsets = file.required(ColumnKey::derived(modality, kind, DerivedOffsets))?;
                let length = column.entry.length;
                ItemLayout::Variable(file.sound(offsets, |o: &[u64]| offsets_ascend(o.iter().copied(), length))?)
            }
            _ => ItemLayout::Raw,
        };
        Ok(Some(Derived { file, column, layout }))
    }

    /// The version of what derived it.
    pub fn version(&self) -> u32 {
        self.column.entry.derived_version
    }

    /// How the bytes divide into items.
    pub fn layout(&self) -> ItemLayout<'a> {
        self.layout
    }

    /// Bytes of the column.
    pub fn byte_len(&self) -> usize {
        self.column.entry.length as usize
    }

    /// All bytes, 64-byte aligned. The first call reads and checks all of them.
    ///
    /// # Errors
    /// If a block is damaged.
    pub fn bytes(&self) -> Result<&'a [u8], GalleryError> {
        self.file.slice(self.column)
    }

    /// The bytes `range`, only their blocks checked.
    ///
    /// # Errors
    /// If a block is damaged or the range reaches beyond the column.
    pub fn range(&self, range: Range<usize>) -> Result<&'a [u8], GalleryError> {
        self.file.items(self.column, range.start, range.end)
    }

    /// The bytes of item `i` of a fixed or variable column, only their blocks checked.
    ///
    /// # Errors
    /// If a block is damaged or there is no such item.
    pub fn item(&self, i: usize) -> Result<&'a [u8], GalleryError> {
        let missing = || self.file.damaged(self.column, 0, format!("no item {i}"));
        match self.layout {
            ItemLayout::Fixed(stride) => {
                let from = i.checked_mul(stride).ok_or_else(missing)?;
                self.range(from..from.saturating_add(stride))
            }
            ItemLayout::Variable(offsets) => match offsets.get(i..i.saturating_add(2)) {
                Some(&[from, to]) => self.range(from as usize..to as usize),
                _ => Err(missing()),
            },
            ItemLayout::Raw => Err(missing()),
        }
    }
}

fn rows_ascend(rows: &[u32], limit: usize, strictly: bool) -> Result<(), (usize, String)> {
    for (i, pair) in rows.windows(2).enumerate() {
        if pair[0] > pair[1] || (strictly && pair[0] == pair[1]) {
            return Err((i + 1, format!("row {} after row {}", pair[1], pair[0])));
        }
    }
    match rows.last() {
        Some(&last) if last as usize >= limit => Err((rows.len() - 1, format!("row {last} of {limit}"))),
        _ => Ok(()),
    }
}

fn offsets_ascend(offsets: impl Iterator<Item = u64>, end: u64) -> Result<(), (usize, String)> {
    let mut before = 0;
    for (i, offset) in offsets.enumerate() {
        if offset < before || (i == 0 && offset != 0) {
            return Err((i, format!("offset {offset} after {before}")));
        }
        before = offset;
    }
    if before == end { Ok(()) } else { Err((0, format!("offsets end at {before}, expected {end}"))) }
}

impl std::fmt::Debug for Faces<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Faces({} of {} dimensions)", self.len(), self.dimension())
    }
}

impl std::fmt::Debug for Fingers<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Fingers(position {}, {})", self.position, self.len())
    }
}

impl std::fmt::Debug for Derived<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Derived({}, version {}, {} bytes)", self.column.key.name(), self.version(), self.byte_len())
    }
}
