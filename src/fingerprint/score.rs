//! Named sub-scores of an alignment, and the one score made of them.
//!
//! What tells a genuine alignment from the best that chance offers: how many pairs, against how many each print has where both saw skin
//! (`share`), and within the pairs' own outline (`inner_share`); how close in place and direction; how alike the neighbourhoods, and whether more
//! alike than to any other (`distinct`); how many chance would have paired at this density (`chance`, `surprise`); whether pairs near each other agree
//! in distance and direction (`edges`, `linked`); whether they are away from the border (`deep_pairs`), where false minutiae line up along the edge of
//! the print; whether the runner-up looks as good (`second_glance`); how far the skin had to be bent (`stretch`).

use super::{
    correspondences::Correspondences,
    model::Model,
    pairing::{NONE, Pairing},
    parameters as p,
    points::{Column, Points, turn},
    trigonometry,
};
use crate::simd::{LANES, Lanes, Reals};

/// How many sub-scores there are.
pub const SUBSCORES: usize = 32;

/// What the sub-scores are called.
pub const NAMES: [&str; SUBSCORES] = [
    "pairs",
    "fit",
    "common_least",
    "common_most",
    "share",
    "share_least",
    "similarity",
    "similarity_sum",
    "offset",
    "swing",
    "chance",
    "surprise",
    "strength",
    "overlap",
    "minutiae_least",
    "minutiae_most",
    "same_kind",
    "stretch",
    "second_glance",
    "evidence",
    "deep_pairs",
    "edges",
    "edges_per_pair",
    "pair_quality",
    "unpaired",
    "inner_share",
    "inner",
    "distinct",
    "spread",
    "linked",
    "alike",
    "glance",
];

/// The outline of the pairs, and other shapes: reach in 16 directions.
pub(super) type Outline = [f32; 16];

/// Area of an outline.
#[inline(always)]
pub(super) fn area(outline: &Outline) -> f32 {
    let (c, s) = (trigonometry::cos(16), trigonometry::sin(16));
    let mut sum = 0f32;
    for k in 0..16 {
        let h = outline[k];
        let edge = (outline[(k + 1) & 15] + outline[(k + 15) & 15] - 2.0 * h * c) / s;
        sum += h * edge.max(0.0);
    }
    0.5 * sum
}

/// How far each point lies inside an outline; negative outside.
#[inline(always)]
fn inside<L: Lanes>(outline: &Outline, x: &Column<f32>, y: &Column<f32>, n: usize, to: &mut Column<f32>) {
    for k in 0..n.div_ceil(LANES) {
        let (x, y) = (L::F::load(&x.0[k]), L::F::load(&y.0[k]));
        let mut least = L::F::splat(1e9);
        for (direction, &reach) in outline.iter().enumerate() {
            let (c, s) = (trigonometry::cos(direction as u8 * 16), trigonometry::sin(direction as u8 * 16));
            least = least.least(L::F::splat(reach) - (x * L::F::splat(c) + y * L::F::splat(s)));
        }
        least.store(&mut to.0[k]);
    }
}

/// What the earlier stages know of an alignment.
pub(super) struct Evidence {
    pub strength: f32,
    pub first: f32,
    pub second: f32,
    pub stretch: f32,
}

/// Room for what the sub-scores are computed in.
pub(super) struct Depths {
    a: Column<f32>,
    b: Column<f32>,
    inner_a: Column<f32>,
    inner_b: Column<f32>,
}

impl Depths {
    pub fn new() -> Self {
        Depths { a: Column::of(0.0), b: Column::of(0.0), inner_a: Column::of(0.0), inner_b: Column::of(0.0) }
    }
}

/// One pair, gathered.
#[derive(Clone, Copy, Default)]
struct Pair {
    ax: f32,
    ay: f32,
    bx: f32,
    by: f32,
    a: i32,
    b: i32,
}

/// The sub-scores of a refined pairing; `back` is the second print laid over the first.
#[inline(always)]
pub(super) fn subscores<L: Lanes>(
    a: &Points,
    b: &Points,
    pairing: &Pairing,
    back: &(Column<f32>, Column<f32>),
    c: &Correspondences,
    e: &Evidence,
    depths: &mut Depths,
) -> [f32; SUBSCORES] {
    let (area_a, area_b) = (area(&a.outline).max(2000.0), area(&b.outline).max(2000.0));
    inside::<L>(&b.outline, &pairing.x, &pairing.y, a.n, &mut depths.a);
    inside::<L>(&a.outline, &back.0, &back.1, b.n, &mut depths.b);
    // The pairs' own outline, in the second print's frame.
    let mut hull = [-1e6f32; 16];
    let mut taken = [false; 256];
    let mut list = [Pair::default(); 256];
    let mut m = 0;
    let density = (a.n as f32 / area_a * (b.n as f32 / area_b)).sqrt();
    let (s2, t2) = (5.5f32 * 5.5, 7.5f32 * 7.5);
    // A pair by chance: the other minutia anywhere, any way.
    let normal = 1.0 / (2.0 * core::f32::consts::PI * s2 * 2.5066 * 7.5);
    let log_odds = ln((normal * 256.0 / density.max(1e-6)).max(1e-3));
    let (mut fit, mut similarity, mut offset, mut swing, mut kinds) = (0f32, 0f32, 0f32, 0f32, 0f32);
    let (mut evidence, mut deep, mut quality, mut distinct, mut alike) = (0f32, 0f32, 0f32, 0f32, 0f32);
    for i in 0..a.n {
        let j = pairing.mate[i];
        if j == NONE {
            continue;
        }
        let j = j as usize;
        taken[j] = true;
        let (dx, dy) = (b.x[j] - pairing.x[i], b.y[j] - pairing.y[i]);
        let d2 = dx * dx + dy * dy;
        let aligned = pairing.cos[i] * b.cos[j] + pairing.sin[i] * b.sin[j];
        // Squared, in 1/256 turn, for small angles.
        let turned2 = (2.0 - 2.0 * aligned).max(0.0) * (40.74 * 40.74);
        let like = c.similarity(i, j);
        fit += 1.0 - pairing.cost[i];
        similarity += like;
        alike += (like - 0.25).max(0.0) * (1.0 - pairing.cost[i]);
        distinct += if like >= c.row_best(i) - 0.02 || like >= c.column_best(j) - 0.02 { 1.0 } else { 0.0 };
        offset += d2;
        swing += turned2;
        if a.kind[i] != 0 && b.kind[j] != 0 {
            kinds += if a.kind[i] == b.kind[j] { 1.0 } else { -1.0 };
        }
        evidence += log_odds - 0.5 * d2 / s2 - 0.5 * turned2 / t2;
        deep += a.depth[i].min(b.depth[j]).min(20.0) * 0.05;
        quality += (a.weight[i] * b.weight[j]).sqrt();
        for (direction, reach) in hull.iter_mut().enumerate() {
            let (c, s) = (trigonometry::cos(direction as u8 * 16), trigonometry::sin(direction as u8 * 16));
            *reach = reach.max(b.x[j] * c + b.y[j] * s);
        }
        list[m] = Pair { ax: a.x[i], ay: a.y[i], bx: b.x[j], by: b.y[j], a: a.angle[i], b: b.angle[j] };
        m += 1;
    }
    let pairs = m as f32;
    // Agreement of pairs near by.
    let mut edges = 0f32;
    let mut links = [0u8; 256];
    for k in 1..m {
        for l in 0..k {
            let (p_, q_) = (&list[k], &list[l]);
            let (ux, uy) = (p_.ax - q_.ax, p_.ay - q_.ay);
            let d2 = ux * ux + uy * uy;
            if d2 < 120.0 * 120.0 {
                let (vx, vy) = (p_.bx - q_.bx, p_.by - q_.by);
                let d = d2.sqrt() - (vx * vx + vy * vy).sqrt();
                let t = turn(p_.a - q_.a, p_.b - q_.b);
                let agreement = (1.0 - d * d * (1.0 / 100.0)).max(0.0) * (1.0 - t * t * (1.0 / 200.0)).max(0.0);
                edges += agreement;
                if agreement > 0.4 {
                    links[k] += 1;
                    links[l] += 1;
                }
            }
        }
    }
    let linked = links[..m].iter().filter(|l| **l >= 2).count() as f32;
    let (mut inner_a, mut inner_b) = (pairs, pairs);
    let (mut common_a, mut common_b, mut unpaired) = (0f32, 0f32, 0f32);
    if m > 0 {
        inside::<L>(&hull, &pairing.x, &pairing.y, a.n, &mut depths.inner_a);
        inside::<L>(&hull, &b.x, &b.y, b.n, &mut depths.inner_b);
    }
    let (margin, deep_inside) = (-6.0, 8.0);
    for i in 0..a.n {
        let free = pairing.mate[i] == NONE;
        common_a += if depths.a[i] > margin { 1.0 } else { 0.0 };
        unpaired += if free && depths.a[i] > deep_inside { a.weight[i] } else { 0.0 };
        inner_a += if free && m > 0 && depths.inner_a[i] > 0.0 { 1.0 } else { 0.0 };
    }
    for j in 0..b.n {
        let free = !taken[j];
        common_b += if depths.b[j] > margin { 1.0 } else { 0.0 };
        unpaired += if free && depths.b[j] > deep_inside { b.weight[j] } else { 0.0 };
        inner_b += if free && m > 0 && depths.inner_b[j] > 0.0 { 1.0 } else { 0.0 };
    }
    let some = pairs.max(1e-3);
    let (na, nb) = (a.n.max(1) as f32, b.n.max(1) as f32);
    let (ca, cb) = (common_a.max(pairs).max(1.0), common_b.max(pairs).max(1.0));
    let common_area = (0.5 * (ca / na * area_a + cb / nb * area_b)).max(2000.0);
    let chance = ca * cb / common_area * (core::f32::consts::PI * 144.0) * (32.0 / 256.0) * 0.6;
    let surprise = if pairs > chance { pairs * ln(pairs / chance.max(0.05)) - (pairs - chance) } else { 0.0 };
    [
        pairs,
        fit,
        ca.min(cb),
        ca.max(cb),
        pairs / (ca * cb).sqrt(),
        pairs / ca.min(cb),
        similarity / some,
        similarity.max(0.0),
        (offset / some).min(200.0),
        (swing / some).min(300.0),
        chance,
        surprise,
        e.strength,
        (ca / na).min(cb / nb),
        na.min(nb),
        na.max(nb),
        kinds / (pairs + 2.0),
        e.stretch,
        e.second,
        evidence.max(0.0),
        deep,
        edges,
        edges / some,
        quality,
        unpaired,
        pairs / (inner_a * inner_b).sqrt().max(1.0),
        inner_a.min(inner_b),
        distinct,
        if m > 0 { area(&hull).max(0.0).sqrt() } else { 0.0 },
        linked,
        alike,
        e.first,
    ]
}

/// What the model sees: counts and sums by their logarithm.
#[inline(always)]
pub(super) fn features(subscores: &[f32; SUBSCORES]) -> [f32; SUBSCORES] {
    /// Those that are shares or means stay as they are.
    const PLAIN: u32 = 1 << 4 | 1 << 5 | 1 << 6 | 1 << 13 | 1 << 16 | 1 << 25;
    let mut features = *subscores;
    for (k, feature) in features.iter_mut().enumerate() {
        if PLAIN >> k & 1 == 0 {
            *feature = ln(1.0 + feature.max(0.0));
        }
    }
    features
}

/// Where the glance stands among the sub-scores, and the smaller number of minutiae.
pub(super) const GLANCE: usize = 31;
pub(super) const LEAST: usize = 14;

/// The score of what was rejected at a glance, or has no pair: below 1.
#[inline(always)]
pub(super) fn rejected(subscores: &[f32; SUBSCORES]) -> f32 {
    let least = subscores[LEAST].max(1.0).sqrt();
    (subscores[GLANCE] / (least * p::PROMISING)).clamp(0.0, 1.0) * 0.99
}

/// The score of sub-scores: at least 1.
#[inline(always)]
pub(super) fn score<L: Lanes>(subscores: &[f32; SUBSCORES], model: &Model) -> f32 {
    (10.0 + model.logit::<L>(&features(subscores))).max(1.0)
}

/// The natural logarithm of a positive number, to 1e-6 relative of its size; the same bits everywhere.
#[inline(always)]
pub(super) fn ln(x: f32) -> f32 {
    let bits = x.max(1e-30).to_bits();
    let exponent = ((bits >> 23) as i32 - 127) as f32;
    let mantissa = f32::from_bits((bits & 0x7f_ffff) | 0x3f80_0000);
    // 2·atanh((m − 1) / (m + 1)).
    let z = (mantissa - 1.0) / (mantissa + 1.0);
    let s = z * z;
    exponent * core::f32::consts::LN_2 + 2.0 * z * (1.0 + s * (1.0 / 3.0 + s * (0.2 + s * (1.0 / 7.0 + s / 9.0))))
}
