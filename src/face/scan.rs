//! One thread's part of a search: tiles screened, survivors listed, floors told.
//!
//! A filter has one word per tile: where it is zero the tile is not read. Where it leaves few rows these are put aside and then compared
//! in full (few probes), or their codes gathered in a tile of their own (many probes), whichever [`Sparse`] holds for cheaper.

use super::{
    column::{FaceColumn, gather_tile},
    probe::Probes,
    references::{Damage, Place, References, Work},
    search::{FaceSearch, Wanted, interval, lanes},
    shortlist::{Entry, Shortlist},
};
use crate::simd::embedding::{Coding, Compare, Screen, Survivors, TILE, Test, prefetch};
use std::{
    ops::Range,
    sync::atomic::{AtomicI64, Ordering::Relaxed},
};

/// Rows in a coarse tile that are compared in full sooner than the fine tile is screened.
const FEW: u32 = 6;
/// Rows that a filter leaves and that are compared in full together.
const ASIDE: usize = 64;
/// Bytes that memory gives at a time.
const LINE_BYTES: usize = 64;
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

/// A floor that all threads know, as the bits of an `f64` in an order that integers share.
pub(super) struct Floor(AtomicI64);

impl Floor {
    pub fn new(floor: f64) -> Self {
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
pub(super) struct Scan<'s, 'a, R: ?Sized> {
    search: &'s FaceSearch<'a, R>,
    dimension: usize,
    probes: &'s [&'s [f32]],
    fine: Side<'s>,
    coarse: Option<Side<'s>>,
    compare: Compare,
    floors: &'s [Floor],
    damage: &'s Damage,
    lists: Vec<Shortlist>,
    survivors: Box<Survivors>,
    sparse: Sparse,
    /// Rows of tiles with few rows, and the tile that they are gathered in.
    aside: Vec<Place>,
    gathered: Vec<u8>,
    work: Work,
}

impl<'s, 'a, R: References + ?Sized> Scan<'s, 'a, R> {
    pub fn new(
        search: &'s FaceSearch<'a, R>,
        fine: (Screen, &'s Probes<'s>),
        coarse: Option<(Screen, &'s Probes<'s>)>,
        wanted: &[Wanted],
        (floors, damage): (&'s [Floor], &'s Damage),
    ) -> Self {
        Scan {
            search,
            dimension: search.columns[0].dimension(),
            probes: fine.1.rows(),
            fine: Side::new(fine, wanted),
            compare: Compare::new(search.level),
            floors,
            damage,
            lists: wanted.iter().map(|wanted| Shortlist::new(wanted.top, wanted.threshold)).collect(),
            survivors: Box::default(),
            sparse: Sparse::new(floors.len(), coarse.is_some()),
            coarse: coarse.map(|coarse| Side::new(coarse, wanted)),
            aside: Vec::with_capacity(ASIDE),
            gathered: Vec::new(),
            work: Work::default(),
        }
    }

    /// Searches some tiles of a column.
    pub fn tiles(&mut self, c: u32, tiles: Range<usize>) {
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
            for &place in &places {
                self.is_sound(place);
            }
            let mut tile = std::mem::take(&mut self.gathered);
            tile.resize(Coding::Fine.tile_bytes(self.dimension), 0);
            let source = |(i, place): (usize, &Place)| {
                if let Some(soon) = places.get(i + AHEAD) {
                    prefetch(row(soon));
                }
                let tile = columns[place.column as usize].tile(Coding::Fine, place.row as usize / TILE);
                (tile, place.row as usize % TILE, row(place))
            };
            gather_tile(&mut tile, places.iter().enumerate().map(source));
            self.work.bytes_read += (places.len() * (4 * self.dimension + 3 * LINE_BYTES)) as u64;
            let live = u64::MAX >> (TILE - places.len());
            self.fine_tile(&tile, &[], live, |lane| places[lane as usize]);
            self.gathered = tile;
        }
    }

    /// Compares one row in full with one probe.
    fn compare_one(&mut self, probe: usize, place: Place) {
        if !self.is_sound(place) {
            return;
        }
        let row = self.search.columns[place.column as usize].row(place.row);
        let score = self.compare.dot(self.probes[probe], row);
        self.work.bytes_read += 4 * row.len() as u64;
        self.work.full_comparisons += 1;
        if score.is_finite() && self.lists[probe].push(Entry::new((score, score), place), self.search.references) {
            self.raised(probe);
        }
    }

    fn is_sound(&self, place: Place) -> bool {
        let sound = self.search.columns[place.column as usize].is_sound(place.row);
        if !sound {
            self.damage.found(place);
        }
        sound
    }

    pub fn finish(mut self) -> (Vec<Shortlist>, Work) {
        if !self.aside.is_empty() {
            self.take_up();
        }
        (self.lists, self.work)
    }
}
