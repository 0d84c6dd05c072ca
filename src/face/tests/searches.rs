//! One to many.

use super::*;
use ndarray::ArrayView2;

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
