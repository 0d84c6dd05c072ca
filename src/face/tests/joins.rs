//! Many to many.

use super::*;

/// Collects pairs and blocks.
#[derive(Default)]
pub(super) struct Collected {
    pairs: Mutex<Vec<(u64, Pair)>>,
    blocks: Mutex<Vec<u64>>,
    stop_after: Option<u64>,
}

impl PairSink for Collected {
    fn pairs(&self, block: u64, pairs: &[Pair]) {
        self.pairs.lock().unwrap().extend(pairs.iter().map(|&pair| (block, pair)));
    }

    fn finished(&self, finished: Finished) -> ControlFlow<()> {
        self.blocks.lock().unwrap().push(finished.block);
        if self.stop_after == Some(finished.block) { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }
}

impl Collected {
    pub(super) fn sorted(&self) -> Vec<Pair> {
        let mut pairs: Vec<Pair> = self.pairs.lock().unwrap().iter().map(|&(_, pair)| pair).collect();
        pairs.sort_by_key(|pair| (pair.a, pair.b));
        pairs
    }
}

pub(super) fn brute_force_pairs(left: &Stored, right: Option<&Stored>, threshold: f64) -> Vec<Pair> {
    let mut pairs = Vec::new();
    for (a, x) in left.kept() {
        for (b, y) in right.unwrap_or(left).kept() {
            let score = compare(x, y).unwrap();
            if score >= threshold && (right.is_some() || a < b) {
                pairs.push(Pair { a, b, score });
            }
        }
    }
    pairs
}

#[test]
fn joins_give_every_pair_once() {
    let rows = embeddings(20, 512, 1300);
    let left = Stored::new(512, &rows, &[50, 51, 1100], 1).filtered(|place| place.row % 5 != 1);
    let right = Stored::new(512, &embeddings(20, 512, 500), &[100], 1);
    let never = AtomicBool::new(false);
    let (columns, others) = (left.columns(), right.columns());
    for threshold in [0.4, 0.12] {
        let within = brute_force_pairs(&left, None, threshold);
        let across = brute_force_pairs(&left, Some(&right), threshold);
        assert!(within.len() > 50 && across.len() > 50);
        for level in levels() {
            for threads in [1, 2] {
                let sink = Collected::default();
                let join = FaceJoin::within(&columns, threshold, level).unwrap();
                let joined = pool(threads).install(|| join.run(0..u64::MAX, &sink, &never)).unwrap();
                assert_eq!(sink.sorted(), within);
                assert_eq!(joined.next, join.blocks());
                assert_eq!(*sink.blocks.lock().unwrap(), Vec::from_iter(0..join.blocks()));
                let kept = left.kept().len() as u64;
                assert_eq!(joined.work.comparisons, kept * (kept - 1) / 2);

                let sink = Collected::default();
                let join = FaceJoin::across(&columns, &others, threshold, level).unwrap();
                let joined = pool(threads).install(|| join.run(0..u64::MAX, &sink, &never)).unwrap();
                assert_eq!(sink.sorted(), across);
                assert_eq!(joined.work.comparisons, kept * 500);
            }
        }
    }
}

#[test]
fn a_join_goes_on_where_it_was_stopped() {
    let stored = Stored::new(4096, &embeddings(21, 4096, 400), &[70], 1);
    let columns = stored.columns();
    let join = FaceJoin::within(&columns, 0.05, Level::best()).unwrap();
    assert!(join.blocks() > 3);
    let never = AtomicBool::new(false);
    let first = Collected { stop_after: Some(1), ..Default::default() };
    let joined = join.run(0..u64::MAX, &first, &never).unwrap();
    assert_eq!(joined.next, 2);
    let second = Collected::default();
    join.run(joined.next..u64::MAX, &second, &never).unwrap();
    let mut pairs = first.sorted();
    pairs.extend(second.sorted());
    pairs.sort_by_key(|pair| (pair.a, pair.b));
    assert_eq!(pairs, brute_force_pairs(&stored, None, 0.05));

    let nothing = Collected::default();
    let joined = join.run(1..u64::MAX, &nothing, &AtomicBool::new(true)).unwrap();
    assert_eq!((joined.next, nothing.sorted()), (1, vec![]));
}
