//! Which candidate pairs agree with each other: relaxation over pairwise compatibility.
//!
//! # Problem
//! Of 64 candidate pairs between prints of one finger, 10 to 40 are right; between prints of different fingers, none. The right ones can
//! be told by their company: two right pairs suggest the same turn, and laid over each other by it, the same shift.
//!
//! # Method
//! The compatibility of two pairs falls from 1 to 0 with the squared error in place, measured against a tolerance that grows with the
//! distance between them (skin stretches), and with the difference of their turns. The strength of a pair is then what a few rounds of power iteration
//! give: each pair is as strong as it looks alike times the strength of those it is compatible with. The strongest pair seeds an
//! alignment with its company by least squares; the strongest that was in no company seeds the next, sixteen times.
//!
//! # Cost
//! 64 × 64 compatibilities in 4 × 64 steps of sixteen lanes: 1.5 µs; a seed 0.05 µs.
//!
//! # Source
//! Tico and Kuosmanen 2003, Feng 2008; Leordeanu and Hebert, *A spectral technique for correspondence problems using pairwise constraints*, 2005.

use super::{
    alignment::{Moments, Rigid},
    correspondences::{Correspondences, MOST},
    parameters as p,
    points::Points,
};
use crate::simd::{Integers, LANES, Lanes, Reals};

const BLOCKS: usize = MOST / LANES;

/// One number per candidate pair.
type Candidates<T> = [[T; LANES]; BLOCKS];

/// The candidate pairs spread out, how well each two agree, and how strongly each is held.
pub(super) struct Consistency {
    matrix: Vec<Candidates<f32>>,
    strength: Candidates<f32>,
    similarity: Candidates<f32>,
    ax: Candidates<f32>,
    ay: Candidates<f32>,
    bx: Candidates<f32>,
    by: Candidates<f32>,
    /// Of the turn from one direction to the other.
    cos: Candidates<f32>,
    sin: Candidates<f32>,
    /// The strengths of those that no seed has used.
    open: Candidates<f32>,
}

impl Consistency {
    pub fn new() -> Self {
        let none = [[0.0; LANES]; BLOCKS];
        Consistency {
            matrix: vec![none; MOST],
            strength: none,
            similarity: none,
            ax: none,
            ay: none,
            bx: none,
            by: none,
            cos: none,
            sin: none,
            open: none,
        }
    }

    #[inline(always)]
    pub fn relax<L: Lanes>(&mut self, c: &Correspondences, a: &Points, b: &Points) {
        let n = c.count;
        // Gathered per pair.
        let mut ax = [[0f32; LANES]; BLOCKS];
        let mut ay = [[0f32; LANES]; BLOCKS];
        let mut bx = [[0f32; LANES]; BLOCKS];
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
        let (zero, unit, half) = (real(0.0), real(1.0), real(0.5));
        for one in 0..n.min(MOST) {
            let (block, lane) = (one / LANES, one % LANES);
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
                let tolerance = real(p::DISAGREEMENT.0) + real(p::DISAGREEMENT.1) * apart;
                let fit = (unit - error / tolerance).most(zero);
                let turned = unit - (unit - (pcos * qcos + psin * qsin)) * real(1.0 / p::DISAGREEMENT_TURN);
                let value = fit * turned.most(zero);
                // Pairs close together agree too easily.
                let far = half + half * (apart * real(1.0 / p::CLOSE)).least(unit);
                let value = L::I::load(&first[q]).where_differs(pfirst, value * far);
                let value = L::I::load(&second[q]).where_differs(psecond, value);
                let value = L::I::load(&second[q]).where_differs(L::I::splat(-1), value);
                value.store(&mut self.matrix[one][q]);
            }
        }
        for _ in 0..p::ROUNDS {
            let mut next = [zero; BLOCKS];
            for one in 0..n.min(MOST) {
                let mine = real(strength[one / LANES][one % LANES]);
                for q in 0..BLOCKS {
                    next[q] = next[q] + mine * L::F::load(&self.matrix[one][q]);
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
        self.open = strength;
        (self.ax, self.ay, self.bx, self.by) = (ax, ay, bx, by);
        (self.cos, self.sin, self.similarity) = (cos, sin, similarity);
    }

    /// The strongest candidate that no seed has used, with those that agree with it: a turn and a shift, and how much alike
    /// they are together.
    #[inline(always)]
    pub fn seed<L: Lanes>(&mut self) -> Option<(Rigid, f32)> {
        // Strength and place in one number, negated, so that the least is the strongest and the first of its kind.
        let mut least = L::I::splat(0);
        let mut places = [0i32; LANES];
        places.iter_mut().enumerate().for_each(|(k, place)| *place = (MOST - 1 - k) as i32);
        let places = L::I::load(&places);
        for (k, block) in self.open.iter().enumerate() {
            let key = (L::F::load(block).bits() & L::I::splat(!(MOST as i32 - 1)))
                | (places - L::I::splat((k * LANES) as i32));
            least = least.least(L::I::splat(0) - key);
        }
        let key = -least.least_lane();
        if key < MOST as i32 {
            return None;
        }
        let root = MOST - 1 - (key as usize & (MOST - 1));
        self.matrix[root][root / LANES][root % LANES] = 1.0;
        let zero = L::F::splat(0.0);
        let mut sums = [zero; 10];
        for k in 0..BLOCKS {
            let compatible = L::F::load(&self.matrix[root][k]);
            let w = compatible * (L::F::load(&self.strength[k]) + L::F::splat(0.01));
            let (ax, ay) = (L::F::load(&self.ax[k]), L::F::load(&self.ay[k]));
            let (bx, by) = (L::F::load(&self.bx[k]), L::F::load(&self.by[k]));
            let terms = [
                w,
                w * ax,
                w * ay,
                w * bx,
                w * by,
                w * (ax * bx + ay * by),
                w * (ay * bx - ax * by),
                w * L::F::load(&self.cos[k]),
                w * L::F::load(&self.sin[k]),
                compatible * L::F::load(&self.similarity[k]),
            ];
            for (sum, term) in sums.iter_mut().zip(terms) {
                *sum = *sum + term;
            }
            let open = L::F::load(&self.open[k]);
            (open - compatible.bits().where_differs(L::I::splat(0), open)).store(&mut self.open[k]);
        }
        self.matrix[root][root / LANES][root % LANES] = 0.0;
        let [w, ax, ay, bx, by, dot, cross, cos, sin, alike] = sums.map(|sum| sum.sum());
        Some((Moments { w, ax, ay, bx, by, dot, cross, cos, sin }.solve(), alike))
    }
}
