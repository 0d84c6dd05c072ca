//! Fingers of many references: screened by codes, so that only the likely ones are compared in full.
//!
//! # Method
//! Every probe finger is scored against every reference finger that it may be, by the codes in the mapped columns
//! ([`fingerprint::screen`](crate::fingerprint::screen)). How rare a score is among all references of that finger makes it
//! comparable between fingers, so the fingers of a registration add up before it is decided who survives: two mediocre
//! fingers beat one good one. The rows with the most evidence survive, as many as the [`Depth`] says.
//!
//! # Cost
//! One pass over the codes for a batch of probes. The scores of a batch are kept, two bytes for each probe finger and row, so that
//! the threshold is exact and does not depend on how rows lie in segments; a batch is as large as 256 MB of them allow.

use super::{
    FingerMatching, Search, SearchError, Work,
    references::{SegmentReferences, is_kept},
    screened::{Block, Screened, evidence},
    work::stopped,
};
use crate::{
    fingerprint::screen::{DAMAGED, Depth, ScoreCounts, Screen, ScreenCode, ScreenColumn, ScreenProbe},
    gallery::Place,
    template::FingerPosition,
};
use rayon::prelude::*;
use std::{ops::Range, sync::atomic::AtomicBool};

/// Scores of one batch in memory.
const BATCH_BYTES: usize = 256 << 20;
/// Rows that are scored at a time.
const ROWS: usize = 2048;
/// The reference has no finger that the probe finger compares with.
pub(super) const ABSENT: u16 = 0;

/// The fingers of one probe, ready to be screened.
pub(super) type ProbeFingers = Vec<(FingerPosition, ScreenCode)>;

/// The fingers of a batch, ordered by position so that those of one position stand together.
pub(super) struct Batch {
    /// The probe, and its position.
    fingers: Vec<(usize, FingerPosition)>,
    codes: Vec<ScreenProbe>,
}

/// The scores of a run of rows: finger by finger.
pub(super) struct Scored {
    rows: usize,
    scores: Vec<u16>,
    /// How many there are.
    pub comparisons: u64,
    /// Bytes of codes that were read.
    pub bytes_read: u64,
}

impl Scored {
    /// The score of a finger of the batch against a row of the run, if that has such a finger.
    pub fn of(&self, finger: usize, row: usize) -> Option<u16> {
        let score = self.scores[finger * self.rows + row];
        (score != ABSENT).then_some(score)
    }
}

impl Search<'_> {
    /// The rows worth comparing with each of `probes`, in the order of places.
    pub(super) fn screen(
        &self,
        probes: &[ProbeFingers],
        matching: FingerMatching,
        depth: Depth,
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
        depth: Depth,
        kept: &[Option<Vec<u64>>],
        stop: Option<&AtomicBool>,
        work: &mut Work,
    ) -> Result<Vec<Vec<Place>>, SearchError> {
        let screened = self.score_batch(probes, matching, kept, stop)?;
        let counts = screened.counts();
        let comparisons = counts.iter().map(ScoreCounts::total).sum();
        *work += Work { comparisons, full_comparisons: 0, bytes_read: screened.bytes };
        let evidence = evidence(&counts);
        let sums = screened.sums(&evidence);
        stopped(stop)?;
        Ok(screened.survivors(&evidence, &sums, depth))
    }

    /// Scores every finger of `probes` against every reference finger that it may be.
    pub(super) fn score_batch(
        &self,
        probes: &[ProbeFingers],
        matching: FingerMatching,
        kept: &[Option<Vec<u64>>],
        stop: Option<&AtomicBool>,
    ) -> Result<Screened, SearchError> {
        let batch = Batch::new(probes);
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
        let blocks = blocks.into_iter().map(|(block, _)| block).collect();
        let probe_of = batch.fingers.iter().map(|&(probe, _)| probe).collect();
        Ok(Screened { probes: probes.len(), probe_of, blocks, bytes })
    }
}

impl Batch {
    /// Which fingers are a probe's.
    pub fn fingers_of(&self, probe: usize) -> impl Iterator<Item = usize> {
        self.fingers.iter().enumerate().filter(move |(_, (of, _))| *of == probe).map(|(finger, _)| finger)
    }

    pub fn new(probes: &[ProbeFingers]) -> Self {
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
pub(super) fn score(
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
    let (mut bytes, mut comparisons) = (0, 0);
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
            comparisons += (fingers.len() * entries.len()) as u64;
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
    Ok(Scored { rows: count, scores, comparisons, bytes_read: bytes })
}

fn any_kept(words: Option<&[u64]>, rows: Range<usize>) -> bool {
    words.is_none_or(|words| words[rows.start / 64..rows.end.div_ceil(64)].iter().any(|&word| word != 0))
}
