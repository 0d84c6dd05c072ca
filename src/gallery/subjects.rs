//! How many subjects a commit adds, from sorted keys alone.
//!
//! The new segments' keys are merged, so that each key comes once and in order; beside them a cursor walks through the
//! sorted keys of each older segment by doubled steps. A commit of one registration costs a binary search a segment, a bulk load one
//! walk through memory.

use super::{
    GalleryError,
    layout::ColumnKind::{SubjectOrder, SubjectSorted},
    segment_file::{Column, SegmentFile},
    table::ColumnKey,
};
use std::{cmp::Reverse, collections::BinaryHeap};

/// A segment's file and the bits of its rows that live.
pub(crate) struct Rows<'a> {
    pub file: &'a SegmentFile,
    pub live: Option<&'a [u64]>,
}

struct Cursor<'a> {
    rows: &'a Rows<'a>,
    sorted: &'a Column,
    order: &'a Column,
    at: usize,
}

impl<'a> Cursor<'a> {
    fn new(rows: &'a Rows<'a>) -> Result<Self, GalleryError> {
        let sorted = rows.file.required(ColumnKey::entries(SubjectSorted))?;
        let order = rows.file.required(ColumnKey::entries(SubjectOrder))?;
        Ok(Cursor { rows, sorted, order, at: 0 })
    }

    fn key(&self, at: usize) -> Result<u128, GalleryError> {
        self.rows.file.item(self.sorted, at)
    }

    /// The key it stands at, skipping rows that do not live.
    fn next_live(&mut self) -> Result<Option<u128>, GalleryError> {
        while self.at < self.rows.file.rows {
            if self.lives(self.at)? {
                return self.key(self.at).map(Some);
            }
            self.at += 1;
        }
        Ok(None)
    }

    fn lives(&self, at: usize) -> Result<bool, GalleryError> {
        let Some(live) = self.rows.live else { return Ok(true) };
        let row = self.rows.file.item::<u32>(self.order, at)? as usize;
        Ok(live.get(row / 64).is_some_and(|word| word >> (row % 64) & 1 == 1))
    }

    /// Moves to the first key that is at least `key`.
    fn advance(&mut self, key: u128) -> Result<(), GalleryError> {
        let n = self.rows.file.rows;
        let (mut step, mut low) = (1, self.at);
        while low + step <= n && self.key(low + step - 1)? < key {
            low += step;
            step *= 2;
        }
        let mut high = n.min(low + step);
        while low < high {
            let middle = low + (high - low) / 2;
            if self.key(middle)? < key {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        self.at = low;
        Ok(())
    }

    /// Whether a row of `key` lives, the cursor standing at the first key that is at least `key`.
    fn has(&self, key: u128) -> Result<bool, GalleryError> {
        let mut at = self.at;
        while at < self.rows.file.rows && self.key(at)? == key {
            if self.lives(at)? {
                return Ok(true);
            }
            at += 1;
        }
        Ok(false)
    }
}

/// How many subjects live in `new` that do not live in `old`.
pub(crate) fn added(new: &[Rows<'_>], old: &[Rows<'_>]) -> Result<u64, GalleryError> {
    let mut new = new.iter().map(Cursor::new).collect::<Result<Vec<_>, _>>()?;
    let mut old = old.iter().map(Cursor::new).collect::<Result<Vec<_>, _>>()?;
    let mut heap = BinaryHeap::new();
    for (i, cursor) in new.iter_mut().enumerate() {
        heap.extend(cursor.next_live()?.map(|key| Reverse((key, i))));
    }
    let (mut added, mut last) = (0, None);
    while let Some(Reverse((key, i))) = heap.pop() {
        new[i].at += 1;
        heap.extend(new[i].next_live()?.map(|key| Reverse((key, i))));
        if last.replace(key) == Some(key) {
            continue;
        }
        let mut known = false;
        for cursor in &mut old {
            cursor.advance(key)?;
            known = known || cursor.has(key)?;
        }
        added += u64::from(!known);
    }
    Ok(added)
}
