//! The join: sketches of a column against themselves, the screen on what they let through.

use super::{
    super::{DAMAGED, Depth, Screen, ScreenColumn, ScreenProbe, code::Row, join::Survivor},
    column::{GROUP, Sketches},
    pairs::{Asked, Scorer},
    parameters as p,
    probe::SketchProbe,
};
use crate::simd::Level;
use rayon::prelude::*;
use std::ops::{Add, Range};

/// Rows that are probes together: their tables fill half of the second cache.
const BLOCK: usize = 32;

/// Every pair within columns of screen codes that is worth a full comparison, found by sketches first.
///
/// Rows are numbered through the columns. Which pairs survive depends on the columns and the depth alone: not on the level, the
/// threads, nor on which blocks are run together.
///
/// # Example
/// ```
/// use vantay::{
///     fingerprint::screen::{Depth, ScreenColumn, SketchJoin},
///     simd::Level,
/// };
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let codes: Vec<u8> = Vec::new();
/// let column = ScreenColumn::new(&codes)?;
/// let join = SketchJoin::new(Level::chosen()?, &[column], Depth::Share(0.01));
/// let work = join.run(0..join.blocks(), |_, survivors| {
///     for pair in survivors {
///         println!("rows {} and {} are worth a full comparison", pair.a, pair.b);
///     }
/// });
/// assert_eq!(work.pairs, 0);
/// # Ok(())
/// # }
/// ```
pub struct SketchJoin<'a> {
    columns: Vec<ScreenColumn<'a>>,
    /// The first row of each column.
    starts: Vec<usize>,
    rows: usize,
    /// Of the references, 0 to 1.
    share: f64,
    level: Level,
    sketches: Sketches,
    sample: Sketches,
    sampled: Vec<usize>,
}

impl std::fmt::Debug for SketchJoin<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "SketchJoin({} rows)", self.rows)
    }
}

/// What a join took.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct SketchWork {
    /// Pairs whose sketches were compared, those of the samples included.
    pub pairs: u64,
    /// Of these, how many the screen scored.
    pub screened: u64,
    /// Pairs that survived.
    pub survivors: u64,
}

impl Add for SketchWork {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        SketchWork {
            pairs: self.pairs + other.pairs,
            screened: self.screened + other.screened,
            survivors: self.survivors + other.survivors,
        }
    }
}

/// What a reference must reach to get past each stage.
struct Thresholds {
    turns: u16,
    agreement: u16,
    screen: u16,
}

struct Probe {
    row: usize,
    sketch: SketchProbe,
    screen: ScreenProbe,
    /// `None` where everything survives.
    thresholds: Option<Thresholds>,
}

impl<'a> SketchJoin<'a> {
    /// Sketches the rows of `columns`, on all threads: half a microsecond and 600 bytes a row.
    pub fn new(level: Level, columns: &[ScreenColumn<'a>], depth: Depth) -> Self {
        let rows: usize = columns.iter().map(ScreenColumn::len).sum();
        Self::with_share(level, columns, depth.survivors(1, rows as u64) as f64 / rows.max(1) as f64)
    }

    /// The same for a share of the references however few they are: for measuring.
    #[doc(hidden)]
    pub fn with_share(level: Level, columns: &[ScreenColumn<'a>], share: f64) -> Self {
        let starts = columns.iter().scan(0, |rows, column| {
            let start = *rows;
            *rows += column.len();
            Some(start)
        });
        let mut join = SketchJoin {
            columns: columns.to_vec(),
            starts: starts.collect(),
            rows: columns.iter().map(ScreenColumn::len).sum(),
            share,
            level,
            sketches: Sketches { groups: Vec::new() },
            sample: Sketches { groups: Vec::new() },
            sampled: Vec::new(),
        };
        if share < 1.0 {
            let sampled = join.rows.min(p::SAMPLE);
            let at = |k: usize| (k as u128 * join.rows as u128 / sampled as u128) as usize;
            join.sampled = (0..sampled).map(at).collect();
            join.sample = Sketches::new(level, sampled, |k| join.row(join.sampled[k]));
            join.sketches = Sketches::new(level, join.rows, |row| join.row(row));
        }
        join
    }

    /// How many blocks of probes there are: a join may stop after any and go on from there, or be split among machines.
    pub fn blocks(&self) -> usize {
        self.rows.div_ceil(BLOCK)
    }

    /// Finds the survivors among the pairs whose lower row is in a block of `of`, and hands those of each block to `each`, on the thread that found
    /// them: pairs in the order of rows, blocks in any order.
    pub fn run<F>(&self, of: Range<usize>, each: F) -> SketchWork
    where
        F: Fn(usize, &[Survivor]) + Sync,
    {
        (of.start..of.end.min(self.blocks()))
            .into_par_iter()
            .map_init(
                || Scorer::new(self.level),
                |scorer, block| {
                    let (survivors, work) = self.block(scorer, block);
                    each(block, &survivors);
                    work
                },
            )
            .reduce(SketchWork::default, Add::add)
    }

    fn block(&self, scorer: &mut Scorer, block: usize) -> (Vec<Survivor>, SketchWork) {
        let start = block * BLOCK;
        let mut work = SketchWork::default();
        let mut survivors = Vec::new();
        let mut probes = Vec::with_capacity(BLOCK);
        for row in start..self.rows.min(start + BLOCK) {
            let probe = self.probe(scorer, row, &mut work);
            if probe.thresholds.is_none() {
                survivors.extend((row + 1..self.rows).map(|b| Survivor { a: row, b, score: 0 }));
            }
            probes.push(probe);
        }
        let screen = Screen::new(self.level);
        let mut found = Vec::new();
        for (g, group) in self.sketches.groups.iter().enumerate().skip(start / GROUP) {
            for probe in &probes {
                let Some(least) = &probe.thresholds else { continue };
                let from = (probe.row + 1).saturating_sub(g * GROUP);
                if from >= group.len() {
                    continue;
                }
                found.clear();
                let asked = Asked { from, gate: least.turns, ..Asked::default() };
                scorer.score(&probe.sketch, group, asked, None, &mut found);
                work.pairs += (group.len() - from) as u64;
                for &(row, agreement) in &found {
                    if agreement >= least.agreement {
                        let b = g * GROUP + row;
                        work.screened += 1;
                        let score = self.screen(&screen, probe, b);
                        if score >= least.screen {
                            survivors.push(Survivor { a: probe.row, b, score });
                        }
                    }
                }
            }
        }
        survivors.sort_unstable();
        work.survivors += survivors.len() as u64;
        (survivors, work)
    }

    /// A row as a probe, with thresholds found on the sample.
    fn probe(&self, scorer: &mut Scorer, row: usize, work: &mut SketchWork) -> Probe {
        let code = self.row(row).filter(|code| code.count().is_some());
        let mut probe = Probe {
            row,
            sketch: code.map_or_else(SketchProbe::nothing, SketchProbe::of),
            screen: code.map_or_else(ScreenProbe::nothing, ScreenProbe::of),
            thresholds: None,
        };
        if self.share >= 1.0 || code.is_none() {
            return probe;
        }
        if probe.sketch.tables.is_empty() {
            // Nothing to compare: only what is damaged survives.
            probe.thresholds = Some(Thresholds { turns: DAMAGED, agreement: DAMAGED, screen: DAMAGED });
            return probe;
        }
        let (turned, screened) = p::gates(self.share, 1);
        // Turns and agreements of the whole sample in one pass.
        let (mut all, mut of_group, mut found) = (Vec::with_capacity(self.sampled.len()), Vec::new(), Vec::new());
        for (g, group) in self.sample.groups.iter().enumerate() {
            of_group.clear();
            found.clear();
            scorer.score(&probe.sketch, group, Asked::default(), Some(&mut of_group), &mut found);
            let sound = of_group.iter().zip(&found).filter(|(_, found)| found.1 != DAMAGED);
            all.extend(sound.map(|(&turns, &(k, agreement))| (self.sampled[g * GROUP + k], turns, agreement)));
        }
        let count = all.len();
        let mut turns: Vec<u16> = all.iter().map(|sampled| sampled.1).collect();
        let gate = reached(&mut turns, count, turned);
        all.retain(|sampled| sampled.1 >= gate);
        let mut agreements: Vec<u16> = all.iter().map(|sampled| sampled.2).collect();
        let agreement = reached(&mut agreements, count, screened);
        let screen = Screen::new(self.level);
        all.retain(|sampled| sampled.2 >= agreement);
        let mut scores: Vec<u16> = all.iter().map(|&(b, ..)| self.screen(&screen, &probe, b)).collect();
        work.pairs += count as u64;
        work.screened += scores.len() as u64;
        let least = reached(&mut scores, count, self.share);
        probe.thresholds = Some(Thresholds { turns: gate, agreement, screen: least });
        probe
    }

    /// Turns and agreement of every row with `row` as the probe: for measuring.
    #[doc(hidden)]
    pub fn scores(&self, row: usize) -> Vec<[u16; 2]> {
        let mut scorer = Scorer::new(self.level);
        let probe = self.row(row).map_or_else(SketchProbe::nothing, SketchProbe::of);
        let mut scores = Vec::with_capacity(self.rows);
        for group in &self.sketches.groups {
            let (mut turns, mut found) = (Vec::new(), Vec::new());
            scorer.score(&probe, group, Asked::default(), Some(&mut turns), &mut found);
            scores.extend(turns.iter().zip(&found).map(|(&turns, &(_, agreement))| [turns, agreement]));
        }
        scores
    }

    fn screen(&self, screen: &Screen, probe: &Probe, b: usize) -> u16 {
        let mut score = [DAMAGED];
        let column = self.starts.partition_point(|&start| start <= b) - 1;
        let row = b - self.starts[column];
        screen.scan(std::slice::from_ref(&probe.screen), &self.columns[column], row..row + 1, &mut score);
        score[0]
    }

    fn row(&self, row: usize) -> Option<Row<'a>> {
        let column = self.starts.partition_point(|&start| start <= row).checked_sub(1)?;
        self.columns[column].row(row - self.starts[column])
    }
}

/// The score that `share` of `count` references reach, of which `scores` are the highest; 0 where all of these are among them.
pub(crate) fn reached(scores: &mut [u16], count: usize, share: f64) -> u16 {
    let wanted = (count as f64 * share).ceil() as usize;
    if wanted == 0 || wanted >= scores.len() {
        return 0;
    }
    *scores.select_nth_unstable_by(wanted - 1, |a, b| b.cmp(a)).1
}
