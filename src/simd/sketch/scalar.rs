//! Portable Rust: the definition.

use super::{NIBBLES, SLOTS, Table, Tile};

pub(super) fn run(tables: &[Table], tiles: &[Tile], best: &mut [[u8; SLOTS]], at: &mut [[u8; SLOTS]]) {
    for ((tile, best), at) in tiles.iter().zip(best).zip(at) {
        (*best, *at) = ([0; SLOTS], [0; SLOTS]);
        for (i, table) in tables.iter().enumerate() {
            for slot in 0..SLOTS {
                let mut sum = 0u8;
                for half in 0..NIBBLES / 2 {
                    let byte = tile[half][slot];
                    sum = sum.wrapping_add(table[half][usize::from(byte & 15)]);
                    sum = sum.wrapping_add(table[half + NIBBLES / 2][usize::from(byte >> 4)]);
                }
                if sum > best[slot] {
                    (best[slot], at[slot]) = (sum, i as u8);
                }
            }
        }
    }
}

pub(super) fn above(bytes: &[u8; SLOTS], least: u8) -> u64 {
    bytes.iter().rev().fold(0, |bits, &byte| bits << 1 | u64::from(byte > least))
}
