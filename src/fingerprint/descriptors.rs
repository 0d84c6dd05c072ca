//! The neighbourhood of each minutia as a vector of 64 small integers.

use super::{
    parameters as p,
    prepared::{DIMENSION, Descriptor, Stored},
    trigonometry,
};

/// Writes the descriptor of each of `minutiae` to `rows`.
pub(super) fn describe(minutiae: &[Stored], rows: &mut [Descriptor]) {
    let mut centres = Vec::new();
    for (radius, count) in p::RINGS {
        for k in 0..count {
            let angle = (k * 256 / count) as u8;
            let reach = p::BUMP.0 + p::BUMP.1 * radius;
            centres.push((radius * trigonometry::cos(angle), radius * trigonometry::sin(angle), 1.0 / (reach * reach)));
        }
    }
    for (m, row) in minutiae.iter().zip(rows) {
        let (c, s) = (trigonometry::cos(m.angle), trigonometry::sin(m.angle));
        let mut raw = [0f32; DIMENSION];
        for other in minutiae {
            let dx = f32::from(other.x) - f32::from(m.x);
            let dy = f32::from(other.y) - f32::from(m.y);
            let d2 = dx * dx + dy * dy;
            if d2 > 150.0 * 150.0 || std::ptr::eq(m, other) {
                continue;
            }
            let u = dx * c - dy * s;
            let v = dx * s + dy * c;
            let turn = other.angle.wrapping_sub(m.angle);
            let (tc, ts) = (trigonometry::cos(turn), trigonometry::sin(turn));
            for (k, &(x, y, inverse)) in centres.iter().enumerate() {
                let e = ((u - x) * (u - x) + (v - y) * (v - y)) * inverse;
                let bump = (1.0 - e).max(0.0);
                let bump = bump * bump;
                raw[3 * k] += 0.7 * (bump - 0.10);
                raw[3 * k + 1] += bump * tc;
                raw[3 * k + 2] += bump * ts;
            }
        }
        let norm = raw.iter().map(|v| v * v).sum::<f32>().sqrt().max(1e-3);
        for (value, raw) in row.iter_mut().zip(raw) {
            *value = (raw / norm * 256.0).clamp(-127.0, 127.0) as i8;
        }
    }
}
