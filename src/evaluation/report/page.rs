//! The page: one HTML file without anything outside it.

use super::{plots, tables, transactions};
use crate::evaluation::{Evaluation, EvaluationError, TransactionRates};
use std::fmt::Write;

const STYLE: &str = include_str!("page.css");

/// `text` with what HTML reads as markup escaped.
pub fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

/// Figures and plots of `evaluation` as one HTML page that needs nothing else.
///
/// # Errors
/// [`EvaluationError::Plot`] if a plot cannot be drawn.
pub fn html(title: &str, evaluation: &Evaluation) -> Result<String, EvaluationError> {
    let mut out = String::new();
    section(&mut out, "Error rates", &table(evaluation));
    let transactions = transaction_table(evaluation);
    if !transactions.is_empty() {
        section(&mut out, "Transactions", &transactions);
    }
    figure(&mut out, "Detection error trade-off", &plots::det(&evaluation.sets, evaluation.pooled.as_ref())?, DET_NOTE);
    let searches = super::searches(evaluation);
    if !searches.is_empty() {
        figure(&mut out, "Searches", &plots::cmc(&searches)?, CMC_NOTE);
    }
    let pooled_scores;
    let overall = match (&evaluation.pooled, evaluation.sets.first(), evaluation.scores.first()) {
        (Some(pooled), ..) => {
            pooled_scores = crate::decision::Scores::pooled(&evaluation.scores);
            Some((pooled, &pooled_scores))
        }
        (None, Some(only), Some(scores)) => Some((only, scores)),
        _ => None,
    };
    if let Some((rates, scores)) = overall {
        figure(&mut out, "Scores", &plots::histogram(rates, scores)?, HISTOGRAM_NOTE);
        figure(&mut out, "Rates over the threshold", &plots::thresholds(rates)?, THRESHOLD_NOTE);
    }
    if evaluation.sets.len() > 1 {
        let mut all = String::new();
        for (rates, scores) in evaluation.sets.iter().zip(&evaluation.scores) {
            let _ = writeln!(
                all,
                "<figure><figcaption>{}</figcaption>{}</figure>",
                escaped(&rates.name),
                plots::histogram(rates, scores)?
            );
        }
        section(&mut out, "Scores of each set", &format!("<div class=\"sets\">{all}</div>"));
    }
    Ok(page(title, &summary(evaluation), &out))
}

/// A whole page around `sections`.
pub(super) fn page(title: &str, summary: &str, sections: &str) -> String {
    let title = escaped(title);
    format!(
        "<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <title>{title}</title>\n<style>\n{STYLE}</style>\n<main>\n<header><h1>{title}</h1>\n{summary}</header>\n\
         {sections}{NOTES}<footer>vantay {}</footer>\n</main>\n</html>\n",
        env!("CARGO_PKG_VERSION")
    )
}

pub(super) const DET_NOTE: &str = "Each curve is one set at every threshold; further down and left is better. The axes are normal \
                        deviates. On the dashed line both rates are equal.";
const CMC_NOTE: &str = "How often the person searched for is among the first candidates, whatever the score: each subject's first file is \
                        enrolled, every other one searched for, ties against the mate.";
pub(super) const HISTOGRAM_NOTE: &str = "Share of each kind of comparison per step of the score, on a logarithmic axis. Dashed: the \
                              thresholds that keep the stated false match rate.";
const THRESHOLD_NOTE: &str =
    "How often a threshold fails, either way. Read a threshold off the rate that you can bear.";
const NOTES: &str = "<section class=\"notes\"><h2>How to read this</h2><ul>\n\
    <li><b>FMR</b>, false match rate: share of comparisons of different persons that are accepted. <b>FNMR</b>, false \
    non-match rate: share of comparisons of the same person that are rejected. A score at or above the threshold is accepted \
    (ISO/IEC 19795-1).</li>\n\
    <li><b>EER</b>: where both rates are equal, interpolated. <b>FNMR@x</b>: at the smallest threshold whose FMR does not \
    exceed x.</li>\n\
    <li>Intervals draw subjects, not pairs: the pairs of one finger or face stand and fall together. Where no error was \
    counted, the upper end is three in the number of subjects.</li>\n\
    <li>A figure marked * has fewer impostor pairs than it takes to show its FMR; it is the FNMR where none of them matches.</li>\n\
    </ul></section>\n";

pub(super) fn section(out: &mut String, name: &str, content: &str) {
    let _ = writeln!(out, "<section><h2>{name}</h2>\n{content}</section>");
}

pub(super) fn figure(out: &mut String, name: &str, plot: &str, note: &str) {
    section(out, name, &format!("<figure>{plot}<p class=\"note\">{note}</p></figure>\n"));
}

fn summary(evaluation: &Evaluation) -> String {
    let Some(overall) = evaluation.overall() else { return String::new() };
    let tile = |name: &str, value: String, detail: String| {
        format!("<div class=\"tile\"><span>{name}</span><strong>{value}</strong><small>{detail}</small></div>")
    };
    let percent = |share: f64| format!("{:.2} %", 100.0 * share);
    let interval = |e: &crate::evaluation::Estimate| match e.interval {
        Some(i) => format!("{} to {}", percent(i.low), percent(i.high)),
        None => String::new(),
    };
    let mut tiles = tile("EER", percent(overall.eer.value), interval(&overall.eer));
    for at in overall.at.iter().filter(|at| at.target > 0.0) {
        let name = format!("FNMR at FMR {}", super::style::power_of_ten_or_plain(at.target));
        tiles += &tile(&name, percent(at.fnmr.value), interval(&at.fnmr));
    }
    let sets = match evaluation.sets.len() {
        1 => String::new(),
        n => format!("{n} sets pooled: "),
    };
    let subjects = overall.subjects.map(|n| format!(", {} subjects", grouped(u64::from(n)))).unwrap_or_default();
    format!(
        "<p>{sets}{} genuine and {} impostor comparisons{subjects}.</p>\n<div class=\"tiles\">{tiles}</div>\n",
        grouped(overall.genuine),
        grouped(overall.impostor),
    )
}

/// `1234567` as `1,234,567`.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::new();
    for (n, digit) in digits.chars().enumerate() {
        if n > 0 && (digits.len() - n).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

fn table(evaluation: &Evaluation) -> String {
    let mut out = String::from(
        "<div class=\"wide\"><table><thead><tr><th>set</th><th>genuine</th><th>impostor</th><th>subjects</th><th>EER</th>",
    );
    for target in &evaluation.options.targets {
        let _ = write!(out, "<th>{}</th>", tables::target_name(*target));
    }
    out.push_str("</tr></thead>\n<tbody>\n");
    let sets = evaluation.sets.len();
    for (n, row) in tables::rows(evaluation).into_iter().enumerate() {
        let class = if n >= sets { " class=\"total\"" } else { "" };
        let _ = write!(out, "<tr{class}><th>{}</th>", escaped(&row.name));
        match row.pairs {
            Some((genuine, impostor, subjects)) => {
                let subjects = subjects.map(|n| grouped(u64::from(n))).unwrap_or_default();
                let _ = write!(out, "<td>{}</td><td>{}</td><td>{subjects}</td>", grouped(genuine), grouped(impostor));
            }
            None => out.push_str("<td></td><td></td><td></td>"),
        }
        for cell in row.cells {
            let mark = if cell.resolved { "" } else { "*" };
            let interval = cell.interval.map(|i| format!("<small>{i}</small>")).unwrap_or_default();
            let _ = write!(out, "<td>{}{mark}{interval}</td>", cell.value);
        }
        out.push_str("</tr>\n");
    }
    out.push_str("</tbody></table></div>\n");
    let confidence = super::style::trimmed(100.0 * evaluation.options.bootstrap.confidence);
    let _ = writeln!(out, "<p class=\"note\">Rates in per cent, with {confidence} % intervals below.</p>");
    out
}

/// FAR and FRR of each set whose failures are known, and the generalised rates; nothing if none are.
fn transaction_table(evaluation: &Evaluation) -> String {
    let percent = |share: f64| format!("{:.2}", 100.0 * share);
    let mut rows = String::new();
    for of in transactions::of(evaluation) {
        let (fta, fte) = (percent(of.failures.to_acquire), percent(of.failures.to_enrol));
        let mut line =
            |kind: &str, failures: &str, reject: fn(&TransactionRates) -> f64, accept: fn(&TransactionRates) -> f64| {
                let _ = write!(rows, "<tr><th>{}</th><td>{failures}</td><td>{kind}FRR</td>", escaped(of.name));
                for stated in &of.at {
                    let interval = stated.interval(reject);
                    let _ = write!(
                        rows,
                        "<td>{}<small>{} – {}</small><small>at {kind}FAR {:.3}</small></td>",
                        percent(reject(&stated.rates)),
                        percent(interval.low),
                        percent(interval.high),
                        100.0 * accept(&stated.rates)
                    );
                }
                rows.push_str("</tr>\n");
            };
        line("", &format!("FTA {fta}"), |rates| rates.frr, |rates| rates.far);
        line("G", &format!("FTA {fta}, FTE {fte}"), |rates| rates.gfrr, |rates| rates.gfar);
    }
    if rows.is_empty() {
        return rows;
    }
    let heads = evaluation.options.targets.iter().map(|target| {
        let name = tables::target_name(*target);
        format!("<th>threshold of {name}</th>")
    });
    format!(
        "<div class=\"wide\"><table><thead><tr><th>set</th><th>failures</th><th></th>{}</tr></thead>\n<tbody>\n{rows}</tbody></table></div>\n\
         <p class=\"note\">In per cent. FTA, failure-to-acquire rate: share of presentations that gave no template. They are rejected: \
         FAR = FMR · (1 − FTA), FRR = FTA + FNMR · (1 − FTA), of one attempt a transaction. FTE, failure-to-enrol rate: share of subjects \
         who gave none at all. Generalised over them: GFAR = FAR · (1 − FTE), GFRR = FTE + FRR · (1 − FTE) (ISO/IEC 19795-1). Intervals are \
         those of FMR and FNMR, failures taken as they are.</p>\n",
        heads.collect::<String>()
    )
}
