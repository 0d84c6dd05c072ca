//! A probe's minutiae as tables of what signs are worth to them.

use super::{
    super::code::{MOST, Row},
    parameters as p,
};
use crate::{
    fingerprint::screen::ScreenCode,
    simd::sketch::{NIBBLES, Table},
};

/// A probe made ready: 256 bytes a minutia.
pub(crate) struct SketchProbe {
    pub(super) tables: Vec<Table>,
    /// Pixels from the centre.
    pub(super) x: [f32; MOST],
    pub(super) y: [f32; MOST],
    pub(super) angle: [u8; MOST],
}

impl SketchProbe {
    /// Makes a code ready.
    pub fn new(code: &ScreenCode) -> Self {
        code.column().row(0).map_or_else(Self::nothing, Self::of)
    }

    /// Of no minutiae.
    pub(super) fn nothing() -> Self {
        SketchProbe { tables: Vec::new(), x: [0.0; MOST], y: [0.0; MOST], angle: [0; MOST] }
    }

    /// Of a row of a column; one that is no code has no minutiae.
    pub(super) fn of(row: Row<'_>) -> Self {
        let mut probe = Self::nothing();
        row.places(&mut probe.x, &mut probe.y, &mut probe.angle);
        probe.tables = (0..row.count().unwrap_or(0)).map(|slot| table(&row.values(slot))).collect();
        probe
    }
}

/// What each four signs are worth to a minutia of these halves.
fn table(values: &[u8; 64]) -> Table {
    let mut table = [[0; 16]; NIBBLES];
    for (entries, four) in table.iter_mut().zip(values.as_chunks::<4>().0) {
        for (signs, entry) in entries.iter_mut().enumerate() {
            let product: i32 = (0..4)
                .map(|k| {
                    let value = 2 * i32::from(four[k]) - 15;
                    if signs >> k & 1 == 1 { value } else { -value }
                })
                .sum();
            *entry = ((product * p::ENTRY + 8 * 1024) >> 10).clamp(0, 15) as u8;
        }
    }
    table
}
