//! Fingers of many references: screened by codes, so that only the likely ones are compared in full.
//!
//! # Method
//! Every probe finger is scored against every reference finger that it may be, by the codes in the mapped columns
//! ([`fingerprint::screen`](crate::fingerprint::screen)). How rare a score is among all references of that finger makes it
//! comparable between fingers, so the fingers of a registration add up before it is decided who survives: two mediocre
//! fingers beat one good one. Of the rows that have one finger in common with the probe, of those that have two, and so on, those with
//! the most evidence survive, as many as the [`Depth`] says. Of more than three fingers the others meet [whom these leave](super::later_fingers).
//!
//! # Cost
//! One pass over the codes for a batch of probes. The scores of a batch are kept, two bytes for each probe finger and row, so that
//! the threshold is exact and does not depend on how rows lie in segments; a batch is as large as 256 MB of them allow.

use super::{
    FingerMatching, Search, SearchError, Work,
    later_fingers::{self, Left},
    references::{SegmentReferences, is_kept},
    work::stopped,
};
use crate::{
    fingerprint::screen::{DAMAGED, Depth, Evidence, ScoreCounts, Screen, ScreenCode, ScreenColumn, ScreenProbe},
    gallery::Place,
    template::FingerPosition,
};
use rayon::prelude::*;
use std::{
    ops::Range,
    sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed},
};

/// Scores of one batch in memory.
const BATCH_BYTES: usize = 256 << 20;
/// Rows that are scored at a time.
const ROWS: usize = 2048;
/// The reference has no finger that the probe finger compares with.
const ABSENT: u16 = 0;

/// How many survive a search.
#[derive(Clone, Copy)]
pub(super) struct SearchDepth {
    pub depth: Depth,
    /// The least share of the references, whatever the depth says.
    pub share: f64,
    /// As many as the caller wants to see, however few the depth says.
    pub least: usize,
}

/// A row, how many fingers it has in common with the probe, and their evidence.
pub(super) struct Summed {
    pub place: Place,
    pub common: usize,
    pub sum: u16,
}

/// The fingers of one probe, ready to be screened.
pub(super) type ProbeFingers = Vec<(FingerPosition, ScreenCode)>;

/// The fingers of a batch, ordered by position so that those of one position stand together.
struct Batch {
    /// The probe, and its position.
    fingers: Vec<(usize, FingerPosition)>,
    codes: Vec<ScreenProbe>,
}

/// The scores of a run of rows: finger by finger.
struct Scored {
    scores: Vec<u16>,
    /// Bytes of codes that were read.
    bytes_read: u64,
}

/// A run of rows of a segment, and the scores of the batch's fingers: finger by finger.
struct Block {
    segment: usize,
    rows: Range<usize>,
    scores: Vec<u16>,
}

impl Search<'_> {
    /// The rows worth comparing with each of `probes`, in the order of places.
    pub(super) fn screen(
        &self,
        probes: &[ProbeFingers],
        matching: FingerMatching,
        depth: SearchDepth,
        kept: &[Option<Vec<u64>>],
        stop: Option<&AtomicBool>,
        work: &mut Work,
    ) -> Result<Vec<Vec<Place>>, SearchError> {
        let rows: usize = self.references.segments.iter().map(|of| of.segment.len()).sum();
        let most_fingers = probes.iter().map(Vec::len).max().unwrap_or(0).max(1);
        let batch = (BATCH_BYTES / 2 / rows.max(1) / most_fingers).clamp(1, 1024);
        let mut survivors = Vec::with_capacity(probes.len());
        for probes in probes.chunks(batch) {
            survivors.extend(self.screen_batch(probes, matching, depth, kept, stop, work)?);
        }
        Ok(survivors)
    }

    fn screen_batch(
        &self,
        probes: &[ProbeFingers],
        matching: FingerMatching,
        depth: SearchDepth,
        kept: &[Option<Vec<u64>>],
        stop: Option<&AtomicBool>,
        work: &mut Work,
    ) -> Result<Vec<Vec<Place>>, SearchError> {
        let (first, later): (Vec<_>, Vec<_>) = probes.iter().map(|fingers| self.split(fingers, matching)).unzip();
        let has_later = later.iter().any(|later| !later.is_empty());
        let sample = if has_later { self.sampled(kept) } else { Vec::new() };
        let batch = Batch::new(&first);
        let screen = Screen::new(self.level);
        let runs: Vec<(usize, Range<usize>)> = (self.references.segments.iter().enumerate())
            .flat_map(|(s, of)| {
                let len = of.segment.len();
                (0..len).step_by(ROWS).map(move |from| (s, from..len.min(from + ROWS)))
            })
            .filter(|(s, rows)| any_kept(kept[*s].as_deref(), rows.clone()))
            .collect();
        let blocks = runs
            .into_par_iter()
            .map(|(segment, rows)| {
                stopped(stop)?;
                let of = &self.references.segments[segment];
                let scored = score(of, rows.clone(), &batch, matching, screen, kept[segment].as_deref())?;
                Ok((Block { segment, rows, scores: scored.scores }, scored.bytes_read))
            })
            .collect::<Result<Vec<_>, SearchError>>()?;
        let bytes = blocks.iter().map(|(_, bytes)| bytes).sum();
        let blocks: Vec<Block> = blocks.into_iter().map(|(block, _)| block).collect();
        let counted: Vec<(Evidence, u64)> =
            (0..batch.fingers.len()).into_par_iter().map(|finger| evidence_of(&blocks, finger)).collect();
        *work += Work { comparisons: counted.iter().map(|(_, n)| n).sum(), full_comparisons: 0, bytes_read: bytes };
        let later_compared = AtomicU64::new(0);
        let survivors = (0..probes.len())
            .into_par_iter()
            .map(|probe| {
                stopped(stop)?;
                let fingers = batch.fingers.iter().enumerate().filter(|(_, (of, _))| *of == probe);
                let fingers: Vec<(usize, &Evidence)> =
                    fingers.map(|(finger, _)| (finger, &counted[finger].0)).collect();
                let later = &later[probe];
                if later.is_empty() {
                    return Ok(survivors(&blocks, &fingers, depth, None)
                        .rows
                        .into_iter()
                        .map(|row| row.place)
                        .collect());
                }
                let left = survivors(&blocks, &fingers, later_fingers::goes_on(depth), Some(kept));
                let mut compared = 0;
                let found = self.meet_later_fingers(left, later, matching, (depth, &sample), &mut compared);
                later_compared.fetch_add(compared, Relaxed);
                found
            })
            .collect();
        work.comparisons += later_compared.into_inner();
        survivors
    }
}

impl Batch {
    fn new(probes: &[ProbeFingers]) -> Self {
        let mut all: Vec<(usize, FingerPosition, &ScreenCode)> = (probes.iter().enumerate())
            .flat_map(|(probe, fingers)| fingers.iter().map(move |(position, code)| (probe, *position, code)))
            .collect();
        all.sort_by_key(|&(probe, position, _)| (position, probe));
        Batch {
            fingers: all.iter().map(|&(probe, position, _)| (probe, position)).collect(),
            codes: all.iter().map(|&(_, _, code)| ScreenProbe::new(code)).collect(),
        }
    }

    /// The fingers that compare with references at `position`, as one or two ranges.
    fn against(&self, matching: FingerMatching, position: FingerPosition) -> [Range<usize>; 2] {
        let of = |wanted: FingerPosition| {
            let from = self.fingers.partition_point(|&(_, position)| position < wanted);
            from..self.fingers.partition_point(|&(_, position)| position <= wanted)
        };
        if matching == FingerMatching::Any || position == FingerPosition::UNKNOWN {
            [0..self.fingers.len(), 0..0]
        } else {
            [of(FingerPosition::UNKNOWN), of(position)]
        }
    }
}

/// The scores of rows of a segment.
fn score(
    of: &SegmentReferences<'_>,
    rows: Range<usize>,
    batch: &Batch,
    matching: FingerMatching,
    screen: Screen,
    kept: Option<&[u64]>,
) -> Result<Scored, SearchError> {
    let count = rows.len();
    let mut scores = vec![ABSENT; batch.fingers.len() * count];
    let mut out = Vec::new();
    let mut bytes = 0;
    for column in of.finger_columns() {
        let entries = column.entries(rows.clone());
        let fingers = batch.against(matching, column.position());
        if entries.is_empty() || fingers.iter().all(Range::is_empty) {
            continue;
        }
        let codes = column.codes(entries.clone())?.map(ScreenColumn::new).transpose()?;
        bytes += (entries.len() * ScreenCode::STRIDE) as u64;
        for fingers in fingers.into_iter().filter(|fingers| !fingers.is_empty()) {
            out.clear();
            // A finger without a code always survives: the full comparison has it or says what is wrong.
            out.resize(fingers.len() * entries.len(), DAMAGED);
            if let Some(codes) = &codes {
                screen.scan(&batch.codes[fingers.clone()], codes, 0..entries.len(), &mut out);
            }
            for (finger, out) in fingers.zip(out.chunks(entries.len())) {
                let scores = &mut scores[finger * count..][..count];
                for (&row, &score) in column.rows()[entries.clone()].iter().zip(out) {
                    if is_kept(kept, row as usize) {
                        let best = &mut scores[row as usize - rows.start];
                        *best = (*best).max(score.max(ABSENT + 1));
                    }
                }
            }
        }
    }
    Ok(Scored { scores, bytes_read: bytes })
}

/// What the scores of a finger say, and how many there are.
fn evidence_of(blocks: &[Block], finger: usize) -> (Evidence, u64) {
    let mut counts = ScoreCounts::default();
    let mut present = Vec::with_capacity(ROWS);
    for block in blocks {
        present.clear();
        present.extend(block.of(finger).iter().copied().filter(|&score| score != ABSENT));
        counts.add(&present);
    }
    (counts.evidence(), counts.total())
}

impl Block {
    fn of(&self, finger: usize) -> &[u16] {
        let count = self.rows.len();
        &self.scores[finger * count..][..count]
    }

    /// How many fingers of a row were scored, and their evidence.
    fn sum(&self, fingers: &[(usize, &Evidence)], row: usize) -> (usize, u16) {
        let scores = fingers.iter().map(|&(finger, evidence)| (self.of(finger)[row], evidence));
        let present = scores.filter(|&(score, _)| score != ABSENT);
        present.fold((0, 0), |(common, sum), (score, evidence)| (common + 1, Evidence::sum([sum, evidence.of(score)])))
    }
}

/// The rows with the most evidence, and of the rows that are kept those with none of the fingers, if there are more to come.
fn survivors(
    blocks: &[Block],
    fingers: &[(usize, &Evidence)],
    depth: SearchDepth,
    kept_for_more: Option<&[Option<Vec<u64>>]>,
) -> Left {
    // By the number of fingers in common.
    let mut counts = vec![ScoreCounts::default(); fingers.len() + 1];
    let mut sums = vec![Vec::with_capacity(ROWS); fingers.len() + 1];
    for block in blocks {
        sums.iter_mut().for_each(Vec::clear);
        for (common, sum) in (0..block.rows.len()).map(|row| block.sum(fingers, row)) {
            sums[common].push(sum);
        }
        counts.iter_mut().zip(&sums).for_each(|(counts, sums)| counts.add(sums));
    }
    let threshold = |(common, counts): (usize, &ScoreCounts)| {
        let share = (depth.share * counts.total() as f64).ceil() as u64;
        counts.threshold(depth.depth.survivors(common, counts.total()).max(share).max(depth.least as u64))
    };
    let thresholds: Vec<u16> = counts.iter().enumerate().map(threshold).collect();
    let mut rows = Vec::new();
    for block in blocks {
        for row in 0..block.rows.len() {
            let (common, sum) = block.sum(fingers, row);
            let goes_on = match common {
                0 => kept_for_more.is_some_and(|kept| is_kept(kept[block.segment].as_deref(), block.rows.start + row)),
                _ => sum >= thresholds[common],
            };
            if goes_on {
                let place = Place { segment: block.segment, row: (block.rows.start + row) as u32 };
                rows.push(Summed { place, common, sum });
            }
        }
    }
    Left { rows, counts: counts.iter().map(ScoreCounts::total).collect() }
}

fn any_kept(words: Option<&[u64]>, rows: Range<usize>) -> bool {
    words.is_none_or(|words| words[rows.start / 64..rows.end.div_ceil(64)].iter().any(|&word| word != 0))
}
