//! Which candidate pairs agree with each other: relaxation over pairwise compatibility.

use super::{
    correspondences::{Correspondences, MOST},
    points::{NOWHERE, Points},
};
use crate::simd::{Integers, LANES, Lanes, Reals};

const BLOCKS: usize = MOST / LANES;

pub(super) struct Consistency {
    pub matrix: Vec<[[f32; LANES]; BLOCKS]>,
    pub strength: [[f32; LANES]; BLOCKS],
}

impl Consistency {
    pub fn new() -> Self {
        Consistency { matrix: vec![[[0.0; LANES]; BLOCKS]; MOST], strength: [[0.0; LANES]; BLOCKS] }
    }

    #[inline(always)]
    pub fn strength(&self, k: usize) -> f32 {
        self.strength[(k / LANES) % BLOCKS][k % LANES]
    }

    #[inline(always)]
    pub fn compatibility(&self, p: usize, q: usize) -> f32 {
        self.matrix[p][(q / LANES) % BLOCKS][q % LANES]
    }

    #[inline(always)]
    pub fn relax<L: Lanes>(&mut self, c: &Correspondences, a: &Points, b: &Points) {
        let n = c.count;
        // Gathered per pair.
        let mut ax = [[0f32; LANES]; BLOCKS];
        let mut ay = [[0f32; LANES]; BLOCKS];
        let mut bx = [[10.0 * NOWHERE; LANES]; BLOCKS];
        let mut by = [[0f32; LANES]; BLOCKS];
        let mut cos = [[0f32; LANES]; BLOCKS];
        let mut sin = [[0f32; LANES]; BLOCKS];
        let mut first = [[-1i32; LANES]; BLOCKS];
        let mut second = [[-1i32; LANES]; BLOCKS];
        let mut similarity = [[0f32; LANES]; BLOCKS];
        let mut strength = [[0f32; LANES]; BLOCKS];
        for k in 0..n.min(MOST) {
            let (i, j) = (c.first[k] as usize, c.second[k] as usize);
            let (block, lane) = (k / LANES, k % LANES);
            ax[block][lane] = a.x[i];
            ay[block][lane] = a.y[i];
            bx[block][lane] = b.x[j];
            by[block][lane] = b.y[j];
            cos[block][lane] = a.cos[i] * b.cos[j] + a.sin[i] * b.sin[j];
            sin[block][lane] = a.cos[i] * b.sin[j] - a.sin[i] * b.cos[j];
            first[block][lane] = i as i32;
            second[block][lane] = j as i32;
            similarity[block][lane] = c.similarity[k].max(0.0);
            strength[block][lane] = c.similarity[k].max(0.05);
        }
        let real = L::F::splat;
        let (zero, one, half) = (real(0.0), real(1.0), real(0.5));
        for p in 0..n.min(MOST) {
            let (block, lane) = (p / LANES, p % LANES);
            let (pax, pay, pbx, pby) =
                (real(ax[block][lane]), real(ay[block][lane]), real(bx[block][lane]), real(by[block][lane]));
            let (pcos, psin) = (real(cos[block][lane]), real(sin[block][lane]));
            let (pfirst, psecond) = (L::I::splat(first[block][lane]), L::I::splat(second[block][lane]));
            for q in 0..BLOCKS {
                let (dx, dy) = (L::F::load(&ax[q]) - pax, L::F::load(&ay[q]) - pay);
                let (ex, ey) = (L::F::load(&bx[q]) - pbx, L::F::load(&by[q]) - pby);
                let (qcos, qsin) = (L::F::load(&cos[q]), L::F::load(&sin[q]));
                let (co, si) = (half * (pcos + qcos), half * (psin + qsin));
                let rx = co * dx + si * dy - ex;
                let ry = co * dy - si * dx - ey;
                let error = rx * rx + ry * ry;
                let apart = dx * dx + dy * dy + ex * ex + ey * ey;
                let tolerance = real(90.0) + real(0.01) * apart;
                let fit = (one - error / tolerance).most(zero);
                // 1 − cos of the two turns' difference; 0.12 at 28°.
                let turned = one - (one - (pcos * qcos + psin * qsin)) * real(1.0 / 0.12);
                let value = fit * turned.most(zero);
                // Pairs close together agree too easily.
                let far = half + half * (apart * real(1.0 / 1800.0)).least(one);
                let value = L::I::load(&first[q]).where_differs(pfirst, value * far);
                let value = L::I::load(&second[q]).where_differs(psecond, value);
                value.store(&mut self.matrix[p][q]);
            }
        }
        for _ in 0..4 {
            let mut next = [zero; BLOCKS];
            for p in 0..n.min(MOST) {
                let mine = real(strength[p / LANES][p % LANES]);
                for q in 0..BLOCKS {
                    next[q] = next[q] + mine * L::F::load(&self.matrix[p][q]);
                }
            }
            let mut norm = zero;
            for q in 0..BLOCKS {
                next[q] = (next[q] + real(0.1) * L::F::load(&strength[q])) * (real(0.3) + L::F::load(&similarity[q]));
                norm = norm + next[q] * next[q];
            }
            let scale = real(1.0 / norm.sum().sqrt().max(1e-12));
            for q in 0..BLOCKS {
                (next[q] * scale).store(&mut strength[q]);
            }
        }
        self.strength = strength;
    }
}
