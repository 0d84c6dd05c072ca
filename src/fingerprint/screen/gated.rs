//! A scan that looks at sketches first, and at few references twice.
//!
//! # Problem
//! A search for one in a hundred spends nearly all its time on the ninety-nine, each of which the [screen](super) takes most of a microsecond for.
//!
//! # Method
//! References are [sketched](super::sketch) as they are read: the signs of a code's values are the highest bits of its halves, so this takes some twenty
//! nanoseconds, and the rows to come are asked of memory meanwhile. The probe's turns and agreement with a sketch take half of the screen's time; only where both reach the
//! probe's [`Gate`] is the code itself screened. What does not pass is ordered by its turns, below all that does, so scores stay what they are in a
//! [`Screen::scan`]: something to count, rank and add as [`Evidence`](super::Evidence).
//!
//! Gates are shares of a sample of the references, found for each probe ([`GateCounts`]).
//!
//! # Cost
//! With AVX-512, 44 minutiae on either side, one probe, and gates for 0.5 % (7 % are screened), 440 ns a reference of 10,007. By a profile (`perf record`):
//!
//! | | share |
//! |---|---|
//! | the most similar minutiae: 44 × 16 shuffles and additions for 64 slots, of which a reference fills 44 | 22 % |
//! | the sixteen most similar pairs, how alike they turn, and of three in ten how well they agree | 32 % |
//! | the screen, of 7 % | 17 % |
//! | the sketch: 24 rows loaded, masked and weighed by `vpdpbusd`, and laid side by side | 14 % |
//! | gates found, scores, and what could not be told | 15 % |
//!
//! Half of the time goes into choosing and judging pairs, one reference after the other, so neither the shuffles' limit (8 cycles for 64 slots and a minutia of the probe: 60 ns) nor
//! memory's (2,304 bytes: 62 ns at 37 GB/s) binds it. A batch of probes shares the sketch.

use super::{
    ScoreCounts, Screen, ScreenCode, ScreenColumn, ScreenProbe, parameters as p,
    scan::DAMAGED,
    sketch::{Asked, GROUP, Group, Scorer, SketchProbe, Sketcher, Sketches},
};
use crate::simd::Level;
use std::{fmt, ops::Range};

/// What a reference's turns and agreement with a probe have to reach for it to be screened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Gate {
    turns: u16,
    agreement: u16,
}

/// The shares of references that reach a gate's turns, and its agreement.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct GateShares {
    turns: f64,
    agreement: f64,
}

/// How many of a sample have which turns and agreement with a probe.
#[derive(Clone, Default)]
pub(crate) struct GateCounts {
    pub turns: ScoreCounts,
    pub agreements: ScoreCounts,
}

/// How much of the turns a score keeps that is below: all fit.
const TURNS: u16 = 64;

impl GateShares {
    /// The shares for a search in which `share` of the references, 0 to 1, survive the screen; `None` where a gate would let so many through that it saves
    /// nothing.
    pub fn of(share: f64) -> Option<GateShares> {
        let turns = p::GATE.0 + p::GATE_GROWS.0 * share;
        (turns < p::GATE_MOST).then(|| GateShares { turns, agreement: (p::GATE_GROWS.1 * share).max(p::GATE.1) })
    }
}

impl GateCounts {
    /// The gate that these shares of the sample pass, or `None` where the sample is too small to say.
    pub fn gate(&self, shares: GateShares) -> Option<Gate> {
        let total = self.turns.total();
        let reached = |counts: &ScoreCounts, share: f64| counts.threshold((share * total as f64).ceil() as u64);
        let gate = || Gate {
            turns: reached(&self.turns, shares.turns),
            agreement: reached(&self.agreements, shares.agreement),
        };
        (total >= p::GATE_SAMPLE).then(gate)
    }
}

/// References by which gates are found.
pub struct GateSample {
    sketches: Sketches,
}

impl fmt::Debug for GateSample {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("GateSample(..)")
    }
}

impl GateSample {
    /// Of the first row of each column, 600 bytes a row.
    pub fn new(level: Level, columns: &[ScreenColumn<'_>]) -> Self {
        GateSample { sketches: Sketches::of(level, columns) }
    }
}

/// Probes ready to be scanned with, each with its gate.
#[derive(Default)]
pub struct GatedProbes {
    screens: Vec<ScreenProbe>,
    /// As many; `None` where everything is to be screened.
    gates: Vec<Option<(SketchProbe, Gate)>>,
}

impl fmt::Debug for GatedProbes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "GatedProbes({})", self.screens.len())
    }
}

impl GatedProbes {
    /// How many there are.
    pub fn len(&self) -> usize {
        self.screens.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.screens.is_empty()
    }

    /// Adds a probe. Without a gate every reference is screened for it.
    pub fn push(&mut self, code: &ScreenCode, gate: Option<Gate>) {
        self.screens.push(ScreenProbe::new(code));
        self.gates.push(gate.map(|gate| (SketchProbe::new(code), gate)));
    }
}

/// Scans with gates; keeps its room between scans, so one for each thread.
///
/// A cascade (Viola and Jones, *Rapid object detection using a boosted cascade of simple features*, 2001) of sketches and the [`Screen`]: what the
/// first reject, the second never sees.
///
/// ```
/// use vantay::{
///     fingerprint::screen::{GateSample, GateShares, GatedProbes, GatedScreen, ScreenCode, ScreenColumn},
///     simd::Level,
/// };
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let (codes, probe): (Vec<u8>, Option<ScreenCode>) = Default::default();
/// let column = ScreenColumn::new(&codes)?;
/// let some: Vec<_> = (0..column.len()).step_by(1 + column.len() / 512).map(|row| column.part(row..row + 1)).collect();
/// let sample = GateSample::new(Level::chosen()?, &some);
/// let mut screen = GatedScreen::new(Level::chosen()?);
/// let mut probes = GatedProbes::default();
/// # if let Some(probe) = probe {
/// // One in a hundred is to survive.
/// let gate = GateShares::of(0.01).and_then(|shares| screen.gate(&probe, &sample, shares));
/// probes.push(&probe, gate);
/// # }
/// let mut scores = vec![0; probes.len() * column.len()];
/// screen.scan(&probes, 0..probes.len(), &column, &mut scores);
/// # Ok(())
/// # }
/// ```
pub struct GatedScreen {
    screen: Screen,
    scorer: Scorer,
    sketcher: Sketcher,
    group: Group,
    turns: Vec<u16>,
    found: Vec<(usize, u16)>,
}

impl fmt::Debug for GatedScreen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("GatedScreen(..)")
    }
}

impl GatedScreen {
    /// What passes a gate scores at least this, what does not scores less.
    pub const PASSED: u16 = 1024;

    /// A screen at `level`, or the best below it that this machine has.
    pub fn new(level: Level) -> Self {
        GatedScreen {
            screen: Screen::new(level),
            scorer: Scorer::new(level),
            sketcher: Sketcher::new(level),
            group: Group::default(),
            turns: Vec::new(),
            found: Vec::new(),
        }
    }

    /// The gate that these shares of a sample pass with a probe; `None` if the sample has fewer than 128 sound codes.
    pub fn gate(&mut self, code: &ScreenCode, sample: &GateSample, shares: GateShares) -> Option<Gate> {
        self.sampled(code, &sample.sketches).gate(shares)
    }

    /// The turns and agreements of a sample with a probe.
    pub(crate) fn sampled(&mut self, code: &ScreenCode, sample: &Sketches) -> GateCounts {
        let (probe, mut counts) = (SketchProbe::new(code), GateCounts::default());
        for group in sample.groups() {
            self.turns.clear();
            self.found.clear();
            self.scorer.score(&probe, group, Asked::default(), Some(&mut self.turns), &mut self.found);
            self.turns.retain(|&turns| turns != DAMAGED);
            counts.turns.add(&self.turns);
            let agreements = self.found.iter().map(|found| found.1).filter(|&agreement| agreement != DAMAGED);
            counts.agreements.add(&agreements.collect::<Vec<_>>());
        }
        counts
    }

    /// The screen score of one probe with the first row of a column, gate or not, at least [`GatedScreen::PASSED`].
    ///
    /// # Panics
    /// Where there is no such probe or row.
    pub fn screen(&self, probes: &GatedProbes, probe: usize, row: &ScreenColumn<'_>) -> u16 {
        let mut score = [0];
        self.screen.scan(&probes.screens[probe..=probe], row, 0..1, &mut score);
        score[0].max(Self::PASSED)
    }

    /// The scores of the probes `of` against all references of `column`, laid out as [`Screen::scan`] lays them out. What passes a probe's gate
    /// has its screen score, at least [`GatedScreen::PASSED`], and what does not has less, the more the more alike it turns.
    ///
    /// # Panics
    /// Where `of` reaches beyond the probes, or `out` is not one score per probe and row.
    pub fn scan(&mut self, probes: &GatedProbes, of: Range<usize>, column: &ScreenColumn<'_>, out: &mut [u16]) {
        let (screens, gates) = (&probes.screens[of.clone()], &probes.gates[of]);
        let count = column.len();
        assert_eq!(out.len(), screens.len() * count, "one score per probe and reference");
        if gates.iter().all(Option::is_none) {
            return self.screen.scan(screens, column, 0..count, out);
        }
        let first = gates.iter().position(Option::is_some);
        for start in (0..count).step_by(GROUP) {
            let rows = start..count.min(start + GROUP);
            let group = column.part(rows.clone());
            self.sketcher.fill(&mut self.group, (0..rows.len()).map(|row| group.row(row)));
            for (k, (screen, gate)) in screens.iter().zip(gates).enumerate() {
                let out = &mut out[k * count..][rows.clone()];
                let Some((sketch, gate)) = gate else {
                    self.screen.scan(std::slice::from_ref(screen), column, rows.clone(), out);
                    continue;
                };
                // Rows are read in bursts; what is next comes meanwhile.
                let next = (Some(k) == first).then(|| column.part(rows.end..rows.end + GROUP));
                self.turns.clear();
                self.found.clear();
                let asked = Asked { gate: gate.turns, next, ..Asked::default() };
                self.scorer.score(sketch, &self.group, asked, Some(&mut self.turns), &mut self.found);
                for (out, &turns) in out.iter_mut().zip(&self.turns) {
                    *out = if turns == DAMAGED { DAMAGED } else { (turns / TURNS).min(Self::PASSED - 1) };
                }
                let passing = self.found.iter().filter(|found| found.1 >= gate.agreement && found.1 != DAMAGED);
                let passing = passing.map(|found| found.0);
                self.screen.scan_some(screen, &group, passing, |row, score| out[row] = score.max(Self::PASSED));
            }
        }
    }
}
