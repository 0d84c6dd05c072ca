//! Rates of transactions: what failures to enrol and to acquire make of FMR and FNMR (ISO/IEC 19795-1).

use crate::{
    decision::Interval,
    evaluation::{AtFmr, ErrorRates, Evaluation, Failures, TransactionRates},
};

/// The transactions of one set.
pub struct Transactions<'e> {
    pub name: &'e str,
    pub failures: Failures,
    /// At the threshold of each target FMR.
    pub at: Vec<Stated>,
}

/// Rates of transactions where the FMR and FNMR are as counted, and where both are at the ends of their intervals: Clopper and Pearson's, and that
/// of drawing subjects. Failures are taken as they are stated.
pub struct Stated {
    pub rates: TransactionRates,
    ends: [TransactionRates; 2],
}

impl Stated {
    pub fn new(at: &AtFmr, failures: Failures, confidence: f64) -> Self {
        let fmr = at.point.fmr_count().clopper_pearson(confidence);
        let fnmr = at.fnmr.interval.unwrap_or(at.fnmr_by_count);
        Self {
            rates: TransactionRates::new(at.point.fmr(), at.fnmr.value, failures),
            ends: [(fmr.low, fnmr.low), (fmr.high, fnmr.high)]
                .map(|(fmr, fnmr)| TransactionRates::new(fmr, fnmr, failures)),
        }
    }

    /// The interval of one of the rates.
    pub fn interval(&self, of: impl Fn(&TransactionRates) -> f64) -> Interval {
        Interval { low: of(&self.ends[0]), high: of(&self.ends[1]) }
    }
}

/// Each set whose failures are known, then the pool.
pub fn of(evaluation: &Evaluation) -> impl Iterator<Item = Transactions<'_>> {
    let confidence = evaluation.options.bootstrap.confidence;
    evaluation.sets.iter().chain(&evaluation.pooled).filter_map(move |rates: &ErrorRates| {
        let failures = rates.failures?;
        let at = rates.at.iter().map(|at| Stated::new(at, failures, confidence)).collect();
        Some(Transactions { name: &rates.name, failures, at })
    })
}
