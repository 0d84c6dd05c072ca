//! Rounding an embedding to signed bytes, and how far that moves it.
//!
//! A row `x` becomes codes `u` with one scale `s`, the largest component over the largest code, so that `x̂ = s · u` misses each
//! component by at most `s / 2`. What the bound needs is exact: `‖x − x̂‖` and `‖x̂‖` are computed in `f64` from the codes as they
//! are, and rounded up. Any choice of codes would be correct; a better one only makes the bound tighter.
//!
//! Rows whose largest component is outside 2⁻⁶⁰ to 2⁶⁰, or not finite, get codes of zero and an infinite residual: they are always
//! compared in full, and the `f32` arithmetic of the screen never meets a subnormal scale. A row of zeros is exact as it is.

/// What stays of a row besides its codes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Rounded {
    /// `s`, the value of code 1.
    pub scale: f32,
    /// At least `‖x − x̂‖`.
    pub residual: f32,
    /// At least `‖x̂‖`.
    pub length: f32,
}

const SMALLEST: f32 = 1.0 / (1u64 << 60) as f32;
const LARGEST: f32 = (1u64 << 60) as f32;
/// Lanes of sums in `f64`.
const LANES: usize = 8;

/// Writes the codes of `row`, within ±`limit`, to the front of `codes`.
pub(super) fn round(row: &[f32], limit: i8, codes: &mut [i8]) -> Rounded {
    let codes = &mut codes[..row.len()];
    // As bits, so that what is not a number counts as largest.
    let largest = f32::from_bits(row.iter().map(|x| x.to_bits() & 0x7fff_ffff).max().unwrap_or(0));
    if !(SMALLEST..=LARGEST).contains(&largest) {
        codes.fill(0);
        let residual = if largest == 0.0 { 0.0 } else { f32::INFINITY };
        return Rounded { scale: 0.0, residual, length: 0.0 };
    }
    let limit = f32::from(limit);
    let scale = largest / limit;
    let inverse = limit / largest;
    for (code, &x) in codes.iter_mut().zip(row) {
        // Adding 1.5 · 2²³ rounds to a whole number, which then stands in the low bits.
        let whole = (x * inverse).clamp(-limit, limit) + 12_582_912.0;
        *code = (whole.to_bits() as i32).wrapping_sub(0x4b40_0000) as i8;
    }
    let mut missed = [0.0f64; LANES];
    let mut kept = [0i32; LANES];
    let wide = f64::from(scale);
    for (xs, us) in row.chunks(LANES).zip(codes.chunks(LANES)) {
        for (lane, (&x, &u)) in xs.iter().zip(us).enumerate() {
            let miss = f64::from(x) - wide * f64::from(u);
            missed[lane] += miss * miss;
            kept[lane] += i32::from(u) * i32::from(u);
        }
    }
    let residual = missed.iter().sum::<f64>().sqrt();
    let length = f64::from(kept.iter().sum::<i32>()).sqrt() * wide;
    Rounded { scale, residual: up(residual), length: up(length) }
}

/// An `f32` that is at least the real number that `value` was computed for, with a relative error far below 2⁻⁴⁰.
pub(super) fn up(value: f64) -> f32 {
    let value = value * (1.0 + 1e-12);
    let nearest = value as f32;
    if f64::from(nearest) < value { nearest.next_up() } else { nearest }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn the_lengths_hold(row in prop::collection::vec(prop_oneof![-1.0f32..1.0, -1e-3f32..1e-3, Just(0.0), Just(1e9)], 16..100),
                            limit in prop_oneof![Just(127i8), Just(32), Just(7)]) {
            let mut codes = vec![0; row.len()];
            let rounded = round(&row, limit, &mut codes);
            let rounding = |i: usize| f64::from(rounded.scale) * f64::from(codes[i]);
            let residual: f64 = (0..row.len()).map(|i| (f64::from(row[i]) - rounding(i)).powi(2)).sum::<f64>().sqrt();
            let length: f64 = (0..row.len()).map(|i| rounding(i).powi(2)).sum::<f64>().sqrt();
            prop_assert!(f64::from(rounded.residual) >= residual);
            prop_assert!(f64::from(rounded.length) >= length);
            prop_assert!(f64::from(rounded.residual) <= residual * 1.000_001 + 1e-30);
            prop_assert!(codes.iter().all(|c| c.unsigned_abs() <= limit.unsigned_abs()));
            let half_step = f64::from(rounded.scale) * 0.500_001;
            prop_assert!(residual <= half_step * (row.len() as f64).sqrt());
        }
    }

    #[test]
    fn rows_out_of_range_are_always_compared_in_full() {
        for x in [f32::NAN, f32::INFINITY, f32::MAX, f32::MIN_POSITIVE, 1e-45] {
            let mut row = [0.0; 16];
            row[5] = x;
            let mut codes = [1; 16];
            let rounded = round(&row, 127, &mut codes);
            assert_eq!((rounded.residual, codes), (f32::INFINITY, [0; 16]), "{x}");
        }
        let rounded = round(&[0.0; 16], 127, &mut [1; 16]);
        assert_eq!(rounded, Rounded { scale: 0.0, residual: 0.0, length: 0.0 });
    }
}
