//! One to many: the best references for each probe.
//!
//! Columns are read once, tile by tile, by all threads of the current pool: each tile is screened for all probes while it is in
//! L1, the probes' codes stay in L2. Threads tell each other the floors they have reached, so that none keeps what another has
//! already beaten. The answer does not depend on how the work was split; how many full comparisons it took can.
//!
//! A few probes are bound by reading. If all columns have a coarse screen, it is read instead; whoever it cannot exclude is compared
//! in full at once if it may well be a candidate, at the end otherwise, and a tile with many such rows is screened finely.
//!
//! What a thread does with its tiles is in `scan.rs`.

use super::{
    FaceError,
    column::FaceColumn,
    probe::{self, Probes},
    references::{Candidate, Damage, Place, References, Work},
    scan::{Floor, Scan},
};
use crate::simd::{
    Level,
    embedding::{Coding, Compare, Screen, TILE, TILE_HEAD, prefetch},
};
use ndarray::ArrayView2;
use rayon::prelude::*;
use std::{
    ops::Range,
    sync::atomic::{AtomicBool, Ordering::Relaxed},
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
    /// If the probes are of another dimension than the columns or not finite, or the threshold is not a number; if a reference that had
    /// to be compared in full is damaged; [`FaceError::Stopped`] if [`FaceSearch::until`] was asked for and happened.
    pub fn candidates(&self, probes: ArrayView2<'_, f32>, wanted: Wanted) -> Result<Found, FaceError> {
        self.check(probes.ncols(), wanted)?;
        let mut copies = Vec::new();
        let rows = probe::rows(&probes, &mut copies)?;
        let found = self.rows(&rows, &vec![wanted; rows.len()])?;
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
    pub(super) fn rows(&self, rows: &[&[f32]], wanted: &[Wanted]) -> Result<Found, FaceError> {
        let mut found = Found { candidates: Vec::with_capacity(rows.len()), work: Work::default() };
        let Some(dimension) = self.columns.first().map(FaceColumn::dimension) else {
            found.candidates.resize(rows.len(), Vec::new());
            return Ok(found);
        };
        let size = batch(dimension);
        for (rows, wanted) in rows.chunks(size).zip(wanted.chunks(size)) {
            let fine = Screen::new(self.level, Coding::Fine);
            let coarse = Screen::new(self.level, Coding::Coarse);
            let (candidates, work) = if rows.len() <= FEW_PROBES && self.columns.iter().all(FaceColumn::has_coarse) {
                // The fine screen is asked for single probes only.
                let fine = (fine, &Probes::new(dimension, rows.to_vec(), fine, 1));
                let coarse = (coarse, &Probes::new(dimension, rows.to_vec(), coarse, coarse.width()));
                self.batch(fine, Some(coarse), wanted)?
            } else {
                let fine = (fine, &Probes::new(dimension, rows.to_vec(), fine, fine.width()));
                self.batch(fine, None, wanted)?
            };
            found.candidates.extend(candidates);
            found.work = found.work + work;
        }
        Ok(found)
    }

    fn batch(
        &self,
        fine: (Screen, &Probes<'_>),
        coarse: Option<(Screen, &Probes<'_>)>,
        wanted: &[Wanted],
    ) -> Result<(Vec<Vec<Candidate>>, Work), FaceError> {
        let probes = fine.1;
        let damage = Damage::default();
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
                || Scan::new(self, fine, coarse, wanted, (&floors, &damage)),
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
            return Ok((vec![Vec::new(); probes.len()], Work::default()));
        };
        let compare = Compare::new(self.level);
        let score = |probe: usize, place: Place| {
            let column = &self.columns[place.column as usize];
            if !column.is_sound(place.row) {
                damage.found(place);
                return f64::NAN;
            }
            compare.dot(probes.row(probe), column.row(place.row))
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
        damage.into_result()?;
        Ok((candidates, work))
    }
}

/// Probes whose codes stay in L2.
pub(super) fn batch(dimension: usize) -> usize {
    (BATCH / dimension / 12 * 12).max(12)
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
