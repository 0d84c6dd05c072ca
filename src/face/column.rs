//! A column of stored embeddings and the screen derived from it.
//!
//! ```text
//! screen   0  8  "VTYFACE8", coarse "VTYFACE4"
//!          8  4  version, 1
//!         12  4  dimension
//!         16  8  number of references
//!         24 40  zero
//!         64     tiles of 64 references, the last one padded with zeros:
//!                  64 × f32 scale · 64 × f32 residual length · f32 longest rounded reference, 60 zero bytes · codes
//! ```
//! The screen has a byte per component. A coarse screen, which is optional, has half a byte: one probe is bound by reading, and so reads
//! half as much before it looks closer where it has to. Codes are laid out as [`crate::simd`]'s embedding kernels read them; a tile is a whole number of 64-byte lines, so it is
//! aligned wherever the column is. Everything here is checked for length only: wrong numbers make wrong answers, which is what
//! the gallery's checksums are for, and nothing worse.

use super::{
    FaceError,
    quantise::{Rounded, round, round_coarsely, round_codes},
};
use crate::{
    simd::{
        Dispatch, Lanes, Level, Task,
        embedding::{Coding, TILE, TILE_HEAD},
    },
    template::FaceEmbedding,
};
use bytemuck::{Pod, Zeroable};
use rayon::prelude::*;
use zeroize::Zeroize;

const VERSION: u32 = 1;
/// Bytes before the first tile.
const HEAD: usize = 64;

/// A 64-byte line, so that what is encoded in memory is aligned as in a mapped file.
#[derive(Clone, Copy, Pod, Zeroable)]
#[repr(C, align(64))]
struct Line([u8; 64]);

/// The screen of a column, in memory, aligned to 64 bytes. Its memory is wiped when it is dropped.
#[derive(Clone)]
pub struct FaceScreen(Vec<Line>);

impl FaceScreen {
    /// The bytes to store.
    pub fn as_bytes(&self) -> &[u8] {
        bytemuck::cast_slice(&self.0)
    }
}

impl Drop for FaceScreen {
    /// What is derived from embeddings is as private as they are.
    fn drop(&mut self) {
        bytemuck::cast_slice_mut::<Line, u64>(&mut self.0).zeroize();
    }
}

impl std::fmt::Debug for FaceScreen {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "FaceScreen({} bytes)", self.as_bytes().len())
    }
}

/// Derives the screen of `rows`, row-major embeddings of `dimension` components, on the threads of the current pool.
///
/// 8 bytes and one byte per component for each reference, about 1 µs of work.
///
/// # Errors
/// If the dimension is out of range or the rows are not a whole number of embeddings.
///
/// ```
/// let rows = [[0.25f32; 16], [-0.25; 16]].concat();
/// let screen = vantay::face::encode(16, &rows)?;
/// let column = vantay::face::FaceColumn::new(16, &rows, screen.as_bytes())?;
/// assert_eq!(column.len(), 2);
/// # Ok::<(), vantay::face::FaceError>(())
/// ```
pub fn encode(dimension: usize, rows: &[f32]) -> Result<FaceScreen, FaceError> {
    encode_as(Coding::Fine, dimension, rows)
}

/// Derives the coarse screen of `rows`, which makes searches of few probes faster: 8 bytes and half a byte per component for
/// each reference, about 5 µs of work.
///
/// # Errors
/// As [`encode`].
pub fn encode_coarse(dimension: usize, rows: &[f32]) -> Result<FaceScreen, FaceError> {
    encode_as(Coding::Coarse, dimension, rows)
}

fn encode_as(coding: Coding, dimension: usize, rows: &[f32]) -> Result<FaceScreen, FaceError> {
    let bytes = screen_bytes(coding, dimension, count(dimension, rows)?);
    let mut lines = vec![Line::zeroed(); bytes / size_of::<Line>()];
    write_screen(coding, dimension, rows, bytemuck::cast_slice_mut(&mut lines));
    Ok(FaceScreen(lines))
}

/// The bytes of [`encode`]'s screen and of [`encode_coarse`]'s, for who stores them: without a copy, which would have to be wiped too.
///
/// # Errors
/// As [`encode`].
pub(crate) fn encode_bytes(dimension: usize, rows: &[f32]) -> Result<[Vec<u8>; 2], FaceError> {
    let count = count(dimension, rows)?;
    let [mut fine, mut coarse] = [Coding::Fine, Coding::Coarse].map(|of| vec![0; screen_bytes(of, dimension, count)]);
    rayon::join(
        || write_screen(Coding::Fine, dimension, rows, &mut fine),
        || write_screen(Coding::Coarse, dimension, rows, &mut coarse),
    );
    Ok([fine, coarse])
}

/// Bytes of the screen of `count` references.
fn screen_bytes(coding: Coding, dimension: usize, count: usize) -> usize {
    HEAD + count.div_ceil(TILE) * coding.tile_bytes(dimension)
}

/// Writes the screen of whole rows over zeros, exactly as many as it has.
fn write_screen(coding: Coding, dimension: usize, rows: &[f32], screen: &mut [u8]) {
    let (head, tiles) = screen.split_at_mut(HEAD);
    head.copy_from_slice(&header(coding, dimension, rows.len() / dimension));
    let lanes = Dispatch::new(Level::best());
    let tiles = tiles.par_chunks_mut(coding.tile_bytes(dimension));
    tiles.zip(rows.par_chunks(dimension * TILE)).for_each(|(tile, rows)| {
        lanes.run(EncodeTile { coding, tile, dimension, rows });
    });
}

/// Rows in `rows`, checked.
fn count(dimension: usize, rows: &[f32]) -> Result<usize, FaceError> {
    if !(FaceEmbedding::MIN_DIMENSION..=FaceEmbedding::MAX_DIMENSION).contains(&dimension) {
        return Err(FaceError::Dimension { found: dimension });
    }
    let count = rows.len() / dimension;
    if count * dimension != rows.len() || count >= u32::MAX as usize {
        return Err(FaceError::Rows { dimension, found: rows.len() });
    }
    Ok(count)
}

/// The tiles of a screen, checked.
fn tiles(coding: Coding, dimension: usize, count: usize, screen: &[u8]) -> Result<&[u8], FaceError> {
    let expected = screen_bytes(coding, dimension, count);
    if screen.len() != expected {
        return Err(FaceError::ScreenLength { expected, found: screen.len() });
    }
    let (head, tiles) = screen.split_at(HEAD);
    if head != header(coding, dimension, count) {
        return Err(FaceError::ScreenHead);
    }
    Ok(tiles)
}

fn header(coding: Coding, dimension: usize, count: usize) -> [u8; HEAD] {
    let mut head = [0; HEAD];
    head[..8].copy_from_slice(match coding {
        Coding::Fine => b"VTYFACE8",
        Coding::Coarse => b"VTYFACE4",
    });
    head[8..12].copy_from_slice(&VERSION.to_le_bytes());
    head[12..16].copy_from_slice(&(dimension as u32).to_le_bytes());
    head[16..24].copy_from_slice(&(count as u64).to_le_bytes());
    head
}

/// Writes a tile with the instructions of a level. The arithmetic is plain Rust, the same to the bit everywhere.
struct EncodeTile<'a> {
    coding: Coding,
    tile: &'a mut [u8],
    dimension: usize,
    rows: &'a [f32],
}

impl Task for EncodeTile<'_> {
    type Output = ();

    #[inline(always)]
    fn run<L: Lanes>(self) {
        encode_tile(self.coding, self.tile, self.rows.chunks_exact(self.dimension));
    }
}

/// Writes the tile of up to 64 rows.
#[inline(always)]
fn encode_tile<'a>(coding: Coding, tile: &mut [u8], rows: impl Iterator<Item = &'a [f32]>) {
    let (head, bytes) = tile.split_at_mut(TILE_HEAD);
    head.fill(0);
    bytes.fill(if coding == Coding::Fine { 128 } else { 0 });
    let mut codes = [0; FaceEmbedding::MAX_DIMENSION];
    let mut longest = 0.0f32;
    for (reference, row) in rows.take(TILE).enumerate() {
        let Rounded { scale, residual, length } = match coding {
            Coding::Fine => round(row, 127, &mut codes),
            Coding::Coarse => round_coarsely(row, &mut codes),
        };
        longest = longest.max(length);
        head[4 * reference..][..4].copy_from_slice(&scale.to_le_bytes());
        head[4 * (TILE + reference)..][..4].copy_from_slice(&residual.to_le_bytes());
        match coding {
            Coding::Fine => write_fine(bytes, reference, &codes[..row.len()]),
            Coding::Coarse => {
                for (step, word) in codes[..row.len()].chunks(4).enumerate() {
                    let at = 4 * (step / 2 * TILE + reference);
                    let shift = step % 2 * 4;
                    bytes[at..at + 4].iter_mut().zip(word).for_each(|(b, code)| *b |= (*code as u8) << shift);
                }
            }
        }
    }
    head[8 * TILE..][..4].copy_from_slice(&longest.to_le_bytes());
}

/// Writes a fine tile of up to 64 rows out of other tiles: of each row its tile, where in it, and the row itself.
///
/// Scale and residual are the stored ones, codes are rounded again by the same arithmetic: a row is half as much to read as the lines that
/// its codes are spread over.
pub(super) fn gather_tile<'a>(tile: &mut [u8], references: impl Iterator<Item = (&'a [u8], usize, &'a [f32])>) {
    let (head, bytes) = tile.split_at_mut(TILE_HEAD);
    head.fill(0);
    let mut codes = [0; FaceEmbedding::MAX_DIMENSION];
    let mut longest = 0.0f32;
    for (to, (source, from, row)) in references.take(TILE).enumerate() {
        for part in [0, TILE] {
            head[4 * (part + to)..][..4].copy_from_slice(&source[4 * (part + from)..][..4]);
        }
        let length: [u8; 4] = std::array::from_fn(|i| source[8 * TILE + i]);
        longest = longest.max(f32::from_le_bytes(length));
        // What is not rounded has codes of zero.
        let _ = round_codes(row, 127, &mut codes);
        write_fine(bytes, to, &codes[..row.len()]);
    }
    head[8 * TILE..][..4].copy_from_slice(&longest.to_le_bytes());
}

/// Writes the codes of a tile's reference.
#[inline(always)]
fn write_fine(tile: &mut [u8], reference: usize, codes: &[i8]) {
    let (words, rest) = codes.as_chunks::<4>();
    let mut steps = tile.chunks_exact_mut(4 * TILE);
    for (word, step) in words.iter().zip(&mut steps) {
        step[4 * reference..][..4].copy_from_slice(&word.map(|code| code.wrapping_add(-128) as u8));
    }
    if let Some(step) = steps.next() {
        step[4 * reference..][..4].iter_mut().zip(rest).for_each(|(b, code)| *b = code.wrapping_add(-128) as u8);
    }
}

/// Says of stored embeddings whether they can be relied upon; asked before one is compared in full.
///
/// A screen has to be sound before a search starts. Embeddings are too many to be read for that: a search compares a few in
/// full, and asks for those alone.
pub trait RowCheck: Sync {
    /// Whether row `row` of the column is as it was stored.
    fn is_sound(&self, row: u32) -> bool;
}

/// Stored embeddings, their screen and, if not all rows count, a filter; borrowed, wherever they are mapped.
#[derive(Clone, Copy)]
pub struct FaceColumn<'a> {
    dimension: usize,
    rows: &'a [f32],
    fine: &'a [u8],
    coarse: Option<&'a [u8]>,
    filter: Option<&'a [u64]>,
    check: Option<&'a dyn RowCheck>,
}

impl<'a> FaceColumn<'a> {
    /// The column of `rows`, row-major embeddings of `dimension` components, with the screen that [`encode`] derived from them.
    ///
    /// Searches are fastest if `screen` starts on a multiple of 64 bytes.
    ///
    /// # Errors
    /// If a length does not fit, or the screen is not of this version and for such rows.
    pub fn new(dimension: usize, rows: &'a [f32], screen: &'a [u8]) -> Result<Self, FaceError> {
        let fine = tiles(Coding::Fine, dimension, count(dimension, rows)?, screen)?;
        Ok(FaceColumn { dimension, rows, fine, coarse: None, filter: None, check: None })
    }

    /// The same column with the coarse screen that [`encode_coarse`] derived from its rows.
    ///
    /// # Errors
    /// As [`FaceColumn::new`].
    pub fn with_coarse(self, screen: &'a [u8]) -> Result<Self, FaceError> {
        let coarse = tiles(Coding::Coarse, self.dimension, self.len(), screen)?;
        Ok(FaceColumn { coarse: Some(coarse), ..self })
    }

    /// The same column, of which only rows count whose bit is set: bit `r mod 64` of word `r / 64`.
    ///
    /// # Errors
    /// If there is not one word for each 64 rows begun.
    pub fn keeping(self, filter: &'a [u64]) -> Result<Self, FaceError> {
        let expected = self.tile_count();
        if filter.len() != expected {
            return Err(FaceError::FilterLength { expected, found: filter.len() });
        }
        Ok(FaceColumn { filter: Some(filter), ..self })
    }

    /// The same column, whose rows `check` is asked about before they are compared in full. One that is not sound ends the search
    /// with [`FaceError::Damaged`].
    pub fn checked_by(self, check: &'a dyn RowCheck) -> Self {
        FaceColumn { check: Some(check), ..self }
    }

    /// Components of an embedding.
    pub fn dimension(&self) -> usize {
        self.dimension
    }

    /// Rows, those filtered out too.
    pub fn len(&self) -> usize {
        self.rows.len() / self.dimension
    }

    /// Whether there is no row.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// The stored embedding of row `row`.
    ///
    /// # Panics
    /// If there is no such row.
    pub fn row(&self, row: u32) -> &'a [f32] {
        &self.rows[row as usize * self.dimension..][..self.dimension]
    }

    /// Whether row `row` may be compared.
    pub(super) fn is_sound(&self, row: u32) -> bool {
        self.check.is_none_or(|check| check.is_sound(row))
    }

    pub(super) fn tile_count(&self) -> usize {
        self.len().div_ceil(TILE)
    }

    pub(super) fn has_coarse(&self) -> bool {
        self.coarse.is_some()
    }

    /// The bytes of a tile; none beyond the last, or of a coarse screen that is not there.
    pub(super) fn tile(&self, coding: Coding, tile: usize) -> &'a [u8] {
        let bytes = coding.tile_bytes(self.dimension);
        let tiles = match coding {
            Coding::Fine => self.fine,
            Coding::Coarse => self.coarse.unwrap_or_default(),
        };
        tiles.get(tile * bytes..(tile + 1) * bytes).unwrap_or_default()
    }

    /// Which of a tile's 64 rows exist and are kept.
    pub(super) fn live(&self, tile: usize) -> u64 {
        let rows = self.len() - tile * TILE;
        let exist = if rows < TILE { (1 << rows) - 1 } else { u64::MAX };
        exist & self.filter.map_or(u64::MAX, |filter| filter[tile])
    }

    /// Whether a row is kept by the filter.
    pub(super) fn keeps(&self, row: u32) -> bool {
        self.live(row as usize / TILE) >> (row as usize % TILE) & 1 == 1
    }
}

impl std::fmt::Debug for FaceColumn<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "FaceColumn({} × {})", self.len(), self.dimension)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_screen_of_other_rows_is_refused() {
        let rows = vec![0.1; 16 * 100];
        let screen = encode(16, &rows).unwrap();
        assert!(FaceColumn::new(16, &rows, screen.as_bytes()).is_ok());
        assert!(matches!(FaceColumn::new(16, &rows[16..], screen.as_bytes()), Err(FaceError::ScreenHead)));
        assert!(matches!(FaceColumn::new(20, &rows, screen.as_bytes()), Err(FaceError::ScreenLength { .. })));
        assert!(matches!(FaceColumn::new(16, &rows[1..], screen.as_bytes()), Err(FaceError::Rows { .. })));
        let short = &screen.as_bytes()[..screen.as_bytes().len() - 1];
        assert!(matches!(FaceColumn::new(16, &rows, short), Err(FaceError::ScreenLength { .. })));
        assert!(matches!(FaceColumn::new(16, &rows, &[]), Err(FaceError::ScreenLength { .. })));
        assert!(matches!(FaceColumn::new(0, &[], &[]), Err(FaceError::Dimension { .. })));
    }

    #[test]
    fn bytes_to_store_are_those_of_the_screens() {
        for rows in [0, 1, 64, 100] {
            let rows: Vec<f32> = (0..16 * rows).map(|k| (k % 13) as f32 * 0.05 - 0.3).collect();
            let [fine, coarse] = encode_bytes(16, &rows).unwrap();
            assert_eq!(fine, encode(16, &rows).unwrap().as_bytes());
            assert_eq!(coarse, encode_coarse(16, &rows).unwrap().as_bytes());
        }
        assert!(encode_bytes(16, &[0.1; 17]).is_err());
    }

    #[test]
    fn filters_are_one_word_per_64_rows() {
        let rows = vec![0.1; 16 * 65];
        let screen = encode(16, &rows).unwrap();
        let column = FaceColumn::new(16, &rows, screen.as_bytes()).unwrap();
        assert_eq!(column.keeping(&[0]).unwrap_err(), FaceError::FilterLength { expected: 2, found: 1 });
        let column = column.keeping(&[2, u64::MAX]).unwrap();
        assert_eq!((column.live(0), column.live(1)), (2, 1));
        assert!(column.keeps(1) && column.keeps(64) && !column.keeps(0));
    }

    #[test]
    fn empty_columns_are_columns() {
        let screen = encode(512, &[]).unwrap();
        assert!(FaceColumn::new(512, &[], screen.as_bytes()).unwrap().is_empty());
    }
}
