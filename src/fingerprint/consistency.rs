//! Which candidate pairs agree with each other: relaxation over pairwise compatibility.

use super::{
    correspondences::{Correspondences, MOST},
    points::{LANES, Points, turn},
};

pub(super) struct Consistency {
    pub matrix: Vec<f32>,
    pub strength: [f32; MOST],
    pub padded: usize,
}

impl Consistency {
    pub fn new() -> Self {
        Consistency { matrix: vec![0.0; MOST * MOST], strength: [0.0; MOST], padded: 0 }
    }

    #[inline(always)]
    pub fn relax(&mut self, c: &Correspondences, a: &Points, b: &Points) {
        let n = c.count;
        let padded = n.next_multiple_of(LANES).min(MOST);
        self.padded = padded;
        // Gathered per pair.
        let mut ax = [0f32; MOST];
        let mut ay = [0f32; MOST];
        let mut bx = [1e7f32; MOST];
        let mut by = [0f32; MOST];
        let mut cos = [0f32; MOST];
        let mut sin = [0f32; MOST];
        let mut angle = [0i32; MOST];
        let mut first = [-1i32; MOST];
        let mut second = [-1i32; MOST];
        for k in 0..n {
            let (i, j) = (c.first[k] as usize, c.second[k] as usize);
            ax[k] = a.x[i];
            ay[k] = a.y[i];
            bx[k] = b.x[j];
            by[k] = b.y[j];
            cos[k] = a.cos[i] * b.cos[j] + a.sin[i] * b.sin[j];
            sin[k] = a.cos[i] * b.sin[j] - a.sin[i] * b.cos[j];
            angle[k] = b.angle[j] - a.angle[i];
            first[k] = i as i32;
            second[k] = j as i32;
        }
        for p in 0..n {
            let row = &mut self.matrix[p * MOST..p * MOST + padded];
            for (block, out) in row.chunks_exact_mut(LANES).enumerate() {
                let q = block * LANES;
                for lane in 0..LANES {
                    let q = q + lane;
                    let (dx, dy) = (ax[q] - ax[p], ay[q] - ay[p]);
                    let (ex, ey) = (bx[q] - bx[p], by[q] - by[p]);
                    let (co, si) = (0.5 * (cos[p] + cos[q]), 0.5 * (sin[p] + sin[q]));
                    let rx = co * dx + si * dy - ex;
                    let ry = co * dy - si * dx - ey;
                    let error = rx * rx + ry * ry;
                    let d2 = 0.5 * (dx * dx + dy * dy + ex * ex + ey * ey);
                    let tolerance = 90.0 + 0.02 * d2;
                    let t = turn(angle[p], angle[q]);
                    let fit = 1.0 - error / tolerance;
                    let turned = 1.0 - t * t * (1.0 / (20.0 * 20.0));
                    let value = fit.max(0.0) * turned.max(0.0);
                    let far = if d2 > 900.0 { 1.0 } else { 0.5 };
                    let other = (first[p] != first[q]) & (second[p] != second[q]);
                    out[lane] = if other { value * far } else { 0.0 };
                }
            }
        }
        let mut strength = [0f32; MOST];
        for k in 0..n {
            strength[k] = c.similarity[k].max(0.05);
        }
        for _ in 0..4 {
            let mut next = [0f32; MOST];
            for p in 0..n {
                let row = &self.matrix[p * MOST..p * MOST + padded];
                for q in 0..padded {
                    next[q] += strength[p] * row[q];
                }
            }
            let mut norm = 0f32;
            for k in 0..n {
                next[k] = (next[k] + 0.1 * strength[k]) * (0.3 + c.similarity[k].max(0.0));
                norm += next[k] * next[k];
            }
            let scale = 1.0 / norm.sqrt().max(1e-12);
            for k in 0..n {
                strength[k] = next[k] * scale;
            }
        }
        self.strength = strength;
    }
}
