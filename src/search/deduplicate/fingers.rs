//! Candidates by their fingers: what the screen names, block by block.

use super::Run;
use crate::{
    gallery::Place,
    search::{
        Modality, SearchError, Work,
        checkpoint::Ledger,
        finger_join::{FingerPass, Side},
        probe::Bench,
    },
};
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

impl<'r, 'a: 'r> Run<'r, 'a, 'r> {
    /// Which fingers have to be held against which: all pairs once; or of each pair of which a member has no portrait, that one's.
    pub fn finger_passes(&self) -> Vec<FingerPass<'_, 'r>> {
        let pass = |probes, references, turned| FingerPass {
            probes,
            references,
            within: self.within,
            turned,
            only_faceless: !self.options.every_finger && self.options.modality == Modality::Both,
            with_faces: self.options.modality == Modality::Both,
            matching: self.options.fingers,
            depth: self.options.depth,
            stop: self.options.stop,
        };
        let forth: FingerPass<'_, 'r> = pass(self.left, self.right, false);
        if self.within || !forth.only_faceless { vec![forth] } else { vec![forth, pass(self.right, self.left, true)] }
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
        let sides = [&Side::new(pass.probes)?, &Side::new(pass.references)?];
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
            let (pairs, screened) = pass.run(sides, block, || self.bench(), keep)?;
            let full_comparisons = compared.into_inner();
            let work = Work { comparisons: screened.comparisons, full_comparisons, bytes_read: screened.bytes_read };
            ledger.finish(work, pairs)?;
            self.report("screening", number + 1 - first, after - first);
        }
        Ok(after)
    }
}
