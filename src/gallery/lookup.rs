//! Finding rows in a mapped segment by name and by subject, and reading their texts.
//!
//! Both lookups go through sorted columns in the file, so that nothing has to be built at opening and no memory grows with the gallery.
//! Names are sorted by a 64-bit hash, which is uniform: a guess by proportion lands within about √n of the place, and two or three
//! cache lines settle it. Subject keys are numbers that people were given, not uniform at all, and are found by halving.

use super::{
    GalleryError,
    layout::ColumnKind::{self, *},
    segment_file::{Column, SegmentFile},
    table::ColumnKey,
};
use std::ops::Range;

impl SegmentFile {
    /// Where row `row` stands in a text column.
    pub(crate) fn span(
        &self,
        offsets: ColumnKind,
        text: ColumnKind,
        row: usize,
    ) -> Result<(&Column, Range<usize>), GalleryError> {
        let offsets = self.required(ColumnKey::entries(offsets))?;
        let text = self.required(ColumnKey::entries(text))?;
        let [from, to]: [u32; 2] = match self.items::<u32>(offsets, row, row.saturating_add(2))? {
            &[from, to] => [from, to],
            _ => return Err(self.damaged(offsets, 0, format!("no row {row}"))),
        };
        if from > to || u64::from(to) > text.entry.length {
            return Err(self.damaged(offsets, 4 * row as u64, format!("row {row} spans {from}..{to}")));
        }
        Ok((text, from as usize..to as usize))
    }

    /// The text of a row.
    pub(crate) fn text(&self, offsets: ColumnKind, text: ColumnKind, row: usize) -> Result<&str, GalleryError> {
        let (column, range) = self.span(offsets, text, row)?;
        let bytes = self.items(column, range.start, range.end)?;
        std::str::from_utf8(bytes)
            .map_err(|_| self.damaged(column, range.start as u64, format!("row {row} is no UTF-8")))
    }

    /// The row of a registration by name, by guessing where its hash stands among the sorted ones: hashes are uniform.
    pub(crate) fn find(&self, name: &str, hash: u64) -> Result<Option<usize>, GalleryError> {
        let hashes = self.required(ColumnKey::entries(RegistrationHashes))?;
        let order = self.required(ColumnKey::entries(RegistrationOrder))?;
        let mut at = self.lower_bound_uniform(hashes, hash)?;
        while at < self.rows && self.item::<u64>(hashes, at)? == hash {
            let row = self.item::<u32>(order, at)? as usize;
            if self.text(RegistrationOffsets, RegistrationText, row)? == name {
                return Ok(Some(row));
            }
            at += 1;
        }
        Ok(None)
    }

    /// The first place whose hash is at least `hash`: a guess by proportion, doubled steps to either side, then halving.
    fn lower_bound_uniform(&self, hashes: &Column, hash: u64) -> Result<usize, GalleryError> {
        let n = self.rows;
        let guess = ((u128::from(hash) * n as u128) >> 64) as usize;
        let (mut low, mut high);
        let mut step = 8;
        if guess < n && self.item::<u64>(hashes, guess)? < hash {
            low = guess + 1;
            while low + step < n && self.item::<u64>(hashes, low + step)? < hash {
                low += step + 1;
                step *= 2;
            }
            high = n.min(low + step);
        } else {
            high = guess;
            while high > step && self.item::<u64>(hashes, high - step)? >= hash {
                high -= step;
                step *= 2;
            }
            low = high.saturating_sub(step);
        }
        while low < high {
            let middle = low + (high - low) / 2;
            if self.item::<u64>(hashes, middle)? < hash {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        Ok(low)
    }

    /// The rows of a subject, ascending.
    pub(crate) fn rows_of(&self, key: u128) -> Result<Vec<usize>, GalleryError> {
        let sorted = self.required(ColumnKey::entries(SubjectSorted))?;
        let order = self.required(ColumnKey::entries(SubjectOrder))?;
        let (mut low, mut high) = (0, self.rows);
        while low < high {
            let middle = low + (high - low) / 2;
            if self.item::<u128>(sorted, middle)? < key {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        let mut rows = Vec::new();
        while low < self.rows && self.item::<u128>(sorted, low)? == key {
            let row = self.item::<u32>(order, low)? as usize;
            if row >= self.rows {
                return Err(self.damaged(order, 4 * low as u64, format!("row {row} of {}", self.rows)));
            }
            rows.push(row);
            low += 1;
        }
        Ok(rows)
    }
}
