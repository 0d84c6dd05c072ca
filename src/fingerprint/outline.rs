//! How far a print reaches in each of 16 directions, and how far below that each minutia lies.

use super::{prepared::Stored, trigonometry};
use crate::simd::{Dispatch, LANES, Lanes, Level, Reals, Task};

/// How far the minutiae reach in each of 16 directions; sets the depth of each below that, at most 255.
pub(super) fn measure(minutiae: &mut [Stored]) -> [i16; LANES] {
    Dispatch::new(Level::best()).run(Measure { minutiae })
}

struct Measure<'a> {
    minutiae: &'a mut [Stored],
}

static DIRECTIONS: [[f32; LANES]; 2] = {
    let mut directions = [[0.0; LANES]; 2];
    let mut k = 0;
    while k < LANES {
        directions[0][k] = trigonometry::cos(k as u8 * 16);
        directions[1][k] = trigonometry::sin(k as u8 * 16);
        k += 1;
    }
    directions
};

impl Task for Measure<'_> {
    type Output = [i16; LANES];

    #[inline(always)]
    fn run<L: Lanes>(self) -> [i16; LANES] {
        let (c, s) = (L::F::load(&DIRECTIONS[0]), L::F::load(&DIRECTIONS[1]));
        let real = L::F::splat;
        let mut farthest = real(f32::NEG_INFINITY);
        for m in &*self.minutiae {
            farthest = farthest.most(real(f32::from(m.x)) * c + real(f32::from(m.y)) * s);
        }
        let mut reach = [0.0; LANES];
        if !self.minutiae.is_empty() {
            farthest.store(&mut reach);
        }
        let outline = reach.map(|reach| reach as i16);
        let whole = L::F::load(&outline.map(f32::from));
        for m in self.minutiae {
            let mut below = [0.0; LANES];
            (whole - (real(f32::from(m.x)) * c + real(f32::from(m.y)) * s)).store(&mut below);
            m.depth = below.into_iter().fold(255.0, |a: f32, b| if b < a { b } else { a }).max(0.0) as u8;
        }
        outline
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn outline_and_depth_are_those_of_the_book() {
        for n in [0i16, 1, 2, 40, 255] {
            let at = |k: i16| (k * 37 % 211 - 100, k * 53 % 269 - 130);
            let stored = |k| Stored { x: at(k).0, y: at(k).1, angle: 0, kind: 1, weight: 0, depth: 0 };
            let mut minutiae: Vec<Stored> = (0..n).map(stored).collect();
            let reach = |m: &Stored, k: usize| {
                let (c, s) = (trigonometry::cos(k as u8 * 16), trigonometry::sin(k as u8 * 16));
                f32::from(m.x) * c + f32::from(m.y) * s
            };
            let outline: [i16; LANES] =
                std::array::from_fn(|k| minutiae.iter().map(|m| reach(m, k)).reduce(f32::max).unwrap_or(0.0) as i16);
            let below = |m: &Stored| {
                let below = (0..LANES).map(|k| f32::from(outline[k]) - reach(m, k));
                below.fold(255.0, f32::min).max(0.0) as u8
            };
            let depths: Vec<u8> = minutiae.iter().map(below).collect();
            for level in Level::ALL.into_iter().filter(|level| level.is_available()) {
                let found = Dispatch::new(level).run(Measure { minutiae: &mut minutiae });
                assert_eq!(found, outline, "{level}, {n} minutiae");
                assert!(minutiae.iter().map(|m| m.depth).eq(depths.iter().copied()), "{level}, {n} minutiae");
            }
        }
    }
}
