//! Candidates by their fingers: what the screen names, block by block.

use super::Run;
use crate::{
    gallery::Place,
    search::{
        FingerSample, Modality, Search, SearchError, Work,
        checkpoint::Ledger,
        finger_join::{FingerPass, Side},
        probe::Bench,
    },
};
use std::{
    borrow::Cow,
    sync::atomic::{AtomicU64, Ordering::Relaxed},
};

impl<'r, 'a: 'r> Run<'r, 'a, 'r> {
    /// The samples by which thresholds are found among the registrations of the left side, and of the right: of the whole gallery, where the sides are
    /// shards of it.
    pub fn samples(&self) -> Result<[Cow<'r, FingerSample>; 2], SearchError> {
        let left = sample_of(self.left, self.options.depth)?;
        let right = if self.is_one() { left.clone() } else { sample_of(self.right, self.options.depth)? };
        Ok([left, right])
    }

    /// Both sides, ready for passes; the right one is not there where it is the left one.
    pub fn sides<'s>(
        &'s self,
        [left, right]: &'s [Cow<'r, FingerSample>; 2],
    ) -> Result<(Side<'s, 'r>, Option<Side<'s, 'r>>), SearchError> {
        let other = if self.within { None } else { Some(Side::new(self.right, right)?) };
        Ok((Side::new(self.left, left)?, other))
    }

    /// Which fingers have to be held against which: all pairs once; or of each pair of which a member has no portrait, that one's.
    pub fn finger_passes<'s>(
        &'s self,
        (left, right): &'s (Side<'s, 'r>, Option<Side<'s, 'r>>),
    ) -> Vec<FingerPass<'s, 'r>> {
        let right = right.as_ref().unwrap_or(left);
        let pass = |probes, references, turned| FingerPass {
            probes,
            references,
            within: self.within,
            is_one: self.is_one(),
            turned,
            only_faceless: !self.options.every_finger && self.options.modality == Modality::Both,
            with_faces: self.options.modality == Modality::Both,
            matching: self.options.fingers,
            depth: self.options.depth,
            stop: self.options.stop,
        };
        let forth: FingerPass<'s, 'r> = pass(left, right, false);
        let is_enough = self.within || !self.is_one() && !forth.only_faceless;
        if is_enough { vec![forth] } else { vec![forth, pass(right, left, true)] }
    }

    /// Pairs that the screen of the fingers names; returns the number of the block after its last.
    pub(super) fn screen_fingers(
        &self,
        pass: &FingerPass<'_, '_>,
        first: u64,
        ledger: &mut Ledger,
    ) -> Result<u64, SearchError> {
        let blocks = pass.blocks();
        let after = first + blocks.len() as u64;
        if ledger.next >= after {
            return Ok(after);
        }
        for (block, number) in blocks.iter().zip(first..).skip((ledger.next - first) as usize) {
            self.stopped()?;
            let compared = AtomicU64::new(0);
            let keep = |bench: &mut Bench, probe: Place, reference: Place| {
                let (a, b) = if pass.turned { (reference, probe) } else { (probe, reference) };
                let before = bench.compared;
                let kept = self.keep(bench, a, b);
                compared.fetch_add(bench.compared - before, Relaxed);
                kept
            };
            let (pairs, screened) = pass.run(block, || self.bench(), keep)?;
            let full_comparisons = compared.into_inner();
            let work = Work { comparisons: screened.comparisons, full_comparisons, bytes_read: screened.bytes_read };
            ledger.finish(work, pairs)?;
            self.report("screening", number + 1 - first, after - first);
        }
        Ok(after)
    }
}

/// The sample for references of `search`: of the whole gallery, which of a shard somebody has to say. Where everything survives none is needed.
fn sample_of<'r>(search: &'r Search<'_>, depth: crate::search::Depth) -> Result<Cow<'r, FingerSample>, SearchError> {
    if depth.share(usize::MAX) >= 1.0 {
        return Ok(Cow::Owned(FingerSample::default()));
    }
    match (&search.sample, search.whole) {
        (Some(sample), _) => Ok(Cow::Borrowed(sample)),
        (None, None) => Ok(Cow::Owned(search.finger_sample(&search.sample_hashes()?)?)),
        (None, Some(_)) => {
            Err(SearchError::Shards { reason: "a shard was given no sample of the whole gallery's fingers".into() })
        }
    }
}
