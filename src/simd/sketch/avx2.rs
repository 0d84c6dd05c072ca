//! AVX2: 32 minutiae at a time; their nibbles wait in the cache, since sixteen registers would be all there are.

use super::{Halves, NIBBLES, SLOTS, Table, Tile};
use core::arch::x86_64::*;

/// Minutiae in a register.
const WIDE: usize = 32;

#[target_feature(enable = "avx2")]
pub(super) fn run(tables: &[Table], tiles: &[Tile], best: &mut [[u8; SLOTS]], at: &mut [[u8; SLOTS]]) {
    let low = _mm256_set1_epi8(15);
    for ((tile, best), at) in tiles.iter().zip(best).zip(at) {
        for part in 0..SLOTS / WIDE {
            let mut nibbles = [_mm256_setzero_si256(); NIBBLES];
            for (half, row) in tile.iter().enumerate() {
                let row = &row.as_chunks::<WIDE>().0[part];
                // SAFETY: 32 bytes are read, unaligned.
                let row = unsafe { _mm256_loadu_si256(row.as_ptr().cast()) };
                nibbles[half] = _mm256_and_si256(row, low);
                nibbles[half + NIBBLES / 2] = _mm256_and_si256(_mm256_srli_epi16::<4>(row), low);
            }
            let (mut most, mut which) = (_mm256_setzero_si256(), _mm256_setzero_si256());
            for (i, table) in tables.iter().enumerate() {
                let mut sums = [_mm256_setzero_si256(); 2];
                for (g, entries) in table.iter().enumerate() {
                    // SAFETY: sixteen bytes are read, unaligned.
                    let entries = unsafe { _mm_loadu_si128(entries.as_ptr().cast()) };
                    let entries = _mm256_broadcastsi128_si256(entries);
                    sums[g % 2] = _mm256_add_epi8(sums[g % 2], _mm256_shuffle_epi8(entries, nibbles[g]));
                }
                let sum = _mm256_add_epi8(sums[0], sums[1]);
                // Where the most so far is at least the sum, nothing changes.
                let kept = _mm256_cmpeq_epi8(_mm256_max_epu8(most, sum), most);
                most = _mm256_max_epu8(most, sum);
                which = _mm256_blendv_epi8(_mm256_set1_epi8(i as i8), which, kept);
            }
            let (best, at) = (&mut best.as_chunks_mut::<WIDE>().0[part], &mut at.as_chunks_mut::<WIDE>().0[part]);
            // SAFETY: 32 bytes are written to each, unaligned.
            unsafe {
                _mm256_storeu_si256(best.as_mut_ptr().cast(), most);
                _mm256_storeu_si256(at.as_mut_ptr().cast(), which);
            }
        }
    }
}

#[target_feature(enable = "avx2")]
pub(super) fn signs(halves: &[Halves]) -> Tile {
    let mut tile = [[0; SLOTS]; NIBBLES / 2];
    let low = _mm_set1_epi8(15);
    for (block, rows) in halves.iter().take(4).enumerate() {
        for (half, to) in tile.iter_mut().enumerate() {
            let nibbles = |row: usize| {
                let mut signs = 0u64;
                for (part, bytes) in rows[row].as_chunks::<WIDE>().0.iter().enumerate() {
                    // SAFETY: 32 bytes are read, unaligned.
                    let bytes = unsafe { _mm256_loadu_si256(bytes.as_ptr().cast()) };
                    // A low half's sign is moved to where a byte's is.
                    let bytes = if half % 2 == 0 { _mm256_slli_epi16::<4>(bytes) } else { bytes };
                    signs |= u64::from(_mm256_movemask_epi8(bytes).cast_unsigned()) << (part * WIDE);
                }
                // Two nibbles of each byte become two bytes.
                let pairs = _mm_cvtepu8_epi16(_mm_set_epi64x(0, signs.cast_signed()));
                _mm_and_si128(_mm_or_si128(pairs, _mm_slli_epi16::<4>(pairs)), low)
            };
            let (first, second) = (nibbles(half / 2), nibbles(half / 2 + NIBBLES / 4));
            let both = _mm_or_si128(first, _mm_slli_epi16::<4>(second));
            // SAFETY: sixteen bytes are written, unaligned.
            unsafe { _mm_storeu_si128(to[block * SLOTS / 4..][..SLOTS / 4].as_mut_ptr().cast(), both) }
        }
    }
    tile
}

#[inline]
#[target_feature(enable = "avx2")]
pub(super) fn above(bytes: &[u8; SLOTS], least: u8) -> u64 {
    let least = _mm256_set1_epi8(least as i8);
    let mut bits = 0;
    for (part, bytes) in bytes.as_chunks::<WIDE>().0.iter().enumerate() {
        // SAFETY: 32 bytes are read, unaligned.
        let bytes = unsafe { _mm256_loadu_si256(bytes.as_ptr().cast()) };
        let kept = _mm256_cmpeq_epi8(_mm256_max_epu8(bytes, least), least);
        bits |= u64::from(!_mm256_movemask_epi8(kept) as u32) << (part * WIDE);
    }
    bits
}
