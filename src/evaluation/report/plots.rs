//! The plots: DET, both rates over the threshold, score histograms.

use super::{
    axes::{Area, Axis, Chart, Room, chart},
    style::{self, Deviates, SCALE, svg},
};
use crate::{
    decision::{Comparison, Scores},
    evaluation::{Curve, ErrorRates, EvaluationError, IdentificationRates},
};
use plotters::prelude::*;

type Drawn = Result<(), Box<dyn std::error::Error>>;

/// What stands around each plot.
const ROOM: Room = Room { margin: 18, lettering: (44, 62) };

/// One curve of a plot.
struct Series<'a> {
    name: &'a str,
    curve: &'a Curve,
    colour: RGBAColor,
    width: u32,
}

/// Sets in their colours, thinner and before the pool, which is drawn over them in ink.
fn series<'a>(sets: &'a [ErrorRates], pooled: Option<&'a ErrorRates>) -> Vec<Series<'a>> {
    let width = if sets.len() > 1 { 3 } else { 5 };
    let of = |(n, rates): (usize, &'a ErrorRates)| Series {
        name: &rates.name,
        curve: &rates.curve,
        colour: style::series(n),
        width,
    };
    let pool = pooled.map(|p| Series { name: &p.name, curve: &p.curve, colour: style::INK.to_rgba(), width: 6 });
    sets.iter().enumerate().map(of).chain(pool).collect()
}

/// The detection error trade-off: FNMR over FMR on normal deviates, where normally distributed scores give straight
/// lines (Martin et al., *The DET curve in assessment of detection task performance*, Eurospeech 1997).
pub fn det(sets: &[ErrorRates], pooled: Option<&ErrorRates>) -> Result<String, EvaluationError> {
    let all = || sets.iter().chain(pooled);
    let least = |count: &dyn Fn(&ErrorRates) -> u64| all().map(count).max().unwrap_or(1).max(2) as f64;
    let x = Deviates { from: style::decade_below(1.0 / least(&|r| r.impostor)).max(1e-9), to: 0.6 };
    let y = Deviates { from: style::decade_below(1.0 / least(&|r| r.genuine)).clamp(1e-6, 1e-2), to: 0.6 };
    svg(860, 560, "DET curve", |area| {
        let (plot, legend) = area.split_horizontally(676 * SCALE);
        let mut chart = chart(
            &plot,
            ROOM,
            Axis::new(x.clone(), "false match rate", style::share),
            Axis::new(y.clone(), "false non-match rate", style::share),
        )?;
        let diagonal = [x.from.max(y.from), 0.6].map(|share| (share, share));
        chart.draw_series(DashedLineSeries::new(diagonal, 8, 8, style::line(style::FRAME, 2)))?;
        for Series { curve, colour, width, .. } in series(sets, pooled) {
            // A rate of zero has no place on these axes.
            let shown = |p: &(f64, f64)| p.0 > 0.0 && p.1 > 0.0 && p.0 <= x.to && p.1 <= y.to;
            let points = curve.points().map(|p| (p.fmr(), p.fnmr())).filter(shown);
            let seen = chart.plotting_area().strip_coord_spec();
            let size = seen.dim_in_pixel();
            let pixel = |p: &(f64, f64)| (x.map(&p.0, (0, size.0 as i32)), y.map(&p.1, (0, size.1 as i32)));
            chart.draw_series(LineSeries::new(visible(points, pixel), style::line(colour, width)))?;
        }
        names(&legend, &series(sets, pooled), pooled.is_some(), |curve| {
            format!("EER {} %", style::trimmed(curve.eer() * 100.0))
        })
    })
}

/// The cumulative match characteristic: the share of searches whose mate is among the first so many candidates.
pub fn cmc(sets: &[(&str, &IdentificationRates)]) -> Result<String, EvaluationError> {
    const RANKS: u32 = 20;
    let curves: Vec<Vec<f64>> = sets.iter().map(|(_, searches)| searches.cmc(RANKS)).collect();
    let lowest = curves.iter().flatten().copied().fold(1.0, f64::min);
    let floor = ((lowest * 20.0 - 0.5).floor() / 20.0).clamp(0.0, 0.95);
    svg(860, 400, "CMC curve", |area| {
        let (plot, legend) = area.split_horizontally(676 * SCALE);
        let mut chart = chart(
            &plot,
            ROOM,
            Axis::new(0.5..f64::from(RANKS) + 0.5, "rank", style::trimmed),
            Axis::new(floor..1.0 + (1.0 - floor) * 0.03, "searches that find the mate", style::share),
        )?;
        for (n, curve) in curves.iter().enumerate() {
            let points = (1..).map(f64::from).zip(curve.iter().copied());
            chart.draw_series(LineSeries::new(points, style::line(style::series(n), 4)).point_size(3 * SCALE))?;
        }
        let row = (380 / sets.len().max(1) as i32).min(40);
        for (n, (name, searches)) in sets.iter().enumerate() {
            let (x, y) = (|pixels: i32| pixels * SCALE as i32, (16 + row * n as i32) * SCALE as i32);
            legend.draw(&PathElement::new([(x(0), y + x(8)), (x(22), y + x(8))], style::line(style::series(n), 6)))?;
            let shown: String = name.chars().take(24).collect();
            legend.draw_text(&shown, &style::text(12, style::INK), (x(30), y))?;
            if row >= 30 {
                let first = format!("rank 1: {} %", style::trimmed(100.0 * searches.found_by_rank(1).0));
                legend.draw_text(&first, &style::text(11, style::MUTED), (x(30), y + x(15)))?;
            }
        }
        Ok(())
    })
}

/// Points that differ by a pixel, with both ends of each step.
fn visible(points: impl Iterator<Item = (f64, f64)>, pixel: impl Fn(&(f64, f64)) -> (i32, i32)) -> Vec<(f64, f64)> {
    let mut kept: Vec<(f64, f64)> = Vec::new();
    let mut skipped = None;
    for point in points {
        match kept.last() {
            Some(last) if pixel(last) == pixel(&point) => skipped = Some(point),
            _ => {
                kept.extend(skipped.take());
                kept.push(point);
            }
        }
    }
    kept.extend(skipped);
    kept
}

/// FMR and FNMR over the threshold, on a logarithmic axis.
pub fn thresholds(rates: &ErrorRates) -> Result<String, EvaluationError> {
    let floor = style::decade_below(1.0 / rates.impostor.max(rates.genuine) as f64);
    let (from, to) = bounds(rates.curve.points().map(|p| p.threshold));
    svg(860, 400, &format!("Error rates over the threshold: {}", rates.name), |area| {
        let (plot, legend) = area.split_horizontally(676 * SCALE);
        let mut chart = chart(
            &plot,
            ROOM,
            Axis::new(from..to, "threshold: scores at or above it are accepted", style::trimmed),
            Axis::new((floor..1.0).log_scale(), "error rate", style::power_of_ten),
        )?;
        let size = chart.plotting_area().dim_in_pixel();
        let pixel = |p: &(f64, f64)| {
            let place = (p.0 - from) / (to - from) * f64::from(size.0);
            (place as i32, (p.1.ln() / floor.ln() * f64::from(size.1)) as i32)
        };
        for (colour, rate) in [
            (style::IMPOSTOR, &(|p: &crate::evaluation::OperatingPoint| p.fmr()) as &dyn Fn(&_) -> f64),
            (style::GENUINE, &|p: &crate::evaluation::OperatingPoint| p.fnmr()),
        ] {
            let points = rates.curve.points().map(|p| (p.threshold, rate(&p))).filter(|p| p.1 > 0.0);
            chart.draw_series(LineSeries::new(visible(points, pixel), style::line(colour, 5)))?;
        }
        marks(&mut chart, rates, floor)?;
        key(&legend, &[("false match rate", style::IMPOSTOR), ("false non-match rate", style::GENUINE)])
    })
}

/// Where the scores of mates and of strangers lie: the share of each kind in equal steps of the score, on a logarithmic axis, which
/// shows the few strangers among the mates.
pub fn histogram(rates: &ErrorRates, scores: &Scores) -> Result<String, EvaluationError> {
    const BINS: usize = 90;
    let (from, to) = bounds(scores.impostor().iter().chain(scores.genuine()).map(|c| c.score));
    let step = (to - from) / BINS as f64;
    let shares = |list: &[Comparison]| {
        let mut bins = [0_u64; BINS];
        for c in list {
            bins[(((c.score - from) / step) as usize).min(BINS - 1)] += 1;
        }
        bins.map(|count| count as f64 / list.len().max(1) as f64)
    };
    let floor = style::decade_below(1.0 / rates.impostor.max(rates.genuine) as f64);
    svg(860, 400, &format!("Score histogram: {}", rates.name), |area| {
        let (plot, legend) = area.split_horizontally(676 * SCALE);
        let mut chart = chart(
            &plot,
            ROOM,
            Axis::new(from..to, "comparison score", style::trimmed),
            Axis::new((floor..1.0).log_scale(), "share of comparisons", style::power_of_ten),
        )?;
        for (list, colour) in [(scores.impostor(), style::IMPOSTOR), (scores.genuine(), style::GENUINE)] {
            let bins = shares(list);
            let outline = bins.iter().enumerate().flat_map(|(n, &share)| {
                let left = from + step * n as f64;
                [(left, share.max(floor)), (left + step, share.max(floor))]
            });
            let mut outline: Vec<_> = outline.collect();
            chart.draw_series(LineSeries::new(outline.iter().copied(), style::line(colour, 3)))?;
            outline.extend([(to, floor), (from, floor)]);
            chart.draw_series([Polygon::new(outline, colour.mix(0.26).filled())])?;
        }
        marks(&mut chart, rates, floor)?;
        key(&legend, &[("strangers (impostor)", style::IMPOSTOR), ("mates (genuine)", style::GENUINE)])
    })
}

/// The lowest and highest value, a little apart even if they are equal.
fn bounds(values: impl Iterator<Item = f64>) -> (f64, f64) {
    let (low, high) = values.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), v| (low.min(v), high.max(v)));
    let room = ((high - low) * 0.01).max(low.abs().max(1.0) * 1e-6);
    (low - if low == 0.0 { 0.0 } else { room }, high + room)
}

/// Thresholds of target FMRs as upright lines with their rate on top, the last one highest.
fn marks<X, Y>(chart: &mut Chart<'_, '_, X, Y>, rates: &ErrorRates, floor: f64) -> Drawn
where
    X: Ranged<ValueType = f64>,
    Y: Ranged<ValueType = f64>,
{
    let shown: Vec<_> = rates.at.iter().filter(|at| at.target > 0.0 && at.resolved).collect();
    let area = chart.plotting_area().strip_coord_spec();
    let base = area.get_base_pixel();
    let size = |pixels: usize| (pixels * SCALE as usize) as i32;
    for (row, at) in shown.iter().rev().enumerate() {
        let ends = [floor, 1.0].map(|y| (at.point.threshold, y));
        chart.draw_series(DashedLineSeries::new(ends, 6, 6, style::line(style::MUTED, 2)))?;
        let place = chart.backend_coord(&ends[1]);
        let (x, y) = (place.0 - base.0 + size(5), place.1 - base.1 + size(4 + 16 * row));
        area.draw(&Rectangle::new(
            [(x - size(2), y - size(1)), (x + size(54), y + size(13))],
            WHITE.mix(0.85).filled(),
        ))?;
        area.draw_text(
            &format!("FMR {}", style::power_of_ten_or_plain(at.target)),
            &style::text(11, style::MUTED),
            (x, y),
        )?;
    }
    Ok(())
}

/// The names of series with a stroke of their colour, and a figure under each.
fn names(area: &Area<'_>, series: &[Series<'_>], has_pool: bool, figure: impl Fn(&Curve) -> String) -> Drawn {
    let row = (500 / series.len().max(1) as i32).min(40);
    // The pool is drawn last and named first.
    let pool = if has_pool { series.len() - 1 } else { 0 };
    let order = series[pool..].iter().chain(&series[..pool]);
    for (n, Series { name, curve, colour, width }) in order.enumerate() {
        let y = (24 + row * n as i32) * SCALE as i32;
        let x = |pixels: i32| pixels * SCALE as i32;
        area.draw(&PathElement::new([(x(0), y + x(8)), (x(22), y + x(8))], style::line(*colour, width + 2)))?;
        let shown: String = name.chars().take(24).collect();
        area.draw_text(&shown, &style::text(12, style::INK), (x(30), y))?;
        if row >= 30 {
            area.draw_text(&figure(curve), &style::text(11, style::MUTED), (x(30), y + x(15)))?;
        }
    }
    Ok(())
}

/// A key of filled squares.
fn key(area: &Area<'_>, entries: &[(&str, RGBColor)]) -> Drawn {
    let x = |pixels: i32| pixels * SCALE as i32;
    for (n, (name, colour)) in entries.iter().enumerate() {
        let y = x(24 + 26 * n as i32);
        area.draw(&Rectangle::new([(x(0), y + x(1)), (x(14), y + x(15))], colour.mix(0.28).filled()))?;
        area.draw(&Rectangle::new([(x(0), y + x(1)), (x(14), y + x(15))], style::line(*colour, 3)))?;
        area.draw_text(name, &style::text(12, style::INK), (x(24), y))?;
    }
    Ok(())
}
