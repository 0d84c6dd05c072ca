//! One to many: the best references for each probe.
//!
//! Columns are read once, tile by tile, by all threads of the current pool: each tile is screened for all probes while it is in
//! L1, the probes' codes stay in L2. Threads tell each other the floors they have reached, so that none keeps what another has
//! already beaten. The answer does not depend on how the work was split; how many full comparisons it took can.
//!
//! A few probes are bound by reading. If all columns have a coarse screen, it is read instead; whoever it cannot exclude is compared
//! in full at once if it may well be a candidate, at the end otherwise, and a tile with many such rows is screened finely.
//!
//! A filter has one word per tile: where it is zero the tile is not read. Where it leaves few rows these are put aside and then compared
//! in full (few probes), or rounded again into a tile of their own (many probes), whichever [`Sparse`] holds for cheaper.

use super::{
    FaceError,
    column::{FaceColumn, encode_tile},
    probe::{self, Probes},
    references::{Candidate, Place, References, Work},
    shortlist::{Entry, Shortlist},
};
use crate::simd::{
    Level,
    embedding::{Coding, Compare, Screen, Survivors, TILE, TILE_HEAD, Test, prefetch},
};
use ndarray::ArrayView2;
use rayon::prelude::*;
use std::{
    ops::Range,
    sync::atomic::{AtomicBool, AtomicI64, Ordering::Relaxed},
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
    stop: Option<&'a AtomicBool>,
}

/// Tiles that one task takes at a time: 2 MB of 512 dimensions.
const TASK: usize = 64;
/// Bytes of probes' codes that stay in L2 beside the tiles.
pub(super) const BATCH: usize = 512 << 10;
/// Most probes that read the coarse screen: each costs it some thousand full comparisons.
const FEW_PROBES: usize = 3;
/// Rows in a coarse tile that are compared in full sooner than the fine tile is screened.
const FEW: u32 = 6;
/// Rows that a filter leaves and that are compared in full together.
const ASIDE: usize = 64;
/// How many comparisons ahead memory is asked for a row.
const AHEAD: usize = 4;

/// What is cheapest for a tile of which a filter leaves few rows, by the time of each way in nanoseconds, 512 dimensions, one
/// thread of a Zen 5.
#[derive(Clone, Copy)]
struct Sparse {
    /// Most rows that are taken out of a tile.
    most: u32,
    /// They are compared in full, not gathered.
    in_full: bool,
}

impl Sparse {
    fn new(probes: usize, coarse: bool) -> Self {
        let probes = probes as f64;
        // Reading the tile, or multiplying it.
        let tile = if coarse { f64::max(500.0, 100.0 * probes) } else { f64::max(900.0, 66.0 * probes) };
        let in_full = 100.0 + 20.0 * probes;
        let gathered = 1000.0 + probes;
        Sparse { most: (tile / f64::min(in_full, gathered)) as u32, in_full: in_full <= gathered }
    }
}

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
        Ok(FaceSearch { columns, references, level, stop: None })
    }

    /// The same search, which gives up soon after another thread has set `stop`.
    pub fn until(self, stop: &'a AtomicBool) -> Self {
        FaceSearch { stop: Some(stop), ..self }
    }

    fn is_stopped(&self) -> bool {
        self.stop.is_some_and(|stop| stop.load(Relaxed))
    }

    /// The candidates for each row of `probes`, a matrix of (probes, dimension), on the threads of the current pool.
    ///
    /// Exactly what comparing every probe with every kept row in full would give: a subject appears once, with its best row, ties
    /// break by [`References::order`].
    ///
    /// # Errors
    /// If the probes are of another dimension than the columns or not finite, or the threshold is not a number;
    /// [`FaceError::Stopped`] if [`FaceSearch::until`] was asked for and happened.
    pub fn candidates(&self, probes: ArrayView2<'_, f32>, wanted: Wanted) -> Result<Found, FaceError> {
        self.check(probes.ncols(), wanted)?;
        let mut copies = Vec::new();
        let rows = probe::rows(&probes, &mut copies)?;
        let found = self.rows(&rows, &vec![wanted; rows.len()]);
        if self.is_stopped() { Err(FaceError::Stopped) } else { Ok(found) }
    }

    /// Whether probes of `dimension` can be searched.
    pub(super) fn check(&self, dimension: usize, wanted: Wanted) -> Result<(), FaceError> {
        if wanted.threshold.is_nan() {
            return Err(FaceError::Threshold);
        }
        match self.columns.first().map(FaceColumn::dimension) {
            Some(expected) if expected != dimension => {
                Err(FaceError::DifferentDimension { expected, found: dimension })
            }
            _ => Ok(()),
        }
    }

    /// The candidates for `rows`, checked probes, of each of which its own are wanted.
    pub(super) fn rows(&self, rows: &[&[f32]], wanted: &[Wanted]) -> Found {
        let mut found = Found { candidates: Vec::with_capacity(rows.len()), work: Work::default() };
        let Some(dimension) = self.columns.first().map(FaceColumn::dimension) else {
            found.candidates.resize(rows.len(), Vec::new());
            return found;
        };
        let size = batch(dimension);
        for (rows, wanted) in rows.chunks(size).zip(wanted.chunks(size)) {
            let fine = Screen::new(self.level, Coding::Fine);
            let coarse = Screen::new(self.level, Coding::Coarse);
            let (candidates, work) = if rows.len() <= FEW_PROBES && self.columns.iter().all(FaceColumn::has_coarse) {
                // The fine screen is asked for single probes only.
                let fine = (fine, &Probes::new(dimension, rows.to_vec(), fine, 1));
                let coarse = (coarse, &Probes::new(dimension, rows.to_vec(), coarse, coarse.width()));
                self.batch(fine, Some(coarse), wanted)
            } else {
                let fine = (fine, &Probes::new(dimension, rows.to_vec(), fine, fine.width()));
                self.batch(fine, None, wanted)
            };
            found.candidates.extend(candidates);
            found.work = found.work + work;
        }
        found
    }

    fn batch(
        &self,
        fine: (Screen, &Probes<'_>),
        coarse: Option<(Screen, &Probes<'_>)>,
        wanted: &[Wanted],
    ) -> (Vec<Vec<Candidate>>, Work) {
        let probes = fine.1;
        let floors: Vec<Floor> = wanted.iter().map(|wanted| Floor::new(wanted.threshold)).collect();
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
                || Scan::new(self, fine, coarse, wanted, &floors),
                |mut scan, (column, tiles)| {
                    // What a search that was stopped found is thrown away.
                    if !self.is_stopped() {
                        scan.tiles(column, tiles);
                    }
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
            .map(|(probe, list)| {
                if self.is_stopped() {
                    return (Vec::new(), 0);
                }
                let ask = |place: Place| prefetch(self.columns[place.column as usize].row(place.row));
                list.finish(self.references, |place| score(probe, place), ask)
            })
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

/// The probes as one of the screens takes them, with the tests of the floors reached.
struct Side<'s> {
    screen: Screen,
    probes: &'s Probes<'s>,
    tests: Vec<Test>,
}

impl<'s> Side<'s> {
    fn new((screen, probes): (Screen, &'s Probes<'s>), wanted: &[Wanted]) -> Self {
        let tests = wanted.iter().enumerate();
        let tests = tests.map(|(probe, wanted)| probes.bound(probe).test(wanted.threshold)).collect();
        Side { screen, probes, tests }
    }

    fn raise(&mut self, probe: usize, floor: f64) {
        self.tests[probe] = self.probes.bound(probe).test(floor);
    }

    fn run(&self, dimension: usize, panel: Range<usize>, tile: &[u8], ahead: &[u8], survivors: &mut Survivors) {
        let panel = self.probes.panel(panel.clone(), &self.tests[panel]);
        self.screen.run(dimension, tile, panel, ahead, survivors);
    }
}

/// One thread's part of a search.
struct Scan<'s, 'a, R: ?Sized> {
    search: &'s FaceSearch<'a, R>,
    dimension: usize,
    probes: &'s [&'s [f32]],
    fine: Side<'s>,
    coarse: Option<Side<'s>>,
    compare: Compare,
    floors: &'s [Floor],
    lists: Vec<Shortlist>,
    survivors: Box<Survivors>,
    sparse: Sparse,
    /// Rows of tiles with few rows.
    aside: Vec<Place>,
    work: Work,
}

impl<'s, 'a, R: References + ?Sized> Scan<'s, 'a, R> {
    fn new(
        search: &'s FaceSearch<'a, R>,
        fine: (Screen, &'s Probes<'s>),
        coarse: Option<(Screen, &'s Probes<'s>)>,
        wanted: &[Wanted],
        floors: &'s [Floor],
    ) -> Self {
        Scan {
            search,
            dimension: search.columns[0].dimension(),
            probes: fine.1.rows(),
            fine: Side::new(fine, wanted),
            compare: Compare::new(search.level),
            floors,
            lists: wanted.iter().map(|wanted| Shortlist::new(wanted.top, wanted.threshold)).collect(),
            survivors: Box::default(),
            sparse: Sparse::new(floors.len(), coarse.is_some()),
            coarse: coarse.map(|coarse| Side::new(coarse, wanted)),
            aside: Vec::with_capacity(ASIDE),
            work: Work::default(),
        }
    }

    /// Searches some tiles of a column.
    fn tiles(&mut self, c: u32, tiles: Range<usize>) {
        for probe in 0..self.probes.len() {
            let floor = self.floors[probe].get();
            if floor > self.lists[probe].floor() {
                self.lists[probe].raise(floor);
                self.raise_tests(probe, floor);
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
            if live.count_ones() > self.sparse.most {
                if self.coarse.is_some() {
                    self.coarse_tile(column, tile, live, place);
                } else {
                    let ahead = column.tile(Coding::Fine, tile + 1);
                    self.fine_tile(column.tile(Coding::Fine, tile), ahead, live, place);
                }
            } else {
                for lane in lanes(live) {
                    self.aside.push(place(lane));
                    if self.aside.len() == ASIDE {
                        self.take_up();
                    }
                }
            }
        }
    }

    /// Screens a tile for all probes.
    fn fine_tile(&mut self, tile: &[u8], ahead: &[u8], live: u64, place: impl Fn(u32) -> Place) {
        self.work.bytes_read += tile.len() as u64;
        let panels = self.fine.probes.panels();
        let mut ahead = self.fine.screen.shares(self.dimension, ahead, panels.len());
        for panel in panels {
            let ahead = ahead.next().unwrap_or_default();
            self.fine.run(self.dimension, panel.clone(), tile, ahead, &mut self.survivors);
            for (p, probe) in panel.enumerate() {
                let mask = self.survivors.masks[p] & live;
                if mask != 0 {
                    self.list(probe, p, mask, tile, &place);
                }
            }
        }
    }

    /// Puts the survivors of the fine screen on a probe's list.
    fn list(&mut self, probe: usize, p: usize, mask: u64, tile: &[u8], place: impl Fn(u32) -> Place) {
        let mut raised = false;
        for lane in lanes(mask) {
            let sum = self.survivors.sums[p][lane as usize];
            let interval = interval(self.fine.probes, probe, tile, lane as usize, sum);
            raised |= self.lists[probe].push(Entry::new(interval, place(lane)), self.search.references);
        }
        if raised {
            self.raised(probe);
        }
    }

    /// Screens a tile coarsely for all probes, and more closely for those who keep some of it.
    fn coarse_tile(&mut self, column: &FaceColumn<'_>, tile: usize, live: u64, place: impl Fn(u32) -> Place) {
        let Some(coarse) = &self.coarse else { return };
        let (screen, probes) = (coarse.screen, coarse.probes);
        let bytes = column.tile(Coding::Coarse, tile);
        self.work.bytes_read += bytes.len() as u64;
        let mut ahead = screen.shares(self.dimension, column.tile(Coding::Coarse, tile + 1), probes.panels().len());
        for panel in probes.panels() {
            if let Some(coarse) = &self.coarse {
                let ahead = ahead.next().unwrap_or_default();
                coarse.run(self.dimension, panel.clone(), bytes, ahead, &mut self.survivors);
            }
            for (p, probe) in panel.clone().enumerate() {
                let mask = self.survivors.masks[p] & live;
                if mask.count_ones() > FEW {
                    continue;
                }
                for lane in lanes(mask) {
                    let sum = self.survivors.sums[p][lane as usize];
                    let (lower, upper) = interval(probes, probe, bytes, lane as usize, sum);
                    let floor = self.lists[probe].floor();
                    if lower + upper >= 2.0 * floor {
                        self.compare_one(probe, place(lane));
                    } else if upper >= floor {
                        self.lists[probe].wait(Entry::new((lower, upper), place(lane)));
                    }
                }
            }
            let masks = self.survivors.masks;
            for (p, probe) in panel.enumerate() {
                let mask = masks[p] & live;
                if mask.count_ones() > FEW {
                    let tile = column.tile(Coding::Fine, tile);
                    self.work.bytes_read += tile.len() as u64;
                    self.fine.run(self.dimension, probe..probe + 1, tile, &[], &mut self.survivors);
                    self.list(probe, 0, self.survivors.masks[0] & mask, tile, &place);
                }
            }
        }
    }

    /// Tells all threads a probe's new floor.
    fn raised(&mut self, probe: usize) {
        let floor = self.lists[probe].floor();
        self.floors[probe].raise(floor);
        self.raise_tests(probe, floor);
    }

    fn raise_tests(&mut self, probe: usize, floor: f64) {
        self.fine.raise(probe, floor);
        if let Some(coarse) = &mut self.coarse {
            coarse.raise(probe, floor);
        }
    }

    /// Searches the rows put aside.
    fn take_up(&mut self) {
        let places = std::mem::take(&mut self.aside);
        let columns = self.search.columns;
        let row = |place: &Place| columns[place.column as usize].row(place.row);
        if self.sparse.in_full {
            for (i, &place) in places.iter().enumerate() {
                if let Some(soon) = places.get(i + AHEAD) {
                    prefetch(row(soon));
                }
                (0..self.probes.len()).for_each(|probe| self.compare_one(probe, place));
            }
        } else {
            let mut tile = vec![0; Coding::Fine.tile_bytes(self.dimension)];
            encode_tile(Coding::Fine, &mut tile, places.iter().map(row));
            self.work.bytes_read += (places.len() * 4 * self.dimension) as u64;
            let live = u64::MAX >> (TILE - places.len());
            self.fine_tile(&tile, &[], live, |lane| places[lane as usize]);
        }
    }

    /// Compares one row in full with one probe.
    fn compare_one(&mut self, probe: usize, place: Place) {
        let row = self.search.columns[place.column as usize].row(place.row);
        let score = self.compare.dot(self.probes[probe], row);
        self.work.bytes_read += 4 * row.len() as u64;
        self.work.full_comparisons += 1;
        if score.is_finite() && self.lists[probe].push(Entry::new((score, score), place), self.search.references) {
            self.raised(probe);
        }
    }

    fn finish(mut self) -> (Vec<Shortlist>, Work) {
        if !self.aside.is_empty() {
            self.take_up();
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
