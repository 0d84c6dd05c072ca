//! The code that a gallery keeps of each finger for the screen: fixed length, read in place.
//!
//! # Layout
//! [`ScreenCode::STRIDE`] bytes, at any address:
//!
//! | bytes | what |
//! |---|---|
//! | 0..4 | `VFS1` |
//! | 4 | number of minutiae, 0 to 64 |
//! | 5..64 | zero |
//! | 64..128 | x of each minutia, signed, 3 pixels a step, from the centre of the print |
//! | 128..192 | y |
//! | 192..256 | direction, 1/256 turn |
//! | 256..2304 | four blocks of sixteen descriptors of 64 × 4 bits |
//!
//! A block is eight rows of 64 bytes. Byte `4 l + k` of row `r` belongs to minutia `l` of the block: the low half is its
//! value 8`r` + `k`, the high half its value 8`r` + 4 + `k`. So one `and` and one shift turn a row into two operands of `vpdpbusd`.
//!
//! A value `v` from 0 to 15 stands for (2`v` − 15) × 5.36 of a prepared descriptor, whose 64 values have length 256 and so spread by
//! 32: rounding adds 1 % to their variance.
//!
//! Of more than 64 minutiae those nearest to the centre are kept: they are the ones that another impression shares.

use crate::{
    fingerprint::{FingerprintError, Prepared, PreparedView, prepared::Descriptor},
    simd::sketch::Halves,
};
use std::ops::Range;

/// The most minutiae in a code.
pub(super) const MOST: usize = 64;
/// Sixteen minutiae side by side.
pub(super) const LANES: usize = 16;
/// Blocks of sixteen minutiae.
pub(super) const BLOCKS: usize = MOST / LANES;
/// Rows of 64 bytes in a block, each of two steps of four values.
pub(super) const ROWS: usize = 8;
/// Pixels in a step of a stored coordinate.
pub(super) const GRAIN: i16 = 3;

const MAGIC: [u8; 4] = *b"VFS1";
const X: usize = 64;
const Y: usize = X + MOST;
const ANGLE: usize = Y + MOST;
const DESCRIPTORS: usize = ANGLE + MOST;
/// What an empty slot holds: halves 8 and 7, whose product with anything is next to nothing.
const EMPTY: u8 = 0x78;

/// The screen's code of one finger.
#[derive(Clone, PartialEq, Eq)]
pub struct ScreenCode {
    bytes: Box<[u8; Self::STRIDE]>,
}

impl std::fmt::Debug for ScreenCode {
    /// Says nothing about the person.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("ScreenCode(..)")
    }
}

impl ScreenCode {
    /// Bytes of every code; a multiple of 64.
    pub const STRIDE: usize = DESCRIPTORS + BLOCKS * ROWS * 64;

    /// The code of a prepared template.
    pub fn new(template: &Prepared) -> Self {
        Self::of(template.view())
    }

    /// The code of a prepared template somewhere in memory.
    pub fn of(view: PreparedView<'_>) -> Self {
        let mut bytes = Box::new([0u8; Self::STRIDE]);
        Self::write(view, &mut bytes);
        ScreenCode { bytes }
    }

    /// Writes the code of a prepared template.
    pub(crate) fn write(view: PreparedView<'_>, bytes: &mut [u8; Self::STRIDE]) {
        let mut order: Vec<usize> = (0..view.minutiae.len()).collect();
        if order.len() > MOST {
            let away = |&k: &usize| {
                let m = &view.minutiae[k];
                (i32::from(m.x).pow(2) + i32::from(m.y).pow(2), k)
            };
            order.select_nth_unstable_by_key(MOST, away);
            order.truncate(MOST);
            order.sort_unstable();
        }
        bytes[..DESCRIPTORS].fill(0);
        bytes[..4].copy_from_slice(&MAGIC);
        bytes[4] = order.len() as u8;
        bytes[DESCRIPTORS..].fill(EMPTY);
        for (slot, &k) in order.iter().enumerate() {
            let (m, descriptor) = (&view.minutiae[k], &view.descriptors[k]);
            let coarse = |v: i16| ((v + GRAIN / 2).div_euclid(GRAIN)).clamp(-127, 127) as i8 as u8;
            bytes[X + slot] = coarse(m.x.clamp(-1000, 1000));
            bytes[Y + slot] = coarse(m.y.clamp(-1000, 1000));
            bytes[ANGLE + slot] = m.angle;
            pack(descriptor, slot, &mut bytes[DESCRIPTORS..]);
        }
    }

    /// The bytes, as a gallery stores them.
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes[..]
    }

    /// How many minutiae.
    pub fn minutiae(&self) -> usize {
        usize::from(self.bytes[4])
    }

    /// The code as a column of one row.
    pub fn column(&self) -> ScreenColumn<'_> {
        ScreenColumn { bytes: &self.bytes[..] }
    }
}

/// Writes a descriptor's halves to its slot, four of each kind at a time.
fn pack(descriptor: &Descriptor, slot: usize, to: &mut [u8]) {
    let (block, lane) = (slot / LANES, slot % LANES);
    let halves = descriptor.map(half);
    let (fours, _) = halves.as_chunks::<4>();
    let (to, _) = to.as_chunks_mut::<4>();
    for (row, pair) in fours.chunks_exact(2).enumerate() {
        let [low, high] = [pair[0], pair[1]].map(u32::from_le_bytes);
        to[(block * ROWS + row) * LANES + lane] = (low | high << 4).to_le_bytes();
    }
}

/// 0 to 15: steps of 10.72, zero between 7 and 8.
fn half(value: i8) -> u8 {
    // 6113 / 2^16 is near enough to 1 / 10.72 for every byte, and a product's upper half is what processors give at once.
    (((i32::from(value) * 6113) >> 16) as i16 + 8).clamp(0, 15) as u8
}

/// A column of codes somewhere in memory, one row per reference.
#[derive(Clone, Copy)]
pub struct ScreenColumn<'a> {
    bytes: &'a [u8],
}

impl std::fmt::Debug for ScreenColumn<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "ScreenColumn({} rows)", self.len())
    }
}

impl<'a> ScreenColumn<'a> {
    /// Looks at `bytes` as a column. Any content is safe to scan: a row that is no code scores [`u16::MAX`](super::DAMAGED), so that the
    /// full comparison meets it and says what is wrong.
    ///
    /// # Errors
    /// Where the length is no multiple of [`ScreenCode::STRIDE`].
    pub fn new(bytes: &'a [u8]) -> Result<Self, FingerprintError> {
        let rest = bytes.len() % ScreenCode::STRIDE;
        if rest != 0 {
            return Err(FingerprintError::Length { found: bytes.len(), expected: bytes.len() - rest });
        }
        Ok(ScreenColumn { bytes })
    }

    /// How many references.
    pub fn len(&self) -> usize {
        self.bytes.len() / ScreenCode::STRIDE
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// The rows of `rows` alone; what lies beyond the end is left out.
    pub fn part(&self, rows: Range<usize>) -> ScreenColumn<'a> {
        let end = rows.end.min(self.len());
        let start = rows.start.min(end);
        ScreenColumn { bytes: &self.bytes[start * ScreenCode::STRIDE..end * ScreenCode::STRIDE] }
    }

    pub(super) fn rows(&self) -> impl Iterator<Item = Row<'a>> {
        self.bytes.as_chunks::<{ ScreenCode::STRIDE }>().0.iter().map(|bytes| Row { bytes })
    }

    pub(super) fn row(&self, row: usize) -> Option<Row<'a>> {
        self.bytes.as_chunks::<{ ScreenCode::STRIDE }>().0.get(row).map(|bytes| Row { bytes })
    }
}

/// One code in place.
#[derive(Clone, Copy)]
pub(super) struct Row<'a> {
    bytes: &'a [u8; ScreenCode::STRIDE],
}

impl<'a> Row<'a> {
    /// How many minutiae, or `None` where the row is no code.
    #[inline(always)]
    pub fn count(&self) -> Option<usize> {
        let count = usize::from(self.bytes[4]);
        (self.bytes[..4] == MAGIC && count <= MOST).then_some(count)
    }

    /// x and y in pixels, and the directions, of every slot.
    #[inline(always)]
    pub fn places(&self, x: &mut [f32; MOST], y: &mut [f32; MOST], angle: &mut [u8; MOST]) {
        let pixels = |byte: u8| f32::from(i16::from(byte as i8) * GRAIN);
        let places = self.bytes.as_chunks::<MOST>().0;
        for k in 0..MOST {
            x[k] = pixels(places[X / MOST][k]);
            y[k] = pixels(places[Y / MOST][k]);
            angle[k] = places[ANGLE / MOST][k];
        }
    }

    /// The lines of memory that hold it.
    #[inline(always)]
    pub fn lines(&self) -> impl Iterator<Item = &'a [u8; 64]> {
        self.bytes.as_chunks::<64>().0.iter()
    }

    /// x and y as stored, and the directions, of every slot.
    #[inline(always)]
    pub fn steps_and_angles(&self) -> [&'a [u8; MOST]; 3] {
        let places = self.bytes.as_chunks::<MOST>().0;
        [X, Y, ANGLE].map(|at| &places[at / MOST])
    }

    /// The rows of a block.
    #[inline(always)]
    pub fn block(&self, block: usize) -> &'a [[u8; 64]] {
        self.halves().get(block).map_or(&[], |rows| rows)
    }

    /// The halves of the descriptors of all blocks.
    #[inline(always)]
    pub fn halves(&self) -> &'a [Halves] {
        self.bytes[DESCRIPTORS..].as_chunks::<64>().0.as_chunks::<ROWS>().0
    }

    /// The halves of one descriptor.
    pub fn values(&self, slot: usize) -> [u8; 64] {
        let (rows, lane) = (self.block(slot / LANES), slot % LANES);
        std::array::from_fn(|d| {
            let byte = rows[d / 8][4 * lane + d % 4];
            if d % 8 < 4 { byte & 15 } else { byte >> 4 }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_column_of_a_broken_length_is_refused() {
        assert!(ScreenColumn::new(&vec![0; 2 * ScreenCode::STRIDE]).is_ok_and(|c| c.len() == 2));
        assert!(ScreenColumn::new(&vec![0; ScreenCode::STRIDE + 1]).is_err());
        assert_eq!(ScreenCode::STRIDE % 64, 0);
    }

    #[test]
    fn halves_stand_for_steps_around_zero() {
        assert_eq!([-128, -81, -80, -1, 0, 10, 11, 127].map(half), [0, 0, 0, 7, 8, 8, 9, 15]);
        for value in i8::MIN..=i8::MAX {
            let exact = (i32::from(value) * 100).div_euclid(1072) + 8;
            assert_eq!(i32::from(half(value)), exact.clamp(0, 15), "{value}");
        }
    }
}
