//! What comparing two systems found: as text, as JSON, and with both curves in one plot.

use super::{page, plots, style::trimmed, tables};
use crate::{
    decision::Scores,
    evaluation::{
        Difference, ErrorRates, EvaluationError, Options, ScoreFile, SystemComparison, compare_systems, error_rates,
    },
};
use serde::Serialize;
use std::{
    fmt::Write,
    path::{Path, PathBuf},
};

/// Two systems on the same pairs: the rates of each and how they differ.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ComparedSystems {
    /// What was asked.
    pub options: Options,
    /// The rates of the first system and of the second.
    pub rates: [ErrorRates; 2],
    /// Their scores, in the same order.
    pub scores: [Scores; 2],
    /// How they differ.
    pub comparison: SystemComparison,
}

impl ComparedSystems {
    /// Compares the systems of two score files.
    ///
    /// # Errors
    /// Those of [`ScoreFile::read`] and [`compare_systems`].
    pub fn of_files(first: &Path, second: &Path, options: Options) -> Result<Self, EvaluationError> {
        let files = [ScoreFile::read(first)?, ScoreFile::read(second)?];
        let comparison = compare_systems(&files[0], &files[1], &options)?;
        // Files of one name lie in different folders.
        let is_clear = files[0].name() != files[1].name();
        let name =
            |n: usize, path: &Path| if is_clear { files[n].name().to_owned() } else { path.display().to_string() };
        let scores = [files[0].scores(), files[1].scores()];
        let rates = |n: usize, path: &Path| error_rates(&name(n, path), &scores[n], &options);
        let rates = [rates(0, first)?, rates(1, second)?];
        Ok(Self { rates, scores, comparison, options })
    }

    /// Each rate with its name: the EER, then the FNMR at each target FMR.
    fn differences(&self) -> impl Iterator<Item = (Option<f64>, &Difference)> {
        let fnmr = self.comparison.fnmr.iter().map(|(target, difference)| (Some(*target), difference));
        std::iter::once((None, &self.comparison.eer)).chain(fnmr)
    }
}

fn name_of(target: Option<f64>) -> String {
    target.map_or("EER".to_owned(), |fmr| format!("FNMR at FMR {fmr:e}"))
}

/// The difference with its interval, in percentage points.
fn points(of: &Difference) -> (String, String) {
    let interval = of.difference.interval.map_or("unknown".to_owned(), |interval| {
        format!("{:+.2} to {:+.2}", 100.0 * interval.low, 100.0 * interval.high)
    });
    (format!("{:+.2}", 100.0 * of.difference.value), interval)
}

/// How two systems differ as aligned text, in per cent, a row for each rate.
pub fn comparison_text(compared: &ComparedSystems) -> String {
    let [first, second] = &compared.rates;
    let confidence = trimmed(100.0 * compared.options.bootstrap.confidence);
    let mut out = format!(
        "{} pairs; per cent: {}, {}, difference ({confidence} %)\n",
        compared.comparison.pairs, first.name, second.name
    );
    for (target, of) in compared.differences() {
        let (difference, interval) = points(of);
        let verdict = if of.is_significant() { "" } else { ": no difference shown" };
        let [first, second] = [of.first, of.second].map(|rate| 100.0 * rate);
        let name = name_of(target);
        // Writing to a string cannot fail.
        let _ = writeln!(out, "{name:20} {first:6.2} {second:6.2} {difference:>6} ({interval}){verdict}");
    }
    out
}

#[derive(Serialize)]
struct Json<'a> {
    library: &'static str,
    confidence: f64,
    replicates: u32,
    seed: u64,
    pairs: usize,
    systems: [tables::Set<'a>; 2],
    differences: Vec<JsonDifference>,
}

#[derive(Serialize)]
struct JsonDifference {
    rate: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    target_fmr: Option<f64>,
    first: f64,
    second: f64,
    /// Second minus first.
    difference: tables::Figure,
    significant: bool,
}

/// How two systems differ as one JSON object: both `systems` as in [`json`](super::json()), and their `differences`, second minus first, with
/// intervals; rates as shares, 0 to 1.
///
/// # Errors
/// [`EvaluationError::Plot`] never in practice: if a figure cannot be written as JSON.
pub fn comparison_json(compared: &ComparedSystems) -> Result<String, EvaluationError> {
    let bootstrap = &compared.options.bootstrap;
    let [first, second] = &compared.rates;
    let difference = |(target_fmr, of): (Option<f64>, &Difference)| JsonDifference {
        rate: if target_fmr.is_some() { "fnmr" } else { "eer" },
        target_fmr,
        first: of.first,
        second: of.second,
        difference: tables::figure(&of.difference),
        significant: of.is_significant(),
    };
    tables::pretty(&Json {
        library: env!("CARGO_PKG_VERSION"),
        confidence: bootstrap.confidence,
        replicates: bootstrap.replicates,
        seed: bootstrap.seed,
        pairs: compared.comparison.pairs,
        systems: [first, second].map(|rates| tables::set(rates, bootstrap.confidence)),
        differences: compared.differences().map(difference).collect(),
    })
}

/// Tables and plots of two systems as one HTML page that needs nothing else.
///
/// # Errors
/// [`EvaluationError::Plot`] if a plot cannot be drawn.
pub fn comparison_html(title: &str, compared: &ComparedSystems) -> Result<String, EvaluationError> {
    let [first, second] = compared.rates.each_ref().map(|rates| page::escaped(&rates.name));
    let confidence = trimmed(100.0 * compared.options.bootstrap.confidence);
    let mut table = format!(
        "<div class=\"wide\"><table><thead><tr><th>rate</th><th>{first}</th><th>{second}</th><th>difference</th><th></th></tr></thead>\n<tbody>\n"
    );
    for (target, of) in compared.differences() {
        let (difference, interval) = points(of);
        let verdict = if of.is_significant() { "" } else { "no difference shown" };
        let [first, second] = [of.first, of.second].map(|rate| 100.0 * rate);
        let _ = writeln!(
            table,
            "<tr><th>{}</th><td>{first:.2}</td><td>{second:.2}</td><td>{difference}<small>{interval}</small></td><td>{verdict}</td></tr>",
            name_of(target)
        );
    }
    let _ = write!(
        table,
        "</tbody></table></div>\n<p class=\"note\">In per cent, second minus first, with {confidence} % intervals below: {} pairs; each draw of \
         subjects counts for both systems, so what they share cancels out.</p>\n",
        compared.comparison.pairs
    );
    let mut body = String::new();
    page::section(&mut body, "Differences", &table);
    page::figure(&mut body, "Detection error trade-off", &plots::det(&compared.rates, None)?, page::DET_NOTE);
    for (rates, scores) in compared.rates.iter().zip(&compared.scores) {
        let name = format!("Scores of {}", page::escaped(&rates.name));
        page::figure(&mut body, &name, &plots::histogram(rates, scores)?, page::HISTOGRAM_NOTE);
    }
    Ok(page::page(title, "", &body))
}

/// Writes the report of `compared` into `folder`, which is created, with both DET curves in one plot; returns the page's path.
///
/// # Errors
/// [`EvaluationError::Write`] if a file cannot be written, [`EvaluationError::Plot`] if a plot cannot be drawn.
pub fn write_comparison(
    folder: impl AsRef<Path>,
    title: &str,
    compared: &ComparedSystems,
) -> Result<PathBuf, EvaluationError> {
    let folder = super::Folder::create(folder.as_ref())?;
    folder.put("rates.txt", comparison_text(compared))?;
    folder.put("rates.json", comparison_json(compared)?)?;
    folder.put("det.svg", plots::det(&compared.rates, None)?)?;
    for (n, (rates, scores)) in compared.rates.iter().zip(&compared.scores).enumerate() {
        folder.put(&format!("scores-{}.svg", n + 1), plots::histogram(rates, scores)?)?;
        folder.put(&format!("rates-{}.svg", n + 1), plots::thresholds(rates)?)?;
    }
    folder.put("index.html", comparison_html(title, compared)?)
}
