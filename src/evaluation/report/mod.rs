//! What a test found: to read, to compute with, and to show.
//!
//! [`write()`] fills a folder with `index.html` (one page that opens without a network), `rates.txt`, `rates.json`, and each plot as an SVG
//! file for use elsewhere; [`write_comparison`] does the same for two systems on the same pairs, with both curves in one plot. Plots are drawn by the `plotters` crate; their scale and look are in one place, so that all match.

mod axes;
mod comparison;
mod page;
pub mod pairs;
mod plots;
mod style;
mod tables;
mod transactions;

pub use comparison::{ComparedSystems, comparison_html, comparison_json, comparison_text, write_comparison};
pub use page::{escaped, html};
pub use plots::{cmc, det, histogram, thresholds};
pub use tables::{json, text};

use super::{ErrorRates, Evaluation, EvaluationError, IdentificationRates};
use crate::decision::Scores;
use std::path::{Path, PathBuf};

/// Writes the report of `evaluation` into `folder`, which is created; returns the page's path.
///
/// # Errors
/// [`EvaluationError::Write`] if a file cannot be written, [`EvaluationError::Plot`] if a plot cannot be drawn.
///
/// ```no_run
/// use vantay::evaluation::{Evaluation, Options, report};
/// let evaluation = Evaluation::of_files(&["scores.csv"], Options::default())?;
/// println!("{}", report::text(&evaluation));
/// report::write("report", "My matcher", &evaluation)?;
/// # Ok::<(), vantay::evaluation::EvaluationError>(())
/// ```
pub fn write(folder: impl AsRef<Path>, title: &str, evaluation: &Evaluation) -> Result<PathBuf, EvaluationError> {
    let folder = Folder::create(folder.as_ref())?;
    folder.put("rates.txt", text(evaluation))?;
    folder.put("rates.json", json(evaluation)?)?;
    folder.put("det.svg", det(&evaluation.sets, evaluation.pooled.as_ref())?)?;
    let searches = searches(evaluation);
    if !searches.is_empty() {
        folder.put("cmc.svg", cmc(&searches)?)?;
    }
    let pooled = evaluation.pooled.as_ref().map(|rates| (rates, Scores::pooled(&evaluation.scores)));
    let all =
        evaluation.sets.iter().zip(&evaluation.scores).chain(pooled.as_ref().map(|(rates, scores)| (*rates, scores)));
    for (rates, scores) in all {
        let name = file_name(rates);
        folder.put(&format!("scores-{name}.svg"), histogram(rates, scores)?)?;
        folder.put(&format!("rates-{name}.svg"), thresholds(rates)?)?;
    }
    folder.put("index.html", html(title, evaluation)?)
}

/// Where a report is written.
struct Folder<'f>(&'f Path);

impl<'f> Folder<'f> {
    fn create(folder: &'f Path) -> Result<Self, EvaluationError> {
        let failed = |source| EvaluationError::Write { path: folder.into(), source };
        std::fs::create_dir_all(folder).map_err(failed).map(|()| Self(folder))
    }

    /// Writes a file; returns its path.
    fn put(&self, name: &str, content: String) -> Result<PathBuf, EvaluationError> {
        let path = self.0.join(name);
        match std::fs::write(&path, content) {
            Ok(()) => Ok(path),
            Err(source) => Err(EvaluationError::Write { path, source }),
        }
    }
}

/// The sets that hold searches, by name.
fn searches(evaluation: &Evaluation) -> Vec<(&str, &IdentificationRates)> {
    evaluation
        .sets
        .iter()
        .zip(&evaluation.searches)
        .filter_map(|(rates, searches)| Some((rates.name.as_str(), searches.as_ref()?)))
        .collect()
}

/// The set's name with what file systems may not take replaced.
fn file_name(rates: &ErrorRates) -> String {
    rates.name.chars().map(|c| if c.is_alphanumeric() || "-.".contains(c) { c } else { '_' }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{decision::Comparison, evaluation::Options};

    fn evaluation(names: &[&str]) -> Evaluation {
        let set = |seed: u32| {
            let score = move |a: u32, b: u32| f64::from((a * 31 + b * 17 + seed) % 97);
            let pairs = (0..25).flat_map(move |a| (a..25).map(move |b| (a, b)));
            Scores::new(pairs.map(move |(a, b)| Comparison {
                score: if a == b { 60.0 + score(a, b) } else { score(a, b) },
                subjects: [a, b],
            }))
        };
        let sets = names.iter().zip(0..).map(|(name, seed)| (name.to_string(), set(seed))).collect();
        Evaluation::new(sets, Options::default()).unwrap()
    }

    #[test]
    fn the_page_opens_without_a_network_and_holds_every_set() {
        let page = html("A & B", &evaluation(&["one", "<two>"])).unwrap();
        // The SVG name space is the only address, and names nothing to load.
        assert_eq!(page.matches("http").count(), page.matches("http://www.w3.org/2000/svg").count());
        for loading in ["src=", "href=", "url(", "@import", "<script"] {
            assert!(!page.contains(loading), "{loading}");
        }
        assert!(page.contains("<h1>A &amp; B</h1>") && page.contains("&lt;two&gt;") && !page.contains("<two>"));
        assert_eq!(page.matches("<svg").count(), 5);
    }

    #[test]
    fn a_folder_gets_the_page_the_tables_and_every_plot() {
        let dir = tempfile::tempdir().unwrap();
        let page = write(dir.path().join("new/report"), "Test", &evaluation(&["db 1/a"])).unwrap();
        let mut names: Vec<String> = std::fs::read_dir(page.parent().unwrap())
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        assert_eq!(
            names,
            ["det.svg", "index.html", "rates-db_1_a.svg", "rates.json", "rates.txt", "scores-db_1_a.svg"]
        );
    }

    #[test]
    fn text_and_json_state_the_same_figures() {
        let evaluation = evaluation(&["one", "two"]);
        let text = text(&evaluation);
        let rows: Vec<&str> = text.lines().map(|line| line.split_whitespace().next().unwrap()).collect();
        assert_eq!(rows, ["set", "one", "two", "mean", "pooled", "*"]);
        let mut json = json(&evaluation).unwrap().into_bytes();
        let value: simd_json::OwnedValue = simd_json::serde::from_slice(&mut json).unwrap();
        use simd_json::prelude::*;
        let eer = value["pooled"]["eer"]["value"].as_f64().unwrap();
        assert_eq!(eer, evaluation.pooled.as_ref().unwrap().eer.value);
        assert!(text.lines().nth(4).unwrap().contains(&format!("{:.2}", 100.0 * eer)));
        assert_eq!(value["sets"].as_array().unwrap().len(), 2);
        assert_eq!(value["sets"][0]["at"][0]["target_fmr"].as_f64(), Some(0.01));
    }

    #[test]
    fn comparisons_of_all_with_all_give_a_cmc_too() {
        let dir = tempfile::tempdir().unwrap();
        let scores = dir.path().join("all.csv");
        let names: Vec<_> = (0..8).flat_map(|a| (0..3).map(move |i| format!("{a}_{i}"))).collect();
        let pairs = (0..names.len()).flat_map(|a| (0..a).map(move |b| (a, b)));
        let line = |(a, b): (usize, usize)| {
            let score = if a / 3 == b / 3 { 50 + (a * b) % 40 } else { (a * 31 + b * 17) % 70 };
            format!("{},{},{score}\n", names[a], names[b])
        };
        std::fs::write(&scores, format!("fileA,fileB,score\n{}", pairs.map(line).collect::<String>())).unwrap();
        let evaluation = Evaluation::of_files(&[&scores], Options::default()).unwrap();
        assert_eq!(evaluation.searches[0].as_ref().unwrap().searches(), (16, 16));
        let page = write(dir.path().join("report"), "Test", &evaluation).unwrap();
        assert!(page.with_file_name("cmc.svg").exists());
        assert!(std::fs::read_to_string(&page).unwrap().contains("<h2>Searches</h2>"));
        assert!(text(&evaluation).contains("16 searches of 8 subjects: rank 1 "), "{}", text(&evaluation));
        let json: simd_json::OwnedValue =
            simd_json::serde::from_slice(&mut json(&evaluation).unwrap().into_bytes()).unwrap();
        use simd_json::prelude::*;
        let searches = &json["searches"][0];
        for rank in [0, 9] {
            let share = searches["cmc"][rank].as_f64().unwrap();
            let [low, high] = [0, 1].map(|end| searches["cmc_intervals"][rank][end].as_f64().unwrap());
            assert!(low <= share && share <= high && low < high, "{searches}");
        }
        assert!(searches["fnir"]["low"].as_f64() <= searches["fnir"]["value"].as_f64());
        assert!(searches["fpir"].as_f64() <= searches["fpir_interval"][1].as_f64());
    }

    #[test]
    fn a_set_without_any_spread_still_has_plots() {
        let scores = Scores::of_pairs(&[0.0, 0.0], &[0.0; 3]);
        let evaluation = Evaluation::new(vec![("flat".into(), scores)], Options::default()).unwrap();
        assert!(html("flat", &evaluation).unwrap().contains("</html>"));
    }
}
