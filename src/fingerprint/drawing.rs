//! A comparison as a picture: both prints side by side, as SVG.
//!
//! Minutiae are dots with a stroke in their direction: paired ones green and numbered alike on both sides, unpaired ones red inside the
//! common area and grey outside it. The common area is shaded. The picture shows persons' templates: it belongs to whoever may see them.

use super::Explanation;
use crate::template::{Minutia, MinutiaKind, MinutiaeTemplate};
use std::fmt::Write;

const MARGIN: f32 = 24.0;
const HEAD: f32 = 34.0;

/// Draws both prints of a comparison, the first on the left, with pairs, unpaired minutiae and the common area.
///
/// `explanation` is what [`Comparer::explain`](super::Comparer::explain) said of the same two templates.
///
/// ```
/// use vantay::{fingerprint::{Comparer, drawing}, simd::Level};
/// use vantay::template::{FingerPosition, Impression, Minutia, MinutiaKind, MinutiaeTemplate};
///
/// let minutiae = (0..20i16).map(|k| Minutia::new(20 + k * 37 % 200, 30 + k * 53 % 260, (k * 41) as u8, MinutiaKind::Ending, None));
/// let print = MinutiaeTemplate::new(FingerPosition::UNKNOWN, Impression(0), None, (256, 320), minutiae.collect())?;
/// let explanation = Comparer::new(Level::best()).explain(&print, &print);
/// let svg = drawing::side_by_side(&print, &print, &explanation);
/// assert!(svg.starts_with("<svg") && svg.ends_with("</svg>\n"));
/// # Ok::<(), vantay::template::TemplateError>(())
/// ```
pub fn side_by_side(first: &MinutiaeTemplate, second: &MinutiaeTemplate, explanation: &Explanation) -> String {
    let area = explanation.common_area();
    let back: Vec<(f32, f32)> = area.iter().map(|p| explanation.place_back(*p)).collect();
    let (left, right) = (Frame::of(first), Frame::of(second));
    let width = left.width + right.width + 3.0 * MARGIN;
    let height = left.height.max(right.height) + 2.0 * MARGIN + HEAD;
    let mut svg = String::new();
    // Writing to a string cannot fail.
    let _ = writeln!(
        svg,
        r##"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.0} {height:.0}" width="{width:.0}" height="{height:.0}" font-family="sans-serif">
<rect width="100%" height="100%" fill="#fff"/>
<text x="{MARGIN}" y="24" font-size="15" fill="#222">score {:.2} · {} pairs · turned {:.0}° · shifted {:.0}, {:.0} px</text>"##,
        explanation.score(),
        explanation.pairs().len(),
        explanation.rotation(),
        explanation.shift().0,
        explanation.shift().1,
    );
    let numbers = |of: fn(&(usize, usize)) -> usize, n: usize| {
        let mut numbers = vec![None; n];
        for (number, pair) in explanation.pairs().iter().enumerate() {
            if let Some(slot) = numbers.get_mut(of(pair)) {
                *slot = Some(number + 1);
            }
        }
        numbers
    };
    let top = MARGIN + HEAD;
    draw(&mut svg, (MARGIN, top), &left, first, &numbers(|p| p.0, first.minutiae().len()), &back);
    let at = (left.width + 2.0 * MARGIN, top);
    draw(&mut svg, at, &right, second, &numbers(|p| p.1, second.minutiae().len()), area);
    svg.push_str("</svg>\n");
    svg
}

/// The part of a template's plane that is drawn.
struct Frame {
    x: f32,
    y: f32,
    width: f32,
    height: f32,
}

impl Frame {
    /// The image where its size is known and holds all minutiae, else the minutiae's own extent.
    fn of(template: &MinutiaeTemplate) -> Frame {
        let extent = |of: fn(&Minutia) -> i16, size: u16| {
            let least = template.minutiae().iter().map(of).min().unwrap_or(0);
            let most = template.minutiae().iter().map(of).max().unwrap_or(0);
            let (from, to) = (f32::from(least.min(if size > 0 { 0 } else { least })), f32::from(most));
            (from, (to - from).max(f32::from(size) - from).max(40.0))
        };
        let ((x, width), (y, height)) = (extent(|m| m.x, template.size().0), extent(|m| m.y, template.size().1));
        Frame { x, y, width, height }
    }
}

fn draw(
    svg: &mut String,
    (left, top): (f32, f32),
    frame: &Frame,
    template: &MinutiaeTemplate,
    numbers: &[Option<usize>],
    area: &[(f32, f32)],
) {
    let _ = writeln!(
        svg,
        r##"<g transform="translate({left:.1} {top:.1})">
<rect width="{:.1}" height="{:.1}" fill="#fafafa" stroke="#999"/>"##,
        frame.width, frame.height
    );
    if area.len() > 2 {
        let corners: Vec<String> = area.iter().map(|p| format!("{:.1},{:.1}", p.0 - frame.x, p.1 - frame.y)).collect();
        let _ = writeln!(
            svg,
            r##"<polygon points="{}" fill="#cfe3f7" fill-opacity="0.5" stroke="#7aa7d6" stroke-dasharray="4 3"/>"##,
            corners.join(" ")
        );
    }
    for (minutia, number) in template.minutiae().iter().zip(numbers) {
        let (x, y) = (f32::from(minutia.x), f32::from(minutia.y));
        let colour = match number {
            Some(_) => "#0a7d32",
            None if holds(area, (x, y)) => "#c8321e",
            None => "#9a9a9a",
        };
        let (x, y) = (x - frame.x, y - frame.y);
        let angle = f32::from(minutia.angle) * (core::f32::consts::PI / 128.0);
        let (tx, ty) = (x + 11.0 * angle.cos(), y - 11.0 * angle.sin());
        let fill = if minutia.kind() == MinutiaKind::Bifurcation { colour } else { "#fff" };
        let _ = writeln!(
            svg,
            r##"<path d="M{x:.1} {y:.1}L{tx:.1} {ty:.1}" stroke="{colour}" stroke-width="1.4"/><circle cx="{x:.1}" cy="{y:.1}" r="3" fill="{fill}" stroke="{colour}" stroke-width="1.2"/>"##
        );
        if let Some(number) = number {
            let _ = writeln!(
                svg,
                r##"<text x="{:.1}" y="{:.1}" font-size="9" fill="#0a5a8a">{number}</text>"##,
                x + 4.0,
                y - 4.0
            );
        }
    }
    svg.push_str("</g>\n");
}

/// Whether a convex polygon holds a point.
fn holds(polygon: &[(f32, f32)], (x, y): (f32, f32)) -> bool {
    if polygon.len() < 3 {
        return false;
    }
    let sides = (0..polygon.len()).map(|k| {
        let (p, q) = (polygon[k], polygon[(k + 1) % polygon.len()]);
        (q.0 - p.0) * (y - p.1) - (q.1 - p.1) * (x - p.0)
    });
    let (mut left, mut right) = (false, false);
    for side in sides {
        left |= side > 0.0;
        right |= side < 0.0;
    }
    !(left && right)
}
