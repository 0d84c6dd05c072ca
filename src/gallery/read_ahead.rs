//! How far to read ahead of who goes through a column piece by piece.
//!
//! Most of what is read is a row here and there, so a mapping asks for nothing but what is touched (`map.rs`). A merge, a deep check and an
//! export go through a column from its start to its end, a row at a time: page by page that is a tenth of the disk's rate. As file
//! systems do, whoever goes on where the last announcement ended is announced twice as much.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// The most blocks that are announced at once: 4 MiB of them.
const MOST: u64 = 128;

/// What was announced of a column last: where it ended, and how much it was, in blocks. Threads that read one column at several places
/// overwrite each other's; that makes them slower, not wrong.
#[derive(Default)]
pub(crate) struct ReadAhead(AtomicU64);

impl ReadAhead {
    /// How many blocks from `block` on to announce, which is about to be read: at least one, perhaps more than the column has.
    pub(crate) fn blocks_from(&self, block: usize) -> usize {
        let block = block as u64;
        let last = self.0.load(Relaxed);
        let (end, length) = (last >> 8, last & 0xff);
        // A few blocks that nobody wants, of rows that were removed, don't end a run.
        let goes_on = length > 0 && (end..=end + length).contains(&block);
        let next = if goes_on { MOST.min(2 * length) } else { 1 };
        self.0.store(((block + next) << 8) | next, Relaxed);
        next as usize
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_goes_on_is_announced_twice_as_much_each_time() {
        let ahead = ReadAhead::default();
        let mut block = 0;
        let mut announced = Vec::new();
        for _ in 0..10 {
            announced.push(ahead.blocks_from(block));
            block += announced.last().unwrap();
        }
        assert_eq!(announced, [1, 2, 4, 8, 16, 32, 64, 128, 128, 128]);
    }

    #[test]
    fn who_jumps_is_announced_a_block() {
        let ahead = ReadAhead::default();
        for block in [7, 3, 1 << 30, 5, 900, 0] {
            assert_eq!(ahead.blocks_from(block), 1);
        }
        assert_eq!([ahead.blocks_from(1), ahead.blocks_from(4), ahead.blocks_from(8)], [2, 4, 8]);
        assert_eq!(ahead.blocks_from(15), 1);
    }
}
