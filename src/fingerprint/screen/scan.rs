//! The screen score of probes against references.

use super::{code::ScreenColumn, pairs::Pairs, probe::ScreenProbe, reference::Reference};
use crate::simd::{Dispatch, Lanes, Level, Task};
use std::ops::Range;

/// The score of a row that is no code: it survives, and the full comparison says what is wrong with it.
pub const DAMAGED: u16 = u16::MAX;

/// Scores probes against references; the same at every level.
#[derive(Clone, Copy)]
pub struct Screen {
    lanes: Dispatch,
}

impl std::fmt::Debug for Screen {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Screen(..)")
    }
}

impl Screen {
    /// A screen at `level`, or the best below it that this machine has.
    pub fn new(level: Level) -> Self {
        Screen { lanes: Dispatch::new(level) }
    }

    /// The screen scores of `probes` against the references `rows` of `column`: `out[k * rows.len() + r]` for probe `k` and row
    /// `rows.start + r`. Higher is more alike, 4096 for each doubling of the evidence; what a score is worth depends on the probe, see
    /// [`Depth`](super::Depth) and [`Evidence`](super::Evidence).
    ///
    /// A reference is spread out once for all probes, so a block of rows is read from memory once for any number of them.
    ///
    /// # Panics
    /// Where `rows` reaches beyond the column, or `out` is not one score per probe and row.
    pub fn scan(&self, probes: &[ScreenProbe], column: &ScreenColumn<'_>, rows: Range<usize>, out: &mut [u16]) {
        assert!(rows.start <= rows.end && rows.end <= column.len(), "rows of the column");
        assert_eq!(out.len(), probes.len() * rows.len(), "one score per probe and reference");
        self.lanes.run(Scan { probes, column: column.part(rows), out });
    }
}

impl Screen {
    /// The same of one probe against single rows.
    pub(super) fn scan_some(
        &self,
        probe: &ScreenProbe,
        column: &ScreenColumn<'_>,
        rows: impl Iterator<Item = usize>,
        found: impl FnMut(usize, u16),
    ) {
        self.lanes.run(Few { probe, column: *column, rows, found });
    }
}

/// Rows that are asked of memory before they are needed: a row is not one run of lines that the machine would guess.
const AHEAD: usize = 2;

struct Scan<'a> {
    probes: &'a [ScreenProbe],
    column: ScreenColumn<'a>,
    out: &'a mut [u16],
}

impl Task for Scan<'_> {
    type Output = ();

    #[inline(always)]
    fn run<L: Lanes>(self) {
        let count = self.column.len();
        let mut reference = Reference::new();
        let mut pairs = Pairs::new();
        for (r, row) in self.column.rows().enumerate() {
            if let Some(row) = self.column.row(r + AHEAD) {
                row.lines().for_each(L::fetch);
            }
            let sound = reference.load::<L>(row);
            for (k, probe) in self.probes.iter().enumerate() {
                self.out[k * count + r] = if sound { pairs.score::<L>(probe, &reference) } else { DAMAGED };
            }
        }
    }
}

struct Few<'a, R, F> {
    probe: &'a ScreenProbe,
    column: ScreenColumn<'a>,
    rows: R,
    found: F,
}

impl<R: Iterator<Item = usize>, F: FnMut(usize, u16)> Task for Few<'_, R, F> {
    type Output = ();

    #[inline(always)]
    fn run<L: Lanes>(mut self) {
        let mut reference = Reference::new();
        let mut pairs = Pairs::new();
        for r in self.rows {
            let sound = self.column.row(r).is_some_and(|row| reference.load::<L>(row));
            (self.found)(r, if sound { pairs.score::<L>(self.probe, &reference) } else { DAMAGED });
        }
    }
}
