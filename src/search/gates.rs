//! Gates: how alike a sketch has to be for a reference's finger to be screened.
//!
//! Where few are to survive, most references are told from a mate by [their sketches](crate::fingerprint::screen::GatedScreen) already. How alike those of strangers
//! are is found for each probe finger on a [sample](super::sample) of the references, once before a search.

use super::{
    FingerMatching, Search, SearchError,
    sample::Hashed,
    screening::{ProbeFingers, SearchDepth},
};
use crate::{
    fingerprint::screen::{Gate, GateCounts, GateSample, GateShares, GatedScreen, ScreenCode, ScreenColumn},
    template::FingerPosition,
};
use rayon::prelude::*;
use std::collections::BTreeMap;

/// A smaller gallery is searched before gates are found.
const WORTH_WHILE: u64 = 2048;

/// A sample's fingers by position.
struct Sample(Vec<(FingerPosition, GateSample)>);

impl Sample {
    fn counts(
        &self,
        screen: &mut GatedScreen,
        (position, code): &(FingerPosition, ScreenCode),
        matching: FingerMatching,
    ) -> GateCounts {
        let mut all = GateCounts::default();
        for (_, sample) in self.0.iter().filter(|(of, _)| matching.compares(*position, *of)) {
            let counts = screen.sampled(code, sample);
            all.turns.merge(&counts.turns);
            all.agreements.merge(&counts.agreements);
        }
        all
    }
}

impl Search<'_> {
    /// The shares of strangers that are to pass the gates of a probe with so many fingers; `None` if it gets no gates.
    pub(super) fn gate_shares(&self, fingers: usize, depth: SearchDepth) -> Option<GateShares> {
        let all = self.registrations();
        let survivors = depth.depth.survivors(fingers, all).max(depth.least as u64);
        let share = depth.share.max(survivors as f64 / all.max(1) as f64);
        if all < WORTH_WHILE { None } else { GateShares::of(share) }
    }

    /// The gates of fingers of probes, given the shares for each probe.
    pub(super) fn gates(
        &self,
        probes: &[ProbeFingers],
        shares: &[Option<GateShares>],
        sample: &[Hashed],
        matching: FingerMatching,
    ) -> Result<Vec<Vec<Option<Gate>>>, SearchError> {
        let sample = self.gate_sample(sample)?;
        let of_probe = |screen: &mut GatedScreen, (fingers, shares): (&ProbeFingers, &Option<GateShares>)| {
            let gate = |finger| shares.and_then(|shares| sample.counts(screen, finger, matching).gate(shares));
            fingers.iter().map(gate).collect()
        };
        Ok(probes.par_iter().zip(shares).map_init(|| GatedScreen::new(self.level), of_probe).collect())
    }

    /// What the gates of fingers are found from, in the order of those probes that get any: with what other shards count of their part of the sample,
    /// [`GateCounts::gate`] gives the gates of the whole gallery.
    pub(super) fn gate_counts(
        &self,
        probes: &[ProbeFingers],
        shares: &[Option<GateShares>],
        sample: &[Hashed],
        matching: FingerMatching,
    ) -> Result<Vec<GateCounts>, SearchError> {
        let sample = self.gate_sample(sample)?;
        let gated: Vec<_> = probes.iter().zip(shares).filter(|(_, shares)| shares.is_some()).collect();
        let of_probe = |screen: &mut GatedScreen, (fingers, _): (&ProbeFingers, _)| {
            fingers.iter().map(|finger| sample.counts(screen, finger, matching)).collect::<Vec<_>>()
        };
        let counts: Vec<_> = gated.into_par_iter().map_init(|| GatedScreen::new(self.level), of_probe).collect();
        Ok(counts.into_iter().flatten().collect())
    }

    fn gate_sample(&self, sample: &[Hashed]) -> Result<Sample, SearchError> {
        let mut codes: BTreeMap<FingerPosition, Vec<ScreenColumn<'_>>> = BTreeMap::new();
        for hashed in sample {
            let (of, row) = self.references.at(hashed.place);
            for column in of.finger_columns() {
                for entry in column.of_row(row) {
                    let code = ScreenColumn::new(column.codes(entry..entry + 1)?.unwrap_or_default())?;
                    codes.entry(column.position()).or_default().push(code);
                }
            }
        }
        Ok(Sample(codes.into_iter().map(|(at, codes)| (at, GateSample::new(self.level, &codes))).collect()))
    }
}
