//! Which minutiae lie on each other under an alignment: pairs, one to one.
//!
//! The cost of a pair is its squared distance over the squared reach and the like for the angle between the directions; below 1 it can be a pair, and it is
//! one if each is the other's cheapest. Cost and place share one integer, the place in the low eight bits, so that minima
//! carry along whose they are, and ties go to the first. All rows and columns in one pass of sixteen lanes: 0.3 µs for 45 × 45.

use super::{
    alignment::Rigid,
    points::{Column, Points},
};
use crate::simd::{Integers, LANES, Lanes, Reals};

/// The first print laid over the second, and what pairs there.
pub(super) struct Pairing {
    pub x: Column<f32>,
    pub y: Column<f32>,
    pub cos: Column<f32>,
    pub sin: Column<f32>,
    /// For each minutia of the first print its mate in the second, or [`NONE`].
    pub mate: Column<u8>,
    /// 0 where two lie on each other, 1 at the edge of the tolerance.
    pub cost: Column<f32>,
    pub count: usize,
    column: Column<i32>,
    row: Column<i32>,
}

pub(super) const NONE: u8 = 255;

impl Pairing {
    pub fn new() -> Self {
        Pairing {
            x: Column::of(0.0),
            y: Column::of(0.0),
            cos: Column::of(0.0),
            sin: Column::of(0.0),
            mate: Column::of(NONE),
            cost: Column::of(0.0),
            count: 0,
            column: Column::of(0),
            row: Column::of(0),
        }
    }

    /// Lays the first print over the second.
    #[inline(always)]
    pub fn lay<L: Lanes>(&mut self, a: &Points, rigid: &Rigid) {
        let (c, s) = (L::F::splat(rigid.cos), L::F::splat(rigid.sin));
        let (sx, sy) = (L::F::splat(rigid.x), L::F::splat(rigid.y));
        for k in 0..a.blocks {
            let (x, y) = (L::F::load(&a.x.0[k]), L::F::load(&a.y.0[k]));
            (c * x + s * y + sx).store(&mut self.x.0[k]);
            (c * y - s * x + sy).store(&mut self.y.0[k]);
            let (x, y) = (L::F::load(&a.cos.0[k]), L::F::load(&a.sin.0[k]));
            (c * x - s * y).store(&mut self.cos.0[k]);
            (s * x + c * y).store(&mut self.sin.0[k]);
        }
    }

    /// Pairs what is mutually nearest. `reach` in pixels and `swing` in radians are what either may be off alone.
    #[inline(always)]
    pub fn pair<L: Lanes>(&mut self, a: &Points, b: &Points, (reach, swing): (f32, f32)) {
        let inverse = L::F::splat(1.0 / (reach * reach));
        let stiff = 2.0 / (swing * swing);
        let limit = L::I::splat(1f32.to_bits() as i32);
        let (zero, high) = (L::F::splat(0.0), L::I::splat(!255));
        let base = L::F::splat(stiff);
        let mut numbers = [0i32; LANES];
        for (k, number) in numbers.iter_mut().enumerate() {
            *number = k as i32;
        }
        let numbers = L::I::load(&numbers);
        for k in 0..b.blocks {
            limit.store(&mut self.column.0[k]);
        }
        for i in 0..a.n {
            let (x, y) = (L::F::splat(self.x[i]), L::F::splat(self.y[i]));
            let (c, s) = (L::F::splat(self.cos[i] * stiff), L::F::splat(self.sin[i] * stiff));
            let number = L::I::splat(i as i32);
            let mut least = limit;
            for k in 0..b.blocks {
                let (dx, dy) = (L::F::load(&b.x.0[k]) - x, L::F::load(&b.y.0[k]) - y);
                let aligned = L::F::load(&b.cos.0[k]) * c + L::F::load(&b.sin.0[k]) * s;
                let cost = ((dx * dx + dy * dy) * inverse + (base - aligned)).most(zero);
                let bits = cost.bits() & high;
                least = least.least(bits | (numbers + L::I::splat((k * LANES) as i32)));
                L::I::load(&self.column.0[k]).least(bits | number).store(&mut self.column.0[k]);
            }
            self.row[i] = least.least_lane();
        }
        self.count = 0;
        for i in 0..a.n {
            self.mate[i] = NONE;
            let row = self.row[i];
            let j = (row & 255) as usize;
            if row < 1f32.to_bits() as i32 && self.column[j] & 255 == i as i32 {
                self.mate[i] = j as u8;
                self.cost[i] = f32::from_bits((row & !255) as u32);
                self.count += 1;
            }
        }
    }
}
