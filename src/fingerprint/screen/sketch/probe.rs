//! A probe's minutiae as tables of what signs are worth to them.

use super::{
    super::code::{MOST, Row},
    parameters as p,
};
use crate::simd::sketch::{NIBBLES, Table};

/// A probe made ready: 256 bytes a minutia.
pub(super) struct SketchProbe {
    pub tables: Vec<Table>,
    /// Pixels from the centre.
    pub x: [f32; MOST],
    pub y: [f32; MOST],
    pub angle: [u8; MOST],
}

impl SketchProbe {
    /// Of no minutiae.
    pub fn nothing() -> Self {
        SketchProbe { tables: Vec::new(), x: [0.0; MOST], y: [0.0; MOST], angle: [0; MOST] }
    }

    /// Of a row of a column; one that is no code has no minutiae.
    pub fn of(row: Row<'_>) -> Self {
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

/// The signs of a minutia's halves: one nibble for each four.
pub(super) fn nibbles(values: &[u8; 64]) -> [u8; NIBBLES] {
    let mut nibbles = [0; NIBBLES];
    for (nibble, four) in nibbles.iter_mut().zip(values.as_chunks::<4>().0) {
        *nibble = (0..4).map(|k| (four[k] >> 3 & 1) << k).sum();
    }
    nibbles
}
