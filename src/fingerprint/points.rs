//! A prepared template spread out for arithmetic: one array per property, padded for full registers.

use super::{prepared::PreparedView, trigonometry};

/// Room for 255 minutiae and the padding.
pub(super) const ROOM: usize = 256;
/// Arrays are worked on in steps of so many lanes.
pub(super) const LANES: usize = 16;
/// Where padding lies: near nothing.
pub(super) const NOWHERE: f32 = 1e6;

/// One template's minutiae.
pub(super) struct Points {
    pub n: usize,
    pub padded: usize,
    pub x: [f32; ROOM],
    pub y: [f32; ROOM],
    /// 1/65536 turn, so that wrapping is the arithmetic's own.
    pub angle: [i32; ROOM],
    pub cos: [f32; ROOM],
    pub sin: [f32; ROOM],
    pub weight: [f32; ROOM],
    pub outline: [f32; 16],
    pub kind: [u8; ROOM],
    pub depth: [f32; ROOM],
}

impl Points {
    pub fn new() -> Self {
        Points {
            n: 0,
            padded: 0,
            x: [0.0; ROOM],
            y: [0.0; ROOM],
            angle: [0; ROOM],
            cos: [0.0; ROOM],
            sin: [0.0; ROOM],
            weight: [0.0; ROOM],
            outline: [0.0; 16],
            kind: [0; ROOM],
            depth: [0.0; ROOM],
        }
    }

    #[inline(always)]
    pub fn load(&mut self, view: &PreparedView<'_>, nowhere: f32) {
        self.n = view.minutiae.len().min(ROOM - 1);
        self.padded = self.n.next_multiple_of(LANES).min(ROOM);
        for (k, m) in view.minutiae.iter().take(self.n).enumerate() {
            self.x[k] = f32::from(m.x);
            self.y[k] = f32::from(m.y);
            self.angle[k] = i32::from(m.angle) << 8;
            self.cos[k] = trigonometry::cos(m.angle);
            self.sin[k] = trigonometry::sin(m.angle);
            self.weight[k] = if m.weight == 0 { 0.5 } else { f32::from(m.weight.min(100)) / 100.0 };
            self.kind[k] = m.kind;
            self.depth[k] = f32::from(m.depth);
        }
        for k in self.n..self.padded {
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

/// The signed difference of two angles in 1/65536 turn, as 1/256 turn.
#[inline(always)]
pub(super) fn turn(a: i32, b: i32) -> f32 {
    (((a - b) << 16) >> 16) as f32 * (1.0 / 256.0)
}
