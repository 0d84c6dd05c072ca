//! Every pair within a column that is worth a full comparison: for deduplication.
//!
//! # Method
//! The rows are taken in blocks of [`BLOCK`] as probes, each against the rows that follow it, so that each pair is scored once. The threshold
//! of a probe is that of its depth among a fixed sample of the column, so no scores need to be kept: memory stays the same for
//! any number of rows. Blocks are independent of each other: a run may stop after any and go on from there, or be split among machines.

use super::{Depth, ScoreCounts, Screen, ScreenColumn, ScreenProbe};
use rayon::prelude::*;
use std::ops::Range;

/// Rows that are probes together.
pub const BLOCK: usize = 64;
/// References scored at a time.
const TILE: usize = 1024;
/// Rows that a threshold is found from, spread evenly over the column.
const SAMPLE: usize = 8192;

/// A pair of rows that survived.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Survivor {
    /// The lower row.
    pub a: usize,
    /// The higher row.
    pub b: usize,
    /// Its screen score with the lower as the probe.
    pub score: u16,
}

/// How many blocks a join over `rows` has.
pub fn blocks(rows: usize) -> usize {
    rows.div_ceil(BLOCK)
}

/// Scores every pair of rows whose lower one is in `of` (numbers of [`BLOCK`]s of rows) and hands the survivors of each block to `each`, on the
/// thread that found them: pairs in the order of rows, blocks in any order. Which pairs survive depends on the column and the
/// depth alone.
pub fn join<F>(screen: &Screen, column: &ScreenColumn<'_>, of: Range<usize>, depth: Depth, each: F)
where
    F: Fn(usize, &[Survivor]) + Sync,
{
    let rows = column.len();
    let sample = Sample::new(column);
    (of.start..of.end.min(blocks(rows))).into_par_iter().for_each(|block| {
        let start = block * BLOCK;
        let probes: Vec<ScreenProbe> =
            (start..rows.min(start + BLOCK)).filter_map(|r| column.row(r)).map(ScreenProbe::of).collect();
        let thresholds = sample.thresholds(screen, &probes, depth);
        let mut survivors = Vec::new();
        let mut scores = vec![0; BLOCK * TILE];
        for from in (start..rows).step_by(TILE) {
            let tile = from..rows.min(from + TILE);
            let scores = &mut scores[..probes.len() * tile.len()];
            screen.scan(&probes, column, tile.clone(), scores);
            for (k, (scores, &threshold)) in scores.chunks(tile.len()).zip(&thresholds).enumerate() {
                let a = start + k;
                let found = tile.clone().zip(scores).filter(|&(b, &score)| b > a && score >= threshold);
                survivors.extend(found.map(|(b, &score)| Survivor { a, b, score }));
            }
        }
        survivors.sort_unstable();
        each(block, &survivors);
    });
}

/// Rows spread over the column.
struct Sample<'a> {
    parts: Vec<ScreenColumn<'a>>,
}

impl<'a> Sample<'a> {
    fn new(column: &ScreenColumn<'a>) -> Self {
        let parts = if column.len() <= SAMPLE {
            vec![*column]
        } else {
            let at = |k: usize| (k as u128 * column.len() as u128 / SAMPLE as u128) as usize;
            (0..SAMPLE).map(|k| column.part(at(k)..at(k) + 1)).collect()
        };
        Sample { parts }
    }

    fn thresholds(&self, screen: &Screen, probes: &[ScreenProbe], depth: Depth) -> Vec<u16> {
        let mut counts = vec![ScoreCounts::default(); probes.len()];
        if depth != Depth::Exhaustive {
            let mut scores = Vec::new();
            for part in &self.parts {
                scores.resize(probes.len() * part.len(), 0);
                screen.scan(probes, part, 0..part.len(), &mut scores);
                for (counts, scores) in counts.iter_mut().zip(scores.chunks(part.len().max(1))) {
                    counts.add(scores);
                }
            }
        }
        counts.iter().map(|counts| counts.threshold(depth.survivors(1, counts.total()))).collect()
    }
}
