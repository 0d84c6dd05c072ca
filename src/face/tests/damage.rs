//! Stored embeddings that are not what was stored: named, and never a reason for a wrong answer.

use super::{joins::Collected, *};

/// All rows are sound but one.
struct AllBut(u32);

impl RowCheck for AllBut {
    fn is_sound(&self, row: u32) -> bool {
        row != self.0
    }
}

/// The columns of `stored` with one row turned around, which would keep it out of any list.
fn damaged(stored: &Stored, row: u32) -> Vec<f32> {
    let mut rows = stored.columns[0].0.clone();
    rows[row as usize * stored.dimension..][..stored.dimension].iter_mut().for_each(|x| *x = -*x);
    rows
}

#[test]
fn a_damaged_row_is_named_or_makes_no_difference() {
    let stored = Stored::new(64, &embeddings(30, 64, 400), &[], u64::MAX);
    let probes = probes(31, 64, 2);
    let wanted = Wanted::top(10);
    let expected: Vec<_> = probes.outer_iter().map(|p| stored.brute_force(p.as_slice().unwrap(), wanted)).collect();
    let keeps: Vec<u64> = vec![1; 400usize.div_ceil(64)];
    let (_, screen, coarse) = &stored.columns[0];
    let mut named = 0;
    for row in 0..400 {
        let rows = damaged(&stored, row);
        let check = AllBut(row);
        let column = FaceColumn::new(64, &rows, screen.as_bytes()).unwrap().checked_by(&check);
        for columns in [[column], [column.with_coarse(coarse.as_bytes()).unwrap()]] {
            let search = FaceSearch::new(&columns, &EveryRow, Level::best()).unwrap();
            match search.candidates(probes.view(), wanted) {
                Ok(found) => {
                    let places = |list: &[Candidate]| list.iter().map(|c| c.place).collect::<Vec<_>>();
                    let lists = found.candidates.iter().zip(&expected);
                    lists.for_each(|(found, expected)| assert_eq!(places(found), places(expected)));
                }
                Err(error) => {
                    assert_eq!(error, FaceError::Damaged { column: 0, row });
                    named += 1;
                }
            }
            // Where few rows are kept all of them are compared in full, so a damaged one among them is always seen.
            let columns = [columns[0].keeping(&keeps).unwrap()];
            let search = FaceSearch::new(&columns, &EveryRow, Level::best()).unwrap();
            assert_eq!(search.candidates(probes.view(), wanted).is_err(), row % 64 == 0);
        }
    }
    assert!(named >= 20, "{named}");
}

#[test]
fn a_damaged_row_ends_a_join() {
    let stored = Stored::new(64, &embeddings(32, 64, 300), &[], u64::MAX);
    let screen = stored.columns[0].1.as_bytes();
    let columns = [FaceColumn::new(64, &stored.columns[0].0, screen).unwrap().checked_by(&AllBut(17))];
    let join = FaceJoin::within(&columns, 0.4, Level::best()).unwrap();
    let error = join.run(0..u64::MAX, &Collected::default(), &AtomicBool::new(false)).unwrap_err();
    assert_eq!(error, FaceError::Damaged { column: 0, row: 17 });
}

#[test]
fn threads_that_share_a_pass_all_hear_of_damage() {
    let stored = Stored::new(64, &embeddings(33, 64, 300), &[], u64::MAX);
    let screen = stored.columns[0].1.as_bytes();
    let columns = [FaceColumn::new(64, &stored.columns[0].0, screen).unwrap().checked_by(&AllBut(5))];
    let shared = FaceSearch::new(&columns, &EveryRow, Level::best()).unwrap().shared(None);
    let probe = &stored.columns[0].0[5 * 64..6 * 64];
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| assert!(shared.candidates(probe, Wanted::top(3)).is_err()));
        }
    });
}
