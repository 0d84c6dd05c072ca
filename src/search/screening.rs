//! Fingers of many references: screened by codes, so that only the likely ones are compared in full.
//!
//! # Method
//! Every probe finger is scored against every reference finger that it may be, by the codes in the mapped columns
//! ([`fingerprint::screen`](crate::fingerprint::screen)). How rare a score is among all references of that finger makes it
//! comparable between fingers, so the fingers of a registration add up before it is decided who survives: two mediocre
//! fingers beat one good one. Of the rows that have one finger in common with the probe, of those that have two, and so on, those with
//! the most evidence survive, as many as the [`Depth`] says. Where these are few, only what passes a [gate](super::gates) is screened at all. Of more than three fingers the others meet [whom these leave](super::later_fingers).
//!
//! # Cost
//! One pass over the codes for a batch of probes. The scores of a batch are kept, two bytes for each probe finger and row, so that
//! the threshold is exact and does not depend on how rows lie in segments; a batch is as large as 256 MB of them allow.

use super::{
    FingerMatching, Search, SearchError, Work,
    later_fingers::{self, Met},
    references::{SegmentReferences, is_kept},
    screened::{Block, Screened, ScreenedProbe, evidence, thresholds},
    work::stopped,
};
use crate::{
    fingerprint::screen::{
        DAMAGED, Depth, Gate, GateShares, GatedProbes, GatedScreen, ScoreCounts, ScreenCode, ScreenColumn,
    },
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
pub(super) const ABSENT: u16 = 0;

/// How many survive a search.
#[derive(Clone, Copy)]
pub(super) struct SearchDepth {
    pub depth: Depth,
    /// The least share of the references, whatever the depth says.
    pub share: f64,
    /// As many as the caller wants to see, however few the depth says.
    pub least: usize,
}

/// The fingers of one probe, ready to be screened.
pub(super) type ProbeFingers = Vec<(FingerPosition, ScreenCode)>;

/// The fingers of the probes of a batch: those that are screened against everybody, and the further ones.
pub(super) struct SplitFingers {
    pub first: Vec<ProbeFingers>,
    pub later: Vec<ProbeFingers>,
}

impl SplitFingers {
    /// Whether any probe has further fingers.
    pub fn has_later(&self) -> bool {
        self.later.iter().any(|later| !later.is_empty())
    }
}

/// The fingers of a batch, ordered by position so that those of one position stand together.
struct Batch {
    /// The probe, and its position.
    fingers: Vec<(usize, FingerPosition)>,
    codes: GatedProbes,
    /// Of each probe that has several with gates, which they are.
    together: Vec<Vec<usize>>,
}

/// The scores of a run of rows: finger by finger.
struct Scored {
    scores: Vec<u16>,
    /// Bytes of codes that were read.
    bytes_read: u64,
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
        let split = self.split(probes, matching);
        let shares = self.all_gate_shares(&split, depth);
        let has_gates = shares.iter().any(Option::is_some);
        let sample = if split.has_later() || has_gates { self.later_sample(kept, u64::MAX)? } else { Vec::new() };
        let gates = if has_gates { self.gates(&split.first, &shares, &sample, matching)? } else { Vec::new() };
        let screened = self.score_batch(split, &gates, matching, kept, stop)?;
        let counts = screened.counts();
        let comparisons = counts.iter().map(ScoreCounts::total).sum();
        *work += Work { comparisons, full_comparisons: 0, bytes_read: screened.bytes };
        let evidence = evidence(&counts);
        let later_compared = AtomicU64::new(0);
        let survivors = (0..probes.len())
            .into_par_iter()
            .map(|probe| {
                stopped(stop)?;
                let later = &screened.probes[probe].later;
                let sums = screened.sums(probe, &evidence, kept);
                if later.is_empty() {
                    let survivors = screened.survivors(probe, &evidence, &thresholds(&sums, depth), kept);
                    return Ok(survivors.into_iter().map(|row| row.place).collect());
                }
                let left = thresholds(&sums, later_fingers::goes_on(depth));
                let left = screened.survivors(probe, &evidence, &left, kept);
                let rarity = self.later_counts(later, &sample, matching)?;
                let met = self.meet_later_fingers(left, later, &rarity, matching)?;
                later_compared.fetch_add(met.compared, Relaxed);
                Ok(met.survivors(&Met::thresholds(&met.counts(), &sums, depth)))
            })
            .collect();
        work.comparisons += later_compared.into_inner();
        survivors
    }

    /// Which fingers of `probes` are screened first.
    pub(super) fn split(&self, probes: &[ProbeFingers], matching: FingerMatching) -> SplitFingers {
        let most = probes.iter().map(Vec::len).max().unwrap_or(0);
        let references = if most > later_fingers::FIRST { self.size().fingers } else { Default::default() };
        let (first, later) = probes.iter().map(|fingers| later_fingers::split(fingers, &references, matching)).unzip();
        SplitFingers { first, later }
    }

    /// The shares that pass the gates of each probe.
    pub(super) fn all_gate_shares(&self, split: &SplitFingers, depth: SearchDepth) -> Vec<Option<GateShares>> {
        let fingers = split.first.iter().zip(&split.later).map(|(first, later)| first.len() + later.len());
        fingers.map(|fingers| self.gate_shares(fingers, depth)).collect()
    }

    /// Scores the first fingers of each probe, which pass `gates` if there are any, against every reference finger that it may be.
    pub(super) fn score_batch(
        &self,
        SplitFingers { first, later }: SplitFingers,
        gates: &[Vec<Option<Gate>>],
        matching: FingerMatching,
        kept: &[Option<Vec<u64>>],
        stop: Option<&AtomicBool>,
    ) -> Result<Screened, SearchError> {
        let batch = Batch::new(&first, gates);
        let runs: Vec<(usize, Range<usize>)> = (self.references.segments.iter().enumerate())
            .flat_map(|(s, of)| {
                let len = of.segment.len();
                (0..len).step_by(ROWS).map(move |from| (s, from..len.min(from + ROWS)))
            })
            .filter(|(s, rows)| any_kept(kept[*s].as_deref(), rows.clone()))
            .collect();
        let blocks = runs
            .into_par_iter()
            .map_init(
                || GatedScreen::new(self.level),
                |screen, (segment, rows)| {
                    stopped(stop)?;
                    let of = &self.references.segments[segment];
                    let scored = score(of, rows.clone(), &batch, matching, screen, kept[segment].as_deref())?;
                    Ok((Block { segment, rows, scores: scored.scores }, scored.bytes_read))
                },
            )
            .collect::<Result<Vec<_>, SearchError>>()?;
        let bytes = blocks.iter().map(|(_, bytes)| bytes).sum();
        let blocks = blocks.into_iter().map(|(block, _)| block).collect();
        let mut at: Vec<usize> = (0..batch.fingers.len()).collect();
        at.sort_by_key(|&finger| batch.fingers[finger].0);
        let mut next = 0;
        let probes = first.iter().zip(later).map(|(first, later)| {
            next += first.len();
            ScreenedProbe { fingers: next - first.len()..next, later }
        });
        Ok(Screened { probes: probes.collect(), at, blocks, bytes })
    }
}

impl Batch {
    fn new(probes: &[ProbeFingers], gates: &[Vec<Option<Gate>>]) -> Self {
        let mut all: Vec<(FingerPosition, usize, &ScreenCode, Option<Gate>)> = Vec::new();
        for (probe, fingers) in probes.iter().enumerate() {
            for (k, (position, code)) in fingers.iter().enumerate() {
                let gate = gates.get(probe).and_then(|gates| *gates.get(k)?);
                all.push((*position, probe, code, gate));
            }
        }
        all.sort_by_key(|&(position, probe, ..)| (position, probe));
        let (mut codes, mut together) = (GatedProbes::default(), vec![Vec::new(); probes.len()]);
        for (k, (_, probe, code, gate)) in all.iter().enumerate() {
            codes.push(code, *gate);
            together[*probe].extend(gate.map(|_| k));
        }
        together.retain(|fingers| fingers.len() > 1);
        Batch { fingers: all.iter().map(|&(position, probe, ..)| (probe, position)).collect(), codes, together }
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
    screen: &mut GatedScreen,
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
                screen.scan(&batch.codes, fingers.clone(), codes, &mut out);
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
    for fingers in &batch.together {
        for row in 0..count {
            // Whoever passes by one finger is screened by all: a second one may be as good as its gate is not.
            let at = |&finger: &usize| finger * count + row;
            if fingers.iter().any(|finger| scores[at(finger)] >= GatedScreen::PASSED) {
                for finger in fingers {
                    let score = &mut scores[at(finger)];
                    if (ABSENT + 1..GatedScreen::PASSED).contains(score) {
                        *score = screen_row(of, rows.start + row, (batch, *finger), matching, screen)?;
                    }
                }
            }
        }
    }
    Ok(Scored { scores, bytes_read: bytes })
}

/// The best screen score of one finger of a batch with those of a row that it may be.
fn screen_row(
    of: &SegmentReferences<'_>,
    row: usize,
    (batch, finger): (&Batch, usize),
    matching: FingerMatching,
    screen: &GatedScreen,
) -> Result<u16, SearchError> {
    let position = batch.fingers[finger].1;
    let mut best = ABSENT + 1;
    for column in of.finger_columns().iter().filter(|column| matching.compares(position, column.position())) {
        for entry in column.of_row(row) {
            let code = column.codes(entry..entry + 1)?.map(ScreenColumn::new).transpose()?;
            best = best.max(code.map_or(DAMAGED, |code| screen.screen(&batch.codes, finger, &code)));
        }
    }
    Ok(best)
}

fn any_kept(words: Option<&[u64]>, rows: Range<usize>) -> bool {
    words.is_none_or(|words| words[rows.start / 64..rows.end.div_ceil(64)].iter().any(|&word| word != 0))
}
