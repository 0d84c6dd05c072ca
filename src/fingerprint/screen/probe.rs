//! A probe's code spread out for the scan.

use super::{
    code::{MOST, Row, ScreenCode},
    reference::{NUMBER_BITS, SCALE},
};
use crate::fingerprint::trigonometry;

/// The steps of four values in a descriptor.
pub(super) const STEPS: usize = 16;

/// A probe made ready to scan with: 10 KB, for any number of references.
#[derive(Clone)]
pub struct ScreenProbe {
    /// How many minutiae.
    pub(super) n: usize,
    /// Each minutia's values, −15 to 15, and the same scaled.
    pub(super) values: Box<[[[u8; 4]; STEPS]; MOST]>,
    pub(super) scaled: Box<[[[u8; 4]; STEPS]; MOST]>,
    /// −15 times their sum, shifted, and the minutia's number.
    pub(super) start: [i32; MOST],
    /// Pixels from the centre.
    pub(super) x: [f32; MOST],
    pub(super) y: [f32; MOST],
    pub(super) angle: [u8; MOST],
    /// The same places in steps of a stored coordinate, signed.
    pub(super) steps_x: [u8; MOST],
    pub(super) steps_y: [u8; MOST],
}

impl std::fmt::Debug for ScreenProbe {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("ScreenProbe(..)")
    }
}

impl ScreenProbe {
    /// Spreads out a code.
    pub fn new(code: &ScreenCode) -> Self {
        code.column().row(0).map_or_else(Self::nothing, Self::of)
    }

    pub(super) fn nothing() -> Self {
        ScreenProbe {
            n: 0,
            values: Box::new([[[0; 4]; STEPS]; MOST]),
            scaled: Box::new([[[0; 4]; STEPS]; MOST]),
            start: [0; MOST],
            x: [0.0; MOST],
            y: [0.0; MOST],
            angle: [0; MOST],
            steps_x: [0; MOST],
            steps_y: [0; MOST],
        }
    }

    /// Spreads out a row of a column; one that is no code has no minutiae.
    pub(super) fn of(row: Row<'_>) -> Self {
        let mut probe = Self::nothing();
        probe.n = row.count().unwrap_or(0);
        for slot in 0..probe.n {
            let values = row.values(slot).map(|half| 2 * half as i8 - 15);
            for (step, four) in probe.values[slot].iter_mut().enumerate() {
                *four = std::array::from_fn(|k| values[4 * step + k] as u8);
            }
            for (scaled, four) in probe.scaled[slot].iter_mut().zip(&probe.values[slot]) {
                *scaled = four.map(|v| (v as i8 * SCALE as i8) as u8);
            }
            let sum: i32 = values.iter().map(|&v| i32::from(v)).sum();
            probe.start[slot] = ((-15 * sum) << NUMBER_BITS) | slot as i32;
        }
        // What fills the last four is never the most similar, whatever the reference.
        for slot in probe.n..MOST {
            probe.start[slot] = i32::MIN / 2;
        }
        row.places(&mut probe.x, &mut probe.y, &mut probe.angle);
        let [x, y, _] = row.steps_and_angles();
        (probe.steps_x, probe.steps_y) = (*x, *y);
        probe
    }
}

/// cos and sin of 1/256 turns.
#[inline(always)]
pub(super) fn direction(turn: u8) -> (f32, f32) {
    (trigonometry::cos(turn), trigonometry::sin(turn))
}
