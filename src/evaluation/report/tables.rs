//! The figures as aligned text and as JSON.

use super::transactions::{self, Stated, Transactions};
use crate::{
    decision::Interval,
    evaluation::{
        AtFmr, Bootstrap, ErrorRates, Estimate, Evaluation, EvaluationError, IdentificationRates, TransactionRates,
    },
};
use serde::Serialize;
use std::fmt::Write;

#[derive(Serialize)]
struct Json<'a> {
    library: &'static str,
    confidence: f64,
    replicates: u32,
    seed: u64,
    sets: Vec<Set<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    mean: Option<Mean>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pooled: Option<Set<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    searches: Vec<Searches<'a>>,
}

/// The rates of one set.
#[derive(Serialize)]
pub(super) struct Set<'a> {
    name: &'a str,
    genuine: u64,
    impostor: u64,
    subjects: Option<u32>,
    eer: Figure,
    at: Vec<At>,
    #[serde(skip_serializing_if = "Option::is_none")]
    failure_to_enrol: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    failure_to_acquire: Option<f64>,
}

#[derive(Serialize)]
struct Mean {
    eer: Figure,
    at: Vec<MeanAt>,
}

/// A rate and its interval.
#[derive(Serialize)]
pub(super) struct Figure {
    value: f64,
    low: Option<f64>,
    high: Option<f64>,
}

#[derive(Serialize)]
struct At {
    target_fmr: f64,
    threshold: f64,
    false_matches: u64,
    false_non_matches: u64,
    fmr: f64,
    /// Clopper and Pearson's.
    fmr_interval: Interval,
    fnmr: Figure,
    fnmr_by_count: Figure,
    resolved: bool,
    #[serde(flatten)]
    transactions: Option<OfTransactions>,
}

/// Rates of transactions and their intervals, failures taken as they are stated.
#[derive(Serialize)]
struct OfTransactions {
    far: f64,
    far_interval: Interval,
    frr: f64,
    frr_interval: Interval,
    gfar: f64,
    gfar_interval: Interval,
    gfrr: f64,
    gfrr_interval: Interval,
}

impl From<Stated> for OfTransactions {
    fn from(of: Stated) -> Self {
        let TransactionRates { far, frr, gfar, gfrr, .. } = of.rates;
        Self {
            far,
            far_interval: of.interval(|rates| rates.far),
            frr,
            frr_interval: of.interval(|rates| rates.frr),
            gfar,
            gfar_interval: of.interval(|rates| rates.gfar),
            gfrr,
            gfrr_interval: of.interval(|rates| rates.gfrr),
        }
    }
}

/// The searches of a set: shares found by rank 1, 2, …, and FNIR of rank 1 at FPIR of at most one in a hundred. Intervals draw the subjects who were
/// searched for, that of the FPIR at the threshold as it is.
#[derive(Serialize)]
struct Searches<'a> {
    name: &'a str,
    subjects: usize,
    mated: u64,
    non_mated: u64,
    cmc: Vec<f64>,
    cmc_intervals: Vec<Option<Interval>>,
    fpir: f64,
    fpir_interval: Option<Interval>,
    fnir: Figure,
    fnir_by_count: Figure,
    threshold: f64,
}

const RANKS: usize = 20;
const FPIR: f64 = 0.01;

fn searches_of<'a>((name, rates): (&'a str, &IdentificationRates), bootstrap: &Bootstrap) -> Searches<'a> {
    let at = rates.at_fpir(FPIR, 1);
    let by_count = at.fnir.clopper_pearson(bootstrap.confidence);
    // Of a share that is found, that of the share that is missed.
    let missed = rates.intervals::<RANKS>(bootstrap, |drawn| {
        let mut shares = drawn.cmc(RANKS as u32).into_iter().map(|found| 1.0 - found);
        std::array::from_fn(|_| shares.next().unwrap_or(f64::NAN))
    });
    let [fpir, fnir] =
        rates.intervals(bootstrap, |drawn| [drawn.fpir(at.threshold).value(), drawn.at_fpir(FPIR, 1).fnir.value()]);
    Searches {
        name,
        subjects: rates.subjects(),
        mated: rates.searches().0,
        non_mated: rates.searches().1,
        cmc: rates.cmc(RANKS as u32),
        cmc_intervals: missed
            .map(|of| of.map(|Interval { low, high }| Interval { low: 1.0 - high, high: 1.0 - low }))
            .into(),
        fpir: at.fpir.value(),
        fpir_interval: fpir,
        fnir: figure(&Estimate { value: at.fnir.value(), interval: fnir }),
        fnir_by_count: Figure { value: at.fnir.value(), low: Some(by_count.low), high: Some(by_count.high) },
        threshold: at.threshold,
    }
}

#[derive(Serialize)]
struct MeanAt {
    target_fmr: f64,
    fnmr: Figure,
}

pub(super) fn figure(estimate: &Estimate) -> Figure {
    Figure { value: estimate.value, low: estimate.interval.map(|i| i.low), high: estimate.interval.map(|i| i.high) }
}

pub(super) fn set(rates: &ErrorRates, confidence: f64) -> Set<'_> {
    let at = |at: &AtFmr| {
        let stated = rates.failures.map(|failures| Stated::new(at, failures, confidence));
        At {
            target_fmr: at.target,
            threshold: at.point.threshold,
            false_matches: at.point.false_matches,
            false_non_matches: at.point.false_non_matches,
            fmr: at.point.fmr(),
            fmr_interval: at.point.fmr_count().clopper_pearson(confidence),
            fnmr: figure(&at.fnmr),
            fnmr_by_count: Figure {
                value: at.fnmr.value,
                low: Some(at.fnmr_by_count.low),
                high: Some(at.fnmr_by_count.high),
            },
            resolved: at.resolved,
            transactions: stated.map(OfTransactions::from),
        }
    };
    Set {
        name: &rates.name,
        genuine: rates.genuine,
        impostor: rates.impostor,
        subjects: rates.subjects,
        eer: figure(&rates.eer),
        at: rates.at.iter().map(at).collect(),
        failure_to_enrol: rates.failures.map(|failures| failures.to_enrol),
        failure_to_acquire: rates.failures.map(|failures| failures.to_acquire),
    }
}

/// The figures as one JSON object: `sets`, and with several sets their `mean` and all `pooled`; rates as shares, 0 to 1.
///
/// # Errors
/// [`EvaluationError::Plot`] never in practice: if a figure cannot be written as JSON.
pub fn json(evaluation: &Evaluation) -> Result<String, EvaluationError> {
    let bootstrap = &evaluation.options.bootstrap;
    let of_set = |rates| set(rates, bootstrap.confidence);
    let object = Json {
        library: env!("CARGO_PKG_VERSION"),
        confidence: bootstrap.confidence,
        replicates: bootstrap.replicates,
        seed: bootstrap.seed,
        sets: evaluation.sets.iter().map(of_set).collect(),
        mean: evaluation.mean.as_ref().map(|mean| Mean {
            eer: figure(&mean.eer),
            at: mean.at.iter().map(|(target_fmr, e)| MeanAt { target_fmr: *target_fmr, fnmr: figure(e) }).collect(),
        }),
        pooled: evaluation.pooled.as_ref().map(of_set),
        searches: super::searches(evaluation).into_iter().map(|of| searches_of(of, bootstrap)).collect(),
    };
    pretty(&object)
}

pub(super) fn pretty(object: &impl Serialize) -> Result<String, EvaluationError> {
    simd_json::serde::to_string_pretty(object).map_err(|e| EvaluationError::Plot(e.to_string()))
}

/// One row of the table: a name, how many pairs and subjects, and the EER and FNMRs as cells.
pub(super) struct Row {
    pub name: String,
    pub pairs: Option<(u64, u64, Option<u32>)>,
    pub cells: Vec<Cell>,
}

/// A rate in per cent.
pub(super) struct Cell {
    pub value: String,
    pub interval: Option<String>,
    /// Whether the data can show so low a rate.
    pub resolved: bool,
}

fn cell(estimate: &Estimate, resolved: bool) -> Cell {
    let percent = |share: f64| format!("{:.2}", 100.0 * share);
    Cell {
        value: percent(estimate.value),
        interval: estimate.interval.map(|i| format!("{} – {}", percent(i.low), percent(i.high))),
        resolved,
    }
}

/// The rows in the order of the sets, then the mean and the pool.
pub(super) fn rows(evaluation: &Evaluation) -> Vec<Row> {
    let of = |rates: &ErrorRates| Row {
        name: rates.name.clone(),
        pairs: Some((rates.genuine, rates.impostor, rates.subjects)),
        cells: std::iter::once(cell(&rates.eer, true))
            .chain(rates.at.iter().map(|at| cell(&at.fnmr, at.resolved)))
            .collect(),
    };
    let resolved_everywhere = |(t, (_, estimate)): (usize, &(f64, Estimate))| {
        cell(estimate, evaluation.sets.iter().all(|s| s.at[t].resolved))
    };
    let mean = evaluation.mean.as_ref().map(|mean| Row {
        name: "mean".into(),
        pairs: None,
        cells: std::iter::once(cell(&mean.eer, true))
            .chain(mean.at.iter().enumerate().map(resolved_everywhere))
            .collect(),
    });
    evaluation.sets.iter().map(of).chain(mean).chain(evaluation.pooled.as_ref().map(of)).collect()
}

/// What a column of FNMR is headed with.
pub(super) fn target_name(target: f64) -> String {
    if target == 0.0 { "FNMR@0".into() } else { format!("FNMR@{target:e}") }
}

/// The figures as aligned text, in per cent, a row for each set, then what searches and, where failures to acquire or to enrol are known, transactions come to; `*` marks an FMR that the set has too few impostor pairs to show.
pub fn text(evaluation: &Evaluation) -> String {
    let rows = rows(evaluation);
    let heads: Vec<String> =
        std::iter::once("EER".to_owned()).chain(evaluation.options.targets.iter().map(|t| target_name(*t))).collect();
    let name_width = rows.iter().map(|row| row.name.chars().count()).max().unwrap_or(0).max(4);
    let cell_text = |cell: &Cell| {
        let mark = if cell.resolved { " " } else { "*" };
        let interval = cell.interval.as_ref().map(|i| format!(" ({i})")).unwrap_or_default();
        format!("{:>6}{mark}{interval}", cell.value)
    };
    let width = rows
        .iter()
        .flat_map(|row| row.cells.iter().map(|c| cell_text(c).chars().count()))
        .chain(heads.iter().map(|h| h.len() + 1))
        .max()
        .unwrap_or(0);
    let mut out = String::new();
    // Writing to a string cannot fail.
    let _ = write!(out, "{:name_width$}", "set");
    for head in &heads {
        let _ = write!(out, "  {head:<width$}");
    }
    let _ = writeln!(out, "  genuine/impostor");
    for row in &rows {
        let _ = write!(out, "{:name_width$}", row.name);
        for cell in &row.cells {
            let _ = write!(out, "  {:<width$}", cell_text(cell));
        }
        match row.pairs {
            Some((genuine, impostor, _)) => writeln!(out, "  {genuine}/{impostor}"),
            None => writeln!(out),
        }
        .unwrap_or_default();
    }
    for Transactions { name, failures, at } in transactions::of(evaluation) {
        let list = |text: &dyn Fn(TransactionRates) -> String| {
            at.iter().map(|stated| text(stated.rates)).collect::<Vec<_>>().join(", ")
        };
        let rejected = list(&|rates| format!("FRR {:.2} at FAR {:.3}", 100.0 * rates.frr, 100.0 * rates.far));
        let _ = writeln!(out, "{name:name_width$}  FTA {:.2}: {rejected}", 100.0 * failures.to_acquire);
        let rejected = list(&|rates| format!("GFRR {:.2} at GFAR {:.3}", 100.0 * rates.gfrr, 100.0 * rates.gfar));
        let _ = writeln!(out, "{name:name_width$}  FTE {:.2}: {rejected}", 100.0 * failures.to_enrol);
    }
    let unresolved = rows.iter().flat_map(|row| &row.cells).any(|cell| !cell.resolved);
    for of in super::searches(evaluation) {
        let of = searches_of(of, &evaluation.options.bootstrap);
        let percent = |value: f64, interval: Option<Interval>| {
            let interval = interval.map(|i| format!(" ({:.2} – {:.2})", 100.0 * i.low, 100.0 * i.high));
            format!("{:.2}{}", 100.0 * value, interval.unwrap_or_default())
        };
        let by_rank = |rank: usize| percent(of.cmc[rank - 1], of.cmc_intervals[rank - 1]);
        let fnir_interval = of.fnir.low.zip(of.fnir.high).map(|(low, high)| Interval { low, high });
        let _ = writeln!(
            out,
            "{:name_width$}  {} searches of {} subjects: rank 1 {}, rank 10 {}; FNIR {} at FPIR {}",
            of.name,
            of.mated,
            of.subjects,
            by_rank(1),
            by_rank(10),
            percent(of.fnir.value, fnir_interval),
            percent(of.fpir, of.fpir_interval)
        );
    }
    if unresolved {
        let _ = writeln!(out, "* too few impostor pairs to show this FMR: FNMR where none of them matches");
    }
    out
}
