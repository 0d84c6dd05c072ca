//! One to many: the best references for each probe.
//!
//! Columns are read once, tile by tile, by all threads of the current pool: each tile is screened for all probes while it is in
//! L1, the probes' codes stay in L2. Threads tell each other the floors they have reached, so that none keeps what another has
//! already beaten. The answer does not depend on how the work was split; how many full comparisons it took can.
//!
//! A filter has one word per tile: where it is zero the tile is not read. Where it leaves few rows these are compared in full at
//! once (one probe: 2 KB each, fewer bytes than the tile), or gathered with those of other tiles into a tile of their own, rounded again
//! from the stored rows (many probes).

use super::{
    FaceError,
    column::{FaceColumn, encode_tile},
    probe::{self, Probes},
    references::{Candidate, Place, References, Work},
    shortlist::{Entry, Shortlist},
};
use crate::simd::{
    Level,
    embedding::{Compare, Screen, Survivors, TILE, TILE_HEAD, Test, tile_bytes},
};
use ndarray::ArrayView2;
use rayon::prelude::*;
use std::{
    ops::Range,
    sync::atomic::{AtomicI64, Ordering::Relaxed},
};

/// Which candidates a search is asked for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Wanted {
    /// At most how many subjects, the best ones.
    pub top: usize,
    /// The least comparison score of a candidate.
    pub threshold: f64,
}

impl Wanted {
    /// The best `top` subjects, whatever they score.
    pub fn top(top: usize) -> Self {
        Wanted { top, threshold: f64::NEG_INFINITY }
    }

    /// Every subject that scores `threshold` or more.
    pub fn at_least(threshold: f64) -> Self {
        Wanted { top: usize::MAX, threshold }
    }
}

/// What a search found.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Found {
    /// For each probe its candidates, best first, each subject once.
    pub candidates: Vec<Vec<Candidate>>,
    /// What it took.
    pub work: Work,
}

/// Columns searched as one, and what is known about their rows.
///
/// ```
/// use vantay::{face::{self, EveryRow, FaceColumn, FaceSearch, Wanted}, simd::Level};
///
/// let rows = [[0.25f32; 16], [-0.25; 16]].concat();
/// let screen = face::encode(16, &rows)?;
/// let columns = [FaceColumn::new(16, &rows, screen.as_bytes())?];
/// let search = FaceSearch::new(&columns, &EveryRow, Level::best())?;
/// let probes = ndarray::arr2(&[[0.25f32; 16]]);
/// let found = search.candidates(probes.view(), Wanted::top(10))?;
/// assert_eq!(found.candidates[0][0].score, 1.0);
/// assert_eq!(found.candidates[0][1].score, -1.0);
/// # Ok::<(), face::FaceError>(())
/// ```
#[derive(Clone, Copy)]
pub struct FaceSearch<'a, R: ?Sized> {
    pub(super) columns: &'a [FaceColumn<'a>],
    pub(super) references: &'a R,
    pub(super) level: Level,
}

/// Tiles that one task takes at a time: 2 MB of 512 dimensions.
const TASK: usize = 64;
/// Bytes of probes' codes that stay in L2 beside the tiles.
pub(super) const BATCH: usize = 512 << 10;
/// Rows in a tile that one probe compares in full sooner than it screens the tile.
const FEW: u32 = 6;
/// Probes from which few rows are gathered rather than compared in full.
const MANY: usize = 6;

impl<'a, R: References + ?Sized> FaceSearch<'a, R> {
    /// A search of `columns` at the level `level`.
    ///
    /// # Errors
    /// If the columns' dimensions differ.
    pub fn new(columns: &'a [FaceColumn<'a>], references: &'a R, level: Level) -> Result<Self, FaceError> {
        if columns.len() > u32::MAX as usize {
            return Err(FaceError::Columns { found: columns.len() });
        }
        if let Some(other) = columns.iter().find(|column| column.dimension() != columns[0].dimension()) {
            let (expected, found) = (columns[0].dimension(), other.dimension());
            return Err(FaceError::DifferentDimension { expected, found });
        }
        Ok(FaceSearch { columns, references, level })
    }

    /// The candidates for each row of `probes`, a matrix of (probes, dimension), on the threads of the current pool.
    ///
    /// Exactly what comparing every probe with every kept row in full would give: a subject appears once, with its best row, ties
    /// break by [`References::order`].
    ///
    /// # Errors
    /// If the probes are of another dimension than the columns or not finite, or the threshold is not a number.
    pub fn candidates(&self, probes: ArrayView2<'_, f32>, wanted: Wanted) -> Result<Found, FaceError> {
        if wanted.threshold.is_nan() {
            return Err(FaceError::Threshold);
        }
        let mut copies = Vec::new();
        let rows = probe::rows(&probes, &mut copies)?;
        let mut found = Found { candidates: Vec::with_capacity(rows.len()), work: Work::default() };
        let Some(first) = self.columns.first() else {
            found.candidates.resize(probes.nrows(), Vec::new());
            return Ok(found);
        };
        let dimension = first.dimension();
        if dimension != probes.ncols() {
            return Err(FaceError::DifferentDimension { expected: dimension, found: probes.ncols() });
        }
        let screen = Screen::new(self.level);
        for rows in rows.chunks(batch(dimension)) {
            let probes = Probes::new(dimension, rows.to_vec(), screen.width(), screen.limit());
            let (candidates, work) = self.batch(&probes, wanted, screen);
            found.candidates.extend(candidates);
            found.work = found.work + work;
        }
        Ok(found)
    }

    fn batch(&self, probes: &Probes<'_>, wanted: Wanted, screen: Screen) -> (Vec<Vec<Candidate>>, Work) {
        let floors: Vec<Floor> = (0..probes.len()).map(|_| Floor::new(wanted.threshold)).collect();
        let tasks: Vec<(u32, Range<usize>)> = self
            .columns
            .iter()
            .enumerate()
            .flat_map(|(c, column)| {
                let tiles = column.tile_count();
                (0..tiles).step_by(TASK).map(move |first| (c as u32, first..tiles.min(first + TASK)))
            })
            .collect();
        let scan = tasks
            .into_par_iter()
            .fold(
                || Scan::new(self, probes, wanted, screen, &floors),
                |mut scan, (column, tiles)| {
                    scan.tiles(column, tiles);
                    scan
                },
            )
            .map(Scan::finish)
            .reduce_with(|(mut lists, a), (others, b)| {
                for (list, other) in lists.iter_mut().zip(others) {
                    list.merge(other);
                }
                (lists, a + b)
            });
        let Some((lists, mut work)) = scan else {
            return (vec![Vec::new(); probes.len()], Work::default());
        };
        let compare = Compare::new(self.level);
        let score = |probe: usize, place: Place| {
            compare.dot(probes.row(probe), self.columns[place.column as usize].row(place.row))
        };
        let finished: Vec<_> = lists
            .into_par_iter()
            .enumerate()
            .map(|(probe, list)| list.finish(self.references, |place| score(probe, place)))
            .collect();
        let mut candidates = Vec::with_capacity(finished.len());
        for (list, compared) in finished {
            work.full_comparisons += compared;
            work.bytes_read += compared * 4 * self.columns[0].dimension() as u64;
            candidates.push(list);
        }
        (candidates, work)
    }
}

/// Probes whose codes stay in L2.
pub(super) fn batch(dimension: usize) -> usize {
    (BATCH / dimension / 12 * 12).max(12)
}

/// A floor that all threads know, as the bits of an `f64` in an order that integers share.
struct Floor(AtomicI64);

impl Floor {
    fn new(floor: f64) -> Self {
        Floor(AtomicI64::new(Self::ordered(floor)))
    }

    /// Its own inverse, up to the type.
    fn ordered(value: f64) -> i64 {
        let bits = value.to_bits() as i64;
        bits ^ ((bits >> 63) & i64::MAX)
    }

    fn get(&self) -> f64 {
        let bits = self.0.load(Relaxed);
        f64::from_bits((bits ^ ((bits >> 63) & i64::MAX)) as u64)
    }

    fn raise(&self, floor: f64) {
        self.0.fetch_max(Self::ordered(floor), Relaxed);
    }
}

/// One thread's part of a search.
struct Scan<'s, 'a, R: ?Sized> {
    search: &'s FaceSearch<'a, R>,
    probes: &'s Probes<'s>,
    screen: Screen,
    compare: Compare,
    floors: &'s [Floor],
    lists: Vec<Shortlist>,
    tests: Vec<Test>,
    survivors: Box<Survivors>,
    gathered: Vec<Place>,
    work: Work,
}

impl<'s, 'a, R: References + ?Sized> Scan<'s, 'a, R> {
    fn new(
        search: &'s FaceSearch<'a, R>,
        probes: &'s Probes<'s>,
        wanted: Wanted,
        screen: Screen,
        floors: &'s [Floor],
    ) -> Self {
        Scan {
            search,
            probes,
            screen,
            compare: Compare::new(search.level),
            floors,
            lists: (0..probes.len()).map(|_| Shortlist::new(wanted.top, wanted.threshold)).collect(),
            tests: (0..probes.len()).map(|probe| probes.bound(probe).test(wanted.threshold)).collect(),
            survivors: Box::default(),
            gathered: Vec::new(),
            work: Work::default(),
        }
    }

    /// Searches some tiles of a column.
    fn tiles(&mut self, c: u32, tiles: Range<usize>) {
        for (probe, floor) in self.floors.iter().enumerate() {
            let floor = floor.get();
            if floor > self.lists[probe].floor() {
                self.lists[probe].raise(floor);
                self.tests[probe] = self.probes.bound(probe).test(floor);
            }
        }
        let column = &self.search.columns[c as usize];
        for tile in tiles {
            let live = column.live(tile);
            let place = |lane: u32| Place { column: c, row: tile as u32 * TILE as u32 + lane };
            self.work.comparisons += u64::from(live.count_ones()) * self.probes.len() as u64;
            if live == 0 {
                continue;
            }
            if live.count_ones() > FEW {
                self.tile(column.tile(tile), column.tile(tile + 1), live, place);
            } else if self.probes.len() < MANY {
                lanes(live).for_each(|lane| self.compare(place(lane)));
            } else {
                lanes(live).for_each(|lane| self.gather(place(lane)));
            }
        }
    }

    /// Screens a tile for all probes.
    fn tile(&mut self, tile: &[u8], ahead: &[u8], live: u64, place: impl Fn(u32) -> Place) {
        self.work.bytes_read += tile.len() as u64;
        let dimension = self.search.columns[0].dimension();
        let mut ahead = ahead;
        for range in self.probes.panels() {
            let panel = self.probes.panel(range.clone(), &self.tests[range.clone()]);
            self.screen.run(dimension, tile, panel, ahead, &mut self.survivors);
            ahead = &[];
            for (p, probe) in range.enumerate() {
                let mask = self.survivors.masks[p] & live;
                if mask == 0 {
                    continue;
                }
                let mut raised = false;
                for lane in lanes(mask) {
                    let sum = self.survivors.sums[p][lane as usize];
                    let interval = interval(self.probes, probe, tile, lane as usize, sum);
                    raised |= self.lists[probe].push(Entry::new(interval, place(lane)), self.search.references);
                }
                if raised {
                    self.raised(probe);
                }
            }
        }
    }

    /// Tells all threads a probe's new floor.
    fn raised(&mut self, probe: usize) {
        let floor = self.lists[probe].floor();
        self.floors[probe].raise(floor);
        self.tests[probe] = self.probes.bound(probe).test(floor);
    }

    /// Compares one row in full with all probes.
    fn compare(&mut self, place: Place) {
        let row = self.search.columns[place.column as usize].row(place.row);
        self.work.bytes_read += 4 * row.len() as u64;
        for probe in 0..self.probes.len() {
            let score = self.compare.dot(self.probes.row(probe), row);
            self.work.full_comparisons += 1;
            if score.is_finite() && self.lists[probe].push(Entry::new((score, score), place), self.search.references) {
                self.raised(probe);
            }
        }
    }

    /// Puts one row aside until a tile is full.
    fn gather(&mut self, place: Place) {
        self.gathered.push(place);
        if self.gathered.len() == TILE {
            self.gathered_tile();
        }
    }

    fn gathered_tile(&mut self) {
        let places = std::mem::take(&mut self.gathered);
        let columns = self.search.columns;
        let mut tile = vec![0; tile_bytes(columns[0].dimension())];
        encode_tile(&mut tile, places.iter().map(|place| columns[place.column as usize].row(place.row)));
        self.work.bytes_read += (places.len() * 4 * columns[0].dimension()) as u64;
        let live = u64::MAX >> (TILE - places.len());
        self.tile(&tile, &[], live, |lane| places[lane as usize]);
    }

    fn finish(mut self) -> (Vec<Shortlist>, Work) {
        if !self.gathered.is_empty() {
            self.gathered_tile();
        }
        (self.lists, self.work)
    }
}

/// The numbers of the bits that are set.
pub(super) fn lanes(mut mask: u64) -> impl Iterator<Item = u32> {
    std::iter::from_fn(move || {
        let lane = (mask != 0).then(|| mask.trailing_zeros());
        mask &= mask.wrapping_sub(1);
        lane
    })
}

/// What the screen knows about the score of a reference.
pub(super) fn interval(probes: &Probes<'_>, probe: usize, tile: &[u8], lane: usize, sum: i32) -> (f64, f64) {
    let number = |at: usize| {
        let bytes = &tile[..TILE_HEAD][4 * at..][..4];
        f32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]])
    };
    probes.bound(probe).interval(sum, number(lane), number(TILE + lane), number(2 * TILE))
}
