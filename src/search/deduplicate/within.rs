//! Candidates by what they say: what is wrong within a registration, and others under its number.

use super::{ITSELF, Run};
use crate::{
    gallery::Place,
    search::{Modality, SearchError, Work, checkpoint::Ledger, probe::Bench},
};
use rayon::prelude::*;
use std::{
    ops::Range,
    sync::atomic::{AtomicU64, Ordering::Relaxed},
};

/// Registrations that are looked at for themselves at a time.
const ROWS: usize = 4096;

impl<'r, 'a: 'r> Run<'r, 'a, 'r> {
    /// The registrations for themselves, and those of one subject.
    pub(super) fn look_within(&self, first: u64, ledger: &mut Ledger) -> Result<(), SearchError> {
        let segments = self.left.references.segments.iter().enumerate();
        let blocks: Vec<(usize, Range<usize>)> = segments
            .flat_map(|(s, of)| {
                let len = of.segment.len();
                (0..len).step_by(ROWS).map(move |from| (s, from..len.min(from + ROWS)))
            })
            .collect();
        for (number, (segment, rows)) in (first..).zip(&blocks).skip((ledger.next - first) as usize) {
            self.stopped()?;
            let compared = AtomicU64::new(0);
            let found = rows
                .clone()
                .into_par_iter()
                .map_init(
                    || self.bench(),
                    |bench, row| {
                        bench.compared = 0;
                        let found = self.look_at(bench, Place { segment: *segment, row: row as u32 });
                        compared.fetch_add(bench.compared, Relaxed);
                        found
                    },
                )
                .collect::<Result<Vec<_>, _>>()?;
            let full_comparisons = compared.into_inner();
            let work = Work { comparisons: 0, full_comparisons, bytes_read: 0 };
            ledger.finish(work, found.into_iter().flatten().collect())?;
            self.report("checking", number + 1 - first, blocks.len() as u64);
        }
        Ok(())
    }

    /// What is wrong within a registration, and who else is registered under its number.
    fn look_at(&self, bench: &mut Bench, place: Place) -> Result<Vec<(Place, Place)>, SearchError> {
        let (of, row) = self.left.references.at(place);
        let mut found = Vec::new();
        if !of.segment.is_live(row) {
            return Ok(found);
        }
        if self.rules.modality != Modality::Face && of.has_fingers(row) {
            let twice = self.left.fingers_given_twice(bench, place, &self.rules)?;
            found.extend(twice.map(|_| (place, ITSELF)));
        }
        let info = self.left.references.snapshot.info();
        if self.within && info.registrations == info.subjects {
            return Ok(found);
        }
        for other in self.right.references.snapshot.rows_of_subject(of.subjects[row])? {
            if !self.within || other > place {
                found.extend(self.keep(bench, place, other)?);
            }
        }
        Ok(found)
    }
}
