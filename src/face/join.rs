//! Many to many: every pair of rows that scores at least a threshold, within columns or across two sets of them.
//!
//! The rows of the left side, in the order of columns and rows, are cut into *blocks* of as many as L2 holds as probes. A block is
//! screened against the tiles of the right side by all threads of the current pool; within one set only against rows that
//! come later, so each pair is compared once. Survivors are compared in full at once, and pairs leave through the caller's
//! [`PairSink`] as they are found: memory does not grow with their number.
//!
//! Blocks are the same whatever the thread count and the level, and are finished in order. Whoever keeps the number of the last finished
//! block, and the pairs that came with it, can go on from there later.

use super::{
    FaceError,
    column::FaceColumn,
    probe::Probes,
    references::{Damage, Place, Work},
    search::{batch, interval, lanes},
};
use crate::simd::{
    Level,
    embedding::{Coding, Compare, Screen, Survivors, TILE, Test},
};
use rayon::prelude::*;
use std::{
    ops::{ControlFlow, Range},
    sync::atomic::{AtomicBool, Ordering::Relaxed},
};

/// Two rows that score at least the threshold.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Pair {
    /// On the left side; within one set of columns, the row that comes first.
    pub a: Place,
    /// On the right side.
    pub b: Place,
    /// Their comparison score.
    pub score: f64,
}

/// A block that is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Finished {
    /// Which block, from 0.
    pub block: u64,
    /// How many blocks the join has.
    pub blocks: u64,
    /// What the block took.
    pub work: Work,
}

/// Where pairs go.
pub trait PairSink: Sync {
    /// Pairs of a block, at most a few thousand at a time, in no order; called by several threads at once.
    fn pairs(&self, block: u64, pairs: &[Pair]);

    /// A block is done: all its pairs have been given. `Break` ends the join after it.
    fn finished(&self, finished: Finished) -> ControlFlow<()>;
}

/// How far a join came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Joined {
    /// What it took, unfinished blocks included.
    pub work: Work,
    /// The first block that is not finished; the number of blocks at the end.
    pub next: u64,
}

/// A join of two sets of columns, or of one with itself.
#[derive(Clone, Copy)]
pub struct FaceJoin<'a> {
    left: &'a [FaceColumn<'a>],
    /// `None`: the left side again.
    right: Option<&'a [FaceColumn<'a>]>,
    threshold: f64,
    level: Level,
}

/// Tiles that one task takes at a time.
const TASK: usize = 8;
/// Pairs that are given to the sink at a time.
const PAIRS: usize = 4096;

impl<'a> FaceJoin<'a> {
    /// All pairs of different rows of `columns` that score `threshold` or more.
    ///
    /// # Errors
    /// If the columns' dimensions differ or the threshold is not a number.
    pub fn within(columns: &'a [FaceColumn<'a>], threshold: f64, level: Level) -> Result<Self, FaceError> {
        Self::new(columns, None, threshold, level)
    }

    /// All pairs of a row of `left` and a row of `right` that score `threshold` or more.
    ///
    /// # Errors
    /// If the columns' dimensions differ or the threshold is not a number.
    pub fn across(
        left: &'a [FaceColumn<'a>],
        right: &'a [FaceColumn<'a>],
        threshold: f64,
        level: Level,
    ) -> Result<Self, FaceError> {
        Self::new(left, Some(right), threshold, level)
    }

    fn new(
        left: &'a [FaceColumn<'a>],
        right: Option<&'a [FaceColumn<'a>]>,
        threshold: f64,
        level: Level,
    ) -> Result<Self, FaceError> {
        if threshold.is_nan() {
            return Err(FaceError::Threshold);
        }
        let all = || left.iter().chain(right.unwrap_or_default());
        if all().count() > u32::MAX as usize {
            return Err(FaceError::Columns { found: all().count() });
        }
        let mut dimensions = all().map(FaceColumn::dimension);
        if let Some(expected) = dimensions.next()
            && let Some(found) = dimensions.find(|&found| found != expected)
        {
            return Err(FaceError::DifferentDimension { expected, found });
        }
        Ok(FaceJoin { left, right, threshold, level })
    }

    /// How many blocks the join has.
    pub fn blocks(&self) -> u64 {
        let rows: u64 = self.left.iter().map(|column| column.len() as u64).sum();
        rows.div_ceil(self.rows_per_block())
    }

    fn rows_per_block(&self) -> u64 {
        self.left.first().map_or(1, |column| batch(column.dimension()) as u64)
    }

    /// Runs some blocks in order, on the threads of the current pool, until they are done, the sink breaks or `cancel` is set.
    ///
    /// After a cancellation the sink may have got pairs of the block [`Joined::next`]; they come again when it is run again.
    ///
    /// # Errors
    /// If an embedding that had to be compared in full is damaged; the block is not finished then.
    pub fn run(&self, blocks: Range<u64>, sink: &impl PairSink, cancel: &AtomicBool) -> Result<Joined, FaceError> {
        let all = self.blocks();
        let mut joined = Joined { work: Work::default(), next: blocks.start };
        for block in blocks.start..blocks.end.min(all) {
            let work = self.block(block, sink, cancel)?;
            joined.work = joined.work + work;
            if cancel.load(Relaxed) {
                break;
            }
            joined.next = block + 1;
            if sink.finished(Finished { block, blocks: all, work }).is_break() {
                break;
            }
        }
        Ok(joined)
    }

    fn block(&self, block: u64, sink: &impl PairSink, cancel: &AtomicBool) -> Result<Work, FaceError> {
        let rows = self.rows_per_block();
        let places = kept(self.left, block * rows..(block + 1) * rows);
        let Some(&earliest) = places.first() else {
            return Ok(Work::default());
        };
        let damage = Damage::default();
        for &place in places.iter().filter(|place| !self.left[place.column as usize].is_sound(place.row)) {
            damage.found(place);
        }
        let right = self.right.unwrap_or(self.left);
        let screen = Screen::new(self.level, Coding::Fine);
        let rows = places.iter().map(|place| self.left[place.column as usize].row(place.row)).collect();
        let probes = Probes::new(self.left[0].dimension(), rows, screen, screen.width());
        let tests: Vec<Test> = (0..probes.len()).map(|probe| probes.bound(probe).test(self.threshold)).collect();
        let first_column = if self.right.is_none() { earliest.column as usize } else { 0 };
        let tasks: Vec<(u32, Range<usize>)> = (first_column..right.len())
            .flat_map(|c| {
                let tiles = right[c].tile_count();
                let inside = self.right.is_none() && c == earliest.column as usize;
                let first = if inside { earliest.row as usize / TILE } else { 0 };
                (first..tiles).step_by(TASK).map(move |first| (c as u32, first..tiles.min(first + TASK)))
            })
            .collect();
        let pass = Pass {
            join: self,
            right,
            block,
            places: &places,
            probes: &probes,
            tests: &tests,
            screen,
            sink,
            damage: &damage,
        };
        let work = tasks
            .into_par_iter()
            .fold(Part::default, |mut part, (column, tiles)| {
                if !cancel.load(Relaxed) {
                    pass.tiles(&mut part, column, tiles);
                }
                part
            })
            .map(|part| {
                if !part.pairs.is_empty() {
                    sink.pairs(block, &part.pairs);
                }
                part.work
            })
            .reduce(Work::default, |a, b| a + b);
        damage.into_result()?;
        Ok(work)
    }
}

/// The kept rows among those that have the positions `range`, counted over all columns.
fn kept(columns: &[FaceColumn<'_>], range: Range<u64>) -> Vec<Place> {
    let mut places = Vec::new();
    let mut start = 0;
    for (c, column) in columns.iter().enumerate() {
        let end = start + column.len() as u64;
        let rows = range.start.clamp(start, end) - start..range.end.clamp(start, end) - start;
        let rows = rows.map(|row| row as u32).filter(|&row| column.keeps(row));
        places.extend(rows.map(|row| Place { column: c as u32, row }));
        start = end;
    }
    places
}

/// A block on its way through the right side.
struct Pass<'p, 'a, S> {
    join: &'p FaceJoin<'a>,
    right: &'a [FaceColumn<'a>],
    block: u64,
    places: &'p [Place],
    probes: &'p Probes<'p>,
    tests: &'p [Test],
    screen: Screen,
    sink: &'p S,
    damage: &'p Damage,
}

/// One thread's part of it.
#[derive(Default)]
struct Part {
    survivors: Box<Survivors>,
    pairs: Vec<Pair>,
    work: Work,
}

impl<S: PairSink> Pass<'_, '_, S> {
    fn tiles(&self, part: &mut Part, c: u32, tiles: Range<usize>) {
        let column = &self.right[c as usize];
        let dimension = column.dimension();
        let compare = Compare::new(self.join.level);
        for tile in tiles {
            let live = column.live(tile);
            if live == 0 {
                continue;
            }
            let bytes = column.tile(Coding::Fine, tile);
            let mut ahead =
                self.screen.shares(dimension, column.tile(Coding::Fine, tile + 1), self.probes.panels().len());
            part.work.bytes_read += bytes.len() as u64;
            let place = |lane: u32| Place { column: c, row: tile as u32 * TILE as u32 + lane };
            // Within one set, a tile may hold rows that come before some of the block's.
            let all_later =
                self.join.right.is_some() || self.places.last().is_some_and(|&a| later(a, place(0)) == u64::MAX);
            let live_for = |a: Place| if all_later { live } else { live & later(a, place(0)) };
            part.work.comparisons += if all_later {
                u64::from(live.count_ones()) * self.probes.len() as u64
            } else {
                self.places.iter().map(|&a| u64::from(live_for(a).count_ones())).sum()
            };
            for range in self.probes.panels() {
                let panel = self.probes.panel(range.clone(), &self.tests[range.clone()]);
                self.screen.run(dimension, bytes, panel, ahead.next().unwrap_or_default(), &mut part.survivors);
                for (p, probe) in range.enumerate() {
                    if part.survivors.masks[p] == 0 {
                        continue;
                    }
                    let a = self.places[probe];
                    for lane in lanes(part.survivors.masks[p] & live_for(a)) {
                        let sum = part.survivors.sums[p][lane as usize];
                        if interval(self.probes, probe, bytes, lane as usize, sum).1 < self.join.threshold {
                            continue;
                        }
                        let b = place(lane);
                        if !column.is_sound(b.row) {
                            self.damage.found(b);
                            continue;
                        }
                        let score = compare.dot(self.probes.row(probe), column.row(b.row));
                        part.work.full_comparisons += 1;
                        if score >= self.join.threshold && score < f64::INFINITY {
                            part.pairs.push(Pair { a, b, score });
                        }
                    }
                }
                if part.pairs.len() >= PAIRS {
                    self.sink.pairs(self.block, &part.pairs);
                    part.pairs.clear();
                }
            }
        }
    }
}

/// Which rows of the tile that starts at `first` come after `a`.
fn later(a: Place, first: Place) -> u64 {
    if first.column != a.column {
        return if first.column > a.column { u64::MAX } else { 0 };
    }
    // Rows fit 32 bits, so the next row does not overflow 64.
    let skip = (u64::from(a.row) + 1).saturating_sub(u64::from(first.row));
    if skip < TILE as u64 { u64::MAX << skip } else { 0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn later_rows_are_those_behind() {
        let place = |column, row| Place { column, row };
        assert_eq!(later(place(1, 5), place(0, 0)), 0);
        assert_eq!(later(place(1, 5), place(2, 0)), u64::MAX);
        assert_eq!(later(place(1, 5), place(1, 0)), !0b11_1111);
        assert_eq!(later(place(1, 5), place(1, 64)), u64::MAX);
        assert_eq!(later(place(1, 127), place(1, 64)), 0);
        assert_eq!(later(place(1, 128), place(1, 64)), 0);
    }
}
