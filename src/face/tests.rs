//! Statements about face search, against a brute-force `f64` scan.

use super::*;
use crate::simd::embedding::Coding;
use ndarray::{Array2, ArrayView2};
use proptest::prelude::*;
use std::{cmp::Ordering, ops::ControlFlow, sync::Mutex, sync::atomic::AtomicBool};

/// Row-major embeddings with their screens, in columns.
pub(super) struct Stored {
    dimension: usize,
    columns: Vec<(Vec<f32>, FaceScreen, FaceScreen)>,
    filters: Option<Vec<Vec<u64>>>,
    subjects: u64,
}

/// Subjects are shared by rows whose number is the same modulo a number; ties break on subject, then backwards on the place.
impl References for Stored {
    fn subject(&self, place: Place) -> u128 {
        u128::from((u64::from(place.column) * 7919 + u64::from(place.row)) % self.subjects)
    }

    fn order(&self, a: Place, b: Place) -> Ordering {
        self.subject(a).cmp(&self.subject(b)).then(b.cmp(&a))
    }
}

impl Stored {
    fn new(dimension: usize, rows: &[f32], cuts: &[usize], subjects: u64) -> Self {
        let count = rows.len() / dimension;
        let mut ends: Vec<usize> = cuts.iter().map(|cut| cut % (count + 1)).chain([count]).collect();
        ends.sort_unstable();
        let mut start = 0;
        let mut columns = Vec::new();
        for end in ends {
            let rows = rows[start * dimension..end * dimension].to_vec();
            let screen = encode(dimension, &rows).unwrap();
            let coarse = encode_coarse(dimension, &rows).unwrap();
            columns.push((rows, screen, coarse));
            start = end;
        }
        Stored { dimension, columns, filters: None, subjects }
    }

    fn filtered(mut self, keep: impl Fn(Place) -> bool) -> Self {
        let filter = |c: usize, rows: usize| {
            let mut words = vec![0u64; rows.div_ceil(64)];
            for row in 0..rows {
                let place = Place { column: c as u32, row: row as u32 };
                words[row / 64] |= u64::from(keep(place)) << (row % 64);
            }
            words
        };
        let dimension = self.dimension;
        self.filters =
            Some(self.columns.iter().enumerate().map(|(c, (rows, ..))| filter(c, rows.len() / dimension)).collect());
        self
    }

    fn columns(&self) -> Vec<FaceColumn<'_>> {
        self.columns_with(false)
    }

    fn columns_with(&self, with_coarse: bool) -> Vec<FaceColumn<'_>> {
        let column = |c: usize| {
            let (rows, screen, coarse) = &self.columns[c];
            let mut column = FaceColumn::new(self.dimension, rows, screen.as_bytes()).unwrap();
            if with_coarse {
                column = column.with_coarse(coarse.as_bytes()).unwrap();
            }
            match &self.filters {
                Some(filters) => column.keeping(&filters[c]).unwrap(),
                None => column,
            }
        };
        (0..self.columns.len()).map(column).collect()
    }

    fn kept(&self) -> Vec<(Place, &[f32])> {
        let mut kept = Vec::new();
        for (c, (rows, ..)) in self.columns.iter().enumerate() {
            for (r, row) in rows.chunks_exact(self.dimension).enumerate() {
                if self.filters.as_ref().is_none_or(|f| f[c][r / 64] >> (r % 64) & 1 == 1) {
                    kept.push((Place { column: c as u32, row: r as u32 }, row));
                }
            }
        }
        kept
    }

    /// The oracle: every kept row compared in full.
    fn brute_force(&self, probe: &[f32], wanted: Wanted) -> Vec<Candidate> {
        let mut all: Vec<Candidate> = self
            .kept()
            .into_iter()
            .map(|(place, row)| Candidate { place, score: compare(probe, row).unwrap() })
            .filter(|c| c.score >= wanted.threshold)
            .collect();
        all.sort_by(|a, b| b.score.total_cmp(&a.score).then_with(|| self.order(a.place, b.place)));
        let mut best: Vec<Candidate> = Vec::new();
        for candidate in all {
            if best.len() < wanted.top && !best.iter().any(|b| self.subject(b.place) == self.subject(candidate.place)) {
                best.push(candidate);
            }
        }
        best
    }

    /// Asserts that searches at every level, on one thread and on two, give the oracle's answer.
    fn check(&self, probes: &Array2<f32>, wanted: Wanted) {
        let expected: Vec<_> = probes.outer_iter().map(|p| self.brute_force(p.as_slice().unwrap(), wanted)).collect();
        for coarse in [false, true] {
            let columns = self.columns_with(coarse);
            for level in levels() {
                for threads in [1, 2] {
                    let search = FaceSearch::new(&columns, self, level).unwrap();
                    let found = pool(threads).install(|| search.candidates(probes.view(), wanted)).unwrap();
                    assert_eq!(found.candidates, expected, "{level}, {threads} threads, coarse {coarse}");
                }
            }
        }
    }
}

fn pool(threads: usize) -> &'static rayon::ThreadPool {
    static POOLS: std::sync::OnceLock<Vec<rayon::ThreadPool>> = std::sync::OnceLock::new();
    let build = |threads| rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
    &POOLS.get_or_init(|| (1..=2).map(build).collect())[threads - 1]
}

fn levels() -> impl Iterator<Item = Level> {
    Level::ALL.into_iter().filter(|level| {
        if !level.is_available() {
            eprintln!("skipped: {level} is not available here");
        }
        level.is_available()
    })
}

/// Pseudo-random numbers, roughly normal.
pub(super) fn normal(seed: u64) -> impl FnMut() -> f32 {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut uniform = move || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 40) as f32 / (1u64 << 24) as f32
    };
    move || (0..6).map(|_| uniform()).sum::<f32>() - 3.0
}

/// `count` embeddings of length one; some close to each other.
pub(super) fn embeddings(seed: u64, dimension: usize, count: usize) -> Vec<f32> {
    let mut next = normal(seed);
    let mut rows: Vec<f32> = Vec::with_capacity(dimension * count);
    for r in 0..count {
        let base: Option<Vec<f32>> = (r % 3 == 2).then(|| rows[(r / 2) * dimension..(r / 2 + 1) * dimension].to_vec());
        let mut row: Vec<f32> = (0..dimension).map(|_| next()).collect();
        if let Some(base) = base {
            row.iter_mut().zip(base).for_each(|(x, b)| *x = *x * 0.02 + b);
        }
        let length = row.iter().map(|x| x * x).sum::<f32>().sqrt();
        rows.extend(row.iter().map(|x| x / length));
    }
    rows
}

fn probes(seed: u64, dimension: usize, count: usize) -> Array2<f32> {
    Array2::from_shape_vec((count, dimension), embeddings(seed, dimension, count)).unwrap()
}

#[test]
fn a_search_gives_what_brute_force_gives() {
    for (dimension, rows) in [(16, 1000), (33, 700), (512, 1500), (519, 130), (4096, 70)] {
        let stored = Stored::new(dimension, &embeddings(1, dimension, rows), &[rows / 3, rows / 2], 400);
        for count in [1, 2, 5, 13] {
            stored.check(&probes(2, dimension, count), Wanted::top(10));
        }
        stored.check(&probes(2, dimension, 2), Wanted::at_least(0.1));
        stored.check(&probes(2, dimension, 2), Wanted { top: 3, threshold: 0.1 });
        stored.check(&probes(2, dimension, 2), Wanted::top(rows * 2));
        stored.check(&probes(2, dimension, 2), Wanted::top(0));
    }
}

#[test]
fn a_probe_that_is_stored_finds_itself_first() {
    let rows = embeddings(5, 512, 3000);
    let stored = Stored::new(512, &rows, &[], u64::MAX);
    let probes = ArrayView2::from_shape((3000, 512), &rows).unwrap();
    let columns = stored.columns();
    let search = FaceSearch::new(&columns, &EveryRow, Level::best()).unwrap();
    let found = search.candidates(probes, Wanted::top(1)).unwrap();
    for (row, candidates) in found.candidates.iter().enumerate() {
        assert_eq!(candidates[0].place, Place { column: 0, row: row as u32 });
    }
    assert_eq!(found.work.comparisons, 9_000_000);
    assert!(found.work.full_comparisons < 30_000, "{:?}", found.work);
}

#[test]
fn filtered_rows_never_appear() {
    let rows = embeddings(7, 64, 5000);
    for (keep, of) in [(1, 2), (1, 100), (1, 10), (0, 1), (99, 100)] {
        let stored = Stored::new(64, &rows, &[777], 2000)
            .filtered(|place| place.row.wrapping_mul(2_654_435_761) >> 8 & 0xffff < 0x10000 * keep / of);
        for count in [1, 7, 20] {
            stored.check(&probes(8, 64, count), Wanted::top(10));
        }
        stored.check(&probes(8, 64, 3), Wanted::at_least(0.2));
    }
}

#[test]
fn more_probes_than_a_batch_are_searched_in_turns() {
    let stored = Stored::new(4096, &embeddings(9, 4096, 80), &[], 50);
    stored.check(&probes(10, 4096, 150), Wanted::top(3));
}

#[test]
fn nothing_stored_means_nobody() {
    let found = FaceSearch::new(&[], &EveryRow, Level::best()).unwrap();
    let found = found.candidates(probes(1, 16, 2).view(), Wanted::top(5)).unwrap();
    assert_eq!(found.candidates, [vec![], vec![]]);
    Stored::new(16, &[], &[0], 1).check(&probes(1, 16, 2), Wanted::top(5));
}

#[test]
fn duplicates_tie_in_the_callers_order() {
    let one = embeddings(11, 128, 1);
    let stored = Stored::new(128, &one.repeat(700), &[300], 90);
    stored.check(&Array2::from_shape_vec((1, 128), one.clone()).unwrap(), Wanted::top(10));
    stored.check(&probes(12, 128, 3), Wanted::top(100));
}

#[test]
fn probes_of_any_memory_layout_are_taken() {
    let stored = Stored::new(16, &embeddings(1, 16, 100), &[], 50);
    let columns = stored.columns();
    let search = FaceSearch::new(&columns, &stored, Level::best()).unwrap();
    let straight = probes(3, 16, 5);
    let turned = straight.t().as_standard_layout().into_owned();
    assert_eq!(
        search.candidates(straight.view(), Wanted::top(3)).unwrap(),
        search.candidates(turned.t(), Wanted::top(3)).unwrap()
    );
}

#[test]
fn what_does_not_fit_is_refused() {
    let stored = Stored::new(16, &embeddings(1, 16, 10), &[], 50);
    let columns = stored.columns();
    let search = FaceSearch::new(&columns, &stored, Level::best()).unwrap();
    assert_eq!(
        search.candidates(probes(1, 17, 1).view(), Wanted::top(1)),
        Err(FaceError::DifferentDimension { expected: 16, found: 17 })
    );
    let mut bad = probes(1, 16, 2);
    bad[(1, 3)] = f32::NAN;
    assert_eq!(search.candidates(bad.view(), Wanted::top(1)), Err(FaceError::NotFinite { probe: 1, component: 3 }));
    assert_eq!(search.candidates(probes(1, 16, 1).view(), Wanted::at_least(f64::NAN)), Err(FaceError::Threshold));
    let other = Stored::new(20, &embeddings(1, 20, 10), &[], 50);
    let mixed = [columns[0], other.columns()[0]];
    assert!(FaceSearch::new(&mixed, &EveryRow, Level::best()).is_err());
    assert!(compare(&[1.0; 16], &[1.0; 17]).is_err());
}

/// Rows as an adversary would choose them.
fn hostile() -> impl Strategy<Value = f32> {
    prop_oneof![
        4 => -1.0f32..1.0,
        2 => -1e-4f32..1e-4,
        2 => Just(0.0f32),
        1 => Just(1.0f32),
        1 => prop_oneof![Just(1e-30f32), Just(-1e30f32), Just(f32::MAX), Just(f32::MIN_POSITIVE), Just(1e-44)],
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn no_finite_rows_break_the_bound(
        dimension in 16usize..40,
        rows in prop::collection::vec(hostile(), 40 * 90),
        probe in prop::collection::vec(hostile(), 40 * 2),
        subjects in 1u64..100,
        top in 1usize..20,
        threshold in prop_oneof![Just(f64::NEG_INFINITY), Just(0.0), -1.0f64..1.0],
        cut in 0usize..90,
        shared in 0usize..90,
    ) {
        let mut rows = rows[..dimension * 90].to_vec();
        // Nearly the probe itself, and nearly each other.
        for r in shared..(shared + 5).min(90) {
            for i in 0..dimension {
                rows[r * dimension + i] = (probe[i] * (1.0 + 1e-6 * (r + i) as f32)).clamp(-f32::MAX, f32::MAX);
            }
        }
        let stored = Stored::new(dimension, &rows, &[cut], subjects);
        let probes = Array2::from_shape_vec((2, dimension), probe[..2 * dimension].to_vec()).unwrap();
        stored.check(&probes, Wanted { top, threshold });
    }

    #[test]
    fn the_interval_holds_the_score(
        dimension in 16usize..600,
        seed in 0u64..1000,
        spread in prop_oneof![Just(0.0f32), Just(0.5), Just(3.0), Just(8.0)],
        limit in prop_oneof![Just(127i8), Just(32)],
    ) {
        // Log-normal factors make some components dwarf the rest.
        let mut next = normal(seed);
        let mut row = || (0..dimension).map(|_| next() * (next() * spread).exp()).collect::<Vec<f32>>();
        let (x, q) = (row(), row());
        let score = compare(&x, &q).unwrap();
        for coding in [Coding::Fine, Coding::Coarse] {
            let mut codes = vec![0i8; dimension.next_multiple_of(8)];
            let mut probe_codes = vec![0i8; dimension.next_multiple_of(8)];
            let (rounded, bias) = match coding {
                Coding::Fine => (quantise::round(&x, 127, &mut codes), 0),
                Coding::Coarse => (quantise::round_coarsely(&x, &mut codes), 15),
            };
            let bound = probe::Bound::new(coding, &q, limit, &mut probe_codes);
            let sum: i32 = codes.iter().zip(&probe_codes).map(|(&u, &v)| i32::from(u) * i32::from(v)).sum();
            let sum = sum - bias * probe_codes.iter().map(|&v| i32::from(v)).sum::<i32>() / 2;
            let (lower, upper) = bound.interval(sum, rounded.scale, rounded.residual, rounded.length);
            prop_assert!(lower <= score && score <= upper, "{coding:?} {lower} {score} {upper}");
            // The kernel's own arithmetic keeps the reference at its score.
            let test = bound.test(score);
            let reach = sum as f32 * rounded.scale + rounded.residual * test.gain;
            let below = reach < test.floor - test.slope * rounded.length;
            prop_assert!(!below);
        }
    }
}

#[test]
fn threads_that_share_passes_get_the_same_answers() {
    let stored = Stored::new(64, &embeddings(30, 64, 4000), &[900], 3000);
    let columns = stored.columns_with(true);
    let probes = probes(31, 64, 120);
    let wanted = |probe: usize| match probe % 3 {
        0 => Wanted::top(1 + probe % 7),
        1 => Wanted::at_least(0.2),
        _ => Wanted { top: 5, threshold: 0.1 },
    };
    let shared = FaceSearch::new(&columns, &stored, Level::best()).unwrap().shared(Some(pool(2)));
    let ask = |probe: usize| {
        let row = probes.row(probe).to_vec();
        assert_eq!(shared.candidates(&row, wanted(probe)).unwrap(), stored.brute_force(&row, wanted(probe)));
    };
    std::thread::scope(|scope| {
        for thread in 0..20 {
            let ask = &ask;
            scope.spawn(move || (0..6).for_each(|turn| ask(6 * thread + turn)));
        }
    });
    // Threads of a pool do not wait for each other.
    pool(2).install(|| rayon::join(|| ask(0), || ask(1)));
    assert!(shared.candidates(&[0.5; 63], Wanted::top(1)).is_err());
    assert!(shared.candidates(&[f32::NAN; 64], Wanted::top(1)).is_err());
}

/// References that panic when they are asked for a subject.
struct Panicking;

impl References for Panicking {
    fn subject(&self, _: Place) -> u128 {
        panic!("no subject")
    }

    fn order(&self, a: Place, b: Place) -> Ordering {
        a.cmp(&b)
    }
}

#[test]
fn a_pass_that_panics_leaves_nobody_waiting() {
    let stored = Stored::new(16, &embeddings(32, 16, 500), &[], 1);
    let columns = stored.columns();
    let shared = FaceSearch::new(&columns, &Panicking, Level::best()).unwrap().shared(None);
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..8).map(|_| scope.spawn(|| shared.candidates(&[0.25; 16], Wanted::top(3)))).collect();
        assert!(threads.into_iter().all(|thread| thread.join().is_err()));
    });
}

/// Collects pairs and blocks.
#[derive(Default)]
struct Collected {
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
    fn sorted(&self) -> Vec<Pair> {
        let mut pairs: Vec<Pair> = self.pairs.lock().unwrap().iter().map(|&(_, pair)| pair).collect();
        pairs.sort_by_key(|pair| (pair.a, pair.b));
        pairs
    }
}

fn brute_force_pairs(left: &Stored, right: Option<&Stored>, threshold: f64) -> Vec<Pair> {
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
                let joined = pool(threads).install(|| join.run(0..u64::MAX, &sink, &never));
                assert_eq!(sink.sorted(), within);
                assert_eq!(joined.next, join.blocks());
                assert_eq!(*sink.blocks.lock().unwrap(), Vec::from_iter(0..join.blocks()));
                let kept = left.kept().len() as u64;
                assert_eq!(joined.work.comparisons, kept * (kept - 1) / 2);

                let sink = Collected::default();
                let join = FaceJoin::across(&columns, &others, threshold, level).unwrap();
                let joined = pool(threads).install(|| join.run(0..u64::MAX, &sink, &never));
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
    let joined = join.run(0..u64::MAX, &first, &never);
    assert_eq!(joined.next, 2);
    let second = Collected::default();
    join.run(joined.next..u64::MAX, &second, &never);
    let mut pairs = first.sorted();
    pairs.extend(second.sorted());
    pairs.sort_by_key(|pair| (pair.a, pair.b));
    assert_eq!(pairs, brute_force_pairs(&stored, None, 0.05));

    let nothing = Collected::default();
    let joined = join.run(1..u64::MAX, &nothing, &AtomicBool::new(true));
    assert_eq!((joined.next, nothing.sorted()), (1, vec![]));
}

/// LFW half A, if it is there.
fn lfw(test: &str) -> Option<Vec<f32>> {
    let root =
        std::env::var("VANTAY_DATA").unwrap_or_else(|_| concat!(env!("CARGO_MANIFEST_DIR"), "/../shared/data").into());
    let path = std::path::Path::new(&root).join("face/lfw-a-embeddings.npy");
    let Ok(bytes) = std::fs::read(&path) else {
        eprintln!("skipped: {test}: no data at {}", path.display());
        return None;
    };
    let head = 10 + usize::from(u16::from_le_bytes([bytes[8], bytes[9]]));
    let numbers = bytes[head..].chunks_exact(4).map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]]));
    Some(numbers.collect())
}

#[test]
fn real_embeddings_are_joined_as_brute_force_joins_them() {
    let Some(rows) = lfw("real_embeddings_are_joined_as_brute_force_joins_them") else { return };
    let stored = Stored::new(512, &rows, &[1000, 5000], u64::MAX);
    let columns = stored.columns();
    let expected = brute_force_pairs(&stored, None, 0.4);
    let sink = Collected::default();
    let join = FaceJoin::within(&columns, 0.4, Level::best()).unwrap();
    let joined = join.run(0..u64::MAX, &sink, &AtomicBool::new(false));
    assert_eq!(sink.sorted(), expected);
    assert!(joined.work.full_comparisons < 2 * expected.len() as u64, "{:?}", joined.work);
}

#[test]
fn real_probes_find_what_brute_force_finds() {
    let Some(rows) = lfw("real_probes_find_what_brute_force_finds") else { return };
    let (probes, gallery) = rows.split_at(512 * 40);
    let stored = Stored::new(512, gallery, &[1000], u64::MAX);
    let probes = Array2::from_shape_vec((40, 512), probes.to_vec()).unwrap();
    stored.check(&probes, Wanted::top(10));
    stored.check(&probes, Wanted { top: 10, threshold: 0.4 });
}
