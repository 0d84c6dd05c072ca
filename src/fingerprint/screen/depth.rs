//! How deep the screen lets a search look: the share of references that survive, chosen by what may be missed.
//!
//! # Problem
//! What a screen score is worth depends on the probe: one with many minutiae scores higher against everybody. What share of the
//! references scores at least as high does not, so a depth is a share, and its threshold is found for each probe from its own scores.
//!
//! # Method
//! [`ScoreCounts`] counts the scores of one probe (one pass, 4096 classes, 16 KB); [`ScoreCounts::threshold`] is the score that the share
//! reaches. [`Depth::share`] looks the share up in the calibration: the more fingers two registrations have in common, the
//! fewer strangers get as much evidence from all of them as a mate does, and the less has to survive.

use super::{parameters as p, scan::DAMAGED};

/// Which share of the references survives the screen.
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd)]
pub enum Depth {
    /// Every reference is compared in full.
    Exhaustive,
    /// This share of them, 0 to 1, and never fewer than [`Depth::LEAST`] of them.
    Share(f64),
    /// The least share that loses at most this share of the mates that the full comparison would accept, 0 to 1; all of them where the calibration
    /// knows of none.
    Miss(f64),
}

impl Depth {
    /// However small the share, so many references survive (all of a smaller gallery) where one finger is compared; half as many of two, a quarter of four
    /// and more.
    pub const LEAST: usize = 64;

    /// Shares of references that survive and of mates that are lost then, for registrations with so many fingers in common.
    fn calibration(fingers: usize) -> &'static [(f64, f64)] {
        match fingers {
            0 | 1 => &p::CALIBRATION,
            2 => &p::CALIBRATION_OF_TWO,
            _ => &p::CALIBRATION_OF_MORE,
        }
    }

    /// The share of references that survive, 0 to 1, of those that have `fingers` fingers in common with the probe.
    pub fn share(self, fingers: usize) -> f64 {
        match self {
            Depth::Exhaustive => 1.0,
            Depth::Share(share) => share.clamp(0.0, 1.0),
            Depth::Miss(miss) => {
                Self::calibration(fingers).iter().find(|known| known.1 <= miss).map_or(1.0, |known| known.0)
            }
        }
    }

    /// The miss rate that the calibration states for this depth: that of the next lower share in the table.
    pub fn miss(self, fingers: usize) -> f64 {
        let share = self.share(fingers);
        if share >= 1.0 {
            return 0.0;
        }
        Self::calibration(fingers).iter().rev().find(|known| known.0 <= share).map_or(1.0, |known| known.1)
    }

    /// How many of `references` should survive, all of which have `fingers` fingers in common with the probe; more do where scores tie.
    pub fn survivors(self, fingers: usize, references: u64) -> u64 {
        let least = Self::LEAST / fingers.clamp(1, 4);
        ((references as f64 * self.share(fingers)).ceil() as u64).max(least as u64).min(references)
    }
}

const CLASSES: usize = 4096;
const WIDTH: u16 = ((1u32 << 16) / CLASSES as u32) as u16;

/// How many references have which score: of one probe, over any number of columns.
#[derive(Clone, PartialEq, Eq)]
pub struct ScoreCounts {
    counts: Box<[u32; CLASSES]>,
    total: u64,
}

impl std::fmt::Debug for ScoreCounts {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "ScoreCounts({} scores)", self.total)
    }
}

impl Default for ScoreCounts {
    fn default() -> Self {
        ScoreCounts { counts: Box::new([0; CLASSES]), total: 0 }
    }
}

impl ScoreCounts {
    /// Counts more scores.
    pub fn add(&mut self, scores: &[u16]) {
        for &score in scores {
            let class = &mut self.counts[usize::from(score / WIDTH) % CLASSES];
            *class = class.saturating_add(1);
        }
        self.total += scores.len() as u64;
    }

    /// Counts what another counted.
    pub fn merge(&mut self, other: &ScoreCounts) {
        for (to, from) in self.counts.iter_mut().zip(other.counts.iter()) {
            *to = to.saturating_add(*from);
        }
        self.total += other.total;
    }

    /// How many scores fell into each class, lowest first.
    pub fn classes(&self) -> &[u32] {
        &self.counts[..]
    }

    /// The counts of classes that [`ScoreCounts::classes`] gave, each with its number; `None` if there is no such class.
    pub fn from_classes(classes: &[(u16, u32)]) -> Option<Self> {
        let mut all = ScoreCounts::default();
        for &(class, count) in classes {
            let counted = all.counts.get_mut(usize::from(class))?;
            *counted = counted.saturating_add(count);
            all.total += u64::from(count);
        }
        Some(all)
    }

    /// How many scores were counted.
    pub fn total(&self) -> u64 {
        self.total
    }

    /// The least score that survives where `survivors` should; 0 where everything does. The same for any order and split of the scores.
    pub fn threshold(&self, survivors: u64) -> u16 {
        let wanted = survivors;
        if wanted >= self.total {
            return 0;
        }
        let mut above = 0u64;
        for class in (0..CLASSES).rev() {
            above += u64::from(self.counts[class]);
            if above >= wanted {
                return class as u16 * WIDTH;
            }
        }
        0
    }

    /// What each score says, for adding over fingers.
    pub fn evidence(&self) -> Evidence {
        let mut above = 0u64;
        let mut bits = Box::new([0u16; CLASSES]);
        for class in (0..CLASSES).rev() {
            above += u64::from(self.counts[class]);
            // The share with at least this score, never nought.
            let share = (above as f64 + 0.5) / (self.total as f64 + 1.0);
            bits[class] = (-share.min(1.0).log2() * f64::from(Evidence::PER_BIT)) as u16;
        }
        Evidence { bits }
    }
}

/// A probe's screen scores as evidence that may be added over fingers: how rare such a score is, −log₂ of the share of the references that
/// score at least as high (Fisher's way to combine tests), in 1/64 bits.
#[derive(Clone)]
pub struct Evidence {
    bits: Box<[u16; CLASSES]>,
}

impl std::fmt::Debug for Evidence {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Evidence(..)")
    }
}

impl Evidence {
    /// Evidence of one bit: half of the references score so high.
    pub const PER_BIT: u16 = 64;
    /// The evidence of one score. A damaged reference always survives.
    pub fn of(&self, score: u16) -> u16 {
        if score == DAMAGED { u16::MAX } else { self.bits[usize::from(score / WIDTH) % CLASSES] }
    }

    /// The sum over the fingers that two registrations have in common, at most [`u16::MAX`].
    pub fn sum(fingers: impl IntoIterator<Item = u16>) -> u16 {
        fingers.into_iter().fold(0u16, u16::saturating_add)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counts() -> (ScoreCounts, Vec<u16>) {
        let scores: Vec<u16> = (0..10_000u32).map(|k| (k * 7919 % 60_000) as u16).collect();
        let mut counts = ScoreCounts::default();
        counts.add(&scores[..3000]);
        let mut rest = ScoreCounts::default();
        rest.add(&scores[3000..]);
        counts.merge(&rest);
        (counts, scores)
    }

    #[test]
    fn at_least_the_share_survives_and_little_more() {
        let (counts, scores) = counts();
        for share in [0.001, 0.01, 0.2, 1.0] {
            let wanted = Depth::Share(share).survivors(1, 10_000);
            let threshold = counts.threshold(wanted);
            let survivors = scores.iter().filter(|&&s| s >= threshold).count();
            let wanted = wanted as usize;
            assert!((wanted..wanted + 20).contains(&survivors), "{share}: {survivors}");
        }
        assert_eq!(counts.threshold(Depth::Exhaustive.survivors(1, 10_000)), 0);
    }

    #[test]
    fn a_smaller_miss_rate_never_looks_less_deep() {
        for fingers in [1, 2, 3, 10] {
            let mut before = 0;
            for miss in [0.5, 0.05, 0.02, 0.01, 0.005, 0.003, 0.001, 1e-4, 0.0] {
                let depth = Depth::Miss(miss);
                assert!(depth.miss(fingers) <= miss);
                assert!(depth.survivors(fingers, 1_000_000) >= before);
                before = depth.survivors(fingers, 1_000_000);
            }
            assert_eq!(before, 1_000_000);
        }
    }

    #[test]
    fn more_fingers_in_common_need_less_depth() {
        for miss in [0.03, 0.01, 0.005, 0.003] {
            assert!([1, 2, 3, 4].map(|fingers| Depth::Miss(miss).share(fingers)).is_sorted_by(|a, b| a >= b), "{miss}");
        }
    }

    #[test]
    fn rarer_scores_are_more_evidence() {
        let (counts, _) = counts();
        let evidence = counts.evidence();
        assert!((55..75).contains(&evidence.of(30_000)), "half of all is one bit");
        assert!((0..59_999).is_sorted_by_key(|s| evidence.of(s)));
        assert_eq!(Evidence::sum([10, u16::MAX]), u16::MAX);
    }
}
