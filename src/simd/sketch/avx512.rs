//! AVX-512: a register holds one nibble of all 64 minutiae, sixteen registers a tile.
//!
//! A broadcast from memory would take a turn of the units that shuffle, so the tables of [`AT_ONCE`] minutiae are spread out first, to whole registers
//! that wait in the first cache, and used for all tiles.

use super::{CHOSEN, Chosen, Halves, NIBBLES, SLOTS, Table, Tile};
use core::arch::x86_64::*;

/// Tables that are spread out at a time: 16 KB of registers.
const AT_ONCE: usize = 16;

#[target_feature(enable = "avx512f,avx512bw")]
pub(super) fn run(tables: &[Table], tiles: &[Tile], best: &mut [[u8; SLOTS]], at: &mut [[u8; SLOTS]]) {
    let low = _mm512_set1_epi8(15);
    let mut spread = [[_mm512_setzero_si512(); NIBBLES]; AT_ONCE];
    for (best, at) in best.iter_mut().zip(at.iter_mut()).take(tiles.len()) {
        (*best, *at) = ([0; SLOTS], [0; SLOTS]);
    }
    for (some, tables) in tables.chunks(AT_ONCE).enumerate() {
        for (spread, table) in spread.iter_mut().zip(tables) {
            for (spread, entries) in spread.iter_mut().zip(table) {
                // SAFETY: sixteen bytes are read, unaligned.
                *spread = _mm512_broadcast_i32x4(unsafe { _mm_loadu_si128(entries.as_ptr().cast()) });
            }
        }
        for ((tile, best), at) in tiles.iter().zip(best.iter_mut()).zip(at.iter_mut()) {
            let mut nibbles = [_mm512_setzero_si512(); NIBBLES];
            for (half, row) in tile.iter().enumerate() {
                // SAFETY: 64 bytes are read, unaligned.
                let row = unsafe { _mm512_loadu_si512(row.as_ptr().cast()) };
                nibbles[half] = _mm512_and_si512(row, low);
                nibbles[half + NIBBLES / 2] = _mm512_and_si512(_mm512_srli_epi16::<4>(row), low);
            }
            // SAFETY: 64 bytes are read from each, unaligned.
            let (mut most, mut which) =
                unsafe { (_mm512_loadu_si512(best.as_ptr().cast()), _mm512_loadu_si512(at.as_ptr().cast())) };
            for (i, spread) in spread.iter().take(tables.len()).enumerate() {
                // Two sums, so that additions wait for each other half as long.
                let mut sums = [_mm512_setzero_si512(); 2];
                for (g, (&entries, &nibbles)) in spread.iter().zip(&nibbles).enumerate() {
                    sums[g % 2] = _mm512_add_epi8(sums[g % 2], _mm512_shuffle_epi8(entries, nibbles));
                }
                let sum = _mm512_add_epi8(sums[0], sums[1]);
                let more = _mm512_cmpgt_epu8_mask(sum, most);
                most = _mm512_max_epu8(most, sum);
                which = _mm512_mask_mov_epi8(which, more, _mm512_set1_epi8((some * AT_ONCE + i) as i8));
            }
            // SAFETY: 64 bytes are written to each, unaligned.
            unsafe {
                _mm512_storeu_si512(best.as_mut_ptr().cast(), most);
                _mm512_storeu_si512(at.as_mut_ptr().cast(), which);
            }
        }
    }
}

#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vnni")]
pub(super) fn signs(halves: &[Halves]) -> Tile {
    let mut tile = [[0; SLOTS]; NIBBLES / 2];
    let sign = _mm512_set1_epi8(8);
    let first = _mm512_set1_epi32(i32::from_le_bytes([1, 2, 4, 8]));
    let second = _mm512_set1_epi32(i32::from_le_bytes([16, 32, 64, 128]));
    let (tiles, _) = tile.as_chunks_mut::<2>();
    for (block, rows) in halves.iter().take(4).enumerate() {
        for (pair, to) in tiles.iter_mut().enumerate() {
            // SAFETY: 64 bytes are read, unaligned.
            let load = |row: usize| unsafe { _mm512_loadu_si512(rows[row].as_ptr().cast()) };
            let (one, two) = (load(pair), load(pair + NIBBLES / 4));
            // Signs are eights here: what they add up to is eight times a byte of two nibbles.
            let bytes = |one: __m512i, two: __m512i| {
                let sum = _mm512_dpbusd_epi32(_mm512_setzero_si512(), first, _mm512_and_si512(one, sign));
                let sum = _mm512_dpbusd_epi32(sum, second, _mm512_and_si512(two, sign));
                _mm512_cvtepi32_epi8(_mm512_srli_epi32::<3>(sum))
            };
            let low = bytes(one, two);
            let high = bytes(_mm512_srli_epi16::<4>(one), _mm512_srli_epi16::<4>(two));
            for (to, bytes) in to.iter_mut().zip([low, high]) {
                // SAFETY: sixteen bytes are written, unaligned.
                unsafe { _mm_storeu_si128(to[block * SLOTS / 4..][..SLOTS / 4].as_mut_ptr().cast(), bytes) }
            }
        }
    }
    tile
}

#[inline]
#[target_feature(enable = "avx512f,avx512bw")]
pub(super) fn above(bytes: &[u8; SLOTS], least: u8) -> u64 {
    // SAFETY: 64 bytes are read, unaligned.
    let bytes = unsafe { _mm512_loadu_si512(bytes.as_ptr().cast()) };
    _mm512_cmpgt_epu8_mask(bytes, _mm512_set1_epi8(least as i8))
}

#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vbmi,avx512vbmi2")]
pub(super) fn choose(
    bits: u64,
    best: &[u8; SLOTS],
    at: &[u8; SLOTS],
    angles: &[u8; SLOTS],
    of_tables: &[u8; SLOTS],
) -> Chosen {
    const NUMBERS: [u8; SLOTS] = {
        let mut numbers = [0; SLOTS];
        let mut k = 0;
        while k < SLOTS {
            numbers[k] = k as u8;
            k += 1;
        }
        numbers
    };
    let first = |bytes: &[u8; SLOTS]| {
        // SAFETY: 64 bytes are read, unaligned.
        _mm512_castsi512_si128(_mm512_maskz_compress_epi8(bits, unsafe { _mm512_loadu_si512(bytes.as_ptr().cast()) }))
    };
    // SAFETY: 64 bytes are read, unaligned.
    let of_tables = unsafe { _mm512_loadu_si512(of_tables.as_ptr().cast()) };
    let most_similar = first(at);
    let theirs = _mm512_castsi512_si128(_mm512_permutexvar_epi8(_mm512_castsi128_si512(most_similar), of_tables));
    let store = |register: __m128i| {
        let mut bytes = [0; CHOSEN];
        // SAFETY: sixteen bytes are written, unaligned.
        unsafe { _mm_storeu_si128(bytes.as_mut_ptr().cast(), register) };
        bytes
    };
    Chosen {
        slots: store(first(&NUMBERS)),
        most_similar: store(most_similar),
        similarity: store(first(best)),
        turns: store(_mm_sub_epi8(first(angles), theirs)),
    }
}
