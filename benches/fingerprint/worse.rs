//! Prints made worse: what a network has to see so that it does not lean on how clean its sets are.
//!
//! Part of the print is missing, minutiae are missed or invented, places and angles shake, and what an extractor may not report
//! is left out. Other sensors and extractors differ in just these ways.

use super::random::Random;
use vantay::template::{Minutia, MinutiaKind, MinutiaeTemplate};

/// At most this share of the minutiae is missed.
const MISSED: f32 = 0.3;
/// At most this share is invented.
const INVENTED: f32 = 0.15;
/// How often a side of the print is missing, and the least that stays.
const CROPPED: f32 = 0.5;
const LEFT: f32 = 0.5;
/// How far places shake at most, in pixels; angles by half as many steps again.
const SHAKE: f32 = 3.0;
/// How often types and qualities are not reported.
const BARE: f32 = 0.3;

/// A worse impression of the same finger; the same for the same seed.
pub fn worse(template: &MinutiaeTemplate, seed: u64) -> MinutiaeTemplate {
    let mut random = Random::new(seed);
    let minutiae = template.minutiae();
    let missed = MISSED * random.uniform();
    let (sine, cosine) = (std::f32::consts::TAU * random.uniform()).sin_cos();
    let across: Vec<f32> = minutiae.iter().map(|m| cosine * f32::from(m.x) + sine * f32::from(m.y)).collect();
    let left = if random.uniform() < CROPPED { LEFT + 0.4 * random.uniform() } else { 1.0 };
    let mut sorted = across.clone();
    sorted.sort_by(f32::total_cmp);
    let edge = sorted.get((sorted.len() as f32 * left) as usize).copied().unwrap_or(f32::INFINITY);
    let shake = SHAKE * random.uniform();
    let bare = random.uniform() < BARE;
    let mut kept = Vec::new();
    for (m, across) in minutiae.iter().zip(across) {
        if random.uniform() < missed || across >= edge {
            continue;
        }
        let x = f32::from(m.x) + shake * random.normal();
        let y = f32::from(m.y) + shake * random.normal();
        let angle = i32::from(m.angle) + (1.5 * shake * random.normal()).round() as i32;
        let kind = if bare || random.uniform() < 0.1 { MinutiaKind::Other } else { m.kind() };
        let quality = if bare { None } else { m.quality() };
        kept.push(Minutia::new(x.round() as i16, y.round() as i16, angle as u8, kind, quality));
    }
    if kept.len() > 3 {
        for _ in 0..(INVENTED * random.uniform() * kept.len() as f32) as usize {
            // Somewhere between two of the others.
            let mut any = || kept[(random.uniform() * kept.len() as f32) as usize % kept.len()];
            let (a, b) = (any(), any());
            let mut between = |a: i16, b: i16| ((f32::from(a) + f32::from(b)) / 2.0 + 12.0 * random.normal()) as i16;
            let (x, y) = (between(a.x, b.x), between(a.y, b.y));
            kept.push(Minutia::new(x, y, (256.0 * random.uniform()) as u8, a.kind(), a.quality()));
        }
    }
    let (position, impression) = (template.position(), template.impression());
    MinutiaeTemplate::new(position, impression, template.quality(), template.size(), kept)
        .unwrap_or_else(|_| template.clone())
}
