//! Sine and cosine of the 256 angles that a minutia can have.
//!
//! The tables are computed by the compiler from a Taylor series, so every platform holds the same bits; a call into the
//! system's mathematics library would not promise that.

/// `sin` of an angle in radians of at most a quarter turn, to the last bit of `f32`.
const fn sine(x: f64) -> f64 {
    let square = x * x;
    let mut term = x;
    let mut sum = x;
    let mut k = 1;
    while k < 12 {
        term = -term * square / ((2 * k) as f64 * (2 * k + 1) as f64);
        sum += term;
        k += 1;
    }
    sum
}

const fn table() -> [f32; 256] {
    let mut table = [0.0; 256];
    let mut angle = 0usize;
    while angle < 256 {
        let quarter = angle / 64;
        let rest = (angle % 64) as f64;
        // Folded into the first quarter, so that symmetric angles have symmetric sines.
        let folded = if quarter.is_multiple_of(2) { rest } else { 64.0 - rest };
        let value = sine(folded * (core::f64::consts::PI / 128.0));
        table[angle] = if quarter < 2 { value as f32 } else { -(value as f32) };
        angle += 1;
    }
    table
}

static SINES: [f32; 256] = table();

/// The sine of `angle` / 256 turn.
#[inline(always)]
pub(super) const fn sin(angle: u8) -> f32 {
    SINES[angle as usize]
}

/// The cosine of `angle` / 256 turn.
#[inline(always)]
pub(super) const fn cos(angle: u8) -> f32 {
    SINES[angle.wrapping_add(64) as usize]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tables_agree_with_the_library() {
        for angle in 0..=255u8 {
            let radians = f64::from(angle) * std::f64::consts::PI / 128.0;
            assert!((f64::from(sin(angle)) - radians.sin()).abs() < 1e-7);
            assert!((f64::from(cos(angle)) - radians.cos()).abs() < 1e-7);
        }
    }
}
