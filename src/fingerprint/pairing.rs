//! Which minutiae lie on each other under an alignment: pairs, one to one.

use super::{
    alignment::Rigid,
    points::{LANES, Points, ROOM, turn},
};

/// The first print laid over the second, and what pairs there.
pub(super) struct Pairing {
    pub x: [f32; ROOM],
    pub y: [f32; ROOM],
    /// For each minutia of the first print its mate in the second, or 255.
    pub mate: [u8; ROOM],
    pub cost: [f32; ROOM],
    pub count: usize,
    column: [i32; ROOM],
    row: [i32; ROOM],
}

pub(super) const NONE: u8 = 255;

impl Pairing {
    pub fn new() -> Self {
        Pairing {
            x: [0.0; ROOM],
            y: [0.0; ROOM],
            mate: [NONE; ROOM],
            cost: [0.0; ROOM],
            count: 0,
            column: [0; ROOM],
            row: [0; ROOM],
        }
    }

    #[inline(always)]
    pub fn lay(&mut self, a: &Points, rigid: &Rigid) {
        for k in 0..a.padded {
            let (x, y) = rigid.apply(a.x[k], a.y[k]);
            self.x[k] = x;
            self.y[k] = y;
        }
    }

    /// Pairs what is mutually nearest, in units of the tolerances.
    #[inline(always)]
    pub fn pair(&mut self, a: &Points, b: &Points, turned: i32, reach: f32, swing: f32) {
        let (inverse, inverse_swing) = (1.0 / (reach * reach), 1.0 / (swing * swing));
        let one = 1f32.to_bits() as i32;
        let padded = b.padded;
        for j in 0..padded {
            self.column[j] = one;
        }
        for i in 0..a.n {
            let (x, y, angle) = (self.x[i], self.y[i], a.angle[i] + turned);
            let mut least = [one; LANES];
            for block in (0..padded).step_by(LANES) {
                for lane in 0..LANES {
                    let j = block + lane;
                    let (dx, dy) = (b.x[j] - x, b.y[j] - y);
                    let t = turn(angle, b.angle[j]);
                    let cost = (dx * dx + dy * dy) * inverse + t * t * inverse_swing;
                    let bits = cost.to_bits() as i32 & !255;
                    least[lane] = least[lane].min(bits | j as i32);
                    self.column[j] = self.column[j].min(bits | i as i32);
                }
            }
            let mut row = one;
            for value in least {
                row = row.min(value);
            }
            self.row[i] = row;
        }
        self.count = 0;
        for i in 0..a.n {
            self.mate[i] = NONE;
            let row = self.row[i];
            if row < one {
                let j = (row & 255) as usize;
                if j < b.n && self.column[j] & 255 == i as i32 {
                    self.mate[i] = j as u8;
                    self.cost[i] = f32::from_bits((row & !255) as u32);
                    self.count += 1;
                }
            }
        }
    }
}
