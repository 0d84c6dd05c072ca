//! Gates: how alike a sketch has to be for a reference's finger to be screened.
//!
//! Where few are to survive, most references are told from a mate by [their sketches](crate::fingerprint::screen::GatedScreen) already. How alike those of strangers
//! are is found for each probe finger on a [sample](super::sample) of the references, once before a search.

use super::{
    FingerMatching, Search, SearchError,
    finger_rows::FingerRows,
    sample::Hashed,
    screening::{ProbeFingers, SearchDepth},
};
use crate::{
    fingerprint::screen::{Gate, GateCounts, GateShares, GatedScreen, ScreenCode},
    template::FingerPosition,
};
use rayon::prelude::*;

/// A smaller gallery is searched before gates are found.
const WORTH_WHILE: u64 = 2048;

impl Search<'_> {
    /// The shares of strangers that are to pass the gates of a probe with so many fingers; `None` if it gets no gates.
    pub(super) fn gate_shares(&self, fingers: usize, depth: SearchDepth) -> Option<GateShares> {
        let all = self.registrations();
        let survivors = depth.depth.survivors(fingers, all).max(depth.least as u64);
        let share = depth.share.max(survivors as f64 / all.max(1) as f64);
        if all < WORTH_WHILE { None } else { GateShares::of(share) }
    }

    /// The gates of fingers of probes, given the shares for each probe; nothing for a probe that gets none.
    pub(super) fn gates(
        &self,
        probes: &[ProbeFingers],
        shares: &[Option<GateShares>],
        sample: &[Hashed],
        matching: FingerMatching,
    ) -> Result<Vec<Vec<Option<Gate>>>, SearchError> {
        self.of_sample(probes, shares, sample, matching, |counts, shares| counts.gate(shares))
    }

    /// What `of` makes of the counts of each finger of the probes that get gates; nothing for the others.
    pub(super) fn of_sample<T: Send>(
        &self,
        probes: &[ProbeFingers],
        shares: &[Option<GateShares>],
        sample: &[Hashed],
        matching: FingerMatching,
        of: impl Fn(GateCounts, GateShares) -> T + Sync,
    ) -> Result<Vec<Vec<T>>, SearchError> {
        let sample = FingerRows::of(self, sample)?;
        let of_probe = |screen: &mut GatedScreen, (fingers, shares): (&ProbeFingers, &Option<GateShares>)| {
            let of_finger = |finger| shares.map(|shares| of(counts(&sample, screen, finger, matching), shares));
            fingers.iter().filter_map(of_finger).collect()
        };
        Ok(probes.par_iter().zip(shares).map_init(|| GatedScreen::new(self.level), of_probe).collect())
    }
}

/// How many of a sample have which turns and agreement with a finger, at the positions that it may be.
fn counts(
    sample: &FingerRows<'_>,
    screen: &mut GatedScreen,
    (position, code): &(FingerPosition, ScreenCode),
    matching: FingerMatching,
) -> GateCounts {
    let mut all = GateCounts::default();
    for column in sample.columns.iter().filter(|column| matching.compares(*position, column.position)) {
        let counts = screen.sampled(code, &column.sketches);
        all.turns.merge(&counts.turns);
        all.agreements.merge(&counts.agreements);
    }
    all
}
