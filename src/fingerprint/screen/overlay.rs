//! What falls together where one print is laid on the other.
//!
//! # Method
//! The reference's minutiae are turned and shifted into the probe's frame, in bytes as the code has them: one register holds all 64. For
//! each of the probe's minutiae the register of differences in x, y and direction goes through tables of squares (`vpshufb`), 255 less their
//! sum is how well two minutiae fall together, and each of the reference's keeps the best: about 24 instructions for 64 cells
//! where something is tracked, 18 where not. From what the best are off by, least squares give a better turn and shift.
//!
//! Not one to one, and blind to likeness: measured with the descriptors' likeness in each cell it told mates no better.

use super::{
    code::{BLOCKS, LANES, MOST},
    parameters as p,
    probe::ScreenProbe,
    reference::Reference,
};
use crate::simd::{BYTES, Bytes, Lanes, Reals};

/// A turn and a shift in pixels, from the probe's frame to the reference's.
#[derive(Clone, Copy)]
pub(super) struct Rigid {
    pub cos: f32,
    pub sin: f32,
    pub x: f32,
    pub y: f32,
}

/// The squares of the differences in place and in direction, 255 where two do not fall together.
pub(super) struct Reach {
    place: [u8; 16],
    direction: [u8; 16],
}

impl Reach {
    /// `place` in steps of a stored coordinate, `direction` in 1/256 turn.
    pub const fn new(place: f32, direction: f32) -> Self {
        let mut reach = Reach { place: [0; 16], direction: [0; 16] };
        let mut k = 0;
        while k < 16 {
            let (steps, turn) = (k as f32 / place, 2.0 * k as f32 / direction);
            reach.place[k] = (steps * steps * 255.0) as u8;
            reach.direction[k] = (turn * turn * 255.0) as u8;
            k += 1;
        }
        reach
    }
}

/// The reference's minutiae in the probe's frame, and what they fall together with.
pub(super) struct Overlay {
    x: [u8; BYTES],
    y: [u8; BYTES],
    angle: [u8; BYTES],
    fit: [u8; BYTES],
    /// How far the probe's are from them.
    dx: [u8; BYTES],
    dy: [u8; BYTES],
    turned: [u8; BYTES],
}

/// 255 for the first so many, then zero: a window on it masks the slots that hold a minutia.
static HELD: [u8; 2 * MOST] = {
    let mut held = [0; 2 * MOST];
    let mut k = 0;
    while k < MOST {
        held[k] = 255;
        k += 1;
    }
    held
};

impl Overlay {
    pub fn new() -> Self {
        let none = [0; BYTES];
        Overlay { x: none, y: none, angle: none, fit: none, dx: none, dy: none, turned: none }
    }

    /// How much falls together near `rigid`: laid there first, then where that fit says. 255 for each
    /// minutia of the reference that lies right on one of the probe's.
    #[inline(always)]
    pub fn sum<L: Lanes>(&mut self, probe: &ScreenProbe, reference: &Reference, rigid: Rigid) -> f32 {
        self.lay::<L>(reference, &rigid);
        self.meet::<L, true>(probe, reference.n, &p::APPROACH);
        let rigid = self.improved::<L>(&rigid);
        self.lay::<L>(reference, &rigid);
        self.meet::<L, false>(probe, reference.n, &p::JUDGED);
        let sum =
            (self.fit.as_chunks::<LANES>().0.iter()).fold(L::F::splat(0.0), |sum, fit| sum + L::F::from_bytes(fit));
        sum.sum()
    }

    #[inline(always)]
    fn lay<L: Lanes>(&mut self, reference: &Reference, rigid: &Rigid) {
        // Adding this and taking it off again rounds to the nearest.
        let round = L::F::splat(12_582_912.0);
        let grain = 1.0 / f32::from(super::code::GRAIN);
        let (cos, sin) = (L::F::splat(rigid.cos * grain), L::F::splat(rigid.sin * grain));
        let (sx, sy) = (L::F::splat(rigid.x), L::F::splat(rigid.y));
        for block in 0..BLOCKS {
            let places = |of: &[f32; MOST]| L::F::load(&of.as_chunks::<LANES>().0[block]);
            let (x, y) = (places(&reference.x) - sx, places(&reference.y) - sy);
            let mut bytes = [0i8; LANES];
            (cos * x - sin * y + round - round).bytes(&mut bytes);
            self.x.as_chunks_mut::<LANES>().0[block] = bytes.map(|v| v as u8);
            (cos * y + sin * x + round - round).bytes(&mut bytes);
            self.y.as_chunks_mut::<LANES>().0[block] = bytes.map(|v| v as u8);
        }
        let turn = L::B::splat(turn(rigid.cos, rigid.sin));
        L::B::load(&reference.angle).minus(turn).store(&mut self.angle);
    }

    /// The best that each of the reference's `n` minutiae falls together with; with `TRACKED` also how far they are apart.
    #[inline(always)]
    fn meet<L: Lanes, const TRACKED: bool>(&mut self, probe: &ScreenProbe, n: usize, reach: &Reach) {
        let (x, y, angle) = (L::B::load(&self.x), L::B::load(&self.y), L::B::load(&self.angle));
        let (place, direction) = (L::B::table(&reach.place), L::B::table(&reach.direction));
        let last = L::B::splat(15);
        let mut least = L::B::splat(255);
        let (mut best_x, mut best_y, mut best_turn) = (L::B::splat(0), L::B::splat(0), L::B::splat(0));
        for i in 0..probe.n.min(MOST) {
            let dx = L::B::splat(probe.steps_x[i]).minus_signed(x);
            let dy = L::B::splat(probe.steps_y[i]).minus_signed(y);
            let turned = L::B::splat(probe.angle[i]).minus(angle);
            let squares = dx.size().least(last).look_up(place).plus(dy.size().least(last).look_up(place));
            let off = squares.plus(turned.size().half().least(last).look_up(direction));
            if TRACKED {
                best_x = off.where_below(least, dx, best_x);
                best_y = off.where_below(least, dy, best_y);
                best_turn = off.where_below(least, turned, best_turn);
            }
            least = least.least(off);
        }
        let held: [u8; BYTES] = std::array::from_fn(|k| HELD[MOST - n.min(MOST) + k]);
        L::B::splat(255).minus(least).least(L::B::load(&held)).store(&mut self.fit);
        if TRACKED {
            best_x.store(&mut self.dx);
            best_y.store(&mut self.dy);
            best_turn.store(&mut self.turned);
        }
    }

    /// The turn and shift that bring together what lies together, by least squares; small turns only.
    #[inline(always)]
    fn improved<L: Lanes>(&self, rigid: &Rigid) -> Rigid {
        let zero = L::F::splat(0.0);
        let [mut w, mut wx, mut wy, mut wdx, mut wdy, mut wt, mut cross, mut square] = [zero; 8];
        for block in 0..BLOCKS {
            let fit = L::F::from_bytes(&self.fit.as_chunks::<LANES>().0[block]);
            let real = |of: &[u8; BYTES]| L::F::from_signed(&of.as_chunks::<LANES>().0[block]);
            let (x, y, dx, dy) = (real(&self.x), real(&self.y), real(&self.dx), real(&self.dy));
            w = w + fit;
            (wx, wy) = (wx + fit * x, wy + fit * y);
            (wdx, wdy) = (wdx + fit * dx, wdy + fit * dy);
            wt = wt + fit * real(&self.turned);
            cross = cross + fit * (x * dy - y * dx);
            square = square + fit * (x * x + y * y);
        }
        let w = w.sum();
        if w < 1.0 {
            return *rigid;
        }
        let (x, y, dx, dy) = (wx.sum() / w, wy.sum() / w, wdx.sum() / w, wdy.sum() / w);
        let cross = cross.sum() - w * (x * dy - y * dx);
        let square = square.sum() - w * (x * x + y * y);
        let turn = (cross - p::STIFFNESS * RADIANS * wt.sum()) / (square + p::STIFFNESS * w);
        // The sine and cosine of a small turn, made a turn by its length.
        let length = 1.0 / (1.0 + turn * turn).sqrt();
        let (c, s) = (length, turn * length);
        let (cos, sin) = (rigid.cos * c - rigid.sin * s, rigid.sin * c + rigid.cos * s);
        // Where the reference's origin comes to lie in the probe's frame, then turned about the middle of what lies together.
        let grain = f32::from(super::code::GRAIN);
        let ox = -(rigid.cos * rigid.x - rigid.sin * rigid.y) - grain * x;
        let oy = -(rigid.cos * rigid.y + rigid.sin * rigid.x) - grain * y;
        let (ox, oy) = (c * ox - s * oy + grain * (x + dx), c * oy + s * ox + grain * (y + dy));
        Rigid { cos, sin, x: -(cos * ox + sin * oy), y: -(cos * oy - sin * ox) }
    }
}

/// 1/256 turn.
const RADIANS: f32 = std::f32::consts::TAU / 256.0;

/// The angle of a cosine and sine, 1/256 turn (Abramowitz and Stegun 4.4.49: to 1/3000 of a step).
#[inline(always)]
fn turn(cos: f32, sin: f32) -> u8 {
    let (x, y) = (cos.abs(), sin.abs());
    let (less, more) = if x < y { (x, y) } else { (y, x) };
    let t = less / more.max(1e-9);
    let square = t * t;
    let series =
        0.999_866 + square * (-0.330_299_5 + square * (0.180_141 + square * (-0.085_133 + square * 0.020_835_1)));
    let eighth = t * series * (1.0 / RADIANS);
    let quarter = if x < y { 64.0 - eighth } else { eighth };
    let half = if cos < 0.0 { 128.0 - quarter } else { quarter };
    let whole = if sin < 0.0 { 256.0 - half } else { half };
    (whole + 0.5) as i32 as u8
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_turn_is_that_of_its_cosine_and_sine() {
        for k in 0..=255u8 {
            let radians = f32::from(k) * RADIANS;
            assert_eq!(turn(radians.cos(), radians.sin()), k);
        }
    }
}
