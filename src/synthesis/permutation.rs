//! Shuffles that need no memory.
//!
//! Duplicates should stand anywhere in a feed, and personal IDs should follow no order, but the n-th of either must be
//! found without the others. A balanced Feistel network permutes all numbers of an even number of bits; walking on until
//! the result is below the bound makes it a permutation of any range (Black, Rogaway, *Ciphers with Arbitrary Finite
//! Domains*, 2002). The range is at least a quarter of the network's, so four steps suffice on average.

use super::dice::mix;

/// A shuffle of the numbers below `count`.
#[derive(Clone, Debug)]
pub(super) struct Permutation {
    count: u64,
    half_bits: u32,
    keys: [u64; 4],
}

impl Permutation {
    /// The shuffle of the numbers below `count` that `seed` gives; `count` at most 2⁶².
    pub(super) fn new(count: u64, seed: u64) -> Permutation {
        let bits = (64 - count.saturating_sub(1).leading_zeros()).max(2);
        Permutation { count, half_bits: bits.div_ceil(2), keys: std::array::from_fn(|round| mix([seed, round as u64])) }
    }

    fn round(&self, half: u64, key: u64) -> u64 {
        mix([half, key]) & ((1 << self.half_bits) - 1)
    }

    /// The number at place `place`, which is below the count.
    pub(super) fn at(&self, place: u64) -> u64 {
        self.walk(place, |(left, right), key| (right, left ^ self.round(right, key)), self.keys)
    }

    /// The place of `number`, which is below the count.
    pub(super) fn place_of(&self, number: u64) -> u64 {
        let [a, b, c, d] = self.keys;
        self.walk(number, |(left, right), key| (right ^ self.round(left, key), left), [d, c, b, a])
    }

    fn walk(&self, start: u64, step: impl Fn((u64, u64), u64) -> (u64, u64), keys: [u64; 4]) -> u64 {
        debug_assert!(start < self.count, "a number of the range");
        let mask = (1 << self.half_bits) - 1;
        let mut number = start;
        loop {
            let (left, right) = keys.into_iter().fold((number >> self.half_bits, number & mask), &step);
            number = left << self.half_bits | right;
            if number < self.count {
                return number;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shuffle_has_every_number_once_and_can_be_undone() {
        for count in [1, 2, 3, 15, 16, 17, 1000, 4097] {
            let shuffle = Permutation::new(count, 5);
            let mut seen = vec![false; count as usize];
            for place in 0..count {
                let number = shuffle.at(place);
                assert!(!std::mem::replace(&mut seen[number as usize], true));
                assert_eq!(shuffle.place_of(number), place);
            }
        }
    }
}
