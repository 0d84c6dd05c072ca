//! The references' sketches: minutiae of many references side by side, without gaps.
//!
//! # Layout
//! [`GROUP`] references make a group. Their minutiae fill the group's tiles one after the other, whatever reference they belong to, so no
//! shuffle is spent on an empty slot but in the last tile. A group is some 25 KB and stays in the first cache while a block of probes meets it.

use super::super::code::{GRAIN, LANES, MOST, Row, ScreenColumn};
use crate::simd::{
    Level,
    sketch::{MostSimilar, NIBBLES, SLOTS, Tile},
};
use rayon::prelude::*;

/// References in a group.
pub(crate) const GROUP: usize = 64;

/// The sketches of rows, in groups.
pub(crate) struct Sketches {
    pub(super) groups: Vec<Group>,
}

/// The sketches of up to [`GROUP`] references.
#[derive(Default)]
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

/// Makes groups.
pub(in crate::fingerprint::screen) struct Sketcher {
    signs: MostSimilar,
    /// What the tiles will hold, row by row through all of them, with room for a reference beyond the last.
    rows: Box<[[u8; (GROUP + 1) * MOST]; NIBBLES / 2]>,
}

impl Sketches {
    /// The sketches of the first row of each column, on this thread.
    pub fn of(level: Level, columns: &[ScreenColumn<'_>]) -> Self {
        let mut sketcher = Sketcher::new(level);
        let groups = columns.chunks(GROUP).map(|columns| sketcher.group(columns.iter().map(|column| column.row(0))));
        Sketches { groups: groups.collect() }
    }

    /// The groups, in the order of rows.
    pub fn groups(&self) -> &[Group] {
        &self.groups
    }

    /// The sketches of `count` rows; `None` stands for a row that cannot be had.
    pub(super) fn new<'a>(level: Level, count: usize, row: impl Fn(usize) -> Option<Row<'a>> + Sync) -> Self {
        let starts: Vec<usize> = (0..count).step_by(GROUP).collect();
        let group = |sketcher: &mut Sketcher, start: usize| sketcher.group((start..count.min(start + GROUP)).map(&row));
        Sketches { groups: starts.into_par_iter().map_init(|| Sketcher::new(level), group).collect() }
    }
}

impl Sketcher {
    pub fn new(level: Level) -> Self {
        Sketcher { signs: MostSimilar::new(level), rows: Box::new([[0; (GROUP + 1) * MOST]; NIBBLES / 2]) }
    }

    fn group<'a>(&mut self, rows: impl Iterator<Item = Option<Row<'a>>>) -> Group {
        let mut group = Group::default();
        self.fill(&mut group, rows);
        group
    }

    /// Makes `group` that of so many rows, [`GROUP`] at most.
    pub fn fill<'a>(&mut self, group: &mut Group, rows: impl Iterator<Item = Option<Row<'a>>>) {
        group.clear();
        for (k, row) in rows.take(GROUP).enumerate() {
            if let Some((row, count)) = row.and_then(|row| Some((row, row.count()?))) {
                // Whole rows are written, and what is too much is overwritten by the next one.
                let from = group.x.len();
                let signs = self.signs.signs(&row.halves()[..count.div_ceil(LANES)]);
                for (to, row) in self.rows.iter_mut().zip(&signs) {
                    to[from..][..MOST].copy_from_slice(row);
                }
                let [x, y, angle] = row.steps_and_angles();
                let pixels = |&step: &u8| i16::from(step as i8) * GRAIN;
                group.x.extend(x[..count].iter().map(pixels));
                group.y.extend(y[..count].iter().map(pixels));
                group.angle.extend_from_slice(&angle[..count]);
            } else {
                group.damaged |= 1 << k;
            }
            group.starts.push(group.x.len() as u16);
        }
        let n = group.x.len();
        self.rows.iter_mut().for_each(|row| row[n..n.next_multiple_of(SLOTS)].fill(0));
        for from in (0..n).step_by(SLOTS) {
            let mut tile: Tile = [[0; SLOTS]; NIBBLES / 2];
            for (to, row) in tile.iter_mut().zip(self.rows.iter()) {
                to.copy_from_slice(&row[from..][..SLOTS]);
            }
            group.tiles.push(tile);
        }
        // So that 64 can be read from any minutia on.
        group.angle.resize(n + SLOTS, 0);
    }
}

impl Group {
    fn clear(&mut self) {
        self.tiles.clear();
        self.starts.clear();
        self.starts.push(0);
        self.x.clear();
        self.y.clear();
        self.angle.clear();
        self.damaged = 0;
    }

    /// How many references.
    pub fn len(&self) -> usize {
        self.starts.len().saturating_sub(1)
    }

    /// Where a reference's minutiae begin, and how many there are; `None` where it is no code.
    #[inline(always)]
    pub(super) fn minutiae(&self, row: usize) -> Option<(usize, usize)> {
        let (start, end) = (self.starts[row], self.starts[row + 1]);
        (self.damaged >> (row % 64) & 1 == 0).then_some((usize::from(start), usize::from(end - start)))
    }
}
