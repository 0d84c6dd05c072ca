//! Passes that several threads share.

use super::*;

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
