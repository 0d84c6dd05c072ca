//! How good an alignment looks before any pairing is made.
//!
//! Each minutia of the second print, laid back over the first, takes the best of all minutiae there: near, the same way, and alike. The
//! sum over all is the glance. Not one to one, so a little generous, but free of bookkeeping: eleven operations for sixteen cells.

use super::{
    alignment::Rigid,
    correspondences::Correspondences,
    points::{Column, Points},
};
use crate::simd::{Lanes, Reals};

/// What the glances of one comparison share.
pub(super) struct Glance {
    ax: Column<f32>,
    ay: Column<f32>,
    acos: Column<f32>,
    asin: Column<f32>,
    inverse: f32,
    room: f32,
}

impl Glance {
    pub fn new() -> Self {
        Glance {
            ax: Column::of(0.0),
            ay: Column::of(0.0),
            acos: Column::of(0.0),
            asin: Column::of(0.0),
            inverse: 0.0,
            room: 0.0,
        }
    }

    /// Scales the first print so that `reach` pixels are one, and directions so that `swing` radians are.
    #[inline(always)]
    pub fn prepare<L: Lanes>(&mut self, a: &Points, reach: f32, swing: f32) {
        self.inverse = 1.0 / reach;
        let stiff = 2.0 / (swing * swing);
        self.room = 1.0 - stiff;
        let (inverse, stiff) = (L::F::splat(self.inverse), L::F::splat(stiff));
        for k in 0..a.blocks {
            (L::F::load(&a.x.0[k]) * inverse).store(&mut self.ax.0[k]);
            (L::F::load(&a.y.0[k]) * inverse).store(&mut self.ay.0[k]);
            (L::F::load(&a.cos.0[k]) * stiff).store(&mut self.acos.0[k]);
            (L::F::load(&a.sin.0[k]) * stiff).store(&mut self.asin.0[k]);
        }
    }

    /// How good `rigid` looks.
    #[inline(always)]
    pub fn at<L: Lanes>(&self, rigid: &Rigid, a: &Points, b: &Points, c: &Correspondences) -> f32 {
        let inverse = L::F::splat(self.inverse);
        let (cos, sin) = (L::F::splat(rigid.cos), L::F::splat(rigid.sin));
        let (sx, sy) = (L::F::splat(rigid.x), L::F::splat(rigid.y));
        let room = L::F::splat(self.room);
        let mut sum = L::F::splat(0.0);
        for k in 0..b.blocks {
            let (x, y) = (L::F::load(&b.x.0[k]) - sx, L::F::load(&b.y.0[k]) - sy);
            let (bx, by) = ((cos * x - sin * y) * inverse, (cos * y + sin * x) * inverse);
            let (x, y) = (L::F::load(&b.cos.0[k]), L::F::load(&b.sin.0[k]));
            let (bcos, bsin) = (cos * x + sin * y, cos * y - sin * x);
            let mut most = L::F::splat(0.0);
            for i in 0..a.n {
                let (dx, dy) = (bx - L::F::splat(self.ax[i]), by - L::F::splat(self.ay[i]));
                let aligned = bcos * L::F::splat(self.acos[i]) + bsin * L::F::splat(self.asin[i]);
                let fit = room + aligned - (dx * dx + dy * dy);
                most = most.most(fit * L::F::load(c.likeness(i, k)));
            }
            sum = sum + most;
        }
        sum.sum()
    }
}
