//! Named sub-scores of an alignment, and the one score made of them.

use super::{
    correspondences::Correspondences,
    pairing::{NONE, Pairing},
    points::{Column, Points, turn},
    trigonometry,
};

/// How many sub-scores there are.
pub const SUBSCORES: usize = 24;
/// What the sub-scores are called.
pub const NAMES: [&str; SUBSCORES] = [
    "pairs",
    "fit",
    "common_a",
    "common_b",
    "share",
    "share_least",
    "similarity",
    "similarity_sum",
    "offset",
    "swing",
    "chance",
    "surprise",
    "strength",
    "common_area",
    "minutiae_least",
    "minutiae_most",
    "same_kind",
    "stretch",
    "second",
    "evidence",
    "deep_pairs",
    "edges",
    "quality",
    "unpaired",
];

/// Area of an outline given by its reach in 16 directions.
#[inline(always)]
fn area(outline: &[f32; 16]) -> f32 {
    let (c, s) = (trigonometry::cos(16), trigonometry::sin(16));
    let mut sum = 0f32;
    for k in 0..16 {
        let h = outline[k];
        let edge = (outline[(k + 1) & 15] + outline[(k + 15) & 15] - 2.0 * h * c) / s;
        sum += h * edge.max(0.0);
    }
    0.5 * sum
}

/// How far (x, y) lies inside an outline; negative outside.
#[inline(always)]
fn inside(outline: &[f32; 16], x: f32, y: f32) -> f32 {
    let mut least = 1e9f32;
    for k in 0..16u8 {
        let reach = outline[k as usize] - (x * trigonometry::cos(k * 16) + y * trigonometry::sin(k * 16));
        least = least.min(reach);
    }
    least
}

pub(super) struct Evidence {
    pub strength: f32,
    pub second: f32,
}

/// The sub-scores of a refined pairing.
#[inline(always)]
pub(super) fn subscores(
    a: &Points,
    b: &Points,
    pairing: &Pairing,
    back: (&Column<f32>, &Column<f32>),
    c: &Correspondences,
    e: &Evidence,
) -> [f32; SUBSCORES] {
    let mut f = [0f32; SUBSCORES];
    let (area_a, area_b) = (area(&a.outline).max(2000.0), area(&b.outline).max(2000.0));
    let margin = -6.0;
    let mut common_a = 0f32;
    let mut common_b = 0f32;
    let mut unpaired = 0f32;
    let mut taken = [false; 256];
    let mut pairs = 0f32;
    let mut fit = 0f32;
    let mut similarity = 0f32;
    let mut offset = 0f32;
    let mut swing = 0f32;
    let mut kinds = 0f32;
    let mut evidence = 0f32;
    let mut deep = 0f32;
    let mut quality = 0f32;
    let mut edges = 0f32;
    let density_b = b.n as f32 / area_b;
    let density_a = a.n as f32 / area_a;
    let density = (density_a * density_b).sqrt();
    // A pair by chance: the other minutia anywhere in the disc, any way in the swing.
    let (s2, t2) = (5.5f32 * 5.5, 7.5f32 * 7.5);
    let normal = 1.0 / (2.0 * core::f32::consts::PI * s2 * 2.5066 * t2.sqrt());
    let odds = (normal * 256.0 / density.max(1e-6)).max(1e-3);
    let log_odds = ln(odds);
    for i in 0..a.n {
        let depth = inside(&b.outline, pairing.x[i], pairing.y[i]);
        if depth > margin {
            common_a += 1.0;
        }
        let j = pairing.mate[i];
        if j == NONE {
            if depth > 8.0 {
                unpaired += a.weight[i];
            }
            continue;
        }
        let j = j as usize;
        taken[j] = true;
        let (dx, dy) = (b.x[j] - pairing.x[i], b.y[j] - pairing.y[i]);
        let d2 = dx * dx + dy * dy;
        let aligned = pairing.cos[i] * b.cos[j] + pairing.sin[i] * b.sin[j];
        // Squared, in 1/256 turn, for small angles.
        let t2_ = (2.0 - 2.0 * aligned).max(0.0) * (40.74 * 40.74);
        pairs += 1.0;
        fit += 1.0 - pairing.cost[i];
        similarity += c.similarity(i, j);
        offset += d2;
        swing += t2_;
        if a.kind[i] != 0 && b.kind[j] != 0 {
            kinds += if a.kind[i] == b.kind[j] { 1.0 } else { -1.0 };
        }
        evidence += log_odds - 0.5 * d2 / s2 - 0.5 * t2_ / t2;
        deep += a.depth[i].min(b.depth[j]).min(20.0) * 0.05;
        quality += (a.weight[i] * b.weight[j]).sqrt();
        // Agreement with the other pairs near by.
        for k in 0..i {
            let l = pairing.mate[k];
            if l == NONE {
                continue;
            }
            let l = l as usize;
            let (ux, uy) = (a.x[k] - a.x[i], a.y[k] - a.y[i]);
            let d2 = ux * ux + uy * uy;
            if d2 < 120.0 * 120.0 {
                let (vx, vy) = (b.x[l] - b.x[j], b.y[l] - b.y[j]);
                let d = d2.sqrt() - (vx * vx + vy * vy).sqrt();
                let t = turn(a.angle[k] - a.angle[i], b.angle[l] - b.angle[j]);
                edges += (1.0 - d * d * (1.0 / 100.0)).max(0.0) * (1.0 - t * t * (1.0 / 200.0)).max(0.0);
            }
        }
    }
    for j in 0..b.n {
        let depth = inside(&a.outline, back.0[j], back.1[j]);
        if depth > margin {
            common_b += 1.0;
        }
        if !taken[j] && depth > 8.0 {
            unpaired += b.weight[j];
        }
    }
    let m = pairs.max(1e-3);
    // The outline of the first print moved is not kept; its share is taken from the minutiae in common.
    let (na, nb) = (a.n.max(1) as f32, b.n.max(1) as f32);
    let (ca, cb) = (common_a.max(pairs).max(1.0), common_b.max(pairs).max(1.0));
    let chance = ca * cb / (0.5 * (ca / na * area_a + cb / nb * area_b)).max(2000.0)
        * (core::f32::consts::PI * 144.0)
        * (32.0 / 256.0)
        * 0.6;
    f[0] = pairs;
    f[1] = fit;
    f[2] = ca.min(cb);
    f[3] = ca.max(cb);
    f[4] = pairs / (ca * cb).sqrt();
    f[5] = pairs / ca.min(cb);
    f[6] = similarity / m;
    f[7] = similarity;
    f[8] = offset / m;
    f[9] = swing / m;
    f[10] = chance;
    f[11] = if pairs > chance { pairs * ln(pairs / chance.max(0.05)) - (pairs - chance) } else { 0.0 };
    f[12] = e.strength;
    f[13] = (ca / na).min(cb / nb);
    f[14] = na.min(nb);
    f[15] = na.max(nb);
    f[16] = kinds;
    f[17] = 0.0;
    f[18] = e.second;
    f[19] = evidence;
    f[20] = deep;
    f[21] = edges;
    f[22] = quality;
    f[23] = unpaired;
    f
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
