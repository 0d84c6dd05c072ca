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
    /// How many blocks from `block` on to announce, which is about to be read: perhaps more than the column has, none if the last
    /// announcement holds it.
    pub(crate) fn blocks_from(&self, block: usize) -> usize {
        let block = block as u64;
        let last = self.0.load(Relaxed);
        let (end, length) = (last >> 8, last & 0xff);
        if (end - length..end).contains(&block) {
            return 0;
        }
        // A few blocks that nobody wants, of rows that were removed, don't end a run.
        let goes_on = length > 0 && (end..=end + length).contains(&block);
        if goes_on { MOST.min(2 * length) as usize } else { 1 }
    }

    /// `count` blocks from `block` on have been announced. Not before they are: who finds them here reads without asking.
    pub(crate) fn announced(&self, block: usize, count: usize) {
        let count = MOST.min(count as u64);
        self.0.store(((block as u64 + count) << 8) | count, Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is announced to who reads `block`.
    fn announce(ahead: &ReadAhead, block: usize) -> usize {
        let count = ahead.blocks_from(block);
        if count > 0 {
            ahead.announced(block, count);
        }
        count
    }

    /// Every announcement to who reads `blocks`: at which, and how much.
    fn announcements(ahead: &ReadAhead, blocks: impl Iterator<Item = usize>) -> Vec<(usize, usize)> {
        blocks.map(|block| (block, announce(ahead, block))).filter(|&(_, count)| count > 0).collect()
    }

    #[test]
    fn who_goes_on_block_by_block_is_announced_twice_as_much_each_time() {
        let found = announcements(&ReadAhead::default(), 0..600);
        let expected = [
            (0, 1),
            (1, 2),
            (3, 4),
            (7, 8),
            (15, 16),
            (31, 32),
            (63, 64),
            (127, 128),
            (255, 128),
            (383, 128),
            (511, 128),
        ];
        assert_eq!(found, expected);
    }

    #[test]
    fn blocks_that_nobody_wants_do_not_end_a_run() {
        let found = announcements(&ReadAhead::default(), (0..600).filter(|block| block % 3 != 1));
        assert_eq!(found.last().unwrap().1, 128);
        assert!(found.len() < 15, "{found:?}");
    }

    #[test]
    fn who_jumps_is_announced_a_block() {
        let ahead = ReadAhead::default();
        for block in [7, 3, 1 << 30, 5, 900, 0] {
            assert_eq!(announce(&ahead, block), 1);
        }
        assert_eq!([1, 4, 8].map(|block| announce(&ahead, block)), [2, 4, 8]);
        assert_eq!([17, 15, 9].map(|block| announce(&ahead, block)), [16, 1, 1]);
    }

    #[test]
    fn what_could_not_be_announced_is_asked_for_again() {
        let ahead = ReadAhead::default();
        assert_eq!([0, 1].map(|block| announce(&ahead, block)), [1, 2]);
        assert_eq!(ahead.blocks_from(3), 4);
        // Only the first of the four could be read.
        ahead.announced(3, 1);
        assert_eq!([3, 4].map(|block| announce(&ahead, block)), [0, 2]);
    }
}
