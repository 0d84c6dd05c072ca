//! Which way the ridges run: the direction field of a finger.
//!
//! The zero-pole model of Sherlock and Monro (*A Model for Interpreting Fingerprint Topology*, 1993): around a core the
//! direction makes half a turn with the angle of the place, around a delta half a turn against it, so the direction at a
//! place is half the sum of the angles under which it sees the cores, less half those under which it sees the deltas. An
//! arch has neither and gets a hump. Coordinates: x to the right, y up, the middle of the finger at 0.

use super::super::dice::Dice;
use super::parameters::PATTERN_SHARES;

/// The class of a finger's pattern.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pattern {
    /// Ridges run across and rise in the middle.
    Arch,
    /// An arch with a spike: a core right above a delta.
    TentedArch,
    /// A loop that opens to the left of the image.
    LeftLoop,
    /// A loop that opens to the right of the image.
    RightLoop,
    /// Two cores between two deltas.
    Whorl,
}

impl Pattern {
    /// A pattern as often as fingers at `position` (1 to 10) have it. Loops mostly open towards the little finger: to the
    /// right in prints of the right hand.
    pub(in super::super) fn drawn(position: u8, dice: &mut Dice) -> Pattern {
        let right_hand = position <= 5;
        let [arch, tented, ulnar, radial] = PATTERN_SHARES[usize::from((position.max(1) - 1) % 5)];
        let (towards_little, towards_thumb) =
            if right_hand { (Pattern::RightLoop, Pattern::LeftLoop) } else { (Pattern::LeftLoop, Pattern::RightLoop) };
        let mut drawn = dice.uniform();
        for (share, pattern) in
            [(arch, Pattern::Arch), (tented, Pattern::TentedArch), (ulnar, towards_little), (radial, towards_thumb)]
        {
            if drawn < share {
                return pattern;
            }
            drawn -= share;
        }
        Pattern::Whorl
    }
}

type Point = (f64, f64);

/// The direction field of one finger.
#[derive(Clone, Debug)]
pub(super) struct Flow {
    cores: Vec<Point>,
    deltas: Vec<Point>,
    /// Height of an arch's hump: slope of the ridges where they are steepest.
    hump: f64,
}

impl Flow {
    /// A finger of this pattern; places of its cores and deltas vary as they do between people.
    pub(super) fn drawn(pattern: Pattern, dice: &mut Dice) -> Flow {
        let mut near = |x: f64, y: f64, spread: f64| (x + spread * dice.normal(), y + spread * dice.normal());
        let (cores, deltas) = match pattern {
            Pattern::Arch => (vec![], vec![]),
            Pattern::TentedArch => {
                let (x, y) = near(0.0, 0.0, 10.0);
                (vec![(x, y)], vec![(x + 0.2 * y, y - near(90.0, 0.0, 12.0).0)])
            }
            Pattern::LeftLoop => (vec![near(0.0, 10.0, 12.0)], vec![near(95.0, -115.0, 20.0)]),
            Pattern::RightLoop => (vec![near(0.0, 10.0, 12.0)], vec![near(-95.0, -115.0, 20.0)]),
            Pattern::Whorl => (
                vec![near(0.0, 30.0, 10.0), near(0.0, -25.0, 12.0)],
                vec![near(-115.0, -125.0, 20.0), near(115.0, -125.0, 20.0)],
            ),
        };
        let hump = if pattern == Pattern::Arch { 0.9 + 0.2 * dice.normal() } else { 0.0 };
        Flow { cores, deltas, hump }
    }

    /// The middle of the pattern.
    pub(super) fn centre(&self) -> Point {
        self.cores.first().copied().unwrap_or((0.0, 0.0))
    }

    /// The direction of the ridges at a place: counter-clockwise from the x axis, up to half turns.
    pub(super) fn direction(&self, (x, y): Point) -> f64 {
        // The sum of angles is the angle of a product of complex numbers; a delta's is conjugate.
        let times = |(re, im): Point, (dx, dy): Point| (re * dx - im * dy, re * dy + im * dx);
        let by_cores = self.cores.iter().fold((1.0, 0.0), |product, core| times(product, (x - core.0, y - core.1)));
        let (re, im) = self.deltas.iter().fold(by_cores, |product, delta| times(product, (x - delta.0, delta.1 - y)));
        let turned = 0.5 * libm::atan2(im, re);
        if self.hump == 0.0 {
            return turned;
        }
        let (across, along) = (x / 90.0, y / 200.0);
        turned + libm::atan(-self.hump * across * libm::exp(0.5 - across * across / 2.0 - along * along))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::f64::consts::PI;

    /// How many half turns the direction makes once around a place.
    fn half_turns(flow: &Flow, (x, y): Point) -> f64 {
        let around = |step: i32| {
            let angle = f64::from(step) / 360.0 * 2.0 * PI;
            flow.direction((x + 8.0 * angle.cos(), y + 8.0 * angle.sin()))
        };
        let turned: f64 = (0..360)
            .map(|step| {
                let difference = around(step + 1) - around(step);
                difference - PI * (difference / PI).round()
            })
            .sum();
        turned / PI
    }

    #[test]
    fn directions_turn_half_with_a_core_and_half_against_a_delta() {
        for pattern in [Pattern::TentedArch, Pattern::LeftLoop, Pattern::RightLoop, Pattern::Whorl] {
            let flow = Flow::drawn(pattern, &mut Dice::of([pattern as u64]));
            for &core in &flow.cores {
                assert!((half_turns(&flow, core) - 1.0).abs() < 1e-6, "{pattern:?}");
            }
            for &delta in &flow.deltas {
                assert!((half_turns(&flow, delta) + 1.0).abs() < 1e-6, "{pattern:?}");
            }
            assert_eq!(flow.cores.len(), flow.deltas.len());
        }
    }

    #[test]
    fn ridges_run_across_above_every_pattern() {
        for pattern in [Pattern::Arch, Pattern::TentedArch, Pattern::LeftLoop, Pattern::RightLoop, Pattern::Whorl] {
            let flow = Flow::drawn(pattern, &mut Dice::of([pattern as u64]));
            assert!(flow.direction((0.0, 220.0)).sin().abs() < 0.45, "{pattern:?}");
        }
    }

    #[test]
    fn patterns_come_as_often_as_they_should() {
        let mut dice = Dice::of([77]);
        let n = 20_000;
        let whorls = (0..n).filter(|i| Pattern::drawn((i % 10 + 1) as u8, &mut dice) == Pattern::Whorl).count();
        assert!((0.24..0.34).contains(&(whorls as f64 / f64::from(n))), "{whorls}");
        let little: Vec<Pattern> = (0..1000).map(|_| Pattern::drawn(5, &mut dice)).collect();
        assert!(little.iter().filter(|&&p| p == Pattern::RightLoop).count() > 780);
    }
}
