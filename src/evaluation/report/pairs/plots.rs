//! The run's plots: what the listed pairs look like, and what strangers alone would give. Drawn once for each language.

use super::{Run, strings::words};
use crate::{
    decision::Decision,
    evaluation::{
        EvaluationError,
        report::{
            axes::{Area, Axis, Room, chart},
            style::{self, SCALE, svg},
        },
    },
};
use plotters::prelude::*;
use std::fmt::Write;

const SIZE: (u32, u32) = (520, 300);
const ROOM: Room = Room { margin: 14, lettering: (40, 52) };
const BINS: usize = 40;
/// Below this no rate is worth an axis.
const LEAST_RATE: f64 = 1e-60;

/// The figures of the page; none without pairs.
pub fn figures(run: &Run) -> Result<String, EvaluationError> {
    let mut out = String::new();
    for (language, code) in ["en", "vi"].into_iter().enumerate() {
        if run.evidence.len() > 1 {
            figure(&mut out, code, language, "plot_llr", &histogram(run, language)?);
        }
        if run.evidence.iter().filter(|pair| pair.1.is_some()).count() > 1 && run.comparisons > 0 {
            figure(&mut out, code, language, "plot_fmr", &expected(run, language)?);
        }
    }
    Ok(out)
}

fn figure(out: &mut String, code: &str, language: usize, name: &str, plot: &str) {
    // Writing to a string cannot fail.
    let _ = writeln!(
        out,
        "<figure class=\"plot only-{code}\" lang=\"{code}\"><figcaption>{}</figcaption>{plot}<p class=\"note\">{}</p></figure>",
        words(name, language),
        words(&format!("{name}_note"), language)
    );
}

/// Likelihood ratio, false match rate and decision of a pair.
type Judged = (f64, Option<f64>, Decision);

fn is_match(pair: &Judged) -> bool {
    pair.2 == Decision::Match
}

/// How many pairs have which likelihood ratio, told by decision, on a logarithmic axis.
fn histogram(run: &Run, language: usize) -> Result<String, EvaluationError> {
    let all = run.evidence.iter().map(|pair| pair.0).filter(|score| score.is_finite());
    let (low, high) = all.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), v| (low.min(v), high.max(v)));
    let (from, to) = if low < high { (low.floor(), high.ceil()) } else { (low - 1.0, low + 1.0) };
    let (from, to) = if from.is_finite() && to.is_finite() { (from, to) } else { (0.0, 1.0) };
    let step = (to - from) / BINS as f64;
    let counts = |keep: &dyn Fn(&Judged) -> bool| {
        let mut bins = [0_u64; BINS];
        for pair in run.evidence.iter().filter(|pair| pair.0.is_finite() && keep(pair)) {
            bins[(((pair.0 - from) / step) as usize).min(BINS - 1)] += 1;
        }
        bins
    };
    let (matches, others) = (counts(&is_match), counts(&|pair| !is_match(pair)));
    let most = matches.iter().zip(&others).map(|(a, b)| a + b).max().unwrap_or(1).max(1) as f64;
    svg(SIZE.0, SIZE.1, words("plot_llr", language), |area| {
        let name = if run.evidence.iter().any(|pair| pair.1.is_some()) { "llr_long" } else { "score" };
        let mut chart = chart(
            area,
            ROOM,
            Axis::new(from..to, words(name, language), style::trimmed),
            Axis::new((0.5..most * 5.0).log_scale(), words("pairs", language), style::trimmed).values(6),
        )?;
        // Matches stand on what is for review, so that the outline is of all.
        for (colour, top, foot) in [(style::IMPOSTOR, others, [0; BINS]), (style::GENUINE, matches, others)] {
            let bars = (0..BINS).filter(|&n| top[n] > 0).map(|n| {
                let (left, right) = (from + step * (n as f64 + 0.06), from + step * (n as f64 + 0.94));
                let base = (foot[n] as f64).max(0.5);
                Rectangle::new([(left, base), (right, (top[n] + foot[n]) as f64)], colour.mix(0.75).filled())
            });
            chart.draw_series(bars)?;
        }
        key(
            area,
            [
                (words("decision_match", language), style::GENUINE),
                (words("decision_review", language), style::IMPOSTOR),
            ],
        )
    })
}

/// How many pairs reach a false match rate, beside how many pairs of strangers would: what a stricter threshold would cost and spare.
fn expected(run: &Run, language: usize) -> Result<String, EvaluationError> {
    let mut rates: Vec<f64> = run.evidence.iter().filter_map(|pair| pair.1).map(|rate| rate.max(LEAST_RATE)).collect();
    rates.sort_by(f64::total_cmp);
    let (low, high) = (rates.first().copied().unwrap_or(1e-9), rates.last().copied().unwrap_or(1e-3));
    // The axis is one of exponents: a logarithmic one of the plotting crate writes nothing below 1e-15.
    let (from, to) = (style::decade_below(low).log10(), style::decade_below(high).log10() + 1.0);
    let decades = (to - from).round() as usize;
    let floor = 0.01;
    let most = (rates.len() as f64).max(run.comparisons as f64 * 10_f64.powf(to)).max(10.0);
    svg(SIZE.0, SIZE.1, words("plot_fmr", language), |area| {
        let mut chart = chart(
            area,
            ROOM,
            Axis::new(from..to, words("fmr_long", language), |exponent| style::power_of_ten(10_f64.powf(exponent)))
                .values((decades + 1).min(6)),
            Axis::new((floor..most * 100.0).log_scale(), words("pairs", language), style::power_of_ten),
        )?;
        let found = rates
            .iter()
            .map(|rate| rate.log10())
            .zip(1..)
            .flat_map(|(exponent, n)| [(exponent, f64::from(n - 1).max(floor)), (exponent, f64::from(n))]);
        chart.draw_series(LineSeries::new(found.chain([(to, rates.len() as f64)]), style::line(style::GENUINE, 4)))?;
        // A straight line on these axes; where it leaves them at the foot, it begins.
        let begin = (floor / run.comparisons as f64).log10().max(from);
        let line = [begin, to].map(|exponent| (exponent, run.comparisons as f64 * 10_f64.powf(exponent)));
        chart.draw_series(DashedLineSeries::new(line, 10, 6, style::line(style::IMPOSTOR, 4)))?;
        key(
            area,
            [(words("plot_found", language), style::GENUINE), (words("plot_expected", language), style::IMPOSTOR)],
        )
    })
}

/// A key in the upper left corner of the plot.
fn key(area: &Area<'_>, entries: [(&str, RGBColor); 2]) -> Result<(), Box<dyn std::error::Error>> {
    let x = |pixels: i32| pixels * SCALE as i32;
    for (n, (name, colour)) in entries.into_iter().enumerate() {
        let y = x(20 + 20 * n as i32);
        area.draw(&Rectangle::new([(x(76), y), (x(88), y + x(12))], colour.mix(0.75).filled()))?;
        area.draw_text(name, &style::text(13, style::INK), (x(95), y - x(1)))?;
    }
    Ok(())
}
