//! Portable Rust: the definition.

use super::{CHOSEN, Chosen, Halves, NIBBLES, SLOTS, Table, Tile};

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

pub(super) fn signs(halves: &[Halves]) -> Tile {
    let mut tile = [[0; SLOTS]; NIBBLES / 2];
    for (block, rows) in halves.iter().take(4).enumerate() {
        for (r, row) in rows.iter().enumerate() {
            for (lane, four) in row.as_chunks::<4>().0.iter().enumerate() {
                let four = u32::from_le_bytes(*four);
                // The product moves the bits of four bytes side by side.
                let signs = |bit: u32| (((four >> bit) & 0x0101_0101).wrapping_mul(0x0102_0408) >> 24) as u8;
                for (g, nibble) in [(2 * r, signs(3)), (2 * r + 1, signs(7))] {
                    let slot = block * (SLOTS / 4) + lane;
                    tile[g % (NIBBLES / 2)][slot] |= nibble << if g < NIBBLES / 2 { 0 } else { 4 };
                }
            }
        }
    }
    tile
}

pub(super) fn above(bytes: &[u8; SLOTS], least: u8) -> u64 {
    bytes.iter().rev().fold(0, |bits, &byte| bits << 1 | u64::from(byte > least))
}

#[inline]
pub(super) fn choose(
    mut bits: u64,
    best: &[u8; SLOTS],
    at: &[u8; SLOTS],
    angles: &[u8; SLOTS],
    of_tables: &[u8; SLOTS],
) -> Chosen {
    let none = [0; CHOSEN];
    let mut chosen = Chosen { slots: none, most_similar: none, similarity: none, turns: none };
    for k in 0..CHOSEN {
        if bits == 0 {
            break;
        }
        let slot = bits.trailing_zeros() as usize;
        bits &= bits - 1;
        chosen.slots[k] = slot as u8;
        chosen.most_similar[k] = at[slot];
        chosen.similarity[k] = best[slot];
        chosen.turns[k] = angles[slot].wrapping_sub(of_tables[usize::from(at[slot]) % SLOTS]);
    }
    chosen
}
