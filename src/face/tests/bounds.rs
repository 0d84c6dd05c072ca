//! The bound, with rows that nobody would store.

use super::*;

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
