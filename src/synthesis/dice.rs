//! Chance that comes out the same everywhere.

use rand::Rng;
use rand_pcg::Pcg64Mcg;

/// Mixes `words` into 64 bits, each bit of which depends on all of theirs (the finaliser of SplitMix64; Steele, Lea, Flood,
/// *Fast Splittable Pseudorandom Number Generators*, 2014).
pub(super) fn mix<const N: usize>(words: [u64; N]) -> u64 {
    let mut state = 0x9e37_79b9_7f4a_7c15u64.wrapping_mul(N as u64 + 1);
    for word in words {
        state = state.wrapping_add(word).wrapping_add(0x9e37_79b9_7f4a_7c15);
        state = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        state = (state ^ (state >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        state ^= state >> 31;
    }
    state
}

/// The bytes of a name as one number.
pub(super) fn mix_name(name: &str) -> u64 {
    name.bytes().fold(mix([name.len() as u64]), |hash, byte| mix([hash, u64::from(byte)]))
}

/// Mean and spread of a sum of four uniform 16-bit numbers.
const SUM_MEAN: i32 = 2 * 65535;
const SUM_SPREAD: f64 = 37_837.224_6;

/// A stream of chance for one thing: a node, a finger, an impression.
pub(super) struct Dice(Pcg64Mcg);

impl Dice {
    /// The stream of the thing with these numbers.
    pub(super) fn of<const N: usize>(words: [u64; N]) -> Dice {
        let seed = mix(words);
        Dice(Pcg64Mcg::new(u128::from(mix([seed, 1])) << 64 | u128::from(mix([seed, 2]))))
    }

    /// A nearly normal number, of mean 0 and spread 1: the sum of four uniform ones (Irwin and Hall), so within ±3.46. What
    /// is made of it is a sum of many, or needs no further tail.
    pub(super) fn normal(&mut self) -> f64 {
        f64::from(centred_sum(self.0.next_u64())) / SUM_SPREAD
    }

    /// Adds to each of `out` a nearly normal number of spread `spread`.
    pub(super) fn add_normals(&mut self, spread: f64, out: &mut [f32]) {
        let scale = (spread / SUM_SPREAD) as f32;
        for value in out {
            *value += scale * centred_sum(self.0.next_u64()) as f32;
        }
    }

    /// A uniform number from 0 to below 1.
    pub(super) fn uniform(&mut self) -> f64 {
        (self.0.next_u64() >> 11) as f64 / (1u64 << 53) as f64
    }

    /// A uniform number between two.
    pub(super) fn between(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * self.uniform()
    }

    /// True with this probability.
    pub(super) fn chance(&mut self, probability: f64) -> bool {
        self.uniform() < probability
    }

    /// A whole number of this mean, after Poisson: by waiting times (Knuth) where it is small, else from a normal number.
    pub(super) fn count(&mut self, mean: f64) -> usize {
        if mean > 30.0 {
            return (mean + mean.sqrt() * self.normal() + 0.5).max(0.0) as usize;
        }
        let end = libm::exp(-mean);
        let mut left = self.uniform();
        let mut count = 0;
        while left > end {
            left *= self.uniform();
            count += 1;
        }
        count
    }
}

/// The sum of the four 16-bit numbers in `bits`, less its mean.
fn centred_sum(bits: u64) -> i32 {
    let part = |at: u32| (bits >> at & 0xffff) as i32;
    part(0) + part(16) + part(32) + part(48) - SUM_MEAN
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn normals_have_mean_zero_and_spread_one() {
        let mut dice = Dice::of([1, 2, 3]);
        let n = 200_000;
        let (sum, squares) = (0..n).map(|_| dice.normal()).fold((0.0, 0.0), |(s, q), x| (s + x, q + x * x));
        assert!((sum / f64::from(n)).abs() < 0.01);
        assert!((squares / f64::from(n) - 1.0).abs() < 0.01);
        let exact = (4.0 * (65536.0f64.powi(2) - 1.0) / 12.0).sqrt();
        assert!((SUM_SPREAD - exact).abs() < 0.1, "{exact}");
    }

    #[test]
    fn counts_have_their_mean() {
        let mut dice = Dice::of([9]);
        for mean in [0.3, 3.0, 60.0] {
            let found = (0..20_000).map(|_| dice.count(mean)).sum::<usize>() as f64 / 20_000.0;
            assert!((found / mean - 1.0).abs() < 0.04, "{found} for {mean}");
        }
    }

    #[test]
    fn neighbouring_seeds_differ_in_half_their_bits() {
        let differing: u32 = (0..1000).map(|i| (mix([i, 7]) ^ mix([i + 1, 7])).count_ones()).sum();
        assert!((31_000..33_000).contains(&differing), "{differing}");
    }
}
