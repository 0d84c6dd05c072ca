//! Candidates by their portraits: the join of the columns at a low cosine, block by block.

use super::Run;
use crate::{
    face::{self, FaceJoin, PairSink},
    gallery::Place,
    search::{SearchError, checkpoint::Ledger, identify::FaceColumns},
};
use parking_lot::Mutex;
use std::{
    ops::ControlFlow,
    sync::atomic::AtomicBool,
    time::{Duration, Instant},
};

/// What a look at the join of the portraits saw.
pub struct FaceBlock {
    pub pairs: Vec<(Place, Place)>,
    pub compared: f64,
    pub seconds: f64,
}

impl<'r, 'a: 'r> Run<'r, 'a, 'r> {
    /// Joins portraits for so long.
    pub fn time_faces(&self, patience: Duration) -> Result<FaceBlock, SearchError> {
        let looked = self.with_join(|join, left, right| {
            let sink = TimedFaces { started: Instant::now(), patience, found: Mutex::default() };
            let never = AtomicBool::new(false);
            let joined = join.run(0..join.blocks(), &sink, &never)?;
            let seconds = sink.started.elapsed().as_secs_f64();
            let pairs = sink.found.into_inner().into_iter().map(|(a, b)| (left.place(a), right.place(b))).collect();
            Ok(FaceBlock { pairs, compared: joined.work.comparisons as f64, seconds })
        })?;
        Ok(looked)
    }

    /// The join of the portraits, for as long as it is looked at.
    pub(super) fn with_join<T>(
        &self,
        look: impl FnOnce(&FaceJoin<'_>, &FaceColumns<'_, '_>, &FaceColumns<'_, '_>) -> Result<T, SearchError>,
    ) -> Result<T, SearchError> {
        let (left, right) = (FaceColumns::new(&self.left.references), FaceColumns::new(&self.right.references));
        let left_filters = left.filters(&self.left.live_rows());
        let right_filters = right.filters(&self.right.live_rows());
        let (left_columns, right_columns) = (left.columns(&left_filters)?, right.columns(&right_filters)?);
        let level = self.left.level;
        let join = match self.within {
            true => FaceJoin::within(&left_columns, self.face_candidates, level)?,
            false => FaceJoin::across(&left_columns, &right_columns, self.face_candidates, level)?,
        };
        look(&join, &left, &right)
    }

    /// Pairs whose portraits reach the candidates' cosine.
    pub(super) fn join_faces(&self, ledger: &mut Ledger) -> Result<(), SearchError> {
        self.with_join(|join, left, right| {
            let blocks = ledger.next.min(self.face_blocks)..self.face_blocks;
            let state = Mutex::new((ledger, None));
            let sink = FaceCandidates { run: self, sides: [left, right], block: Mutex::default(), state };
            let never = AtomicBool::new(false);
            // A damaged row is one of the left side or, by its number, of the right.
            join.run(blocks, &sink, self.options.stop.unwrap_or(&never)).map_err(|error| {
                match left.named(error.clone()) {
                    SearchError::Face(_) => right.named(error),
                    damage => damage,
                }
            })?;
            match sink.state.into_inner().1 {
                Some(error) => Err(error),
                None => self.stopped(),
            }
        })
    }
}

/// Takes the pairs of the join of the portraits until time is up.
struct TimedFaces {
    started: Instant,
    patience: Duration,
    found: Mutex<Vec<(face::Place, face::Place)>>,
}

impl PairSink for TimedFaces {
    fn pairs(&self, _: u64, pairs: &[face::Pair]) {
        self.found.lock().extend(pairs.iter().map(|pair| (pair.a, pair.b)));
    }

    fn finished(&self, _: face::Finished) -> ControlFlow<()> {
        if self.started.elapsed() < self.patience { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    }
}

/// Takes the pairs of the join of the portraits, and compares them block by block.
struct FaceCandidates<'s, 'r, 'a, 'b, 'l> {
    run: &'s Run<'r, 'a, 'b>,
    sides: [&'s FaceColumns<'s, 's>; 2],
    /// The pairs of the block that is being joined.
    block: Mutex<Vec<(face::Place, face::Place)>>,
    state: Mutex<(&'l mut Ledger, Option<SearchError>)>,
}

impl<'r, 'a: 'r> PairSink for FaceCandidates<'_, 'r, 'a, 'r, '_> {
    fn pairs(&self, _: u64, pairs: &[face::Pair]) {
        self.block.lock().extend(pairs.iter().map(|pair| (pair.a, pair.b)));
    }

    fn finished(&self, finished: face::Finished) -> ControlFlow<()> {
        let pairs = std::mem::take(&mut *self.block.lock());
        let [left, right] = self.sides;
        let pairs: Vec<_> = pairs.into_iter().map(|(a, b)| (left.place(a), right.place(b))).collect();
        let mut work = finished.work.into();
        let mut state = self.state.lock();
        let kept = self.run.keep_all(&pairs, &mut work).and_then(|pairs| state.0.finish(work, pairs));
        self.run.report("joining", finished.block + 1, finished.blocks);
        match kept {
            Ok(()) => ControlFlow::Continue(()),
            Err(error) => {
                state.1 = Some(error);
                ControlFlow::Break(())
            }
        }
    }
}
