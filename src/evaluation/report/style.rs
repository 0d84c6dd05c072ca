//! One look for all plots: colours, type, frame, axes.
//!
//! Plots are drawn at twice the size at which they are shown, since the backend places everything on whole pixels.

use crate::evaluation::EvaluationError;
use plotters::{coord::ranged1d::NoDefaultFormatting, coord::ranged1d::ValueFormatter, prelude::*};

/// How much larger plots are drawn than shown.
pub const SCALE: u32 = 2;
/// The type of all lettering.
pub const FONT: &str = "Inter, 'Segoe UI', 'Helvetica Neue', 'DejaVu Sans', sans-serif";
pub const INK: RGBColor = RGBColor(0x1d, 0x27, 0x33);
pub const MUTED: RGBColor = RGBColor(0x66, 0x72, 0x80);
pub const GRID: RGBColor = RGBColor(0xe6, 0xea, 0xef);
pub const FRAME: RGBColor = RGBColor(0xb8, 0xc1, 0xcb);
pub const GENUINE: RGBColor = RGBColor(0x0b, 0x7a, 0x75);
pub const IMPOSTOR: RGBColor = RGBColor(0xc4, 0x52, 0x2f);

/// Colours that are told apart in print and by the colour-blind (after Okabe and Ito).
const SERIES: [RGBColor; 8] = [
    RGBColor(0x00, 0x72, 0xb2),
    RGBColor(0xd5, 0x5e, 0x00),
    RGBColor(0x00, 0x9e, 0x73),
    RGBColor(0xcc, 0x79, 0xa7),
    RGBColor(0xb0, 0x8a, 0x00),
    RGBColor(0x56, 0xb4, 0xe9),
    RGBColor(0x7a, 0x5a, 0xc8),
    RGBColor(0x8c, 0x51, 0x3c),
];

/// The colour of series `n`; after the eighth they start again, lighter.
pub fn series(n: usize) -> RGBAColor {
    SERIES[n % SERIES.len()].mix(if n < SERIES.len() { 1.0 } else { 0.55 })
}

/// Lettering of `size` pixels as shown.
pub fn text(size: u32, colour: RGBColor) -> TextStyle<'static> {
    (FONT, size * SCALE).into_font().color(&colour)
}

/// A line of `width` half pixels as shown.
pub fn line(colour: impl Color, width: u32) -> ShapeStyle {
    colour.to_rgba().stroke_width(width)
}

/// The SVG text of a plot `width` × `height` pixels as shown, which `draw` fills.
pub fn svg(
    width: u32,
    height: u32,
    title: &str,
    draw: impl FnOnce(&DrawingArea<SVGBackend<'_>, plotters::coord::Shift>) -> Result<(), Box<dyn std::error::Error>>,
) -> Result<String, EvaluationError> {
    let mut text = String::new();
    {
        let area = SVGBackend::with_string(&mut text, (width * SCALE, height * SCALE)).into_drawing_area();
        area.fill(&WHITE)
            .map_err(Into::into)
            .and_then(|()| draw(&area))
            .and_then(|()| Ok(area.present()?))
            .map_err(|e| EvaluationError::Plot(e.to_string()))?;
    }
    let drawn = format!("width=\"{}\" height=\"{}\"", width * SCALE, height * SCALE);
    let shown =
        format!("width=\"{width}\" height=\"{height}\" role=\"img\" aria-label=\"{}\"", super::page::escaped(title));
    Ok(text.replacen(&drawn, &shown, 1))
}

/// An axis of shares on normal deviates, with ticks where they are told to be.
#[derive(Clone)]
pub struct Deviates {
    pub from: f64,
    pub to: f64,
}

/// Shares that get a tick on a deviate axis.
const TICKS: [f64; 13] = [1e-9, 1e-8, 1e-7, 1e-6, 1e-5, 1e-4, 1e-3, 0.01, 0.05, 0.1, 0.2, 0.4, 0.6];

impl Ranged for Deviates {
    type FormatOption = NoDefaultFormatting;
    type ValueType = f64;

    fn map(&self, value: &f64, limit: (i32, i32)) -> i32 {
        let at = |share: f64| crate::decision::probit(share.clamp(self.from, self.to));
        let place = (at(*value) - at(self.from)) / (at(self.to) - at(self.from));
        limit.0 + (f64::from(limit.1 - limit.0) * place).round() as i32
    }

    fn key_points<Hint: plotters::coord::ranged1d::KeyPointHint>(&self, _: Hint) -> Vec<f64> {
        TICKS.into_iter().filter(|tick| (self.from * 0.999..=self.to * 1.001).contains(tick)).collect()
    }

    fn range(&self) -> std::ops::Range<f64> {
        self.from..self.to
    }
}

impl ValueFormatter<f64> for Deviates {
    fn format(value: &f64) -> String {
        share(*value)
    }
}

/// A share for an axis: per cent while that is short, a power of ten below.
pub fn share(value: f64) -> String {
    let percent = value * 100.0;
    if percent >= 0.0999 { format!("{} %", trimmed(percent)) } else { power_of_ten(value) }
}

/// A power of ten for an axis.
pub fn power_of_ten(value: f64) -> String {
    const DIGITS: [char; 10] = ['⁰', '¹', '²', '³', '⁴', '⁵', '⁶', '⁷', '⁸', '⁹'];
    let exponent = value.log10().round() as i32;
    if exponent == 0 {
        return "1".into();
    }
    let digits = exponent.unsigned_abs().to_string();
    let raised: String = digits.bytes().map(|d| DIGITS[usize::from(d - b'0')]).collect();
    format!("10{}{raised}", if exponent < 0 { "⁻" } else { "" })
}

/// A number without needless digits.
pub fn trimmed(value: f64) -> String {
    let text = format!("{value:.2}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// The power of ten at or below `value`.
pub fn decade_below(value: f64) -> f64 {
    10_f64.powf((value.log10() + 1e-9).floor())
}

/// A rate for running text: `10⁻⁴`, or as it is if it is no power of ten.
pub fn power_of_ten_or_plain(value: f64) -> String {
    let exponent = value.log10();
    if (exponent - exponent.round()).abs() < 1e-9 { power_of_ten(value) } else { value.to_string() }
}
