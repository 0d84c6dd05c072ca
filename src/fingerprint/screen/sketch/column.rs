//! The references' sketches: minutiae of many references side by side, without gaps.
//!
//! # Layout
//! [`GROUP`] references make a group. Their minutiae fill the group's tiles one after the other, whatever reference they belong to, so no
//! shuffle is spent on an empty slot but in the last tile. A group is some 25 KB and stays in the first cache while a block of probes meets it.

use super::super::code::{MOST, Row, ScreenColumn};
use crate::simd::sketch::{NIBBLES, SLOTS, Tile};
use rayon::prelude::*;

/// References in a group.
pub(crate) const GROUP: usize = 64;

/// The sketches of rows, in groups.
pub(crate) struct Sketches {
    pub(super) groups: Vec<Group>,
}

/// The sketches of up to [`GROUP`] references.
pub(crate) struct Group {
    pub(super) tiles: Vec<Tile>,
    /// Where each reference's minutiae begin, and where the last one's end.
    starts: Vec<u16>,
    /// Of each minutia: pixels from the centre, 1/256 turns.
    pub(super) x: Vec<i16>,
    pub(super) y: Vec<i16>,
    pub(super) angle: Vec<u8>,
    /// A bit for each row that is no code.
    damaged: u64,
}

impl Sketches {
    /// The sketches of the first row of each column, on this thread.
    pub fn of(columns: &[ScreenColumn<'_>]) -> Self {
        let groups = columns.chunks(GROUP).map(|columns| Group::new(columns.iter().map(|column| column.row(0))));
        Sketches { groups: groups.collect() }
    }

    /// The groups, in the order of rows.
    pub fn groups(&self) -> &[Group] {
        &self.groups
    }

    /// The sketches of `count` rows; `None` stands for a row that cannot be had.
    pub(super) fn new<'a>(count: usize, row: impl Fn(usize) -> Option<Row<'a>> + Sync) -> Self {
        let starts: Vec<usize> = (0..count).step_by(GROUP).collect();
        let groups =
            starts.into_par_iter().map(|start| Group::new((start..count.min(start + GROUP)).map(&row))).collect();
        Sketches { groups }
    }
}

impl Group {
    fn new<'a>(rows: impl Iterator<Item = Option<Row<'a>>>) -> Self {
        let mut group = Group { tiles: Vec::new(), starts: vec![0], x: vec![], y: vec![], angle: vec![], damaged: 0 };
        let (mut x, mut y, mut angle) = ([0.0; MOST], [0.0; MOST], [0; MOST]);
        for (k, row) in rows.take(GROUP).enumerate() {
            let sound = row.and_then(|row| row.count().map(|count| (row, count)));
            if let Some((row, count)) = sound {
                row.places(&mut x, &mut y, &mut angle);
                for slot in 0..count {
                    group.push(&row.signs(slot));
                    group.x.push(x[slot] as i16);
                    group.y.push(y[slot] as i16);
                    group.angle.push(angle[slot]);
                }
            } else {
                group.damaged |= 1 << k;
            }
            group.starts.push(group.x.len() as u16);
        }
        // So that 64 can be read from any minutia on.
        group.angle.resize(group.x.len() + SLOTS, 0);
        group
    }

    fn push(&mut self, nibbles: &[u8; NIBBLES]) {
        let slot = self.x.len() % SLOTS;
        if slot == 0 {
            self.tiles.push([[0; SLOTS]; NIBBLES / 2]);
        }
        if let Some(tile) = self.tiles.last_mut() {
            for (half, row) in tile.iter_mut().enumerate() {
                row[slot] = nibbles[half] | nibbles[half + NIBBLES / 2] << 4;
            }
        }
    }

    /// How many references.
    pub fn len(&self) -> usize {
        self.starts.len() - 1
    }

    /// Where a reference's minutiae begin, and how many there are; `None` where it is no code.
    #[inline(always)]
    pub(super) fn minutiae(&self, row: usize) -> Option<(usize, usize)> {
        let (start, end) = (self.starts[row], self.starts[row + 1]);
        (self.damaged >> (row % 64) & 1 == 0).then_some((usize::from(start), usize::from(end - start)))
    }
}
