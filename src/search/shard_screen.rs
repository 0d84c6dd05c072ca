//! The screen of the fingers in a shard, which looks at the whole gallery through what all shards count.
//!
//! | a shard says | for | given what all said before, it knows |
//! |---|---|---|
//! | whose names may be in the [sample](super::sample) | | who is in it |
//! | how many of the sample have which turns and agreement | each of the first fingers | the [gates](super::gates) |
//! | how many references have which score | each of the first fingers | how rare a score is |
//! | how many registrations have which evidence | each number of fingers in common | who survives the first fingers |
//! | how many of the [sample](super::sample) have which score | each [further finger](super::later_fingers) | how rare those are |
//! | how many of these registrations have which evidence | each number of fingers in common | who survives all |
//!
//! The first two are left out where no probe gets a gate. The fourth and fifth are said together; the last only where a probe has more fingers than are screened against everybody.

use super::{
    IdentifyOptions, Search, SearchError,
    later_fingers::{self, Common, Met, SAMPLE},
    probe::Probe,
    sample::{least, limit},
    screened::{Screened, evidence, thresholds},
    screening::{ProbeFingers, SearchDepth, SplitFingers},
};
use crate::{
    fingerprint::screen::{Evidence, Gate, GateCounts, GateShares, ScoreCounts},
    gallery::Place,
    registration::Registration,
};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What a shard, or all of them together, counted for a batch of probes. Which step it belongs to depends on the probes alone.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ShardCounts {
    /// Classes of scores, ascending, with how many have them: a list for each thing that was counted.
    lists: Vec<Vec<(u16, u32)>>,
    /// The hashes of the names that may be in the sample.
    hashes: Vec<u64>,
}

impl ShardCounts {
    fn of<'c>(counts: impl IntoIterator<Item = &'c ScoreCounts>, hashes: Vec<u64>) -> Self {
        let list = |counts: &ScoreCounts| {
            (0..).zip(counts.classes()).filter(|(_, count)| **count > 0).map(|(class, &count)| (class, count)).collect()
        };
        ShardCounts { lists: counts.into_iter().map(list).collect(), hashes }
    }

    /// Adds what another shard counted for the same probes.
    ///
    /// # Errors
    /// [`SearchError::Shards`] if those are not the same.
    pub fn add(&mut self, other: &ShardCounts) -> Result<(), SearchError> {
        if self.lists.len() != other.lists.len() {
            return Err(SearchError::Shards { reason: "the shards counted for different probes".into() });
        }
        for (to, from) in self.lists.iter_mut().zip(&other.lists) {
            let mut sum: BTreeMap<u16, u32> = to.iter().copied().collect();
            for &(class, count) in from {
                let all = sum.entry(class).or_default();
                *all = all.saturating_add(count);
            }
            *to = sum.into_iter().collect();
        }
        self.hashes.extend(&other.hashes);
        self.hashes = least(std::mem::take(&mut self.hashes), SAMPLE);
        Ok(())
    }

    fn counts(&self, expected: usize) -> Result<Vec<ScoreCounts>, SearchError> {
        let reason = || SearchError::Shards { reason: "counts of other probes, or of another version".into() };
        if self.lists.len() != expected {
            return Err(reason());
        }
        self.lists.iter().map(|list| ScoreCounts::from_classes(list).ok_or_else(reason)).collect()
    }
}

/// A batch of probes on its way through the screen of one shard. Two bytes for each of the probes' first fingers and registration.
#[derive(Default)]
pub struct ShardScreen {
    kept: Vec<Option<Vec<u64>>>,
    depth: Option<SearchDepth>,
    at: Step,
}

/// What a shard waits for.
#[derive(Default)]
enum Step {
    /// Nothing was screened.
    #[default]
    Nothing,
    /// Who may be in the sample on which gates are found.
    Split(SplitFingers, Vec<Option<GateShares>>),
    /// What the sample says of them.
    Gates(SplitFingers, Vec<Option<GateShares>>),
    /// The scores of all references.
    Scores(Screened),
    /// The evidence of all registrations.
    Sums(Screened, Vec<Evidence>),
    /// The evidence of all that met further fingers: of each probe what it knows.
    Met(Vec<Left>),
    /// Nothing: the survivors of each probe.
    Done(Vec<Vec<Place>>),
}

/// The rows that the first fingers of a probe leave.
enum Left {
    /// There are no more fingers.
    Survivors(Vec<Place>),
    /// After all fingers, with what the sums were, and how many numbers of fingers in common there may be.
    Met(Met, Vec<ScoreCounts>, Vec<Common>),
}

impl ShardScreen {
    /// The registrations worth comparing with each probe that has fingers.
    pub(super) fn survivors(&self) -> Result<&[Vec<Place>], SearchError> {
        match &self.at {
            Step::Done(survivors) => Ok(survivors),
            _ => Err(SearchError::Shards { reason: "the screen has not come to its end".into() }),
        }
    }
}

impl Search<'_> {
    /// Screens the fingers of `probes` in this shard. Nothing is counted, by any shard, where nothing is to be screened.
    ///
    /// # Errors
    /// As [`Search::identify`].
    pub fn screen_shard(
        &self,
        probes: &[Registration],
        options: &IdentifyOptions<'_>,
    ) -> Result<(ShardScreen, ShardCounts), SearchError> {
        let kept = self.rows_kept(&options.filter)?;
        let probes = self.prepared(probes, options)?;
        let with_fingers: Vec<&Probe<'_>> = probes.iter().filter(|probe| probe.has_fingers()).collect();
        let depth = self.depth_of(&probes, options);
        if with_fingers.is_empty() || depth.is_none() {
            return Ok((ShardScreen::default(), ShardCounts::default()));
        }
        let codes: Vec<_> = with_fingers.par_iter().map(|probe| probe.codes()).collect();
        let split = self.split(&codes, options.fingers);
        let shares = depth.map_or_else(Vec::new, |depth| self.all_gate_shares(&split, depth));
        let (at, counts) = if shares.iter().any(Option::is_some) {
            let counts = ShardCounts { lists: Vec::new(), hashes: self.hashes_of_sample(&kept)? };
            (Step::Split(split, shares), counts)
        } else {
            self.scored(split, &[], &kept, options)?
        };
        Ok((ShardScreen { kept, depth, at }, counts))
    }

    fn hashes_of_sample(&self, kept: &[Option<Vec<u64>>]) -> Result<Vec<u64>, SearchError> {
        Ok(self.later_sample(kept, u64::MAX)?.into_iter().map(|hashed| hashed.hash).collect())
    }

    /// The scores of the first fingers, and how many references of this shard have which.
    fn scored(
        &self,
        split: SplitFingers,
        gates: &[Vec<Option<Gate>>],
        kept: &[Option<Vec<u64>>],
        options: &IdentifyOptions<'_>,
    ) -> Result<(Step, ShardCounts), SearchError> {
        let screened = self.score_batch(split, gates, options.fingers, kept, options.stop)?;
        let hashes = if screened.has_later() { self.hashes_of_sample(kept)? } else { Vec::new() };
        let counts = ShardCounts::of(&screened.counts(), hashes);
        Ok((Step::Scores(screened), counts))
    }

    /// What this shard's part of the sample says of the gates.
    fn gates_of_sample(
        &self,
        split: &SplitFingers,
        shares: &[Option<GateShares>],
        kept: &[Option<Vec<u64>>],
        all: &ShardCounts,
        options: &IdentifyOptions<'_>,
    ) -> Result<ShardCounts, SearchError> {
        let sample = limit(&all.hashes, SAMPLE).map(|up_to| self.later_sample(kept, up_to)).transpose()?;
        let sample = sample.unwrap_or_default();
        let counts = self.of_sample(&split.first, shares, &sample, options.fingers, |counts, _| counts)?;
        let counts = counts.iter().flatten().flat_map(|counts| [&counts.turns, &counts.agreements]);
        Ok(ShardCounts::of(counts, Vec::new()))
    }

    /// Goes on with what all shards counted; says what this one counts next, or nothing if the screen has come to its end.
    ///
    /// # Errors
    /// If `all` are counts of other probes or steps, or as [`Search::identify`].
    pub fn go_on(
        &self,
        screen: &mut ShardScreen,
        all: &ShardCounts,
        options: &IdentifyOptions<'_>,
    ) -> Result<Option<ShardCounts>, SearchError> {
        let Some(depth) = screen.depth else { return Ok(None) };
        let (at, said) = match std::mem::take(&mut screen.at) {
            Step::Split(split, shares) => {
                let said = self.gates_of_sample(&split, &shares, &screen.kept, all, options)?;
                (Step::Gates(split, shares), Some(said))
            }
            Step::Gates(split, shares) => {
                let gates = gates(&split, &shares, all)?;
                let (scored, said) = self.scored(split, &gates, &screen.kept, options)?;
                (scored, Some(said))
            }
            Step::Scores(screened) => {
                let evidence = evidence(&all.counts(screened.at.len())?);
                let said = self.sums_of(&screened, &evidence, &screen.kept, all, options)?;
                (Step::Sums(screened, evidence), Some(said))
            }
            Step::Sums(screened, evidence) => {
                let left = self.left_of(&screened, &evidence, &screen.kept, depth, all, options)?;
                let mut said = Vec::new();
                for left in &left {
                    let Left::Met(met, _, numbers) = left else { continue };
                    let mut counts = met.counts();
                    said.extend(numbers.iter().map(|common| counts.remove(common).unwrap_or_default()));
                }
                match screened.has_later() {
                    true => (Step::Met(left), Some(ShardCounts::of(&said, Vec::new()))),
                    false => (done(left, all, depth)?, None),
                }
            }
            Step::Met(left) => (done(left, all, depth)?, None),
            done => (done, None),
        };
        screen.at = at;
        Ok(said)
    }

    /// The evidence of this shard's registrations, and the scores of its part of the sample.
    fn sums_of(
        &self,
        screened: &Screened,
        evidence: &[Evidence],
        kept: &[Option<Vec<u64>>],
        all: &ShardCounts,
        options: &IdentifyOptions<'_>,
    ) -> Result<ShardCounts, SearchError> {
        let sample = match limit(&all.hashes, SAMPLE) {
            Some(up_to) if screened.has_later() => self.later_sample(kept, up_to)?,
            _ => Vec::new(),
        };
        let of_probe = |probe: usize| {
            let mut counts = screened.sums(probe, evidence, kept);
            counts.extend(self.later_counts(&screened.probes[probe].later, &sample, options.fingers)?);
            Ok(ShardCounts::of(&counts, Vec::new()).lists)
        };
        let lists: Vec<_> =
            (0..screened.probes.len()).into_par_iter().map(of_probe).collect::<Result<_, SearchError>>()?;
        Ok(ShardCounts { lists: lists.concat(), hashes: Vec::new() })
    }

    /// The rows of this shard that the first fingers leave, after all fingers.
    fn left_of(
        &self,
        screened: &Screened,
        evidence: &[Evidence],
        kept: &[Option<Vec<u64>>],
        depth: SearchDepth,
        all: &ShardCounts,
        options: &IdentifyOptions<'_>,
    ) -> Result<Vec<Left>, SearchError> {
        let lists = |probe: usize| screened.probes[probe].fingers.len() + 1 + screened.probes[probe].later.len();
        let mut counts = all.counts((0..screened.probes.len()).map(lists).sum())?.into_iter();
        let counts: Vec<Vec<ScoreCounts>> =
            (0..screened.probes.len()).map(|probe| counts.by_ref().take(lists(probe)).collect()).collect();
        let of_probe = |(probe, mut sums): (usize, Vec<ScoreCounts>)| {
            let (first, later) = (screened.probes[probe].fingers.len(), &screened.probes[probe].later);
            let rarity = sums.split_off(first + 1);
            if later.is_empty() {
                let survivors = screened.survivors(probe, evidence, &thresholds(&sums, depth), kept);
                return Ok(Left::Survivors(survivors.into_iter().map(|row| row.place).collect()));
            }
            let left = thresholds(&sums, later_fingers::goes_on(depth));
            let left = screened.survivors(probe, evidence, &left, kept);
            let met = self.meet_later_fingers(left, later, &rarity, options.fingers)?;
            let numbers = (0..=first).flat_map(|of_first| (0..=later.len()).map(move |of| (of_first, of_first + of)));
            Ok(Left::Met(met, sums, numbers.collect()))
        };
        counts.into_par_iter().enumerate().map(of_probe).collect()
    }
}

/// The gates of each probe's first fingers, given what all shards' parts of the sample say.
fn gates(
    split: &SplitFingers,
    shares: &[Option<GateShares>],
    all: &ShardCounts,
) -> Result<Vec<Vec<Option<Gate>>>, SearchError> {
    let gated = split.first.iter().zip(shares).filter(|(_, shares)| shares.is_some());
    let mut counts = all.counts(gated.map(|(fingers, _)| 2 * fingers.len()).sum())?.into_iter();
    let mut gate = |shares| {
        let (turns, agreements) = (counts.next().unwrap_or_default(), counts.next().unwrap_or_default());
        GateCounts { turns, agreements }.gate(shares)
    };
    let of_probe = |(fingers, shares): (&ProbeFingers, &Option<GateShares>)| {
        fingers.iter().map(|_| shares.and_then(&mut gate)).collect()
    };
    Ok(split.first.iter().zip(shares).map(of_probe).collect())
}

/// Who survives, given the evidence of all that met further fingers.
fn done(left: Vec<Left>, all: &ShardCounts, depth: SearchDepth) -> Result<Step, SearchError> {
    let lists = |left: &Left| if let Left::Met(_, _, numbers) = left { numbers.len() } else { 0 };
    let expected: usize = left.iter().map(lists).sum();
    let mut counts = if expected > 0 { all.counts(expected)?.into_iter() } else { Vec::new().into_iter() };
    let survivors = left.into_iter().map(|left| match left {
        Left::Survivors(places) => places,
        Left::Met(met, sums, numbers) => {
            let counts = numbers.into_iter().zip(counts.by_ref()).filter(|(_, counts)| counts.total() > 0).collect();
            met.survivors(&Met::thresholds(&counts, &sums, depth))
        }
    });
    Ok(Step::Done(survivors.collect()))
}
