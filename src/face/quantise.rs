//! Rounding an embedding to signed bytes, and how far that moves it.
//!
//! A row `x` becomes codes `u` with one scale `s`, the largest component over the largest code, so that `x̂ = s · u` misses each
//! component by at most `s / 2`. What the bound needs is exact: `‖x − x̂‖` and `‖x̂‖` are computed in `f64` from the codes as they
//! are, and rounded up. Any choice of codes would be correct; a better one only makes the bound tighter.
//!
//! Half a byte holds `n` from 0 to 15, which stands for `s · (n − 7.5)`: sixteen values, symmetric, without a zero. There the largest
//! component is a poor measure of the scale; several are tried, cutting off what is beyond, and the one that misses least is kept.
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
#[inline(always)]
pub(super) fn round(row: &[f32], limit: i8, codes: &mut [i8]) -> Rounded {
    match round_codes(row, limit, codes) {
        Ok(scale) => measure(row, scale, &codes[..row.len()]),
        Err(rounded) => rounded,
    }
}

/// The same without measuring how far that moves the row: the scale, or what to say of a row that is not rounded.
#[inline(always)]
pub(super) fn round_codes(row: &[f32], limit: i8, codes: &mut [i8]) -> Result<f32, Rounded> {
    let codes = &mut codes[..row.len()];
    match largest(row) {
        Ok(largest) => {
            whole(row, f32::from(limit) / largest, limit, codes);
            Ok(largest / f32::from(limit))
        }
        Err(rounded) => {
            codes.fill(0);
            Err(rounded)
        }
    }
}

/// Writes codes within ±`limit` with an even sum to the front of `codes`, as coarse references need of a probe: their codes
/// stand for halves, and half the sum has to be whole.
pub(super) fn round_evenly(row: &[f32], limit: i8, codes: &mut [i8]) -> Rounded {
    let codes = &mut codes[..row.len()];
    let rounded = round(row, limit, codes);
    if rounded.scale == 0.0 || codes.iter().fold(0, |odd, &code| odd ^ code & 1) == 0 {
        return rounded;
    }
    // The component that minds least.
    let missed = |i: usize| row[i] / rounded.scale - f32::from(codes[i]);
    let free = (0..codes.len()).filter(|&i| codes[i].unsigned_abs() < limit.unsigned_abs());
    match free.max_by(|&a, &b| missed(a).abs().total_cmp(&missed(b).abs())) {
        Some(i) => codes[i] += if missed(i) < 0.0 { -1 } else { 1 },
        // Every component is a largest one.
        None => codes[0] -= codes[0].signum(),
    }
    measure(row, rounded.scale, codes)
}

/// Writes the coarse codes of `row`, 0 to 15, to the front of `codes`.
#[inline(always)]
pub(super) fn round_coarsely(row: &[f32], codes: &mut [i8]) -> Rounded {
    let codes = &mut codes[..row.len()];
    let largest = match largest(row) {
        Ok(largest) => largest,
        Err(rounded) => {
            codes.fill(0);
            return rounded;
        }
    };
    // Divided by the largest, so that squares neither overflow nor vanish.
    let squares: f64 = row.iter().map(|&x| (f64::from(x) / f64::from(largest)).powi(2)).sum();
    let deviation = (squares / row.len() as f64).sqrt() as f32 * largest;
    // Half of the distance between two values, in deviations; the best for a normal distribution is 0.168.
    let halves = [0.145, 0.168, 0.195].map(|half| half * deviation).into_iter().chain([largest / 15.0]);
    let mut odd = [0; crate::template::FaceEmbedding::MAX_DIMENSION];
    let odd = &mut odd[..row.len()];
    let mut best: Option<Rounded> = None;
    for half in halves {
        half_whole(row, 0.5 / half, odd);
        let rounded = measure(row, half, odd);
        if best.is_none_or(|best| rounded.residual < best.residual) {
            for (code, &odd) in codes.iter_mut().zip(&*odd) {
                *code = (odd + 15) / 2;
            }
            // Codes count halves, so one step is two of them.
            best = Some(Rounded { scale: 2.0 * half, ..rounded });
        }
    }
    best.unwrap_or(Rounded { scale: 0.0, residual: f32::INFINITY, length: 0.0 })
}

/// The largest absolute component, or what to say of a row that has none in range.
#[inline(always)]
fn largest(row: &[f32]) -> Result<f32, Rounded> {
    // As bits, so that what is not a number counts as largest.
    let largest = f32::from_bits(row.iter().map(|x| x.to_bits() & 0x7fff_ffff).max().unwrap_or(0));
    if (SMALLEST..=LARGEST).contains(&largest) {
        return Ok(largest);
    }
    let residual = if largest == 0.0 { 0.0 } else { f32::INFINITY };
    Err(Rounded { scale: 0.0, residual, length: 0.0 })
}

/// Adding 1.5 · 2²³ rounds to a whole number, which then stands in the low bits.
const ROUND: f32 = 12_582_912.0;

/// `x · inverse` as a whole number within ±`limit`.
#[inline(always)]
fn whole(row: &[f32], inverse: f32, limit: i8, codes: &mut [i8]) {
    let limit = f32::from(limit);
    for (code, &x) in codes.iter_mut().zip(row) {
        let whole = (x * inverse).clamp(-limit, limit) + ROUND;
        *code = (whole.to_bits() as i32).wrapping_sub(ROUND.to_bits() as i32) as i8;
    }
}

/// `2 · x · inverse` as an odd number within ±15.
#[inline(always)]
fn half_whole(row: &[f32], inverse: f32, codes: &mut [i8]) {
    for (code, &x) in codes.iter_mut().zip(row) {
        let whole = (x * inverse - 0.5).clamp(-8.0, 7.0) + ROUND;
        *code = 2 * (whole.to_bits() as i32).wrapping_sub(ROUND.to_bits() as i32) as i8 + 1;
    }
}

/// How far `scale · codes` is from `row`.
#[inline(always)]
fn measure(row: &[f32], scale: f32, codes: &[i8]) -> Rounded {
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
#[inline(always)]
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
            let mut even = vec![0; row.len()];
            let evenly = round_evenly(&row, limit, &mut even);
            prop_assert_eq!(even.iter().map(|&c| i32::from(c)).sum::<i32>() % 2, 0);
            let residual_even: f64 = (0..row.len())
                .map(|i| (f64::from(row[i]) - f64::from(evenly.scale) * f64::from(even[i])).powi(2)).sum::<f64>().sqrt();
            prop_assert!(f64::from(evenly.residual) >= residual_even);
            let mut coarse = vec![0; row.len()];
            let coarsely = round_coarsely(&row, &mut coarse);
            prop_assert!(coarse.iter().all(|c| (0..16).contains(c)));
            let coarse_value = |i: usize| f64::from(coarsely.scale) * (f64::from(coarse[i]) - 7.5);
            let residual_coarse: f64 =
                (0..row.len()).map(|i| (f64::from(row[i]) - coarse_value(i)).powi(2)).sum::<f64>().sqrt();
            prop_assert!(f64::from(coarsely.residual) >= residual_coarse);
            prop_assert!(f64::from(coarsely.length) >= (0..row.len()).map(|i| coarse_value(i).powi(2)).sum::<f64>().sqrt());

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
