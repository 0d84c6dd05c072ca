//! A prepared template spread out for arithmetic: one array per property, padded for full registers.

use super::{prepared::PreparedView, trigonometry};
use crate::simd::LANES;
use std::ops::{Index, IndexMut};

/// Room for 255 minutiae and the padding.
pub(super) const ROOM: usize = 256;

/// One number per minutia, in blocks of a register.
#[derive(Clone)]
pub(super) struct Column<T>(pub [[T; LANES]; ROOM / LANES]);

impl<T: Copy> Column<T> {
    pub fn of(value: T) -> Self {
        Column([[value; LANES]; ROOM / LANES])
    }
}

impl<T> Index<usize> for Column<T> {
    type Output = T;
    #[inline(always)]
    fn index(&self, k: usize) -> &T {
        &self.0[(k / LANES) % (ROOM / LANES)][k % LANES]
    }
}

impl<T> IndexMut<usize> for Column<T> {
    #[inline(always)]
    fn index_mut(&mut self, k: usize) -> &mut T {
        &mut self.0[(k / LANES) % (ROOM / LANES)][k % LANES]
    }
}

/// One template's minutiae.
pub(super) struct Points {
    pub n: usize,
    /// How many registers hold them.
    pub blocks: usize,
    pub x: Column<f32>,
    pub y: Column<f32>,
    /// 1/256 turn.
    pub angle: Column<i32>,
    pub cos: Column<f32>,
    pub sin: Column<f32>,
    pub weight: Column<f32>,
    pub outline: [f32; 16],
    pub kind: Column<u8>,
    pub depth: Column<f32>,
}

impl Points {
    pub fn new() -> Self {
        Points {
            n: 0,
            blocks: 0,
            x: Column::of(0.0),
            y: Column::of(0.0),
            angle: Column::of(0),
            cos: Column::of(0.0),
            sin: Column::of(0.0),
            weight: Column::of(0.0),
            outline: [0.0; 16],
            kind: Column::of(0),
            depth: Column::of(0.0),
        }
    }

    /// Spreads out `view`; what fills the last register lies at `nowhere`.
    #[inline(always)]
    pub fn load(&mut self, view: &PreparedView<'_>, nowhere: f32) {
        self.n = view.minutiae.len().min(ROOM - 1);
        self.blocks = self.n.div_ceil(LANES);
        for (k, m) in view.minutiae.iter().take(self.n).enumerate() {
            self.x[k] = f32::from(m.x);
            self.y[k] = f32::from(m.y);
            self.angle[k] = i32::from(m.angle);
            self.cos[k] = trigonometry::cos(m.angle);
            self.sin[k] = trigonometry::sin(m.angle);
            self.weight[k] = if m.weight == 0 { 0.5 } else { f32::from(m.weight.min(100)) * 0.01 };
            self.kind[k] = m.kind;
            self.depth[k] = f32::from(m.depth);
        }
        for k in self.n..self.blocks * LANES {
            self.x[k] = nowhere;
            self.y[k] = nowhere;
            self.angle[k] = 0;
            self.cos[k] = 0.0;
            self.sin[k] = 0.0;
            self.weight[k] = 0.0;
            self.kind[k] = 0;
            self.depth[k] = 0.0;
        }
        for (to, &from) in self.outline.iter_mut().zip(view.outline) {
            *to = f32::from(from);
        }
    }
}

/// Where padding lies: near nothing.
pub(super) const NOWHERE: f32 = 1e6;

/// The signed difference of two angles in 1/256 turn.
#[inline(always)]
pub(super) fn turn(a: i32, b: i32) -> f32 {
    f32::from((a - b) as i8)
}
